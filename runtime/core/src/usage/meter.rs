//! The meters of plans.

use super::UsageError;
use crate::machine::Machine;
use price_ir::{Cond, Expr, FieldType, Fold, Held, KeySource, Plan, Sink, SinkIx};
use std::collections::BTreeMap;

/// A meter of the plans of a tenant.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct MeterView {
    /// Its name.
    pub name: String,
    /// The event that it counts.
    pub event: String,
    /// Its unit.
    pub unit: String,
    /// `sum`, `count`, `max`, `min`, `mean`, `unique`, `last`, `average`, `percentile`, `slots`.
    pub aggregation: &'static str,
    /// The field that is folded, where it is a field as it stands.
    pub field: Option<String>,
    /// It counts some events of its type only.
    pub filtered: bool,
    /// Names of its dimensions and of other labels of its event, and the field of the event that each comes from, if from one.
    pub dimensions: Vec<(String, Option<String>)>,
    /// The plan.
    pub plan: String,
}

pub(super) fn word(fold: &Fold) -> &'static str {
    match fold {
        Fold::Sum(_) => "sum",
        Fold::Count => "count",
        Fold::Max(..) => "max",
        Fold::Min(..) => "min",
        Fold::Last(_) => "last",
        Fold::Unique(_) => "unique",
        Fold::Average(_) => "average",
        Fold::Percentile(..) => "percentile",
        Fold::Mean(_) => "mean",
        Fold::Slotted { .. } => "slots",
        Fold::Charge(_) => "charge",
    }
}

/// How values are put together.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Joins {
    Sum,
    Max,
    Min,
    Mean,
    Unique,
}

impl Joins {
    /// Of a meter whose windows are made of their events alone.
    pub(super) fn of(meter: &str, fold: &Fold) -> Result<Joins, UsageError> {
        Ok(match fold {
            Fold::Sum(_) | Fold::Count => Joins::Sum,
            Fold::Max(_, Held::Amount) => Joins::Max,
            Fold::Min(_, Held::Amount) => Joins::Min,
            Fold::Mean(_) => Joins::Mean,
            Fold::Unique(_) => Joins::Unique,
            other => return Err(UsageError::NotAdditive(meter.to_owned(), word(other))),
        })
    }
}

/// What measures a meter: the one that counts all of it, or those of its prices, each a part of it.
pub(super) fn sinks(plan: &Plan, meter: &str) -> Vec<SinkIx> {
    let all = || plan.sinks.iter().enumerate().filter(|(_, sink)| sink.meter == meter);
    let number = |(at, _): (usize, &Sink)| SinkIx(at as u32);
    match all().find(|(_, sink)| sink.scope == Cond::Always) {
        Some(whole) => vec![number(whole)],
        None => all().map(number).collect(),
    }
}

fn field_of(plan: &Plan, sink: &Sink) -> Option<String> {
    let field = match &sink.fold {
        Fold::Unique(field) => *field,
        Fold::Sum(Expr::Field(field))
        | Fold::Max(Expr::Field(field), _)
        | Fold::Min(Expr::Field(field), _)
        | Fold::Last(Expr::Field(field))
        | Fold::Average(Expr::Field(field))
        | Fold::Percentile(_, Expr::Field(field))
        | Fold::Mean(Expr::Field(field)) => *field,
        _ => return None,
    };
    Some(plan.events[sink.event.ix()].fields[field.ix()].name.clone())
}

impl Machine {
    /// The meters of the plans of a tenant, by name and plan.
    pub fn meters(&self, tenant: &str) -> Vec<MeterView> {
        let books = self.tenants.get(tenant).into_iter().flat_map(|tenant| tenant.books.iter());
        let mut all: BTreeMap<(String, String), MeterView> = BTreeMap::new();
        for (name, book) in books {
            let plan = book.version().plan();
            for sink in plan.sinks.iter().filter(|sink| !sink.meter.is_empty()) {
                let event = &plan.events[sink.event.ix()];
                let view = || MeterView {
                    name: sink.meter.clone(),
                    event: event.name.clone(),
                    unit: sink.unit.clone(),
                    aggregation: word(&sink.fold),
                    field: field_of(plan, sink),
                    filtered: sink.filter != Cond::Always,
                    dimensions: Vec::new(),
                    plan: name.to_string(),
                };
                let known = all.entry((sink.meter.clone(), name.to_string())).or_insert_with(view);
                for key in &sink.keys {
                    let dimension = &plan.dimensions[key.dim.ix()].name;
                    let from = match &key.source {
                        KeySource::Field(field) | KeySource::Family(field) => {
                            Some(event.fields[field.ix()].name.clone())
                        }
                        KeySource::Bucket(_) | KeySource::Calendar(_) => None,
                    };
                    if known.dimensions.iter().all(|(known, _)| known != dimension) {
                        known.dimensions.push((dimension.clone(), from));
                    }
                }
                // No price tells these apart, but whoever asks may.
                let labels = event
                    .fields
                    .iter()
                    .filter(|field| matches!(field.ty, FieldType::Label(_) | FieldType::LabelFrom(..)));
                for field in labels {
                    let named = |(name, from): &(String, Option<String>)| {
                        *name == field.name || from.as_ref() == Some(&field.name)
                    };
                    if !known.dimensions.iter().any(named) {
                        known.dimensions.push((field.name.clone(), Some(field.name.clone())));
                    }
                }
            }
        }
        all.into_values().collect()
    }
}
