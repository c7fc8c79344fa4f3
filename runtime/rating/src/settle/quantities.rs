//! Quantities of usage lines: by cell, by window, by stretch of one rate.
//!
//! A cell is read slice by slice; every slice knows the position its cell reached in the line's
//! window. Windows longer than the period go on from where earlier periods stood.

use super::chain::Running;
use super::{SettleError, Settlement};
use crate::acc::{Acc, Reading};
use crate::cells::{CellAt, Read};
use crate::limits::{CHAIN_MAX, PERCENTILE_VALUES_MAX, UNIQUE_VALUES_MAX};
use crate::period::Stretch;
use crate::rater::Rater;
use price_ir::{CellRule, Charge, LineIx, Ratcheted, SinkIx, UsageCharge};
use price_value::{Date, Rational, Window};
use std::collections::{BTreeMap, BTreeSet};

/// The quantities of a line in one period, cell by cell, window by window.
#[derive(Debug, Clone, Default)]
pub(super) struct Work {
    /// Sorted by cell, open labels as text, window.
    pub(super) cells: Vec<CellWindow>,
}

/// One cell in one window.
#[derive(Debug, Clone)]
pub(super) struct CellWindow {
    pub(super) at: CellAt,
    /// Open labels, for order.
    pub(super) texts: Vec<String>,
    /// First instant, where windows are shorter than the period.
    pub(super) window: Option<i64>,
    /// What the bounds of its tiers are multiples of.
    pub(super) scale: Option<Rational>,
    /// What an earlier period lifted the quantity from.
    pub(super) ratchet: Option<Ratcheted>,
    /// Nothing of this window lies before this period.
    pub(super) fresh: bool,
    /// Position reached in earlier periods of the window, and how much of it was covered.
    pub(super) base: Rational,
    pub(super) base_covered: Rational,
    pub(super) slices: Vec<SliceWork>,
}

/// One cell in one stretch of time.
#[derive(Debug, Clone)]
pub(super) struct SliceWork {
    pub(super) from: i64,
    /// Position reached at its end, and what it added.
    pub(super) after: Rational,
    pub(super) delta: Rational,
    /// Covered by usage discounts and allowances.
    pub(super) covered: Rational,
}

impl SliceWork {
    /// What an allowance may still cover.
    pub(super) fn open(&self) -> Rational {
        (&self.delta - &self.covered).max(Rational::ZERO)
    }
}

impl Rater {
    /// The quantities of every usage line, before allowances.
    pub(super) fn usage_works(&mut self, s: &Settlement<'_>) -> Result<Vec<Option<Work>>, SettleError> {
        let plan = self.plan.clone();
        let mut out = Vec::with_capacity(plan.lines.len());
        for (index, line) in plan.lines.iter().enumerate() {
            out.push(match &line.charge {
                Charge::Usage(usage) => {
                    let mut work = self.usage_work(s, LineIx(index as u32), usage)?;
                    let active = usage.less.iter().filter(|l| l.during.contains(s.period.from));
                    let mut less: Rational = active.map(|l| &l.quantity).sum();
                    for slice in work.cells.iter_mut().flat_map(|c| &mut c.slices) {
                        let take = slice.open().min(less.clone());
                        slice.covered += &take;
                        less -= &take;
                    }
                    Some(work)
                }
                _ => None,
            });
        }
        Ok(out)
    }

    fn usage_work(&mut self, s: &Settlement<'_>, line: LineIx, usage: &UsageCharge) -> Result<Work, SettleError> {
        let plan = self.plan.clone();
        let sink = &plan.sinks[usage.sink.ix()];
        let seconds = s.period.seconds();
        let reads = self.read_whole(s, usage.sink)?;
        let scales = self.scales(s, usage)?;
        let (bases, fresh) = self.bases(s, usage)?;
        let mut cells: Vec<CellWindow> = Vec::new();
        let mut reading = Reading::default();
        let shorter = self.time.shorter(usage.window);
        // An average is that of its window, by the seconds that passed in it.
        let mut seconds = seconds;
        let quantity = |reading: &Reading, seconds: i64| reading.raw(&sink.fold, seconds) * &sink.quantum;
        for read in reads {
            let window = shorter.then(|| {
                // A window that began before the period does not occur: windows nest.
                self.time.window_at(usage.window, read.slice).from.max(s.period.start.0)
            });
            if shorter {
                let window = self.time.window_at(usage.window, read.slice);
                seconds = (window.until - window.from) / price_value::time::NANOS_PER_SECOND;
            }
            let last = cells.last().filter(|c| c.at == read.at && c.window == window);
            let before = match last {
                Some(cell) => cell.slices.last().map_or(Rational::ZERO, |slice| slice.after.clone()),
                None => {
                    let base = bases.get(&read.at);
                    reading = base.cloned().unwrap_or_default();
                    let base = base.map_or(Rational::ZERO, |base| quantity(base, seconds));
                    let key = (line.0, read.at);
                    let covered = self.running(s).map_or(Rational::ZERO, |running| {
                        Running::of(&running.covered, &key, self.long_window(s, usage.window))
                    });
                    cells.push(CellWindow {
                        at: read.at,
                        texts: self.open_texts(usage.sink, read.at),
                        window,
                        scale: self.scale_of(s, usage, &scales, read.at, window),
                        ratchet: None,
                        fresh,
                        base: base.clone(),
                        base_covered: if fresh { Rational::ZERO } else { covered },
                        slices: Vec::new(),
                    });
                    base
                }
            };
            reading.merge(&read.reading, &sink.fold);
            let after = quantity(&reading, seconds);
            let delta = &after - &before;
            let mut slice = SliceWork { from: read.slice, after, delta, covered: Rational::ZERO };
            if let Some(slot) = self.slot_of(s)
                && let Some(covered) = self.book.covered(line, slot)
                && let Some(covered) = covered.get(&(read.at, read.slice))
            {
                slice.covered = covered.clone();
            }
            cells.last_mut().expect("pushed above").slices.push(slice);
        }
        self.free_cells(s, line, usage, fresh, &bases, &mut cells)?;
        if let Some(ratchet) = &usage.ratchet {
            self.ratchet(s, usage.sink, ratchet, &mut cells);
        }
        cells.sort_by(|a, b| (a.at.cell, &a.texts, a.window).cmp(&(b.at.cell, &b.texts, b.window)));
        Ok(Work { cells })
    }

    /// The cells of a sink in the period, none of which keeps more values than it may.
    pub(super) fn read_whole(&mut self, s: &Settlement<'_>, sink: SinkIx) -> Result<Vec<Read>, SettleError> {
        let reads = self.read_upto(s, sink);
        for read in &reads {
            let (kept, max) = match &read.reading.acc {
                Some(Acc::Values(values)) => (values.len(), PERCENTILE_VALUES_MAX),
                Some(Acc::Unique(texts)) => (texts.len(), UNIQUE_VALUES_MAX),
                _ => continue,
            };
            if kept > max {
                return Err(SettleError::TooManyValues { sink: self.plan.sinks[sink.ix()].name.clone(), max });
            }
        }
        Ok(reads)
    }

    fn slot_of(&mut self, s: &Settlement<'_>) -> Option<u32> {
        let period = self.time.index(&s.period);
        self.slots.find(s.billed, period)
    }

    /// First day of the window longer than the period that holds it; `None` for the term.
    pub(super) fn long_window(&self, s: &Settlement<'_>, window: Window) -> Option<Date> {
        self.time.window_of(window, s.period.from).map(|w| w.from)
    }

    /// Where cells stood when this period began, for windows longer than the period; and whether
    /// the window begins with this period.
    fn bases(
        &mut self,
        s: &Settlement<'_>,
        usage: &UsageCharge,
    ) -> Result<(BTreeMap<CellAt, Reading>, bool), SettleError> {
        let mut bases = BTreeMap::new();
        if !self.time.longer(usage.window) {
            return Ok((bases, true));
        }
        let first = self.first_day(s.billed).map_or(s.period.from, |day| self.period_of(day).from);
        let from = self.long_window(s, usage.window).map_or(first, |start| start.max(first));
        if from >= s.period.from {
            return Ok((bases, true));
        }
        let fold = self.plan.sinks[usage.sink.ix()].fold.clone();
        let mut at = self.period_of(from);
        for steps in 0.. {
            if steps > CHAIN_MAX {
                let subject = self.accounts.billed[s.billed as usize].name.clone();
                return Err(SettleError::TooFarBack { subject, max: CHAIN_MAX });
            }
            if at.from >= s.period.from {
                break;
            }
            for read in self.read(usage.sink, s.billed, &at) {
                let reading = read.reading.settle_average(&fold, at.seconds());
                bases.entry(read.at).or_insert_with(Reading::default).merge(&reading, &fold);
            }
            at = self.time.billing.next(&self.time.zone, &at);
        }
        Ok((bases, false))
    }

    /// Cells and windows without usage whose function costs something even at zero.
    fn free_cells(
        &mut self,
        s: &Settlement<'_>,
        line: LineIx,
        usage: &UsageCharge,
        fresh: bool,
        bases: &BTreeMap<CellAt, Reading>,
        cells: &mut Vec<CellWindow>,
    ) -> Result<(), SettleError> {
        // Tiers that are scaled cost nothing at zero.
        if !fresh || usage.scale.is_some() || !self.sinks[usage.sink.ix()].cells.shape.open.is_empty() {
            return Ok(());
        }
        let plan = self.plan.clone();
        let name = &plan.lines[line.ix()].name;
        let quantum = &plan.sinks[usage.sink.ix()].quantum;
        let mut costs = vec![None; usage.rules.functions.len()];
        let mut at_zero = |rater: &Rater, function: u32| -> Result<bool, SettleError> {
            if let Some(known) = costs[function as usize] {
                return Ok(known);
            }
            let amount = rater
                .charge_at(line, usage, function, None, &Rational::ZERO, quantum)
                .map_err(|fault| SettleError::Fault { line: name.clone(), fault })?;
            costs[function as usize] = Some(!amount.is_zero());
            Ok(!amount.is_zero())
        };
        let known: BTreeSet<(CellAt, Option<i64>)> = cells.iter().map(|c| (c.at, c.window)).collect();
        let shorter = self.time.shorter(usage.window);
        let instants = self.accounts.billed[s.billed as usize].served.days_in(s.period.from, s.period.until);
        let windows: Vec<Option<i64>> = if shorter {
            let stretch = |(from, until): (Date, Date)| Stretch {
                from: self.time.zone.start_of(from).0,
                until: self.time.zone.start_of(until).0,
            };
            let all = instants.into_iter().flat_map(|days| self.time.windows(usage.window, stretch(days)));
            all.map(|w| Some(w.from.max(s.period.start.0))).collect()
        } else if instants.is_empty() {
            Vec::new()
        } else {
            vec![None]
        };
        for window in windows {
            let from = window.unwrap_or(s.period.start.0);
            let regime = self.regime(s, usage, from);
            for (cell, rule) in regime.cells.iter().enumerate() {
                let CellRule::Function(function) = rule else { continue };
                let at = CellAt { cell: cell as u32, open: 0 };
                if known.contains(&(at, window)) || bases.contains_key(&at) || !at_zero(self, *function)? {
                    continue;
                }
                let slice = SliceWork { from, after: Rational::ZERO, delta: Rational::ZERO, covered: Rational::ZERO };
                cells.push(CellWindow {
                    at,
                    texts: Vec::new(),
                    window,
                    scale: None,
                    ratchet: None,
                    fresh: true,
                    base: Rational::ZERO,
                    base_covered: Rational::ZERO,
                    slices: vec![slice],
                });
            }
        }
        Ok(())
    }

    /// Remembers how much of windows that go on is covered.
    pub(super) fn carry_covered(&mut self, s: &mut Settlement<'_>, works: &[Option<Work>]) {
        let plan = self.plan.clone();
        for (index, (line, work)) in plan.lines.iter().zip(works).enumerate() {
            let (Charge::Usage(usage), Some(work)) = (&line.charge, work) else { continue };
            let taken = !usage.covered_by.is_empty() || !usage.less.is_empty();
            if !taken || !self.time.longer(usage.window) {
                continue;
            }
            let window = self.long_window(s, usage.window);
            let line = index as u32;
            for (key, (from, total)) in self.running(s).map(|r| &r.covered).into_iter().flatten() {
                if key.0 == line && *from == window {
                    s.after.running.covered.insert(*key, (window, total.clone()));
                }
            }
            for cell in &work.cells {
                let total: Rational = cell.slices.iter().map(|slice| &slice.covered).sum();
                let total = &cell.base_covered + &total;
                s.after.running.covered.insert((line, cell.at), (window, total));
            }
        }
    }
}
