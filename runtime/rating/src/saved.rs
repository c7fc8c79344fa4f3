//! What a checkpoint keeps of a rater: everything that usage made of it.
//!
//! Layout, calendars and rules come from the plan again; settled months are made anew when somebody
//! asks. The bytes are for the program that wrote them: a host compares that before it reads them.

use crate::acc::Hashes;
use crate::accounts::{Account, Billed, Gate};
use crate::cells::{CellAt, SavedCells, SavingCells};
use crate::inject::OpeningLot;
use crate::labels::OpenLabels;
use crate::levels::Levels;
use crate::rater::Rater;
use crate::slots::Slots;
use crate::step::Book;
use price_ir::BalanceIx;
use price_value::{Date, Rational};
use rustc_hash::{FxHashMap, FxHashSet};
use serde::{Deserialize, Deserializer, Serialize, Serializer};
use std::collections::BTreeMap;

/// See the module. To be written.
#[derive(Serialize)]
struct Saving<'r> {
    periods: Vec<Date>,
    labels: &'r OpenLabels,
    accounts: (&'r [Account], &'r [Gate], &'r [Billed]),
    slots: &'r Slots,
    sinks: Vec<(SavingCells<'r>, &'r Levels)>,
    book: &'r Book,
    seen_from: &'r FxHashMap<(u32, u32), (i64, i64)>,
    seen: &'r FxHashSet<(u32, u32, u32)>,
    label_count: &'r FxHashMap<(u32, u32), u32>,
    whose: &'r FxHashMap<(u32, u32), BTreeMap<u32, Rational>>,
    opened: &'r BTreeMap<u32, Vec<(BalanceIx, OpeningLot)>>,
}

/// See the module. For a rater of the same plan.
#[derive(Deserialize)]
pub struct Saved {
    periods: Vec<Date>,
    labels: OpenLabels,
    accounts: (Vec<Account>, Vec<Gate>, Vec<Billed>),
    slots: Slots,
    sinks: Vec<(SavedCells, Levels)>,
    book: Book,
    seen_from: FxHashMap<(u32, u32), (i64, i64)>,
    seen: FxHashSet<(u32, u32, u32)>,
    label_count: FxHashMap<(u32, u32), u32>,
    whose: FxHashMap<(u32, u32), BTreeMap<u32, Rational>>,
    opened: BTreeMap<u32, Vec<(BalanceIx, OpeningLot)>>,
}

impl Rater {
    /// What a checkpoint keeps.
    pub fn save(&self) -> impl Serialize + '_ {
        let Rater { labels, accounts, slots, sinks, book, seen_from, seen, label_count, whose, opened, .. } = self;
        let sinks = sinks.iter().map(|sink| (sink.cells.save(), &sink.levels)).collect();
        let (accounts, periods) = (accounts.save(), self.time.save());
        Saving { periods, labels, accounts, slots, sinks, book, seen_from, seen, label_count, whose, opened }
    }

    /// Takes over what a checkpoint kept of a rater of the same plan, in place of all that is there.
    /// `false`, and nothing is changed, where it is of another plan.
    pub fn load(&mut self, saved: Saved) -> bool {
        if saved.sinks.len() != self.sinks.len() {
            return false;
        }
        self.time.load(saved.periods);
        self.labels = saved.labels;
        self.accounts.load(saved.accounts);
        self.slots = saved.slots;
        for (sink, (cells, levels)) in self.sinks.iter_mut().zip(saved.sinks) {
            sink.cells.load(cells);
            sink.levels = levels;
        }
        self.book = saved.book;
        (self.seen_from, self.seen) = (saved.seen_from, saved.seen);
        (self.label_count, self.whose, self.opened) = (saved.label_count, saved.whose, saved.opened);
        self.memo = Default::default();
        true
    }
}

/// Sets of hashes, as lists.
pub(crate) mod hashes {
    use super::*;

    pub(crate) fn serialize<S: Serializer>(of: &Hashes, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_seq(of)
    }

    pub(crate) fn deserialize<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Hashes, D::Error> {
        Ok(Vec::<u128>::deserialize(deserializer)?.into_iter().collect())
    }
}

/// Tables of cells, as lists.
pub(crate) mod index {
    use super::*;
    use hashbrown::HashMap;
    use rustc_hash::FxBuildHasher;

    type Index = HashMap<(u32, CellAt), u32, FxBuildHasher>;

    pub(crate) fn serialize<S: Serializer>(of: &Index, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_seq(of)
    }

    pub(crate) fn deserialize<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Index, D::Error> {
        Ok(Vec::<((u32, CellAt), u32)>::deserialize(deserializer)?.into_iter().collect())
    }
}
