//! Every limit of the store in one place.
//!
//! What is read from a disk is untrusted: a length beyond a limit is damage, never an allocation.

/// Longest payload of a frame, in bytes.
pub const PAYLOAD_BYTES_MAX: usize = 16 << 20;
/// Most frames of one group commit.
pub const GROUP_FRAMES_MAX: usize = 1 << 20;
/// Longest group commit, in bytes, with its commit frame.
pub const GROUP_BYTES_MAX: usize = 64 << 20;
/// Highest shard of a frame.
pub const SHARD_MAX: u16 = (1 << 15) - 1;
/// Highest kind a caller may give a frame; those above are the log's own.
pub const KIND_MAX: u16 = 0xFEFF;

/// Size of a log segment when the caller says nothing, in bytes.
pub const SEGMENT_BYTES_DEFAULT: u64 = 256 << 20;
/// Smallest segment, in bytes: a header and room for a few frames.
pub const SEGMENT_BYTES_MIN: u64 = 8 << 10;
/// Largest segment, in bytes.
pub const SEGMENT_BYTES_MAX: u64 = 4 << 30;
/// Most segments of one log.
pub const SEGMENTS_MAX: usize = 1 << 20;
/// Largest manifest of an export, in bytes.
pub const MANIFEST_BYTES_MAX: u64 = 256 << 20;

/// Most events in the table of the open window before a seal is asked for: as many as fill a table
/// of 2²² places to its load of seven eighths, 138 MB.
pub const WINDOW_EVENTS_DEFAULT: usize = 7 << 19;
/// Runs of one tier that are merged into one of the next.
pub const FAN_IN_DEFAULT: usize = 8;
/// Most runs of one index.
pub const RUNS_MAX: usize = 1024;
/// Most events of one run.
pub const RUN_EVENTS_MAX: u64 = 1 << 40;
/// Blocks that share one filter: bounds what building a filter holds in memory.
pub const FILTER_BLOCKS: usize = 2048;
/// Most fingerprints of one filter: three for each key is never needed.
pub const FILTER_FINGERPRINTS_MAX: usize = 4 << 20;

/// Largest checkpoint file, in bytes.
pub const SNAPSHOT_BYTES_MAX: u64 = 1 << 40;
/// Most blobs of one checkpoint file.
pub const BLOBS_MAX: usize = 1 << 28;
/// Longest name of a blob, in bytes.
pub const BLOB_NAME_BYTES_MAX: usize = 256;

/// How often the end of a log that is written meanwhile is read before it is called damaged.
pub const RUNNING_LOOKS: u32 = 50;
/// Bytes read from or zeroed on a disk at a time.
pub const CHUNK_BYTES: usize = 1 << 20;
/// Places of a segment that a scan can begin at: one for each of so many parts of it.
pub const WAYPOINTS: u64 = 256;
/// Bytes of zeros written at a time into a new segment.
pub const ZERO_BYTES: usize = 64 << 10;
