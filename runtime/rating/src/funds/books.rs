//! The ledger of one period: every movement once, from an account to an account.
//!
//! Two kinds of balance are kept alike. A balance in the plan's currency is a liability: its lots
//! hold money, and what was given away with them is a promotion that lowers revenue as it is used.
//! A balance in another currency holds units; the money paid for them is deferred and recognised
//! as the units are used. Money that is recognised is rounded to the plan's step by difference, so
//! that a lot never recognises more or less than it cost.

use super::purse::Lot;
use price_ir::{Account, CurrencyIx, Entry, EntryKind, OWN, Revenue};
use price_value::{Date, Rational, Rounding};

/// The ledger while it is written.
pub(crate) struct Books {
    pub(crate) entries: Vec<Entry>,
    pub(crate) revenue: Revenue,
    /// Rounding of money that is recognised.
    step: Rounding,
}

/// A lot and the balance it is of.
#[derive(Clone, Copy)]
pub(crate) struct Whose<'a> {
    pub(crate) balance: &'a str,
    pub(crate) holds: CurrencyIx,
}

/// How the money for a lot comes in.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Paid {
    /// It does not.
    Free,
    /// It came before.
    Cash,
    /// The invoice asks for it now.
    Invoice,
    /// Instalments will ask for it.
    Later,
}

impl Whose<'_> {
    fn lot(self, lot: &str) -> Account {
        Account::Lot { balance: self.balance.into(), lot: lot.into() }
    }

    fn promotion(self) -> Account {
        Account::Promotion { balance: self.balance.into() }
    }

    fn issued(self) -> Account {
        Account::Issued { balance: self.balance.into() }
    }

    fn deferred(self) -> Account {
        Account::Deferred { balance: self.balance.into() }
    }

    fn overdraft(self) -> Account {
        Account::Overdraft { balance: self.balance.into() }
    }

    fn unbilled(self) -> Account {
        Account::Unbilled { balance: self.balance.into() }
    }

    fn breakage(self) -> Account {
        Account::Breakage { balance: self.balance.into() }
    }
}

impl Books {
    pub(crate) fn new(step: Rounding) -> Books {
        Books { entries: Vec::new(), revenue: Revenue::default(), step }
    }

    /// Moves an amount; a negative one the other way, nothing for zero.
    fn post(
        &mut self,
        day: Date,
        kind: EntryKind,
        currency: CurrencyIx,
        amount: Rational,
        debit: Account,
        credit: Account,
    ) {
        if currency == OWN {
            let sign = |account: &Account| match account {
                Account::Income { .. } => Some(false),
                Account::PromotionUsed { .. } | Account::Rounding => Some(false),
                Account::Breakage { .. } => Some(true),
                _ => None,
            };
            for (side, sum) in [(&credit, amount.clone()), (&debit, -&amount)] {
                match sign(side) {
                    Some(true) => self.revenue.breakage += &sum,
                    Some(false) => self.revenue.earned += &sum,
                    None => {}
                }
            }
        }
        if amount.is_zero() {
            return;
        }
        let (debit, credit) = if amount.is_negative() { (credit, debit) } else { (debit, credit) };
        self.entries.push(Entry { day, kind, currency, amount: amount.abs(), debit, credit });
    }

    /// A lot comes in.
    pub(crate) fn grant(&mut self, day: Date, kind: EntryKind, whose: Whose<'_>, lot: &Lot, paid: Paid) {
        let money = match paid {
            Paid::Free => None,
            Paid::Cash => Some(Account::Cash),
            Paid::Invoice => Some(Account::Receivable),
            Paid::Later => Some(whose.unbilled()),
        };
        if whose.holds == OWN {
            if let Some(money) = money {
                self.post(day, kind, OWN, lot.cost.clone(), money, whose.lot(&lot.name));
            }
            self.post(day, kind, OWN, &lot.amount - &lot.cost, whose.promotion(), whose.lot(&lot.name));
        } else {
            self.post(day, kind, whose.holds, lot.amount.clone(), whose.issued(), whose.lot(&lot.name));
            if let Some(money) = money {
                self.post(day, kind, OWN, lot.cost.clone(), money, whose.deferred());
            }
        }
    }

    /// An instalment is asked for.
    pub(crate) fn instalment(&mut self, day: Date, whose: Whose<'_>, amount: &Rational) {
        self.post(day, EntryKind::Invoice, OWN, amount.clone(), Account::Receivable, whose.unbilled());
    }

    /// Units of a lot pay a line; negative units come back.
    pub(crate) fn spend(&mut self, day: Date, whose: Whose<'_>, lot: &mut Lot, units: &Rational, line: &str) {
        let kind = if units.is_negative() { EntryKind::Return } else { EntryKind::Use };
        let (income, spent) = (Account::Income { line: line.into() }, Account::Spent { line: line.into() });
        if whose.holds == OWN {
            self.post(day, kind, OWN, units.clone(), whose.lot(&lot.name), income);
            let given = units - &self.recognise(lot, units);
            let used = Account::PromotionUsed { balance: whose.balance.into() };
            self.post(day, kind, OWN, given, used, whose.promotion());
        } else {
            self.post(day, kind, whose.holds, units.clone(), whose.lot(&lot.name), spent);
            let money = self.recognise(lot, units);
            self.post(day, EntryKind::Recognise, OWN, money, whose.deferred(), income);
        }
    }

    /// What is left of a lot is gone: `kind` says why.
    pub(crate) fn lapse(&mut self, day: Date, kind: EntryKind, whose: Whose<'_>, lot: &mut Lot) {
        let left = lot.left.clone();
        self.lapse_units(day, kind, whose, lot, &left);
        lot.left = Rational::ZERO;
    }

    /// Some units of a lot are gone.
    pub(crate) fn lapse_units(
        &mut self,
        day: Date,
        kind: EntryKind,
        whose: Whose<'_>,
        lot: &mut Lot,
        units: &Rational,
    ) {
        let money = self.recognise(lot, units);
        if whose.holds == OWN {
            self.post(day, kind, OWN, money.clone(), whose.lot(&lot.name), whose.breakage());
            self.post(day, kind, OWN, units - &money, whose.lot(&lot.name), whose.promotion());
        } else {
            self.post(day, kind, whose.holds, units.clone(), whose.lot(&lot.name), whose.issued());
            self.post(day, kind, OWN, money, whose.deferred(), whose.breakage());
        }
    }

    /// Units go from one lot to another of the same balance; their cost goes along.
    pub(crate) fn carry(&mut self, day: Date, whose: Whose<'_>, from: &mut Lot, to: &mut Lot, units: &Rational) {
        to.cost = self.recognise(from, units);
        from.left -= units;
        self.post(day, EntryKind::Rollover, whose.holds, units.clone(), whose.lot(&from.name), whose.lot(&to.name));
        // Whatever a floor adds is given away.
        let added = &to.amount - units;
        let source = if whose.holds == OWN { whose.promotion() } else { whose.issued() };
        self.post(day, EntryKind::Rollover, whose.holds, added, source, whose.lot(&to.name));
    }

    /// A line is paid by overdrawing; negative units come back.
    pub(crate) fn overdraw(&mut self, day: Date, whose: Whose<'_>, units: &Rational, line: &str) {
        let kind = if units.is_negative() { EntryKind::Return } else { EntryKind::Use };
        let line = match whose.holds {
            OWN => Account::Income { line: line.into() },
            _ => Account::Spent { line: line.into() },
        };
        self.post(day, kind, whose.holds, units.clone(), whose.overdraft(), line);
    }

    /// A new lot pays what was overdrawn. Its cost was earned when the line was paid.
    pub(crate) fn repay(&mut self, day: Date, whose: Whose<'_>, lot: &mut Lot, units: &Rational) {
        self.post(day, EntryKind::Use, whose.holds, units.clone(), whose.lot(&lot.name), whose.overdraft());
        let money = self.recognise(lot, units);
        if whose.holds == OWN {
            let used = Account::PromotionUsed { balance: whose.balance.into() };
            self.post(day, EntryKind::Use, OWN, units - &money, used, whose.promotion());
        } else {
            let income = Account::Income { line: format!("overdraft of {}", whose.balance) };
            self.post(day, EntryKind::Recognise, OWN, money, whose.deferred(), income);
        }
    }

    /// What a line costs at contract prices beyond what a balance with a rate of its own gave for
    /// it: the line earns it, and the line of the rate gives it up. Negative when a payment returns.
    pub(crate) fn rate(&mut self, day: Date, whose: Whose<'_>, saved: &Rational, line: &str) {
        let kind = if saved.is_negative() { EntryKind::Return } else { EntryKind::Use };
        let rate = Account::Income { line: rate_line(whose.balance) };
        self.post(day, kind, OWN, saved.clone(), rate, Account::Income { line: line.into() });
    }

    /// A payment comes back after its lot is gone: it goes where the rest of the lot went, at what
    /// the lot cost.
    pub(crate) fn gone_return(
        &mut self,
        day: Date,
        kind: EntryKind,
        whose: Whose<'_>,
        lot: &mut Lot,
        units: &Rational,
        line: &str,
    ) {
        self.spend(day, whose, lot, &-units, line);
        self.lapse_units(day, kind, whose, lot, units);
    }

    /// The invoice asks for what is left of a line.
    pub(crate) fn invoice(&mut self, day: Date, line: &str, amount: &Rational) {
        let income = Account::Income { line: line.into() };
        self.post(day, EntryKind::Invoice, OWN, amount.clone(), Account::Receivable, income);
    }

    /// What is left of a line in another currency and is not asked for.
    pub(crate) fn block(&mut self, day: Date, currency: CurrencyIx, line: &str, amount: &Rational) {
        let spent = Account::Spent { line: line.into() };
        self.post(day, EntryKind::Invoice, currency, amount.clone(), Account::Blocked, spent);
    }

    /// An invoice asks for units of another currency at their rate: they are sold as it goes out,
    /// and what the lines took of them is no longer owed in units.
    pub(crate) fn convert(&mut self, day: Date, currency: CurrencyIx, name: &str, units: &Rational, amount: &Rational) {
        let issued = Account::Issued { balance: name.into() };
        self.post(day, EntryKind::Invoice, currency, units.clone(), issued, Account::Blocked);
        self.invoice(day, name, amount);
    }

    /// What rounding a line to the invoice's step adds to what is asked for.
    pub(crate) fn residue(&mut self, day: Date, amount: &Rational) {
        self.post(day, EntryKind::Round, OWN, amount.clone(), Account::Receivable, Account::Rounding);
    }

    /// The cost that units of a lot carry, rounded by difference; remembers it in the lot.
    fn recognise(&self, lot: &mut Lot, units: &Rational) -> Rational {
        // Before and after are taken from what is gone, so that what comes back takes back the same.
        lot.gone_units += units;
        let exact = lot.cost_of(&lot.gone_units);
        let target = if lot.gone_units == lot.amount { lot.cost.clone() } else { self.step.apply(&exact) };
        let change = &target - &lot.recognised;
        lot.recognised = target;
        change
    }
}

/// The line that a balance with a rate of its own takes off.
pub(crate) fn rate_line(balance: &str) -> String {
    format!("{balance} rate")
}
