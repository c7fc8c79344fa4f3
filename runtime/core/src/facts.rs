//! The events of one billed subject, in the order in which they happened, with those that were
//! taken back.
//!
//! What is kept of an event here is 32 bytes; its text is in the [`crate::archive::Archive`].

use price_rating::{Closing, Late, State};
use price_value::Timestamp;
use std::collections::{BTreeMap, BTreeSet};

/// An event that was accepted.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Fact {
    /// When it happened, in nanoseconds.
    pub(crate) happened: i64,
    /// Its entry.
    pub(crate) seq: u64,
    /// When it was recorded, in nanoseconds.
    pub(crate) recorded: i64,
    /// Its account: a member of the book.
    pub(crate) member: u32,
    /// Whether it counts: it was not taken back.
    pub(crate) counts: bool,
}

impl Fact {
    /// What sorts facts. Those of one instant are folded by source and id, which their texts say.
    fn order(&self) -> (i64, u64) {
        (self.happened, self.seq)
    }

    /// The invoice that is the first to know something recorded at an instant, where that is not its own period's.
    pub(crate) fn late(&self, closing: &mut Option<Closing>, at: i64) -> Option<Late> {
        closing.as_mut().and_then(|closing| closing.late(Timestamp(self.happened), Timestamp(at)))
    }
}

/// See the module.
#[derive(Debug, Clone, Default)]
pub(crate) struct Facts {
    all: Vec<Fact>,
    /// When those were taken back that were, in nanoseconds, by entry.
    gone: BTreeMap<u64, i64>,
}

impl Facts {
    /// The last to happen; of one instant, the last that came.
    pub(crate) fn last(&self) -> Option<&Fact> {
        self.all.last()
    }

    /// Puts a fact in.
    pub(crate) fn insert(&mut self, fact: Fact) {
        if self.all.len() == self.all.capacity() {
            // Doubling would leave a quarter of all memory for facts unused, on average.
            self.all.reserve_exact(self.all.len() / 4 + 4);
        }
        if self.all.last().is_none_or(|last| last.order() < fact.order()) {
            return self.all.push(fact);
        }
        let place = self.all.partition_point(|other| other.order() < fact.order());
        self.all.insert(place, fact);
    }

    /// Takes a fact out that turned out not to fit.
    pub(crate) fn remove(&mut self, seq: u64) {
        self.all.retain(|fact| fact.seq != seq);
    }

    /// Takes an event back, if it counts.
    pub(crate) fn take_back(&mut self, happened: i64, seq: u64, at: i64) -> bool {
        match self.place(happened, seq) {
            Some(place) if self.all[place].counts => {
                self.all[place].counts = false;
                self.gone.insert(seq, at);
                true
            }
            _ => false,
        }
    }

    /// When an event was taken back, in nanoseconds.
    pub(crate) fn gone(&self, fact: &Fact) -> Option<i64> {
        self.gone.get(&fact.seq).copied().filter(|_| !fact.counts)
    }

    /// The event of an entry, counting or not.
    pub(crate) fn find(&self, happened: i64, seq: u64) -> Option<&Fact> {
        self.place(happened, seq).map(|place| &self.all[place])
    }

    fn place(&self, happened: i64, seq: u64) -> Option<usize> {
        self.all.binary_search_by_key(&(happened, seq), Fact::order).ok()
    }

    /// Those that count and happened in a stretch of time.
    pub(crate) fn between(&self, from: i64, until: i64) -> impl DoubleEndedIterator<Item = &Fact> {
        let start = self.all.partition_point(|fact| fact.happened < from);
        let end = self.all.partition_point(|fact| fact.happened < until);
        self.all[start.min(end)..end].iter().filter(|fact| fact.counts)
    }

    /// All of them.
    pub(crate) fn iter(&self) -> impl DoubleEndedIterator<Item = &Fact> {
        self.all.iter()
    }

    /// Those that count.
    pub(crate) fn counting(&self) -> impl DoubleEndedIterator<Item = &Fact> {
        self.all.iter().filter(|fact| fact.counts)
    }

    /// Those that counted in a state of knowledge.
    pub(crate) fn known<'f>(
        &'f self,
        closing: &'f mut Option<Closing>,
        state: State,
    ) -> impl Iterator<Item = &'f Fact> {
        self.all.iter().filter(move |fact| {
            let mut known = |at: i64| state.knows(fact.late(closing, at));
            known(fact.recorded) && !self.gone(fact).is_some_and(known)
        })
    }

    /// Those of entries after one, for a checkpoint.
    pub(crate) fn since(&self, seq: u64) -> impl Iterator<Item = &Fact> {
        self.all.iter().filter(move |fact| fact.seq > seq)
    }

    /// Those that were taken back, and when, in nanoseconds.
    pub(crate) fn taken_back(&self) -> impl Iterator<Item = (&Fact, i64)> {
        self.all.iter().filter_map(|fact| Some((fact, self.gone(fact)?)))
    }

    /// One of them: the last that counts, if any does.
    pub(crate) fn any(&self) -> Option<&Fact> {
        self.counting().next_back().or(self.all.last())
    }

    /// Whether there are none.
    pub(crate) fn is_empty(&self) -> bool {
        self.all.is_empty()
    }

    /// Invoices that are the first to know something that came late.
    pub(crate) fn late(&self, closing: &mut Option<Closing>) -> BTreeSet<Late> {
        let mut late = BTreeSet::new();
        for fact in &self.all {
            late.extend(fact.late(closing, fact.recorded));
            late.extend(self.gone(fact).and_then(|at| fact.late(closing, at)));
        }
        late
    }
}
