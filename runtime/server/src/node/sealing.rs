//! Keeps the event index small: what the log can no longer lose goes to disk, beside the work.

use crate::logs::fault;
use crate::metrics::Metrics;
use price_core::{Machine, ReplayError};
use price_store::StoreError;
use price_store::index::{Done, Job};
use std::sync::Arc;
use std::sync::atomic::Ordering::Relaxed;
use std::sync::mpsc::{Receiver, TryRecvError, channel};
use std::time::{Duration, Instant};

/// After a job that failed nothing is tried for so long; until then the index grows in memory.
const AGAIN: Duration = Duration::from_secs(60);

/// See the module. One job at a time.
pub(super) struct Sealing {
    metrics: Arc<Metrics>,
    stage: Stage,
}

enum Stage {
    Nothing,
    /// For the log to be durable as far as the job needs it.
    Waits(Job),
    Runs(Receiver<Result<Done, StoreError>>),
    Failed(Instant),
}

impl Sealing {
    pub(super) fn new(metrics: Arc<Metrics>) -> Sealing {
        Sealing { metrics, stage: Stage::Nothing }
    }

    /// Goes on, after a turn of the machine.
    pub(super) fn turn(&mut self, machine: &mut Machine) -> Result<(), ReplayError> {
        self.stage = match std::mem::replace(&mut self.stage, Stage::Nothing) {
            Stage::Nothing => machine.index_job().map_or(Stage::Nothing, Stage::Waits),
            Stage::Failed(since) if since.elapsed() < AGAIN => Stage::Failed(since),
            Stage::Failed(_) => Stage::Nothing,
            Stage::Waits(job) => match self.metrics.durable.load(Relaxed) {
                durable if job.ready(durable) => begin(job, durable),
                _ => Stage::Waits(job),
            },
            Stage::Runs(done) => match done.try_recv() {
                Ok(Ok(done)) => {
                    machine.adopt(done)?;
                    Stage::Nothing
                }
                Ok(Err(error)) => {
                    fault(format!("the event index stays in memory for now: {error}"));
                    Stage::Failed(Instant::now())
                }
                Err(TryRecvError::Empty) => Stage::Runs(done),
                // Its thread could not be started, or panicked and said so.
                Err(TryRecvError::Disconnected) => Stage::Failed(Instant::now()),
            },
        };
        Ok(())
    }
}

fn begin(job: Job, durable: u64) -> Stage {
    let (done, waits) = channel();
    let work = move || {
        // Whoever waited may be gone.
        let _ = done.send(job.run(durable));
    };
    match std::thread::Builder::new().name("index".into()).spawn(work) {
        Ok(_) => Stage::Runs(waits),
        Err(error) => {
            fault(format!("a thread for the event index cannot be started: {error}"));
            Stage::Failed(Instant::now())
        }
    }
}
