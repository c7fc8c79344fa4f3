//! The cell of an entry: the mixed-radix number of its labels.

use crate::entry::Entry;
use price_ir::{Fault, KeyIx};

impl Entry<'_> {
    /// The cell over the closed keys with `in_cell`, first key most significant. Open keys must
    /// have a label too, which the host keeps.
    pub fn cell(&self) -> Result<u32, Fault> {
        let mut cell = 0u32;
        for (index, key) in self.sink.keys.iter().enumerate().filter(|(_, key)| key.in_cell) {
            let label = self.label(KeyIx(index as u32))?;
            if let Some(size) = self.plan.dimensions[key.dim.ix()].size() {
                cell = cell * size + label;
            }
        }
        Ok(cell)
    }
}
