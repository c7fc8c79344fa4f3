//! Reads events without counting them.

use price_ingest::{Part, Records};
use price_ir::{Kernel, Plan};
use price_rating::Rater;
use std::sync::Arc;

/// See the module.
pub(crate) struct Judge {
    rater: Rater,
    records: Records,
}

impl Judge {
    /// For the events of a plan that has been in a book.
    pub(crate) fn new(kernel: Arc<dyn Kernel>) -> Judge {
        let records = Records::new(kernel.plan());
        Judge { rater: Rater::new(kernel).expect("the kernel made one before"), records }
    }

    /// The plan.
    pub(crate) fn plan(&self) -> &Arc<Plan> {
        self.rater.plan()
    }

    /// Labels of open dimensions that were read so far.
    pub(crate) fn open(&self) -> &price_rating::OpenLabels {
        self.rater.open_labels()
    }

    /// Columns of records that fit; the lines of a part say which, from 1.
    pub(crate) fn parts<'r>(&mut self, records: impl IntoIterator<Item = &'r str>) -> Vec<Part> {
        let mut decoded = self.records.decode(records);
        match self.records.number(&mut decoded, self.rater.labels()) {
            Some(_) => decoded.block.parts,
            None => Vec::new(),
        }
    }

    /// Fills the calendars of what was read.
    pub(crate) fn calendars(&mut self, batch: &mut price_ir::Batch) {
        self.rater.fill_calendars(batch);
    }
}
