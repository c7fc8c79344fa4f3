//! Checkpoints: what the state was at an event, so that a restart need not read the whole log.
//!
//! A checkpoint is a file with all blobs, or a file with those that changed, on top of the one
//! before. A file is written under a temporary name, flushed, renamed, and the directory flushed:
//! it is there as a whole or not at all. The newest that is sound wins; what is damaged falls
//! back to what is before it and in the end to nothing, for the log can make all of it again.

mod file;

pub use file::{Stand, Visit};

use crate::disk::Disk;
use crate::error::{Fatal, StoreError};
use crate::planted::{self, Bug};
use file::Writer;
use std::collections::BTreeMap;
use std::sync::Arc;

const TEMPORARY: &str = "checkpoint.tmp";
/// Changes that may follow a whole checkpoint: what a restart reads one by one.
const CHANGES_MAX: usize = 64;
/// Whole checkpoints that are kept, with their changes.
const KEPT: usize = 2;
const WHOLE: [u8; 32] = [0; 32];

/// Named blobs.
pub type Blobs = BTreeMap<Vec<u8>, Vec<u8>>;

/// A state as it was.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Snapshot {
    /// When.
    pub stand: Stand,
    /// All its blobs.
    pub blobs: Blobs,
}

/// A checkpoint file that cannot be used.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Unusable {
    /// The file.
    pub file: String,
    /// What is wrong with it.
    pub problem: String,
}

#[derive(Debug, Clone)]
struct Known {
    number: u64,
    whole: bool,
    damaged: bool,
}

impl Known {
    fn file(&self) -> String {
        format!("checkpoint-{:016x}.{}", self.number, if self.whole { "whole" } else { "changes" })
    }

    fn parse(name: &str) -> Option<Known> {
        let (number, kind) = name.strip_prefix("checkpoint-")?.split_once('.')?;
        let whole = match kind {
            "whole" => true,
            "changes" => false,
            _ => return None,
        };
        Some(Known { number: u64::from_str_radix(number, 16).ok()?, whole, damaged: false })
    }
}

/// Where the next changes would go.
#[derive(Debug, Clone, Copy)]
struct Tip {
    hash: [u8; 32],
    changes: usize,
    whole_bytes: u64,
    changed_bytes: u64,
}

/// The checkpoints of a directory.
pub struct Snapshots {
    disk: Arc<dyn Disk>,
    known: Vec<Known>,
    tip: Option<Tip>,
    fatal: Option<Fatal>,
}

impl Snapshots {
    /// Opens a directory and loads its newest sound checkpoint, with what had to be left out.
    pub fn open(disk: Arc<dyn Disk>) -> Result<(Snapshots, Option<Snapshot>, Vec<Unusable>), StoreError> {
        let mut blobs = Blobs::new();
        let (snapshots, stand, unusable) = Snapshots::open_into(disk, &mut |name, bytes| {
            match bytes {
                Some(bytes) => blobs.insert(name.to_vec(), bytes.to_vec()),
                None => blobs.remove(name),
            };
        })?;
        Ok((snapshots, stand.map(|stand| Snapshot { stand, blobs }), unusable))
    }

    /// As [`Snapshots::open`], and hands every blob to `visit` rather than collecting them: first
    /// those of a whole checkpoint, then each change in order. Nothing of a file that is damaged
    /// is visited.
    pub fn open_into(
        disk: Arc<dyn Disk>,
        visit: &mut Visit<'_>,
    ) -> Result<(Snapshots, Option<Stand>, Vec<Unusable>), StoreError> {
        // What is found has to stay: a process may have died before it flushed the names.
        if !planted::is(Bug::TrustNames) {
            disk.sync_dir().map_err(Fatal::sync("."))?;
        }
        let names = disk.list().map_err(StoreError::io("listing", "."))?;
        let mut known: Vec<Known> = names.iter().filter_map(|name| Known::parse(name)).collect();
        known.sort_by_key(|known| known.number);
        let mut snapshots = Snapshots { disk, known, tip: None, fatal: None };
        let mut unusable = Vec::new();
        let wholes = snapshots.known.iter().enumerate().rev().filter(|(_, known)| known.whole);
        for at in wholes.map(|(at, _)| at).collect::<Vec<_>>() {
            if let Some(stand) = snapshots.load(at, visit, &mut unusable)? {
                return Ok((snapshots, Some(stand), unusable));
            }
        }
        Ok((snapshots, None, unusable))
    }

    /// The whole checkpoint at a place of the list, with the changes that follow it.
    fn load(
        &mut self,
        at: usize,
        visit: &mut Visit<'_>,
        unusable: &mut Vec<Unusable>,
    ) -> Result<Option<Stand>, StoreError> {
        let mut stand = None;
        for (place, known) in self.known.iter().enumerate().skip(at) {
            if known.whole && place > at {
                break;
            }
            let file = known.file();
            let base = self.tip.map_or(WHOLE, |tip| tip.hash);
            match file::read(self.disk.as_ref(), &file, base, visit)? {
                Ok(facts) => {
                    self.tip = Some(match self.tip {
                        None => Tip { hash: facts.hash, changes: 0, whole_bytes: facts.bytes, changed_bytes: 0 },
                        Some(tip) => tip.with(facts.hash, facts.bytes),
                    });
                    stand = Some(facts.stand);
                }
                Err(problem) => {
                    unusable.push(Unusable { file, problem: problem.to_owned() });
                    break;
                }
            }
        }
        let used = at + self.tip.map_or(0, |tip| tip.changes + 1);
        if used < self.known.len() {
            // Something newer cannot be used: what follows must not be mistaken for its changes.
            self.tip = None;
            let of_this = |(place, known): &(usize, &mut Known)| *place <= at || !known.whole;
            let rest = self.known.iter_mut().enumerate().skip(used).take_while(of_this);
            rest.for_each(|(_, known)| known.damaged = true);
        }
        Ok(stand)
    }

    /// Whether the next checkpoint has to be whole: after none, after damage, and when so much
    /// changed that loading the changes would take longer than loading everything.
    pub fn wants_whole(&self) -> bool {
        self.tip.is_none_or(|tip| tip.changes >= CHANGES_MAX || tip.changed_bytes > tip.whole_bytes)
    }

    /// Writes a checkpoint with all blobs. It is durable when this returns.
    pub fn write<N: AsRef<[u8]>, B: AsRef<[u8]>>(
        &mut self,
        stand: Stand,
        blobs: impl IntoIterator<Item = (N, B)>,
    ) -> Result<(), StoreError> {
        let (hash, bytes) = self.file(true, stand, WHOLE, |writer| {
            blobs.into_iter().try_for_each(|(name, bytes)| writer.put(name.as_ref(), bytes.as_ref()))
        })?;
        self.tip = Some(Tip { hash, changes: 0, whole_bytes: bytes, changed_bytes: 0 });
        self.remove_old(KEPT)
    }

    /// Writes what changed since the last checkpoint. It is durable when this returns.
    ///
    /// # Panics
    /// When there is nothing that it could change; see [`Snapshots::wants_whole`].
    pub fn write_changes<N: AsRef<[u8]>, B: AsRef<[u8]>, R: AsRef<[u8]>>(
        &mut self,
        stand: Stand,
        changed: impl IntoIterator<Item = (N, B)>,
        removed: impl IntoIterator<Item = R>,
    ) -> Result<(), StoreError> {
        let Some(tip) = self.tip else { panic!("changes follow a checkpoint") };
        let (hash, bytes) = self.file(false, stand, tip.hash, |writer| {
            removed.into_iter().try_for_each(|name| writer.remove(name.as_ref()))?;
            changed.into_iter().try_for_each(|(name, bytes)| writer.put(name.as_ref(), bytes.as_ref()))
        })?;
        self.tip = Some(tip.with(hash, bytes));
        Ok(())
    }

    fn file(
        &mut self,
        whole: bool,
        stand: Stand,
        base: [u8; 32],
        fill: impl FnOnce(&mut Writer) -> Result<(), StoreError>,
    ) -> Result<([u8; 32], u64), StoreError> {
        if let Some(fatal) = &self.fatal {
            return Err(fatal.clone().into());
        }
        let number = self.known.last().map_or(1, |known| known.number + 1);
        let known = Known { number, whole, damaged: false };
        let written = self.place(&known.file(), stand, base, fill);
        match &written {
            Ok(_) => self.known.push(known),
            Err(StoreError::Fatal(fatal)) => self.fatal = Some(fatal.clone()),
            Err(_) => {}
        }
        written
    }

    fn place(
        &mut self,
        name: &str,
        stand: Stand,
        base: [u8; 32],
        fill: impl FnOnce(&mut Writer) -> Result<(), StoreError>,
    ) -> Result<([u8; 32], u64), StoreError> {
        let disk = self.disk.clone();
        if planted::is(Bug::SnapshotRemoveFirst) {
            for known in self.known.drain(..) {
                disk.remove(&known.file()).map_err(StoreError::io("removing", name))?;
            }
        }
        let temporary = if planted::is(Bug::SnapshotInPlace) { name } else { TEMPORARY };
        let mut writer = Writer::new(disk.as_ref(), temporary, &stand, base)?;
        fill(&mut writer)?;
        let written = writer.finish()?;
        if temporary != name {
            disk.rename(temporary, name).map_err(Fatal::io("renaming", name))?;
        }
        if !planted::is(Bug::ForgetDirSync) {
            disk.sync_dir().map_err(Fatal::sync("."))?;
        }
        Ok(written)
    }

    /// Removes every checkpoint but the newest whole one and its changes.
    pub fn keep_newest(&mut self) -> Result<(), StoreError> {
        self.remove_old(1)
    }

    /// Keeps so many of the newest sound whole checkpoints and their changes.
    fn remove_old(&mut self, most: usize) -> Result<(), StoreError> {
        let wholes = self.known.iter().rev().filter(|known| known.whole && !known.damaged);
        let Some(oldest) = wholes.take(most).last().map(|known| known.number) else { return Ok(()) };
        let keep = |known: &Known| known.number >= oldest && !known.damaged;
        let (kept, old): (Vec<Known>, Vec<Known>) = self.known.drain(..).partition(keep);
        self.known = kept;
        for known in old {
            let name = known.file();
            self.disk.remove(&name).map_err(StoreError::io("removing", &name))?;
        }
        Ok(())
    }
}

impl Tip {
    fn with(self, hash: [u8; 32], bytes: u64) -> Tip {
        Tip { hash, changes: self.changes + 1, changed_bytes: self.changed_bytes + bytes, ..self }
    }
}
