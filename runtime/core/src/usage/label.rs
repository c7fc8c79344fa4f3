//! Labels of a row as its plan gives them.

use super::UsageError;
use price_ir::{Batch, Column, DimIx, EventIx, FieldIx, FieldType, KeySource, Plan, SinkIx};
use price_rating::OpenLabels;
use std::collections::BTreeSet;

/// Where a label is found.
#[derive(Debug, Clone, Copy)]
pub(super) enum From {
    /// In a column: a label of a dimension, a text, a flag.
    Column(FieldIx, Option<DimIx>),
    /// The label that a family is unrolled to.
    Family(DimIx),
    /// From the time of the event.
    Calendar(usize, DimIx),
}

/// Where the label of a name is found: a dimension of the meter, or a field of its event.
pub(super) fn from(plan: &Plan, sinks: &[SinkIx], name: &str, meter: &str) -> Result<From, UsageError> {
    let keys = || sinks.iter().flat_map(|sink| &plan.sinks[sink.ix()].keys);
    let by_name = keys().find_map(|key| {
        let found = match key.source {
            KeySource::Field(field) => From::Column(field, Some(key.dim)),
            KeySource::Family(_) => From::Family(key.dim),
            KeySource::Calendar(calendar) => From::Calendar(calendar.ix(), key.dim),
            KeySource::Bucket(_) => return None,
        };
        (plan.dimensions[key.dim.ix()].name == name).then_some(found)
    });
    let event = sinks.first().map_or(EventIx(0), |sink| plan.sinks[sink.ix()].event);
    let fields = || plan.events[event.ix()].fields.iter().enumerate();
    let by_field = || {
        let (at, field) = fields().find(|(_, field)| field.name == name)?;
        match &field.ty {
            FieldType::Label(dim) | FieldType::LabelFrom(dim, _) => Some(From::Column(FieldIx(at as u32), Some(*dim))),
            FieldType::Text | FieldType::Flag => Some(From::Column(FieldIx(at as u32), None)),
            // Only where the meter is told apart by it are there labels.
            FieldType::Family(dim, _) => {
                keys().any(|key| key.source == KeySource::Family(FieldIx(at as u32))).then_some(From::Family(*dim))
            }
            FieldType::Number(_) => None,
        }
    };
    by_name.or_else(by_field).ok_or_else(|| {
        let mut known: BTreeSet<&str> = BTreeSet::new();
        let told = keys().filter(|key| !matches!(key.source, KeySource::Bucket(_)));
        known.extend(told.map(|key| plan.dimensions[key.dim.ix()].name.as_str()));
        let texts = fields().filter(|(_, field)| !matches!(field.ty, FieldType::Number(_) | FieldType::Family(..)));
        known.extend(texts.map(|(_, field)| field.name.as_str()));
        let known = known.into_iter().collect::<Vec<_>>().join(", ");
        UsageError::NoLabel { meter: meter.to_owned(), label: name.to_owned(), known }
    })
}

/// The label of an entry of a row; none where it has none.
pub(super) fn label<'l>(
    plan: &'l Plan,
    open: &'l OpenLabels,
    batch: &'l Batch,
    from: From,
    (row, entry): (usize, usize),
) -> Option<&'l str> {
    let of = |dim: DimIx, code: u32| {
        let dimension = &plan.dimensions[dim.ix()];
        let text = match dimension.size() {
            Some(_) => dimension.labels.get(code as usize).map(String::as_str),
            None => Some(open.text(dim, code)),
        };
        text.filter(|text| !text.is_empty())
    };
    match from {
        From::Family(dim) => of(dim, entry as u32),
        From::Calendar(calendar, dim) => of(dim, *batch.calendars.get(calendar)?.get(row)?),
        From::Column(field, dim) => match (&batch.columns[field.ix()], dim) {
            (Column::Label(codes), Some(dim)) => of(dim, codes[row]),
            (Column::Text(texts), _) => Some(&*texts[row]).filter(|text| !text.is_empty()),
            (Column::Flag(flags), _) => match flags[row] {
                0 => Some("false"),
                1 => Some("true"),
                _ => None,
            },
            _ => None,
        },
    }
}
