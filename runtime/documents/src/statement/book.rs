//! The body of an invoice, read back: the parts that a statement is made of.

use super::Days;
use serde::{Deserialize, Serialize};
use serde_json::value::RawValue;

#[derive(Deserialize)]
pub(super) struct Body<'b> {
    pub(super) account: String,
    #[serde(borrow, default)]
    pub(super) allowances: Option<&'b RawValue>,
    pub(super) currency: String,
    #[serde(borrow, default)]
    pub(super) payment: Option<Payment<'b>>,
    pub(super) period: Days,
    pub(super) plan: String,
}

#[derive(Deserialize)]
pub(super) struct Payment<'b> {
    pub(super) balances: Vec<Balance>,
    #[serde(borrow)]
    pub(super) commitments: &'b RawValue,
    pub(super) ledger: Vec<Entry>,
    pub(super) revenue: Revenue,
}

#[derive(Deserialize)]
pub(super) struct Balance {
    pub(super) clawed_back: String,
    pub(super) closed: String,
    pub(super) currency: String,
    pub(super) expired: String,
    pub(super) granted: String,
    pub(super) lots: Vec<Lot>,
    pub(super) name: String,
    pub(super) opened: String,
    pub(super) restated: String,
    pub(super) rolled_in: String,
    pub(super) topped_up: String,
    pub(super) used: String,
}

/// A lot as it is when the period ends.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct Lot {
    pub(super) amount: String,
    pub(super) came: String,
    pub(super) cost: String,
    pub(super) gone: Option<String>,
    pub(super) left: String,
    pub(super) name: String,
}

#[derive(Deserialize)]
pub(super) struct Revenue {
    pub(super) breakage: String,
    pub(super) deferred: String,
    pub(super) deferred_before: String,
    pub(super) earned: String,
}

#[derive(Deserialize)]
pub(super) struct Entry {
    pub(super) amount: String,
    pub(super) credit: String,
    pub(super) currency: String,
    pub(super) day: String,
    pub(super) debit: String,
    pub(super) kind: String,
}

/// What a side of an entry does to what a seller earned.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Sort {
    Earned,
    Broken,
    /// Paid and not yet used, also where it lies in lots: what was given away with them is taken off.
    Deferred,
    Other,
}

impl Sort {
    pub(super) fn of(account: &str) -> Sort {
        let (word, rest) = account.split_once(' ').unwrap_or((account, ""));
        match word {
            "income" | "rounding" => Sort::Earned,
            // Of a balance, which is one word.
            "promotion" if rest.contains(' ') => Sort::Earned,
            "breakage" => Sort::Broken,
            "deferred" | "lot" | "promotion" => Sort::Deferred,
            _ => Sort::Other,
        }
    }
}

impl Entry {
    /// The lot of a balance that a side is of; what was overdrawn is a lot too.
    pub(super) fn lot<'s>(&self, side: &'s str, balance: &str) -> Option<&'s str> {
        if let Some(lot) = side.strip_prefix("lot ").and_then(|rest| rest.strip_prefix(balance)) {
            return lot.strip_prefix(' ');
        }
        (side.strip_prefix("overdraft ") == Some(balance)).then_some("overdraft")
    }

    /// The line of the invoice that took something, or gave it back.
    pub(super) fn line(&self) -> Option<&str> {
        let of = |side: &'_ str| side.starts_with("income ") || side.starts_with("spent ");
        let side = [&self.credit, &self.debit].into_iter().find(|side| of(side))?;
        side.split_once(' ').map(|(_, line)| line)
    }
}
