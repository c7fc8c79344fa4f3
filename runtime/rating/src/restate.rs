//! What later knowledge changes in closed periods.
//!
//! A closed invoice never changes. What an amendment that reaches back, or usage that came late,
//! makes of it is posted as lines of the period in which it came to be known, each naming the
//! period it corrects. A stage is everything known from a day on; the difference between two
//! stages is the difference between two settlements of the same period: of its lines, of who paid
//! them, and of every account of the ledger.

use crate::lateness::Late;
use crate::rater::Rater;
use crate::settle::SettleError;
use price_ir::{
    Account, CurrencyIx, Entry, EntryKind, Invoice, InvoiceLine, LineKind, OWN, Payment, Plan, RuleIx, Statement,
};
use price_value::{Date, Period, Rational};
use std::collections::BTreeMap;

/// Facts and terms as they were known from a day on.
pub struct Stage {
    /// The rater with them.
    pub rater: Rater,
    /// Since when they were known; none for the first stage.
    pub known: Option<Late>,
}

/// An invoice, and the stage whose plan its rules are of.
#[derive(Debug, Clone, PartialEq)]
pub struct Restated {
    /// The invoice.
    pub invoice: Invoice,
    /// Position of the stage.
    pub stage: usize,
}

/// The invoice of a period as it was known when the period closed, with the differences that
/// became known during it. `stages` are in the order of their days. A period without service has
/// an invoice where there are such differences.
///
/// # Panics
/// Without a stage.
pub fn restate(stages: &mut [Stage], subject: &str, period: &Period) -> Result<Restated, SettleError> {
    let known = |stage: &Stage| stage.known.is_none_or(|late| late.since < period.until);
    let last = stages.iter().rposition(known).unwrap_or(0);
    let plan = stages[last].rater.plan().clone();
    let (mut invoice, unserved) = match stages[last].rater.close(subject, period) {
        // Who is no longer served still owes, or gets back, what becomes known of earlier periods.
        Err(error @ SettleError::NotServed { .. }) if last > 0 => (nothing(&plan, subject, period), Some(error)),
        closed => (closed?, None),
    };
    for at in 1..=last {
        let Some(late) = stages[at].known.filter(|late| late.since >= period.from) else { continue };
        let day = late.entered.min(period.until.add_days(-1));
        let mut closed = stages[at].rater.periods_until(subject, period.from);
        // What was taken back may have been all there was of the first periods.
        let before = stages[at - 1].rater.periods_until(subject, period.from);
        if before.len() > closed.len() {
            closed = before;
        }
        let mut closings = (Payment::default(), Payment::default());
        for earlier in closed {
            let before = stages[at - 1].rater.closed(subject, &earlier)?;
            let after = stages[at].rater.closed(subject, &earlier)?;
            for (mut line, since) in changed_lines(before.as_ref(), after.as_ref(), earlier) {
                let of = if since == Since::Later { at } else { at - 1 };
                line.rule = same_rule(stages[of].rater.plan(), &plan, line.rule);
                if line.currency == OWN {
                    invoice.total += &line.amount;
                    invoice.due += &(&line.amount - &line.paid.iter().map(|(_, paid)| paid).sum::<Rational>());
                }
                invoice.lines.push(line);
            }
            let payment = |of: Option<Invoice>| of.and_then(|invoice| invoice.payment).map(|p| *p).unwrap_or_default();
            closings = (payment(before), payment(after));
            if let Some(payment) = &mut invoice.payment {
                move_by_difference(payment, day, &closings.0, &closings.1);
            }
        }
        if let Some(payment) = &mut invoice.payment {
            reopen(payment, &closings.0, &closings.1);
        }
    }
    match unserved {
        Some(error) if invoice.lines.is_empty() => Err(error),
        _ => Ok(Restated { invoice, stage: last }),
    }
}

/// An invoice of a period without service.
fn nothing(plan: &Plan, subject: &str, period: &Period) -> Invoice {
    Invoice {
        account: subject.to_owned(),
        period: *period,
        served: *period,
        lines: Vec::new(),
        total: Rational::ZERO,
        due: Rational::ZERO,
        payment: (!plan.funds.is_empty()).then(Box::default),
        entitlements: Vec::new(),
        allowances: Vec::new(),
    }
}

/// Which of two invoices has a line.
#[derive(Clone, Copy, PartialEq)]
enum Since {
    Earlier,
    Later,
}

/// The rule of one plan in another: what it is called and where it stands stays.
fn same_rule(from: &Plan, to: &Plan, rule: RuleIx) -> RuleIx {
    let Some(wanted) = from.rules.get(rule.ix()) else { return rule };
    let at = to.rules.iter().position(|r| r == wanted);
    at.map_or(RuleIx(0), |at| RuleIx(at as u32))
}

/// Lines of what the later invoice of a period says differently, with the last that has them.
fn changed_lines(before: Option<&Invoice>, after: Option<&Invoice>, period: Period) -> Vec<(InvoiceLine, Since)> {
    let mut changes: BTreeMap<&str, (InvoiceLine, BTreeMap<&str, Rational>, Since)> = BTreeMap::new();
    for (sign, invoice, since) in [(Rational::int(-1), before, Since::Earlier), (Rational::ONE, after, Since::Later)] {
        for line in invoice.into_iter().flat_map(|invoice| &invoice.lines) {
            let empty = || InvoiceLine {
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
                corrects: Some(period),
            };
            let change = changes.entry(&line.name).or_insert_with(|| (empty(), BTreeMap::new(), since));
            change.0.amount += &(&sign * &line.amount);
            change.0.exact += &(&sign * &line.exact);
            (change.0.rule, change.2) = (line.rule, since);
            for (by, amount) in &line.paid {
                *change.1.entry(by).or_default() += &(&sign * amount);
            }
        }
    }
    let finished = |(mut line, paid, since): (InvoiceLine, BTreeMap<&str, Rational>, Since)| {
        line.gross = line.exact.clone();
        let paid = paid.into_iter().filter(|(_, amount)| !amount.is_zero());
        line.paid = paid.map(|(by, amount)| (by.to_owned(), amount)).collect();
        (line, since)
    };
    let changed = |(line, _): &(InvoiceLine, Since)| !line.amount.is_zero() || !line.paid.is_empty();
    changes.into_values().map(finished).filter(changed).collect()
}

/// Enters what the ledger, the revenue and the unpaid of a closed period should have been.
fn move_by_difference(payment: &mut Payment, day: Date, before: &Payment, after: &Payment) {
    let mut moved: BTreeMap<(CurrencyIx, &Account, &Account), Rational> = BTreeMap::new();
    let mut unpaid: BTreeMap<CurrencyIx, Rational> = payment.unpaid.drain(..).collect();
    for (sign, of) in [(Rational::int(-1), before), (Rational::ONE, after)] {
        for entry in &of.ledger {
            let (one, other) = (&entry.debit, &entry.credit);
            let (key, way) = if one < other {
                ((entry.currency, one, other), sign.clone())
            } else {
                ((entry.currency, other, one), -&sign)
            };
            *moved.entry(key).or_default() += &(way * &entry.amount);
        }
        for (currency, amount) in &of.unpaid {
            *unpaid.entry(*currency).or_default() += &(&sign * amount);
        }
        payment.revenue.earned += &(&sign * &of.revenue.earned);
        payment.revenue.breakage += &(&sign * &of.revenue.breakage);
    }
    payment.unpaid = unpaid.into_iter().filter(|(_, amount)| !amount.is_zero()).collect();
    for ((currency, debit, credit), amount) in moved.into_iter().filter(|(_, amount)| !amount.is_zero()) {
        let (debit, credit) = if amount.is_negative() { (credit, debit) } else { (debit, credit) };
        let (debit, credit) = (debit.clone(), credit.clone());
        payment.ledger.push(Entry { day, kind: EntryKind::Restate, currency, amount: amount.abs(), debit, credit });
    }
    payment.ledger.sort_by_key(|entry| entry.day);
}

/// The period opens with what was left before anything was restated.
fn reopen(payment: &mut Payment, before: &Payment, after: &Payment) {
    payment.revenue.deferred_before += &(&before.revenue.deferred - &after.revenue.deferred);
    for (sign, of) in [(Rational::int(-1), before), (Rational::ONE, after)] {
        for was in of.balances.iter().filter(|was| !was.closed.is_zero()) {
            let at = payment.balances.iter().position(|s| s.name == was.name).unwrap_or_else(|| {
                payment.balances.push(Statement::empty(&was.name, was.holds));
                payment.balances.len() - 1
            });
            let change = &sign * &was.closed;
            payment.balances[at].opened -= &change;
            payment.balances[at].restated += &change;
        }
    }
}
