//! What others are told, and who is told.
//!
//! A notice is an entry of the log, or is read off one: its id is the number of that entry, so that it is
//! the same after a crash. Limits that are reached and balances that run low are looked for after
//! groups of events; what was told once in a window is not told again in it.
//!
//! *Invariant:* a notice that was given a number is never lost and never gets another.

mod ask;
mod decide;
mod drafts;
mod entry;
mod find;
mod notice;

pub use ask::{Endpoint, NotifyCommand, Secret};
pub(crate) use drafts::Draft;
pub use entry::{Noticed, NotifyEntry, kind};
pub use notice::{Notice, NoticeKind};

use serde::{Deserialize, Serialize};
use std::collections::{BTreeMap, BTreeSet, VecDeque};
use std::ops::Bound;

/// What was told already: until when it is not told again, who, of what, which share of it.
type Told = (i64, String, String, String);

/// Who is told what, of one tenant.
#[derive(Default, Serialize, Deserialize)]
pub(crate) struct Notifying {
    /// By id.
    endpoints: BTreeMap<String, Endpoint>,
    told: BTreeSet<Told>,
    /// The last notices that are no documents, with their entries.
    recent: VecDeque<(u64, Notice)>,
    /// Drafts that were told.
    drafts: drafts::Drafts,
    /// Who is to be looked at: billed subjects.
    waiting: BTreeSet<String>,
    /// Who was looked at last.
    looked: String,
    /// How many rejected events were told of.
    rejects_told: u64,
    /// When that was recorded, in microseconds.
    rejects_at: i64,
}

impl Notifying {
    /// Whether anybody wants to know something that has to be looked for.
    pub(crate) fn listens(&self) -> bool {
        self.endpoints
            .values()
            .any(|endpoint| endpoint.kinds.is_empty() || endpoint.kinds.iter().any(|k| k.is_watched()))
    }

    /// Who is to be looked at next: they take turns by name.
    fn next(&mut self) -> Option<String> {
        let behind = (Bound::Excluded(self.looked.as_str()), Bound::Unbounded);
        let next = self.waiting.range::<str, _>(behind).next().or_else(|| self.waiting.first()).cloned()?;
        self.waiting.remove(&next);
        self.looked.clone_from(&next);
        Some(next)
    }

    /// Whether rejected events are to be told of, `rejected` in all. Not by the tenant's clock: under test
    /// it may stand still.
    fn rejects_due(&self, rejected: u64, recorded_at: i64) -> bool {
        rejected > self.rejects_told
            && self.rejects_at.saturating_add(crate::limits::REJECTS_APART) <= recorded_at
            && self.endpoints.values().any(|endpoint| endpoint.wants_kind(NoticeKind::EventRejected))
    }

    /// Keeps a notice at hand.
    pub(crate) fn keep(&mut self, seq: u64, notice: Notice) {
        self.recent.push_back((seq, notice));
        while self.recent.len() > crate::limits::NOTICES {
            self.recent.pop_front();
        }
    }

    /// Whether anybody wants to know what periods come to before they are closed.
    pub(crate) fn wants_drafts(&self) -> bool {
        self.endpoints.values().any(|endpoint| endpoint.wants_kind(NoticeKind::InvoiceDrafted))
    }

    /// Keeps a draft at hand. `noticed.of` is its plan.
    pub(crate) fn keep_draft(&mut self, seq: u64, noticed: &Noticed) {
        self.drafts.keep(seq, &noticed.of, &noticed.notice);
    }

    /// Periods of a plan that end by a day are closed.
    pub(crate) fn closed(&mut self, plan: &str, until: price_value::Date) {
        self.drafts.closed(plan, until);
    }

    /// All of it but what waits, in order.
    pub(crate) fn digest(&self, put: &mut impl FnMut(&[u8])) {
        for endpoint in self.endpoints.values() {
            put(&serde_json::to_vec(endpoint).unwrap_or_default());
        }
        for told in &self.told {
            put(format!("{told:?}").as_bytes());
        }
        put(&self.rejects_told.to_le_bytes());
        put(&self.rejects_at.to_le_bytes());
        for (seq, _) in &self.recent {
            put(&seq.to_le_bytes());
        }
        for seq in self.drafts.entries() {
            put(&seq.to_le_bytes());
        }
    }
}
