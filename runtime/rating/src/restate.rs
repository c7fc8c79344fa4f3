//! What later knowledge changes in closed periods.
//!
//! A closed invoice never changes. What an amendment that reaches back, or usage that came late,
//! makes of it is posted as lines of the period in which it came to be known, each naming the
//! period it corrects. A stage is everything known from a day on; the difference between two
//! stages is the difference between two settlements of the same period.

use crate::rater::Rater;
use crate::settle::SettleError;
use price_ir::{Invoice, InvoiceLine, LineKind, OWN};
use price_value::{Date, Period, Rational};
use std::collections::BTreeMap;

/// Facts and terms as they were known from a day on.
pub struct Stage {
    /// The rater with them.
    pub rater: Rater,
    /// First day on which they were known; none for the first stage.
    pub known: Option<Date>,
}

/// The invoice of a period as it was known when the period closed, with the differences that
/// became known during it. `stages` are in the order of their days.
///
/// # Panics
/// Without a stage.
pub fn restate(stages: &mut [Stage], subject: &str, period: &Period) -> Result<Invoice, SettleError> {
    let known = |stage: &Stage| stage.known.is_none_or(|day| day < period.until);
    let last = stages.iter().rposition(known).unwrap_or(0);
    let mut invoice = stages[last].rater.close(subject, period)?;
    for at in 1..=last {
        if stages[at].known.is_none_or(|day| day < period.from) {
            continue;
        }
        let due = stages[at].rater.due(None, Some(period.from));
        for (_, closed) in due.into_iter().filter(|(who, p)| who == subject && p.until <= period.from) {
            let before = stages[at - 1].rater.close(subject, &closed)?;
            let after = stages[at].rater.close(subject, &closed)?;
            for line in differences(&before, &after) {
                invoice.total += &line.amount;
                invoice.due += &line.amount;
                invoice.lines.push(line);
            }
        }
    }
    Ok(invoice)
}

/// Lines of what the later invoice asks for more, or less.
fn differences(before: &Invoice, after: &Invoice) -> Vec<InvoiceLine> {
    let asked = |line: &InvoiceLine| &line.amount - &line.paid.iter().map(|(_, paid)| paid).sum::<Rational>();
    let mut changes: BTreeMap<&str, (Rational, &InvoiceLine)> = BTreeMap::new();
    for (sign, invoice) in [(Rational::int(-1), before), (Rational::ONE, after)] {
        for line in invoice.lines.iter().filter(|line| line.currency == OWN) {
            let entry = changes.entry(&line.name).or_insert((Rational::ZERO, line));
            entry.0 += &(&sign * &asked(line));
            entry.1 = line;
        }
    }
    let correction = |(amount, line): (Rational, &InvoiceLine)| InvoiceLine {
        name: line.name.clone(),
        kind: LineKind::Adjustment,
        quantity: None,
        gross: amount.clone(),
        steps: Vec::new(),
        exact: amount.clone(),
        amount,
        cells: Vec::new(),
        attribution: Vec::new(),
        rule: line.rule,
        currency: line.currency,
        paid: Vec::new(),
        about: line.about.clone(),
        corrects: Some(after.period),
    };
    changes.into_values().filter(|(amount, _)| !amount.is_zero()).map(correction).collect()
}
