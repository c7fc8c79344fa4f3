//! Endpoints, and what is asked about them.

use super::NoticeKind;
use serde::{Deserialize, Serialize};
use std::collections::{BTreeMap, BTreeSet};

/// Something that may become an entry about notices.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub enum NotifyCommand {
    /// Sets an endpoint, new or known.
    Endpoint(Endpoint),
    /// Takes an endpoint away.
    Remove {
        /// Its id.
        id: String,
    },
}

/// Where notices go.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Endpoint {
    /// Its id.
    pub id: String,
    /// The address.
    pub url: String,
    /// What is wanted; everything, if empty.
    #[serde(default)]
    pub kinds: BTreeSet<NoticeKind>,
    /// Amounts below which a balance is low, by wallet.
    #[serde(default)]
    pub balance_below: BTreeMap<String, String>,
    /// What requests are signed with, the latest first.
    pub secrets: Vec<Secret>,
    /// The entry after which notices go there.
    #[serde(default)]
    pub after: u64,
}

/// What requests are signed with.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Secret {
    /// `whsec_` and base64.
    pub text: String,
    /// Until when it is used, in microseconds; none: until further notice.
    #[serde(default)]
    pub until: Option<i64>,
}
