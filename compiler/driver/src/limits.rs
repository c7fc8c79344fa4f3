//! What the driver bounds, in one place.

/// Files of one workspace, imports and seeds included.
pub const FILES: usize = 10_000;
/// Bytes of a seed file.
pub const SEED_BYTES: usize = 64 << 20;
/// How often safe fixes are applied to one file before giving up on it.
pub const FIX_ROUNDS: usize = 20;
/// Cells of a line for which coverage names the missing ones.
pub const COVERAGE_CELLS: usize = 100_000;
