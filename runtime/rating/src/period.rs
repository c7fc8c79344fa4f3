//! Billing periods and windows of a plan, by date and by instant.
//!
//! Windows of months and longer begin on the billing day, so they nest in one another and in
//! the billing period; days and hours follow the local clock.

use price_ir::Plan;
use price_value::time::NANOS_PER_SECOND;
use price_value::{Date, Period, Schedule, Timestamp, Window, Zone};
use rustc_hash::FxHashMap;
use serde::{Deserialize, Serialize};
use std::cell::Cell;

/// A stretch of time: `from <= t < until`, nanoseconds since the epoch.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
pub(crate) struct Stretch {
    pub(crate) from: i64,
    pub(crate) until: i64,
}

impl Stretch {
    pub(crate) fn holds(&self, at: i64) -> bool {
        self.from <= at && at < self.until
    }
}

/// The plan's calendar of periods. Indices of periods depend on first use and reach no output.
#[derive(Debug, Clone)]
pub(crate) struct Timeline {
    pub(crate) zone: Zone,
    pub(crate) billing: Schedule,
    periods: Vec<Period>,
    by_day: FxHashMap<Date, u32>,
    last: u32,
    /// The windows that were asked for last, of two lengths.
    windows: Cell<[Option<(Window, Stretch)>; 2]>,
    /// The period that was asked for last.
    found: Cell<Option<Period>>,
}

impl Timeline {
    /// `None` when the plan's zone is unknown.
    pub(crate) fn new(plan: &Plan) -> Option<Timeline> {
        let zone = Zone::get(&plan.zone)?;
        Some(Timeline {
            zone,
            billing: plan.billing.clone(),
            periods: Vec::new(),
            by_day: FxHashMap::default(),
            last: 0,
            windows: Cell::new([None; 2]),
            found: Cell::new(None),
        })
    }

    pub(crate) fn period(&self, index: u32) -> Period {
        self.periods[index as usize]
    }

    /// The index of the period that holds the instant.
    pub(crate) fn at(&mut self, at: i64) -> u32 {
        if let Some(period) = self.periods.get(self.last as usize)
            && period.contains(Timestamp(at))
        {
            return self.last;
        }
        let period = self.billing.period_at(&self.zone, Timestamp(at));
        self.last = self.index(&period);
        self.last
    }

    /// The index of a billing period.
    pub(crate) fn index(&mut self, period: &Period) -> u32 {
        if let Some(index) = self.by_day.get(&period.from) {
            return *index;
        }
        self.periods.push(*period);
        let index = self.periods.len() as u32 - 1;
        self.by_day.insert(period.from, index);
        index
    }

    /// First days of the periods, by index.
    pub(crate) fn save(&self) -> Vec<Date> {
        self.periods.iter().map(|period| period.from).collect()
    }

    /// Gives periods the indices that they had.
    pub(crate) fn load(&mut self, firsts: Vec<Date>) {
        (self.periods, self.by_day, self.last) = (Vec::new(), FxHashMap::default(), 0);
        for first in firsts {
            let period = self.billing.period_of(&self.zone, first);
            self.index(&period);
        }
    }

    /// Whether windows of this length restart inside a billing period.
    pub(crate) fn shorter(&self, window: Window) -> bool {
        window < self.billing.every
    }

    /// Whether windows of this length span several billing periods.
    pub(crate) fn longer(&self, window: Window) -> bool {
        window > self.billing.every
    }

    /// The days of the window that holds `date`; `None` for windows without an end of their own
    /// (term, never) and for hours.
    pub(crate) fn window_of(&self, window: Window, date: Date) -> Option<Period> {
        match window {
            Window::Hour | Window::Term | Window::Never => None,
            every => Some(Schedule { every, ..self.billing.clone() }.period_of(&self.zone, date)),
        }
    }

    /// The stretch of the window that holds the instant.
    pub(crate) fn window_at(&self, window: Window, at: i64) -> Stretch {
        let known = self.windows.get();
        let holds = |(of, stretch): &(Window, Stretch)| *of == window && stretch.holds(at);
        if let Some((_, stretch)) = known.into_iter().flatten().find(holds) {
            return stretch;
        }
        let stretch = self.find_window(window, at);
        // That of another length stays.
        let other = known.into_iter().flatten().find(|(of, _)| *of != window);
        self.windows.set([Some((window, stretch)), other]);
        stretch
    }

    /// The billing period that holds the instant.
    pub(crate) fn period_at(&self, at: Timestamp) -> Period {
        match self.found.get() {
            Some(known) if known.contains(at) => known,
            _ => {
                let period = self.billing.period_at(&self.zone, at);
                self.found.set(Some(period));
                period
            }
        }
    }

    fn find_window(&self, window: Window, at: i64) -> Stretch {
        if window == Window::Hour {
            let (_, second) = self.zone.local(Timestamp(at));
            let since = at.rem_euclid(NANOS_PER_SECOND) + i64::from(second % 3600) * NANOS_PER_SECOND;
            let from = at.saturating_sub(since);
            let until = from.saturating_add(3600 * NANOS_PER_SECOND);
            // Where the clock jumps, the hour that was begun ends and another begins.
            let jump = self.zone.next_transition(Timestamp(from)).map_or(i64::MAX, |t| t.0);
            return if jump <= at {
                Stretch { from: from.max(jump), until }
            } else {
                Stretch { from, until: until.min(jump) }
            };
        }
        let date = self.zone.local(Timestamp(at)).0;
        match self.window_of(window, date) {
            Some(period) => Stretch { from: period.start.0, until: period.end.0 },
            None => Stretch { from: i64::MIN, until: i64::MAX },
        }
    }

    /// The windows of a billing period or part of it, in order.
    pub(crate) fn windows(&self, window: Window, within: Stretch) -> Vec<Stretch> {
        let mut out = Vec::new();
        let mut at = within.from;
        while at < within.until {
            let stretch = self.window_at(window, at);
            out.push(stretch);
            at = stretch.until;
        }
        out
    }

    /// The windows whose days lie wholly or partly in `[from, until)`, in order. Day and longer.
    pub(crate) fn day_windows(&self, window: Window, from: Date, until: Date) -> Vec<Period> {
        let mut out = Vec::new();
        let mut date = from;
        while date < until {
            let Some(period) = self.window_of(window, date) else { break };
            date = period.until;
            out.push(period);
        }
        out
    }

    /// Local date of an instant.
    pub(crate) fn date(&self, at: i64) -> Date {
        self.zone.local(Timestamp(at)).0
    }
}

/// How the cells of a sink are cut in time: by the shortest window some reader needs, and at
/// dates on which a rate changes inside a period.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub(crate) struct Slicing {
    /// A window shorter than the billing period.
    pub(crate) window: Option<Window>,
    /// Instants of rate changes, sorted.
    pub(crate) cuts: Vec<i64>,
}

impl Slicing {
    /// Whether a period is always one slice.
    pub(crate) fn none(&self) -> bool {
        self.window.is_none() && self.cuts.is_empty()
    }

    /// All slices of a period, in order.
    pub(crate) fn all(&self, time: &Timeline, period: &Period) -> Vec<Stretch> {
        let mut out = Vec::new();
        let mut at = period.start.0;
        while at < period.end.0 {
            let slice = self.at(time, period, at);
            out.push(slice);
            at = slice.until;
        }
        out
    }

    /// The slice of `period` that holds the instant.
    pub(crate) fn at(&self, time: &Timeline, period: &Period, at: i64) -> Stretch {
        let mut slice = Stretch { from: period.start.0, until: period.end.0 };
        if let Some(window) = self.window {
            let inner = time.window_at(window, at);
            slice = Stretch { from: inner.from.max(slice.from), until: inner.until.min(slice.until) };
        }
        let next = self.cuts.partition_point(|cut| *cut <= at);
        if let Some(cut) = self.cuts.get(next) {
            slice.until = slice.until.min(*cut);
        }
        if next > 0 {
            slice.from = slice.from.max(self.cuts[next - 1]);
        }
        slice
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn timeline(every: Window, zone: &str) -> Timeline {
        Timeline {
            zone: Zone::get(zone).unwrap(),
            billing: Schedule { every, day: 15, month: 4 },
            periods: vec![],
            by_day: FxHashMap::default(),
            last: 0,
            windows: Cell::new([None; 2]),
            found: Cell::new(None),
        }
    }

    #[test]
    fn windows_nest_in_the_billing_period() {
        let mut time = timeline(Window::Year, "Europe/Berlin");
        let year = time.billing.period_of(&time.zone, "2026-06-01".parse().unwrap());
        let index = time.index(&year);
        assert_eq!(time.at(year.start.0), index);
        assert_eq!(time.at(year.end.0 - 1), index);
        assert_ne!(time.at(year.end.0), index);
        let within = Stretch { from: year.start.0, until: year.end.0 };
        assert_eq!(time.windows(Window::Month, within).len(), 12);
        assert_eq!(time.windows(Window::Day, within).len(), 365);
        assert_eq!(time.windows(Window::Hour, within).len(), 8760);
        for window in [Window::Hour, Window::Day, Window::Month, Window::Quarter] {
            let windows = time.windows(window, within);
            assert_eq!(windows[0].from, year.start.0);
            assert_eq!(windows.last().unwrap().until, year.end.0);
            assert!(windows.windows(2).all(|w| w[0].until == w[1].from));
        }
    }

    #[test]
    fn an_hour_is_an_hour_of_the_local_clock() {
        let time = timeline(Window::Month, "Asia/Kolkata");
        let at = Timestamp::parse_rfc3339("2026-03-04T10:45:00+05:30").unwrap().0;
        let hour = time.window_at(Window::Hour, at);
        assert_eq!(Timestamp(hour.from).to_string(), "2026-03-04T04:30:00Z");
        assert_eq!(hour.until - hour.from, 3600 * NANOS_PER_SECOND);
    }

    #[test]
    fn slices_are_cut_by_window_and_by_rate_change() {
        let time = timeline(Window::Month, "UTC");
        let period = time.billing.period_of(&time.zone, "2026-05-20".parse().unwrap());
        let cut = time.zone.start_of("2026-06-01".parse().unwrap()).0;
        let slicing = Slicing { window: None, cuts: vec![cut] };
        assert_eq!(slicing.at(&time, &period, cut - 1), Stretch { from: period.start.0, until: cut });
        assert_eq!(slicing.at(&time, &period, cut), Stretch { from: cut, until: period.end.0 });
    }
}
