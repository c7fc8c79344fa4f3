//! What payment looks at again and again while it walks through the days of a period: the cells
//! as far as they have come.
//!
//! A cell is read once for the whole walk. Where no line tells its slices apart, what was seen of
//! it is one reading that grows, so that a walk costs what happened and not its square.

use crate::acc::Acc;
use crate::cells::{CellAt, Read, sort_reads};
use crate::layout::regime_on;
use crate::period::Timeline;
use price_ir::{Charge, Fold, Plan, SinkIx};
use price_value::Period;
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

    /// Enters the cells of a sink in the whole period; `merged` where no line tells slices apart.
    pub(crate) fn enter(&mut self, sink: SinkIx, mut all: Vec<Read>, merged: bool) {
        all.sort_by_key(|read| (read.slice, read.at));
        // How many values are kept is bounded slice by slice.
        let keeps = |read: &Read| matches!(read.reading.acc, Some(Acc::Values(_) | Acc::Unique(_)));
        let places = (merged && !all.iter().any(keeps)).then(BTreeMap::new);
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

/// Whether every line takes a cell's slices of a period together: one window, one rate, nothing
/// covered.
pub(crate) fn merges(plan: &Plan, time: &Timeline, sink: SinkIx, period: &Period) -> bool {
    plan.lines.iter().all(|line| match &line.charge {
        Charge::Usage(usage) if usage.sink == sink => {
            let on = |day| regime_on(&usage.rules, day);
            let one_rate = !usage.split_period || std::ptr::eq(on(period.from), on(period.until.add_days(-1)));
            one_rate && !time.shorter(usage.window) && usage.covered_by.is_empty() && usage.less.is_empty()
        }
        _ => true,
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::acc::Reading;

    fn reads() -> Vec<Read> {
        let read = |(slice, cell, sum): (i64, u32, i128)| Read {
            slice,
            at: CellAt { cell, open: 0 },
            reading: Reading { acc: Some(Acc::Sum(sum)), given: None },
        };
        [(3, 0, 7), (1, 0, 2), (1, 1, 5), (2, 0, 4)].map(read).to_vec()
    }

    fn sums(walk: &mut Walk, upto: i64) -> Vec<(u32, i64, String)> {
        let reads = walk.upto(SinkIx(0), &Fold::Count, upto);
        reads.iter().map(|read| (read.at.cell, read.slice, format!("{:?}", read.reading.acc))).collect()
    }

    #[test]
    fn a_cell_is_one_reading_that_grows_where_slices_are_alike() {
        for merged in [true, false] {
            let mut walk = Walk::default();
            walk.enter(SinkIx(0), reads(), merged);
            assert_eq!(sums(&mut walk, 1), []);
            assert_eq!(sums(&mut walk, 2).len(), 2);
            let late = sums(&mut walk, 3);
            let (first, second) = ((0, 1, "Some(Sum(6))".to_owned()), (1, 1, "Some(Sum(5))".to_owned()));
            match merged {
                true => assert_eq!(late, [first, second]),
                false => assert_eq!(
                    late.iter().map(|(cell, slice, _)| (*cell, *slice)).collect::<Vec<_>>(),
                    [(0, 1), (0, 2), (1, 1)]
                ),
            }
        }
    }
}
