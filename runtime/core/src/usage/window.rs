//! Windows of the local clock.

use super::UsageQuery;
use price_value::{Date, Schedule, Timestamp, Window};

const SECOND: i64 = 1_000_000_000;

/// Length of a window.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum WindowSize {
    /// A minute.
    Minute,
    /// An hour of the local clock.
    Hour,
    /// A local day.
    Day,
    /// A local month.
    Month,
}

/// Windows of events that mostly come in stretches of time.
pub(super) struct Windows<'q> {
    query: &'q UsageQuery,
    last: Option<(i64, i64)>,
}

impl Windows<'_> {
    pub(super) fn new(query: &UsageQuery) -> Windows<'_> {
        Windows { query, last: None }
    }

    /// The first instant of the window that holds one, and the first behind it.
    pub(super) fn of(&mut self, at: i64) -> (i64, i64) {
        if let Some((from, until)) = self.last.filter(|(from, until)| *from <= at && at < *until) {
            return (from, until);
        }
        let zone = &self.query.zone;
        let local = |from: Date, until: Date| (zone.start_of(from).0, zone.start_of(until).0);
        let found = match self.query.window {
            None => (self.query.from.unwrap_or(0), self.query.until.unwrap_or(i64::MAX)),
            Some(WindowSize::Minute) => self.clock(at, 60),
            Some(WindowSize::Hour) => self.clock(at, 3_600),
            Some(WindowSize::Day) => {
                let day = zone.local(Timestamp(at)).0;
                local(day, day.add_days(1))
            }
            Some(WindowSize::Month) => {
                let month = Schedule { every: Window::Month, day: 1, month: 1 };
                let period = month.period_at(zone, Timestamp(at));
                local(period.from, period.until)
            }
        };
        self.last = Some(found);
        found
    }

    /// A stretch of so many seconds of the local clock. Where the clock jumps, the one that was
    /// begun ends and another begins.
    fn clock(&self, at: i64, seconds: u32) -> (i64, i64) {
        let (_, second) = self.query.zone.local(Timestamp(at));
        let since = at.rem_euclid(SECOND) + i64::from(second % seconds) * SECOND;
        let from = at.saturating_sub(since);
        let until = from.saturating_add(i64::from(seconds) * SECOND);
        let jump = self.query.zone.next_transition(Timestamp(from)).map_or(i64::MAX, |jump| jump.0);
        if jump <= at { (from.max(jump), until) } else { (from, until.min(jump)) }
    }
}
