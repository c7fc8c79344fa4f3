//! Everything of one plan: its versions, who is on it, their events, and the cells these make.

mod judge;
mod live;
mod version;

pub(crate) use judge::Judge;
pub(crate) use version::Version;

use crate::archive::Archive;
use crate::billing::Closes;
use crate::facts::{Fact, Facts};
use crate::limits::{LOST_RUNS, PATH_EVENTS};
use crate::numbered::Numbered;
use hashbrown::HashMap;
use live::{Live, Row};
use price_ingest::Envelopes;
use price_ir::{EntitlementUse, Invoice};
use price_rating::{
    Closing, Order, Rater, RejectReason, Restated, SettleError, SetupError, Stage, Subscription, Trace, restate, states,
};
use price_value::{Date, Period, Timestamp};
use serde::Serialize;
use std::cmp::Ordering;
use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

/// See the module.
pub(crate) struct Book {
    /// In the order of their entries; at least one.
    pub(crate) versions: Vec<Version>,
    pub(crate) subscriptions: Vec<Subscription>,
    /// The local day on which each came to be known.
    placed: Vec<Date>,
    /// Those of a billed subject. For looking up only: its order reaches nothing.
    of_billed: HashMap<String, Vec<u32>>,
    /// By billed subject.
    pub(crate) subjects: Numbered<Facts>,
    members: Numbered<Member>,
    /// The cells of the latest version with everything that counts.
    live: Live,
    /// When periods close, where the latest version refuses what is recorded later.
    closing: Option<Closing>,
    /// How far they are closed.
    pub(crate) closes: Closes,
    /// Goes up with every change of what accounts are to the rater.
    epoch: u32,
    pub(crate) archive: Arc<Archive>,
}

/// An account of a plan.
#[derive(Default)]
struct Member {
    at: Place,
    /// When `at` was looked up; 0 for never.
    epoch: u32,
}

/// What an account is, by number.
#[derive(Debug, Clone, Copy, Default)]
pub(crate) struct Place {
    /// To the rater.
    subject: u32,
    /// Who is billed for it: a number of [`Book::subjects`].
    pub(crate) billed: u32,
}

/// An event that is taken back.
pub(crate) struct TakenBack {
    pub(crate) billed: u32,
    pub(crate) happened: i64,
    pub(crate) seq: u64,
}

/// What changes the usage of somebody at an instant, and when it was recorded.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Change {
    pub(crate) billed: u32,
    pub(crate) happened: i64,
    pub(crate) at: i64,
}

/// Events that were refused, by entry.
pub(crate) type Refused = BTreeMap<u64, RejectReason>;

impl Book {
    pub(crate) fn new(version: Version, archive: Arc<Archive>) -> Result<Book, SetupError> {
        let live = Live::new(&version, &[], archive.clone())?;
        let closing = refusing(&version);
        let (subjects, members) = (Numbered::default(), Numbered::default());
        Ok(Book {
            versions: vec![version],
            subscriptions: Vec::new(),
            placed: Vec::new(),
            of_billed: HashMap::default(),
            subjects,
            members,
            live,
            closing,
            closes: Closes::new(),
            epoch: 1,
            archive,
        })
    }

    /// What a checkpoint keeps of its cells, and how many runs of them are lost.
    pub(crate) fn save(&self) -> (impl Serialize + '_, usize) {
        (self.live.rater.save(), self.live.lost)
    }

    /// A book without facts, with the cells that a checkpoint kept of its latest version.
    pub(crate) fn resume(
        versions: Vec<Version>,
        archive: Arc<Archive>,
        placed: Vec<(Subscription, Date)>,
        (cells, lost): (price_rating::Saved, usize),
    ) -> Option<Book> {
        let mut book = Book::new(versions.last()?.clone(), archive).ok()?;
        book.versions = versions;
        for (subscription, day) in placed {
            book.note(subscription, day);
        }
        book.live.lost = lost;
        book.live.rater.load(cells).then_some(book)
    }

    /// Remembers a subscription that the rater knows.
    fn note(&mut self, subscription: Subscription, placed: Date) {
        let at = self.subscriptions.len() as u32;
        self.of_billed.entry(subscription.billed().to_owned()).or_default().push(at);
        self.subscriptions.push(subscription);
        self.placed.push(placed);
    }

    /// Names of accounts, by number.
    pub(crate) fn member_names(&self) -> impl Iterator<Item = &str> {
        self.members.by_number().map(|(name, _)| name)
    }

    /// Why an event is refused that is recorded now, in nanoseconds, if it comes too late.
    pub(crate) fn too_late(&mut self, happened: i64, recorded: i64) -> Option<RejectReason> {
        let closing = self.closing.as_mut()?;
        closing.late(Timestamp(happened), Timestamp(recorded))?;
        let period = closing.period(Timestamp(happened));
        Some(RejectReason::TooLate { period: period.from, closed: closing.day(&period) })
    }

    /// The latest version.
    pub(crate) fn version(&self) -> &Version {
        self.versions.last().expect("a book has a version")
    }

    /// The name an account is billed under.
    pub(crate) fn billed(&mut self, account: &str) -> &str {
        let subject = self.live.rater.subject(account);
        self.live.rater.billed_name(subject)
    }

    /// The number of an account, for good.
    pub(crate) fn member(&mut self, account: &str) -> u32 {
        self.members.number_or(account, Member::default)
    }

    /// The name of an account.
    pub(crate) fn member_name(&self, member: u32) -> &str {
        self.members.name(member)
    }

    /// What an account is. Looked up once between two changes of the plan.
    pub(crate) fn place(&mut self, member: u32) -> Place {
        let known = self.members.at(member);
        if known.epoch == self.epoch {
            return known.at;
        }
        let subject = self.live.rater.subject(self.members.name(member));
        let billed = self.subjects.number_or(self.live.rater.billed_name(subject), Facts::default);
        let at = Place { subject: subject.0, billed };
        *self.members.at_mut(member) = Member { at, epoch: self.epoch };
        at
    }

    fn set_live(&mut self, live: Live) {
        self.live = live;
        self.epoch += 1;
    }

    /// Puts a version on top. Nothing changes where usage that counts does not fit it.
    pub(crate) fn publish(&mut self, version: Version) -> Result<Refused, SetupError> {
        let mut live = Live::new(&version, &self.subscriptions, self.archive.clone())?;
        let refused = live.fold_all(&self.subjects, &self.members);
        if refused.is_empty() {
            self.set_live(live);
            self.closing = refusing(&version);
            self.versions.push(version);
        }
        Ok(refused)
    }

    /// Puts an account on the plan.
    pub(crate) fn subscribe(&mut self, subscription: Subscription, placed: Date) -> Result<(), SetupError> {
        match self.live.rater.subscribe(&subscription) {
            Ok(()) => {}
            // It was used before: everything is folded anew, under the new days.
            Err(SetupError::AfterUsage(_)) => {
                let mut all = self.subscriptions.clone();
                all.push(subscription.clone());
                let mut live = Live::new(self.version(), &all, self.archive.clone())?;
                live.fold_all(&self.subjects, &self.members);
                self.live = live;
            }
            Err(other) => return Err(other),
        }
        self.note(subscription, placed);
        self.epoch += 1;
        Ok(())
    }

    /// Subscriptions of a billed subject, and the days on which they came to be known.
    pub(crate) fn placed<'b>(&'b self, billed: &str) -> impl Iterator<Item = (&'b Subscription, Date)> + use<'b> {
        let all = self.of_billed.get(billed).into_iter().flatten().map(|at| *at as usize);
        all.map(|at| (&self.subscriptions[at], self.placed[at]))
    }

    /// All subscriptions, and the days on which they came to be known.
    pub(crate) fn all_placed(&self) -> impl Iterator<Item = (&Subscription, Date)> {
        self.subscriptions.iter().zip(self.placed.iter().copied())
    }

    /// Entries with the contents of the events of an account, whether they count or not.
    pub(crate) fn entries_of(&mut self, account: &str) -> impl Iterator<Item = u64> {
        let billed = self.billed(account).to_owned();
        let pools = self.subscriptions.iter().filter(|of| of.account == account).map(|of| of.billed().to_owned());
        // It may have been billed otherwise before.
        let names: BTreeSet<String> = pools.chain([billed, account.to_owned()]).collect();
        let member = self.members.number(account);
        let of = names.into_iter().filter_map(|name| self.subjects.get(&name)).flat_map(Facts::iter);
        of.filter(move |fact| Some(fact.member) == member).map(|fact| fact.seq)
    }

    /// Whose periods are due that meet a period.
    pub(crate) fn due(&self, period: &Period) -> Vec<(String, Period)> {
        self.live.rater.due(Some(period.from), Some(period.until))
    }

    /// Folds events in that are new. What is refused is not kept.
    pub(crate) fn fold(&mut self, mut incoming: Vec<Fact>) -> Refused {
        incoming.sort_unstable_by_key(|fact| (fact.happened, fact.seq));
        let places: Vec<Place> = incoming.iter().map(|fact| self.place(fact.member)).collect();
        // Subjects of a plan with an order that get something in between are folded anew.
        let mut again: BTreeSet<u32> = BTreeSet::new();
        if self.live.rater.order() == Order::ByEventTime {
            let between = incoming.iter().zip(&places).filter(|(fact, at)| self.comes_between(fact, at.billed));
            again.extend(between.map(|(_, at)| at.billed));
        }
        let rows = incoming.iter().zip(&places).filter(|(_, at)| !again.contains(&at.billed));
        let rows: Vec<Row> = rows.map(|(fact, at)| Row::of(fact, at.subject)).collect();
        let mut refused = self.live.push(&rows);
        let mut unsure: Vec<(u32, u64)> = Vec::new();
        let closed = self.closed_before();
        let mut behind: Vec<(u64, Change)> = Vec::new();
        for (fact, at) in incoming.into_iter().zip(&places) {
            if again.contains(&at.billed) {
                unsure.push((at.billed, fact.seq));
            } else if refused.contains_key(&fact.seq) {
                continue;
            }
            if fact.happened < closed {
                behind.push((fact.seq, Change { billed: at.billed, happened: fact.happened, at: fact.recorded }));
            }
            self.subjects.at_mut(at.billed).insert(fact);
        }
        for billed in again {
            refused.extend(self.live.fold_again(self.subjects.at(billed), &self.members));
        }
        for (billed, seq) in unsure.into_iter().filter(|(_, seq)| refused.contains_key(seq)) {
            self.subjects.at_mut(billed).remove(seq);
        }
        behind.retain(|(seq, _)| !refused.contains_key(seq));
        self.closed_changed(behind.into_iter().map(|(_, change)| change));
        self.tidy();
        refused
    }

    /// Whether something of a billed subject is folded after an event that is new.
    fn comes_between(&self, fact: &Fact, billed: u32) -> bool {
        self.subjects.at(billed).last().is_some_and(|last| match last.happened.cmp(&fact.happened) {
            Ordering::Equal => self.archive.compare(&mut Envelopes::default(), last.seq, fact.seq).is_gt(),
            other => other.is_gt(),
        })
    }

    /// Takes events back.
    pub(crate) fn take_back(&mut self, events: &[TakenBack], at: i64) {
        let mut touched: BTreeSet<u32> = BTreeSet::new();
        let (closed, mut behind) = (self.closed_before(), Vec::new());
        for TakenBack { billed, happened, seq } in events {
            if self.subjects.at_mut(*billed).take_back(*happened, *seq, at) {
                touched.insert(*billed);
                if *happened < closed {
                    behind.push(Change { billed: *billed, happened: *happened, at });
                }
            }
        }
        self.closed_changed(behind);
        for billed in touched {
            self.live.fold_again(self.subjects.at(billed), &self.members);
        }
        self.tidy();
    }

    /// Makes the cells anew where folding anew has lost many.
    fn tidy(&mut self) {
        if self.live.lost > LOST_RUNS
            && let Ok(mut live) = Live::new(self.version(), &self.subscriptions, self.archive.clone())
        {
            live.fold_all(&self.subjects, &self.members);
            self.set_live(live);
        }
    }

    /// The billing period that holds a day.
    pub(crate) fn period(&self, day: Date) -> Period {
        self.live.rater.period_of(day)
    }

    /// The invoice of a period with what is known now, and the version whose rules it names.
    pub(crate) fn invoice(&mut self, billed: &str, period: &Period) -> Result<(Invoice, usize), SettleError> {
        let signed: Vec<Date> = self.versions.iter().skip(1).map(|version| version.since).collect();
        let empty = Facts::default();
        let facts = self.subjects.get(billed).unwrap_or(&empty);
        let mut closing = Closing::of(self.version().plan());
        let states = states(&signed, facts.late(&mut closing));
        if states.len() == 1 {
            let last = self.versions.len() - 1;
            return Ok((self.live.rater.close(billed, period)?, last));
        }
        // Earlier knowledge is made anew from the events and the days of this subject alone.
        let subscriptions: Vec<Subscription> =
            self.placed(billed).map(|(subscription, _)| subscription.clone()).collect();
        let (mut stages, mut plans) = (Vec::with_capacity(states.len()), Vec::with_capacity(states.len()));
        let (now, earlier) = states.split_last().expect("there is a state");
        for state in earlier {
            let version = &self.versions[state.plan];
            let Ok(mut live) = Live::new(version, &subscriptions, self.archive.clone()) else { continue };
            live.fold_state(facts, &self.members, &mut closing, *state);
            stages.push(Stage { rater: live.rater, known: state.since });
            plans.push(state.plan);
        }
        // What is known now is in the cells already: they are lent.
        let empty = Rater::new(self.version().kernel.clone()).expect("the kernel made one before");
        let lent = std::mem::replace(&mut self.live.rater, empty);
        stages.push(Stage { rater: lent, known: now.since });
        plans.push(now.plan);
        let restated = restate(&mut stages, billed, period);
        if let Some(Stage { rater, .. }) = stages.pop() {
            self.live.rater = rater;
        }
        let Restated { invoice, stage } = restated?;
        Ok((invoice, plans[stage]))
    }

    /// What a billed subject may do at an instant, and when the window of each ends, in nanoseconds.
    pub(crate) fn entitlements(
        &mut self,
        billed: &str,
        at: Timestamp,
    ) -> Result<Vec<(EntitlementUse, i64)>, SettleError> {
        let rater = &mut self.live.rater;
        let found = rater.entitlements(billed, at)?;
        let ends: Vec<i64> = found.iter().map(|used| rater.entitled_until(&used.name, at)).collect();
        Ok(found.into_iter().zip(ends).collect())
    }

    /// When the local day ends that holds an instant, in nanoseconds.
    pub(crate) fn day_until(&self, at: Timestamp) -> i64 {
        self.live.rater.day_until(at)
    }

    /// What an event that counts adds, with everything that is known now.
    pub(crate) fn trace(&self, billed: u32, happened: i64, seq: u64) -> Result<Trace, RejectReason> {
        let facts = self.subjects.at(billed);
        let (Some(fact), Ok(mut live)) =
            (facts.find(happened, seq), Live::new(self.version(), &self.subscriptions, self.archive.clone()))
        else {
            return Ok(Trace::default());
        };
        let from = live.rater.traced_from(Timestamp(happened)).0;
        let mut reader = Envelopes::default();
        let earlier = facts.between(from, happened);
        // Those of one instant are told apart by their texts.
        let same = facts.between(happened, happened.saturating_add(1));
        let same = same.filter(|other| self.archive.compare(&mut reader, other.seq, seq).is_lt());
        let before: Vec<&Fact> = earlier.chain(same).take(PATH_EVENTS + 1).collect();
        let too_many = before.len() > PATH_EVENTS;
        live.push_all(before.iter().copied().filter(|_| !too_many), &self.members);
        live.trace(fact, &self.members, too_many)
    }
}

fn refusing(version: &Version) -> Option<Closing> {
    Closing::of(version.plan()).filter(Closing::refuses)
}
