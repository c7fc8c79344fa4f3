//! Making documents of invoices.

use super::correct;
use super::document::{Cause, DocumentKind, Issued};
use super::entry::{BillingEntry, Held, PeriodOf, SlotOf};
use super::settings::Corrections;
use super::{Billing, Slot};
use crate::book::Book;
use crate::notify::{self, Notice, Notifying};
use crate::planted::{self, Bug};
use price_ir::{Invoice, InvoiceLine, OWN};
use price_rating::SettleError;
use price_value::{Date, Period, Rational};
use std::collections::BTreeMap;

/// A document without a number, or why there is none.
pub(super) enum Draft {
    /// A document.
    Document(Box<Unnumbered>),
    /// The period cannot be settled.
    Held(Held),
}

/// A document without a number.
pub(super) struct Unnumbered {
    pub(super) kind: DocumentKind,
    pub(super) cause: Cause,
    pub(super) plan: String,
    pub(super) billed: String,
    pub(super) period: (Date, Date),
    pub(super) corrects: Option<String>,
    pub(super) reason: Option<String>,
    pub(super) net_days: Option<u32>,
    pub(super) hash: String,
    pub(super) currency: String,
    pub(super) total: String,
    pub(super) due: String,
    pub(super) body: String,
}

impl Draft {
    /// Gives it a number.
    pub(super) fn entry(self, billing: &Billing, today: Date, cutoff: u64) -> BillingEntry {
        let of = match self {
            Draft::Held(held) => return BillingEntry::Held(held),
            Draft::Document(document) => *document,
        };
        let prefix = match of.kind {
            DocumentKind::Invoice => &billing.settings.invoice_prefix,
            DocumentKind::CreditNote | DocumentKind::DebitNote => &billing.settings.note_prefix,
        };
        let net = of.net_days.filter(|_| of.kind != DocumentKind::CreditNote);
        let issued = Issued {
            number: billing.next_number(prefix),
            prefix: prefix.clone(),
            kind: of.kind,
            cause: of.cause,
            plan: of.plan,
            billed: of.billed,
            from: of.period.0,
            until: of.period.1,
            corrects: of.corrects,
            issued: today,
            payable: net.map(|days| today.add_days(i32::try_from(days).unwrap_or(i32::MAX))),
            cutoff,
            hash: of.hash,
            engine: env!("CARGO_PKG_VERSION").to_owned(),
            currency: of.currency,
            total: of.total,
            due: of.due,
            reason: of.reason,
        };
        BillingEntry::Issued(Box::new(issued), of.body)
    }
}

/// Lines that correct earlier periods, by the first day of these.
type Apart = BTreeMap<Date, Vec<InvoiceLine>>;

/// The invoice of a period, and what is told apart from it. `version` is that of the rules.
struct Settled {
    invoice: Invoice,
    version: usize,
    apart: Apart,
}

/// What somebody's period comes to; nothing, where it is not served in it.
fn settled(billing: &Billing, book: &mut Book, billed: &str, period: &Period) -> Result<Option<Settled>, SettleError> {
    let (mut invoice, version) = match book.invoice(billed, period) {
        Ok(found) => found,
        Err(SettleError::NotServed { .. }) => return Ok(None),
        Err(error) => return Err(error),
    };
    let mut apart = Apart::new();
    if billing.settings.corrections == Corrections::Notes {
        for line in std::mem::take(&mut invoice.lines) {
            match line.corrects {
                Some(of) => apart.entry(of.from).or_default().push(line),
                None => invoice.lines.push(line),
            }
        }
        for line in apart.values().flatten().filter(|line| line.currency == OWN) {
            invoice.total -= &line.amount;
            invoice.due -= &unpaid(line);
        }
    }
    Ok(Some(Settled { invoice, version, apart }))
}

/// What somebody's invoice comes to before the period is closed; nothing, where there would be none.
pub(super) fn draft(
    billing: &Billing,
    plan: &str,
    book: &mut Book,
    billed: &str,
    period: &Period,
) -> Option<notify::Draft> {
    let amounts = match settled(billing, book, billed, period) {
        Ok(None) => return None,
        Ok(Some(of)) if !billing.settings.issue_empty && !says_something(&of.invoice) => return None,
        Ok(Some(Settled { invoice, version, .. })) => {
            let rules = book.versions[version].plan();
            let money = |amount| price_documents::money(amount, rules);
            Ok([rules.currency.code.clone(), money(&invoice.total), money(&invoice.due)])
        }
        Err(error) => Err(error.to_string()),
    };
    let (billed, plan, closes) = (billed.to_owned(), plan.to_owned(), book.closing_day(period));
    Some(notify::Draft { billed, plan, period: (period.from, period.until), closes, amounts })
}

/// What somebody's period comes to, when it closes for everybody.
pub(super) fn close(billing: &Billing, plan: &str, book: &mut Book, billed: &str, period: &Period) -> Vec<Draft> {
    let (invoice, version, apart) = match settled(billing, book, billed, period) {
        Ok(Some(Settled { invoice, version, apart })) => (invoice, version, apart),
        Ok(None) => return Vec::new(),
        Err(error) => return vec![held((plan.to_owned(), billed.to_owned(), period.from), &error)],
    };
    let mut drafts = Vec::new();
    if billing.settings.issue_empty || says_something(&invoice) {
        drafts.push(document(book, version, plan, &invoice, (DocumentKind::Invoice, Cause::Close), None));
    }
    for (of, lines) in apart.into_iter().filter(|_| !planted::is(Bug::LoseNote)) {
        let corrected = billing.of_slot(&(plan.to_owned(), billed.to_owned(), of)).next();
        let corrects = corrected.map(|document| document.issued.number.clone());
        let note = note(&invoice, lines);
        let kind = kind(&note);
        drafts.push(document(book, version, plan, &note, (kind, Cause::Differences), corrects));
    }
    drafts
}

/// What a period comes to whose facts changed after it was closed.
pub(super) fn again(billing: &Billing, plan: &str, book: &mut Book, billed: &str, period: &Period) -> Vec<Draft> {
    let slot: Slot = (plan.to_owned(), billed.to_owned(), period.from);
    let first = billing.of_slot(&slot).find(|document| document.issued.cause != Cause::Credit);
    let Some(first) = first else {
        return close(billing, plan, book, billed, period);
    };
    let corrects = first.issued.number.clone();
    let now = match book.invoice(billed, period) {
        Ok(found) => Some(found),
        Err(SettleError::NotServed { .. }) => None,
        Err(error) => return vec![held(slot, &error)],
    };
    let version = now.as_ref().map_or(book.versions.len() - 1, |(_, version)| *version);
    let issued = billing.of_slot(&slot).filter(|document| document.issued.cause != Cause::Credit);
    let rules = book.versions[version].plan();
    let lines =
        match correct::differences(&book.archive, rules, period, issued, now.as_ref().map(|(invoice, _)| invoice)) {
            Ok(lines) => lines,
            Err(why) => return vec![held(slot, &why)],
        };
    if lines.is_empty() {
        return Vec::new();
    }
    let empty = correct::nothing(billed, period);
    let note = note(now.as_ref().map_or(&empty, |(invoice, _)| invoice), lines);
    let kind = kind(&note);
    vec![document(book, version, plan, &note, (kind, Cause::Restated), Some(corrects))]
}

fn held((plan, billed, from): Slot, error: &impl std::fmt::Display) -> Draft {
    Draft::Held(Held { slot: SlotOf { plan, billed, from }, why: error.to_string() })
}

/// A document of its own for lines that correct another.
pub(super) fn note(beside: &Invoice, lines: Vec<InvoiceLine>) -> Invoice {
    let own = || lines.iter().filter(|line| line.currency == OWN);
    Invoice {
        account: beside.account.clone(),
        period: beside.period,
        served: beside.served,
        total: own().map(|line| &line.amount).sum(),
        due: own().map(unpaid).sum(),
        payment: None,
        entitlements: Vec::new(),
        allowances: Vec::new(),
        lines,
    }
}

/// What balances did not pay of a line.
fn unpaid(line: &InvoiceLine) -> Rational {
    &line.amount - &line.paid.iter().map(|(_, paid)| paid).sum::<Rational>()
}

/// A note that asks for less is a credit note.
pub(super) fn kind(note: &Invoice) -> DocumentKind {
    let decides = if note.total.is_zero() { &note.due } else { &note.total };
    if decides.is_negative() { DocumentKind::CreditNote } else { DocumentKind::DebitNote }
}

/// Whether an invoice moves any amount.
fn says_something(invoice: &Invoice) -> bool {
    let moved = |line: &InvoiceLine| !line.amount.is_zero() || !line.paid.is_empty();
    let ledger = invoice.payment.as_ref().is_some_and(|payment| !payment.ledger.is_empty());
    invoice.lines.iter().any(moved) || ledger || !invoice.total.is_zero() || !invoice.due.is_zero()
}

pub(super) fn document(
    book: &Book,
    version: usize,
    plan: &str,
    invoice: &Invoice,
    (kind, cause): (DocumentKind, Cause),
    corrects: Option<String>,
) -> Draft {
    let version = &book.versions[version];
    let rules = version.plan();
    Draft::Document(Box::new(Unnumbered {
        kind,
        cause,
        plan: plan.to_owned(),
        billed: invoice.account.clone(),
        period: (invoice.period.from, invoice.period.until),
        corrects,
        reason: None,
        net_days: rules.net_days,
        hash: version.hash.to_string(),
        currency: rules.currency.code.clone(),
        total: price_documents::money(&invoice.total, rules),
        due: price_documents::money(&invoice.due, rules),
        body: price_documents::invoice(invoice, rules, &version.source_map),
    }))
}

/// Carries out an entry: the same when it is decided and when it is replayed.
pub(super) fn carry_out(
    billing: &mut Billing,
    notifying: &mut Notifying,
    book: Option<&mut Book>,
    (seq, recorded_at): (u64, i64),
    entry: &BillingEntry,
) {
    match entry {
        BillingEntry::Issued(issued, body) => {
            // A plan whose document is issued is there.
            if let Some(book) = &book {
                book.archive.put(seq, body);
            }
            // Credit that somebody gives says nothing of what the period comes to.
            if let Some(book) = book.filter(|_| issued.cause != Cause::Credit || planted::is(Bug::CreditHidesChange)) {
                book.closes.again.remove(&(issued.billed.clone(), issued.from));
            }
            billing.put(seq, recorded_at, (**issued).clone(), body);
        }
        BillingEntry::Closed(closed) => {
            if let Some(book) = book {
                book.closes.until = closed.until;
                book.closes.run = None;
                book.look_when();
            }
            notifying.closed(&closed.plan, closed.until);
        }
        BillingEntry::Held(held) => {
            let SlotOf { plan, billed, from } = held.slot.clone();
            if let Some(book) = book {
                book.closes.again.remove(&(billed.clone(), from));
            }
            billing.held.insert((plan, billed, from), held.why.clone());
        }
        BillingEntry::Same(SlotOf { plan, billed, from }) => {
            if let Some(book) = book {
                book.closes.again.remove(&(billed.clone(), *from));
            }
            billing.held.remove(&(plan.clone(), billed.clone(), *from));
        }
        BillingEntry::Ended(PeriodOf { plan, from, until, each }) => {
            if let Some(book) = book {
                book.closes.ended = *until;
                (book.closes.drafted, book.closes.drafting) = (None, None);
                book.look_when();
            }
            if !each {
                notifying.keep(seq, Notice::of_period(recorded_at, plan, *from, *until));
            }
        }
        _ => {}
    }
}
