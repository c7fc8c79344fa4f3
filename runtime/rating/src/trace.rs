//! What one row added to the lines of its plan.
//!
//! The rows before it are folded first; what it added is the difference between where its cells
//! stood before and after it. So the amounts of all rows of a line sum to the amount of the line
//! before its floors, discounts and rounding. Where that is decided by more than the rows so far,
//! there is no amount, and a reason.

use crate::acc::Acc;
use crate::cells::CellAt;
use crate::fold::open_labels;
use crate::layout::regime_on;
use crate::order::Order;
use crate::period::Stretch;
use crate::rater::{Rater, SubjectIx};
use crate::reject::RejectReason;
use crate::settle::tiers::known_tiers;
use price_ir::kernel::TAKEN;
use price_ir::{
    Across, AllowanceIx, Batch, CellRule, Charge, EventCharge, Fold, LineIx, MapOut, RuleIx, SinkIx, TierDetail,
    UsageCharge,
};
use price_value::{Rational, Timestamp};
use std::collections::BTreeMap;

/// Why no amount of a line is that of one row.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum Unattributed {
    /// The meter is no sum and no count.
    #[error("the meter is no sum and no count: its value belongs to all events together")]
    Fold,
    /// What is taken off is known when the period ends.
    #[error("an allowance or a usage discount is taken off the whole period, not off single events")]
    Settled,
    /// The total of another meter stretches the tiers.
    #[error("another quantity of the whole period stretches the tiers")]
    Scaled,
    /// Cells are priced together.
    #[error("the price looks at all labels together")]
    Across,
    /// Earlier periods set a floor.
    #[error("earlier periods set a floor for the quantity")]
    Ratcheted,
    /// The total of the window decides the rate, and the rate changes by date.
    #[error("the total decides the rate, and the rate changes within the time it is counted over")]
    Dated,
    /// Nothing used costs something.
    #[error("the price charges something even for no usage, which belongs to no event")]
    AtZero,
    /// A fee by the level that an event sets.
    #[error("a fee by a level: what it costs depends on how long the level holds")]
    Level,
    /// The price has no value at a position between two rows.
    #[error("the price has no value at the quantity that was reached with this event")]
    NoValue,
    /// More rows came before than are folded for one answer.
    #[error("more events came before it than are counted for one answer")]
    TooMany,
}

/// What one row added.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct Trace {
    /// Lines that it touched, in the order of the plan.
    pub lines: Vec<Traced>,
    /// What it drew from allowances that are drawn as events happen, in their units.
    pub drawn: Vec<(AllowanceIx, Rational)>,
}

/// What one row added to a line.
#[derive(Debug, Clone, PartialEq)]
pub struct Traced {
    /// The line.
    pub line: LineIx,
    /// What the line is computed from.
    pub sink: SinkIx,
    /// Unit of the quantities.
    pub unit: String,
    /// By the labels of the plan.
    pub cells: Vec<TracedCell>,
    /// The exact amount, below zero for rebates.
    pub amount: Result<Rational, Unattributed>,
}

/// What one row added to a cell of a line.
#[derive(Debug, Clone, PartialEq)]
pub struct TracedCell {
    /// Dimension and label, then the window where those of the line are shorter than the period.
    pub labels: Vec<(String, String)>,
    /// What the row measured here; none where it only counts as another text.
    pub quantity: Option<Rational>,
    /// How much of it allowances cover.
    pub covered: Rational,
    /// Tiers that the quantity fell into. Empty where the price is not made of tiers.
    pub tiers: Vec<TierDetail>,
    /// The exact amount, where it is that of the row alone.
    pub amount: Option<Rational>,
    /// Rules of the source that made the price, outermost last.
    pub rules: Vec<RuleIx>,
}

/// Where a cell stands: quantity and covered, or for prices on each event amount, measure, covered.
type Stand = (Rational, Rational, Rational);

/// A line that the row takes part in, and the cells with their raw values.
struct Touched {
    line: LineIx,
    sink: SinkIx,
    cells: BTreeMap<CellAt, i128>,
    before: BTreeMap<CellAt, Stand>,
}

impl Rater {
    /// The first instant whose rows bear on what a row of this instant adds.
    pub fn traced_from(&self, at: Timestamp) -> Timestamp {
        if self.order() == Order::ByEventTime {
            return Timestamp(i64::MIN);
        }
        let usage = |charge: &Charge| match charge {
            Charge::Usage(usage) => Some(usage.window),
            _ => None,
        };
        let windows = self.plan.lines.iter().filter_map(|line| usage(&line.charge));
        let starts = windows.map(|window| self.time.window_at(window, at.0).from);
        Timestamp(starts.chain([self.period_at(at).start.0]).min().unwrap_or(i64::MIN))
    }

    /// What a row adds: the one row of a batch, after all rows that come before it were pushed.
    /// Where they were not, because they are `too_many`, lines have no amounts.
    ///
    /// # Panics
    /// When the batch has not exactly one row.
    pub fn trace(&mut self, batch: &mut Batch, account: SubjectIx, too_many: bool) -> Result<Trace, RejectReason> {
        assert_eq!(batch.rows, 1, "one row is traced");
        self.fill_calendars(batch);
        let billed = self.billed(account);
        let mut touched = self.touched(batch);
        for touched in &mut touched {
            touched.before = self.stands(touched.line, touched.sink, billed, batch.happened[0]);
        }
        let allowances: Vec<AllowanceIx> = (0..self.plan.allowances.len() as u32).map(AllowanceIx).collect();
        let drawn: Vec<Rational> = allowances.iter().map(|a| self.book.drawn_ever(billed, *a)).collect();
        if let Some(fault) = self.push(batch, &[account.0]).pop() {
            return Err(fault.reason);
        }
        let lines = touched.into_iter().map(|touched| self.traced(touched, billed, batch, too_many)).collect();
        let drawn = allowances.into_iter().zip(drawn).filter(|_| !too_many);
        let drawn = drawn.map(|(a, before)| (a, self.book.drawn_ever(billed, a) - &before));
        Ok(Trace { lines, drawn: drawn.filter(|(_, drawn)| !drawn.is_zero()).collect() })
    }

    /// The lines that the row takes part in.
    fn touched(&mut self, batch: &Batch) -> Vec<Touched> {
        let plan = self.plan.clone();
        let (mut found, mut out) = (Vec::new(), MapOut::default());
        for (index, line) in (0u32..).zip(&plan.lines) {
            let sink = match &line.charge {
                Charge::Usage(usage) => usage.sink,
                Charge::Events(sink) => *sink,
                Charge::Fee(fee) => match fee.level {
                    Some(level) => level,
                    None => continue,
                },
                Charge::Share { .. } => continue,
            };
            if plan.sinks[sink.ix()].event != batch.event {
                continue;
            }
            let cuts = &self.layout.sinks[sink.ix()].regime_cuts;
            let regimes: Vec<u32> = match cuts.is_empty() {
                true => Vec::new(),
                false => vec![cuts.partition_point(|cut| *cut <= batch.happened[0]) as u32],
            };
            self.kernel.map(sink, batch, &regimes, &mut out);
            let open = open_labels(&mut self.sinks[sink.ix()], batch, 0, &mut Vec::new());
            let family = self.sinks[sink.ix()].cells.shape.family.is_some();
            let mut cells: BTreeMap<CellAt, i128> = BTreeMap::new();
            for at in (0..out.status.len()).filter(|at| out.status[*at] == TAKEN) {
                // A label of a family of which nothing was used.
                if family && out.value[at] == 0 {
                    continue;
                }
                *cells.entry(CellAt { cell: out.cell[at], open }).or_default() += i128::from(out.value[at]);
            }
            if !cells.is_empty() {
                found.push(Touched { line: LineIx(index), sink, cells, before: BTreeMap::new() });
            }
        }
        found
    }

    /// Whether the amount of a line is a sum of amounts of rows.
    fn attributed(&self, line: LineIx, sink: SinkIx) -> Result<(), Unattributed> {
        let usage = match &self.plan.lines[line.ix()].charge {
            Charge::Usage(usage) => usage,
            Charge::Events(_) => return Ok(()),
            _ => return Err(Unattributed::Level),
        };
        let functions = &usage.rules.functions;
        if !matches!(self.plan.sinks[sink.ix()].fold, Fold::Sum(_) | Fold::Count) {
            return Err(Unattributed::Fold);
        }
        if !usage.less.is_empty() || usage.covered_by.iter().any(|a| !self.layout.live[a.ix()]) {
            return Err(Unattributed::Settled);
        }
        if usage.scale.is_some() {
            return Err(Unattributed::Scaled);
        }
        if usage.across != Across::Each {
            return Err(Unattributed::Across);
        }
        if usage.ratchet.is_some() {
            return Err(Unattributed::Ratcheted);
        }
        if usage.rules.regimes.len() > 1 && functions.iter().any(|f| f.amount.selects()) {
            return Err(Unattributed::Dated);
        }
        if functions.iter().any(|f| f.amount.at(&Rational::ZERO).is_ok_and(|amount| !amount.is_zero())) {
            return Err(Unattributed::AtZero);
        }
        Ok(())
    }

    /// The stretch of time that a line counts over at an instant.
    fn counted_over(&self, line: LineIx, at: i64) -> Stretch {
        match &self.plan.lines[line.ix()].charge {
            Charge::Usage(usage) => self.time.window_at(usage.window, at),
            _ => {
                let period = self.period_at(Timestamp(at));
                Stretch { from: period.start.0, until: period.end.0 }
            }
        }
    }

    /// Where the cells of a line stand in the window of an instant.
    fn stands(&mut self, line: LineIx, sink: SinkIx, billed: u32, at: i64) -> BTreeMap<CellAt, Stand> {
        let mut stands: BTreeMap<CellAt, Stand> = BTreeMap::new();
        if self.attributed(line, sink).is_err() {
            return stands;
        }
        let over = self.counted_over(line, at);
        let quantum = self.plan.sinks[sink.ix()].quantum.clone();
        let periods: Vec<u32> = self.slots.periods(billed).collect();
        for index in periods {
            let period = self.time.period(index);
            if period.end.0 <= over.from || period.start.0 >= over.until {
                continue;
            }
            for read in self.read(sink, billed, &period).into_iter().filter(|read| over.holds(read.slice)) {
                let stand = stands.entry(read.at).or_default();
                match &read.reading.acc {
                    Some(Acc::Sum(raw)) => stand.0 += &(Rational::int(*raw) * &quantum),
                    Some(Acc::Charge(raw, events)) => {
                        stand.0 += &(Rational::int(*raw) * &quantum);
                        stand.1 += &Rational::int(i128::from(*events));
                    }
                    Some(Acc::Priced(priced)) => {
                        stand.0 += &priced.amount;
                        stand.1 += &priced.measure;
                        stand.2 += &priced.covered;
                    }
                    _ => {}
                }
            }
            let covered = self.slots.find(billed, index).and_then(|slot| self.book.covered(line, slot));
            for ((cell, slice), covered) in covered.into_iter().flatten() {
                if over.holds(*slice) {
                    stands.entry(*cell).or_default().2 += covered;
                }
            }
        }
        stands
    }

    fn traced(&mut self, touched: Touched, billed: u32, batch: &Batch, too_many: bool) -> Traced {
        let plan = self.plan.clone();
        let Touched { line, sink, cells, before } = touched;
        let (rule, of, at) = (&plan.lines[line.ix()], &plan.sinks[sink.ix()], batch.happened[0]);
        let possible = if too_many { Err(Unattributed::TooMany) } else { self.attributed(line, sink) };
        let after = if possible.is_ok() { self.stands(line, sink, billed, at) } else { BTreeMap::new() };
        let mut traced = Traced { line, sink, unit: of.unit.clone(), cells: Vec::new(), amount: Ok(Rational::ZERO) };
        let none = Stand::default();
        match (&rule.charge, &of.fold) {
            (Charge::Events(_), Fold::Charge(charge)) => {
                let by_measure = charge.priced_by_host();
                traced.unit =
                    if by_measure { charge.measure_unit.clone() } else { plan.events[of.event.ix()].name.clone() };
                // An event that is split is in more cells than the one it begins in.
                for (cell, now) in after {
                    let was = before.get(&cell).unwrap_or(&none);
                    let added = (&now.0 - &was.0, &now.1 - &was.1, &now.2 - &was.2);
                    if [&added.0, &added.1, &added.2].iter().any(|part| !part.is_zero()) {
                        traced.cells.push(self.event_cell(sink, charge, cell, added, at));
                    }
                }
            }
            (Charge::Usage(usage), fold) => {
                let shorter = self.time.shorter(usage.window);
                let window =
                    shorter.then(|| self.counted_over(line, at).from.max(self.period_at(Timestamp(at)).start.0));
                for (cell, raw) in cells {
                    let stands = (before.get(&cell).unwrap_or(&none), after.get(&cell).unwrap_or(&none));
                    let labels = self.labels_of(sink, cell, window.map(|from| (usage.window, from)));
                    let mut made = self.usage_cell(line, usage, cell, possible.is_ok().then_some(stands), at);
                    made.labels = labels;
                    made.quantity = (!matches!(fold, Fold::Unique(_))).then(|| Rational::int(raw) * &of.quantum);
                    traced.cells.push(made);
                }
            }
            _ => {
                for (cell, raw) in cells {
                    let (labels, quantity) = (self.labels_of(sink, cell, None), Rational::int(raw) * &of.quantum);
                    traced.cells.push(TracedCell { labels, quantity: Some(quantity), ..TracedCell::none() });
                }
            }
        }
        if rule.rebate {
            traced.cells.iter_mut().for_each(TracedCell::negate);
        }
        let sum = traced.cells.iter().map(|cell| cell.amount.as_ref().ok_or(Unattributed::NoValue));
        traced.amount = possible.and_then(|()| Ok(sum.collect::<Result<Vec<_>, _>>()?.into_iter().sum()));
        traced
    }

    /// A cell of a price on a meter, between two positions.
    fn usage_cell(
        &self,
        line: LineIx,
        usage: &UsageCharge,
        cell: CellAt,
        stands: Option<(&Stand, &Stand)>,
        at: i64,
    ) -> TracedCell {
        let date = match usage.split_period {
            true => self.time.date(at),
            false => self.period_at(Timestamp(at)).until.add_days(-1),
        };
        let mut made = TracedCell::none();
        let CellRule::Function(function) = regime_on(&usage.rules, date).cells[cell.cell as usize] else { return made };
        let chosen = &usage.rules.functions[function as usize];
        made.rules = chosen.rules.clone();
        let Some(((was, _, was_covered), (now, _, now_covered))) = stands else { return made };
        made.covered = now_covered - was_covered;
        let (before, after) = ((was.clone(), was_covered.clone()), (now.clone(), now_covered.clone()));
        let quantum = &self.plan.sinks[usage.sink.ix()].quantum;
        let worth = |at: &(Rational, Rational)| self.worth(line, usage, function, None, quantum, at, at);
        let (Ok(low), Ok(high)) = (worth(&before), worth(&after)) else { return made };
        let amount = high - &low;
        let begun = (!before.0.is_zero() || !before.1.is_zero()).then_some(&before);
        let tiers = known_tiers(&chosen.amount, usage.counting, begun, &after, &after, &amount);
        made.tiers = tiers.unwrap_or_default();
        made.amount = Some(amount);
        made
    }

    /// A cell of a price on each event: what was added to amount, measure and covered.
    fn event_cell(&self, sink: SinkIx, charge: &EventCharge, cell: CellAt, added: Stand, at: i64) -> TracedCell {
        let (amount, measure, covered) = added;
        let regime = regime_on(&charge.rules, self.time.date(at));
        let mut made = TracedCell { labels: self.labels_of(sink, cell, None), ..TracedCell::none() };
        if let CellRule::Function(function) = regime.cells[cell.cell as usize] {
            let chosen = &charge.rules.functions[function as usize];
            made.rules = chosen.rules.clone();
            let stand = (measure.clone(), covered.clone());
            let whole = charge.priced_by_host() && charge.split.is_none();
            let tiers =
                whole.then(|| known_tiers(&chosen.amount, charge.counting, None, &stand, &stand, &amount)).flatten();
            made.tiers = tiers.unwrap_or_default();
        }
        TracedCell { quantity: Some(measure), covered, amount: Some(amount), ..made }
    }
}

impl TracedCell {
    fn none() -> TracedCell {
        TracedCell {
            labels: Vec::new(),
            quantity: None,
            covered: Rational::ZERO,
            tiers: Vec::new(),
            amount: None,
            rules: Vec::new(),
        }
    }

    /// A rebate: what was computed is given back.
    fn negate(&mut self) {
        self.amount = self.amount.as_ref().map(|amount| -amount);
        for tier in &mut self.tiers {
            (tier.exact, tier.amount, tier.rate) = (-&tier.exact, -&tier.amount, -&tier.rate);
        }
    }
}

impl Traced {
    /// What the row measured in all cells; none where one has no quantity.
    pub fn quantity(&self) -> Option<Rational> {
        let all: Option<Vec<&Rational>> = self.cells.iter().map(|cell| cell.quantity.as_ref()).collect();
        Some(all?.into_iter().sum())
    }
}
