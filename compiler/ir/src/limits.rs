//! Every limit on a plan and its artefact, in one place.
//!
//! They bound the memory, time and stack that a hostile artefact can ask for, and are far above
//! what contracts need. The compiler's own limits are lower, so that its findings come first.

/// Bytes of an artefact.
pub const ARTEFACT_BYTES: usize = 16 << 20;
/// Files of the source that an artefact carries.
pub const SOURCE_FILES: usize = 200;
/// Bytes of all of them together, names included.
pub const SOURCE_BYTES: usize = 1 << 20;
/// Nested CBOR items: up to three for each level of an expression, and those of the plan around it.
pub const CBOR_DEPTH: usize = 256;
/// Expressions and conditions inside one another.
pub const EXPR_DEPTH: usize = 80;
/// Expressions, conditions and ladder pieces of one function, value or condition.
pub const EXPR_NODES: usize = 20_000;
/// Expressions, conditions and ladder pieces of one plan.
pub const PLAN_NODES: usize = 2_000_000;
/// Bytes of a name, unit, label or text constant.
pub const TEXT_BYTES: usize = 4_096;
/// Entries of any one list of a plan not named below.
pub const LIST: usize = 20_000;
/// Labels of one dimension.
pub const LABELS: usize = 100_000;
/// Prefixes of one dimension.
pub const PREFIXES: usize = 500_000;
/// Cells of one sink: the product of the labels of its closed keys.
pub const CELLS: usize = 1_000_000;
/// Cells of all regimes, masks and discounts of one plan together.
pub const PLAN_CELLS: usize = 16_000_000;
/// Decimals of a number in an event, and of a currency.
pub const DECIMALS: u8 = 18;
/// Seconds of a slot of the clock: a week.
pub const SLOT_SECONDS: u32 = 7 * 86_400;
/// Currencies of one plan besides its own.
pub const FOREIGN_CURRENCIES: usize = 16;
/// Wallets and prepaid commitments of one plan, and its postpaid commitments.
pub const SOURCES: usize = 64;
/// Billing periods that a ratchet looks back on: ten years of months.
pub const RATCHET_PERIODS: u32 = 120;
/// Top-ups of one wallet in one window.
pub const TOP_UPS: usize = 1_000;
/// Days, months or years of one length: 100 years of days.
pub const AGE: u32 = 36_525;

/// Most straight pieces of a curve that is computed from others.
pub const CURVE_PIECES: usize = 2_000;
/// Most combinations of labels that a question about all of them looks at.
pub const COMBINATIONS: usize = 4_096;
/// Most curves, bounds and choices of the amounts of a bill of several quantities.
pub const FORM_NODES: usize = 2_000;
/// Most cells of which only the largest is charged, in a bill of several quantities.
pub const FORM_LARGEST: usize = 16;
