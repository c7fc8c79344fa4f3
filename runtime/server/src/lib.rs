//! The event runtime as a process: a data directory, a thread for the machine, one for the log, HTTP.
//!
//! The machine of `price-core` decides; this crate brings it a log, a clock, a queue and sockets.
//! Requests become commands on a bounded queue; one thread decides all that waits as one group,
//! another appends it, flushes it, and only then lets answers out.
//!
//! *Invariant:* no answer leaves before the flush that covers it returned; there is one place
//! where answers leave, in `node/writer.rs`.
//! *Invariant:* a failed write or flush of the log ends the process; it is never tried again.
//! *Invariant:* what comes from outside is bounded before it is held; see [`limits`].

mod asked;
pub mod config;
pub mod home;
mod http;
pub mod keys;
pub mod limits;
pub mod logs;
mod metrics;
mod node;
mod notify;
pub mod otlp;
pub mod publishers;
pub mod quotas;
mod records;

pub use http::{Engines, OPENAPI, ROUTES, ServeError, Started, serve};
pub use node::{Node, NodeError, Options, Refused};
