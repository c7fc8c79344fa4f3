//! Everything of one plan: its versions, who is on it, their events, and the cells these make.

use crate::billing::Closes;
use crate::facts::{Fact, Facts};
use crate::limits::{LOST_RUNS, PATH_EVENTS};
use crate::numbered::Numbered;
use hashbrown::HashMap;
use price_ingest::{Part, Records};
use price_ir::{EntitlementUse, Invoice, Kernel, MeaningHash, Plan, SourceMap};
use price_rating::{
    Closing, Order, Rater, RejectReason, Restated, SettleError, SetupError, Stage, State, Subscription, Trace, restate,
    states,
};
use price_value::{Date, Period, Timestamp, Zone};
use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

/// A plan as it is known from a day on.
#[derive(Clone)]
pub(crate) struct Version {
    pub(crate) kernel: Arc<dyn Kernel>,
    pub(crate) source_map: Arc<SourceMap>,
    pub(crate) hash: MeaningHash,
    /// The time zone of the plan.
    pub(crate) zone: Zone,
    /// Local day of its entry.
    pub(crate) since: Date,
    /// Its entry.
    pub(crate) seq: u64,
    /// Who signed it.
    pub(crate) signer: Option<Arc<str>>,
}

impl Version {
    pub(crate) fn plan(&self) -> &Arc<Plan> {
        self.kernel.plan()
    }
}

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

/// Events that were refused, by entry.
pub(crate) type Refused = BTreeMap<u64, RejectReason>;

/// A row to fold: its entry, what its account is to the rater, its text.
type Row<'f> = (u64, u32, &'f str);

impl Book {
    pub(crate) fn new(version: Version) -> Result<Book, SetupError> {
        let live = Live::new(&version, &[])?;
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
        })
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
        let mut live = Live::new(&version, &self.subscriptions)?;
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
                let mut live = Live::new(self.version(), &all)?;
                live.fold_all(&self.subjects, &self.members);
                self.live = live;
            }
            Err(other) => return Err(other),
        }
        let at = self.subscriptions.len() as u32;
        self.of_billed.entry(subscription.billed().to_owned()).or_default().push(at);
        self.subscriptions.push(subscription);
        self.placed.push(placed);
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

    /// Whose periods are due that meet a period.
    pub(crate) fn due(&self, period: &Period) -> Vec<(String, Period)> {
        self.live.rater.due(Some(period.from), Some(period.until))
    }

    /// Folds events in that are new. What is refused is not kept.
    pub(crate) fn fold(&mut self, mut incoming: Vec<Fact>) -> Refused {
        incoming.sort_unstable_by(|a, b| a.order().cmp(&b.order()));
        let places: Vec<Place> = incoming.iter().map(|fact| self.place(fact.member)).collect();
        // Subjects of a plan with an order that get something in between are folded anew.
        let mut again: BTreeSet<u32> = BTreeSet::new();
        if self.live.rater.order() == Order::ByEventTime {
            let between = incoming.iter().zip(&places).filter(|(f, at)| !self.subjects.at(at.billed).ends_before(f));
            again.extend(between.map(|(_, at)| at.billed));
        }
        let rows: Vec<Row<'_>> = incoming
            .iter()
            .zip(&places)
            .filter(|(_, at)| !again.contains(&at.billed))
            .map(|(fact, at)| (fact.seq, at.subject, &*fact.record))
            .collect();
        let mut refused = self.live.push(&rows);
        let mut unsure: Vec<(u32, u64)> = Vec::new();
        for (fact, at) in incoming.into_iter().zip(&places) {
            if again.contains(&at.billed) {
                unsure.push((at.billed, fact.seq));
            } else if refused.contains_key(&fact.seq) {
                continue;
            }
            self.subjects.at_mut(at.billed).insert(fact);
        }
        for billed in again {
            refused.extend(self.live.fold_again(self.subjects.at(billed), &self.members));
        }
        for (billed, seq) in unsure.into_iter().filter(|(_, seq)| refused.contains_key(seq)) {
            self.subjects.at_mut(billed).remove(seq);
        }
        self.tidy();
        refused
    }

    /// Takes events back.
    pub(crate) fn take_back(&mut self, events: &[TakenBack], at: i64) {
        let mut touched: BTreeSet<u32> = BTreeSet::new();
        for TakenBack { billed, happened, seq } in events {
            if self.subjects.at_mut(*billed).take_back(*happened, *seq, at) {
                touched.insert(*billed);
            }
        }
        for billed in touched {
            self.live.fold_again(self.subjects.at(billed), &self.members);
        }
        self.tidy();
    }

    /// Makes the cells anew where folding anew has lost many.
    fn tidy(&mut self) {
        if self.live.lost > LOST_RUNS
            && let Ok(mut live) = Live::new(self.version(), &self.subscriptions)
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
            let Ok(mut live) = Live::new(version, &subscriptions) else { continue };
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

    /// What an event that counts adds, with everything that is known now.
    pub(crate) fn trace(&self, billed: u32, happened: i64, seq: u64) -> Result<Trace, RejectReason> {
        let facts = self.subjects.at(billed);
        let (Some(fact), Ok(mut live)) = (facts.find(happened, seq), Live::new(self.version(), &self.subscriptions))
        else {
            return Ok(Trace::default());
        };
        let from = live.rater.traced_from(Timestamp(happened)).0;
        let before: Vec<&Fact> = facts.before(from, fact).take(PATH_EVENTS + 1).collect();
        let too_many = before.len() > PATH_EVENTS;
        for some in before.chunks(TRACED_TOGETHER).filter(|_| !too_many) {
            let rows = live.rows(some.iter().copied(), &self.members);
            live.push(&rows);
        }
        live.trace(fact, &self.members, too_many)
    }
}

/// Reads events without counting them.
pub(crate) struct Judge {
    rater: Rater,
    records: Records,
}

impl Judge {
    /// For the events of a plan that has been in a book.
    pub(crate) fn new(kernel: Arc<dyn Kernel>) -> Judge {
        let records = Records::new(kernel.plan());
        Judge { rater: Rater::new(kernel).expect("the kernel made one before"), records }
    }

    /// The plan.
    pub(crate) fn plan(&self) -> &Arc<Plan> {
        self.rater.plan()
    }

    /// Labels of open dimensions that were read so far.
    pub(crate) fn open(&self) -> &price_rating::OpenLabels {
        self.rater.open_labels()
    }

    /// Columns of records that fit; the lines of a part say which, from 1.
    pub(crate) fn parts<'r>(&mut self, records: impl IntoIterator<Item = &'r str>) -> Vec<Part> {
        let mut decoded = self.records.decode(records);
        match self.records.number(&mut decoded, self.rater.labels()) {
            Some(_) => decoded.block.parts,
            None => Vec::new(),
        }
    }

    /// Fills the calendars of what was read.
    pub(crate) fn calendars(&mut self, batch: &mut price_ir::Batch) {
        self.rater.fill_calendars(batch);
    }
}

/// Events that are folded at once to say what another one adds.
const TRACED_TOGETHER: usize = 16_384;

/// A rater with what reads records for it.
struct Live {
    rater: Rater,
    records: Records,
    /// Runs of cells that folding anew has lost.
    lost: usize,
}

impl Live {
    fn new(version: &Version, subscriptions: &[Subscription]) -> Result<Live, SetupError> {
        let mut rater = Rater::new(version.kernel.clone())?;
        for subscription in subscriptions {
            rater.subscribe(subscription)?;
        }
        Ok(Live { rater, records: Records::new(version.plan()), lost: 0 })
    }

    /// Folds rows in; they are in folding order.
    fn push(&mut self, rows: &[Row<'_>]) -> Refused {
        let mut refused = Refused::new();
        if rows.is_empty() {
            return refused;
        }
        let mut decoded = self.records.decode(rows.iter().map(|(_, _, record)| *record));
        refused.extend(decoded.rejects.drain(..).map(|(line, reason)| (rows[line - 1].0, reason)));
        if self.records.number(&mut decoded, self.rater.labels()).is_none() {
            let full = |(seq, _, _): &Row<'_>| {
                let reason =
                    RejectReason::TooManyLabels { field: "a label".into(), max: price_rating::limits::OPEN_LABELS_MAX };
                (*seq, reason)
            };
            refused.extend(rows.iter().map(full));
            return refused;
        }
        let block = std::mem::take(&mut decoded.block);
        let parts: Vec<Part> = match self.rater.order() {
            Order::ByEventTime => block.in_order(),
            Order::Commutative => block.parts,
        };
        for mut part in parts {
            let subjects: Vec<u32> = part.lines.iter().map(|line| rows[*line as usize - 1].1).collect();
            for fault in self.rater.push(&mut part.batch, &subjects) {
                let line = part.lines[fault.row as usize] as usize;
                refused.insert(rows[line - 1].0, fault.reason);
            }
        }
        refused
    }

    /// What one more row adds.
    fn trace(&mut self, fact: &Fact, members: &Numbered<Member>, too_many: bool) -> Result<Trace, RejectReason> {
        let mut decoded = self.records.decode([&*fact.record]);
        if let Some((_, reason)) = decoded.rejects.pop() {
            return Err(reason);
        }
        let account = self.rater.subject(members.name(fact.member));
        let numbered = self.records.number(&mut decoded, self.rater.labels());
        match decoded.block.parts.first_mut() {
            Some(part) if numbered.is_some() => self.rater.trace(&mut part.batch, account, too_many),
            _ => Ok(Trace::default()),
        }
    }

    /// Rows of facts.
    fn rows<'f>(&mut self, facts: impl Iterator<Item = &'f Fact>, members: &Numbered<Member>) -> Vec<Row<'f>> {
        facts.map(|fact| (fact.seq, self.rater.subject(members.name(fact.member)).0, &*fact.record)).collect()
    }

    /// Folds all that counts of everyone.
    fn fold_all(&mut self, all: &Numbered<Facts>, members: &Numbered<Member>) -> Refused {
        let mut refused = Refused::new();
        for (_, facts) in all.iter() {
            let rows = self.rows(facts.counting(), members);
            refused.extend(self.push(&rows));
        }
        refused
    }

    /// Forgets the cells of a subject and folds what counts of it.
    fn fold_again(&mut self, facts: &Facts, members: &Numbered<Member>) -> Refused {
        if let Some(fact) = facts.any() {
            let subject = self.rater.subject(members.name(fact.member));
            self.lost += self.rater.drop_usage(self.rater.billed(subject));
        }
        let rows = self.rows(facts.counting(), members);
        self.push(&rows)
    }

    /// Folds what counted of a subject in a state of knowledge.
    fn fold_state(&mut self, facts: &Facts, members: &Numbered<Member>, closing: &mut Option<Closing>, state: State) {
        let known = facts.iter().filter(|fact| fact.counts(closing, Some(state)));
        let rows = self.rows(known, members);
        self.push(&rows);
    }
}

fn refusing(version: &Version) -> Option<Closing> {
    Closing::of(version.plan()).filter(Closing::refuses)
}
