//! What waits for the shard, bounded by count and by bytes.

use crate::metrics::Metrics;
use crate::node::Refused;
use price_core::{Answer, Command, Machine};
use std::collections::VecDeque;
use std::sync::atomic::Ordering::Relaxed;
use std::sync::{Arc, Condvar, Mutex, MutexGuard, PoisonError};
use std::time::Duration;
use tokio::sync::oneshot;

/// Gives what a question found to whoever asked.
pub(super) type Found = Box<dyn FnOnce() + Send>;

/// Something for the shard to do.
pub(super) enum Work {
    /// Commands to be decided, and where their answers go.
    Write { commands: Vec<Command>, reply: oneshot::Sender<Vec<Answer>> },
    /// A question.
    Read(Box<dyn FnOnce(&mut Machine) -> Found + Send>),
}

/// What a shard gets when it asks for work.
pub(super) enum Taken {
    /// At least one, in order.
    Work(Vec<Work>),
    /// Nothing came for a while.
    Nothing,
    /// Nothing is left, and nothing more comes.
    Closed,
}

#[derive(Default)]
struct Inner {
    waiting: VecDeque<(Work, usize)>,
    bytes: usize,
    closed: bool,
}

/// See the module.
pub(super) struct Queue {
    inner: Mutex<Inner>,
    filled: Condvar,
    requests_max: usize,
    bytes_max: usize,
    metrics: Arc<Metrics>,
}

impl Queue {
    pub(super) fn new(requests_max: usize, bytes_max: usize, metrics: Arc<Metrics>) -> Queue {
        Queue { inner: Mutex::default(), filled: Condvar::new(), requests_max, bytes_max, metrics }
    }

    fn lock(&self) -> MutexGuard<'_, Inner> {
        // What is inside is whole at every moment.
        self.inner.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn measure(&self, inner: &Inner) {
        self.metrics.queue_requests.store(inner.waiting.len() as u64, Relaxed);
        self.metrics.queue_bytes.store(inner.bytes as u64, Relaxed);
    }

    /// Puts work at the end, if there is room. An empty queue takes any.
    pub(super) fn push(&self, work: Work, bytes: usize) -> Result<(), Refused> {
        let mut inner = self.lock();
        if inner.closed {
            return Err(Refused::Closing);
        }
        let full = inner.waiting.len() >= self.requests_max || inner.bytes + bytes > self.bytes_max;
        if full && !inner.waiting.is_empty() {
            return Err(Refused::Busy);
        }
        inner.waiting.push_back((work, bytes));
        inner.bytes += bytes;
        self.measure(&inner);
        drop(inner);
        self.filled.notify_one();
        Ok(())
    }

    /// Takes what waits from the front, up to so many commands and bytes but at least one, and
    /// waits for it so long.
    pub(super) fn take(&self, commands_max: usize, bytes_max: usize, wait: Duration) -> Taken {
        let mut inner = self.lock();
        if inner.waiting.is_empty() && !inner.closed {
            let empty = |inner: &mut Inner| inner.waiting.is_empty() && !inner.closed;
            inner = self.filled.wait_timeout_while(inner, wait, empty).unwrap_or_else(PoisonError::into_inner).0;
        }
        let (mut work, mut commands, mut bytes) = (Vec::new(), 0, 0);
        while let Some((next, size)) = inner.waiting.front() {
            let count = if let Work::Write { commands, .. } = next { commands.len() } else { 1 };
            if !work.is_empty() && (commands + count > commands_max || bytes + size > bytes_max) {
                break;
            }
            commands += count;
            bytes += size;
            let Some((next, size)) = inner.waiting.pop_front() else { break };
            inner.bytes -= size;
            work.push(next);
        }
        self.measure(&inner);
        match (work.is_empty(), inner.closed) {
            (false, _) => Taken::Work(work),
            (true, true) => Taken::Closed,
            (true, false) => Taken::Nothing,
        }
    }

    /// Whether nothing more is taken in.
    pub(super) fn is_closed(&self) -> bool {
        self.lock().closed
    }

    /// Takes nothing more in. What waits is still taken out.
    pub(super) fn close(&self) {
        self.lock().closed = true;
        self.filled.notify_all();
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read() -> Work {
        Work::Read(Box::new(|_| Box::new(|| ())))
    }

    fn write(commands: usize) -> Work {
        let one = Command::Revert { tenant: "t".into(), set: "s".into() };
        Work::Write { commands: vec![one; commands], reply: oneshot::channel().0 }
    }

    fn taken(queue: &Queue, commands: usize, bytes: usize) -> usize {
        match queue.take(commands, bytes, Duration::ZERO) {
            Taken::Work(work) => work.len(),
            Taken::Nothing => 0,
            Taken::Closed => usize::MAX,
        }
    }

    #[test]
    fn what_is_too_much_is_turned_away() {
        let queue = Queue::new(3, 100, Arc::default());
        assert_eq!(queue.push(read(), 500), Ok(()), "an empty queue takes any");
        assert_eq!(queue.push(read(), 1), Err(Refused::Busy), "bytes");
        assert_eq!(taken(&queue, 10, 10), 1);
        for _ in 0..3 {
            assert_eq!(queue.push(read(), 1), Ok(()));
        }
        assert_eq!(queue.push(read(), 1), Err(Refused::Busy), "requests");
        queue.close();
        assert_eq!(queue.push(read(), 1), Err(Refused::Closing));
        assert_eq!(taken(&queue, 2, 10), 2, "what waits is still done");
        assert_eq!(taken(&queue, 2, 10), 1);
        assert_eq!(taken(&queue, 2, 10), usize::MAX);
    }

    #[test]
    fn a_group_is_bounded_but_takes_at_least_one() {
        let queue = Queue::new(100, 1_000, Arc::default());
        for commands in [50, 3, 3, 3] {
            queue.push(write(commands), 10).expect("room");
        }
        assert_eq!(taken(&queue, 7, 1_000), 1, "one that is larger goes alone");
        assert_eq!(taken(&queue, 7, 1_000), 2);
        assert_eq!(taken(&queue, 7, 5), 1, "bytes");
        assert_eq!(taken(&queue, 7, 5), 0);
    }
}
