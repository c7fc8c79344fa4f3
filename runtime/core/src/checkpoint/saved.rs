//! What is written of a machine, and read again.

use crate::billing::{Billing, Closes};
use crate::book::Book;
use crate::enforce::Enforcement;
use crate::entry::Rejected;
use crate::erasure::Erasure;
use crate::machine::{Machine, Seat, Tenant};
use crate::notify::Notifying;
use crate::once::{Memories, SavedMemories};
use crate::past::Gone;
use crate::portal::Ended;
use price_rating::Subscription;
use price_value::Date;
use serde::{Deserialize, Serialize};
use std::collections::{BTreeMap, VecDeque};

/// An event that was taken back: who is billed, when it happened, its entry, and when.
pub(super) type Back = (u32, i64, u64, i64);

/// A machine without its facts. Names are in the order of their numbers.
#[derive(Deserialize)]
pub(super) struct Saved {
    pub(super) applied: u64,
    pub(super) folded: u64,
    pub(super) looked: u32,
    pub(super) revised: Vec<(u128, (u64, u32))>,
    pub(super) spent: Vec<u128>,
    pub(super) past: Vec<(u128, Gone)>,
    pub(super) tenants: Vec<(String, SavedTenant)>,
}

#[derive(Deserialize)]
pub(super) struct SavedTenant {
    pub(super) books: Vec<(String, SavedBook)>,
    pub(super) accounts: Vec<(String, Vec<Seat>)>,
    pub(super) sets: BTreeMap<String, Vec<u128>>,
    pub(super) rejects: VecDeque<(u64, i64, Rejected)>,
    pub(super) rejected: u64,
    pub(super) once: SavedMemories,
    pub(super) billing: Billing,
    pub(super) enforcement: Enforcement,
    pub(super) notifying: Notifying,
    pub(super) ended: Ended,
    pub(super) erasures: Vec<Erasure>,
}

#[derive(Deserialize)]
pub(super) struct SavedBook {
    /// Artefact, who signed it, local day of its entry, its entry.
    pub(super) versions: Vec<(Vec<u8>, Option<String>, Date, u64)>,
    pub(super) subscriptions: Vec<(Subscription, Date)>,
    pub(super) subjects: Vec<String>,
    pub(super) members: Vec<String>,
    pub(super) taken_back: Vec<Back>,
    pub(super) closes: Closes,
    pub(super) lost: usize,
    pub(super) rater: price_rating::Saved,
}

/// [`Saved`], to be written.
#[derive(Serialize)]
pub(super) struct Saving<'m, M: Serialize, R: Serialize> {
    applied: u64,
    folded: u64,
    looked: u32,
    revised: Vec<(&'m u128, &'m (u64, u32))>,
    spent: Vec<&'m u128>,
    past: Vec<(&'m u128, &'m Gone)>,
    tenants: Vec<(&'m str, SavingTenant<'m, M, R>)>,
}

#[derive(Serialize)]
struct SavingTenant<'m, M: Serialize, R: Serialize> {
    books: Vec<(&'m str, SavingBook<'m, R>)>,
    accounts: Vec<(&'m str, &'m Vec<Seat>)>,
    sets: &'m BTreeMap<String, Vec<u128>>,
    rejects: &'m VecDeque<(u64, i64, Rejected)>,
    rejected: u64,
    once: M,
    billing: &'m Billing,
    enforcement: &'m Enforcement,
    notifying: &'m Notifying,
    ended: &'m Ended,
    erasures: &'m [Erasure],
}

#[derive(Serialize)]
struct SavingBook<'m, R: Serialize> {
    versions: Vec<(&'m [u8], Option<&'m str>, Date, u64)>,
    subscriptions: Vec<(&'m Subscription, Date)>,
    subjects: Vec<&'m str>,
    members: Vec<&'m str>,
    taken_back: Vec<Back>,
    closes: &'m Closes,
    lost: usize,
    rater: R,
}

/// What is to be written of a machine.
pub(super) fn of(machine: &Machine) -> impl Serialize + '_ {
    let Machine { applied, folded, looked, changed, past, tenants, .. } = machine;
    let (applied, folded, looked) = (*applied, *folded, *looked);
    Saving {
        applied,
        folded,
        looked,
        revised: changed.revised.iter().collect(),
        spent: changed.spent.iter().collect(),
        past: past.save(),
        tenants: tenants.by_number().map(|(name, tenant)| (name, of_tenant(tenant))).collect(),
    }
}

fn of_tenant(tenant: &Tenant) -> SavingTenant<'_, impl Serialize + '_, impl Serialize + '_> {
    SavingTenant {
        books: tenant.books.by_number().map(|(name, book)| (name, of_book(book))).collect(),
        accounts: tenant.accounts.by_number().collect(),
        sets: &tenant.sets,
        rejects: &tenant.rejects,
        rejected: tenant.rejected,
        once: Memories::save(&tenant.once),
        billing: &tenant.billing,
        enforcement: &tenant.enforcement,
        notifying: &tenant.notifying,
        ended: &tenant.ended,
        erasures: &tenant.erasures,
    }
}

fn of_book(book: &Book) -> SavingBook<'_, impl Serialize + '_> {
    let (rater, lost) = book.save();
    let subjects = (0..).zip(book.subjects.by_number());
    let taken_back = subjects.flat_map(|(billed, (_, facts))| {
        facts.taken_back().map(move |(fact, at)| (billed, fact.happened, fact.seq, at))
    });
    SavingBook {
        versions: book.versions.iter().map(|of| (&*of.artefact, of.signer.as_deref(), of.since, of.seq)).collect(),
        subscriptions: book.all_placed().collect(),
        subjects: book.subjects.by_number().map(|(name, _)| name).collect(),
        members: book.member_names().collect(),
        taken_back: taken_back.collect(),
        closes: &book.closes,
        lost,
        rater,
    }
}
