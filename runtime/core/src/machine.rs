//! The state of everything, and the one place where it changes.

use crate::book::{Book, TakenBack, Version};
use crate::command::{Answer, Command, Subscribed};
use crate::entry::{Entry, EntryError, Named, Placed, Published, Rejected, Reverted, Usage};
use crate::facts::Fact;
use crate::limits;
use price_ingest::{Envelope, envelope};
use price_ir::KernelFactory;
use price_rating::{RejectReason, SetupError, Subscription};
use price_store::frame::Frame;
use price_store::index::{EventKey, Hit, Index, Keys, Probe};
use price_value::{Timestamp, Zone};
use std::collections::{BTreeMap, HashMap, VecDeque};
use std::sync::Arc;

/// What a group of commands comes to.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Decided {
    /// Entries for the log: kind and bytes. They get the numbers from the first on, without gaps.
    pub entries: Vec<(u16, Vec<u8>)>,
    /// An answer for each command. To be given out when the entries are durable.
    pub answers: Vec<Answer>,
}

/// Why a log cannot be replayed.
#[derive(Debug, thiserror::Error)]
pub enum ReplayError {
    /// An entry cannot be read.
    #[error("entry {seq}: {cause}")]
    Entry {
        /// Its number.
        seq: u64,
        /// Why.
        cause: EntryError,
    },
    /// An entry does not lead where it led when it was written.
    #[error("entry {seq} can no longer be carried out: {problem}; open the log with the release that wrote it")]
    Diverged {
        /// Its number.
        seq: u64,
        /// What is in the way.
        problem: String,
    },
    /// The event index cannot be read or written.
    #[error(transparent)]
    Index(#[from] price_store::StoreError),
}

/// Where an event is that counts.
#[derive(Debug, Clone)]
pub(crate) struct Place {
    pub(crate) tenant: Arc<str>,
    pub(crate) plan: Arc<str>,
    pub(crate) billed: Arc<str>,
    pub(crate) happened: i64,
    pub(crate) seq: u64,
}

/// What belongs to one tenant.
#[derive(Default)]
pub(crate) struct Tenant {
    pub(crate) books: BTreeMap<Arc<str>, Book>,
    /// Plans of an account, with its days on each.
    pub(crate) accounts: BTreeMap<Arc<str>, Vec<(Arc<str>, price_value::Span)>>,
    /// Keys of the events of a backfill.
    pub(crate) sets: BTreeMap<String, Vec<u128>>,
    /// The last events that did not fit.
    pub(crate) rejects: VecDeque<(u64, i64, Rejected)>,
    pub(crate) rejected: u64,
}

/// The state.
pub struct Machine {
    factory: Arc<dyn KernelFactory>,
    index: Index,
    keys: Keys,
    pub(crate) tenants: BTreeMap<Arc<str>, Tenant>,
    /// Events that count. Looked up by key only: its order reaches nothing.
    pub(crate) places: HashMap<u128, Place>,
    /// Content of events that were replaced.
    revisions: HashMap<u128, u32>,
    applied: u64,
    /// Usage of a replay that is not folded yet.
    waiting: Vec<Pending>,
}

/// An event that will count if it fits.
struct Pending {
    seq: u64,
    recorded_at: i64,
    tenant: Arc<str>,
    plan: Arc<str>,
    key: EventKey,
    hash: u32,
    envelope: Envelope,
    set: String,
    record: String,
    /// It takes the place of an event.
    replaces: bool,
}

/// Why a command is not carried out.
type Refusal = (&'static str, String);

impl Machine {
    /// Nothing yet. `index` is empty, or of the log that is replayed.
    pub fn new(factory: Arc<dyn KernelFactory>, index: Index, keys: Keys) -> Machine {
        Machine {
            factory,
            index,
            keys,
            tenants: BTreeMap::new(),
            places: HashMap::new(),
            revisions: HashMap::new(),
            applied: 0,
            waiting: Vec::new(),
        }
    }

    /// The key of an event.
    pub(crate) fn key(&self, tenant: &str, source: &str, id: &str) -> u128 {
        self.keys.key(tenant.as_bytes(), source.as_bytes(), id.as_bytes()).0
    }

    /// The last entry that is part of the state.
    pub fn applied(&self) -> u64 {
        self.applied
    }

    /// Decides about commands, all taken at one instant (microseconds since 1970 UTC), and applies
    /// what is accepted. `first` is the number the first entry will get. The answers hold once the
    /// entries are durable; where they do not become so, the state is to be thrown away.
    pub fn decide(&mut self, first: u64, recorded_at: i64, commands: &[Command]) -> Result<Decided, ReplayError> {
        self.settle()?;
        let mut group = Group { first, recorded_at, ..Group::default() };
        for command in commands {
            match command {
                Command::Usage { tenant, record, set } => {
                    self.usage(&mut group, tenant, record, set.as_deref().unwrap_or(""), false)?;
                }
                Command::Replace { tenant, record } => {
                    self.flush(&mut group)?;
                    self.usage(&mut group, tenant, record, "", true)?;
                    self.flush(&mut group)?;
                }
                other => {
                    self.flush(&mut group)?;
                    self.control(&mut group, other);
                }
            }
        }
        self.flush(&mut group)?;
        self.applied = self.applied.max(group.next() - 1);
        self.index.passed(self.applied);
        for (at, entry) in group.entries.iter().enumerate() {
            if let Some(Entry::Reject(reject)) = entry {
                self.keep_reject(first + at as u64, recorded_at, reject.clone());
            }
        }
        group.decided()
    }

    /// An event: what it is, or that it waits for the others of its group.
    fn usage(
        &mut self,
        group: &mut Group,
        tenant: &str,
        record: &str,
        set: &str,
        replaces: bool,
    ) -> Result<(), ReplayError> {
        if record.len() > limits::RECORD_BYTES || set.len() > limits::SET_BYTES {
            let message =
                format!("a record holds at most {} bytes, a name {}", limits::RECORD_BYTES, limits::SET_BYTES);
            return group.refuse(("S010", message));
        }
        // A line end can only be space between the parts of a record.
        let record = record.replace(['\n', '\r'], " ");
        let reject = |group: &mut Group, reason: &RejectReason| {
            group.reject(tenant, reason.code(), reason.to_string(), &record);
            Ok(())
        };
        let envelope = match envelope(&record) {
            Ok(envelope) => envelope,
            Err(reason) => return reject(group, &reason),
        };
        for text in [&envelope.source, &envelope.id] {
            if text.len() > limits::IDENTITY_BYTES {
                let (bytes, max) = (text.len(), limits::IDENTITY_BYTES);
                return reject(group, &RejectReason::TextTooLong { field: "id".into(), bytes, max });
            }
        }
        let key = self.keys.key(tenant.as_bytes(), envelope.source.as_bytes(), envelope.id.as_bytes());
        let hash = self.keys.payload_hash(&envelope.content);
        if let Some((slot, other)) = group.seen.get(&key.0).copied() {
            if other == hash {
                group.answers.push(Given::As(slot));
                return Ok(());
            }
            // Whether the first counts decides what this one is: settled now, as in a group of its own.
            self.flush(group)?;
        }
        let seq = group.next();
        let probe = self.index.probe(key, Hit { seq, payload_hash: hash })?;
        match probe {
            Probe::New if replaces => {
                return group.refuse(("S014", "no event has this source and id; send it as an event".into()));
            }
            Probe::Conflict(_) | Probe::Duplicate(_) if replaces && !self.places.contains_key(&key.0) => {
                return group.refuse(("S015", "the event was taken back; its id is spent".into()));
            }
            Probe::Duplicate(first) if !replaces && !self.revisions.contains_key(&key.0) => {
                group.answers.push(Given::Now(Answer::Duplicate { seq: first }));
                return Ok(());
            }
            Probe::Duplicate(first) | Probe::Conflict(first) if !replaces => {
                // After a replacement the content that counts is its own.
                if self.revisions.get(&key.0) == Some(&hash) || probe == Probe::Duplicate(first) {
                    group.answers.push(Given::Now(Answer::Duplicate { seq: first }));
                    return Ok(());
                }
                group.conflict(tenant, first, &envelope, &record);
                return Ok(());
            }
            _ => {}
        }
        let Some((tenant_name, plan)) = self.route(tenant, &envelope) else {
            return reject(group, &RejectReason::NotSubscribed { account: envelope.account.clone() });
        };
        let book = self.tenants.get_mut(&tenant_name).and_then(|tenant| tenant.books.get_mut(&plan));
        let recorded = group.recorded_at.saturating_mul(1_000);
        if let Some(reason) = book.and_then(|book| book.too_late(envelope.happened, recorded)) {
            return reject(group, &reason);
        }
        group.seen.insert(key.0, (group.answers.len(), hash));
        group.waiting.push((group.answers.len(), group.entries.len()));
        group.answers.push(Given::Waits);
        group.entries.push(None);
        group.pending.push(Pending {
            seq,
            recorded_at: group.recorded_at,
            tenant: tenant_name,
            plan,
            key,
            hash,
            envelope,
            set: set.to_owned(),
            record,
            replaces,
        });
        Ok(())
    }

    /// The plan an event is rated by.
    fn route(&self, tenant: &str, envelope: &Envelope) -> Option<(Arc<str>, Arc<str>)> {
        let (name, tenant) = self.tenants.get_key_value(tenant)?;
        let plans = tenant.accounts.get(envelope.account.as_str())?;
        let held = |(plan, span): &&(Arc<str>, price_value::Span)| {
            let book = tenant.books.get(plan)?;
            let zone = Zone::get(&book.version().plan().zone)?;
            span.contains(zone.local(Timestamp(envelope.happened)).0).then_some(())
        };
        let plan = plans.iter().find(|plan| held(plan).is_some()).or(plans.first())?;
        Some((name.clone(), plan.0.clone()))
    }

    /// Folds what waits and settles its answers.
    fn flush(&mut self, group: &mut Group) -> Result<(), ReplayError> {
        let pending = std::mem::take(&mut group.pending);
        let waiting = std::mem::take(&mut group.waiting);
        group.seen.clear();
        if pending.is_empty() {
            return Ok(());
        }
        let entries: Vec<Entry> = pending
            .iter()
            .map(|p| {
                let usage = Usage { tenant: p.tenant.to_string(), set: p.set.clone(), record: p.record.clone() };
                if p.replaces { Entry::Replace(usage) } else { Entry::Usage(usage) }
            })
            .collect();
        let seqs: Vec<(u64, String)> = pending.iter().map(|p| (p.seq, p.tenant.to_string())).collect();
        let refused = self.fold(pending)?;
        for (((answer, entry), (seq, tenant)), made) in waiting.into_iter().zip(seqs).zip(entries) {
            let (given, made) = match refused.get(&seq) {
                None => (Answer::Accepted { seq }, made),
                Some(reason) => {
                    let (code, message) = (reason.code().to_owned(), reason.to_string());
                    let (Entry::Usage(usage) | Entry::Replace(usage)) = made else { continue };
                    let record = usage.record;
                    let reject = Rejected { tenant, code: code.clone(), message: message.clone(), record };
                    (Answer::Rejected { seq, code, message }, Entry::Reject(reject))
                }
            };
            group.answers[answer] = Given::Now(given);
            group.entries[entry] = Some(made);
        }
        Ok(())
    }

    /// Folds events into their books and remembers those that fit.
    fn fold(&mut self, pending: Vec<Pending>) -> Result<BTreeMap<u64, RejectReason>, ReplayError> {
        let mut by_book: BTreeMap<(Arc<str>, Arc<str>), Vec<Fact>> = BTreeMap::new();
        for event in &pending {
            by_book.entry((event.tenant.clone(), event.plan.clone())).or_default().push(Fact {
                happened: event.envelope.happened,
                key: (event.envelope.source.as_str().into(), event.envelope.id.as_str().into()),
                seq: event.seq,
                recorded: event.recorded_at.saturating_mul(1_000),
                gone: None,
                account: event.envelope.account.as_str().into(),
                record: event.record.as_str().into(),
            });
        }
        let mut refused = BTreeMap::new();
        for ((tenant, plan), facts) in by_book {
            let book = self.tenants.get_mut(&tenant).and_then(|tenant| tenant.books.get_mut(&plan));
            refused.extend(book.expect("routed to a book").fold(facts));
        }
        for event in pending.into_iter().filter(|event| !refused.contains_key(&event.seq)) {
            let old = self.places.get(&event.key.0).cloned();
            if event.replaces {
                self.revisions.insert(event.key.0, event.hash);
            } else {
                self.index.admit(event.key, Hit { seq: event.seq, payload_hash: event.hash })?;
            }
            let Some(tenant) = self.tenants.get_mut(&event.tenant) else { continue };
            if let (true, Some(old)) = (event.replaces, old)
                && let Some(book) = tenant.books.get_mut(&old.plan)
            {
                let at = event.recorded_at.saturating_mul(1_000);
                let (source, id) = (event.envelope.source.clone(), event.envelope.id.clone());
                book.take_back(&[TakenBack { billed: old.billed, happened: old.happened, source, id }], at);
            }
            let Some(book) = tenant.books.get_mut(&event.plan) else { continue };
            let billed = book.billed(&event.envelope.account);
            if !event.set.is_empty() {
                tenant.sets.entry(event.set).or_default().push(event.key.0);
            }
            let (happened, seq) = (event.envelope.happened, event.seq);
            self.places.insert(event.key.0, Place { tenant: event.tenant, plan: event.plan, billed, happened, seq });
        }
        Ok(refused)
    }

    fn keep_reject(&mut self, seq: u64, recorded_at: i64, reject: Rejected) {
        let name: Arc<str> = reject.tenant.as_str().into();
        let tenant = self.tenants.entry(name).or_default();
        tenant.rejected += 1;
        tenant.rejects.push_back((seq, recorded_at, reject));
        while tenant.rejects.len() > limits::REJECTS {
            tenant.rejects.pop_front();
        }
    }

    /// Everything that is no event.
    fn control(&mut self, group: &mut Group, command: &Command) {
        let seq = group.next();
        let made = match command {
            Command::Void { tenant, source, id } => {
                Ok(Entry::Void(Named { tenant: tenant.clone(), source: source.clone(), id: id.clone() }))
            }
            Command::Revert { tenant, set } => Ok(Entry::Revert(Reverted { tenant: tenant.clone(), set: set.clone() })),
            Command::Publish { tenant, artefact } => {
                Ok(Entry::Publish(Published { tenant: tenant.clone(), artefact: artefact.clone() }))
            }
            Command::Subscribe { tenant, subscription } => {
                Ok(Entry::Subscribe(Placed { tenant: tenant.clone(), subscription: subscription.clone() }))
            }
            Command::Usage { .. } | Command::Replace { .. } => Err(("S010", "an event is no control command".into())),
        };
        match made.and_then(|entry: Entry| self.apply(seq, group.recorded_at, &entry).map(|()| entry)) {
            Ok(entry) => {
                group.answers.push(Given::Now(Answer::Accepted { seq }));
                group.entries.push(Some(entry));
            }
            Err((code, message)) => group.answers.push(Given::Now(Answer::Refused { code, message })),
        }
    }

    /// Carries out an entry that is no event. Nothing changes where it is refused.
    fn apply(&mut self, seq: u64, recorded_at: i64, entry: &Entry) -> Result<(), Refusal> {
        match entry {
            Entry::Void(named) => {
                let key = self.keys.key(named.tenant.as_bytes(), named.source.as_bytes(), named.id.as_bytes());
                if !self.places.contains_key(&key.0) {
                    return Err(("S016", "no event that counts has this source and id".into()));
                }
                self.take_back(&[key.0], recorded_at);
                Ok(())
            }
            Entry::Revert(reverted) => {
                let keys = self.tenants.get_mut(reverted.tenant.as_str()).and_then(|t| t.sets.remove(&reverted.set));
                let Some(keys) = keys else {
                    return Err(("S017", format!("there is no backfill called `{}`", reverted.set)));
                };
                self.take_back(&keys, recorded_at);
                Ok(())
            }
            Entry::Publish(published) => self.publish(seq, recorded_at, published),
            Entry::Subscribe(placed) => self.subscribe(&placed.tenant, &placed.subscription),
            Entry::Reject(reject) => {
                self.keep_reject(seq, recorded_at, reject.clone());
                Ok(())
            }
            Entry::Usage(_) | Entry::Replace(_) => Err(("S010", "an event is no control entry".into())),
        }
    }

    fn take_back(&mut self, keys: &[u128], recorded_at: i64) {
        let mut by_book: BTreeMap<(Arc<str>, Arc<str>), Vec<TakenBack>> = BTreeMap::new();
        for key in keys {
            let Some(place) = self.places.remove(key) else { continue };
            let book = self.tenants.get(&place.tenant).and_then(|tenant| tenant.books.get(&place.plan));
            let fact =
                book.and_then(|b| b.facts.get(&place.billed)).and_then(|f| f.iter().find(|f| f.seq == place.seq));
            let Some(fact) = fact else { continue };
            let (source, id) = (fact.key.0.to_string(), fact.key.1.to_string());
            let event = TakenBack { billed: place.billed, happened: place.happened, source, id };
            by_book.entry((place.tenant, place.plan)).or_default().push(event);
        }
        for ((tenant, plan), events) in by_book {
            if let Some(book) = self.tenants.get_mut(&tenant).and_then(|tenant| tenant.books.get_mut(&plan)) {
                book.take_back(&events, recorded_at.saturating_mul(1_000));
            }
        }
    }

    fn publish(&mut self, seq: u64, recorded_at: i64, published: &Published) -> Result<(), Refusal> {
        if published.tenant.is_empty() || published.tenant.len() > limits::TENANT_BYTES {
            return Err(("S018", format!("the name of a tenant has 1 to {} bytes", limits::TENANT_BYTES)));
        }
        let artefact = price_ir::artefact::decode(&published.artefact).map_err(|e| ("S011", e.to_string()))?;
        let plan = Arc::new(artefact.plan);
        let zone =
            Zone::get(&plan.zone).ok_or_else(|| ("S011", format!("the time zone `{}` is not known", plan.zone)))?;
        let since = zone.local(Timestamp(recorded_at.saturating_mul(1_000))).0;
        let kernel = self.factory.compile(&plan).map_err(|problem| ("S011", problem))?;
        let version = Version { kernel, source_map: Arc::new(artefact.source_map), hash: artefact.hash, since, seq };
        let tenant = self.tenants.entry(published.tenant.as_str().into()).or_default();
        let name: Arc<str> = plan.name.as_str().into();
        if let Some(book) = tenant.books.get_mut(&name) {
            let old = book.version().plan();
            if (&old.zone, &old.billing, &old.currency, old.kind)
                != (&plan.zone, &plan.billing, &plan.currency, plan.kind)
            {
                let message =
                    "a plan keeps its time zone, billing periods, currency and kind; publish it under another name";
                return Err(("S012", message.into()));
            }
            let refused = book.publish(version).map_err(setup)?;
            if let Some((seq, reason)) = refused.iter().next() {
                let message =
                    format!("{} events that count do not fit it, the first is {seq}: {reason}", refused.len());
                return Err(("S013", message));
            }
        } else {
            if tenant.books.len() >= limits::PLANS {
                return Err(("S018", format!("a tenant has at most {} plans", limits::PLANS)));
            }
            tenant.books.insert(name.clone(), Book::new(version).map_err(setup)?);
        }
        // The accounts of a contract are its own.
        if let Some(parties) = &plan.parties {
            let alone = parties.accounts.is_empty().then(|| plan.name.clone());
            for account in parties.accounts.iter().cloned().chain(alone) {
                let plans = tenant.accounts.entry(account.as_str().into()).or_default();
                plans.retain(|(other, _)| *other != name);
                plans.push((name.clone(), parties.term));
            }
        }
        Ok(())
    }

    fn subscribe(&mut self, tenant: &str, wanted: &Subscribed) -> Result<(), Refusal> {
        let tenant = self.tenants.get_mut(tenant);
        let found = tenant.and_then(|tenant| {
            let name = tenant.books.get_key_value(wanted.plan.as_str())?.0.clone();
            Some((tenant, name))
        });
        let Some((tenant, plan)) = found else {
            return Err(("S019", format!("there is no plan called `{}`; publish it first", wanted.plan)));
        };
        let span = price_value::Span { from: wanted.from, until: wanted.until };
        let others = tenant.accounts.get(wanted.account.as_str()).into_iter().flatten();
        if let Some((other, _)) = others.into_iter().find(|(_, days)| days.overlaps(&span)) {
            return Err(("S020", format!("`{}` is on `{other}` on some of these days", wanted.account)));
        }
        if tenant.accounts.len() >= limits::ACCOUNTS {
            return Err(("S018", format!("a tenant has at most {} accounts", limits::ACCOUNTS)));
        }
        let Some(book) = tenant.books.get_mut(&plan) else { return Ok(()) };
        if book.version().plan().parties.is_some() {
            return Err(("S021", format!("`{plan}` is a contract: it names its accounts itself")));
        }
        book.subscribe(Subscription {
            account: wanted.account.clone(),
            from: wanted.from,
            until: wanted.until,
            pool: wanted.pool.clone(),
        })
        .map_err(setup)?;
        tenant.accounts.entry(wanted.account.as_str().into()).or_default().push((plan, span));
        Ok(())
    }

    /// Takes an entry of the log. After the last one call [`Machine::settle`].
    pub fn replay(&mut self, frame: &Frame<'_>) -> Result<(), ReplayError> {
        let seq = frame.seq;
        let entry = Entry::from_bytes(frame.kind, frame.payload).map_err(|cause| ReplayError::Entry { seq, cause })?;
        let diverged = |problem: String| ReplayError::Diverged { seq, problem };
        let (usage, replaces) = match entry {
            Entry::Usage(usage) => (usage, false),
            Entry::Replace(usage) => (usage, true),
            other => {
                self.settle()?;
                self.apply(seq, frame.recorded_at, &other).map_err(|(_, message)| diverged(message))?;
                return self.passed(seq);
            }
        };
        if replaces {
            self.settle()?;
        }
        let envelope = envelope(&usage.record).map_err(|reason| diverged(reason.to_string()))?;
        let Some((tenant, plan)) = self.route(&usage.tenant, &envelope) else {
            return Err(diverged(format!("`{}` is on no plan", envelope.account)));
        };
        let key = self.keys.key(tenant.as_bytes(), envelope.source.as_bytes(), envelope.id.as_bytes());
        let hash = self.keys.payload_hash(&envelope.content);
        let (set, record, recorded_at) = (usage.set, usage.record, frame.recorded_at);
        self.waiting.push(Pending { seq, recorded_at, tenant, plan, key, hash, envelope, set, record, replaces });
        self.passed(seq)?;
        if replaces || self.waiting.len() >= REPLAYED_TOGETHER { self.settle() } else { Ok(()) }
    }

    fn passed(&mut self, seq: u64) -> Result<(), ReplayError> {
        self.applied = seq;
        Ok(())
    }

    /// Folds what a replay left waiting.
    pub fn settle(&mut self) -> Result<(), ReplayError> {
        let waiting = std::mem::take(&mut self.waiting);
        if !waiting.is_empty() {
            let refused = self.fold(waiting)?;
            if let Some((seq, reason)) = refused.into_iter().next() {
                return Err(ReplayError::Diverged { seq, problem: reason.to_string() });
            }
        }
        self.index.passed(self.applied);
        Ok(())
    }
}

/// Events of a replay that are folded at once.
const REPLAYED_TOGETHER: usize = 4_096;

fn setup(error: SetupError) -> Refusal {
    ("S020", error.to_string())
}

/// An answer, or that it is not known yet.
enum Given {
    Now(Answer),
    Waits,
    /// That of an earlier command of the group.
    As(usize),
}

/// A group that is being decided.
#[derive(Default)]
struct Group {
    first: u64,
    recorded_at: i64,
    entries: Vec<Option<Entry>>,
    answers: Vec<Given>,
    pending: Vec<Pending>,
    /// Answer and entry of each pending event.
    waiting: Vec<(usize, usize)>,
    /// Keys of pending events: their answer, and the hash of their content.
    seen: HashMap<u128, (usize, u32)>,
}

impl Group {
    fn next(&self) -> u64 {
        self.first + self.entries.len() as u64
    }

    fn refuse(&mut self, (code, message): Refusal) -> Result<(), ReplayError> {
        self.answers.push(Given::Now(Answer::Refused { code, message }));
        Ok(())
    }

    fn reject(&mut self, tenant: &str, code: &str, message: String, record: &str) {
        let seq = self.next();
        let code = code.to_owned();
        self.answers.push(Given::Now(Answer::Rejected { seq, code: code.clone(), message: message.clone() }));
        let reject = Rejected { tenant: tenant.to_owned(), code, message, record: record.to_owned() };
        self.entries.push(Some(Entry::Reject(reject)));
    }

    fn conflict(&mut self, tenant: &str, first: u64, envelope: &Envelope, record: &str) {
        let seq = self.next();
        let reason = RejectReason::Differs { source_name: envelope.source.clone(), id: envelope.id.clone() };
        let (tenant, record) = (tenant.to_owned(), record.to_owned());
        let reject = Rejected { tenant, code: reason.code().to_owned(), message: reason.to_string(), record };
        self.answers.push(Given::Now(Answer::Conflict { first, seq }));
        self.entries.push(Some(Entry::Reject(reject)));
    }

    fn decided(self) -> Result<Decided, ReplayError> {
        let mut answers: Vec<Answer> = Vec::with_capacity(self.answers.len());
        for given in self.answers {
            let answer = match given {
                Given::Now(answer) => answer,
                Given::As(slot) => match &answers[slot] {
                    Answer::Accepted { seq } => Answer::Duplicate { seq: *seq },
                    other => other.clone(),
                },
                Given::Waits => unreachable!("everything that waits is flushed"),
            };
            answers.push(answer);
        }
        let entries = self.entries.into_iter().flatten().map(|entry| entry.to_bytes()).collect();
        Ok(Decided { entries, answers })
    }
}
