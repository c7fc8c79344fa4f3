//! What is charged: prices, fees and shares, as lines of the invoice.

use crate::func::Expr;
use crate::funds::{CurrencyIx, OWN};
use crate::plan::{AllowanceIx, LineClamp, LineIx, Proration, RuleIx, Rules, SinkIx};
use price_value::{Date, Rational, Span, Window};
use serde::{Deserialize, Serialize};

/// Tiers see usage before or after included amounts.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Counting {
    /// `F(q − covered)`.
    Net,
    /// `F(q) − F(covered)`; of volume prices and stairsteps, what is not covered at the tier that
    /// `q` reaches (see [`crate::Position`]).
    Gross,
}

/// A line of the invoice.
#[derive(Debug, Clone, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub struct Line {
    /// Name of the price, fee or rebate.
    pub name: String,
    /// A rebate: the amount is negated.
    pub rebate: bool,
    /// What is charged.
    pub charge: Charge,
    /// Floors and ceilings of this price alone, in order (floor first).
    pub clamps: Vec<LineClamp>,
    /// Scales with the days of a partial period.
    pub prorate: Proration,
    /// The rule of the source.
    pub rule: RuleIx,
    /// Order on the invoice (text order of the plan).
    pub order: u32,
    /// Currency of its amounts.
    pub currency: CurrencyIx,
    /// What catalogues and ledgers call it.
    pub about: About,
}

impl Line {
    /// Whether the line is in the plan's own currency.
    pub fn is_own(&self) -> bool {
        self.currency == OWN
    }
}

/// Names of a line in other systems, carried to every invoice.
#[derive(Debug, Clone, PartialEq, Eq, Hash, Default, Serialize, Deserialize)]
pub struct About {
    /// `tag compute`: sorted, without repetition.
    pub tags: Vec<String>,
    /// `product "SKU-1"`.
    pub product: Option<String>,
    /// `ledger "4000 usage"`.
    pub ledger: Option<String>,
}

/// What a line charges.
#[derive(Debug, Clone, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Charge {
    /// A fee.
    Fee(Fee),
    /// A function of a sink's quantity, cell by cell.
    Usage(UsageCharge),
    /// The sum of a [`crate::Fold::Charge`] sink.
    Events(SinkIx),
    /// A function of other lines: `3% of storage, egress`. `Arg` is the base in currency units.
    Share {
        /// The lines of the base, all earlier.
        of: Vec<LineIx>,
        /// Base after the discounts that touch those lines.
        after_discounts: bool,
        /// Money as a function of the base.
        amount: Expr,
    },
}

/// A fee.
#[derive(Debug, Clone, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub struct Fee {
    /// Amount per `per`.
    pub amount: Rational,
    /// Other amounts from these days on, in order: a window costs what holds on the day it is due.
    pub changes: Vec<(Date, Rational)>,
    /// `per month`, or once.
    pub per: FeeSchedule,
    /// Charged at the start of its stretch, not at its end.
    pub in_advance: bool,
    /// Days on which it applies.
    pub during: Span,
    /// The amount is per unit of this level (a [`crate::Fold::Last`] sink without cells). In advance it is
    /// charged for the level at the window's start; with [`Proration::Daily`] a rise inside the
    /// window is charged for the days left at once, a fall is credited with the next window.
    pub level: Option<SinkIx>,
}

impl Fee {
    /// What a window costs that is due on a day.
    pub fn amount_on(&self, day: Date) -> &Rational {
        let changed = self.changes.iter().rev().find(|(from, _)| *from <= day);
        changed.map_or(&self.amount, |(_, amount)| amount)
    }
}

/// How often a fee is due.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum FeeSchedule {
    /// In the first period of the subscription.
    Once,
    /// For each window; a window equal to the billing period is due once per invoice.
    Each(Window),
}

/// A price on a meter.
#[derive(Debug, Clone, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub struct UsageCharge {
    /// The quantity.
    pub sink: SinkIx,
    /// Rules by date and cell.
    pub rules: Rules,
    /// What the bounds of its tiers are multiples of; constants without one.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub scale: Option<TierScale>,
    /// What its cells have to do with each other.
    #[serde(default, skip_serializing_if = "Across::is_each")]
    pub across: Across,
    /// A floor for the quantity of each cell that earlier periods set.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub ratchet: Option<Ratchet>,
    /// Where the ladder restarts. The billing period itself unless written.
    pub window: Window,
    /// A rate change inside the period: each moment its own rate, the ladder going on
    /// (`true`), or the rate of the period's end (`false`).
    pub split_period: bool,
    /// Allowances that cover part of the quantity, in the order of the waterfall.
    pub covered_by: Vec<AllowanceIx>,
    /// How the covered part is priced away.
    pub counting: Counting,
    /// Quantities taken off the front by usage discounts, in `sink.unit`, summed over cells
    /// in cell order.
    pub less: Vec<DiscountedQuantity>,
}

/// `ratchet 80% of the past 11 months`: a cell counts at least this share of the most it measured
/// in one of the billing periods before. What a ratchet lifted does not count as measured. Only for
/// windows of one billing period and quantities that nothing covers or scales.
#[derive(Debug, Clone, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub struct Ratchet {
    /// 0 < share <= 1.
    pub share: Rational,
    /// Billing periods that are looked back on.
    pub periods: u32,
}

/// What the cells of a price have to do with each other. Only for windows that are no longer than
/// the billing period, and for quantities that nothing covers.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Default, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Across {
    /// Nothing: each is priced on its own.
    #[default]
    Each,
    /// The sum over all cells chooses the tier of each (functions that select, sums and counts).
    Total,
    /// Only the cell with the largest quantity is charged; of equals the first in cell order.
    Largest,
}

impl Across {
    /// Whether each cell is priced on its own.
    pub fn is_each(&self) -> bool {
        *self == Across::Each
    }
}

/// A measure that stretches the tiers of a price: at the scale `s`, the amount of a quantity `q` is
/// `s · F(q / s)`, `F` being the function of its rule (see [`Expr::stretched`]). A scale at or
/// below zero leaves all usage in the last tier.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum TierScale {
    /// The quantity of another sink over the same billing period, in its unit. Its cells are by
    /// some of the dimensions of the line's cells, and measured for those labels.
    Sink(SinkIx),
    /// The elapsed seconds of the line's window, served or not.
    Seconds,
}

/// `discount x = 100 calls on price`.
#[derive(Debug, Clone, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub struct DiscountedQuantity {
    /// Name of the discount.
    pub name: String,
    /// Quantity in the sink's unit.
    pub quantity: Rational,
    /// Days on which it applies (judged by the period's first day).
    pub during: Span,
    /// Rule of the source.
    pub rule: RuleIx,
}

/// `attribute LINE by DIMENSION`, or by account.
#[derive(Debug, Clone, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub struct Attribution {
    /// The line whose amount is split.
    pub line: LineIx,
    /// Sink with the dimension as its only cell key: the weights. By account, the line's own sink.
    pub by: SinkIx,
    /// Other lines whose amounts are split along (rebates on the line).
    pub with: Vec<LineIx>,
    /// By the accounts of the billed subject.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub accounts: bool,
}
