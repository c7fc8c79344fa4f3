//! Where events are that count, found by their identity.
//!
//! The event index says which entry brought an event, and a table the few whose content changed
//! since; the text of the entry says the account, and the account's books know the rest. So nothing
//! is kept in memory for an event that nobody asks about.

use crate::machine::{ByKey, Machine, Place};
use hashbrown::HashSet;
use price_store::index::{AsIs, EventKey};
use std::hash::BuildHasherDefault;

/// Events that are no longer what came first. For looking up only.
#[derive(Default)]
pub(crate) struct Changed {
    /// The entry of the content that replaced what came first, and the hash of that content.
    pub(crate) revised: ByKey<(u64, u32)>,
    /// Those that were taken back: their ids are spent.
    pub(crate) spent: HashSet<u128, BuildHasherDefault<AsIs>>,
}

impl Machine {
    /// The entry with the content of an event that counts.
    pub(crate) fn current(&self, key: u128) -> Result<Option<u64>, price_store::StoreError> {
        if self.changed.spent.contains(&key) {
            return Ok(None);
        }
        match self.changed.revised.get(&key) {
            Some((seq, _)) => Ok(Some(*seq)),
            // An index that is ahead of a replay knows events that did not happen yet.
            None => Ok(self.index.find(EventKey(key), self.folded + 1)?.map(|hit| hit.seq)),
        }
    }

    /// Whether an event counts.
    pub(crate) fn counts(&self, key: u128) -> bool {
        self.sound_or_none(self.current(key)).is_some()
    }

    /// Where the content of an event is that counts.
    pub(crate) fn place(&mut self, tenant: u32, key: u128) -> Option<Place> {
        let seq = self.sound_or_none(self.current(key))?;
        let place = self.place_of(tenant, seq);
        if place.is_none() {
            self.archive.fail(format!("event {seq} counts, and no account has it"));
        }
        place
    }

    fn place_of(&mut self, tenant: u32, seq: u64) -> Option<Place> {
        let text = self.archive.one(seq);
        let envelope = self.reader.read(&text).ok()?;
        let happened = envelope.happened;
        let state = self.tenants.at_mut(tenant);
        let seats = state.accounts.get(&envelope.account)?;
        seats.iter().find_map(|seat| {
            let book = state.books.at_mut(seat.book);
            let billed = book.place(seat.member).billed;
            book.subjects.at(billed).find(happened, seq)?;
            Some(Place { tenant, book: seat.book, billed, happened, seq })
        })
    }

    /// What an index answered; that it could not is remembered as a fault.
    fn sound_or_none<T>(&self, answer: Result<Option<T>, price_store::StoreError>) -> Option<T> {
        answer.unwrap_or_else(|error| {
            self.archive.fail(error.to_string());
            None
        })
    }
}
