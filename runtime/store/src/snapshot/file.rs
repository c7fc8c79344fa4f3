//! One checkpoint file.
//!
//! ```text
//! head of 96 B | records: name length u16, what u16, 0 u32, length u64, name, bytes | end record
//! | BLAKE3 of everything before
//! ```
//!
//! The hash at the end is also the name by which the next file says what it builds on.

use crate::disk::{Disk, DiskFile};
use crate::error::{Fatal, StoreError};
use crate::frame::{array, u32_at, u64_at};
use crate::limits::{BLOB_NAME_BYTES_MAX, BLOBS_MAX, CHUNK_BYTES, SNAPSHOT_BYTES_MAX};
use crate::log::reader::Reader;
use crate::planted::{self, Bug};
use std::sync::Arc;

const MAGIC: [u8; 8] = *b"PRICESNP";
const VERSION: u32 = 1;
const HEAD: usize = 96;
const RECORD: usize = 16;
const PUT: u16 = 1;
const REMOVE: u16 = 2;
const END: u16 = 3;
pub(crate) const HASH: usize = 32;

/// What a checkpoint is of.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Stand {
    /// Last event whose effects it has.
    pub applied_seq: u64,
    /// What tells the state from that of another history, as the host says it.
    pub root: [u8; 32],
}

/// Writes one file.
pub(crate) struct Writer {
    name: String,
    file: Arc<dyn DiskFile>,
    out: Vec<u8>,
    at: u64,
    hasher: blake3::Hasher,
}

impl Writer {
    /// `base` is the hash of the file that this one changes, zeros for a whole checkpoint.
    pub(crate) fn new(disk: &dyn Disk, name: &str, stand: &Stand, base: [u8; 32]) -> Result<Writer, StoreError> {
        let file = disk.create(name).map_err(StoreError::io("creating", name))?;
        let mut out = Vec::with_capacity(CHUNK_BYTES + (64 << 10));
        out.extend_from_slice(&MAGIC);
        out.extend_from_slice(&VERSION.to_le_bytes());
        out.extend_from_slice(&[0; 4]);
        out.extend_from_slice(&stand.applied_seq.to_le_bytes());
        out.extend_from_slice(&stand.root);
        out.extend_from_slice(&base);
        out.resize(HEAD, 0);
        Ok(Writer { name: name.to_owned(), file, out, at: 0, hasher: blake3::Hasher::new() })
    }

    pub(crate) fn put(&mut self, name: &[u8], bytes: &[u8]) -> Result<(), StoreError> {
        self.record(name, PUT, bytes)
    }

    pub(crate) fn remove(&mut self, name: &[u8]) -> Result<(), StoreError> {
        self.record(name, REMOVE, &[])
    }

    fn record(&mut self, name: &[u8], what: u16, bytes: &[u8]) -> Result<(), StoreError> {
        assert!(name.len() <= BLOB_NAME_BYTES_MAX, "the name of a blob within the limit");
        self.out.extend_from_slice(&(name.len() as u16).to_le_bytes());
        self.out.extend_from_slice(&what.to_le_bytes());
        self.out.extend_from_slice(&[0; 4]);
        self.out.extend_from_slice(&(bytes.len() as u64).to_le_bytes());
        self.out.extend_from_slice(name);
        self.out.extend_from_slice(bytes);
        if self.out.len() >= CHUNK_BYTES { self.flush() } else { Ok(()) }
    }

    fn flush(&mut self) -> Result<(), StoreError> {
        self.hasher.update(&self.out);
        self.write()
    }

    fn write(&mut self) -> Result<(), StoreError> {
        let bytes = self.out.len() as u64;
        self.file.write_at(&self.out, self.at).map_err(StoreError::grow("writing", &self.name, bytes))?;
        self.at += bytes;
        self.out.clear();
        Ok(())
    }

    /// Flushes the file; returns its hash and size.
    pub(crate) fn finish(mut self) -> Result<([u8; 32], u64), StoreError> {
        self.record(&[], END, &[])?;
        self.flush()?;
        let hash = *self.hasher.finalize().as_bytes();
        self.out.extend_from_slice(&hash);
        self.write()?;
        if !planted::is(Bug::SnapshotUnflushed) {
            self.file.sync_data().map_err(Fatal::sync(&self.name))?;
        }
        Ok((hash, self.at))
    }
}

/// What a file says of itself.
pub(crate) struct Facts {
    pub stand: Stand,
    pub hash: [u8; 32],
    pub bytes: u64,
}

/// Takes a blob of a name, or `None` where it is no longer there.
pub type Visit<'a> = dyn FnMut(&[u8], Option<&[u8]>) + 'a;

/// Reads a file that has to build on `base`. The inner error says what is wrong with it, and then
/// nothing was visited.
pub(crate) fn read(
    disk: &dyn Disk,
    name: &str,
    base: [u8; 32],
    visit: &mut Visit<'_>,
) -> Result<Result<Facts, &'static str>, StoreError> {
    let io = |e| StoreError::io("reading", name)(e);
    let file = disk.open(name).map_err(StoreError::io("opening", name))?;
    let size = file.size().map_err(io)?;
    if size < (HEAD + RECORD + HASH) as u64 {
        return Ok(Err("it is cut off"));
    }
    if size > SNAPSHOT_BYTES_MAX {
        return Ok(Err("it has an impossible length"));
    }
    let end = size - HASH as u64;
    let mut reader = Reader::new(file, size);
    let hash: [u8; 32] = array(reader.from(end, HASH).map_err(io)?, 0);
    if hash_of(&mut reader, end).map_err(io)? != hash && !planted::is(Bug::SnapshotUnchecked) {
        return Ok(Err("it does not have the hash that belongs to it"));
    }
    let head: [u8; HEAD] = array(reader.from(0, HEAD).map_err(io)?, 0);
    if head[..8] != MAGIC || u32_at(&head, 8) != VERSION {
        return Ok(Err("it is not a checkpoint of this version"));
    }
    if array::<32>(&head, 56) != base {
        return Ok(Err("it changes a checkpoint that is not there"));
    }
    records(&mut reader, name, end, visit)?;
    let stand = Stand { applied_seq: u64_at(&head, 16), root: array(&head, 24) };
    Ok(Ok(Facts { stand, hash, bytes: size }))
}

fn records(reader: &mut Reader, name: &str, end: u64, visit: &mut Visit<'_>) -> Result<(), StoreError> {
    // The hash was right: a program wrote this that was wrong.
    let wrong = || {
        let problem = "a record cannot be read".to_owned();
        StoreError::Derived { what: "checkpoint", file: name.to_owned(), problem }
    };
    let mut at = HEAD as u64;
    for _ in 0..BLOBS_MAX {
        let head = reader.from(at, RECORD).map_err(StoreError::io("reading", name))?;
        let (name_bytes, what) = (usize::from(u32_at(head, 0) as u16), (u32_at(head, 0) >> 16) as u16);
        let whole = u64_at(head, 8).checked_add((RECORD + name_bytes) as u64).filter(|whole| *whole <= end - at);
        let whole = whole.ok_or_else(wrong)?;
        let record = reader.from(at, whole as usize).map_err(StoreError::io("reading", name))?;
        let record = record.get(RECORD..whole as usize).ok_or_else(wrong)?;
        at += whole;
        let (name, bytes) = record.split_at(name_bytes);
        match what {
            PUT => visit(name, Some(bytes)),
            REMOVE => visit(name, None),
            END if at == end => return Ok(()),
            _ => return Err(wrong()),
        }
    }
    Err(wrong())
}

/// The hash of a file up to `end`, in pieces that hash fast.
fn hash_of(reader: &mut Reader, end: u64) -> std::io::Result<[u8; 32]> {
    let mut hasher = blake3::Hasher::new();
    let mut at = 0;
    while at < end {
        let n = CHUNK_BYTES.min((end - at) as usize);
        let piece = reader.from(at, n)?;
        if piece.is_empty() {
            break;
        }
        let n = n.min(piece.len());
        hasher.update(&piece[..n]);
        at += n as u64;
    }
    Ok(*hasher.finalize().as_bytes())
}
