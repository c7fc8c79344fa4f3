//! One event of a plan, prepared for reading: its fields by name and their labels by text.

use crate::labels::OpenLabels;
use crate::limits::{OPEN_LABELS_MAX, TEXT_BYTES_MAX};
use crate::reject::{RejectReason, excerpt, known};
use price_ir::{Batch, Column, DimIx, DimensionKind, EventIx, FieldIx, FieldType, Plan};
use rustc_hash::FxHashMap;
use std::sync::Arc;

/// One event of a plan, prepared for reading.
#[derive(Debug, Clone)]
pub struct EventSchema {
    plan: Arc<Plan>,
    event: EventIx,
    by_name: FxHashMap<Box<str>, FieldIx>,
    labels: Vec<FxHashMap<Box<str>, u32>>,
    refuse_unknown: bool,
}

impl EventSchema {
    /// The schema of one event. Fields the event does not declare are ignored.
    pub fn new(plan: &Arc<Plan>, event: EventIx) -> EventSchema {
        let fields = &plan.events[event.ix()].fields;
        let by_name = fields.iter().enumerate().map(|(i, f)| (f.name.as_str().into(), FieldIx(i as u32))).collect();
        let table = |dim: DimIx| {
            let labels = plan.dimensions[dim.ix()].labels.iter().enumerate();
            labels.map(|(code, label)| (label.as_str().into(), code as u32)).collect()
        };
        let labels = fields
            .iter()
            .map(|f| match &f.ty {
                FieldType::Label(d) | FieldType::LabelFrom(d, _) | FieldType::Family(d, _) => table(*d),
                _ => FxHashMap::default(),
            })
            .collect();
        EventSchema { plan: plan.clone(), event, by_name, labels, refuse_unknown: false }
    }

    /// One schema per event of the plan, in order of [`EventIx`].
    pub fn all(plan: &Arc<Plan>) -> Vec<EventSchema> {
        (0..plan.events.len()).map(|e| EventSchema::new(plan, EventIx(e as u32))).collect()
    }

    /// Refuses fields the event does not declare, instead of ignoring them.
    pub fn refusing_unknown(self) -> EventSchema {
        EventSchema { refuse_unknown: true, ..self }
    }

    /// The event.
    pub fn event(&self) -> EventIx {
        self.event
    }

    /// The plan.
    pub fn plan(&self) -> &Arc<Plan> {
        &self.plan
    }

    /// Declared name of the event.
    pub fn name(&self) -> &str {
        &self.plan.events[self.event.ix()].name
    }

    /// Fields in order of their index.
    pub fn fields(&self) -> &[price_ir::Field] {
        &self.plan.events[self.event.ix()].fields
    }

    /// The field of that name.
    pub fn field(&self, name: &str) -> Option<FieldIx> {
        self.by_name.get(name).copied()
    }

    /// Whether fields the event does not declare are refused.
    pub(crate) fn refuses_unknown(&self) -> bool {
        self.refuse_unknown
    }

    pub(crate) fn ty(&self, field: FieldIx) -> &price_ir::Field {
        &self.fields()[field.ix()]
    }

    /// The code of a label of `field`, as its dimension says: exact label, longest prefix, label
    /// for unknown texts, or a new code of an open dimension.
    pub(crate) fn label(
        &self,
        field: FieldIx,
        dim: DimIx,
        text: &str,
        open: &mut OpenLabels,
    ) -> Result<u32, RejectReason> {
        let name = || self.ty(field).name.clone();
        if let Some(code) = self.labels[field.ix()].get(text) {
            return Ok(*code);
        }
        self.fits(field, text)?;
        let dimension = &self.plan.dimensions[dim.ix()];
        if matches!(dimension.kind, DimensionKind::Open { .. }) {
            return open
                .intern(dim, text)
                .ok_or_else(|| RejectReason::TooManyLabels { field: name(), max: OPEN_LABELS_MAX });
        }
        dimension.resolve(text).ok_or_else(|| RejectReason::UnknownLabel {
            field: name(),
            label: excerpt(text),
            dimension: dimension.name.clone(),
            help: known(dimension.labels.iter().map(String::as_str)),
        })
    }

    pub(crate) fn fits(&self, field: FieldIx, text: &str) -> Result<(), RejectReason> {
        if text.len() <= TEXT_BYTES_MAX {
            return Ok(());
        }
        Err(RejectReason::TextTooLong { field: self.ty(field).name.clone(), bytes: text.len(), max: TEXT_BYTES_MAX })
    }

    pub(crate) fn missing(&self, field: FieldIx) -> RejectReason {
        RejectReason::Missing { field: self.ty(field).name.clone() }
    }

    fn empty(&self, dim: Option<DimIx>, ty: &FieldType) -> Column {
        match ty {
            FieldType::Number(_) => Column::Int(Vec::new()),
            FieldType::Family(..) => {
                let labels = dim.and_then(|d| self.plan.dimensions[d.ix()].size()).unwrap_or(0);
                Column::Family(vec![Vec::new(); labels as usize])
            }
            FieldType::Label(_) | FieldType::LabelFrom(..) => Column::Label(Vec::new()),
            FieldType::Text => Column::Text(Vec::new()),
            FieldType::Flag => Column::Flag(Vec::new()),
        }
    }

    /// A batch of this event without rows.
    pub fn batch(&self) -> Batch {
        let columns = self.fields().iter().map(|f| {
            let dim = if let FieldType::Family(d, _) = &f.ty { Some(*d) } else { None };
            self.empty(dim, &f.ty)
        });
        Batch {
            event: self.event,
            rows: 0,
            happened: Vec::new(),
            columns: columns.collect(),
            calendars: vec![Vec::new(); self.plan.calendars.len()],
        }
    }
}

/// Which event a type name means.
pub fn event_of(plan: &Plan, name: &str) -> Result<EventIx, RejectReason> {
    plan.events.iter().position(|e| e.name == name).map(|at| EventIx(at as u32)).ok_or_else(|| {
        RejectReason::UnknownEvent { name: excerpt(name), help: known(plan.events.iter().map(|e| e.name.as_str())) }
    })
}
