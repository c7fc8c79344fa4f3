//! Days, lengths and amounts as a form says them.

use price_ir::{Age, AgeUnit, Cost, Expiry, Grant, GrantAmount, GrantWhen, Plan};
use price_value::{Span, Window};

/// `every month`, `once`.
pub fn per(window: Window) -> String {
    match window {
        Window::Term => "once for the term".to_owned(),
        Window::Never => "once".to_owned(),
        window => format!("every {window}"),
    }
}

/// `2026-01-01 through 2026-06-30`; `always` without bounds.
pub fn days(span: &Span) -> String {
    match (span.from, span.until) {
        (Some(from), Some(until)) => format!("{from} through {}", until.add_days(-1)),
        (Some(from), None) => format!("from {from}"),
        (None, Some(until)) => format!("through {}", until.add_days(-1)),
        (None, None) => "always".to_owned(),
    }
}

/// `12 months`, `a year`.
pub fn age(age: Age) -> String {
    let unit = match age.unit {
        AgeUnit::Days => "day",
        AgeUnit::Months if age.count == 3 => return "a quarter".to_owned(),
        AgeUnit::Months => "month",
        AgeUnit::Years => "year",
    };
    if age.count == 1 { format!("a {unit}") } else { format!("{} {unit}s", age.count) }
}

/// `every month`, `every 6 months`.
pub fn every(length: Age) -> String {
    format!("every {}", age(length).trim_start_matches("a "))
}

/// When what is left of a lot goes.
pub fn expiry(expires: Expiry) -> String {
    match expires {
        Expiry::Never => "never".to_owned(),
        Expiry::After(length) => format!("after {}", age(length)),
        Expiry::Gone(day) => format!("at the end of {}", day.add_days(-1)),
        Expiry::EndOf(window) => format!("at the end of the {window}"),
    }
}

/// When a grant comes.
pub fn when(when: GrantWhen) -> String {
    match when {
        GrantWhen::Start => "on the first day".to_owned(),
        GrantWhen::On(day) => format!("on {day}"),
        GrantWhen::Each(window) => per(window),
        GrantWhen::Every(length) => every(length),
        GrantWhen::Step { every: length, index } => format!("{} {}", age(length).trim_start_matches("a "), index + 1),
        GrantWhen::TrueUp => "when a shortfall is charged".to_owned(),
    }
}

/// What a grant comes to.
pub fn amount(plan: &Plan, grant: &Grant, holds: price_ir::CurrencyIx) -> String {
    let (currency, _) = plan.currency_at(holds);
    match &grant.amount {
        GrantAmount::Fixed(amount) => currency.format(amount),
        GrantAmount::PerUnit { level, amount, .. } => {
            format!("{} for each {}", currency.format(amount), plan.sinks[level.ix()].unit)
        }
        GrantAmount::Shortfall(at) => format!("the shortfall of {}", plan.funds.commitments[at.ix()].name),
    }
}

/// What a grant costs.
pub fn cost(plan: &Plan, cost: &Cost) -> String {
    match cost {
        Cost::Free => "nothing".to_owned(),
        Cost::AlreadyPaid(sum) => format!("{}, already paid", plan.currency.format(sum)),
        Cost::Invoiced(sum) => format!("{}, invoiced with it", plan.currency.format(sum)),
        Cost::Instalments { every: length, count, amount } => {
            format!("{count} times {}, {}", plan.currency.format(amount), every(*length))
        }
    }
}
