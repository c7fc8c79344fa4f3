//! Opening a node: the log is found or made, the newest checkpoint is taken up, and what came after it
//! is replayed.

use crate::home::{Home, HomeError, random};
use crate::limits;
use crate::logs::fault;
use crate::metrics::Metrics;
use crate::node::Options;
use crate::node::upkeep::{Keeper, PROGRAM, Upkeep};
use price_core::limits::AT_HAND_BYTES;
use price_core::{Machine, ReplayError};
use price_ir::KernelFactory;
use price_store::StoreError;
use price_store::index::{Index, Keys};
use price_store::log::{self, Log};
use price_store::snapshot::{Snapshot, Snapshots};
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
    pub(super) upkeep: Upkeep,
}

pub(super) fn open(
    home: &Home,
    options: Options,
    factory: Arc<dyn KernelFactory>,
    metrics: &Arc<Metrics>,
) -> Result<Opened, NodeError> {
    let started = Instant::now();
    // First of all: the lock of the log keeps a second process from all of the directory.
    let disk = home.log()?;
    let keys = home.secrets()?.keys();
    let mib = options.segment_mib.clamp(limits::SEGMENT_MIB_MIN, limits::SEGMENT_MIB_MAX);
    let how = log::Options { segment_bytes: mib << 20, at_least: 0 };
    let log = match Log::open(disk.clone(), how) {
        Err(StoreError::Missing) => Log::create(disk.clone(), random()?, how)?,
        other => other?,
    };
    let (snapshots, newest, damaged) = Snapshots::open(home.checkpoints()?)?;
    for unusable in damaged {
        fault(format!("the checkpoint `{}` is not used: it {}", unusable.file, unusable.problem));
    }
    let program = program();
    let resumed = match newest {
        Some(newest) => resume(home, &log, newest, program, (factory.clone(), keys.clone()))?,
        None => None,
    };
    let (mut machine, mut recorded_at) = match resumed {
        Some(resumed) => resumed,
        // Everything is replayed, so the index is made anew with it.
        None => (Machine::new(factory, Index::reset(home.index()?, &keys, Default::default())?, keys), 0),
    };
    machine.read_from(log.entries(), AT_HAND_BYTES);
    let erased = log::erased_through(disk.as_ref())?;
    machine.erased(erased);
    metrics.erased.store(erased, Relaxed);
    let kept = (machine.applied() > 0).then_some(machine.applied());
    metrics.checkpoint.store(machine.applied(), Relaxed);
    let mut scan = log.scan(machine.applied() + 1)?;
    while let Some(group) = scan.next()? {
        for frame in group.frames() {
            machine.replay(&frame)?;
            recorded_at = frame.recorded_at.max(recorded_at);
            metrics.replayed.store(frame.seq - kept.unwrap_or(0), Relaxed);
        }
        // What is replayed is durable, so it may be sealed at once.
        while let Some(job) = machine.index_job() {
            machine.adopt(job.run(log.durable())?)?;
        }
    }
    machine.settle()?;
    metrics.durable.store(log.durable(), Relaxed);
    metrics.replay_millis.store(started.elapsed().as_millis() as u64, Relaxed);
    let keeper = program.map(|program| Keeper { snapshots, entries: log.entries(), program });
    let upkeep = Upkeep::new(metrics.clone(), keeper, kept, options.checkpoint_entries);
    Ok(Opened { log, machine, recorded_at, upkeep })
}

/// The machine of a checkpoint and when its last entry was recorded, where the checkpoint is of this
/// program and this log, and the index is there that it relies on.
fn resume(
    home: &Home,
    log: &Log,
    newest: Snapshot,
    program: Option<[u8; 32]>,
    (factory, keys): (Arc<dyn KernelFactory>, Keys),
) -> Result<Option<(Machine, i64)>, NodeError> {
    let Snapshot { stand, blobs } = newest;
    let whole = |why: String| {
        fault(format!("the checkpoint is not used, and all of the log is read: {why}"));
        Ok(None)
    };
    // After an upgrade this is as it should be.
    if program.is_none() || blobs.get(PROGRAM).map(Vec::as_slice) != program.as_ref().map(|hash| &hash[..]) {
        return Ok(None);
    }
    let stamp = match log.entries().stamp(stand.applied_seq) {
        Ok(stamp) if stamp.print == stand.root => stamp,
        Ok(_) | Err(StoreError::Short { .. }) => return whole("it is of another log".into()),
        Err(error) => return Err(error.into()),
    };
    let index = match Index::open(home.index()?, &keys, Default::default(), log.durable()) {
        Ok(index) => index,
        Err(error @ (StoreError::Derived { .. } | StoreError::Foreign { .. })) => return whole(error.to_string()),
        Err(error) => return Err(error.into()),
    };
    match Machine::resume(factory, index, keys, &blobs) {
        Ok(machine) => Ok(Some((machine, stamp.recorded_at))),
        Err(why) => whole(why.to_string()),
    }
}

/// The hash of this program. Without it no checkpoint is kept or used.
fn program() -> Option<[u8; 32]> {
    let mut hasher = blake3::Hasher::new();
    let mut file = std::fs::File::open(std::env::current_exe().ok()?).ok()?;
    std::io::copy(&mut file, &mut hasher).ok()?;
    Some(*hasher.finalize().as_bytes())
}
