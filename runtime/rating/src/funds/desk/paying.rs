//! Who pays what a day adds to a line, in the order of the waterfall.

use super::*;

impl Desk<'_> {
    /// Charges a line by what it grew; what it shrank goes back, last in first out.
    pub(crate) fn charge(&mut self, bill: &Bill, change: &Rational, day: Date) {
        if change.is_zero() {
            return;
        }
        let entry = self.bills.entry(bill.name.clone()).or_insert_with(|| bill.clone());
        let from = entry.parts.len();
        let moved: Vec<Part> = if change.is_negative() {
            self.give_back(bill, &-change, day)
        } else {
            let parts = self.pay(bill, change, day);
            let entry = self.bills.get_mut(&bill.name).expect("entered above");
            entry.parts.extend(parts);
            entry.parts[from..].to_vec()
        };
        if let Some(line) = bill.line {
            self.count(line, &moved, day);
        }
    }

    /// Walks the waterfall with an amount.
    pub(super) fn pay(&mut self, bill: &Bill, amount: &Rational, day: Date) -> Vec<Part> {
        let plan = self.plan.clone();
        let mut rest = amount.clone();
        let mut parts = Vec::new();
        let waterfall = plan.funds.waterfall_on(day);
        let mut exhausted = None;
        for step in waterfall.into_iter().flat_map(|w| &w.steps) {
            let balance = &plan.funds.balances[step.ix()];
            if !bill.payable(balance) || !balance.during.contains(day) {
                continue;
            }
            if !rest.is_positive() {
                break;
            }
            for part in self.paid_from(*step, balance, bill, &rest, day) {
                rest -= &part.amount;
                parts.push(part);
            }
            if rest.is_positive() && balance.overage.is_some() {
                exhausted = Some(*step);
            }
        }
        if rest.is_positive() {
            let overage = waterfall.is_some_and(|w| w.finally == Finally::Overage);
            if let (true, Some(step)) = (overage, exhausted) {
                let factor = plan.funds.balances[step.ix()].overage.as_ref().map_or(Rational::ONE, Clone::clone);
                self.over_balance[step.ix()] += &(&rest * &(factor - Rational::ONE));
            }
            parts.push(Part { by: Payer::Invoice, amount: rest, units: Rational::ZERO });
        }
        parts
    }

    /// What one balance pays of a rest.
    pub(super) fn paid_from(
        &mut self,
        ix: BalanceIx,
        balance: &Balance,
        bill: &Bill,
        rest: &Rational,
        day: Date,
    ) -> Vec<Part> {
        let by = |serial| Payer::Balance(ix, serial);
        if balance.rate == Rational::ONE {
            let draws = self.draw(ix, rest, day, &bill.name);
            self.statements[ix.ix()].used += &draws.iter().map(|(_, units)| units).sum::<Rational>();
            let part = |(serial, units): Draw| Part { by: by(serial), amount: units.clone(), units };
            return draws.into_iter().map(part).collect();
        }
        // At a rate of its own a balance may pay a fraction of a step, and ledgers hold whole ones:
        // what it gave for the line so far decides what it gives for the rest.
        let own = |p: &&Part| matches!(p.by, Payer::Balance(b, _) if b == ix);
        let before: Vec<&Part> =
            self.bills.get(&bill.name).map_or(Vec::new(), |b| b.parts.iter().filter(own).collect());
        let mut paid: Rational = before.iter().map(|p| &p.amount).sum();
        let mut given: Rational = before.iter().map(|p| &p.units).sum();
        let step = self.in_units(balance).clone();
        let whole = &paid + rest;
        let wanted = step.apply(&(&whole * &balance.rate)).max(given.clone());
        let mut draws = self.draw(ix, &(&wanted - &given), day, &bill.name);
        if wanted == given {
            // Less than half a step: the lot that is spent next pays it with the next one.
            draws.extend(self.state.purses[ix.ix()].next().map(|serial| (serial, Rational::ZERO)));
        }
        let mut parts = Vec::new();
        for (serial, units) in draws {
            given += &units;
            let most = if given == wanted { whole.clone() } else { step.apply(&(&given / &balance.rate)) };
            let amount = (most.min(whole.clone()) - &paid).max(Rational::ZERO);
            paid += &amount;
            self.statements[ix.ix()].used += &units;
            self.save(ix, balance, &(&amount - &units), &bill.name, day);
            parts.push(Part { by: by(serial), amount, units });
        }
        parts
    }

    /// What the rate of a balance takes off a line.
    pub(super) fn save(&mut self, ix: BalanceIx, balance: &Balance, saved: &Rational, line: &str, day: Date) {
        self.saved[ix.ix()] += saved;
        let whose = Whose { balance: &balance.name, holds: balance.holds };
        self.books.rate(day, whose, saved, line);
    }

    /// Draws from one balance for a line, topping it up where it reaches its bound.
    pub(super) fn draw(&mut self, ix: BalanceIx, want: &Rational, day: Date, line: &str) -> Vec<Draw> {
        let plan = self.plan.clone();
        let at = ix.ix();
        let balance = &plan.funds.balances[at];
        let mut rest = want.clone();
        let mut draws = Vec::new();
        while let Some(rule) = balance.top_up.as_ref().filter(|_| self.may_top_up(at, balance, day)) {
            let now = self.state.purses[at].balance();
            let room = (&now - &rule.below).max(Rational::ZERO).min(now.max(Rational::ZERO));
            self.take(at, balance, &mut rest, Some(&room), day, line, &mut draws);
            if !rest.is_positive() {
                return draws;
            }
            self.top_up(at, balance, day);
        }
        self.take(at, balance, &mut rest, None, day, line, &mut draws);
        let over = self.state.purses[at].overdraw(&rest, &balance.overdraft);
        if over.is_positive() {
            let whose = Whose { balance: &balance.name, holds: balance.holds };
            self.books.overdraw(day, whose, &over, line);
            draws.push((OVERDRAFT, over));
        }
        draws
    }

    /// Takes from lots up to what is wanted, or less.
    #[allow(clippy::too_many_arguments)]
    pub(super) fn take(
        &mut self,
        at: usize,
        balance: &Balance,
        rest: &mut Rational,
        most: Option<&Rational>,
        day: Date,
        line: &str,
        draws: &mut Vec<Draw>,
    ) {
        let want = most.map_or_else(|| rest.clone(), |most| rest.clone().min(most.clone()));
        let whose = Whose { balance: &balance.name, holds: balance.holds };
        for (serial, units) in self.state.purses[at].draw(&want) {
            if let Some(lot) = self.state.purses[at].lot(serial) {
                self.books.spend(day, whose, lot, &units, line);
            }
            *rest -= &units;
            draws.push((serial, units));
        }
    }
}
