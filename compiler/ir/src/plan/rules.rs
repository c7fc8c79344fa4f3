//! Which function is charged in which cell from which day on.

use crate::func::Expr;
use crate::plan::RuleIx;
use price_value::Date;
use serde::{Deserialize, Serialize};

/// Which function prices which cell, by date.
#[derive(Debug, Clone, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub struct Rules {
    /// The functions, each with the rule it comes from.
    pub functions: Vec<Function>,
    /// Consecutive stretches of time; the first has no start, starts increase.
    pub regimes: Vec<Regime>,
}

/// From a date on, the rule of every cell.
#[derive(Debug, Clone, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub struct Regime {
    /// First day; `None` for the first regime.
    pub from: Option<Date>,
    /// One entry per cell of the keys with `in_cell` and a closed dimension (mixed radix, first
    /// key most significant); a single entry where there is no such key.
    pub cells: Vec<CellRule>,
}

/// What applies to a cell.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum CellRule {
    /// Index into [`Rules::functions`].
    Function(u32),
    /// `n/a`: usage here is an error.
    NotSold,
}

/// A price function with its origin.
#[derive(Debug, Clone, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub struct Function {
    /// Money as a function of `Arg` (and, on an event, of fields). In currency units.
    pub amount: Expr,
    /// The rules of the source that made it, outermost last (price, then override).
    pub rules: Vec<RuleIx>,
}
