//! What is done beside the work: the event index goes to disk, and the state is kept now and then, so
//! that a start reads only the end of the log.
//!
//! The shard freezes what is to be written and goes on; another thread writes it once the log is
//! durable as far as it reaches. First the index, then the checkpoint that relies on it. One thing at
//! a time; whatever fails is tried again later, and nothing is lost but time.

use crate::limits::CHECKPOINT_CLOSING;
use crate::logs::fault;
use crate::metrics::Metrics;
use price_core::{Blob, Machine, ReplayError};
use price_store::StoreError;
use price_store::index::{Done, Job};
use price_store::log::Entries;
use price_store::snapshot::{Snapshots, Stand};
use std::sync::Arc;
use std::sync::atomic::Ordering::{Acquire, Relaxed};
use std::sync::mpsc::{Receiver, TryRecvError, channel};
use std::time::{Duration, Instant};

/// After something that failed nothing is tried for so long.
const AGAIN: Duration = Duration::from_secs(60);

/// See the module.
pub(super) struct Upkeep {
    metrics: Arc<Metrics>,
    stage: Stage,
    /// `None` while a thread has it, and for good where checkpoints cannot be kept.
    keeper: Option<Keeper>,
    /// The last entry of the newest checkpoint; `None` before the first.
    kept: Option<u64>,
    /// Entries after which there is another.
    every: u64,
    /// Checkpoints of before an erasure may hold what it erased: another one is made, and they go.
    stale: bool,
}

/// Writes checkpoints.
pub(super) struct Keeper {
    pub(super) snapshots: Snapshots,
    pub(super) entries: Arc<Entries>,
    /// Hash of this program, which alone can read them.
    pub(super) program: [u8; 32],
}

/// Name of the blob with the hash of the program.
pub(super) const PROGRAM: &[u8] = b"program";

enum Stage {
    Nothing,
    /// For the log to be durable as far as it reaches.
    Waits(Box<Work>),
    Runs(Receiver<Finished>),
    Failed(Instant),
}

/// What is to be written.
struct Work {
    job: Option<Job>,
    checkpoint: Option<Checkpoint>,
}

/// The state after an entry.
struct Checkpoint {
    keeper: Keeper,
    applied: u64,
    whole: bool,
    /// It takes the place of all others.
    alone: bool,
    blobs: Vec<Blob>,
}

/// What came of it.
struct Finished {
    done: Option<Done>,
    /// The writer, and the entry up to which a checkpoint was made.
    keeper: Option<(Keeper, Option<u64>)>,
    failed: Option<StoreError>,
    /// Older checkpoints should have gone, and did not.
    stale: bool,
}

impl Upkeep {
    /// `kept` is the last entry of the checkpoint that the machine was resumed from.
    pub(super) fn new(metrics: Arc<Metrics>, keeper: Option<Keeper>, kept: Option<u64>, every: u64) -> Upkeep {
        let stale = kept.is_some_and(|kept| kept < metrics.erased.load(Relaxed));
        Upkeep { metrics, stage: Stage::Nothing, keeper, kept, every, stale }
    }

    /// The last entry of the newest checkpoint.
    pub(super) fn kept(&self) -> Option<u64> {
        self.kept
    }

    /// Goes on, after a turn of the machine.
    pub(super) fn turn(&mut self, machine: &mut Machine) -> Result<(), ReplayError> {
        let erased = self.metrics.erased.load(Acquire);
        if erased > machine.erased_through() {
            machine.erased(erased);
            self.stale = true;
        }
        self.stage = match std::mem::replace(&mut self.stage, Stage::Nothing) {
            Stage::Nothing => self.due(machine, self.every),
            Stage::Failed(since) if since.elapsed() < AGAIN => Stage::Failed(since),
            Stage::Failed(_) => Stage::Nothing,
            Stage::Waits(work) => match self.metrics.durable.load(Relaxed) {
                durable if work.ready(durable) => begin(*work, durable),
                _ => Stage::Waits(work),
            },
            Stage::Runs(finished) => match finished.try_recv() {
                Ok(finished) => self.adopt(machine, finished)?,
                Err(TryRecvError::Empty) => Stage::Runs(finished),
                // Its thread could not be started, or panicked and said so. What it had is gone: no
                // checkpoint is made any more, and the index stays in memory.
                Err(TryRecvError::Disconnected) => Stage::Failed(Instant::now()),
            },
        };
        Ok(())
    }

    /// Finishes what runs and makes a last checkpoint, once all of the log is durable.
    pub(super) fn close(mut self, machine: &mut Machine) -> Result<(), ReplayError> {
        let durable = self.metrics.durable.load(Relaxed);
        match std::mem::replace(&mut self.stage, Stage::Nothing) {
            Stage::Runs(finished) => {
                if let Ok(finished) = finished.recv() {
                    self.adopt(machine, finished)?;
                }
            }
            Stage::Waits(work) if work.ready(durable) => {
                self.adopt(machine, work.run(durable))?;
            }
            _ => {}
        }
        match self.due(machine, self.every.div_ceil(CHECKPOINT_CLOSING)) {
            Stage::Waits(work) if work.ready(durable) => self.adopt(machine, work.run(durable)).map(|_| ()),
            _ => Ok(()),
        }
    }

    /// What there is to do.
    fn due(&mut self, machine: &mut Machine, every: u64) -> Stage {
        let (applied, kept) = (machine.applied(), self.kept.unwrap_or(0));
        if (applied - kept < every && !self.stale) || self.keeper.is_none() {
            let work = |job| Stage::Waits(Box::new(Work { job: Some(job), checkpoint: None }));
            return machine.index_job().map_or(Stage::Nothing, work);
        }
        let job = machine.index_seal();
        let checkpoint = self.keeper.take().map(|keeper| {
            let alone = std::mem::take(&mut self.stale);
            let whole = alone || keeper.snapshots.wants_whole() || self.kept.is_none();
            Checkpoint { blobs: machine.checkpoint(if whole { 0 } else { kept }), keeper, applied, whole, alone }
        });
        Stage::Waits(Box::new(Work { job, checkpoint }))
    }

    fn adopt(&mut self, machine: &mut Machine, finished: Finished) -> Result<Stage, ReplayError> {
        let Finished { done, keeper, failed, stale } = finished;
        self.stale |= stale;
        if let Some(done) = done {
            machine.adopt(done)?;
        }
        if let Some((keeper, kept)) = keeper {
            self.keeper = Some(keeper);
            if let Some(kept) = kept {
                self.kept = Some(kept);
                self.metrics.checkpoint.store(kept, Relaxed);
            }
        }
        Ok(match failed {
            None => Stage::Nothing,
            Some(error) => {
                fault(format!("{error}; until that works a start takes longer, and nothing else is amiss"));
                Stage::Failed(Instant::now())
            }
        })
    }
}

impl Work {
    /// Whether the log can no longer lose what this is made of.
    fn ready(&self, durable: u64) -> bool {
        let job = self.job.as_ref().is_none_or(|job| job.ready(durable));
        job && self.checkpoint.as_ref().is_none_or(|checkpoint| checkpoint.applied <= durable)
    }

    fn run(self, durable: u64) -> Finished {
        let mut finished = Finished { done: None, keeper: None, failed: None, stale: false };
        let mut sound = true;
        match self.job.map(|job| job.run(durable)) {
            Some(Ok(done)) => finished.done = Some(done),
            Some(Err(error)) => (finished.failed, sound) = (Some(error), false),
            None => {}
        }
        if let Some(checkpoint) = self.checkpoint {
            let alone = checkpoint.alone;
            let (keeper, written) = checkpoint.write(sound);
            finished.stale = alone && !matches!(written, Ok(Some(_)));
            let kept = match written {
                Ok(kept) => kept,
                Err(error) => {
                    finished.failed = Some(error);
                    None
                }
            };
            finished.keeper = Some((keeper, kept));
        }
        finished
    }
}

impl Checkpoint {
    /// Writes it, unless the index that it relies on is not there.
    fn write(self, indexed: bool) -> (Keeper, Result<Option<u64>, StoreError>) {
        let Checkpoint { mut keeper, applied, whole, alone, blobs } = self;
        if !indexed || applied == 0 {
            return (keeper, Ok(None));
        }
        let stamp = match keeper.entries.stamp(applied) {
            Ok(stamp) => stamp,
            Err(error) => return (keeper, Err(error)),
        };
        let stand = Stand { applied_seq: applied, root: stamp.print };
        let program = (PROGRAM.to_vec(), keeper.program.to_vec());
        let blobs = blobs.into_iter().chain([program]);
        let written = match whole {
            true if alone => keeper.snapshots.write(stand, blobs).and_then(|()| keeper.snapshots.keep_newest()),
            true => keeper.snapshots.write(stand, blobs),
            false => keeper.snapshots.write_changes(stand, blobs, std::iter::empty::<&[u8]>()),
        };
        (keeper, written.map(|()| Some(applied)))
    }
}

fn begin(work: Work, durable: u64) -> Stage {
    let (done, waits) = channel();
    let run = move || {
        // Whoever waited may be gone.
        let _ = done.send(work.run(durable));
    };
    if let Err(error) = std::thread::Builder::new().name("upkeep".into()).spawn(run) {
        fault(format!("a thread for checkpoints cannot be started: {error}"));
    }
    Stage::Runs(waits)
}
