//! Opening a node: the log is found or made, and replayed.

use crate::home::{Home, HomeError, random};
use crate::limits;
use crate::metrics::Metrics;
use crate::node::Options;
use price_core::{Machine, ReplayError};
use price_ir::KernelFactory;
use price_store::StoreError;
use price_store::index::Index;
use price_store::log::{self, Log};
use std::sync::Arc;
use std::sync::atomic::Ordering::Relaxed;
use std::time::Instant;

/// Why a node cannot be opened.
#[derive(Debug, thiserror::Error)]
pub enum NodeError {
    /// The data directory.
    #[error(transparent)]
    Home(#[from] HomeError),
    /// The log or the index.
    #[error(transparent)]
    Store(#[from] StoreError),
    /// What is in the log.
    #[error(transparent)]
    Replay(#[from] ReplayError),
    /// No thread.
    #[error("a thread cannot be started: {0}")]
    Thread(std::io::Error),
}

/// A log and the state that it folds to.
pub(super) struct Opened {
    pub(super) log: Log,
    pub(super) machine: Machine,
    /// When the last entry was recorded, in microseconds; time never goes back.
    pub(super) recorded_at: i64,
}

pub(super) fn open(
    home: &Home,
    options: Options,
    factory: Arc<dyn KernelFactory>,
    metrics: &Metrics,
) -> Result<Opened, NodeError> {
    let started = Instant::now();
    // First of all: the lock of the log keeps a second process from all of the directory.
    let disk = home.log()?;
    let index_disk = home.index()?;
    let keys = home.secrets()?.keys();
    let mib = options.segment_mib.clamp(limits::SEGMENT_MIB_MIN, limits::SEGMENT_MIB_MAX);
    let how = log::Options { segment_bytes: mib << 20, at_least: 0 };
    let log = match Log::open(disk.clone(), how) {
        Err(StoreError::Missing) => Log::create(disk, random()?, how)?,
        other => other?,
    };
    // The whole log is replayed, so the index is made anew with it.
    let index = Index::reset(index_disk, &keys, Default::default())?;
    let mut machine = Machine::new(factory, index, keys);
    machine.read_from(log.entries(), price_core::limits::AT_HAND_BYTES);
    let mut recorded_at = 0;
    let mut scan = log.scan(1)?;
    while let Some(group) = scan.next()? {
        for frame in group.frames() {
            machine.replay(&frame)?;
            recorded_at = frame.recorded_at.max(recorded_at);
            metrics.replayed.store(frame.seq, Relaxed);
        }
        // What is replayed is durable, so it may be sealed at once.
        while let Some(job) = machine.index_job() {
            machine.adopt(job.run(log.durable())?)?;
        }
    }
    machine.settle()?;
    metrics.durable.store(log.durable(), Relaxed);
    metrics.replay_millis.store(started.elapsed().as_millis() as u64, Relaxed);
    Ok(Opened { log, machine, recorded_at })
}
