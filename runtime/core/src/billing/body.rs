//! Bodies of documents, read back: they are what was said, whatever would be said now.

use price_value::{Date, Rational};
use serde::Deserialize;

/// A line of a document.
#[derive(Debug)]
pub(super) struct IssuedLine {
    pub(super) name: String,
    pub(super) amount: Rational,
    pub(super) paid: Vec<(String, Rational)>,
    /// Of another currency than the plan's.
    pub(super) currency: Option<String>,
    /// First day of the period that it corrects, and the first one after it.
    pub(super) corrects: Option<(Date, Date)>,
    pub(super) title: String,
    pub(super) within: String,
    pub(super) product: Option<String>,
    pub(super) ledger: Option<String>,
    pub(super) tags: Vec<String>,
}

impl IssuedLine {
    /// What it is summed under, in a document of a period: a line that corrects its own period is that
    /// line.
    pub(super) fn key(&self, from: Date) -> (String, Option<Date>, Option<String>) {
        (self.name.clone(), self.corrects.map(|of| of.0).filter(|of| *of != from), self.currency.clone())
    }
}

#[derive(Deserialize)]
struct Body {
    lines: Vec<Line>,
}

#[derive(Deserialize)]
struct Line {
    name: String,
    amount: String,
    #[serde(default)]
    paid: Vec<Paid>,
    currency: Option<String>,
    corrects: Option<Days>,
    rule: Rule,
    product: Option<String>,
    ledger: Option<String>,
    #[serde(default)]
    tags: Vec<String>,
}

#[derive(Deserialize)]
struct Paid {
    amount: String,
    by: String,
}

#[derive(Deserialize)]
struct Days {
    from: Date,
    until: Date,
}

#[derive(Deserialize)]
struct Rule {
    title: String,
    within: String,
}

/// The lines of a document; none where it cannot be read, which only a later release could have written.
pub(super) fn lines(body: &str) -> Option<Vec<IssuedLine>> {
    let read: Body = serde_json::from_str(body).ok()?;
    let amount = |text: &str| text.parse::<Rational>().ok();
    let line = |line: Line| {
        Some(IssuedLine {
            name: line.name,
            amount: amount(&line.amount)?,
            paid: line.paid.into_iter().map(|paid| Some((paid.by, amount(&paid.amount)?))).collect::<Option<_>>()?,
            currency: line.currency,
            corrects: line.corrects.map(|days| (days.from, days.until)),
            title: line.rule.title,
            within: line.rule.within,
            product: line.product,
            ledger: line.ledger,
            tags: line.tags,
        })
    };
    read.lines.into_iter().map(line).collect()
}
