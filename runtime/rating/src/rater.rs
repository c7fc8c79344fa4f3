//! The host of one plan: takes rows, keeps cells, gives invoices.

use crate::accounts::Accounts;
use crate::calendar::Clock;
use crate::cells::{Cells, Read, sort_reads};
use crate::fold::Scratch;
use crate::inject::OpeningLot;
use crate::labels::OpenLabels;
use crate::layout::Layout;
use crate::levels::{Holder, Levels};
use crate::order::Order;
use crate::period::{Stretch, Timeline};
use crate::reject::RejectReason;
use crate::settle::chain::Memo;
use crate::slots::Slots;
use crate::step::Book;
use crate::subscription::Subscription;
use price_ir::{Allowance, BalanceIx, Kernel, Plan, Proration, SinkIx};
use price_value::{Date, Period, Rational, Timestamp, Window};
use rustc_hash::{FxHashMap, FxHashSet};
use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

/// An account of a [`Rater`], numbered in order of first sight.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct SubjectIx(pub u32);

/// A row that was not taken. None of its sinks counts it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct RowFault {
    /// Row of the batch.
    pub row: u32,
    /// Why.
    pub reason: RejectReason,
}

/// What a rater cannot be set up with.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum SetupError {
    /// The zone is not in the built-in database.
    #[error("the time zone `{0}` is not in the built-in database")]
    UnknownZone(String),
    /// The days of two subscriptions of one account overlap.
    #[error("`{0}` has two subscriptions for the same day")]
    Overlap(String),
    /// An account bills to two different subjects.
    #[error("`{0}` belongs to two pools")]
    TwoPools(String),
    /// A subscription came after usage of its account.
    #[error("the subscription of `{0}` came after its usage; subscribe first")]
    AfterUsage(String),
    /// The subscription ends before it begins.
    #[error("the subscription of `{0}` ends before it begins")]
    Backwards(String),
}

/// When an injected quantity is used.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum When {
    /// In the period, no matter when (at its first served instant).
    Sometime,
    /// At this instant of the period.
    At(Timestamp),
    /// The same in each window of the period (`given calls 100 calls each day`).
    Each(Window),
}

/// What cannot be injected.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum InjectError {
    /// No sink is of that meter.
    #[error("the plan prices no meter `{0}`")]
    UnknownMeter(String),
    /// A dimension that some price depends on is not named.
    #[error("say which `{dimension}`: a price on `{meter}` depends on it")]
    MissingDimension {
        /// Meter.
        meter: String,
        /// Dimension.
        dimension: String,
    },
    /// The label is not of that dimension.
    #[error("`{label}` is not a label of `{dimension}`")]
    UnknownLabel {
        /// Dimension.
        dimension: String,
        /// The label as given.
        label: String,
    },
    /// The dimension is not one of the meter.
    #[error("`{meter}` does not depend on a dimension `{dimension}`")]
    UnknownDimension {
        /// Meter.
        meter: String,
        /// The dimension as given.
        dimension: String,
    },
    /// The instant lies outside the period.
    #[error("the moment lies outside the period {0}")]
    OutsidePeriod(Period),
    /// The combination of labels is not sold.
    #[error("`{meter}` with these labels is not sold")]
    NotSold {
        /// Meter.
        meter: String,
    },
    /// The meter keeps no level.
    #[error("`{meter}` does not hold a level")]
    NoLevel {
        /// Meter.
        meter: String,
    },
    /// No balance has that name.
    #[error("there is no wallet and no prepaid commitment called `{balance}`")]
    NoBalance {
        /// As asked for.
        balance: String,
    },
    /// A lot holds nothing, costs less than nothing, or is gone before it comes.
    #[error("`{balance}` needs an amount above zero, a cost of zero or more, and a day after the first it is there")]
    BadLot {
        /// Balance.
        balance: String,
    },
    /// The level is finer than the meter keeps.
    #[error("the level is finer than `{meter}` keeps")]
    NotExact {
        /// Meter.
        meter: String,
    },
}

/// Usage in, invoices out, for one plan and any number of accounts.
///
/// Memory grows with cells, not with rows, but for percentiles (8 bytes a value) and `unique`
/// (16 bytes a text), which [`crate::limits`] bounds.
pub struct Rater {
    pub(crate) kernel: Arc<dyn Kernel>,
    pub(crate) plan: Arc<Plan>,
    pub(crate) layout: Layout,
    pub(crate) time: Timeline,
    pub(crate) clocks: Vec<Clock>,
    pub(crate) labels: OpenLabels,
    pub(crate) accounts: Accounts,
    pub(crate) slots: Slots,
    pub(crate) sinks: Vec<SinkState>,
    pub(crate) book: Book,
    /// First and latest event by billed subject and stream of events.
    pub(crate) seen_from: FxHashMap<(u32, u32), (i64, i64)>,
    /// Labels of open dimensions by billed subject.
    pub(crate) seen: FxHashSet<(u32, u32, u32)>,
    pub(crate) label_count: FxHashMap<(u32, u32), u32>,
    pub(crate) memo: Memo,
    pub(crate) scratch: Scratch,
    /// Quantities by slot, sink and account, in raw steps, of sinks that are told apart by account.
    pub(crate) whose: FxHashMap<(u32, u32), BTreeMap<u32, Rational>>,
    /// Lots taken over from another system, by billed subject, in the order given.
    pub(crate) opened: BTreeMap<u32, Vec<(BalanceIx, OpeningLot)>>,
}

/// Everything one sink keeps.
#[derive(Debug, Clone)]
pub(crate) struct SinkState {
    pub(crate) cells: Cells,
    pub(crate) levels: Levels,
}

impl Rater {
    /// A rater without accounts or usage.
    pub fn new(kernel: Arc<dyn Kernel>) -> Result<Rater, SetupError> {
        let plan = kernel.plan().clone();
        let time = Timeline::new(&plan).ok_or_else(|| SetupError::UnknownZone(plan.zone.clone()))?;
        let clock = |c| Clock::new(c).ok_or_else(|| SetupError::UnknownZone(c.zone.clone()));
        let clocks = plan.calendars.iter().map(clock).collect::<Result<_, _>>()?;
        let layout = Layout::new(&plan, &time);
        let state = |(sink, layout): (&price_ir::Sink, &crate::layout::SinkLayout)| SinkState {
            cells: Cells::new(&plan, sink, layout.slicing.clone()),
            levels: Levels::default(),
        };
        let mut accounts = Accounts::new(time.zone.clone(), plan.effective);
        if let Some(parties) = &plan.parties {
            accounts.close(&parties.pauses);
            let named = parties.accounts.iter().map(String::as_str);
            let alone = parties.accounts.is_empty().then_some(plan.name.as_str());
            for account in named.chain(alone) {
                let span = parties.term;
                accounts.subscribe(&Subscription {
                    account: account.to_owned(),
                    from: span.from,
                    until: span.until,
                    pool: Some(plan.name.clone()),
                })?;
            }
        }
        Ok(Rater {
            sinks: plan.sinks.iter().zip(&layout.sinks).map(state).collect(),
            labels: OpenLabels::new(&plan),
            accounts,
            slots: Slots::default(),
            book: Book::default(),
            seen_from: FxHashMap::default(),
            seen: FxHashSet::default(),
            label_count: FxHashMap::default(),
            memo: Memo::default(),
            scratch: Scratch::default(),
            whose: FxHashMap::default(),
            opened: BTreeMap::new(),
            kernel,
            plan,
            layout,
            time,
            clocks,
        })
    }

    /// The plan.
    pub fn plan(&self) -> &Arc<Plan> {
        &self.plan
    }

    /// The engine.
    pub fn kernel(&self) -> &Arc<dyn Kernel> {
        &self.kernel
    }

    /// Fills the calendars of a batch, as [`Rater::push`] does before it maps rows.
    pub fn fill_calendars(&mut self, batch: &mut price_ir::Batch) {
        crate::calendar::fill(&mut self.clocks, &self.layout.events[batch.event.ix()].calendars, batch);
    }

    /// What order rows have to arrive in.
    pub fn order(&self) -> Order {
        self.layout.order
    }

    /// Whether rows of different event types depend on each other's order: then batches follow
    /// each other in time over all types, not only within each.
    pub fn interleaves(&self) -> bool {
        self.layout.across
    }

    /// Adds a subscription. An account with at least one is served on the days of its
    /// subscriptions only; one without is served always. Before any usage of the account.
    /// A contract has accounts and a term of its own: those are kept as they are.
    pub fn subscribe(&mut self, subscription: &Subscription) -> Result<(), SetupError> {
        if self.plan.parties.is_some() && self.accounts.is_subscribed(&subscription.account) {
            return Ok(());
        }
        self.accounts.subscribe(subscription)
    }

    /// The number of an account, new if need be.
    pub fn subject(&mut self, account: &str) -> SubjectIx {
        SubjectIx(self.accounts.account(account))
    }

    /// The number of the subject that is billed for an account: itself, or its pool. Rows of a
    /// plan with [`Order::ByEventTime`] are sorted by (this, happened, source, id), or without
    /// regard to it by (happened, source, id).
    pub fn billed(&self, account: SubjectIx) -> u32 {
        self.accounts.accounts[account.0 as usize].billed
    }

    /// Name of the subject that is billed for an account: itself, or its pool.
    pub fn billed_name(&self, account: SubjectIx) -> &str {
        &self.accounts.billed[self.billed(account) as usize].name
    }

    /// Labels of open dimensions: readers intern here.
    pub fn labels(&mut self) -> &mut OpenLabels {
        &mut self.labels
    }

    /// The billing period that holds a day.
    pub fn period_of(&self, date: Date) -> Period {
        self.time.billing.period_of(&self.time.zone, date)
    }

    /// The billing period that holds an instant.
    pub fn period_at(&self, at: Timestamp) -> Period {
        self.time.period_at(at)
    }

    /// The labels of open dimensions that were interned.
    pub fn open_labels(&self) -> &OpenLabels {
        &self.labels
    }

    /// What is due in `[from, until)`, sorted by billed subject, then period: periods with usage,
    /// and for subjects with a subscription or a carried level also those without. A missing end
    /// is that of all usage, a missing start of a contract its first day.
    pub fn due(&self, from: Option<Date>, until: Option<Date>) -> Vec<(String, Period)> {
        let used = || self.slots.all().map(|(_, period)| self.time.period(period));
        // A contract owes its fees from its first day on.
        let term = self.plan.parties.as_ref().and_then(|parties| parties.term.from);
        let from = from.or_else(|| used().map(|p| p.from).chain(used().next().and(term)).min());
        let until = until.or_else(|| used().map(|p| p.until).max());
        let (Some(from), Some(until)) = (from, until) else { return Vec::new() };
        let inside = |p: &Period| p.until > from && p.from < until;
        let mut due: BTreeSet<(String, Period)> = BTreeSet::new();
        let name = |billed: u32| self.accounts.billed[billed as usize].name.clone();
        for (billed, period) in self.slots.all() {
            let period = self.time.period(period);
            if inside(&period) {
                due.insert((name(billed), period));
            }
        }
        let held = (0..self.accounts.billed.len() as u32)
            .filter(|b| self.sinks.iter().any(|s| s.levels.holds(*b)))
            .chain(self.accounts.subscribed());
        for billed in held.collect::<BTreeSet<u32>>() {
            let mut first = self.first_day(billed).map_or(from, |d| d.max(from));
            while first < until {
                let period = self.period_of(first);
                if self.accounts.billed[billed as usize].served.hull(&self.time.zone, &period).is_some() {
                    due.insert((name(billed), period));
                }
                first = period.until;
            }
        }
        due.into_iter().collect()
    }

    /// First day of a subject: of its subscription, else of its first period with usage.
    pub(crate) fn first_day(&self, billed: u32) -> Option<Date> {
        let used = self.slots.periods(billed).map(|p| self.time.period(p).from).min();
        self.accounts.since(billed).or(used)
    }

    /// Quantity of an allowance in one window.
    pub(crate) fn grant(&self, rule: &Allowance, billed: u32, window: Stretch) -> Rational {
        if rule.prorate == Proration::Never || window.from == i64::MIN || rule.per == Window::Hour {
            return rule.quantity.clone();
        }
        let (from, until) = (self.time.date(window.from), self.time.date(window.until));
        let served = self.accounts.billed[billed as usize].served.count(from, until);
        &rule.quantity * &Rational::new(served.into(), from.days_until(until).max(1).into())
    }

    /// The cells of a sink in one period of a subject, levels included; by cell, then time.
    pub(crate) fn read(&mut self, sink: SinkIx, billed: u32, period: &Period) -> Vec<Read> {
        let index = self.time.index(period);
        let fold = &self.plan.sinks[sink.ix()].fold;
        let state = &self.sinks[sink.ix()];
        let mut reads = match self.slots.find(billed, index) {
            Some(slot) => state.cells.read(slot, period.start.0, fold),
            None => Vec::new(),
        };
        let known = reads.len();
        let served = &self.accounts.billed[billed as usize].instants;
        let holder = Holder { fold, billed, served };
        state.levels.read(&state.cells, &self.time, holder, period, &mut reads);
        // What a level did since its last event joins what is booked for the same slice.
        let held = reads.split_off(known);
        if !held.is_empty() {
            let places: FxHashMap<_, _> = reads.iter().enumerate().map(|(i, r)| ((r.slice, r.at), i)).collect();
            for read in held {
                match places.get(&(read.slice, read.at)) {
                    Some(place) => reads[*place].reading.merge(&read.reading, fold),
                    None => reads.push(read),
                }
            }
        }
        sort_reads(&mut reads);
        reads
    }

    /// Forgets all usage of a billed subject, so that it can be folded anew: in another order,
    /// with rows that came late, without rows that were taken back. Says how many cells' runs are
    /// lost for good; a host that did this often makes a new rater.
    pub fn drop_usage(&mut self, billed: u32) -> usize {
        let lost = self.slots.drop_usage(billed);
        let accounts = &self.accounts.accounts;
        for sink in &mut self.sinks {
            sink.levels.drop_usage(billed, |account| accounts[account as usize].billed == billed);
        }
        self.book.drop_usage(billed);
        self.seen_from.retain(|(of, _), _| *of != billed);
        self.seen.retain(|(of, ..)| *of != billed);
        self.label_count.retain(|(of, _), _| *of != billed);
        self.memo.forget(billed);
        lost
    }

    /// Drops settled periods of subjects that got more rows.
    pub(crate) fn forget(&mut self, subjects: &[u32]) {
        if self.memo.is_empty() {
            return;
        }
        for subject in subjects {
            let billed = self.accounts.accounts[*subject as usize].billed;
            self.memo.forget(billed);
        }
    }
}
