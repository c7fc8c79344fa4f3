//! The deterministic core of the event runtime.
//!
//! [`Machine::decide`] takes commands and gives entries for the log and answers;
//! [`Machine::replay`] takes the entries of a log and gets to the same state. No clock, no socket,
//! no thread and no randomness: time comes with every command, files are behind
//! [`price_store::disk::Disk`].
//!
//! *Invariant:* the state is the fold of the entries, in their order.
//! *Invariant:* an invoice is a function of the facts, not of the order they came in.

mod answers;
mod archive;
mod arrivals;
pub mod billing;
mod book;
mod checkpoint;
mod command;
mod control;
pub mod enforce;
pub mod entry;
pub mod erasure;
mod facts;
mod group;
mod inspect;
pub mod limits;
mod machine;
pub mod notify;
mod numbered;
mod once;
mod past;
mod path;
mod places;
pub mod planted;
mod portal;
mod query;
mod recent;
mod replay;
mod usage;

pub use checkpoint::{Blob, Unusable};
pub use command::{Answer, Command, Once, Subscribed};
pub use inspect::{Behind, Recorded, VersionView};
pub use machine::{Decided, Machine, ReplayError, account_hash};
pub use path::{Content, PathView, Standing};
pub use portal::EndedTokens;
pub use query::{AccountView, EventView, PlanView, Priced, QueryError, RejectView};
pub use recent::{Recent, RecentQuery, TooMany};
pub use usage::{Gathered, MeterView, UsageError, UsageQuery, UsageRow, Wanted, WindowSize};
