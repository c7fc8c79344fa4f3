//! One number per (billed subject, period) that has usage.

use crate::cells::NONE;
use rustc_hash::FxHashMap;
use serde::{Deserialize, Serialize};

/// The slots of a rater. Numbers depend on arrival and reach no output.
#[derive(Debug, Clone, Default, Serialize, Deserialize)]
pub(crate) struct Slots {
    by_period: Vec<Vec<u32>>,
    info: Vec<(u32, u32)>,
    by_billed: FxHashMap<u32, Vec<u32>>,
}

impl Slots {
    /// The slot, made if need be.
    pub(crate) fn slot(&mut self, billed: u32, period: u32) -> u32 {
        if self.by_period.len() <= period as usize {
            self.by_period.resize_with(period as usize + 1, Vec::new);
        }
        let row = &mut self.by_period[period as usize];
        if row.len() <= billed as usize {
            // Doubling keeps many subjects of one period cheap.
            row.resize((billed as usize + 1).next_power_of_two(), NONE);
        }
        let slot = &mut row[billed as usize];
        if *slot == NONE {
            *slot = self.info.len() as u32;
            self.info.push((billed, period));
            self.by_billed.entry(billed).or_default().push(*slot);
        }
        *slot
    }

    /// The slot, if there is usage.
    pub(crate) fn find(&self, billed: u32, period: u32) -> Option<u32> {
        let slot = *self.by_period.get(period as usize)?.get(billed as usize)?;
        (slot != NONE).then_some(slot)
    }

    /// Billed subject and period of a slot.
    pub(crate) fn info(&self, slot: u32) -> (u32, u32) {
        self.info[slot as usize]
    }

    /// Periods in which a subject has usage, in no particular order.
    pub(crate) fn periods(&self, billed: u32) -> impl Iterator<Item = u32> {
        self.by_billed.get(&billed).into_iter().flatten().map(|slot| self.info[*slot as usize].1)
    }

    /// Forgets the usage of a subject: its slots stay empty for ever, and there are new ones when
    /// it is used again. Says how many slots are lost.
    pub(crate) fn drop_usage(&mut self, billed: u32) -> usize {
        let slots = self.by_billed.remove(&billed).unwrap_or_default();
        for slot in &slots {
            let (_, period) = std::mem::replace(&mut self.info[*slot as usize], (NONE, NONE));
            self.by_period[period as usize][billed as usize] = NONE;
        }
        slots.len()
    }

    /// All pairs of billed subject and period, in no particular order.
    pub(crate) fn all(&self) -> impl Iterator<Item = (u32, u32)> {
        self.info.iter().copied().filter(|(billed, _)| *billed != NONE)
    }
}
