//! What was issued against what it should have been.

use super::body::{self, IssuedLine};
use super::document::Document;
use crate::archive::Archive;
use price_ir::{About, CurrencyIx, Invoice, InvoiceLine, LineKind, OWN, Plan, RuleIx};
use price_value::{Date, Period, Rational, Timestamp};
use std::collections::BTreeMap;

/// A line of all documents of a period: its name, the period it corrects, its currency.
type Key = (String, Option<Date>, Option<String>);

/// What a line came to.
struct Sum {
    amount: Rational,
    paid: BTreeMap<String, Rational>,
    line: InvoiceLine,
}

/// Lines that make what was issued for a period what it comes to now; an error where a document
/// cannot be read.
pub(super) fn differences<'d>(
    archive: &Archive,
    plan: &Plan,
    period: &Period,
    issued: impl Iterator<Item = &'d Document>,
    now: Option<&Invoice>,
) -> Result<Vec<InvoiceLine>, String> {
    let mut sums: BTreeMap<Key, Sum> = BTreeMap::new();
    let mut add = |key: Key, line: InvoiceLine, amount: Rational, paid: Vec<(String, Rational)>| {
        let sum = sums.entry(key).or_insert_with(|| Sum {
            amount: Rational::ZERO,
            paid: BTreeMap::new(),
            line: line.clone(),
        });
        sum.amount += &amount;
        for (by, paid) in paid {
            *sum.paid.entry(by).or_default() += &paid;
        }
        // What holds now says it last.
        sum.line = line;
    };
    for document in issued {
        let unread = || format!("the body of `{}` cannot be read", document.issued.number);
        for of in body::lines(&archive.one(document.seq)).ok_or_else(unread)? {
            // A difference of another period stays one of that.
            let corrects = of.corrects.map_or(*period, |(from, until)| days(from, until));
            let line = like(plan, &corrects, &of);
            let paid = of.paid.iter().map(|(by, paid)| (by.clone(), -paid)).collect();
            add(of.key(document.issued.from), line, -&of.amount, paid);
        }
    }
    for line in now.into_iter().flat_map(|invoice| &invoice.lines) {
        let currency = (line.currency != OWN).then(|| plan.currency_at(line.currency).0.code.clone());
        let corrects = line.corrects.map(|of| of.from).filter(|from| *from != period.from);
        let key = (line.name.clone(), corrects, currency);
        add(key, adjusts(line, period), line.amount.clone(), line.paid.clone());
    }
    let made = |Sum { amount, paid, mut line }: Sum| {
        line.exact = amount.clone();
        line.gross = amount.clone();
        line.amount = amount;
        line.paid = paid.into_iter().filter(|(_, paid)| !paid.is_zero()).collect();
        line
    };
    let says = |line: &InvoiceLine| !line.amount.is_zero() || !line.paid.is_empty();
    Ok(sums.into_values().map(made).filter(says).collect())
}

/// A line without an amount that corrects one of a document.
pub(super) fn like(plan: &Plan, period: &Period, of: &IssuedLine) -> InvoiceLine {
    let rule = plan.rules.iter().position(|rule| rule.title == of.title && rule.within == of.within);
    let foreign = of.currency.as_ref().and_then(|code| plan.foreign.iter().position(|(c, ..)| c.code == *code));
    InvoiceLine {
        name: of.name.clone(),
        kind: LineKind::Adjustment,
        quantity: None,
        gross: Rational::ZERO,
        steps: Vec::new(),
        exact: Rational::ZERO,
        amount: Rational::ZERO,
        cells: Vec::new(),
        attribution: Vec::new(),
        rule: RuleIx(rule.map_or(0, |at| at as u32)),
        currency: foreign.map_or(OWN, |at| CurrencyIx(at as u32 + 1)),
        paid: Vec::new(),
        about: About { tags: of.tags.clone(), product: of.product.clone(), ledger: of.ledger.clone() },
        corrects: Some(*period),
    }
}

fn adjusts(line: &InvoiceLine, period: &Period) -> InvoiceLine {
    InvoiceLine {
        name: line.name.clone(),
        kind: LineKind::Adjustment,
        quantity: None,
        gross: Rational::ZERO,
        steps: Vec::new(),
        exact: Rational::ZERO,
        amount: Rational::ZERO,
        cells: Vec::new(),
        attribution: Vec::new(),
        rule: line.rule,
        currency: line.currency,
        paid: Vec::new(),
        about: line.about.clone(),
        corrects: Some(line.corrects.unwrap_or(*period)),
    }
}

/// An invoice of nothing.
pub(super) fn nothing(billed: &str, period: &Period) -> Invoice {
    Invoice {
        account: billed.to_owned(),
        period: *period,
        served: *period,
        lines: Vec::new(),
        total: Rational::ZERO,
        due: Rational::ZERO,
        payment: None,
        entitlements: Vec::new(),
        allowances: Vec::new(),
    }
}

/// The period of a document, where only its days are known.
pub(super) fn days(from: Date, until: Date) -> Period {
    Period { from, until, start: Timestamp(0), end: Timestamp(0) }
}
