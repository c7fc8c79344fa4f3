//! The thread that owns the machine.
//!
//! One turn: take what waits, decide all commands as one group, ask the questions, and hand all of
//! it to the writer. While that flushes, the next group is decided. Nothing is answered here.

use crate::limits;
use crate::metrics::Metrics;
use crate::node::follow::Posted;
use crate::node::opening::Opened;
use crate::node::queue::{Queue, Taken, Work};
use crate::node::upkeep::Upkeep;
use crate::node::view::View;
use crate::node::writer::{Group, Writer, die};
use price_core::entry::kind;
use price_core::{Command, Machine};
use std::sync::Arc;
use std::sync::mpsc::SyncSender;
use std::time::{Duration, SystemTime, UNIX_EPOCH};
use tokio::sync::{broadcast, oneshot};

/// How long a queue is waited for before it is looked at again.
const IDLE: Duration = Duration::from_secs(60);
/// How often it is looked for what there is to tell.
const LOOK: Duration = Duration::from_millis(200);
/// Groups that are decided while one is flushed.
const AHEAD: usize = 1;

pub(super) struct Shard {
    machine: Machine,
    recorded_at: i64,
    /// Number of the next entry: the log's, once everything handed over is appended.
    next: u64,
    queue: Arc<Queue>,
    view: Arc<View>,
    writer: Writer,
    upkeep: Upkeep,
}

impl Shard {
    pub(super) fn new(
        opened: Opened,
        queue: Arc<Queue>,
        view: Arc<View>,
        metrics: Arc<Metrics>,
        posted: broadcast::Sender<Arc<Posted>>,
    ) -> Shard {
        let Opened { log, mut machine, recorded_at, upkeep } = opened;
        machine.watch(true);
        // A group may take milliseconds, and who asks what may be used waits for a core, not for the group.
        machine.pause_with(std::thread::yield_now);
        // What a crash kept from being looked at is looked at now.
        machine.look_at_all();
        let (next, erase) = (log.next_seq(), machine.pending_erasures());
        Shard {
            machine,
            recorded_at,
            next,
            upkeep,
            writer: Writer::new(log, queue.clone(), metrics, posted, erase),
            view,
            queue,
        }
    }

    /// Works until the queue is closed and empty, and everything is answered.
    pub(super) fn run(self) {
        let Shard { mut machine, mut recorded_at, mut next, queue, view, writer, mut upkeep } = self;
        let (hand, handed) = std::sync::mpsc::sync_channel::<Group>(AHEAD);
        let Ok(writing) = std::thread::Builder::new().name("log".into()).spawn(move || writer.run(&handed)) else {
            die("a thread for the log cannot be started");
        };
        let work = std::panic::AssertUnwindSafe(move || {
            let mut looked = std::time::Instant::now();
            loop {
                // What contracts let become due is issued between the requests.
                let wait = match machine.due_at().saturating_sub(now().max(recorded_at)) {
                    micros @ 1.. => Duration::from_micros(micros.unsigned_abs()).min(IDLE),
                    _ => {
                        let (reply, _) = oneshot::channel();
                        let strike = vec![Work::Write { commands: vec![Command::Tick], reply }];
                        turn(&mut machine, &mut recorded_at, &mut next, strike, &view, &hand);
                        Duration::ZERO
                    }
                };
                // What there is to tell is looked for now and then, not with every group.
                let looked_at = machine.looks(now().max(recorded_at)).then(|| looked.elapsed());
                let wait = match looked_at {
                    Some(ago) if ago >= LOOK => {
                        let (reply, _) = oneshot::channel();
                        let look = vec![Work::Write { commands: vec![Command::Look], reply }];
                        turn(&mut machine, &mut recorded_at, &mut next, look, &view, &hand);
                        looked = std::time::Instant::now();
                        Duration::ZERO
                    }
                    Some(ago) => wait.min(LOOK - ago),
                    None => wait,
                };
                match queue.take(limits::GROUP_COMMANDS, limits::GROUP_BYTES, wait) {
                    Taken::Work(work) => {
                        turn(&mut machine, &mut recorded_at, &mut next, work, &view, &hand);
                        upkeep.turn(&mut machine).unwrap_or_else(|error| die(error));
                    }
                    Taken::Nothing => upkeep.turn(&mut machine).unwrap_or_else(|error| die(error)),
                    Taken::Closed => return (machine, upkeep),
                }
            }
        });
        let Ok((mut machine, upkeep)) = std::panic::catch_unwind(work) else {
            die("a rule of the machine was broken; what was not acknowledged is not kept");
        };
        // The writer ends the process where it cannot go on, so it ended well.
        let _ = writing.join();
        upkeep.close(&mut machine).unwrap_or_else(|error| die(error));
    }

    #[cfg(test)]
    pub(super) fn prepare_nothing(&mut self) {
        self.writer.prepare_nothing();
    }
}

fn turn(
    machine: &mut Machine,
    recorded_at: &mut i64,
    next: &mut u64,
    work: Vec<Work>,
    view: &Arc<View>,
    hand: &SyncSender<Group>,
) {
    let mut group = Group { first: *next, ..Group::default() };
    let (mut questions, mut all) = (Vec::new(), Vec::new());
    for work in work {
        match work {
            Work::Write { commands, reply } => {
                group.replies.push((reply, commands.len()));
                all.extend(commands);
            }
            Work::Read(question) => questions.push(question),
            Work::Follow(ask) => group.follow.push(ask),
        }
    }
    if !all.is_empty() {
        *recorded_at = now().max(*recorded_at);
        let decided = machine.decide(*next, *recorded_at, &all).unwrap_or_else(|error| die(error));
        *next += decided.entries.len() as u64;
        group.recorded_at = *recorded_at;
        group.entries = decided.entries;
        if group.entries.iter().any(|(kind, _)| *kind == kind::ERASE) {
            group.erase = machine.pending_erasures();
        }
        group.answers = decided.answers;
        let changes = machine.changes();
        machine.look_at(&changes);
        let fresh = view.refresh(machine, &changes, *recorded_at);
        let view = view.clone();
        group.found.push(Box::new(move || view.install(fresh)));
    }
    // They see this group, so what they found leaves with it.
    group.found.extend(questions.into_iter().map(|question| question(machine)));
    machine.sound().unwrap_or_else(|error| die(error));
    if hand.send(group).is_err() {
        die("the log is no longer written");
    }
}

/// Microseconds since 1970.
fn now() -> i64 {
    let since = SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default();
    i64::try_from(since.as_micros()).unwrap_or(i64::MAX)
}

#[cfg(test)]
mod tests;
