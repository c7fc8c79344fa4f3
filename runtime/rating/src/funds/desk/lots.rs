//! Lots: what comes in and what lapses, rolls over or is clawed back.

use super::*;

impl Desk<'_> {
    /// Lots that another system left.
    pub(super) fn take_over(&mut self, day: Date) {
        for (at, opening) in std::mem::take(&mut self.opened) {
            let plan = self.plan.clone();
            let balance = &plan.funds.balances[at.ix()];
            let lot = Lot {
                serial: 0,
                name: "opening".into(),
                grant: None,
                came: day,
                gone: opening.gone,
                amount: opening.units.clone(),
                left: opening.units,
                cost: opening.cost,
                gone_units: Rational::ZERO,
                recognised: Rational::ZERO,
            };
            self.statements[at.ix()].granted += &lot.amount;
            let whose = Whose { balance: &balance.name, holds: balance.holds };
            let paid = if lot.cost.is_zero() { Paid::Free } else { Paid::Cash };
            self.books.grant(day, EntryKind::Grant, whose, &lot, paid);
            self.enter(at.ix(), balance, day, lot);
        }
    }

    /// Lots that are gone on this day, and lots that are taken back.
    pub(super) fn lapse(&mut self, at: usize, day: Date) {
        let plan = self.plan.clone();
        let balance = &plan.funds.balances[at];
        let gone = |lot: &&Lot| !lot.lives(day);
        let ended: Vec<u32> = self.state.purses[at].lots.iter().filter(gone).map(|lot| lot.serial).collect();
        for serial in ended {
            let carried = self.roll(at, balance, serial, day);
            self.end_lot(at, serial, day, EntryKind::Expire, carried);
        }
        for (index, grant) in balance.grants.iter().enumerate() {
            if grant.clawback != Some(day) {
                continue;
            }
            let own = |lot: &&Lot| lot.grant == Some(index as u32);
            let taken: Vec<u32> = self.state.purses[at].lots.iter().filter(own).map(|lot| lot.serial).collect();
            for serial in taken {
                self.end_lot(at, serial, day, EntryKind::Clawback, Rational::ZERO);
            }
        }
    }

    /// Carries what an ending lot of a recurring grant leaves. Gives how many of its units went on.
    pub(super) fn roll(&mut self, at: usize, balance: &Balance, serial: u32, day: Date) -> Rational {
        let Some(rule) = &balance.rollover else { return Rational::ZERO };
        let purse = &mut self.state.purses[at];
        let Some(place) = purse.lots.iter().position(|lot| lot.serial == serial) else { return Rational::ZERO };
        if purse.lots[place].grant.is_none() {
            // What was carried once, or topped up, is not carried on.
            return Rational::ZERO;
        }
        let mut from = purse.lots.remove(place);
        let most = match &rule.at_most {
            Carry::Amount(most) => most.clone(),
            Carry::ShareOfRest(share) => {
                let own = &self.plan.currency_at(balance.holds).1.rounding;
                balance.precise.as_ref().unwrap_or(own).apply(&(&from.left * share))
            }
        };
        let amount = most.min(from.left.clone().max(rule.at_least.clone()));
        if amount.is_positive() {
            let mut to = Lot {
                serial: 0,
                name: format!("{} carried", from.name),
                grant: None,
                came: day,
                gone: Some(rule.lasts.after(day, 1)),
                amount: amount.clone(),
                left: amount.clone(),
                cost: Rational::ZERO,
                gone_units: Rational::ZERO,
                recognised: Rational::ZERO,
            };
            let units = amount.clone().min(from.left.clone());
            let whose = Whose { balance: &balance.name, holds: balance.holds };
            self.books.carry(day, whose, &mut from, &mut to, &units);
            self.statements[at].expired += &units;
            self.statements[at].rolled_in += &amount;
            self.state.purses[at].lots.insert(place, from);
            self.enter(at, balance, day, to);
            units
        } else {
            self.state.purses[at].lots.insert(place, from);
            Rational::ZERO
        }
    }

    /// Takes a lot out of its purse, of which some units were carried on; what is left in it is gone.
    pub(super) fn end_lot(&mut self, at: usize, serial: u32, day: Date, kind: EntryKind, carried: Rational) {
        let plan = self.plan.clone();
        let balance = &plan.funds.balances[at];
        let Some(mut lot) = self.state.purses[at].remove(serial) else { return };
        let left = lot.left.clone();
        let whose = Whose { balance: &balance.name, holds: balance.holds };
        self.books.lapse(day, kind, whose, &mut lot);
        let statement = &mut self.statements[at];
        match kind {
            EntryKind::Clawback => statement.clawed_back += &left,
            _ => statement.expired += &left,
        }
        let used = &lot.amount - &left - &carried;
        self.ended.push(Ended { balance: at, kind, lot, used });
    }

    /// Adds a lot that the books know; an overdraft is paid back from it.
    pub(super) fn enter(&mut self, at: usize, balance: &Balance, day: Date, lot: Lot) {
        let purse = &mut self.state.purses[at];
        let repaid = purse.add(lot, balance.spend);
        if repaid.is_positive() {
            let serial = purse.serial;
            let whose = Whose { balance: &balance.name, holds: balance.holds };
            if let Some(lot) = purse.lot(serial) {
                self.books.repay(day, whose, lot, &repaid);
            }
        }
    }

    pub(super) fn gone(&self, expires: Expiry, day: Date) -> Option<Date> {
        match expires {
            Expiry::Never => None,
            Expiry::After(age) => Some(age.after(day, 1)),
            Expiry::Gone(date) => Some(date),
            Expiry::EndOf(window) => self.days.window(window, day).map(|(_, until)| until),
        }
    }
}
