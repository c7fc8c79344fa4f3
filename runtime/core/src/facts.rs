//! The events of one billed subject, in folding order, with those that were taken back.

use price_rating::{Closing, Late, State};
use price_value::Timestamp;
use std::collections::BTreeSet;
use std::sync::Arc;

/// An event that was accepted.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Fact {
    /// When it happened, in nanoseconds.
    pub(crate) happened: i64,
    /// Source and id.
    pub(crate) key: (Box<str>, Box<str>),
    /// Its entry.
    pub(crate) seq: u64,
    /// When it was recorded, in nanoseconds.
    pub(crate) recorded: i64,
    /// When it was taken back.
    pub(crate) gone: Option<i64>,
    /// Its account.
    pub(crate) account: Arc<str>,
    /// The JSON text.
    pub(crate) record: Box<str>,
}

impl Fact {
    /// What sorts facts: when, source, id, and the entry for revisions of one event.
    fn order(&self) -> (i64, &(Box<str>, Box<str>), u64) {
        (self.happened, &self.key, self.seq)
    }

    /// Whether it counts in a state of knowledge.
    pub(crate) fn counts(&self, closing: &mut Option<Closing>, state: Option<State>) -> bool {
        let Some(state) = state else { return self.gone.is_none() };
        let mut known = |at: i64| state.knows(self.late(closing, at));
        known(self.recorded) && !self.gone.is_some_and(known)
    }

    fn late(&self, closing: &mut Option<Closing>, at: i64) -> Option<Late> {
        closing.as_mut().and_then(|closing| closing.late(Timestamp(self.happened), Timestamp(at)))
    }
}

/// See the module.
#[derive(Debug, Clone, Default)]
pub(crate) struct Facts(Vec<Fact>);

impl Facts {
    /// Puts a fact in; `true` where it is the last.
    pub(crate) fn insert(&mut self, fact: Fact) -> bool {
        let place = self.0.partition_point(|other| other.order() < fact.order());
        let last = place == self.0.len();
        self.0.insert(place, fact);
        last
    }

    /// Takes a fact out that turned out not to fit.
    pub(crate) fn remove(&mut self, seq: u64) {
        self.0.retain(|fact| fact.seq != seq);
    }

    /// Whether there are none, not even such as were taken back.
    pub(crate) fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    /// Takes the event back that counts under a key.
    pub(crate) fn take_back(&mut self, happened: i64, key: (&str, &str), at: i64) -> bool {
        let from = self.0.partition_point(|fact| fact.happened < happened);
        let same = |fact: &&mut Fact| (&*fact.key.0, &*fact.key.1) == key && fact.gone.is_none();
        match self.0[from..].iter_mut().take_while(|fact| fact.happened == happened).find(same) {
            Some(fact) => {
                fact.gone = Some(at);
                true
            }
            None => false,
        }
    }

    /// All of them, in folding order.
    pub(crate) fn iter(&self) -> impl Iterator<Item = &Fact> {
        self.0.iter()
    }

    /// The last that counts.
    pub(crate) fn last(&self) -> Option<&Fact> {
        self.0.iter().rev().find(|fact| fact.gone.is_none())
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
