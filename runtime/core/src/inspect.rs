//! What a person looks at: an account, its events, the rules of a plan.

use crate::book::Book;
use crate::facts::Fact;
use crate::machine::Machine;
use price_ir::{MeaningHash, Plan, SourceMap};
use std::sync::Arc;

/// An event of an account.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Recorded {
    /// Number of its entry.
    pub seq: u64,
    /// When it happened, nanoseconds since 1970 UTC.
    pub happened: i64,
    /// When it was recorded, likewise.
    pub recorded: i64,
    /// Whether it counts.
    pub counts: bool,
    /// Its account.
    pub account: String,
    /// The plan that rates it.
    pub plan: String,
    /// The JSON text.
    pub record: String,
}

/// Where a page of events goes on: behind an instant and an entry.
pub type Behind = (i64, u64);

/// A version of a plan with its rules.
#[derive(Debug, Clone, PartialEq)]
pub struct VersionView {
    /// The plan.
    pub plan: Arc<Plan>,
    /// Where its rules stand.
    pub source_map: Arc<SourceMap>,
    /// Number of its entry.
    pub seq: u64,
}

impl Machine {
    /// The events of an account or a billed subject, the latest to happen first.
    pub fn recorded(&self, tenant: &str, of: &str, behind: Option<Behind>, limit: usize) -> Vec<Recorded> {
        let Some(tenant) = self.tenants.get(tenant) else { return Vec::new() };
        let mut found: Vec<(&Fact, &Book, &str)> = Vec::new();
        for (plan, book) in tenant.books.iter() {
            let own = tenant.accounts.get(of).is_some();
            let subjects = book.subjects.iter().filter(|(billed, _)| own || &***billed == of);
            for (_, facts) in subjects {
                let before = |happened: i64, seq: u64| behind.is_none_or(|behind| (happened, seq) < behind);
                let wanted = facts.iter().rev().filter(|fact| before(fact.happened, fact.seq));
                let wanted = wanted.filter(|fact| !own || book.member_name(fact.member) == of);
                found.extend(wanted.take(limit).map(|fact| (fact, book, &**plan)));
            }
        }
        found.sort_by_key(|(fact, ..)| std::cmp::Reverse((fact.happened, fact.seq)));
        found.truncate(limit);
        let view = |(fact, book, plan): (&Fact, &Book, &str)| Recorded {
            seq: fact.seq,
            happened: fact.happened,
            recorded: fact.recorded,
            counts: fact.counts,
            account: book.member_name(fact.member).to_owned(),
            plan: plan.to_owned(),
            record: self.archive.one(fact.seq),
        };
        found.into_iter().map(view).collect()
    }

    /// A version of a plan, by what it means: the latest that was published with its source, if several mean it.
    pub fn version(&self, tenant: &str, hash: &str) -> Option<VersionView> {
        let books = &self.tenants.get(tenant)?.books;
        let same = |known: &MeaningHash| known.to_string() == hash;
        let versions = books.iter().flat_map(|(_, book)| &book.versions).filter(|version| same(&version.hash));
        let version = versions.max_by_key(|version| (!version.source_map.files.is_empty(), version.seq))?;
        let (plan, source_map) = (version.plan().clone(), version.source_map.clone());
        Some(VersionView { plan, source_map, seq: version.seq })
    }
}
