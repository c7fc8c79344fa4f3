//! The codes of the findings of this crate. Their pages are in `docs/codes`.

use price_diagnostics::Code;

macro_rules! codes {
    ($($(#[$doc:meta])* $name:ident = $code:literal;)*) => {$(
        $(#[$doc])*
        pub const $name: Code = Code($code);
    )*};
}

codes! {
    /// A name that nothing declares.
    UNKNOWN_NAME = "P201";
    /// A name declared twice.
    DECLARED_TWICE = "P202";
    /// A module or item that `use` does not find.
    NO_SUCH_MODULE = "P203";
    /// Modules that import each other in a circle.
    IMPORT_CYCLE = "P204";
    /// A name of another kind than needed.
    WRONG_KIND = "P205";
    /// A definition that needs itself.
    DEFINITION_CYCLE = "P206";
    /// A seed file that cannot be read.
    BAD_SEED = "P207";
    /// A label that the dimension does not have.
    UNKNOWN_LABEL = "P208";
    /// An override of something that is not there.
    NO_TARGET = "P209";
    /// Types that do not fit.
    TYPE_MISMATCH = "P301";
    /// Units that do not convert.
    UNIT_MISMATCH = "P302";
    /// Amounts in different currencies.
    CURRENCY_MISMATCH = "P303";
    /// An amount without its unit.
    UNIT_MISSING = "P304";
    /// A product or quotient without a meaning.
    NO_SUCH_PRODUCT = "P305";
    /// A division by a value known only at run time.
    RUNTIME_DIVISION = "P306";
    /// A dimension that the usage does not carry.
    DIMENSION_UNAVAILABLE = "P307";
    /// An aggregation that does not fit its field.
    BAD_AGGREGATION = "P308";
    /// An optional field used without `or else`.
    OPTIONAL_UNGUARDED = "P309";
    /// A statement that has no meaning here.
    NOT_HERE = "P310";
    /// Wrong number of arguments.
    ARGUMENTS = "P311";
    /// A number outside what is allowed.
    OUT_OF_RANGE = "P312";
    /// No rounding is stated.
    SAY_ROUNDING = "P401";
    /// No time zone is stated.
    SAY_TIMEZONE = "P403";
    /// No billing period is stated.
    SAY_BILLING = "P404";
    /// A billing day that some months lack.
    SAY_LAST_DAY = "P405";
    /// What a partial period does is not stated.
    SAY_PRORATION = "P406";
    /// Net or gross is not stated.
    SAY_NET_OR_GROSS = "P407";
    /// Splitting at a price boundary is not stated.
    SAY_SPLIT = "P408";
    /// Late usage is not stated.
    SAY_LATE = "P409";
    /// The flat part of a covered event is not stated.
    SAY_FLAT_WHEN_FREE = "P410";
    /// The order of payment is not stated.
    SAY_WATERFALL = "P411";
    /// The order in which an allowance is drawn is not stated.
    SAY_DRAW_ORDER = "P412";
    /// Before or after discounts is not stated.
    SAY_DISCOUNT_STAGE = "P413";
    /// No currency is stated.
    SAY_CURRENCY = "P414";
    /// A rate change inside a period is not stated.
    SAY_RATE_CHANGE = "P415";
    /// A condition on dimensions outside the ladder.
    SAY_LADDER_SCOPE = "P416";
    /// When a fee is charged is not stated.
    SAY_FEE_TIMING = "P417";
    /// What a wallet, grant or commitment leaves open.
    SAY_BALANCE = "P418";
    /// An amendment that reaches back does not say so.
    SAY_RETROACTIVE = "P419";
    /// Numbers that do not fit 128 bits.
    TOO_WIDE = "P420";
    /// Rounding finer than the value or to another unit.
    BAD_ROUNDING_STEP = "P421";
    /// A locked card that means something else than `price.lock` says.
    LOCK_CHANGED = "P422";
    /// A locked card that `price.lock` does not have.
    LOCK_MISSING = "P423";
    /// Time zones by other rules than those `price.lock` was written with.
    LOCK_ZONES = "P424";
    /// Prices whose source was not checked for too long.
    STALE_SOURCE = "P425";
    /// Tier bounds that do not increase, or a tier nothing reaches.
    TIER_ORDER = "P501";
    /// Combinations without a price, or with two.
    NOT_EXHAUSTIVE = "P502";
    /// Two overrides for one cell and date.
    OVERRIDES_OVERLAP = "P503";
    /// The total falls when usage grows.
    CLIFF = "P504";
    /// A price below zero.
    NEGATIVE = "P506";
    /// A cap below a minimum, or a clamp that never or always binds.
    CLAMP_ORDER = "P507";
    /// An override dearer than what it overrides.
    DEARER = "P508";
    /// A limit that keeps a tier or an allowance out of reach.
    BEHIND_LIMIT = "P509";
    /// A source in the waterfall that can never pay.
    DEAD_SOURCE = "P601";
    /// Top-ups without a limit.
    UNBOUNDED_TOP_UPS = "P602";
    /// A price that falls and is paid while it grows.
    GIVEN_BACK = "P603";
    /// A calendar that leaves time uncovered or a slot that never holds.
    CALENDAR_GAPS = "P701";
    /// A test that names something its subject does not have.
    TEST_NAME = "P801";
    /// A given that leaves a dimension open.
    TEST_DIMENSIONS = "P802";
    /// A claim that does not hold.
    DISPROVED = "P803";
    /// A claim that cannot be decided.
    UNDECIDED = "P804";
    /// A part of the language that this version cannot execute.
    NOT_YET = "P901";
}
