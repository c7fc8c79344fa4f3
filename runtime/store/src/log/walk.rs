//! Goes through one segment from its start.

use crate::error::StoreError;
use crate::frame::u64_at;
use crate::group::{self, Group, Place, Stop};
use crate::log::reader::Reader;
use crate::log::segment::{Open, PAGE};

/// A pass through a segment.
pub(crate) struct Walk<'a> {
    open: &'a Open,
    pub reader: Reader,
    /// Behind the last whole group.
    pub place: Place,
    /// How far the log knew itself durable.
    pub synced: u64,
    /// Whether the last group is a mark.
    pub marked: bool,
    pub hasher: blake3::Hasher,
    group: Group,
}

impl<'a> Walk<'a> {
    pub(crate) fn new(open: &'a Open, end: u64) -> Walk<'a> {
        let reader = Reader::new(open.file.clone(), end);
        let mut hasher = blake3::Hasher::new();
        hasher.update(&open.header.to_page());
        let (place, group) = (open.header.start(), Group::default());
        Walk { open, reader, place, synced: PAGE, marked: false, hasher, group }
    }

    /// Up to where no whole group follows.
    pub(crate) fn finish(&mut self) -> Result<Stop, StoreError> {
        loop {
            let read = group::read(&mut self.reader, &self.open.header.salt, &mut self.place, &mut self.group);
            if let Err(stop) = read.map_err(StoreError::io("reading", &self.open.name))? {
                return Ok(stop);
            }
            self.hasher.update(&self.group.bytes);
            self.synced = self.synced.max(self.group.synced);
            self.marked = self.group.frames().len() == 0;
        }
    }

    pub(crate) fn damaged(&self, problem: String) -> StoreError {
        damaged(self.open, &self.place, problem)
    }
}

pub(crate) fn damaged(open: &Open, place: &Place, problem: String) -> StoreError {
    StoreError::Damaged { file: open.name.clone(), offset: place.at, problem, good: place.next_seq - 1 }
}

/// What is wrong with a stop, in words, for an operator.
pub(crate) fn problem(stop: &Stop, reader: &mut Reader) -> String {
    let at = stop.frame.at;
    let zeros = reader.from(at, 8).is_ok_and(|bytes| bytes.len() >= 8 && u64_at(bytes, 0) == 0);
    let what = if zeros { "zeros stand where a frame was".to_owned() } else { stop.why.to_string() };
    format!("at byte {at}, event {}, {what}", stop.frame.next_seq)
}
