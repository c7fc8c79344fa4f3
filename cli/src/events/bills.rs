//! The same usage under two plans.

use crate::args::UsageArgs;
use crate::events::progress::Bar;
use crate::events::rejects::Rejects;
use crate::events::run::{self, Pass};
use crate::events::{inputs, span};
use crate::trouble::Trouble;
use price_driver::Known;
use price_ir::Invoice;
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
    /// Of the totals of both sides.
    pub fn of(old: Side, new: Side) -> Bills {
        let refused = (old.refused, new.refused);
        let mut accounts: BTreeMap<String, Account> = BTreeMap::new();
        for (name, total) in old.totals {
            accounts.entry(name).or_default().old += &total;
        }
        for (name, total) in new.totals {
            accounts.entry(name).or_default().new += &total;
        }
        let named = accounts.into_iter().map(|(name, account)| Account { name, ..account });
        let mut accounts: Vec<Account> = named.collect();
        accounts.sort_by(|a, b| b.change().cmp(&a.change()).then_with(|| a.name.cmp(&b.name)));
        Bills { accounts, refused }
    }

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

/// Usage of the past, to be rated again.
pub struct History<'a> {
    /// Names of the files.
    pub names: Vec<String>,
    /// How to read them.
    pub args: &'a UsageArgs,
    /// Whether subscriptions to other plans are taken for ones to the plan that is rated.
    pub moved: bool,
}

/// Some of the accounts: those whose billed name hashes to one of several shares.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Share {
    /// Which.
    pub at: u32,
    /// Of how many.
    pub of: u32,
}

impl Share {
    /// Whether a billed subject is of it. The same on every machine, so that a replay can go on elsewhere.
    pub fn holds(&self, billed: &str) -> bool {
        let hash = blake3::hash(billed.as_bytes());
        let number = hash.as_bytes().first_chunk::<4>().map_or(0, |bytes| u32::from_le_bytes(*bytes));
        number % self.of == self.at
    }
}

/// What one plan makes of the usage.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Side {
    /// Sum of the totals of each billed subject.
    pub totals: BTreeMap<String, Rational>,
    /// Records that were refused.
    pub refused: u64,
    /// Events that were rated.
    pub rated: u64,
}

impl Side {
    /// Adds what another share came to.
    pub fn add(&mut self, other: Side) {
        self.totals.extend(other.totals);
        self.refused += other.refused;
        self.rated += other.rated;
    }
}

impl<'a> History<'a> {
    /// Usage of files and patterns.
    pub fn new(events: &[String], args: &'a UsageArgs) -> Result<History<'a>, Trouble> {
        let names = inputs::names(events)?;
        if names.iter().any(|name| name == "-") {
            return Err(Trouble::new("C044", "standard input can be read once, and both plans need the usage")
                .help("write the usage to a file"));
        }
        Ok(History { names, args, moved: false })
    }

    /// Rates it by a plan: of all accounts, or of a share of them.
    pub fn rate(&self, known: &[Known], share: Option<Share>) -> Result<Side, Trouble> {
        let mut side = Side::default();
        let (refused, rated) = self.each(known, share, &mut |subject, invoice| {
            *side.totals.entry(subject).or_default() += &invoice.total;
        })?;
        Ok(Side { refused, rated, ..side })
    }

    /// Every invoice by a plan, of all accounts or of a share of them; the numbers of records that were
    /// refused and rated.
    pub fn each(
        &self,
        known: &[Known],
        share: Option<Share>,
        see: &mut dyn FnMut(String, Invoice),
    ) -> Result<(u64, u64), Trouble> {
        let days = self.args.span.as_deref().map(span::parse).transpose()?;
        let plan = &known[known.len() - 1].compiled.plan;
        let subscriptions = self.args.subscriptions.as_deref().map(run::read_subscriptions).transpose()?;
        let subscriptions = subscriptions.map(|rows| {
            let own = |name: &str| self.moved || name.split('@').next() == Some(plan.name.as_str());
            let held = |billed: &str| share.is_none_or(|share| share.holds(billed));
            let billed = |row: &price_ingest::SubscriptionRow| row.pool.clone().unwrap_or_else(|| row.account.clone());
            rows.into_iter().filter(|row| row.plan.as_deref().is_none_or(own) && held(&billed(row))).collect()
        });
        let pass = Pass {
            known,
            args: self.args,
            names: &self.names,
            subscriptions,
            elsewhere: BTreeSet::new(),
            foreign: BTreeSet::new(),
            ordered: false,
            share,
        };
        let mut rejects = Rejects::create(None, 1)?;
        let mut bar = Bar::new(!self.args.no_progress);
        let mut rated = run::rate(&pass, &mut rejects, &mut bar, &mut |_, _, _, _| Ok(()))?;
        let due = rated.due(self.args, days);
        bar.invoices(due.len());
        // What cannot be read is refused in every share, and counted in the first.
        let unread = match share {
            Some(share) if share.at > 0 => rated.summary.rejected_total(),
            _ => 0,
        };
        let refused = rejects.total().saturating_sub(unread);
        for (subject, period) in due {
            let (invoice, _) = rated
                .close(&subject, &period)
                .map_err(|error| Trouble::new("C093", format!("no invoice for {subject} in {period}: {error}")))?;
            see(subject, invoice);
            bar.tick();
        }
        bar.finish();
        Ok((refused, rated.rated))
    }
}
