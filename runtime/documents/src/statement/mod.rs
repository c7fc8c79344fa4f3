//! Statements of wallets, commitments and included usage for one period, and what of it is earned day by
//! day: read off the body of an invoice, so that both say the same.

mod book;
mod paper;

pub use book::Lot;
use book::{Body, Entry, Sort};
use price_value::Rational;
use serde::Serialize;
use serde_json::value::RawValue;
use std::collections::BTreeMap;

/// Why a body has no statement.
#[derive(Debug, thiserror::Error)]
pub enum NoStatement {
    /// It is no body.
    #[error("this is not the body of an invoice: {0}")]
    Body(#[from] serde_json::Error),
    /// An amount in it is none.
    #[error("`{0}` is no amount")]
    Amount(String),
}

/// See the module. Amounts are text, with the decimals of their currency.
#[derive(Debug, Serialize)]
pub struct Statement {
    account: String,
    /// As they stand in the invoice.
    allowances: Box<RawValue>,
    /// As they stand in the invoice.
    commitments: Box<RawValue>,
    currency: String,
    period: Days,
    plan: String,
    revenue: Option<Revenue>,
    wallets: Vec<Wallet>,
}

/// Days, the last not included.
#[derive(Debug, Clone, Serialize, serde::Deserialize)]
pub struct Days {
    from: String,
    until: String,
}

/// A wallet or a prepaid commitment in the period.
#[derive(Debug, Serialize)]
pub struct Wallet {
    clawed_back: String,
    closed: String,
    currency: String,
    expired: String,
    granted: String,
    lots: Vec<Lot>,
    movements: Vec<Movement>,
    name: String,
    opened: String,
    restated: String,
    rolled_in: String,
    topped_up: String,
    used: String,
}

/// Something that came into a wallet, or left it.
#[derive(Debug, PartialEq, Eq, Serialize)]
pub struct Movement {
    /// Above zero where it came in.
    amount: String,
    day: String,
    /// The sort of entry of the ledger.
    kind: String,
    /// What is in the wallet then.
    left: String,
    /// The line of the invoice that took it.
    #[serde(skip_serializing_if = "Option::is_none")]
    line: Option<String>,
    lot: String,
}

/// What the seller earned, in the currency of the plan.
#[derive(Debug, Serialize)]
pub struct Revenue {
    breakage: String,
    /// Day by day; their sums are those of the period.
    days: Vec<Earned>,
    deferred: String,
    deferred_before: String,
    earned: String,
}

/// What was earned on a day.
#[derive(Debug, Serialize)]
pub struct Earned {
    breakage: String,
    day: String,
    /// What is still deferred at its end.
    deferred: String,
    earned: String,
}

/// The statement that belongs to the body of an invoice.
pub fn statement(body: &str) -> Result<Statement, NoStatement> {
    let body: Body<'_> = serde_json::from_str(body)?;
    let none = || RawValue::from_string("[]".to_owned());
    let (mut wallets, mut revenue, mut commitments) = (Vec::new(), None, none()?);
    if let Some(payment) = body.payment {
        let entries = &payment.ledger;
        wallets = payment.balances.into_iter().map(|of| wallet(of, entries)).collect::<Result<_, _>>()?;
        revenue = Some(earned(&payment.revenue, entries, &body.currency)?);
        commitments = payment.commitments.to_owned();
    }
    let allowances = body.allowances.map_or_else(none, |given| Ok(given.to_owned()))?;
    let (account, currency, plan) = (body.account, body.currency, body.plan);
    Ok(Statement { account, allowances, commitments, currency, period: body.period, plan, revenue, wallets })
}

fn amount(text: &str) -> Result<Rational, NoStatement> {
    text.parse().map_err(|_| NoStatement::Amount(text.to_owned()))
}

/// Writes amounts as another one is written. What does not end is a fraction, as there.
fn like(sample: &str) -> impl Fn(&Rational) -> String + use<> {
    let decimals = sample.split_once('.').map_or(0, |(_, decimals)| decimals.len() as u32);
    move |value| value.to_decimal_string(decimals).unwrap_or_else(|| value.to_string())
}

fn wallet(of: book::Balance, entries: &[Entry]) -> Result<Wallet, NoStatement> {
    let text = like(&of.closed);
    let mut left = amount(&of.opened)?;
    let mut movements = Vec::new();
    for entry in entries.iter().filter(|entry| entry.currency == of.currency) {
        let (into, out) = (entry.lot(&entry.credit, &of.name), entry.lot(&entry.debit, &of.name));
        let (lot, amount) = match (into, out) {
            (Some(lot), None) => (lot, amount(&entry.amount)?),
            (None, Some(lot)) => (lot, -amount(&entry.amount)?),
            _ => continue,
        };
        left += &amount;
        movements.push(Movement {
            amount: text(&amount),
            day: entry.day.clone(),
            kind: entry.kind.clone(),
            left: text(&left),
            line: entry.line().map(str::to_owned),
            lot: lot.to_owned(),
        });
    }
    let book::Balance {
        clawed_back,
        closed,
        currency,
        expired,
        granted,
        lots,
        name,
        opened,
        restated,
        rolled_in,
        topped_up,
        used,
    } = of;
    Ok(Wallet {
        clawed_back,
        closed,
        currency,
        expired,
        granted,
        lots,
        movements,
        name,
        opened,
        restated,
        rolled_in,
        topped_up,
        used,
    })
}

fn earned(of: &book::Revenue, entries: &[Entry], currency: &str) -> Result<Revenue, NoStatement> {
    let text = like(&of.earned);
    // Earned, broken, put off.
    let mut days: BTreeMap<&str, [Rational; 3]> = BTreeMap::new();
    for entry in entries.iter().filter(|entry| entry.currency == currency) {
        let value = amount(&entry.amount)?;
        let sums = days.entry(&entry.day).or_default();
        for (side, value) in [(&entry.credit, value.clone()), (&entry.debit, -value)] {
            let at = match Sort::of(side) {
                Sort::Earned => 0,
                Sort::Broken => 1,
                Sort::Deferred => 2,
                Sort::Other => continue,
            };
            sums[at] += &value;
        }
    }
    let mut deferred = amount(&of.deferred_before)?;
    let day = |(day, [earned, breakage, more]): (&str, [Rational; 3])| {
        deferred += &more;
        let (breakage, deferred, earned) = (text(&breakage), text(&deferred), text(&earned));
        Earned { breakage, day: day.to_owned(), deferred, earned }
    };
    Ok(Revenue {
        days: days.into_iter().filter(|(_, sums)| sums.iter().any(|sum| !sum.is_zero())).map(day).collect(),
        breakage: of.breakage.clone(),
        deferred: of.deferred.clone(),
        deferred_before: of.deferred_before.clone(),
        earned: of.earned.clone(),
    })
}
