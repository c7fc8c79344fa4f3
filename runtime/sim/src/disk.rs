//! A disk that loses, tears and damages what a real one may.
//!
//! What a program writes goes to a cache; a flush carries it to the platter. A power failure keeps
//! any mix of the unflushed sectors, in the grain of the disk (512 B or 4 KiB), and any first part
//! of the unflushed changes of names. Killing the process keeps the cache. After a flush that
//! failed, the cache takes its sectors for clean: they are read back and never reach the platter.
//!
//! *Invariant:* what happens depends on the seed and the calls only.

use crate::clock::SimClock;
use crate::rng::Rng;
use price_store::disk::{Disk, DiskFile, SyncFailed};
use std::collections::BTreeMap;
use std::io;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

/// What can go wrong while the process runs. Rates are per mille of the calls.
#[derive(Debug, Clone, Copy, Default)]
pub struct Faults {
    /// Reads fail.
    pub read_error: u64,
    /// Writes fail, a first part of them done.
    pub write_error: u64,
    /// Flushes fail.
    pub sync_error: u64,
    /// Bytes that fit on the disk, 0 for as many as you like.
    pub capacity: u64,
    /// Longest time of one call, in microseconds.
    pub slow_micros: u64,
    /// The call, counted from now on, at which the machine stops; 0 for none.
    pub stop_at: u64,
    /// The machine stops in a flush, before that did anything.
    pub stop_in_flush: u64,
}

#[derive(Debug, Clone, Default)]
struct Inode {
    cache: Vec<u8>,
    platter: Vec<u8>,
    /// Unflushed writes in order.
    pending: Vec<(usize, Vec<u8>)>,
}

#[derive(Debug, Clone)]
enum Change {
    Link(String, usize),
    Rename(String, String),
    Remove(String),
}

#[derive(Debug)]
struct State {
    rng: Rng,
    clock: SimClock,
    faults: Faults,
    grain: usize,
    calls: u64,
    stopped: bool,
    inodes: Vec<Inode>,
    names: BTreeMap<String, usize>,
    /// Names on the platter.
    durable: BTreeMap<String, usize>,
    changes: Vec<Change>,
}

/// A simulated disk. Clones are the same disk.
#[derive(Debug, Clone)]
pub struct SimDisk(Arc<Mutex<State>>);

#[derive(Debug)]
struct SimFile {
    disk: SimDisk,
    inode: usize,
}

impl SimDisk {
    /// An empty disk without faults.
    pub fn new(mut rng: Rng, clock: SimClock) -> SimDisk {
        let grain = if rng.chance(500) { 512 } else { 4096 };
        SimDisk(Arc::new(Mutex::new(State {
            rng,
            clock,
            faults: Faults::default(),
            grain,
            calls: 0,
            stopped: false,
            inodes: Vec::new(),
            names: BTreeMap::new(),
            durable: BTreeMap::new(),
            changes: Vec::new(),
        })))
    }

    fn lock(&self) -> MutexGuard<'_, State> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Sets what goes wrong from now on.
    pub fn set_faults(&self, faults: Faults) {
        let mut state = self.lock();
        state.faults = faults;
        state.calls = 0;
    }

    /// Calls since the faults were set.
    pub fn calls(&self) -> u64 {
        self.lock().calls
    }

    /// Whether the machine stopped at the call that the faults named.
    pub fn stopped(&self) -> bool {
        self.lock().stopped
    }

    /// The process dies and the machine lives: the cache is kept. Faults end.
    pub fn kill(&self) {
        let mut state = self.lock();
        state.stopped = false;
        state.faults = Faults::default();
    }

    /// The machine loses power and starts again. Faults end.
    pub fn power_loss(&self) {
        let mut state = self.lock();
        state.stopped = false;
        state.faults = Faults::default();
        let State { rng, grain, inodes, names, durable, changes, .. } = &mut *state;
        let keep = rng.below(changes.len() as u64 + 1) as usize;
        for change in changes.drain(..).take(keep) {
            apply(durable, &change);
        }
        *names = durable.clone();
        // All, nothing, or about as much as a draw says.
        let kept = [0, 1000, 500, 900][rng.below(4) as usize];
        for inode in inodes.iter_mut() {
            tear(inode, *grain, kept, rng);
        }
    }

    /// Changes one bit of a file on the platter and in the cache. False where it is empty.
    pub fn flip(&self, name: &str, byte: u64, bit: u8) -> bool {
        self.edit(name, |bytes| match bytes.get_mut(byte as usize) {
            Some(b) => {
                *b ^= 1 << (bit % 8);
                true
            }
            None => false,
        })
    }

    /// Writes zeros over a range of a file on the platter and in the cache.
    pub fn zero(&self, name: &str, from: u64, bytes: u64) -> bool {
        self.edit(name, |held| {
            let to = held.len().min((from + bytes) as usize);
            held.get_mut(from as usize..to).map(|range| range.fill(0)).is_some()
        })
    }

    /// Puts bytes where they do not belong: a misdirected write, or noise. As far as the file goes.
    pub fn scribble(&self, name: &str, at: u64, bytes: &[u8]) -> bool {
        self.edit(name, |held| {
            let to = held.len().min(at as usize + bytes.len());
            let range = held.get_mut(at as usize..to);
            range.map(|range| range.copy_from_slice(&bytes[..to - at as usize])).is_some()
        })
    }

    fn edit(&self, name: &str, change: impl Fn(&mut Vec<u8>) -> bool) -> bool {
        let mut state = self.lock();
        let Some(inode) = state.names.get(name).copied() else { return false };
        let inode = &mut state.inodes[inode];
        let platter = change(&mut inode.platter);
        change(&mut inode.cache) || platter
    }

    /// What a program would read of a file; for tests.
    pub fn contents(&self, name: &str) -> Option<Vec<u8>> {
        let state = self.lock();
        state.names.get(name).map(|inode| state.inodes[*inode].cache.clone())
    }

    /// A number from the disk's own stream, so that damage replays with it.
    pub fn draw(&self, n: u64) -> u64 {
        self.lock().rng.below(n)
    }

    /// Counts a call, lets time pass, and says whether the machine stops during it.
    fn call(&self) -> io::Result<MutexGuard<'_, State>> {
        let mut state = self.lock();
        state.calls += 1;
        let slow = state.faults.slow_micros;
        let micros = 1 + state.rng.below(slow) as i64;
        state.clock.move_by(micros);
        state.stopped |= state.faults.stop_at == state.calls;
        Ok(state)
    }

    fn flush(&self) -> Result<MutexGuard<'_, State>, SyncFailed> {
        let mut state = self.quiet().map_err(SyncFailed)?;
        let rate = state.faults.stop_in_flush;
        state.stopped |= state.rng.chance(rate);
        if state.stopped { Err(SyncFailed(gone())) } else { Ok(state) }
    }

    fn quiet(&self) -> io::Result<MutexGuard<'_, State>> {
        let state = self.call()?;
        if state.stopped { Err(gone()) } else { Ok(state) }
    }
}

fn gone() -> io::Error {
    io::Error::other("the machine stopped")
}

fn broken(what: &str) -> io::Error {
    io::Error::other(format!("simulated input/output error: {what}"))
}

fn missing() -> io::Error {
    io::Error::new(io::ErrorKind::NotFound, "no such file")
}

fn apply(names: &mut BTreeMap<String, usize>, change: &Change) {
    match change {
        Change::Link(name, inode) => {
            names.insert(name.clone(), *inode);
        }
        Change::Rename(from, to) => {
            if let Some(inode) = names.remove(from) {
                names.insert(to.clone(), inode);
            }
        }
        Change::Remove(name) => {
            names.remove(name);
        }
    }
}

/// What remains of a file after a power failure.
fn tear(inode: &mut Inode, grain: usize, kept: u64, rng: &mut Rng) {
    for (at, bytes) in inode.pending.drain(..) {
        let mut done = 0;
        while done < bytes.len() {
            let here = at + done;
            let step = (grain - here % grain).min(bytes.len() - done);
            if rng.chance(kept) {
                put(&mut inode.platter, here, &bytes[done..done + step]);
            }
            done += step;
        }
    }
    inode.cache.clone_from(&inode.platter);
}

fn put(into: &mut Vec<u8>, at: usize, bytes: &[u8]) {
    if into.len() < at + bytes.len() {
        into.resize(at + bytes.len(), 0);
    }
    into[at..at + bytes.len()].copy_from_slice(bytes);
}

impl State {
    fn used(&self) -> u64 {
        self.names.values().map(|inode| self.inodes[*inode].cache.len() as u64).sum()
    }

    fn write(&mut self, inode: usize, at: usize, bytes: &[u8]) {
        put(&mut self.inodes[inode].cache, at, bytes);
        self.inodes[inode].pending.push((at, bytes.to_vec()));
    }

    fn room(&self, inode: usize, end: usize) -> io::Result<()> {
        let more = end.saturating_sub(self.inodes[inode].cache.len()) as u64;
        if self.faults.capacity > 0 && more > 0 && self.used() + more > self.faults.capacity {
            return Err(io::Error::new(io::ErrorKind::StorageFull, "no space left on the simulated disk"));
        }
        Ok(())
    }
}

impl Disk for SimDisk {
    fn open(&self, name: &str) -> io::Result<Arc<dyn DiskFile>> {
        let state = self.quiet()?;
        let inode = *state.names.get(name).ok_or_else(missing)?;
        Ok(Arc::new(SimFile { disk: self.clone(), inode }))
    }

    fn create(&self, name: &str) -> io::Result<Arc<dyn DiskFile>> {
        let mut state = self.quiet()?;
        // An existing file is replaced rather than emptied: the old bytes may come back after a
        // power failure, as they may after a truncation that was not flushed.
        let inode = state.inodes.len();
        state.inodes.push(Inode::default());
        state.names.insert(name.to_owned(), inode);
        state.changes.push(Change::Link(name.to_owned(), inode));
        Ok(Arc::new(SimFile { disk: self.clone(), inode }))
    }

    fn rename(&self, from: &str, to: &str) -> io::Result<()> {
        let mut state = self.quiet()?;
        if !state.names.contains_key(from) {
            return Err(missing());
        }
        let change = Change::Rename(from.to_owned(), to.to_owned());
        apply(&mut state.names, &change);
        state.changes.push(change);
        Ok(())
    }

    fn remove(&self, name: &str) -> io::Result<()> {
        let mut state = self.quiet()?;
        if !state.names.contains_key(name) {
            return Err(missing());
        }
        let change = Change::Remove(name.to_owned());
        apply(&mut state.names, &change);
        state.changes.push(change);
        Ok(())
    }

    fn list(&self) -> io::Result<Vec<String>> {
        Ok(self.quiet()?.names.keys().cloned().collect())
    }

    fn sync_dir(&self) -> Result<(), SyncFailed> {
        let mut state = self.flush()?;
        let rate = state.faults.sync_error;
        if state.rng.chance(rate) {
            return Err(SyncFailed(broken("flushing a directory")));
        }
        let changes = std::mem::take(&mut state.changes);
        for change in &changes {
            apply(&mut state.durable, change);
        }
        Ok(())
    }
}

impl DiskFile for SimFile {
    fn size(&self) -> io::Result<u64> {
        Ok(self.disk.quiet()?.inodes[self.inode].cache.len() as u64)
    }

    fn alloc(&self, size: u64) -> io::Result<()> {
        let mut state = self.disk.quiet()?;
        state.room(self.inode, size as usize)?;
        let at = state.inodes[self.inode].cache.len();
        if at < size as usize {
            state.write(self.inode, at, &vec![0; size as usize - at]);
        }
        Ok(())
    }

    fn read_at(&self, into: &mut [u8], at: u64) -> io::Result<usize> {
        let mut state = self.disk.quiet()?;
        let rate = state.faults.read_error;
        if state.rng.chance(rate) {
            return Err(broken("reading"));
        }
        let held = state.inodes[self.inode].cache.get(at as usize..).unwrap_or_default();
        let n = held.len().min(into.len());
        into[..n].copy_from_slice(&held[..n]);
        Ok(n)
    }

    fn write_at(&self, bytes: &[u8], at: u64) -> io::Result<()> {
        let mut state = self.disk.call()?;
        let rate = state.faults.write_error;
        let fails = state.rng.chance(rate);
        if state.stopped && state.faults.stop_at < state.calls {
            return Err(gone());
        }
        state.room(self.inode, at as usize + bytes.len())?;
        if state.stopped || fails {
            let part = state.rng.below(bytes.len() as u64 + 1) as usize;
            // A call that is refused stops anywhere; one that is interrupted, between sectors.
            let end = if fails { part } else { ((at as usize + part) / 512 * 512).saturating_sub(at as usize) };
            state.write(self.inode, at as usize, &bytes[..end.min(bytes.len())]);
            return Err(if fails { broken("writing") } else { gone() });
        }
        state.write(self.inode, at as usize, bytes);
        Ok(())
    }

    fn sync_data(&self) -> Result<(), SyncFailed> {
        let mut state = self.disk.flush()?;
        let rate = state.faults.sync_error;
        let fails = state.rng.chance(rate);
        let State { inodes, rng, grain, .. } = &mut *state;
        let inode = &mut inodes[self.inode];
        if fails {
            // Some of it may have arrived; the cache forgets that the rest did not.
            let cache = inode.cache.clone();
            tear(inode, *grain, 500, rng);
            inode.cache = cache;
            return Err(SyncFailed(broken("flushing")));
        }
        for (at, bytes) in inode.pending.drain(..) {
            put(&mut inode.platter, at, &bytes);
        }
        Ok(())
    }
}
