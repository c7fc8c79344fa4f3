//! Single entries of the log, found by their number.
//!
//! Where an entry stands is found out when it is asked for: a segment is read forward once, as far
//! as needed, and four bytes are kept for each entry that was passed. An entry that nobody asks for
//! costs nothing.

use crate::disk::Disk;
use crate::error::StoreError;
use crate::frame::{self, ALIGN, HEAD_BYTES, KIND_COMMIT};
use crate::log::reader::Reader;
use crate::log::segment::{Header, Open, PAGE, Sealed, file_name};
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

/// Bytes that are read before it is known how long an entry is: most are shorter.
const GUESS: usize = 1024;

/// The durable entries of a log, for readers on any thread. Follows the log that it is of.
pub struct Entries {
    disk: Arc<dyn Disk>,
    segments: Mutex<Vec<Segment>>,
    through: AtomicU64,
}

/// What is known of an entry beside what it says.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Stamp {
    /// When it was recorded, in microseconds since 1970 UTC.
    pub recorded_at: i64,
    /// BLAKE3 of its frame, which has the hash of the frame before.
    pub print: [u8; 32],
}

struct Segment {
    index: u64,
    first_seq: u64,
    open: Option<Open>,
    /// Where its entries stand, from the first on, in units of [`ALIGN`].
    places: Vec<u32>,
    /// Behind the last of them.
    next: u64,
}

impl Segment {
    fn new(index: u64, first_seq: u64, open: Option<Open>) -> Segment {
        Segment { index, first_seq, open, places: Vec::new(), next: PAGE }
    }

    /// Finds out where entries stand, up to one.
    fn pass(&mut self, disk: &dyn Disk, seq: u64) -> Result<(Open, u64), StoreError> {
        let open = match &self.open {
            Some(open) => open.clone(),
            None => {
                let damaged = |problem: &str| self.damaged(0, problem.to_owned());
                let open = Header::read(disk, self.index)?.map_err(damaged)?;
                self.open.insert(open).clone()
            }
        };
        let wanted = (seq - self.first_seq) as usize;
        if wanted >= self.places.len() {
            let mut reader = Reader::new(open.file.clone(), open.size);
            while wanted >= self.places.len() {
                let head = reader.from(self.next, HEAD_BYTES).map_err(StoreError::io("reading", &open.name))?;
                let size = frame::size_at(head, &open.header.salt);
                let size = size.map_err(|bad| self.damaged(self.next, bad.to_string()))?;
                if frame::parts(&head[..HEAD_BYTES]).kind != KIND_COMMIT {
                    // A segment has at most 4 GiB, so a place fits.
                    self.places.push((self.next / ALIGN as u64) as u32);
                }
                self.next += size as u64;
            }
        }
        let at = u64::from(self.places[wanted]) * ALIGN as u64;
        Ok((open, at))
    }

    fn damaged(&self, offset: u64, problem: String) -> StoreError {
        StoreError::Damaged { file: file_name(self.index), offset, problem, good: self.first_seq.saturating_sub(1) }
    }
}

impl Entries {
    pub(super) fn new(disk: Arc<dyn Disk>, sealed: &[Sealed], active: &Open, through: u64) -> Arc<Entries> {
        let mut segments: Vec<Segment> = sealed.iter().map(|s| Segment::new(s.index, s.first_seq, None)).collect();
        segments.push(Segment::new(active.header.index, active.header.first_seq, Some(active.clone())));
        Arc::new(Entries { disk, segments: Mutex::new(segments), through: through.into() })
    }

    fn segments(&self) -> MutexGuard<'_, Vec<Segment>> {
        self.segments.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// A flush returned.
    pub(super) fn durable(&self, through: u64) {
        self.through.store(through, Ordering::Release);
    }

    /// A segment begins.
    pub(super) fn begin(&self, open: &Open) {
        self.segments().push(Segment::new(open.header.index, open.header.first_seq, Some(open.clone())));
    }

    /// Segments before one were removed.
    pub(super) fn forget(&self, before: u64) {
        self.segments().retain(|segment| segment.index >= before);
    }

    /// A segment has another file, in which entries stand where they stood.
    pub(super) fn renew(&self, index: u64) {
        self.segments().iter_mut().filter(|segment| segment.index == index).for_each(|segment| segment.open = None);
    }

    /// The last entry that can be read, 0 for none.
    pub fn through(&self) -> u64 {
        self.through.load(Ordering::Acquire)
    }

    /// Puts the payload of an entry into `into`, in place of what is there. Its checksum and its
    /// number are compared. [`StoreError::Short`] for one that is not durable or no longer there.
    pub fn read(&self, seq: u64, into: &mut Vec<u8>) -> Result<(), StoreError> {
        let length = self.frame(seq, into)?.payload.len();
        into.truncate(HEAD_BYTES + length);
        into.drain(..HEAD_BYTES);
        Ok(())
    }

    /// When an entry was recorded, and what tells the log up to it from every other: frames are
    /// chained.
    pub fn stamp(&self, seq: u64) -> Result<Stamp, StoreError> {
        let mut bytes = Vec::new();
        let recorded_at = self.frame(seq, &mut bytes)?.recorded_at;
        Ok(Stamp { recorded_at, print: *blake3::hash(&bytes).as_bytes() })
    }

    /// The frame of an entry, which `into` holds as a whole.
    fn frame<'b>(&self, seq: u64, into: &'b mut Vec<u8>) -> Result<frame::Frame<'b>, StoreError> {
        let through = self.through();
        let (open, at) = {
            let mut segments = self.segments();
            let found = segments.partition_point(|segment| segment.first_seq <= seq).checked_sub(1);
            match found.filter(|_| seq <= through) {
                Some(found) => segments[found].pass(self.disk.as_ref(), seq)?,
                None => return Err(StoreError::Short { found: through, expected: seq }),
            }
        };
        let read = |into: &mut Vec<u8>, bytes: usize| {
            into.resize(bytes, 0);
            let got = open.file.read_at(into, at).map_err(StoreError::io("reading", &open.name))?;
            into.truncate(got);
            Ok::<(), StoreError>(())
        };
        read(into, GUESS)?;
        match frame::size_at(into, &open.header.salt) {
            Ok(size) if size > into.len() => read(into, size)?,
            Ok(size) => into.truncate(size),
            Err(_) => {}
        }
        let damaged = |problem: String| StoreError::Damaged {
            file: open.name.clone(),
            offset: at,
            problem,
            good: seq.saturating_sub(1),
        };
        let (frame, _) = frame::decode(into, &open.header.salt).map_err(|bad| damaged(bad.to_string()))?;
        if frame.seq != seq {
            return Err(damaged(format!("entry {} stands where entry {seq} belongs", frame.seq)));
        }
        Ok(frame)
    }
}

#[cfg(test)]
mod tests {
    use crate::disk::FileDisk;
    use crate::error::StoreError;
    use crate::group::Entry;
    use crate::log::{Log, Options};
    use std::sync::Arc;

    #[test]
    fn entries_are_found_in_every_segment_and_only_when_they_are_durable() {
        let dir = tempfile::tempdir().expect("a folder");
        let disk = Arc::new(FileDisk::open(dir.path()).expect("a disk"));
        let options = Options { segment_bytes: 16 << 10, at_least: 0 };
        let payload = |seq: u64| vec![seq as u8; (seq % 40 * 100) as usize];
        let mut log = Log::create(disk.clone(), [7; 16], options).expect("a log");
        let entries = log.entries();
        let mut read = Vec::new();
        assert!(matches!(entries.read(1, &mut read), Err(StoreError::Short { found: 0, expected: 1 })));
        let mut next = 1;
        while next < 60 {
            let group: Vec<Vec<u8>> = (next..next + 3).map(payload).collect();
            let group: Vec<Entry<'_>> =
                group.iter().map(|payload| Entry { shard: 0, kind: 1, recorded_at: 5, payload }).collect();
            log.append(&group).expect("appended");
            assert!(matches!(entries.read(next, &mut read), Err(StoreError::Short { .. })), "not durable");
            next += 3;
            log.sync().expect("flushed");
            log.mark().expect("marked");
            // From the end to the start: what was passed on the way is known.
            for seq in (1..next).rev() {
                entries.read(seq, &mut read).expect("an entry");
                assert_eq!(read, payload(seq), "entry {seq}");
            }
        }
        assert!(log.sealed().len() > 2, "several segments");
        drop((log, entries));
        let log = Log::open(disk, options).expect("a log");
        for seq in 1..next {
            log.entries().read(seq, &mut read).expect("an entry");
            assert_eq!(read, payload(seq), "entry {seq}");
        }
        assert!(matches!(log.entries().read(next, &mut read), Err(StoreError::Short { .. })));
    }
}
