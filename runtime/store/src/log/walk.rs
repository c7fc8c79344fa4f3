//! Goes through one segment from its start.

use crate::error::StoreError;
use crate::frame::u64_at;
use crate::group::{self, Group, Place, Stop};
use crate::limits::WAYPOINTS;
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
    /// See [`crate::log::segment::Header::hasher`].
    pub hasher: blake3::Hasher,
    /// Places on the way, for scans.
    pub waypoints: Waypoints,
    group: Group,
}

/// Places of one segment that a scan can begin at, so that it need not read what it skips.
#[derive(Debug, Clone)]
pub(crate) struct Waypoints {
    places: Vec<Place>,
    apart: u64,
}

impl Waypoints {
    pub(crate) fn new(segment_bytes: u64) -> Waypoints {
        Waypoints { places: Vec::new(), apart: segment_bytes / WAYPOINTS }
    }

    /// Passes the end of a group.
    pub(crate) fn pass(&mut self, place: Place) {
        if place.at - self.places.last().map_or(PAGE, |last| last.at) >= self.apart {
            self.places.push(place);
        }
    }

    /// The last place that is not behind an event.
    pub(crate) fn before(&self, seq: u64) -> Option<Place> {
        self.places.partition_point(|place| place.next_seq <= seq).checked_sub(1).map(|at| self.places[at])
    }
}

impl<'a> Walk<'a> {
    pub(crate) fn new(open: &'a Open, end: u64) -> Walk<'a> {
        let reader = Reader::new(open.file.clone(), end);
        let hasher = open.header.hasher();
        let (place, group) = (open.header.start(), Group::default());
        let waypoints = Waypoints::new(open.size);
        Walk { open, reader, place, synced: PAGE, marked: false, hasher, waypoints, group }
    }

    /// Up to where no whole group follows.
    pub(crate) fn finish(&mut self) -> Result<Stop, StoreError> {
        loop {
            let read = group::read(&mut self.reader, &self.open.header.salt, &mut self.place, &mut self.group);
            if let Err(stop) = read.map_err(StoreError::io("reading", &self.open.name))? {
                return Ok(stop);
            }
            self.waypoints.pass(self.place);
            self.hasher.update(&self.group.bytes);
            self.synced = self.synced.max(self.group.synced);
            self.marked = self.group.frames().len() == 0;
        }
    }

    /// Forgets what was read ahead: somebody may have written there.
    pub(crate) fn look_again(&mut self) {
        self.reader = Reader::new(self.open.file.clone(), self.reader.end());
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
