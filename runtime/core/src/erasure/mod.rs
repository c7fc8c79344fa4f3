//! Erasing a person's data from what was recorded.
//!
//! An entry says what is erased: whose events, and for each field of them whether it stays. A field
//! stays that any version of a plan reads, for money is computed from it. From that entry on the state
//! knows the events without the rest, and no amount is another. What the files hold of them follows, by
//! the host: it gives every frame of the log up to the entry to [`without`] and says [`Machine::erased`]
//! when that is done.
//!
//! *Invariant:* a replay of files from which it was erased comes to the state that a replay of the
//! files of before comes to.

mod fields;
mod pending;

pub use fields::Fields;
pub use pending::{Pending, without};

use crate::archive::identity;
use crate::entry::Rejected;
use crate::group::Refusal;
use crate::limits;
use crate::machine::{Machine, Tenant};
use crate::planted::{self, Bug};
use price_ingest::Envelopes;
use price_store::index::EventKey;
use serde::{Deserialize, Serialize};
use std::collections::BTreeSet;
use std::sync::Arc;

/// What is left of a record that was refused.
pub(crate) const NOTHING: &str = "{}";

/// What is erased.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum What {
    /// All events of an account up to now, and what was refused of it.
    Account(String),
    /// All contents of an event up to now, and what was refused under its identity.
    Event {
        /// Its source.
        source: String,
        /// Its id.
        id: String,
    },
    /// An event that was refused, whatever it says.
    Reject(u64),
}

/// An entry: something is erased.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Erasing {
    /// Whose.
    pub tenant: String,
    /// What.
    pub what: What,
    /// Why.
    pub reason: String,
    /// What becomes of the fields of events.
    pub fields: Fields,
}

/// Something that was erased.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Erasure {
    /// Number of the entry.
    pub seq: u64,
    /// When, in microseconds since 1970 UTC.
    pub recorded_at: i64,
    /// Events that it is about.
    pub events: u64,
    /// What the entry says.
    pub said: Arc<Erasing>,
}

impl Machine {
    /// The entry that erases something, as plans are now.
    pub(crate) fn erasing(&mut self, tenant: &str, what: &What, reason: &str) -> Result<Erasing, Refusal> {
        if reason.len() > limits::REASON_BYTES {
            return Err(("S010", format!("a reason has at most {} bytes", limits::REASON_BYTES)));
        }
        let nothing = |what: String| Err(("S037", format!("there is {what}; nothing is erased")));
        let Some(number) = self.tenants.number(tenant) else {
            return nothing("nothing recorded yet".into());
        };
        let account = match what {
            What::Account(account) => {
                let tenant = self.tenants.at(number);
                let refused = |reject: &Rejected| pending::is_of(what, 0, &reject.record);
                if tenant.accounts.get(account).is_none() && !tenant.rejects.iter().any(|(.., reject)| refused(reject))
                {
                    return nothing(format!("no account `{account}`, and no reject at hand that names it"));
                }
                Some(account.clone())
            }
            What::Event { source, id } => {
                let key = EventKey(self.key(tenant, source, id));
                match self.index.find(key, self.folded + 1) {
                    Ok(Some(hit)) => {
                        let text = self.archive.one(hit.seq);
                        self.reader.read(&text).ok().map(|envelope| envelope.account.clone())
                    }
                    Ok(None) => return nothing(format!("no event `{id}` of source `{source}`")),
                    // The fault ends the process before anything of it is written.
                    Err(error) => {
                        self.archive.fail(error.to_string());
                        None
                    }
                }
            }
            What::Reject(seq) => {
                let Tenant { rejects, rejected, .. } = self.tenants.at(number);
                let at_hand = rejects.iter().any(|(of, ..)| of == seq);
                // One that is no longer at hand is in the log alone, and is not looked up there.
                let older = rejects.len() as u64 != *rejected && rejects.front().is_some_and(|(first, ..)| seq < first);
                if !at_hand && !older {
                    return nothing(format!("no reject `{seq}`"));
                }
                None
            }
        };
        let Tenant { accounts, books, .. } = self.tenants.at(number);
        let seats = account.and_then(|account| accounts.get(&account)).into_iter().flatten();
        let plans = seats.flat_map(|seat| &books.at(seat.book).versions).map(|version| &**version.plan());
        let (tenant, what) = (tenant.to_owned(), what.clone());
        Ok(Erasing { tenant, what, reason: reason.to_owned(), fields: fields::of(plans) })
    }

    /// Carries an erasure out.
    pub(crate) fn erase(&mut self, seq: u64, recorded_at: i64, erasing: &Erasing) {
        let said = Arc::new(erasing.clone());
        let seqs = self.contents(seq, &said);
        let events = seqs.len() as u64;
        for (of, hash) in self.changed.revised.values_mut() {
            // It is that of a text that is no longer there.
            if seqs.binary_search(of).is_ok() {
                *hash = 0;
            }
        }
        let number = self.tenants.number_or(&said.tenant, Tenant::default);
        let tenant = self.tenants.at_mut(number);
        let erasure = Erasure { seq, recorded_at, events, said: said.clone() };
        for (of, _, reject) in &mut tenant.rejects {
            if erasure.erases(*of, reject) {
                reject.erase();
            }
        }
        tenant.once.erase();
        tenant.erasures.push(erasure);
        if seq > self.erased {
            self.archive.erase(Arc::new(Pending::new(seq, said, seqs)));
        }
    }

    /// Entries with the contents of events that an erasure is about, in order.
    fn contents(&mut self, before: u64, said: &Erasing) -> Vec<u64> {
        let mut seqs = BTreeSet::new();
        match &said.what {
            What::Account(account) => {
                let Some(tenant) = self.tenants.get_mut(&said.tenant) else { return Vec::new() };
                let plans: BTreeSet<u32> = tenant.accounts.get(account).into_iter().flatten().map(|s| s.book).collect();
                for plan in plans {
                    seqs.extend(tenant.books.at_mut(plan).entries_of(account));
                }
            }
            What::Event { source, id } => {
                let key = self.key(&said.tenant, source, id);
                seqs.extend(self.past.of(key).map(|gone| gone.place.seq));
                match self.index.find(EventKey(key), before) {
                    Ok(hit) => seqs.extend(hit.map(|hit| hit.seq)),
                    Err(error) => self.archive.fail(error.to_string()),
                }
                seqs.extend(self.changed.revised.get(&key).map(|(seq, _)| *seq));
            }
            What::Reject(_) => {}
        }
        // What came since has its content.
        seqs.into_iter().filter(|seq| *seq < before).collect()
    }

    /// Whether the content that an entry brought was erased since: what is sent again under its
    /// identity can no longer be compared with it.
    pub(crate) fn is_erased(&self, reader: &mut Envelopes, tenant: &str, seq: u64) -> bool {
        let erasures = self.tenants.get(tenant).map_or(&[][..], |tenant| &tenant.erasures);
        if erasures.iter().all(|erasure| erasure.seq < seq) || planted::is(Bug::CompareErased) {
            return false;
        }
        let text = self.archive.one(seq);
        erasures.iter().filter(|erasure| erasure.seq > seq).any(|erasure| match &erasure.said.what {
            What::Account(account) => reader.read(&text).is_ok_and(|envelope| envelope.account == *account),
            What::Event { source, id } => identity(reader, &text) == (source.clone(), id.clone()),
            What::Reject(_) => false,
        })
    }

    /// What was erased of a tenant, the oldest first.
    pub fn erasures(&self, tenant: &str) -> &[Erasure] {
        self.tenants.get(tenant).map_or(&[], |tenant| &tenant.erasures)
    }

    /// What is still in the files of the log, oldest first.
    pub fn pending_erasures(&self) -> Vec<Arc<Pending>> {
        self.archive.erasing()
    }

    /// The last entry whose erasure was carried out in the files.
    pub fn erased_through(&self) -> u64 {
        self.erased
    }

    /// Takes note of the last entry whose erasure was carried out in the files. To be said before
    /// something is replayed, too.
    pub fn erased(&mut self, through: u64) {
        let through = self.erased.max(through);
        self.erased = through;
        self.archive.erased(through);
        let known: BTreeSet<u64> = self.archive.erasing().iter().map(|pending| pending.seq()).collect();
        // Those of a checkpoint.
        let of = |(_, tenant): (&str, &Tenant)| tenant.erasures.clone();
        let mut left: Vec<Erasure> = self.tenants.by_number().flat_map(of).collect();
        left.retain(|erasure| erasure.seq > through && !known.contains(&erasure.seq));
        left.sort_by_key(|erasure| erasure.seq);
        for Erasure { seq, said, .. } in left {
            let seqs = self.contents(seq, &said);
            self.archive.erase(Arc::new(Pending::new(seq, said, seqs)));
        }
    }
}

impl Erasure {
    /// Whether it is about a reject.
    pub(crate) fn erases(&self, seq: u64, reject: &Rejected) -> bool {
        seq < self.seq && pending::is_of(&self.said.what, seq, &reject.record)
    }
}

impl Rejected {
    /// Leaves its code.
    pub(crate) fn erase(&mut self) {
        self.message.clear();
        NOTHING.clone_into(&mut self.record);
    }
}
