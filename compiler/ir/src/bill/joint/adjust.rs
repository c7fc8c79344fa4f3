//! What bounds and lowers lines: floors and ceilings, discounts, minimums and caps, commitments.

use super::{Joint, Part};
use crate::bill::{Item, Unknown};
use crate::form::Linear;
use crate::funds::{AgeUnit, Commitment, Excess, Shortfall, StepLength};
use crate::plan::{Bound, Charge, Discount, DiscountOff, Line, LineIx};
use price_value::{Rational, Window};

impl Joint<'_, '_> {
    /// A line within its own floors and ceilings, and whether there are any.
    pub(super) fn clamps(&mut self, line: &Line, amount: Result<Linear, Unknown>) -> (Result<Linear, Unknown>, bool) {
        let mut amount = amount;
        let mut clamped = false;
        for clamp in &line.clamps {
            let limit = match self.day.limit(&line.name, clamp) {
                Ok(None) => continue,
                Ok(Some(limit)) => Linear::constant(limit.at_zero),
                Err(why) => return (amount.and(Err(why)), true),
            };
            clamped = true;
            let within = match amount {
                Err(why) => return (Err(why), true),
                Ok(within) => within,
            };
            let bounded = match clamp.bound {
                Bound::Floor => self.forms.greatest(within.clone(), &limit),
                Bound::Ceiling => self.forms.least(within.clone(), &limit),
            };
            amount = match (clamp.bound == Bound::Floor && clamp.if_used, &line.charge) {
                (false, _) | (true, Charge::Fee(_)) => Ok(bounded),
                (true, Charge::Usage(usage)) => {
                    let sink = &self.plan.sinks[usage.sink.ix()];
                    self.cells(sink, &line.name).map(|cells| {
                        let used = cells.into_values().fold(Linear::default(), |sum, cell| sum.plus(&cell));
                        self.forms.choice(used, within, vec![(Rational::ZERO, bounded)])
                    })
                }
                (true, Charge::Events(_)) => Ok(within),
                (true, Charge::Share { .. }) => Err(Unknown::Limit(line.name.clone())),
            };
        }
        (amount, clamped)
    }

    pub(super) fn discounts(&mut self, now: &dyn Fn(LineIx) -> bool) {
        let plan = self.plan;
        for discount in &plan.discounts {
            if !self.day.holds(&discount.during) {
                continue;
            }
            let mut touched = Vec::new();
            for (place, at) in discount.scope.iter().enumerate().filter(|(_, at)| now(**at)) {
                let mask = discount.cells.get(place).and_then(Option::as_deref);
                let item = self.items.iter().position(|part| part.item.line == Some(*at));
                touched.extend(item.map(|item| (item, mask)));
            }
            if !touched.is_empty() {
                self.discount(discount, &touched);
            }
        }
    }

    fn discount(&mut self, discount: &Discount, touched: &[(usize, Option<&[bool]>)]) {
        match &discount.off {
            DiscountOff::Share(share) => {
                let left = Rational::ONE - share;
                for (at, mask) in touched {
                    self.reduce(*at, *mask, &left, &discount.name);
                }
            }
            DiscountOff::Amount(amount) => {
                let mut weights = Vec::new();
                for (at, mask) in touched {
                    let weight = self.masked(*at, *mask, &discount.name).map(|masked| self.forms.above(masked));
                    if !weight.as_ref().is_ok_and(Linear::is_zero) {
                        weights.push((*at, weight));
                    }
                }
                let again = self.spent.contains(&discount.name);
                self.spent.push(discount.name.clone());
                let sum = weights.iter().try_fold(Linear::default(), |sum, (_, weight)| match weight {
                    Ok(weight) => Ok(sum.plus(weight)),
                    Err(why) => Err(why.clone()),
                });
                let off = match sum {
                    Ok(_) if again => Err(Unknown::Split(discount.name.clone())),
                    Ok(sum) => Ok(self.forms.least(sum, &Linear::constant(amount.clone()))),
                    Err(why) => Err(why),
                };
                if let [(at, _)] = weights.as_slice() {
                    let part = &mut self.items[*at];
                    part.cells = None;
                    part.item.curve = part.item.curve.clone().and_then(|amount| Ok(amount.minus(&off?)));
                    return;
                }
                if weights.is_empty() {
                    return;
                }
                let among: Vec<usize> = weights.iter().map(|(at, _)| *at).collect();
                let scope = among.iter().filter_map(|at| self.items[*at].item.line).collect();
                let off = off.map(|off| off.scaled(&Rational::int(-1)));
                // A mask weighs cells, which may be more than their line.
                let masked = touched.iter().any(|(_, mask)| mask.is_some());
                let step = self.plan.rounding.rounding.step.clone();
                self.split(&discount.name, &among, &off, (&Rational::ZERO, (!masked).then_some(&step)));
                self.hidden(&discount.name, scope, off, false);
            }
        }
    }

    /// Leaves a share of some cells of a line.
    fn reduce(&mut self, at: usize, mask: Option<&[bool]>, left: &Rational, name: &str) {
        let part = &mut self.items[at];
        if part.item.alone.is_some() {
            part.item.curve = Err(Unknown::Split(name.to_owned()));
            return;
        }
        let Some(mask) = mask else {
            part.item.curve = part.item.curve.clone().map(|amount| amount.scaled(left));
            for (_, cell) in part.cells.iter_mut().flatten() {
                *cell = cell.scaled(left);
            }
            return;
        };
        let Some(cells) = &mut part.cells else {
            if !part.item.curve.as_ref().is_ok_and(Linear::is_zero) {
                part.item.curve = part.item.curve.clone().and(Err(Unknown::Split(name.to_owned())));
            }
            return;
        };
        for (cell, amount) in cells.iter_mut() {
            match mask.get(*cell) {
                Some(true) => *amount = amount.scaled(left),
                Some(false) => {}
                // What several cells share is no part of some of them.
                None if amount.is_zero() => {}
                None => {
                    part.item.curve = Err(Unknown::Split(name.to_owned()));
                    return;
                }
            }
        }
        let sum = cells.iter().fold(Linear::default(), |sum, (_, cell)| sum.plus(cell));
        part.item.curve = part.item.curve.clone().map(|_| sum);
    }

    /// What some cells of a line come to.
    fn masked(&self, at: usize, mask: Option<&[bool]>, name: &str) -> Result<Linear, Unknown> {
        let part = &self.items[at];
        let split = || Unknown::Split(name.to_owned());
        if part.item.alone.is_some() {
            return Err(split());
        }
        let amount = part.item.curve.clone()?;
        match (mask, &part.cells) {
            (None, _) => Ok(amount),
            (Some(_), _) if amount.is_zero() => Ok(amount),
            (Some(mask), Some(cells)) => {
                cells.iter().try_fold(Linear::default(), |sum, (cell, amount)| match mask.get(*cell) {
                    Some(true) => Ok(sum.plus(amount)),
                    Some(false) => Ok(sum),
                    None if amount.is_zero() => Ok(sum),
                    None => Err(split()),
                })
            }
            (Some(_), None) => Err(split()),
        }
    }

    /// Some lines share an amount that lowers them, in parts that are known together only. Each is raised
    /// by at most `up`, and lowered by no more than it has and `down`, if that is known.
    fn split(
        &mut self,
        name: &str,
        among: &[usize],
        amount: &Result<Linear, Unknown>,
        (up, down): (&Rational, Option<&Rational>),
    ) {
        let parts = amount.as_ref().map(|amount| self.forms.parts(name, amount, among.len())).unwrap_or_default();
        for at in among {
            let part = &mut self.items[*at];
            part.cells = None;
            part.item.alone = Some(Unknown::Split(name.to_owned()));
        }
        for (at, share) in among.iter().zip(parts) {
            let part = &mut self.items[*at];
            if let Ok(own) = &part.item.curve {
                let own = part.taken.iter().fold(own.clone(), |sum, part| sum.plus(part));
                self.forms.bound(Linear::constant(up.clone()).minus(&share));
                if let Some(down) = down {
                    let had = self.forms.above(own);
                    self.forms.bound(had.plus(&share).plus(&Linear::constant(down.clone())));
                }
            }
            part.taken.push(share);
        }
    }

    fn hidden(&mut self, name: &str, scope: Vec<LineIx>, amount: Result<Linear, Unknown>, shown: bool) {
        let item = Item {
            name: name.to_owned(),
            line: None,
            scope,
            before: amount.clone(),
            curve: amount,
            alone: None,
            shown,
        };
        self.items.push(Part { item, cells: None, taken: Vec::new() });
    }

    pub(super) fn groups(&mut self) {
        let plan = self.plan;
        for group in &plan.clamps {
            let inside = |scope: &[LineIx]| scope.iter().all(|at| group.scope.contains(at));
            let outside = |scope: &[LineIx]| !scope.iter().any(|at| group.scope.contains(at));
            let mut counted = Vec::new();
            let mut trouble = None;
            for (at, part) in self.items.iter().enumerate() {
                match part.item.line {
                    Some(line) if group.scope.contains(&line) => counted.push(at),
                    Some(_) => {}
                    None if inside(&part.item.scope) => counted.push(at),
                    // A minimum of other lines, too, is not counted; what was taken off several is.
                    None if part.item.shown || outside(&part.item.scope) => {}
                    None => trouble = Some(Unknown::Overlap(group.name.clone())),
                }
            }
            let limit = match (trouble, self.day.limit(&group.name, &group.clamp)) {
                (_, Ok(None)) => continue,
                (Some(why), _) | (None, Err(why)) => Err(why),
                (None, Ok(Some(_))) if group.clamp.if_used => Err(Unknown::Limit(group.name.clone())),
                (None, Ok(Some(limit))) => Ok(Linear::constant(limit.at_zero)),
            };
            let sum = counted.iter().map(|at| self.items[*at].item.curve.clone());
            let sum = sum.into_iter().try_fold(Linear::default(), |sum, amount| Ok(sum.plus(&amount?)));
            let missing = limit.and_then(|limit| Ok(limit.minus(&sum?)));
            let back = Rational::int(-1);
            let change = missing.map(|missing| match group.clamp.bound {
                Bound::Floor => self.forms.above(missing),
                Bound::Ceiling => self.forms.above(missing.scaled(&back)).scaled(&back),
            });
            let some = |at: &&usize| !self.items[**at].item.curve.as_ref().is_ok_and(Linear::is_zero);
            let lowered: Vec<usize> = counted.iter().filter(some).copied().collect();
            match (group.clamp.bound, lowered.as_slice()) {
                (Bound::Ceiling, [only]) if self.items[*only].item.line.is_some() => {
                    let part = &mut self.items[*only];
                    part.cells = None;
                    part.item.curve = part.item.curve.clone().and_then(|amount| Ok(amount.plus(&change?)));
                }
                (bound, lowered) => {
                    if bound == Bound::Ceiling && !change.as_ref().is_ok_and(Linear::is_zero) {
                        let lines = |at: &&usize| self.items[**at].item.line.is_some();
                        let among: Vec<usize> = lowered.iter().filter(lines).copied().collect();
                        // What is left is shared: nobody has less than nothing.
                        let step = self.plan.rounding.rounding.step.clone();
                        self.split(&group.name, &among, &change, (&step, Some(&Rational::ZERO)));
                    }
                    self.hidden(&group.name, group.scope.clone(), change, bound == Bound::Floor);
                }
            }
        }
    }

    /// What is missing of a commitment whose stretches are the billing periods.
    pub(super) fn shortfall(&mut self, rule: &Commitment) -> Result<Linear, Unknown> {
        let unknown = || Unknown::Funds(rule.name.clone());
        if !self.day.holds(&rule.during) || rule.shortfall == Shortfall::Ignored {
            return Ok(Linear::default());
        }
        let [step] = rule.steps.as_slice() else { return Err(unknown()) };
        let months = |age: crate::funds::Age| match age.unit {
            AgeUnit::Months => Some(age.count),
            AgeUnit::Years => age.count.checked_mul(12),
            AgeUnit::Days => None,
        };
        let every = match self.plan.billing.every {
            Window::Month => Some(1),
            Window::Quarter => Some(3),
            Window::Year => Some(12),
            _ => None,
        };
        let StepLength::Age(age) = step.lasts else { return Err(unknown()) };
        // Stretches count from the customer's first day, or that of the commitment.
        let first = rule.during.from.or(self.plan.parties.as_ref().and_then(|parties| parties.term.from));
        let aligned = first.is_none_or(|day| {
            u32::try_from(day.day()).is_ok_and(|day| day == u32::from(self.plan.billing.day)) && every == Some(1)
        });
        let plain = rule.repeats
            && aligned
            && rule.true_up.is_none()
            && rule.overage.is_none()
            && rule.beyond.is_empty()
            && rule.except_paid_by.is_empty()
            && rule.excess == Excess::Ignored
            && rule.shortfall == Shortfall::Forfeited;
        if !plain || months(age) != every || every.is_none() {
            return Err(unknown());
        }
        let mut counted = Linear::default();
        for part in &self.items {
            let counts = match part.item.line {
                Some(at) => rule.counts.contains(&at),
                None if part.item.shown => false,
                None if part.item.scope.iter().all(|at| rule.counts.contains(at)) => true,
                None if part.item.scope.iter().any(|at| rule.counts.contains(at)) => return Err(unknown()),
                None => false,
            };
            if counts {
                counted.add(part.item.curve.as_ref().map_err(Clone::clone)?, &Rational::ONE);
            }
        }
        Ok(self.forms.above(Linear::constant(step.amount.clone()).minus(&counted)))
    }
}
