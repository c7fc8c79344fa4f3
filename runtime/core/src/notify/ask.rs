//! Endpoints, and what is asked about them.

use super::{Notice, NoticeKind};
use serde::{Deserialize, Serialize};
use std::collections::{BTreeMap, BTreeSet};

/// Shares of a limit that are told where an endpoint names none, in percent; the whole is told as reached.
pub const SHARES: [u16; 2] = [50, 80];

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
    /// Shares of limits that are told, in percent; if empty, [`SHARES`].
    #[serde(default)]
    pub usage_percent: BTreeSet<u16>,
    /// What requests are signed with, the latest first.
    pub secrets: Vec<Secret>,
    /// The entry after which notices go there.
    #[serde(default)]
    pub after: u64,
    /// When it was made, in microseconds of the tenant's clock.
    #[serde(default)]
    pub since: i64,
}

impl Endpoint {
    /// Whether a kind of notices goes there.
    pub fn wants_kind(&self, kind: NoticeKind) -> bool {
        self.kinds.is_empty() || self.kinds.contains(&kind)
    }

    /// Whether a notice goes there.
    pub fn wants(&self, notice: &Notice) -> bool {
        let own = notice.endpoint.as_ref().is_none_or(|id| *id == self.id);
        // Shares that others asked for are not told here.
        let share =
            || notice.data["percent"].as_u64().is_none_or(|percent| self.shares().any(|of| percent == u64::from(of)));
        own && self.wants_kind(notice.kind) && (notice.kind != NoticeKind::UsageThreshold || share())
    }

    /// Shares of limits that are told, in percent.
    pub(super) fn shares(&self) -> impl Iterator<Item = u16> + '_ {
        let usual = self.usage_percent.is_empty().then_some(SHARES);
        self.usage_percent.iter().copied().chain(usual.into_iter().flatten())
    }
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
