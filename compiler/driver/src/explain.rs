//! Why a line of an invoice is what it is, as rows of text with amounts and places.
//!
//! Reads an invoice and the source map; computes nothing that the invoice does not say.

use price_ir::{CellDetail, InvoiceLine, Place, Plan, RuleIx, SourceMap, TierDetail};
use price_value::{Currency, Rational, Rounding, RoundingMode};

/// The way to one amount.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Explanation {
    /// Name of the line.
    pub line: String,
    /// What the customer pays.
    pub amount: Rational,
    /// Steps, in the order in which they were taken.
    pub rows: Vec<Row>,
}

/// One step.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Row {
    /// Indentation, 0 for steps of the line, 1 for those of a cell, 2 for tiers.
    pub depth: u8,
    /// What was done.
    pub text: String,
    /// The exact amount it gave or changed.
    pub amount: Option<Rational>,
    /// Whether `amount` is a change, not a value.
    pub change: bool,
    /// The rule that asked for it: its name, and where it stands.
    pub rule: Option<(String, Option<Place>)>,
}

/// Explains a line.
#[must_use]
pub fn explain(plan: &Plan, places: &SourceMap, line: &InvoiceLine) -> Explanation {
    let teller = Teller { plan, places };
    let mut rows = Vec::new();
    let unit = line.quantity.as_ref().map_or("", |(_, unit)| unit.as_str());
    for cell in &line.cells {
        teller.cell(cell, unit, &mut rows);
    }
    let gross = if line.cells.is_empty() {
        teller.row(0, line.kind.word().to_owned(), Some(line.gross.clone()), Some(line.rule))
    } else {
        teller.row(0, "together".to_owned(), Some(line.gross.clone()), Some(line.rule))
    };
    rows.push(gross);
    for step in &line.steps {
        let mut row = teller.row(0, step.label.clone(), Some(step.change.clone()), step.rule);
        row.change = true;
        rows.push(row);
    }
    if line.exact != line.gross {
        rows.push(teller.row(0, "exact".to_owned(), Some(line.exact.clone()), None));
    }
    let rounded = rounding(&plan.rounding.rounding, &plan.currency);
    let text = if line.amount == line.exact { format!("{rounded}: no change") } else { rounded };
    rows.push(teller.row(0, text, Some(line.amount.clone()), None));
    Explanation { line: line.name.clone(), amount: line.amount.clone(), rows }
}

struct Teller<'a> {
    plan: &'a Plan,
    places: &'a SourceMap,
}

impl Teller<'_> {
    fn row(&self, depth: u8, text: String, amount: Option<Rational>, rule: Option<RuleIx>) -> Row {
        let named = |rule: RuleIx| {
            let title = self.plan.rules.get(rule.ix()).map_or(String::new(), |r| r.title.clone());
            (title, self.places.get(rule).cloned())
        };
        Row { depth, text, amount, change: false, rule: rule.map(named) }
    }

    fn cell(&self, cell: &CellDetail, unit: &str, rows: &mut Vec<Row>) {
        let labels: Vec<String> = cell.labels.iter().map(|(dimension, label)| format!("{dimension} {label}")).collect();
        let mut text = quantity(&cell.quantity, unit);
        if !labels.is_empty() {
            text = format!("{}: {text}", labels.join(", "));
        }
        if cell.events > 0 {
            let noun = if cell.events == 1 { "event" } else { "events" };
            text = format!("{text} in {} {noun}", price_value::currency::group(&cell.events.to_string()));
        }
        rows.push(self.row(1, text, Some(cell.exact.clone()), cell.rules.last().copied()));
        for rule in cell.rules.iter().rev().skip(1) {
            let title = self.plan.rules.get(rule.ix()).map_or("", |r| r.title.as_str());
            rows.push(self.row(2, format!("on top of {title}"), None, Some(*rule)));
        }
        if cell.covered.is_positive() {
            rows.push(self.row(2, format!("of which included {}", quantity(&cell.covered, unit)), None, None));
        }
        for tier in &cell.tiers {
            rows.push(self.row(2, tier_text(tier, unit, &self.plan.currency), Some(tier.exact.clone()), None));
        }
    }
}

/// `50_000 GB-month × $0.023, up to 50_000`.
fn tier_text(tier: &TierDetail, unit: &str, currency: &Currency) -> String {
    let product = &tier.quantity * &tier.rate;
    let flat = &tier.exact - &product;
    let mut text = format!("{} × {}", quantity(&tier.quantity, unit), rate(&tier.rate, currency));
    if !flat.is_zero() {
        text = format!("{text} plus {}", currency.format(&flat));
    }
    match tier_range(tier) {
        Some(range) => format!("{text}, {range}"),
        None => text,
    }
}

/// `up to 500`, `above 500 up to 1_000`, `above 1_000`; nothing for a tier without bounds.
#[must_use]
pub fn tier_range(tier: &TierDetail) -> Option<String> {
    match (&tier.to, tier.from.is_zero()) {
        (None, true) => None,
        (None, false) => Some(format!("above {}", quantity(&tier.from, ""))),
        (Some(to), true) => Some(format!("up to {}", quantity(to, ""))),
        (Some(to), false) => Some(format!("above {} up to {}", quantity(&tier.from, ""), quantity(to, ""))),
    }
}

/// A price per unit: exact where it ends within 12 decimals, else cut there.
#[must_use]
pub fn rate(value: &Rational, currency: &Currency) -> String {
    match value.decimals() {
        Some(decimals) if decimals <= 12 => currency.format(value),
        _ => {
            let cut = Rounding { mode: RoundingMode::Down, step: Rational::pow10(-12) }.apply(value);
            format!("{}…", currency.format(&cut))
        }
    }
}

/// A number with its unit, cut after six decimals with `…` where it goes on.
pub(crate) fn quantity(value: &Rational, unit: &str) -> String {
    let number = match value.decimals() {
        Some(decimals) if decimals <= 6 => value.to_decimal_string(0).unwrap_or_default(),
        _ => {
            let cut = Rounding { mode: RoundingMode::Down, step: Rational::pow10(-6) }.apply(value);
            format!("{}…", cut.to_decimal_string(0).unwrap_or_default())
        }
    };
    let number = price_value::currency::group(&number);
    if unit.is_empty() { number } else { format!("{number} {unit}") }
}

/// `rounded half-up to $0.01`.
fn rounding(rounding: &Rounding, currency: &Currency) -> String {
    format!("rounded {} to {}", rounding.mode, currency.format(&rounding.step))
}
