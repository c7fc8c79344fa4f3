//! The event index: has this event been seen, and where.
//!
//! A table in memory holds the open window; behind it stand sorted runs on disk, merged in tiers.
//! It is derived from the log: whatever happens to it, it can be made again.
//!
//! *Invariant:* an index on disk knows no event that the log can lose. *Invariant:* answers are
//! as of a number of the log: an event that is replayed does not find itself.

mod filter;
mod job;
mod key;
mod manifest;
mod run;
mod writer;

pub use job::{Done, Job};
pub use key::{EventKey, Hit, Keys, Probe};

use crate::disk::Disk;
use crate::error::{Fatal, StoreError};
use crate::limits::{FAN_IN_DEFAULT, RUNS_MAX, WINDOW_EVENTS_DEFAULT};
use crate::planted::{self, Bug};
use job::Work;
use manifest::{MANIFEST, Manifest};
use run::Run;
use std::hash::{BuildHasherDefault, Hasher};
use std::sync::Arc;

/// Hashes keys of events, which are hashes already, for tables of them.
#[derive(Debug, Default, Clone, Copy)]
pub struct AsIs(u64);

impl Hasher for AsIs {
    fn finish(&self) -> u64 {
        self.0
    }
    fn write(&mut self, _: &[u8]) {
        unreachable!("keys are numbers");
    }
    fn write_u128(&mut self, key: u128) {
        self.0 = (key >> 64) as u64;
    }
}

/// Order is taken from keys where it matters, never from the table.
pub(crate) type Table = hashbrown::HashMap<u128, Hit, BuildHasherDefault<AsIs>>;

/// How an index is kept.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Options {
    /// Events after which [`Index::wants_seal`] says so; 32 bytes of memory each.
    pub window_events: usize,
    /// Runs of one tier that are merged into one of the next, at least 2.
    pub fan_in: usize,
}

impl Default for Options {
    fn default() -> Options {
        Options { window_events: WINDOW_EVENTS_DEFAULT, fan_in: FAN_IN_DEFAULT }
    }
}

struct Window {
    table: Table,
    /// Last event that was offered.
    last: u64,
}

/// An open index.
pub struct Index {
    disk: Arc<dyn Disk>,
    options: Options,
    window: Window,
    /// A window that is being sealed and its last event.
    frozen: Option<(Arc<Table>, u64)>,
    runs: Vec<Arc<Run>>,
    manifest: Manifest,
    token: Arc<()>,
}

impl Index {
    /// Opens the index of `disk`, an empty one where there is none. `durable` is the last event of
    /// the log.
    ///
    /// It knows the events up to [`Index::through`]; later ones are to be offered again from the
    /// log. [`StoreError::Derived`] asks for [`Index::reset`]: a file is damaged, or the log was
    /// repaired or restored and ends before what the index knows.
    pub fn open(disk: Arc<dyn Disk>, keys: &Keys, options: Options, durable: u64) -> Result<Index, StoreError> {
        // What is found has to stay, before the files that it replaced are removed.
        disk.sync_dir().map_err(Fatal::sync("."))?;
        let names = disk.list().map_err(StoreError::io("listing", "."))?;
        if !names.iter().any(|name| name == MANIFEST) {
            return Index::reset(disk, keys, options);
        }
        let manifest = Manifest::read(disk.as_ref())?;
        if manifest.check != keys.check() {
            let problem = "was made with another secret; give that one, or delete the event index".to_owned();
            return Err(StoreError::Foreign { file: MANIFEST.to_owned(), problem });
        }
        if manifest.through > durable {
            let problem = format!("it knows event {}, and the log ends at {durable}", manifest.through);
            return Err(run::damaged(MANIFEST, problem));
        }
        let opened: Result<Vec<Arc<Run>>, StoreError> =
            manifest.runs.iter().map(|meta| Run::open(disk.as_ref(), *meta).map(Arc::new)).collect();
        let index = Index::with(disk, options, manifest, opened?);
        index.remove_others(&names)?;
        Ok(index)
    }

    /// Removes whatever is there and begins an empty index. All events are to be offered again.
    pub fn reset(disk: Arc<dyn Disk>, keys: &Keys, options: Options) -> Result<Index, StoreError> {
        let manifest = Manifest { check: keys.check(), through: 0, next_id: 1, runs: Vec::new() };
        manifest.write(disk.as_ref())?;
        let index = Index::with(disk, options, manifest, Vec::new());
        let names = index.disk.list().map_err(StoreError::io("listing", "."))?;
        index.remove_others(&names)?;
        Ok(index)
    }

    fn with(disk: Arc<dyn Disk>, options: Options, manifest: Manifest, runs: Vec<Arc<Run>>) -> Index {
        assert!(options.fan_in >= 2, "a merge takes at least two runs");
        let window = Window { table: Table::default(), last: manifest.through };
        Index { disk, options, window, frozen: None, runs, manifest, token: Arc::new(()) }
    }

    /// Removes files that no manifest names: remains of a job that did not finish.
    fn remove_others(&self, names: &[String]) -> Result<(), StoreError> {
        let known: Vec<String> = self.manifest.runs.iter().map(run::Meta::file).collect();
        for name in names.iter().filter(|name| name.starts_with("run-") && !known.contains(name)) {
            self.disk.remove(name).map_err(StoreError::io("removing", name))?;
        }
        Ok(())
    }

    /// Last event that is on disk. Events after it are offered again when the log is replayed.
    pub fn through(&self) -> u64 {
        self.manifest.through
    }

    /// The event with this key, if it is older than event `before`.
    pub fn find(&self, key: EventKey, before: u64) -> Result<Option<Hit>, StoreError> {
        Ok(self.lookup(key.0)?.filter(|hit| hit.seq < before))
    }

    fn lookup(&self, key: u128) -> Result<Option<Hit>, StoreError> {
        let frozen = || self.frozen.as_ref().and_then(|(table, _)| table.get(&key));
        if let Some(hit) = self.window.table.get(&key).or_else(frozen) {
            return Ok(Some(*hit));
        }
        // The newest first: what repeats, repeats soon.
        for run in self.runs.iter().rev() {
            if let Some(hit) = run.find(key)? {
                return Ok(Some(hit));
            }
        }
        Ok(None)
    }

    /// What the event `hit.seq` is, and nothing is changed.
    pub fn probe(&self, key: EventKey, hit: Hit) -> Result<Probe, StoreError> {
        Ok(match self.find(key, hit.seq)? {
            None => Probe::New,
            Some(first) if first.payload_hash == hit.payload_hash => Probe::Duplicate(first.seq),
            Some(first) => Probe::Conflict(first.seq),
        })
    }

    /// What the event `hit.seq` is; a new one is remembered. An error changes nothing.
    ///
    /// Events come in the order of the log. One that is offered again after a restart is what it
    /// was the first time.
    pub fn admit(&mut self, key: EventKey, hit: Hit) -> Result<Probe, StoreError> {
        let probe = self.probe(key, hit)?;
        // What is on disk needs no second place, and must not: runs have each key once.
        let known = self.frozen.as_ref().map_or(self.manifest.through, |(_, last)| *last);
        if hit.seq > known {
            if probe == Probe::New && !planted::is(Bug::ForgetOffered) {
                self.window.table.entry(key.0).or_insert(hit);
            }
            self.window.last = self.window.last.max(hit.seq);
        }
        Ok(probe)
    }

    /// Says that all events up to `seq` were offered, those too that have no key.
    pub fn passed(&mut self, seq: u64) {
        self.window.last = self.window.last.max(seq);
    }

    /// Events of the open window.
    pub fn window_events(&self) -> usize {
        self.window.table.len()
    }

    /// Events of the runs.
    pub fn sealed_events(&self) -> u64 {
        self.manifest.runs.iter().map(|run| run.events).sum()
    }

    /// Whether the window is as large as it should get.
    pub fn wants_seal(&self) -> bool {
        self.window.table.len() >= self.options.window_events
    }

    /// Freezes the window and returns the job that makes a run of it, to be run when it is
    /// [`Job::ready`]. `None` while another job exists, or without events.
    ///
    /// After a job that failed this returns the same work again.
    pub fn seal(&mut self) -> Option<Job> {
        if self.busy() || self.manifest.runs.len() >= RUNS_MAX {
            return None;
        }
        if self.frozen.is_none() {
            if self.window.table.is_empty() {
                return None;
            }
            let table = std::mem::take(&mut self.window.table);
            self.frozen = Some((Arc::new(table), self.window.last));
        }
        let (table, through) = self.frozen.clone()?;
        Some(self.job(Work::Seal { table, through }, 0))
    }

    /// The merge that is due, if any and while no other job exists.
    pub fn merge(&mut self) -> Option<Job> {
        if self.busy() {
            return None;
        }
        let tiers = self.runs.iter().map(|run| run.meta.tier);
        let of_tier = |tier| self.runs.iter().filter(move |run| run.meta.tier == tier);
        let due = tiers.filter(|tier| of_tier(*tier).count() >= self.options.fan_in).min()?;
        let runs: Vec<Arc<Run>> = of_tier(due).cloned().collect();
        Some(self.job(Work::Merge { runs }, due.saturating_add(1)))
    }

    fn busy(&self) -> bool {
        Arc::strong_count(&self.token) > 1
    }

    fn job(&self, work: Work, tier: u32) -> Job {
        let (disk, manifest, token) = (self.disk.clone(), self.manifest.clone(), self.token.clone());
        Job { disk, work, id: manifest.next_id, tier, manifest, token }
    }

    /// Takes over what a job made. Quick: it only removes files that are no longer needed.
    ///
    /// # Panics
    /// When the job is of another index.
    pub fn adopt(&mut self, done: Done) -> Result<(), StoreError> {
        assert!(Arc::ptr_eq(&self.token, &done.token), "a job of this index");
        let names = self.runs.iter().map(|run| run.meta).filter(|meta| done.replaced.contains(&meta.id));
        let names: Vec<String> = names.map(|meta| meta.file()).collect();
        self.runs.retain(|run| !done.replaced.contains(&run.meta.id));
        self.runs.push(Arc::new(done.run));
        self.manifest = done.manifest;
        if done.sealed {
            self.frozen = None;
        }
        for name in names {
            self.disk.remove(&name).map_err(Fatal::io("removing", &name))?;
        }
        Ok(())
    }
}
