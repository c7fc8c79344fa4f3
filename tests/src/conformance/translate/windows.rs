//! A price computed in each window of time and added up.

use super::super::data::{Case, need, number};
use super::super::judge::{exact_total, told};
use super::super::run::Translation;
use super::{month, places, plain, spend, used};
use crate::program::Rated;

/// One day per window.
pub fn translate(case: &Case) -> Result<Translation, String> {
    let mut quantities = Vec::new();
    for (place, record) in case.usage.iter().enumerate() {
        let window = number(&record["window"]).and_then(|w| w.to_i128()).unwrap_or(place as i128 + 1);
        quantities.push((window, need(&record["quantity"], "quantity")?));
    }
    if quantities.iter().any(|(w, _)| !(1..=28).contains(w)) {
        return Err("more windows than the translation gives days to".into());
    }
    let decimals = quantities.iter().map(|(_, q)| places(q)).max().unwrap_or(0);
    let mut made = spend::price(case, decimals, false)?;
    let aggregate = match case.model["bucket"].as_str().and_then(|b| b.split_whitespace().next()) {
        Some(word @ ("max" | "min" | "sum" | "last")) => word,
        other => return Err(format!("the aggregate {other:?} of a window is not known here")),
    };
    for item in &mut made.sheet.items {
        *item = item.replace("sum of use.quantity", &format!("{aggregate} of use.quantity"));
    }
    for (_, statements) in &mut made.sheet.plans {
        for statement in statements {
            *statement = statement.replacen("on used", "on used each day", 1);
        }
    }
    let at = |window: &i128| format!("2025-01-{window:02}T08:00:00Z");
    let usage = quantities.iter().map(|(w, q)| used("use", &at(w), &[("quantity", plain(q))])).collect();
    let ratings = vec![month("p", 2025, 1, usage)];
    let expected = case.expected.clone();
    let judge = move |rated: &[Rated]| told("total", &exact_total(&rated[0]), &expected["total"]).into_iter().collect();
    Ok(Translation { source: made.sheet.text(&case.id), ratings, judge: Box::new(judge) })
}
