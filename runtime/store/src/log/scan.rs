//! Reads the log forward.

use crate::disk::Disk;
use crate::error::StoreError;
use crate::group::{self, Group, Place};
use crate::log::reader::Reader;
use crate::log::segment::{Header, Open, Sealed, file_name};
use crate::log::walk::{damaged, problem};
use std::collections::VecDeque;
use std::sync::Arc;

struct Piece {
    index: u64,
    /// Bytes that belong to the log.
    bytes: u64,
    open: Option<Open>,
}

/// Durable groups in order. It is not disturbed by what is appended meanwhile, and does not see it.
pub struct Scan {
    disk: Arc<dyn Disk>,
    pieces: VecDeque<Piece>,
    from: u64,
    /// Where the next segment has to begin, after the first.
    before: Option<Place>,
    /// Where to begin in the first.
    start: Option<Place>,
    now: Option<(Open, Reader, Place)>,
    group: Group,
    failed: bool,
}

impl Scan {
    /// `start` is a known place of the segment that holds `from`, if there is one.
    pub(crate) fn new(
        disk: Arc<dyn Disk>,
        sealed: &[Sealed],
        active: &Open,
        end: u64,
        from: u64,
        start: Option<Place>,
    ) -> Scan {
        let mut pieces: VecDeque<Piece> = sealed
            .iter()
            .skip_while(|s| s.last_seq < from)
            .map(|s| Piece { index: s.index, bytes: s.bytes, open: None })
            .collect();
        pieces.push_back(Piece { index: active.header.index, bytes: end, open: Some(active.clone()) });
        Scan { disk, pieces, from, before: None, start, now: None, group: Group::default(), failed: false }
    }

    /// The next group with an event at or after the start, `None` at the end.
    ///
    /// Checksums, the chain and the hash of every group are compared. After an error there is
    /// nothing more.
    #[allow(clippy::should_implement_trait)]
    pub fn next(&mut self) -> Result<Option<&Group>, StoreError> {
        if self.failed {
            return Ok(None);
        }
        match self.step() {
            Ok(true) => Ok(Some(&self.group)),
            Ok(false) => Ok(None),
            Err(e) => {
                self.failed = true;
                Err(e)
            }
        }
    }

    fn step(&mut self) -> Result<bool, StoreError> {
        loop {
            if self.now.is_none() && !self.begin()? {
                return Ok(false);
            }
            let Some((open, reader, place)) = &mut self.now else { return Ok(false) };
            if place.at >= reader.end() {
                self.before = Some(*place);
                self.now = None;
                continue;
            }
            let read = group::read(reader, &open.header.salt, place, &mut self.group);
            match read.map_err(StoreError::io("reading", &open.name))? {
                Ok(()) if place.next_seq <= self.from => {}
                Ok(()) if self.group.frames().len() == 0 => {}
                Ok(()) => {
                    self.group.begin_at(self.from);
                    return Ok(true);
                }
                Err(stop) => return Err(damaged(open, place, problem(&stop, reader))),
            }
        }
    }

    fn begin(&mut self) -> Result<bool, StoreError> {
        let Some(piece) = self.pieces.pop_front() else { return Ok(false) };
        let read = match piece.open {
            Some(open) => Ok(open),
            None => Header::read(self.disk.as_ref(), piece.index)?,
        };
        let good = self.before.map_or(0, |b| b.next_seq - 1);
        let bad = |problem: &str| {
            let (file, problem) = (file_name(piece.index), problem.to_owned());
            StoreError::Damaged { file, offset: 0, problem, good }
        };
        let open = read.map_err(bad)?;
        let start = open.header.start();
        if self.before.is_some_and(|b| (b.next_seq, b.chain) != (start.next_seq, start.chain)) {
            return Err(bad("it does not continue the segment before it"));
        }
        let reader = Reader::new(open.file.clone(), piece.bytes);
        self.now = Some((open, reader, self.start.take().unwrap_or(start)));
        Ok(true)
    }
}
