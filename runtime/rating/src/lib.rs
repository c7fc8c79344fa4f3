//! The deterministic core that turns typed usage into invoices.
//!
//! It hosts a [`price_ir::Kernel`] and knows accounts, periods and settlement. It has no clock,
//! no files, no threads and no randomness; the order in which hash tables iterate reaches no
//! output. The interpreter and the machine code run under this same host.

pub mod bulk;
pub mod calendar;
pub mod labels;
pub mod limits;
pub mod mediate;
mod number;
pub mod reject;

pub use bulk::{Bulk, BulkBuilder};
pub use labels::OpenLabels;
pub use mediate::{EventSchema, Raw, RowBuilder, event_of};
pub use reject::RejectReason;
