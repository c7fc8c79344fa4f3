//! One entry of a batch: a row, unrolled to one label of a family where the sink says so.
//!
//! The only place that reads columns. A column of another shape than the event declares is a
//! mistake of the host and panics.

use price_ir::batch::{Column, NULL};
use price_ir::{Batch, DimensionKind, Event, Fault, FieldIx, FieldType, KeyIx, KeySource, Plan, Sink};
use price_value::Rational;

/// What expressions and conditions of a sink read.
#[derive(Clone, Copy)]
pub(crate) struct Entry<'a> {
    /// The plan.
    pub plan: &'a Plan,
    /// The sink that reads.
    pub sink: &'a Sink,
    /// Rows.
    pub batch: &'a Batch,
    /// Row.
    pub row: usize,
    /// Label of the family, 0 where the sink has none.
    pub family: u32,
}

impl<'a> Entry<'a> {
    /// The entry at an index of `MapOut`.
    pub fn at(plan: &'a Plan, sink: &'a Sink, batch: &'a Batch, index: usize) -> Entry<'a> {
        let labels = entries_per_row(plan, sink);
        Entry { plan, sink, batch, row: index / labels, family: (index % labels) as u32 }
    }

    fn event(&self) -> &'a Event {
        &self.plan.events[self.sink.event.ix()]
    }

    fn column(&self, field: FieldIx) -> &'a Column {
        &self.batch.columns[field.ix()]
    }

    /// The number of a field in its unit, or `None` where the row lacks it.
    pub fn number(&self, field: FieldIx) -> Option<Rational> {
        match (&self.event().fields[field.ix()].ty, self.column(field)) {
            (FieldType::Number(number), Column::Int(values)) => fixed_point(values[self.row], number.decimals),
            _ => unreachable!("field {} holds numbers", field.0),
        }
    }

    /// The number of a family field for the entry's label; zero where it lacks the label.
    pub fn family_number(&self, field: FieldIx) -> Rational {
        match (&self.event().fields[field.ix()].ty, self.column(field)) {
            (FieldType::Family(_, number), Column::Family(labels)) => {
                fixed_point(labels[self.family as usize][self.row], number.decimals).unwrap_or_default()
            }
            _ => unreachable!("field {} is a family", field.0),
        }
    }

    /// The text of a field; empty where the row lacks it.
    pub fn text(&self, field: FieldIx) -> &'a str {
        match self.column(field) {
            Column::Text(values) => &values[self.row],
            _ => unreachable!("field {} holds texts", field.0),
        }
    }

    /// A flag.
    pub fn flag(&self, field: FieldIx) -> Result<bool, Fault> {
        match self.column(field) {
            Column::Flag(values) => match values[self.row] {
                0 => Ok(false),
                1 => Ok(true),
                _ => Err(Fault::Missing),
            },
            _ => unreachable!("field {} holds flags", field.0),
        }
    }

    /// Whether the row has the field.
    pub fn present(&self, field: FieldIx) -> bool {
        match self.column(field) {
            Column::Int(values) => values[self.row] != NULL,
            Column::Label(values) => values[self.row] != u32::MAX,
            Column::Text(values) => !values[self.row].is_empty(),
            Column::Flag(values) => values[self.row] < 2,
            Column::Family(_) => unreachable!("presence of the family {} is not asked", field.0),
        }
    }

    /// The label of a key.
    pub fn label(&self, key: KeyIx) -> Result<u32, Fault> {
        let key = &self.sink.keys[key.ix()];
        let dimension = &self.plan.dimensions[key.dim.ix()];
        let label = match &key.source {
            KeySource::Field(field) => match self.column(*field) {
                Column::Label(values) => values[self.row],
                _ => unreachable!("field {} holds labels", field.0),
            },
            KeySource::Bucket(value) => match &dimension.kind {
                DimensionKind::Buckets { bounds } => {
                    let value = self.value(value, None)?;
                    bounds.iter().filter(|bound| **bound < value).count() as u32
                }
                _ => unreachable!("dimension {} has buckets", dimension.name),
            },
            KeySource::Calendar(calendar) => self
                .batch
                .calendars
                .get(calendar.ix())
                .and_then(|labels| labels.get(self.row))
                .copied()
                .unwrap_or(u32::MAX),
            KeySource::Family(_) => self.family,
        };
        let known = label != u32::MAX && dimension.size().is_none_or(|size| label < size);
        if known { Ok(label) } else { Err(Fault::Missing) }
    }
}

/// Entries of `MapOut` per row: the labels of the family key, else 1.
pub(crate) fn entries_per_row(plan: &Plan, sink: &Sink) -> usize {
    let family = sink.keys.iter().find(|key| matches!(key.source, KeySource::Family(_)));
    family.map_or(1, |key| plan.dimensions[key.dim.ix()].labels.len())
}

fn fixed_point(value: i64, decimals: u8) -> Option<Rational> {
    (value != NULL).then(|| Rational::new(value.into(), 10i128.pow(decimals.into())))
}
