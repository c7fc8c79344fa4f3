//! Columns of typed events: what the readers produce and the kernels read.

use crate::plan::EventIx;

/// A number that is not there. Real values never use it: readers refuse it.
pub const NULL: i64 = i64::MIN;

/// Rows of one event type, column by column. All columns have `rows` entries.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Batch {
    /// Event type.
    pub event: EventIx,
    /// Number of rows.
    pub rows: usize,
    /// When it happened: nanoseconds since the epoch.
    pub happened: Vec<i64>,
    /// One column per field of the event, in field order.
    pub columns: Vec<Column>,
    /// Label codes of the plan's calendars at `happened`: `calendars[calendar][row]`. Empty
    /// vectors for calendars that no sink of this event reads. Filled by the host.
    pub calendars: Vec<Vec<u32>>,
}

/// One field's values.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Column {
    /// Numbers: fixed point in the field's decimals; [`NULL`] where missing.
    Int(Vec<i64>),
    /// A family: one column per label of its dimension; [`NULL`] counts as zero.
    Family(Vec<Vec<i64>>),
    /// Label codes, resolved or interned (open dimensions), of label fields and of fields that
    /// look a label up from another. `u32::MAX` where missing.
    Label(Vec<u32>),
    /// Text; empty where missing.
    Text(Vec<Box<str>>),
    /// Flags: 0, 1, or 2 where missing.
    Flag(Vec<u8>),
}

impl Column {
    /// Number of rows.
    pub fn len(&self) -> usize {
        match self {
            Column::Int(v) => v.len(),
            Column::Family(v) => v.first().map_or(0, Vec::len),
            Column::Label(v) => v.len(),
            Column::Text(v) => v.len(),
            Column::Flag(v) => v.len(),
        }
    }

    /// Whether there are no rows.
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }
}
