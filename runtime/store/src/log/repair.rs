//! Cuts a damaged log at the damage, when an operator says so.
//!
//! Nothing is deleted: what stood behind the damage is kept in files whose names begin with `lost`.

use crate::disk::Disk;
use crate::error::{Fatal, StoreError};
use crate::frame::{self, ALIGN, HEAD_BYTES, KIND_COMMIT};
use crate::limits::CHUNK_BYTES;
use crate::log::reader::Reader;
use crate::log::segment::{self, Header, Open, file_name};
use crate::log::verify::check;

/// What a repair took out of the log.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Lost {
    /// What was wrong, as [`super::verify`] says it.
    pub damage: String,
    /// Last event that the log keeps.
    pub last_seq: u64,
    /// Files that hold what was behind it.
    pub files: Vec<String>,
    /// Events in them that can still be read, by number; a gap is lost.
    pub readable: Vec<u64>,
}

/// Cuts the log before the first damage. `None` if there is none, and nothing is changed.
///
/// The log must not be open. May be repeated after a crash. Checkpoints and the event index may
/// know events that are now lost: delete them too.
pub fn repair(disk: &dyn Disk) -> Result<Option<Lost>, StoreError> {
    let Err(found) = check(disk, None)? else { return Ok(None) };
    let StoreError::Damaged { good: last_seq, .. } = found.error else { return Err(found.error) };
    let mut lost = Lost { damage: found.error.to_string(), last_seq, files: Vec::new(), readable: Vec::new() };
    let names = disk.list().map_err(StoreError::io("listing", "."))?;
    // The newest first, so that a crash in between leaves a log with the same damage.
    for index in segment::indexes(&names)?.into_iter().rev().filter(|index| *index >= found.index) {
        if index == found.index && found.at > 0 {
            if let Ok(open) = Header::read(disk, index)? {
                aside(disk, &open, found.at, &mut lost)?;
            }
            continue;
        }
        if let Ok(open) = Header::read(disk, index)? {
            readable(&open, segment::PAGE, &mut lost.readable)?;
        }
        let (from, to) = (file_name(index), format!("lost-{}", file_name(index)));
        disk.rename(&from, &to).map_err(Fatal::io("renaming", &from))?;
        disk.sync_dir().map_err(Fatal::sync("."))?;
        lost.files.push(to);
    }
    // A block that landed in the wrong place repeats events that are not lost.
    lost.readable.retain(|seq| *seq > last_seq);
    lost.readable.sort_unstable();
    lost.readable.dedup();
    Ok(Some(lost))
}

/// Copies the end of a segment to a file of its own, then zeroes it.
fn aside(disk: &dyn Disk, open: &Open, from: u64, lost: &mut Lost) -> Result<(), StoreError> {
    readable(open, from, &mut lost.readable)?;
    let name = format!("lost-{:016x}-{from:08x}.bin", open.header.index);
    let to = disk.create(&name).map_err(StoreError::io("creating", &name))?;
    let mut held = vec![0; CHUNK_BYTES];
    let (mut at, mut end) = (from, from);
    while at < open.size {
        let got = open.file.read_at(&mut held, at).map_err(StoreError::io("reading", &open.name))?;
        if got == 0 {
            break;
        }
        if let Some(last) = held[..got].iter().rposition(|b| *b != 0) {
            to.write_at(&held[..=last], at - from).map_err(StoreError::io("writing", &name))?;
            end = at + last as u64 + 1;
        }
        at += got as u64;
    }
    to.sync_data().map_err(Fatal::sync(&name))?;
    disk.sync_dir().map_err(Fatal::sync("."))?;
    lost.files.push(name);
    open.zero(from, end)?;
    Ok(())
}

/// Numbers of all frames that can be read behind `from`.
fn readable(open: &Open, from: u64, numbers: &mut Vec<u64>) -> Result<(), StoreError> {
    let mut reader = Reader::new(open.file.clone(), open.size);
    let io = |e| StoreError::io("reading", &open.name)(e);
    let salt = &open.header.salt;
    let mut at = from;
    while at < open.size {
        let step = match frame::size_at(reader.from(at, HEAD_BYTES).map_err(io)?, salt) {
            Ok(size) => match frame::decode(reader.from(at, size).map_err(io)?, salt) {
                Ok((frame, size)) => {
                    if frame.kind != KIND_COMMIT {
                        numbers.push(frame.seq);
                    }
                    size
                }
                Err(_) => ALIGN,
            },
            Err(_) => ALIGN,
        };
        at += step as u64;
    }
    Ok(())
}
