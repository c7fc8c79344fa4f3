//! What usage looks like: dimensions and calendars with their labels, events with their fields.

use crate::plan::{CalendarIx, DimIx, FieldIx};
use price_value::{Date, Rational};
use serde::{Deserialize, Serialize};

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
    /// Labels come from local time: see [`crate::Plan::calendars`].
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
