//! The server as an editor meets it: messages over a stream, files in memory.

mod answers;
mod author;
mod changed;
mod drawn;
mod hostile;
mod invoices;
mod manners;
mod mended;
mod progress;
mod session;

pub use answers::{LIST, PLAN};
pub use session::{Head, Session, at, range_of, uri};
