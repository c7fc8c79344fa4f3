//! Accepted rows with where they came from: what readers deliver, keep and spill.

use price_ir::{Batch, Column, EventIx, Plan};
use price_rating::EventSchema;
use std::sync::Arc;

/// Texts one after another in one allocation.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Texts {
    pub(crate) all: String,
    pub(crate) ends: Vec<u32>,
}

impl Texts {
    /// The text of a row.
    ///
    /// # Panics
    /// When there is no such row.
    pub fn get(&self, row: usize) -> &str {
        let from = if row == 0 { 0 } else { self.ends[row - 1] as usize };
        &self.all[from..self.ends[row] as usize]
    }

    /// Number of texts.
    pub fn len(&self) -> usize {
        self.ends.len()
    }

    /// Whether there are none.
    pub fn is_empty(&self) -> bool {
        self.ends.is_empty()
    }

    /// Appends a text. Blocks are small enough that ends fit 32 bits.
    pub(crate) fn push(&mut self, text: &str) {
        self.all.push_str(text);
        self.ends.push(u32::try_from(self.all.len()).expect("a block holds less than 4 GiB of text"));
    }
}

/// Rows of one event type, with account and origin.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Part {
    /// Typed columns.
    pub batch: Batch,
    /// Account of each row: a number of [`crate::Tables::accounts`].
    pub accounts: Vec<u32>,
    /// File of each row: index into [`crate::Tables::files`].
    pub files: Vec<u32>,
    /// Line (row for Parquet) in the file, from 1.
    pub lines: Vec<u64>,
    /// Source of each row, empty where none was given. No rows at all unless
    /// [`crate::Options::keep_identity`] asks for them.
    pub sources: Texts,
    /// Id of each row; as `sources`.
    pub ids: Texts,
    /// When each row came to be known, in nanoseconds; [`UNSAID`] where nothing says. Empty where
    /// nothing says it of any row.
    pub recorded: Vec<i64>,
}

/// In place of an instant: nothing says when the row came to be known.
pub const UNSAID: i64 = i64::MIN;

impl Part {
    pub(crate) fn new(batch: Batch) -> Part {
        Part {
            batch,
            accounts: Vec::new(),
            files: Vec::new(),
            lines: Vec::new(),
            sources: Texts::default(),
            ids: Texts::default(),
            recorded: Vec::new(),
        }
    }

    /// Says when the row came to be known whose line was added last.
    pub(crate) fn record(&mut self, at: i64) {
        if at == UNSAID && self.recorded.is_empty() {
            return;
        }
        self.recorded.resize(self.lines.len() - 1, UNSAID);
        self.recorded.push(at);
    }

    /// When a row came to be known, or [`UNSAID`].
    pub fn recorded(&self, row: usize) -> i64 {
        self.recorded.get(row).copied().unwrap_or(UNSAID)
    }

    /// Number of rows.
    pub fn rows(&self) -> usize {
        self.batch.rows
    }

    /// Source and id of a row.
    pub fn identity(&self, row: usize) -> (&str, &str) {
        if self.ids.is_empty() { ("", "") } else { (self.sources.get(row), self.ids.get(row)) }
    }

    /// The rows at these places, in that order. Calendar labels are dropped.
    pub fn select(&self, rows: &[u32]) -> Part {
        let mut out = Part::new(price_rating::bulk::select(&self.batch, rows));
        for row in rows {
            let row = *row as usize;
            out.accounts.push(self.accounts[row]);
            out.files.push(self.files[row]);
            out.lines.push(self.lines[row]);
            out.record(self.recorded(row));
            if !self.ids.is_empty() {
                out.sources.push(self.sources.get(row));
                out.ids.push(self.ids.get(row));
            }
        }
        out
    }

    /// Appends a row of a part of the same event type.
    pub(crate) fn push_from(&mut self, other: &Part, row: usize) {
        let batch = &mut self.batch;
        batch.happened.push(other.batch.happened[row]);
        for (to, from) in batch.columns.iter_mut().zip(&other.batch.columns) {
            match (to, from) {
                (Column::Int(to), Column::Int(from)) => to.push(from[row]),
                (Column::Family(to), Column::Family(from)) => {
                    to.iter_mut().zip(from).for_each(|(to, from)| to.push(from[row]));
                }
                (Column::Label(to), Column::Label(from)) => to.push(from[row]),
                (Column::Text(to), Column::Text(from)) => to.push(from[row].clone()),
                (Column::Flag(to), Column::Flag(from)) => to.push(from[row]),
                _ => unreachable!("parts of one event type have the same columns"),
            }
        }
        batch.rows += 1;
        self.accounts.push(other.accounts[row]);
        self.files.push(other.files[row]);
        self.lines.push(other.lines[row]);
        self.record(other.recorded(row));
        if !other.ids.is_empty() {
            self.sources.push(other.sources.get(row));
            self.ids.push(other.ids.get(row));
        }
    }

    fn bytes(&self) -> usize {
        let columns: usize = self
            .batch
            .columns
            .iter()
            .map(|c| match c {
                Column::Int(v) => v.len() * 8,
                Column::Family(labels) => labels.iter().map(|v| v.len() * 8).sum(),
                Column::Label(v) => v.len() * 4,
                Column::Text(v) => v.iter().map(|t| t.len() + 32).sum(),
                Column::Flag(v) => v.len(),
            })
            .sum();
        columns + self.rows() * 34 + self.recorded.len() * 8 + self.sources.all.len() + self.ids.all.len()
    }
}

/// A stretch of the input: rows of several event types in one order.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Block {
    /// At most one part per event type, each with its rows in the block's order.
    pub parts: Vec<Part>,
    /// For each row of the block, in order, the index of its part; a part's rows follow one
    /// another. Says how event types interleave, for plans to which that matters.
    pub order: Vec<u16>,
}

impl Block {
    /// Number of rows.
    pub fn rows(&self) -> usize {
        self.order.len()
    }

    /// Memory it takes, about.
    pub(crate) fn bytes(&self) -> usize {
        self.parts.iter().map(Part::bytes).sum::<usize>() + self.order.len() * 2
    }

    /// Part and row of each row of the block, in order.
    pub fn places(&self) -> impl Iterator<Item = (u16, u32)> {
        let mut next = vec![0u32; self.parts.len()];
        self.order.iter().map(move |part| {
            let row = next[*part as usize];
            next[*part as usize] += 1;
            (*part, row)
        })
    }

    /// The block cut wherever the event type changes, for hosts that take one type at a time and
    /// owe a plan the order over all types. Whole parts where there is only one.
    pub fn in_order(self) -> Vec<Part> {
        if self.parts.len() <= 1 {
            return self.parts;
        }
        let places: Vec<(u16, u32)> = self.places().collect();
        let runs = places.chunk_by(|a, b| a.0 == b.0);
        runs.map(|run| {
            let rows: Vec<u32> = run.iter().map(|(_, row)| *row).collect();
            self.parts[run[0].0 as usize].select(&rows)
        })
        .collect()
    }

    /// Forgets sources and ids.
    pub(crate) fn forget_identity(&mut self) {
        for part in &mut self.parts {
            part.sources = Texts::default();
            part.ids = Texts::default();
        }
    }
}

/// Builds blocks row by row.
pub(crate) struct BlockBuilder {
    schemas: Arc<[EventSchema]>,
    block: Block,
    /// Part of each event type in the block, if it has one.
    at: Vec<Option<u16>>,
}

impl BlockBuilder {
    pub(crate) fn new(schemas: Arc<[EventSchema]>) -> BlockBuilder {
        let at = vec![None; schemas.len()];
        BlockBuilder { schemas, block: Block::default(), at }
    }

    pub(crate) fn push_from(&mut self, part: &Part, row: usize) {
        let event = part.batch.event.ix();
        let at = *self.at[event].get_or_insert_with(|| {
            self.block.parts.push(Part::new(self.schemas[event].batch()));
            (self.block.parts.len() - 1) as u16
        });
        self.block.parts[at as usize].push_from(part, row);
        self.block.order.push(at);
    }

    pub(crate) fn rows(&self) -> usize {
        self.block.order.len()
    }

    pub(crate) fn take(&mut self) -> Block {
        self.at.fill(None);
        std::mem::take(&mut self.block)
    }
}

/// Schemas of every event of a plan.
pub(crate) fn schemas(plan: &Arc<Plan>) -> Arc<[EventSchema]> {
    (0..plan.events.len()).map(|e| EventSchema::new(plan, EventIx(e as u32))).collect()
}
