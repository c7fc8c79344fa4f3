//! Every limit of the answers to an editor.

/// Most symbols that one search of the workspace gives.
pub const SYMBOLS: usize = 256;
/// Most completions that one request gives.
pub const COMPLETIONS: usize = 500;
/// Most tiers that a hover spells out.
pub const HOVER_TIERS: usize = 12;
/// Most cells that a hover spells out.
pub const HOVER_CELLS: usize = 8;
/// Most hints in one answer.
pub const HINTS: usize = 2_000;
/// Most tests that one request runs.
pub const TESTS: usize = 1_000;
