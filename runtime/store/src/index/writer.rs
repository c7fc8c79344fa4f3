//! Writes a run: events arrive sorted and leave as blocks, filters and a footer.

use crate::disk::{Disk, DiskFile};
use crate::error::{Fatal, StoreError};
use crate::index::filter::Filter;
use crate::index::run::{BLOCK, ENTRIES, ENTRY, FOOTER, Item, Meta, put_entry, seal_block};
use crate::limits::{CHUNK_BYTES, FILTER_BLOCKS};
use std::sync::Arc;

/// A run that is being written. Its name is temporary until it is finished.
pub(crate) struct Writer<'a> {
    disk: &'a dyn Disk,
    name: String,
    file: Arc<dyn DiskFile>,
    meta: Meta,
    block: Vec<u8>,
    /// Blocks that are not yet written.
    out: Vec<u8>,
    at: u64,
    number: u64,
    /// Keys of the blocks that share the next filter.
    keys: Vec<u128>,
    filters: Vec<u8>,
    fences: Vec<u8>,
    last: Option<u128>,
}

impl<'a> Writer<'a> {
    pub(crate) fn new(disk: &'a dyn Disk, id: u64, tier: u32) -> Result<Writer<'a>, StoreError> {
        let name = format!("run-{id:016x}.tmp");
        let file = disk.create(&name).map_err(StoreError::io("creating", &name))?;
        let meta = Meta { id, tier, events: 0, bytes: 0, hash: [0; 32] };
        let (block, out, keys) = (Vec::with_capacity(BLOCK), Vec::new(), Vec::new());
        let (filters, fences) = (Vec::new(), Vec::new());
        Ok(Writer { disk, name, file, meta, block, out, at: 0, number: 0, keys, filters, fences, last: None })
    }

    pub(crate) fn push(&mut self, item: Item) -> Result<(), StoreError> {
        assert!(self.last < Some(item.0), "keys of a run ascend");
        self.last = Some(item.0);
        if self.block.is_empty() {
            self.fences.extend_from_slice(&item.0.to_be_bytes());
        }
        self.keys.push(item.0);
        put_entry(&mut self.block, item);
        self.meta.events += 1;
        if self.block.len() == ENTRIES * ENTRY { self.end_block() } else { Ok(()) }
    }

    fn end_block(&mut self) -> Result<(), StoreError> {
        seal_block(&mut self.block, self.meta.id, self.number);
        self.out.append(&mut self.block);
        self.number += 1;
        if self.number.is_multiple_of(FILTER_BLOCKS as u64) {
            self.end_filter();
        }
        if self.out.len() >= CHUNK_BYTES { self.write() } else { Ok(()) }
    }

    fn end_filter(&mut self) {
        Filter::of(&self.keys).write(&mut self.filters);
        self.keys.clear();
    }

    fn write(&mut self) -> Result<(), StoreError> {
        let bytes = self.out.len() as u64;
        self.file.write_at(&self.out, self.at).map_err(StoreError::grow("writing", &self.name, bytes))?;
        self.at += bytes;
        self.out.clear();
        Ok(())
    }

    /// Flushes the run and gives it its name, which is durable after the directory is flushed.
    pub(crate) fn finish(mut self) -> Result<Meta, StoreError> {
        if !self.block.is_empty() {
            self.end_block()?;
        }
        if !self.keys.is_empty() {
            self.end_filter();
        }
        let mut hasher = blake3::Hasher::new();
        for part in [std::mem::take(&mut self.filters), std::mem::take(&mut self.fences)] {
            hasher.update(&part);
            self.out.extend_from_slice(&part);
            self.write()?;
        }
        self.meta.hash = *hasher.finalize().as_bytes();
        self.meta.bytes = self.at + FOOTER as u64;
        self.out.extend_from_slice(&self.meta.footer());
        self.write()?;
        self.file.sync_data().map_err(Fatal::sync(&self.name))?;
        let to = self.meta.file();
        self.disk.rename(&self.name, &to).map_err(StoreError::io("renaming", &self.name))?;
        Ok(self.meta)
    }
}
