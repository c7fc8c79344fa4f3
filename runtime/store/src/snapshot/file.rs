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
use std::collections::BTreeMap;
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
    /// Hash of the state, as the machine computes it.
    pub root: [u8; 32],
}

/// Named blobs.
pub type Blobs = BTreeMap<Vec<u8>, Vec<u8>>;

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

/// What a file says.
pub(crate) struct Contents {
    pub stand: Stand,
    pub base: [u8; 32],
    pub hash: [u8; 32],
    pub bytes: u64,
    /// Blobs, or `None` for removed ones.
    changes: Vec<(Vec<u8>, Option<Vec<u8>>)>,
}

impl Contents {
    /// Changes `blobs` as the file says.
    pub(crate) fn apply(self, blobs: &mut Blobs) -> (Stand, [u8; 32]) {
        for (name, bytes) in self.changes {
            match bytes {
                Some(bytes) => blobs.insert(name, bytes),
                None => blobs.remove(&name),
            };
        }
        (self.stand, self.hash)
    }
}

/// Reads a file; the inner error says what is wrong with it.
pub(crate) fn read(disk: &dyn Disk, name: &str) -> Result<Result<Contents, &'static str>, StoreError> {
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
    let mut hasher = blake3::Hasher::new();
    let head = reader.from(0, HEAD).map_err(io)?[..HEAD].to_vec();
    hasher.update(&head);
    if head[..8] != MAGIC || u32_at(&head, 8) != VERSION {
        return Ok(Err("it is not a checkpoint of this version"));
    }
    let stand = Stand { applied_seq: u64_at(&head, 16), root: array(&head, 24) };
    let mut contents = Contents { stand, base: array(&head, 56), hash, bytes: size, changes: Vec::new() };
    let mut at = HEAD as u64;
    loop {
        let record = reader.from(at, RECORD).map_err(io)?;
        let (name_bytes, what) = (u32_at(record, 0) as u16, (u32_at(record, 0) >> 16) as u16);
        let length = u64_at(record, 8);
        let whole = length.checked_add((RECORD + usize::from(name_bytes)) as u64);
        let Some(whole) = whole.filter(|whole| *whole <= end.saturating_sub(at)) else {
            return Ok(Err("a record is longer than the file"));
        };
        let record = &reader.from(at, whole as usize).map_err(io)?;
        let Some(record) = record.get(..whole as usize) else { return Ok(Err("it is cut off")) };
        hasher.update(record);
        at += whole;
        let (name, bytes) = record[RECORD..].split_at(usize::from(name_bytes));
        match what {
            _ if contents.changes.len() >= BLOBS_MAX => return Ok(Err("it has too many records")),
            PUT => contents.changes.push((name.to_vec(), Some(bytes.to_vec()))),
            REMOVE => contents.changes.push((name.to_vec(), None)),
            END if at == end => break,
            _ => return Ok(Err("a record cannot be read")),
        }
    }
    if *hasher.finalize().as_bytes() != hash && !planted::is(Bug::SnapshotUnchecked) {
        return Ok(Err("it does not have the hash that belongs to it"));
    }
    Ok(Ok(contents))
}
