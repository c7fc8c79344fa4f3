//! What is asked of enforcement.

use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;

/// Something that may become an entry about enforcement.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub enum EnforceCommand {
    /// Holds a quantity.
    Reserve(Reserve),
    /// Ends a hold: so much of it was used.
    Commit {
        /// Id of the reservation.
        id: String,
        /// How much; none for all of it.
        amount: Option<String>,
        /// The event that says so, by source and id: it has to count.
        event: Option<(String, String)>,
    },
    /// Gives back a part of a hold, or all of it.
    Release {
        /// Id of the reservation.
        id: String,
        /// How much; none for all of it.
        amount: Option<String>,
    },
    /// Sets what programs do that cannot ask.
    Policy(Policy),
    /// Sets what an account may spend in a billing period.
    Budget {
        /// Who is billed.
        billed: String,
        /// The amount; none for no budget.
        amount: Option<String>,
        /// Whether requests are refused beyond it, or only told.
        hard: bool,
    },
}

/// A quantity to be held.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Reserve {
    /// Made by the client: the same id is the same reservation.
    pub id: String,
    /// The account.
    pub account: String,
    /// The entitlement.
    pub feature: String,
    /// How much, as a decimal above zero.
    pub amount: String,
    /// For how long, in seconds.
    pub seconds: u32,
}

/// What a program does that cannot ask.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum OnFailure {
    /// Lets requests through.
    #[default]
    Open,
    /// Refuses them.
    Closed,
    /// Goes by the last answer, for a while.
    LastKnown,
}

/// What programs do that cannot ask.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct Policy {
    /// Of features that are not named.
    pub default: OnFailure,
    /// By feature.
    pub features: BTreeMap<String, OnFailure>,
    /// For how long the last answer holds, in seconds.
    pub last_known_seconds: u32,
}

impl Default for Policy {
    fn default() -> Policy {
        Policy { default: OnFailure::Open, features: BTreeMap::new(), last_known_seconds: 300 }
    }
}

impl Policy {
    /// That of a feature.
    pub fn of(&self, feature: &str) -> OnFailure {
        self.features.get(feature).copied().unwrap_or(self.default)
    }
}
