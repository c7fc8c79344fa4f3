//! Checkpoints: the state as bytes, so that a start need not read the whole log.
//!
//! A checkpoint is derived: the log can make all of it again, and whatever is wrong with one is no
//! more than a longer start. So its form is that of the program which wrote it, and the host offers
//! a machine only checkpoints of its own program.
//!
//! Facts are many and hardly change: those of the entries since the checkpoint before are a blob of
//! their own, which is never written again. Everything else is one blob that replaces the one before.

mod packed;
mod saved;

use crate::archive::Archive;
use crate::book::{Book, Version};
use crate::machine::{Machine, Tenant};
use crate::numbered::Numbered;
use crate::once::Memories;
use price_ir::KernelFactory;
use price_store::index::{Index, Keys};
use saved::{Saved, SavedBook, SavedTenant};
use std::collections::BTreeMap;
use std::sync::Arc;

/// Name of the blob with everything but facts.
const STATE: &[u8] = b"state";
/// What names of blobs with facts begin with; the entry follows from which on they are, big-endian.
const FACTS: &[u8] = b"facts ";

/// A part of a checkpoint and its name.
pub type Blob = (Vec<u8>, Vec<u8>);

/// Why a checkpoint is not used.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{0}")]
pub struct Unusable(String);

fn unusable(problem: impl ToString) -> Unusable {
    Unusable(problem.to_string())
}

impl Machine {
    /// The state as blobs, facts only of the entries after `since`: 0 for a whole checkpoint, else
    /// what was [`Machine::applied`] when the one before was made.
    pub fn checkpoint(&self, since: u64) -> Vec<Blob> {
        assert!(self.waiting.events.is_empty(), "a replay is settled before it is kept");
        let mut state = Vec::new();
        ciborium::into_writer(&saved::of(self), &mut state).expect("a vector takes all bytes");
        let mut facts = Vec::new();
        for (tenant, (_, of)) in (0_u32..).zip(self.tenants.by_number()) {
            for (book, (_, of)) in (0_u32..).zip(of.books.by_number()) {
                let mut bytes = Vec::new();
                for (billed, (_, of)) in (0..).zip(of.subjects.by_number()) {
                    packed::write(billed, of, since, &mut bytes);
                }
                for number in [tenant, book, bytes.len() as u32] {
                    facts.extend_from_slice(&number.to_le_bytes());
                }
                facts.extend_from_slice(&bytes);
            }
        }
        vec![(STATE.to_vec(), state), ([FACTS, &since.to_be_bytes()].concat(), facts)]
    }

    /// The machine whose blobs these are, over an index that knows at least as many entries. The
    /// entries after [`Machine::applied`] are to be replayed.
    pub fn resume(
        factory: Arc<dyn KernelFactory>,
        index: Index,
        keys: Keys,
        blobs: &BTreeMap<Vec<u8>, Vec<u8>>,
    ) -> Result<Machine, Unusable> {
        let mut machine = Machine::new(factory, index, keys);
        machine.load(blobs).map(|()| machine)
    }

    fn load(&mut self, blobs: &BTreeMap<Vec<u8>, Vec<u8>>) -> Result<(), Unusable> {
        let state = blobs.get(STATE).ok_or_else(|| unusable("it has no state"))?;
        let saved: Saved = ciborium::from_reader(state.as_slice()).map_err(unusable)?;
        // Entries that are no events are not in it.
        if self.index.through() < saved.folded {
            return Err(unusable("the event index knows less than it"));
        }
        (self.applied, self.folded, self.looked) = (saved.applied, saved.folded, saved.looked);
        self.changed.revised = saved.revised.into_iter().collect();
        self.changed.spent = saved.spent.into_iter().collect();
        self.past = crate::past::Past::load(saved.past);
        let mut taken_back = Vec::new();
        for (name, saved) in saved.tenants {
            let number = self.tenants.number_or(&name, Tenant::default);
            let (tenant, back) = tenant(&*self.factory, &self.archive, saved)?;
            *self.tenants.at_mut(number) = tenant;
            taken_back.extend(back.into_iter().map(|(book, back)| (number, book, back)));
        }
        for (_, facts) in blobs.range(FACTS.to_vec()..).take_while(|(name, _)| name.starts_with(FACTS)) {
            self.load_facts(facts).ok_or_else(|| unusable("its facts are cut off"))?;
        }
        for (tenant, book, (billed, happened, seq, at)) in taken_back {
            let facts = self.tenants.at_mut(tenant).books.at_mut(book).subjects.at_mut(billed);
            if !facts.take_back(happened, seq, at) {
                return Err(unusable("an event that was taken back is missing"));
            }
        }
        Ok(())
    }

    fn load_facts(&mut self, mut bytes: &[u8]) -> Option<()> {
        while !bytes.is_empty() {
            let mut number = || {
                let (head, rest) = bytes.split_first_chunk::<4>()?;
                bytes = rest;
                Some(u32::from_le_bytes(*head))
            };
            let (tenant, book, length) = (number()?, number()?, number()?);
            let (facts, rest) = bytes.split_at_checked(length as usize)?;
            bytes = rest;
            let book = self.tenants.get_at_mut(tenant)?.books.get_at_mut(book)?;
            let mut whole = true;
            packed::read(facts, |billed, fact| match book.subjects.get_at_mut(billed) {
                Some(subject) => subject.insert(fact),
                None => whole = false,
            })?;
            if !whole {
                return None;
            }
        }
        Some(())
    }
}

/// A tenant without facts, and what is to be taken back of them, by book.
fn tenant(
    factory: &dyn KernelFactory,
    archive: &Arc<Archive>,
    saved: SavedTenant,
) -> Result<(Tenant, Vec<(u32, saved::Back)>), Unusable> {
    let (mut books, mut taken_back) = (Numbered::default(), Vec::new());
    for (name, mut saved) in saved.books {
        let back = std::mem::take(&mut saved.taken_back);
        let book = book(factory, archive, saved)?;
        let number = books.number_or(&name, || book);
        taken_back.extend(back.into_iter().map(|back| (number, back)));
    }
    let mut tenant = Tenant {
        books,
        sets: saved.sets,
        rejects: saved.rejects,
        rejected: saved.rejected,
        once: Memories::load(saved.once),
        billing: saved.billing.found_again(),
        enforcement: saved.enforcement,
        notifying: saved.notifying,
        ended: saved.ended,
        erasures: saved.erasures,
        ..Tenant::default()
    };
    for (account, seats) in saved.accounts {
        *tenant.seats(&account) = seats;
    }
    Ok((tenant, taken_back))
}

fn book(factory: &dyn KernelFactory, archive: &Arc<Archive>, saved: SavedBook) -> Result<Book, Unusable> {
    let versions = saved.versions.iter();
    let versions = versions
        .map(|(artefact, signer, since, seq)| Version::of(factory, (artefact, signer.as_deref()), *seq, |_| *since));
    let versions = versions.collect::<Result<Vec<Version>, String>>().map_err(unusable)?;
    let mut book = Book::resume(versions, archive.clone(), saved.subscriptions, (saved.rater, saved.lost))
        .ok_or_else(|| unusable("the cells of a plan do not fit it"))?;
    book.closes = saved.closes;
    for name in saved.subjects {
        book.subjects.number_or(&name, Default::default);
    }
    for name in saved.members {
        book.member(&name);
    }
    Ok(book)
}
