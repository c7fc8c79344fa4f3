//! Labels from local time: which slot of a calendar holds at an instant, and until when.
//!
//! Clock changes are real here: a slot `02:00..04:00` lasts an hour longer or shorter on those
//! days, and a local time that does not exist never holds.

use price_ir::{Batch, Calendar, Slot};
use price_value::{Date, Timestamp, Zone};
use rustc_hash::FxHashMap;

const HOUR: i64 = 3600 * price_value::time::NANOS_PER_SECOND;
/// No label holds for a whole hour.
const MIXED: u32 = u32::MAX;

/// A calendar with its zone, answering per instant.
#[derive(Debug, Clone)]
pub struct Clock {
    calendar: Calendar,
    zone: Zone,
    /// Label of whole UTC hours, or [`MIXED`].
    hours: FxHashMap<i64, u32>,
    /// The stretch that was asked for last.
    last: Stretch,
}

/// A stretch of time with one label: `from <= t < until`.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Stretch {
    /// First instant, nanoseconds since the epoch.
    pub from: i64,
    /// First instant after it.
    pub until: i64,
    /// Label code.
    pub label: u32,
}

impl Clock {
    /// `None` when the zone is unknown.
    pub fn new(calendar: &Calendar) -> Option<Clock> {
        let zone = Zone::get(&calendar.zone)?;
        let last = Stretch { from: 0, until: 0, label: 0 };
        Some(Clock { calendar: calendar.clone(), zone, hours: FxHashMap::default(), last })
    }

    /// The label at an instant.
    pub fn label(&mut self, at: i64) -> u32 {
        let hour = at.div_euclid(HOUR);
        match self.hours.get(&hour) {
            Some(label) if *label != MIXED => return *label,
            Some(_) => return self.stretch(at).label,
            None => {}
        }
        let start = hour.saturating_mul(HOUR);
        let first = self.stretch(start);
        let whole = first.until >= start.saturating_add(HOUR);
        self.hours.insert(hour, if whole { first.label } else { MIXED });
        if whole { first.label } else { self.stretch(at).label }
    }

    /// A stretch that holds the instant. It may end before its label does.
    pub fn stretch(&mut self, at: i64) -> Stretch {
        if self.last.from <= at && at < self.last.until {
            return self.last;
        }
        let (date, second) = self.zone.local(Timestamp(at));
        let label = self.label_of_local(date, second);
        // Labels change only at a slot's edge, at midnight, or where the clock itself jumps.
        let mut until = self.zone.start_of(date.add_days(1)).0;
        if let Some(jump) = self.zone.next_transition(Timestamp(at)) {
            until = until.min(jump.0);
        }
        let edges = self.calendar.slots.iter().flat_map(|s| [s.from, s.to]);
        for edge in edges.filter(|e| *e > second && *e < 86_400) {
            // Without a jump before `until`, local and real time run at the same pace.
            let ahead = i64::from(edge - second) * price_value::time::NANOS_PER_SECOND;
            let within = at.rem_euclid(price_value::time::NANOS_PER_SECOND);
            until = until.min(at.saturating_sub(within).saturating_add(ahead));
        }
        self.last = Stretch { from: at, until: until.max(at.saturating_add(1)), label };
        self.last
    }

    fn label_of_local(&self, date: Date, second: u32) -> u32 {
        let holds = |slot: &Slot, date: Date| {
            slot.months & (1 << (date.month() - 1)) != 0
                && slot.days & (1 << date.weekday()) != 0
                && slot.except.binary_search(&date).is_err()
        };
        let found = self.calendar.slots.iter().find(|slot| {
            if slot.from < slot.to {
                return slot.from <= second && second < slot.to && holds(slot, date);
            }
            // Wraps midnight: the morning belongs to the day before.
            (second >= slot.from && holds(slot, date)) || (second < slot.to && holds(slot, date.add_days(-1)))
        });
        // The last slot always holds (verified); a calendar without slots is refused there too.
        found.or(self.calendar.slots.last()).map_or(0, |slot| slot.label)
    }
}

/// Fills [`Batch::calendars`] for the calendars that `wanted` names.
pub(crate) fn fill(clocks: &mut [Clock], wanted: &[bool], batch: &mut Batch) {
    batch.calendars.resize_with(clocks.len(), Vec::new);
    for ((clock, column), wanted) in clocks.iter_mut().zip(&mut batch.calendars).zip(wanted) {
        column.clear();
        if *wanted {
            column.extend(batch.happened.iter().map(|at| clock.label(*at)));
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn slot(label: u32, days: u8, from: u32, to: u32) -> Slot {
        Slot { label, months: 0xfff, days, from: from * 3600, to: to * 3600, except: vec![] }
    }

    fn clock(slots: Vec<Slot>) -> Clock {
        Clock::new(&Calendar { name: "c".into(), zone: "Europe/Berlin".into(), slots }).unwrap()
    }

    fn at(text: &str) -> i64 {
        Timestamp::parse_rfc3339(text).unwrap().0
    }

    #[test]
    fn a_slot_includes_its_start_and_excludes_its_end() {
        let mut c = clock(vec![slot(0, 0b11111, 8, 20), slot(1, 0x7f, 0, 24)]);
        assert_eq!(c.label(at("2026-03-04T07:59:59.999999999+01:00")), 1);
        assert_eq!(c.label(at("2026-03-04T08:00:00+01:00")), 0);
        assert_eq!(c.label(at("2026-03-04T19:59:59.999999999+01:00")), 0);
        assert_eq!(c.label(at("2026-03-04T20:00:00+01:00")), 1);
        assert_eq!(c.label(at("2026-03-07T12:00:00+01:00")), 1, "a Saturday");
        assert_eq!(c.stretch(at("2026-03-04T19:59:30.5+01:00")).until, at("2026-03-04T20:00:00+01:00"));
    }

    #[test]
    fn a_night_that_wraps_midnight_belongs_to_the_day_it_began_on() {
        // Friday 22:00 to Saturday 06:00.
        let mut c = clock(vec![slot(0, 1 << 4, 22, 6), slot(1, 0x7f, 0, 24)]);
        assert_eq!(c.label(at("2026-03-06T23:00:00+01:00")), 0);
        assert_eq!(c.label(at("2026-03-07T05:59:59+01:00")), 0);
        assert_eq!(c.label(at("2026-03-07T06:00:00+01:00")), 1);
        assert_eq!(c.label(at("2026-03-06T05:00:00+01:00")), 1, "Thursday's night is none");
    }

    #[test]
    fn holidays_and_months_are_left_out() {
        let mut summer = slot(0, 0x7f, 14, 20);
        summer.months = 0b11_1110_0000 & !(1 << 9);
        summer.except = vec!["2026-07-04".parse().unwrap()];
        let mut c = clock(vec![summer, slot(1, 0x7f, 0, 24)]);
        assert_eq!(c.label(at("2026-07-03T15:00:00+02:00")), 0);
        assert_eq!(c.label(at("2026-07-04T15:00:00+02:00")), 1);
        assert_eq!(c.label(at("2026-02-03T15:00:00+01:00")), 1);
    }

    #[test]
    fn clock_changes_lengthen_and_shorten_a_night() {
        let seconds = |day: &str, slots: Vec<Slot>| {
            let mut c = clock(slots);
            let (mut t, end) = (at(&format!("{day}T00:00:00Z")) - 2 * HOUR, at(&format!("{day}T12:00:00Z")));
            let mut total = 0;
            while t < end {
                let s = c.stretch(t);
                if s.label == 0 {
                    total += s.until.min(end) - t;
                }
                assert_eq!(c.label(s.until - 1), s.label);
                t = s.until;
            }
            total / 1_000_000_000
        };
        let night = || vec![slot(0, 0x7f, 1, 5), slot(1, 0x7f, 0, 24)];
        assert_eq!(seconds("2026-03-28", night()), 4 * 3600);
        assert_eq!(seconds("2026-03-29", night()), 3 * 3600);
        assert_eq!(seconds("2026-10-25", night()), 5 * 3600);
    }

    #[test]
    fn the_hour_cache_answers_as_the_slots_do() {
        let slots = vec![slot(0, 0b11111, 8, 20), slot(2, 0x7f, 22, 3), slot(1, 0x7f, 0, 24)];
        let (mut cached, plain) = (clock(slots.clone()), clock(slots));
        let start = at("2026-03-27T00:00:00Z");
        for step in 0..3000 {
            let t = start + step * 97 * 1_000_000_000 + 13;
            let (date, second) = plain.zone.local(Timestamp(t));
            assert_eq!(cached.label(t), plain.label_of_local(date, second));
        }
    }
}
