//! An erasure that is not yet carried out in the files of the log.

use crate::answers;
use crate::entry::{Answered, Entry, Rejected, kind, usage_bytes, usage_parts};
use crate::erasure::{Erasing, What};
use price_ingest::{Fate, named, redact};
use price_store::frame::Frame;
use std::sync::Arc;

/// See the module.
#[derive(Debug)]
pub struct Pending {
    seq: u64,
    said: Arc<Erasing>,
    /// Entries with the contents of its events, in order.
    seqs: Vec<u64>,
}

impl Pending {
    pub(crate) fn new(seq: u64, said: Arc<Erasing>, seqs: Vec<u64>) -> Pending {
        Pending { seq, said, seqs }
    }

    /// Number of its entry: what came later is not its.
    pub fn seq(&self) -> u64 {
        self.seq
    }

    /// Whether an entry holds a content that is erased.
    pub(crate) fn holds(&self, seq: u64) -> bool {
        self.seqs.binary_search(&seq).is_ok()
    }

    /// A record without what is erased.
    pub(crate) fn record(&self, record: &str) -> Option<String> {
        let fields = &self.said.fields;
        // What no version declares is no field of any.
        redact(record, |kind, field| fields.get(kind).map_or(Fate::Kept, |of| *of.get(field).unwrap_or(&Fate::Gone)))
    }

    /// The payload of a frame without what is erased, as long as the one it has; `None` where nothing
    /// is to be erased from it.
    pub fn redact(&self, frame: &Frame<'_>) -> Option<Vec<u8>> {
        if frame.seq >= self.seq {
            return None;
        }
        let mut payload = match frame.kind {
            kind::USAGE | kind::REPLACE if self.holds(frame.seq) => {
                let (tenant, set, record) = usage_parts(frame.payload)?;
                usage_bytes(tenant, set, &self.record(record)?)
            }
            kind::REJECT => {
                let mut reject: Rejected = serde_json::from_slice(frame.payload).ok()?;
                let ours = reject.tenant == self.said.tenant && is_of(&self.said.what, frame.seq, &reject.record);
                if !ours {
                    return None;
                }
                reject.erase();
                Entry::Reject(reject).to_bytes().1
            }
            kind::ANSWERED => {
                let Ok(Entry::Answered(answered)) = Entry::from_bytes(frame.kind, frame.payload) else { return None };
                if answered.tenant != self.said.tenant {
                    return None;
                }
                let answers = answers::without_messages(&answered.answers)?;
                Entry::Answered(Answered { answers, ..answered }).to_bytes().1
            }
            _ => return None,
        };
        if payload.len() > frame.payload.len() {
            return None;
        }
        // All of these end with something behind which there may be space.
        payload.resize(frame.payload.len(), b' ');
        Some(payload)
    }
}

/// The payload of a frame without what any of some erasures takes, as [`Pending::redact`] has it.
pub fn without(pending: &[Arc<Pending>], frame: &Frame<'_>) -> Option<Vec<u8>> {
    pending.iter().fold(None, |payload: Option<Vec<u8>>, pending| {
        let now = payload.as_deref().unwrap_or(frame.payload);
        pending.redact(&Frame { payload: now, ..*frame }).or(payload)
    })
}

/// Whether something is erased from a record that was refused, and which it is.
pub(super) fn is_of(what: &What, seq: u64, record: &str) -> bool {
    match what {
        What::Reject(of) => *of == seq,
        What::Account(account) => named(record).is_some_and(|named| named.account == *account),
        What::Event { source, id } => named(record).is_some_and(|named| named.source == *source && named.id == *id),
    }
}
