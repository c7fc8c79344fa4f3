//! Numbers, money, dates: the text as written beside a value that can be read without guessing.
//!
//! No arithmetic happens here. Values are decimal strings: an optional `-`, digits without
//! leading zeros, and a fraction without trailing zeros if there is one (`1250000`, `-0.0025`, `0`).

use super::Name;
use price_diagnostics::Span;

/// A plain number, `1_000`, `2.5M`.
#[derive(Clone, PartialEq, Eq, Hash, Debug)]
pub struct Number {
    /// As written.
    pub text: String,
    /// Decimal string with `_` taken out and the suffix `k`, `M` or `bn` multiplied in.
    pub value: String,
    /// Where.
    pub span: Span,
}

impl Number {
    /// The value as a whole number, if it is one and fits.
    #[must_use]
    pub fn as_u64(&self) -> Option<u64> {
        self.value.parse().ok()
    }
}

/// Money with its symbol in front, `-$5.00`; `0.002 USD` is a [`Quantity`] until names are known.
#[derive(Clone, PartialEq, Eq, Hash, Debug)]
pub struct Money {
    /// As written.
    pub text: String,
    /// `$`, `€`, `£` or `¥`.
    pub symbol: char,
    /// Decimal string of the amount in whole currency units, sign included.
    pub value: String,
    /// Where.
    pub span: Span,
}

/// A share, `12.5%` or `25 bps`.
#[derive(Clone, PartialEq, Eq, Hash, Debug)]
pub struct Percent {
    /// As written.
    pub text: String,
    /// Decimal string of the number in front of the sign: `12.5` for `12.5%`, `25` for `25 bps`.
    pub value: String,
    /// Hundredths or ten-thousandths.
    pub scale: PercentScale,
    /// Where.
    pub span: Span,
}

/// What a share is counted in.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug)]
pub enum PercentScale {
    /// `%`: hundredths.
    Percent,
    /// `bps`: ten-thousandths.
    BasisPoints,
}

/// A number and a unit, `50k calls`, `0.002 USD`, `3 months`.
///
/// Whether the name is a unit, a currency or a calendar span is decided where names are known.
#[derive(Clone, PartialEq, Eq, Hash, Debug)]
pub struct Quantity {
    /// The number; negative in `-5 GB`.
    pub number: Number,
    /// The unit or currency.
    pub unit: Name,
    /// Where.
    pub span: Span,
}

/// A calendar date that exists.
#[derive(Clone, PartialEq, Eq, Hash, Debug)]
pub struct Date {
    /// Year, 0 to 9999.
    pub year: u16,
    /// Month, 1 to 12.
    pub month: u8,
    /// Day, 1 to the length of the month.
    pub day: u8,
    /// Where.
    pub span: Span,
}

/// A time of day.
#[derive(Clone, PartialEq, Eq, Hash, Debug)]
pub struct Clock {
    /// Hour, 0 to 24; 24 only as `24:00`, the end of the day.
    pub hour: u8,
    /// Minute, 0 to 59.
    pub minute: u8,
    /// Second, 0 to 59; 0 if not written.
    pub second: u8,
    /// Where.
    pub span: Span,
}

/// A date, or a date with a time of day, in the zone of the contract.
#[derive(Clone, PartialEq, Eq, Hash, Debug)]
pub struct Moment {
    /// The date.
    pub date: Date,
    /// The time of day; the start of the day if not written.
    pub clock: Option<Clock>,
    /// Minutes east of UTC if an offset was written, for local times that occur twice.
    pub offset_minutes: Option<i16>,
    /// Where.
    pub span: Span,
}

/// A stretch of calendar time.
#[derive(Clone, PartialEq, Eq, Hash, Debug)]
pub struct Period {
    /// Which one.
    pub kind: PeriodKind,
    /// Where.
    pub span: Span,
}

/// The spellings of a stretch of calendar time.
#[derive(Clone, PartialEq, Eq, Hash, Debug)]
pub enum PeriodKind {
    /// `2026`.
    Year {
        /// The year.
        year: u16,
    },
    /// `2026-Q1`.
    Quarter {
        /// The year.
        year: u16,
        /// 1 to 4.
        quarter: u8,
    },
    /// `2026-01`.
    Month {
        /// The year.
        year: u16,
        /// 1 to 12.
        month: u8,
    },
    /// `2026-01-31`: that one day.
    Day(Date),
    /// `2026-01-01 through 2026-03-31` or `2026-01-01 until 2026-04-01`.
    Range {
        /// The first day.
        from: Date,
        /// The other end.
        end: RangeEnd,
    },
}

/// The last day of a range.
#[derive(Clone, PartialEq, Eq, Hash, Debug)]
pub struct RangeEnd {
    /// The day that was written.
    pub date: Date,
    /// `through` includes the day, `until` does not.
    pub inclusive: bool,
    /// Where, the word included.
    pub span: Span,
}

/// `from D through D` behind a statement; at least one end is there.
#[derive(Clone, PartialEq, Eq, Hash, Debug)]
pub struct Validity {
    /// First day.
    pub from: Option<Date>,
    /// Last day.
    pub end: Option<RangeEnd>,
    /// Where.
    pub span: Span,
}

/// A length of time with its rule for short months: `3 months or last day`, `90 seconds`.
#[derive(Clone, PartialEq, Eq, Hash, Debug)]
pub struct Duration {
    /// How many.
    pub number: Number,
    /// Of what: `days`, `months`, `seconds`.
    pub unit: Name,
    /// Whether `or last day` was written.
    pub or_last_day: bool,
    /// Where.
    pub span: Span,
}

/// The words for a recurring period.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Debug)]
pub enum PeriodWord {
    /// `hour`
    Hour,
    /// `day`
    Day,
    /// `week`
    Week,
    /// `month`
    Month,
    /// `quarter`
    Quarter,
    /// `year`
    Year,
}

impl PeriodWord {
    /// The word, `month`.
    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            PeriodWord::Hour => "hour",
            PeriodWord::Day => "day",
            PeriodWord::Week => "week",
            PeriodWord::Month => "month",
            PeriodWord::Quarter => "quarter",
            PeriodWord::Year => "year",
        }
    }

    /// The period a word names.
    #[must_use]
    pub fn from_word(word: &str) -> Option<Self> {
        Some(match word {
            "hour" => PeriodWord::Hour,
            "day" => PeriodWord::Day,
            "week" => PeriodWord::Week,
            "month" => PeriodWord::Month,
            "quarter" => PeriodWord::Quarter,
            "year" => PeriodWord::Year,
            _ => return None,
        })
    }
}

/// Over which stretch something is counted before it starts anew.
#[derive(Clone, PartialEq, Eq, Hash, Debug)]
pub struct Window {
    /// Which stretch.
    pub kind: WindowKind,
    /// Where.
    pub span: Span,
}

/// The stretches over which something can be counted.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug)]
pub enum WindowKind {
    /// `each month`, `per month`.
    Each(PeriodWord),
    /// `over the term`: once per contract term.
    OverTerm,
    /// `without reset`: never starts anew.
    WithoutReset,
}
