//! From files of usage to invoices: what `rate` and `explain` share.

pub mod bills;
pub mod inputs;
pub mod plan;
pub mod progress;
pub mod rejects;
pub mod run;
pub mod span;
