//! Which fields of an event anything is computed from.

use crate::func::{Cond, Expr};
use crate::plan::{EventCharge, EventIx, FieldIx, FieldType, Fold, KeySource, Plan, Sink};

impl Plan {
    /// For each field of an event whether anything reads it: a meter, a price, a condition, or another
    /// field. What is not read could have any value, and every amount would be the same.
    pub fn reads(&self, event: EventIx) -> Vec<bool> {
        let fields = &self.events[event.ix()].fields;
        let mut read = vec![false; fields.len()];
        let mut mark = |field: FieldIx| read[field.ix()] = true;
        for field in fields {
            // It is looked up with every event, and refused where it is not found.
            if let FieldType::LabelFrom(_, from) = field.ty {
                mark(from);
            }
        }
        self.sinks.iter().filter(|sink| sink.event == event).for_each(|sink| of_sink(sink, &mut mark));
        read
    }
}

fn of_sink(sink: &Sink, mark: &mut impl FnMut(FieldIx)) {
    for key in &sink.keys {
        match &key.source {
            KeySource::Field(field) | KeySource::Family(field) => mark(*field),
            KeySource::Bucket(value) => of_expr(value, mark),
            KeySource::Calendar(_) => {}
        }
    }
    of_cond(&sink.filter, mark);
    of_cond(&sink.scope, mark);
    match &sink.fold {
        Fold::Count => {}
        Fold::Unique(field) => mark(*field),
        Fold::Sum(value)
        | Fold::Max(value, _)
        | Fold::Min(value, _)
        | Fold::Last(value)
        | Fold::Average(value)
        | Fold::Percentile(_, value)
        | Fold::Mean(value)
        | Fold::Slotted { value, .. } => of_expr(value, mark),
        Fold::Charge(EventCharge { measure, rules, .. }) => {
            measure.iter().for_each(|measure| of_expr(measure, mark));
            rules.functions.iter().for_each(|function| of_expr(&function.amount, mark));
        }
    }
}

fn of_expr(expr: &Expr, mark: &mut impl FnMut(FieldIx)) {
    match expr {
        Expr::Const(_) | Expr::Arg => {}
        Expr::Field(field) | Expr::OrElse(field, _) | Expr::Family(field) => mark(*field),
        Expr::Add(parts) | Expr::Min(parts) | Expr::Max(parts) | Expr::ByKey(_, parts) => {
            parts.iter().for_each(|part| of_expr(part, mark));
        }
        Expr::Mul(a, b) => {
            of_expr(a, mark);
            of_expr(b, mark);
        }
        Expr::Round(value, _) | Expr::Ladder(value, _) => of_expr(value, mark),
        Expr::If(cond, a, b) => {
            of_cond(cond, mark);
            of_expr(a, mark);
            of_expr(b, mark);
        }
    }
}

fn of_cond(cond: &Cond, mark: &mut impl FnMut(FieldIx)) {
    match cond {
        Cond::Always | Cond::Label(..) => {}
        Cond::Text(field, _) | Cond::Flag(field) | Cond::Present(field) => mark(*field),
        Cond::Compare(a, _, b) => {
            of_expr(a, mark);
            of_expr(b, mark);
        }
        Cond::All(parts) | Cond::Any(parts) => parts.iter().for_each(|part| of_cond(part, mark)),
        Cond::Not(cond) => of_cond(cond, mark),
    }
}
