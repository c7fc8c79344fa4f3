//! The thread that owns the log and the machine.
//!
//! One turn: take what waits, decide all commands as one group, append it, flush it, let the
//! answers out, then answer the questions. So an answer and what a question sees are durable.

use crate::limits;
use crate::metrics::Metrics;
use crate::node::opening::Opened;
use crate::node::queue::{Queue, Taken, Work};
use price_core::{Answer, Command, Machine};
use price_store::log::{Log, Preparer};
use price_store::{Entry, StoreError};
use std::fmt::Display;
use std::sync::Arc;
use std::sync::atomic::Ordering::Relaxed;
use std::time::{Duration, Instant, SystemTime, UNIX_EPOCH};
use tokio::sync::{broadcast, oneshot};

/// An event that was accepted.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Posted {
    pub(crate) tenant: String,
    pub(crate) seq: u64,
    /// The JSON text.
    pub(crate) record: String,
}

/// After so long without work the log is marked: its end is then told from a torn one.
const IDLE: Duration = Duration::from_millis(500);
/// How often room is looked for when there is none.
const ROOM: Duration = Duration::from_secs(1);

pub(super) struct Shard {
    log: Log,
    machine: Machine,
    recorded_at: i64,
    queue: Arc<Queue>,
    metrics: Arc<Metrics>,
    posted: broadcast::Sender<Arc<Posted>>,
    /// Bytes appended since a segment was prepared, or since the start.
    since: u64,
    ahead: Option<std::sync::mpsc::SyncSender<()>>,
}

type Reply = (oneshot::Sender<Vec<Answer>>, usize);

impl Shard {
    pub(super) fn new(
        opened: Opened,
        queue: Arc<Queue>,
        metrics: Arc<Metrics>,
        posted: broadcast::Sender<Arc<Posted>>,
    ) -> Shard {
        let Opened { log, machine, recorded_at } = opened;
        Shard { ahead: prepare_ahead(log.preparer()), log, machine, recorded_at, queue, metrics, posted, since: 0 }
    }

    /// Works until the queue is closed and empty.
    pub(super) fn run(mut self) {
        let work = std::panic::AssertUnwindSafe(|| {
            loop {
                match self.queue.take(limits::GROUP_COMMANDS, limits::GROUP_BYTES, IDLE) {
                    Taken::Work(work) => self.turn(work),
                    Taken::Nothing => self.mark(),
                    Taken::Closed => return self.mark(),
                }
            }
        });
        if std::panic::catch_unwind(work).is_err() {
            die("a rule of the machine was broken; what was not acknowledged is not kept");
        }
    }

    fn turn(&mut self, work: Vec<Work>) {
        let (mut commands, mut replies, mut questions) = (Vec::new(), Vec::<Reply>::new(), Vec::new());
        for work in work {
            match work {
                Work::Write { commands: more, reply } => {
                    replies.push((reply, more.len()));
                    commands.extend(more);
                }
                Work::Read(question) => questions.push(question),
            }
        }
        if !replies.is_empty() {
            let answers = self.commit(&commands);
            self.release(commands, answers, replies);
        }
        for question in questions {
            question(&mut self.machine);
        }
    }

    /// Decides, appends and flushes. When this returns, everything it returns is durable.
    fn commit(&mut self, commands: &[Command]) -> Vec<Answer> {
        self.recorded_at = now().max(self.recorded_at);
        let decided = match self.machine.decide(self.log.next_seq(), self.recorded_at, commands) {
            Ok(decided) => decided,
            Err(error) => die(error),
        };
        let recorded_at = self.recorded_at;
        let entry = |(kind, payload): &(u16, Vec<u8>)| (*kind, payload.len());
        self.since += decided.entries.iter().map(entry).map(|(_, bytes)| bytes as u64 + 64).sum::<u64>();
        let entries: Vec<Entry<'_>> = decided
            .entries
            .iter()
            .map(|(kind, payload)| Entry { shard: 0, kind: *kind, recorded_at, payload })
            .collect();
        self.append(&entries);
        let started = Instant::now();
        match self.log.sync() {
            Ok(durable) => self.metrics.durable.store(durable, Relaxed),
            Err(error) => die(error),
        }
        if !entries.is_empty() {
            self.metrics.synced(started.elapsed());
            self.metrics.groups.fetch_add(1, Relaxed);
            self.metrics.entries.fetch_add(entries.len() as u64, Relaxed);
        }
        self.look_ahead();
        decided.answers
    }

    /// Appends; where there is no room, nothing was written, and the same group waits for some.
    fn append(&mut self, entries: &[Entry<'_>]) {
        loop {
            match self.log.append(entries) {
                Ok(_) => return self.metrics.no_room.store(0, Relaxed),
                Err(error @ StoreError::NoRoom { .. }) => {
                    if self.metrics.no_room.swap(1, Relaxed) == 0 {
                        eprintln!("price: {error}; nothing is acknowledged until then");
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

    /// The one place where answers leave.
    fn release(&mut self, commands: Vec<Command>, answers: Vec<Answer>, replies: Vec<Reply>) {
        if self.posted.receiver_count() > 0 {
            for (command, answer) in commands.into_iter().zip(&answers) {
                if let (
                    Command::Usage { tenant, record, .. } | Command::Replace { tenant, record },
                    Answer::Accepted { seq },
                ) = (command, answer)
                {
                    // Whoever listened may be gone.
                    let _ = self.posted.send(Arc::new(Posted { tenant, seq: *seq, record }));
                }
            }
        }
        let mut answers = answers.into_iter();
        for (reply, count) in replies {
            // Whoever asked may be gone; what was decided stays.
            let _ = reply.send(answers.by_ref().take(count).collect());
        }
    }

    fn mark(&mut self) {
        if let Err(error) = self.log.mark() {
            match error {
                // A mark says nothing new; it waits for another time.
                StoreError::NoRoom { .. } => {}
                error => die(error),
            }
        }
    }

    /// Has the next segment made while there is time.
    fn look_ahead(&mut self) {
        if self.since > AHEAD_BYTES
            && let Some(ahead) = &self.ahead
            && ahead.try_send(()).is_ok()
        {
            self.since = 0;
        }
    }
}

/// Bytes after which the next segment is made: less than the smallest segment holds.
const AHEAD_BYTES: u64 = 16 << 20;

/// A thread that makes segments. Without it they are made when they are needed.
fn prepare_ahead(preparer: Preparer) -> Option<std::sync::mpsc::SyncSender<()>> {
    let (ahead, asked) = std::sync::mpsc::sync_channel(1);
    let work = move || {
        while asked.recv().is_ok() {
            // What cannot be made now is made, or said, when it is needed.
            let _ = preparer.prepare();
        }
    };
    std::thread::Builder::new().name("segments".into()).spawn(work).ok().map(|_| ahead)
}

/// Microseconds since 1970.
fn now() -> i64 {
    let since = SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default();
    i64::try_from(since.as_micros()).unwrap_or(i64::MAX)
}

/// Ends the process: what is in memory may no longer be what is on the disk. Starting again
/// recovers everything that was acknowledged.
fn die(why: impl Display) -> ! {
    eprintln!("price: {why}");
    eprintln!("price: the process ends; start it again, it recovers what was acknowledged");
    std::process::abort()
}
