//! Running totals: levels that hold until the next event, weighed by time.

use super::super::data::{Case, need, number};
use super::super::judge::{exact_total, line, told};
use super::super::run::{Rating, Translation};
use super::super::text::{Money, Sheet, decimal};
use super::{date, day, ladder, month, plain, served, spend, used};
use crate::program::{Rated, Usage};
use price_value::{Rational, Rounding, RoundingMode, Timestamp};
use serde_json::Value;

/// The file with a level and its average over the month.
fn sheet() -> Sheet {
    let mut sheet = Sheet::new(Money::dollars());
    sheet.item("unit item, items");
    sheet.item("event change { held: level signed item decimals 6 }".replace("level signed", "signed level"));
    sheet.item("meter held = average of change.held");
    sheet.plan("p", vec!["price usage on held = $1 per item".into()]);
    sheet
}

/// Levels from changes: at each moment the sum so far.
fn levels(changes: &mut [(Timestamp, Rational)]) -> Vec<Usage> {
    changes.sort_by_key(|(at, _)| *at);
    let mut level = Rational::ZERO;
    let mut out: Vec<(Timestamp, Rational)> = Vec::new();
    for (at, change) in changes {
        level += &*change;
        out.retain(|(seen, _)| seen != at);
        out.push((*at, level.clone()));
    }
    out.iter().map(|(at, level)| used("change", &at.to_string(), &[("held", plain(level))])).collect()
}

/// The average of a running sum.
pub fn weighted_sum(case: &Case) -> Result<Translation, String> {
    let start = case.model["period"][0].as_str().ok_or("the case gives no period")?;
    let end = case.model["period"][1].as_str().ok_or("the case gives no period")?;
    let (from, until) = (day(start)?, day(end)?);
    if from.day() != 1 || from.add_months(1, 1) != until {
        return Err("a period that is no calendar month".into());
    }
    let zero = Timestamp::parse_rfc3339(start)?;
    let mut changes: Vec<(Timestamp, Rational)> = Vec::new();
    let carried = number(&case.model["carried_value"]).unwrap_or_default();
    if !carried.is_zero() {
        changes.push((Timestamp(zero.0 - 86_400_000_000_000), carried));
    }
    for record in &case.usage {
        let value = need(&record["value"], "value")?;
        let at = match (number(&record["hours_after_start"]), record["at"].as_str()) {
            (Some(hours), _) => {
                let nanos =
                    (&hours * &Rational::int(3_600_000_000_000)).to_i128().ok_or("a fraction of a nanosecond")?;
                Timestamp(zero.0 + nanos as i64)
            }
            (None, Some(at)) => Timestamp::parse_rfc3339(at)?,
            (None, None) => return Err("a change without a time".into()),
        };
        changes.push((at, value));
    }
    let subscriptions = vec![served(from.add_months(-1, 1), until)];
    let ratings = vec![Rating { plan: "p".into(), subscriptions, usage: levels(&mut changes), from, until }];
    let expected = case.expected.clone();
    let judge = move |rated: &[Rated]| quantity(&rated[0], &expected["quantity_rounded_5"], RoundingMode::HalfUp);
    Ok(Translation { source: sheet().text(&case.id), ratings, judge: Box::new(judge) })
}

/// The quantity of the line against one that the other engine keeps with five digits.
fn quantity(rated: &Rated, expected: &Value, mode: RoundingMode) -> Vec<String> {
    let got = line(rated, "usage").map(|l| l.gross.clone()).unwrap_or_default();
    let rounded = Rounding { mode, step: Rational::pow10(-5) }.apply(&got);
    told("quantity", &rounded, expected).into_iter().collect()
}

/// Units that count for the rest of the period from the day they are added.
pub fn prorated_sum(case: &Case) -> Result<Translation, String> {
    let start = case.model["period"][0].as_str().ok_or("the case gives no period")?;
    let from = day(start)?;
    let until = from.add_months(1, 1);
    let mut changes = Vec::new();
    for record in &case.usage {
        let at = record["at"].as_str().ok_or("a change without a time")?;
        let told = record["value"].as_str().ok_or("a change without a value")?;
        let value: Rational =
            told.split_whitespace().next().and_then(|v| v.parse().ok()).ok_or("a value that is no number")?;
        match day(at) {
            Ok(day) => changes.push((Timestamp::parse_rfc3339(&format!("{day}T00:00:00Z"))?, value)),
            Err(_) if at.starts_with("before the period") => {
                let count = at.split(|c: char| !c.is_ascii_digit()).find_map(|n| n.parse::<i128>().ok()).unwrap_or(1);
                let before = from.add_days(-1);
                let at = Timestamp::parse_rfc3339(&format!("{before}T00:00:00Z"))?;
                changes.push((at, &value * &Rational::int(count)));
            }
            Err(problem) => return Err(problem),
        }
    }
    let subscriptions = vec![served(from.add_months(-1, 1), until)];
    let ratings = vec![Rating { plan: "p".into(), subscriptions, usage: levels(&mut changes), from, until }];
    let expected = case.expected.clone();
    let judge = move |rated: &[Rated]| quantity(&rated[0], &expected["quantity"], RoundingMode::Up);
    let _ = date;
    Ok(Translation { source: sheet().text(&case.id), ratings, judge: Box::new(judge) })
}

/// A ladder walked in full units whose charge is for prorated units: each day costs a part of the
/// month on the ladder of that day's level, and a tier's flat part is due once it was entered.
pub fn graduated(case: &Case) -> Result<Translation, String> {
    let mut changes: Vec<(Rational, Rational)> = Vec::new();
    for record in &case.usage {
        let (full, part) =
            (need(&record["full_units"], "full units")?, need(&record["prorated_units"], "prorated units")?);
        changes.push((full.clone(), part.checked_div(&full).ok_or("a change by nothing")?));
    }
    if let [(full, share)] = changes.as_slice()
        && *share == Rational::ONE
    {
        // Nothing is prorated: full units are what is charged.
        let mut case = case.clone();
        case.usage = vec![serde_json::json!({ "quantity": full.to_string() })];
        return spend::translate(&case);
    }
    if changes.windows(2).any(|pair| pair[0].1 < pair[1].1) {
        return Err("a change that counts for more of the month than one before it: no order in time gives that, \
                    and the language prorates by time"
            .into());
    }
    let totals = changes.iter().scan(Rational::ZERO, |level, (full, _)| {
        *level += full;
        Some(level.clone())
    });
    if totals.into_iter().any(|level| level.is_negative()) {
        return Err("more units removed than there are: a negative level has no place on a ladder".into());
    }
    let money = Money::dollars();
    let tiers = ladder::tiers(&case.model["price"])?;
    let days = Rational::int(30);
    // The day of a month of thirty from which so much of it is left.
    let mut level = Rational::ZERO;
    let mut usage = Vec::new();
    for (full, share) in &changes {
        let left = Rounding { mode: RoundingMode::HalfUp, step: Rational::ONE }.apply(&(share * &days));
        let day = (&days - &left).to_i128().ok_or("a share of a month that is no day")? + 1;
        level += full;
        usage.push(used("change", &format!("2025-04-{day:02}T00:00:00Z"), &[("held", plain(&level))]));
    }
    let block = |charge: &dyn Fn(usize, &ladder::Tier) -> String| -> String {
        let line = |(place, tier): (usize, &ladder::Tier)| match &tier.up_to {
            Some(up_to) => format!("    up to {} items {}\n", decimal(up_to), charge(place, tier)),
            None => format!("    beyond {}\n", charge(place, tier)),
        };
        tiers.iter().enumerate().map(line).collect()
    };
    let unit = block(&|_, tier| {
        let each = tier.unit.clone().unwrap_or_default();
        if each.is_zero() { "free".into() } else { format!("{} / {days}", money.of(&each)) }
    });
    let flat = block(&|place, tier| {
        let flat = tier.flat.clone().unwrap_or_default();
        let even = if place == 0 { " even at zero" } else { "" };
        if flat.is_zero() { "free".into() } else { format!("flat {}{even}", money.of(&flat)) }
    });
    let mut sheet = Sheet::new(money.clone());
    sheet.item("unit item, items");
    sheet.item("event change { held: signed level item }");
    sheet.item("meter held = last of change.held\nmeter peak = max of change.held");
    sheet.plan(
        "p",
        vec![
            format!("price usage on held each day {{\n  graduated per item {{\n{unit}  }}\n}}"),
            format!("price entered on peak {{\n  graduated per item {{\n{flat}  }}\n}}"),
        ],
    );
    let ratings = vec![month("p", 2025, 4, usage)];
    let expected = case.expected.clone();
    let judge = move |rated: &[Rated]| {
        // The peer's shares have five digits: the amounts are compared in cents, as it does.
        let got = money.rounded(&exact_total(&rated[0]));
        told("amount", &got, &expected["amount"]).into_iter().collect()
    };
    Ok(Translation { source: sheet.text(&case.id), ratings, judge: Box::new(judge) })
}
