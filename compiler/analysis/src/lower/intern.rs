//! The tables of a plan: dimensions, calendars, events and sinks, each entered once.

use crate::declare::{DimUse, DimensionDef, EventDef, FieldKind, UseSource};
use price_ir::{
    Calendar, CalendarIx, DimIx, Dimension, DimensionKind, Event, EventIx, Field, FieldType, Key, KeySource, Sink,
    SinkIx,
};
use std::collections::BTreeMap;

/// Tables under construction.
#[derive(Default)]
pub struct Tables {
    /// Dimensions.
    pub dimensions: Vec<Dimension>,
    /// Calendars.
    pub calendars: Vec<Calendar>,
    /// Events.
    pub events: Vec<Event>,
    /// Sinks.
    pub sinks: Vec<Sink>,
    dimension_ids: BTreeMap<String, DimIx>,
    calendar_ids: BTreeMap<String, CalendarIx>,
    event_ids: BTreeMap<String, EventIx>,
}

impl Tables {
    /// Enters a dimension.
    pub fn dimension(&mut self, def: &DimensionDef) -> DimIx {
        if let Some(ix) = self.dimension_ids.get(&def.id) {
            return *ix;
        }
        let ix = DimIx(self.dimensions.len() as u32);
        self.dimensions.push(def.ir.clone());
        self.dimension_ids.insert(def.id.clone(), ix);
        ix
    }

    /// Enters an event.
    pub fn event(&mut self, def: &EventDef) -> EventIx {
        if let Some(ix) = self.event_ids.get(&def.id) {
            return *ix;
        }
        let mut fields = Vec::new();
        for field in &def.fields {
            let ty = match &field.kind {
                FieldKind::Computed(..) => continue,
                FieldKind::Number(number) => FieldType::Number(number.ir.clone()),
                FieldKind::Family(dimension, number) => FieldType::Family(self.dimension(dimension), number.ir.clone()),
                FieldKind::Label(dimension) => FieldType::Label(self.dimension(dimension)),
                FieldKind::LabelFrom(dimension, from) => FieldType::LabelFrom(self.dimension(dimension), *from),
                FieldKind::Text => FieldType::Text,
                FieldKind::Flag => FieldType::Flag,
            };
            fields.push(Field { name: field.name.clone(), ty, optional: field.optional });
        }
        let ix = EventIx(self.events.len() as u32);
        self.events.push(Event { name: def.name.clone(), fields });
        self.event_ids.insert(def.id.clone(), ix);
        ix
    }

    /// A key of a sink.
    pub fn key(&mut self, used: &DimUse, in_cell: bool) -> Key {
        let dim = self.dimension(&used.dimension);
        let source = match &used.source {
            UseSource::Field(ix) => KeySource::Field(*ix),
            UseSource::Bucket(e) => KeySource::Bucket(e.clone()),
            UseSource::Family(ix) => KeySource::Family(*ix),
            UseSource::Calendar(calendar) => {
                let ix = match self.calendar_ids.get(&calendar.id) {
                    Some(ix) => *ix,
                    None => {
                        let ix = CalendarIx(self.calendars.len() as u32);
                        self.calendars.push(calendar.ir.clone());
                        self.calendar_ids.insert(calendar.id.clone(), ix);
                        self.dimensions[dim.ix()].kind = DimensionKind::Calendar(ix);
                        ix
                    }
                };
                KeySource::Calendar(ix)
            }
        };
        Key { dim, source, in_cell }
    }

    /// Enters a sink, or finds one that keeps the same.
    pub fn sink(&mut self, mut sink: Sink) -> SinkIx {
        let same = |s: &Sink| {
            s.event == sink.event
                && s.keys == sink.keys
                && s.filter == sink.filter
                && s.scope == sink.scope
                && s.fold == sink.fold
                && s.meter == sink.meter
                && s.parts == sink.parts
        };
        if let Some(at) = self.sinks.iter().position(same) {
            return SinkIx(at as u32);
        }
        let base = sink.name.clone();
        let mut n = 2;
        while self.sinks.iter().any(|s| s.name == sink.name) {
            sink.name = format!("{base}#{n}");
            n += 1;
        }
        self.sinks.push(sink);
        SinkIx(self.sinks.len() as u32 - 1)
    }
}
