//! Everything a reader promises, from the outside.

mod common;
mod formats;
mod hostile;
mod identity;
mod parquet;
mod sorted;
mod written;
