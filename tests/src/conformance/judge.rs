//! What an invoice says, in the terms in which the cases tell their results.

use super::data::{list, number, text};
use super::text::Money;
use crate::program::Rated;
use price_ir::{Invoice, InvoiceLine, LineKind};
use price_value::Rational;
use serde_json::Value;
use std::collections::BTreeMap;

/// A quantity and an amount before discounts, by component (`unit`, `tier2.flat`).
pub type Parts = BTreeMap<String, (Rational, Rational)>;

/// What one rating posts.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Posted {
    /// Components of usage lines, before discounts and caps.
    pub parts: Parts,
    /// Rate of a unit by component.
    pub rates: BTreeMap<String, Rational>,
    /// Discounts and caps.
    pub discount: Rational,
    /// The line of the minimum.
    pub minimum: Rational,
    /// Everything.
    pub total: Rational,
}

/// How a price is taken apart.
#[derive(Debug, Clone)]
pub struct Anatomy {
    /// Lower bounds of tiers; empty for a price without tiers.
    pub tiers: Vec<Rational>,
    /// Name of the whole where there are no tiers.
    pub whole: &'static str,
    /// Amount of one package: the quantity is the number of packages.
    pub package: Option<Rational>,
    /// Money of the file.
    pub money: Money,
}

impl Anatomy {
    fn round(&self, amount: &Rational) -> Rational {
        match self.money.exact {
            true => amount.clone(),
            false => self.money.rounded(amount),
        }
    }

    /// What the invoices post. A minimum is known at the end of the period only.
    pub fn posted(&self, rated: &Rated, finally: bool) -> Posted {
        let mut posted = Posted::default();
        for line in rated.invoices.iter().flat_map(|i| &i.lines) {
            let amount = if self.money.exact { &line.exact } else { &line.amount };
            if line.kind == LineKind::Minimum {
                if finally {
                    posted.minimum += amount;
                    posted.total += amount;
                }
                continue;
            }
            let gross = self.round(&line.gross);
            posted.discount += &(&gross - amount);
            posted.total += amount;
            self.parts(line, gross, &mut posted);
        }
        posted
    }

    fn parts(&self, line: &InvoiceLine, gross: Rational, posted: &mut Posted) {
        let mut put = |name: String, rate: Option<Rational>, quantity: Rational, amount: Rational| {
            let entry = posted.parts.entry(name.clone()).or_default();
            entry.0 += &quantity;
            entry.1 += &amount;
            posted.rates.extend(rate.map(|r| (name, r)));
        };
        if self.tiers.is_empty() {
            let quantity = match &self.package {
                Some(each) => line.gross.checked_div(each).unwrap_or_default(),
                None => net(line),
            };
            let rate = match &self.package {
                Some(each) => Some(each.clone()),
                None if self.whole == "unit" => line.gross.checked_div(&quantity),
                None => None,
            };
            put(self.whole.into(), rate, quantity, gross);
            return;
        }
        for tier in line.cells.iter().flat_map(|c| &c.tiers) {
            let place = self.tiers.iter().rposition(|t| *t <= tier.from).unwrap_or(0) + 1;
            let unit = &tier.rate * &tier.quantity;
            let flat = &tier.exact - &unit;
            put(format!("tier{place}.unit"), Some(tier.rate.clone()), tier.quantity.clone(), self.round(&unit));
            put(format!("tier{place}.flat"), None, Rational::ONE, self.round(&flat));
        }
    }
}

impl Posted {
    /// What comes on top of what was posted before: postings are differences.
    pub fn since(&self, before: &Posted) -> Posted {
        let mut parts = self.parts.clone();
        for (name, (quantity, amount)) in &before.parts {
            let entry = parts.entry(name.clone()).or_default();
            entry.0 -= quantity;
            entry.1 -= amount;
        }
        let mut rates = before.rates.clone();
        rates.extend(self.rates.clone());
        Posted {
            parts,
            rates,
            discount: &self.discount - &before.discount,
            minimum: &self.minimum - &before.minimum,
            total: &self.total - &before.total,
        }
    }

    /// Compares with lines of the form `component, quantity, amount, discount, total` and with a
    /// `total`. A component that is posted and reversed in two lines counts as their sum.
    pub fn against(&self, lines: Option<&[Value]>, total: Option<Rational>, place: &str) -> Vec<String> {
        let mut wrong = Vec::new();
        let mut same = |what: String, got: &Rational, want: &Rational| {
            if got != want {
                wrong.push(format!("{place}{what}: {got}, expected {want}"));
            }
        };
        if let Some(want) = total {
            same("total".into(), &self.total, &want);
        }
        let Some(lines) = lines else { return wrong };
        let zero = Rational::ZERO;
        let of = |line: &Value, key: &str| number(&line[key]).unwrap_or_default();
        let mut wanted = Parts::new();
        let (mut discount, mut minimum, mut sum) = (zero.clone(), zero.clone(), zero.clone());
        for line in lines {
            sum += &of(line, "total");
            discount += &of(line, "discount");
            let name = text(&line["component"]).unwrap_or_default();
            if name == "minimum_spend" {
                minimum += &(&of(line, "total") + &of(line, "discount"));
                continue;
            }
            if let (Some(rate), Some(want)) = (self.rates.get(&name), number(&line["unit_price"])) {
                same(format!("rate of {name}"), rate, &want);
            }
            let entry = wanted.entry(name).or_default();
            entry.0 += &of(line, "quantity");
            entry.1 += &of(line, "amount");
        }
        same("sum of lines".into(), &self.total, &sum);
        same("minimum".into(), &self.minimum, &minimum);
        same("discount".into(), &self.discount, &discount);
        let none = (zero.clone(), zero.clone());
        for (name, (quantity, amount)) in &wanted {
            let got = self.parts.get(name).unwrap_or(&none);
            same(format!("amount of {name}"), &got.1, amount);
            // What is no quantity of usage is billed as one.
            if !matches!(name.as_str(), "dynamic" | "flat") && !amount.is_zero() && !name.ends_with(".flat") {
                same(format!("quantity of {name}"), &got.0, quantity);
            }
        }
        for (name, (_, amount)) in &self.parts {
            if !wanted.contains_key(name) {
                same(format!("amount of {name}"), amount, &zero);
            }
        }
        wrong
    }
}

/// Priced quantity of a line: what allowances and usage discounts left.
pub fn net(line: &InvoiceLine) -> Rational {
    match line.cells.is_empty() {
        true => line.quantity.as_ref().map(|(q, _)| q.clone()).unwrap_or_default(),
        false => line.cells.iter().map(|c| &c.quantity - &c.covered).sum(),
    }
}

/// A line of any invoice.
pub fn line<'r>(rated: &'r Rated, name: &str) -> Option<&'r InvoiceLine> {
    rated.invoices.iter().flat_map(|i| &i.lines).find(|l| l.name == name)
}

/// Amount of the lines of that name.
pub fn amount(rated: &Rated, name: &str) -> Rational {
    rated.invoices.iter().flat_map(|i| &i.lines).filter(|l| l.name == name).map(|l| &l.amount).sum()
}

/// Sum of all invoices.
pub fn total(rated: &Rated) -> Rational {
    rated.invoices.iter().map(|i| &i.total).sum()
}

/// Sum of all invoices before rounding.
pub fn exact_total(rated: &Rated) -> Rational {
    rated.invoices.iter().flat_map(|i| &i.lines).map(|l| &l.exact).sum()
}

/// Sum of the lines that are a minimum.
pub fn minimum(rated: &Rated) -> Rational {
    let lines = rated.invoices.iter().flat_map(|i: &Invoice| &i.lines);
    lines.filter(|l| l.kind == LineKind::Minimum).map(|l| &l.amount).sum()
}

/// A difference, if there is one.
pub fn differs(what: &str, got: &Rational, want: &Rational) -> Option<String> {
    (got != want).then(|| format!("{what}: {got}, expected {want}"))
}

/// Compares a number of the result, where it gives one.
pub fn told(what: &str, got: &Rational, expected: &Value) -> Option<String> {
    differs(what, got, &number(expected)?)
}

/// Lines with an integer amount in `key`, sorted.
pub fn sorted(lines: &Value) -> Vec<Rational> {
    let mut all: Vec<Rational> = list(lines).iter().filter_map(number).collect();
    all.sort();
    all
}
