//! Every limit of the rating core in one place.
//!
//! A limit is part of the meaning: input beyond one is refused with a code, never cut short.

/// Longest text of a field or label, in bytes.
pub const TEXT_BYTES_MAX: usize = 1024;
/// Most digits of a number in an event, before and after the point together.
pub const NUMBER_DIGITS_MAX: usize = 36;
/// Largest decimal exponent of a number in an event, either sign.
pub const NUMBER_EXPONENT_MAX: i32 = 40;
/// Most entries of the object given for a family field.
pub const FAMILY_ENTRIES_MAX: usize = 4096;
/// Most different labels of one open dimension in one run, over all accounts.
pub const OPEN_LABELS_MAX: usize = 1 << 24;
/// Most accounts of one run.
pub const SUBJECTS_MAX: usize = 1 << 28;
/// Most values one cell keeps for a percentile: 8 bytes each.
pub const PERCENTILE_VALUES_MAX: usize = 1 << 24;
/// Most different texts one cell keeps for `unique`: 16 bytes each.
pub const UNIQUE_VALUES_MAX: usize = 1 << 24;
/// Cells of a sink up to which one account's period keeps them densely.
pub const DENSE_CELLS_MAX: usize = 256;
/// Longest time between the first and the latest event of a subject in a plan that keeps levels
/// or draws as used, in nanoseconds: 50 years of 365 days.
pub const LEVEL_NANOS_MAX: i64 = 50 * 365 * 86_400 * 1_000_000_000;
/// Most periods that one settlement goes back through to find what was carried.
pub const CHAIN_MAX: usize = 20_000;
/// Most stretches of a commitment, and most true-ups in one, that are looked through: days of a
/// century.
pub const STRETCHES_MAX: usize = 36_525;
/// Most stretches of a calendar that one event may cross where it is split at them.
pub const EVENT_PARTS_MAX: usize = 4096;
/// Most invoices of one run that are the first to know some late usage: all usage is folded once
/// more for each.
pub const CLOSINGS_MAX: usize = 120;
