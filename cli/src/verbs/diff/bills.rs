//! The same usage under two plans.

use crate::args::DiffArgs;
use crate::events::progress::Bar;
use crate::events::rejects::Rejects;
use crate::events::run::{self, Pass};
use crate::events::{inputs, span};
use crate::trouble::Trouble;
use price_driver::Known;
use price_value::Rational;
use serde_json::{Value, json};
use std::collections::{BTreeMap, BTreeSet};

/// Invoices of one account under both.
#[derive(Debug, Clone, Default)]
pub struct Account {
    /// Name.
    pub name: String,
    /// Sum of the totals before.
    pub old: Rational,
    /// Sum of the totals from now on.
    pub new: Rational,
}

impl Account {
    /// What changes.
    pub fn change(&self) -> Rational {
        &self.new - &self.old
    }
}

/// Invoices under both plans.
pub struct Bills {
    /// By how much they change, the greatest rise first.
    pub accounts: Vec<Account>,
    /// Records that were refused under the old and the new plan.
    pub refused: (u64, u64),
}

impl Bills {
    /// Both sums.
    pub fn totals(&self) -> (Rational, Rational) {
        (self.accounts.iter().map(|a| &a.old).sum(), self.accounts.iter().map(|a| &a.new).sum())
    }

    /// How many pay more, the same and less.
    pub fn counts(&self) -> (usize, usize, usize) {
        let dearer = self.accounts.iter().filter(|a| a.change().is_positive()).count();
        let cheaper = self.accounts.iter().filter(|a| a.change().is_negative()).count();
        (dearer, self.accounts.len() - dearer - cheaper, cheaper)
    }

    pub fn as_json(&self) -> Value {
        let account = |account: &Account| json!({ "account": account.name, "old": account.old.to_string(), "new": account.new.to_string(), "change": account.change().to_string() });
        let (old, new) = self.totals();
        let (dearer, same, cheaper) = self.counts();
        json!({
            "accounts": self.accounts.iter().map(account).collect::<Vec<_>>(),
            "total": { "old": old.to_string(), "new": new.to_string() },
            "dearer": dearer, "same": same, "cheaper": cheaper,
            "refused": { "old": self.refused.0, "new": self.refused.1 },
        })
    }
}

/// Rates the usage under both.
pub fn compare(args: &DiffArgs, old: &[Known], new: &[Known]) -> Result<Bills, Trouble> {
    let mut accounts: BTreeMap<String, Account> = BTreeMap::new();
    let refused_before = rate(args, old, &mut |name, total| accounts.entry(name.to_owned()).or_default().old += total)?;
    let refused_now = rate(args, new, &mut |name, total| accounts.entry(name.to_owned()).or_default().new += total)?;
    let named = accounts.into_iter().map(|(name, account)| Account { name, ..account });
    let mut accounts: Vec<Account> = named.collect();
    accounts.sort_by(|a, b| b.change().cmp(&a.change()).then_with(|| a.name.cmp(&b.name)));
    Ok(Bills { accounts, refused: (refused_before, refused_now) })
}

fn rate(args: &DiffArgs, known: &[Known], found: &mut dyn FnMut(&str, &Rational)) -> Result<u64, Trouble> {
    let days = args.usage.span.as_deref().map(span::parse).transpose()?;
    let names = inputs::names(&args.events)?;
    if names.iter().any(|name| name == "-") {
        return Err(Trouble::new("C044", "standard input can be read once, and both plans need the usage")
            .help("write the usage to a file"));
    }
    let plan = &known[known.len() - 1].compiled.plan;
    let subscriptions = args.usage.subscriptions.as_deref().map(run::read_subscriptions).transpose()?;
    let subscriptions = subscriptions.map(|rows| {
        let own = |name: &str| name.split('@').next() == Some(plan.name.as_str());
        rows.into_iter().filter(|row| row.plan.as_deref().is_none_or(own)).collect()
    });
    let pass = Pass {
        known,
        args: &args.usage,
        names: &names,
        subscriptions,
        elsewhere: BTreeSet::new(),
        foreign: BTreeSet::new(),
        ordered: false,
    };
    let mut rejects = Rejects::create(None, 1)?;
    let mut bar = Bar::new(!args.usage.no_progress);
    let mut rated = run::rate(&pass, &mut rejects, &mut bar, &mut |_, _, _, _| Ok(()))?;
    let due = rated.due(&args.usage, days);
    for (subject, period) in due {
        let (invoice, _) = rated
            .close(&subject, &period)
            .map_err(|error| Trouble::new("C093", format!("no invoice for {subject} in {period}: {error}")))?;
        found(&subject, &invoice.total);
    }
    bar.finish();
    Ok(rejects.total())
}
