//! A host of the machine as the server is one: decides, appends, flushes, opens again.

use crate::faults::Fault;
use price_core::erasure::without;
use price_core::{Answer, Command, Machine};
use price_interp::InterpFactory;
use price_sim::SimDisk;
use price_store::frame::Frame;
use price_store::index::{self, Index, Keys};
use price_store::log::{Log, Options, erase, erased_through, said_erased};
use price_store::planted::{Bug, choose};
use price_store::snapshot::Blobs;
use price_store::{Entry, StoreError};
use std::sync::{Arc, Mutex, PoisonError};

/// An entry of the log.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Stored {
    pub seq: u64,
    pub kind: u16,
    pub at: i64,
    pub payload: Vec<u8>,
}

impl Stored {
    pub fn frame(&self) -> Frame<'_> {
        Frame {
            seq: self.seq,
            shard: 0,
            kind: self.kind,
            recorded_at: self.at,
            prev_hash: [0; 16],
            lag: 0,
            erased: false,
            payload: &self.payload,
        }
    }
}

/// Where a host keeps what it keeps.
#[derive(Clone)]
pub struct Home {
    pub log: SimDisk,
    pub index: SimDisk,
    pub options: Options,
    pub salt: [u8; 16],
    pub keep_index: bool,
    /// The checkpoint that is kept, with what was applied.
    pub kept: Arc<Mutex<Option<(u64, Blobs)>>>,
    pub fault: Option<Fault>,
}

pub struct Host {
    pub log: Log,
    pub machine: Machine,
    /// Everything up to now, for faults of the fold.
    entries: Vec<Stored>,
    fault: Option<Fault>,
}

fn keys() -> Keys {
    Keys::new([7; 32])
}

/// A machine of its own, on a disk that nothing happens to.
pub fn spare() -> Machine {
    let disk = SimDisk::new(price_sim::Rng::new(1), price_sim::SimClock::at(0));
    let index = Index::reset(Arc::new(disk), &keys(), index::Options::default()).expect("an empty index");
    Machine::new(Arc::new(InterpFactory), index, keys())
}

/// What changes is looked at for notices; after a start, everybody.
fn watch(machine: &mut Machine) {
    machine.watch(true);
    machine.look_at_all();
}

/// The state of some entries.
pub fn folded(mut machine: Machine, entries: &[Stored]) -> Result<Machine, String> {
    for stored in entries {
        machine.replay(&stored.frame()).map_err(|e| e.to_string())?;
    }
    machine.settle().map_err(|e| e.to_string())?;
    Ok(machine)
}

/// All groups of a log.
pub fn groups(log: &Log) -> Result<Vec<Vec<Stored>>, StoreError> {
    let mut scan = log.scan(1)?;
    let mut all = Vec::new();
    while let Some(group) = scan.next()? {
        let stored = |f: Frame<'_>| Stored { seq: f.seq, kind: f.kind, at: f.recorded_at, payload: f.payload.to_vec() };
        all.push(group.frames().map(stored).collect());
    }
    Ok(all)
}

impl Host {
    /// Finds or makes the log and replays it. `now` is what the clock shows.
    pub fn open(home: &Home, now: i64) -> Result<Host, String> {
        let said = |e: StoreError| e.to_string();
        let disk = Arc::new(home.log.clone());
        let log = match Log::open(disk.clone(), home.options) {
            Err(StoreError::Missing) => Log::create(disk, home.salt, home.options),
            other => other,
        };
        let log = log.map_err(said)?;
        let disk = Arc::new(home.index.clone());
        let kept =
            home.keep_index.then(|| Index::open(disk.clone(), &keys(), index::Options::default(), log.durable()));
        let index = match kept {
            Some(Ok(index)) => index,
            _ => Index::reset(disk, &keys(), index::Options::default()).map_err(said)?,
        };
        let factory = Arc::new(InterpFactory);
        let kept = home.kept.lock().unwrap_or_else(PoisonError::into_inner).clone();
        let mut machine = match kept.filter(|_| home.keep_index && home.fault.is_none()) {
            Some((_, blobs)) => Machine::resume(factory, index, keys(), &blobs).map_err(|e| e.to_string())?,
            None => Machine::new(factory, index, keys()),
        };
        // Texts of what is durable come from the log, all of them.
        machine.read_from(log.entries(), 0);
        machine.erased(erased_through(&home.log).map_err(said)?);
        let mut groups = groups(&log).map_err(said)?;
        let entries: Vec<Stored> = groups.concat();
        groups.iter_mut().for_each(|group| group.retain(|stored| stored.seq > machine.applied()));
        match home.fault {
            Some(Fault::DropLastOfGroup) => {
                for group in groups.iter_mut().filter(|group| group.len() > 1) {
                    group.pop();
                }
            }
            Some(Fault::ApplyTwice) => groups.extend(groups.last().cloned()),
            Some(Fault::ClockOnReplay) => groups.iter_mut().flatten().for_each(|stored| stored.at = now),
            Some(fault) if fault.in_fold() => groups = vec![fault.bent(&entries)],
            _ => {}
        }
        if home.fault == Some(Fault::ForgetIds) {
            choose(Some(Bug::ForgetOffered));
        }
        let replayed = folded(machine, &groups.concat());
        if home.fault == Some(Fault::ForgetIds) {
            choose(None);
        }
        machine = replayed?;
        watch(&mut machine);
        Ok(Host { log, machine, entries, fault: home.fault })
    }

    /// Decides about a group, which gets the numbers after `last`.
    pub fn decide(&mut self, last: u64, at: i64, group: &[Command]) -> Result<(Vec<Stored>, Vec<Answer>), String> {
        let decided = self.machine.decide(last + 1, at, group).map_err(|e| e.to_string())?;
        let stored = |(seq, (kind, payload))| Stored { seq, kind, at, payload };
        let entries: Vec<Stored> = (last + 1..).zip(decided.entries).map(stored).collect();
        if let Some(fault) = self.fault.filter(|fault| fault.in_fold()) {
            self.entries.extend(entries.iter().cloned());
            self.machine = folded(spare(), &fault.bent(&self.entries))?;
            watch(&mut self.machine);
        }
        let changes = self.machine.changes();
        self.machine.look_at(&changes);
        Ok((entries, decided.answers))
    }

    /// Makes a checkpoint of what is durable, which is all there is; of what came since the one before
    /// where that is kept.
    pub fn keep(&mut self, home: &Home, whole: bool) -> Result<(), String> {
        let said = |e: StoreError| e.to_string();
        if let Some(job) = self.machine.index_seal() {
            let done = job.run(self.log.durable()).map_err(said)?;
            self.machine.adopt(done).map_err(|e| e.to_string())?;
        }
        if !self.machine.indexed() {
            return Ok(());
        }
        let mut kept = home.kept.lock().unwrap_or_else(PoisonError::into_inner);
        let (since, mut blobs) = kept.take().filter(|_| !whole).unwrap_or_default();
        blobs.extend(self.machine.checkpoint(since));
        *kept = Some((self.machine.applied(), blobs));
        Ok(())
    }

    /// Takes what is erased out of the log, as far as it is durable.
    pub fn erase(&mut self, home: &Home) -> Result<(), StoreError> {
        let pending = self.machine.pending_erasures();
        let Some(last) = pending.last().map(|pending| pending.seq()) else { return Ok(()) };
        self.log.seal()?;
        for segment in self.log.sealed().to_vec() {
            let mut redact = |frame: &Frame<'_>| without(&pending, frame);
            if let Some(renewed) = erase(&home.log, &segment, &mut redact)? {
                self.log.renew(renewed);
            }
        }
        said_erased(&home.log, last)?;
        self.machine.erased(last);
        Ok(())
    }

    pub fn append(&mut self, entries: &[Stored]) -> Result<(), StoreError> {
        let mut group: Vec<Entry<'_>> = Vec::with_capacity(entries.len());
        for Stored { kind, at, payload, .. } in entries {
            group.push(Entry { shard: 0, kind: *kind, recorded_at: *at, payload });
        }
        if self.fault == Some(Fault::SplitGroup) {
            let (one, other) = group.split_at(group.len() / 2);
            self.log.append(one)?;
            self.log.append(other)?;
        } else {
            self.log.append(&group)?;
        }
        Ok(())
    }
}
