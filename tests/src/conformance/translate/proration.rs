//! Parts of periods: fees by days, and changes in the middle of a period.

use super::super::data::{Case, list, need, number, slug, text};
use super::super::judge::{amount, differs, exact_total, sorted, told};
use super::super::run::{Rating, Translation};
use super::super::text::{Money, Sheet};
use super::{date, day, levels, money, served};
use crate::program::Rated;
use price_value::{Date, Rational, Rounding, RoundingMode};
use serde_json::Value;
use std::collections::BTreeSet;

/// A billing period with a number of days.
pub struct Stretch {
    /// The statement.
    pub billing: &'static str,
    /// `month`, `quarter`, `year`.
    pub word: &'static str,
    /// First day.
    pub from: Date,
    /// First day after.
    pub until: Date,
}

/// A calendar period of so many days. `any`: its length does not matter.
pub fn stretch(days: i64, any: bool) -> Result<Stretch, String> {
    let (billing, word, from, months) = match days {
        28 => ("monthly on day 1", "month", date(2025, 2, 1), 1),
        29 => ("monthly on day 1", "month", date(2024, 2, 1), 1),
        30 => ("monthly on day 1", "month", date(2025, 4, 1), 1),
        31 => ("monthly on day 1", "month", date(2025, 1, 1), 1),
        90 => ("quarterly on day 1", "quarter", date(2025, 1, 1), 3),
        91 => ("quarterly on day 1", "quarter", date(2025, 4, 1), 3),
        92 => ("quarterly on day 1", "quarter", date(2025, 7, 1), 3),
        365 => ("yearly on day 1", "year", date(2025, 1, 1), 12),
        366 => ("yearly on day 1", "year", date(2024, 1, 1), 12),
        _ if any => ("monthly on day 1", "month", date(2025, 1, 1), 1),
        _ => return Err(format!("billing periods of {days} days are not in this version")),
    };
    Ok(Stretch { billing, word, from, until: from.add_months(months, 1) })
}

/// Every form of the kind.
pub fn translate(case: &Case) -> Result<Translation, String> {
    let model = &case.model;
    let first = case.usage.first().unwrap_or(&Value::Null);
    if model["aggregation"].is_string() {
        return levels::prorated_sum(case);
    }
    if case.kind == "proration_netting" {
        return netting(case);
    }
    if model["trial_days"].is_string() || model["trial_days"].is_number() {
        return trial(case);
    }
    if first.get("service_days").is_some() {
        return days(case);
    }
    if first.get("old_amount").is_some() || (model.get("change_at").is_some() && first.get("kind").is_some()) {
        return change(case);
    }
    factor(case)
}

/// A fee for some days of a period.
fn days(case: &Case) -> Result<Translation, String> {
    let day_count = |key: &str| need(case.first(key), key).map(|d| d.to_i128().unwrap_or(0) as i64);
    let (part, full) = (day_count("service_days")?, day_count("full_period_days")?);
    if part <= 0 {
        return Err(
            "a service period without a day is billed in full: a subscription without a day has no invoice".into()
        );
    }
    let prorated = case.model["proration"]["enabled"].as_bool() != Some(false);
    let money = Money { exact: false, ..money(case)? };
    let fee = need(&case.model["price"]["amount"], "amount")?;
    let stretch = stretch(full, part >= full)?;
    let mut sheet = Sheet::new(money);
    sheet.billing = stretch.billing.into();
    let how = if prorated { "daily" } else { "never" };
    sheet.plan(
        "p",
        vec![
            format!("fee plan_fee = {} per {} in arrears", sheet.money.of(&fee), stretch.word),
            format!("prorate plan_fee {how}"),
        ],
    );
    // More days than the period has are all of them.
    let from = if part >= full { stretch.from } else { stretch.until.add_days(-(part as i32)) };
    let subscriptions = vec![served(from, stretch.until)];
    let ratings =
        vec![Rating { plan: "p".into(), subscriptions, usage: Vec::new(), from: stretch.from, until: stretch.until }];
    let expected = case.expected.clone();
    let judge = move |rated: &[Rated]| {
        told("amount", &amount(&rated[0], "plan_fee"), &expected["amount"]).into_iter().collect()
    };
    Ok(Translation { source: sheet.text(&case.id), ratings, judge: Box::new(judge) })
}

/// The factor of a stretch: what a fee of one comes to, before rounding.
fn factor(case: &Case) -> Result<Translation, String> {
    let record = case.usage.first().ok_or("the case gives no usage")?;
    let at = |value: &Value| value.as_str().ok_or_else(|| "a range without a date".to_owned()).and_then(day);
    let mut sheet = Sheet::new(Money::dollars());
    let mut word = "month";
    let (from, until) = if record.get("partial").is_some() {
        let (start, end) = (at(&record["full"][0])?, at(&record["full"][1])?);
        let stretch = stretch(start.days_until(end), false)?;
        if start.day() != 1 || (stretch.word == "quarter" && start.month() % 3 != 1) {
            return Err("billing periods that begin in any month are not in this version".into());
        }
        sheet.billing = stretch.billing.into();
        word = stretch.word;
        (at(&record["partial"][0])?, at(&record["partial"][1])?)
    } else {
        let (from, mut until) = (at(&record["from"])?, at(&record["to"])?);
        if let Some(cycle) = number(&record["cycle_day"]) {
            let late = if cycle > Rational::int(28) { " or last day" } else { "" };
            sheet.billing = format!("monthly on day {cycle}{late}");
        }
        if case.model["proration"].as_str().is_some_and(|p| p.contains("inclusive")) {
            until = until.add_days(1);
        }
        if let Some(full) = record["full_period"].as_str().filter(|f| f.len() != 7) {
            return Err(format!("a full period `{full}` that is no month"));
        }
        (from, until)
    };
    let alike = case.model["proration"].as_str().is_some_and(|p| p.contains("30-day"));
    let how = if alike { "daily in months of 30 days" } else { "daily" };
    sheet.plan("p", vec![format!("fee one = $1 per {word} in arrears"), format!("prorate one {how}")]);
    let subscriptions = vec![served(from, until)];
    let ratings = vec![Rating { plan: "p".into(), subscriptions, usage: Vec::new(), from, until }];
    let expected = case.expected.clone();
    let judge = move |rated: &[Rated]| {
        let got = exact_total(&rated[0]);
        let mut wrong = Vec::new();
        for key in ["factor", "coefficient"] {
            let Some(want) = number(&expected[key]) else { continue };
            // A decimal is told to as many digits as it has, a fraction exactly.
            let shown = text(&expected[key]).unwrap_or_default();
            let got = match shown.split_once('.') {
                Some((_, digits)) => {
                    Rounding { mode: RoundingMode::HalfUp, step: Rational::pow10(-(digits.len() as i32)) }.apply(&got)
                }
                None => got.clone(),
            };
            wrong.extend(differs(key, &got, &want));
        }
        wrong
    };
    Ok(Translation { source: sheet.text(&case.id), ratings, judge: Box::new(judge) })
}

/// A fee that is free for the first days.
fn trial(case: &Case) -> Result<Translation, String> {
    let fee = need(&case.model["plan_fee_cents"], "fee")? * Rational::pow10(-2);
    let trial = need(&case.model["trial_days"], "trial")?.to_i128().unwrap_or(0) as i32;
    let said = case.first("period").as_str().unwrap_or_default();
    if !said.starts_with("31-day month, subscription starts on day 1") {
        return Err("a trial in a period the translation cannot read".into());
    }
    let from = date(2025, 1, 1);
    let mut sheet = Sheet::new(Money::dollars());
    sheet.plan(
        "p",
        vec![
            format!("fee plan_fee = {} per month in arrears from {}", sheet.money.of(&fee), from.add_days(trial)),
            "prorate plan_fee daily".into(),
        ],
    );
    let until = from.add_months(1, 1);
    let subscriptions = vec![served(from, date(2026, 1, 1))];
    let ratings = vec![Rating { plan: "p".into(), subscriptions, usage: Vec::new(), from, until }];
    let expected = case.expected.clone();
    let judge = move |rated: &[Rated]| {
        let got = &amount(&rated[0], "plan_fee") * &Rational::int(100);
        told("amount", &got, &expected["amount_cents"]).into_iter().collect()
    };
    Ok(Translation { source: sheet.text(&case.id), ratings, judge: Box::new(judge) })
}

/// Fees that end and begin inside a period: what the changed plan comes to, less what the plan
/// before came to.
fn change(case: &Case) -> Result<Translation, String> {
    let model = &case.model;
    let at = |value: &Value| value.as_str().ok_or_else(|| "a period without dates".to_owned()).and_then(day);
    let (start, end, changed) = (at(&model["period"][0])?, at(&model["period"][1])?, at(&model["change_at"])?);
    let inclusive = model["proration"].as_str().is_some_and(|p| p.contains("inclusive"));
    let end = if inclusive { end.add_days(1) } else { end };
    let stretch = stretch(start.days_until(end), false)?;
    let changed = stretch.from.add_days(start.days_until(changed) as i32);
    let word = stretch.word;
    let mut sheet = Sheet::new(Money::dollars());
    sheet.billing = stretch.billing.into();
    let money = sheet.money.clone();
    let (mut before, mut after, mut names, mut prorated) = (Vec::new(), Vec::new(), Vec::new(), Vec::new());
    let credit = |name: String, amount: &Rational, names: &mut Vec<String>, [before, after]: [&mut Vec<String>; 2]| {
        before.push(format!("fee {name} = {} per {word} in advance", money.of(amount)));
        after.push(format!("fee {name} = {} per {word} in advance until {changed}", money.of(amount)));
        names.push(name);
    };
    let charge = |name: String, amount: &Rational, names: &mut Vec<String>, after: &mut Vec<String>| {
        after.push(format!("fee {name} = {} per {word} in advance from {changed}", money.of(amount)));
        names.push(name);
    };
    let cents = |value: &Value| need(value, "amount").map(|c| c * Rational::pow10(-2));
    for (place, record) in case.usage.iter().enumerate() {
        if record.get("old_amount").is_some() {
            let (old, new) = (need(&record["old_amount"], "amount")?, need(&record["new_amount"], "amount")?);
            credit("old".into(), &old, &mut names, [&mut before, &mut after]);
            charge("new".into(), &new, &mut names, &mut after);
            prorated.extend(["old".to_owned(), "new".to_owned()]);
            continue;
        }
        let amount = cents(&record["full_amount_cents"])?;
        let name = format!("line{:03}", place + 1);
        match (record["kind"].as_str(), record["cadence"].as_str()) {
            // Usage is priced, never prorated: a change of plan posts nothing for it.
            (_, Some("usage")) => names.push(name),
            (Some("charge"), Some("one_time")) => {
                after.push(format!("fee {name} = {} once from {changed}", money.of(&amount)));
                names.push(name);
            }
            (Some("credit"), Some("one_time")) => {
                before.push(format!("fee {name} = {} once", money.of(&amount)));
                after.push(format!("fee {name} = {} once", money.of(&amount)));
                names.push(name);
            }
            (Some("credit"), _) => {
                credit(name.clone(), &amount, &mut names, [&mut before, &mut after]);
                prorated.push(name);
            }
            (Some("charge"), _) => {
                charge(name.clone(), &amount, &mut names, &mut after);
                prorated.push(name);
            }
            (other, _) => return Err(format!("what `{other:?}` does is not known here")),
        }
    }
    let own = |fees: &[String]| {
        let used = prorated.iter().filter(|n| fees.iter().any(|f| f.starts_with(&format!("fee {n} "))));
        let named: Vec<&str> = used.map(String::as_str).collect();
        (!named.is_empty()).then(|| format!("prorate {} daily", named.join(", ")))
    };
    let (prorate_before, prorate_after) = (own(&before), own(&after));
    before.extend(prorate_before);
    after.extend(prorate_after);
    sheet.plan("before", before);
    sheet.plan("after", after);
    let rating = |plan: &str| Rating {
        plan: plan.into(),
        subscriptions: vec![served(stretch.from, date(2030, 1, 1))],
        usage: Vec::new(),
        from: stretch.from,
        until: stretch.until,
    };
    let ratings = vec![rating("before"), rating("after")];
    let expected = case.expected.clone();
    let judge = move |rated: &[Rated]| {
        let due = |name: &str| &amount(&rated[1], name) - &amount(&rated[0], name);
        let all: Vec<Rational> = names.iter().map(|n| due(n)).collect();
        let net: Rational = all.iter().sum();
        let mut wrong = Vec::new();
        wrong.extend(told("credit", &due("old"), &expected["credit"]));
        wrong.extend(told("charge", &due("new"), &expected["charge"]));
        wrong.extend(told("net", &net, &expected["net"]));
        wrong.extend(told("net", &(&net * &Rational::int(100)), &expected["net_cents"]));
        if expected.get("lines_cents").is_some() {
            let mut got: Vec<Rational> = all.iter().filter(|a| !a.is_zero()).map(|a| a * &Rational::int(100)).collect();
            got.sort();
            let want = sorted(&expected["lines_cents"]);
            if got != want {
                wrong.push(format!("lines {got:?}, expected {want:?}"));
            }
        }
        wrong
    };
    Ok(Translation { source: sheet.text(&case.id), ratings, judge: Box::new(judge) })
}

/// Credits and charges of one key are one line: its difference.
fn netting(case: &Case) -> Result<Translation, String> {
    let mut sheet = Sheet::new(Money::dollars());
    let (mut before, mut after) = (Vec::new(), Vec::new());
    let mut names: BTreeSet<String> = BTreeSet::new();
    let mut sums: std::collections::BTreeMap<String, (Rational, Rational)> = std::collections::BTreeMap::new();
    for (place, record) in case.usage.iter().enumerate() {
        let name = text(&record["key"]).map_or_else(|| format!("line{:03}", place + 1), |k| slug(&k));
        let amount = need(&record["cents"], "amount")? * Rational::pow10(-2);
        let entry = sums.entry(name.clone()).or_default();
        match amount.is_negative() {
            true => entry.0 += &amount.abs(),
            false => entry.1 += &amount,
        }
        names.insert(name);
    }
    for (name, (credited, charged)) in &sums {
        if !credited.is_zero() {
            before.push(format!("fee {name} = {} once", sheet.money.of(credited)));
        }
        if !charged.is_zero() {
            after.push(format!("fee {name} = {} once", sheet.money.of(charged)));
        }
    }
    sheet.plan("before", before);
    sheet.plan("after", after);
    let rating = |plan: &str| Rating { plan: plan.into(), ..super::month(plan, 2025, 1, Vec::new()) };
    let ratings = vec![rating("before"), rating("after")];
    let expected = case.expected.clone();
    let judge = move |rated: &[Rated]| {
        let due = |name: &String| &(&amount(&rated[1], name) - &amount(&rated[0], name)) * &Rational::int(100);
        let mut got: Vec<Rational> = names.iter().map(due).filter(|a| !a.is_zero()).collect();
        got.sort();
        let want = sorted(&expected["lines_cents"]);
        if got == want { Vec::new() } else { vec![format!("lines {got:?}, expected {want:?}")] }
    };
    let _ = list;
    Ok(Translation { source: sheet.text(&case.id), ratings, judge: Box::new(judge) })
}
