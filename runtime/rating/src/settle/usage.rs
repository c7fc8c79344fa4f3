//! Prices on meters: amounts from quantities.
//!
//! A cell's amount in a window is `F(q)`. Where the rate changes inside it, or where the window
//! began in an earlier period, it is the difference of the position on the ladder after and
//! before; nothing lies before the window's first slice, so `F(0)` is charged once. The tier of a
//! volume price is that of the whole window, also for the parts of it, and so is the scale of
//! bounds that are multiples of another quantity.

use super::Settlement;
use super::item::{Item, WorkCell};
use super::quantities::{CellWindow, Work};
use super::tiers::tiers;
use crate::acc::Acc;
use crate::cells::Read;
use crate::layout::regime_on;
use crate::rater::Rater;
use price_ir::{
    Across, CellDetail, CellRule, Counting, Fault, Fold, LineIx, LineKind, Position, RuleIx, SinkIx, UsageCharge,
};
use price_value::Rational;
use std::borrow::Cow;
use std::collections::BTreeMap;

/// A quantity, and how much of it is covered.
type Stand = (Rational, Rational);

impl Rater {
    /// The regime that prices a slice.
    pub(super) fn regime<'a>(&self, s: &Settlement<'_>, usage: &'a UsageCharge, slice: i64) -> &'a price_ir::Regime {
        let date = if usage.split_period { self.time.date(slice) } else { s.period.until.add_days(-1) };
        regime_on(&usage.rules, date)
    }

    /// The exact amount of a line's function at a quantity, its bounds being multiples of `scale`.
    pub(super) fn charge_at(
        &self,
        line: LineIx,
        usage: &UsageCharge,
        function: u32,
        scale: Option<&Rational>,
        quantity: &Rational,
        quantum: &Rational,
    ) -> Result<Rational, Fault> {
        let exact = &usage.rules.functions[function as usize].amount;
        let raw = match scale {
            None => quantity / quantum,
            // Engines know the function of one unit of the scale.
            Some(scale) if scale.is_positive() => quantity / quantum / scale,
            Some(scale) => return exact.stretched(scale).at(quantity),
        };
        if let Some((numer, denom)) = raw.as_small()
            && let Ok(divisor) = i64::try_from(denom)
        {
            match self.kernel.charge(line, function, numer, divisor) {
                // Bounded engines may give up where the exact value is still within reach.
                Err(Fault::Overflow) => {}
                Err(fault) => return Err(fault),
                Ok(amount) => return Ok(scale.map_or(amount.clone(), |scale| amount * scale)),
            }
        }
        match scale {
            None => exact.at(quantity),
            Some(scale) => exact.stretched(scale).at(quantity),
        }
    }

    /// The exact amount of what is charged up to a position, in a window that ends at `total`.
    #[allow(clippy::too_many_arguments)]
    pub(crate) fn worth(
        &self,
        line: LineIx,
        usage: &UsageCharge,
        function: u32,
        scale: Option<&Rational>,
        quantum: &Rational,
        (q, c): &Stand,
        (total, total_covered): &Stand,
    ) -> Result<Rational, Fault> {
        let at = |q: &Rational| self.charge_at(line, usage, function, scale, q, quantum);
        let charged = q - c;
        let (counted, total) = match usage.counting {
            Counting::Net => (charged.clone(), total - total_covered),
            Counting::Gross => (q.clone(), total.clone()),
        };
        let amount = &usage.rules.functions[function as usize].amount;
        if (counted != charged || counted != total) && amount.selects() {
            return amount.at_position(&Position { charged, counted, total });
        }
        match usage.counting {
            Counting::Gross if !c.is_zero() => Ok(at(q)? - at(c)?),
            _ => at(&charged),
        }
    }

    /// A line of a meter with its amounts.
    pub(super) fn usage_item(
        &mut self,
        s: &Settlement<'_>,
        line: LineIx,
        usage: &UsageCharge,
        work: Work,
    ) -> Result<Item, Fault> {
        let plan = self.plan.clone();
        let sink = &plan.sinks[usage.sink.ix()];
        let mut item = Item::new(LineKind::Usage, line, &plan.lines[line.ix()]);
        let mut total = Rational::ZERO;
        let work = if usage.across == Across::Largest { largest(work) } else { work };
        let wholes = wholes(&work);
        for cell in work.cells {
            let mut detail = CellDetail {
                labels: self.labels_of(usage.sink, cell.at, cell.window.map(|from| (usage.window, from))),
                quantity: cell.slices.iter().map(|slice| &slice.delta).sum(),
                covered: cell.slices.iter().map(|slice| &slice.covered).sum(),
                scale: cell.scale.clone(),
                ratchet: cell.ratchet.clone(),
                tiers: Vec::new(),
                exact: Rational::ZERO,
                amount: Rational::ZERO,
                rules: Vec::new(),
                events: 0,
            };
            let base = (cell.base.clone(), cell.base_covered.clone());
            let mut before = (!cell.fresh).then(|| (base.clone(), base));
            let mut covered = cell.base_covered.clone();
            let whole = match cell.slices.last() {
                Some(_) if usage.across == Across::Total => (wholes[&cell.window].clone(), Rational::ZERO),
                Some(last) => {
                    let added: Rational = cell.slices.iter().map(|slice| &slice.covered).sum();
                    (last.after.clone(), &covered + &added)
                }
                None => continue,
            };
            let mut slices = cell.slices.iter().peekable();
            while let Some(slice) = slices.next() {
                covered += &slice.covered;
                let rule = |from: i64| self.regime(s, usage, from).cells[cell.at.cell as usize];
                let own = rule(slice.from);
                if slices.peek().is_some_and(|next| rule(next.from) == own) {
                    continue;
                }
                let CellRule::Function(function) = own else {
                    if slice.after.is_zero() {
                        continue;
                    }
                    return Err(Fault::NotSold);
                };
                let position = (slice.after.clone(), covered.clone());
                let chosen = &usage.rules.functions[function as usize];
                let scale = cell.scale.as_ref();
                let at = |at: &Stand, total: &Stand| self.worth(line, usage, function, scale, &sink.quantum, at, total);
                let mut amount = at(&position, &whole)?;
                if let Some((before, reached)) = &before {
                    amount -= &at(before, reached)?;
                }
                let shown = scale.map_or(Cow::Borrowed(&chosen.amount), |s| Cow::Owned(chosen.amount.stretched(s)));
                detail.tiers.extend(tiers(
                    &shown,
                    usage.counting,
                    before.as_ref().map(|(at, _)| at),
                    &position,
                    &whole,
                    &amount,
                ));
                detail.exact += &amount;
                for rule in &chosen.rules {
                    push_new(&mut detail.rules, *rule);
                }
                before = Some((position, whole.clone()));
            }
            item.used |= !detail.quantity.is_zero();
            total += &detail.quantity;
            item.gross += &detail.exact;
            let exact = detail.exact.clone();
            item.cells.push(WorkCell { at: cell.at, window: cell.window, detail, exact });
        }
        item.cells.retain(|c| !c.detail.quantity.is_zero() || !c.detail.exact.is_zero());
        item.quantity = Some((total, sink.unit.clone()));
        Ok(item)
    }
}

/// The quantities of all cells, by window.
fn wholes(work: &Work) -> BTreeMap<Option<i64>, Rational> {
    let mut sums = BTreeMap::new();
    for cell in &work.cells {
        let sum: &mut Rational = sums.entry(cell.window).or_default();
        *sum += &cell.slices.last().map_or(Rational::ZERO, |last| last.after.clone());
    }
    sums
}

/// Of each window the cell with the largest quantity, of equals the first.
fn largest(work: Work) -> Work {
    let mut kept: Vec<CellWindow> = Vec::new();
    let reached = |cell: &CellWindow| cell.slices.last().map_or(Rational::ZERO, |last| last.after.clone());
    for cell in work.cells {
        match kept.iter_mut().find(|other| other.window == cell.window) {
            Some(other) if reached(other) >= reached(&cell) => {}
            Some(other) => *other = cell,
            None => kept.push(cell),
        }
    }
    Work { cells: kept }
}

/// The cells of a price on each event.
pub(super) fn events(rater: &Rater, s: &Settlement<'_>, mut item: Item, sink_ix: SinkIx, reads: Vec<Read>) -> Item {
    let plan = rater.plan.clone();
    let sink = &plan.sinks[sink_ix.ix()];
    let Fold::Charge(charge) = &sink.fold else { unreachable!("verified: an events line reads an event charge") };
    let regime = regime_on(&charge.rules, s.period.until.add_days(-1));
    let by_measure = charge.priced_by_host();
    let mut total = Rational::ZERO;
    let mut cells: Vec<(Vec<String>, WorkCell)> = Vec::new();
    let fold = &sink.fold;
    let mut merged: Vec<Read> = Vec::new();
    for read in reads {
        // Slices of one cell follow each other.
        match merged.last_mut().filter(|last| last.at == read.at) {
            Some(last) => last.reading.merge(&read.reading, fold),
            None => merged.push(read),
        }
    }
    for read in merged {
        let (exact, quantity, covered, events) = match &read.reading.acc {
            Some(Acc::Charge(raw, events)) => {
                let count = Rational::int(i128::from(*events));
                (Rational::int(*raw) * &sink.quantum, count, Rational::ZERO, *events)
            }
            Some(Acc::Priced(p)) => (p.amount.clone(), p.measure.clone(), p.covered.clone(), p.events),
            _ => continue,
        };
        total += &quantity;
        item.gross += &exact;
        item.used |= events > 0;
        let rules = match regime.cells[read.at.cell as usize] {
            CellRule::Function(function) => charge.rules.functions[function as usize].rules.clone(),
            CellRule::NotSold => Vec::new(),
        };
        let labels = rater.labels_of(sink_ix, read.at, None);
        let (exact, amount) = (exact.clone(), Rational::ZERO);
        let detail = CellDetail {
            labels,
            quantity,
            covered,
            scale: None,
            ratchet: None,
            tiers: Vec::new(),
            exact: exact.clone(),
            amount,
            rules,
            events,
        };
        let texts = rater.open_texts(sink_ix, read.at);
        cells.push((texts, WorkCell { at: read.at, window: None, detail, exact }));
    }
    cells.sort_by(|(a, x), (b, y)| (x.at.cell, a).cmp(&(y.at.cell, b)));
    item.cells = cells.into_iter().map(|(_, cell)| cell).collect();
    let unit = if by_measure { charge.measure_unit.clone() } else { plan.events[sink.event.ix()].name.clone() };
    item.quantity = Some((total, unit));
    item
}

fn push_new(rules: &mut Vec<RuleIx>, rule: RuleIx) {
    if !rules.contains(&rule) {
        rules.push(rule);
    }
}
