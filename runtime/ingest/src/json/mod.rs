//! JSON records: a small strict scanner, and the event read out of its members.
//!
//! Why not `serde_json`: numbers must stay the text they were written as, repeated keys must be
//! seen, and the two objects of an event are read without building a tree.

pub(crate) mod elements;
pub(crate) mod event;
pub(crate) mod redact;
pub(crate) mod scan;
