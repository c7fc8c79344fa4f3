//! Everything of one plan: its versions, who is on it, their events, and the cells these make.

use crate::facts::{Fact, Facts};
use crate::limits::LOST_RUNS;
use price_ingest::{Part, Records};
use price_ir::{Invoice, Kernel, MeaningHash, Plan, SourceMap};
use price_rating::{
    Closing, Order, Rater, RejectReason, Restated, SettleError, SetupError, Stage, State, Subscription, restate, states,
};
use price_value::{Date, Period, Timestamp};
use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

/// A plan as it is known from a day on.
#[derive(Clone)]
pub(crate) struct Version {
    pub(crate) kernel: Arc<dyn Kernel>,
    pub(crate) source_map: Arc<SourceMap>,
    pub(crate) hash: MeaningHash,
    /// Local day of its entry.
    pub(crate) since: Date,
    /// Its entry.
    pub(crate) seq: u64,
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
    /// By billed subject.
    pub(crate) facts: BTreeMap<Arc<str>, Facts>,
    /// The cells of the latest version with everything that counts.
    live: Live,
    /// When periods close, where the latest version refuses what is recorded later.
    closing: Option<Closing>,
}

/// An event that is taken back.
pub(crate) struct TakenBack {
    pub(crate) billed: Arc<str>,
    pub(crate) happened: i64,
    pub(crate) source: String,
    pub(crate) id: String,
}

/// Events that were refused, by entry.
pub(crate) type Refused = BTreeMap<u64, RejectReason>;

/// A row to fold: its entry, its account, its text.
type Row<'f> = (u64, &'f str, &'f str);

impl Book {
    pub(crate) fn new(version: Version) -> Result<Book, SetupError> {
        let live = Live::new(&version, &[])?;
        let closing = refusing(&version);
        Ok(Book { versions: vec![version], subscriptions: Vec::new(), facts: BTreeMap::new(), live, closing })
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
    pub(crate) fn billed(&mut self, account: &str) -> Arc<str> {
        let subject = self.live.rater.subject(account);
        self.live.rater.billed_name(subject).into()
    }

    /// Puts a version on top. Nothing changes where usage that counts does not fit it.
    pub(crate) fn publish(&mut self, version: Version) -> Result<Refused, SetupError> {
        let mut live = Live::new(&version, &self.subscriptions)?;
        let refused = live.fold_all(&self.facts);
        if refused.is_empty() {
            self.live = live;
            self.closing = refusing(&version);
            self.versions.push(version);
        }
        Ok(refused)
    }

    /// Puts an account on the plan.
    pub(crate) fn subscribe(&mut self, subscription: Subscription) -> Result<(), SetupError> {
        match self.live.rater.subscribe(&subscription) {
            Ok(()) => {}
            // It was used before: everything is folded anew, under the new days.
            Err(SetupError::AfterUsage(_)) => {
                let mut all = self.subscriptions.clone();
                all.push(subscription.clone());
                let mut live = Live::new(self.version(), &all)?;
                live.fold_all(&self.facts);
                self.live = live;
            }
            Err(other) => return Err(other),
        }
        self.subscriptions.push(subscription);
        Ok(())
    }

    /// Folds events in that are new. What is refused is not kept.
    pub(crate) fn fold(&mut self, mut incoming: Vec<Fact>) -> Refused {
        incoming.sort_by(|a, b| (a.happened, &a.key, a.seq).cmp(&(b.happened, &b.key, b.seq)));
        let ordered = self.live.rater.order() == Order::ByEventTime;
        let mut again: BTreeSet<Arc<str>> = BTreeSet::new();
        let mut placed: Vec<(Arc<str>, u64)> = Vec::with_capacity(incoming.len());
        let mut texts: Vec<(Arc<str>, Fact)> = Vec::with_capacity(incoming.len());
        for fact in incoming {
            let billed = self.billed(&fact.account);
            placed.push((billed.clone(), fact.seq));
            let last = self.facts.entry(billed.clone()).or_default().insert(fact.clone());
            if ordered && !last {
                again.insert(billed.clone());
            }
            texts.push((billed, fact));
        }
        let rows: Vec<Row<'_>> = texts
            .iter()
            .filter(|(billed, _)| !again.contains(billed))
            .map(|(_, fact)| (fact.seq, &*fact.account, &*fact.record))
            .collect();
        let mut refused = self.live.push(&rows);
        for billed in &again {
            refused.extend(self.live.fold_again(billed, &self.facts));
        }
        for (billed, seq) in placed.iter().filter(|(_, seq)| refused.contains_key(seq)) {
            if let Some(facts) = self.facts.get_mut(billed) {
                facts.remove(*seq);
                // Nobody is known by what was refused alone.
                if facts.is_empty() {
                    self.facts.remove(billed);
                }
            }
        }
        self.tidy();
        refused
    }

    /// Takes events back.
    pub(crate) fn take_back(&mut self, events: &[TakenBack], at: i64) {
        let mut touched = BTreeSet::new();
        for TakenBack { billed, happened, source, id } in events {
            let Some(facts) = self.facts.get_mut(billed) else { continue };
            if facts.take_back(*happened, (source, id), at) {
                touched.insert(billed.clone());
            }
        }
        for billed in touched {
            self.live.fold_again(&billed, &self.facts);
        }
        self.tidy();
    }

    /// Makes the cells anew where folding anew has lost many.
    fn tidy(&mut self) {
        if self.live.lost > LOST_RUNS
            && let Ok(mut live) = Live::new(self.version(), &self.subscriptions)
        {
            live.fold_all(&self.facts);
            self.live = live;
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
        let facts = self.facts.get(billed).unwrap_or(&empty);
        let mut closing = Closing::of(self.version().plan());
        let states = states(&signed, facts.late(&mut closing));
        if states.len() == 1 {
            let last = self.versions.len() - 1;
            return Ok((self.live.rater.close(billed, period)?, last));
        }
        // Earlier knowledge is made anew from the events of this subject alone.
        let mut stages = Vec::with_capacity(states.len());
        for state in &states {
            let version = &self.versions[state.plan];
            let Ok(mut live) = Live::new(version, &self.subscriptions) else { continue };
            live.fold_state(facts, &mut closing, *state);
            stages.push(Stage { rater: live.rater, known: state.since });
        }
        let Restated { invoice, stage } = restate(&mut stages, billed, period)?;
        Ok((invoice, states[stage].plan))
    }
}

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
            let subject = |line: &u64| self.rater.subject(rows[*line as usize - 1].1).0;
            let subjects: Vec<u32> = part.lines.iter().map(subject).collect();
            for fault in self.rater.push(&mut part.batch, &subjects) {
                let line = part.lines[fault.row as usize] as usize;
                refused.insert(rows[line - 1].0, fault.reason);
            }
        }
        refused
    }

    /// Folds all that counts of everyone.
    fn fold_all(&mut self, all: &BTreeMap<Arc<str>, Facts>) -> Refused {
        let mut refused = Refused::new();
        for facts in all.values() {
            refused.extend(self.push(&counting(facts)));
        }
        refused
    }

    /// Forgets the cells of a subject and folds what counts of it.
    fn fold_again(&mut self, billed: &str, all: &BTreeMap<Arc<str>, Facts>) -> Refused {
        let Some(facts) = all.get(billed) else { return Refused::new() };
        if let Some(fact) = facts.last().or(facts.iter().last()) {
            let subject = self.rater.subject(&fact.account);
            self.lost += self.rater.drop_usage(self.rater.billed(subject));
        }
        self.push(&counting(facts))
    }

    /// Folds what counted of a subject in a state of knowledge.
    fn fold_state(&mut self, facts: &Facts, closing: &mut Option<Closing>, state: State) {
        let known: Vec<&Fact> = facts.iter().filter(|fact| fact.counts(closing, Some(state))).collect();
        let rows: Vec<Row<'_>> = known.iter().map(|fact| (fact.seq, &*fact.account, &*fact.record)).collect();
        self.push(&rows);
    }
}

fn refusing(version: &Version) -> Option<Closing> {
    Closing::of(version.plan()).filter(Closing::refuses)
}

fn counting(facts: &Facts) -> Vec<Row<'_>> {
    let counts = facts.iter().filter(|fact| fact.gone.is_none());
    counts.map(|fact| (fact.seq, &*fact.account, &*fact.record)).collect()
}
