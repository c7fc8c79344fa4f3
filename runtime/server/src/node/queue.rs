//! What waits for the shard, bounded by count and by bytes.
//!
//! Each tenant has a lane, and lanes are served in turn: before what one tenant asks for is taken, at
//! most one thing of each other tenant is, however much they have waiting. What one tenant asks for
//! is taken in its order. Where all room is taken, a tenant that has little of it still gets some.

use crate::limits;
use crate::metrics::Metrics;
use crate::node::Refused;
use crate::node::follow::Ask;
use price_core::{Answer, Command, Machine};
use std::collections::{HashMap, VecDeque};
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
    /// Somebody who wants to follow what is accepted.
    Follow(Ask),
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

/// What waits of one tenant.
#[derive(Default)]
struct Lane {
    waiting: VecDeque<(Work, usize)>,
    bytes: usize,
}

#[derive(Default)]
struct Inner {
    /// Those in which something waits.
    lanes: HashMap<Arc<str>, Lane>,
    /// Their names, the next one first.
    turns: VecDeque<Arc<str>>,
    count: usize,
    bytes: usize,
    closed: bool,
}

impl Inner {
    /// What is taken next.
    fn next(&self) -> Option<&(Work, usize)> {
        self.lanes.get(self.turns.front()?)?.waiting.front()
    }

    /// Takes it; its lane goes behind the others.
    fn pop(&mut self) -> Option<Work> {
        let name = self.turns.pop_front()?;
        let lane = self.lanes.get_mut(&name)?;
        let (work, size) = lane.waiting.pop_front()?;
        lane.bytes -= size;
        match lane.waiting.is_empty() {
            true => drop(self.lanes.remove(&name)),
            false => self.turns.push_back(name),
        }
        self.count -= 1;
        self.bytes -= size;
        Some(work)
    }
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
        self.metrics.queue_requests.store(inner.count as u64, Relaxed);
        self.metrics.queue_bytes.store(inner.bytes as u64, Relaxed);
    }

    /// Puts work at the end of the lane of a tenant, if there is room. An empty queue takes any.
    pub(super) fn push(&self, tenant: &str, work: Work, bytes: usize) -> Result<(), Refused> {
        let mut inner = self.lock();
        if inner.closed {
            return Err(Refused::Closing);
        }
        if inner.count > 0 && !self.room(&inner, tenant, bytes) {
            return Err(Refused::Busy);
        }
        if !inner.lanes.contains_key(tenant) {
            let name: Arc<str> = tenant.into();
            inner.turns.push_back(name.clone());
            inner.lanes.insert(name, Lane::default());
        }
        if let Some(lane) = inner.lanes.get_mut(tenant) {
            lane.waiting.push_back((work, bytes));
            lane.bytes += bytes;
        }
        inner.count += 1;
        inner.bytes += bytes;
        self.measure(&inner);
        drop(inner);
        self.filled.notify_one();
        Ok(())
    }

    fn room(&self, inner: &Inner, tenant: &str, bytes: usize) -> bool {
        let fits = |requests: usize, most: usize| inner.count < requests && inner.bytes + bytes <= most;
        let (waits, held) = inner.lanes.get(tenant).map_or((0, 0), |lane| (lane.waiting.len(), lane.bytes));
        let part = |all: usize| all / limits::QUEUE_PART;
        let little = waits == 0 || (waits < part(self.requests_max) && held + bytes <= part(self.bytes_max));
        let more = |all: usize| all + all.div_ceil(limits::QUEUE_KEPT);
        fits(self.requests_max, self.bytes_max) || (little && fits(more(self.requests_max), more(self.bytes_max)))
    }

    /// Takes what waits, each tenant in its turn, up to so many commands and bytes but at least one, and
    /// waits for it so long.
    pub(super) fn take(&self, commands_max: usize, bytes_max: usize, wait: Duration) -> Taken {
        let mut inner = self.lock();
        if inner.count == 0 && !inner.closed {
            let empty = |inner: &mut Inner| inner.count == 0 && !inner.closed;
            inner = self.filled.wait_timeout_while(inner, wait, empty).unwrap_or_else(PoisonError::into_inner).0;
        }
        let (mut work, mut commands, mut bytes) = (Vec::new(), 0, 0);
        while let Some((next, size)) = inner.next() {
            let count = if let Work::Write { commands, .. } = next { commands.len() } else { 1 };
            if !work.is_empty() && (commands + count > commands_max || bytes + size > bytes_max) {
                break;
            }
            commands += count;
            bytes += size;
            let Some(next) = inner.pop() else { break };
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
        assert_eq!(queue.push("t", read(), 500), Ok(()), "an empty queue takes any");
        assert_eq!(queue.push("t", read(), 1), Err(Refused::Busy), "bytes");
        assert_eq!(taken(&queue, 10, 10), 1);
        for _ in 0..3 {
            assert_eq!(queue.push("t", read(), 1), Ok(()));
        }
        assert_eq!(queue.push("t", read(), 1), Err(Refused::Busy), "requests");
        queue.close();
        assert_eq!(queue.push("t", read(), 1), Err(Refused::Closing));
        assert_eq!(taken(&queue, 2, 10), 2, "what waits is still done");
        assert_eq!(taken(&queue, 2, 10), 1);
        assert_eq!(taken(&queue, 2, 10), usize::MAX);
    }

    #[test]
    fn a_group_is_bounded_but_takes_at_least_one() {
        let queue = Queue::new(100, 1_000, Arc::default());
        for commands in [50, 3, 3, 3] {
            queue.push("t", write(commands), 10).expect("room");
        }
        assert_eq!(taken(&queue, 7, 1_000), 1, "one that is larger goes alone");
        assert_eq!(taken(&queue, 7, 1_000), 2);
        assert_eq!(taken(&queue, 7, 5), 1, "bytes");
        assert_eq!(taken(&queue, 7, 5), 0);
    }

    /// How many commands each of what is taken has.
    fn counts(queue: &Queue, commands: usize) -> Vec<usize> {
        let Taken::Work(work) = queue.take(commands, 1 << 20, Duration::ZERO) else { return Vec::new() };
        work.iter().map(|work| if let Work::Write { commands, .. } = work { commands.len() } else { 0 }).collect()
    }

    #[test]
    fn the_storm_of_one_tenant_keeps_another_waiting_for_one_turn() {
        let queue = Queue::new(64, 100_000, Arc::default());
        while queue.push("storm", write(100), 100).is_ok() {}
        assert_eq!(queue.metrics.queue_requests.load(Relaxed), 64, "the storm has all room");
        for calm in 1..=8 {
            assert_eq!(queue.push("calm", write(1), 10), Ok(()), "{calm}: some is kept for others");
        }
        assert_eq!(queue.push("calm", write(1), 10), Err(Refused::Busy), "which is bounded, too");
        assert_eq!(queue.push("storm", write(1), 10), Err(Refused::Busy));
        // Though the storm came first, and fills a group with each of its requests.
        let mut storm = 0;
        for turn in 1..=8 {
            let taken = counts(&queue, 101);
            assert!(taken.contains(&1), "turn {turn}: {taken:?}");
            storm += taken.iter().filter(|count| **count == 100).count();
        }
        assert!(storm <= 8 + 1, "{storm} of the storm for 8 of the other");
        assert!(counts(&queue, 101).iter().all(|count| *count == 100), "nothing of the calm one waits");
    }

    #[test]
    fn what_a_tenant_asks_for_is_taken_in_its_order() {
        let queue = Queue::new(64, 100_000, Arc::default());
        for (tenant, commands) in [("a", 1), ("a", 2), ("b", 10), ("a", 3), ("b", 11)] {
            queue.push(tenant, write(commands), 1).expect("room");
        }
        assert_eq!(counts(&queue, 100), [1, 10, 2, 11, 3]);
    }
}
