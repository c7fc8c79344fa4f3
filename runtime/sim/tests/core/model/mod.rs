//! What must be answered and known, in the obvious way: maps, one command after another.

mod holds;
mod issued;
mod kept;
mod told;

use crate::host::Stored;
use crate::plans::Plan;
use crate::sent::{Form, Record, Sent, TENANTS, What};
use holds::Holds;
use issued::Documents;
use kept::{Keys, Tokens};
use price_core::Answer;
use price_core::billing::{BillingCommand, BillingEntry, Cause};
use price_core::entry::Entry;
use price_core::erasure::What as Erased;
use price_core::notify::{NoticeKind, Noticed, NotifyEntry};
use price_value::{Date, Rational, Span, Timestamp, Zone};
use std::collections::BTreeMap;
use told::{Once, Told};

pub use holds::Feature;
pub use issued::{Document, after};
pub use told::from;

#[derive(Clone)]
pub struct Event {
    /// Entry of the event that came first under its id.
    pub first: u64,
    pub content: String,
    /// What counts now, with its entry; none where it was taken back.
    pub live: Option<(Record, u64)>,
    /// When that was recorded, in microseconds.
    known: i64,
    /// Content of the last replacement.
    revision: Option<String>,
    /// Whether the first content was erased, and that of the last replacement.
    erased: (bool, bool),
}

impl Event {
    /// Leaves out what no plan reads, from contents that `of` is said of.
    fn erase(&mut self, of: impl Fn(&str) -> bool) {
        self.erased.0 |= of(&self.content);
        self.erased.1 |= self.revision.as_deref().is_some_and(&of);
        if let Some((record, _)) = self.live.as_mut().filter(|(record, _)| of(&record.content))
            && let Some((before, rest)) = record.text.split_once("\"path\":\"/")
        {
            let behind = rest.split_once('"').map_or("", |(_, behind)| behind);
            record.text = format!("{before}\"path\":\"\"{behind}");
        }
    }
}

#[derive(Clone, Default)]
pub struct Tenant {
    pub events: BTreeMap<String, Event>,
    sets: BTreeMap<String, Vec<String>>,
    pub accounts: BTreeMap<String, Vec<Span>>,
    /// The version in force.
    pub version: Option<usize>,
    /// Who is billed for subscriptions, their days, and the day on which each came to be known.
    placed: Vec<(String, Span, Date)>,
    /// The time of its test clock, in microseconds.
    pub clock: Option<i64>,
    pub documents: Documents,
    pub holds: Holds,
    pub told: Told,
    pub keys: Keys,
    pub tokens: Tokens,
}

#[derive(Clone)]
pub struct Model {
    plan: &'static Plan,
    pub zone: Zone,
    pub tenants: BTreeMap<&'static str, Tenant>,
    /// Entries so far.
    pub last: u64,
}

/// What an answer has to be.
#[derive(Debug, PartialEq, Eq)]
enum Wanted {
    Accepted,
    Duplicate(u64),
    Conflict(u64),
    Rejected,
    Refused,
    /// It is not known here.
    Either,
}

/// A group while it is taken.
struct Taken<'g> {
    at: i64,
    entries: &'g [Stored],
    /// Rejects by tenant and content.
    rejected: BTreeMap<(&'static str, &'g str), u64>,
}

impl Model {
    pub fn new(plan: &'static Plan) -> Model {
        let zone = Zone::get(plan.zone).expect("a zone");
        let tenants = TENANTS.into_iter().map(|name| (name, Tenant::default())).collect();
        Model { plan, zone, tenants, last: 0 }
    }

    /// The time of a tenant, in microseconds.
    pub fn time(&self, name: &str, at: i64) -> i64 {
        self.tenants[name].clock.unwrap_or(at)
    }

    /// Takes a group with its answers and entries: each has to be what it would be if its command came
    /// alone.
    pub fn take(&mut self, at: i64, group: &[Sent], answers: &[Answer], entries: &[Stored]) -> Result<(), String> {
        if group.len() != answers.len() {
            return Err(format!("{} commands have {} answers", group.len(), answers.len()));
        }
        let end = self.last + entries.len() as u64;
        let mut taken = Taken { at, entries, rejected: BTreeMap::new() };
        for (sent, answer) in group.iter().zip(answers) {
            self.one(&mut taken, sent, answer)?;
        }
        if self.last != end {
            return Err(format!("the group ends at {end}, and what is answered at {}", self.last));
        }
        Ok(())
    }

    fn one<'g>(&mut self, taken: &mut Taken<'g>, sent: &'g Sent, answer: &Answer) -> Result<(), String> {
        match (&sent.what, answer) {
            (What::Tick | What::Look, Answer::Ticked { more }) => {
                return self.struck(taken, matches!(sent.what, What::Tick), *more);
            }
            (What::Once { key, print, sent: all }, _) => {
                return self.once(taken, sent.tenant, (key, *print), all, answer);
            }
            _ => {}
        }
        let next = self.last + 1;
        let wanted = self.wanted(taken.at, sent);
        let record = match &sent.what {
            What::Usage { record, .. } | What::Replace { record } => Some((sent.tenant, record.content.as_str())),
            _ => None,
        };
        let fits = match (&wanted, answer) {
            (Wanted::Accepted | Wanted::Either, Answer::Accepted { seq }) => *seq == next,
            (Wanted::Duplicate(first), Answer::Duplicate { seq }) => seq == first,
            (Wanted::Conflict(first), Answer::Conflict { first: found, seq }) => (found, *seq) == (first, next),
            // The same bad record twice in a group may be one reject.
            (Wanted::Rejected, Answer::Rejected { seq, .. }) => {
                *seq == next || record.and_then(|record| taken.rejected.get(&record)) == Some(seq)
            }
            (Wanted::Refused | Wanted::Either, Answer::Refused { .. }) => true,
            _ => false,
        };
        if !fits {
            return Err(format!("`{}` should be {wanted:?} at {next}, and is {answer:?}", sent.told()));
        }
        match answer {
            Answer::Accepted { seq } => {
                self.accept(taken, *seq, sent)?;
                self.last = *seq;
            }
            Answer::Rejected { seq, .. } | Answer::Conflict { seq, .. } => {
                self.tenant(sent.tenant).told.rejected += u64::from(*seq == next);
                self.last = self.last.max(*seq);
                taken.rejected.extend(record.map(|record| (record, *seq)));
            }
            // The rest has no entry.
            Answer::Duplicate { .. } | Answer::Refused { .. } | Answer::Ticked { .. } | Answer::Once { .. } => {}
        }
        Ok(())
    }

    /// The next entry of a group.
    fn next(&self, taken: &Taken<'_>) -> Result<Option<Entry>, String> {
        let Some(stored) = taken.entries.iter().find(|stored| stored.seq == self.last + 1) else { return Ok(None) };
        Entry::from_bytes(stored.kind, &stored.payload).map(Some).map_err(|e| e.to_string())
    }

    /// What was due, or what there was to tell.
    fn struck(&mut self, taken: &Taken<'_>, tick: bool, more: bool) -> Result<(), String> {
        while let Some(entry) = self.next(taken)? {
            let seq = self.last + 1;
            match entry {
                Entry::Notify(name, NotifyEntry::Notice(of)) if !tick && !is_draft(&of) => {
                    let once = Once { until: of.until, billed: of.billed, of: of.of, mark: of.mark };
                    self.noticed(seq, taken.at, &name, &of.notice, once)?;
                }
                Entry::Notify(name, NotifyEntry::Notice(of)) if tick && is_draft(&of) => {
                    self.drafted(seq, taken.at, &name, &of)?;
                }
                Entry::Billing(name, entry) if tick && is_due(&entry) => self.issued(seq, taken.at, &name, &entry)?,
                _ => break,
            }
            self.last = seq;
        }
        for (name, tenant) in self.tenants.iter().filter(|_| tick && !more) {
            tenant.documents.is_done(&self.zone, self.time(name, taken.at)).map_err(|e| format!("of {name}: {e}"))?;
        }
        Ok(())
    }

    /// A document, or a month that ended.
    fn issued(&mut self, seq: u64, at: i64, name: &str, entry: &BillingEntry) -> Result<(), String> {
        let (zone, now) = (self.zone.clone(), self.time(name, at));
        let tenant = self.tenant(name);
        if matches!(entry, BillingEntry::Issued(..)) {
            tenant.told.all.push((seq, None));
        }
        tenant.documents.take(seq, entry, &zone, now)
    }

    /// Commands under a key: carried out once, and answered the same for a day.
    fn once<'g>(
        &mut self,
        taken: &mut Taken<'g>,
        name: &str,
        (key, print): (&str, u8),
        all: &'g [Sent],
        answer: &Answer,
    ) -> Result<(), String> {
        let wrong = |what: &str| Err(format!("the key `{key}` of {name}: {what}, and is {answer:?}"));
        match (self.tenants[name].keys.known(key, taken.at), answer) {
            (Some((known, before)), Answer::Once { answers, again: true }) if known == print => {
                if before == answers {
                    Ok(())
                } else {
                    wrong(&format!("was {before:?}"))
                }
            }
            (Some((known, _)), Answer::Refused { .. }) if known != print => Ok(()),
            (Some(_), _) => wrong("is known"),
            (None, Answer::Once { answers, again: false }) if answers.len() == all.len() => {
                for (sent, answer) in all.iter().zip(answers) {
                    self.one(taken, sent, answer)?;
                }
                if !matches!(self.next(taken)?, Some(Entry::Answered(of)) if of.key == key && of.tenant == name) {
                    return wrong("has no entry");
                }
                self.last += 1;
                self.tenant(name).keys.put(taken.at, key, print, answers);
                Ok(())
            }
            _ => wrong("is new"),
        }
    }

    fn tenant(&mut self, name: &str) -> &mut Tenant {
        self.tenants.get_mut(name).expect("one of two")
    }

    fn wanted(&self, at: i64, sent: &Sent) -> Wanted {
        let (plan, zone, at) = (self.plan, &self.zone, self.time(sent.tenant, at));
        let tenant = &self.tenants[sent.tenant];
        let when = |accepted| if accepted { Wanted::Accepted } else { Wanted::Refused };
        let open = |record: &Record, tenant: &Tenant| {
            let spans = tenant.accounts.get(&record.account);
            let day = zone.local(Timestamp(record.happened)).0;
            let closed = Date::new(day.year(), day.month(), 1).expect("a date").add_months(1, 1).add_days(3);
            let late = plan.refuses_late && Timestamp(at * 1_000) >= zone.start_of(closed);
            record.form == Form::Good && !late && spans.is_some_and(|s| s.iter().any(|span| span.contains(day)))
        };
        match &sent.what {
            What::Usage { record, .. } | What::Replace { record } if record.form == Form::Unreadable => {
                Wanted::Rejected
            }
            What::Usage { record, .. } => match tenant.events.get(&record.id) {
                Some(event) if event.content == record.content => Wanted::Duplicate(event.first),
                Some(event) if event.revision.as_ref() == Some(&record.content) => Wanted::Duplicate(event.first),
                // There is nothing left to compare it with.
                Some(event) if event.erased.0 || event.erased.1 => Wanted::Duplicate(event.first),
                Some(event) => Wanted::Conflict(event.first),
                None if open(record, tenant) => Wanted::Accepted,
                None => Wanted::Rejected,
            },
            What::Replace { record } => match tenant.events.get(&record.id) {
                None | Some(Event { live: None, .. }) => Wanted::Refused,
                Some(_) if open(record, tenant) => Wanted::Accepted,
                Some(_) => Wanted::Rejected,
            },
            What::Void { id } => when(tenant.counts(id)),
            What::Revert { set } if tenant.sets.contains_key(set) => Wanted::Accepted,
            What::Publish { version: Some(_) } => Wanted::Accepted,
            What::Subscribe { account, from, until, .. } if tenant.version.is_some() && !plan.contract => {
                let span = Span { from: *from, until: *until };
                let taken = tenant.accounts.get(account).is_some_and(|s| s.iter().any(|other| other.overlaps(&span)));
                when(!taken)
            }
            What::Bill(ask) => when(tenant.documents.takes(ask, tenant.clock, tenant.version.is_some())),
            What::Enforce(ask) => self.enforced(tenant, at, ask),
            What::Notify(ask) => when(tenant.told.takes(ask)),
            What::End(_) => Wanted::Accepted,
            What::Erase(Erased::Event { id, .. }) => when(tenant.events.contains_key(id)),
            What::Erase(Erased::Account(of)) if tenant.accounts.contains_key(of) => Wanted::Accepted,
            // One that is on no plan may be named by a reject; and a tenant of whom nothing came has none.
            What::Erase(Erased::Account(_) | Erased::Reject(_)) => Wanted::Either,
            What::Tick | What::Look | What::Once { .. } => Wanted::Either,
            What::Revert { .. } | What::Publish { .. } | What::Subscribe { .. } => Wanted::Refused,
        }
    }

    fn accept(&mut self, taken: &Taken<'_>, seq: u64, sent: &Sent) -> Result<(), String> {
        let (plan, zone, now) = (self.plan, self.zone.clone(), self.time(sent.tenant, taken.at));
        let made = self.next(taken)?;
        let billed = match &sent.what {
            What::Enforce(price_core::enforce::EnforceCommand::Reserve(reserve)) => {
                self.served(&self.tenants[sent.tenant], &reserve.account, now)
            }
            _ => None,
        };
        let tenant = self.tenant(sent.tenant);
        match &sent.what {
            What::Usage { record, set } => {
                let (content, live) = (record.content.clone(), Some((record.clone(), seq)));
                let event = Event { first: seq, content, live, known: now, revision: None, erased: (false, false) };
                tenant.events.insert(record.id.clone(), event);
                if let Some(set) = set {
                    tenant.sets.entry(set.clone()).or_default().push(record.id.clone());
                }
            }
            What::Replace { record } => {
                if let Some(event) = tenant.events.get_mut(&record.id) {
                    event.live = Some((record.clone(), seq));
                    event.known = now;
                    event.revision = Some(record.content.clone());
                    event.erased.1 = false;
                }
            }
            What::Void { id } => tenant.take_back(id),
            What::Revert { set } => {
                for id in tenant.sets.remove(set).unwrap_or_default() {
                    tenant.take_back(&id);
                }
            }
            What::Publish { version } => {
                tenant.version = *version;
                tenant.documents.grace = plan.grace[version.unwrap_or_default()];
                tenant.documents.begin(&zone, now);
                if plan.contract {
                    let term = Span { from: "2026-01-01".parse().ok(), until: "2027-01-01".parse().ok() };
                    tenant.accounts = ["a", "b"].map(|account| (account.to_owned(), vec![term])).into();
                }
            }
            What::Subscribe { account, from, until, .. } => {
                let span = Span { from: *from, until: *until };
                let billed = if account == "c" { "pool" } else { account };
                tenant.placed.push((billed.to_owned(), span, zone.local(Timestamp(now * 1_000)).0));
                tenant.accounts.entry(account.clone()).or_default().push(span);
            }
            What::Bill(BillingCommand::Clock(now)) => tenant.clock = Some(*now),
            What::Bill(BillingCommand::Credit { .. }) => match made {
                Some(Entry::Billing(name, entry @ BillingEntry::Issued(..))) if !is_due(&entry) => {
                    self.issued(seq, taken.at, &name, &entry)?;
                }
                other => return Err(format!("credit is {other:?}")),
            },
            What::Bill(ask) => tenant.documents.accept(seq, ask),
            What::Enforce(ask) => tenant.holds.accept(seq, now, billed, ask),
            What::Notify(ask) => tenant.told.accept(seq, now, ask),
            What::End(ended) => tenant.tokens.accept(taken.at, ended),
            What::Erase(what) => {
                for (id, event) in &mut tenant.events {
                    match what {
                        Erased::Account(of) => event.erase(|text| text.contains(&format!("\"account\":\"{of}\""))),
                        Erased::Event { id: of, .. } => event.erase(|_| of == id),
                        Erased::Reject(_) => {}
                    }
                }
                tenant.keys.erase();
            }
            What::Tick | What::Look | What::Once { .. } => {}
        }
        Ok(())
    }

    /// Who is billed for an account, if it is served at an instant in microseconds.
    fn served(&self, tenant: &Tenant, account: &str, now: i64) -> Option<String> {
        let day = self.zone.local(Timestamp(now * 1_000)).0;
        tenant.accounts.get(account)?.iter().any(|span| span.contains(day)).then(|| self.billed(account).to_owned())
    }

    fn billed<'n>(&self, account: &'n str) -> &'n str {
        match account {
            _ if self.plan.contract => self.plan.name,
            "c" => "pool",
            other => other,
        }
    }

    /// Events that count of a billed subject in the month of an instant.
    fn of_month<'t>(&'t self, tenant: &'t Tenant, billed: &'t str, now: i64) -> impl Iterator<Item = &'t Event> {
        let month = |nanos: i64| issued::month(self.zone.local(Timestamp(nanos)).0);
        let wanted = month(now * 1_000);
        tenant.events.values().filter(move |event| {
            let of = |(record, _): &(Record, u64)| {
                self.billed(&record.account) == billed && month(record.happened) == wanted
            };
            event.live.as_ref().is_some_and(of)
        })
    }

    fn used(&self, tenant: &Tenant, billed: &str, now: i64) -> Rational {
        Rational::from(self.of_month(tenant, billed, now).count() as i64)
    }

    /// Whether a month is one of which everything was said when it was over, of somebody served since always.
    pub fn is_unknown(&self, name: &str, billed: &str, from: Date) -> bool {
        let month = Span { from: Some(from), until: Some(after(from)) };
        let mut placed = self.tenants[name].placed.iter().filter(|(of, span, _)| of == billed && span.overlaps(&month));
        placed.all(|(_, span, day)| span.from.is_none() && *day >= after(from)) && !self.plan.contract
    }

    /// Whether something of the month was known before it began.
    fn is_ahead(&self, tenant: &Tenant, billed: &str, now: i64) -> bool {
        let first = issued::month(self.zone.local(Timestamp(now * 1_000)).0);
        let start = self.zone.start_of(first).0 / 1_000;
        self.of_month(tenant, billed, now).any(|event| event.known < start)
    }

    /// What all months together cost a tenant's account, in hundredths of a cent, once every
    /// difference is carried.
    pub fn cost(&self, tenant: &Tenant, accounts: &[&str]) -> i64 {
        let mut months: BTreeMap<(i16, i8), Vec<i64>> = BTreeMap::new();
        let live = tenant.events.values().filter_map(|event| event.live.as_ref());
        for (record, _) in live.filter(|(record, _)| accounts.contains(&record.account.as_str())) {
            let day = self.zone.local(Timestamp(record.happened)).0;
            months.entry((day.year(), day.month())).or_default().push(record.cents);
        }
        let version = tenant.version.unwrap_or_default();
        months.values().map(|events| (self.plan.cost)(events, version)).sum()
    }
}

/// Whether a notice comes with the turn of closing, and not with looking. A group may have both.
fn is_draft(of: &Noticed) -> bool {
    of.notice.kind == NoticeKind::InvoiceDrafted
}

/// What the clock of contracts does; credit is given by somebody.
fn is_due(entry: &BillingEntry) -> bool {
    match entry {
        BillingEntry::Issued(issued, _) => issued.cause != Cause::Credit,
        BillingEntry::Closed(_) | BillingEntry::Held(_) | BillingEntry::Same(_) | BillingEntry::Ended(_) => true,
        _ => false,
    }
}

impl Tenant {
    /// Whether an event counts.
    fn counts(&self, id: &str) -> bool {
        self.events.get(id).is_some_and(|event| event.live.is_some())
    }

    fn take_back(&mut self, id: &str) {
        if let Some(event) = self.events.get_mut(id) {
            event.live = None;
        }
    }
}
