//! What somebody asks of billing, decided.

use super::body;
use super::correct;
use super::document::{Cause, DocumentKind};
use super::entry::{BillingEntry, Contested, Ended, Referred};
use super::issue::{self, Draft};
use super::{Billing, BillingCommand, Dispute};
use crate::archive::Archive;
use crate::command::Answer;
use crate::entry::Entry;
use crate::group::{Given, Group, Made, Refusal};
use crate::limits;
use crate::machine::{Machine, Tenant};
use crate::planted::{self, Bug};
use price_value::{Rational, Timestamp};

impl Machine {
    /// A command about billing.
    pub(crate) fn bill(&mut self, group: &mut Group, tenant: &str, ask: &BillingCommand) {
        let seq = group.next();
        let given = match self.billing_entry(tenant, group, ask) {
            Ok(entry) => {
                self.carry_out_billing(seq, group.recorded_at, tenant, &entry);
                group.entries.push(Made::Entry(Entry::Billing(tenant.to_owned(), entry)));
                Answer::Accepted { seq }
            }
            Err((code, message)) => Answer::Refused { code, message },
        };
        group.answers.push(Given::Now(given));
    }

    /// Carries out an entry about billing, decided now or replayed.
    pub(crate) fn carry_out_billing(&mut self, seq: u64, recorded_at: i64, tenant: &str, entry: &BillingEntry) {
        self.due = None;
        if matches!(entry, BillingEntry::Clock(_)) {
            self.changed(tenant);
        }
        let number = self.tenants.number_or(tenant, Tenant::default);
        let Tenant { books, billing, notifying, .. } = self.tenants.at_mut(number);
        let plan = match entry {
            BillingEntry::Issued(issued, _) => Some(&issued.plan),
            BillingEntry::Closed(closed) => Some(&closed.plan),
            BillingEntry::Held(held) => Some(&held.slot.plan),
            BillingEntry::Same(slot) => Some(&slot.plan),
            BillingEntry::Ended(period) => Some(&period.plan),
            _ => None,
        };
        if let Some(plan) = plan {
            let book = books.number(plan).map(|number| books.at_mut(number));
            let at = (seq, billing.clock.unwrap_or(recorded_at));
            return issue::carry_out(billing, notifying, book, at, entry);
        }
        match entry {
            BillingEntry::Settings(settings) => billing.settings = settings.clone(),
            BillingEntry::Clock(now) => billing.clock = Some(*now),
            BillingEntry::Approved(until) => billing.approved = Some(*until),
            BillingEntry::Retried => {
                for (plan, billed, from) in std::mem::take(&mut billing.held).into_keys() {
                    if let Some(number) = books.number(&plan) {
                        books.at_mut(number).closes.again.insert((billed, from));
                    }
                }
            }
            BillingEntry::Disputed(Contested { number, line, reason }) => {
                if let Some(document) = billing.document_mut(number) {
                    let (line, reason) = (line.clone(), reason.clone());
                    document.disputes.push(Dispute { line, reason, since: seq, settled: None });
                }
            }
            BillingEntry::Settled(Ended { number, line, outcome }) => {
                let document = billing.document_mut(number);
                let open =
                    document.and_then(|d| d.disputes.iter_mut().find(|d| d.line == *line && d.settled.is_none()));
                if let Some(dispute) = open {
                    dispute.settled = Some((outcome.clone(), seq));
                }
            }
            BillingEntry::Referred(Referred { number, name, text }) => {
                if let Some(document) = billing.document_mut(number) {
                    if text.is_empty() {
                        document.references.remove(name);
                    } else {
                        document.references.insert(name.clone(), text.clone());
                    }
                }
            }
            _ => {}
        }
    }

    /// The entry of a command.
    fn billing_entry(&self, name: &str, group: &Group, ask: &BillingCommand) -> Result<BillingEntry, Refusal> {
        if name.is_empty() || name.len() > limits::TENANT_BYTES {
            return Err(("S018", format!("the name of a tenant has 1 to {} bytes", limits::TENANT_BYTES)));
        }
        // Who is refused does not become a tenant.
        let nobody = Tenant::default();
        let tenant = self.tenants.get(name).unwrap_or(&nobody);
        match ask {
            BillingCommand::Settings(settings) => match settings.problem() {
                Some(problem) => Err(("S050", problem)),
                None => Ok(BillingEntry::Settings(settings.clone())),
            },
            BillingCommand::Clock(now) => clock(tenant, *now),
            BillingCommand::Approve(until) => Ok(BillingEntry::Approved(*until)),
            BillingCommand::Retry => match tenant.billing.held.is_empty() {
                true => Err(("S051", "no period waits to be settled again".into())),
                false => Ok(BillingEntry::Retried),
            },
            BillingCommand::Credit { number, line, amount, reason } => {
                short(reason)?;
                let now = tenant.billing.clock.unwrap_or(group.recorded_at).saturating_mul(1_000);
                credit(&self.archive, tenant, (now, group.next() - 1), (number, line), amount, reason)
            }
            BillingCommand::Dispute { number, line, reason } => {
                short(reason)?;
                let document = found(&tenant.billing, number)?;
                if let Some(line) = line {
                    let lines = body::lines(&self.archive.one(document.seq)).unwrap_or_default();
                    if !lines.iter().any(|of| of.name == *line) {
                        return Err(("S053", format!("`{number}` has no line called `{line}`")));
                    }
                }
                if document.disputes.iter().any(|d| d.line == *line && d.settled.is_none()) {
                    return Err(("S054", format!("it is contested already: {}", what(number, line))));
                }
                if document.disputes.len() >= limits::DISPUTES {
                    return Err(("S018", format!("a document has at most {} disputes", limits::DISPUTES)));
                }
                let (number, line, reason) = (number.clone(), line.clone(), reason.clone());
                Ok(BillingEntry::Disputed(Contested { number, line, reason }))
            }
            BillingCommand::Settle { number, line, outcome } => {
                short(outcome)?;
                let document = found(&tenant.billing, number)?;
                if !document.disputes.iter().any(|d| d.line == *line && d.settled.is_none()) {
                    return Err(("S054", format!("it is not contested: {}", what(number, line))));
                }
                let (number, line, outcome) = (number.clone(), line.clone(), outcome.clone());
                Ok(BillingEntry::Settled(Ended { number, line, outcome }))
            }
            BillingCommand::Refer { number, name, text } => {
                let document = found(&tenant.billing, number)?;
                let word = |byte: u8| byte.is_ascii_alphanumeric() || matches!(byte, b'-' | b'_' | b'.');
                if name.is_empty() || name.len() > limits::REFERENCE_NAME_BYTES || !name.bytes().all(word) {
                    let most = limits::REFERENCE_NAME_BYTES;
                    return Err(("S010", format!("the name of a reference has 1 to {most} letters, digits or `-_.`")));
                }
                short(text)?;
                if document.references.len() >= limits::REFERENCES && !document.references.contains_key(name) {
                    return Err(("S018", format!("a document has at most {} references", limits::REFERENCES)));
                }
                let (number, name, text) = (number.clone(), name.clone(), text.clone());
                Ok(BillingEntry::Referred(Referred { number, name, text }))
            }
        }
    }
}

fn what(number: &str, line: &Option<String>) -> String {
    match line {
        Some(line) => format!("line `{line}` of `{number}`"),
        None => format!("all of `{number}`"),
    }
}

fn short(text: &str) -> Result<(), Refusal> {
    let most = limits::REASON_BYTES;
    if text.len() > most { Err(("S010", format!("a text about a document has at most {most} bytes"))) } else { Ok(()) }
}

fn found<'b>(billing: &'b Billing, number: &str) -> Result<&'b super::document::Document, Refusal> {
    billing.document(number).ok_or_else(|| ("S051", format!("there is no document `{number}`")))
}

/// A test clock goes forward, on a tenant that was made for it.
fn clock(tenant: &Tenant, now: i64) -> Result<BillingEntry, Refusal> {
    match tenant.billing.clock {
        None if tenant.books.len() > 0 || tenant.accounts.len() > 0 => {
            Err(("S055", "a test clock is set before a plan is published; use a tenant of its own".into()))
        }
        Some(before) if now < before => Err(("S055", "a test clock only goes forward".into())),
        _ if !(0..=limits::CLOCK_MICROS).contains(&now) => {
            Err(("S055", "a test clock is between 1970 and 2200".into()))
        }
        _ => Ok(BillingEntry::Clock(now)),
    }
}

/// A credit note for a line.
fn credit(
    archive: &Archive,
    tenant: &Tenant,
    (now, cutoff): (i64, u64),
    (number, line): (&str, &str),
    amount: &str,
    reason: &str,
) -> Result<BillingEntry, Refusal> {
    let billing = &tenant.billing;
    let document = found(billing, number)?;
    if document.issued.kind == DocumentKind::CreditNote {
        return Err(("S052", format!("`{number}` is a credit note itself")));
    }
    let unread = || ("S052", format!("the body of `{number}` cannot be read by this release"));
    let lines = body::lines(&archive.one(document.seq)).ok_or_else(unread)?;
    let Some(of) = lines.iter().find(|of| of.name == line && of.currency.is_none()) else {
        return Err(("S053", format!("`{number}` has no line called `{line}` in {}", document.issued.currency)));
    };
    let book = tenant.books.number(&document.issued.plan).map(|number| tenant.books.at(number));
    let Some(book) = book else { return Err(("S019", "the plan of the document is not known".into())) };
    let version = book.versions.iter().rposition(|v| v.hash.to_string() == document.issued.hash);
    let version = version.unwrap_or(book.versions.len() - 1);
    let plan = book.versions[version].plan();
    let amount: Rational = amount.parse().map_err(|_| ("S052", format!("`{amount}` is no amount")))?;
    let cents = Rational::from(10i64.pow(u32::from(plan.currency.decimals)));
    if amount.is_negative() || amount.is_zero() || !(&amount * &cents).is_integer() {
        let problem = format!("credit is an amount above zero with at most {} decimals", plan.currency.decimals);
        return Err(("S052", problem));
    }
    // What was asked for the line by the document and those that correct it.
    let mut asked = of.amount.clone();
    for other in billing.documents.iter().filter(|d| d.issued.corrects.as_deref() == Some(number)) {
        if planted::is(Bug::CreditBeyond) && other.issued.cause == Cause::Credit {
            continue;
        }
        let lines = body::lines(&archive.one(other.seq)).ok_or_else(unread)?;
        asked +=
            &lines.iter().filter(|of| of.name == line && of.currency.is_none()).map(|of| &of.amount).sum::<Rational>();
    }
    if amount > asked {
        let left = price_documents::money(&asked, plan);
        return Err(("S052", format!("of `{line}` {left} {} are left to be credited", document.issued.currency)));
    }
    let period = correct::days(document.issued.from, document.issued.until);
    let mut credited = correct::like(plan, &period, of);
    credited.amount = -&amount;
    (credited.exact, credited.gross) = (credited.amount.clone(), credited.amount.clone());
    let note = issue::note(&correct::nothing(&document.issued.billed, &period), vec![credited]);
    let (kind, corrects) = ((DocumentKind::CreditNote, Cause::Credit), Some(number.to_owned()));
    let mut draft = issue::document(book, version, &document.issued.plan, &note, kind, corrects);
    if let Draft::Document(document) = &mut draft {
        document.reason = Some(reason.to_owned());
    }
    let today = book.version().zone.local(Timestamp(now)).0;
    Ok(draft.entry(billing, today, cutoff))
}
