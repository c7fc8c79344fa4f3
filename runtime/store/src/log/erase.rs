//! Takes something out of segments that are sealed.
//!
//! Nothing is removed: a payload is replaced by another of the same length, so that every frame stays
//! where it is. A segment is written anew beside the old one, read again from what was written, and
//! takes its name: after a crash there is the old one or the new one, each as a whole.
//!
//! What a segment is to its neighbours stays what it was: its page keeps the hash that it was sealed
//! with, and the chain goes on behind a frame from which something was erased with what the next frame
//! says.

use crate::disk::{Disk, DiskFile};
use crate::error::{Fatal, StoreError};
use crate::frame::Frame;
use crate::group::{self, Group};
use crate::limits::CHUNK_BYTES;
use crate::log::reader::Reader;
use crate::log::segment::{Erased, Header, Open, PAGE, Sealed};
use crate::log::walk::{Walk, damaged, problem};
use crate::planted::{self, Bug};
use std::sync::Arc;

/// A segment that is not yet one. Opening a log removes it.
const TEMPORARY: &str = "log-erased.tmp";
/// Says up to which entry erasures were carried out in all segments.
const SAID: &str = "erased.txt";
const SAID_TEMPORARY: &str = "erased.tmp";
const SAID_HEAD: &str = "price log erased through ";

/// Gives frames of a sealed segment other payloads: those that `redact` returns one for, which has to
/// be as long as the one before. Durable when this returns what the segment is now, for
/// [`super::Log::renew`]; `None` where nothing changed, and nothing was written.
///
/// The log may be open and go on meanwhile. Whoever reads the old file has it until it is closed.
///
/// # Panics
/// When a payload has another length.
pub fn erase(
    disk: &dyn Disk,
    sealed: &Sealed,
    redact: &mut dyn FnMut(&Frame<'_>) -> Option<Vec<u8>>,
) -> Result<Option<Sealed>, StoreError> {
    let name = sealed.file();
    let bad = |problem: &str| StoreError::Damaged {
        file: name.clone(),
        offset: 0,
        problem: problem.to_owned(),
        good: sealed.first_seq.saturating_sub(1),
    };
    let open = Header::read(disk, sealed.index)?.map_err(bad)?;
    let salt = open.header.salt;
    let mut reader = Reader::new(open.file.clone(), sealed.bytes.min(open.size));
    let (mut place, mut group) = (open.header.start(), Group::default());
    let mut copy: Option<Copy> = None;
    while place.at < sealed.bytes {
        let at = place.at;
        let read = group::read(&mut reader, &salt, &mut place, &mut group);
        if let Err(stop) = read.map_err(StoreError::io("reading", &name))? {
            return Err(damaged(&open, &place, problem(&stop, &mut reader)));
        }
        if group.erase(&salt, &mut *redact) && copy.is_none() {
            copy = Some(Copy::begin(disk, &open, at)?);
        }
        if let Some(copy) = &mut copy {
            copy.put(&group.bytes)?;
        }
    }
    match copy {
        Some(copy) => copy.end(disk, &open, sealed).map(Some),
        None => Ok(None),
    }
}

/// A segment that is written anew.
struct Copy {
    name: String,
    file: Arc<dyn DiskFile>,
    at: u64,
    body: blake3::Hasher,
}

impl Copy {
    /// With what stands before a place as it is.
    fn begin(disk: &dyn Disk, open: &Open, until: u64) -> Result<Copy, StoreError> {
        let name = if planted::is(Bug::EraseInPlace) { open.name.clone() } else { TEMPORARY.to_owned() };
        let file = match planted::is(Bug::EraseInPlace) {
            true => open.file.clone(),
            false => disk.create(&name).map_err(StoreError::io("creating", &name))?,
        };
        let mut copy = Copy { name, file, at: PAGE, body: blake3::Hasher::new() };
        let mut held = vec![0; CHUNK_BYTES];
        while copy.at < until {
            let step = held.len().min((until - copy.at) as usize);
            let got = open.file.read_at(&mut held[..step], copy.at).map_err(StoreError::io("reading", &open.name))?;
            assert_eq!(got, step, "what was read a moment ago is there");
            copy.put(&held[..got])?;
        }
        Ok(copy)
    }

    fn put(&mut self, bytes: &[u8]) -> Result<(), StoreError> {
        let end = self.at + bytes.len() as u64;
        self.file.write_at(bytes, self.at).map_err(StoreError::grow("writing", &self.name, end))?;
        self.body.update(bytes);
        self.at = end;
        Ok(())
    }

    /// Names it, once it is known to be what it should.
    fn end(self, disk: &dyn Disk, open: &Open, sealed: &Sealed) -> Result<Sealed, StoreError> {
        let Copy { name, file, at, body } = self;
        let body = *body.finalize().as_bytes();
        let erased = Some(Erased { bytes: sealed.bytes, hash: sealed.hash, body });
        let header = Header { erased, ..open.header };
        file.write_at(&header.to_page(), 0).map_err(StoreError::io("writing", &name))?;
        if !planted::is(Bug::EraseUnflushed) {
            file.sync_data().map_err(Fatal::sync(&name))?;
        }
        let written = Open { name: name.clone(), file, header, size: at };
        let mut walk = Walk::new(&written, at);
        let stop = walk.finish()?;
        if walk.place.at != sealed.bytes || *walk.hasher.finalize().as_bytes() != body {
            let problem = problem(&stop, &mut walk.reader);
            return Err(walk.damaged(format!("what was written anew cannot be read: {problem}")));
        }
        if !planted::is(Bug::EraseInPlace) {
            disk.rename(&name, &open.name).map_err(StoreError::io("renaming", &name))?;
        }
        disk.sync_dir().map_err(Fatal::sync("."))?;
        Ok(Sealed { body: Some(body), ..*sealed })
    }
}

/// Up to which entry erasures were carried out in all segments, 0 for none. Where that is not known any
/// more, they are carried out again, which changes nothing.
pub fn erased_through(disk: &dyn Disk) -> Result<u64, StoreError> {
    if !disk.list().map_err(StoreError::io("listing", "."))?.iter().any(|name| name == SAID) {
        return Ok(0);
    }
    let file = disk.open(SAID).map_err(StoreError::io("opening", SAID))?;
    let mut bytes = [0; SAID_HEAD.len() + 24];
    let got = file.read_at(&mut bytes, 0).map_err(StoreError::io("reading", SAID))?;
    let said = std::str::from_utf8(&bytes[..got]).ok();
    let number = said.and_then(|said| said.strip_prefix(SAID_HEAD)?.strip_suffix('\n')?.parse().ok());
    Ok(number.unwrap_or(0))
}

/// Remembers what [`erased_through`] is to say.
pub fn said_erased(disk: &dyn Disk, through: u64) -> Result<(), StoreError> {
    let file = disk.create(SAID_TEMPORARY).map_err(StoreError::io("creating", SAID_TEMPORARY))?;
    let text = format!("{SAID_HEAD}{through}\n");
    file.write_at(text.as_bytes(), 0).map_err(StoreError::io("writing", SAID_TEMPORARY))?;
    file.sync_data().map_err(Fatal::sync(SAID_TEMPORARY))?;
    disk.rename(SAID_TEMPORARY, SAID).map_err(StoreError::io("renaming", SAID_TEMPORARY))?;
    Ok(disk.sync_dir().map_err(Fatal::sync("."))?)
}
