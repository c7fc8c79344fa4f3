//! What others are told, and who is told.
//!
//! A notice is an entry of the log, or is read off one: its id is the number of that entry, so that it is
//! the same after a crash. Limits that are reached and balances that run low are looked for after
//! groups of events; what was told once in a window is not told again in it.
//!
//! *Invariant:* a notice that was given a number is never lost and never gets another.

mod ask;
mod decide;
mod entry;
mod notice;

pub use ask::{Endpoint, NotifyCommand, Secret};
pub use entry::{NotifyEntry, kind};
pub use notice::{Notice, NoticeKind};

use std::collections::{BTreeMap, BTreeSet, VecDeque};

/// What was told already: who, of what, which share of it, and the window it is told once in.
type Told = (String, String, String, i64);

/// Who is told what, of one tenant.
#[derive(Default)]
pub(crate) struct Notifying {
    /// By id.
    endpoints: BTreeMap<String, Endpoint>,
    told: BTreeSet<Told>,
    /// The last notices that are no documents, with their entries.
    recent: VecDeque<(u64, Notice)>,
    /// Who is to be looked at: billed subjects.
    waiting: BTreeSet<String>,
}

impl Notifying {
    /// Whether anybody wants to know something that has to be looked for.
    pub(crate) fn listens(&self) -> bool {
        self.endpoints
            .values()
            .any(|endpoint| endpoint.kinds.is_empty() || endpoint.kinds.iter().any(|k| k.is_watched()))
    }

    /// Keeps a notice at hand.
    pub(crate) fn keep(&mut self, seq: u64, notice: Notice) {
        self.recent.push_back((seq, notice));
        while self.recent.len() > crate::limits::NOTICES {
            self.recent.pop_front();
        }
    }

    /// All of it but what waits, in order.
    pub(crate) fn digest(&self, put: &mut impl FnMut(&[u8])) {
        for endpoint in self.endpoints.values() {
            put(&serde_json::to_vec(endpoint).unwrap_or_default());
        }
        for told in &self.told {
            put(format!("{told:?}").as_bytes());
        }
        for (seq, _) in &self.recent {
            put(&seq.to_le_bytes());
        }
    }
}
