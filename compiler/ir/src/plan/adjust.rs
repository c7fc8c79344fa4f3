//! What bounds or lowers amounts: clamps, discounts, partial periods.

use crate::plan::{LineIx, RuleIx};
use price_value::{Rational, Span, Window};
use serde::{Deserialize, Serialize};

/// A floor or ceiling.
#[derive(Debug, Clone, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub struct LineClamp {
    /// Floor (`at least`, `minimum`) or ceiling (`at most`, `cap`).
    pub bound: Bound,
    /// Money per window.
    pub amount: Rational,
    /// The window it is counted in; the billing period or longer multiples of it are whole
    /// periods' worth.
    pub per: Window,
    /// A floor applies only if there was usage.
    pub if_used: bool,
    /// Scales with the days of a partial period.
    pub prorate: Proration,
    /// Days on which it applies.
    pub during: Span,
    /// Rule of the source.
    pub rule: RuleIx,
}

/// Which side of a clamp.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Bound {
    /// A lower bound.
    Floor,
    /// An upper bound.
    Ceiling,
}

/// `minimum SCOPE at …`, `cap SCOPE at …`.
#[derive(Debug, Clone, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub struct GroupClamp {
    /// Name of the line a minimum makes (`minimum`, `minimum 2`); for a cap, of its trace.
    pub name: String,
    /// The lines it counts.
    pub scope: Vec<LineIx>,
    /// The clamp.
    pub clamp: LineClamp,
    /// Order on the invoice.
    pub order: u32,
}

/// What a partial first or last period does to an amount.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Proration {
    /// Whole amount.
    Never,
    /// Served local calendar days over the period's.
    Daily,
    /// The same where every month counts thirty days ([`price_value::Date::days_until_30`]); of fees
    /// without a level.
    DailyInMonthsOf30,
}

/// A discount on lines.
#[derive(Debug, Clone, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub struct Discount {
    /// Declared name.
    pub name: String,
    /// The lines it touches.
    pub scope: Vec<LineIx>,
    /// Restricts it to cells of usage lines: per line of `scope`, the mask over that line's
    /// cells (`None`: the whole line).
    pub cells: Vec<Option<Vec<bool>>>,
    /// What is taken off.
    pub off: DiscountOff,
    /// Days on which it applies (judged by the period's first day).
    pub during: Span,
    /// Rule of the source.
    pub rule: RuleIx,
}

/// What a discount takes off.
#[derive(Debug, Clone, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum DiscountOff {
    /// A share of what the discounts before it left, 0..=1.
    Share(Rational),
    /// Money per period, at most what is left; split over the lines by largest remainder.
    Amount(Rational),
}
