//! What a price adds, cell by cell.

use super::{Joint, rate};
use crate::bill::{Unknown, regime};
use crate::curve::Curve;
use crate::form::Linear;
use crate::func::Expr;
use crate::limits::FORM_LARGEST;
use crate::plan::{Across, CellRule, Charge, Counting, Fold, Line, LineIx, Sink, TierScale, UsageCharge};
use price_value::Rational;
use std::collections::BTreeMap;

impl Joint<'_, '_> {
    /// What each cell of a price adds; constants and what is shared stand at the first.
    pub(super) fn usage(
        &mut self,
        at: LineIx,
        line: &Line,
        usage: &UsageCharge,
    ) -> Result<Vec<(usize, Linear)>, Unknown> {
        let sink = &self.plan.sinks[usage.sink.ix()];
        let name = || line.name.clone();
        if sink.meter.is_empty() && self.billings.iter().any(|billing| billing.concerns(sink)) {
            return Err(Unknown::Events(name()));
        }
        let used = self.cells(sink, &line.name)?;
        let open = sink.keys.iter().any(|key| key.in_cell && self.plan.dimensions[key.dim.ix()].size().is_none());
        let rules = regime(&usage.rules, self.usage.day);
        // Cells without usage whose function costs something at zero.
        let mut idle = Rational::ZERO;
        if !open && usage.scale.is_none() {
            for (cell, rule) in rules.cells.iter().enumerate() {
                if let (CellRule::Function(function), false) = (rule, used.contains_key(&cell)) {
                    let amount = &usage.rules.functions[*function as usize].amount;
                    idle += &amount.at(&Rational::ZERO).map_err(|_| Unknown::NotStraight(name()))?;
                }
            }
        }
        let mut parts = vec![(usize::MAX, Linear::constant(idle.clone()))];
        if used.is_empty() {
            return match (idle.is_zero(), usage.ratchet.is_none()) {
                (true, true) => Ok(parts),
                _ if usage.window == self.plan.billing.every && usage.ratchet.is_none() => Ok(parts),
                _ => Err(Unknown::Idle(name())),
            };
        }
        if usage.window != self.plan.billing.every {
            return Err(Unknown::Window(name()));
        }
        if usage.ratchet.is_some() {
            return Err(Unknown::Across(name()));
        }
        let mut priced: Vec<Priced<'_>> = Vec::new();
        for (cell, sum) in used {
            let Some(CellRule::Function(function)) = rules.cells.get(cell).copied() else {
                return Err(Unknown::NotSold(name()));
            };
            let amount = &usage.rules.functions[function as usize].amount;
            priced.push(Priced { cell, sum, amount });
        }
        if open {
            let free = |p: &Priced<'_>| p.amount.at(&Rational::ZERO).is_ok_and(|amount| amount.is_zero());
            if !priced.iter().all(free) {
                return Err(Unknown::Idle(name()));
            }
            // What is spread over labels costs the same only if it has one rate.
            if self.usage.spread && !priced.iter().all(|p| Curve::of(p.amount).is_some_and(|c| rate(&c).is_some())) {
                return Err(Unknown::Spread(name()));
            }
        }
        if usage.scale.is_some() {
            let scaled = priced.iter().map(|p| Ok((p.cell, self.scaled(usage, line, p)?)));
            parts.extend(scaled.collect::<Result<Vec<_>, Unknown>>()?);
            return Ok(parts);
        }
        match usage.across {
            Across::Each => {}
            Across::Total => {
                let total = priced.iter().fold(Linear::default(), |sum, p| sum.plus(&p.sum));
                for p in &priced {
                    let part = self.by_total(p, &total).ok_or_else(|| Unknown::Across(name()))?;
                    parts.push((p.cell, part));
                }
                return Ok(parts);
            }
            Across::Largest => {
                let most = self.largest(&priced).ok_or_else(|| Unknown::Across(name()))?;
                parts.push((usize::MAX, most));
                return Ok(parts);
            }
        }
        if let Some(part) = self.shared(at, usage, &priced)? {
            parts.push((usize::MAX, part));
            return Ok(parts);
        }
        for p in priced {
            let curve = Curve::of(p.amount).ok_or_else(|| Unknown::NotStraight(name()))?;
            let included = self.included(at, usage, p.cell)?;
            if included.is_positive() && usage.counting == Counting::Gross && p.amount.selects() {
                return Err(Unknown::NotStraight(name()));
            }
            if included.is_positive() && open && self.usage.spread {
                return Err(Unknown::Spread(name()));
            }
            let part = self.forms.curve(p.sum, curve.beyond(&included, usage.counting));
            parts.push((p.cell, part));
        }
        Ok(parts)
    }

    /// The sums of quantities that reach each cell of a sink.
    pub(super) fn cells(&self, sink: &Sink, line: &str) -> Result<BTreeMap<usize, Linear>, Unknown> {
        let mut cells: BTreeMap<usize, Linear> = BTreeMap::new();
        let mut several = false;
        for (at, billing) in self.billings.iter().enumerate() {
            if sink.meter.is_empty() || billing.usage.meter != sink.meter {
                continue;
            }
            let unknown = || Unknown::Condition(line.to_owned());
            if !billing.in_scope(sink, &sink.scope).ok_or_else(unknown)? {
                continue;
            }
            let sum = cells.entry(billing.cell(sink).ok_or_else(unknown)?).or_default();
            several |= !sum.vars.is_empty();
            sum.add(&Linear::var(u32::try_from(at).unwrap_or(u32::MAX)), &Rational::ONE);
        }
        if several && !matches!(sink.fold, Fold::Sum(_) | Fold::Count | Fold::Average(_)) {
            return Err(Unknown::Sums(line.to_owned()));
        }
        Ok(cells)
    }

    /// The tier of each cell is that of all together.
    fn by_total(&mut self, p: &Priced<'_>, total: &Linear) -> Option<Linear> {
        let Expr::Ladder(of, ladder) = p.amount else { return None };
        if **of != Expr::Arg || ladder.pieces.iter().any(|piece| piece.step.is_some()) || !ladder.at_zero.is_zero() {
            return None;
        }
        // A flat part is charged where the cell has usage.
        let flat = ladder.pieces.iter().any(|piece| piece.value != &piece.slope * &piece.from);
        let pieces = ladder.pieces.iter().map(|piece| {
            let value = &piece.value - &(&piece.slope * &piece.from);
            (piece.from.clone(), Linear::constant(value).plus(&p.sum.scaled(&piece.slope)))
        });
        let chosen = self.forms.choice(total.clone(), Linear::default(), pieces.collect());
        Some(match flat {
            false => chosen,
            true => self.forms.choice(p.sum.clone(), Linear::default(), vec![(Rational::ZERO, chosen)]),
        })
    }

    /// Only the largest cell, of equals the first.
    fn largest(&mut self, priced: &[Priced<'_>]) -> Option<Linear> {
        if priced.len() > FORM_LARGEST {
            return None;
        }
        let mut own = Vec::new();
        for p in priced {
            let curve = Curve::of(p.amount)?;
            if !curve.at_zero.is_zero() {
                return None;
            }
            own.push(self.forms.curve(p.sum.clone(), curve));
        }
        // What is charged if this one leads before the cells from the second on.
        let mut leads = own;
        for next in (1..priced.len()).rev() {
            for lead in 0..next {
                let over = priced[next].sum.clone().minus(&priced[lead].sum);
                let kept = leads[lead].clone();
                leads[lead] = self.forms.choice(over, kept, vec![(Rational::ZERO, leads[next].clone())]);
            }
        }
        leads.into_iter().next()
    }

    /// Tiers whose bounds are multiples of another quantity: what is beyond each changes its rate.
    fn scaled(&mut self, usage: &UsageCharge, line: &Line, p: &Priced<'_>) -> Result<Linear, Unknown> {
        let unknown = || Unknown::Scale(line.name.clone());
        // What is included moves no bound.
        let whole = usage.covered_by.is_empty() && usage.less.is_empty();
        let (Some(TierScale::Sink(by)), true) = (usage.scale, whole && p.amount.stretches()) else {
            return Err(unknown());
        };
        let curve = Curve::of(p.amount).ok_or_else(unknown)?;
        let by = &self.plan.sinks[by.ix()];
        let own = &self.plan.sinks[usage.sink.ix()];
        // The cell of the measure that has the labels of this one.
        let labels =
            self.billings.iter().find(|billing| billing.usage.meter == own.meter && billing.cell(own) == Some(p.cell));
        let cell = labels.and_then(|billing| billing.cell(by)).ok_or_else(unknown)?;
        if by.keys.iter().any(|key| key.in_cell && self.plan.dimensions[key.dim.ix()].size().is_none()) {
            return Err(unknown());
        }
        let scale = self.cells(by, &line.name)?.remove(&cell).unwrap_or_default();
        let mut sum = Linear::default();
        let mut slope = Rational::ZERO;
        for piece in &curve.pieces {
            let beyond = p.sum.clone().minus(&scale.scaled(&piece.from));
            let beyond = if piece.from.is_zero() { beyond } else { self.forms.above(beyond) };
            sum.add(&beyond, &(&piece.slope - &slope));
            slope = piece.slope.clone();
        }
        Ok(sum)
    }

    /// One included quantity for several cells of one rate: what is beyond it costs that rate.
    fn shared(&mut self, at: LineIx, usage: &UsageCharge, priced: &[Priced<'_>]) -> Result<Option<Linear>, Unknown> {
        let [only] = usage.covered_by.as_slice() else { return Ok(None) };
        let rule = &self.plan.allowances[only.ix()];
        let own: Vec<_> = rule.covers.iter().filter(|covers| covers.line == at).collect();
        let [covers] = own.as_slice() else { return Ok(None) };
        let meant = |cell: usize| covers.cells.as_ref().is_none_or(|mask| mask.get(cell).copied().unwrap_or(false));
        if !usage.less.is_empty() || priced.iter().filter(|p| meant(p.cell)).count() < 2 {
            return Ok(None);
        }
        let mut rates = Vec::new();
        for p in priced {
            match Curve::of(p.amount).as_ref().and_then(rate) {
                Some(rate) => rates.push(rate),
                None => return Err(Unknown::Allowance(rule.name.clone())),
            }
        }
        let first = priced.iter().zip(&rates).find(|(p, _)| meant(p.cell)).map(|(_, rate)| rate.clone());
        let first = first.unwrap_or_default();
        if priced.iter().zip(&rates).any(|(p, rate)| meant(p.cell) && *rate != first) {
            return Err(Unknown::Allowance(rule.name.clone()));
        }
        let included = self.grant(at, usage, &rule.name)?;
        let mut sum = Linear::default();
        let mut covered = Linear::constant(-(&included / &covers.factor));
        for (p, rate) in priced.iter().zip(&rates) {
            if meant(p.cell) {
                covered.add(&p.sum, &Rational::ONE);
            } else {
                sum.add(&p.sum, rate);
            }
        }
        let beyond = self.forms.above(covered);
        sum.add(&beyond, &first);
        Ok(Some(sum))
    }

    /// The quantity of an allowance that is nothing but a grant for this price and period.
    fn grant(&self, at: LineIx, usage: &UsageCharge, name: &str) -> Result<Rational, Unknown> {
        let unknown = || Unknown::Allowance(name.to_owned());
        let rule = self.plan.allowances.iter().find(|rule| rule.name == name).ok_or_else(unknown)?;
        let others = rule.covers.iter().filter(|covers| covers.line != at);
        let shared = others.into_iter().any(|covers| match &self.plan.lines[covers.line.ix()].charge {
            Charge::Usage(other) => {
                let meter = &self.plan.sinks[other.sink.ix()].meter;
                self.billings.iter().any(|billing| billing.usage.meter == *meter)
            }
            Charge::Events(sink) => {
                let sink = &self.plan.sinks[sink.ix()];
                self.billings.iter().any(|billing| billing.concerns(sink))
            }
            _ => false,
        });
        if shared || rule.times.is_some() || rule.events.is_some() || rule.per != usage.window {
            return Err(unknown());
        }
        Ok(rule.quantity.clone())
    }

    /// What is free in a cell that shares it with no other.
    fn included(&self, at: LineIx, usage: &UsageCharge, cell: usize) -> Result<Rational, Unknown> {
        let sink = &self.plan.sinks[usage.sink.ix()];
        let used = self.cells(sink, "")?;
        let mut all = Rational::ZERO;
        for less in usage.less.iter().filter(|less| self.day.holds(&less.during)) {
            if used.len() > 1 {
                return Err(Unknown::Allowance(less.name.clone()));
            }
            all += &less.quantity;
        }
        for ix in &usage.covered_by {
            let rule = &self.plan.allowances[ix.ix()];
            let of = |cell: usize| {
                rule.covers.iter().find(|covers| {
                    covers.line == at
                        && covers.cells.as_ref().is_none_or(|mask| mask.get(cell).copied().unwrap_or(false))
                })
            };
            let Some(covers) = of(cell) else { continue };
            if used.keys().filter(|cell| of(**cell).is_some()).count() > 1 {
                return Err(Unknown::Allowance(rule.name.clone()));
            }
            all += &(self.grant(at, usage, &rule.name)? / &covers.factor);
        }
        Ok(all)
    }
}

/// A cell with usage, the sum that reaches it, and its function.
struct Priced<'p> {
    cell: usize,
    sum: Linear,
    amount: &'p Expr,
}
