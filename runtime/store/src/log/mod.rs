//! The input log: the only truth of a node.
//!
//! Groups of entries are appended to segments, flushed together and read back in order. A number
//! once given is never given again to something else that was flushed. The log knows no clock and
//! no thread; one owner writes, and a [`Preparer`] may make the next segment on another thread.
//!
//! *Invariant:* nothing is readable through [`Log::scan`] or counted by [`Log::durable`] before
//! the flush that covers it returned.
//!
//! *Invariant:* after a failed write or flush nothing is written any more. Every later call
//! returns the same [`Fatal`]; the process is to end and to open the log again.

mod entries;
mod erase;
mod export;
mod open;
mod prepare;
pub(crate) mod reader;
mod repair;
mod running;
mod scan;
mod segment;
mod tail;
mod verify;
mod walk;

pub use entries::{Entries, Stamp};
pub use erase::{erase, erased_through, said_erased};
pub use export::{Manifest, export, restore};
pub use open::Cut;
pub use prepare::Preparer;
pub use repair::{Lost, repair};
pub use running::{durable, verify_running};
pub use scan::Scan;
pub use segment::Sealed;
pub use verify::{Verified, verify};

use crate::disk::Disk;
use crate::error::{Fatal, StoreError};
use crate::frame::{Salt, frame_bytes};
use crate::group::{self, COMMIT_BYTES, Entry, Place};
use crate::limits::*;
use crate::planted::{self, Bug};
use prepare::Slot;
use segment::{Header, Open, PAGE};
use std::collections::BTreeMap;
use std::ops::Range;
use std::sync::Arc;
use walk::Waypoints;

/// How a log is kept.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Options {
    /// Size of a new segment in bytes, a multiple of 4,096.
    pub segment_bytes: u64,
    /// Last event that was already applied and must be found when opening; 0 for none. A
    /// checkpoint knows it.
    pub at_least: u64,
}

impl Default for Options {
    fn default() -> Options {
        Options { segment_bytes: SEGMENT_BYTES_DEFAULT, at_least: 0 }
    }
}

impl Options {
    fn check(&self) {
        let fits = (SEGMENT_BYTES_MIN..=SEGMENT_BYTES_MAX).contains(&self.segment_bytes);
        assert!(fits && self.segment_bytes.is_multiple_of(PAGE), "a segment size within the limits");
    }
}

/// The segment that is written.
struct Active {
    open: Open,
    /// Where the next group begins.
    place: Place,
    /// Up to where it is durable.
    synced: u64,
    /// BLAKE3 of everything before `place`.
    hasher: blake3::Hasher,
    /// Whether the last group is a mark.
    marked: bool,
    waypoints: Waypoints,
}

/// An open log.
pub struct Log {
    disk: Arc<dyn Disk>,
    options: Options,
    sealed: Vec<Sealed>,
    /// Of the sealed segments that this process wrote or read.
    waypoints: BTreeMap<u64, Waypoints>,
    active: Active,
    durable: u64,
    entries: Arc<Entries>,
    slot: Slot,
    fatal: Option<Fatal>,
    cut: Option<Cut>,
    buffer: Vec<u8>,
}

impl Log {
    /// Makes a log in a directory that has none. `salt` are 16 random bytes.
    pub fn create(disk: Arc<dyn Disk>, salt: [u8; 16], options: Options) -> Result<Log, StoreError> {
        options.check();
        let names = disk.list().map_err(StoreError::io("listing", "."))?;
        if let Some(index) = segment::indexes(&names)?.first() {
            return Err(StoreError::Exists { file: segment::file_name(*index) });
        }
        let header = Header {
            salt: Salt::new(salt),
            index: 1,
            first_seq: 1,
            chain: crate::frame::array(blake3::hash(&salt).as_bytes(), 0),
            before_bytes: 0,
            before_hash: [0; 32],
            erased: None,
        };
        let slot = Slot::default();
        let open = slot.take(disk.as_ref(), header, options.segment_bytes)?;
        Ok(Log::with(disk, options, Vec::new(), Active::new(open), slot, None))
    }

    fn with(
        disk: Arc<dyn Disk>,
        options: Options,
        sealed: Vec<Sealed>,
        active: Active,
        slot: Slot,
        cut: Option<Cut>,
    ) -> Log {
        let durable = active.place.next_seq - 1;
        let entries = Entries::new(disk.clone(), &sealed, &active.open, durable);
        Log {
            disk,
            options,
            sealed,
            waypoints: BTreeMap::new(),
            active,
            durable,
            entries,
            slot,
            fatal: None,
            cut,
            buffer: Vec::new(),
        }
    }

    /// Writes one group of entries and returns their numbers. Not durable before [`Log::sync`].
    ///
    /// [`StoreError::NoRoom`] and [`StoreError::TooLarge`] change nothing. No entries, no group.
    ///
    /// # Panics
    /// When an entry has a kind above [`KIND_MAX`].
    pub fn append(&mut self, entries: &[Entry<'_>]) -> Result<Range<u64>, StoreError> {
        self.alive()?;
        let first = self.next_seq();
        if entries.is_empty() {
            return Ok(first..first);
        }
        let mut bytes = COMMIT_BYTES as u64;
        for entry in entries {
            assert!(entry.kind <= KIND_MAX, "a kind that is not the log's own");
            limit("a payload in bytes", entry.payload.len() as u64, PAYLOAD_BYTES_MAX as u64, "split the entry")?;
            bytes += frame_bytes(entry.payload.len()) as u64;
        }
        limit(
            "a number of entries of one group",
            entries.len() as u64,
            GROUP_FRAMES_MAX as u64,
            "append less at once",
        )?;
        let room = (self.options.segment_bytes - PAGE - COMMIT_BYTES as u64).min(GROUP_BYTES_MAX as u64);
        limit("a group in bytes", bytes, room, "append less at once, or use larger segments")?;
        self.write(entries, bytes)?;
        self.active.marked = false;
        if planted::is(Bug::AckBeforeSync) {
            self.durable = self.next_seq() - 1;
        }
        Ok(first..self.next_seq())
    }

    /// Flushes what was appended and returns the last durable event, 0 for none.
    pub fn sync(&mut self) -> Result<u64, StoreError> {
        self.alive()?;
        if self.active.synced < self.active.place.at {
            self.flush()?;
        }
        Ok(self.durable)
    }

    /// Says in the log itself that all of it is durable. For a moment without work, and on closing:
    /// afterwards any damage of the end is told from a torn write.
    pub fn mark(&mut self) -> Result<u64, StoreError> {
        self.sync()?;
        if !self.active.marked {
            self.write(&[], COMMIT_BYTES as u64)?;
            self.active.marked = true;
        }
        self.sync()
    }

    /// Begins a new segment, so that everything before is sealed and can be exported, and erased from.
    pub fn seal(&mut self) -> Result<(), StoreError> {
        self.sync()?;
        if self.active.place.at > PAGE { self.roll() } else { Ok(()) }
    }

    /// Removes the oldest segments, as far as `manifest` has them and all their events are at or
    /// before `seq`. Returns how many were removed.
    ///
    /// What is removed can no longer be replayed from here: rating it anew, rebuilding the event
    /// index and falling back behind the oldest checkpoint need the export.
    pub fn forget(&mut self, manifest: &Manifest, seq: u64) -> Result<usize, StoreError> {
        self.alive()?;
        let may = |s: &&Sealed| s.last_seq <= seq && manifest.segments.contains(s);
        let count = self.sealed.iter().take_while(may).count();
        // The oldest first, and each for good: a gap would be damage.
        for sealed in self.sealed.drain(..count).collect::<Vec<_>>() {
            let name = sealed.file();
            self.waypoints.remove(&sealed.index);
            let removed = self.disk.remove(&name).map_err(Fatal::io("removing", &name));
            let flushed = removed.and_then(|()| self.disk.sync_dir().map_err(Fatal::sync(".")));
            flushed.map_err(|fatal| self.fatal(fatal))?;
        }
        self.entries.forget(self.sealed.first().map_or(self.active.open.header.index, |s| s.index));
        Ok(count)
    }

    /// Takes note of a segment from which something was erased, by [`erase()`].
    pub fn renew(&mut self, erased: Sealed) {
        if let Some(known) = self.sealed.iter_mut().find(|known| known.index == erased.index) {
            *known = erased;
        }
        self.entries.renew(erased.index);
    }

    /// First event that the log still has, or will have.
    pub fn first_seq(&self) -> u64 {
        self.sealed.first().map_or(self.active.open.header.first_seq, |s| s.first_seq)
    }

    /// Last durable event, 0 for none.
    pub fn durable(&self) -> u64 {
        self.durable
    }

    /// The number that the next entry gets.
    pub fn next_seq(&self) -> u64 {
        self.active.place.next_seq
    }

    /// What opening cut off, if anything.
    pub fn cut(&self) -> Option<&Cut> {
        self.cut.as_ref()
    }

    /// The directory that it is in.
    pub fn disk(&self) -> Arc<dyn Disk> {
        self.disk.clone()
    }

    /// Segments that no longer change, oldest first.
    pub fn sealed(&self) -> &[Sealed] {
        &self.sealed
    }

    /// Where the log stands: equal for equal logs.
    pub fn chain(&self) -> [u8; 16] {
        self.active.place.chain
    }

    /// What makes the next segment ahead of need, for a background thread.
    pub fn preparer(&self) -> Preparer {
        self.slot.preparer(self.disk.clone(), self.options.segment_bytes)
    }

    /// The durable groups that hold events from `from` on. Independent of the log afterwards.
    pub fn scan(&self, from: u64) -> Result<Scan, StoreError> {
        self.alive()?;
        let end = if planted::is(Bug::AckBeforeSync) { self.active.place.at } else { self.active.synced };
        let first = self.sealed.iter().find(|s| s.last_seq >= from);
        let waypoints = first.map_or(Some(&self.active.waypoints), |s| self.waypoints.get(&s.index));
        let start =
            waypoints.and_then(|waypoints| waypoints.before(from)).filter(|place| place.at <= end || first.is_some());
        Ok(Scan::new(self.disk.clone(), &self.sealed, &self.active.open, end, from, start))
    }

    /// Single entries, by number; for as long as the log is open.
    pub fn entries(&self) -> Arc<Entries> {
        self.entries.clone()
    }

    fn alive(&self) -> Result<(), StoreError> {
        match &self.fatal {
            Some(fatal) => Err(fatal.clone().into()),
            None => Ok(()),
        }
    }

    /// Remembers what ends this log.
    fn fatal(&mut self, fatal: Fatal) -> StoreError {
        if !(planted::is(Bug::RetrySync) && fatal.doing == "flushing") {
            self.fatal = Some(fatal.clone());
        }
        fatal.into()
    }

    fn write(&mut self, entries: &[Entry<'_>], bytes: u64) -> Result<(), StoreError> {
        if self.active.place.at + bytes > self.active.open.size {
            self.roll()?;
        }
        let Active { open, place, synced, .. } = &self.active;
        self.buffer.clear();
        let after = group::encode(entries, *place, *synced, &open.header.salt, &mut self.buffer);
        assert_eq!(after.at, place.at + bytes, "a group has the size that was foreseen");
        if let Err(e) = open.file.write_at(&self.buffer, place.at) {
            let fatal = Fatal::io("writing", &open.name)(e);
            return Err(self.fatal(fatal));
        }
        self.active.hasher.update(&self.buffer);
        self.active.waypoints.pass(after);
        self.active.place = after;
        Ok(())
    }

    fn flush(&mut self) -> Result<(), StoreError> {
        let open = &self.active.open;
        if !planted::is(Bug::SkipSync)
            && let Err(e) = open.file.sync_data()
        {
            let fatal = Fatal::sync(&open.name)(e);
            return Err(self.fatal(fatal));
        }
        self.active.synced = self.active.place.at;
        self.durable = self.next_seq() - 1;
        self.entries.durable(self.durable);
        Ok(())
    }

    fn roll(&mut self) -> Result<(), StoreError> {
        if self.active.synced < self.active.place.at {
            self.flush()?;
        }
        let sealed = self.active.sealed();
        let header = Header {
            salt: self.active.open.header.salt,
            index: sealed.index + 1,
            first_seq: self.active.place.next_seq,
            chain: self.active.place.chain,
            before_bytes: sealed.bytes,
            before_hash: sealed.hash,
            erased: None,
        };
        match self.slot.take(self.disk.as_ref(), header, self.options.segment_bytes) {
            Ok(open) => {
                self.entries.begin(&open);
                let before = std::mem::replace(&mut self.active, Active::new(open));
                self.waypoints.insert(sealed.index, before.waypoints);
            }
            Err(StoreError::Fatal(fatal)) => return Err(self.fatal(fatal)),
            Err(e) => return Err(e),
        }
        self.sealed.push(sealed);
        Ok(())
    }
}

impl Active {
    /// Of a segment that has only its page, durable.
    fn new(open: Open) -> Active {
        let hasher = open.header.hasher();
        let waypoints = Waypoints::new(open.size);
        Active { place: open.header.start(), synced: PAGE, hasher, marked: false, waypoints, open }
    }

    fn sealed(&self) -> Sealed {
        self.open.header.sealed(self.place.at, self.place.next_seq - 1, *self.hasher.finalize().as_bytes())
    }
}

fn limit(what: &'static str, found: u64, max: u64, mend: &'static str) -> Result<(), StoreError> {
    if found > max { Err(StoreError::TooLarge { what, found, max, mend }) } else { Ok(()) }
}
