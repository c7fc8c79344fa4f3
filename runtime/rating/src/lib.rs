//! The deterministic core that turns typed usage into invoices.
//!
//! It hosts a [`price_ir::Kernel`] and knows accounts, periods and settlement. It has no clock,
//! no files, no threads and no randomness; the order in which hash tables iterate reaches no
//! output. The interpreter and the machine code run under this same host.
//!
//! A reader makes typed rows with [`mediate`] or [`bulk`]; [`Rater::push`] folds them into cells;
//! [`Rater::close`] settles one subject's period into an invoice.

mod acc;
mod accounts;
pub mod bulk;
pub mod calendar;
mod cells;
mod entitle;
mod fold;
mod funds;
mod inject;
pub mod labels;
mod lateness;
mod layout;
mod levels;
pub mod limits;
mod lots;
pub mod mediate;
mod number;
mod order;
mod period;
mod postings;
mod rater;
pub mod reject;
mod restate;
mod saved;
mod schema;
mod settle;
mod slots;
mod split;
mod step;
mod subscription;
mod trace;

pub use bulk::{Bulk, BulkBuilder};
pub use inject::OpeningLot;
pub use labels::OpenLabels;
pub use lateness::{Closing, Late, State, states};
pub use mediate::{Raw, RowBuilder};
pub use order::{Order, plan_order};
pub use postings::{NoPostings, Posted, Poster};
pub use rater::{InjectError, Rater, RowFault, SetupError, SubjectIx, When};
pub use reject::RejectReason;
pub use restate::{Restated, Stage, restate};
pub use saved::Saved;
pub use schema::{EventSchema, event_of};
pub use settle::SettleError;
pub use subscription::Subscription;
pub use trace::{Trace, Traced, TracedCell, Unattributed};
