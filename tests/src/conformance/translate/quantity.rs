//! Quantities that are converted, rounded or free.

use super::super::data::{Case, list, need, number};
use super::super::judge::{line, net, told};
use super::super::run::Translation;
use super::super::text::{Sheet, decimal};
use super::{ladder, month, places, plain, spend, used};
use crate::program::Rated;
use price_value::Rational;
use serde_json::Value;

/// The formula of a billed quantity: converted event by event, as the other engine does it
/// slice by slice.
pub fn conversion(model: &Value) -> Result<String, String> {
    let factor = need(&model["factor"], "factor")?;
    let converted = match model["op"].as_str() {
        Some("divide") => format!("quantity / {}", decimal(&factor)),
        Some("multiply") => format!("quantity * {}", decimal(&factor)),
        other => return Err(format!("the conversion {other:?} is not known here")),
    };
    let digits = number(&model["precision"]).and_then(|p| p.to_i128()).unwrap_or(0);
    Ok(format!("{converted}{}", rounded(model["rounding"].as_str().unwrap_or("none"), digits as i32)?))
}

/// ` rounded up to 1 item`.
fn rounded(mode: &str, digits: i32) -> Result<String, String> {
    if mode == "none" {
        return Ok(String::new());
    }
    let step = decimal(&Rational::pow10(-digits));
    Ok(format!(" rounded {} to {step} item", super::mode(mode)?))
}

/// Cases about a quantity alone or about a price on a converted one.
pub fn translate(case: &Case) -> Result<Translation, String> {
    if !case.model["price"].is_null() {
        return spend::translate(case);
    }
    let model = &case.model;
    let quantity = need(case.first("quantity"), "quantity")?;
    let prior = number(case.first("prior_quantity")).unwrap_or_default();
    let decimals = places(&quantity).max(places(&prior));
    let mut sheet = Sheet::new(super::money(case)?);
    sheet.item("unit item, items");
    let mut statements = vec!["price usage on used = $1 per item".to_owned()];
    let field = format!("quantity: item decimals {decimals}");
    if let Some(function) = model["round_function"].as_str() {
        let digits = number(&model["precision"]).and_then(|p| p.to_i128()).unwrap_or(0) as i32;
        sheet.item(format!("event use {{\n  {field}\n  billed: item = quantity{}\n}}", rounded(function, digits)?));
        sheet.item("meter used = sum of use.billed");
    } else if !model["unit_config"].is_null() {
        sheet.item(format!("event use {{\n  {field}\n  billed: item = {}\n}}", conversion(&model["unit_config"])?));
        sheet.item("meter used = sum of use.billed");
    } else {
        sheet.item(format!("event use {{ {field} }}"));
        sheet.item("meter used = sum of use.quantity");
        for (place, discount) in list(&model["discounts"]).iter().enumerate() {
            let free = need(&discount["quantity"], "free quantity")?;
            statements.push(format!("discount d{} = {} items on usage", place + 1, decimal(&free)));
        }
    }
    sheet.plan("p", statements);
    let rating = |quantities: &[&Rational]| {
        let events = quantities.iter().filter(|q| !q.is_zero()).enumerate();
        let event = |(i, q): (usize, &&Rational)| {
            used("use", &format!("2025-01-{:02}T00:00:00Z", 2 + i), &[("quantity", plain(q))])
        };
        month("p", 2025, 1, events.map(event).collect())
    };
    let ratings = vec![rating(&[&prior]), rating(&[&prior, &quantity])];
    let expected = case.expected.clone();
    let judge = move |rated: &[Rated]| {
        let billed = |r: &Rated| line(r, "usage").map(net).unwrap_or_default();
        let (before, after) = (billed(&rated[0]), billed(&rated[1]));
        let slice = &after - &before;
        let mut wrong: Vec<String> = Vec::new();
        wrong.extend(told("billed quantity", &slice, &expected["billed_quantity"]));
        wrong.extend(told("quantity", &slice, &expected["quantity"]));
        wrong.extend(told("earlier quantity", &before, &expected["prior_quantity_after_discount"]));
        wrong
    };
    let _ = ladder::bounds;
    Ok(Translation { source: sheet.text(&case.id), ratings, judge: Box::new(judge) })
}
