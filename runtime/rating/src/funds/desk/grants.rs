//! What fills a balance: grants, instalments, top-ups.

use super::*;

impl Desk<'_> {
    /// Whether a grant comes on this day, and its share of a window that is cut.
    pub(super) fn grant_due(&mut self, at: usize, index: u32, balance: &Balance, grant: &Grant, day: Date) {
        let first = balance.during.from.map_or(self.first, |from| from.max(self.first));
        let window = match grant.when {
            GrantWhen::Start if day == first => None,
            GrantWhen::On(date) if day == date => None,
            GrantWhen::Step { every, index } => {
                let due = if index == 0 { first } else { every.after(first, index) };
                if day != due {
                    return;
                }
                None
            }
            GrantWhen::Every(every) => {
                let starts = (0..crate::limits::STRETCHES_MAX as u32)
                    .map(|n| if n == 0 { first } else { every.after(first, n) });
                if starts.into_iter().take_while(|start| *start <= day).last() != Some(day) {
                    return;
                }
                None
            }
            GrantWhen::Each(window) => match self.days.window(window, day) {
                // Nothing comes with a month that is paused from end to end.
                Some((from, until)) if self.days.served(from, until) > 0 => Some((from, until)),
                _ => return,
            },
            _ => return,
        };
        match &grant.amount {
            GrantAmount::Fixed(amount) => {
                let mut share = Rational::ONE;
                if let Some((from, until)) = window {
                    if day != from.max(first) {
                        return;
                    }
                    if grant.prorate == price_ir::Proration::Daily {
                        share =
                            Rational::new(self.days.served(from, until).into(), from.days_until(until).max(1).into());
                    }
                }
                let (mut units, mut cost) = (amount.clone(), grant.cost.total());
                if share != Rational::ONE {
                    units = self.in_units(balance).apply(&(units * &share));
                    cost = self.plan.rounding.rounding.apply(&(cost * &share));
                }
                self.put(at, index, balance, grant, day, (units, cost), EntryKind::Grant);
            }
            GrantAmount::PerUnit { level, amount, round } => {
                let Some((from, until)) = window else { return };
                let now = self.days.level(*level, day);
                let known = self.state.purses[at].levels.iter().position(|(g, w, _)| *g == index && *w == from);
                let before = match known {
                    Some(place) => self.state.purses[at].levels[place].2.clone(),
                    None => Rational::ZERO,
                };
                if now <= before {
                    return;
                }
                self.state.purses[at].levels.retain(|(g, _, _)| *g != index);
                self.state.purses[at].levels.push((index, from, now.clone()));
                let share = match grant.prorate {
                    Proration::Daily => {
                        Rational::new(day.days_until(until).into(), from.days_until(until).max(1).into())
                    }
                    _ => Rational::ONE,
                };
                let rise = (&now - &before) * &share;
                let units = round.as_ref().unwrap_or(self.in_units(balance)).apply(&(amount * &rise));
                let cost = self.plan.rounding.rounding.apply(&(grant.cost.total() * &rise));
                self.put(at, index, balance, grant, day, (units, cost), EntryKind::Grant);
            }
            GrantAmount::Shortfall(_) => {}
        }
    }

    /// How amounts of a balance are rounded.
    pub(super) fn in_units<'b>(&'b self, balance: &'b Balance) -> &'b Rounding {
        balance.precise.as_ref().unwrap_or(&self.plan.currency_at(balance.holds).1.rounding)
    }

    /// Puts a lot of a grant in: its units, and what they cost.
    #[allow(clippy::too_many_arguments)]
    pub(super) fn put(
        &mut self,
        at: usize,
        index: u32,
        balance: &Balance,
        grant: &Grant,
        day: Date,
        (amount, cost): (Rational, Rational),
        kind: EntryKind,
    ) {
        if !amount.is_positive() {
            return;
        }
        let paid = match &grant.cost {
            Cost::Free => Paid::Free,
            Cost::AlreadyPaid(_) => Paid::Cash,
            Cost::Invoiced(_) => {
                self.purchases.push(Purchase { balance: BalanceIx(at as u32), what: "grant", amount: cost.clone() });
                Paid::Invoice
            }
            Cost::Instalments { .. } => {
                self.state.purses[at].instalments.push((index, day, 0));
                Paid::Later
            }
        };
        let lot = Lot {
            serial: 0,
            name: grant.name.clone(),
            grant: Some(index),
            came: day,
            gone: self.gone(grant.expires, day),
            amount: amount.clone(),
            left: amount,
            cost,
            gone_units: Rational::ZERO,
            recognised: Rational::ZERO,
        };
        self.statements[at].granted += &lot.amount;
        let whose = Whose { balance: &balance.name, holds: balance.holds };
        self.books.grant(day, kind, whose, &lot, paid);
        self.enter(at, balance, day, lot);
    }

    pub(super) fn instalments(&mut self, at: usize, balance: &Balance, day: Date) {
        let whose = Whose { balance: &balance.name, holds: balance.holds };
        let mut due = Vec::new();
        for (index, came, asked) in &mut self.state.purses[at].instalments {
            let Cost::Instalments { every, count, amount } = &balance.grants[*index as usize].cost else { continue };
            while *asked < *count && (if *asked == 0 { *came } else { every.after(*came, *asked) }) <= day {
                *asked += 1;
                due.push(amount.clone());
            }
        }
        let running = |(index, _, asked): &(u32, Date, u32)| match &balance.grants[*index as usize].cost {
            Cost::Instalments { count, .. } => asked < count,
            _ => false,
        };
        self.state.purses[at].instalments.retain(running);
        for amount in due {
            self.books.instalment(day, whose, &amount);
            self.purchases.push(Purchase { balance: BalanceIx(at as u32), what: "instalment", amount });
        }
    }

    pub(super) fn may_top_up(&self, at: usize, balance: &Balance, day: Date) -> bool {
        let Some(rule) = &balance.top_up else { return false };
        let (most, window) = rule.at_most;
        let began = self.days.window(window, day).map(|(from, _)| from);
        match &self.state.purses[at].top_ups {
            Some((from, count)) if *from == began => *count < most,
            _ => true,
        }
    }

    pub(super) fn top_up(&mut self, at: usize, balance: &Balance, day: Date) {
        let Some(rule) = &balance.top_up else { return };
        let began = self.days.window(rule.at_most.1, day).map(|(from, _)| from);
        let purse = &mut self.state.purses[at];
        let count = match &purse.top_ups {
            Some((from, count)) if *from == began => count + 1,
            _ => 1,
        };
        purse.top_ups = Some((began, count));
        let amount = match &rule.amount {
            TopUpAmount::Fixed(amount) => amount.clone(),
            TopUpAmount::Target(target) => target - &purse.balance(),
        };
        let cost = self.plan.rounding.rounding.apply(&(&amount * &rule.unit_cost));
        let lot = Lot {
            serial: 0,
            name: "top-up".into(),
            grant: None,
            came: day,
            gone: self.gone(rule.expires, day),
            amount: amount.clone(),
            left: amount,
            cost: cost.clone(),
            gone_units: Rational::ZERO,
            recognised: Rational::ZERO,
        };
        self.statements[at].topped_up += &lot.amount;
        self.purchases.push(Purchase { balance: BalanceIx(at as u32), what: "top-up", amount: cost });
        let whose = Whose { balance: &balance.name, holds: balance.holds };
        self.books.grant(day, EntryKind::TopUp, whose, &lot, Paid::Invoice);
        self.enter(at, balance, day, lot);
    }
}
