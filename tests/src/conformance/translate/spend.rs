//! A price on the quantity of a period, with discounts, a minimum and a cap, whole or in slices.

use super::super::data::{Case, list, need, number};
use super::super::judge::{Anatomy, Posted, net};
use super::super::run::{Rating, Translation};
use super::super::text::{Money, Sheet, decimal, percent};
use super::{date, ladder, money, month, places, plain, used};
use price_value::Rational;
use serde_json::Value;

/// A price of the file `plan p`, with the event `use` and the meter `used`.
pub struct Priced {
    /// The file.
    pub sheet: Sheet,
    /// How its invoice is read.
    pub anatomy: Anatomy,
    /// Whether the price looks at the total to find one tier.
    pub by_total: bool,
    /// Whether the quantity is money.
    of_money: bool,
}

/// The file of a price with the adjustments of its model. `decimals` are those of the usage.
pub fn price(case: &Case, decimals: u32, signed: bool) -> Result<Priced, String> {
    let model = &case.model;
    let price = &model["price"];
    let money = money(case)?;
    let mut sheet = Sheet::new(money.clone());
    let kind = price["type"].as_str().unwrap_or_default();
    let mode = price["mode"].as_str().unwrap_or_default();
    let of_money = kind == "dynamic" || mode == "graduated_percentage";
    let sign = if signed { "signed " } else { "" };
    let places = if decimals > 0 { format!(" decimals {decimals}") } else { String::new() };
    if of_money {
        sheet.item(format!("event use {{ cost: {sign}{} decimals {} }}", money.code, decimals.max(2)));
        sheet.item("meter used = sum of use.cost");
    } else {
        sheet.item("unit item, items");
        let conversion = &model["unit_config"];
        match conversion.is_null() {
            true => {
                sheet.item(format!("event use {{ quantity: {sign}item{places} }}"));
                sheet.item("meter used = sum of use.quantity");
            }
            false => {
                let billed = super::quantity::conversion(conversion)?;
                sheet.item(format!("event use {{\n  quantity: item{places}\n  billed: item = {billed}\n}}"));
                sheet.item("meter used = sum of use.billed");
            }
        }
    }
    let mut anatomy = Anatomy { tiers: Vec::new(), whole: "unit", package: None, money: money.clone() };
    let mut by_total = false;
    let mut statements = Vec::new();
    let even_at_zero = matches!(case.engine(), "om" | "lago");
    match kind {
        "unit" => {
            let unit = need(&price["unit"], "unit price")?;
            statements.push(format!("price usage on used = {} per item", money.of(&unit)));
        }
        "package" => {
            let (size, amount) = (need(&price["size"], "package size")?, need(&price["amount"], "package price")?);
            let round = price["round"].as_str().unwrap_or("up");
            statements.push(match round {
                "up" => format!("price usage on used = {} per started {} items", money.of(&amount), decimal(&size)),
                "down" => {
                    // Whole packages only: each costs as much as its last unit.
                    return Err("a package that is charged when it is full, not when it is begun, has no word".into());
                }
                other => return Err(format!("packages rounded `{other}` have no word")),
            });
            if let Some(free) = number(&price["free_units"]).filter(|f| !f.is_zero()) {
                statements.push(format!("discount free_units = {} items on usage", decimal(&free)));
            }
            anatomy.whole = "package";
            anatomy.package = Some(amount);
        }
        "dynamic" => {
            let multiplier = need(&price["multiplier"], "multiplier")?;
            let share = percent(&(&multiplier * &Rational::int(100)));
            statements.push(format!("price usage on used = {share}"));
            anatomy.whole = "dynamic";
        }
        "flat" => {
            let amount = need(&price["amount"], "amount")?;
            let when = match price["payment_term"].as_str() {
                Some("in_arrears") => "in arrears",
                _ => "in advance",
            };
            statements.push(format!("fee usage = {} per month {when}", money.of(&amount)));
            statements.push("prorate usage never".into());
            anatomy.whole = "flat";
        }
        "tiered" => {
            let tiers = ladder::tiers(price)?;
            by_total = mode == "volume";
            let word = if by_total { "volume" } else { "graduated" };
            let cliffs = if by_total { "\n  allow cliffs" } else { "" };
            let block = ladder::write(word, &tiers, &money, of_money, even_at_zero).replace('\n', "\n  ");
            // Tiers are looked up by what is left of the quantity.
            let free = list(&model["discounts"]).iter().any(|discount| discount["type"].as_str() == Some("usage"));
            let count = if free { "\n  tiers count net usage" } else { "" };
            statements.push(format!("price usage on used {{\n  {block}{count}{cliffs}\n}}"));
            anatomy.tiers = ladder::bounds(&tiers);
        }
        other => return Err(format!("a price of the type `{other}` is not known here")),
    }
    for (place, discount) in list(&model["discounts"]).iter().enumerate() {
        let off = match discount["type"].as_str() {
            Some("percentage") => percent(&need(&discount["percent"], "percentage")?),
            Some("fixed") => money.of(&need(&discount["amount"], "discount")?),
            Some("usage") => format!("{} items", decimal(&need(&discount["quantity"], "free quantity")?)),
            other => return Err(format!("a discount of the type {other:?} is not known here")),
        };
        statements.push(format!("discount d{} = {off} on usage", place + 1));
    }
    if let Some(least) = number(&model["minimum_spend"]) {
        statements.push(format!("minimum all at {} per month whole", money.of(&least)));
    }
    if let Some(most) = number(&model["maximum_spend"]) {
        statements.push(format!("cap usage at {} per month whole", money.of(&most)));
    }
    sheet.plan("p", statements);
    Ok(Priced { sheet, anatomy, by_total, of_money })
}

impl Priced {
    /// A rating of some quantities, each an event of its own.
    pub fn rating(&self, quantities: &[Rational]) -> Rating {
        let field = if self.of_money { "cost" } else { "quantity" };
        let events = quantities.iter().filter(|q| !q.is_zero()).enumerate();
        let usage = events.map(|(i, q)| used("use", &format!("2025-01-{:02}T00:00:00Z", 2 + i), &[(field, plain(q))]));
        month("p", 2025, 1, usage.collect())
    }
}

/// Cases with one quantity, or one slice of a period after another quantity.
pub fn translate(case: &Case) -> Result<Translation, String> {
    let usage = case.usage.first().cloned().unwrap_or(Value::Null);
    let quantity = need(&usage["quantity"], "quantity")?;
    let prior = number(&usage["prior_quantity"]).unwrap_or_default();
    let decimals = places(&quantity).max(places(&prior));
    let made = price(case, decimals, quantity.is_negative())?;
    let flat = made.anatomy.whole == "flat";
    let position = case.model["line_position"].as_str().unwrap_or("single").to_owned();
    let in_arrears = case.model["price"]["payment_term"].as_str() == Some("in_arrears");
    let finally = matches!(position.as_str(), "single" | "last");
    // A fee in advance is due with the first slice of a period, one in arrears with its last.
    let fee_due = if in_arrears { finally } else { matches!(position.as_str(), "single" | "first") };
    let before = vec![prior.clone()];
    let after = if prior.is_zero() { vec![quantity] } else { vec![prior, quantity] };
    let ratings = vec![made.rating(&before), made.rating(&after)];
    let (anatomy, by_total) = (made.anatomy.clone(), made.by_total);
    let sliced = position != "single";
    let expected = case.expected.clone();
    let judge = move |rated: &[crate::program::Rated]| {
        // An interim slice posts what cannot be taken back; a price that the period's total
        // decides is due with the last slice.
        let nothing = Posted::default();
        let earlier = match (flat, by_total, sliced) {
            (false, false, true) => anatomy.posted(&rated[0], false),
            _ => nothing.clone(),
        };
        let now = match (flat, by_total && !finally) {
            (true, _) if !fee_due => nothing,
            (false, true) => nothing,
            _ => anatomy.posted(&rated[1], finally),
        };
        let posted = now.since(&earlier);
        let total = number(&expected["total"]).or_else(|| number(&expected["amount"]));
        let lines = expected.get("lines").map(list);
        let mut wrong = posted.against(lines, total, "");
        wrong.extend(details(&expected, &rated[1], &anatomy));
        wrong
    };
    Ok(Translation { source: made.sheet.text(&case.id), ratings, judge: Box::new(judge) })
}

/// What some results tell besides amounts.
fn details(expected: &Value, rated: &crate::program::Rated, anatomy: &Anatomy) -> Vec<String> {
    let mut wrong = Vec::new();
    let line = super::super::judge::line(rated, "usage");
    let paid = line.map(net).unwrap_or_default();
    let gross = line.map(|l| l.gross.clone()).unwrap_or_default();
    let mut tell = |what: &str, got: Rational, want: &Value| {
        wrong.extend(super::super::judge::told(what, &got, want));
    };
    tell("paid units", paid.clone(), &expected["paid_units"]);
    if let Some(each) = &anatomy.package {
        tell("packages", gross.checked_div(each).unwrap_or_default(), &expected["packages"]);
    }
    if anatomy.tiers.is_empty() {
        let each = gross.checked_div(&paid).unwrap_or_default();
        tell("amount of a unit", each, &expected["effective_unit_amount"]);
    }
    let posted = anatomy.posted(rated, true);
    let part = |name: String| posted.parts.get(&name).cloned().unwrap_or_default();
    for range in list(&expected["ranges"]) {
        let place = number(&range["range"]).unwrap_or_default();
        let (unit, flat) = (part(format!("tier{place}.unit")), part(format!("tier{place}.flat")));
        tell(&format!("units of tier {place}"), unit.0, &range["units"]);
        tell(&format!("units' amount of tier {place}"), unit.1.clone(), &range["unit_total"]);
        tell(&format!("flat part of tier {place}"), flat.1.clone(), &range["flat"]);
        tell(&format!("tier {place}"), &unit.1 + &flat.1, &range["total"]);
    }
    if !anatomy.tiers.is_empty() && expected.get("unit_total").is_some() {
        let sum = |suffix: &str| -> Rational {
            posted.parts.iter().filter(|(n, _)| n.ends_with(suffix)).map(|(_, p)| &p.1).sum()
        };
        tell("units' amount", sum(".unit"), &expected["unit_total"]);
        tell("flat part", sum(".flat"), &expected["flat"]);
    }
    wrong
}

/// Usage that an entitlement includes.
pub fn free_units(case: &Case) -> Result<Translation, String> {
    let unit = need(&case.model["price"]["unit"], "unit price")?;
    let quantity = need(case.first("quantity"), "quantity")?;
    let money = Money { exact: true, ..money(case)? };
    let mut sheet = Sheet::new(money.clone());
    sheet.item("unit item, items");
    sheet.item(format!("event use {{ quantity: item decimals {} }}", places(&quantity)));
    sheet.item("meter used = sum of use.quantity");
    let entitlement = &case.model["entitlement"];
    let mut statements = Vec::new();
    match (entitlement.is_null(), number(&entitlement["limit"])) {
        (true, _) => statements.push(format!("price usage on used = {} per item", money.of(&unit))),
        // Without a limit everything is included.
        (false, None) => statements.push("price usage on used = free".into()),
        (false, Some(limit)) => {
            statements.push(format!("allowance included = {} items per month on used", decimal(&limit)));
            statements.push(format!("price usage on used = {} per item", money.of(&unit)));
            statements.push("waterfall {\n  first   allowance included\n  finally invoice\n}".into());
            statements.push("prorate included never".into());
        }
    }
    sheet.plan("p", statements);
    let from = date(2025, 1, 1);
    let rating = Rating {
        from,
        ..month("p", 2025, 1, vec![used("use", "2025-01-02T00:00:00Z", &[("quantity", plain(&quantity))])])
    };
    let expected = case.expected.clone();
    let judge = move |rated: &[crate::program::Rated]| {
        let got = super::super::judge::exact_total(&rated[0]);
        super::super::judge::told("total", &got, &expected["total"]).into_iter().collect()
    };
    Ok(Translation { source: sheet.text(&case.id), ratings: vec![rating], judge: Box::new(judge) })
}
