//! What a day takes off a line goes back to who paid it.

use super::*;

impl Desk<'_> {
    /// Gives back the last parts of a line. Gives what moved, negative.
    pub(super) fn give_back(&mut self, bill: &Bill, amount: &Rational, day: Date) -> Vec<Part> {
        let plan = self.plan.clone();
        let mut rest = amount.clone();
        let mut moved = Vec::new();
        let mut parts = self.bills.get_mut(&bill.name).map(|b| std::mem::take(&mut b.parts)).unwrap_or_default();
        while rest.is_positive()
            && let Some(part) = parts.last_mut().filter(|p| p.amount.is_positive())
        {
            let take = rest.clone().min(part.amount.clone());
            let units = match part.by {
                Payer::Balance(ix, _) if take != part.amount => {
                    let balance = &plan.funds.balances[ix.ix()];
                    let kept = &part.units * &(&part.amount - &take) / &part.amount;
                    match balance.rate == Rational::ONE {
                        true => take.clone(),
                        false => &part.units - &self.in_units(balance).apply(&kept),
                    }
                }
                _ => part.units.clone(),
            };
            part.amount -= &take;
            part.units -= &units;
            rest -= &take;
            moved.push(Part { by: part.by, amount: -&take, units: -&units });
            if let Payer::Balance(ix, serial) = part.by {
                let balance = &plan.funds.balances[ix.ix()];
                self.refund(ix, balance, serial, &units, &bill.name, day);
                if balance.rate != Rational::ONE {
                    self.save(ix, balance, &(&units - &take), &bill.name, day);
                }
            } else {
                self.take_back_overage(bill, &take, day);
            }
            if part.amount.is_zero() {
                parts.pop();
            }
        }
        if rest.is_positive() {
            let part = Part { by: Payer::Invoice, amount: -rest, units: Rational::ZERO };
            parts.push(part.clone());
            moved.push(part);
        }
        if let Some(bill) = self.bills.get_mut(&bill.name) {
            bill.parts = parts;
        }
        moved
    }

    /// Units go back where they came from; with a lot that is gone they are gone, too.
    pub(super) fn refund(
        &mut self,
        ix: BalanceIx,
        balance: &Balance,
        serial: u32,
        units: &Rational,
        line: &str,
        day: Date,
    ) {
        let whose = Whose { balance: &balance.name, holds: balance.holds };
        let purse = &mut self.state.purses[ix.ix()];
        let statement = &mut self.statements[ix.ix()];
        statement.used -= units;
        let mut rest = units.clone();
        if serial == OVERDRAFT {
            let back = rest.clone().min(purse.debt.clone());
            purse.debt -= &back;
            self.books.overdraw(day, whose, &-&back, line);
            rest -= &back;
            // The others paid a part of the overdraft back when they came: the youngest first.
            for lot in purse.lots.iter_mut().rev() {
                let room = (&lot.amount - &lot.left).min(rest.clone());
                if room.is_positive() {
                    lot.left += &room;
                    self.books.spend(day, whose, lot, &-&room, line);
                    rest -= &room;
                }
            }
        } else if let Some(lot) = purse.lot(serial) {
            lot.left += &rest;
            self.books.spend(day, whose, lot, &-&rest, line);
            rest = Rational::ZERO;
        }
        let of = |ended: &&mut Ended| ended.balance == ix.ix() && (serial == OVERDRAFT || ended.lot.serial == serial);
        for ended in self.ended.iter_mut().rev().filter(of) {
            let room = ended.used.clone().min(rest.clone());
            if room.is_positive() {
                ended.used -= &room;
                self.books.gone_return(day, ended.kind, whose, &mut ended.lot, &room, line);
                match ended.kind {
                    EntryKind::Clawback => statement.clawed_back += &room,
                    _ => statement.expired += &room,
                }
                rest -= &room;
            }
        }
        debug_assert!(rest.is_zero(), "what was paid came from somewhere");
    }

    pub(super) fn take_back_overage(&mut self, bill: &Bill, amount: &Rational, day: Date) {
        let plan = self.plan.clone();
        let Some(waterfall) = plan.funds.waterfall_on(day).filter(|w| w.finally == Finally::Overage) else { return };
        let last = waterfall.steps.iter().rev().find(|step| {
            let balance = &plan.funds.balances[step.ix()];
            balance.overage.is_some() && bill.payable(balance)
        });
        if let Some(step) = last {
            let factor = plan.funds.balances[step.ix()].overage.clone().unwrap_or(Rational::ONE);
            self.over_balance[step.ix()] -= &(amount * &(factor - Rational::ONE));
        }
    }
}
