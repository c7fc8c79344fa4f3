//! What a replay found, for people and for programs.

use super::Found;
use crate::events::bills::Account;
use crate::output::bills::{self, signed};
use crate::output::money;
use crate::shell::Paint;
use crate::trouble::Trouble;
use price_value::{Currency, Rational};
use serde_json::{Value, json};

/// Shares of accounts whose amounts are shown, in percent.
const PERCENTILES: [usize; 5] = [5, 25, 50, 75, 95];
/// Bounds of changes in percent, which are counted; what is free of a bill before is *new*.
const BOUNDS: [i128; 8] = [-50, -20, -5, 0, 5, 20, 50, 100];
/// Columns of the longest bar.
const BAR: usize = 40;

/// Accounts by how much their bill changes, in percent: the words, and how many.
fn spread(accounts: &[Account]) -> Vec<(String, usize)> {
    let mut counts = vec![0usize; BOUNDS.len() + 1];
    let (mut same, mut new) = (0, 0);
    for account in accounts {
        let change = account.change();
        if change.is_zero() {
            same += 1;
            continue;
        }
        match (&change * &Rational::int(100)).checked_div(&account.old) {
            // Of a bill below zero more is less; it is told as new.
            Some(percent) if account.old.is_positive() => {
                let above = BOUNDS.iter().filter(|bound| percent > Rational::int(**bound)).count();
                counts[above] += 1;
            }
            _ => new += 1,
        }
    }
    let mut all = Vec::new();
    for (at, count) in counts.iter().enumerate() {
        let word = match (at.checked_sub(1).map(|at| BOUNDS[at]), BOUNDS.get(at)) {
            (None, Some(until)) => format!("{until}% or less"),
            (Some(from), Some(until)) if *until <= 0 => format!("{from}% to {until}%"),
            (Some(from), Some(until)) => format!("+{from}% to +{until}%"),
            (Some(from), None) => format!("more than +{from}%"),
            (None, None) => String::new(),
        };
        if BOUNDS.get(at) == Some(&5) {
            all.push(("the same".to_owned(), same));
        }
        all.push((word, *count));
    }
    all.push(("nothing before".to_owned(), new));
    all
}

/// The amounts at the percentiles.
fn percentiles(mut amounts: Vec<Rational>) -> Vec<(usize, Rational)> {
    amounts.sort();
    let at = |percent: usize| ((amounts.len().max(1) - 1) * percent).div_ceil(100);
    PERCENTILES.iter().filter_map(|p| Some((*p, amounts.get(at(*p))?.clone()))).collect()
}

fn said(found: &Found) -> (&'static str, Vec<(usize, Rational)>) {
    let accounts = found.bills.accounts.iter();
    match found.compared {
        true => ("change of an account", percentiles(accounts.map(Account::change).collect())),
        false => ("bill of an account", percentiles(accounts.map(|account| account.new.clone()).collect())),
    }
}

/// For a terminal.
pub fn pretty(found: &Found, paint: Paint) -> String {
    let Found { bills, currency, .. } = found;
    let mut out = String::new();
    if found.compared {
        out.push_str(&format!("{}\n", bills::summary(bills, currency)));
    } else {
        let accounts = bills.accounts.len();
        out.push_str(&format!("{} for {accounts} accounts\n", currency.format(&bills.totals().1)));
    }
    let (what, amounts) = said(found);
    if !amounts.is_empty() {
        out.push_str(&format!("\n{}\n", paint.bold(what)));
        for (percent, amount) in &amounts {
            let amount = if found.compared { signed(amount, currency) } else { currency.format(amount) };
            out.push_str(&format!("    at most {} for {percent}%\n", money::right(&amount, 16)));
        }
    }
    if found.compared {
        let spread = spread(&bills.accounts);
        let most = spread.iter().map(|(_, count)| *count).max().unwrap_or(0).max(1);
        out.push_str(&format!("\n{}\n", paint.bold("accounts by change")));
        for (word, count) in spread.iter().filter(|(_, count)| *count > 0) {
            let bar = "█".repeat((count * BAR).div_ceil(most));
            out.push_str(&format!("    {}{}  {bar}\n", money::left(word, 18), money::right(&count.to_string(), 9)));
        }
        for (title, rising) in [("pay more", true), ("pay less", false)] {
            let shown = top(&bills.accounts, rising);
            if !shown.is_empty() {
                out.push_str(&format!("\n{}\n", paint.bold(title)));
                out.extend(shown.into_iter().map(|account| bills::row(account, currency)));
            }
        }
    }
    out.push_str(&refused(found, "\nrefused records: ", "\n"));
    out
}

/// The accounts that change most in one direction.
fn top(accounts: &[Account], rising: bool) -> Vec<&Account> {
    // They are in the order of their change.
    let mut all: Vec<&Account> = match rising {
        true => accounts.iter().take_while(|account| account.change().is_positive()).collect(),
        false => accounts.iter().rev().take_while(|account| account.change().is_negative()).collect(),
    };
    all.truncate(10);
    all
}

fn refused(found: &Found, before: &str, after: &str) -> String {
    match (found.bills.refused, found.compared) {
        ((_, 0), false) | ((0, 0), true) => String::new(),
        ((_, new), false) => format!("{before}{new}{after}"),
        ((old, new), true) => format!("{before}{old} → {new}{after}"),
    }
}

/// For a pull request.
pub fn markdown(found: &Found) -> String {
    let Found { bills, currency, .. } = found;
    let mut out = String::from("### What customers would have paid\n");
    if !found.compared {
        out.push_str(&format!("\n{} for {} accounts\n", currency.format(&bills.totals().1), bills.accounts.len()));
        return out;
    }
    out.push_str(&format!("\n{}\n", bills::summary(bills, currency)));
    out.push_str("\n| Change | Accounts |\n| --- | --: |\n");
    for (word, count) in spread(&bills.accounts).into_iter().filter(|(_, count)| *count > 0) {
        out.push_str(&format!("| {word} | {count} |\n"));
    }
    out.push_str(&bills::markdown(bills, currency));
    out.push_str(&refused(found, "\nRefused records: ", "\n"));
    out
}

/// For programs.
pub fn json(found: &Found) -> Value {
    let (what, amounts) = said(found);
    let amounts: Vec<Value> =
        amounts.iter().map(|(percent, amount)| json!({ "percent": percent, "amount": amount.to_string() })).collect();
    let mut value = json!({
        "format_version": "1.0",
        "currency": found.currency.code,
        "rated": found.rated,
        "percentiles": { "of": what, "at": amounts },
        "invoices": found.bills.as_json(),
    });
    if found.compared {
        let spread: Vec<Value> = spread(&found.bills.accounts)
            .iter()
            .map(|(word, count)| json!({ "change": word, "accounts": count }))
            .collect();
        value["spread"] = json!(spread);
    }
    value
}

/// A row for each account.
pub fn csv(found: &Found) -> Result<Vec<u8>, Trouble> {
    let amount = |amount: &Rational, currency: &Currency| {
        amount.to_decimal_string(currency.decimals.into()).unwrap_or_else(|| amount.to_string())
    };
    let mut writer = csv::Writer::from_writer(Vec::new());
    let mut row = |cells: [&str; 4]| {
        let kept = if found.compared { &cells[..] } else { &cells[..2] };
        writer.write_record(kept).map_err(|error| Trouble::new("C001", error.to_string()))
    };
    row(["account", "new", "old", "change"])?;
    for account in &found.bills.accounts {
        let [new, old, change] =
            [&account.new, &account.old, &account.change()].map(|value| amount(value, &found.currency));
        row([&account.name, &new, &old, &change])?;
    }
    writer.into_inner().map_err(|error| Trouble::new("C001", error.to_string()))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn account(name: &str, old: i128, new: i128) -> Account {
        Account { name: name.into(), old: Rational::int(old), new: Rational::int(new) }
    }

    #[test]
    fn accounts_are_counted_by_the_change_of_their_bill() {
        let all = [
            account("half", 100, 50),
            account("less", 100, 51),
            account("same", 7, 7),
            account("five", 100, 105),
            account("six", 100, 106),
            account("triple", 100, 300),
            account("new", 0, 3),
        ];
        let found: Vec<(String, usize)> = spread(&all).into_iter().filter(|(_, count)| *count > 0).collect();
        let found: Vec<(&str, usize)> = found.iter().map(|(word, count)| (word.as_str(), *count)).collect();
        let wanted = [
            ("-50% or less", 1),
            ("-50% to -20%", 1),
            ("the same", 1),
            ("+0% to +5%", 1),
            ("+5% to +20%", 1),
            ("more than +100%", 1),
            ("nothing before", 1),
        ];
        assert_eq!(found, wanted);
        assert_eq!(spread(&all).iter().map(|(_, count)| count).sum::<usize>(), all.len());
    }

    #[test]
    fn percentiles_are_amounts_of_accounts() {
        let amounts = (1..=100).map(Rational::int).collect();
        let found: Vec<(usize, String)> = percentiles(amounts).into_iter().map(|(p, a)| (p, a.to_string())).collect();
        let wanted = [(5, "6"), (25, "26"), (50, "51"), (75, "76"), (95, "96")].map(|(p, a)| (p, a.to_owned()));
        assert_eq!(found, wanted);
        assert_eq!(percentiles(Vec::new()), []);
    }
}
