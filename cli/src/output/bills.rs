//! Invoices under two plans, for people.

use crate::events::bills::{Account, Bills};
use crate::output::money;
use price_value::{Currency, Rational};

/// Accounts that are named one by one.
const SHOWN: usize = 10;

/// `+$5.00`, `-$5.00`.
pub fn signed(amount: &Rational, currency: &Currency) -> String {
    money::plain(&price_driver::signed(amount, currency))
}

/// `+3.2%`.
pub fn percent(old: &Rational, new: &Rational) -> String {
    let Some(share) = (new - old).checked_div(old) else { return "new".to_owned() };
    let tenths = (share * Rational::int(1000)).abs();
    let cut = tenths.floor().to_decimal_string(0).unwrap_or_default();
    let sign = if new < old { "-" } else { "+" };
    let cut = format!("{cut:0>2}");
    let (whole, tenth) = cut.split_at(cut.len() - 1);
    format!("{sign}{whole}.{tenth}%")
}

/// Sums, and how many pay more and less.
pub fn summary(bills: &Bills, currency: &Currency) -> String {
    let (old, new) = bills.totals();
    let (dearer, same, cheaper) = bills.counts();
    format!(
        "{} → {} ({}, {}); {dearer} pay more, {same} the same, {cheaper} less",
        currency.format(&old),
        currency.format(&new),
        signed(&(&new - &old), currency),
        percent(&old, &new),
    )
}

/// The accounts that change most, rises and falls.
pub fn most(bills: &Bills) -> Vec<&Account> {
    let mut all: Vec<&Account> = bills.accounts.iter().filter(|account| !account.change().is_zero()).collect();
    all.sort_by(|a, b| b.change().abs().cmp(&a.change().abs()).then_with(|| a.name.cmp(&b.name)));
    all.truncate(SHOWN);
    all
}

/// A row of a table on a terminal: before, after, change.
pub fn row(account: &Account, currency: &Currency) -> String {
    format!(
        "    {}{}{}{}\n",
        money::left(&money::plain(&account.name), 24),
        money::right(&currency.format(&account.old), 16),
        money::right(&currency.format(&account.new), 16),
        money::right(&format!("{} {}", signed(&account.change(), currency), percent(&account.old, &account.new)), 24),
    )
}

/// Text of a cell of a Markdown table.
pub fn cell(text: &str) -> String {
    text.replace('|', "\\|").replace('\n', " ")
}

/// The accounts that change most, as a Markdown table; empty where none does.
pub fn markdown(bills: &Bills, currency: &Currency) -> String {
    let most = most(bills);
    if most.is_empty() {
        return String::new();
    }
    let mut out = String::from("\n| Account | Before | After | Change |\n| --- | --: | --: | --: |\n");
    for account in most {
        out.push_str(&format!(
            "| {} | {} | {} | {} ({}) |\n",
            cell(&money::plain(&account.name)),
            currency.format(&account.old),
            currency.format(&account.new),
            signed(&account.change(), currency),
            percent(&account.old, &account.new),
        ));
    }
    out
}
