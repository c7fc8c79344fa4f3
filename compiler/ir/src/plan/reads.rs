//! Which fields of an event anything is computed from.

use crate::func::{Cond, Expr, Part};
use crate::plan::{EventIx, FieldIx, FieldType, Fold, KeySource, Plan};

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
        for sink in self.sinks.iter().filter(|sink| sink.event == event) {
            for key in &sink.keys {
                match key.source {
                    KeySource::Field(field) | KeySource::Family(field) => mark(field),
                    KeySource::Bucket(_) | KeySource::Calendar(_) => {}
                }
            }
            if let Fold::Unique(field) = sink.fold {
                mark(field);
            }
            sink.visit(&mut |part| match part {
                Part::Expr(Expr::Field(field) | Expr::OrElse(field, _) | Expr::Family(field))
                | Part::Cond(Cond::Text(field, _) | Cond::Flag(field) | Cond::Present(field)) => mark(*field),
                Part::Expr(_) | Part::Cond(_) => {}
            });
        }
        read
    }
}
