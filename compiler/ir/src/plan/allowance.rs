//! Included usage: what it covers, in which order, and what is left of it.

use crate::plan::{LineIx, Proration, RuleIx, SinkIx};
use price_value::{Rational, Window};
use serde::{Deserialize, Serialize};

/// Free quantity per window.
#[derive(Debug, Clone, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub struct Allowance {
    /// Declared name.
    pub name: String,
    /// Quantity granted per window, in `unit`; with `times`, for each unit of that sink;
    /// with `events`, how many.
    pub quantity: Rational,
    /// A sink without cells whose quantity over the billing period, as far as it is above zero,
    /// says how often `quantity` is granted.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub times: Option<SinkIx>,
    /// It counts events and covers what they measure. Left out where it does not, so that plans
    /// without such allowances keep their hash.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub events: Option<FreeEvents>,
    /// Unit, for display; the covered sinks' quantities convert by [`Covers::factor`].
    pub unit: String,
    /// When it is granted again.
    pub per: Window,
    /// What it covers.
    pub covers: Vec<Covers>,
    /// How it is shared among cells that compete for it.
    pub draw: DrawOrder,
    /// What an unused rest becomes.
    pub rollover: Option<Rollover>,
    /// A partial period's grant.
    pub prorate: Proration,
    /// Rule of the source.
    pub rule: RuleIx,
}

/// An allowance of events: each that measures something draws one unit and is covered wholly, as
/// long as units and the amount last. What is left of the last unit when the amount ends is gone.
#[derive(Debug, Clone, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub struct FreeEvents {
    /// Most that is covered per window, in the unit of the line's measure; of one line only.
    pub up_to: Option<Rational>,
}

/// A line (and cells of it) that an allowance covers.
#[derive(Debug, Clone, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub struct Covers {
    /// Line.
    pub line: LineIx,
    /// Mask over the cells of the line's sink (closed keys); `None`: all.
    pub cells: Option<Vec<bool>>,
    /// Allowance units per unit of the line's quantity.
    pub factor: Rational,
}

/// How an allowance meets cells of different prices.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum DrawOrder {
    /// Only one cell can compete, or all have the same price.
    Single,
    /// In proportion to the cells' quantities.
    ProRata,
    /// The cell with the lowest first-unit rate first, ties by cell order.
    CheapestFirst,
    /// The highest first.
    DearestFirst,
    /// As events happen, in folding order.
    AsUsed,
}

/// `rollover up to 20% for 1 month`.
#[derive(Debug, Clone, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub struct Rollover {
    /// Most that is carried, in the allowance's unit.
    pub at_most: Rational,
    /// Windows for which a carried lot may be used.
    pub windows: u32,
}
