//! Labels of open dimensions, numbered in order of first sight.
//!
//! Codes depend on arrival and therefore never reach an output: whatever is printed, sorted or
//! compared goes by the text.

use crate::limits::OPEN_LABELS_MAX;
use indexmap::IndexSet;
use price_ir::{Batch, Column, DimIx, DimensionKind, FieldType, Plan};
use rustc_hash::FxBuildHasher;
use serde::{Deserialize, Serialize};

/// The labels seen so far, per open dimension of a plan.
#[derive(Debug, Clone, Default, Serialize, Deserialize)]
pub struct OpenLabels {
    seen: Vec<Option<IndexSet<Box<str>, FxBuildHasher>>>,
}

impl OpenLabels {
    /// No labels yet, for the dimensions of `plan`.
    pub fn new(plan: &Plan) -> OpenLabels {
        let open = |d: &price_ir::Dimension| matches!(d.kind, DimensionKind::Open { .. });
        OpenLabels { seen: plan.dimensions.iter().map(|d| open(d).then(IndexSet::default)).collect() }
    }

    /// The code of `text`, new if need be. `None` when the dimension is not open or a run's
    /// limit of labels ([`OPEN_LABELS_MAX`]) is reached.
    pub fn intern(&mut self, dim: DimIx, text: &str) -> Option<u32> {
        let seen = self.seen.get_mut(dim.ix())?.as_mut()?;
        if let Some(code) = seen.get_index_of(text) {
            return Some(code as u32);
        }
        if seen.len() >= OPEN_LABELS_MAX {
            return None;
        }
        Some(seen.insert_full(text.into()).0 as u32)
    }

    /// The text of a code; empty for the code of a missing label.
    pub fn text(&self, dim: DimIx, code: u32) -> &str {
        self.seen
            .get(dim.ix())
            .and_then(Option::as_ref)
            .and_then(|seen| seen.get_index(code as usize))
            .map_or("", |text| text)
    }

    /// Takes over the labels of `other` (a reader's own table) and says how its codes translate:
    /// `result[dimension][code there] = code here`. `None` when a limit is reached.
    pub fn absorb(&mut self, other: &OpenLabels) -> Option<Vec<Vec<u32>>> {
        let mut maps = Vec::with_capacity(other.seen.len());
        for (dim, seen) in other.seen.iter().enumerate() {
            let mut map = Vec::new();
            for text in seen.iter().flatten() {
                map.push(self.intern(DimIx(dim as u32), text)?);
            }
            maps.push(map);
        }
        Some(maps)
    }
}

/// Rewrites the open labels of a batch by the translation of [`OpenLabels::absorb`].
pub fn translate(plan: &Plan, batch: &mut Batch, maps: &[Vec<u32>]) {
    let fields = &plan.events[batch.event.ix()].fields;
    for (field, column) in fields.iter().zip(&mut batch.columns) {
        let (FieldType::Label(dim) | FieldType::LabelFrom(dim, _)) = &field.ty else { continue };
        let (Column::Label(codes), Some(map)) = (column, maps.get(dim.ix())) else { continue };
        if plan.dimensions[dim.ix()].size().is_none() {
            for code in codes {
                *code = map.get(*code as usize).copied().unwrap_or(u32::MAX);
            }
        }
    }
}
