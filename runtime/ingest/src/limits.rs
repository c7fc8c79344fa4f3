//! Every limit of the readers in one place.
//!
//! Input beyond a limit of a record is refused with a code; beyond a limit of a file or a run
//! it is a typed error. Nothing is ever cut short silently.

/// Longest record in bytes: a line of NDJSON, a record of CSV, an element of a JSON array.
pub const RECORD_BYTES_MAX: usize = 1 << 20;
/// Deepest nesting of objects and arrays in a JSON record.
pub const NESTING_MAX: usize = 32;
/// Most members of one JSON object, and most columns of a CSV file.
pub const MEMBERS_MAX: usize = 1024;
/// Longest account, source or id, in bytes.
pub const NAME_BYTES_MAX: usize = 1024;
/// Most different accounts of one run.
pub const ACCOUNTS_MAX: usize = 1 << 26;
/// Most subscriptions in one file.
pub const SUBSCRIPTIONS_MAX: usize = 1 << 24;
/// Largest file of subscriptions, in bytes.
pub const SUBSCRIPTIONS_BYTES_MAX: usize = 1 << 30;
/// Most files of one run.
pub const FILES_MAX: usize = 1 << 20;
/// Most event types of one plan.
pub const EVENT_TYPES_MAX: usize = 1 << 16;

/// Bytes of a file read and decoded at a time; a record may make a chunk longer.
pub const CHUNK_BYTES: usize = 1 << 20;
/// Rows of Parquet decoded at a time.
pub const PARQUET_ROWS: usize = 8192;
/// Largest footer of a Parquet file.
pub const PARQUET_FOOTER_BYTES_MAX: u64 = 64 << 20;

/// Most rows of one instant in input that is handed out as it is read; with more it is sorted.
pub const TIES_MAX: usize = 1024;
/// Rows of a delivered block when rows are sorted.
pub const BLOCK_ROWS: usize = 8192;
/// Rows of a block in a spilled run: what a merge holds in memory per run.
pub const RUN_BLOCK_ROWS: usize = 1024;
/// Most runs merged at once.
pub const FAN_IN_MAX: usize = 64;
/// Longest frame of a spill file.
pub const FRAME_BYTES_MAX: u64 = 1 << 32;
/// Most bytes of original text kept with a reject.
pub const REJECT_TEXT_BYTES_MAX: usize = 16 << 10;
/// Memory a run may use when the caller says nothing, in bytes.
pub const MEMORY_BYTES_DEFAULT: usize = 512 << 20;
