//! `--in`: the time to bill.

use crate::trouble::Trouble;
use price_value::Date;

/// First day and first day after.
pub type Days = (Date, Date);

/// Reads `2026-03`, `2026-Q1`, `2026`, `2026-03-15` or `2026-01-01..2026-04-01`.
pub fn parse(text: &str) -> Result<Days, Trouble> {
    read(text).filter(|(from, until)| from < until).ok_or_else(|| {
        Trouble::new("C040", format!("`{text}` is not a time to bill"))
            .help("write 2026-03, 2026-Q1, 2026, 2026-03-15, or 2026-01-01..2026-04-01 with the end excluded")
    })
}

fn read(text: &str) -> Option<Days> {
    if let Some((from, until)) = text.split_once("..") {
        return Some((from.parse().ok()?, until.parse().ok()?));
    }
    if let Ok(day) = text.parse::<Date>() {
        return Some((day, day.add_days(1)));
    }
    let months = |year: &str, month: i8, count: i32| {
        let four = year.len() == 4 && year.bytes().all(|b| b.is_ascii_digit());
        let from = Date::new(year.parse().ok().filter(|_| four)?, month, 1)?;
        Some((from, from.add_months(count, 1)))
    };
    match text.split_once('-') {
        None => months(text, 1, 12),
        Some((year, quarter)) if quarter.starts_with(['Q', 'q']) => {
            let number: i8 = quarter[1..].parse().ok().filter(|n| (1..=4).contains(n))?;
            months(year, number * 3 - 2, 3)
        }
        Some((year, month)) if month.len() == 2 => months(year, month.parse().ok()?, 1),
        Some(_) => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn spans_of_every_kind() {
        for (text, from, until) in [
            ("2026-03", "2026-03-01", "2026-04-01"),
            ("2026-12", "2026-12-01", "2027-01-01"),
            ("2026-Q2", "2026-04-01", "2026-07-01"),
            ("2026", "2026-01-01", "2027-01-01"),
            ("2026-03-31", "2026-03-31", "2026-04-01"),
            ("2026-01-01..2026-04-01", "2026-01-01", "2026-04-01"),
        ] {
            assert_eq!(read(text), Some((from.parse().unwrap(), until.parse().unwrap())), "{text}");
        }
        for text in ["", "26", "2026-13", "2026-Q5", "2026-3", "march", "2026-04-01..2026-01-01", "2026-Qä", "é-1"] {
            assert!(parse(text).is_err(), "{text}");
        }
    }
}
