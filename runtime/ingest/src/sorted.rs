//! Input that is in order already is handed out while it is read, instead of being sorted.
//!
//! Whether it is must be known before the first row is handed out. Of Parquet the column of times
//! can be read on its own, so files are asked; other input is not read twice.

use crate::block::{Block, BlockBuilder};
use crate::collect::Rules;
use crate::error::IngestError;
use crate::format::Format;
use crate::limits::TIES_MAX;
use crate::order::Folding;
use crate::parquet::Table;
use crate::source::Source;
use arrow::array::AsArray;
use arrow::compute::cast;
use arrow::datatypes::{DataType, Int64Type};
use price_rating::EventSchema;
use std::fs::File;
use std::io::{self, Read};
use std::path::Path;
use std::sync::Arc;

/// Whether all sources are Parquet files whose times never fall, and never stay the same for long.
pub(crate) fn in_order(rules: &Rules, sources: &[Source], format: Option<Format>) -> bool {
    let mut last = (i128::MIN, 0);
    sources.iter().all(|source| match source {
        Source::File(path) if is_parquet(path, format) => rises(rules, path, &mut last).unwrap_or(false),
        _ => false,
    })
}

fn is_parquet(path: &Path, format: Option<Format>) -> bool {
    let mut head = [0; 4];
    let regular = path.is_file();
    let mut read = || File::open(path).and_then(|mut file| file.read_exact(&mut head)).is_ok();
    regular && format.is_none_or(|format| format == Format::Parquet) && read() && &head == b"PAR1"
}

/// `last` is the latest time so far and how often it came. Rows without a time will be refused.
fn rises(rules: &Rules, path: &Path, last: &mut (i128, usize)) -> Option<bool> {
    let (batches, nanos) = Table::times(rules, path)?;
    for batch in batches {
        let times = cast(batch.ok()?.column(0), &DataType::Int64).ok()?;
        for time in times.as_primitive::<Int64Type>().iter().flatten() {
            let time = i128::from(time) * i128::from(nanos);
            if time < last.0 {
                return Some(false);
            }
            *last = if time == last.0 { (time, last.1 + 1) } else { (time, 1) };
            if last.1 > TIES_MAX {
                return Some(false);
            }
        }
    }
    Some(true)
}

/// Puts rows of the same time into folding order. Holds one block back, because the next may begin
/// at the same time.
pub(crate) struct InOrder {
    schemas: Arc<[EventSchema]>,
    held: Block,
    until: i64,
}

impl InOrder {
    pub(crate) fn new(schemas: Arc<[EventSchema]>) -> InOrder {
        InOrder { schemas, held: Block::default(), until: i64::MIN }
    }

    /// Takes a block; gives one that is complete.
    pub(crate) fn push(&mut self, block: Block, folding: &Folding<'_>) -> Result<Option<Block>, IngestError> {
        let Some(Times { first, last, strict, falls }) = times(&block) else { return Ok(None) };
        if first < self.until || falls {
            let cause = io::Error::other("its times are not those it had when they were looked at first");
            return Err(IngestError::Read { file: "the input".into(), cause });
        }
        let block = if strict { block } else { self.sort(&[&block], folding) };
        let together = first == self.until && self.held.rows() > 0;
        self.until = last;
        if together {
            self.held = self.sort(&[&self.held, &block], folding);
            return Ok(None);
        }
        Ok(Some(std::mem::replace(&mut self.held, block)).filter(|block| block.rows() > 0))
    }

    /// What is held back.
    pub(crate) fn finish(&mut self) -> Block {
        std::mem::take(&mut self.held)
    }

    fn sort(&self, blocks: &[&Block], folding: &Folding<'_>) -> Block {
        let rows = blocks
            .iter()
            .flat_map(|block| block.places().map(|(part, row)| (&block.parts[usize::from(part)], row as usize)));
        let mut rows: Vec<_> = rows.collect();
        rows.sort_by(|a, b| folding.compare(*a, *b));
        let mut sorted = BlockBuilder::new(self.schemas.clone());
        rows.into_iter().for_each(|(part, row)| sorted.push_from(part, row));
        sorted.take()
    }
}

/// Times of a block.
struct Times {
    first: i64,
    last: i64,
    /// Every row is later than the one before.
    strict: bool,
    /// Some row is earlier than the one before.
    falls: bool,
}

fn times(block: &Block) -> Option<Times> {
    let mut all = block.places().map(|(part, row)| block.parts[usize::from(part)].batch.happened[row as usize]);
    let first = all.next()?;
    let mut times = Times { first, last: first, strict: true, falls: false };
    for time in all {
        times.strict &= time > times.last;
        times.falls |= time < times.last;
        times.last = time;
    }
    Some(times)
}
