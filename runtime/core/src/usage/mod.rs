//! How much was used, by windows and labels: what dashboards ask.
//!
//! Each event is judged by the meter of the plan itself, with its filter and its value; only what is
//! asked for is added up here. No price is involved. The machine gives the events, which is quick;
//! what is done with them needs the machine no more, and is done elsewhere.

mod gather;
mod label;
mod meter;
mod tally;
mod window;

pub use gather::Gathered;
pub use meter::MeterView;
pub use window::WindowSize;

use crate::limits;
use crate::machine::Machine;
use price_value::{Rational, Zone};
use std::collections::{BTreeMap, BTreeSet};

/// What is asked.
#[derive(Debug, Clone)]
pub struct UsageQuery {
    /// The meter.
    pub meter: String,
    /// First instant, in nanoseconds.
    pub from: Option<i64>,
    /// First instant behind, likewise.
    pub until: Option<i64>,
    /// Windows; none: one for all of it.
    pub window: Option<WindowSize>,
    /// The zone of windows.
    pub zone: Zone,
    /// Only these accounts; none: all.
    pub accounts: Option<BTreeSet<String>>,
    /// A row for each account.
    pub by_account: bool,
    /// A row for each label of these dimensions or fields.
    pub group_by: Vec<String>,
    /// Only what has such labels.
    pub labels: Vec<(String, Wanted)>,
}

impl UsageQuery {
    /// All of a meter, as one number.
    pub fn whole(meter: &str) -> UsageQuery {
        UsageQuery {
            meter: meter.to_owned(),
            from: None,
            until: None,
            window: None,
            zone: Zone::utc(),
            accounts: None,
            by_account: false,
            group_by: Vec::new(),
            labels: Vec::new(),
        }
    }
}

/// Labels that are wanted.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Wanted {
    /// One of these.
    OneOf(BTreeSet<String>),
    /// Any but these, and none at all.
    NoneOf(BTreeSet<String>),
}

impl Wanted {
    fn holds(&self, label: Option<&str>) -> bool {
        match self {
            Wanted::OneOf(labels) => label.is_some_and(|label| labels.contains(label)),
            Wanted::NoneOf(labels) => label.is_none_or(|label| !labels.contains(label)),
        }
    }
}

/// A quantity.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct UsageRow {
    /// First instant of the window, in nanoseconds.
    pub from: i64,
    /// First instant behind it.
    pub until: i64,
    /// The account, where asked for.
    pub account: Option<String>,
    /// Label of each dimension or field, where asked for.
    pub group: BTreeMap<String, Option<String>>,
    /// How much, in the unit of the meter.
    pub value: Rational,
}

/// Why usage cannot be told.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum UsageError {
    /// No plan has the meter.
    #[error("no plan has a meter `{0}`")]
    Unknown(String),
    /// It cannot be told window by window.
    #[error("`{0}` is {1}, which has no value window by window")]
    NotAdditive(String, &'static str),
    /// Two plans mean different things by it.
    #[error("`{0}` is {1} in one plan and {2} in another; rename one of them")]
    Differs(String, String, String),
    /// The meter has no such dimension or field.
    #[error("`{meter}` has no label `{label}`; known: {known}")]
    NoLabel {
        /// The meter.
        meter: String,
        /// As asked for.
        label: String,
        /// Those there are.
        known: String,
    },
    /// Too much.
    #[error(
        "more than {} events or {} rows; ask for less time, or for accounts",
        limits::USAGE_EVENTS,
        limits::USAGE_ROWS
    )]
    TooMuch,
    /// Events cannot be read again; the server stops.
    #[error("{0}")]
    Unreadable(String),
}

impl Machine {
    /// How much was used of a meter, in the order of windows, accounts, labels.
    pub fn used(&self, tenant: &str, query: &UsageQuery) -> Result<Vec<UsageRow>, UsageError> {
        self.gather(tenant, query)?.used(query)
    }
}
