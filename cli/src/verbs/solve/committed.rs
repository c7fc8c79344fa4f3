//! A plan that commits another amount, and what usage counts towards a commitment.

use crate::trouble::Trouble;
use price_driver::Known;
use price_ir::{Account, BalanceKind, Cost, EntryKind, GrantAmount, Invoice, Plan};
use price_value::{Date, Rational};
use std::collections::BTreeMap;
use std::sync::Arc;

/// Where the amount of a commitment stands in a plan.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Place {
    /// A counter, trued up.
    Postpaid(usize),
    /// A balance, paid for before.
    Prepaid(usize),
}

/// The commitments of a plan by name.
fn commitments(plan: &Plan) -> Vec<(&str, Place)> {
    let postpaid = plan.funds.commitments.iter().enumerate();
    let postpaid = postpaid.map(|(at, commitment)| (commitment.name.as_str(), Place::Postpaid(at)));
    let prepaid = plan.funds.balances.iter().enumerate().filter(|(_, b)| b.kind == BalanceKind::Commitment);
    postpaid.chain(prepaid.map(|(at, balance)| (balance.name.as_str(), Place::Prepaid(at)))).collect()
}

/// The commitment called so, or the only one.
pub fn find(plan: &Plan, name: Option<&str>) -> Result<(String, Place), Trouble> {
    let all = commitments(plan);
    let named = name.filter(|name| !name.is_empty());
    let found: Vec<_> = all.iter().filter(|(known, _)| named.is_none_or(|name| name == *known)).collect();
    match found.as_slice() {
        [(name, place)] => Ok(((*name).to_owned(), *place)),
        [] if all.is_empty() => Err(Trouble::new("C099", format!("`{}` has no commitment", plan.name))),
        _ => {
            let names: Vec<String> = all.iter().map(|(name, _)| format!("`{name}`")).collect();
            Err(Trouble::new("C099", format!("which commitment of `{}`?", plan.name))
                .help(format!("write `--commitment NAME`: {}", names.join(", "))))
        }
    }
}

/// The amount that is committed.
pub fn amount(plan: &Plan, place: Place) -> Result<Rational, Trouble> {
    let ramp = |name: &str| {
        Trouble::new("C099", format!("`{name}` commits another amount for each step"))
            .help("solve it with one amount, and write the steps from that")
    };
    match place {
        Place::Postpaid(at) => {
            let rule = &plan.funds.commitments[at];
            let [step] = rule.steps.as_slice() else { return Err(ramp(&rule.name)) };
            Ok(step.amount.clone())
        }
        Place::Prepaid(at) => {
            let rule = &plan.funds.balances[at];
            match rule.grants.as_slice() {
                [only] => match &only.amount {
                    GrantAmount::Fixed(amount) => Ok(amount.clone()),
                    _ => Err(ramp(&rule.name)),
                },
                _ => Err(ramp(&rule.name)),
            }
        }
    }
}

/// The same plans with another amount.
pub fn with(known: &[Known], name: &str, amount: &Rational) -> Result<Vec<Known>, Trouble> {
    let changed = |known: &Known| {
        let mut compiled = known.compiled.clone();
        let mut plan = (*compiled.plan).clone();
        // What was known before the commitment has none.
        match find(&plan, Some(name)) {
            Ok((_, Place::Postpaid(at))) => {
                for step in &mut plan.funds.commitments[at].steps {
                    step.amount = amount.clone();
                }
            }
            Ok((_, Place::Prepaid(at))) => {
                for grant in &mut plan.funds.balances[at].grants {
                    grant.amount = GrantAmount::Fixed(amount.clone());
                    grant.cost = match &grant.cost {
                        Cost::Free => Cost::Free,
                        Cost::AlreadyPaid(_) => Cost::AlreadyPaid(amount.clone()),
                        Cost::Invoiced(_) => Cost::Invoiced(amount.clone()),
                        Cost::Instalments { every, count, .. } => {
                            let each = amount / &Rational::int(i128::from((*count).max(1)));
                            Cost::Instalments { every: *every, count: *count, amount: each }
                        }
                    };
                }
            }
            Err(_) => {}
        }
        price_ir::verify(&plan).map_err(|_| {
            Trouble::new("C099", format!("{} is no amount that `{name}` can commit", plan.currency.format(amount)))
        })?;
        compiled.plan = Arc::new(plan);
        Ok(Known { since: known.since, compiled })
    };
    known.iter().map(changed).collect()
}

/// What usage and invoices say of a commitment.
#[derive(Debug, Default)]
pub struct Counted {
    /// What was asked for, and what was paid outside the invoices.
    pub cost: Rational,
    /// By account and first day of a stretch (or of a lot), what counted (or was drawn).
    pub stretches: BTreeMap<(String, Date), Rational>,
    /// Accounts whose last stretch is not over when the usage ends, and the day after it.
    pub open: BTreeMap<String, Date>,
    /// Invoices.
    pub invoices: usize,
}

impl Counted {
    /// Adds an invoice; those of one account come in the order of their periods.
    pub fn add(&mut self, name: &str, place: Place, invoice: &Invoice) {
        self.invoices += 1;
        self.cost += &invoice.due;
        let Some(payment) = &invoice.payment else { return };
        for entry in &payment.ledger {
            if entry.kind == EntryKind::Grant && entry.debit == Account::Cash {
                self.cost += &entry.amount;
            }
        }
        let key = |day: Date| (invoice.account.clone(), day);
        let end = invoice.period.until;
        match place {
            Place::Postpaid(_) => {
                for status in payment.commitments.iter().filter(|status| status.name == name) {
                    *self.stretches.entry(key(status.from)).or_default() += &status.counted;
                    self.goes_on(&invoice.account, end, status.until);
                }
            }
            Place::Prepaid(_) => {
                let own = payment.balances.iter().filter(|statement| statement.name == name);
                for lot in own.flat_map(|statement| &statement.lots) {
                    self.stretches.insert(key(lot.came), &lot.amount - &lot.left);
                    self.goes_on(&invoice.account, end, lot.gone);
                }
            }
        }
    }

    fn goes_on(&mut self, account: &str, end: Date, until: Option<Date>) {
        match until {
            Some(until) if until <= end => self.open.remove(account),
            until => self.open.insert(account.to_owned(), until.unwrap_or(end)),
        };
    }
}
