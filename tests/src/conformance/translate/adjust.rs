//! Discounts, coupons and minimums on amounts that are given.

use super::super::data::{Case, list, need, number, slug, text};
use super::super::judge::{amount, minimum, total};
use super::super::run::{Rating, Translation};
use super::super::text::{Money, Sheet, decimal, percent};
use super::proration::stretch;
use super::{date, money, month, places, plain, served, used};
use crate::program::Rated;
use price_value::Rational;
use serde_json::Value;

/// Cases without a price of their own: amounts are fees.
pub fn translate(case: &Case) -> Result<Translation, String> {
    match case.kind.as_str() {
        "coupon" => coupons(case),
        "commitment_true_up" | "min_spend" => true_up(case),
        _ => discounts(case),
    }
}

fn cents(value: &Value) -> Option<Rational> {
    number(value).map(|c| &c * &Rational::pow10(-2))
}

/// A file of fees with statements on them; what is off and what is left.
struct Fees {
    money: Money,
    lines: Vec<(String, Rational)>,
    statements: Vec<String>,
}

impl Fees {
    fn sheet(&self) -> Sheet {
        let mut sheet = Sheet::new(self.money.clone());
        let fee = |(name, amount): &(String, Rational)| format!("fee {name} = {} once", self.money.of(amount));
        let mut all: Vec<String> = self.lines.iter().map(fee).collect();
        all.extend(self.statements.iter().cloned());
        sheet.plan("p", all);
        sheet
    }

    fn gross(&self) -> Rational {
        self.lines.iter().map(|(_, a)| a).sum()
    }
}

/// The percentage of a discount; more than everything is everything.
fn share(value: &Rational) -> String {
    percent(&value.clone().min(Rational::int(100)))
}

fn discounts(case: &Case) -> Result<Translation, String> {
    let money = Money { exact: false, ..money(case)? };
    let given = need(case.first("amount"), "amount")?;
    let mut fees = Fees { money, lines: vec![("line1".into(), given)], statements: Vec::new() };
    for (place, discount) in list(&case.model["discounts"]).iter().enumerate() {
        let off = off(discount, &fees.money)?;
        fees.statements.push(format!("discount d{} = {off} on line1", place + 1));
    }
    let gross = fees.gross();
    let expected = case.expected.clone();
    let judge = move |rated: &[Rated]| {
        let left = total(&rated[0]);
        let mut wrong: Vec<String> = Vec::new();
        wrong.extend(super::super::judge::told("discount", &(&gross - &left), &expected["discount"]));
        wrong.extend(super::super::judge::told("total", &left, &expected["total"]));
        wrong
    };
    let ratings = vec![month("p", 2025, 1, Vec::new())];
    Ok(Translation { source: fees.sheet().text(&case.id), ratings, judge: Box::new(judge) })
}

/// What a discount takes off.
pub fn off(discount: &Value, money: &Money) -> Result<String, String> {
    let fixed =
        number(&discount["fixed"]).or_else(|| number(&discount["amount"])).or_else(|| cents(&discount["fixed_cents"]));
    match (number(&discount["percent"]), fixed) {
        (Some(part), _) => Ok(share(&part)),
        (None, Some(fixed)) => Ok(money.of(&fixed)),
        (None, None) => Err("a discount that is neither a percentage nor an amount".into()),
    }
}

fn coupons(case: &Case) -> Result<Translation, String> {
    let record = case.usage.first().ok_or("the case gives no usage")?;
    if number(&record["already_used_cents"]).is_some_and(|u| !u.is_zero()) {
        return Err("a coupon that is used up over several invoices keeps a balance, which is a wallet".into());
    }
    let mut fees = Fees { money: Money::dollars(), lines: Vec::new(), statements: Vec::new() };
    for base in ["base_cents", "subtotal_cents"] {
        if let Some(amount) = cents(&record[base]) {
            fees.lines.push(("line1".into(), amount));
        }
    }
    for (place, fee) in list(&record["fees_cents"]).iter().enumerate() {
        fees.lines.push((format!("line{}", place + 1), cents(fee).ok_or("a fee without an amount")?));
    }
    for fee in list(&record["fees"]) {
        let scope = text(&fee["scope"]).or_else(|| text(&fee["type"])).ok_or("a fee without a scope")?;
        fees.lines.push((slug(&scope), cents(&fee["cents"]).ok_or("a fee without an amount")?));
    }
    let told: Rational = fees.gross();
    if let Some(all) = cents(&record["invoice_fees_cents"]).filter(|all| *all > told) {
        fees.lines.push(("other".into(), &all - &told));
    }
    if fees.lines.is_empty() {
        return Err("the case gives no amount".into());
    }
    let mut coupons: Vec<&Value> = list(&case.model["coupons"]).iter().collect();
    let order = case.model["order"].as_str().unwrap_or_default();
    // A coupon in another currency or for another plan is not written at all.
    coupons.retain(|c| c["applicable"].as_bool() != Some(false) && c["plan"].as_str() != Some("other"));
    if order.starts_with("percentages first") {
        coupons.sort_by_key(|c| (c.get("percent").is_none(), text(&c["id"])));
    } else {
        let limited = |c: &&Value| match (c.get("metric"), c.get("plan")) {
            (Some(_), _) => 0,
            (None, Some(_)) => 1,
            (None, None) => 2,
        };
        coupons.sort_by_key(limited);
    }
    for (place, coupon) in coupons.iter().enumerate() {
        let off = off(coupon, &fees.money)?;
        let scope = match (text(&coupon["metric"]), coupon.get("plan")) {
            (Some(metric), _) => slug(&format!("metric {metric}")),
            (None, Some(_)) => "subscription".into(),
            (None, None) => "all".into(),
        };
        if scope != "all" && !fees.lines.iter().any(|(n, _)| *n == scope) {
            continue;
        }
        fees.statements.push(format!("discount coupon{} = {off} on {scope}", place + 1));
    }
    let (gross, used_coupons) = (fees.gross(), fees.statements.len());
    let expected = case.expected.clone();
    let hundred = Rational::int(100);
    let judge = move |rated: &[Rated]| {
        let left = total(&rated[0]);
        let mut wrong: Vec<String> = Vec::new();
        let off = &(&gross - &left) * &hundred;
        wrong.extend(super::super::judge::told("discount", &off, &expected["discount_cents"]));
        wrong.extend(super::super::judge::told("subtotal", &(&left * &hundred), &expected["subtotal_cents"]));
        wrong.extend(super::super::judge::told(
            "coupons",
            &Rational::int(used_coupons as i128),
            &expected["coupons_used"],
        ));
        wrong
    };
    let ratings = vec![month("p", 2025, 1, Vec::new())];
    Ok(Translation { source: fees.sheet().text(&case.id), ratings, judge: Box::new(judge) })
}

/// A discount over lines, split by largest remainder.
pub fn distributed(case: &Case) -> Result<Translation, String> {
    let record = case.usage.first().ok_or("the case gives no usage")?;
    let mut fees = Fees { money: Money::dollars(), lines: Vec::new(), statements: Vec::new() };
    for (place, line) in list(&record["lines_cents"]).iter().enumerate() {
        fees.lines.push((format!("line{:03}", place + 1), cents(line).ok_or("a line without an amount")?));
    }
    let off = cents(&record["discount_cents"]).ok_or("no discount")?;
    fees.statements.push(format!("discount d = {} on all", fees.money.of(&off)));
    let names: Vec<String> = fees.lines.iter().map(|(n, _)| n.clone()).collect();
    let expected = case.expected.clone();
    let judge = move |rated: &[Rated]| {
        let mut wrong = Vec::new();
        for (name, want) in names.iter().zip(list(&expected["net_lines_cents"])) {
            let got = &amount(&rated[0], name) * &Rational::int(100);
            wrong.extend(super::super::judge::told(name, &got, want));
        }
        wrong
    };
    let ratings = vec![month("p", 2025, 1, Vec::new())];
    Ok(Translation { source: fees.sheet().text(&case.id), ratings, judge: Box::new(judge) })
}

/// A credit that takes back no more than what was paid and not credited before.
pub fn credit(case: &Case) -> Result<Translation, String> {
    if case.model["rule"].as_str() != Some("credit = clamp(potential, 0, paid - earlier credits)") {
        return Err("a credit by a rule the translation cannot read".into());
    }
    let record = case.usage.first().ok_or("the case gives no usage")?;
    let (paid, earlier) = (need(&record["paid"], "payment")?, need(&record["earlier_credits"], "earlier credits")?);
    let potential = need(&record["potential"], "credit")?;
    let money = Money::dollars();
    let mut sheet = Sheet::new(money.clone());
    sheet.item("event change { credit: signed USD decimals 6 }\nmeter potential = sum of change.credit");
    sheet.plan(
        "p",
        vec![format!(
            "rebate credit on potential {{\n  100%\n  at least $0.00 per month whole\n  at most ({} - {}) per month whole\n}}",
            money.of(&paid),
            money.of(&earlier)
        )],
    );
    let expected = case.expected.clone();
    let judge = move |rated: &[Rated]| {
        let credited = -amount(&rated[0], "credit");
        super::super::judge::told("credit", &credited, &expected["credit"]).into_iter().collect()
    };
    let usage = vec![used("change", "2025-01-02T00:00:00Z", &[("credit", plain(&potential))])];
    let ratings = vec![month("p", 2025, 1, usage)];
    Ok(Translation { source: sheet.text(&case.id), ratings, judge: Box::new(judge) })
}

/// The rest up to a minimum.
fn true_up(case: &Case) -> Result<Translation, String> {
    let model = &case.model;
    if let Some(plan_fee) = cents(&model["plan_fee_cents"]) {
        return prorated_true_up(case, &plan_fee);
    }
    if let Some(rate) = number(&model["pricing_unit_conversion_rate"]) {
        return converted_true_up(case, &rate);
    }
    let mut money = money(case)?;
    money.exact = false;
    let yearly = model["interval"].as_str() == Some("yearly");
    let word = if yearly { "year" } else { "month" };
    let least = ["minimum_cents", "plan_minimum_commitment_cents"]
        .iter()
        .find_map(|key| cents(&model[*key]))
        .or_else(|| number(&model["commitment"]))
        .ok_or("the case gives no minimum")?;
    let mut sheet = Sheet::new(money.clone());
    if yearly {
        sheet.billing = "yearly on day 1".into();
    }
    sheet.item(format!("event use {{ cost: {} decimals 6 }}", money.code));
    let mut statements = vec![format!(
        "price usage on each use {{\n  100% of cost\n  round each use {} to {}\n}}",
        money.mode,
        money.of(&money.step())
    )];
    statements.push(format!("minimum all at {} per {word} whole", money.of(&least)));
    sheet.plan("p", statements);
    let mut usage = Vec::new();
    for record in &case.usage {
        let known = ["cents", "used_cents"].iter().find_map(|key| cents(&record[*key]));
        let cost = known.or_else(|| number(&record["used"])).ok_or("usage without an amount")?;
        // What belongs to the next period is used in the next period.
        let counts = record["counts"].as_bool() != Some(false);
        let at = if counts { "2025-01-02T00:00:00Z" } else { "2026-01-02T00:00:00Z" };
        usage.push(used("use", at, &[("cost", plain(&cost))]));
    }
    let from = date(2025, 1, 1);
    let until = from.add_months(if yearly { 12 } else { 1 }, 1);
    let subscriptions = vec![served(from, date(2027, 1, 1))];
    let ratings = vec![Rating { plan: "p".into(), subscriptions, usage, from, until }];
    let expected = case.expected.clone();
    let judge = move |rated: &[Rated]| {
        let got = minimum(&rated[0]);
        let mut wrong: Vec<String> = Vec::new();
        wrong.extend(super::super::judge::told("true-up", &(&got * &Rational::int(100)), &expected["true_up_cents"]));
        wrong.extend(super::super::judge::told("true-up", &got, &expected["true_up"]));
        wrong
    };
    Ok(Translation { source: sheet.text(&case.id), ratings, judge: Box::new(judge) })
}

/// A minimum in a unit that is priced at one rate.
fn converted_true_up(case: &Case, rate: &Rational) -> Result<Translation, String> {
    let said = text(&case.model["minimum"]).ok_or("the case gives no minimum")?;
    let least: Rational =
        said.split_whitespace().next().and_then(|n| n.parse().ok()).ok_or("a minimum that is no number")?;
    let quantity = need(case.first("used"), "usage")?;
    let money = Money::dollars();
    let mut sheet = Sheet::new(money.clone());
    // A hundredth of a unit is what both numbers count.
    let cent = &(rate * &Rational::pow10(-2));
    sheet.item("unit item, items");
    sheet.item(format!(
        "event use {{ quantity: item decimals {} }}\nmeter used = sum of use.quantity",
        places(&quantity)
    ));
    sheet.plan(
        "p",
        vec![
            format!("price usage on used = {} per item", money.of(cent)),
            format!("minimum all at ({} items * {} per item) per month whole", decimal(&least), money.of(cent)),
        ],
    );
    let ratings =
        vec![month("p", 2025, 1, vec![used("use", "2025-01-02T00:00:00Z", &[("quantity", plain(&quantity))])])];
    let (expected, cent) = (case.expected.clone(), cent.clone());
    let judge = move |rated: &[Rated]| {
        let got = minimum(&rated[0]);
        let units = got.checked_div(&cent).unwrap_or_default();
        let mut wrong: Vec<String> = Vec::new();
        wrong.extend(super::super::judge::told("true-up", &(&got * &Rational::int(100)), &expected["true_up_cents"]));
        wrong.extend(super::super::judge::told("true-up in units", &units, &expected["true_up_pricing_units"]));
        wrong
    };
    Ok(Translation { source: sheet.text(&case.id), ratings, judge: Box::new(judge) })
}

/// A minimum and a fee that are both prorated by days.
fn prorated_true_up(case: &Case, plan_fee: &Rational) -> Result<Translation, String> {
    let least = cents(&case.model["plan_minimum_commitment_cents"]).ok_or("the case gives no minimum")?;
    let days = |key: &str| need(case.first(key), key).map(|d| d.to_i128().unwrap_or(0) as i64);
    let (part, full) = (days("period_days")?, days("full_period_days")?);
    let stretch = stretch(full, part == full)?;
    let mut sheet = Sheet::new(Money::dollars());
    sheet.billing = stretch.billing.into();
    let word = stretch.word;
    sheet.plan(
        "p",
        vec![
            format!("fee plan_fee = {} per {word} in arrears", sheet.money.of(plan_fee)),
            format!("minimum all at {} per {word} prorated daily", sheet.money.of(&least)),
            "prorate plan_fee daily".into(),
        ],
    );
    let from = if part == full { stretch.from } else { stretch.until.add_days(-(part as i32)) };
    let subscriptions = vec![served(from, stretch.until)];
    let ratings =
        vec![Rating { plan: "p".into(), subscriptions, usage: Vec::new(), from: stretch.from, until: stretch.until }];
    let expected = case.expected.clone();
    let judge = move |rated: &[Rated]| {
        let hundred = Rational::int(100);
        let (least, fee) = (minimum(&rated[0]), amount(&rated[0], "plan_fee"));
        let mut wrong: Vec<String> = Vec::new();
        let told = super::super::judge::told;
        wrong.extend(told("true-up", &(&least * &hundred), &expected["true_up_cents"]));
        wrong.extend(told("fee", &(&fee * &hundred), &expected["prorated_plan_fee_cents"]));
        wrong.extend(told("commitment", &(&(&least + &fee) * &hundred), &expected["prorated_commitment_cents"]));
        wrong
    };
    Ok(Translation { source: sheet.text(&case.id), ratings, judge: Box::new(judge) })
}
