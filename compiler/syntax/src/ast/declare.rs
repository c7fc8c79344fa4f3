//! Declarations: imports, constants, currencies, units, dimensions, events, meters, formulas.

use super::{Bad, Clock, Date, Docs, Expr, Label, Name, Number, Path, Per, PeriodWord, Quantity, Rounding, Text};
use price_diagnostics::Span;

/// An import.
#[derive(Clone, PartialEq, Eq, Hash, Debug)]
pub enum UseDecl {
    /// `use std.units (seat, call)`, `use acme.cloud.cloud_2026 as list`.
    Module {
        /// Module, or module and item.
        path: Path,
        /// The version of a rate card, if one was written.
        version: Option<Number>,
        /// The names taken out of the module; without the list the path itself is bound.
        names: Option<Vec<UseName>>,
        /// The name it is bound to.
        alias: Option<Name>,
    },
    /// `use currency CAD as $`.
    CurrencySymbol {
        /// The currency.
        code: Name,
        /// `$`, `€`, `£` or `¥`.
        symbol: char,
        /// Where the symbol stands.
        symbol_span: Span,
    },
}

/// One imported name.
#[derive(Clone, PartialEq, Eq, Hash, Debug)]
pub struct UseName {
    /// The name in the module.
    pub name: Name,
    /// The name here, if renamed with `as`.
    pub alias: Option<Name>,
}

/// A named constant.
#[derive(Clone, PartialEq, Eq, Hash, Debug)]
pub struct LetDecl {
    /// Its name.
    pub name: Name,
    /// Its value.
    pub value: Expr,
}

/// A currency.
#[derive(Clone, PartialEq, Eq, Hash, Debug)]
pub struct CurrencyDecl {
    /// Its code.
    pub code: Name,
    /// The sign that may stand in front of amounts.
    pub symbol: Option<Text>,
    /// Whether it is not money of a state.
    pub is_virtual: bool,
    /// Digits after the point of its minor unit.
    pub decimals: Option<Number>,
}

/// A unit of measure.
#[derive(Clone, PartialEq, Eq, Hash, Debug)]
pub struct UnitDecl {
    /// Its name.
    pub name: Name,
    /// Other spellings, `seats`.
    pub aliases: Vec<Name>,
    /// What it is made of; a base unit has none.
    pub definition: Option<UnitDefinition>,
}

/// `1_073_741_824 byte`, `GB * hour`.
#[derive(Clone, PartialEq, Eq, Hash, Debug)]
pub struct UnitDefinition {
    /// Factor in front; one if not written.
    pub factor: Option<Number>,
    /// The first unit.
    pub first: Name,
    /// The others, each multiplied or divided by.
    pub rest: Vec<(UnitOp, Name)>,
    /// Where.
    pub span: Span,
}

/// How a further unit enters a definition.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug)]
pub enum UnitOp {
    /// `*`
    Times,
    /// `/`
    Over,
}

/// A finite or growing set of labels.
#[derive(Clone, PartialEq, Eq, Hash, Debug)]
pub struct DimensionDecl {
    /// Its name.
    pub name: Name,
    /// Where the labels come from.
    pub source: DimensionSource,
    /// The label that stands for values outside the set; without it they are refused.
    pub unknown: Option<Label>,
}

/// Where the labels of a dimension come from.
#[derive(Clone, PartialEq, Eq, Hash, Debug)]
pub enum DimensionSource {
    /// `= us | eu | other`.
    Listed(Vec<Label>),
    /// `from csv "data/regions.csv" column code`.
    Csv(Seed),
    /// `from prefixes "data/zones.csv" column zone`: the longest matching prefix decides.
    Prefixes(Seed),
    /// `from request.prompt { up to 200k tokens short ... }`.
    Buckets {
        /// The event field.
        field: Path,
        /// From the lowest to `beyond`.
        buckets: Vec<Bucket>,
    },
    /// `= any text at most 10k`: labels are discovered at run time.
    Open {
        /// The greatest number of different labels.
        at_most: Number,
    },
}

/// A file that labels are read from.
#[derive(Clone, PartialEq, Eq, Hash, Debug)]
pub struct Seed {
    /// Path of the file, relative to the module.
    pub file: Text,
    /// The column, if not the first.
    pub column: Option<Name>,
}

/// One line of a bucketed dimension.
#[derive(Clone, PartialEq, Eq, Hash, Debug)]
pub enum Bucket {
    /// `up to 200k tokens short`, `beyond long`.
    Range {
        /// The `##` lines above.
        docs: Docs,
        /// The greatest value inside; none for `beyond`.
        up_to: Option<Expr>,
        /// The label.
        label: Label,
        /// Where.
        span: Span,
    },
    /// Not readable; reported.
    Bad(Bad),
}

/// A dimension computed from local time.
#[derive(Clone, PartialEq, Eq, Hash, Debug)]
pub struct CalendarDecl {
    /// Its name.
    pub name: Name,
    /// IANA name of the zone whose clock counts.
    pub zone: Text,
    /// The first line that matches an instant decides.
    pub slots: Vec<Slot>,
}

/// One line of a calendar.
#[derive(Clone, PartialEq, Eq, Hash, Debug)]
pub enum Slot {
    /// `peak mon..fri 08:00..20:00 except holidays de`.
    Rule {
        /// The `##` lines above.
        docs: Docs,
        /// The label.
        label: Label,
        /// `months jun..sep`; all if empty.
        months: Vec<CalendarRange>,
        /// `mon..fri, sun`; all if empty.
        days: Vec<CalendarRange>,
        /// `08:00..20:00`; the whole day if empty.
        hours: Vec<ClockRange>,
        /// The holiday lists on which the line does not hold.
        except_holidays: Vec<Path>,
        /// Where.
        span: Span,
    },
    /// `offpeak otherwise`.
    Otherwise {
        /// The `##` lines above.
        docs: Docs,
        /// The label.
        label: Label,
        /// Where.
        span: Span,
    },
    /// Not readable; reported.
    Bad(Bad),
}

/// `mon..fri` or `sat`; `jun..sep` or `dec`. May wrap: `fri..mon`.
#[derive(Clone, PartialEq, Eq, Hash, Debug)]
pub struct CalendarRange {
    /// First, 1 for monday or january.
    pub first: u8,
    /// Last, included; equal to `first` for a single one.
    pub last: u8,
    /// Where.
    pub span: Span,
}

/// `08:00..20:00`: the start is inside, the end is not; may wrap midnight.
#[derive(Clone, PartialEq, Eq, Hash, Debug)]
pub struct ClockRange {
    /// First instant.
    pub from: Clock,
    /// First instant after it.
    pub to: Clock,
    /// Where.
    pub span: Span,
}

/// A list of holidays.
#[derive(Clone, PartialEq, Eq, Hash, Debug)]
pub struct HolidaysDecl {
    /// Its name, `de`.
    pub name: Name,
    /// In the order of the text.
    pub days: Vec<Holiday>,
}

/// One line of a list of holidays.
#[derive(Clone, PartialEq, Eq, Hash, Debug)]
pub enum Holiday {
    /// `2026-01-01 "Neujahr"`.
    Day {
        /// The date.
        date: Date,
        /// What is celebrated.
        title: Option<Text>,
        /// Where.
        span: Span,
    },
    /// Not readable; reported.
    Bad(Bad),
}

/// The schema of a kind of usage.
#[derive(Clone, PartialEq, Eq, Hash, Debug)]
pub struct EventDecl {
    /// Its name.
    pub name: Name,
    /// In the order of the text.
    pub fields: Vec<EventEntry>,
}

/// A line of an event.
#[derive(Clone, PartialEq, Eq, Hash, Debug)]
pub enum EventEntry {
    /// A field.
    Field(Field),
    /// Not readable; reported.
    Bad(Bad),
}

/// One field.
#[derive(Clone, PartialEq, Eq, Hash, Debug)]
pub struct Field {
    /// The `##` lines above.
    pub docs: Docs,
    /// Its name.
    pub name: Name,
    /// Its type.
    pub ty: FieldType,
    /// How it is computed from other fields; without it the value is sent.
    pub computed: Option<FieldFormula>,
    /// Whether it may be absent.
    pub optional: bool,
    /// Where.
    pub span: Span,
}

/// The type of a field: `level byte`, `second decimals 3`, `USD per token decimals 6`.
#[derive(Clone, PartialEq, Eq, Hash, Debug)]
pub struct FieldType {
    /// Whether the value holds until the next event.
    pub level: bool,
    /// Whether negative values are allowed.
    pub signed: bool,
    /// A unit, a currency, a dimension, or `text`, `flag`, `date`, `moment`.
    pub name: Name,
    /// The unit of a rate, `USD per token`.
    pub per: Option<Per>,
    /// The dimensions of a family of fields, sent as an object keyed by label.
    pub by: Vec<Path>,
    /// Digits after the point; more are refused. None if not written.
    pub decimals: Option<Number>,
    /// The greatest value accepted.
    pub at_most: Option<Expr>,
    /// Where.
    pub span: Span,
}

/// `= duration rounded up to 60 seconds then each 1 second`.
#[derive(Clone, PartialEq, Eq, Hash, Debug)]
pub struct FieldFormula {
    /// The value before rounding.
    pub value: Expr,
    /// How it is rounded, if said.
    pub rounded: Option<Rounding>,
    /// Step above the first grid point, for pulses like 60/1.
    pub then_each: Option<Quantity>,
}

/// An aggregation over the billing period.
#[derive(Clone, PartialEq, Eq, Hash, Debug)]
pub struct MeterDecl {
    /// Its name.
    pub name: Name,
    /// How values are brought together.
    pub aggregate: Aggregate,
    /// An event, or a field of an event.
    pub source: Path,
    /// `average over 15 minutes`: aggregated inside fixed slots first.
    pub slots: Option<SlotAggregate>,
    /// The unit the result is told in.
    pub unit: Option<Name>,
    /// The dimensions it is kept apart by.
    pub by: Vec<Path>,
    /// Which events count.
    pub filter: Option<Expr>,
    /// A bound that usage is promised to keep.
    pub at_most: Option<Bounded>,
}

/// How values are brought together.
#[derive(Clone, PartialEq, Eq, Hash, Debug)]
pub enum Aggregate {
    /// `sum`
    Sum,
    /// `count`
    Count,
    /// `max`
    Max,
    /// `min`
    Min,
    /// `last`
    Last,
    /// `unique`
    Unique,
    /// `average`, weighted by time.
    Average,
    /// `percentile 95`.
    Percentile(Number),
}

/// `average over 15 minutes` behind the source of a meter.
#[derive(Clone, PartialEq, Eq, Hash, Debug)]
pub struct SlotAggregate {
    /// How the values inside one slot are brought together.
    pub aggregate: Aggregate,
    /// Length of a slot.
    pub width: Quantity,
    /// Where.
    pub span: Span,
}

/// `at most 10bn calls per month`.
#[derive(Clone, PartialEq, Eq, Hash, Debug)]
pub struct Bounded {
    /// The bound.
    pub amount: Expr,
    /// In which stretch of time; the billing period if not written.
    pub per: Option<PeriodWord>,
    /// Where.
    pub span: Span,
}

/// A reusable price expression.
#[derive(Clone, PartialEq, Eq, Hash, Debug)]
pub struct FormulaDecl {
    /// Its name.
    pub name: Name,
    /// Its parameters, at least one.
    pub params: Vec<Param>,
    /// Its value.
    pub value: Expr,
}

/// `list_rate: rate`.
#[derive(Clone, PartialEq, Eq, Hash, Debug)]
pub struct Param {
    /// Its name.
    pub name: Name,
    /// Its type: `rate`, `ratio`, a unit or a currency.
    pub ty: Name,
}
