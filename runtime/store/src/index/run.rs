//! A sorted, immutable file of keys.
//!
//! ```text
//! blocks of 4,096 B: up to 146 entries (key 16, seq 8, payload hash 4), count u16, 0 u16, crc32c
//! filters | first keys of blocks | footer of 128 B with the BLAKE3 of the two
//! ```
//!
//! Filters and first keys are held in memory, about 2.4 bytes for an event; a block is read for a
//! key that a filter does not exclude.

use crate::disk::{Disk, DiskFile};
use crate::error::StoreError;
use crate::frame::{array, u32_at, u64_at};
use crate::index::filter::Filter;
use crate::index::key::Hit;
use crate::limits::{FILTER_BLOCKS, RUN_EVENTS_MAX};
use crate::log::reader::Reader;
use crate::planted::{self, Bug};
use std::sync::Arc;

pub(crate) const BLOCK: usize = 4096;
pub(crate) const ENTRY: usize = 28;
/// Entries of a block.
pub(crate) const ENTRIES: usize = (BLOCK - 8) / ENTRY;
pub(crate) const FOOTER: usize = 128;
const MAGIC: [u8; 8] = *b"PRICERUN";

/// An event of a run.
pub(crate) type Item = (u128, Hit);

/// What a manifest says of a run.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Meta {
    pub id: u64,
    pub tier: u32,
    pub events: u64,
    /// Size of the file.
    pub bytes: u64,
    /// BLAKE3 of everything before the footer that is not a block.
    pub hash: [u8; 32],
}

impl Meta {
    pub(crate) fn file(&self) -> String {
        format!("run-{:016x}.run", self.id)
    }

    pub(crate) fn blocks(&self) -> u64 {
        self.events.div_ceil(ENTRIES as u64)
    }

    pub(crate) fn footer(&self) -> [u8; FOOTER] {
        let mut out = [0; FOOTER];
        out[..8].copy_from_slice(&MAGIC);
        out[8..16].copy_from_slice(&self.id.to_le_bytes());
        out[16..24].copy_from_slice(&self.events.to_le_bytes());
        out[24..56].copy_from_slice(&self.hash);
        let sum = crc32c::crc32c(&out[..FOOTER - 4]);
        out[FOOTER - 4..].copy_from_slice(&sum.to_le_bytes());
        out
    }
}

pub(crate) fn seal_block(block: &mut Vec<u8>, id: u64, number: u64) {
    let count = (block.len() / ENTRY) as u16;
    block.resize(BLOCK - 8, 0);
    block.extend_from_slice(&count.to_le_bytes());
    block.extend_from_slice(&[0; 2]);
    let sum = block_sum(block, id, number);
    block.extend_from_slice(&sum.to_le_bytes());
}

/// The sum covers where the block belongs: a block in another place is not one.
fn block_sum(body: &[u8], id: u64, number: u64) -> u32 {
    let place = crc32c::crc32c_append(crc32c::crc32c(&id.to_le_bytes()), &number.to_le_bytes());
    crc32c::crc32c_append(place, body)
}

pub(crate) fn put_entry(block: &mut Vec<u8>, (key, hit): Item) {
    block.extend_from_slice(&key.to_be_bytes());
    block.extend_from_slice(&hit.seq.to_le_bytes());
    block.extend_from_slice(&hit.payload_hash.to_le_bytes());
}

fn key_at(block: &[u8], entry: usize) -> u128 {
    u128::from_be_bytes(array(block, entry * ENTRY))
}

fn item_at(block: &[u8], entry: usize) -> Item {
    let at = entry * ENTRY;
    (key_at(block, entry), Hit { seq: u64_at(block, at + 16), payload_hash: u32_at(block, at + 24) })
}

/// How many entries a sound block has.
fn entries(block: &[u8], id: u64, number: u64) -> Option<usize> {
    let count = usize::from(u16::from_le_bytes(array(block, BLOCK - 8)));
    let sound = block.len() == BLOCK
        && u32_at(block, BLOCK - 4) == block_sum(&block[..BLOCK - 4], id, number)
        && (1..=ENTRIES).contains(&count);
    (sound || planted::is(Bug::NoBlockChecksum)).then_some(count.min(ENTRIES))
}

pub(crate) fn damaged(file: &str, problem: String) -> StoreError {
    StoreError::Derived { what: "event index", file: file.to_owned(), problem }
}

/// An open run.
pub(crate) struct Run {
    pub meta: Meta,
    name: String,
    file: Arc<dyn DiskFile>,
    /// Filters with the first key of each.
    filters: Vec<(u128, Filter)>,
    /// First key of each block.
    fences: Vec<u128>,
}

impl Run {
    pub(crate) fn open(disk: &dyn Disk, meta: Meta) -> Result<Run, StoreError> {
        let name = meta.file();
        let file = disk.open(&name).map_err(|e| match e.kind() {
            std::io::ErrorKind::NotFound => damaged(&name, "it is missing".to_owned()),
            _ => StoreError::io("opening", &name)(e),
        })?;
        let size = file.size().map_err(StoreError::io("reading", &name))?;
        let blocks = meta.blocks();
        let rest = blocks.checked_mul(BLOCK as u64).and_then(|at| meta.bytes.checked_sub(at + FOOTER as u64));
        if size != meta.bytes || meta.events == 0 || meta.events > RUN_EVENTS_MAX || rest.is_none() {
            return Err(damaged(&name, format!("it has {size} bytes where {} belong", meta.bytes)));
        }
        let mut reader = Reader::new(file.clone(), size);
        let read = |e| StoreError::io("reading", &name)(e);
        if reader.from(size - FOOTER as u64, FOOTER).map_err(read)? != meta.footer() {
            return Err(damaged(&name, "its end is not that of the run".to_owned()));
        }
        let end = size - FOOTER as u64;
        let mut at = blocks * BLOCK as u64;
        let mut hasher = blake3::Hasher::new();
        let mut next = |n: usize, at: &mut u64, hashed: bool| -> Result<Vec<u8>, StoreError> {
            let piece = reader.from(*at, n).map_err(read)?;
            if piece.len() < n || *at + n as u64 > end {
                return Err(damaged(&name, "its filters are cut off".to_owned()));
            }
            let piece = piece[..n].to_vec();
            if hashed {
                hasher.update(&piece);
                *at += n as u64;
            }
            Ok(piece)
        };
        let wrong = || damaged(&name, "its filters cannot be read".to_owned());
        let mut filters = Vec::new();
        for _ in 0..blocks.div_ceil(FILTER_BLOCKS as u64) {
            let head = next(Filter::HEAD, &mut at, false)?;
            let bytes = next(Filter::size(&head).ok_or_else(wrong)?, &mut at, true)?;
            filters.push(Filter::read(&bytes).ok_or_else(wrong)?);
        }
        let mut fences = Vec::new();
        for _ in 0..blocks {
            fences.push(u128::from_be_bytes(array(&next(16, &mut at, true)?, 0)));
        }
        if at != end || *hasher.finalize().as_bytes() != meta.hash || !fences.is_sorted() {
            return Err(damaged(&name, "its filters do not have the hash that belongs to them".to_owned()));
        }
        let firsts = fences.iter().copied().step_by(FILTER_BLOCKS);
        let filters = firsts.zip(filters).collect();
        Ok(Run { meta, name, file, filters, fences })
    }

    pub(crate) fn find(&self, key: u128) -> Result<Option<Hit>, StoreError> {
        // The filter first: its few first keys stay in the cache of the processor.
        let after = self.filters.partition_point(|(first, _)| *first <= key);
        let Some((_, filter)) = after.checked_sub(1).map(|part| &self.filters[part]) else { return Ok(None) };
        if !filter.may_have(key) {
            return Ok(None);
        }
        let start = (after - 1) * FILTER_BLOCKS;
        let fences = &self.fences[start..self.fences.len().min(start + FILTER_BLOCKS)];
        // The first block of a filter begins with the first key of the filter.
        let number = start + fences.partition_point(|first| *first <= key) - 1;
        let mut block = [0; BLOCK];
        let count = self.read(number as u64, &mut block)?;
        let (mut low, mut high) = (0, count);
        while low < high {
            let middle = (low + high) / 2;
            if key_at(&block, middle) < key { low = middle + 1 } else { high = middle }
        }
        let (found, hit) = if low < count { item_at(&block, low) } else { return Ok(None) };
        Ok((found == key).then_some(hit))
    }

    fn read(&self, number: u64, block: &mut [u8; BLOCK]) -> Result<usize, StoreError> {
        let got = self.file.read_at(block, number * BLOCK as u64).map_err(StoreError::io("reading", &self.name))?;
        let count = entries(&block[..got], self.meta.id, number).filter(|_| got == BLOCK);
        count.ok_or_else(|| damaged(&self.name, format!("block {number} has a wrong checksum")))
    }

    /// All events in the order of keys.
    pub(crate) fn items(self: &Arc<Run>) -> Items {
        let reader = Reader::new(self.file.clone(), self.meta.blocks() * BLOCK as u64);
        Items { run: self.clone(), reader, number: 0, block: Vec::new(), entry: 0, count: 0 }
    }
}

/// The events of a run in order.
pub(crate) struct Items {
    run: Arc<Run>,
    reader: Reader,
    number: u64,
    block: Vec<u8>,
    entry: usize,
    count: usize,
}

impl Items {
    pub(crate) fn next(&mut self) -> Result<Option<Item>, StoreError> {
        if self.entry == self.count {
            if self.number == self.run.meta.blocks() {
                return Ok(None);
            }
            let at = self.number * BLOCK as u64;
            let held = self.reader.from(at, BLOCK).map_err(StoreError::io("reading", &self.run.name))?;
            self.block.clear();
            self.block.extend_from_slice(&held[..held.len().min(BLOCK)]);
            let problem = || damaged(&self.run.name, format!("block {} has a wrong checksum", self.number));
            self.count = entries(&self.block, self.run.meta.id, self.number).ok_or_else(problem)?;
            self.number += 1;
            self.entry = 0;
        }
        self.entry += 1;
        Ok(Some(item_at(&self.block, self.entry - 1)))
    }
}
