//! A compiled plan: dimensions, events, sinks (what is aggregated), lines (what is charged),
//! balances and adjustments. Plain data, hashed by meaning, no source positions
//! (those are in [`crate::SourceMap`]).

mod adjust;
mod allowance;
mod index;
mod line;
mod reads;
mod rules;
mod schema;
mod sink;

pub use adjust::*;
pub use allowance::*;
pub use index::*;
pub use line::*;
pub use rules::*;
pub use schema::*;
pub use sink::*;

use crate::funds::{CurrencyIx, Funds};
use price_value::{Currency, Rounding, Schedule, Span, Window};
use serde::{Deserialize, Serialize};

/// What kind of declaration the plan was compiled from.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum PlanKind {
    /// `ratecard`
    RateCard,
    /// `plan`
    Plan,
    /// `contract`
    Contract,
}

/// A compiled plan or rate card.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Plan {
    /// Declared name.
    pub name: String,
    /// Declaration.
    pub kind: PlanKind,
    /// `version N`, if declared.
    pub version: Option<u32>,
    /// Parties and term of a contract.
    pub parties: Option<Parties>,
    /// Currency of every amount, but for lines in a [`Plan::foreign`] one.
    pub currency: Currency,
    /// Other currencies of lines, mostly virtual ones, with the rounding of their lines.
    pub foreign: Vec<(Currency, LineRounding)>,
    /// IANA zone of periods, windows and proration.
    pub zone: String,
    /// Billing periods.
    pub billing: Schedule,
    /// Days of `net N days`, printed on the invoice.
    pub net_days: Option<u32>,
    /// Days on which the plan may be used.
    pub effective: Span,
    /// Where lines are rounded.
    pub rounding: LineRounding,
    /// What happens to usage that arrives after its period closed.
    pub late: Option<LatePolicy>,
    /// Finite or open sets of labels.
    pub dimensions: Vec<Dimension>,
    /// Labels from local time.
    pub calendars: Vec<Calendar>,
    /// Schemas of usage.
    pub events: Vec<Event>,
    /// Everything that is computed from single events and aggregated.
    pub sinks: Vec<Sink>,
    /// Quantities that are free until used up, in the order of the waterfall.
    pub allowances: Vec<Allowance>,
    /// The lines of the invoice in evaluation order: a line refers only to earlier ones.
    pub lines: Vec<Line>,
    /// Discounts in text order.
    pub discounts: Vec<Discount>,
    /// Minimums and caps, inner scope first, minimums before caps within one scope.
    pub clamps: Vec<GroupClamp>,
    /// Splits of a line's amount over a dimension, for information.
    pub attributions: Vec<Attribution>,
    /// Who pays.
    pub funds: Funds,
    /// Names of the rules amounts come from.
    pub rules: Vec<Rule>,
}

impl Plan {
    /// A currency and the rounding of lines in it.
    pub fn currency_at(&self, at: CurrencyIx) -> (&Currency, &LineRounding) {
        match at.ix().checked_sub(1) {
            None => (&self.currency, &self.rounding),
            Some(foreign) => (&self.foreign[foreign].0, &self.foreign[foreign].1),
        }
    }

    /// Number of cells of a sink over the closed keys with `in_cell`, 1 without such keys;
    /// `None` beyond [`crate::limits::CELLS`].
    pub fn cells(&self, sink: &Sink) -> Option<usize> {
        let keys = sink.keys.iter().filter(|key| key.in_cell);
        let sizes = keys.filter_map(|key| self.dimensions[key.dim.ix()].size());
        sizes.into_iter().try_fold(1usize, |cells, size| {
            cells.checked_mul(size as usize).filter(|cells| *cells <= crate::limits::CELLS)
        })
    }
}

/// Who made a contract, for whom and for how long.
#[derive(Debug, Clone, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub struct Parties {
    /// `seller "…"`.
    pub seller: Option<String>,
    /// `buyer "…"`, or `contract … with "…"`.
    pub buyer: Option<String>,
    /// The accounts whose usage it prices, billed together under the contract's name. Without any,
    /// the account of the contract's name.
    pub accounts: Vec<String>,
    /// Days of the term; without an end if it renews.
    pub term: Span,
    /// How long each renewal is.
    pub renews: Option<Window>,
    /// Days of the term on which nothing is served, in order and apart. Money that is not for
    /// service, such as a commitment's, knows no pause.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub pauses: Vec<Span>,
}

/// A rule of the source: a price, an override, a fee. Its position is in the source map.
#[derive(Debug, Clone, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub struct Rule {
    /// As a person would say it: `price storage`, `override price egress where region is eu`.
    pub title: String,
    /// Declaration it stands in: `ratecard cloud_2026 version 4`.
    pub within: String,
}

/// The plan's rounding of lines.
#[derive(Debug, Clone, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub struct LineRounding {
    /// What is rounded.
    pub each: RoundingScope,
    /// How.
    pub rounding: Rounding,
}

/// What `rounding each …` names.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum RoundingScope {
    /// The line once.
    Line,
    /// Every tier of every cell: tiers become lines of their own.
    Tier,
    /// Every cell: cells become lines of their own.
    Cell,
}

/// `late events accepted for N days then …`.
#[derive(Debug, Clone, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub struct LatePolicy {
    /// Grace after the period's end, in days.
    pub grace_days: u32,
    /// Refused after the grace, instead of adjusting the next period.
    pub then_rejected: bool,
}
