//! From a case to a file in our language. Each file of this folder knows a family of kinds.

mod adjust;
mod blocks;
mod calendar;
mod commitments;
mod dimension;
mod grants;
mod ladder;
mod late;
mod levels;
mod percentage;
mod proration;
mod quantity;
mod rounding;
mod spend;
mod wallets;
mod windows;

use super::data::{Case, number};
use super::run::{Rating, Translation};
use super::text::Money;
use crate::program::Usage;
use price_rating::Subscription;
use price_value::{Date, Rational};
use serde_json::Value;

/// A file, its usage and its result; or why our language does not say it.
pub fn translate(case: &Case) -> Result<Translation, String> {
    match case.kind.as_str() {
        "credits" => wallets::credits(case),
        "wallet" => wallets::translate(case),
        "invoice_waterfall" => wallets::invoice(case),
        "grant_burn_down" | "grant_rollover" => grants::translate(case),
        "spend_threshold" | "progressive_billing" => {
            Err("a threshold of what was ever spent: an early invoice here bounds what is unbilled".into())
        }
        "commitment_overage" | "commitment_window_fill" | "commitment_cumulative" => commitments::translate(case),
        "proration_credit_cap" => adjust::credit(case),
        "late_usage_delta" | "late_usage_original_period" => late::translate(case),
        "cancellation" => late::cancellation(case),
        "unit_conversion" | "quantity_rounding" | "discount_usage" => quantity::translate(case),
        "rounding" | "rounding_sum" => rounding::translate(case),
        "windowed_rating" => windows::translate(case),
        "free_units" => spend::free_units(case),
        "calendar" => calendar::translate(case),
        "aggregation" => calendar::aggregation(case),
        "aggregation_weighted_sum" => levels::weighted_sum(case),
        "graduated_prorated" => levels::graduated(case),
        "allocation" => dimension::allocation(case),
        "dimension_pricing" => dimension::translate(case),
        "coupon" | "discount_percent" | "discount_fixed" | "commitment_true_up" | "min_spend"
            if case.model["price"].is_null() =>
        {
            adjust::translate(case)
        }
        "proration" | "proration_netting" => proration::translate(case),
        "percentage" | "percentage_min_max" => percentage::translate(case),
        _ => match case.model["price"]["type"].as_str() {
            Some("tiered_blocks" | "capacity") => blocks::translate(case),
            Some("event_priced") => percentage::event_priced(case),
            Some("percentage") => percentage::translate(case),
            Some(_) => spend::translate(case),
            None => Err(format!("no translation is known for the kind `{}`", case.kind)),
        },
    }
}

/// The account of every case that names none.
const ACCOUNT: &str = "customer";

/// A day.
fn day(text: &str) -> Result<Date, String> {
    text.get(..10).unwrap_or(text).parse().map_err(|_| format!("`{text}` is no date"))
}

fn date(year: i16, month: i8, day: i8) -> Date {
    Date::new(year, month, day).expect("a date of the calendar")
}

/// The money of a case: its currency, and how many digits its lines have.
fn money(case: &Case) -> Result<Money, String> {
    let model = &case.model;
    let mut money = Money::dollars();
    if let Some(code) = model["currency"].as_str() {
        money.code = code.split_whitespace().next().unwrap_or("USD").to_uppercase();
    }
    let rounding = &model["rounding"];
    let digits = [&rounding["digits"], &model["digits"], &model["price"]["digits"]];
    match digits.into_iter().find_map(number).and_then(|d| d.to_i128()) {
        Some(digits) => money.digits = i32::try_from(digits).map_err(|_| "too many digits")?,
        None => money.exact = true,
    }
    let said = rounding["mode"].as_str().or(model["round"].as_str()).unwrap_or("half_away_from_zero");
    money.mode = mode(said)?;
    Ok(money)
}

/// A rounding mode by the names it has elsewhere.
fn mode(said: &str) -> Result<&'static str, String> {
    let said = said.replace([' ', '-'], "_");
    Ok(match said.as_str() {
        s if s.contains("even") || s.contains("bank") => "half-even",
        s if s.contains("half") || s.starts_with("round") || s.starts_with("each_line") => "half-up",
        "up" | "ceil" | "ceiling" => "up",
        "down" | "floor" | "truncate" => "down",
        other => return Err(format!("rounding `{other}` is not a mode of the language")),
    })
}

/// Decimal places of a number.
fn places(value: &Rational) -> u32 {
    value.decimals().unwrap_or(18)
}

/// One event of the event `use`.
fn used(event: &str, at: &str, fields: &[(&str, Value)]) -> Usage {
    Usage {
        account: ACCOUNT.into(),
        event: event.into(),
        at: at.into(),
        fields: fields.iter().map(|(k, v)| ((*k).to_owned(), v.clone())).collect(),
    }
}

/// Decimal text of a number, as an event carries it.
fn plain(value: &Rational) -> Value {
    Value::String(value.to_decimal_string(0).unwrap_or_else(|| value.to_string()))
}

/// One month of one customer that is served all of it.
fn month(plan: &str, year: i16, number: i8, usage: Vec<Usage>) -> Rating {
    let from = date(year, number, 1);
    let until = from.add_months(1, 1);
    Rating { plan: plan.into(), subscriptions: vec![served(from, until)], usage, from, until }
}

/// A customer that is served for some days.
fn served(from: Date, until: Date) -> Subscription {
    Subscription { account: ACCOUNT.into(), from: Some(from), until: Some(until), pool: None }
}
