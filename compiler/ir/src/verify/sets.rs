//! Dimensions, calendars and events.

use super::Verifier;
use crate::limits;
use crate::plan::{Calendar, DimIx, Dimension, DimensionKind, Event, FieldType, NumberType};

impl Verifier<'_> {
    pub(super) fn sets(&mut self) {
        let plan = self.plan;
        self.count("plan", "dimensions", plan.dimensions.len(), limits::LIST);
        self.count("plan", "calendars", plan.calendars.len(), limits::LIST);
        self.count("plan", "events", plan.events.len(), limits::LIST);
        self.unique("dimensions", plan.dimensions.iter().map(|d| d.name.as_str()));
        self.unique("calendars", plan.calendars.iter().map(|c| c.name.as_str()));
        self.unique("events", plan.events.iter().map(|e| e.name.as_str()));
        for dimension in &plan.dimensions {
            self.dimension(dimension);
        }
        for calendar in &plan.calendars {
            self.calendar(calendar);
        }
        for event in &plan.events {
            self.event(event);
        }
    }

    fn dimension(&mut self, dimension: &Dimension) {
        let at = format!("dimension {}", dimension.name);
        let size = dimension.labels.len();
        self.count(&at, "labels", size, limits::LABELS);
        self.unique(&at, dimension.labels.iter().map(String::as_str));
        let open = matches!(dimension.kind, DimensionKind::Open { .. });
        if open != dimension.labels.is_empty() {
            self.say(&at, "a dimension has labels exactly if it is not open");
        }
        match &dimension.kind {
            DimensionKind::Listed { unknown } => self.unknown(&at, *unknown, size),
            DimensionKind::Prefixes { prefixes, unknown } => {
                self.unknown(&at, *unknown, size);
                self.count(&at, "prefixes", prefixes.len(), limits::PREFIXES);
                for (prefix, label) in prefixes {
                    self.text(&at, prefix);
                    self.index(&at, "label", *label, size);
                }
                if !prefixes.is_sorted_by(|a, b| a.0 < b.0) {
                    self.say(&at, "prefixes are sorted, each of them once");
                }
            }
            DimensionKind::Buckets { bounds } => {
                bounds.iter().for_each(|bound| self.literal(&at, bound));
                if bounds.len() + 1 != size {
                    self.say(&at, "buckets have one bound fewer than labels");
                }
                if !bounds.is_sorted_by(|a, b| a < b) {
                    self.say(&at, "bounds of buckets increase");
                }
            }
            DimensionKind::Calendar(calendar) => {
                if self.index(&at, "calendar", calendar.0, self.plan.calendars.len()) {
                    let slots = &self.plan.calendars[calendar.ix()].slots;
                    if slots.iter().any(|slot| slot.label as usize >= size) {
                        self.say(&at, "a slot of its calendar has a label that it lacks");
                    }
                }
            }
            DimensionKind::Open { at_most } => {
                if *at_most == 0 {
                    self.say(&at, "an open dimension holds at least one label");
                }
            }
        }
    }

    fn unknown(&mut self, at: &str, unknown: Option<u32>, size: usize) {
        if let Some(label) = unknown {
            self.index(at, "label", label, size);
        }
    }

    fn calendar(&mut self, calendar: &Calendar) {
        let at = format!("calendar {}", calendar.name);
        self.zone(&at, &calendar.zone);
        self.count(&at, "slots", calendar.slots.len(), limits::LIST);
        for slot in &calendar.slots {
            if slot.months == 0 || slot.months >= 1 << 12 || slot.days == 0 || slot.days >= 1 << 7 {
                self.say(&at, "a slot holds on some of twelve months and seven days");
            }
            if slot.from >= 86_400 || slot.to > 86_400 || slot.from == slot.to {
                self.say(&at, "a slot begins and ends at two different seconds of the day");
            }
            self.count(&at, "exceptions", slot.except.len(), limits::LIST);
            if !slot.except.is_sorted_by(|a, b| a < b) {
                self.say(&at, "exceptions are sorted, each of them once");
            }
        }
        let always = calendar.slots.last().is_some_and(|slot| {
            (slot.months, slot.days, slot.from, slot.to) == (0xfff, 0x7f, 0, 86_400) && slot.except.is_empty()
        });
        if !always {
            self.say(&at, "its last slot holds always");
        }
    }

    fn event(&mut self, event: &Event) {
        let at = format!("event {}", event.name);
        self.count(&at, "fields", event.fields.len(), limits::LIST);
        self.unique(&at, event.fields.iter().map(|f| f.name.as_str()));
        for field in &event.fields {
            let at = format!("{at}, field {}", field.name);
            match &field.ty {
                FieldType::Number(number) => self.number(&at, number),
                FieldType::Family(dim, number) => {
                    self.number(&at, number);
                    if self.labelled(&at, *dim) && self.plan.dimensions[dim.ix()].size().is_none() {
                        self.say(&at, "a family has a closed dimension");
                    }
                }
                FieldType::Label(dim) => {
                    self.labelled(&at, *dim);
                }
                FieldType::LabelFrom(dim, from) => {
                    self.labelled(&at, *dim);
                    if self.index(&at, "field", from.0, event.fields.len())
                        && event.fields[from.ix()].ty != FieldType::Text
                    {
                        self.say(&at, "a label is looked up from a text");
                    }
                }
                FieldType::Text | FieldType::Flag => {}
            }
        }
    }

    /// A dimension whose labels arrive as texts.
    fn labelled(&mut self, at: &str, dim: DimIx) -> bool {
        if !self.index(at, "dimension", dim.0, self.plan.dimensions.len()) {
            return false;
        }
        let computed =
            matches!(self.plan.dimensions[dim.ix()].kind, DimensionKind::Buckets { .. } | DimensionKind::Calendar(_));
        if computed {
            self.say(at, "labels of buckets and calendars do not arrive with an event");
        }
        !computed
    }

    fn number(&mut self, at: &str, number: &NumberType) {
        self.length(at, &number.unit);
        if number.decimals > limits::DECIMALS {
            self.say(at, format_args!("more than {} decimals", limits::DECIMALS));
        }
        self.count(at, "units", number.accepts.len(), limits::LIST);
        for (unit, factor) in &number.accepts {
            self.text(at, unit);
            self.positive(at, "the factor of a unit", factor);
        }
    }
}
