//! Opens a log: cuts what a crash tore, refuses what is damaged.

use crate::disk::Disk;
use crate::error::{Fatal, StoreError};
use crate::limits::CHUNK_BYTES;
use crate::log::export::RESTORING;
use crate::log::prepare::Slot;
use crate::log::segment::{self, Erased, Header, Open, PAGE, Sealed};
use crate::log::tail::{self, Tail};
use crate::log::walk::{Walk, problem};
use crate::log::{Active, Log, Options};
use crate::planted::{self, Bug};
use std::sync::Arc;

/// What opening cut off the end: it was never flushed, so never acknowledged.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Cut {
    /// The segment.
    pub file: String,
    /// Where it was cut.
    pub offset: u64,
    /// Bytes from there to the last that was written.
    pub bytes: u64,
}

/// The segments of a log, each known to continue the one before.
pub(crate) struct Segments {
    pub sealed: Vec<Sealed>,
    pub last: Open,
}

/// Why the segments cannot be taken as a log.
pub(crate) struct Gap {
    /// The segments before it, if there are any.
    pub before: Option<Segments>,
    /// Number of the segment that is missing or wrong.
    pub index: u64,
    pub problem: String,
}

/// Reads the first page of every segment and compares it with what its neighbours say.
pub(crate) fn segments(disk: &dyn Disk) -> Result<Result<Segments, Gap>, StoreError> {
    let names = disk.list().map_err(StoreError::io("listing", "."))?;
    if names.iter().any(|name| name == RESTORING) {
        let problem = "says that a restore was interrupted; empty the directory and restore again".to_owned();
        return Err(StoreError::Backup { file: RESTORING.to_owned(), problem });
    }
    let indexes = segment::indexes(&names)?;
    let Some(first) = indexes.first() else { return Err(StoreError::Missing) };
    let mut found: Option<Segments> = None;
    for (index, expected) in indexes.iter().copied().zip(*first..) {
        if index != expected {
            let problem = format!("it is missing, though `{}` is there", segment::file_name(index));
            return Ok(Err(Gap { before: found, index: expected, problem }));
        }
        let open = match Header::read(disk, index)? {
            Ok(open) => open,
            Err(problem) => return Ok(Err(Gap { before: found, index, problem: problem.to_owned() })),
        };
        found = Some(match found {
            None => Segments { sealed: Vec::new(), last: open },
            Some(mut before) => {
                let (header, last) = (open.header, &before.last);
                if header.salt != last.header.salt {
                    let problem = "is of another log than the segments before it; move it elsewhere".to_owned();
                    return Err(StoreError::Foreign { file: open.name, problem });
                }
                let other = |erased: Erased| (erased.bytes, erased.hash) != (header.before_bytes, header.before_hash);
                if header.first_seq < last.header.first_seq
                    || !(PAGE..=last.size).contains(&header.before_bytes)
                    || last.header.erased.is_some_and(other)
                {
                    let problem = "it does not continue the segment before it".to_owned();
                    return Ok(Err(Gap { before: Some(before), index, problem }));
                }
                before.sealed.push(Sealed {
                    index: last.header.index,
                    first_seq: last.header.first_seq,
                    last_seq: header.first_seq - 1,
                    bytes: header.before_bytes,
                    hash: header.before_hash,
                    body: last.header.erased.map(|erased| erased.body),
                });
                Segments { sealed: before.sealed, last: open }
            }
        });
    }
    found.map(Ok).ok_or(StoreError::Missing)
}

impl Gap {
    pub(crate) fn error(&self) -> StoreError {
        let good = self.before.as_ref().map_or(0, |before| before.last.header.first_seq - 1);
        let (file, problem) = (segment::file_name(self.index), self.problem.clone());
        StoreError::Damaged { file, offset: 0, problem, good }
    }
}

impl Log {
    /// Opens the log of `disk`.
    ///
    /// Groups at the end that were never flushed are kept where they are whole and cut where they
    /// are not, see [`Log::cut`]; everything kept is durable when this returns. Damage where the
    /// log was durable is [`StoreError::Damaged`], and nothing is changed. Only the last segment is
    /// read: the others are checked when they are scanned, and by [`super::verify`].
    pub fn open(disk: Arc<dyn Disk>, options: Options) -> Result<Log, StoreError> {
        options.check();
        let Segments { sealed, last } = segments(disk.as_ref())?.map_err(|gap| gap.error())?;
        let mut walk = Walk::new(&last, last.size);
        let stop = walk.finish()?;
        let tail = tail::judge(&mut walk.reader, &last.header.salt, walk.place.at, &stop);
        let end = match tail.map_err(StoreError::io("reading", &last.name))? {
            Tail::Damaged => {
                let problem = problem(&stop, &mut walk.reader);
                return Err(walk.damaged(problem));
            }
            Tail::Torn { end } => end,
            Tail::Clean => walk.place.at,
        };
        let found = walk.place.next_seq - 1;
        if found < options.at_least {
            return Err(StoreError::Short { found, expected: options.at_least });
        }
        let Walk { place, synced, marked, hasher, waypoints, .. } = walk;
        remove_temporaries(disk.as_ref())?;
        let mut cut = None;
        if !planted::is(Bug::TrustNames) {
            // A process that died before it flushed the name of a segment may have left one that
            // is only in the cache.
            disk.sync_dir().map_err(Fatal::sync("."))?;
        }
        if !planted::is(Bug::TrustFound) {
            write_again(&last, synced, place.at)?;
        }
        if end > place.at {
            cut = Some(Cut { file: last.name.clone(), offset: place.at, bytes: end - place.at });
            if !planted::is(Bug::LeaveTail) {
                last.zero(place.at, end)?;
            }
        }
        // What a backup ends with may have had something erased: it was sealed then, and stays so.
        let erased = last.header.erased.is_some();
        let active = Active { place, synced: place.at, hasher, marked, waypoints, open: last };
        let mut log = Log::with(disk, options, sealed, active, Slot::default(), cut);
        if erased {
            log.roll()?;
        }
        Ok(log)
    }
}

/// Writes what may not be durable once more and flushes it. Flushing alone is not enough: after a
/// flush that failed, a system shows bytes that it takes for clean and that are not on the disk.
fn write_again(open: &Open, from: u64, to: u64) -> Result<(), StoreError> {
    let mut held = vec![0; CHUNK_BYTES.min((to - from) as usize)];
    let mut at = from;
    while at < to {
        let step = held.len().min((to - at) as usize);
        let got = open.file.read_at(&mut held[..step], at).map_err(StoreError::io("reading", &open.name))?;
        assert_eq!(got, step, "what was read a moment ago is there");
        open.file.write_at(&held[..step], at).map_err(Fatal::io("writing", &open.name))?;
        at += step as u64;
    }
    open.file.sync_data().map_err(Fatal::sync(&open.name))?;
    Ok(())
}

fn remove_temporaries(disk: &dyn Disk) -> Result<(), StoreError> {
    for name in disk.list().map_err(StoreError::io("listing", "."))? {
        if name.starts_with("log-") && name.ends_with(".tmp") {
            disk.remove(&name).map_err(StoreError::io("removing", &name))?;
        }
    }
    Ok(())
}
