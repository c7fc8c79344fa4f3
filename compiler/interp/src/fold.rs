//! What an entry adds to its cell.

use crate::charge::raw;
use crate::entry::Entry;
use price_ir::{Fault, FieldIx, FieldType, Fold};

impl Entry<'_> {
    /// Cell and raw value of the entry, or `None` when it does not take part.
    pub fn taken(&self, regime: u32) -> Result<Option<(u32, i64)>, Fault> {
        if !self.holds(&self.sink.filter, None)? || !self.holds(&self.sink.scope, None)? {
            return Ok(None);
        }
        let cell = self.cell()?;
        Ok(Some((cell, self.folded(regime, cell)?)))
    }

    fn folded(&self, regime: u32, cell: u32) -> Result<i64, Fault> {
        match &self.sink.fold {
            Fold::Sum(value)
            | Fold::Max(value, _)
            | Fold::Min(value, _)
            | Fold::Last(value)
            | Fold::Average(value)
            | Fold::Percentile(_, value)
            | Fold::Mean(value)
            | Fold::Slotted { value, .. } => raw(&self.value(value, None)?, &self.sink.quantum),
            Fold::Count => Ok(1),
            Fold::Unique(field) => self.counted(*field),
            Fold::Charge(charge) => self.charged(charge, regime, cell),
        }
    }

    /// The host reads the text or label itself; here it only has to be there.
    fn counted(&self, field: FieldIx) -> Result<i64, Fault> {
        let ty = &self.plan.events[self.sink.event.ix()].fields[field.ix()].ty;
        debug_assert!(!matches!(ty, FieldType::Family(..)));
        if self.present(field) { Ok(0) } else { Err(Fault::Missing) }
    }
}
