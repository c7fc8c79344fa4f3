//! What stops a run, as opposed to what refuses one record.

use crate::reject::Reject;
use std::io;

/// Why reading or writing stopped. The code is [`IngestError::code`], the sentence its `Display`.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum IngestError {
    /// A file cannot be opened or read.
    #[error("`{file}` cannot be read: {cause}")]
    Read {
        /// File as the caller named it.
        file: String,
        /// What the system says.
        cause: io::Error,
    },
    /// Neither the name nor the first bytes say what format a file has.
    #[error("`{file}` is of no known format; say which with `--input-format ndjson|json|csv|parquet`")]
    UnknownFormat {
        /// File as the caller named it.
        file: String,
    },
    /// The file is compressed.
    #[error("`{file}` is compressed ({kind}); decompress it and pass it on standard input with `-`")]
    Compressed {
        /// File as the caller named it.
        file: String,
        /// `gzip`, `zstd`.
        kind: &'static str,
    },
    /// The header of a CSV file cannot be used.
    #[error("the header of `{file}` cannot be used: {problem}")]
    Header {
        /// File as the caller named it.
        file: String,
        /// What is wrong with it.
        problem: String,
    },
    /// A JSON document ends, or breaks, where reading cannot go on.
    #[error("`{file}` line {line}: {problem}")]
    Document {
        /// File as the caller named it.
        file: String,
        /// Line of the problem, from 1.
        line: u64,
        /// What is wrong.
        problem: String,
    },
    /// A Parquet file is damaged or uses something unknown.
    #[error("`{file}` is not a readable Parquet file: {problem}")]
    Parquet {
        /// File as the caller named it.
        file: String,
        /// What is wrong.
        problem: String,
    },
    /// A Parquet column has a type that cannot be used exactly.
    #[error("the column `{column}` of `{file}` is {found}; {mend}")]
    Column {
        /// File as the caller named it.
        file: String,
        /// Column.
        column: String,
        /// Its type, in words.
        found: String,
        /// What to do about it.
        mend: String,
    },
    /// A temporary file cannot be written or read.
    #[error("a temporary file failed: {0}; set a directory with room, or give more memory")]
    Spill(#[source] io::Error),
    /// A temporary file was changed or cut while it was in use.
    #[error("a temporary file is damaged ({0}); nothing of this run can be trusted, run it again")]
    SpillDamaged(&'static str),
    /// A limit of the run is reached.
    #[error("more than {max} {what}; {mend}")]
    TooMany {
        /// What there is too much of.
        what: &'static str,
        /// The limit.
        max: usize,
        /// What to do about it.
        mend: &'static str,
    },
    /// A mapping names what it cannot name.
    #[error("the mapping `{text}` cannot be used: {problem}")]
    Mapping {
        /// As written.
        text: String,
        /// What is wrong.
        problem: String,
    },
    /// A line of a subscriptions file cannot be used.
    #[error("`{file}` line {line}: {problem}")]
    Subscription {
        /// File as the caller named it.
        file: String,
        /// Line, from 1.
        line: u64,
        /// What is wrong and how to mend it.
        problem: String,
    },
    /// A record was refused and the run is strict.
    #[error("{} line {}: {} ({})", .0.file, .0.line, .0.reason, .0.reason.code())]
    Refused(Box<Reject>),
    /// A result cannot be written.
    #[error("the output cannot be written: {0}")]
    Write(#[source] io::Error),
    /// Whoever receives the batches stopped the run.
    #[error("{0}")]
    Stopped(#[source] Box<dyn std::error::Error + Send + Sync>),
    /// A reader failed in a way that is a bug of this program.
    #[error("reading `{file}` failed unexpectedly; this is a bug, please report it: {problem}")]
    Bug {
        /// File as the caller named it.
        file: String,
        /// What happened.
        problem: String,
    },
}

impl IngestError {
    /// The stable code, `I001` and up. A strict run answers with the code of the refused record.
    pub fn code(&self) -> &'static str {
        match self {
            IngestError::Read { .. } => "I001",
            IngestError::UnknownFormat { .. } => "I002",
            IngestError::Compressed { .. } => "I003",
            IngestError::Header { .. } => "I004",
            IngestError::Document { .. } => "I005",
            IngestError::Parquet { .. } => "I006",
            IngestError::Column { .. } => "I007",
            IngestError::Spill(_) => "I008",
            IngestError::SpillDamaged(_) => "I009",
            IngestError::TooMany { .. } => "I010",
            IngestError::Mapping { .. } => "I011",
            IngestError::Subscription { .. } => "I012",
            IngestError::Write(_) => "I013",
            IngestError::Stopped(_) => "I014",
            IngestError::Bug { .. } => "I015",
            IngestError::Refused(reject) => reject.reason.code(),
        }
    }
}
