//! Usage and subscriptions in, rated output out.
//!
//! Reads NDJSON, JSON, CSV and Parquet into the same typed rows with the same reasons for
//! refusing one; decides which rows count where several claim one identity; sorts them with
//! bounded memory where a plan needs order. It computes no amount, and numbers never pass
//! through floating point.
//!
//! *Determinism.* Which rows count depends on the set of events only, not on files, order,
//! threads or memory. Account and label numbers depend on the order of reading and must not
//! reach an output.

mod block;
mod codec;
mod collect;
mod csv;
mod decode;
mod error;
mod events;
mod feed;
mod format;
mod identity;
mod json;
pub mod limits;
mod mapping;
mod names;
mod order;
mod parquet;
mod reader;
mod records;
mod reject;
mod render;
mod runs;
mod sorted;
mod source;
mod spool;
mod subscriptions;
pub mod time;
pub mod write;

pub use block::{Block, Part, Texts, UNSAID};
pub use error::IngestError;
pub use events::{CsvEvents, ParquetEvents};
pub use format::Format;
pub use json::redact::{Fate, Named, named, redact};
pub use mapping::Mapping;
pub use names::Names;
pub use price_rating::Order;
pub use reader::{Deliver, Options, Phase, Progress, Reader, Summary, Tables};
pub use records::{Decoded, Envelope, Envelopes, Records, envelope};
pub use reject::{Forget, NdjsonRejects, Reject, RejectSink};
pub use source::Source;
pub use subscriptions::{OpeningLevel, SubscriptionRow, read_subscriptions};
