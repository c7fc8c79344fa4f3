//! Quantities that earlier periods hold up: `ratchet 80% of the past 11 months`.

use super::Settlement;
use super::quantities::{CellWindow, SliceWork};
use crate::acc::Reading;
use crate::cells::CellAt;
use crate::rater::Rater;
use price_ir::{Ratchet, Ratcheted, SinkIx};
use price_value::{Date, Rational};
use std::collections::BTreeMap;

impl Rater {
    /// Lifts every cell to its share of the most it measured in the periods before.
    pub(super) fn ratchet(&mut self, s: &Settlement<'_>, sink: SinkIx, ratchet: &Ratchet, cells: &mut Vec<CellWindow>) {
        for (at, (peak, since)) in self.peaks(s, sink, ratchet.periods) {
            let floor = &peak * &ratchet.share;
            let place = match cells.iter().position(|cell| cell.at == at) {
                Some(place) => place,
                None => {
                    cells.push(CellWindow {
                        at,
                        texts: self.open_texts(sink, at),
                        window: None,
                        scale: None,
                        ratchet: None,
                        fresh: true,
                        base: Rational::ZERO,
                        base_covered: Rational::ZERO,
                        slices: vec![SliceWork {
                            from: s.period.start.0,
                            after: Rational::ZERO,
                            delta: Rational::ZERO,
                            covered: Rational::ZERO,
                        }],
                    });
                    cells.len() - 1
                }
            };
            let cell = &mut cells[place];
            let Some(last) = cell.slices.last_mut() else { continue };
            if last.after < floor {
                cell.ratchet = Some(Ratcheted { measured: last.after.clone(), peak, since });
                last.delta += &(&floor - &last.after);
                last.after = floor;
            }
        }
    }

    /// Per cell the most of one of the last periods, and the first day of it; of equals the latest.
    fn peaks(&mut self, s: &Settlement<'_>, sink: SinkIx, periods: u32) -> BTreeMap<CellAt, (Rational, Date)> {
        let plan = self.plan.clone();
        let rule = &plan.sinks[sink.ix()];
        let mut peaks: BTreeMap<CellAt, (Rational, Date)> = BTreeMap::new();
        let first = self.first_day(s.billed).map_or(s.period.from, |day| self.period_of(day).from);
        let mut before = s.period.from;
        for _ in 0..periods {
            if before <= first {
                break;
            }
            let period = self.period_of(before.add_days(-1));
            before = period.from;
            let mut cells: BTreeMap<CellAt, Reading> = BTreeMap::new();
            for read in self.read(sink, s.billed, &period) {
                cells.entry(read.at).or_default().merge(&read.reading, &rule.fold);
            }
            for (at, reading) in cells {
                let quantity = reading.raw(&rule.fold, period.seconds()) * &rule.quantum;
                if peaks.get(&at).is_none_or(|(most, _)| quantity > *most) {
                    peaks.insert(at, (quantity, period.from));
                }
            }
        }
        peaks
    }
}
