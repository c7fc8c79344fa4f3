//! The days of a period as payment sees them: windows, served days, levels, and which of them
//! have something to pay.

use super::desk::Days;
use crate::rater::Rater;
use crate::settle::Settlement;
use crate::subscription::Served;
use price_ir::{Charge, FeeSchedule, GrantAmount, GrantWhen, SinkIx};
use price_value::{Date, Period, Rational, Schedule, Window, Zone};
use std::collections::{BTreeMap, BTreeSet};

/// A stretch of a day after which lines are looked at: the day, or an hour of it.
#[derive(Debug, Clone, Copy)]
pub(super) struct Tick {
    /// Its end; none for the period's last, which sees everything.
    pub(super) until: Option<i64>,
    pub(super) day: Date,
    /// It is the day's first, or last.
    pub(super) opens: bool,
    pub(super) closes: bool,
    /// An hourly grant comes with it.
    pub(super) hourly: bool,
    /// Something happened in it that a line may depend on.
    pub(super) busy: bool,
}

/// Everything the desk asks for.
pub(super) struct HostDays {
    zone: Zone,
    billing: Schedule,
    served: Served,
    /// The customer's first day, and the first day after the last.
    pub(super) first: Date,
    pub(super) last: Option<Date>,
    levels: BTreeMap<u32, BTreeMap<Date, Rational>>,
    pub(super) ticks: Vec<Tick>,
}

impl Days for HostDays {
    fn window(&self, window: Window, day: Date) -> Option<(Date, Date)> {
        match window {
            Window::Hour | Window::Day => Some((day, day.add_days(1))),
            Window::Term | Window::Never => None,
            every => {
                let period = Schedule { every, ..self.billing.clone() }.period_of(&self.zone, day);
                Some((period.from, period.until))
            }
        }
    }

    fn served(&self, from: Date, until: Date) -> i64 {
        self.served.count(from, until)
    }

    fn level(&self, sink: SinkIx, day: Date) -> Rational {
        let known = self.levels.get(&sink.0).and_then(|days| days.range(..=day).next_back());
        known.map(|(_, level)| level.clone()).unwrap_or_default()
    }
}

impl Rater {
    /// The level of a sink at the end of each day of a period on which it is held.
    pub(crate) fn level_by_day(&mut self, sink: SinkIx, billed: u32, period: &Period) -> BTreeMap<Date, Rational> {
        let plan = self.plan.clone();
        let rule = &plan.sinks[sink.ix()];
        let mut days = BTreeMap::new();
        for read in self.read(sink, billed, period) {
            let level = read.reading.raw(&rule.fold, period.seconds()) * &rule.quantum;
            days.insert(self.time.date(read.slice), level);
        }
        days
    }

    pub(super) fn host_days(&mut self, s: &Settlement<'_>) -> HostDays {
        let plan = self.plan.clone();
        let mut levels = BTreeMap::new();
        for grant in plan.funds.balances.iter().flat_map(|b| &b.grants) {
            if let GrantAmount::PerUnit { level, .. } = &grant.amount
                && !levels.contains_key(&level.0)
            {
                levels.insert(level.0, self.level_by_day(*level, s.billed, &s.period));
            }
        }
        let served = self.accounts.billed[s.billed as usize].served.clone();
        HostDays {
            zone: self.time.zone.clone(),
            billing: self.time.billing.clone(),
            first: self.first_day(s.billed).unwrap_or(s.hull.from),
            last: served.until(),
            ticks: self.ticks(s),
            served,
            levels,
        }
    }

    fn ticks(&mut self, s: &Settlement<'_>) -> Vec<Tick> {
        let plan = self.plan.clone();
        let hourly =
            plan.funds.balances.iter().flat_map(|b| &b.grants).any(|g| g.when == GrantWhen::Each(Window::Hour));
        let busy = self.busy(s);
        let mut ticks = Vec::new();
        let mut day = s.hull.from;
        while day < s.hull.until {
            let next = day.add_days(1);
            let (from, until) = (self.time.zone.start_of(day).0, self.time.zone.start_of(next).0);
            let within = crate::period::Stretch { from, until };
            let cuts: Vec<i64> = match hourly {
                true => self.time.windows(Window::Hour, within).into_iter().map(|w| w.until.min(until)).collect(),
                false => vec![until],
            };
            let mut begins = from;
            for (place, cut) in cuts.iter().enumerate() {
                let last = next == s.hull.until && place + 1 == cuts.len();
                ticks.push(Tick {
                    until: (!last).then_some(*cut),
                    day,
                    opens: place == 0,
                    closes: place + 1 == cuts.len(),
                    hourly,
                    busy: last || busy.range(begins..*cut).next().is_some(),
                });
                begins = *cut;
            }
            day = next;
        }
        ticks
    }

    /// Instants in whose slices a line may change.
    fn busy(&mut self, s: &Settlement<'_>) -> BTreeSet<i64> {
        let plan = self.plan.clone();
        let mut busy = BTreeSet::new();
        let mut seen = BTreeSet::new();
        for line in &plan.lines {
            let sink = match &line.charge {
                Charge::Usage(usage) => usage.sink,
                Charge::Events(sink) => *sink,
                Charge::Share { .. } => continue,
                Charge::Fee(fee) => {
                    // Windows begin and end on these days; more are no harm.
                    let days: Vec<Date> = match fee.per {
                        FeeSchedule::Each(Window::Hour | Window::Day) => {
                            std::iter::successors(Some(s.hull.from), |d| Some(d.add_days(1)))
                                .take_while(|d| *d < s.hull.until)
                                .collect()
                        }
                        FeeSchedule::Each(window) => {
                            let windows = self.time.day_windows(window, s.hull.from, s.hull.until);
                            windows.iter().flat_map(|w| [w.from, w.until.add_days(-1)]).collect()
                        }
                        FeeSchedule::Once => Vec::new(),
                    };
                    let ends = fee.during.until.map(|day| day.add_days(-1));
                    let days = days.into_iter().chain(fee.during.from).chain(ends).chain([s.hull.from]);
                    busy.extend(days.map(|day| self.time.zone.start_of(day).0));
                    match fee.level {
                        Some(level) => level,
                        None => continue,
                    }
                }
            };
            if seen.insert(sink) {
                busy.extend(self.read(sink, s.billed, &s.period).iter().map(|read| read.slice));
            }
        }
        busy
    }
}
