//! Percentages of each event's amount, with fixed parts, bounds and free amounts.

use super::super::data::{Case, list, need, number};
use super::super::judge::{exact_total, line, told};
use super::super::run::Translation;
use super::super::text::{Money, Sheet, decimal, percent};
use super::{money, month, places, plain, used};
use crate::program::Rated;
use price_value::Rational;

/// `2.9% plus $0.30` of each event.
pub fn translate(case: &Case) -> Result<Translation, String> {
    let price = &case.model["price"];
    let record = case.usage.first().ok_or("the case gives no usage")?;
    let mut amounts: Vec<Rational> = Vec::new();
    match (list(&record["events"]), number(&record["total"]), number(&record["event_count"])) {
        ([], Some(total), Some(count)) => {
            let count = count.to_i128().unwrap_or(1).clamp(1, 10_000);
            amounts.push(total);
            amounts.extend((1..count).map(|_| Rational::ZERO));
        }
        (events, ..) => {
            for event in events {
                amounts.push(need(event, "amount")?);
            }
        }
    }
    let money = Money { exact: true, ..money(case)? };
    let mut sheet = Sheet::new(money.clone());
    let decimals = amounts.iter().map(places).max().unwrap_or(0).max(2);
    sheet.item(format!("event payment {{ amount: {} decimals {decimals} }}", money.code));
    sheet.item("meter paid = sum of payment.amount");
    let mut block = String::from("price usage on each payment {\n  measure amount\n");
    let free = number(&price["free_total"]).filter(|f| !f.is_zero());
    let free_events = number(&price["free_events"]).filter(|f| !f.is_zero() && needs_events(case));
    let mut terms = Vec::new();
    let share = number(&price["rate_percent"]).unwrap_or_default();
    if !share.is_zero() {
        terms.push(percent(&share));
    }
    let fixed = number(&price["fixed_per_event"]).unwrap_or_default();
    if !fixed.is_zero() {
        let covered = free.is_some() || free_events.is_some();
        terms.push(format!("flat {}{}", money.of(&fixed), if covered { " only when charged" } else { "" }));
    }
    block.push_str(&format!("  {}\n", if terms.is_empty() { "free".into() } else { terms.join(" plus ") }));
    if let Some(least) = number(&price["per_event_min"]) {
        block.push_str(&format!("  at least {} each payment\n", money.of(&least)));
    }
    if let Some(most) = number(&price["per_event_max"]) {
        block.push_str(&format!("  at most {} each payment\n", money.of(&most)));
    }
    block.push('}');
    let mut statements = vec![block];
    let allowance = match (&free_events, &free) {
        (Some(events), Some(most)) => {
            Some(format!("{} per month on each payment up to {}", decimal(events), money.of(most)))
        }
        (Some(events), None) => Some(format!("{} per month on each payment", decimal(events))),
        (None, Some(most)) => Some(format!("{} per month on paid", money.of(most))),
        (None, None) => None,
    };
    if let Some(allowance) = allowance {
        statements.push(format!("allowance free_total = {allowance}"));
        statements.push("waterfall {\n  first   allowance free_total\n  finally invoice\n}".into());
        statements.push("prorate free_total never".into());
    }
    sheet.plan("p", statements);
    let at = |i: usize| format!("2025-01-02T{:02}:{:02}:{:02}Z", i / 3600 % 24, i / 60 % 60, i % 60);
    let usage = amounts.iter().enumerate().map(|(i, a)| used("payment", &at(i), &[("amount", plain(a))])).collect();
    let ratings = vec![month("p", 2025, 1, usage)];
    let expected = case.expected.clone();
    let judge = move |rated: &[Rated]| {
        let mut wrong: Vec<String> = told("amount", &exact_total(&rated[0]), &expected["amount"]).into_iter().collect();
        let cells = || line(&rated[0], "usage").into_iter().flat_map(|l| &l.cells);
        let covered: Rational = cells().map(|c| &c.covered).sum();
        let paid: Rational = cells().map(|c| &c.quantity - &c.covered).sum();
        wrong.extend(told("free amount", &covered, &expected["free_units"]));
        wrong.extend(told("paid amount", &paid, &expected["paid_units"]));
        if !expected["free_events"].is_null() {
            // Every event that pays owes the fixed part, so that is how many there are.
            let rest = exact_total(&rated[0]) - &paid * &share * Rational::pow10(-2);
            let paying = rest.checked_div(&fixed).unwrap_or_default();
            let all: u64 = cells().map(|c| c.events).sum();
            wrong.extend(told("paying events", &paying, &expected["paid_events"]));
            wrong.extend(told("free events", &(Rational::int(all.into()) - &paying), &expected["free_events"]));
        }
        wrong
    };
    Ok(Translation { source: sheet.text(&case.id), ratings, judge: Box::new(judge) })
}

/// Whether the number of free events can matter: some amount is used.
fn needs_events(case: &Case) -> bool {
    let record = case.usage.first();
    let total = record.and_then(|r| number(&r["total"]));
    total.is_none_or(|t| !t.is_zero())
}

/// Events that carry their price.
pub fn event_priced(case: &Case) -> Result<Translation, String> {
    let mut sheet = Sheet::new(Money { exact: true, ..money(case)? });
    let mut usage = Vec::new();
    let mut decimals = 2;
    for record in &case.usage {
        let quantity = number(&record["quantity"]).unwrap_or(Rational::ONE);
        let cents = number(&record["precise_total_cents"]).map(|c| &c * &Rational::pow10(-2));
        let cost = cents.or_else(|| number(&record["amount"])).ok_or("events without a price")?;
        decimals = decimals.max(places(&cost));
        usage.push(used("use", "2025-01-02T00:00:00Z", &[("quantity", plain(&quantity)), ("cost", plain(&cost))]));
    }
    sheet.item("unit item, items");
    sheet.item(format!("event use {{ quantity: item decimals 6, cost: {} decimals {decimals} }}", sheet.money.code));
    sheet.item("meter used = sum of use.quantity");
    sheet.plan("p", vec!["price usage on each use = 100% of cost".into(), "price counted on used = free".into()]);
    let ratings = vec![month("p", 2025, 1, usage)];
    let expected = case.expected.clone();
    let judge = move |rated: &[Rated]| {
        let amount = exact_total(&rated[0]);
        let counted = line(&rated[0], "counted").and_then(|l| l.quantity.clone()).map(|(q, _)| q).unwrap_or_default();
        let each = amount.checked_div(&counted).unwrap_or_default();
        told("amount", &amount, &expected["amount"])
            .into_iter()
            .chain(told("each", &each, &expected["unit_amount"]))
            .collect()
    };
    Ok(Translation { source: sheet.text(&case.id), ratings, judge: Box::new(judge) })
}
