//! `price solve --commitment`: the amount, or the plan among several, whose commitment would have cost
//! least for recorded usage. Every amount that is told was rated.

use super::cheapest::{Cheapest, Question, cheapest};
use super::committed::{self, Counted, Place};
use crate::Exit;
use crate::args::{ReportFormat, SolveArgs};
use crate::events::bills::History;
use crate::events::plan;
use crate::output::curves;
use crate::paths::count;
use crate::shell::Shell;
use crate::trouble::Trouble;
use price_driver::Known;
use price_value::{Currency, Rational};
use serde_json::{Value, json};
use std::collections::{BTreeMap, BTreeSet};

/// So many rows are shown; JSON has all of them.
const ROWS: usize = 16;

pub fn run(args: &SolveArgs, name: &str, format: ReportFormat, shell: &mut Shell) -> Result<Exit, Trouble> {
    let mut history = History::new(&args.events, &args.usage)?;
    if !args.among.is_empty() {
        history.moved = true;
        return among(args, name, &history, format, shell);
    }
    let Some(loaded) = plan::load_one(&args.file, args.usage.subject.as_deref(), format, shell)? else {
        return Ok(Exit::Findings);
    };
    let plan = loaded.compiled().plan.clone();
    let currency = plan.currency.clone();
    let (name, place) = committed::find(&plan, Some(name))?;
    let today = committed::amount(&plan, place)?;
    let now = rated(&history, &loaded.known, &name, place)?;
    whole_stretches(&now, &name)?;
    let mut corners: BTreeSet<Rational> = [Rational::ZERO, today.clone()].into();
    match args.offered.as_slice() {
        [] => {
            // A prepaid amount is used up where it is what would be drawn of one that never ends.
            let counted = match place {
                Place::Postpaid(_) => now.stretches,
                Place::Prepaid(_) => {
                    let spent: Rational = now.stretches.values().sum();
                    let plenty = (spent + &now.cost.abs() + &today + &Rational::ONE) * &Rational::int(1_000);
                    let plenty = plenty.ceil() * &Rational::int(12);
                    rated(&history, &committed::with(&loaded.known, &name, &plenty)?, &name, place)?.stretches
                }
            };
            corners.extend(counted.into_values().filter(|amount| amount.is_positive()));
        }
        offered => {
            corners = offered.iter().map(|text| curves::amount(text, &currency)).collect::<Result<_, _>>()?;
        }
    }
    let only = !args.offered.is_empty();
    let mut known: BTreeMap<Rational, Rational> = [(today.clone(), now.cost.clone())].into();
    let mut invoices = now.invoices;
    let mut ask = |amount: &Rational| -> Result<Rational, Trouble> {
        if let Some(cost) = known.get(amount) {
            return Ok(cost.clone());
        }
        let found = rated(&history, &committed::with(&loaded.known, &name, amount)?, &name, place)?;
        invoices = found.invoices;
        known.insert(amount.clone(), found.cost.clone());
        Ok(found.cost)
    };
    let most = usize::try_from(args.ratings).unwrap_or(usize::MAX);
    let found = if only {
        let mut known = BTreeMap::new();
        for amount in &corners {
            known.insert(amount.clone(), ask(amount)?);
        }
        Cheapest { known, whole: true }
    } else {
        let step = currency.minor_unit();
        let blur = &step * &Rational::int(2 * i128::try_from(now.invoices).unwrap_or(i128::MAX).min(1_000) + 2);
        let corners = corners.iter().cloned().collect();
        cheapest(Question { corners, step, blur, most, value: &mut ask })?
    };
    let Some((best, cost)) = found.best() else {
        return Err(Trouble::new("C099", "no amount is offered").help("give `--offered AMOUNT`"));
    };
    let saving = &now.cost - cost;
    match format {
        ReportFormat::Json | ReportFormat::JsonLines => {
            let one = |(amount, cost): (&Rational, &Rational)| json!({ "amount": amount.to_string(), "cost": cost.to_string() });
            let all: Vec<Value> = found.known.iter().map(one).collect();
            shell.out(&format!(
                "{}\n",
                json!({
                    "format_version": "1.0", "commitment": name, "currency": currency.code.to_string(),
                    "today": one((&today, &now.cost)), "best": one((best, cost)), "saving": saving.to_string(),
                    "exact": found.whole, "looked_at": all,
                })
            ))?;
        }
        _ => {
            let money = |amount: &Rational| currency.format(amount);
            let mut out = match saving.is_positive() {
                true => format!(
                    "{name}: {} would have cost least: {}, {} less than {} today\n",
                    money(best),
                    money(cost),
                    money(&saving),
                    money(&today)
                ),
                false if best == &today => format!("{name}: {} is the cheapest: {}\n", money(best), money(cost)),
                false => format!("{name}: {} costs as much as {} today: {}\n", money(best), money(&today), money(cost)),
            };
            let shown = corners.iter().flat_map(|at| {
                let step = currency.minor_unit();
                [(at / &step).floor() * &step, (at / &step).ceil() * &step]
            });
            let mut shown: BTreeSet<Rational> = shown.filter(|at| found.known.contains_key(at)).collect();
            shown.extend([today.clone(), best.clone()]);
            let left = shown.len().saturating_sub(ROWS);
            let rows: Vec<(String, String, &str)> = shown
                .iter()
                .enumerate()
                .filter(|(place, at)| *place < ROWS || *at == &today || *at == best)
                .filter_map(|(_, at)| {
                    let cost = found.known.get(at).or((*at == today).then_some(&now.cost))?;
                    let mark = match (at == best, *at == today) {
                        (true, _) => "  cheapest",
                        (_, true) => "  today",
                        _ => "",
                    };
                    Some((money(at), money(cost), mark))
                })
                .collect();
            out.push_str(&table("commits", &rows));
            if left > 0 {
                out.push_str(&format!("  and {left} more; `--output-format json` has all\n"));
            }
            shell.out(&out)?;
        }
    }
    if !found.whole {
        shell.note(format!("{} ratings were not enough to look everywhere; give more `--ratings`", args.ratings));
    }
    shell.note(format!("Rated {} at {}", count(now.invoices, "invoice"), count(found.known.len(), "amount")));
    Ok(Exit::Clean)
}

/// Which of several plans would have cost least, each as it is.
fn among(
    args: &SolveArgs,
    name: &str,
    history: &History<'_>,
    format: ReportFormat,
    shell: &mut Shell,
) -> Result<Exit, Trouble> {
    let Some(plans) = plan::load_all(&args.file, &args.among, None, format, shell)? else {
        return Ok(Exit::Findings);
    };
    let mut found: Vec<(String, Option<Rational>, Rational)> = Vec::new();
    let mut currency: Option<Currency> = None;
    for loaded in &plans {
        let plan = &loaded.compiled().plan;
        if currency.as_ref().is_some_and(|other| *other != plan.currency) {
            return Err(Trouble::new("C099", "the plans are in different currencies"));
        }
        currency = Some(plan.currency.clone());
        // A level without a commitment is one, too.
        let cost = match committed::find(plan, Some(name)) {
            Ok((name, place)) => {
                let counted = rated(history, &loaded.known, &name, place)?;
                whole_stretches(&counted, &name)?;
                (Some(committed::amount(plan, place)?), counted.cost)
            }
            Err(_) if plan.funds.commitments.is_empty() && plan.funds.balances.is_empty() => {
                (None, rated(history, &loaded.known, "", Place::Postpaid(0))?.cost)
            }
            Err(trouble) => return Err(trouble),
        };
        found.push((plan.name.clone(), cost.0, cost.1));
    }
    let today = args.usage.subject.clone().or(found.first().map(|(name, ..)| name.clone())).unwrap_or_default();
    let best = found.iter().min_by(|a, b| a.2.cmp(&b.2));
    let now = found.iter().find(|(name, ..)| *name == today);
    let (Some(best), Some(now), Some(currency)) = (best, now, currency) else {
        return Err(Trouble::new("C099", format!("`{today}` is not among the plans that are compared"))
            .help("`--for` names the plan in force; without it the first one is"));
    };
    let saving = &now.2 - &best.2;
    match format {
        ReportFormat::Json | ReportFormat::JsonLines => {
            let one = |(name, amount, cost): &(String, Option<Rational>, Rational)| json!({ "plan": name, "amount": amount.as_ref().map(ToString::to_string), "cost": cost.to_string() });
            shell.out(&format!(
                "{}\n",
                json!({
                    "format_version": "1.0", "currency": currency.code.to_string(), "today": one(now), "best": one(best),
                    "saving": saving.to_string(), "exact": true, "looked_at": found.iter().map(one).collect::<Vec<_>>(),
                })
            ))?;
        }
        _ => {
            let mut out = match saving.is_positive() {
                true => format!(
                    "{} would have cost least: {}, {} less than {} today\n",
                    best.0,
                    currency.format(&best.2),
                    currency.format(&saving),
                    now.0
                ),
                false => format!("{} is the cheapest: {}\n", now.0, currency.format(&now.2)),
            };
            let cheapest = if saving.is_positive() { best } else { now };
            let rows: Vec<(String, String, &str)> = found
                .iter()
                .map(|row| {
                    let commits = row.1.as_ref().map_or("nothing".to_owned(), |amount| currency.format(amount));
                    let mark = match (row.0 == cheapest.0, row.0 == now.0) {
                        (true, _) => "  cheapest",
                        (_, true) => "  today",
                        _ => "",
                    };
                    (format!("{} commits {commits}", row.0), currency.format(&row.2), mark)
                })
                .collect();
            out.push_str(&table("plan", &rows));
            shell.out(&out)?;
        }
    }
    Ok(Exit::Clean)
}

/// Rates the usage once.
fn rated(history: &History<'_>, known: &[Known], name: &str, place: Place) -> Result<Counted, Trouble> {
    let mut counted = Counted::default();
    history.each(known, None, &mut |_, invoice| counted.add(name, place, &invoice))?;
    if counted.invoices == 0 {
        return Err(Trouble::new("C099", "there is no invoice for this usage")
            .help("give the time with `--in`, and who is on the plan with `--subscriptions`"));
    }
    Ok(counted)
}

/// What is committed for a stretch costs nothing before the stretch is over, so that any amount would
/// look cheap.
fn whole_stretches(counted: &Counted, name: &str) -> Result<(), Trouble> {
    let Some((account, until)) = counted.open.iter().next() else { return Ok(()) };
    let last = until.add_days(-1);
    Err(Trouble::new("C099", format!("`{name}` of {account} goes on after the time that is billed, through {last}"))
        .help("`--in` takes whole stretches of the commitment: what is missing is known at their end"))
}

/// Rows of amounts, to the right.
fn table(head: &str, rows: &[(String, String, &str)]) -> String {
    let wide = |text: &str| text.chars().count();
    let first = rows.iter().map(|row| wide(&row.0)).chain([wide(head)]).max().unwrap_or(0);
    let second = rows.iter().map(|row| wide(&row.1)).chain([5]).max().unwrap_or(0);
    let mut out = format!("  {head:>first$}  {:>second$}\n", "costs");
    for (amount, cost, mark) in rows {
        out.push_str(&format!("  {amount:>first$}  {cost:>second$}{mark}\n"));
    }
    out
}
