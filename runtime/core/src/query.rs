//! What can be asked of the state.

use crate::book::Book;
use crate::erasure::Erasure;
use crate::machine::Machine;
use price_ir::{Invoice, MeaningHash, Plan, SourceMap};
use price_rating::SettleError;
use price_value::{Date, Span};
use std::ops::Bound;
use std::sync::Arc;

/// Why a question has no answer.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum QueryError {
    /// Nobody of that name is billed.
    #[error("nobody called `{0}` is billed")]
    Unknown(String),
    /// The period cannot be settled.
    #[error(transparent)]
    Settle(#[from] SettleError),
}

/// An invoice with what its rules are read by.
#[derive(Debug, Clone, PartialEq)]
pub struct Priced {
    /// The invoice.
    pub invoice: Invoice,
    /// Its plan.
    pub plan: Arc<Plan>,
    /// Where the rules of the plan stand.
    pub source_map: Arc<SourceMap>,
    /// What the plan means.
    pub hash: MeaningHash,
}

/// A version of a plan.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct PlanView {
    /// Its name.
    pub name: String,
    /// What it means.
    pub hash: MeaningHash,
    /// Number of its entry.
    pub seq: u64,
    /// Local day since when it is known.
    pub since: Date,
    /// Whether it is the latest.
    pub latest: bool,
    /// The publisher who signed it, where a signature was asked for.
    pub signer: Option<String>,
}

/// An account on a plan.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct AccountView {
    /// Its name.
    pub account: String,
    /// The plan.
    pub plan: String,
    /// Who is billed for it.
    pub billed: String,
    /// Its days on the plan.
    pub days: Span,
}

/// An event that was accepted.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct EventView {
    /// Number of its entry.
    pub seq: u64,
    /// When it happened, nanoseconds since 1970 UTC.
    pub happened: i64,
    /// When it was recorded, likewise.
    pub recorded: i64,
    /// Its account.
    pub account: String,
    /// Who is billed for it.
    pub billed: String,
    /// The plan that rates it.
    pub plan: String,
    /// The JSON text.
    pub record: String,
}

/// An event that did not fit.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct RejectView {
    /// Number of its entry.
    pub seq: u64,
    /// When it came, microseconds since 1970 UTC.
    pub recorded_at: i64,
    /// Code of the reason.
    pub code: String,
    /// The reason.
    pub message: String,
    /// The JSON text.
    pub record: String,
}

impl Machine {
    /// The invoice of the billing period that holds a day, with everything that is known now: a
    /// draft while more may come. `subject` is a billed name or an account of one.
    pub fn invoice(&mut self, tenant: &str, subject: &str, day: Date) -> Result<Priced, QueryError> {
        let unknown = || QueryError::Unknown(subject.to_owned());
        let tenant = self.tenants.get_mut(tenant).ok_or_else(unknown)?;
        let mut seats = tenant.accounts.get(subject).into_iter().flatten();
        let on_day = seats.clone().find(|seat| seat.days.contains(day)).or(seats.next_back());
        let number = match on_day {
            Some(seat) => seat.book,
            None => {
                let bills = |book: &Book| {
                    let pooled = book.subscriptions.iter().any(|s| s.billed() == subject);
                    pooled || (book.version().plan().parties.is_some() && book.version().plan().name == subject)
                };
                let name = tenant.books.iter().find(|(_, book)| bills(book)).map(|(name, _)| name);
                name.and_then(|name| tenant.books.number(name)).ok_or_else(unknown)?
            }
        };
        let is_account = tenant.accounts.number(subject).is_some();
        let book = tenant.books.at_mut(number);
        let billed = if is_account { book.billed(subject).to_owned() } else { subject.to_owned() };
        let period = book.period(day);
        let (invoice, version) = book.invoice(&billed, &period)?;
        let version = &book.versions[version];
        Ok(Priced { invoice, plan: version.plan().clone(), source_map: version.source_map.clone(), hash: version.hash })
    }

    /// All versions of all plans, by name and entry.
    pub fn plans(&self, tenant: &str) -> Vec<PlanView> {
        let books = self.tenants.get(tenant).into_iter().flat_map(|tenant| tenant.books.iter());
        let versions = books.flat_map(|(name, book)| {
            let last = book.version().seq;
            book.versions.iter().map(move |version| PlanView {
                name: name.to_string(),
                hash: version.hash,
                seq: version.seq,
                since: version.since,
                latest: version.seq == last,
                signer: version.signer.as_deref().map(str::to_owned),
            })
        });
        versions.collect()
    }

    /// Accounts whose names begin with a prefix, by name, after a name.
    pub fn accounts(&mut self, tenant: &str, prefix: &str, after: Option<&str>, limit: usize) -> Vec<AccountView> {
        let Some(tenant) = self.tenants.get_mut(tenant) else { return Vec::new() };
        let mut views = Vec::new();
        let from = after.filter(|after| *after >= prefix).map_or(Bound::Included(prefix), Bound::Excluded);
        let listed = tenant.listed.range::<str, _>((from, Bound::Unbounded));
        for (account, number) in listed.take_while(|(account, _)| account.starts_with(prefix)).take(limit) {
            for seat in tenant.accounts.at(*number) {
                let billed = tenant.books.at_mut(seat.book).billed(account).to_owned();
                let (account, plan) = (account.to_string(), tenant.books.name(seat.book).to_string());
                views.push(AccountView { account, plan, billed, days: seat.days });
            }
        }
        views
    }

    /// Names of accounts, behind so many, and how many there are.
    pub fn account_names(&self, tenant: &str, behind: usize, limit: usize) -> (Vec<String>, usize) {
        let Some(tenant) = self.tenants.get(tenant) else { return (Vec::new(), 0) };
        let names = tenant.listed.keys().skip(behind).take(limit).map(|name| name.to_string()).collect();
        (names, tenant.listed.len())
    }

    /// Whether there is an account of this name.
    pub fn has_account(&self, tenant: &str, account: &str) -> bool {
        self.tenants.get(tenant).is_some_and(|tenant| tenant.listed.contains_key(account))
    }

    /// The account whose name has this hash.
    pub fn account_hashed(&self, tenant: &str, hash: u128) -> Option<String> {
        let tenant = self.tenants.get(tenant)?;
        tenant.by_hash.get(&hash).map(|number| tenant.accounts.name(*number).to_string())
    }

    /// An event that counts, by its identity.
    pub fn event(&mut self, tenant: &str, source: &str, id: &str) -> Option<EventView> {
        let place = self.place(self.tenants.number(tenant)?, self.key(tenant, source, id))?;
        let books = &self.tenants.at(place.tenant).books;
        let book = books.at(place.book);
        let fact = book.subjects.at(place.billed).find(place.happened, place.seq)?;
        Some(EventView {
            seq: fact.seq,
            happened: fact.happened,
            recorded: fact.recorded,
            account: book.member_name(fact.member).to_owned(),
            billed: book.subjects.name(place.billed).to_string(),
            plan: books.name(place.book).to_string(),
            record: self.archive.one(fact.seq),
        })
    }

    /// Events that did not fit, after an entry, the oldest first.
    pub fn rejects(&self, tenant: &str, after: u64, limit: usize) -> Vec<RejectView> {
        let all = self.tenants.get(tenant).into_iter().flat_map(|tenant| &tenant.rejects);
        let view = |(seq, recorded_at, reject): &(u64, i64, crate::entry::Rejected)| RejectView {
            seq: *seq,
            recorded_at: *recorded_at,
            code: reject.code.clone(),
            message: reject.message.clone(),
            record: reject.record.clone(),
        };
        all.filter(|(seq, ..)| *seq > after).take(limit).map(view).collect()
    }

    /// A hash of the whole state: equal for equal states.
    pub fn root(&self) -> [u8; 32] {
        let mut hasher = blake3::Hasher::new();
        let mut put = |part: &[u8]| {
            hasher.update(&(part.len() as u64).to_le_bytes());
            hasher.update(part);
        };
        put(&self.applied().to_le_bytes());
        self.past.digest(&mut put);
        for (name, tenant) in self.tenants.iter() {
            put(name.as_bytes());
            put(&tenant.rejected.to_le_bytes());
            for (seq, at, reject) in &tenant.rejects {
                put(&seq.to_le_bytes());
                put(&at.to_le_bytes());
                put(reject.code.as_bytes());
                put(reject.record.as_bytes());
            }
            for (account, number) in &tenant.listed {
                put(account.as_bytes());
                for seat in tenant.accounts.at(*number) {
                    put(format!("{} {:?}", tenant.books.name(seat.book), seat.days).as_bytes());
                }
            }
            tenant.once.digest(&mut put);
            tenant.billing.digest(&mut put);
            tenant.enforcement.digest(&mut put);
            tenant.notifying.digest(&mut put);
            tenant.ended.digest(&mut put);
            for Erasure { seq, events, .. } in &tenant.erasures {
                put(&seq.to_le_bytes());
                put(&events.to_le_bytes());
            }
            for (set, keys) in &tenant.sets {
                put(set.as_bytes());
                keys.iter().for_each(|key| put(&key.to_le_bytes()));
            }
            for (plan, book) in tenant.books.iter() {
                put(plan.as_bytes());
                for version in &book.versions {
                    put(&version.hash.0);
                    version.signer.iter().for_each(|signer| put(signer.as_bytes()));
                }
                book.closes.digest(&mut put);
                // A subject of whom nothing fitted is the same as one of whom nothing came.
                for (billed, facts) in book.subjects.iter().filter(|(_, facts)| !facts.is_empty()) {
                    put(billed.as_bytes());
                    for fact in facts.iter() {
                        put(&fact.seq.to_le_bytes());
                        put(&fact.recorded.to_le_bytes());
                        put(&facts.gone(fact).unwrap_or(i64::MIN).to_le_bytes());
                        put(self.archive.one(fact.seq).as_bytes());
                    }
                }
            }
        }
        *hasher.finalize().as_bytes()
    }
}
