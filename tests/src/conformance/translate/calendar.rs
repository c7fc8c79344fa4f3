//! Periods, days and what falls into them.

use super::super::data::{Case, list, need, number, slug, text};
use super::super::judge::{amount, told};
use super::super::run::{Rating, Translation};
use super::super::text::{Money, Sheet};
use super::{day, plain, served, used};
use crate::program::Rated;
use price_value::Rational;

/// Starts of windows, or a number of days.
pub fn translate(case: &Case) -> Result<Translation, String> {
    let written = |key: &str| {
        case.first(key)
            .as_str()
            .ok_or("the case gives no range")
            .and_then(|t| day(t).map_err(|_| "the range is no range of days"))
    };
    let (from, until) = (written("from")?, written("to")?);
    let mut sheet = Sheet::new(Money::dollars());
    let expected = case.expected.clone();
    if let Some(zone) = case.model["time_zone"].as_str() {
        sheet.zone = zone.into();
    }
    if expected.get("days").is_some() {
        sheet.plan("p", vec!["fee day = $1 per day in arrears".into(), "prorate day never".into()]);
    } else {
        let after_28 = if from.day() > 28 { " or last day" } else { "" };
        sheet.billing = match case.model["window"].as_str() {
            Some("month") => format!("monthly on day {}{after_28}", from.day()),
            Some("day") => "daily".into(),
            Some(other) => {
                return Err(format!("billing periods of a {other} that begin on any day are not in this version"));
            }
            None => return Err("the case says neither a window nor what is counted".into()),
        };
        sheet.plan("p", vec!["fee period = $1 once".into()]);
    }
    let subscriptions = vec![served(from, until.max(from.add_days(1)))];
    let ratings = vec![Rating { plan: "p".into(), subscriptions, usage: Vec::new(), from, until }];
    let judge = move |rated: &[Rated]| {
        if expected.get("days").is_some() {
            return told("days", &amount(&rated[0], "day"), &expected["days"]).into_iter().collect();
        }
        let got: Vec<String> = rated[0].invoices.iter().map(|i| i.period.from.to_string()).collect();
        let want: Vec<String> = list(&expected["window_starts"]).iter().filter_map(text).collect();
        if got == want { Vec::new() } else { vec![format!("windows begin {got:?}, expected {want:?}")] }
    };
    Ok(Translation { source: sheet.text(&case.id), ratings, judge: Box::new(judge) })
}

/// Usage summed per period and unit.
pub fn aggregation(case: &Case) -> Result<Translation, String> {
    let bounds: Vec<_> =
        list(&case.model["boundaries"]).iter().filter_map(|b| b.as_str()).map(day).collect::<Result<_, _>>()?;
    let (Some(from), Some(until)) = (bounds.first().copied(), bounds.last().copied()) else {
        return Err("the case gives no periods".into());
    };
    let mut sheet = Sheet::new(Money::dollars());
    sheet.billing = format!("monthly on day {}", from.day());
    sheet.item("unit item, items");
    let units: Vec<String> = list(&case.model["units"]).iter().filter_map(text).map(|u| slug(&u)).collect();
    let mut statements = Vec::new();
    for unit in &units {
        sheet.item(format!(
            "event use_{unit} {{ quantity: item decimals 4 }}\nmeter used_{unit} = sum of use_{unit}.quantity"
        ));
        statements.push(format!("price {unit} on used_{unit} = $1 per item"));
    }
    sheet.plan("p", statements);
    let mut usage = Vec::new();
    for record in &case.usage {
        let at = record["at"].as_str().ok_or("usage without a date")?;
        let unit = text(&record["unit"]).map_or_else(|| units.first().cloned().unwrap_or_default(), |u| slug(&u));
        let at = if at.len() > 10 { at.to_owned() } else { format!("{at}T00:00:00Z") };
        usage.push(used(&format!("use_{unit}"), &at, &[("quantity", plain(&need(&record["quantity"], "quantity")?))]));
    }
    let ratings = vec![Rating { plan: "p".into(), subscriptions: vec![served(from, until)], usage, from, until }];
    let expected = case.expected.clone();
    let judge = move |rated: &[Rated]| {
        let mut wrong = Vec::new();
        let periods = list(&expected["periods"]);
        if periods.len() != rated[0].invoices.len() {
            wrong.push(format!("{} periods, expected {}", rated[0].invoices.len(), periods.len()));
        }
        for (invoice, period) in rated[0].invoices.iter().zip(periods) {
            let start = invoice.period.from.to_string();
            if period["from"].as_str() != Some(&start) {
                wrong.push(format!("a period begins on {start}"));
            }
            for unit in &units {
                let got: Rational = invoice.lines.iter().filter(|l| l.name == *unit).map(|l| &l.gross).sum();
                wrong.extend(told(&format!("{unit} in {start}"), &got, &period[unit.as_str()]));
            }
        }
        wrong
    };
    let _ = number;
    Ok(Translation { source: sheet.text(&case.id), ratings, judge: Box::new(judge) })
}
