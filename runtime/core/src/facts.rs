//! The events of one billed subject, in folding order, with those that were taken back.

use price_rating::{Closing, Late, State};
use price_value::Timestamp;
use std::collections::BTreeSet;

/// An event that was accepted.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Fact {
    /// When it happened, in nanoseconds.
    pub(crate) happened: i64,
    /// Source and id as one text, see [`identity`].
    pub(crate) identity: Box<str>,
    /// Its entry.
    pub(crate) seq: u64,
    /// When it was recorded, in nanoseconds.
    pub(crate) recorded: i64,
    /// When it was taken back.
    pub(crate) gone: Option<i64>,
    /// Its account: a member of the book.
    pub(crate) member: u32,
    /// The JSON text.
    pub(crate) record: Box<str>,
}

/// Source and id in one allocation. No record has a NUL in either, and NUL sorts before
/// everything: the text sorts as the pair does.
pub(crate) fn identity(source: &str, id: &str) -> Box<str> {
    let mut text = String::with_capacity(source.len() + 1 + id.len());
    text.push_str(source);
    text.push('\0');
    text.push_str(id);
    text.into_boxed_str()
}

impl Fact {
    /// What sorts facts: when, source, id, and the entry for revisions of one event.
    pub(crate) fn order(&self) -> (i64, &str, u64) {
        (self.happened, &self.identity, self.seq)
    }

    /// Whether it counts in a state of knowledge.
    pub(crate) fn counts(&self, closing: &mut Option<Closing>, state: Option<State>) -> bool {
        let Some(state) = state else { return self.gone.is_none() };
        let mut known = |at: i64| state.knows(self.late(closing, at));
        known(self.recorded) && !self.gone.is_some_and(known)
    }

    /// The invoice that is the first to know it, where that is not its own period's.
    pub(crate) fn late(&self, closing: &mut Option<Closing>, at: i64) -> Option<Late> {
        closing.as_mut().and_then(|closing| closing.late(Timestamp(self.happened), Timestamp(at)))
    }
}

/// See the module.
#[derive(Debug, Clone, Default)]
pub(crate) struct Facts(Vec<Fact>);

impl Facts {
    /// Whether a fact would be the last.
    pub(crate) fn ends_before(&self, fact: &Fact) -> bool {
        self.0.last().is_none_or(|last| last.order() < fact.order())
    }

    /// Puts a fact in.
    pub(crate) fn insert(&mut self, fact: Fact) {
        if self.ends_before(&fact) {
            return self.0.push(fact);
        }
        let place = self.0.partition_point(|other| other.order() < fact.order());
        self.0.insert(place, fact);
    }

    /// Takes a fact out that turned out not to fit.
    pub(crate) fn remove(&mut self, seq: u64) {
        self.0.retain(|fact| fact.seq != seq);
    }

    /// Takes an event back, if it counts.
    pub(crate) fn take_back(&mut self, happened: i64, seq: u64, at: i64) -> bool {
        let from = self.0.partition_point(|fact| fact.happened < happened);
        let same = |fact: &&mut Fact| fact.seq == seq && fact.gone.is_none();
        match self.0[from..].iter_mut().take_while(|fact| fact.happened == happened).find(same) {
            Some(fact) => {
                fact.gone = Some(at);
                true
            }
            None => false,
        }
    }

    /// The event of an entry, counting or not.
    pub(crate) fn find(&self, happened: i64, seq: u64) -> Option<&Fact> {
        let from = self.0.partition_point(|fact| fact.happened < happened);
        self.0[from..].iter().take_while(|fact| fact.happened == happened).find(|fact| fact.seq == seq)
    }

    /// Those that count, from an instant on and before a fact, in folding order.
    pub(crate) fn before<'f>(&'f self, from: i64, fact: &'f Fact) -> impl Iterator<Item = &'f Fact> {
        let from = self.0.partition_point(|other| other.happened < from);
        let until = self.0.partition_point(|other| other.order() < fact.order());
        self.0[from.min(until)..until].iter().filter(|fact| fact.gone.is_none())
    }

    /// Those that count and happened in a stretch of time, in folding order.
    pub(crate) fn between(&self, from: i64, until: i64) -> impl DoubleEndedIterator<Item = &Fact> {
        let start = self.0.partition_point(|fact| fact.happened < from);
        let end = self.0.partition_point(|fact| fact.happened < until);
        self.0[start.min(end)..end].iter().filter(|fact| fact.gone.is_none())
    }

    /// All of them, in folding order.
    pub(crate) fn iter(&self) -> impl DoubleEndedIterator<Item = &Fact> {
        self.0.iter()
    }

    /// Those that count, in folding order.
    pub(crate) fn counting(&self) -> impl DoubleEndedIterator<Item = &Fact> {
        self.0.iter().filter(|fact| fact.gone.is_none())
    }

    /// One of them: the last that counts, if any does.
    pub(crate) fn any(&self) -> Option<&Fact> {
        self.counting().next_back().or(self.0.last())
    }

    /// Whether there are none.
    pub(crate) fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    /// Invoices that are the first to know something that came late.
    pub(crate) fn late(&self, closing: &mut Option<Closing>) -> BTreeSet<Late> {
        let mut late = BTreeSet::new();
        for fact in &self.0 {
            late.extend(fact.late(closing, fact.recorded));
            late.extend(fact.gone.and_then(|at| fact.late(closing, at)));
        }
        late
    }
}
