//! Grants that usage burns down: lots of wallets, in units that are a currency of their own.
//!
//! Grants of one priority are one wallet, and the wallets stand in the waterfall by priority. What
//! no grant covers overdraws the last wallet, and the next grant pays it back. Balances here change
//! with the day; where a case changes them inside a day, an hour of the case is a day here.

use super::super::data::{Case, list, need, number, slug};
use super::super::judge::told;
use super::super::run::{Rating, Translation};
use super::super::text::{Money, Sheet, decimal};
use super::{places, plain, served, used};
use crate::program::{Rated, Usage};
use price_ir::{EntryKind, Payment};
use price_value::{Date, Rational, Timestamp, Zone};
use serde_json::Value;
use std::collections::{BTreeMap, BTreeSet};

const DAY_SECONDS: i64 = 86_400;

/// From instants of the case to instants here.
struct Clock {
    zero: Timestamp,
    /// Days here for each day of the case: 1, or 24.
    scale: i64,
}

impl Clock {
    fn at(&self, text: &str) -> Result<Timestamp, String> {
        let at = Timestamp::parse_rfc3339(text)?;
        let nanos = (at.0 - self.zero.0).checked_mul(self.scale).and_then(|n| n.checked_add(self.zero.0));
        nanos.map(Timestamp).ok_or_else(|| format!("`{text}` is too far away"))
    }

    /// A day whose first instant this is.
    fn day(&self, value: &Value) -> Result<Date, String> {
        let text = value.as_str().ok_or("a grant without a time")?;
        match Zone::utc().local(self.at(text)?) {
            (day, 0) => Ok(day),
            _ => Err("a grant that begins or ends inside an hour: balances change with the day".into()),
        }
    }

    fn optional(&self, value: &Value) -> Result<Option<Date>, String> {
        if value.is_null() { Ok(None) } else { self.day(value).map(Some) }
    }
}

/// What the file says of one grant, and how its lots are called.
struct Written {
    priority: i128,
    name: String,
    statements: Vec<String>,
}

/// Cases with written grants.
pub fn translate(case: &Case) -> Result<Translation, String> {
    let model = &case.model;
    if !model["generator"].is_null() {
        return alike(case);
    }
    let record = case.usage.first().ok_or("the case gives no usage")?;
    let text = |value: &Value| value.as_str().map(str::to_owned).ok_or_else(|| "a period without a time".to_owned());
    let (start, end) = (text(&record["from"])?, text(&record["until"])?);
    let mut clock = Clock { zero: Timestamp::parse_rfc3339(&start)?, scale: 1 };
    let grants = list(&model["grants"]);
    let resets = list(&model["resets"]);
    let moments = grants.iter().flat_map(|g| [&g["effective_at"], &g["expires_at"], &g["voided_at"]]).chain(resets);
    if moments.filter_map(Value::as_str).any(|at| !at.contains("T00:00:00")) {
        clock.scale = 24;
    }
    let from = clock.day(&Value::String(start))?;
    // The balance is read at the last instant: what begins with it has begun.
    let last = Zone::utc().local(clock.at(&end)?).0;
    let resets = resets.iter().map(|r| clock.day(r)).collect::<Result<Vec<_>, _>>()?;
    let carried = number(&record["starting_overage"]).unwrap_or_default();
    let before = from.add_days(-1);

    let mut usage: Vec<Usage> = Vec::new();
    if !carried.is_zero() {
        usage.push(used("use", &format!("{before}T12:00:00Z"), &[("quantity", plain(&carried))]));
    }
    for event in list(&record["events"]) {
        let at = clock.at(event["at"].as_str().ok_or("an event without a time")?)?;
        // What happened before the period is in the balances it starts with.
        if at.0 >= clock.zero.0 {
            usage.push(used("use", &at.to_string(), &[("quantity", plain(&need(&event["quantity"], "quantity")?))]));
        }
    }
    let written = grants.iter().map(|g| write(g, &clock, (from, last), &resets)).collect::<Result<Vec<_>, _>>()?;
    let quantities: Vec<Rational> = usage.iter().filter_map(|u| number(&u.fields[0].1)).collect();
    let sheet = sheet(&written, &quantities);
    let first = if carried.is_zero() { from } else { before };
    let until = last.add_days(1);
    let ratings =
        vec![Rating { plan: "p".into(), subscriptions: vec![served(first, until)], usage, from: first, until }];
    let names: BTreeMap<String, String> =
        grants.iter().zip(&written).filter_map(|(g, w)| Some((g["id"].as_str()?.to_owned(), w.name.clone()))).collect();
    let expected = case.expected.clone();
    let judge = move |rated: &[Rated]| compare(&rated[0], &expected, &names, (from, last));
    let scaled = if clock.scale == 1 { "" } else { ", an hour of the case is a day" };
    Ok(Translation { source: sheet.text(&format!("{}{scaled}", case.id)), ratings, judge: Box::new(judge) })
}

/// The lots of a grant, written out as far as the period goes.
fn write(grant: &Value, clock: &Clock, (from, last): (Date, Date), resets: &[Date]) -> Result<Written, String> {
    let name = slug(grant["id"].as_str().ok_or("a grant without a name")?);
    let effective = clock.day(&grant["effective_at"])?;
    let expires = clock.optional(&grant["expires_at"])?;
    let mut amount = need(&grant["amount"], "amount of a grant")?;
    let refilled = amount.clone();
    if effective < from {
        amount = number(&grant["starting_balance"]).unwrap_or(amount);
    }
    let mut starts: Vec<Date> = vec![effective.max(from)];
    let mut every_day = false;
    if let Some(seconds) = number(&grant["recurrence"]["every_seconds"]).and_then(|s| s.to_i128()) {
        let every = i64::try_from(seconds).map_err(|_| "a recurrence that is too long")? * clock.scale;
        let days = i32::try_from(every / DAY_SECONDS).map_err(|_| "a recurrence that is too long")?;
        if every % DAY_SECONDS != 0 || days == 0 {
            return Err("a grant that recurs inside a day: balances change with the day".into());
        }
        every_day = days == 1 && effective == from && amount == refilled;
        let mut next = clock.day(&grant["recurrence"]["anchor"])?;
        while next <= last {
            if next > effective && expires.is_none_or(|gone| next < gone) {
                starts.push(next);
            }
            next = next.add_days(days);
        }
    }
    let most = number(&grant["reset_rollover"]["max"]).unwrap_or_default();
    let least = number(&grant["reset_rollover"]["min"]).unwrap_or_default();
    let mut statements = Vec::new();
    if every_day {
        let refilled = decimal(&refilled);
        statements.push(format!("grant     {refilled} UNIT free each day expires at day end as {name}"));
    } else {
        for (place, start) in starts.iter().enumerate() {
            let next = starts.get(place + 1).copied();
            let reset = resets.iter().copied().find(|r| r > start);
            let gone = [next, reset, expires].into_iter().flatten().min();
            let until = gone.map_or("expires never".into(), |gone| format!("expires on {}", gone.add_days(-1)));
            let (units, lot) = match place {
                0 => (&amount, name.clone()),
                _ => (&refilled, format!("{name}_{}", place + 1)),
            };
            statements.push(format!("grant     {} UNIT free on {start} {until} as {lot}", decimal(units)));
        }
        if let Some(void) = clock.optional(&grant["voided_at"])? {
            statements.push(format!("clawback  {name} on {void}"));
        }
    }
    match (most.is_positive(), resets.first(), expires) {
        (true, Some(reset), Some(gone)) => {
            let (most, least, days) = (decimal(&most), decimal(&least), reset.days_until(gone));
            statements.push(format!("rollover  up to {most} UNIT at least {least} UNIT for {days} days"));
        }
        (true, ..) => return Err("a rollover without a reset or without an end".into()),
        (false, ..) => statements.push("rollover  none".into()),
    }
    let priority = number(&grant["priority"]).and_then(|p| p.to_i128()).ok_or("a grant without a priority")?;
    Ok(Written { priority, name, statements })
}

/// A plan in which a unit of usage costs a unit of the wallets.
fn sheet(grants: &[Written], quantities: &[Rational]) -> Sheet {
    let decimals = quantities.iter().map(places).max().unwrap_or(0);
    let mut sheet = Sheet::new(Money::dollars());
    sheet.item(format!("currency UNIT virtual decimals {decimals}"));
    sheet.item("unit item, items");
    sheet.item(format!("event use {{ quantity: item decimals {decimals} }}\nmeter used = sum of use.quantity"));
    let step = decimal(&Rational::pow10(-(decimals as i32)));
    sheet.item(format!(
        "ratecard burn {{\n  currency  UNIT\n  rounding  each line half-up to {step} UNIT\n  price usage on used = 1 UNIT per item\n}}"
    ));
    let mut wallets: BTreeMap<i128, Vec<&str>> = BTreeMap::new();
    for grant in grants {
        wallets.entry(grant.priority).or_default().extend(grant.statements.iter().map(String::as_str));
    }
    if wallets.is_empty() {
        wallets.insert(1, Vec::new());
    }
    let mut statements = vec!["prices from burn following".to_owned()];
    let mut steps = Vec::new();
    let used: Rational = quantities.iter().sum();
    for (place, (priority, lines)) in wallets.iter().enumerate() {
        let mut lines = lines.clone();
        lines.dedup();
        let over = match place + 1 == wallets.len() && used.is_positive() {
            true => format!("overdraft up to {} UNIT", decimal(&used)),
            false => "overdraft none".to_owned(),
        };
        let own: String = lines.iter().map(|l| format!("  {l}\n")).collect();
        statements.push(format!("wallet w{priority} {{\n  holds     UNIT\n  pays for  usage\n{own}  {over}\n}}"));
        let word = if place == 0 { "first  " } else { "then   " };
        steps.push(format!("  {word} wallet w{priority}"));
    }
    statements.push(format!("waterfall {{\n{}\n  finally block\n}}", steps.join("\n")));
    sheet.plan("p", statements);
    sheet
}

fn payments(rated: &Rated) -> impl Iterator<Item = &Payment> {
    rated.invoices.iter().filter_map(|i| i.payment.as_deref())
}

/// Units left in the lots of a grant.
fn left(payment: &Payment, name: &str) -> Rational {
    let own = |lot: &&price_ir::LotStatement| {
        lot.name.strip_prefix(name).is_some_and(|rest| rest.is_empty() || rest.starts_with(['_', ' ']))
    };
    payment.balances.iter().flat_map(|b| &b.lots).filter(own).map(|lot| &lot.left).sum()
}

fn compare(
    rated: &Rated,
    expected: &Value,
    names: &BTreeMap<String, String>,
    (from, last): (Date, Date),
) -> Vec<String> {
    let Some(end) = payments(rated).last() else { return vec!["no wallet at the end".into()] };
    let mut wrong = Vec::new();
    for (id, want) in expected["balances_at_end"].as_object().into_iter().flatten() {
        match names.get(id) {
            Some(name) => wrong.extend(told(&format!("left of {id}"), &left(end, name), want)),
            None => wrong.push(format!("there is no grant `{id}`")),
        }
    }
    let lots: Rational = end.balances.iter().flat_map(|b| &b.lots).map(|lot| &lot.left).sum();
    let overage = lots - end.balances.iter().map(|b| &b.closed).sum::<Rational>();
    wrong.extend(told("overage", &overage, &expected["overage_at_end"]));
    let drawn: Rational = payments(rated).flat_map(|p| &p.balances).map(|b| &b.used).sum();
    wrong.extend(told("covered usage", &(drawn - &overage), &expected["covered_usage"]));
    // Stretches in which the lots are the same.
    let moves = |kind| matches!(kind, EntryKind::Grant | EntryKind::Expire | EntryKind::Clawback);
    let entries = payments(rated).flat_map(|p| &p.ledger).filter(|e| moves(e.kind));
    let inside: BTreeSet<Date> = entries.map(|e| e.day).filter(|day| from < *day && *day < last).collect();
    wrong.extend(told("segments", &Rational::int(inside.len() as i128 + 1), &expected["segments"]));
    wrong
}

/// Very many grants that are alike but for one: what is alike is one lot.
fn alike(case: &Case) -> Result<Translation, String> {
    let generator = &case.model["generator"];
    let said = generator["expires_at"].as_str().unwrap_or_default();
    if said != "30 days after effective, except one grant: 29 days" {
        return Err("grants by a rule the translation cannot read".into());
    }
    let record = case.usage.first().ok_or("the case gives no usage")?;
    let clock = Clock { zero: Timestamp(0), scale: 1 };
    let effective = clock.day(&generator["effective_at"])?;
    let (each, count) = (need(&generator["amount_each"], "amount")?, need(&generator["count"], "count")?);
    let others = &count - &Rational::ONE;
    let lot = |units: &Rational, days: i32, name: &str| {
        let last = effective.add_days(days - 1);
        format!("grant     {} UNIT free on {effective} expires on {last} as {name}", decimal(units))
    };
    let statements = vec![lot(&(&each * &others), 30, "others"), lot(&each, 29, "earliest")];
    let written = vec![Written { priority: 1, name: "earliest".into(), statements }];
    let mut usage = Vec::new();
    for event in list(&record["events"]) {
        let at = event["at"].as_str().ok_or("an event without a time")?;
        usage.push(used("use", at, &[("quantity", plain(&need(&event["quantity"], "quantity")?))]));
    }
    let quantities: Vec<Rational> = usage.iter().filter_map(|u| number(&u.fields[0].1)).collect();
    let sheet = sheet(&written, &quantities);
    let (from, until) = (clock.day(&record["from"])?, clock.day(&record["until"])?.add_days(1));
    let ratings = vec![Rating { plan: "p".into(), subscriptions: vec![served(from, until)], usage, from, until }];
    let expected = case.expected.clone();
    let judge = move |rated: &[Rated]| {
        let Some(end) = payments(&rated[0]).last() else { return vec!["no wallet at the end".into()] };
        let each_left = left(end, "others").checked_div(&others).unwrap_or_default();
        let earliest =
            told("the one that expires first", &left(end, "earliest"), &expected["earliest_expiring_grant_balance"]);
        earliest.into_iter().chain(told("the others", &each_left, &expected["all_other_balances"])).collect()
    };
    let title = format!("{}, the grants that are alike are one lot", case.id);
    Ok(Translation { source: sheet.text(&title), ratings, judge: Box::new(judge) })
}
