//! The tables of a page.

use super::body::{Body, Cell, Line};
use super::number::{amount, less, quantity};
use std::borrow::Cow;

/// What a row is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum RowKind {
    /// A line of the invoice.
    Line,
    /// What a line is made of.
    Part,
}

/// A row of the table of lines.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Row {
    /// What it is.
    pub kind: RowKind,
    /// What it says.
    pub text: String,
    /// Product code and the like, said small.
    pub note: String,
    /// Quantity, with its unit.
    pub quantity: String,
    /// Rate for one.
    pub rate: String,
    /// Amount.
    pub amount: String,
}

/// A table below the lines: a heading of each column first.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Block {
    /// What it is about.
    pub title: String,
    /// Headings of the columns.
    pub head: Vec<String>,
    /// Rows; the first cell of each is a name, the others are numbers.
    pub rows: Vec<Vec<String>>,
}

/// The lines with what they are made of.
pub(super) fn lines(body: &Body<'_>) -> Vec<Row> {
    let mut rows = Vec::new();
    for line in &body.lines {
        let unit = line.quantity.as_ref().map_or("", |quantity| &quantity.unit);
        let parts = parts(line, unit);
        // One rate for all of it stands in the line itself.
        let plain = match parts.as_slice() {
            [only] if line.steps.is_empty() && only.text.is_empty() => Some(only.rate.clone()),
            _ => None,
        };
        rows.push(Row {
            kind: RowKind::Line,
            text: described(line),
            note: note(line),
            quantity: line.quantity.as_ref().map_or_else(String::new, |of| with_unit(&of.value, unit)),
            rate: plain.clone().unwrap_or_default(),
            amount: with_currency(&line.amount, line.currency.as_deref()),
        });
        if plain.is_none() {
            rows.extend(parts);
        }
        let part = |text: String, amount: String| Row {
            kind: RowKind::Part,
            text,
            note: String::new(),
            quantity: String::new(),
            rate: String::new(),
            amount,
        };
        rows.extend(line.steps.iter().map(|step| part(step.label.to_string(), amount(&step.change))));
        // Paid in whole by the one balance there is, the totals say it.
        for paid in &line.paid {
            let shown = with_currency(&paid.amount, line.currency.as_deref());
            rows.push(part(format!("paid from {}", words(&paid.by)), format!("({shown})")));
        }
    }
    rows
}

fn described(line: &Line<'_>) -> String {
    let name = words(&line.name);
    match (&line.corrects, line.kind.as_ref()) {
        (Some(days), _) => format!("{name}, difference of {}", days.words()),
        (None, "minimum") => format!("{name} (minimum)"),
        (None, "true-up") => format!("{name} (shortfall of the commitment)"),
        _ => name.into_owned(),
    }
}

fn note(line: &Line<'_>) -> String {
    let product = line.product.as_deref().map(|code| format!("product {code}"));
    let ledger = line.ledger.as_deref().map(|code| format!("ledger {code}"));
    product.into_iter().chain(ledger).collect::<Vec<_>>().join(", ")
}

/// The tiers of each cell.
fn parts(line: &Line<'_>, unit: &str) -> Vec<Row> {
    let mut rows = Vec::new();
    let several = line.cells.len() > 1;
    for cell in &line.cells {
        let labels = labels(cell);
        let tiers: Vec<_> = cell.tiers.iter().filter(|tier| tier.quantity != "0").collect();
        let free = cell.covered != "0";
        if free {
            rows.push(Row {
                kind: RowKind::Part,
                text: if labels.is_empty() { "included".into() } else { format!("{labels}, included") },
                note: String::new(),
                quantity: with_unit(&cell.covered, unit),
                rate: String::new(),
                amount: amount("0"),
            });
        }
        if tiers.is_empty() && several {
            rows.push(Row {
                kind: RowKind::Part,
                text: labels.clone(),
                note: String::new(),
                quantity: with_unit(&cell.quantity, unit),
                rate: String::new(),
                amount: amount(&cell.amount),
            });
        }
        let alone = tiers.len() == 1 && !several && !free;
        for (at, tier) in tiers.iter().enumerate() {
            let rank = if tiers.len() > 1 { format!("tier {}", at + 1) } else { String::new() };
            let text = match (labels.is_empty(), rank.is_empty()) {
                (false, false) => format!("{labels}, {rank}"),
                (false, true) => labels.clone(),
                (true, _) if alone => String::new(),
                (true, true) => "beyond".into(),
                (true, false) => rank,
            };
            rows.push(Row {
                kind: RowKind::Part,
                text,
                note: String::new(),
                quantity: with_unit(&tier.quantity, unit),
                rate: quantity(&tier.rate),
                amount: quantity(&tier.amount),
            });
        }
    }
    // A line whose cells were not priced one by one says its gross itself.
    if rows.is_empty() && !line.steps.is_empty() {
        rows.push(Row {
            kind: RowKind::Part,
            text: "before".into(),
            note: String::new(),
            quantity: String::new(),
            rate: String::new(),
            amount: quantity(&line.gross),
        });
    }
    rows
}

fn labels(cell: &Cell<'_>) -> String {
    cell.labels.iter().map(|label| label.label.as_ref()).collect::<Vec<_>>().join(", ")
}

fn with_unit(value: &str, unit: &str) -> String {
    let value = quantity(value);
    if unit.is_empty() { value } else { format!("{value} {unit}") }
}

fn with_currency(value: &str, foreign: Option<&str>) -> String {
    match foreign {
        Some(code) => format!("{} {code}", amount(value)),
        None => amount(value),
    }
}

/// `premium_support` as `premium support`.
pub(crate) fn words(name: &str) -> Cow<'_, str> {
    if name.contains('_') { name.replace('_', " ").into() } else { name.into() }
}

/// The title of the table of balances, which a statement has in more detail.
pub(crate) const BALANCES: &str = "Balances";

/// Balances, commitments, allowances.
pub(super) fn blocks(body: &Body<'_>) -> Vec<Block> {
    let heads = |names: &[&str]| names.iter().map(|name| (*name).to_owned()).collect();
    let mut blocks = Vec::new();
    if let Some(payment) = &body.payment {
        let moved = |numbers: &[&str]| numbers.iter().any(|number| number.chars().any(|c| ('1'..='9').contains(&c)));
        let balances =
            payment.balances.iter().filter(|of| moved(&[&of.opened, &of.granted, &of.topped_up, &of.closed]));
        let rows: Vec<Vec<String>> = balances
            .map(|of| {
                let name = format!("{} ({})", words(&of.name), of.currency);
                let came = less(&of.granted, &format!("-{}", of.topped_up)).unwrap_or_default();
                let numbers = [&*of.opened, &*came, &*of.used, &*of.expired, &*of.closed];
                std::iter::once(name).chain(numbers.iter().map(|number| amount(number))).collect()
            })
            .collect();
        if !rows.is_empty() {
            let head = heads(&["Balance", "Opened", "Added", "Used", "Expired", "Left"]);
            blocks.push(Block { title: BALANCES.into(), head, rows });
        }
        let rows: Vec<Vec<String>> = payment
            .commitments
            .iter()
            .map(|of| {
                let until = of.until.as_ref().map_or("…".to_owned(), ToString::to_string);
                let left = less(&of.amount, &of.total).filter(|left| !left.starts_with('-'));
                let left = left.unwrap_or_else(|| "0".into());
                let name = format!("{}, {} until {until}", words(&of.name), of.from);
                vec![name, amount(&of.amount), amount(&of.total), amount(&left), amount(&of.excess)]
            })
            .collect();
        if !rows.is_empty() {
            let head = heads(&["Commitment", "Promised", "Counted so far", "Left", "Beyond"]);
            blocks.push(Block { title: "Commitments".into(), head, rows });
        }
    }
    let rows: Vec<Vec<String>> = body
        .allowances
        .iter()
        .map(|of| {
            let name = format!("{} ({})", words(&of.name), of.unit);
            let numbers = [&*of.carried_in, &*of.granted, &*of.used, &*of.carried_out, &*of.forfeited];
            std::iter::once(name).chain(numbers.iter().map(|number| quantity(number))).collect()
        })
        .collect();
    if !rows.is_empty() {
        let head = heads(&["Included usage", "Carried in", "Granted", "Used", "Carried on", "Lapsed"]);
        blocks.push(Block { title: "Included usage".into(), head, rows });
    }
    blocks
}
