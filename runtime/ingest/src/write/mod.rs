//! Rated output as CSV, NDJSON or Parquet, row by row.
//!
//! Money and quantities are exact decimal text in every format, in Parquet too: an exact amount
//! may be a fraction (`1/3`) that no DECIMAL holds, and currencies differ in decimals. Times are
//! RFC 3339 text, in Parquet timestamps in UTC. Nothing is held but one row group.

mod amount;
mod rated;
mod table;

pub use amount::{StepText, exact_text};
pub use rated::{RatedEvent, RatedEvents, RatedLine, RatedLines};
pub use table::{Cell, Kind, OutputFormat, TableWriter};
