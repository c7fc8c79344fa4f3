//! What the driver bounds, in one place.

/// Files of one workspace, imports and seeds included.
pub const FILES: usize = 10_000;
/// Bytes of a seed file.
pub const SEED_BYTES: usize = 64 << 20;
/// How often safe fixes are applied to one file before giving up on it.
pub const FIX_ROUNDS: usize = 20;
/// Cells of a line for which coverage names the missing ones.
pub const COVERAGE_CELLS: usize = 100_000;

/// Largest `price.toml` in which an editor looks for the places of usage, in bytes.
pub const PROJECT_BYTES: u64 = 1 << 20;
/// Most paths that a project names for its usage.
pub const USAGE_PATTERNS: usize = 64;
/// Longest of these, in bytes.
pub const USAGE_PATTERN_BYTES: usize = 512;
/// Most files and folders that are looked at for the usage of one plan.
pub const USAGE_ENTRIES: usize = 10_000;
/// Most folders inside one another that `**` goes down.
pub const USAGE_DEPTH: usize = 16;
/// Most files of usage of one plan.
pub const USAGE_FILES: usize = 200;
