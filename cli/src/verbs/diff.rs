//! `price diff`: what a change of prices does, to every quantity and to every customer.

mod text;

use crate::Exit;
use crate::args::{DiffArgs, DiffFormat, ReportFormat};
use crate::events::bills::{Bills, History};
use crate::events::plan;
use crate::paths;
use crate::shell::Shell;
use crate::trouble::Trouble;
use price_driver::{Compiled, Known, LineChange, LineDiff, PlanDiff, Region, Subject, Workspace, diff, way};
use price_value::Currency;
use serde_json::{Value, json};

/// A rate card, plan or contract on both sides.
pub struct Compared {
    /// `plan starter`.
    pub title: String,
    /// What became of it.
    pub change: Change,
    /// Currency of the new one, or the old one where that is gone.
    pub currency: Currency,
    /// Invoices under both, where usage was given.
    pub bills: Option<Bills>,
}

/// What became of a subject.
pub enum Change {
    /// Only the new side has it.
    Added,
    /// Only the old side has it.
    Removed,
    /// Both have it.
    Both(PlanDiff),
}

pub fn run(args: &DiffArgs, format: ReportFormat, shell: &mut Shell) -> Result<Exit, Trouble> {
    let (old, new) = match (&args.since, args.paths.as_slice()) {
        (Some(revision), [path]) => (paths::load_at(revision, path)?, paths::load(std::slice::from_ref(path))?),
        (None, [old, new]) => (paths::load(std::slice::from_ref(old))?, paths::load(std::slice::from_ref(new))?),
        (Some(_), _) => {
            return Err(Trouble::new("C092", "with `--since` there is one path").help("the old one is the revision's"));
        }
        (None, _) => {
            return Err(Trouble::new("C092", "there is nothing to compare with")
                .help("give an old and a new path, or `--since REVISION`"));
        }
    };
    let mut compared = Vec::new();
    for (before, after) in pairs(&old, &new, args.usage.subject.as_deref())? {
        let title = |subject: &Subject| match subject.version {
            Some(version) => format!("{} {} version {version}", subject.kind, subject.name),
            None => format!("{} {}", subject.kind, subject.name),
        };
        let mut load = |workspace: &Workspace, subject: &Option<Subject>| match subject {
            Some(subject) => {
                plan::compile(workspace, subject, format, shell).map(|loaded| Some(loaded.map(|l| l.known)))
            }
            None => Ok(None),
        };
        let (was, is) = (load(&old, &before)?, load(&new, &after)?);
        // Findings that were printed keep one of them from being compiled.
        let (was, is) = match (was, is) {
            (Some(None), _) | (_, Some(None)) => return Ok(Exit::Findings),
            (was, is) => (was.flatten(), is.flatten()),
        };
        let Some(known) = is.as_ref().or(was.as_ref()) else { continue };
        let currency = latest(known).plan.currency.clone();
        let named = after.as_ref().or(before.as_ref()).map(title).unwrap_or_default();
        let (change, bills) = match (was, is) {
            (Some(was), Some(is)) => {
                let change = diff(&latest(&was).plan, &latest(&is).plan);
                let bills = match args.events.is_empty() || change.same {
                    true => None,
                    false => {
                        let history = History::new(&args.events, &args.usage)?;
                        Some(Bills::of(history.rate(&was, None)?, history.rate(&is, None)?))
                    }
                };
                (Change::Both(change), bills)
            }
            (None, _) => (Change::Added, None),
            (Some(_), None) => (Change::Removed, None),
        };
        compared.push(Compared { title: named, change, currency, bills });
    }
    let text = match args.format {
        DiffFormat::Pretty => text::pretty(&compared, shell.paint()),
        DiffFormat::Markdown => text::markdown(&compared),
        DiffFormat::Json => format!("{}\n", as_json(&compared)),
    };
    shell.out(&text)?;
    Ok(Exit::Clean)
}

fn latest(known: &[Known]) -> &Compiled {
    &known[known.len() - 1].compiled
}

/// The subjects of both sides by kind, name and version; of cards the latest version of each side.
type Pair = (Option<Subject>, Option<Subject>);

fn pairs(old: &Workspace, new: &Workspace, asked: Option<&str>) -> Result<Vec<Pair>, Trouble> {
    if asked.is_some() {
        return Ok(vec![(Some(old.subject(asked)?), Some(new.subject(asked)?))]);
    }
    let latest = |workspace: &Workspace| {
        let mut all: Vec<Subject> = Vec::new();
        for subject in workspace.subjects() {
            match all.iter_mut().find(|other| (other.kind, &other.name) == (subject.kind, &subject.name)) {
                Some(other) if other.version < subject.version => *other = subject,
                Some(_) => {}
                None => all.push(subject),
            }
        }
        all
    };
    let (before, after) = (latest(old), latest(new));
    // Two files with one subject each are compared whatever their names.
    if let ([only], [other]) = (before.as_slice(), after.as_slice()) {
        return Ok(vec![(Some(only.clone()), Some(other.clone()))]);
    }
    let find =
        |all: &[Subject], one: &Subject| all.iter().find(|s| (s.kind, &s.name) == (one.kind, &one.name)).cloned();
    let mut pairs: Vec<Pair> = after.iter().map(|subject| (find(&before, subject), Some(subject.clone()))).collect();
    pairs.extend(before.iter().filter(|subject| find(&after, subject).is_none()).map(|s| (Some(s.clone()), None)));
    Ok(pairs)
}

fn as_json(compared: &[Compared]) -> Value {
    let region = |region: &Region| {
        let stretch = |stretch: &price_ir::Stretch| {
            json!({
                "above": stretch.from.to_string(),
                "up_to": stretch.until.as_ref().map(ToString::to_string),
                "way": way(stretch.sign),
                "most": { "at": stretch.most.0.to_string(), "change": stretch.most.1.to_string() },
                "growth": stretch.growth.to_string(),
            })
        };
        json!({
            "meter": region.meter,
            "unit": region.unit,
            "cells": region.cells,
            "from": region.from.map(|day| day.to_string()),
            "at_zero": region.at_zero.to_string(),
            "stretches": region.stretches.iter().map(stretch).collect::<Vec<_>>(),
        })
    };
    let line = |line: &LineDiff| match &line.change {
        LineChange::Same => json!({ "name": line.name, "change": "same" }),
        LineChange::Added => json!({ "name": line.name, "change": "added" }),
        LineChange::Removed => json!({ "name": line.name, "change": "removed" }),
        LineChange::Fee { old, new } => {
            json!({ "name": line.name, "change": "fee", "old": old.to_string(), "new": new.to_string() })
        }
        LineChange::Amounts(regions) => {
            json!({ "name": line.name, "change": "amounts", "regions": regions.iter().map(region).collect::<Vec<_>>() })
        }
        LineChange::Unknown(why) => json!({ "name": line.name, "change": "unknown", "why": why }),
    };
    let one = |compared: &Compared| {
        let mut value = match &compared.change {
            Change::Added => json!({ "change": "added" }),
            Change::Removed => json!({ "change": "removed" }),
            Change::Both(diff) if diff.same => json!({ "change": "same" }),
            Change::Both(diff) => json!({
                "change": "changed",
                "lines": diff.lines.iter().map(line).collect::<Vec<_>>(),
                "others": diff.others,
            }),
        };
        value["subject"] = json!(compared.title);
        value["currency"] = json!(compared.currency.code);
        if let Some(bills) = &compared.bills {
            value["invoices"] = bills.as_json();
        }
        value
    };
    json!({ "format_version": "1.0", "subjects": compared.iter().map(one).collect::<Vec<_>>() })
}
