//! Following what is accepted: out of the log up to what is durable, and from there as it is flushed.
//!
//! The thread of the log gives both halves at the same moment, so that nothing is between them; what
//! is in both is told apart by its number.

use crate::limits;
use price_core::entry::{kind, usage_parts};
use price_store::StoreError;
use price_store::log::{Log, Scan};
use std::sync::Arc;
use tokio::sync::{broadcast, oneshot};

/// An event that was accepted.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Posted {
    pub(crate) tenant: String,
    pub(crate) seq: u64,
    /// The JSON text.
    pub(crate) record: String,
}

impl Posted {
    /// Of an entry, where it is one that others follow.
    pub(super) fn of(seq: u64, kind: u16, payload: &[u8]) -> Option<Posted> {
        let (tenant, _, record) =
            matches!(kind, kind::USAGE | kind::REPLACE).then(|| usage_parts(payload)).flatten()?;
        Some(Posted { tenant: tenant.to_owned(), seq, record: record.to_owned() })
    }
}

/// Why nothing can be followed.
#[derive(Debug, thiserror::Error)]
pub(crate) enum FollowError {
    /// The log ends before it.
    #[error("the log ends with entry {0}")]
    Beyond(u64),
    /// The log cannot be read.
    #[error(transparent)]
    Store(#[from] StoreError),
}

/// Somebody who wants to follow.
pub(super) struct Ask {
    /// The last entry that it has; `None` for all that are there.
    pub(super) after: Option<u64>,
    pub(super) reply: oneshot::Sender<Result<Followed, FollowError>>,
}

/// Both halves.
pub(crate) struct Followed {
    /// Everything up to this entry is in `past`, or was not asked for.
    pub(crate) durable: u64,
    pub(crate) past: Option<Past>,
    pub(crate) live: broadcast::Receiver<Arc<Posted>>,
}

impl Followed {
    /// Called where answers leave: what is durable now is in the log, and what is flushed later is sent.
    pub(super) fn begin(
        log: &Log,
        after: Option<u64>,
        posted: &broadcast::Sender<Arc<Posted>>,
    ) -> Result<Followed, FollowError> {
        let (live, durable) = (posted.subscribe(), log.durable());
        let past = match after {
            Some(after) if after > durable => return Err(FollowError::Beyond(durable)),
            Some(after) if after < durable => Some(Past(log.scan(after + 1)?)),
            _ => None,
        };
        Ok(Followed { durable, past, live })
    }
}

/// What was accepted before, read group by group. Reading waits for the disk.
pub(crate) struct Past(Scan);

/// A piece of the past.
pub(crate) struct Piece {
    pub(crate) postings: Vec<Posted>,
    /// The last entry that was looked at; `None` where nothing was left.
    pub(crate) last: Option<u64>,
}

impl Past {
    /// The next piece of what is wanted. It ends where [`limits::PAST_BYTES`] were looked at, with a
    /// whole group.
    pub(crate) fn read(&mut self, wanted: impl Fn(&Posted) -> bool) -> Result<Piece, StoreError> {
        let (mut piece, mut bytes) = (Piece { postings: Vec::new(), last: None }, 0);
        while bytes < limits::PAST_BYTES
            && let Some(group) = self.0.next()?
        {
            for frame in group.frames() {
                bytes += frame.payload.len();
                piece.last = Some(frame.seq);
                piece.postings.extend(Posted::of(frame.seq, frame.kind, frame.payload).filter(&wanted));
            }
        }
        Ok(piece)
    }
}
