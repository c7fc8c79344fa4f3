//! What must be answered and known, in the obvious way: maps, one command after another.

use crate::plans::Plan;
use crate::sent::{Form, Record, Sent, TENANTS, What};
use price_core::Answer;
use price_value::{Date, Span, Timestamp, Zone};
use std::collections::BTreeMap;

#[derive(Clone)]
pub struct Event {
    /// Entry of the event that came first under its id.
    pub first: u64,
    pub content: String,
    /// What counts now, with its entry; none where it was taken back.
    pub live: Option<(Record, u64)>,
    /// Content of the last replacement.
    revision: Option<String>,
}

#[derive(Clone, Default)]
pub struct Tenant {
    pub events: BTreeMap<String, Event>,
    sets: BTreeMap<String, Vec<String>>,
    pub accounts: BTreeMap<String, Vec<Span>>,
    /// The version in force.
    pub version: Option<usize>,
}

#[derive(Clone)]
pub struct Model {
    plan: &'static Plan,
    zone: Zone,
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
}

impl Model {
    pub fn new(plan: &'static Plan) -> Model {
        let zone = Zone::get(plan.zone).expect("a zone");
        let tenants = TENANTS.into_iter().map(|name| (name, Tenant::default())).collect();
        Model { plan, zone, tenants, last: 0 }
    }

    /// Takes a group with its answers: each has to be what it would be if its command came alone.
    pub fn take(&mut self, at: i64, group: &[Sent], answers: &[Answer]) -> Result<(), String> {
        if group.len() != answers.len() {
            return Err(format!("{} commands have {} answers", group.len(), answers.len()));
        }
        let mut rejected: BTreeMap<(&str, &str), u64> = BTreeMap::new();
        for (sent, answer) in group.iter().zip(answers) {
            let next = self.last + 1;
            let wanted = self.wanted(at, sent);
            let record = match &sent.what {
                What::Usage { record, .. } | What::Replace { record } => Some((sent.tenant, record.content.as_str())),
                _ => None,
            };
            let fits = match (&wanted, answer) {
                (Wanted::Accepted, Answer::Accepted { seq }) => *seq == next,
                (Wanted::Duplicate(first), Answer::Duplicate { seq }) => seq == first,
                (Wanted::Conflict(first), Answer::Conflict { first: found, seq }) => (found, *seq) == (first, next),
                // The same bad record twice in a group may be one reject.
                (Wanted::Rejected, Answer::Rejected { seq, .. }) => {
                    *seq == next || record.and_then(|record| rejected.get(&record)) == Some(seq)
                }
                (Wanted::Refused, Answer::Refused { .. }) => true,
                _ => false,
            };
            if !fits {
                return Err(format!("`{}` should be {wanted:?} at {next}, and is {answer:?}", sent.told()));
            }
            match answer {
                Answer::Accepted { seq } => {
                    self.last = *seq;
                    self.accept(*seq, sent);
                }
                Answer::Rejected { seq, .. } | Answer::Conflict { seq, .. } => {
                    self.last = self.last.max(*seq);
                    rejected.extend(record.map(|record| (record, *seq)));
                }
                // What has no key is not answered so.
                Answer::Duplicate { .. } | Answer::Refused { .. } | Answer::Ticked { .. } | Answer::Once { .. } => {}
            }
        }
        Ok(())
    }

    fn tenant(&mut self, name: &str) -> &mut Tenant {
        self.tenants.get_mut(name).expect("one of two")
    }

    fn wanted(&mut self, at: i64, sent: &Sent) -> Wanted {
        let (plan, zone) = (self.plan, self.zone.clone());
        let tenant = self.tenant(sent.tenant);
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
                Some(event) => Wanted::Conflict(event.first),
                None if open(record, tenant) => Wanted::Accepted,
                None => Wanted::Rejected,
            },
            What::Replace { record } => match tenant.events.get(&record.id) {
                None | Some(Event { live: None, .. }) => Wanted::Refused,
                Some(_) if open(record, tenant) => Wanted::Accepted,
                Some(_) => Wanted::Rejected,
            },
            What::Void { id } => match tenant.events.get(id) {
                Some(Event { live: Some(_), .. }) => Wanted::Accepted,
                _ => Wanted::Refused,
            },
            What::Revert { set } if tenant.sets.contains_key(set) => Wanted::Accepted,
            What::Publish { version: Some(_) } => Wanted::Accepted,
            What::Subscribe { account, from, until, .. } if tenant.version.is_some() && !plan.contract => {
                let span = Span { from: *from, until: *until };
                let taken = tenant.accounts.get(account).is_some_and(|s| s.iter().any(|other| other.overlaps(&span)));
                if taken { Wanted::Refused } else { Wanted::Accepted }
            }
            What::Revert { .. } | What::Publish { .. } | What::Subscribe { .. } => Wanted::Refused,
        }
    }

    fn accept(&mut self, seq: u64, sent: &Sent) {
        let contract = self.plan.contract;
        let tenant = self.tenant(sent.tenant);
        match &sent.what {
            What::Usage { record, set } => {
                let (content, live) = (record.content.clone(), Some((record.clone(), seq)));
                tenant.events.insert(record.id.clone(), Event { first: seq, content, live, revision: None });
                if let Some(set) = set {
                    tenant.sets.entry(set.clone()).or_default().push(record.id.clone());
                }
            }
            What::Replace { record } => {
                if let Some(event) = tenant.events.get_mut(&record.id) {
                    event.live = Some((record.clone(), seq));
                    event.revision = Some(record.content.clone());
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
                if contract {
                    let term = Span { from: "2026-01-01".parse().ok(), until: "2027-01-01".parse().ok() };
                    tenant.accounts = ["a", "b"].map(|account| (account.to_owned(), vec![term])).into();
                }
            }
            What::Subscribe { account, from, until, .. } => {
                let span = Span { from: *from, until: *until };
                tenant.accounts.entry(account.clone()).or_default().push(span);
            }
        }
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

impl Tenant {
    fn take_back(&mut self, id: &str) {
        if let Some(event) = self.events.get_mut(id) {
            event.live = None;
        }
    }
}
