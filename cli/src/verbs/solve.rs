//! `price solve`: the usage at which a price reaches an amount, or at which two prices are even; what one
//! request can cost at most; which commitment would have cost least.

mod cheapest;
mod commitment;
mod committed;

use crate::Exit;
use crate::args::{ReportFormat, SolveArgs};
use crate::events::plan;
use crate::output::curves::{self, Found};
use crate::shell::Shell;
use crate::trouble::Trouble;
use price_driver::{quantity, rate};
use price_ir::{Curve, Plan};
use price_value::{Currency, Rational};
use serde_json::{Value, json};
use std::cmp::Ordering;
use std::sync::Arc;

/// One answer.
struct Answer {
    /// The cells it is of; empty where there is nothing to tell apart.
    cells: String,
    /// `at 5_000 calls`.
    said: Vec<String>,
    /// The quantities.
    at: Vec<Rational>,
}

pub fn run(args: &SolveArgs, format: ReportFormat, shell: &mut Shell) -> Result<Exit, Trouble> {
    if let Some(name) = &args.commitment {
        return commitment::run(args, name, format, shell);
    }
    let mut load = |file: &str| -> Result<Option<Arc<Plan>>, Trouble> {
        Ok(plan::load_one(file, args.usage.subject.as_deref(), format, shell)?
            .map(|loaded| loaded.compiled().plan.clone()))
    };
    let Some(now) = load(&args.file)? else { return Ok(Exit::Findings) };
    let line = match &args.line {
        Some(line) => line.clone(),
        None => curves::only_line(&now)?,
    };
    let (meter, unit) = curves::meter_of(&now, &line)?;
    let only = curves::labels(&args.only)?;
    let of = |plan: &Plan| curves::of_plan(plan, &line, &meter, &only, args.on);
    let answers: Vec<Answer> = match (&args.reaches, &args.against, &args.request) {
        (None, None, Some(most)) => {
            let most = curves::bound(most)?;
            of(&now)?.into_iter().map(|found| dearest(found, &most, &unit, &now.currency)).collect()
        }
        (Some(amount), None, _) => {
            let goal = curves::amount(amount, &now.currency)?;
            let steps = now.sinks.iter().filter(|sink| sink.meter == meter).map(|sink| sink.quantum.clone());
            let step = steps.min().unwrap_or(Rational::ONE);
            of(&now)?.into_iter().map(|found| reached(found, &goal, &step, &unit, &now.currency)).collect()
        }
        (None, Some(file), _) => {
            let Some(other) = load(file)? else { return Ok(Exit::Findings) };
            if other.currency != now.currency {
                return Err(Trouble::new("C099", "the two are in different currencies"));
            }
            even(of(&now)?, of(&other)?, &unit, &now.currency)
        }
        _ => {
            return Err(Trouble::new("C099", "there is nothing to solve for")
                .help("give `--reaches AMOUNT`, `--against FILE` for the usage at which both cost the same, `--request QUANTITY`, or `--commitment --events FILE`"));
        }
    };
    match format {
        ReportFormat::Json | ReportFormat::JsonLines => {
            let one = |answer: &Answer| {
                let at: Vec<String> = answer.at.iter().map(ToString::to_string).collect();
                json!({ "cells": answer.cells, "at": at, "said": answer.said })
            };
            let all: Vec<Value> = answers.iter().map(one).collect();
            shell.out(&format!(
                "{}\n",
                json!({ "format_version": "1.0", "line": line, "unit": unit, "answers": all })
            ))?;
        }
        _ => {
            for answer in &answers {
                let head = if answer.cells.is_empty() { line.clone() } else { format!("{line} ({})", answer.cells) };
                for said in &answer.said {
                    shell.out(&format!("{head}: {said}\n"))?;
                }
            }
        }
    }
    Ok(Exit::Clean)
}

/// The least quantity at which an amount is reached, of those that can be measured.
fn reached(found: Found, goal: &Rational, step: &Rational, unit: &str, currency: &Currency) -> Answer {
    let shown = currency.format(goal);
    let curve = &found.curve;
    if curve.at_zero >= *goal {
        let said = vec![format!("{shown} is reached without usage")];
        return Answer { cells: found.cells, said, at: vec![Rational::ZERO] };
    }
    match first_at(curve, goal) {
        Some((at, exactly)) => {
            let whole = (&at / step).ceil() * step;
            let at = if whole == at && !exactly { &at + step } else { whole };
            let said = vec![format!("{shown} is reached at {}", quantity(&at, unit))];
            Answer { cells: found.cells, said, at: vec![at] }
        }
        None => Answer { cells: found.cells, said: vec![format!("{shown} is never reached")], at: Vec::new() },
    }
}

/// What one request can cost at most.
fn dearest(found: Found, most: &Rational, unit: &str, currency: &Currency) -> Answer {
    let (amount, before) = found.curve.dearest(most);
    let where_so = if before.is_zero() { String::new() } else { format!(", behind {}", quantity(&before, unit)) };
    let said = vec![format!("{} cost at most {}{where_so}", quantity(most, unit), rate(&amount, currency))];
    Answer { cells: found.cells, said, at: vec![amount] }
}

/// The least quantity whose amount is at least a goal, and whether it is the amount there or just
/// above.
fn first_at(curve: &Curve, goal: &Rational) -> Option<(Rational, bool)> {
    for (index, piece) in curve.pieces.iter().enumerate() {
        if piece.value >= *goal {
            return Some((piece.from.clone(), false));
        }
        if piece.slope.is_positive() {
            let at = &piece.from + &((goal - &piece.value) / &piece.slope);
            if curve.pieces.get(index + 1).is_none_or(|next| at <= next.from) {
                return Some((at, true));
            }
        }
    }
    None
}

/// Where the first is dearer, cheaper and the same, cell by cell.
fn even(first: Vec<Found>, second: Vec<Found>, unit: &str, currency: &Currency) -> Vec<Answer> {
    let mut answers = Vec::new();
    for one in &first {
        for other in &second {
            // Cells that both tell apart, or that one of them does not.
            if !one.cells.is_empty() && !other.cells.is_empty() && one.cells != other.cells {
                continue;
            }
            let difference = one.curve.minus(&other.curve);
            let stretches = difference.stretches();
            let mut said = Vec::new();
            let mut at = Vec::new();
            for stretch in &stretches {
                let range = match &stretch.until {
                    Some(until) => format!("above {} up to {}", quantity(&stretch.from, ""), quantity(until, unit)),
                    None => format!("above {}", quantity(&stretch.from, unit)),
                };
                let way = match stretch.sign {
                    Ordering::Greater => "the first is dearer",
                    Ordering::Equal => "both cost the same",
                    Ordering::Less => "the first is cheaper",
                };
                let most = match (stretch.sign, &stretch.until) {
                    (Ordering::Equal, _) => String::new(),
                    (_, None) if !stretch.growth.is_zero() => {
                        format!(", by {} more for each", rate(&stretch.growth.abs(), currency))
                    }
                    _ => format!(", by at most {}", rate(&stretch.most.1.abs(), currency)),
                };
                said.push(format!("{range}: {way}{most}"));
            }
            at.extend(stretches.windows(2).map(|pair| pair[1].from.clone()));
            let cells = if one.cells.is_empty() { other.cells.clone() } else { one.cells.clone() };
            answers.push(Answer { cells, said, at });
        }
    }
    answers
}
