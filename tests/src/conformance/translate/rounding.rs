//! Amounts rounded on their own, and sums of rounded amounts.

use super::super::data::{Case, list, need, number};
use super::super::judge::{amount, told};
use super::super::run::Translation;
use super::super::text::Sheet;
use super::{late, money, month, places, plain, spend, used};
use crate::program::Rated;
use price_value::Rational;

/// A line, or one amount per event where each is rounded before the sum.
pub fn translate(case: &Case) -> Result<Translation, String> {
    match case.model["price"]["type"].as_str() {
        Some("tiered_blocks" | "capacity") => return late::rerated(case),
        Some(_) => return spend::translate(case),
        None => {}
    }
    let record = case.usage.first().ok_or("the case gives no usage")?;
    let amounts: Vec<Rational> = match (number(&record["amount"]), number(&record["amount_each"])) {
        (Some(only), _) => vec![only],
        (None, Some(each)) => {
            let count = need(&record["count"], "count")?.to_i128().unwrap_or(0);
            vec![each; usize::try_from(count).unwrap_or(0).min(100_000)]
        }
        (None, None) => list(&record["amounts"]).iter().map(|a| need(a, "amount")).collect::<Result<_, _>>()?,
    };
    let money = money(case)?;
    let mut sheet = Sheet::new(money.clone());
    let decimals = amounts.iter().map(places).max().unwrap_or(0).max(2);
    sheet.item(format!("event use {{ cost: signed {} decimals {decimals} }}", money.code));
    let each = case.kind == "rounding_sum";
    sheet.plan(
        "p",
        match each {
            true => vec![format!(
                "price usage on each use {{\n  100% of cost\n  round each use {} to {}\n}}",
                money.mode,
                money.of(&money.step())
            )],
            false => vec!["price usage on each use = 100% of cost".into()],
        },
    );
    let usage = amounts.iter().map(|a| used("use", "2025-01-02T00:00:00Z", &[("cost", plain(a))])).collect();
    let ratings = vec![month("p", 2025, 1, usage)];
    let expected = case.expected.clone();
    let judge = move |rated: &[Rated]| {
        let got = amount(&rated[0], "usage");
        told("amount", &got, &expected["amount"]).into_iter().chain(told("total", &got, &expected["total"])).collect()
    };
    Ok(Translation { source: sheet.text(&case.id), ratings, judge: Box::new(judge) })
}
