//! The latest events of a tenant, those that count and those that did not fit, page by page.

use crate::archive::identity;
use crate::book::Book;
use crate::entry::Rejected;
use crate::facts::Fact;
use crate::inspect::Behind;
use crate::limits;
use crate::machine::Machine;
use price_ingest::Envelopes;
use std::cmp::Reverse;
use std::collections::{BTreeSet, BinaryHeap};

/// Which events are listed.
#[derive(Debug, Clone, Default)]
pub struct RecentQuery {
    /// First instant, in nanoseconds.
    pub from: Option<i64>,
    /// First instant behind, likewise.
    pub until: Option<i64>,
    /// Only of these accounts.
    pub accounts: Option<BTreeSet<String>>,
    /// Only with one of these ids.
    pub ids: Option<BTreeSet<String>>,
    /// Only from one of these sources.
    pub sources: Option<BTreeSet<String>>,
    /// Only those that fit, or only those that did not.
    pub fits: Option<bool>,
    /// The last one of the page before.
    pub behind: Option<Behind>,
}

/// An event that is listed.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Recent {
    /// When it happened, nanoseconds since 1970 UTC; of one that did not fit, when it came.
    pub at: i64,
    /// Number of its entry.
    pub seq: u64,
    /// When it was recorded, likewise.
    pub recorded: i64,
    /// The JSON text.
    pub record: String,
    /// Code and reason, where it did not fit.
    pub wrong: Option<(String, String)>,
}

/// A list would look at more events than it may.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("more than {} events are looked at; say a time or an account", limits::RECENT_EVENTS)]
pub struct TooMany;

/// One that is kept while others are looked at: by its place, the least on top; and whether it fits.
type Kept = Reverse<(i64, u64, i64, bool)>;

impl Machine {
    /// The latest to happen first.
    pub fn recent(&self, tenant: &str, asked: &RecentQuery, limit: usize) -> Result<Vec<Recent>, TooMany> {
        let Some(tenant) = self.tenants.get(tenant) else { return Ok(Vec::new()) };
        let (from, until) = (asked.from.unwrap_or(i64::MIN), asked.until.unwrap_or(i64::MAX));
        let end = asked.behind.map_or(until, |(at, _)| until.min(at.saturating_add(1)));
        let comes = |at: i64, seq: u64| asked.behind.is_none_or(|behind| (at, seq) < behind);
        let mut kept: BinaryHeap<Kept> = BinaryHeap::with_capacity(limit + 1);
        let mut reader = Envelopes::default();
        let mut room = limits::RECENT_EVENTS;
        fn keep(kept: &mut BinaryHeap<Kept>, limit: usize, one: Kept) {
            kept.push(one);
            if kept.len() > limit {
                kept.pop();
            }
        }
        for (_, book) in tenant.books.iter().filter(|_| asked.fits != Some(false)) {
            for billed in 0..book.subjects.len() as u32 {
                for fact in book.subjects.at(billed).between(from, end).rev() {
                    // Those before it happened earlier still.
                    if kept.len() == limit && kept.peek().is_some_and(|Reverse(least)| fact.happened < least.0) {
                        break;
                    }
                    let wanted = comes(fact.happened, fact.seq) && asked.wants_account(book, fact);
                    let reads = wanted && asked.by_identity();
                    room = room.checked_sub(if reads { limits::RECENT_READ } else { 1 }).ok_or(TooMany)?;
                    if wanted && (!reads || asked.wants_identity(&mut reader, &self.archive.one(fact.seq))) {
                        keep(&mut kept, limit, Reverse((fact.happened, fact.seq, fact.recorded, true)));
                    }
                }
            }
        }
        for (seq, came, reject) in tenant.rejects.iter().rev().filter(|_| asked.fits != Some(true)) {
            let at = came.saturating_mul(1_000);
            if (from..until).contains(&at) && comes(at, *seq) && asked.wants_reject(&reject.record) {
                keep(&mut kept, limit, Reverse((at, *seq, at, false)));
            }
        }
        let reject = |seq: u64| {
            let place = tenant.rejects.binary_search_by_key(&seq, |(seq, ..)| *seq).ok()?;
            Some(&tenant.rejects[place].2)
        };
        let one = |Reverse((at, seq, recorded, fits)): Kept| match reject(seq).filter(|_| !fits) {
            Some(Rejected { code, message, record, .. }) => {
                Recent { at, seq, recorded, record: record.clone(), wrong: Some((code.clone(), message.clone())) }
            }
            None => Recent { at, seq, recorded, record: self.archive.one(seq), wrong: None },
        };
        // What is least on top of the heap is last: the latest first.
        Ok(kept.into_sorted_vec().into_iter().map(one).collect())
    }
}

impl RecentQuery {
    fn wants_account(&self, book: &Book, fact: &Fact) -> bool {
        self.accounts.as_ref().is_none_or(|wanted| wanted.contains(book.member_name(fact.member)))
    }

    /// Whether the text of an event has to be read to know that it is wanted.
    fn by_identity(&self) -> bool {
        self.ids.is_some() || self.sources.is_some()
    }

    fn wants_identity(&self, reader: &mut Envelopes, text: &str) -> bool {
        let (source, id) = identity(reader, text);
        let holds = |wanted: &Option<BTreeSet<String>>, text: &str| wanted.as_ref().is_none_or(|w| w.contains(text));
        holds(&self.ids, &id) && holds(&self.sources, &source)
    }

    /// What did not fit may be no object at all.
    fn wants_reject(&self, record: &str) -> bool {
        if self.ids.is_none() && self.sources.is_none() && self.accounts.is_none() {
            return true;
        }
        let Ok(record) = serde_json::from_str::<serde_json::Value>(record) else { return false };
        let text = |names: &[&str]| names.iter().find_map(|name| record.get(*name)?.as_str()).unwrap_or_default();
        let holds =
            |wanted: &Option<BTreeSet<String>>, names: &[&str]| wanted.as_ref().is_none_or(|w| w.contains(text(names)));
        holds(&self.ids, &["id"]) && holds(&self.sources, &["source"]) && holds(&self.accounts, &["subject", "account"])
    }
}
