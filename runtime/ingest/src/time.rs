//! RFC 3339 instants, read by hand because every event has one.
//!
//! Never guesses a zone: a local time is refused unless the caller says it is UTC. Refuses
//! leap seconds and more than nanoseconds, which 64 bits of nanoseconds cannot tell apart.

use price_rating::RejectReason;

/// First accepted instant: 1700-01-01T00:00:00Z.
pub const FIRST: i64 = days(1700, 1, 1) * DAY;
/// First instant beyond the accepted ones: 2261-01-01T00:00:00Z.
pub const BEYOND: i64 = days(2261, 1, 1) * DAY;
/// Nanoseconds in a day.
const DAY: i64 = 86_400 * SECOND;
const SECOND: i64 = 1_000_000_000;

/// Days from 1970-01-01 to a civil date of the proleptic Gregorian calendar.
const fn days(year: i64, month: i64, day: i64) -> i64 {
    let year = if month <= 2 { year - 1 } else { year };
    let era = year.div_euclid(400);
    let of_era = year.rem_euclid(400);
    let of_year = (153 * (month + if month > 2 { -3 } else { 9 }) + 2) / 5 + day - 1;
    era * 146_097 + of_era * 365 + of_era / 4 - of_era / 100 + of_year - 719_468
}

fn month_days(year: i64, month: i64) -> i64 {
    match month {
        2 if year % 4 == 0 && (year % 100 != 0 || year % 400 == 0) => 29,
        2 => 28,
        4 | 6 | 9 | 11 => 30,
        _ => 31,
    }
}

fn two(bytes: &[u8], at: usize) -> Option<i64> {
    let (a, b) = (bytes.get(at)?.wrapping_sub(b'0'), bytes.get(at + 1)?.wrapping_sub(b'0'));
    (a < 10 && b < 10).then(|| i64::from(a) * 10 + i64::from(b))
}

/// Why a text is no instant.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Flaw {
    Shape,
    NoSuchDay,
    Local,
    Fraction,
    Leap,
    Range,
}

fn read(text: &str, assume_utc: bool) -> Result<i64, Flaw> {
    let bytes = text.as_bytes();
    let date = || {
        if bytes.get(4) != Some(&b'-') || bytes.get(7) != Some(&b'-') {
            return None;
        }
        Some((two(bytes, 0)? * 100 + two(bytes, 2)?, two(bytes, 5)?, two(bytes, 8)?))
    };
    let (year, month, day) = date().ok_or(Flaw::Shape)?;
    if !(1..=12).contains(&month) || day < 1 || day > month_days(year, month) {
        return Err(Flaw::NoSuchDay);
    }
    if bytes.len() == 10 {
        return Err(Flaw::Local);
    }
    let clock = || {
        if !matches!(bytes[10], b'T' | b't' | b' ') || bytes.get(13) != Some(&b':') || bytes.get(16) != Some(&b':') {
            return None;
        }
        Some((two(bytes, 11)?, two(bytes, 14)?, two(bytes, 17)?))
    };
    let (hour, minute, second) = clock().ok_or(Flaw::Shape)?;
    if second == 60 {
        return Err(Flaw::Leap);
    }
    if hour > 23 || minute > 59 || second > 59 {
        return Err(Flaw::NoSuchDay);
    }
    let (mut at, mut nanos) = (19, 0i64);
    if bytes.get(at) == Some(&b'.') {
        at += 1;
        let mut scale = SECOND;
        let first = at;
        while let Some(digit) = bytes.get(at).filter(|b| b.is_ascii_digit()) {
            scale /= 10;
            if scale == 0 && *digit != b'0' {
                return Err(Flaw::Fraction);
            }
            nanos += scale * i64::from(digit - b'0');
            at += 1;
        }
        if at == first {
            return Err(Flaw::Shape);
        }
    }
    let offset = match bytes.get(at) {
        Some(b'Z' | b'z') => {
            at += 1;
            0
        }
        Some(sign @ (b'+' | b'-')) => {
            let (Some(hours), Some(b':'), Some(minutes)) = (two(bytes, at + 1), bytes.get(at + 3), two(bytes, at + 4))
            else {
                return Err(Flaw::Shape);
            };
            if hours > 23 || minutes > 59 {
                return Err(Flaw::Shape);
            }
            at += 6;
            let seconds = hours * 3600 + minutes * 60;
            if *sign == b'-' { -seconds } else { seconds }
        }
        None if assume_utc => 0,
        None => return Err(Flaw::Local),
        Some(_) => return Err(Flaw::Shape),
    };
    if at != bytes.len() {
        return Err(Flaw::Shape);
    }
    let seconds = days(year, month, day) * 86_400 + hour * 3600 + minute * 60 + second - offset;
    seconds
        .checked_mul(SECOND)
        .and_then(|n| n.checked_add(nanos))
        .filter(|n| (FIRST..BEYOND).contains(n))
        .ok_or(Flaw::Range)
}

/// Nanoseconds since the epoch of an RFC 3339 text, within 1700 to 2260. With `assume_utc` a
/// time without a zone is one of UTC.
pub fn instant(text: &str, assume_utc: bool) -> Result<i64, RejectReason> {
    read(text, assume_utc).map_err(|flaw| {
        let shown: String = text.chars().take(40).map(|c| if c.is_control() { '\u{fffd}' } else { c }).collect();
        let problem = match flaw {
            Flaw::Shape => format!("`{shown}` is not an RFC 3339 time such as 2026-03-01T09:00:00Z"),
            Flaw::NoSuchDay => format!("`{shown}` names a day or time that does not exist"),
            Flaw::Local => format!(
                "`{shown}` does not say its offset from UTC; write `Z` or an offset such as `+01:00` behind the time"
            ),
            Flaw::Fraction => format!("`{shown}` is finer than a nanosecond; write at most nine digits"),
            Flaw::Leap => format!("`{shown}` is a leap second; write the second before or after it"),
            Flaw::Range => format!("`{shown}` is outside the years 1700 to 2260"),
        };
        RejectReason::BadTime { problem }
    })
}

/// The reason for a number of units since the epoch that is outside the accepted years.
pub(crate) fn outside(value: i64, unit: &str) -> RejectReason {
    RejectReason::BadTime { problem: format!("{value} {unit} since 1970 is outside the years 1700 to 2260") }
}

#[cfg(test)]
mod tests {
    use super::*;
    use price_value::Timestamp;

    #[test]
    fn agrees_with_the_general_reader() {
        for text in [
            "1970-01-01T00:00:00Z",
            "2026-03-01T09:00:00Z",
            "2024-02-29t23:59:59.999999999z",
            "2000-02-29T00:00:00.5-00:30",
            "1900-03-01T12:00:00+14:00",
            "1700-01-01T00:00:00Z",
            "2260-12-31T23:59:59.999999999Z",
            "2026-12-31T23:59:59-23:59",
        ] {
            assert_eq!(instant(text, false).unwrap(), Timestamp::parse_rfc3339(text).unwrap().0, "{text}");
        }
        assert_eq!(instant("1970-01-01T00:00:00.0000000000Z", false), Ok(0));
    }

    #[test]
    fn refuses_what_would_be_a_guess() {
        for (text, says) in [
            ("2026-03-01T09:00:00", "offset from UTC"),
            ("2026-03-01", "offset from UTC"),
            ("2026-02-29T00:00:00Z", "does not exist"),
            ("2026-02-28T24:00:00Z", "does not exist"),
            ("2026-02-28T23:59:60Z", "leap second"),
            ("2026-03-01T09:00:00.1234567891Z", "nanosecond"),
            ("2261-01-01T00:00:00Z", "1700 to 2260"),
            ("1699-12-31T23:59:59Z", "1700 to 2260"),
            ("0000-01-01T00:00:00Z", "1700 to 2260"),
            ("1772355600", "RFC 3339"),
            ("", "RFC 3339"),
            ("2026-03-01T09:00Z", "RFC 3339"),
            ("2026-03-01T09:00:00.Z", "RFC 3339"),
            ("2026-03-01T09:00:00+0100", "RFC 3339"),
            ("2026-03-01T09:00:00Zjunk", "RFC 3339"),
            ("２026-03-01T09:00:00Z", "RFC 3339"),
        ] {
            let reason = instant(text, false).unwrap_err().to_string();
            assert!(reason.contains(says), "{text}: {reason}");
        }
        assert_eq!(instant("1970-01-01T00:00:01", true), Ok(SECOND));
    }
}
