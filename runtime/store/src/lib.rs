//! What the runtime keeps on disk: the input log, the event index, checkpoints.
//!
//! The log is the truth; the index and the checkpoints are derived from it and may be deleted.
//! Nothing here knows what an event means, and nothing here knows a clock, a socket or a thread:
//! files are behind [`disk::Disk`], so that a simulator can lose, tear and damage them.
//!
//! ```
//! use price_store::disk::FileDisk;
//! use price_store::index::{Hit, Index, Keys, Probe};
//! use price_store::log::{Log, Options};
//! use price_store::Entry;
//! use std::sync::Arc;
//!
//! # let dir = tempfile::tempdir()?;
//! let disk = Arc::new(FileDisk::open(&dir.path().join("log"))?);
//! let options = Options { segment_bytes: 1 << 20, at_least: 0 };
//! let mut log = Log::create(disk.clone(), [7; 16], options)?;
//! let keys = Keys::new([9; 32]);
//! let index_disk = Arc::new(FileDisk::open(&dir.path().join("index"))?);
//! let mut index = Index::open(index_disk, &keys, Default::default(), log.durable())?;
//!
//! // Append, apply, flush; acknowledge what is durable.
//! let payload = b"3 tokens";
//! let seqs = log.append(&[Entry { shard: 0, kind: 1, recorded_at: 1_700_000_000_000_000, payload }])?;
//! let hit = Hit { seq: seqs.start, payload_hash: keys.payload_hash(payload) };
//! assert_eq!(index.admit(keys.key(b"acme", b"gateway", b"request 17"), hit)?, Probe::New);
//! assert_eq!((log.durable(), log.sync()?), (0, 1));
//!
//! // After a restart: open, then replay from where the checkpoint was.
//! log.mark()?;
//! drop(log);
//! let log = Log::open(disk, Options { at_least: 1, ..options })?;
//! let mut scan = log.scan(1)?;
//! while let Some(group) = scan.next()? {
//!     assert!(group.frames().all(|frame| frame.seq == 1 && frame.payload == payload));
//! }
//! # Ok::<(), Box<dyn std::error::Error>>(())
//! ```
//!
//! *Invariant:* damage is never an answer. What was written is read back as it was, or there is
//! a typed error, or (for what a crash tore before it was acknowledged) it is not there.

pub mod disk;
mod error;
pub mod frame;
mod group;
pub mod index;
pub mod limits;
pub mod log;
#[macro_use]
mod chosen;
pub mod planted;
pub mod snapshot;

pub use error::{Fatal, StoreError};
pub use group::{Entry, Group};
