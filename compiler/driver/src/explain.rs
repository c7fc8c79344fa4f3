//! Why a line of an invoice is what it is, as rows of text with amounts and places.
//!
//! Reads an invoice and the source map; computes nothing that the invoice does not say.

use price_ir::{
    Balance, CellDetail, Charge, Expr, Fold, InvoiceLine, Place, Plan, Ratcheted, RuleIx, SourceMap, TierDetail,
    TierScale, UsageCharge,
};
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
        teller.cell(&line.name, cell, unit, &mut rows);
    }
    match line.cells.len() {
        0 => {
            let what = match &line.corrects {
                Some(period) => format!("{period} as it is known now, less what was invoiced"),
                None => line.kind.word().to_owned(),
            };
            rows.push(teller.row(0, what, Some(line.gross.clone()), Some(line.rule)));
        }
        1 => {}
        _ => rows.push(teller.row(0, "together".to_owned(), Some(line.gross.clone()), Some(line.rule))),
    }
    for step in &line.steps {
        let mut row = teller.row(0, step.label.clone(), Some(step.change.clone()), step.rule);
        row.change = true;
        rows.push(row);
    }
    rows.push(teller.row(0, "before rounding".to_owned(), Some(line.exact.clone()), None));
    let rounded = rounded(plan, line);
    let text = match line.corrects {
        Some(_) => format!("{rounded}, then and now"),
        None if line.amount == line.exact => format!("{rounded}: no change"),
        None => rounded,
    };
    rows.push(teller.row(0, text, Some(line.amount.clone()), None));
    for (by, amount) in &line.paid {
        rows.push(teller.row(0, format!("paid by {by}"), Some(amount.clone()), None));
    }
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

    fn cell(&self, line: &str, cell: &CellDetail, unit: &str, rows: &mut Vec<Row>) {
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
        if let Some(ratchet) = &cell.ratchet {
            rows.push(self.row(2, ratchet_text(ratchet, unit), None, None));
        }
        if let Some(scale) = &cell.scale {
            rows.push(self.row(2, scale_text(self.plan, line, scale), None, None));
        }
        for tier in &cell.tiers {
            let mut text = tier_text(self.plan, line, tier, unit);
            if let Some(range) = tier_range(tier) {
                text = format!("{text}, {range}");
            }
            rows.push(self.row(2, text, Some(tier.exact.clone()), None));
        }
    }
}

/// How a tier comes to its amount: `50_000 GB-month × $0.023`, `20 counted as 10_000 × $0.000005`,
/// `300 × $0.10 plus $20.00`.
#[must_use]
pub fn tier_text(plan: &Plan, line: &str, tier: &TierDetail, unit: &str) -> String {
    let at = plan.lines.iter().find(|l| l.name == line).map_or(price_ir::OWN, |l| l.currency);
    let currency = plan.currency_at(at).0;
    let flat = &tier.exact - &(&tier.quantity * &tier.rate);
    let shown = quantity(&tier.quantity, unit);
    let price = rate(&tier.rate, currency);
    if flat.is_zero() {
        return format!("{shown} × {price}");
    }
    match tier.exact.checked_div(&tier.rate).filter(|_| in_steps(plan, line)) {
        Some(counted) => format!("{shown} counted as {} × {price}", quantity(&counted, "")),
        None => format!("{shown} × {price} plus {}", rate(&flat, currency)),
    }
}

/// What the bounds of a line's tiers were multiples of: `bounds are multiples of demand, 200 kW`.
/// What a ratchet did: `measured 150 kW, held up by 200 kW from 2026-01-01`.
#[must_use]
pub fn ratchet_text(ratchet: &Ratcheted, unit: &str) -> String {
    let (measured, peak) = (quantity(&ratchet.measured, unit), quantity(&ratchet.peak, unit));
    format!("measured {measured}, held up by {peak} in the period from {}", ratchet.since)
}

fn scale_text(plan: &Plan, line: &str, scale: &Rational) -> String {
    let charge = plan.lines.iter().find(|l| l.name == line).map(|l| &l.charge);
    let (name, measure) = match charge {
        Some(Charge::Usage(UsageCharge { scale: Some(TierScale::Sink(by)), .. })) => {
            let sink = &plan.sinks[by.ix()];
            (sink.meter.clone(), quantity(scale, &sink.unit))
        }
        Some(Charge::Usage(usage)) => {
            (format!("the {}", usage.window), quantity(&(scale / &Rational::int(3600)), "hours"))
        }
        _ => (String::new(), quantity(scale, "")),
    };
    format!("bounds are multiples of {name}, {measure}")
}

/// Whether a line counts its quantity in whole steps.
fn in_steps(plan: &Plan, line: &str) -> bool {
    let charge = plan.lines.iter().find(|l| l.name == line).map(|l| &l.charge);
    let rules = match charge {
        Some(Charge::Usage(usage)) => &usage.rules,
        Some(Charge::Events(sink)) => match &plan.sinks[sink.ix()].fold {
            Fold::Charge(charge) => &charge.rules,
            _ => return false,
        },
        _ => return false,
    };
    let mut steps = false;
    for function in &rules.functions {
        function.amount.walk(&mut |expr| {
            steps |= match expr {
                Expr::Round(..) => true,
                Expr::Ladder(_, ladder) => ladder.pieces.iter().any(|piece| piece.step.is_some()),
                _ => false,
            };
        });
    }
    steps
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
#[must_use]
pub fn quantity(value: &Rational, unit: &str) -> String {
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

/// `rounded half-up to $0.01`; a line that a finer balance may pay is rounded as that balance is, and
/// as an invoice is where one asks for it.
fn rounded(plan: &Plan, line: &InvoiceLine) -> String {
    let (currency, own) = plan.currency_at(line.currency);
    let to = |rounding: &Rounding| format!("{} to {}", rounding.mode, currency.format(&rounding.step));
    let own = to(&own.rounding);
    let at = plan.lines.iter().position(|l| l.name == line.name);
    let pays = |b: &&Balance| b.pays.iter().any(|l| Some(l.ix()) == at);
    let precise = plan.funds.balances.iter().filter(pays).filter_map(|b| b.precise.as_ref());
    match precise.min_by(|a, b| a.step.cmp(&b.step)) {
        Some(finer) => format!("rounded {}, invoiced {own}", to(finer)),
        None => format!("rounded {own}"),
    }
}
