//! Lines of a period and who pays them.

use super::*;

/// A part of a line that somebody pays.
#[derive(Debug, Clone)]
pub(crate) struct Part {
    pub(crate) by: Payer,
    /// At the line's prices.
    pub(crate) amount: Rational,
    /// In units of the balance.
    pub(super) units: Rational,
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
    pub(super) fn payable(&self, balance: &Balance) -> bool {
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
