//! A node: the log, the machine, and the queue in front of them.

mod erasing;
mod follow;
mod opening;
mod queue;
mod shard;
mod upkeep;
mod view;
mod writer;

pub(crate) use follow::{FollowError, Followed, Past, Piece, Posted};
pub use opening::NodeError;

use crate::asked;
use crate::home::Home;
use crate::limits;
use crate::metrics::Metrics;
use price_core::enforce::{Checked, NotChecked};
use price_core::{Answer, Command, Machine};
use price_ir::KernelFactory;
use queue::{Queue, Work};
use std::sync::atomic::Ordering::Relaxed;
use std::sync::{Arc, Mutex, PoisonError};
use std::thread::JoinHandle;
use tokio::sync::{broadcast, oneshot};
use view::View;

/// How a node is kept.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Options {
    /// Size of a new log segment, in MiB.
    pub segment_mib: u64,
    /// Requests that may wait.
    pub queue_requests: usize,
    /// Bytes of requests that may wait.
    pub queue_bytes: usize,
    /// Entries after which a checkpoint is made.
    pub checkpoint_entries: u64,
}

impl Default for Options {
    fn default() -> Options {
        Options {
            segment_mib: price_store::limits::SEGMENT_BYTES_DEFAULT >> 20,
            queue_requests: limits::QUEUE_REQUESTS,
            queue_bytes: limits::QUEUE_BYTES,
            checkpoint_entries: limits::CHECKPOINT_ENTRIES,
        }
    }
}

/// Why a request was not taken. It changed nothing, and may be sent again.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum Refused {
    /// As much waits as may.
    #[error("as many requests wait as may; send it again in a moment")]
    Busy,
    /// The node stops.
    #[error("the server stops; send it again when it is back")]
    Closing,
}

/// An open node. Dropping it closes it.
pub struct Node {
    queue: Arc<Queue>,
    view: Arc<View>,
    metrics: Arc<Metrics>,
    thread: Mutex<Option<JoinHandle<()>>>,
    opened: Opening,
}

/// What was read to open a node.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Opening {
    /// Entries that were replayed.
    pub replayed: u64,
    /// The last entry of the checkpoint before them, if one was taken up.
    pub checkpoint: Option<u64>,
}

impl std::fmt::Display for Opening {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "{} entries", self.replayed)?;
        self.checkpoint.map_or(Ok(()), |seq| write!(f, " behind the checkpoint at {seq}"))
    }
}

impl Node {
    /// Opens the log of a data directory, makes it where there is none, and replays it.
    pub fn open(home: &Home, options: Options, factory: Arc<dyn KernelFactory>) -> Result<Node, NodeError> {
        Node::open_counted(home, options, factory, Arc::new(Metrics::default()))
    }

    pub(crate) fn open_counted(
        home: &Home,
        options: Options,
        factory: Arc<dyn KernelFactory>,
        metrics: Arc<Metrics>,
    ) -> Result<Node, NodeError> {
        let opened = opening::open(home, options, factory, &metrics)?;
        let checkpoint = opened.upkeep.kept();
        let replayed = opened.machine.applied() - checkpoint.unwrap_or(0);
        let begun = Opening { replayed, checkpoint };
        let queue = Arc::new(Queue::new(options.queue_requests, options.queue_bytes, metrics.clone()));
        let (posted, _) = broadcast::channel(limits::POSTINGS_BEHIND);
        let view = Arc::new(View::default());
        let shard = shard::Shard::new(opened, queue.clone(), view.clone(), metrics.clone(), posted);
        let thread = std::thread::Builder::new().name("shard".into()).spawn(move || shard.run());
        let thread = thread.map_err(NodeError::Thread)?;
        Ok(Node { queue, view, metrics, thread: Mutex::new(Some(thread)), opened: begun })
    }

    /// What was read to open it.
    pub fn opened(&self) -> Opening {
        self.opened
    }

    /// Has commands decided, all of them in one group. The answers are durable.
    pub async fn write(&self, commands: Vec<Command>) -> Result<Vec<Answer>, Refused> {
        self.send(commands)?.await.map_err(|_| Refused::Closing)
    }

    /// [`Node::write`] for a thread that may wait.
    pub fn write_blocking(&self, commands: Vec<Command>) -> Result<Vec<Answer>, Refused> {
        self.send(commands)?.blocking_recv().map_err(|_| Refused::Closing)
    }

    fn send(&self, commands: Vec<Command>) -> Result<oneshot::Receiver<Vec<Answer>>, Refused> {
        let (reply, answer) = oneshot::channel();
        let bytes = commands.iter().map(bytes).sum();
        let lane: Arc<str> = commands.first().map_or("", tenant).into();
        self.push(&lane, Work::Write { commands, reply }, bytes)?;
        Ok(answer)
    }

    /// Asks the machine something. It sees what is durable, and what was answered before. It waits in
    /// the lane of the tenant whose request this is.
    pub async fn read<T: Send + 'static>(
        &self,
        question: impl FnOnce(&mut Machine) -> T + Send + 'static,
    ) -> Result<T, Refused> {
        let (work, answer) = asked(question);
        let lane = asked::tenant().unwrap_or_default();
        self.push(&lane, work, READ_BYTES)?;
        answer.await.map_err(|_| Refused::Closing)
    }

    /// [`Node::read`] for the server itself, which asks again later: it is nobody's request.
    pub(crate) async fn look<T: Send + 'static>(
        &self,
        question: impl FnOnce(&mut Machine) -> T + Send + 'static,
    ) -> Result<T, Refused> {
        let (work, answer) = asked(question);
        self.queue.push("", work, READ_BYTES)?;
        answer.await.map_err(|_| Refused::Closing)
    }

    fn push(&self, lane: &str, work: Work, bytes: usize) -> Result<(), Refused> {
        let pushed = self.queue.push(lane, work, bytes);
        if pushed == Err(Refused::Busy) {
            self.metrics.busy.fetch_add(1, Relaxed);
        }
        pushed
    }

    /// Waits until nothing is due that is due now.
    pub(crate) async fn struck(&self) -> Result<(), Refused> {
        loop {
            let answers = self.write(vec![Command::Tick]).await?;
            if answers.first() != Some(&Answer::Ticked { more: true }) {
                return Ok(());
            }
        }
    }

    /// What an account may do at an instant in microseconds.
    pub(crate) async fn check(
        &self,
        tenant: &Arc<str>,
        account: &str,
        now: i64,
    ) -> Result<Result<Arc<Checked>, NotChecked>, Refused> {
        if let Some(row) = self.view.get(tenant, account, now) {
            return Ok(Ok(row));
        }
        let (view, tenant, account) = (self.view.clone(), tenant.clone(), account.to_owned());
        self.read(move |machine| {
            let row = Arc::new(machine.check(&tenant, &account, now)?);
            view.put(tenant, row.clone());
            Ok(row)
        })
        .await
    }

    /// What is accepted after an entry, or from now on.
    pub(crate) async fn follow(&self, after: Option<u64>) -> Result<Result<Followed, FollowError>, Refused> {
        let (reply, answer) = oneshot::channel();
        let lane = asked::tenant().unwrap_or_default();
        self.push(&lane, Work::Follow(follow::Ask { after, reply }), READ_BYTES)?;
        answer.await.map_err(|_| Refused::Closing)
    }

    /// Lets what waits be answered, closes the log and ends the thread.
    pub fn close(&self) {
        self.queue.close();
        let thread = self.thread.lock().unwrap_or_else(PoisonError::into_inner).take();
        if let Some(thread) = thread {
            // A shard that panics ends the process, so it ended well.
            let _ = thread.join();
        }
    }
}

impl Drop for Node {
    fn drop(&mut self) {
        self.close();
    }
}

/// A question, and where its answer comes.
fn asked<T: Send + 'static>(question: impl FnOnce(&mut Machine) -> T + Send + 'static) -> (Work, oneshot::Receiver<T>) {
    let (reply, answer) = oneshot::channel();
    let ask = move |machine: &mut Machine| -> queue::Found {
        let found = question(machine);
        Box::new(move || {
            // Whoever asked may be gone.
            let _ = reply.send(found);
        })
    };
    (Work::Read(Box::new(ask)), answer)
}

/// Whose a command is; nobody's where the server asks itself.
fn tenant(command: &Command) -> &str {
    match command {
        Command::Usage { tenant, .. }
        | Command::Replace { tenant, .. }
        | Command::Void { tenant, .. }
        | Command::Revert { tenant, .. }
        | Command::Publish { tenant, .. }
        | Command::PublishSigned { tenant, .. }
        | Command::Subscribe { tenant, .. }
        | Command::Retry { tenant, .. }
        | Command::Erase { tenant, .. }
        | Command::Billing { tenant, .. }
        | Command::Enforce { tenant, .. }
        | Command::Notify { tenant, .. }
        | Command::EndTokens { tenant, .. } => tenant,
        Command::Once { once, .. } => &once.tenant,
        Command::Look | Command::Tick => "",
    }
}

/// What a question counts in the queue.
const READ_BYTES: usize = 256;

/// What a command counts in the queue: its texts, and what holds them.
fn bytes(command: &Command) -> usize {
    let texts = match command {
        Command::Usage { record, .. } | Command::Replace { record, .. } => record.len(),
        Command::Void { source, id, .. } => source.len() + id.len(),
        Command::Revert { set, .. } => set.len(),
        Command::Publish { artefact, .. } | Command::PublishSigned { artefact, .. } => artefact.len(),
        Command::Subscribe { subscription, .. } => subscription.account.len() + subscription.plan.len(),
        Command::Retry { record, .. } => record.as_ref().map_or(0, String::len),
        Command::Erase { .. } => price_core::limits::REASON_BYTES + price_core::limits::IDENTITY_BYTES,
        Command::Billing { .. } => price_core::limits::REASON_BYTES,
        Command::Enforce { .. } => price_core::limits::IDENTITY_BYTES,
        Command::Notify { .. } => price_core::limits::URL_BYTES,
        Command::EndTokens { .. } => price_core::limits::IDENTITY_BYTES,
        Command::Look | Command::Tick => 0,
        // With the answers, which become an entry too.
        Command::Once { once, commands } => {
            let answers = commands.len() * price_core::limits::ONCE_MESSAGE_BYTES;
            once.key.len() + answers + commands.iter().map(bytes).sum::<usize>()
        }
    };
    texts + 96
}
