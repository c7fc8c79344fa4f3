//! Usage that becomes known later: the same period rated again, and the difference posted.

use super::super::data::{Case, list, need, number};
use super::super::judge::{self, Posted};
use super::super::run::{Rating, Translation};
use super::{blocks, date, day, money, places, served, spend};
use crate::program::{Rated, Usage};
use price_value::{Date, Rational};
use serde_json::Value;

/// Every form in which late usage is told.
pub fn translate(case: &Case) -> Result<Translation, String> {
    let first = case.usage.first().unwrap_or(&Value::Null);
    if first.get("cumulative_quantity").is_some() || first.get("new_quantity").is_some() {
        cumulative(case)
    } else if first.get("cumulative_quantity_at_period_end").is_some() {
        slices(case)
    } else if case.usage.iter().any(|u| u.get("do").is_some()) {
        invoices(case)
    } else if case.model["already_invoiced"].is_array() {
        periods(case)
    } else {
        invoiced(case)
    }
}

/// Cumulative quantities, one per phase; the last phase ends the period.
fn cumulative(case: &Case) -> Result<Translation, String> {
    let mut known: Vec<Rational> = Vec::new();
    for phase in &case.usage {
        if let Some(previous) = number(&phase["previous_quantity"]) {
            known.push(previous);
        }
        known.push(need(phase.get("cumulative_quantity").unwrap_or(&phase["new_quantity"]), "quantity")?);
    }
    let decimals = known.iter().map(places).max().unwrap_or(0);
    let made = spend::price(case, decimals, known.iter().any(Rational::is_negative))?;
    let ratings = known.iter().map(|q| made.rating(std::slice::from_ref(q))).collect();
    let anatomy = made.anatomy.clone();
    let expected = case.expected.clone();
    let judge = move |rated: &[Rated]| {
        let last = rated.len() - 1;
        let states: Vec<Posted> = rated.iter().enumerate().map(|(i, r)| anatomy.posted(r, i == last)).collect();
        if expected.get("phases").is_none() {
            let posted = states[last].since(&states[0]);
            return posted.against(expected.get("lines").map(list), number(&expected["total"]), "");
        }
        let mut wrong = Vec::new();
        let mut before = Posted::default();
        for (place, (state, phase)) in states.iter().zip(list(&expected["phases"])).enumerate() {
            let posted = state.since(&before);
            let lines = phase.get("lines").map(list);
            wrong.extend(posted.against(lines, number(&phase["total"]), &format!("phase {}: ", place + 1)));
            before = state.clone();
        }
        if states.len() != list(&expected["phases"]).len() {
            wrong.push("the result has another number of phases".into());
        }
        wrong
    };
    Ok(Translation { source: made.sheet.text(&case.id), ratings, judge: Box::new(judge) })
}

/// Quantities at the ends of slices of one period, as known at each phase. Each slice owns the
/// difference between its end and its start.
fn slices(case: &Case) -> Result<Translation, String> {
    let mut known: Vec<Vec<Rational>> = Vec::new();
    for phase in &case.usage {
        let ends = list(&phase["cumulative_quantity_at_period_end"]).iter().map(|q| need(q, "quantity"));
        known.push(ends.collect::<Result<_, _>>()?);
    }
    let decimals = known.iter().flatten().map(places).max().unwrap_or(0);
    let made = spend::price(case, decimals, false)?;
    let ratings = known.iter().flatten().map(|q| made.rating(std::slice::from_ref(q))).collect();
    let anatomy = made.anatomy.clone();
    let expected = case.expected.clone();
    let judge = move |rated: &[Rated]| {
        let mut wrong = Vec::new();
        let mut rated = rated.iter();
        let mut before: Vec<Posted> = Vec::new();
        let phases = list(&expected["phases"]);
        for (place, ends) in known.iter().enumerate() {
            let last = place + 1 == known.len();
            let mut start = Posted::default();
            let mut now: Vec<Posted> = Vec::new();
            for slice in 0..ends.len() {
                let Some(found) = rated.next() else { return vec!["a rating is missing".into()] };
                let end = anatomy.posted(found, last && slice + 1 == ends.len());
                now.push(end.since(&start));
                start = anatomy.posted(found, false);
            }
            let told = phases.get(place).map_or(&[][..], |p| list(&p["lines"]));
            let mut total = Rational::ZERO;
            for (slice, state) in now.iter().enumerate() {
                let posted = state.since(before.get(slice).unwrap_or(&Posted::default()));
                total += &posted.total;
                let own: Vec<Value> = told
                    .iter()
                    .filter(|l| number(&l["period"]) == Some(Rational::int(slice as i128 + 1)))
                    .cloned()
                    .collect();
                let at = format!("phase {}, slice {}: ", place + 1, slice + 1);
                wrong.extend(posted.against(Some(&own), None, &at));
            }
            if let Some(phase) = phases.get(place) {
                wrong.extend(judge::told(&format!("total of phase {}", place + 1), &total, &phase["total"]));
            }
            before = now;
        }
        wrong
    };
    Ok(Translation { source: made.sheet.text(&case.id), ratings, judge: Box::new(judge) })
}

/// What is due after a total that was invoiced.
fn invoiced(case: &Case) -> Result<Translation, String> {
    let mut made = blocks::translate(case)?;
    let already = number(&case.model["already_invoiced"]["total"]).unwrap_or_default();
    let expected = case.expected.clone();
    made.judge = Box::new(move |rated: &[Rated]| {
        let due = &judge::total(&rated[0]) - &already;
        match expected.get("lines").map(list) {
            Some([]) => judge::differs("difference", &due, &Rational::ZERO).into_iter().collect(),
            _ => judge::told("difference", &due, &expected["total"]).into_iter().collect(),
        }
    });
    Ok(made)
}

/// The rounding of one line that was invoiced, rated again.
pub fn rerated(case: &Case) -> Result<Translation, String> {
    let mut case = case.clone();
    if case.model.get("digits").is_none() {
        case.model["digits"] = Value::String("2".into());
    }
    invoiced(&case)
}

/// Usage with dates, and what each period was invoiced already.
fn periods(case: &Case) -> Result<Translation, String> {
    let mut made = blocks::price(case)?;
    let boundary = number(&case.model["period_boundary_day"]).unwrap_or(Rational::ONE);
    made.sheet.billing = format!("monthly on day {boundary}");
    let already = list(&case.model["already_invoiced"]).to_vec();
    let mut usage = Vec::new();
    for record in &case.usage {
        let at = record["at"].as_str().ok_or("usage without a date")?;
        usage.extend(made.events(std::slice::from_ref(record), &instant(at))?);
    }
    let ends = |place: usize| already.iter().filter_map(move |p| p["period"][place].as_str());
    let from = day(ends(0).min().ok_or("no period")?)?;
    let until = day(ends(1).max().ok_or("no period")?)?;
    let rating = Rating { plan: "p".into(), subscriptions: vec![served(from, until)], usage, from, until };
    let expected = case.expected.clone();
    let judge = move |rated: &[Rated]| {
        let mut wrong = Vec::new();
        for (invoice, before) in rated[0].invoices.iter().zip(&already) {
            let due = &invoice.total - &number(&before["amount"]).unwrap_or_default();
            let line = list(&expected["lines"]).iter().find(|l| l["period"] == before["period"]);
            let want = line.and_then(|l| number(&l["amount"])).unwrap_or_default();
            wrong.extend(judge::differs(&format!("period from {}", invoice.served.from), &due, &want));
        }
        if rated[0].invoices.len() != already.len() {
            wrong.push("another number of periods".into());
        }
        wrong
    };
    Ok(Translation { source: made.sheet.text(&case.id), ratings: vec![rating], judge: Box::new(judge) })
}

/// Midnight of a date, or the moment itself.
fn instant(at: &str) -> String {
    if at.len() > 10 { at.into() } else { format!("{at}T00:00:00Z") }
}

/// One invoice of a sequence: when it is made, and where its usage ends.
struct Cut {
    at: Date,
    rating: usize,
}

/// Usage with invoices in between. What is reported after an invoice changes the period it
/// happened in; what is later than the plan accepts is refused.
fn invoices(case: &Case) -> Result<Translation, String> {
    sequence(case)
}

/// A contract that ends inside a period.
pub fn cancellation(case: &Case) -> Result<Translation, String> {
    sequence(case)
}

fn sequence(case: &Case) -> Result<Translation, String> {
    let mut made = blocks::price(case)?;
    made.sheet.money = super::super::text::Money { exact: false, ..money(case)? };
    let window = case.model["late_window"].as_str();
    // Two invoiced periods of at most 31 days, less the one that the usage happened in.
    let grace: i32 = match window {
        Some(text) => {
            let periods = text.split_whitespace().next().and_then(|n| n.parse::<i32>().ok()).unwrap_or(1);
            periods * 31 - 2
        }
        None => 3,
    };
    if window.is_some() {
        made.sheet.late = format!("{grace} days then rejected");
    }
    let start = case.usage.iter().filter_map(|u| u["at"].as_str()).min().ok_or("usage without a date")?;
    let start = day(start)?;
    let from = date(start.year(), start.month(), 1);
    let mut until: Option<Date> = None;
    let mut known: Vec<Usage> = Vec::new();
    let mut cuts: Vec<Cut> = Vec::new();
    let mut ratings: Vec<Rating> = Vec::new();
    let mut last = from;
    let mut seen: Vec<(Vec<Usage>, Date)> = Vec::new();
    for record in &case.usage {
        let at = day(record["at"].as_str().ok_or("usage without a date")?)?;
        match record["do"].as_str() {
            Some("invoice") => {
                cuts.push(Cut { at, rating: seen.len() });
                seen.push((known.clone(), at));
                last = at;
            }
            Some(cancel) if cancel.starts_with("cancel") => {
                // The day of the cancellation still counts.
                until = Some(at.add_days(1));
                cuts.push(Cut { at, rating: seen.len() });
                seen.push((known.clone(), at.add_days(1)));
            }
            Some(other) => return Err(format!("what `{other}` does is not known here")),
            None => {
                let events =
                    made.events(std::slice::from_ref(record), &instant(record["at"].as_str().unwrap_or("")))?;
                // Reported the day after the last invoice, if it is reported late.
                let reported = if record.get("reported").is_some() { last.add_days(1) } else { at };
                let closed = date(at.year(), at.month(), 1).add_months(1, 1);
                if closed.days_until(reported) <= i64::from(grace) {
                    known.extend(events);
                }
            }
        }
    }
    for (usage, end) in seen {
        let served_until = until.unwrap_or_else(|| date(2100, 1, 1));
        let usage = usage.into_iter().filter(|u| day(&u.at).is_ok_and(|d| d < end)).collect();
        let subscriptions = vec![served(from, served_until)];
        ratings.push(Rating { plan: "p".into(), subscriptions, usage, from, until: end });
    }
    let expected = case.expected.clone();
    let judge = move |rated: &[Rated]| {
        let mut wrong = Vec::new();
        let told = list(&expected["invoices"]);
        if told.len() != cuts.len() {
            wrong.push("another number of invoices".into());
        }
        let mut posted: std::collections::BTreeMap<Date, Rational> = std::collections::BTreeMap::new();
        for (cut, want) in cuts.iter().zip(told) {
            let mut lines = list(&want["lines"]).to_vec();
            for invoice in &rated[cut.rating].invoices {
                let before = posted.insert(invoice.period.from, invoice.total.clone());
                let due = &invoice.total - before.as_ref().unwrap_or(&Rational::ZERO);
                let first = invoice.served.from.to_string();
                let place = lines.iter().position(|l| l["period"][0].as_str() == Some(&first));
                let line = place.map(|p| lines.remove(p));
                let amount = line.as_ref().and_then(|l| number(&l["amount"])).unwrap_or_default();
                wrong.extend(judge::differs(&format!("invoice of {}, period from {first}", cut.at), &due, &amount));
            }
            if !lines.is_empty() {
                wrong.push(format!("invoice of {}: {} lines too few", cut.at, lines.len()));
            }
        }
        wrong
    };
    Ok(Translation { source: made.sheet.text(&case.id), ratings, judge: Box::new(judge) })
}
