//! Allowances: what is granted, carried and drawn in one period.
//!
//! In the order of the waterfall. Allowances drawn as used were drawn when rows arrived; what
//! they left covers other quantities here. Within a cell the front of time is covered first.

use super::quantities::Work;
use super::{SettleError, Settlement};
use crate::cells::CellAt;
use crate::lots::Lots;
use crate::period::Stretch;
use crate::rater::Rater;
use price_ir::{Allowance, AllowanceIx, AllowanceUse, CellRule, Charge, DrawOrder, Fold, LineIx, SinkIx};
use price_value::Rational;
use std::collections::BTreeMap;

/// A cell that competes for an allowance.
struct Demand {
    line: LineIx,
    /// Windows of the cell: indices into the line's work.
    cells: Vec<usize>,
    at: CellAt,
    /// Uncovered quantity, in the line's unit.
    quantity: Rational,
    factor: Rational,
    /// Price of the first unit, per unit of the allowance.
    rate: Rational,
}

impl Rater {
    /// Draws every allowance and marks what is covered.
    pub(super) fn draw(
        &mut self,
        s: &mut Settlement<'_>,
        works: &mut [Option<Work>],
    ) -> Result<Vec<AllowanceUse>, SettleError> {
        let plan = self.plan.clone();
        let mut out = Vec::new();
        for (index, rule) in plan.allowances.iter().enumerate() {
            let ix = AllowanceIx(index as u32);
            let whole = Stretch { from: s.period.start.0, until: s.period.end.0 };
            let windows = if self.time.shorter(rule.per) {
                let served = Stretch { from: s.hull.start.0, until: s.hull.end.0 };
                self.time.windows(rule.per, served)
            } else {
                vec![self.time.window_at(rule.per, whole.from)]
            };
            let times = match rule.times {
                None => Rational::ONE,
                Some(sink) => self.measured(s, sink)?.into_values().sum::<Rational>().max(Rational::ZERO),
            };
            let mut state = s.before.and_then(|b| b.lots.get(index).cloned().flatten());
            let mut used = AllowanceUse {
                name: rule.name.clone(),
                unit: rule.unit.clone(),
                granted: Rational::ZERO,
                carried_in: Rational::ZERO,
                used: Rational::ZERO,
                carried_out: Rational::ZERO,
                forfeited: Rational::ZERO,
            };
            for (place, window) in windows.iter().enumerate() {
                let (mut lots, granted) = self.open_lots(s, rule, &times, state.take(), *window);
                used.granted += &granted;
                let left = lots.left();
                if place == 0 {
                    used.carried_in = &left - &granted;
                }
                let live = self.book.drawn(s.billed, ix, window.from, s.period.start.0);
                lots.draw(&live.min(left.clone()));
                let take = self.cover_cells(s, ix, rule, *window, &lots.left(), works)?;
                lots.draw(&take);
                used.used += &(&left - &lots.left());
                let last = place + 1 == windows.len();
                let ends = window.until <= whole.until;
                let carried = if ends { lots.carries(rule.rollover.as_ref()) } else { lots.left() };
                used.forfeited += &(lots.left() - &carried);
                if last {
                    used.carried_out = carried;
                }
                state = Some((*window, lots));
            }
            s.after.lots.push(state);
            out.push(used);
        }
        Ok(out)
    }

    /// The lots of a window, and what was granted for it now.
    fn open_lots(
        &self,
        s: &Settlement<'_>,
        rule: &Allowance,
        times: &Rational,
        state: Option<(Stretch, Lots)>,
        window: Stretch,
    ) -> (Lots, Rational) {
        let grant = |window| self.grant(rule, s.billed, window) * times;
        let Some((mut at, mut lots)) = state else {
            return (Lots::first(grant(window)), grant(window));
        };
        if at == window {
            return (lots, Rational::ZERO);
        }
        while at.until < window.until {
            at = self.time.window_at(rule.per, at.until);
            lots = lots.roll(rule.rollover.as_ref(), grant(at));
        }
        (lots, grant(window))
    }

    /// Covers cells from what is left in a window; says how much was drawn, in the allowance's unit.
    fn cover_cells(
        &mut self,
        s: &Settlement<'_>,
        ix: AllowanceIx,
        rule: &Allowance,
        window: Stretch,
        left: &Rational,
        works: &mut [Option<Work>],
    ) -> Result<Rational, SettleError> {
        let mut demands = self.demands(s, ix, rule, window, works)?;
        let asked: Rational = demands.iter().map(|d| &d.quantity * &d.factor).sum();
        let take = left.clone().min(asked.clone());
        if !take.is_positive() {
            return Ok(Rational::ZERO);
        }
        match rule.draw {
            DrawOrder::Single | DrawOrder::ProRata => {
                for demand in &demands {
                    let covered = &demand.quantity * &take / &asked;
                    cover(works, demand, window, &covered);
                }
            }
            DrawOrder::CheapestFirst | DrawOrder::DearestFirst | DrawOrder::AsUsed => {
                // Stable: ties stay in cell order. What is left as used goes by cell order, too.
                match rule.draw {
                    DrawOrder::CheapestFirst => demands.sort_by(|a, b| a.rate.cmp(&b.rate)),
                    DrawOrder::DearestFirst => demands.sort_by(|a, b| b.rate.cmp(&a.rate)),
                    _ => {}
                }
                let mut rest = take.clone();
                for demand in &demands {
                    let part = (&demand.quantity * &demand.factor).min(rest.clone());
                    cover(works, demand, window, &(&part / &demand.factor));
                    rest -= &part;
                }
            }
        }
        Ok(take)
    }

    /// Who asks, in line and cell order.
    fn demands(
        &mut self,
        s: &Settlement<'_>,
        ix: AllowanceIx,
        rule: &Allowance,
        window: Stretch,
        works: &[Option<Work>],
    ) -> Result<Vec<Demand>, SettleError> {
        let plan = self.plan.clone();
        let mut covers: Vec<_> = rule.covers.iter().collect();
        covers.sort_by_key(|c| c.line);
        let mut out: Vec<Demand> = Vec::new();
        for covers in covers {
            let line = &plan.lines[covers.line.ix()];
            let (Charge::Usage(usage), Some(work)) = (&line.charge, &works[covers.line.ix()]) else { continue };
            let sink = &plan.sinks[usage.sink.ix()];
            let additive = matches!(sink.fold, Fold::Sum(_) | Fold::Count);
            let by_row = additive && self.layout.live[ix.ix()];
            let given = if by_row { self.given(s, usage.sink) } else { BTreeMap::new() };
            for (index, cell) in work.cells.iter().enumerate() {
                let meant = |m: &Vec<bool>| m.get(cell.at.cell as usize).copied().unwrap_or(false);
                if !covers.cells.as_ref().is_none_or(meant) {
                    continue;
                }
                let inside = cell.slices.iter().filter(|slice| window.holds(slice.from));
                let mut quantity: Rational = inside.map(|slice| slice.open()).sum();
                if by_row {
                    // Rows drew theirs already; only quantities given directly are left.
                    quantity = quantity.min(given.get(&cell.at).cloned().unwrap_or_default() * &sink.quantum);
                }
                if !quantity.is_positive() {
                    continue;
                }
                // Windows of one cell follow each other.
                if let Some(same) = out.last_mut().filter(|d| d.line == covers.line && d.at == cell.at) {
                    same.quantity += &quantity;
                    same.cells.push(index);
                    continue;
                }
                let ranked = matches!(rule.draw, DrawOrder::CheapestFirst | DrawOrder::DearestFirst);
                let regime = self.regime(s, usage, cell.slices.first().map_or(s.period.start.0, |slice| slice.from));
                let rate = match regime.cells[cell.at.cell as usize] {
                    CellRule::Function(function) if ranked => {
                        let scale = cell.scale.as_ref();
                        let at = |q: &Rational| self.charge_at(covers.line, usage, function, scale, q, &sink.quantum);
                        let first = at(&Rational::ONE).and_then(|one| Ok(one - at(&Rational::ZERO)?));
                        first.map_err(|fault| SettleError::Fault { line: line.name.clone(), fault })? / &covers.factor
                    }
                    _ => Rational::ZERO,
                };
                let factor = covers.factor.clone();
                out.push(Demand { line: covers.line, cells: vec![index], at: cell.at, quantity, factor, rate });
            }
        }
        Ok(out)
    }

    /// What was given directly for cells in this period, in raw units.
    fn given(&mut self, s: &Settlement<'_>, sink: SinkIx) -> BTreeMap<CellAt, Rational> {
        let mut out: BTreeMap<CellAt, Rational> = BTreeMap::new();
        for read in self.read_upto(s, sink) {
            if let Some(given) = &read.reading.given {
                *out.entry(read.at).or_default() += given;
            }
        }
        out
    }
}

/// Marks a quantity of a cell as covered, front of time first.
fn cover(works: &mut [Option<Work>], demand: &Demand, window: Stretch, covered: &Rational) {
    let Some(work) = &mut works[demand.line.ix()] else { return };
    let mut rest = covered.clone();
    for index in &demand.cells {
        for slice in work.cells[*index].slices.iter_mut().filter(|slice| window.holds(slice.from)) {
            let part = slice.open().min(rest.clone());
            slice.covered += &part;
            rest -= &part;
        }
    }
}
