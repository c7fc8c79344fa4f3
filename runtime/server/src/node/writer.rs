//! The thread that owns the log: appends what was decided, flushes it, and lets the answers out.

use crate::logs::fault;
use crate::metrics::Metrics;
use crate::node::erasing::Eraser;
use crate::node::follow::{Ask, Followed, Posted};
use crate::node::queue::{Found, Queue};
use price_core::Answer;
use price_core::erasure::Pending;
use price_store::log::{Log, Preparer};
use price_store::{Entry, StoreError};
use std::fmt::Display;
use std::sync::Arc;
use std::sync::atomic::Ordering::Relaxed;
use std::sync::mpsc::{Receiver, RecvTimeoutError, SyncSender};
use std::time::{Duration, Instant};
use tokio::sync::{broadcast, oneshot};

/// What was decided together.
#[derive(Default)]
pub(super) struct Group {
    /// Number of its first entry.
    pub(super) first: u64,
    pub(super) recorded_at: i64,
    pub(super) entries: Vec<(u16, Vec<u8>)>,
    pub(super) answers: Vec<Answer>,
    /// Where the answers go, and how many of them.
    pub(super) replies: Vec<(oneshot::Sender<Vec<Answer>>, usize)>,
    /// What questions found.
    pub(super) found: Vec<Found>,
    /// Who wants to follow.
    pub(super) follow: Vec<Ask>,
    /// What is erased and still in the files, where one of the entries erases something.
    pub(super) erase: Vec<Arc<Pending>>,
}

/// After so long without work the log is marked: its end is then told from a torn one.
const IDLE: Duration = Duration::from_millis(500);
/// The same while something is erased, whose end is looked for.
const ERASING: Duration = Duration::from_millis(20);
/// How often room is looked for when there is none.
const ROOM: Duration = Duration::from_secs(1);
/// Bytes after which the next segment is made: less than the smallest segment holds.
const AHEAD_BYTES: u64 = 16 << 20;

pub(super) struct Writer {
    log: Log,
    queue: Arc<Queue>,
    metrics: Arc<Metrics>,
    posted: broadcast::Sender<Arc<Posted>>,
    /// Bytes appended since a segment was prepared, or since the start.
    since: u64,
    ahead: Option<SyncSender<()>>,
    eraser: Eraser,
}

impl Writer {
    pub(super) fn new(
        log: Log,
        queue: Arc<Queue>,
        metrics: Arc<Metrics>,
        posted: broadcast::Sender<Arc<Posted>>,
        erase: Vec<Arc<Pending>>,
    ) -> Writer {
        let mut eraser = Eraser::new(metrics.clone());
        eraser.add(erase);
        Writer { ahead: prepare_ahead(log.preparer()), log, queue, metrics, posted, since: 0, eraser }
    }

    /// Segments are made when they are needed, so that a test decides whether there is room.
    #[cfg(test)]
    pub(super) fn prepare_nothing(&mut self) {
        self.ahead = None;
    }

    /// Works until nobody hands anything over any more.
    pub(super) fn run(mut self, handed: &Receiver<Group>) {
        let work = std::panic::AssertUnwindSafe(|| {
            loop {
                let wait = if self.eraser.busy() { ERASING } else { IDLE };
                match handed.recv_timeout(wait) {
                    Ok(group) => self.turn(group, handed),
                    Err(RecvTimeoutError::Timeout) => self.mark(),
                    Err(RecvTimeoutError::Disconnected) => return self.mark(),
                }
                self.eraser.turn(&mut self.log).unwrap_or_else(|error| die(error));
            }
        });
        if std::panic::catch_unwind(work).is_err() {
            die("a rule of the log was broken; what was not acknowledged is not kept");
        }
    }

    /// Groups that wait share a flush.
    fn turn(&mut self, group: Group, handed: &Receiver<Group>) {
        self.append(&group);
        let mut groups = vec![group];
        if let Ok(next) = handed.try_recv() {
            self.append(&next);
            groups.push(next);
        }
        self.flush(groups.iter().map(|group| group.entries.len() as u64).sum());
        for mut group in groups {
            // It is durable that it is erased.
            self.eraser.add(std::mem::take(&mut group.erase));
            self.release(group);
        }
    }

    /// Appends; where there is no room, nothing was written, and the same group waits for some.
    fn append(&mut self, group: &Group) {
        if group.entries.is_empty() {
            return;
        }
        assert_eq!(group.first, self.log.next_seq(), "entries get the numbers they were decided under");
        let recorded_at = group.recorded_at;
        self.since += group.entries.iter().map(|(_, payload)| payload.len() as u64 + 64).sum::<u64>();
        let entries: Vec<Entry<'_>> =
            group.entries.iter().map(|(kind, payload)| Entry { shard: 0, kind: *kind, recorded_at, payload }).collect();
        loop {
            match self.log.append(&entries) {
                Ok(_) => return self.metrics.no_room.store(0, Relaxed),
                Err(error @ StoreError::NoRoom { .. }) => {
                    if self.metrics.no_room.swap(1, Relaxed) == 0 {
                        fault(format!("{error}; nothing is acknowledged until then"));
                    }
                    if self.queue.is_closed() {
                        die("stopped while the disk had no room");
                    }
                    std::thread::sleep(ROOM);
                }
                Err(error) => die(error),
            }
        }
    }

    /// When this returns, everything that was appended is durable.
    fn flush(&mut self, entries: u64) {
        let started = Instant::now();
        match self.log.sync() {
            Ok(durable) => self.metrics.durable.store(durable, Relaxed),
            Err(error) => die(error),
        }
        if entries > 0 {
            self.metrics.synced(started.elapsed());
            self.metrics.groups.fetch_add(1, Relaxed);
            self.metrics.entries.fetch_add(entries, Relaxed);
        }
        if self.since > AHEAD_BYTES
            && let Some(ahead) = &self.ahead
            && ahead.try_send(()).is_ok()
        {
            self.since = 0;
        }
    }

    /// The one place where answers leave.
    fn release(&mut self, group: Group) {
        let Group { first, entries, answers, replies, found, follow, .. } = group;
        if self.posted.receiver_count() > 0 {
            for (seq, (kind, payload)) in (first..).zip(entries) {
                if let Some(posted) = Posted::of(seq, kind, &payload) {
                    // Whoever listened may be gone.
                    let _ = self.posted.send(Arc::new(posted));
                }
            }
        }
        // First what is read without asking: whoever has an answer to a write sees what it changed.
        for found in found {
            found();
        }
        let mut answers = answers.into_iter();
        for (reply, count) in replies {
            // Whoever asked may be gone; what was decided stays.
            let _ = reply.send(answers.by_ref().take(count).collect());
        }
        for Ask { after, reply } in follow {
            let _ = reply.send(Followed::begin(&self.log, after, &self.posted));
        }
    }

    fn mark(&mut self) {
        match self.log.mark() {
            // A mark says nothing new; it waits for another time.
            Ok(_) | Err(StoreError::NoRoom { .. }) => {}
            Err(error) => die(error),
        }
    }
}

/// A thread that makes segments. Without it they are made when they are needed.
fn prepare_ahead(preparer: Preparer) -> Option<SyncSender<()>> {
    let (ahead, asked) = std::sync::mpsc::sync_channel(1);
    let work = move || {
        while asked.recv().is_ok() {
            // What cannot be made now is made, or said, when it is needed.
            let _ = preparer.prepare();
        }
    };
    std::thread::Builder::new().name("segments".into()).spawn(work).ok().map(|_| ahead)
}

/// Ends the process: what is in memory may no longer be what is on the disk. Starting again
/// recovers everything that was acknowledged.
pub(super) fn die(why: impl Display) -> ! {
    fault(why);
    fault("the process ends; start it again, it recovers what was acknowledged");
    std::process::abort()
}
