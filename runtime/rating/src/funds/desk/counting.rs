//! Commitments: what counts towards them, and true-ups.

use super::*;

impl Desk<'_> {
    pub(super) fn stretch(&self, at: usize, day: Date) -> Option<Stretch> {
        let rule = &self.plan.funds.commitments[at];
        let first = rule.during.from.map_or(self.first, |from| from.max(self.first));
        if rule.during.until.is_some_and(|until| until <= day) {
            return None;
        }
        stretch_on(rule, first, self.last, day)
    }

    /// Begins the stretch of a commitment that begins on this day.
    pub(super) fn count_from(&mut self, at: usize, day: Date) {
        let plan = self.plan.clone();
        let rule = &plan.funds.commitments[at];
        self.state.counters[at].forget_carried(day);
        let Some(stretch) = self.stretch(at, day) else { return };
        if self.state.counters[at].stretch == Some(stretch.from) {
            return;
        }
        let before = self.state.counters[at].stretch.and_then(|from| self.stretch(at, from));
        let amount = before.map(|b| &rule.steps[b.step].amount);
        self.excess[at] = self.state.counters[at].begin(rule, amount, &stretch);
    }

    /// Counts what moved towards commitments.
    pub(super) fn count(&mut self, line: LineIx, moved: &[Part], day: Date) {
        let plan = self.plan.clone();
        let mut taken = vec![Rational::ZERO; plan.funds.commitments.len()];
        for (at, rule) in plan.funds.commitments.iter().enumerate() {
            if !rule.counts.contains(&line) || !rule.during.contains(day) {
                continue;
            }
            let Some(stretch) = self.stretch(at, day) else { continue };
            let amount = &rule.steps[stretch.step].amount;
            let counts = |p: &&Part| match p.by {
                Payer::Balance(b, _) => !rule.except_paid_by.contains(&b),
                Payer::Invoice => true,
            };
            let mut visible: Rational = moved.iter().filter(counts).map(|p| &p.amount).sum();
            for other in &rule.beyond {
                visible -= &taken[other.ix()];
            }
            let counter = &mut self.state.counters[at];
            let before = counter.counted.clone();
            counter.counted += &visible;
            counter.since += &visible;
            self.counted[at] += &visible;
            taken[at] = counter.counted.clone().min(amount.clone()) - before.min(amount.clone());
            if let Some(overage) = &rule.overage
                && plan.funds.waterfall_on(day).is_none_or(|w| w.finally == Finally::Overage)
            {
                let over = (counter.total() - amount).max(Rational::ZERO);
                self.over_commitment[at] += &((&over - &counter.surcharged) * (overage - &Rational::ONE));
                counter.surcharged = over;
            }
        }
    }

    pub(super) fn true_up(&mut self, at: usize, day: Date) {
        let plan = self.plan.clone();
        let rule = &plan.funds.commitments[at];
        if rule.shortfall == Shortfall::Ignored {
            return;
        }
        let Some(stretch) = self.stretch(at, day) else { return };
        let next = day.add_days(1);
        let amount = &rule.steps[stretch.step].amount;
        let left = self.last.is_some_and(|last| last <= next) || rule.during.until.is_some_and(|until| until <= next);
        let ends = stretch.until.is_some_and(|until| until <= next) || left;
        let window = rule.true_up.as_ref().and_then(|t| Some((t, window_ending(t.every, stretch.from, day)?)));
        let counter = &mut self.state.counters[at];
        let mut short = Rational::ZERO;
        if let Some((true_up, number)) = &window {
            let target = match true_up.cumulative {
                true => (&true_up.share * &Rational::int(i128::from(*number))).min(Rational::ONE) * amount,
                false => &true_up.share * amount,
            };
            short = counter.short(&target, true_up.cumulative);
        }
        if ends {
            short = short.max(counter.short(amount, true));
        }
        short = plan.rounding.rounding.apply(&short);
        if window.is_some() {
            counter.since = Rational::ZERO;
        }
        if !short.is_positive() {
            return;
        }
        counter.trued += &short;
        self.true_ups.push((CommitmentIx(at as u32), day, short.clone()));
        let Shortfall::Credited(into) = rule.shortfall else { return };
        let balance = &plan.funds.balances[into.ix()];
        let wanted = |g: &Grant| matches!(g.amount, GrantAmount::Shortfall(c) if c.ix() == at);
        let Some(index) = balance.grants.iter().position(wanted) else { return };
        let grant = &balance.grants[index];
        let lot = Lot {
            serial: 0,
            name: grant.name.clone(),
            grant: Some(index as u32),
            came: day,
            gone: self.gone(grant.expires, next),
            amount: short.clone(),
            left: short.clone(),
            cost: short,
            gone_units: Rational::ZERO,
            recognised: Rational::ZERO,
        };
        self.statements[into.ix()].granted += &lot.amount;
        let whose = Whose { balance: &balance.name, holds: balance.holds };
        // The line of the true-up asks for it.
        self.books.grant(day, EntryKind::Grant, whose, &lot, Paid::Invoice);
        self.enter(into.ix(), balance, day, lot);
    }

    /// The stretch that a commitment is in on a day, its amount and what it carries on.
    pub(crate) fn status(&self, at: usize, day: Date) -> Option<(Stretch, Rational, Rational)> {
        let stretch = self.stretch(at, day)?;
        let amount = self.plan.funds.commitments[at].steps[stretch.step].amount.clone();
        let beyond = match self.plan.funds.commitments[at].excess {
            Excess::RollsOver { .. } => self.excess[at].clone(),
            Excess::Ignored => Rational::ZERO,
        };
        Some((stretch, amount, beyond))
    }
}
