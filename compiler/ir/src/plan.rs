//! A compiled plan: dimensions, events, sinks (what is aggregated), lines (what is charged),
//! balances and adjustments. Plain data, hashed by meaning, no source positions
//! (those are in [`crate::SourceMap`]).

use crate::func::{Cond, Expr};
use crate::funds::{CurrencyIx, Funds, OWN};
use price_value::{Currency, Date, Rational, Rounding, Schedule, Span, Window};
use serde::{Deserialize, Serialize};

macro_rules! index {
    ($($(#[$doc:meta])* $name:ident;)*) => {$(
        $(#[$doc])*
        #[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
        pub struct $name(pub u32);
        impl $name {
            /// As a slice index.
            pub fn ix(self) -> usize {
                self.0 as usize
            }
        }
    )*};
}
index! {
    /// Index into [`Plan::dimensions`].
    DimIx;
    /// Index into [`Plan::calendars`].
    CalendarIx;
    /// Index into [`Plan::events`].
    EventIx;
    /// Index into [`Event::fields`].
    FieldIx;
    /// Index into [`Sink::keys`].
    KeyIx;
    /// Index into [`Plan::sinks`].
    SinkIx;
    /// Index into [`Plan::lines`].
    LineIx;
    /// Index into [`Plan::allowances`].
    AllowanceIx;
    /// Index into [`Plan::rules`]: the rule of the source an amount comes from.
    RuleIx;
}

/// What kind of declaration the plan was compiled from.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum PlanKind {
    /// `ratecard`
    RateCard,
    /// `plan`
    Plan,
    /// `contract`
    Contract,
}

/// A compiled plan or rate card.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Plan {
    /// Declared name.
    pub name: String,
    /// Declaration.
    pub kind: PlanKind,
    /// `version N`, if declared.
    pub version: Option<u32>,
    /// Parties and term of a contract.
    pub parties: Option<Parties>,
    /// Currency of every amount, but for lines in a [`Plan::foreign`] one.
    pub currency: Currency,
    /// Other currencies of lines, mostly virtual ones, with the rounding of their lines.
    pub foreign: Vec<(Currency, LineRounding)>,
    /// IANA zone of periods, windows and proration.
    pub zone: String,
    /// Billing periods.
    pub billing: Schedule,
    /// Days of `net N days`, printed on the invoice.
    pub net_days: Option<u32>,
    /// Days on which the plan may be used.
    pub effective: Span,
    /// Where lines are rounded.
    pub rounding: LineRounding,
    /// What happens to usage that arrives after its period closed.
    pub late: Option<LatePolicy>,
    /// Finite or open sets of labels.
    pub dimensions: Vec<Dimension>,
    /// Labels from local time.
    pub calendars: Vec<Calendar>,
    /// Schemas of usage.
    pub events: Vec<Event>,
    /// Everything that is computed from single events and aggregated.
    pub sinks: Vec<Sink>,
    /// Quantities that are free until used up, in the order of the waterfall.
    pub allowances: Vec<Allowance>,
    /// The lines of the invoice in evaluation order: a line refers only to earlier ones.
    pub lines: Vec<Line>,
    /// Discounts in text order.
    pub discounts: Vec<Discount>,
    /// Minimums and caps, inner scope first, minimums before caps within one scope.
    pub clamps: Vec<GroupClamp>,
    /// Splits of a line's amount over a dimension, for information.
    pub attributions: Vec<Attribution>,
    /// Who pays.
    pub funds: Funds,
    /// Names of the rules amounts come from.
    pub rules: Vec<Rule>,
}

impl Plan {
    /// A currency and the rounding of lines in it.
    pub fn currency_at(&self, at: CurrencyIx) -> (&Currency, &LineRounding) {
        match at.ix().checked_sub(1) {
            None => (&self.currency, &self.rounding),
            Some(foreign) => (&self.foreign[foreign].0, &self.foreign[foreign].1),
        }
    }

    /// Number of cells of a sink over the closed keys with `in_cell`, 1 without such keys;
    /// `None` beyond [`crate::limits::CELLS`].
    pub fn cells(&self, sink: &Sink) -> Option<usize> {
        let keys = sink.keys.iter().filter(|key| key.in_cell);
        let sizes = keys.filter_map(|key| self.dimensions[key.dim.ix()].size());
        sizes.into_iter().try_fold(1usize, |cells, size| {
            cells.checked_mul(size as usize).filter(|cells| *cells <= crate::limits::CELLS)
        })
    }
}

/// Who made a contract, for whom and for how long.
#[derive(Debug, Clone, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub struct Parties {
    /// `seller "…"`.
    pub seller: Option<String>,
    /// `buyer "…"`, or `contract … with "…"`.
    pub buyer: Option<String>,
    /// The accounts whose usage it prices, billed together under the contract's name. Without any,
    /// the account of the contract's name.
    pub accounts: Vec<String>,
    /// Days of the term; without an end if it renews.
    pub term: Span,
    /// How long each renewal is.
    pub renews: Option<Window>,
    /// Days of the term on which nothing is served, in order and apart. Money that is not for
    /// service, such as a commitment's, knows no pause.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub pauses: Vec<Span>,
}

/// A rule of the source: a price, an override, a fee. Its position is in the source map.
#[derive(Debug, Clone, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub struct Rule {
    /// As a person would say it: `price storage`, `override price egress where region is eu`.
    pub title: String,
    /// Declaration it stands in: `ratecard cloud_2026 version 4`.
    pub within: String,
}

/// The plan's rounding of lines.
#[derive(Debug, Clone, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub struct LineRounding {
    /// What is rounded.
    pub each: RoundingScope,
    /// How.
    pub rounding: Rounding,
}

/// What `rounding each …` names.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum RoundingScope {
    /// The line once.
    Line,
    /// Every tier of every cell: tiers become lines of their own.
    Tier,
    /// Every cell: cells become lines of their own.
    Cell,
}

/// `late events accepted for N days then …`.
#[derive(Debug, Clone, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub struct LatePolicy {
    /// Grace after the period's end, in days.
    pub grace_days: u32,
    /// Refused after the grace, instead of adjusting the next period.
    pub then_rejected: bool,
}

/// A set of labels.
#[derive(Debug, Clone, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub struct Dimension {
    /// Declared name.
    pub name: String,
    /// Labels in declared order; their index is the label's code. Empty when open.
    pub labels: Vec<String>,
    /// How text or a number becomes a label.
    pub kind: DimensionKind,
}

/// How a value becomes a label of a [`Dimension`].
#[derive(Debug, Clone, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum DimensionKind {
    /// The text is the label. Other texts become `unknown`, or are refused.
    Listed {
        /// Code of the label for other texts.
        unknown: Option<u32>,
    },
    /// The longest matching prefix decides; the text may also be a label itself.
    Prefixes {
        /// Prefix and label code, sorted by prefix.
        prefixes: Vec<(String, u32)>,
        /// Code of the label for texts that no prefix matches.
        unknown: Option<u32>,
    },
    /// A number falls into the first bucket whose inclusive upper bound holds it; the last
    /// label is beyond all bounds. Bounds are in the unit of the bucketed field.
    Buckets {
        /// One bound fewer than labels, increasing.
        bounds: Vec<Rational>,
    },
    /// Labels come from local time: see [`Plan::calendars`].
    Calendar(CalendarIx),
    /// Any text; codes are given at run time in order of first sight.
    Open {
        /// Most labels per subscription.
        at_most: u32,
    },
}

impl Dimension {
    /// Number of labels, or `None` when open.
    pub fn size(&self) -> Option<u32> {
        match self.kind {
            DimensionKind::Open { .. } => None,
            _ => Some(self.labels.len() as u32),
        }
    }

    /// Code of a label.
    pub fn code(&self, label: &str) -> Option<u32> {
        self.labels.iter().position(|l| l == label).map(|p| p as u32)
    }

    /// The label a text stands for, as [`DimensionKind`] says. `None` when refused, and always
    /// for open dimensions, buckets and calendars.
    pub fn resolve(&self, text: &str) -> Option<u32> {
        match &self.kind {
            DimensionKind::Listed { unknown } => self.code(text).or(*unknown),
            DimensionKind::Prefixes { prefixes, unknown } => self.code(text).or_else(|| {
                let ends = (1..=text.len()).rev().filter(|end| text.is_char_boundary(*end));
                ends.into_iter()
                    .find_map(|end| prefixes.binary_search_by(|(p, _)| p.as_str().cmp(&text[..end])).ok())
                    .map(|at| prefixes[at].1)
                    .or(*unknown)
            }),
            _ => None,
        }
    }
}

/// A dimension computed from local time. The first slot that holds the local time decides;
/// verified exhaustive: the last slot always holds.
#[derive(Debug, Clone, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub struct Calendar {
    /// Declared name.
    pub name: String,
    /// IANA zone of its clock.
    pub zone: String,
    /// Slots in text order.
    pub slots: Vec<Slot>,
}

/// One line of a calendar.
#[derive(Debug, Clone, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub struct Slot {
    /// Label code in the calendar's dimension.
    pub label: u32,
    /// Bit `m − 1` for month `m`; all twelve when not written.
    pub months: u16,
    /// Bit `d` for weekday `d`, Monday = 0.
    pub days: u8,
    /// Second of the day, inclusive start; exclusive end up to 86,400. May wrap midnight
    /// (`from > to`): the part after midnight belongs to the day it began on.
    pub from: u32,
    /// Exclusive end.
    pub to: u32,
    /// Dates on which the slot does not hold, sorted.
    pub except: Vec<Date>,
}

/// A schema of usage.
#[derive(Debug, Clone, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub struct Event {
    /// Declared name: the `type` of an incoming event.
    pub name: String,
    /// Fields that arrive with the event. Computed fields are folded into expressions.
    pub fields: Vec<Field>,
}

/// A field of an event.
#[derive(Debug, Clone, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub struct Field {
    /// Declared name: the key in the event's data.
    pub name: String,
    /// Type.
    pub ty: FieldType,
    /// May be missing.
    pub optional: bool,
}

/// Type of an event's field.
#[derive(Debug, Clone, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum FieldType {
    /// A number in a unit or currency.
    Number(NumberType),
    /// An object of numbers keyed by the labels of a dimension; missing labels are zero.
    Family(DimIx, NumberType),
    /// A label of a dimension; for an open dimension any text.
    Label(DimIx),
    /// A label of a dimension, looked up from the text of another field (`zone: zone = number`).
    LabelFrom(DimIx, FieldIx),
    /// Text that is only compared or counted.
    Text,
    /// `true` or `false`.
    Flag,
}

/// A number of an event: a fixed-point integer of `decimals` decimals in `unit`.
#[derive(Debug, Clone, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub struct NumberType {
    /// Unit name or currency code, for messages.
    pub unit: String,
    /// Decimals accepted; more are refused, never cut. 0..=18.
    pub decimals: u8,
    /// Negative values are accepted.
    pub signed: bool,
    /// The value holds until the next event of the same cell.
    pub level: bool,
    /// Other units in which the value may be written (`"1.5 GB"`): name and factor to `unit`.
    pub accepts: Vec<(String, Rational)>,
}

/// How a label of a sink is found for one row.
#[derive(Debug, Clone, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum KeySource {
    /// From a label field.
    Field(FieldIx),
    /// From a number: the dimension's buckets applied to an expression over the row, which
    /// may read the labels of earlier keys only.
    Bucket(Expr),
    /// From the event's time: [`crate::Batch::calendars`].
    Calendar(CalendarIx),
    /// The label the family field is unrolled to: the row counts once per label.
    Family(FieldIx),
}

/// A key of a sink: part of what distinguishes its cells.
#[derive(Debug, Clone, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub struct Key {
    /// Dimension.
    pub dim: DimIx,
    /// Where the label comes from.
    pub source: KeySource,
    /// Whether the key is part of the cell, or only read by conditions and tables.
    pub in_cell: bool,
}

/// Something computed from each event of one type and folded into cells: a meter as some price
/// reads it, or a price on each event.
///
/// A row takes part when `filter` and `scope` hold. Its cell is the mixed-radix number of the
/// labels of the keys with `in_cell`, first key most significant (open dimensions and windows
/// are kept apart by the host: see `price-rating`). At most one key is a
/// [`KeySource::Family`]; it unrolls the row to one entry per label, zeros included.
#[derive(Debug, Clone, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub struct Sink {
    /// Unique name for messages and the textual form: `storage`, `egress/by region`.
    pub name: String,
    /// Name of the meter it was declared as; empty for a price on each event.
    pub meter: String,
    /// Event type.
    pub event: EventIx,
    /// Labels of a row.
    pub keys: Vec<Key>,
    /// The meter's own `where`.
    pub filter: Cond,
    /// The part of the condition that comes from prices and allowances: labels only.
    pub scope: Cond,
    /// What is folded.
    pub fold: Fold,
    /// Unit of the aggregated quantity, for display: `GB-month`; the currency code for money.
    pub unit: String,
    /// Quantity in `unit` of one raw integer step: the fold's integers times this.
    pub quantum: Rational,
    /// `at most N per month`: the largest total the author declares, in `unit`.
    pub bound: Option<Rational>,
    /// For levels whose cells are coarser than what holds a level of its own: the sink whose
    /// cells do. At each instant a cell's level is the sum of those of its parts.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub parts: Option<SinkIx>,
}

impl Sink {
    /// Whether it keeps what holds until the next event of the same cell.
    pub fn is_level(&self) -> bool {
        matches!(self.fold, Fold::Last(_) | Fold::Average(_) | Fold::Max(_, Held::Level) | Fold::Min(_, Held::Level))
    }
}

/// What a sink keeps per cell.
#[derive(Debug, Clone, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Fold {
    /// Σ value. `value` in units of the sink; an integer multiple of its quantum.
    Sum(Expr),
    /// Number of rows.
    Count,
    /// Greatest value; a level starts from the value carried into the period.
    Max(Expr, Held),
    /// Least value.
    Min(Expr, Held),
    /// Value of the last row in folding order; carried over period ends.
    Last(Expr),
    /// Number of different texts.
    Unique(FieldIx),
    /// Integral of the held level over the period, divided by the period's seconds.
    Average(Expr),
    /// Nearest-rank percentile (1..=100) of all values in the period.
    Percentile(u8, Expr),
    /// Mean of all values: Σ value / count.
    Mean(Expr),
    /// An outer aggregate of inner aggregates over fixed slots of the clock, counted from the
    /// period's start (`max of … average over 15 minutes`).
    Slotted {
        /// Aggregate over slots.
        outer: SlotFold,
        /// Aggregate inside a slot.
        inner: SlotFold,
        /// Slot length in seconds.
        seconds: u32,
        /// Value.
        value: Expr,
    },
    /// Σ of a money amount per event: a price `on each` event. Cells are those of `charge.by`.
    Charge(EventCharge),
}

/// Whether a field holds until the next event.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Held {
    /// An amount of the moment.
    Amount,
    /// A level that holds.
    Level,
}

/// Simple aggregates used in slots.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum SlotFold {
    /// Σ
    Sum,
    /// Rows.
    Count,
    /// Greatest.
    Max,
    /// Least.
    Min,
    /// Arithmetic mean of the rows of the slot.
    Average,
}

/// The price of one event.
///
/// `amount = post( Σ over parts [ F(position after) − F(position before) ] )`, where the parts
/// are the whole measure, or the stretches of the event between boundaries of `split`'s
/// calendar, and `F` is the function of the part's cell. Nothing is charged before the event
/// begins, so the first part is `F(position after)` alone, `F(0)` included: a charge in one
/// part is `post(F(measure))`. Without `measure`, `F` reads fields only and the amount is
/// `post(F)`. A row whose cell is [`CellRule::NotSold`] is refused.
#[derive(Debug, Clone, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub struct EventCharge {
    /// The priced quantity of the event, in `measure_unit`.
    pub measure: Option<Expr>,
    /// Unit of the measure, for display.
    pub measure_unit: String,
    /// Rules by date and cell; functions may use `Arg` (when there is a measure) and fields.
    pub rules: Rules,
    /// The key whose calendar splits the event; the measure is then in seconds from the
    /// event's time, `seconds_per_unit` seconds each.
    pub split: Option<SplitAt>,
    /// Floors, ceilings and rounding of one event's amount, in order.
    pub post: Vec<Post>,
    /// Allowances that cover the front of the measure, in the order of the waterfall.
    pub covered_by: Vec<AllowanceIx>,
    /// How the covered part is priced away.
    pub counting: Counting,
}

impl EventCharge {
    /// `amount` after the steps of [`EventCharge::post`] in order.
    ///
    /// `measure` is the event's measure, if the charge has one.
    pub fn post_amount(&self, measure: Option<&Rational>, amount: Rational) -> Rational {
        let used = amount.is_positive() || measure.is_some_and(Rational::is_positive);
        self.post.iter().fold(amount, |amount, step| match step {
            Post::AtLeast(floor) if used => amount.max(floor.clone()),
            Post::AtLeast(_) => amount,
            Post::AtMost(ceiling) => amount.min(ceiling.clone()),
            Post::Round(rounding) => rounding.apply(&amount),
        })
    }

    /// Whether the host prices the measure itself, with [`crate::Kernel::position`].
    pub fn priced_by_host(&self) -> bool {
        self.split.is_some() || !self.covered_by.is_empty()
    }
}

/// `split at CALENDAR`.
#[derive(Debug, Clone, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub struct SplitAt {
    /// The calendar key of the sink.
    pub key: KeyIx,
    /// Length of one unit of the measure in seconds.
    pub seconds_per_unit: Rational,
}

/// A step after the amount of one event: see [`EventCharge::post_amount`].
#[derive(Debug, Clone, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Post {
    /// `at least … each`: applies to events whose measure, or whose amount before the first
    /// step, is above zero.
    AtLeast(Rational),
    /// `at most … each`.
    AtMost(Rational),
    /// `round each …`.
    Round(Rounding),
}

/// Tiers see usage before or after included amounts.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Counting {
    /// `F(q − covered)`.
    Net,
    /// `F(q) − F(covered)`; of volume prices and stairsteps, what is not covered at the tier that
    /// `q` reaches (see [`crate::Position`]).
    Gross,
}

/// Which function prices which cell, by date.
#[derive(Debug, Clone, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub struct Rules {
    /// The functions, each with the rule it comes from.
    pub functions: Vec<Function>,
    /// Consecutive stretches of time; the first has no start, starts increase.
    pub regimes: Vec<Regime>,
}

/// From a date on, the rule of every cell.
#[derive(Debug, Clone, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub struct Regime {
    /// First day; `None` for the first regime.
    pub from: Option<Date>,
    /// One entry per cell of the keys with `in_cell` and a closed dimension (mixed radix, first
    /// key most significant); a single entry where there is no such key.
    pub cells: Vec<CellRule>,
}

/// What applies to a cell.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum CellRule {
    /// Index into [`Rules::functions`].
    Function(u32),
    /// `n/a`: usage here is an error.
    NotSold,
}

/// A price function with its origin.
#[derive(Debug, Clone, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub struct Function {
    /// Money as a function of `Arg` (and, on an event, of fields). In currency units.
    pub amount: Expr,
    /// The rules of the source that made it, outermost last (price, then override).
    pub rules: Vec<RuleIx>,
}

/// A line of the invoice.
#[derive(Debug, Clone, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub struct Line {
    /// Name of the price, fee or rebate.
    pub name: String,
    /// A rebate: the amount is negated.
    pub rebate: bool,
    /// What is charged.
    pub charge: Charge,
    /// Floors and ceilings of this price alone, in order (floor first).
    pub clamps: Vec<LineClamp>,
    /// Scales with the days of a partial period.
    pub prorate: Proration,
    /// The rule of the source.
    pub rule: RuleIx,
    /// Order on the invoice (text order of the plan).
    pub order: u32,
    /// Currency of its amounts.
    pub currency: CurrencyIx,
    /// What catalogues and ledgers call it.
    pub about: About,
}

impl Line {
    /// Whether the line is in the plan's own currency.
    pub fn is_own(&self) -> bool {
        self.currency == OWN
    }
}

/// Names of a line in other systems, carried to every invoice.
#[derive(Debug, Clone, PartialEq, Eq, Hash, Default, Serialize, Deserialize)]
pub struct About {
    /// `tag compute`: sorted, without repetition.
    pub tags: Vec<String>,
    /// `product "SKU-1"`.
    pub product: Option<String>,
    /// `ledger "4000 usage"`.
    pub ledger: Option<String>,
}

/// What a line charges.
#[derive(Debug, Clone, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Charge {
    /// A fee.
    Fee(Fee),
    /// A function of a sink's quantity, cell by cell.
    Usage(UsageCharge),
    /// The sum of a [`Fold::Charge`] sink.
    Events(SinkIx),
    /// A function of other lines: `3% of storage, egress`. `Arg` is the base in currency units.
    Share {
        /// The lines of the base, all earlier.
        of: Vec<LineIx>,
        /// Base after the discounts that touch those lines.
        after_discounts: bool,
        /// Money as a function of the base.
        amount: Expr,
    },
}

/// A fee.
#[derive(Debug, Clone, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub struct Fee {
    /// Amount per `per`.
    pub amount: Rational,
    /// Other amounts from these days on, in order: a window costs what holds on the day it is due.
    pub changes: Vec<(Date, Rational)>,
    /// `per month`, or once.
    pub per: FeeSchedule,
    /// Charged at the start of its stretch, not at its end.
    pub in_advance: bool,
    /// Days on which it applies.
    pub during: Span,
    /// The amount is per unit of this level (a [`Fold::Last`] sink without cells). In advance it is
    /// charged for the level at the window's start; with [`Proration::Daily`] a rise inside the
    /// window is charged for the days left at once, a fall is credited with the next window.
    pub level: Option<SinkIx>,
}

impl Fee {
    /// What a window costs that is due on a day.
    pub fn amount_on(&self, day: Date) -> &Rational {
        let changed = self.changes.iter().rev().find(|(from, _)| *from <= day);
        changed.map_or(&self.amount, |(_, amount)| amount)
    }
}

/// How often a fee is due.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum FeeSchedule {
    /// In the first period of the subscription.
    Once,
    /// For each window; a window equal to the billing period is due once per invoice.
    Each(Window),
}

/// A price on a meter.
#[derive(Debug, Clone, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub struct UsageCharge {
    /// The quantity.
    pub sink: SinkIx,
    /// Rules by date and cell.
    pub rules: Rules,
    /// What the bounds of its tiers are multiples of; constants without one.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub scale: Option<TierScale>,
    /// What its cells have to do with each other.
    #[serde(default, skip_serializing_if = "Across::is_each")]
    pub across: Across,
    /// A floor for the quantity of each cell that earlier periods set.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub ratchet: Option<Ratchet>,
    /// Where the ladder restarts. The billing period itself unless written.
    pub window: Window,
    /// A rate change inside the period: each moment its own rate, the ladder going on
    /// (`true`), or the rate of the period's end (`false`).
    pub split_period: bool,
    /// Allowances that cover part of the quantity, in the order of the waterfall.
    pub covered_by: Vec<AllowanceIx>,
    /// How the covered part is priced away.
    pub counting: Counting,
    /// Quantities taken off the front by usage discounts, in `sink.unit`, summed over cells
    /// in cell order.
    pub less: Vec<DiscountedQuantity>,
}

/// `ratchet 80% of the past 11 months`: a cell counts at least this share of the most it measured
/// in one of the billing periods before. What a ratchet lifted does not count as measured. Only for
/// windows of one billing period and quantities that nothing covers or scales.
#[derive(Debug, Clone, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub struct Ratchet {
    /// 0 < share <= 1.
    pub share: Rational,
    /// Billing periods that are looked back on.
    pub periods: u32,
}

/// What the cells of a price have to do with each other. Only for windows that are no longer than
/// the billing period, and for quantities that nothing covers.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Default, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Across {
    /// Nothing: each is priced on its own.
    #[default]
    Each,
    /// The sum over all cells chooses the tier of each (functions that select, sums and counts).
    Total,
    /// Only the cell with the largest quantity is charged; of equals the first in cell order.
    Largest,
}

impl Across {
    /// Whether each cell is priced on its own.
    pub fn is_each(&self) -> bool {
        *self == Across::Each
    }
}

/// A measure that stretches the tiers of a price: at the scale `s`, the amount of a quantity `q` is
/// `s · F(q / s)`, `F` being the function of its rule (see [`Expr::stretched`]). A scale at or
/// below zero leaves all usage in the last tier.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum TierScale {
    /// The quantity of another sink over the same billing period, in its unit. Its cells are by
    /// some of the dimensions of the line's cells, and measured for those labels.
    Sink(SinkIx),
    /// The elapsed seconds of the line's window, served or not.
    Seconds,
}

/// `discount x = 100 calls on price`.
#[derive(Debug, Clone, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub struct DiscountedQuantity {
    /// Name of the discount.
    pub name: String,
    /// Quantity in the sink's unit.
    pub quantity: Rational,
    /// Days on which it applies (judged by the period's first day).
    pub during: Span,
    /// Rule of the source.
    pub rule: RuleIx,
}

/// A floor or ceiling.
#[derive(Debug, Clone, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub struct LineClamp {
    /// Floor (`at least`, `minimum`) or ceiling (`at most`, `cap`).
    pub bound: Bound,
    /// Money per window.
    pub amount: Rational,
    /// The window it is counted in; the billing period or longer multiples of it are whole
    /// periods' worth.
    pub per: Window,
    /// A floor applies only if there was usage.
    pub if_used: bool,
    /// Scales with the days of a partial period.
    pub prorate: Proration,
    /// Days on which it applies.
    pub during: Span,
    /// Rule of the source.
    pub rule: RuleIx,
}

/// Which side of a clamp.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Bound {
    /// A lower bound.
    Floor,
    /// An upper bound.
    Ceiling,
}

/// `minimum SCOPE at …`, `cap SCOPE at …`.
#[derive(Debug, Clone, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub struct GroupClamp {
    /// Name of the line a minimum makes (`minimum`, `minimum 2`); for a cap, of its trace.
    pub name: String,
    /// The lines it counts.
    pub scope: Vec<LineIx>,
    /// The clamp.
    pub clamp: LineClamp,
    /// Order on the invoice.
    pub order: u32,
}

/// What a partial first or last period does to an amount.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Proration {
    /// Whole amount.
    Never,
    /// Served local calendar days over the period's.
    Daily,
    /// The same where every month counts thirty days ([`price_value::Date::days_until_30`]); of fees
    /// without a level.
    DailyInMonthsOf30,
}

/// A discount on lines.
#[derive(Debug, Clone, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub struct Discount {
    /// Declared name.
    pub name: String,
    /// The lines it touches.
    pub scope: Vec<LineIx>,
    /// Restricts it to cells of usage lines: per line of `scope`, the mask over that line's
    /// cells (`None`: the whole line).
    pub cells: Vec<Option<Vec<bool>>>,
    /// What is taken off.
    pub off: DiscountOff,
    /// Days on which it applies (judged by the period's first day).
    pub during: Span,
    /// Rule of the source.
    pub rule: RuleIx,
}

/// What a discount takes off.
#[derive(Debug, Clone, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum DiscountOff {
    /// A share of what the discounts before it left, 0..=1.
    Share(Rational),
    /// Money per period, at most what is left; split over the lines by largest remainder.
    Amount(Rational),
}

/// Free quantity per window.
#[derive(Debug, Clone, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub struct Allowance {
    /// Declared name.
    pub name: String,
    /// Quantity granted per window, in `unit`; with `times`, for each unit of that sink;
    /// with `events`, how many.
    pub quantity: Rational,
    /// A sink without cells whose quantity over the billing period, as far as it is above zero,
    /// says how often `quantity` is granted.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub times: Option<SinkIx>,
    /// It counts events and covers what they measure. Left out where it does not, so that plans
    /// without such allowances keep their hash.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub events: Option<FreeEvents>,
    /// Unit, for display; the covered sinks' quantities convert by [`Covers::factor`].
    pub unit: String,
    /// When it is granted again.
    pub per: Window,
    /// What it covers.
    pub covers: Vec<Covers>,
    /// How it is shared among cells that compete for it.
    pub draw: DrawOrder,
    /// What an unused rest becomes.
    pub rollover: Option<Rollover>,
    /// A partial period's grant.
    pub prorate: Proration,
    /// Rule of the source.
    pub rule: RuleIx,
}

/// An allowance of events: each that measures something draws one unit and is covered wholly, as
/// long as units and the amount last. What is left of the last unit when the amount ends is gone.
#[derive(Debug, Clone, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub struct FreeEvents {
    /// Most that is covered per window, in the unit of the line's measure; of one line only.
    pub up_to: Option<Rational>,
}

/// A line (and cells of it) that an allowance covers.
#[derive(Debug, Clone, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub struct Covers {
    /// Line.
    pub line: LineIx,
    /// Mask over the cells of the line's sink (closed keys); `None`: all.
    pub cells: Option<Vec<bool>>,
    /// Allowance units per unit of the line's quantity.
    pub factor: Rational,
}

/// How an allowance meets cells of different prices.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum DrawOrder {
    /// Only one cell can compete, or all have the same price.
    Single,
    /// In proportion to the cells' quantities.
    ProRata,
    /// The cell with the lowest first-unit rate first, ties by cell order.
    CheapestFirst,
    /// The highest first.
    DearestFirst,
    /// As events happen, in folding order.
    AsUsed,
}

/// `rollover up to 20% for 1 month`.
#[derive(Debug, Clone, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub struct Rollover {
    /// Most that is carried, in the allowance's unit.
    pub at_most: Rational,
    /// Windows for which a carried lot may be used.
    pub windows: u32,
}

/// `attribute LINE by DIMENSION`, or by account.
#[derive(Debug, Clone, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub struct Attribution {
    /// The line whose amount is split.
    pub line: LineIx,
    /// Sink with the dimension as its only cell key: the weights. By account, the line's own sink.
    pub by: SinkIx,
    /// Other lines whose amounts are split along (rebates on the line).
    pub with: Vec<LineIx>,
    /// By the accounts of the billed subject.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub accounts: bool,
}
