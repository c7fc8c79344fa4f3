//! One balance of one subject: lots, what they pay, what comes back.
//!
//! Invariant: `left` of every lot is between zero and its amount, what was overdrawn is between
//! zero and the overdraft, and both are never above zero at once. No rounding happens here.

use price_ir::SpendOrder;
use price_value::{Date, Rational};
use std::cmp::Ordering;

/// An amount that came in at once.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct Lot {
    /// Unique within the purse, in order of arrival; above zero.
    pub(crate) serial: u32,
    pub(crate) name: String,
    /// Which grant it came from; none for top-ups and what was carried over.
    pub(crate) grant: Option<u32>,
    pub(crate) came: Date,
    /// First day on which it is gone.
    pub(crate) gone: Option<Date>,
    pub(crate) amount: Rational,
    pub(crate) left: Rational,
    /// Of the whole lot, in the plan's currency.
    pub(crate) cost: Rational,
    /// Units that were used or are gone, as far as the books know.
    pub(crate) gone_units: Rational,
    /// Of the cost, what is no longer deferred.
    pub(crate) recognised: Rational,
}

impl Lot {
    /// The part of the cost that a number of units carries.
    pub(crate) fn cost_of(&self, units: &Rational) -> Rational {
        if self.amount.is_zero() { Rational::ZERO } else { &self.cost * units / &self.amount }
    }

    /// Whether it can be carried and spent on a day.
    pub(crate) fn lives(&self, day: Date) -> bool {
        self.gone.is_none_or(|gone| day < gone)
    }
}

/// The serial that stands for an overdraft among draws.
pub(crate) const OVERDRAFT: u32 = 0;

/// A part of a payment: a lot's serial or [`OVERDRAFT`], and units, above zero.
pub(crate) type Draw = (u32, Rational);

/// One balance.
#[derive(Debug, Clone, PartialEq, Default)]
pub(crate) struct Purse {
    /// In the order in which they are spent; spent lots stay until they are gone.
    pub(crate) lots: Vec<Lot>,
    /// Units overdrawn.
    pub(crate) debt: Rational,
    /// Last serial given.
    pub(crate) serial: u32,
    /// Top-ups in the window that began on a day (none: a window without a beginning).
    pub(crate) top_ups: Option<(Option<Date>, u32)>,
    /// Highest level that grants per unit were given for, by grant, in the window that began then.
    pub(crate) levels: Vec<(u32, Date, Rational)>,
    /// Instalments of lots: grant, day it came, how many were asked for.
    pub(crate) instalments: Vec<(u32, Date, u32)>,
}

impl Purse {
    /// What can be spent without overdraft, less what is overdrawn.
    pub(crate) fn balance(&self) -> Rational {
        self.lots.iter().map(|lot| &lot.left).sum::<Rational>() - &self.debt
    }

    /// Puts a lot in; what is overdrawn is paid from it at once. Says how much of it that was.
    pub(crate) fn add(&mut self, mut lot: Lot, order: SpendOrder) -> Rational {
        self.serial += 1;
        lot.serial = self.serial;
        let repaid = self.debt.clone().min(lot.left.clone());
        self.debt -= &repaid;
        lot.left -= &repaid;
        let place = self.lots.partition_point(|other| compare(other, &lot, order) != Ordering::Greater);
        self.lots.insert(place, lot);
        repaid
    }

    /// Takes up to `want` units from the lots, in order.
    pub(crate) fn draw(&mut self, want: &Rational) -> Vec<Draw> {
        let mut rest = want.clone();
        let mut draws = Vec::new();
        for lot in self.lots.iter_mut().filter(|lot| lot.left.is_positive()) {
            if !rest.is_positive() {
                break;
            }
            let take = rest.clone().min(lot.left.clone());
            lot.left -= &take;
            rest -= &take;
            draws.push((lot.serial, take));
        }
        draws
    }

    /// The lot that is spent next.
    pub(crate) fn next(&self) -> Option<u32> {
        self.lots.iter().find(|lot| lot.left.is_positive()).map(|lot| lot.serial)
    }

    /// Overdraws by up to `want` units, within a limit.
    pub(crate) fn overdraw(&mut self, want: &Rational, limit: &Rational) -> Rational {
        let take = want.clone().min((limit - &self.debt).max(Rational::ZERO));
        self.debt += &take;
        take
    }

    /// A lot by its serial.
    pub(crate) fn lot(&mut self, serial: u32) -> Option<&mut Lot> {
        self.lots.iter_mut().find(|lot| lot.serial == serial)
    }

    /// Takes a lot out; what is left in it goes with it.
    pub(crate) fn remove(&mut self, serial: u32) -> Option<Lot> {
        let place = self.lots.iter().position(|lot| lot.serial == serial)?;
        Some(self.lots.remove(place))
    }
}

/// The order in which lots are spent; arrival decides ties.
fn compare(a: &Lot, b: &Lot, order: SpendOrder) -> Ordering {
    let expiry = |lot: &Lot| (lot.gone.is_none(), lot.gone);
    let first = match order {
        SpendOrder::ExpiringFirst => expiry(a).cmp(&expiry(b)),
        SpendOrder::OldestFirst => Ordering::Equal,
    };
    first.then_with(|| (a.came, a.serial).cmp(&(b.came, b.serial)))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn lot(came: &str, gone: Option<&str>, amount: i128) -> Lot {
        Lot {
            serial: 0,
            name: came.into(),
            grant: None,
            came: came.parse().unwrap(),
            gone: gone.map(|d| d.parse().unwrap()),
            amount: Rational::int(amount),
            left: Rational::int(amount),
            cost: Rational::ZERO,
            gone_units: Rational::ZERO,
            recognised: Rational::ZERO,
        }
    }

    #[test]
    fn what_expires_first_is_spent_first_unless_the_oldest_is() {
        for (order, serials) in [(SpendOrder::ExpiringFirst, [2, 3, 1]), (SpendOrder::OldestFirst, [1, 2, 3])] {
            let mut purse = Purse::default();
            purse.add(lot("2026-01-01", None, 10), order);
            purse.add(lot("2026-01-02", Some("2026-02-01"), 10), order);
            purse.add(lot("2026-01-03", Some("2026-03-01"), 10), order);
            let drawn: Vec<u32> = purse.draw(&Rational::int(25)).into_iter().map(|(serial, _)| serial).collect();
            assert_eq!(drawn, serials);
            assert_eq!(purse.balance(), Rational::int(5));
        }
    }

    #[test]
    fn an_overdraft_is_bounded_and_paid_back_first() {
        let mut purse = Purse::default();
        assert_eq!(purse.overdraw(&Rational::int(8), &Rational::int(5)), Rational::int(5));
        assert_eq!(purse.balance(), Rational::int(-5));
        let repaid = purse.add(lot("2026-01-01", None, 12), SpendOrder::OldestFirst);
        assert_eq!((repaid, purse.balance()), (Rational::int(5), Rational::int(7)));
        assert_eq!(purse.lots[0].left, Rational::int(7));
    }
}
