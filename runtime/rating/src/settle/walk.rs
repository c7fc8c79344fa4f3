//! What payment looks at again and again while it walks through the days of a period: the cells
//! as far as they have come.
//!
//! A cell is read once for the whole walk. Where no line tells its slices apart, what was seen of
//! it is one reading that grows, so that a walk costs what happened and not its square.

use crate::cells::{CellAt, Read, sort_reads};
use crate::period::Timeline;
use price_ir::{Charge, Fold, Plan, SinkIx};
use std::collections::{BTreeMap, VecDeque};

/// The cells of a period's sinks, up to an instant that only moves on.
#[derive(Debug, Default)]
pub(crate) struct Walk(BTreeMap<u32, Seen>);

#[derive(Debug)]
struct Seen {
    /// Not seen yet, by time.
    ahead: VecDeque<Read>,
    /// One reading a cell, or all of them.
    reads: Vec<Read>,
    places: Option<BTreeMap<CellAt, usize>>,
}

impl Walk {
    pub(crate) fn knows(&self, sink: SinkIx) -> bool {
        self.0.contains_key(&sink.0)
    }

    /// Enters the cells of a sink in the whole period.
    pub(crate) fn enter(&mut self, sink: SinkIx, mut all: Vec<Read>, merged: bool) {
        all.sort_by_key(|read| (read.slice, read.at));
        let places = merged.then(BTreeMap::new);
        self.0.insert(sink.0, Seen { ahead: all.into(), reads: Vec::new(), places });
    }

    /// The cells of a sink as they stand before an instant.
    pub(crate) fn upto(&mut self, sink: SinkIx, fold: &Fold, upto: i64) -> Vec<Read> {
        let Some(seen) = self.0.get_mut(&sink.0) else { return Vec::new() };
        seen.go_on(upto, fold);
        let mut reads = seen.reads.clone();
        sort_reads(&mut reads);
        reads
    }
}

impl Seen {
    fn go_on(&mut self, upto: i64, fold: &Fold) {
        while let Some(read) = self.ahead.pop_front_if(|read| read.slice < upto) {
            let Some(places) = &mut self.places else {
                self.reads.push(read);
                continue;
            };
            match places.get(&read.at) {
                Some(place) => self.reads[*place].reading.merge(&read.reading, fold),
                None => {
                    places.insert(read.at, self.reads.len());
                    self.reads.push(read);
                }
            }
        }
    }
}

/// Whether every line takes a cell's slices together: one window, one rate, nothing covered.
pub(crate) fn merges(plan: &Plan, time: &Timeline, sink: SinkIx) -> bool {
    plan.lines.iter().all(|line| match &line.charge {
        Charge::Usage(usage) if usage.sink == sink => {
            let one_rate = !usage.split_period && !time.shorter(usage.window);
            one_rate && usage.covered_by.is_empty() && usage.less.is_empty()
        }
        _ => true,
    })
}
