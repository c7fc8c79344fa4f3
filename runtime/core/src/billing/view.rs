//! What can be asked of what was issued.

use super::document::{Cause, Dispute, Document, DocumentKind, Issued};
use crate::archive::Archive;
use crate::machine::Machine;
use price_value::Date;
use std::collections::BTreeMap;

/// A document.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct DocumentView {
    /// Its entry.
    pub seq: u64,
    /// What stands around the body.
    pub issued: Issued,
    /// The bytes that never change; empty in lists.
    pub body: String,
    /// Their BLAKE3 hash.
    pub hash: [u8; 32],
    /// What is or was contested.
    pub disputes: Vec<Dispute>,
    /// What others call it.
    pub references: BTreeMap<String, String>,
    /// Numbers of documents that correct it.
    pub corrected_by: Vec<String>,
}

/// Which documents are asked for.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct DocumentFilter {
    /// Of one billed subject.
    pub billed: Option<String>,
    /// Of one plan.
    pub plan: Option<String>,
    /// Of one kind.
    pub kind: Option<DocumentKind>,
    /// Only those with an open dispute.
    pub disputed: bool,
    /// Entry after which they stand; 0 for the first page.
    pub after: u64,
}

/// A period that cannot be settled.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct HeldView {
    /// The plan.
    pub plan: String,
    /// Who is billed.
    pub billed: String,
    /// First day.
    pub from: Date,
    /// Why.
    pub why: String,
}

/// Where a period is.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum PeriodStatus {
    /// It runs.
    Open,
    /// It ended, and the contract still lets usage into it until the day given.
    Grace(Date),
    /// It is closed, and what was issued for it is this.
    Closed(Option<Box<DocumentView>>),
}

impl Machine {
    /// A document by its number.
    pub fn document(&self, tenant: &str, number: &str) -> Option<DocumentView> {
        let billing = &self.tenants.get(tenant)?.billing;
        let document = billing.document(number)?;
        let corrects = |d: &&Document| d.issued.corrects.as_deref() == Some(number);
        let corrected_by = billing.documents.iter().filter(corrects).map(|d| d.issued.number.clone()).collect();
        Some(DocumentView { corrected_by, ..view(document, Some(&self.archive)) })
    }

    /// Documents in the order in which they were issued.
    pub fn documents(&self, tenant: &str, filter: &DocumentFilter, limit: usize) -> Vec<DocumentView> {
        let Some(tenant) = self.tenants.get(tenant) else { return Vec::new() };
        let all = &tenant.billing.documents;
        let from = all.partition_point(|document| document.seq <= filter.after);
        let wanted = |document: &&Document| {
            let issued = &document.issued;
            filter.billed.as_ref().is_none_or(|billed| *billed == issued.billed)
                && filter.plan.as_ref().is_none_or(|plan| *plan == issued.plan)
                && filter.kind.is_none_or(|kind| kind == issued.kind)
                && (!filter.disputed || document.disputes.iter().any(|dispute| dispute.settled.is_none()))
        };
        all[from..].iter().filter(wanted).take(limit).map(|document| view(document, None)).collect()
    }

    /// Periods that cannot be settled.
    pub fn held(&self, tenant: &str) -> Vec<HeldView> {
        let held = self.tenants.get(tenant).into_iter().flat_map(|tenant| &tenant.billing.held);
        let view = |((plan, billed, from), why): (&(String, String, Date), &String)| HeldView {
            plan: plan.clone(),
            billed: billed.clone(),
            from: *from,
            why: why.clone(),
        };
        held.map(view).collect()
    }

    /// How the documents of a tenant are numbered, issued and corrected.
    pub fn billing_settings(&self, tenant: &str) -> super::Settings {
        self.tenants.get(tenant).map(|tenant| tenant.billing.settings.clone()).unwrap_or_default()
    }

    /// The time of a tenant in microseconds: that of its test clock, where it has one.
    pub fn clock(&self, tenant: &str) -> Option<i64> {
        self.tenants.get(tenant)?.billing.clock
    }

    /// Where the period of a plan is that began on a day, for somebody billed there. `now` is in
    /// microseconds, for tenants without a test clock.
    pub fn period_status(&self, tenant: &str, plan: &str, billed: &str, from: Date, now: i64) -> PeriodStatus {
        let Some((tenant, book)) =
            self.tenants.get(tenant).and_then(|tenant| tenant.books.get(plan).map(|book| (tenant, book)))
        else {
            return PeriodStatus::Open;
        };
        let now = tenant.billing.clock.unwrap_or(now).saturating_mul(1_000);
        let period = book.period(from);
        if period.from < book.closes.until {
            let slot = (plan.to_owned(), billed.to_owned(), period.from);
            let first = tenant.billing.of_slot(&slot).find(|document| document.issued.cause == Cause::Close);
            return PeriodStatus::Closed(first.map(|document| Box::new(view(document, Some(&self.archive)))));
        }
        if now < period.end.0 { PeriodStatus::Open } else { PeriodStatus::Grace(book.closing_day(&period)) }
    }
}

/// With its body where that is asked for.
fn view(document: &Document, archive: Option<&Archive>) -> DocumentView {
    DocumentView {
        seq: document.seq,
        issued: document.issued.clone(),
        body: archive.map(|archive| archive.one(document.seq)).unwrap_or_default(),
        hash: document.hash,
        disputes: document.disputes.clone(),
        references: document.references.clone(),
        corrected_by: Vec::new(),
    }
}
