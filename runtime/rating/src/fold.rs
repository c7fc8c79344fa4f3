//! Rows into cells.
//!
//! Every sink of the event is mapped first, so that a row that one of them refuses is counted by
//! none. Sums of few cells are added as whole columns; everything else goes entry by entry.

use crate::acc::{Acc, fold_slot};
use crate::calendar;
use crate::cells::{CellAt, NONE};
use crate::levels::{Held, Holder, Part};
use crate::limits::{LEVEL_NANOS_MAX, PERCENTILE_VALUES_MAX, UNIQUE_VALUES_MAX};
use crate::period::Stretch;
use crate::rater::{Rater, RowFault};
use crate::reject::RejectReason;
use price_ir::kernel::{SKIPPED, TAKEN};
use price_ir::{Batch, Column, Fault, FieldIx, Fold, MapOut, SinkIx};
use price_value::Rational;
use price_value::time::NANOS_PER_SECOND;
use std::collections::BTreeMap;

/// Memory that is used again for every batch.
#[derive(Debug, Default)]
pub(crate) struct Scratch {
    pub(crate) slots: Vec<u32>,
    pub(crate) maps: Vec<MapOut>,
    pub(crate) regimes: Vec<Vec<u32>>,
    lanes: Vec<u32>,
}

impl Rater {
    /// Takes rows of one event type; `subjects[row]` is the account's [`crate::SubjectIx`].
    /// Fills the batch's calendars. Faults come in row order, at most one per row.
    ///
    /// # Panics
    /// When a subject is not one of this rater's, or `subjects` has another length than the batch.
    pub fn push(&mut self, batch: &mut Batch, subjects: &[u32]) -> Vec<RowFault> {
        assert_eq!(subjects.len(), batch.rows, "every row has a subject");
        let mut scratch = std::mem::take(&mut self.scratch);
        let event = batch.event.ix();
        calendar::fill(&mut self.clocks, &self.layout.events[event].calendars, batch);
        let mut faults = Vec::new();
        self.place(batch, subjects, &mut scratch, &mut faults);
        self.map_all(batch, &mut scratch, &mut faults);
        if !self.layout.events[event].stepwise.is_empty() {
            self.step(batch, subjects, &mut scratch, &mut faults);
        }
        for (index, sink) in self.layout.events[event].sinks.clone().into_iter().enumerate() {
            self.fold(sink, index, batch, subjects, &mut scratch);
        }
        self.forget(subjects);
        self.scratch = scratch;
        faults.sort_by_key(|fault: &RowFault| fault.row);
        faults.dedup_by_key(|fault| fault.row);
        faults
    }

    /// Finds the slot of every row, or refuses it.
    fn place(&mut self, batch: &Batch, subjects: &[u32], scratch: &mut Scratch, faults: &mut Vec<RowFault>) {
        let ordered = self.layout.events[batch.event.ix()].ordered;
        let stream = if self.layout.across { NONE } else { batch.event.0 };
        scratch.slots.clear();
        scratch.slots.reserve(batch.rows);
        // The period of the row before: rows mostly come in stretches of time.
        let (mut from, mut until, mut period) = (0, 0, 0);
        for (row, (at, subject)) in batch.happened.iter().zip(subjects).enumerate() {
            let billed = match self.accounts.admit(*subject, *at) {
                Ok(billed) => billed,
                Err(_) => {
                    let reason = self.not_admitted(*subject, *at);
                    faults.push(RowFault { row: row as u32, reason });
                    scratch.slots.push(NONE);
                    continue;
                }
            };
            if ordered && let Some(reason) = self.out_of_order(billed, stream, *at) {
                faults.push(RowFault { row: row as u32, reason });
                scratch.slots.push(NONE);
                continue;
            }
            if !(from <= *at && *at < until) {
                period = self.time.at(*at);
                let span = self.time.period(period);
                (from, until) = (span.start.0, span.end.0);
            }
            scratch.slots.push(self.slots.slot(billed, period));
        }
    }

    /// Why an account takes no usage at an instant.
    pub(crate) fn not_admitted(&self, account: u32, at: i64) -> RejectReason {
        let date = self.time.date(at);
        if self.accounts.effective(date, date.add_days(1)) {
            RejectReason::NotSubscribed { account: self.accounts.accounts[account as usize].name.clone() }
        } else {
            RejectReason::OutsidePlan { plan: self.plan.name.clone() }
        }
    }

    fn out_of_order(&mut self, billed: u32, stream: u32, at: i64) -> Option<RejectReason> {
        let (first, last) = self.seen_from.entry((billed, stream)).or_insert((at, at));
        if *last > at {
            return Some(RejectReason::OutOfOrder);
        }
        if at.saturating_sub(*first) > LEVEL_NANOS_MAX {
            return Some(RejectReason::TooFar);
        }
        *last = at;
        None
    }

    /// Asks the kernel about every sink; takes refused rows out of `slots`.
    fn map_all(&mut self, batch: &Batch, scratch: &mut Scratch, faults: &mut Vec<RowFault>) {
        let sinks = &self.layout.events[batch.event.ix()].sinks;
        scratch.maps.resize_with(scratch.maps.len().max(sinks.len()), MapOut::default);
        scratch.regimes.resize_with(scratch.regimes.len().max(sinks.len()), Vec::new);
        for (index, sink) in sinks.iter().enumerate() {
            let layout = &self.layout.sinks[sink.ix()];
            let regimes = &mut scratch.regimes[index];
            regimes.clear();
            if !layout.regime_cuts.is_empty() {
                let cuts = &layout.regime_cuts;
                regimes.extend(batch.happened.iter().map(|at| cuts.partition_point(|cut| cut <= at) as u32));
            }
            let out = &mut scratch.maps[index];
            self.kernel.map(*sink, batch, regimes, out);
            let shape = &self.sinks[sink.ix()].cells.shape;
            let entries = shape.entries.max(1);
            let any_fault = out.status.iter().any(|s| *s > TAKEN);
            if any_fault {
                for at in 0..out.status.len() {
                    let status = out.status[at];
                    if status <= TAKEN {
                        continue;
                    }
                    if status == Fault::NotSold as u8
                        && let Some(field) = shape.family
                        && family_is_zero(batch, field, at / entries, at % entries)
                    {
                        // A label that is not sold, and of which nothing was used.
                        out.status[at] = SKIPPED;
                        continue;
                    }
                    refuse(&mut scratch.slots, faults, at / entries, || self.fault(status, *sink));
                }
            }
            for unsold in &layout.unsold {
                for at in 0..out.status.len() {
                    let row = at / entries;
                    if out.status[at] != TAKEN || scratch.slots[row] == NONE {
                        continue;
                    }
                    let counts = matches!(self.plan.sinks[sink.ix()].fold, Fold::Sum(_) | Fold::Charge(_));
                    if counts && out.value[at] == 0 {
                        continue;
                    }
                    let when = if unsold.at_end {
                        let (_, period) = self.slots.info(scratch.slots[row]);
                        self.time.period(period).end.0 - 1
                    } else {
                        batch.happened[row]
                    };
                    if unsold.forbids(out.cell[at], when) {
                        refuse(&mut scratch.slots, faults, row, || self.fault(Fault::NotSold as u8, *sink));
                    }
                }
            }
        }
    }

    pub(crate) fn fault(&self, status: u8, sink: SinkIx) -> RejectReason {
        let fault = match status {
            3 => Fault::NotSold,
            4 => Fault::NegativeQuantity,
            5 => Fault::NotExact,
            6 => Fault::Missing,
            _ => Fault::Overflow,
        };
        RejectReason::Fault { fault, sink: self.plan.sinks[sink.ix()].name.clone() }
    }

    /// Adds one sink's entries to its cells.
    fn fold(&mut self, sink: SinkIx, index: usize, batch: &Batch, subjects: &[u32], scratch: &mut Scratch) {
        let plan = self.plan.clone();
        let fold = &plan.sinks[sink.ix()].fold;
        if matches!(fold, Fold::Charge(charge) if charge.priced_by_host()) {
            // Booked row by row already.
            return;
        }
        let out = std::mem::take(&mut scratch.maps[index]);
        let state = &mut self.sinks[sink.ix()];
        let sliced = !state.cells.slicing.none();
        if sliced {
            scratch.lanes.clear();
            // The slice of the row before: rows mostly come in stretches of time.
            let mut slice = Stretch { from: 0, until: 0 };
            for (slot, at) in scratch.slots.iter().zip(&batch.happened) {
                if *slot == NONE {
                    scratch.lanes.push(NONE);
                    continue;
                }
                if !slice.holds(*at) {
                    let period = self.time.period(self.slots.info(*slot).1);
                    slice = state.cells.slicing.at(&self.time, &period, *at);
                }
                scratch.lanes.push(state.cells.lane(*slot, slice.from));
            }
        }
        if self.layout.sinks[sink.ix()].accounts {
            let entries = state.cells.shape.entries.max(1);
            let mut sums: BTreeMap<(u32, u32), i128> = BTreeMap::new();
            for at in (0..out.status.len()).filter(|at| out.status[*at] == TAKEN) {
                let row = at / entries;
                if scratch.slots[row] != NONE {
                    *sums.entry((scratch.slots[row], subjects[row])).or_default() += i128::from(out.value[at]);
                }
            }
            for ((slot, account), sum) in sums {
                let own = self.whose.entry((slot, sink.0)).or_default();
                *own.entry(account).or_default() += &Rational::int(sum);
            }
        }
        let lanes = if sliced { &scratch.lanes } else { &scratch.slots };
        if state.cells.add_dense(lanes, &out.status, &out.cell, &out.value) {
            scratch.maps[index] = out;
            return;
        }
        let entries = state.cells.shape.entries.max(1);
        let mut codes = Vec::new();
        let lanes = lanes.clone();
        let parts = plan.sinks[sink.ix()].parts.map(|parts| {
            let own = &self.layout.events[batch.event.ix()].sinks;
            (parts, own.iter().position(|s| *s == parts).expect("verified: parts are of the same events"))
        });
        for at in 0..out.status.len() {
            let row = at / entries;
            if out.status[at] != TAKEN || lanes[row] == NONE || scratch.slots[row] == NONE {
                continue;
            }
            let state = &mut self.sinks[sink.ix()];
            let value = out.value[at];
            let open = open_labels(state, batch, row, &mut codes);
            let cell = CellAt { cell: out.cell[at], open };
            let billed = self.accounts.accounts[subjects[row] as usize].billed;
            let when = batch.happened[row];
            let made = if self.layout.sinks[sink.ix()].level {
                let part = match parts {
                    None => cell,
                    // What no part is of has no level either.
                    Some((_, place)) if scratch.maps[place].status[at] != TAKEN => continue,
                    Some((parts, place)) => {
                        let open = open_labels(&mut self.sinks[parts.ix()], batch, row, &mut Vec::new());
                        CellAt { cell: scratch.maps[place].cell[at], open }
                    }
                };
                let served = &self.accounts.billed[billed as usize].instants;
                let state = &mut self.sinks[sink.ix()];
                let part = Part { account: subjects[row], at: part };
                let whole = state.levels.sum(billed, cell, part, value);
                // A value counts at its own instant, however short it holds; a sum, only once all
                // that happens at the instant has happened.
                let alone = parts.is_none() && whole == value;
                let value = whole;
                let set = state.levels.set(
                    &mut state.cells,
                    &mut self.time,
                    &mut self.slots,
                    Holder { fold, billed, served },
                    Held { at: cell, value, since: when },
                );
                let moment = match fold {
                    Fold::Max(..) if alone => Some(Acc::Max(value)),
                    Fold::Min(..) if alone => Some(Acc::Min(value)),
                    Fold::Last(_) if alone => Some(Acc::Last(value)),
                    _ => None,
                };
                if let Some(acc) = moment {
                    let (entry, made) = state.cells.entry(lanes[row], cell, || acc.clone());
                    if !made {
                        entry.merge(&acc, None);
                    }
                }
                set
            } else {
                let start = match fold {
                    Fold::Slotted { .. } => {
                        let (_, period) = self.slots.info(scratch.slots[row]);
                        self.time.period(period).start.0
                    }
                    _ => 0,
                };
                let state = &mut self.sinks[sink.ix()];
                let (acc, made) = state.cells.entry(lanes[row], cell, || empty(fold, value));
                add(acc, fold, batch, row, value, when, start);
                made
            };
            if made && !codes.is_empty() {
                self.see_labels(sink, billed, &codes);
            }
        }
        scratch.maps[index] = out;
    }

    /// Counts the labels of open dimensions per billed subject.
    pub(crate) fn see_labels(&mut self, sink: SinkIx, billed: u32, codes: &[u32]) {
        let open = &self.sinks[sink.ix()].cells.shape.open;
        for ((_, dim, _), code) in open.iter().zip(codes) {
            if self.seen.insert((billed, dim.0, *code)) {
                *self.label_count.entry((billed, dim.0)).or_default() += 1;
            }
        }
    }
}

/// Open labels of a row as one number, their codes left in `codes`.
pub(crate) fn open_labels(state: &mut crate::rater::SinkState, batch: &Batch, row: usize, codes: &mut Vec<u32>) -> u32 {
    codes.clear();
    if state.cells.shape.open.is_empty() {
        return 0;
    }
    for (_, _, field) in &state.cells.shape.open {
        if let Column::Label(values) = &batch.columns[field.ix()] {
            codes.push(values[row]);
        }
    }
    state.cells.shape.combo(codes)
}

fn refuse(slots: &mut [u32], faults: &mut Vec<RowFault>, row: usize, reason: impl FnOnce() -> RejectReason) {
    if slots[row] != NONE {
        slots[row] = NONE;
        faults.push(RowFault { row: row as u32, reason: reason() });
    }
}

fn family_is_zero(batch: &Batch, field: FieldIx, row: usize, label: usize) -> bool {
    match &batch.columns[field.ix()] {
        Column::Family(labels) => matches!(labels[label][row], 0 | price_ir::batch::NULL),
        _ => false,
    }
}

fn empty(fold: &Fold, value: i64) -> Acc {
    match fold {
        Fold::Sum(_) | Fold::Count => Acc::Sum(0),
        Fold::Charge(_) => Acc::Charge(0, 0),
        Fold::Max(..) => Acc::Max(value),
        Fold::Min(..) => Acc::Min(value),
        Fold::Last(_) => Acc::Last(value),
        Fold::Unique(_) => Acc::Unique(Default::default()),
        Fold::Average(_) => Acc::Integral(0),
        Fold::Percentile(..) => Acc::Values(Vec::new()),
        Fold::Mean(_) => Acc::Mean(0, 0),
        Fold::Slotted { .. } => Acc::Slots(Default::default()),
    }
}

fn add(acc: &mut Acc, fold: &Fold, batch: &Batch, row: usize, value: i64, when: i64, period_start: i64) {
    match acc {
        Acc::Sum(sum) => *sum += i128::from(value),
        Acc::Charge(sum, events) => {
            *sum += i128::from(value);
            *events += 1;
        }
        Acc::Max(max) => *max = value.max(*max),
        Acc::Min(min) => *min = value.min(*min),
        Acc::Last(last) => *last = value,
        Acc::Mean(sum, rows) => {
            *sum += i128::from(value);
            *rows += 1;
        }
        // One beyond the limit is kept, so that settlement can tell, in any order of arrival.
        Acc::Values(values) if values.len() <= PERCENTILE_VALUES_MAX => values.push(value),
        Acc::Unique(texts) if texts.len() <= UNIQUE_VALUES_MAX => {
            if let Fold::Unique(field) = fold {
                texts.insert(identity(&batch.columns[field.ix()], row));
            }
        }
        Acc::Slots(slots) => {
            if let Fold::Slotted { inner, seconds, .. } = fold {
                let nanos = i64::from((*seconds).max(1)) * NANOS_PER_SECOND;
                let slot = ((when - period_start) / nanos) as u32;
                match slots.get_mut(&slot) {
                    Some(cell) => fold_slot(*inner, cell, value.into(), 1),
                    None => {
                        slots.insert(slot, (value.into(), 1));
                    }
                }
            }
        }
        _ => {}
    }
}

/// 128 bits that stand for a text (two different ones meet with a chance below 2^-64 for four
/// billion texts), or the code of a label.
fn identity(column: &Column, row: usize) -> u128 {
    match column {
        Column::Text(texts) => {
            let hash = blake3::hash(texts[row].as_bytes());
            let mut bytes = [0u8; 16];
            bytes.copy_from_slice(&hash.as_bytes()[..16]);
            u128::from_le_bytes(bytes)
        }
        Column::Label(codes) => u128::from(codes[row]),
        Column::Int(values) => values[row] as u128,
        Column::Flag(flags) => u128::from(flags[row]),
        Column::Family(_) => 0,
    }
}
