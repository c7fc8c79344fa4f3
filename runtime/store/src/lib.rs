//! What the runtime keeps on disk: the input log, the event index, checkpoints.
//!
//! The log is the truth; the index and the checkpoints are derived from it and may be deleted.
//! Nothing here knows what an event means, and nothing here knows a clock, a socket or a thread:
//! files are behind [`disk::Disk`], so that a simulator can lose, tear and damage them.
//!
//! *Invariant:* damage is never an answer. What was written is read back as it was, or there is
//! a typed error, or (for what a crash tore before it was acknowledged) it is not there.

pub mod disk;
mod error;
pub mod frame;
mod group;
pub mod index;
pub mod limits;
pub mod log;
pub mod planted;
pub mod snapshot;

pub use error::{Fatal, StoreError};
pub use group::{Entry, Group};
