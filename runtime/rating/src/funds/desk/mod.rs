//! One subject's payments in one period: what comes into balances, what pays which line, what is
//! counted and trued up.
//!
//! The host walks through the days; here is what happens at each moment of one. Everything is
//! exact; rounded amounts come in from the lines.

mod bill;
mod counting;
mod grants;
mod lots;
mod paying;
mod returning;

pub(crate) use bill::{Bill, Part, Payer, Purchase};

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

    /// Money that is paid and not yet used.
    pub(crate) fn deferred(&self) -> Rational {
        let lots = self.state.purses.iter().flat_map(|p| &p.lots);
        lots.map(|lot| &lot.cost - &lot.recognised).sum()
    }
}
