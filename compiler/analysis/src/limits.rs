//! Every limit of the analysis. Reaching one is a finding, never a crash.

/// Definitions that may need each other one inside the other.
pub const DEFINITION_DEPTH: usize = 64;
/// Steps spent on the expressions of one item, formula calls unfolded.
pub const STEPS_PER_ITEM: u32 = 200_000;
/// Nodes of one compiled price function.
pub const FUNCTION_NODES: usize = 4_000;
/// Cells of one price: the product of its dimensions' labels.
pub const CELLS: usize = 100_000;
/// Labels of one dimension.
pub const LABELS: usize = 20_000;
/// Prefixes of one dimension.
pub const PREFIXES: usize = 200_000;
/// Base units in one unit, and their largest exponent.
pub const UNIT_SIZE: usize = 8;
/// Stretches of time with different prices in one price.
pub const REGIMES: usize = 400;
/// Decimals of an event field.
pub const FIELD_DECIMALS: u64 = 18;
/// Cells times dates times rules of one price: the work of deciding which rule holds where.
pub const RULE_DECISIONS: usize = 20_000_000;
/// Cells times dates of one price: what is stored of those decisions.
pub const RULE_ENTRIES: usize = 2_000_000;
/// Plans based on plans.
pub const BASED_ON_DEPTH: usize = 16;
/// Retroactive amendments of one contract: each is a whole compilation and a pass over the usage.
pub const RETROACTIVE: usize = 8;
/// Bits of a constant's numerator and denominator together.
pub const CONSTANT_BITS: u64 = 120;
/// Most assertions of a file that are decided.
pub const ASSERTIONS: usize = 1_000;
/// Most cases (meters, labels, days) of one claim.
pub const CASES: usize = 20_000;
/// Most quantities that one claim is decided about at once.
pub const PROOF_QUANTITIES: usize = 64;
/// Most parts of the space of quantities that one question looks at.
pub const PROOF_PARTS: usize = 20_000;
/// Most cells of linear programs that are computed for one claim.
pub const PROOF_STEPS: usize = 60_000_000;
/// How far out an amount that grows for ever is looked at: this power of ten, in a meter's unit.
pub const PROOF_FAR: i32 = 12;
/// Most decisions about a part whose curves are bounded together with those of the goal.
pub const PROOF_TOGETHER: usize = 8;
