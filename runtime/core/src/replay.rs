//! The entries of a log, carried out again.

use crate::arrivals::Told;
use crate::entry::{Entry, EntryError, kind, usage_parts};
use crate::machine::{Machine, ReplayError};
use price_store::frame::Frame;

impl Machine {
    /// Takes an entry of the log. After the last one call [`Machine::settle`].
    pub fn replay(&mut self, frame: &Frame<'_>) -> Result<(), ReplayError> {
        let Frame { seq, kind, recorded_at, payload, .. } = *frame;
        let diverged = |problem: String| ReplayError::Diverged { seq, problem };
        if !matches!(kind, kind::USAGE | kind::REPLACE) {
            let entry = Entry::from_bytes(kind, payload).map_err(|cause| ReplayError::Entry { seq, cause })?;
            self.settle()?;
            self.apply(seq, recorded_at, &entry).map_err(|(_, message)| diverged(message))?;
            self.applied = seq;
            return Ok(());
        }
        let replaces = kind == kind::REPLACE;
        let form = || ReplayError::Entry { seq, cause: EntryError::Form(kind) };
        let (tenant, set, record) = usage_parts(payload).ok_or_else(form)?;
        if replaces {
            self.settle()?;
        }
        let mut reader = std::mem::take(&mut self.reader);
        let envelope = reader.read(record).map_err(|reason| diverged(reason.to_string()))?;
        let Some(routed) = self.route(tenant, envelope) else {
            return Err(diverged(format!("`{}` is on no plan", envelope.account)));
        };
        let recorded_at = self.tenants.at(routed.tenant).time(recorded_at);
        let key = self.keys.key(tenant.as_bytes(), envelope.source.as_bytes(), envelope.id.as_bytes());
        let hash = self.keys.payload_hash(&envelope.content);
        self.archive.put(seq, record);
        let told = Told { seq, recorded_at, key, hash, set, replaces };
        self.waiting.push(told, routed, envelope);
        self.reader = reader;
        self.applied = seq;
        if replaces || self.waiting.events.len() >= REPLAYED_TOGETHER { self.settle() } else { Ok(()) }
    }

    /// Folds what a replay left waiting.
    pub fn settle(&mut self) -> Result<(), ReplayError> {
        let waiting = std::mem::take(&mut self.waiting);
        if !waiting.events.is_empty() {
            let refused = self.fold(waiting)?;
            if let Some((seq, reason)) = refused.into_iter().next() {
                return Err(ReplayError::Diverged { seq, problem: reason.to_string() });
            }
        }
        self.index.passed(self.applied);
        self.archive.tidy();
        self.sound()
    }
}

/// Events of a replay that are folded at once.
const REPLAYED_TOGETHER: usize = 4_096;
