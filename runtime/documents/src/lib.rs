//! Invoices as documents, one form for everyone who shows them.
//!
//! *Invariant:* the text of an invoice is a function of the invoice and the plan that made it.

mod invoice_json;
pub mod order;
mod page;
pub mod paper;
mod payment_json;
pub mod statement;

pub use invoice_json::{FORMAT_VERSION, PlanHead, head, invoice, line, money};
pub use page::page;
pub use statement::statement;
