//! A comparison for people: on a terminal, and as a comment on a pull request.

use super::{Change, Compared};
use crate::output::bills::{self, cell, signed};
use crate::shell::Paint;
use price_driver::{LineChange, Region, quantity};
use price_ir::Stretch;
use price_value::Currency;
use std::cmp::Ordering;

/// Cells that are named one by one.
const CELLS: usize = 6;

/// `dearer`, `same`, `cheaper`.
pub fn way(sign: Ordering) -> &'static str {
    match sign {
        Ordering::Greater => "dearer",
        Ordering::Equal => "same",
        Ordering::Less => "cheaper",
    }
}

/// `above 100 up to 225 GB: dearer, most +$5.00 at 100`.
fn stretch(stretch: &Stretch, unit: &str, currency: &Currency) -> String {
    let from = quantity(&stretch.from, "");
    let range = match &stretch.until {
        Some(until) => format!("above {from} up to {}", quantity(until, unit)),
        None if stretch.from.is_zero() => format!("any {}", if unit.is_empty() { "quantity" } else { unit }),
        None => format!("above {}", quantity(&stretch.from, unit)),
    };
    if stretch.sign == Ordering::Equal {
        return format!("{range}: the same");
    }
    let (at, change) = &stretch.most;
    let most = match stretch.until {
        // At an open start that is reached by nothing but growth, the rate says more.
        None if !stretch.growth.is_zero() => {
            let each = signed(&stretch.growth, currency);
            let start = if change.is_zero() { String::new() } else { format!("{} and ", signed(change, currency)) };
            format!("{start}{each} for each more")
        }
        _ => format!("most {} at {}", signed(change, currency), quantity(at, "")),
    };
    format!("{range}: {}, {most}", way(stretch.sign))
}

fn head(region: &Region) -> String {
    let mut parts = Vec::new();
    if !region.cells.is_empty() {
        let more = region.cells.len().saturating_sub(CELLS);
        let mut cells = region.cells[..region.cells.len() - more].join("; ");
        if more > 0 {
            cells.push_str(&format!("; and {more} more"));
        }
        parts.push(cells);
    }
    parts.extend(region.from.map(|day| format!("from {day}")));
    parts.join(", ")
}

fn changes(compared: &Compared) -> Vec<(String, Vec<String>)> {
    let Change::Both(diff) = &compared.change else { return Vec::new() };
    let currency = &compared.currency;
    let mut all = Vec::new();
    for line in &diff.lines {
        let said = match &line.change {
            LineChange::Same => continue,
            LineChange::Added => vec!["new".to_owned()],
            LineChange::Removed => vec!["gone".to_owned()],
            LineChange::Fee { old, new } => {
                vec![format!("{} instead of {}", currency.format(new), currency.format(old))]
            }
            LineChange::Unknown(why) => vec![format!("not comparable for all usage: {why}")],
            LineChange::Amounts(regions) => regions
                .iter()
                .flat_map(|region| {
                    let head = head(region);
                    let mut lines: Vec<String> = Vec::new();
                    if !head.is_empty() {
                        lines.push(format!("{head}:"));
                    }
                    let indent = if head.is_empty() { "" } else { "  " };
                    if !region.at_zero.is_zero() {
                        lines.push(format!("{indent}without usage: {}", signed(&region.at_zero, currency)));
                    }
                    lines.extend(
                        region.stretches.iter().map(|s| format!("{indent}{}", stretch(s, &region.unit, currency))),
                    );
                    lines
                })
                .collect(),
        };
        all.push((line.name.clone(), said));
    }
    all
}

/// For a terminal.
pub fn pretty(compared: &[Compared], paint: Paint) -> String {
    let mut out = String::new();
    for one in compared {
        let state = match &one.change {
            Change::Added => "new".to_owned(),
            Change::Removed => "gone".to_owned(),
            Change::Both(diff) if diff.same => "means the same".to_owned(),
            Change::Both(diff) if diff.lines.iter().all(|line| line.change == LineChange::Same) => {
                "the lines are the same".to_owned()
            }
            Change::Both(_) => String::new(),
        };
        let state = if state.is_empty() { state } else { format!(": {}", paint.dim(state)) };
        out.push_str(&format!("{}{state}\n", paint.bold(&one.title)));
        for (name, lines) in changes(one) {
            out.push_str(&format!("  {name}\n"));
            for line in lines {
                let line = line.replace("dearer", &paint.bad("dearer")).replace("cheaper", &paint.good("cheaper"));
                out.push_str(&format!("    {line}\n"));
            }
        }
        if let Change::Both(diff) = &one.change {
            out.extend(diff.others.iter().map(|other| format!("  {other}\n")));
        }
        if let Some(bills) = &one.bills {
            out.push_str(&format!("  {}\n", paint.bold("invoices")));
            out.push_str(&format!("    {}\n", bills::summary(bills, &one.currency)));
            out.extend(bills::most(bills).into_iter().map(|account| bills::row(account, &one.currency)));
            if bills.refused != (0, 0) {
                out.push_str(&format!("    refused records: {} → {}\n", bills.refused.0, bills.refused.1));
            }
        }
    }
    if compared.is_empty() {
        out.push_str("there is nothing to compare\n");
    }
    out
}

/// For a pull request.
pub fn markdown(compared: &[Compared]) -> String {
    let mut out = String::from("### What this change does to prices\n");
    let same: Vec<&str> = compared
        .iter()
        .filter(|one| matches!(&one.change, Change::Both(diff) if diff.same))
        .map(|one| one.title.as_str())
        .collect();
    for one in compared {
        match &one.change {
            Change::Both(diff) if diff.same => continue,
            Change::Added => out.push_str(&format!("\n**{}** is new.\n", cell(&one.title))),
            Change::Removed => out.push_str(&format!("\n**{}** is gone.\n", cell(&one.title))),
            Change::Both(diff) => {
                out.push_str(&format!("\n**{}**\n", cell(&one.title)));
                let lines = changes(one);
                if !lines.is_empty() {
                    out.push_str("\n| Line | Change |\n| --- | --- |\n");
                    for (name, said) in &lines {
                        let said: Vec<String> = said.iter().map(|text| cell(text.trim())).collect();
                        out.push_str(&format!("| {} | {} |\n", cell(name), said.join("<br>")));
                    }
                }
                if !diff.others.is_empty() {
                    out.push('\n');
                    out.extend(diff.others.iter().map(|other| format!("- {other}\n")));
                }
            }
        }
        if let Some(bills) = &one.bills {
            out.push_str(&format!("\nInvoices: {}\n", bills::summary(bills, &one.currency)));
            out.push_str(&bills::markdown(bills, &one.currency));
        }
    }
    if !same.is_empty() {
        out.push_str(&format!("\nThe meaning of {} does not change.\n", same.join(", ")));
    }
    out
}
