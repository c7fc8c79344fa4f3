//! The state of everything, and the one place where it changes.

use crate::archive::Archive;
use crate::arrivals::{Arrival, Arrivals, Routed, Told};
use crate::billing::Billing;
use crate::book::{Book, Refused, TakenBack};
use crate::command::{Answer, Command};
use crate::enforce::{Enforcement, Touched};
use crate::entry::{Entry, EntryError, Rejected, kind, usage_bytes};
use crate::erasure::{Erasure, NOTHING};
use crate::facts::Fact;
use crate::group::{Given, Group, Made};
use crate::limits;
use crate::notify::Notifying;
use crate::numbered::Numbered;
use crate::once::Memories;
use crate::past::{How, Past};
use crate::places::Changed;
use crate::planted::{self, Bug};
use crate::portal::Ended;
use hashbrown::HashMap;
use price_ingest::{Envelope, Envelopes};
use price_ir::KernelFactory;
use price_rating::RejectReason;
use price_store::index::{AsIs, Done, Hit, Index, Job, Keys, Probe};
use price_store::log::Entries;
use price_value::{Span, Timestamp};
use serde::{Deserialize, Serialize};
use std::borrow::Cow;
use std::collections::{BTreeMap, VecDeque};
use std::hash::BuildHasherDefault;
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
    /// Something that was accepted cannot be read again.
    #[error("{0}")]
    Unreadable(String),
}

/// Where a content of an event is: numbers of its tenant, its book, and who is billed there.
#[derive(Debug, Clone, Copy, Serialize, Deserialize)]
pub(crate) struct Place {
    pub(crate) tenant: u32,
    pub(crate) book: u32,
    pub(crate) billed: u32,
    pub(crate) happened: i64,
    pub(crate) seq: u64,
}

/// An account on a plan.
#[derive(Serialize, Deserialize)]
pub(crate) struct Seat {
    pub(crate) book: u32,
    /// Its number in that book.
    pub(crate) member: u32,
    pub(crate) days: Span,
}

/// What belongs to one tenant.
#[derive(Default)]
pub(crate) struct Tenant {
    pub(crate) books: Numbered<Book>,
    /// Plans of an account, with its days on each.
    pub(crate) accounts: Numbered<Vec<Seat>>,
    /// Numbers of accounts by name, for pages of a list.
    pub(crate) listed: BTreeMap<Arc<str>, u32>,
    /// Keys of the events of a backfill.
    pub(crate) sets: BTreeMap<String, Vec<u128>>,
    /// The last events that did not fit.
    pub(crate) rejects: VecDeque<(u64, i64, Rejected)>,
    pub(crate) rejected: u64,
    /// What requests with a key were answered.
    pub(crate) once: Memories,
    /// What was issued.
    pub(crate) billing: Billing,
    /// What is held.
    pub(crate) enforcement: Enforcement,
    /// Who is told what.
    pub(crate) notifying: Notifying,
    /// Tokens that are no longer good.
    pub(crate) ended: Ended,
    /// What was erased, the oldest first.
    pub(crate) erasures: Vec<Erasure>,
    /// Numbers of accounts by the hash of their name. For looking up only.
    pub(crate) by_hash: ByKey<u32>,
}

impl Tenant {
    /// The time at which something of the tenant is recorded: that of its test clock, if it has one.
    pub(crate) fn time(&self, recorded_at: i64) -> i64 {
        self.billing.clock.filter(|_| !planted::is(Bug::WorldClock)).unwrap_or(recorded_at)
    }

    /// The plans of an account, to be changed.
    pub(crate) fn seats(&mut self, account: &str) -> &mut Vec<Seat> {
        let Tenant { accounts, listed, by_hash, .. } = self;
        let number = accounts.number_or(account, Vec::new);
        if accounts.len() > listed.len() {
            listed.insert(accounts.name(number).clone(), number);
            by_hash.insert(account_hash(account), number);
        }
        accounts.at_mut(number)
    }
}

/// What stands for the name of an account where a name is too long or too plain.
pub fn account_hash(account: &str) -> u128 {
    let hash = blake3::hash(account.as_bytes());
    hash.as_bytes().first_chunk::<16>().map_or(0, |bytes| u128::from_le_bytes(*bytes))
}

/// By the key of an event, for looking up only: its order reaches nothing.
pub(crate) type ByKey<T> = HashMap<u128, T, BuildHasherDefault<AsIs>>;

/// The state.
pub struct Machine {
    pub(crate) factory: Arc<dyn KernelFactory>,
    pub(crate) index: Index,
    pub(crate) keys: Keys,
    pub(crate) tenants: Numbered<Tenant>,
    /// The texts of events.
    pub(crate) archive: Arc<Archive>,
    /// Events that are no longer what came first.
    pub(crate) changed: Changed,
    /// Contents that count no more.
    pub(crate) past: Past,
    pub(crate) applied: u64,
    /// The last entry whose erasure was carried out in the files of the log.
    pub(crate) erased: u64,
    /// The last entry whose event was folded.
    pub(crate) folded: u64,
    /// Usage of a replay that is not folded yet.
    pub(crate) waiting: Arrivals,
    pub(crate) reader: Envelopes,
    /// When something is due to be issued, once it was looked up.
    pub(crate) due: Option<i64>,
    /// Whose answers may have changed.
    pub(crate) touched: Touched,
    /// Called now and then while a group is decided.
    pub(crate) pause: fn(),
    /// Number of the tenant after the one that was looked at last, for what there is to tell.
    pub(crate) looked: u32,
}

impl Machine {
    /// Nothing yet. `index` is empty, or of the log that is replayed.
    pub fn new(factory: Arc<dyn KernelFactory>, index: Index, keys: Keys) -> Machine {
        Machine {
            factory,
            index,
            keys,
            tenants: Numbered::default(),
            archive: Arc::default(),
            changed: Changed::default(),
            past: Past::default(),
            applied: 0,
            erased: 0,
            folded: 0,
            waiting: Arrivals::default(),
            reader: Envelopes::default(),
            due: None,
            touched: Touched::default(),
            pause: || (),
            looked: 0,
        }
    }

    /// What to call now and then while a group is decided, so that a host can let others work. It
    /// knows nothing of the machine and changes nothing of it.
    pub fn pause_with(&mut self, pause: fn()) {
        self.pause = pause;
    }

    /// Has the texts of events read from their log, so that no more than `at_hand` bytes of those
    /// that are durable stay in memory.
    pub fn read_from(&mut self, log: Arc<Entries>, at_hand: usize) {
        self.archive.read_from(log, at_hand);
    }

    /// Work on the event index that is due, for any thread; its outcome goes to [`Machine::adopt`].
    pub fn index_job(&mut self) -> Option<Job> {
        if self.index.wants_seal() { self.index.seal() } else { self.index.merge() }
    }

    /// Work that brings the event index to the disk up to now, unless other work on it is not adopted
    /// yet: a checkpoint of now is good once it is done.
    pub fn index_seal(&mut self) -> Option<Job> {
        self.index.seal()
    }

    /// Whether the event index has on disk what was folded.
    pub fn indexed(&self) -> bool {
        self.index.through() >= self.folded
    }

    /// Takes over what a job of the index made.
    pub fn adopt(&mut self, done: Done) -> Result<(), ReplayError> {
        Ok(self.index.adopt(done)?)
    }

    /// Why what was decided or asked since is to be thrown away, with the state: something that was
    /// accepted could not be read again.
    pub fn sound(&self) -> Result<(), ReplayError> {
        match self.archive.fault() {
            Some(fault) => Err(ReplayError::Unreadable(fault.to_owned())),
            None => Ok(()),
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
        self.archive.tidy();
        let mut reader = std::mem::take(&mut self.reader);
        let mut group = Group { first, recorded_at, ..Group::default() };
        for some in commands.chunks(limits::BETWEEN_PAUSES) {
            for command in some {
                self.one(&mut reader, &mut group, command)?;
            }
            (self.pause)();
        }
        self.flush(&mut group)?;
        self.reader = reader;
        self.applied = self.applied.max(group.next() - 1);
        self.index.passed(self.applied);
        for (at, entry) in group.entries.iter().enumerate() {
            if let Made::Entry(Entry::Reject(reject)) = entry {
                self.keep_reject(first + at as u64, recorded_at, reject.clone());
            }
        }
        self.sound()?;
        group.decided()
    }

    /// One command.
    pub(crate) fn one(
        &mut self,
        reader: &mut Envelopes,
        group: &mut Group,
        command: &Command,
    ) -> Result<(), ReplayError> {
        match command {
            Command::Usage { tenant, record, set } => {
                self.usage(reader, group, tenant, record, set.as_deref().unwrap_or(""), false)
            }
            Command::Replace { tenant, record } => {
                self.flush(group)?;
                self.usage(reader, group, tenant, record, "", true)?;
                self.flush(group)
            }
            Command::Retry { tenant, reject, record } => {
                let Some(kept) = self.rejects(tenant, reject.saturating_sub(1), 1).pop().filter(|r| r.seq == *reject)
                else {
                    let message = format!("there is no reject `{reject}`, or it is no longer kept at hand");
                    return group.refuse(("S003", message));
                };
                let again = record.as_ref().unwrap_or(&kept.record);
                if again == NOTHING {
                    let message = format!("what reject `{reject}` was is erased; send it mended");
                    return group.refuse(("S003", message));
                }
                self.usage(reader, group, tenant, again, "", false)
            }
            Command::Once { once, commands } => self.once(reader, group, once, commands),
            Command::Billing { tenant, ask } => {
                self.flush(group)?;
                self.bill(group, tenant, ask);
                Ok(())
            }
            Command::Enforce { tenant, ask } => {
                self.flush(group)?;
                self.enforce(group, tenant, ask);
                Ok(())
            }
            Command::Notify { tenant, ask } => {
                self.flush(group)?;
                self.notify(group, tenant, ask);
                Ok(())
            }
            Command::Look => {
                self.flush(group)?;
                let more = self.look(group);
                group.answers.push(Given::Now(Answer::Ticked { more }));
                Ok(())
            }
            Command::Tick => {
                self.flush(group)?;
                let more = self.tick(group);
                group.answers.push(Given::Now(Answer::Ticked { more }));
                Ok(())
            }
            other => {
                self.flush(group)?;
                self.control(group, other);
                Ok(())
            }
        }
    }

    /// An event: what it is, or that it waits for the others of its group.
    fn usage(
        &mut self,
        reader: &mut Envelopes,
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
        let record: Cow<'_, str> = match memchr::memchr2(b'\n', b'\r', record.as_bytes()) {
            Some(_) => record.replace(['\n', '\r'], " ").into(),
            None => record.into(),
        };
        let reject = |group: &mut Group, reason: &RejectReason| {
            group.reject(tenant, reason.code(), reason.to_string(), &record);
            Ok(())
        };
        let envelope = match reader.read(&record) {
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
            Probe::Conflict(_) | Probe::Duplicate(_) if replaces && !self.counts(key.0) => {
                return group.refuse(("S015", "the event was taken back; its id is spent".into()));
            }
            Probe::Duplicate(first) if !replaces && !self.changed.revised.contains_key(&key.0) => {
                group.answers.push(Given::Now(Answer::Duplicate { seq: first }));
                return Ok(());
            }
            Probe::Duplicate(first) | Probe::Conflict(first) if !replaces => {
                // After a replacement the content that counts is its own.
                let revised = self.changed.revised.get(&key.0).copied();
                let same = probe == Probe::Duplicate(first) || revised.is_some_and(|(_, known)| known == hash);
                let contents = [Some(first), revised.map(|(seq, _)| seq)];
                if same
                    || contents.into_iter().flatten().any(|seq| self.is_erased(&mut Envelopes::default(), tenant, seq))
                {
                    group.answers.push(Given::Now(Answer::Duplicate { seq: first }));
                    return Ok(());
                }
                group.conflict(tenant, first, envelope, &record);
                return Ok(());
            }
            _ => {}
        }
        let Some(routed) = self.route(tenant, envelope) else {
            return reject(group, &RejectReason::NotSubscribed { account: envelope.account.clone() });
        };
        let tenant_state = self.tenants.at_mut(routed.tenant);
        let recorded_at = tenant_state.time(group.recorded_at);
        let book = tenant_state.books.at_mut(routed.book);
        if let Some(reason) = book.too_late(envelope.happened, recorded_at.saturating_mul(1_000)) {
            return reject(group, &reason);
        }
        group.seen.insert(key.0, (group.answers.len(), hash));
        group.waiting.push((group.answers.len(), group.entries.len()));
        group.answers.push(Given::Waits);
        let kind = if replaces { kind::REPLACE } else { kind::USAGE };
        group.entries.push(Made::Usage(kind, usage_bytes(tenant, set, &record)));
        self.archive.put(seq, &record);
        let told = Told { seq, recorded_at, key, hash, set, replaces };
        group.arrivals.push(told, routed, envelope);
        Ok(())
    }

    /// The plan an event is rated by.
    pub(crate) fn route(&self, tenant: &str, envelope: &Envelope) -> Option<Routed> {
        let tenant = self.tenants.number(tenant)?;
        let Tenant { accounts, books, .. } = self.tenants.at(tenant);
        let seats = accounts.get(&envelope.account)?;
        let held = |seat: &&Seat| {
            let zone = &books.at(seat.book).version().zone;
            seat.days.contains(zone.local(Timestamp(envelope.happened)).0)
        };
        let seat = match seats.as_slice() {
            [only] => only,
            several => several.iter().find(held).or(several.first())?,
        };
        Some(Routed { tenant, book: seat.book, member: seat.member })
    }

    /// Folds what waits and settles its answers.
    pub(crate) fn flush(&mut self, group: &mut Group) -> Result<(), ReplayError> {
        let arrivals = std::mem::take(&mut group.arrivals);
        let waiting = std::mem::take(&mut group.waiting);
        group.seen.clear();
        if !waiting.is_empty() {
            let refused = self.fold(arrivals)?;
            group.settle(waiting, &refused);
        }
        Ok(())
    }

    /// Folds events into their books and remembers those that fit.
    pub(crate) fn fold(&mut self, Arrivals { events, facts }: Arrivals) -> Result<Refused, ReplayError> {
        let mut by_book: BTreeMap<(u32, u32), Vec<Fact>> = BTreeMap::new();
        for (Arrival { at, .. }, fact) in events.iter().zip(facts) {
            by_book.entry((at.tenant, at.book)).or_default().push(fact);
        }
        let mut refused = Refused::new();
        for ((tenant, book), facts) in by_book {
            let book = self.tenants.at_mut(tenant).books.at_mut(book);
            refused.extend(book.fold(facts));
            if book.looks_again() {
                self.due = None;
            }
        }
        for Arrival { seq, recorded, at, key, hash, set, replaces } in events {
            if refused.contains_key(&seq) {
                continue;
            }
            if replaces {
                if let Some(place) = self.place(at.tenant, key.0) {
                    self.past.put(key.0, place, seq, How::Replaced);
                    let Place { tenant, book, billed, happened, seq } = place;
                    let book = self.tenants.at_mut(tenant).books.at_mut(book);
                    book.take_back(&[TakenBack { billed, happened, seq }], recorded);
                    if book.looks_again() {
                        self.due = None;
                    }
                }
                self.changed.revised.insert(key.0, (seq, hash));
            } else {
                self.index.admit(key, Hit { seq, payload_hash: hash })?;
            }
            self.folded = self.folded.max(seq);
            let tenant = self.tenants.at_mut(at.tenant);
            let billed = tenant.books.at_mut(at.book).place(at.member).billed;
            if !set.is_empty() {
                tenant.sets.entry(set).or_default().push(key.0);
            }
            self.touched.usage(at.tenant, at.book, billed);
        }
        Ok(refused)
    }

    pub(crate) fn keep_reject(&mut self, seq: u64, recorded_at: i64, mut reject: Rejected) {
        let tenant = self.tenants.number_or(&reject.tenant, Tenant::default);
        let tenant = self.tenants.at_mut(tenant);
        tenant.rejected += 1;
        // Those of a group are kept when it is decided, in which something may have been erased since.
        if tenant.erasures.iter().rev().take_while(|erasure| erasure.seq > seq).any(|e| e.erases(seq, &reject)) {
            reject.erase();
        }
        tenant.rejects.push_back((seq, recorded_at, reject));
        while tenant.rejects.len() > limits::REJECTS {
            tenant.rejects.pop_front();
        }
    }
}
