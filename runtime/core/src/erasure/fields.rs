//! Which fields of events stay, and what becomes of the others.

use crate::planted::{self, Bug};
use price_ingest::Fate;
use price_ir::{EventIx, FieldType, Plan};
use std::collections::BTreeMap;

/// What becomes of fields, by type of event and name.
pub type Fields = BTreeMap<String, BTreeMap<String, Fate>>;

/// What becomes of the fields of events that are rated by any of some plans.
///
/// Labels stay, read or not: they are words of the plan, and tables of them know each.
pub(crate) fn of<'p>(plans: impl Iterator<Item = &'p Plan>) -> Fields {
    let mut fields = Fields::new();
    // Whether any version needs it, by event and field.
    let mut needed: BTreeMap<(String, String), bool> = BTreeMap::new();
    for plan in plans {
        for (event, at) in plan.events.iter().zip(0..) {
            let of_event = fields.entry(event.name.clone()).or_default();
            for (field, read) in event.fields.iter().zip(plan.reads(EventIx(at))) {
                let empty = match &field.ty {
                    _ if read && !planted::is(Bug::EraseRead) => Fate::Kept,
                    FieldType::Label(_) | FieldType::LabelFrom(..) => Fate::Kept,
                    FieldType::Family(dim, _) if plan.dimensions[dim.ix()].size().is_none() => Fate::Kept,
                    FieldType::Family(..) => Fate::Family,
                    FieldType::Number(_) => Fate::Number,
                    FieldType::Text => Fate::Text,
                    FieldType::Flag => Fate::Flag,
                };
                let known = of_event.entry(field.name.clone()).or_insert(empty);
                if *known != empty {
                    // Versions that disagree about its type.
                    *known = Fate::Kept;
                }
                *needed.entry((event.name.clone(), field.name.clone())).or_default() |= !field.optional;
            }
        }
    }
    for ((event, field), needed) in needed {
        if let Some(fate) = fields.get_mut(&event).and_then(|fields| fields.get_mut(&field))
            && !needed
            && *fate != Fate::Kept
        {
            *fate = Fate::Gone;
        }
    }
    fields
}
