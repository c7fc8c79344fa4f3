//! Periods that close, and what is issued for them.
//!
//! A period is *open* while it runs, in its *grace* while the contract still lets usage into it,
//! and then it is closed: its invoice is issued under a number, as bytes that are in the log and
//! never change. What changes its amounts later is issued as a document of its own that names the
//! one it corrects, or is a line of a later invoice, as the contract and the settings say.
//!
//! *Invariant:* nothing is computed anew by a replay. What was issued is what the log holds.
//! *Invariant:* numbers of a series have no gaps and are given once.

mod ask;
mod body;
mod close;
mod closing;
mod command;
mod correct;
mod document;
mod entry;
mod issue;
mod settings;
mod view;

pub use ask::BillingCommand;
pub(crate) use closing::Closes;
pub use document::{Cause, Dispute, DocumentKind, Issued};
pub use entry::{BillingEntry, kind};
pub use settings::{Corrections, Finalising, Settings};
pub use view::{DocumentFilter, DocumentView, HeldView, PeriodStatus};

use crate::notify::Notice;
use crate::planted::{self, Bug};
use document::Document;
use hashbrown::HashMap;
use price_value::Date;
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;

/// One billed subject in one period of a plan: plan, subject, first day.
type Slot = (String, String, Date);

/// What was issued for one tenant.
#[derive(Default, Serialize, Deserialize)]
pub(crate) struct Billing {
    pub(crate) settings: Settings,
    /// In the order of their entries.
    documents: Vec<Document>,
    /// Positions by number. For looking up only: its order reaches nothing.
    #[serde(skip)]
    by_number: HashMap<String, u32>,
    /// Positions of what was issued for a period, the oldest first.
    by_slot: BTreeMap<Slot, Vec<u32>>,
    /// Periods that could not be settled, and why.
    held: BTreeMap<Slot, String>,
    /// The last number of each series, by its prefix.
    series: BTreeMap<String, u64>,
    /// Periods that end by this day may be issued, where somebody has to say so.
    approved: Option<Date>,
    /// The time of a test clock in microseconds; nobody has set one on a tenant in use.
    pub(crate) clock: Option<i64>,
}

impl Billing {
    /// Finds what a checkpoint does not keep because it follows from the rest.
    pub(crate) fn found_again(mut self) -> Billing {
        let numbered = self.documents.iter().enumerate();
        self.by_number = numbered.map(|(at, document)| (document.issued.number.clone(), at as u32)).collect();
        self
    }

    fn document(&self, number: &str) -> Option<&Document> {
        self.by_number.get(number).map(|at| &self.documents[*at as usize])
    }

    fn document_mut(&mut self, number: &str) -> Option<&mut Document> {
        let at = *self.by_number.get(number)?;
        self.documents.get_mut(at as usize)
    }

    /// What was issued for a period, the oldest first.
    fn of_slot<'b>(&'b self, slot: &Slot) -> impl Iterator<Item = &'b Document> + use<'b> {
        self.by_slot.get(slot).into_iter().flatten().map(|at| &self.documents[*at as usize])
    }

    /// What was issued after an entry, to be told.
    pub(crate) fn notices(&self, after: u64, limit: usize) -> Vec<(u64, Notice)> {
        let from = self.documents.partition_point(|document| document.seq <= after);
        let some = self.documents[from..].iter().take(limit);
        some.map(|of| (of.seq, Notice::of_document(of.recorded_at, &of.issued))).collect()
    }

    /// The entry of the first document that was issued at an instant (microseconds) or later.
    pub(crate) fn first_since(&self, at: i64) -> Option<u64> {
        self.documents.iter().find(|document| document.recorded_at >= at).map(|document| document.seq)
    }

    /// Whether something was issued for a period.
    fn has_issued(&self, plan: &str, billed: &str, from: Date) -> bool {
        self.by_slot.contains_key(&(plan.to_owned(), billed.to_owned(), from))
    }

    /// Whose periods of a plan have documents.
    pub(crate) fn issued_for(&self, plan: &str) -> Vec<(String, Date)> {
        let of = self.by_slot.keys().filter(|(name, ..)| name == plan);
        of.map(|(_, billed, from)| (billed.clone(), *from)).collect()
    }

    /// First days of the periods of a plan for which somebody has documents.
    pub(crate) fn issued_to(&self, plan: &str, billed: &str) -> impl Iterator<Item = Date> {
        let first: Slot = (plan.to_owned(), billed.to_owned(), Date::new(1700, 1, 1).expect("a day"));
        let (plan, billed) = (first.0.clone(), first.1.clone());
        let of = self.by_slot.range(first..).map(|(slot, _)| slot);
        of.take_while(move |slot| slot.0 == plan && slot.1 == billed).map(|slot| slot.2)
    }

    /// The next number of a series.
    fn next_number(&self, prefix: &str) -> String {
        let last = self.series.get(prefix).copied().unwrap_or(0);
        format!("{prefix}{:06}", last + 1)
    }

    /// Puts in what was issued.
    fn put(&mut self, seq: u64, recorded_at: i64, issued: Issued, body: &str) {
        let at = self.documents.len() as u32;
        let slot = (issued.plan.clone(), issued.billed.clone(), issued.from);
        let counts = issued.kind == DocumentKind::Invoice || !planted::is(Bug::NumberAgain);
        *self.series.entry(issued.prefix.clone()).or_default() += u64::from(counts);
        self.by_number.insert(issued.number.clone(), at);
        if issued.cause != Cause::Credit {
            self.held.remove(&slot);
        }
        self.by_slot.entry(slot).or_default().push(at);
        self.documents.push(Document::new(seq, recorded_at, issued, body));
    }

    /// All of it, in order.
    pub(crate) fn digest(&self, put: &mut impl FnMut(&[u8])) {
        put(&serde_json::to_vec(&self.settings).unwrap_or_default());
        put(&self.clock.unwrap_or(i64::MIN).to_le_bytes());
        put(self.approved.map(|day| day.to_string()).unwrap_or_default().as_bytes());
        for document in &self.documents {
            document.digest(put);
        }
        for ((plan, billed, from), why) in &self.held {
            for text in [plan, billed, &from.to_string(), why] {
                put(text.as_bytes());
            }
        }
    }
}
