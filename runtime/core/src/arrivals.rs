//! Events on their way into the books.

use crate::facts::Fact;
use price_ingest::Envelope;
use price_store::index::EventKey;

/// The plan that an event is rated by, and its account there.
#[derive(Clone, Copy)]
pub(crate) struct Routed {
    pub(crate) tenant: u32,
    pub(crate) book: u32,
    pub(crate) member: u32,
}

/// An event that will count if it fits.
pub(crate) struct Arrival {
    pub(crate) seq: u64,
    /// In nanoseconds.
    pub(crate) recorded: i64,
    pub(crate) at: Routed,
    pub(crate) key: EventKey,
    pub(crate) hash: u32,
    pub(crate) set: String,
    /// It takes the place of an event.
    pub(crate) replaces: bool,
}

/// What is known of an event beside what it says itself.
pub(crate) struct Told<'a> {
    pub(crate) seq: u64,
    pub(crate) recorded_at: i64,
    pub(crate) key: EventKey,
    pub(crate) hash: u32,
    pub(crate) set: &'a str,
    pub(crate) replaces: bool,
}

/// Events that will count if they fit, and the facts that they make, one for each.
#[derive(Default)]
pub(crate) struct Arrivals {
    pub(crate) events: Vec<Arrival>,
    pub(crate) facts: Vec<Fact>,
}

impl Arrivals {
    pub(crate) fn push(&mut self, told: Told<'_>, at: Routed, envelope: &Envelope) {
        let Told { seq, recorded_at, key, hash, set, replaces } = told;
        let (happened, recorded) = (envelope.happened, recorded_at.saturating_mul(1_000));
        self.facts.push(Fact { happened, seq, recorded, member: at.member, counts: true });
        self.events.push(Arrival { seq, recorded, at, key, hash, set: set.to_owned(), replaces });
    }
}
