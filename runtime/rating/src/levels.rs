//! Levels that hold until the next event, over slices and periods.
//!
//! What a level did up to the latest event of its cell is booked into cells; from there to the
//! end of a period it is computed when somebody reads. Days that are not served do not count.

use crate::acc::{Acc, Reading};
use crate::cells::{CellAt, Cells, Read};
use crate::period::{Stretch, Timeline};
use crate::slots::Slots;
use price_ir::Fold;
use price_value::Period;
use rustc_hash::{FxHashMap, FxHashSet};
use serde::{Deserialize, Serialize};

/// The levels of one sink.
///
/// A cell's level is the sum of those of its parts: of each account of a pool, and where a price
/// drops dimensions of its meter, of each combination of all the meter's labels.
#[derive(Debug, Clone, Default, Serialize, Deserialize)]
pub(crate) struct Levels {
    parts: FxHashMap<Part, i64>,
    index: FxHashMap<(u32, CellAt), u32>,
    held: Vec<Held>,
    by_billed: FxHashMap<u32, Vec<u32>>,
    /// Subjects whose parts have summed to more than 64 bits hold: they have no level to bill.
    overflown: FxHashSet<u32>,
}

/// What holds a level of its own.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub(crate) struct Part {
    pub(crate) account: u32,
    /// In the sink that keeps the parts.
    pub(crate) at: CellAt,
}

/// A level of a cell from an instant on.
#[derive(Debug, Clone, Copy, Serialize, Deserialize)]
pub(crate) struct Held {
    pub(crate) at: CellAt,
    /// In raw steps.
    pub(crate) value: i64,
    /// Booked up to here.
    pub(crate) since: i64,
}

/// Whose levels, and what becomes of them.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Holder<'a> {
    pub(crate) fold: &'a Fold,
    pub(crate) billed: u32,
    /// Instants at which the subject is served.
    pub(crate) served: &'a [(i64, i64)],
}

impl Levels {
    /// Forgets the levels of a subject and of its accounts.
    pub(crate) fn drop_usage(&mut self, billed: u32, own: impl Fn(u32) -> bool) {
        for place in self.by_billed.remove(&billed).unwrap_or_default() {
            self.index.remove(&(billed, self.held[place as usize].at));
        }
        self.parts.retain(|part, _| !own(part.account));
        self.overflown.remove(&billed);
    }

    /// What a cell's level is once one of its parts has another. Where 64 bits do not hold it,
    /// the subject has overflown.
    pub(crate) fn sum(&mut self, billed: u32, cell: CellAt, part: Part, value: i64) -> i64 {
        let before = self.parts.insert(part, value).unwrap_or(0);
        let whole = self.index.get(&(billed, cell)).map_or(0, |place| self.held[*place as usize].value);
        let sum = i128::from(whole) - i128::from(before) + i128::from(value);
        i64::try_from(sum).unwrap_or_else(|_| {
            self.overflown.insert(billed);
            whole
        })
    }

    /// Whether some level of the subject was too large to be kept.
    pub(crate) fn overflown(&self, billed: u32) -> bool {
        self.overflown.contains(&billed)
    }

    /// Sets a level from an instant on and books what the one before it did. `true` when the cell
    /// held none before. The host bounds how far apart two events are.
    pub(crate) fn set(
        &mut self,
        cells: &mut Cells,
        time: &mut Timeline,
        slots: &mut Slots,
        holder: Holder<'_>,
        level: Held,
    ) -> bool {
        let Holder { fold, billed, served } = holder;
        let Held { at, value, since: when } = level;
        match self.index.get(&(billed, at)) {
            Some(place) => {
                let held = &mut self.held[*place as usize];
                if held.since < when {
                    let mut t = held.since;
                    while t < when {
                        let period = time.at(t);
                        let span = time.period(period);
                        let slice = cells.slicing.at(time, &span, t);
                        let until = slice.until.min(when);
                        if let Some(acc) = over(fold, held.value, Stretch { from: t, until }, served) {
                            let lane = cells.lane(slots.slot(billed, period), slice.from);
                            let (cell, made) = cells.entry(lane, at, || acc.clone());
                            if !made {
                                cell.merge(&acc, None);
                            }
                        }
                        t = until;
                    }
                }
                held.value = value;
                held.since = when;
                false
            }
            None => {
                let place = self.held.len() as u32;
                self.held.push(level);
                self.index.insert((billed, at), place);
                self.by_billed.entry(billed).or_default().push(place);
                true
            }
        }
    }

    /// Whether any level of the subject is held.
    pub(crate) fn holds(&self, billed: u32) -> bool {
        self.by_billed.contains_key(&billed)
    }

    /// What the held levels do from their last event to the end of a period.
    pub(crate) fn read(
        &self,
        cells: &Cells,
        time: &Timeline,
        holder: Holder<'_>,
        period: &Period,
        out: &mut Vec<Read>,
    ) {
        let Holder { fold, billed, served } = holder;
        let Some(places) = self.by_billed.get(&billed) else { return };
        let slices = cells.slicing.all(time, period);
        for place in places {
            let held = &self.held[*place as usize];
            let since = held.since.max(period.start.0);
            let first = slices.partition_point(|slice| slice.until <= since);
            for slice in &slices[first..] {
                let stretch = Stretch { from: since.max(slice.from), until: slice.until };
                if let Some(acc) = over(fold, held.value, stretch, served) {
                    let reading = Reading { acc: Some(acc), given: None };
                    out.push(Read { slice: slice.from, at: held.at, reading });
                }
            }
        }
    }
}

/// What a level adds to a cell by holding over a stretch; nothing where no instant is served.
fn over(fold: &Fold, value: i64, stretch: Stretch, served: &[(i64, i64)]) -> Option<Acc> {
    let overlap = |(from, until): &(i64, i64)| stretch.until.min(*until).saturating_sub(stretch.from.max(*from)).max(0);
    let nanos: i64 = served.iter().map(overlap).sum();
    if nanos == 0 {
        return None;
    }
    match fold {
        Fold::Average(_) if value == 0 => None,
        Fold::Average(_) => Some(Acc::Integral(i128::from(value) * i128::from(nanos))),
        Fold::Max(..) => Some(Acc::Max(value)),
        Fold::Min(..) => Some(Acc::Min(value)),
        Fold::Last(_) => Some(Acc::Last(value)),
        _ => None,
    }
}
