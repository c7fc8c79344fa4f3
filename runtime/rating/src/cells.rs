//! The cells of one sink: dense where there are few, hashed where there are many.
//!
//! A *slot* is one billed subject in one period; a *lane* is a slot, or a slice of it where the
//! sink is cut in time. Cells are addressed by (lane, closed cell, open labels). Nothing is kept
//! per event.

use crate::acc::{Acc, Reading};
use crate::limits::DENSE_CELLS_MAX;
use crate::period::Slicing;
use hashbrown::HashMap;
use indexmap::IndexSet;
use price_ir::{DimIx, DimensionKind, FieldIx, Fold, KeyIx, KeySource, Plan, Sink};
use rustc_hash::{FxBuildHasher, FxHashMap};
use serde::{Deserialize, Serialize};

/// No slot, lane or chunk.
pub(crate) const NONE: u32 = u32::MAX;

/// Which cell, apart from when.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
pub(crate) struct CellAt {
    /// Mixed radix over the closed keys.
    pub(crate) cell: u32,
    /// Open labels: 0 without, the code with one open key, else an index into [`Shape::combos`].
    pub(crate) open: u32,
}

/// The keys of a sink that make its cells.
#[derive(Debug, Clone)]
pub(crate) struct Shape {
    /// Closed keys, first most significant: key, size.
    pub(crate) closed: Vec<(KeyIx, DimIx, u32)>,
    /// Open keys: key, dimension, field with the codes.
    pub(crate) open: Vec<(KeyIx, DimIx, FieldIx)>,
    /// Cells over the closed keys.
    pub(crate) width: u32,
    /// Entries of a kernel's answer per row, and the family field they come from.
    pub(crate) entries: usize,
    pub(crate) family: Option<FieldIx>,
    combos: IndexSet<Box<[u32]>, FxBuildHasher>,
}

impl Shape {
    pub(crate) fn new(plan: &Plan, sink: &Sink) -> Shape {
        let (mut closed, mut open, mut width) = (Vec::new(), Vec::new(), 1u32);
        let (mut entries, mut family) = (1, None);
        for (index, key) in sink.keys.iter().enumerate() {
            let dimension = &plan.dimensions[key.dim.ix()];
            if let KeySource::Family(field) = key.source {
                (entries, family) = (dimension.labels.len(), Some(field));
            }
            if !key.in_cell {
                continue;
            }
            match (&dimension.kind, &key.source) {
                (DimensionKind::Open { .. }, KeySource::Field(field)) => {
                    open.push((KeyIx(index as u32), key.dim, *field));
                }
                _ => {
                    let size = dimension.labels.len() as u32;
                    closed.push((KeyIx(index as u32), key.dim, size));
                    width = width.saturating_mul(size.max(1));
                }
            }
        }
        Shape { closed, open, width, entries, family, combos: IndexSet::default() }
    }

    /// The labels of a closed cell, key by key.
    pub(crate) fn digits(&self, cell: u32) -> Vec<u32> {
        let mut rest = cell;
        let mut out: Vec<u32> = self
            .closed
            .iter()
            .rev()
            .map(|(_, _, size)| {
                let digit = rest % size;
                rest /= size;
                digit
            })
            .collect();
        out.reverse();
        out
    }

    /// The cell of these labels of the closed keys.
    pub(crate) fn cell(&self, digits: &[u32]) -> u32 {
        self.closed.iter().zip(digits).fold(0, |cell, ((_, _, size), digit)| cell * size + digit)
    }

    /// The number of a combination of open labels, in key order.
    pub(crate) fn combo(&mut self, codes: &[u32]) -> u32 {
        match codes {
            [] => 0,
            [code] => *code,
            _ => match self.combos.get_index_of(codes) {
                Some(index) => index as u32,
                None => self.combos.insert_full(codes.into()).0 as u32,
            },
        }
    }

    /// The open labels of such a number.
    pub(crate) fn codes(&self, open: u32) -> Vec<u32> {
        match self.open.len() {
            0 => Vec::new(),
            1 => vec![open],
            _ => self.combos.get_index(open as usize).map_or_else(Vec::new, |c| c.to_vec()),
        }
    }
}

/// A cell of a sink at a time.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct Read {
    /// First instant of the slice.
    pub(crate) slice: i64,
    pub(crate) at: CellAt,
    pub(crate) reading: Reading,
}

/// The cells of one sink.
#[derive(Debug, Clone)]
pub(crate) struct Cells {
    pub(crate) shape: Shape,
    pub(crate) slicing: Slicing,
    store: Store,
    lanes: Lanes,
    given: FxHashMap<u32, FxHashMap<CellAt, Reading>>,
}

#[derive(Debug, Clone, Serialize, Deserialize)]
enum Store {
    /// A run of sums (and event counts) per lane.
    Dense { chunk: Vec<u32>, sums: Vec<i128>, events: Option<Vec<u64>> },
    /// Any accumulator.
    Keyed {
        #[serde(with = "crate::saved::index")]
        index: HashMap<(u32, CellAt), u32, FxBuildHasher>,
        accs: Vec<Acc>,
        by_lane: FxHashMap<u32, Vec<(CellAt, u32)>>,
    },
}

/// Slices of slots, numbered; the identity for sinks that are not cut.
#[derive(Debug, Clone, Default, Serialize, Deserialize)]
struct Lanes {
    sliced: bool,
    index: FxHashMap<(u32, i64), u32>,
    by_slot: FxHashMap<u32, Vec<(i64, u32)>>,
    last: Option<(u32, i64, u32)>,
}

impl Lanes {
    fn lane(&mut self, slot: u32, slice: i64) -> u32 {
        if !self.sliced {
            return slot;
        }
        if let Some((s, t, lane)) = self.last
            && s == slot
            && t == slice
        {
            return lane;
        }
        let next = self.index.len() as u32;
        let lane = *self.index.entry((slot, slice)).or_insert_with(|| {
            self.by_slot.entry(slot).or_default().push((slice, next));
            next
        });
        self.last = Some((slot, slice, lane));
        lane
    }
}

/// What a checkpoint keeps of the cells of a sink.
#[derive(Debug, Deserialize)]
pub(crate) struct SavedCells {
    combos: IndexSet<Box<[u32]>, FxBuildHasher>,
    store: Store,
    lanes: Lanes,
    given: FxHashMap<u32, FxHashMap<CellAt, Reading>>,
}

/// The same, to be written.
#[derive(Debug, Serialize)]
pub(crate) struct SavingCells<'c> {
    combos: &'c IndexSet<Box<[u32]>, FxBuildHasher>,
    store: &'c Store,
    lanes: &'c Lanes,
    given: &'c FxHashMap<u32, FxHashMap<CellAt, Reading>>,
}

impl Cells {
    pub(crate) fn save(&self) -> SavingCells<'_> {
        SavingCells { combos: &self.shape.combos, store: &self.store, lanes: &self.lanes, given: &self.given }
    }

    /// Takes over what a checkpoint kept of the cells of the same sink.
    pub(crate) fn load(&mut self, saved: SavedCells) {
        let SavedCells { combos, store, lanes, given } = saved;
        self.shape.combos = combos;
        (self.store, self.lanes, self.given) = (store, lanes, given);
    }

    pub(crate) fn new(plan: &Plan, sink: &Sink, slicing: Slicing) -> Cells {
        let shape = Shape::new(plan, sink);
        let sums = match &sink.fold {
            Fold::Sum(_) | Fold::Count => Some(false),
            Fold::Charge(charge) if !charge.priced_by_host() => Some(true),
            _ => None,
        };
        let store = match sums {
            Some(counts) if shape.open.is_empty() && shape.width as usize <= DENSE_CELLS_MAX => {
                Store::Dense { chunk: Vec::new(), sums: Vec::new(), events: counts.then(Vec::new) }
            }
            _ => Store::Keyed { index: HashMap::default(), accs: Vec::new(), by_lane: FxHashMap::default() },
        };
        let lanes = Lanes { sliced: !slicing.none(), ..Lanes::default() };
        Cells { shape, slicing, store, lanes, given: FxHashMap::default() }
    }

    /// The lane of a slice of a slot.
    pub(crate) fn lane(&mut self, slot: u32, slice: i64) -> u32 {
        self.lanes.lane(slot, slice)
    }

    /// Adds many raw values: entry `i` goes to `lanes[i / entries]` unless that is [`NONE`].
    /// Only for dense sinks; `false` when this one is not.
    pub(crate) fn add_dense(&mut self, lanes: &[u32], taken: &[u8], cell: &[u32], value: &[i64]) -> bool {
        let width = self.shape.width as usize;
        let entries = self.shape.entries.max(1);
        let Store::Dense { chunk, sums, events } = &mut self.store else { return false };
        let mut run = |lane: u32, at: std::ops::Range<usize>| {
            if lane == NONE {
                return;
            }
            let place = match chunk.get(lane as usize) {
                Some(place) if *place != NONE => *place as usize,
                _ => {
                    if chunk.len() <= lane as usize {
                        chunk.resize(lane as usize + 1, NONE);
                    }
                    let place = sums.len() / width;
                    chunk[lane as usize] = place as u32;
                    sums.resize(sums.len() + width, 0);
                    if let Some(events) = events {
                        events.resize(sums.len(), 0);
                    }
                    place
                }
            } * width;
            for i in at {
                if taken[i] == price_ir::kernel::TAKEN {
                    sums[place + cell[i] as usize] += i128::from(value[i]);
                    if let Some(events) = events {
                        events[place + cell[i] as usize] += 1;
                    }
                }
            }
        };
        if entries == 1 {
            for (row, lane) in lanes.iter().enumerate() {
                run(*lane, row..row + 1);
            }
        } else {
            for (row, lane) in lanes.iter().enumerate() {
                run(*lane, row * entries..(row + 1) * entries);
            }
        }
        true
    }

    /// The accumulator of a cell, made by `new` if it is the first; `true` when it was made.
    pub(crate) fn entry(&mut self, lane: u32, at: CellAt, new: impl FnOnce() -> Acc) -> (&mut Acc, bool) {
        let Store::Keyed { index, accs, by_lane } = &mut self.store else {
            unreachable!("dense sinks are filled as a whole")
        };
        let mut made = false;
        let place = *index.entry((lane, at)).or_insert_with(|| {
            made = true;
            accs.push(new());
            by_lane.entry(lane).or_default().push((at, accs.len() as u32 - 1));
            accs.len() as u32 - 1
        });
        (&mut accs[place as usize], made)
    }

    /// Adds a quantity given directly, in raw units.
    pub(crate) fn give(&mut self, lane: u32, at: CellAt, raw: &Rational, fold: &Fold) {
        self.given.entry(lane).or_default().entry(at).or_default().give(raw, fold);
    }

    /// Everything kept for a slot, sorted by cell, then slice. `period_start` is the slice of sinks
    /// that are not cut.
    pub(crate) fn read(&self, slot: u32, period_start: i64, fold: &Fold) -> Vec<Read> {
        let mut out = Vec::new();
        if self.lanes.sliced {
            for (slice, lane) in self.lanes.by_slot.get(&slot).into_iter().flatten() {
                self.read_lane(*lane, *slice, fold, &mut out);
            }
        } else {
            self.read_lane(slot, period_start, fold, &mut out);
        }
        sort_reads(&mut out);
        out
    }

    fn read_lane(&self, lane: u32, slice: i64, fold: &Fold, out: &mut Vec<Read>) {
        let mut push = |at, acc| out.push(Read { slice, at, reading: Reading { acc: Some(acc), given: None } });
        match &self.store {
            Store::Dense { chunk, sums, events } => {
                let Some(place) = chunk.get(lane as usize).filter(|p| **p != NONE) else {
                    return self.read_given(lane, slice, fold, out);
                };
                let width = self.shape.width as usize;
                let run = *place as usize * width..(*place as usize + 1) * width;
                for (cell, place) in run.enumerate() {
                    let at = CellAt { cell: cell as u32, open: 0 };
                    match events {
                        Some(events) if events[place] > 0 => push(at, Acc::Charge(sums[place], events[place])),
                        None if sums[place] != 0 => push(at, Acc::Sum(sums[place])),
                        _ => {}
                    }
                }
            }
            Store::Keyed { accs, by_lane, .. } => {
                for (at, place) in by_lane.get(&lane).into_iter().flatten() {
                    push(*at, accs[*place as usize].clone());
                }
            }
        }
        self.read_given(lane, slice, fold, out);
    }

    fn read_given(&self, lane: u32, slice: i64, fold: &Fold, out: &mut Vec<Read>) {
        for (at, given) in self.given.get(&lane).into_iter().flatten() {
            match out.iter_mut().find(|r| r.slice == slice && r.at == *at) {
                Some(read) => read.reading.merge(given, fold),
                None => out.push(Read { slice, at: *at, reading: given.clone() }),
            }
        }
    }
}

/// By cell, then time: the order in which a line evaluates them.
pub(crate) fn sort_reads(reads: &mut [Read]) {
    reads.sort_by_key(|r| (r.at, r.slice));
}

use price_value::Rational;

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn cells_count_in_mixed_radix_with_the_first_key_on_top() {
        let key = |k: u32, size: u32| (KeyIx(k), DimIx(k), size);
        let shape = Shape {
            closed: vec![key(0, 3), key(1, 2), key(2, 4)],
            open: vec![],
            width: 24,
            entries: 1,
            family: None,
            combos: IndexSet::default(),
        };
        assert_eq!(shape.cell(&[2, 1, 3]), 23);
        assert_eq!(shape.cell(&[1, 0, 2]), 10);
        assert!((0..24).all(|cell| shape.cell(&shape.digits(cell)) == cell));
    }
}
