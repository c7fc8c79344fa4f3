//! Spend that is committed per window or per year: what is beyond it costs more, what is short of
//! it is charged where the case trues up.
//!
//! A commitment per year is one of ours. So is one per window where nothing but the window is said
//! of it. One that holds at some hours of the day only is a ladder in each such hour: the amount
//! divided by the rate is the quantity it covers.

use super::super::data::{Case, list, need, number};
use super::super::judge::{differs, line, told};
use super::super::run::{Rating, Translation};
use super::super::text::{Money, Sheet, decimal, percent};
use super::{date, day, month, plain, served, used};
use crate::program::{Rated, Usage};
use price_ir::{InvoiceLine, LineKind};
use price_value::Rational;
use serde_json::Value;
use std::collections::BTreeSet;

/// Every form of these kinds.
pub fn translate(case: &Case) -> Result<Translation, String> {
    match case.kind.as_str() {
        "commitment_cumulative" => cumulative(case),
        "commitment_window_fill" => fill(case),
        _ if case.model["time_of_day_buckets"].is_null() => windows(case),
        _ => hours(case),
    }
}

fn due(rated: &Rated) -> Rational {
    rated.invoices.iter().map(|i| &i.due).sum()
}

fn share(factor: &Rational) -> String {
    percent(&(factor * &Rational::int(100)))
}

/// A commitment of ours: its lines, with what beyond it costs.
fn commitment(amount: &str, per: &str, shortfall: &str, factor: &Rational) -> String {
    format!(
        "commitment c postpaid {{\n  amount    {amount} per {per}\n  counts    all\n  shortfall {shortfall}\n  excess    ignored\n  overage   at {} of contract prices\n}}\nwaterfall {{\n  finally overage\n}}",
        share(factor)
    )
}

/// Spend counted over a year that is invoiced by the month.
fn cumulative(case: &Case) -> Result<Translation, String> {
    let terms = &case.model["commitment"];
    if terms["duration"].as_str() != Some("1 year") || terms["true_up"].as_bool() != Some(false) {
        return Err("a commitment that is counted over another stretch than a year".into());
    }
    let money = Money::dollars();
    let (amount, factor) = (need(&terms["amount"], "amount")?, need(&terms["overage_factor"], "factor")?);
    let record = case.usage.first().ok_or("the case gives no usage")?;
    let prior = need(&record["prior_base_spend"], "prior spend")?;
    let mut sheet = Sheet::new(money.clone());
    sheet.item("event use { cost: USD decimals 6 }");
    let terms = commitment(&money.of(&amount), "year", "ignored", &factor);
    sheet.plan("p", vec!["price usage on each use = 100% of cost".into(), terms]);
    let cost = |at: &str, amount: &Rational| used("use", at, &[("cost", plain(amount))]);
    let mut usage = vec![cost("2025-01-02T00:00:00Z", &prior)];
    for spend in list(&record["current_base_spend_by_line"]) {
        usage.push(cost("2025-02-02T00:00:00Z", &need(spend, "spend")?));
    }
    let subscriptions = vec![served(date(2025, 1, 1), date(2026, 1, 1))];
    let (from, until) = (date(2025, 2, 1), date(2025, 3, 1));
    let ratings = vec![Rating { plan: "p".into(), subscriptions, usage, from, until }];
    let expected = case.expected.clone();
    let judge = move |rated: &[Rated]| {
        // The line of the peer has what is over at the higher price, ours what that adds to it.
        let added = line(&rated[0], "c overage").map(|l| l.amount.clone()).unwrap_or_default();
        let over = (&added * &factor).checked_div(&(&factor - &Rational::ONE)).unwrap_or_default();
        let total = told("total", &due(&rated[0]), &expected["total"]);
        total.into_iter().chain(told("overage", &over, &expected["overage_line"])).collect()
    };
    Ok(Translation { source: sheet.text(&case.id), ratings, judge: Box::new(judge) })
}

/// A commitment of every window; a window is a day.
fn windows(case: &Case) -> Result<Translation, String> {
    let terms = &case.model["commitment"];
    if terms["type"].as_str() != Some("amount") || terms["true_up"].as_bool() != Some(true) {
        return Err("a commitment of a window that is no amount, or is not trued up, is not known here".into());
    }
    let money = Money::dollars();
    let unit = need(&case.model["price"]["unit"], "unit price")?;
    let (amount, factor) = (need(&terms["value"], "amount")?, need(&terms["overage_factor"], "factor")?);
    let mut sheet = Sheet::new(money.clone());
    sheet.item("unit item, items");
    sheet.item("event use { quantity: item decimals 6 }\nmeter used = sum of use.quantity");
    let terms = commitment(&money.of(&amount), "day", "forfeited", &factor);
    sheet.plan("p", vec![format!("price usage on used = {} per item", money.of(&unit)), terms]);
    let mut events = Vec::new();
    for (place, record) in case.usage.iter().enumerate() {
        let quantity = need(&record["quantity"], "quantity")?;
        events.push(used("use", &format!("2025-01-{:02}T08:00:00Z", place + 1), &[("quantity", plain(&quantity))]));
    }
    let rating = |from: i8, until: i8, usage: Vec<Usage>| Rating {
        plan: "p".into(),
        subscriptions: vec![served(date(2025, 1, from), date(2025, 1, until))],
        usage,
        from: date(2025, 1, 1),
        until: date(2025, 2, 1),
    };
    // All windows together, then each alone: its charge.
    let count = events.len() as i8;
    let mut ratings = vec![rating(1, count + 1, events.clone())];
    ratings.extend(events.iter().zip(1..).map(|(event, day)| rating(day, day + 1, vec![event.clone()])));
    let expected = case.expected.clone();
    let judge = move |rated: &[Rated]| {
        let mut wrong: Vec<String> = told("total", &due(&rated[0]), &expected["total"]).into_iter().collect();
        for (window, alone) in list(&expected["windows"]).iter().zip(&rated[1..]) {
            wrong.extend(told("charge of a window", &due(alone), &window["charge"]));
        }
        wrong
    };
    Ok(Translation { source: sheet.text(&case.id), ratings, judge: Box::new(judge) })
}

/// A line of hours: whether it has a commitment, and its price.
fn ladder(price: &Value, terms: &Value, money: &Money) -> Result<String, String> {
    let unit = need(&price["unit"], "unit price")?;
    if terms.is_null() {
        return Ok(format!("  {} per item", money.of(&unit)));
    }
    if (terms["type"].as_str(), terms["per"].as_str()) != (Some("amount"), Some("hour")) {
        return Err("a commitment that is no amount per hour is not known here".into());
    }
    let (amount, factor) = (need(&terms["value"], "amount")?, need(&terms["overage_factor"], "factor")?);
    let covers = amount.checked_div(&unit).ok_or("a commitment on a price of nothing")?;
    let mut out = format!(
        "  graduated per item {{\n    up to {} items {}\n    beyond {} * {}\n  }}",
        decimal(&covers),
        money.of(&unit),
        money.of(&unit),
        share(&factor)
    );
    if terms["true_up"].as_bool() == Some(true) {
        // The case gives the windows that are billed: those that were used.
        out.push_str(&format!("\n  at least {} per hour if used whole", money.of(&amount)));
    }
    Ok(out)
}

fn calendar(buckets: &[Value]) -> Result<String, String> {
    let mut out = String::from("calendar band in \"UTC\" {\n");
    for (place, bucket) in buckets.iter().enumerate() {
        let at = |key: &str| bucket[key].as_str().ok_or("a band without hours");
        out.push_str(&format!("  b{} {}..{}\n", place + 1, at("from")?, at("to")?));
    }
    out.push_str("  other otherwise\n}");
    Ok(out)
}

/// Commitments of an hour that differ by the time of day.
fn hours(case: &Case) -> Result<Translation, String> {
    let money = Money::dollars();
    let mut sheet = Sheet::new(money.clone());
    let buckets = list(&case.model["time_of_day_buckets"]);
    sheet.item(calendar(buckets)?);
    sheet.item("unit item, items");
    sheet.item("event use { quantity: item decimals 6 }\nmeter used = sum of use.quantity by band");
    let own = buckets.iter().enumerate().map(|(place, bucket)| (format!("b{}", place + 1), bucket));
    let mut statements = Vec::new();
    for (label, terms) in own.chain([("other".to_owned(), &case.model["default"])]) {
        let block = ladder(&terms["price"], &terms["commitment"], &money)?;
        statements.push(format!("price {label} on used where band is {label} each hour {{\n{block}\n}}"));
    }
    sheet.plan("p", statements);
    let mut events = Vec::new();
    for record in &case.usage {
        let window = record["window"].as_str().ok_or("a window without a time")?;
        let quantity = need(&record["quantity"], "quantity")?;
        events.push(used("use", &format!("2025-01-02T{window}:00Z"), &[("quantity", plain(&quantity))]));
    }
    let mut ratings = vec![month("p", 2025, 1, events.clone())];
    ratings.extend(events.iter().map(|event| month("p", 2025, 1, vec![event.clone()])));
    let expected = case.expected.clone();
    let judge = move |rated: &[Rated]| {
        let mut wrong: Vec<String> = told("total", &due(&rated[0]), &expected["total"]).into_iter().collect();
        for (window, alone) in list(&expected["windows"]).iter().zip(&rated[1..]) {
            wrong.extend(told("charge of a window", &due(alone), &window["charge"]));
        }
        let lines: Vec<&InvoiceLine> = rated[0].invoices.iter().flat_map(|i| &i.lines).collect();
        let tiers = || lines.iter().flat_map(|l| &l.cells).flat_map(|c| &c.tiers);
        let beyond: Rational = tiers().filter(|t| t.from.is_positive()).map(|t| &t.exact).sum();
        let within: Rational = tiers().filter(|t| !t.from.is_positive()).map(|t| &t.exact).sum();
        let lifted: Rational = lines.iter().flat_map(|l| &l.steps).map(|s| &s.change).sum();
        wrong.extend(told("used of the commitment", &within, &expected["commitment_used"]));
        wrong.extend(told("overage", &beyond, &expected["overage"]));
        wrong.extend(told("true-up", &lifted, &expected["true_up"]));
        wrong.extend(differs("parts", &(within + beyond + lifted), &due(&rated[0])));
        wrong
    };
    Ok(Translation { source: sheet.text(&case.id), ratings, judge: Box::new(judge) })
}

/// Which hours of a day are billed: those that were used, and those a commitment is trued up for.
/// An hour of the day is a line. The case gives no amounts: any will do.
fn fill(case: &Case) -> Result<Translation, String> {
    let said = case.model["true_up"].as_str().ok_or("the case does not say what is trued up")?;
    let trued: Vec<u32> = match said {
        "no true-up anywhere" => Vec::new(),
        "bucket 09:00-12:00 has true-up, default has none" => (9..12).collect(),
        _ => return Err(format!("a true-up the translation cannot read: {said}")),
    };
    let at = |value: &Value| value.as_str().ok_or_else(|| "a period without dates".to_owned()).and_then(day);
    let (from, until) = (at(&case.model["period"][0])?, at(&case.model["period"][1])?);
    if from.add_days(1) != until {
        return Err("a period that is no day".into());
    }
    let mut sheet = Sheet::new(Money::dollars());
    let slots: String = (0..23).map(|h| format!("  h{h:02} {h:02}:00..{:02}:00\n", h + 1)).collect();
    sheet.item(format!("calendar clock in \"UTC\" {{\n{slots}  h23 otherwise\n}}"));
    sheet.item("unit item, items");
    sheet.item("event use { quantity: item decimals 6 }\nmeter used = sum of use.quantity by clock");
    let price = |hour: u32| {
        let floor = if trued.contains(&hour) { "\n  at least $10.00 per day whole" } else { "" };
        format!(
            "price h{hour:02} on used where clock is h{hour:02} each day {{\n  graduated per item {{\n    up to 10 items $1.00\n    beyond $2.00\n  }}{floor}\n}}"
        )
    };
    sheet.plan("p", (0..24).map(price).collect());
    let mut usage = Vec::new();
    for record in &case.usage {
        let quantity = need(&record["quantity"], "quantity")?;
        let at = record["at"].as_str().ok_or("usage without a time")?;
        usage.push(used("use", at, &[("quantity", plain(&quantity))]));
    }
    let subscriptions = vec![served(from, until)];
    let ratings = vec![Rating { plan: "p".into(), subscriptions, usage, from, until }];
    let expected = case.expected.clone();
    let judge = move |rated: &[Rated]| {
        let lines = rated[0].invoices.iter().flat_map(|i| &i.lines);
        let billed = lines.filter(|l| l.kind == LineKind::Usage && l.amount.is_positive());
        let hours: BTreeSet<i128> = billed.filter_map(|l| l.name.strip_prefix('h')?.parse().ok()).collect();
        let want = list(&expected["billed_window_hours"]).iter().filter_map(|h| number(h)?.to_i128());
        let want: BTreeSet<i128> = want.collect();
        if hours == want { Vec::new() } else { vec![format!("hours {hours:?}, expected {want:?}")] }
    };
    Ok(Translation { source: sheet.text(&case.id), ratings, judge: Box::new(judge) })
}
