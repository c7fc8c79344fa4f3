//! When the periods of a plan close, and for whom.

use crate::book::{Book, Change};
use crate::limits;
use crate::planted::{self, Bug};
use price_rating::{Closing, Late};
use price_value::{Date, Period, Timestamp};
use serde::{Deserialize, Serialize};
use std::collections::{BTreeSet, VecDeque};

/// How far the periods of a plan are closed.
#[derive(Serialize, Deserialize)]
pub(crate) struct Closes {
    /// Periods that end by this day are closed for everybody.
    pub(super) until: Date,
    /// The instant from which on the next one closes, in nanoseconds.
    pub(super) due: i64,
    /// Periods that end by this day have ended, as far as was said.
    pub(super) ended: Date,
    /// The instant at which the next one ends, in nanoseconds.
    pub(super) ends: i64,
    /// Up to whom, by name, drafts of the period that ended were told.
    pub(super) drafted: Option<String>,
    /// Who is still to be told of; made anew after a start, like `run`.
    pub(super) drafting: Option<Run>,
    /// Closed periods whose facts changed: who is billed, first day.
    pub(super) again: BTreeSet<(String, Date)>,
    /// What is left of the period that is being closed. Made anew from the facts after a start:
    /// whoever has a document already is passed over.
    pub(super) run: Option<Run>,
}

/// A period that is being closed.
#[derive(Serialize, Deserialize)]
pub(super) struct Run {
    pub(super) period: Period,
    /// Who is still to be billed for it, by name.
    pub(super) left: VecDeque<String>,
}

impl Closes {
    /// Before it is said from when on: see [`Book::closes_from`].
    pub(crate) fn new() -> Closes {
        let first = Date::new(1700, 1, 1).expect("a day");
        Closes {
            until: first,
            due: i64::MAX,
            ended: first,
            ends: i64::MAX,
            drafted: None,
            drafting: None,
            again: BTreeSet::new(),
            run: None,
        }
    }

    /// Periods that end by this day are closed for everybody.
    pub(crate) fn until(&self) -> Date {
        self.until
    }

    /// Drafts of the period that ended were told up to somebody.
    pub(crate) fn drafted_to(&mut self, billed: &str) {
        self.drafted = Some(billed.to_owned());
    }

    /// All of it but what is derived.
    pub(crate) fn digest(&self, put: &mut impl FnMut(&[u8])) {
        put(self.until.to_string().as_bytes());
        put(self.ended.to_string().as_bytes());
        put(self.drafted.as_deref().unwrap_or_default().as_bytes());
        for (billed, from) in &self.again {
            put(billed.as_bytes());
            put(from.to_string().as_bytes());
        }
    }
}

impl Book {
    /// Days for which usage of a period is taken into it after its end.
    fn grace(&self) -> i32 {
        let late = self.version().plan().late.as_ref();
        late.map_or(0, |late| i32::try_from(late.grace_days).unwrap_or(i32::MAX))
    }

    /// The day on which a period closes.
    pub(super) fn closing_day(&self, period: &Period) -> Date {
        if planted::is(Bug::CloseEarly) { period.until } else { period.until.add_days(self.grace()) }
    }

    /// The first day of the period that is not closed at an instant: those before it are.
    pub(super) fn closed_at(&self, now: i64) -> Date {
        let (zone, plan) = (&self.version().zone, self.version().plan());
        plan.billing.period_of(zone, zone.local(Timestamp(now)).0.add_days(-self.grace())).from
    }

    /// Nobody is on the plan yet: what is closed by now is closed without invoices.
    pub(crate) fn closes_from(&mut self, now: i64) {
        self.closes.until = self.closed_at(now);
        let zone = &self.version().zone;
        self.closes.ended = self.period(zone.local(Timestamp(now)).0).from;
        self.look_when();
    }

    /// Looks up when the next period closes.
    pub(super) fn look_when(&mut self) {
        let next = self.period(self.closes.until);
        self.closes.due = self.version().zone.start_of(self.closing_day(&next)).0;
        self.closes.ends = self.period(self.closes.ended).end.0;
    }

    /// The instant at which the next period ends that is not closed with it, in nanoseconds. `approved`: somebody
    /// has to say so before it is closed.
    pub(super) fn ends_at(&self, approved: bool) -> i64 {
        // Without a grace the end of a period is its closing.
        if approved || self.grace() > 0 { self.closes.ends } else { i64::MAX }
    }

    /// The first instant that is in no closed period.
    pub(crate) fn closed_before(&self) -> i64 {
        self.version().zone.start_of(self.closes.until).0
    }

    /// Usage of closed periods has changed. The invoice that is the first to know it is mostly that of
    /// an open period. Where the grace became longer after periods were closed it is of one of those:
    /// they are looked at again, from that one on, for balances go on from month to month.
    pub(crate) fn closed_changed(&mut self, changes: impl IntoIterator<Item = Change>) {
        let mut closing: Option<Option<Closing>> = None;
        let mut again = BTreeSet::new();
        for Change { billed, happened, at } in changes {
            let closing = closing.get_or_insert_with(|| Closing::of(self.version().plan()));
            let late = closing.as_mut().and_then(|closing| closing.late(Timestamp(happened), Timestamp(at)));
            let first = late.map_or_else(|| self.version().zone.local(Timestamp(happened)).0, |late| late.since);
            let mut period = self.period(first);
            while period.from < self.closes.until {
                again.insert((self.subjects.name(billed).to_string(), period.from));
                period = self.period(period.until);
            }
        }
        if !again.is_empty() {
            self.closes_again(again);
        }
    }

    /// Whether closed periods are to be looked at again.
    pub(crate) fn looks_again(&self) -> bool {
        !self.closes.again.is_empty()
    }

    /// Closed periods to be looked at again: who is billed, first day.
    pub(crate) fn closes_again(&mut self, periods: impl IntoIterator<Item = (String, Date)>) {
        if !planted::is(Bug::RestateNothing) {
            self.closes.again.extend(periods);
        }
        self.look_when();
    }

    /// The first days of closed periods in a span that has a beginning; `None` where there are too many.
    pub(crate) fn closed_periods(&self, from: Option<Date>, until: Option<Date>) -> Option<Vec<Date>> {
        let mut periods = Vec::new();
        let Some(mut period) = from.map(|from| self.period(from)) else { return Some(periods) };
        while period.from < self.closes.until && until.is_none_or(|until| period.from < until) {
            periods.push(period.from);
            if periods.len() > limits::CLOSED_PERIODS {
                return None;
            }
            period = self.period(period.until);
        }
        Some(periods)
    }

    /// Who has usage in closed periods that the latest version takes into them, and their first days.
    pub(crate) fn used_in_closed(&self) -> BTreeSet<(String, Date)> {
        let mut closing = Closing::of(self.version().plan());
        let mut all = BTreeSet::new();
        for (billed, facts) in self.subjects.iter() {
            let mut period: Option<Period> = None;
            for fact in facts.iter().filter(|fact| fact.late(&mut closing, fact.recorded).is_none()) {
                let at = Timestamp(fact.happened);
                if period.is_some_and(|period| period.contains(at)) {
                    continue;
                }
                let of = self.period(self.version().zone.local(at).0);
                if of.from >= self.closes.until {
                    break;
                }
                all.insert((billed.to_string(), of.from));
                period = Some(of);
            }
        }
        all
    }

    /// Who may have an invoice of a period, by name.
    pub(super) fn billed_in(&self, period: &Period) -> VecDeque<String> {
        let mut all: BTreeSet<String> = BTreeSet::new();
        for (billed, due) in self.due(period) {
            if due == *period && self.known_in(&billed, period) {
                all.insert(billed);
            }
        }
        // Who is served since always is so from the day on which that was said, wherever usage begins.
        for (subscription, placed) in self.all_placed() {
            let served = subscription.until.is_none_or(|until| period.from < until);
            if subscription.from.is_none() && placed < period.until && served {
                all.insert(subscription.billed().to_owned());
            }
        }
        // Who is no longer served may get back, or owe, what became known of earlier periods.
        let mut closing = Closing::of(self.version().plan());
        let within = |day: Date| period.from <= day && day < period.until;
        let restated = self.versions.iter().skip(1).any(|version| within(version.since));
        for (billed, facts) in self.subjects.iter() {
            let mut late = || facts.late(&mut closing).iter().any(|late: &Late| within(late.since));
            if !all.contains(&**billed) && !facts.is_empty() && (restated || late()) {
                all.insert(billed.to_string());
            }
        }
        all.into_iter().collect()
    }

    /// Whether somebody was known before the period ended: who is served *since always* is served
    /// since that was said, or since there is usage.
    fn known_in(&self, billed: &str, period: &Period) -> bool {
        let mut placed = self.placed(billed).peekable();
        if placed.peek().is_none() || placed.any(|(of, day)| of.from.is_some() || day < period.until) {
            return true;
        }
        let facts = self.subjects.get(billed);
        facts.is_some_and(|facts| facts.counting().any(|fact| period.contains(Timestamp(fact.happened))))
    }
}
