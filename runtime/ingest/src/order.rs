//! Folding order with bounded memory: rows sorted by time, account (or pool), source and id, in
//! temporary runs that are merged.
//!
//! Rows that tie are told apart by type and content, so the order is one of the set of rows and
//! not of the files they came from.

use crate::block::{Block, BlockBuilder, Part};
use crate::codec;
use crate::error::IngestError;
use crate::limits::{BLOCK_ROWS, FAN_IN_MAX, RUN_BLOCK_ROWS};
use crate::names::Names;
use crate::runs::temporary;
use price_ir::{Column, FieldType, Plan};
use price_rating::{EventSchema, OpenLabels};
use std::cmp::Ordering;
use std::collections::BTreeMap;
use std::fs::File;
use std::io::{BufReader, BufWriter, Seek};
use std::path::PathBuf;
use std::sync::Arc;

/// The order.
pub(crate) struct Folding<'a> {
    pub(crate) plan: &'a Plan,
    pub(crate) labels: &'a OpenLabels,
    pub(crate) ranks: Ranks<'a>,
}

/// How accounts compare by the name of their group (the pool, or the account itself), then by
/// their own.
pub(crate) enum Ranks<'a> {
    /// All accounts are known: place of each one's group among all groups, and its own.
    Places { groups: Vec<u32>, accounts: Vec<u32> },
    /// More may come, so that names are compared.
    Names { accounts: &'a Names, pools: &'a BTreeMap<String, String> },
}

impl Ranks<'_> {
    fn group(&self, a: u32, b: u32) -> Ordering {
        match self {
            _ if a == b => Ordering::Equal,
            Ranks::Places { groups, .. } => groups[a as usize].cmp(&groups[b as usize]),
            Ranks::Names { accounts, pools } => {
                let group = |account: u32| {
                    let name = accounts.text(account);
                    pools.get(name).map_or(name, String::as_str)
                };
                group(a).cmp(group(b))
            }
        }
    }

    fn account(&self, a: u32, b: u32) -> Ordering {
        match self {
            Ranks::Places { accounts, .. } => accounts[a as usize].cmp(&accounts[b as usize]),
            Ranks::Names { accounts, .. } => accounts.text(a).cmp(accounts.text(b)),
        }
    }
}

impl Folding<'_> {
    pub(crate) fn compare(&self, (a, i): (&Part, usize), (b, j): (&Part, usize)) -> Ordering {
        let happened = a.batch.happened[i].cmp(&b.batch.happened[j]);
        happened
            .then_with(|| self.ranks.group(a.accounts[i], b.accounts[j]))
            .then_with(|| a.identity(i).cmp(&b.identity(j)))
            .then_with(|| self.ties((a, i), (b, j)))
    }

    fn ties(&self, (a, i): (&Part, usize), (b, j): (&Part, usize)) -> Ordering {
        if a.batch.event != b.batch.event {
            return a.batch.event.cmp(&b.batch.event);
        }
        let fields = &self.plan.events[a.batch.event.ix()].fields;
        for ((x, y), field) in a.batch.columns.iter().zip(&b.batch.columns).zip(fields) {
            let order = match (x, y, &field.ty) {
                (Column::Int(x), Column::Int(y), _) => x[i].cmp(&y[j]),
                (Column::Family(x), Column::Family(y), _) => x.iter().map(|v| v[i]).cmp(y.iter().map(|v| v[j])),
                (Column::Label(x), Column::Label(y), FieldType::Label(dim))
                    if self.plan.dimensions[dim.ix()].size().is_none() =>
                {
                    self.labels.text(*dim, x[i]).cmp(self.labels.text(*dim, y[j]))
                }
                (Column::Label(x), Column::Label(y), _) => x[i].cmp(&y[j]),
                (Column::Text(x), Column::Text(y), _) => x[i].cmp(&y[j]),
                (Column::Flag(x), Column::Flag(y), _) => x[i].cmp(&y[j]),
                _ => Ordering::Equal,
            };
            if order != Ordering::Equal {
                return order;
            }
        }
        // Accounts of one pool share a group.
        self.ranks.account(a.accounts[i], b.accounts[j])
    }
}

/// Place of a row among held blocks, with the front of its key.
struct Place {
    part: u16,
    block: u32,
    row: u32,
    happened: i64,
}

struct Run {
    file: File,
    frames: u64,
}

/// Takes blocks in any order.
pub(crate) struct RowSorter<'a> {
    folding: &'a Folding<'a>,
    schemas: Arc<[EventSchema]>,
    held: Vec<Block>,
    bytes: usize,
    most: usize,
    levels: Vec<Vec<Run>>,
    dir: Option<PathBuf>,
    spilled: u64,
    scratch: Vec<u8>,
}

impl<'a> RowSorter<'a> {
    /// Holds at most about `most` bytes of rows.
    pub(crate) fn new(
        folding: &'a Folding<'a>,
        schemas: Arc<[EventSchema]>,
        most: usize,
        dir: Option<PathBuf>,
    ) -> RowSorter<'a> {
        RowSorter {
            folding,
            schemas,
            held: Vec::new(),
            bytes: 0,
            most,
            levels: Vec::new(),
            dir,
            spilled: 0,
            scratch: Vec::new(),
        }
    }

    pub(crate) fn push(&mut self, block: Block) -> Result<(), IngestError> {
        // Places cost about as much as a narrow row.
        self.bytes += block.bytes() + block.rows() * size_of::<Place>();
        self.held.push(block);
        if self.bytes > self.most { self.spill() } else { Ok(()) }
    }

    fn places(&self) -> Vec<Place> {
        let mut places = Vec::with_capacity(self.held.iter().map(Block::rows).sum());
        for (at, block) in self.held.iter().enumerate() {
            for (part, row) in block.places() {
                let from = &block.parts[part as usize];
                places.push(Place { part, block: at as u32, row, happened: from.batch.happened[row as usize] });
            }
        }
        let row = |p: &Place| (&self.held[p.block as usize].parts[p.part as usize], p.row as usize);
        places.sort_unstable_by(|a, b| {
            a.happened
                .cmp(&b.happened)
                .then_with(|| self.folding.compare(row(a), row(b)))
                .then_with(|| (a.block, a.part, a.row).cmp(&(b.block, b.part, b.row)))
        });
        places
    }

    fn spill(&mut self) -> Result<(), IngestError> {
        let places = self.places();
        let held = std::mem::take(&mut self.held);
        self.bytes = 0;
        let mut sink = RunWriter::new(self.schemas.clone(), self.dir.as_ref())?;
        for place in &places {
            sink.push(&held[place.block as usize].parts[place.part as usize], place.row as usize, &mut self.scratch)?;
        }
        let mut run = self.close(sink)?;
        for level in 0.. {
            if self.levels.len() <= level {
                self.levels.push(Vec::new());
            }
            self.levels[level].push(run);
            if self.levels[level].len() < FAN_IN_MAX {
                break;
            }
            let mut merge = Merge::open(self.folding, std::mem::take(&mut self.levels[level]))?;
            let mut sink = RunWriter::new(self.schemas.clone(), self.dir.as_ref())?;
            while let Some((part, row)) = merge.head() {
                sink.push(part, row, &mut self.scratch)?;
                merge.advance()?;
            }
            run = self.close(sink)?;
        }
        Ok(())
    }

    fn close(&mut self, sink: RunWriter) -> Result<Run, IngestError> {
        let (run, bytes) = sink.finish(&mut self.scratch)?;
        self.spilled += bytes;
        Ok(run)
    }

    /// Hands out all rows in order, in blocks.
    pub(crate) fn finish(
        mut self,
        mut deliver: impl FnMut(Block) -> Result<(), IngestError>,
    ) -> Result<u64, IngestError> {
        let mut block = BlockBuilder::new(self.schemas.clone());
        if self.levels.is_empty() {
            for place in self.places() {
                block.push_from(&self.held[place.block as usize].parts[place.part as usize], place.row as usize);
                if block.rows() >= BLOCK_ROWS {
                    deliver(block.take())?;
                }
            }
        } else {
            if !self.held.is_empty() {
                self.spill()?;
            }
            let runs = std::mem::take(&mut self.levels).into_iter().flatten().collect();
            let mut merge = Merge::open(self.folding, runs)?;
            while let Some((part, row)) = merge.head() {
                block.push_from(part, row);
                merge.advance()?;
                if block.rows() >= BLOCK_ROWS {
                    deliver(block.take())?;
                }
            }
        }
        if block.rows() > 0 {
            deliver(block.take())?;
        }
        Ok(self.spilled)
    }
}

/// Writes one sorted run.
struct RunWriter {
    out: BufWriter<File>,
    block: BlockBuilder,
    frames: u64,
    bytes: u64,
}

impl RunWriter {
    fn new(schemas: Arc<[EventSchema]>, dir: Option<&PathBuf>) -> Result<RunWriter, IngestError> {
        let out = BufWriter::with_capacity(1 << 18, temporary(dir)?);
        Ok(RunWriter { out, block: BlockBuilder::new(schemas), frames: 0, bytes: 0 })
    }

    fn push(&mut self, part: &Part, row: usize, scratch: &mut Vec<u8>) -> Result<(), IngestError> {
        self.block.push_from(part, row);
        if self.block.rows() >= RUN_BLOCK_ROWS { self.flush(scratch) } else { Ok(()) }
    }

    fn flush(&mut self, scratch: &mut Vec<u8>) -> Result<(), IngestError> {
        self.bytes += codec::write(&self.block.take(), &mut self.out, scratch)?;
        self.frames += 1;
        Ok(())
    }

    fn finish(mut self, scratch: &mut Vec<u8>) -> Result<(Run, u64), IngestError> {
        if self.block.rows() > 0 {
            self.flush(scratch)?;
        }
        let mut file = self.out.into_inner().map_err(|e| IngestError::Spill(e.into_error()))?;
        file.rewind().map_err(IngestError::Spill)?;
        Ok((Run { file, frames: self.frames }, self.bytes))
    }
}

/// One run being read.
struct Cursor {
    from: BufReader<File>,
    frames: u64,
    block: Block,
    places: Vec<(u16, u32)>,
    at: usize,
}

impl Cursor {
    fn head(&self) -> (&Part, usize) {
        let (part, row) = self.places[self.at];
        (&self.block.parts[part as usize], row as usize)
    }

    /// Whether there is a row at the cursor after moving on.
    fn advance(&mut self, scratch: &mut Vec<u8>) -> Result<bool, IngestError> {
        self.at += 1;
        while self.at >= self.places.len() {
            if self.frames == 0 {
                return Ok(false);
            }
            self.frames -= 1;
            self.block = codec::read(&mut self.from, scratch)?;
            self.places.clear();
            self.places.extend(self.block.places());
            self.at = 0;
        }
        Ok(true)
    }
}

/// A merge of runs: a binary heap of cursors, smallest row first.
struct Merge<'a> {
    folding: &'a Folding<'a>,
    cursors: Vec<Cursor>,
    heap: Vec<usize>,
    scratch: Vec<u8>,
}

impl<'a> Merge<'a> {
    fn open(folding: &'a Folding<'a>, runs: Vec<Run>) -> Result<Merge<'a>, IngestError> {
        let mut merge = Merge { folding, cursors: Vec::new(), heap: Vec::new(), scratch: Vec::new() };
        for run in runs {
            let from = BufReader::with_capacity(1 << 16, run.file);
            let mut cursor = Cursor { from, frames: run.frames, block: Block::default(), places: Vec::new(), at: 0 };
            if cursor.advance(&mut merge.scratch)? {
                merge.heap.push(merge.cursors.len());
                merge.cursors.push(cursor);
            }
        }
        for at in (0..merge.heap.len() / 2).rev() {
            merge.sift(at);
        }
        Ok(merge)
    }

    fn less(&self, a: usize, b: usize) -> bool {
        let order = self.folding.compare(self.cursors[a].head(), self.cursors[b].head());
        order.then(a.cmp(&b)) == Ordering::Less
    }

    fn sift(&mut self, mut at: usize) {
        loop {
            let mut least = at;
            for child in [2 * at + 1, 2 * at + 2] {
                if child < self.heap.len() && self.less(self.heap[child], self.heap[least]) {
                    least = child;
                }
            }
            if least == at {
                return;
            }
            self.heap.swap(at, least);
            at = least;
        }
    }

    fn head(&self) -> Option<(&Part, usize)> {
        self.heap.first().map(|at| self.cursors[*at].head())
    }

    fn advance(&mut self) -> Result<(), IngestError> {
        let Some(first) = self.heap.first().copied() else { return Ok(()) };
        if !self.cursors[first].advance(&mut self.scratch)? {
            self.heap.swap_remove(0);
        }
        self.sift(0);
        Ok(())
    }
}
