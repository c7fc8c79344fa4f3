//! Prices: head, charge, ladder, table, and the statements of a price block.

use super::{
    Bad, Docs, Expr, Label, Name, PartialRule, Path, Per, Percent, PeriodWord, Quantity, Rounding, Validity, Window,
};
use price_diagnostics::Span;

/// A `price` or a `rebate`.
#[derive(Clone, PartialEq, Eq, Hash, Debug)]
pub struct PriceDecl {
    /// Which of the two; a rebate makes a negative line.
    pub kind: PriceKind,
    /// Its name; the line bears it.
    pub name: Name,
    /// What it is a price on.
    pub target: PriceTarget,
    /// The dimensions its charge may depend on.
    pub by: Vec<Path>,
    /// Which usage it is for.
    pub filter: Option<PriceFilter>,
    /// The stretch the charge is computed over; the billing period if not written.
    pub window: Option<Window>,
    /// The charge.
    pub body: PriceBody,
}

/// A price or a rebate.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug)]
pub enum PriceKind {
    /// `price`
    Price,
    /// `rebate`
    Rebate,
}

/// What a price is on.
#[derive(Clone, PartialEq, Eq, Hash, Debug)]
pub enum PriceTarget {
    /// `on storage`: the meter's total.
    Meter(Path),
    /// `on each payment`: every event.
    Each(Path),
    /// No `on`: a share of other lines.
    Lines,
}

/// `where tier is basic counts in ladder`.
#[derive(Clone, PartialEq, Eq, Hash, Debug)]
pub struct PriceFilter {
    /// The condition.
    pub condition: Expr,
    /// Whether what is left out still moves the ladder, if said.
    pub ladder: Option<LadderRule>,
    /// Where, `where` included.
    pub span: Span,
}

/// Whether filtered-out usage moves the ladder.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug)]
pub enum LadderRule {
    /// `counts in ladder`
    Counts,
    /// `not in ladder`
    NotCounted,
}

/// What stands behind the head of a price.
#[derive(Clone, PartialEq, Eq, Hash, Debug)]
pub enum PriceBody {
    /// `= $15.00 per seat per month`.
    Charge(Charge),
    /// `{ ... }`.
    Block(Vec<PriceStmt>),
}

/// A rule that replaces or lowers a rule below.
#[derive(Clone, PartialEq, Eq, Hash, Debug)]
pub struct Override {
    /// The price, or several.
    pub target: OverrideTarget,
    /// The cells it covers.
    pub filter: Option<PriceFilter>,
    /// The dates it covers.
    pub validity: Option<Validity>,
    /// The new rule.
    pub body: OverrideBody,
}

/// What an override is of.
#[derive(Clone, PartialEq, Eq, Hash, Debug)]
pub enum OverrideTarget {
    /// `override price storage`.
    Price(Path),
    /// `override prices tagged compute`.
    Tagged(Name),
}

/// The rule of an override.
#[derive(Clone, PartialEq, Eq, Hash, Debug)]
pub enum OverrideBody {
    /// `less 20%`, `less 10% of list`.
    Less {
        /// What is taken off.
        percent: Percent,
        /// The card it is taken off, instead of the rule one level below.
        of: Option<Path>,
    },
    /// `= $0.05 per GB`.
    Charge(Charge),
    /// `{ ... }`.
    Block(Vec<PriceStmt>),
}

/// A statement of a price block.
#[derive(Clone, PartialEq, Eq, Hash, Debug)]
pub struct PriceStmt {
    /// The `##` lines above.
    pub docs: Docs,
    /// What it is.
    pub kind: PriceStmtKind,
    /// Where, without the docs.
    pub span: Span,
}

/// The statements of a price block.
#[derive(Clone, PartialEq, Eq, Hash, Debug)]
pub enum PriceStmtKind {
    /// `measure billed`: the field of the event that is priced.
    Measure(Path),
    /// `graduated per GB { ... }`.
    Tiers(Tiers),
    /// `table per 1M tokens { ... }`.
    Table(Table),
    /// `derive cache_read = 10% of input`.
    Derive {
        /// The new column or row.
        label: Label,
        /// Its charge; paths in it name labels.
        charge: Charge,
    },
    /// `discount 50% where service is batch`.
    Discount {
        /// What is taken off.
        percent: Percent,
        /// The cells it holds for.
        filter: Option<Expr>,
    },
    /// `at least $50.00 per month`, `at most $5.00 each payment`.
    Clamp(Clamp),
    /// `split at daypart`.
    SplitAt(Path),
    /// `rate by start of call`.
    RateByStart(Path),
    /// `split period`: a change of rate inside a period splits it.
    SplitPeriod,
    /// `rate of period end`: the last rate holds for the whole period.
    RateOfPeriodEnd,
    /// `tiers count net usage`.
    TiersCount(UsageSide),
    /// `tiers count all cells`: the sum over all cells chooses the tier of each.
    TiersCountCells,
    /// `only the largest cell`.
    OnlyLargest,
    /// `ratchet 80% of the past 11 months`.
    Ratchet {
        /// Share of the highest past quantity.
        share: Percent,
        /// How far back.
        past: super::Duration,
    },
    /// `round each call up to €0.0001`.
    RoundEach {
        /// The event.
        event: Path,
        /// How.
        rounding: Rounding,
    },
    /// `allow cliffs`.
    AllowCliffs,
    /// A line that is the charge itself.
    Charge(Charge),
    /// Not readable; reported.
    Bad(Bad),
}

/// Usage before or after included amounts.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug)]
pub enum UsageSide {
    /// `net usage`
    Net,
    /// `gross usage`
    Gross,
}

/// Terms joined by `plus`, with what is said about their sum.
#[derive(Clone, PartialEq, Eq, Hash, Debug)]
pub struct Charge {
    /// At least one.
    pub terms: Vec<ChargeTerm>,
    /// `at least $50.00`, `total at least $100.00` behind the charge of a tier.
    pub clamps: Vec<ChargeClamp>,
    /// `rounded half-even to $0.0001`.
    pub rounded: Option<Rounding>,
    /// Where.
    pub span: Span,
}

/// One term of a charge.
#[derive(Clone, PartialEq, Eq, Hash, Debug)]
pub struct ChargeTerm {
    /// What it is.
    pub kind: TermKind,
    /// Where.
    pub span: Span,
}

/// The kinds of terms.
#[derive(Clone, PartialEq, Eq, Hash, Debug)]
pub enum TermKind {
    /// `free`.
    Free,
    /// `flat $10.00`: once per tier entered, or per event.
    Flat {
        /// The amount.
        amount: Expr,
        /// When it is charged besides the ordinary case, if said.
        when: Option<FlatWhen>,
    },
    /// A rate, an amount, a share, or a call.
    Value(Expr),
}

/// When a flat amount is charged.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug)]
pub enum FlatWhen {
    /// `even at zero`: also without usage.
    EvenAtZero,
    /// `only when charged`: not for an event that an allowance covers wholly.
    OnlyWhenCharged,
    /// `also when free`: also for such an event.
    AlsoWhenFree,
}

/// A bound behind the charge of a tier.
#[derive(Clone, PartialEq, Eq, Hash, Debug)]
pub struct ChargeClamp {
    /// Whether it bounds the whole result when this tier is the one reached (`total`),
    /// instead of what this tier adds.
    pub total: bool,
    /// Lower or upper.
    pub side: ClampSide,
    /// The bound.
    pub amount: Expr,
    /// Where.
    pub span: Span,
}

/// A lower or an upper bound.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug)]
pub enum ClampSide {
    /// `at least`
    Least,
    /// `at most`
    Most,
}

/// A bound of a whole price.
#[derive(Clone, PartialEq, Eq, Hash, Debug)]
pub struct Clamp {
    /// Lower or upper.
    pub side: ClampSide,
    /// The bound.
    pub amount: Expr,
    /// What it bounds; the period if not written.
    pub over: Option<ClampOver>,
    /// Whether it holds without usage, if said.
    pub usage: Option<ClampUsage>,
    /// What a partial period does to it, if said.
    pub partial: Option<PartialRule>,
    /// What happens to an event at its greatest charge, if said.
    pub then: Option<ClampThen>,
}

/// What a clamp bounds.
#[derive(Clone, PartialEq, Eq, Hash, Debug)]
pub enum ClampOver {
    /// `per month`.
    Per(PeriodWord),
    /// `each payment`.
    Each(Path),
}

/// Whether a lower bound holds without usage.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug)]
pub enum ClampUsage {
    /// `if used`
    IfUsed,
    /// `even at zero`
    EvenAtZero,
}

/// What happens beyond the greatest charge of an event.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug)]
pub enum ClampThen {
    /// `then free`: the event goes on without further charge.
    Free,
    /// `then cut off`: the event ends there.
    CutOff,
}

/// A ladder.
#[derive(Clone, PartialEq, Eq, Hash, Debug)]
pub struct Tiers {
    /// How the tier of a unit is found.
    pub mode: TierMode,
    /// The unit of the rates inside.
    pub per: Option<Per>,
    /// The labels over the columns, if there are several.
    pub columns: Option<Vec<Label>>,
    /// From the lowest to `beyond`.
    pub rows: Vec<TierEntry>,
}

/// How a ladder is read.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug)]
pub enum TierMode {
    /// `graduated`: each unit at the rate of its own tier.
    Graduated,
    /// `volume`: all units at the rate of the tier reached.
    Volume,
    /// `stairstep`: one amount for the tier reached.
    Stairstep,
}

/// One line of a ladder.
#[derive(Clone, PartialEq, Eq, Hash, Debug)]
pub enum TierEntry {
    /// A tier.
    Tier(Tier),
    /// Not readable; reported.
    Bad(Bad),
}

/// One tier.
#[derive(Clone, PartialEq, Eq, Hash, Debug)]
pub struct Tier {
    /// The `##` lines above.
    pub docs: Docs,
    /// The last unit inside; none for `beyond`.
    pub up_to: Option<Expr>,
    /// What the bound is a multiple of, if it is no constant.
    pub of: Option<BoundOf>,
    /// `in steps of 60 seconds`: quantity inside the tier is counted in whole started steps.
    pub steps: Option<Quantity>,
    /// One without columns, else one per column.
    pub cells: Vec<Cell>,
    /// Where.
    pub span: Span,
}

/// What the bound of a tier is a multiple of.
#[derive(Clone, PartialEq, Eq, Hash, Debug)]
pub struct BoundOf {
    /// What it is.
    pub kind: BoundOfKind,
    /// Where, `of` included.
    pub span: Span,
}

/// A measure that bounds are multiples of.
#[derive(Clone, PartialEq, Eq, Hash, Debug)]
pub enum BoundOfKind {
    /// `200 hours of demand`: a meter.
    Meter(Path),
    /// `25% of the month`: the length of the period.
    Period(PeriodWord),
}

/// A table of charges.
#[derive(Clone, PartialEq, Eq, Hash, Debug)]
pub struct Table {
    /// The unit of the rates inside.
    pub per: Option<Per>,
    /// The first line.
    pub header: TableHeader,
    /// The other lines.
    pub rows: Vec<TableEntry>,
}

/// The first line of a table.
#[derive(Clone, PartialEq, Eq, Hash, Debug)]
pub enum TableHeader {
    /// `model \ kind | input | output`.
    Matrix {
        /// The dimension down the side.
        rows: Path,
        /// The dimension across the top.
        columns: Path,
        /// Its labels.
        labels: Vec<Label>,
        /// Where.
        span: Span,
    },
    /// `plan_tier | region | rate`: dimensions, then the charge.
    List {
        /// The dimensions, at least one.
        dimensions: Vec<Path>,
        /// The heading of the last column, `rate`.
        rate: Name,
        /// Where.
        span: Span,
    },
    /// Not readable; reported.
    Bad(Bad),
}

/// One line of a table.
#[derive(Clone, PartialEq, Eq, Hash, Debug)]
pub enum TableEntry {
    /// A row: keys first, then charges.
    Row(TableRow),
    /// Not readable; reported.
    Bad(Bad),
}

/// One row; the number of cells is not checked against the header here.
#[derive(Clone, PartialEq, Eq, Hash, Debug)]
pub struct TableRow {
    /// The `##` lines above.
    pub docs: Docs,
    /// Labels or `*`: one in a matrix, all but the last column in a list.
    pub keys: Vec<Key>,
    /// Charges: all but the first column in a matrix, the last one in a list.
    pub cells: Vec<Cell>,
    /// Where.
    pub span: Span,
}

/// What a row of a table is for.
#[derive(Clone, PartialEq, Eq, Hash, Debug)]
pub enum Key {
    /// A label.
    Label(Label),
    /// `*`: the labels no other row names.
    Rest(Span),
}

/// A charge in a table or ladder.
#[derive(Clone, PartialEq, Eq, Hash, Debug)]
pub struct Cell {
    /// What it is.
    pub kind: CellKind,
    /// Where.
    pub span: Span,
}

/// The kinds of cells.
#[derive(Clone, PartialEq, Eq, Hash, Debug)]
pub enum CellKind {
    /// A charge, `$0.09`, `free`.
    Charge(Charge),
    /// `n/a`: not sold here.
    NotSold,
}
