//! Who paid an invoice, as JSON: statements of balances, commitments, the ledger, revenue.

use price_ingest::write::exact_text;
use price_ir::{Account, CurrencyIx, Entry, LotStatement, OWN, Payment, Plan, Statement};
use price_value::Rational;
use serde::Serialize;

#[derive(Serialize)]
pub struct PaymentOut<'i> {
    balances: Vec<BalanceOut<'i>>,
    commitments: Vec<CommitmentOut<'i>>,
    interim: Vec<InterimOut>,
    ledger: Vec<EntryOut<'i>>,
    revenue: RevenueOut,
    unpaid: Vec<UnpaidOut<'i>>,
}

#[derive(Serialize)]
struct BalanceOut<'i> {
    clawed_back: String,
    closed: String,
    currency: &'i str,
    expired: String,
    granted: String,
    lots: Vec<LotOut<'i>>,
    name: &'i str,
    opened: String,
    restated: String,
    rolled_in: String,
    /// Top-ups are requests; nobody confirmed these.
    #[serde(skip_serializing_if = "std::ops::Not::not")]
    top_ups_taken_as_paid: bool,
    topped_up: String,
    used: String,
}

#[derive(Serialize)]
struct LotOut<'i> {
    amount: String,
    came: String,
    cost: String,
    gone: Option<String>,
    left: String,
    name: &'i str,
}

#[derive(Serialize)]
struct CommitmentOut<'i> {
    amount: String,
    counted: String,
    excess: String,
    from: String,
    name: &'i str,
    total: String,
    true_ups: Vec<InterimOut>,
    until: Option<String>,
}

#[derive(Serialize)]
struct InterimOut {
    amount: String,
    day: String,
}

#[derive(Serialize)]
struct EntryOut<'i> {
    amount: String,
    credit: String,
    currency: &'i str,
    day: String,
    debit: String,
    kind: &'static str,
}

#[derive(Serialize)]
struct RevenueOut {
    breakage: String,
    deferred: String,
    deferred_before: String,
    earned: String,
}

#[derive(Serialize)]
struct UnpaidOut<'i> {
    amount: String,
    currency: &'i str,
}

/// Payment with its amounts as text.
pub fn payment<'i>(of: &'i Payment, plan: &'i Plan) -> PaymentOut<'i> {
    let own = |value: &Rational| money(value, OWN, plan);
    let dated = |day: &price_value::Date, amount: &Rational| InterimOut { amount: own(amount), day: day.to_string() };
    PaymentOut {
        balances: of.balances.iter().map(|s| balance(s, plan)).collect(),
        commitments: of
            .commitments
            .iter()
            .map(|c| CommitmentOut {
                amount: own(&c.amount),
                counted: own(&c.counted),
                excess: own(&c.excess),
                from: c.from.to_string(),
                name: &c.name,
                total: own(&c.total),
                true_ups: c.true_ups.iter().map(|(day, amount)| dated(day, amount)).collect(),
                until: c.until.map(|day| day.to_string()),
            })
            .collect(),
        interim: of.interim.iter().map(|i| dated(&i.day, &i.amount)).collect(),
        ledger: of.ledger.iter().map(|e| entry(e, plan)).collect(),
        revenue: RevenueOut {
            breakage: own(&of.revenue.breakage),
            deferred: own(&of.revenue.deferred),
            deferred_before: own(&of.revenue.deferred_before),
            earned: own(&of.revenue.earned),
        },
        unpaid: of
            .unpaid
            .iter()
            .map(|(currency, amount)| UnpaidOut {
                amount: money(amount, *currency, plan),
                currency: code(*currency, plan),
            })
            .collect(),
    }
}

fn money(value: &Rational, currency: CurrencyIx, plan: &Plan) -> String {
    exact_text(value, plan.currency_at(currency).0.decimals.into())
}

fn code(currency: CurrencyIx, plan: &Plan) -> &str {
    &plan.currency_at(currency).0.code
}

fn balance<'i>(of: &'i Statement, plan: &'i Plan) -> BalanceOut<'i> {
    let units = |value: &Rational| money(value, of.holds, plan);
    let lot = |lot: &'i LotStatement| LotOut {
        amount: units(&lot.amount),
        came: lot.came.to_string(),
        cost: money(&lot.cost, OWN, plan),
        gone: lot.gone.map(|day| day.to_string()),
        left: units(&lot.left),
        name: &lot.name,
    };
    BalanceOut {
        clawed_back: units(&of.clawed_back),
        closed: units(&of.closed),
        currency: code(of.holds, plan),
        expired: units(&of.expired),
        granted: units(&of.granted),
        lots: of.lots.iter().map(lot).collect(),
        name: &of.name,
        opened: units(&of.opened),
        restated: units(&of.restated),
        rolled_in: units(&of.rolled_in),
        top_ups_taken_as_paid: !of.topped_up.is_zero(),
        topped_up: units(&of.topped_up),
        used: units(&of.used),
    }
}

fn entry<'i>(of: &'i Entry, plan: &'i Plan) -> EntryOut<'i> {
    EntryOut {
        amount: money(&of.amount, of.currency, plan),
        credit: account(&of.credit),
        currency: code(of.currency, plan),
        day: of.day.to_string(),
        debit: account(&of.debit),
        kind: of.kind.word(),
    }
}

/// `lot credits promo`, `income storage`: the sort of account and what it is of.
fn account(of: &Account) -> String {
    match of {
        Account::Receivable => "receivable".to_owned(),
        Account::Cash => "cash".to_owned(),
        Account::Unbilled { balance } => format!("unbilled {balance}"),
        Account::Blocked => "blocked".to_owned(),
        Account::Lot { balance, lot } => format!("lot {balance} {lot}"),
        Account::Overdraft { balance } => format!("overdraft {balance}"),
        Account::Issued { balance } => format!("issued {balance}"),
        Account::Spent { line } => format!("spent {line}"),
        Account::Deferred { balance } => format!("deferred {balance}"),
        Account::Promotion { balance } => format!("promotion {balance}"),
        Account::PromotionUsed { balance } => format!("promotion used {balance}"),
        Account::Income { line } => format!("income {line}"),
        Account::Breakage { balance } => format!("breakage {balance}"),
        Account::Rounding => "rounding".to_owned(),
    }
}
