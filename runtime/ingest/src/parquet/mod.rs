//! Parquet: columns by name, exact types only.
//!
//! Numbers are integers or decimals; floating point is refused, because it has already lost what
//! was measured. A time is a timestamp with a zone, or RFC 3339 text. Columns that hold nothing
//! an event needs are not read.

mod plain;
mod rows;
mod table;

pub(crate) use plain::Plain;
pub(crate) use rows::read;
pub(crate) use table::{Rows, Table, nanos};
