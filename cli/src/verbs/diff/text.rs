//! A comparison for people: on a terminal, and as a comment on a pull request.

use super::{Change, Compared};
use crate::output::bills::{self, cell};
use crate::shell::Paint;
use price_driver::LineChange;

fn changes(compared: &Compared) -> Vec<(String, Vec<String>)> {
    let Change::Both(diff) = &compared.change else { return Vec::new() };
    price_driver::changes(diff, &compared.currency)
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
