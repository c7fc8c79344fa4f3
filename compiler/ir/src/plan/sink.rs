//! What is computed from single events: filter, labels, fold.

use crate::func::{Cond, Expr, Part};
use crate::plan::{AllowanceIx, CalendarIx, Counting, DimIx, EventIx, FieldIx, KeyIx, Rules, SinkIx};
use price_value::{Rational, Rounding};
use serde::{Deserialize, Serialize};

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
    /// Calls `f` on every expression and condition of the sink.
    pub fn visit<'a>(&'a self, f: &mut dyn FnMut(Part<'a>)) {
        for key in &self.keys {
            if let KeySource::Bucket(value) = &key.source {
                value.visit(f);
            }
        }
        self.filter.visit(f);
        self.scope.visit(f);
        match &self.fold {
            Fold::Count | Fold::Unique(_) => {}
            Fold::Sum(value)
            | Fold::Max(value, _)
            | Fold::Min(value, _)
            | Fold::Last(value)
            | Fold::Average(value)
            | Fold::Percentile(_, value)
            | Fold::Mean(value)
            | Fold::Slotted { value, .. } => value.visit(f),
            Fold::Charge(EventCharge { measure, rules, .. }) => {
                measure.iter().for_each(|measure| measure.visit(f));
                rules.functions.iter().for_each(|function| function.amount.visit(f));
            }
        }
    }

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
/// `post(F)`. A row whose cell is [`crate::CellRule::NotSold`] is refused.
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
