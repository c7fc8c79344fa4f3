//! One subject's payments in one period: what comes into balances, what pays which line, what is
//! counted and trued up.
//!
//! The host walks through the days; here is what happens at each moment of one. Everything is
//! exact; rounded amounts come in from the lines.

use super::books::{Books, Paid, Whose};
use super::counter::{Counter, Stretch, stretch_on, window_ending};
use super::purse::{Draw, Lot, OVERDRAFT, Purse};
use crate::inject::OpeningLot;
use price_ir::{
    Balance, BalanceIx, Carry, CommitmentIx, Cost, CurrencyIx, EntryKind, Excess, Expiry, Finally, Grant, GrantAmount,
    GrantWhen, LineIx, OWN, Plan, Proration, Shortfall, Statement, TopUpAmount,
};
use price_value::{Date, Rational, Rounding, Window};
use std::collections::BTreeMap;
use std::sync::Arc;

/// What a subject's balances and commitments are between two periods.
#[derive(Debug, Clone, PartialEq, Default)]
pub(crate) struct FundsState {
    pub(crate) purses: Vec<Purse>,
    pub(crate) counters: Vec<Counter>,
}

/// A part of a line that somebody pays.
#[derive(Debug, Clone)]
pub(crate) struct Part {
    pub(crate) by: Payer,
    /// At the line's prices.
    pub(crate) amount: Rational,
    /// In units of the balance.
    units: Rational,
}

/// Who pays a part.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Payer {
    /// A lot of a balance, or its overdraft.
    Balance(BalanceIx, u32),
    /// Nobody: it goes to the invoice.
    Invoice,
}

/// A line of the period and who pays it.
#[derive(Debug, Clone)]
pub(crate) struct Bill {
    pub(crate) name: String,
    pub(crate) line: Option<LineIx>,
    /// Of the line of a minimum: the lines it lifts.
    pub(crate) lifts: Vec<LineIx>,
    pub(crate) currency: CurrencyIx,
    /// In the order of payment.
    pub(crate) parts: Vec<Part>,
    /// What invoices asked for so far: as it is, and rounded.
    pub(crate) asked: (Rational, Rational),
}

impl Bill {
    /// What goes to the invoice.
    pub(crate) fn unpaid(&self) -> Rational {
        self.parts.iter().filter(|p| p.by == Payer::Invoice).map(|p| &p.amount).sum()
    }

    /// What a balance paid.
    pub(crate) fn paid_by(&self, balance: BalanceIx) -> Rational {
        let by = |p: &&Part| matches!(p.by, Payer::Balance(b, _) if b == balance);
        self.parts.iter().filter(by).map(|p| &p.amount).sum()
    }

    /// Whether a balance may pay it.
    fn payable(&self, balance: &Balance) -> bool {
        match self.line {
            Some(line) => balance.pays.contains(&line),
            None => balance.minimums && !self.lifts.is_empty() && self.lifts.iter().all(|l| balance.pays.contains(l)),
        }
    }

    pub(crate) fn total(&self) -> Rational {
        self.parts.iter().map(|p| &p.amount).sum()
    }
}

/// A line that payment itself makes.
#[derive(Debug, Clone)]
pub(crate) struct Purchase {
    pub(crate) balance: BalanceIx,
    pub(crate) what: &'static str,
    pub(crate) amount: Rational,
}

/// Facts about days that the desk asks its host for.
pub(crate) trait Days {
    /// First day of the window that holds a day; none for windows without a beginning of their own.
    fn window(&self, window: Window, day: Date) -> Option<(Date, Date)>;
    /// Served days in `[from, until)`.
    fn served(&self, from: Date, until: Date) -> i64;
    /// A level at the end of a day.
    fn level(&self, sink: price_ir::SinkIx, day: Date) -> Rational;
}

/// Lots that come with a customer.
pub(crate) type Opened = [(BalanceIx, OpeningLot)];

/// The payments of one period.
pub(crate) struct Desk<'a> {
    plan: Arc<Plan>,
    days: &'a dyn Days,
    /// The customer's first day, and the first day after the last.
    first: Date,
    last: Option<Date>,
    /// Lots that come with the customer.
    opened: Vec<(BalanceIx, OpeningLot)>,
    pub(crate) state: FundsState,
    pub(crate) books: Books,
    pub(crate) bills: BTreeMap<String, Bill>,
    pub(crate) purchases: Vec<Purchase>,
    pub(crate) statements: Vec<Statement>,
    /// True-ups: commitment, day, amount.
    pub(crate) true_ups: Vec<(CommitmentIx, Date, Rational)>,
    /// Counted in this period, by commitment.
    pub(crate) counted: Vec<Rational>,
    /// Spend at overage prices, by commitment and balance: what it costs more.
    pub(crate) over_commitment: Vec<Rational>,
    pub(crate) over_balance: Vec<Rational>,
    /// What a commitment's own rate took off, by balance.
    pub(crate) saved: Vec<Rational>,
    /// Excess carried on at a stretch's end, by commitment.
    pub(crate) excess: Vec<Rational>,
    /// Lots that went in this period: a line they paid may still fall.
    ended: Vec<Ended>,
}

/// A lot that is gone, and how.
struct Ended {
    balance: usize,
    kind: EntryKind,
    lot: Lot,
    /// Of the lot, what lines took and did not give back.
    used: Rational,
}

impl<'a> Desk<'a> {
    pub(crate) fn new(
        plan: Arc<Plan>,
        days: &'a dyn Days,
        (served, opened): ((Date, Option<Date>), &Opened),
        before: Option<&FundsState>,
    ) -> Desk<'a> {
        let funds = &plan.funds;
        let mut state = before.cloned().unwrap_or_default();
        state.purses.resize_with(funds.balances.len(), Purse::default);
        state.counters.resize_with(funds.commitments.len(), Counter::default);
        let statements = funds.balances.iter().zip(&state.purses).map(|(balance, purse)| Statement {
            opened: purse.balance(),
            ..Statement::empty(&balance.name, balance.holds)
        });
        let statements = statements.collect();
        let zeros = |len| vec![Rational::ZERO; len];
        Desk {
            books: Books::new(plan.rounding.rounding.clone()),
            counted: zeros(funds.commitments.len()),
            over_commitment: zeros(funds.commitments.len()),
            excess: zeros(funds.commitments.len()),
            over_balance: zeros(funds.balances.len()),
            saved: zeros(funds.balances.len()),
            bills: BTreeMap::new(),
            purchases: Vec::new(),
            true_ups: Vec::new(),
            ended: Vec::new(),
            first: served.0,
            last: served.1,
            opened: opened.to_vec(),
            statements,
            state,
            days,
            plan,
        }
    }

    // ------------------------------------------------------------ a day begins

    /// Lots go, lots come, instalments fall due.
    pub(crate) fn open(&mut self, day: Date) {
        for at in 0..self.plan.funds.balances.len() {
            self.lapse(at, day);
        }
        if day == self.first {
            self.take_over(day);
        }
        for at in 0..self.plan.funds.balances.len() {
            let plan = self.plan.clone();
            let balance = &plan.funds.balances[at];
            if !balance.during.contains(day) {
                continue;
            }
            for (index, grant) in balance.grants.iter().enumerate() {
                if grant.when != GrantWhen::Each(Window::Hour) {
                    self.grant_due(at, index as u32, balance, grant, day);
                }
            }
            self.instalments(at, balance, day);
        }
        for at in 0..self.plan.funds.commitments.len() {
            self.count_from(at, day);
        }
    }

    /// Lots that another system left.
    fn take_over(&mut self, day: Date) {
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

    /// An hour begins: what an hourly grant left is gone, and it comes again.
    pub(crate) fn open_hour(&mut self, day: Date) {
        for at in 0..self.plan.funds.balances.len() {
            let plan = self.plan.clone();
            let balance = &plan.funds.balances[at];
            for (index, grant) in balance.grants.iter().enumerate() {
                if grant.when != GrantWhen::Each(Window::Hour) || !balance.during.contains(day) {
                    continue;
                }
                let own = |lot: &&Lot| lot.grant == Some(index as u32);
                let ended: Vec<u32> = self.state.purses[at].lots.iter().filter(own).map(|l| l.serial).collect();
                for serial in ended {
                    self.end_lot(at, serial, day, EntryKind::Expire, Rational::ZERO);
                }
                if let GrantAmount::Fixed(amount) = &grant.amount {
                    self.put(
                        at,
                        index as u32,
                        balance,
                        grant,
                        day,
                        (amount.clone(), grant.cost.total()),
                        EntryKind::Grant,
                    );
                }
            }
        }
    }

    /// Lots that are gone on this day, and lots that are taken back.
    fn lapse(&mut self, at: usize, day: Date) {
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
    fn roll(&mut self, at: usize, balance: &Balance, serial: u32, day: Date) -> Rational {
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
    fn end_lot(&mut self, at: usize, serial: u32, day: Date, kind: EntryKind, carried: Rational) {
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

    /// Whether a grant comes on this day, and its share of a window that is cut.
    fn grant_due(&mut self, at: usize, index: u32, balance: &Balance, grant: &Grant, day: Date) {
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
    fn in_units<'b>(&'b self, balance: &'b Balance) -> &'b Rounding {
        balance.precise.as_ref().unwrap_or(&self.plan.currency_at(balance.holds).1.rounding)
    }

    /// Puts a lot of a grant in: its units, and what they cost.
    #[allow(clippy::too_many_arguments)]
    fn put(
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

    /// Adds a lot that the books know; an overdraft is paid back from it.
    fn enter(&mut self, at: usize, balance: &Balance, day: Date, lot: Lot) {
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

    fn gone(&self, expires: Expiry, day: Date) -> Option<Date> {
        match expires {
            Expiry::Never => None,
            Expiry::After(age) => Some(age.after(day, 1)),
            Expiry::Gone(date) => Some(date),
            Expiry::EndOf(window) => self.days.window(window, day).map(|(_, until)| until),
        }
    }

    fn instalments(&mut self, at: usize, balance: &Balance, day: Date) {
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

    fn stretch(&self, at: usize, day: Date) -> Option<Stretch> {
        let rule = &self.plan.funds.commitments[at];
        let first = rule.during.from.map_or(self.first, |from| from.max(self.first));
        if rule.during.until.is_some_and(|until| until <= day) {
            return None;
        }
        stretch_on(rule, first, self.last, day)
    }

    /// Begins the stretch of a commitment that begins on this day.
    fn count_from(&mut self, at: usize, day: Date) {
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

    // ------------------------------------------------------------ a day's charges

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
    fn pay(&mut self, bill: &Bill, amount: &Rational, day: Date) -> Vec<Part> {
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
    fn paid_from(&mut self, ix: BalanceIx, balance: &Balance, bill: &Bill, rest: &Rational, day: Date) -> Vec<Part> {
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
    fn save(&mut self, ix: BalanceIx, balance: &Balance, saved: &Rational, line: &str, day: Date) {
        self.saved[ix.ix()] += saved;
        let whose = Whose { balance: &balance.name, holds: balance.holds };
        self.books.rate(day, whose, saved, line);
    }

    /// Draws from one balance for a line, topping it up where it reaches its bound.
    fn draw(&mut self, ix: BalanceIx, want: &Rational, day: Date, line: &str) -> Vec<Draw> {
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
    fn take(
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

    fn may_top_up(&self, at: usize, balance: &Balance, day: Date) -> bool {
        let Some(rule) = &balance.top_up else { return false };
        let (most, window) = rule.at_most;
        let began = self.days.window(window, day).map(|(from, _)| from);
        match &self.state.purses[at].top_ups {
            Some((from, count)) if *from == began => *count < most,
            _ => true,
        }
    }

    fn top_up(&mut self, at: usize, balance: &Balance, day: Date) {
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

    /// Gives back the last parts of a line. Gives what moved, negative.
    fn give_back(&mut self, bill: &Bill, amount: &Rational, day: Date) -> Vec<Part> {
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
    fn refund(&mut self, ix: BalanceIx, balance: &Balance, serial: u32, units: &Rational, line: &str, day: Date) {
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

    fn take_back_overage(&mut self, bill: &Bill, amount: &Rational, day: Date) {
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

    /// Counts what moved towards commitments.
    fn count(&mut self, line: LineIx, moved: &[Part], day: Date) {
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

    // ------------------------------------------------------------ an invoice goes out

    /// What an invoice would ask for of the lines in the plan's currency.
    pub(crate) fn unasked(&self) -> Rational {
        let step = &self.plan.rounding.rounding;
        let own = self.bills.values().filter(|b| b.currency == OWN);
        own.map(|b| step.apply(&b.unpaid()) - &b.asked.1).sum()
    }

    /// An invoice asks for what is left of all lines. Says how much that is.
    pub(crate) fn ask_all(&mut self, day: Date) -> Rational {
        let own = self.bills.values().filter(|b| b.currency == OWN);
        let names: Vec<String> = own.map(|b| b.name.clone()).collect();
        names.iter().map(|name| self.ask(name, day)).sum()
    }

    /// An invoice asks for what is left of a line, rounded as invoices are. Says how much that is.
    pub(crate) fn ask(&mut self, line: &str, day: Date) -> Rational {
        let Some(bill) = self.bills.get_mut(line) else { return Rational::ZERO };
        let unpaid = bill.unpaid();
        let asked = self.plan.rounding.rounding.apply(&unpaid);
        let (exact, change) = (&unpaid - &bill.asked.0, &asked - &bill.asked.1);
        bill.asked = (unpaid, asked);
        self.books.invoice(day, line, &exact);
        self.books.residue(day, &(&change - &exact));
        change
    }

    // ------------------------------------------------------------ a day ends

    /// Low balances are topped up, windows that end are trued up.
    pub(crate) fn close(&mut self, day: Date) {
        for at in 0..self.plan.funds.balances.len() {
            let plan = self.plan.clone();
            let balance = &plan.funds.balances[at];
            if !balance.during.contains(day) {
                continue;
            }
            while let Some(rule) = &balance.top_up {
                let now = self.state.purses[at].balance();
                let low = now < rule.below || (rule.at_bound && now == rule.below);
                if !low || !self.may_top_up(at, balance, day) {
                    break;
                }
                self.top_up(at, balance, day);
            }
        }
        for at in 0..self.plan.funds.commitments.len() {
            self.true_up(at, day);
        }
    }

    fn true_up(&mut self, at: usize, day: Date) {
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

    /// Money that is paid and not yet used.
    pub(crate) fn deferred(&self) -> Rational {
        let lots = self.state.purses.iter().flat_map(|p| &p.lots);
        lots.map(|lot| &lot.cost - &lot.recognised).sum()
    }
}
