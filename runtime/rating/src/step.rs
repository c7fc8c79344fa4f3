//! Rows that cannot be added up as columns: allowances drawn as events happen, and events that
//! are split at calendar boundaries or partly covered.
//!
//! An allowance covers whole steps of a measure. A step that a boundary cuts belongs to the
//! stretch in which it begins.

use crate::acc::{Acc, Priced};
use crate::cells::{CellAt, NONE};
use crate::fold::{Scratch, open_labels};
use crate::limits::EVENT_PARTS_MAX;
use crate::lots::Lots;
use crate::period::Stretch;
use crate::rater::{Rater, RowFault};
use crate::split::{apportion, scale};
use price_ir::kernel::TAKEN;
use price_ir::{
    AllowanceIx, Batch, CellRule, Charge, Counting, EventCharge, Fault, Fold, FreeEvents, KeySource, LineIx, Post,
    SinkIx,
};
use price_value::Rational;
use rustc_hash::FxHashMap;
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;

/// Allowances that are drawn while rows arrive.
#[derive(Debug, Default, Serialize, Deserialize)]
pub(crate) struct Book {
    /// Lots of the window that is going on, by billed subject and allowance.
    lots: FxHashMap<(u32, u32), (Stretch, Lots)>,
    /// Drawn by window and period start, in the allowance's unit.
    drawn: FxHashMap<(u32, u32), BTreeMap<(i64, i64), Rational>>,
    /// What free events measured, in the window that began then: by billed subject and allowance.
    freed: FxHashMap<(u32, u32), (i64, Rational)>,
    /// Covered of a usage line's cells, in the line's unit: by line and slot.
    covered: FxHashMap<(u32, u32), BTreeMap<(CellAt, i64), Rational>>,
}

impl Book {
    /// Forgets what a subject drew.
    pub(crate) fn drop_usage(&mut self, billed: u32) {
        self.lots.retain(|(of, _), _| *of != billed);
        self.drawn.retain(|(of, _), _| *of != billed);
        self.freed.retain(|(of, _), _| *of != billed);
    }

    /// What rows drew in a window during a period.
    pub(crate) fn drawn(&self, billed: u32, allowance: AllowanceIx, window: i64, period: i64) -> Rational {
        let own = self.drawn.get(&(billed, allowance.0));
        own.and_then(|d| d.get(&(window, period))).cloned().unwrap_or_default()
    }

    /// What rows drew, in all windows.
    pub(crate) fn drawn_ever(&self, billed: u32, allowance: AllowanceIx) -> Rational {
        self.drawn.get(&(billed, allowance.0)).into_iter().flat_map(BTreeMap::values).sum()
    }

    /// What rows drew for a line's cells in a slot.
    pub(crate) fn covered(&self, line: LineIx, slot: u32) -> Option<&BTreeMap<(CellAt, i64), Rational>> {
        self.covered.get(&(line.0, slot))
    }
}

/// What one row will do once all of it is known to be good.
#[derive(Default)]
struct Plans {
    draws: Vec<(AllowanceIx, Rational)>,
    freed: Vec<(AllowanceIx, Rational)>,
    covered: Vec<(LineIx, CellAt, Rational)>,
    booked: Vec<(SinkIx, CellAt, Priced)>,
}

/// One entry of one sink.
#[derive(Clone, Copy)]
struct Entry<'a> {
    batch: &'a Batch,
    row: usize,
    /// Index into the kernel's answer.
    at: usize,
    cell: CellAt,
    value: i64,
    regime: u32,
    billed: u32,
}

impl Rater {
    /// Prices and covers row by row; a refused row leaves nothing behind.
    pub(crate) fn step(&mut self, batch: &Batch, subjects: &[u32], scratch: &mut Scratch, faults: &mut Vec<RowFault>) {
        let event = batch.event.ix();
        let readers = self.layout.events[event].stepwise.clone();
        let sinks = self.layout.events[event].sinks.clone();
        let mut codes = Vec::new();
        for (row, subject) in subjects.iter().enumerate() {
            if scratch.slots[row] == NONE {
                continue;
            }
            let billed = self.accounts.accounts[*subject as usize].billed;
            let mut plans = Plans::default();
            let mut fault = None;
            'readers: for (line, sink) in &readers {
                let index = sinks.iter().position(|s| s == sink).expect("a reader's sink is of its event");
                let entries = self.sinks[sink.ix()].cells.shape.entries.max(1);
                for at in row * entries..(row + 1) * entries {
                    if scratch.maps[index].status[at] != TAKEN {
                        continue;
                    }
                    let open = open_labels(&mut self.sinks[sink.ix()], batch, row, &mut codes);
                    let entry = Entry {
                        batch,
                        row,
                        at,
                        cell: CellAt { cell: scratch.maps[index].cell[at], open },
                        value: scratch.maps[index].value[at],
                        regime: scratch.regimes[index].get(row).copied().unwrap_or(0),
                        billed,
                    };
                    if let Err(bad) = self.step_entry(*line, *sink, entry, &mut plans) {
                        fault = Some((bad, *sink));
                        break 'readers;
                    }
                }
            }
            match fault {
                Some((fault, sink)) => {
                    let reason = self.fault(fault as u8, sink);
                    faults.push(RowFault { row: row as u32, reason });
                    scratch.slots[row] = NONE;
                }
                None => self.commit(plans, scratch.slots[row], billed, batch.happened[row]),
            }
        }
    }

    fn step_entry(&mut self, line: LineIx, sink: SinkIx, entry: Entry<'_>, plans: &mut Plans) -> Result<(), Fault> {
        let plan = self.plan.clone();
        match (&plan.lines[line.ix()].charge, &plan.sinks[sink.ix()].fold) {
            (Charge::Usage(usage), _) => {
                let quantity = Rational::from(entry.value) * &plan.sinks[sink.ix()].quantum;
                let covered = self.cover(line, &usage.covered_by, entry, &quantity, None, plans);
                if covered.is_positive() {
                    plans.covered.push((line, entry.cell, covered));
                }
                Ok(())
            }
            (_, Fold::Charge(charge)) => self.price(line, sink, charge, entry, plans),
            _ => Ok(()),
        }
    }

    /// How much of a quantity the live allowances cover, in waterfall order; plans the draws.
    fn cover(
        &mut self,
        line: LineIx,
        covered_by: &[AllowanceIx],
        entry: Entry<'_>,
        quantity: &Rational,
        step: Option<&Rational>,
        plans: &mut Plans,
    ) -> Rational {
        let plan = self.plan.clone();
        let mut covered = Rational::ZERO;
        for allowance in covered_by {
            if !self.layout.live[allowance.ix()] {
                continue;
            }
            let rest = quantity - &covered;
            if !rest.is_positive() {
                break;
            }
            let rule = &plan.allowances[allowance.ix()];
            let holds = |mask: &Option<Vec<bool>>| mask.as_ref().is_none_or(|m| m[entry.cell.cell as usize]);
            let Some(covers) = rule.covers.iter().find(|c| c.line == line && holds(&c.cells)) else { continue };
            if let Some(events) = &rule.events {
                covered += &self.free(*allowance, events, entry, rest, step, plans);
                continue;
            }
            let pending: Rational = plans.draws.iter().filter(|(a, _)| a == allowance).map(|(_, d)| d).sum();
            let left = self.live_lots(entry.billed, *allowance, entry.batch.happened[entry.row]).left() - pending;
            let mut take = (left / &covers.factor).min(rest);
            if let Some(step) = step {
                take = (take / step).floor() * step;
            }
            if take.is_positive() {
                plans.draws.push((*allowance, &take * &covers.factor));
                covered += &take;
            }
        }
        covered
    }

    /// What an allowance of events covers of an event of which so much is not covered yet.
    fn free(
        &mut self,
        allowance: AllowanceIx,
        events: &FreeEvents,
        entry: Entry<'_>,
        rest: Rational,
        step: Option<&Rational>,
        plans: &mut Plans,
    ) -> Rational {
        let at = entry.batch.happened[entry.row];
        // The parts of one event are one event.
        let begun = plans.draws.iter().any(|(a, _)| *a == allowance);
        if !begun && self.live_lots(entry.billed, allowance, at).left() < Rational::ONE {
            return Rational::ZERO;
        }
        let mut take = rest;
        if let Some(most) = &events.up_to {
            self.live_lots(entry.billed, allowance, at);
            let key = (entry.billed, allowance.0);
            let window = self.book.lots[&key].0.from;
            let known = self.book.freed.get(&key).filter(|(from, _)| *from == window);
            let pending: Rational = plans.freed.iter().filter(|(a, _)| *a == allowance).map(|(_, m)| m).sum();
            let left = most - &(known.map(|(_, m)| m.clone()).unwrap_or_default() + pending);
            take = take.min(left.max(Rational::ZERO));
            if let Some(step) = step {
                take = (take / step).floor() * step;
            }
            if !take.is_positive() {
                return Rational::ZERO;
            }
            plans.freed.push((allowance, take.clone()));
        }
        if !begun {
            plans.draws.push((allowance, Rational::ONE));
        }
        take
    }

    /// The lots of the window that holds the instant, rolled on from the last one.
    fn live_lots(&mut self, billed: u32, allowance: AllowanceIx, at: i64) -> &mut Lots {
        let rule = &self.plan.allowances[allowance.ix()];
        let key = (billed, allowance.0);
        let start = match self.accounts.since(billed) {
            Some(date) => self.time.zone.start_of(date).0.min(at),
            None => at,
        };
        let known = self.book.lots.contains_key(&key);
        if !known {
            let window = self.time.window_at(rule.per, start);
            let grant = self.grant(rule, billed, window);
            self.book.lots.insert(key, (window, Lots::first(grant)));
        }
        let (mut window, mut lots) = self.book.lots.remove(&key).expect("made above");
        while window.until <= at {
            window = self.time.window_at(rule.per, window.until);
            lots = lots.roll(rule.rollover.as_ref(), self.grant(rule, billed, window));
        }
        &mut self.book.lots.entry(key).or_insert((window, lots)).1
    }

    fn commit(&mut self, plans: Plans, slot: u32, billed: u32, when: i64) {
        let period = self.time.period(self.slots.info(slot).1);
        for (allowance, amount) in plans.draws {
            self.live_lots(billed, allowance, when).draw(&amount);
            let window = self.book.lots[&(billed, allowance.0)].0.from;
            let drawn = self.book.drawn.entry((billed, allowance.0)).or_default();
            *drawn.entry((window, period.start.0)).or_default() += &amount;
        }
        for (allowance, measure) in plans.freed {
            let key = (billed, allowance.0);
            self.live_lots(billed, allowance, when);
            let window = self.book.lots[&key].0.from;
            let own = self.book.freed.entry(key).or_insert((window, Rational::ZERO));
            if own.0 != window {
                *own = (window, Rational::ZERO);
            }
            own.1 += &measure;
        }
        for (line, cell, covered) in plans.covered {
            let Charge::Usage(usage) = &self.plan.lines[line.ix()].charge else { continue };
            let slice = self.sinks[usage.sink.ix()].cells.slicing.at(&self.time, &period, when);
            let own = self.book.covered.entry((line.0, slot)).or_default();
            *own.entry((cell, slice.from)).or_default() += &covered;
        }
        for (sink, cell, priced) in plans.booked {
            let cells = &mut self.sinks[sink.ix()].cells;
            let slice = cells.slicing.at(&self.time, &period, when);
            let lane = cells.lane(slot, slice.from);
            let more = Acc::Priced(Box::new(priced));
            let (acc, made) = cells.entry(lane, cell, || Acc::Priced(Box::default()));
            acc.merge(&more, None);
            if made && !cells.shape.open.is_empty() {
                let codes = cells.shape.codes(cell.open);
                self.see_labels(sink, billed, &codes);
            }
        }
    }

    /// The amount of one event, part by part.
    fn price(
        &mut self,
        line: LineIx,
        sink: SinkIx,
        charge: &EventCharge,
        entry: Entry<'_>,
        plans: &mut Plans,
    ) -> Result<(), Fault> {
        let quantum = self.kernel.measure_quantum(sink);
        let measure = Rational::from(entry.value) * &quantum;
        let covered = self.cover(line, &charge.covered_by, entry, &measure, Some(&quantum), plans);
        let skipped = (&covered / &quantum).to_i128().and_then(|c| i64::try_from(c).ok()).ok_or(Fault::Overflow)?;
        let parts = self.parts(sink, charge, entry, skipped, &quantum)?;
        let mut exact = Vec::with_capacity(parts.len());
        for (index, part) in parts.iter().enumerate() {
            let CellRule::Function(function) =
                charge.rules.regimes[entry.regime as usize].cells[part.cell.cell as usize]
            else {
                return Err(Fault::NotSold);
            };
            let at = |position: i64| self.kernel.position(sink, function, entry.batch, entry.at, position);
            let shift = if charge.counting == Counting::Net { skipped } else { 0 };
            let after = at(part.until - shift)?;
            let nothing_before = index == 0 && (skipped == 0 || charge.counting == Counting::Net);
            exact.push(if nothing_before { after } else { after - at(part.from - shift)? });
        }
        let total = charge.post_amount(Some(&(&measure - &covered)), exact.iter().sum());
        let step = charge.post.iter().rev().find_map(|p| if let Post::Round(r) = p { Some(&r.step) } else { None });
        let amounts = match step {
            Some(step) => apportion(&total, &exact, step),
            None => scale(&total, &exact),
        };
        for (index, (part, amount)) in parts.iter().zip(amounts).enumerate() {
            let first = index == 0;
            let front = if first { covered.clone() } else { Rational::ZERO };
            plans.booked.push((
                sink,
                part.cell,
                Priced {
                    amount,
                    measure: Rational::from(part.until - part.from) * &quantum + &front,
                    covered: front,
                    events: u64::from(first),
                },
            ));
        }
        Ok(())
    }

    /// The stretches of an event's measure after its covered front, each in its cell. At least one.
    fn parts(
        &mut self,
        sink: SinkIx,
        charge: &EventCharge,
        entry: Entry<'_>,
        skipped: i64,
        quantum: &Rational,
    ) -> Result<Vec<Part>, Fault> {
        let whole = Part { from: skipped, until: entry.value, cell: entry.cell };
        let Some(split) = &charge.split else { return Ok(vec![whole]) };
        let shape = &self.sinks[sink.ix()].cells.shape;
        let Some(place) = shape.closed.iter().position(|(key, ..)| *key == split.key) else { return Ok(vec![whole]) };
        let KeySource::Calendar(calendar) = self.plan.sinks[sink.ix()].keys[split.key.ix()].source else {
            return Ok(vec![whole]);
        };
        let clock = &mut self.clocks[calendar.ix()];
        let start = entry.batch.happened[entry.row];
        let step_nanos = quantum * &split.seconds_per_unit * Rational::from(price_value::time::NANOS_PER_SECOND);
        let mut digits = shape.digits(entry.cell.cell);
        let mut parts: Vec<Part> = Vec::new();
        let (mut at, mut from) = (start, 0i64);
        for stretches in 0.. {
            let stretch = clock.stretch(at);
            // The first step that begins at or after the boundary.
            let reach = Rational::from(stretch.until.saturating_sub(start)) / &step_nanos;
            let until = reach.ceil().to_i128().map_or(i64::MAX, |n| n.min(i64::MAX.into()) as i64).min(entry.value);
            if until > skipped && until > from {
                digits[place] = stretch.label;
                let cell = CellAt { cell: shape.cell(&digits), open: entry.cell.open };
                let begin = from.max(skipped);
                match parts.last_mut() {
                    Some(last) if last.cell == cell => last.until = until,
                    _ => parts.push(Part { from: begin, until, cell }),
                }
            }
            if until >= entry.value || stretch.until == i64::MAX {
                break;
            }
            if stretches > EVENT_PARTS_MAX {
                return Err(Fault::Overflow);
            }
            (at, from) = (stretch.until, until);
        }
        if parts.is_empty() {
            parts.push(whole);
        }
        Ok(parts)
    }
}

/// A stretch of an event's measure, in steps.
struct Part {
    from: i64,
    until: i64,
    cell: CellAt,
}
