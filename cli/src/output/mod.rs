//! One file per format of output. They make text; verbs print it.

pub mod bills;
pub mod curves;
pub mod diff;
pub mod explanation;
pub mod invoice_table;
pub mod journal;
pub mod money;
pub mod order;
pub mod order_form;
pub mod report;
pub mod sheet_html;
pub mod tests_json;
pub mod tests_junit;
pub mod tests_pretty;
