//! Takes what is erased out of the files of the log, beside the work.
//!
//! The segment that is written is sealed first, then another thread writes those anew that hold
//! something. Until that is done the machine leaves it out of what it reads. Requests that come soon
//! after each other share one pass, as each begins another segment.

use crate::logs::fault;
use crate::metrics::Metrics;
use price_core::erasure::{Pending, without};
use price_store::StoreError;
use price_store::disk::Disk;
use price_store::log::{Log, Sealed, erase, said_erased};
use std::sync::Arc;
use std::sync::atomic::Ordering::{Relaxed, Release};
use std::sync::mpsc::{Receiver, TryRecvError, channel};
use std::time::{Duration, Instant};

/// Between the beginnings of two passes.
const APART: Duration = Duration::from_secs(60);

/// See the module.
pub(super) struct Eraser {
    metrics: Arc<Metrics>,
    waiting: Vec<Arc<Pending>>,
    began: Option<Instant>,
    runs: Option<Receiver<Pass>>,
}

/// What a pass did.
#[derive(Default)]
struct Pass {
    /// Segments that were written anew.
    renewed: Vec<Sealed>,
    /// The last erasure that is carried out as a whole.
    through: u64,
    failed: Option<StoreError>,
}

impl Eraser {
    pub(super) fn new(metrics: Arc<Metrics>) -> Eraser {
        Eraser { metrics, waiting: Vec::new(), began: None, runs: None }
    }

    /// Takes over what is to be erased and is durable; what is known already stays.
    pub(super) fn add(&mut self, pending: Vec<Arc<Pending>>) {
        let last = self.waiting.last().map_or(0, |pending| pending.seq());
        self.waiting.extend(pending.into_iter().filter(|pending| pending.seq() > last));
    }

    /// Whether there is something to do or to wait for.
    pub(super) fn busy(&self) -> bool {
        !self.waiting.is_empty()
    }

    /// Goes on.
    pub(super) fn turn(&mut self, log: &mut Log) -> Result<(), StoreError> {
        if let Some(runs) = &self.runs {
            let pass = match runs.try_recv() {
                Ok(pass) => pass,
                Err(TryRecvError::Empty) => return Ok(()),
                // It panicked, and said so.
                Err(TryRecvError::Disconnected) => Pass::default(),
            };
            self.runs = None;
            self.done(log, pass);
        }
        if self.waiting.is_empty() || self.began.is_some_and(|began| began.elapsed() < APART) {
            return Ok(());
        }
        self.began = Some(Instant::now());
        match log.seal() {
            Ok(()) => {}
            Err(error @ StoreError::NoRoom { .. }) => {
                fault(format!("{error}; what is erased stays in the files until then"));
                return Ok(());
            }
            Err(error) => return Err(error),
        }
        let (tell, runs) = channel();
        let (disk, sealed, waiting) = (log.disk(), log.sealed().to_vec(), self.waiting.clone());
        let run = move || {
            // Whoever waited may be gone.
            let _ = tell.send(pass(disk.as_ref(), &sealed, &waiting));
        };
        match std::thread::Builder::new().name("erasing".into()).spawn(run) {
            Ok(_) => self.runs = Some(runs),
            Err(error) => fault(format!("a thread that erases cannot be started: {error}")),
        }
        Ok(())
    }

    fn done(&mut self, log: &mut Log, Pass { renewed, through, failed }: Pass) {
        renewed.into_iter().for_each(|segment| log.renew(segment));
        if through > 0 {
            // Behind this whoever reads an entry reads the new file.
            self.metrics.erased.store(through, Release);
            self.waiting.retain(|pending| pending.seq() > through);
        }
        if let Some(error) = failed {
            self.metrics.erasing_failed.fetch_add(1, Relaxed);
            fault(format!("{error}; what is erased stays in the files until that works"));
        }
    }
}

fn pass(disk: &dyn Disk, sealed: &[Sealed], waiting: &[Arc<Pending>]) -> Pass {
    let mut pass = Pass::default();
    let last = waiting.last().map_or(0, |pending| pending.seq());
    for segment in sealed.iter().filter(|segment| segment.first_seq <= last) {
        match erase(disk, segment, &mut |frame| without(waiting, frame)) {
            Ok(renewed) => pass.renewed.extend(renewed),
            Err(error) => {
                pass.failed = Some(error);
                return pass;
            }
        }
    }
    match said_erased(disk, last) {
        Ok(()) => pass.through = last,
        Err(error) => pass.failed = Some(error),
    }
    pass
}
