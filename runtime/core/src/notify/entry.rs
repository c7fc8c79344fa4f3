//! What notices add to the vocabulary of the log.

use super::{Endpoint, Notice};
use crate::entry::{EntryError, put, take};
use serde::{Deserialize, Serialize};

/// Kinds of entries.
pub mod kind {
    /// Where notices go.
    pub const ENDPOINT: u16 = 30;
    /// An endpoint that is no more.
    pub const REMOVED: u16 = 31;
    /// A notice.
    pub const NOTICE: u16 = 32;
}

/// An entry about notices. The tenant stands before it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum NotifyEntry {
    /// Where notices go.
    Endpoint(Endpoint),
    /// An endpoint that is no more, by its id.
    Removed(String),
    /// A notice.
    Notice(Noticed),
}

/// A notice, and what it is told once of.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Noticed {
    /// The notice.
    pub notice: Notice,
    /// Who is billed.
    pub billed: String,
    /// What: a feature, a wallet.
    pub of: String,
    /// Which share or state of it.
    pub mark: String,
    /// Until when it is not told again, in microseconds.
    pub until: i64,
}

impl NotifyEntry {
    /// Kind and bytes of an entry of a tenant.
    pub(crate) fn to_bytes(&self, tenant: &str) -> (u16, Vec<u8>) {
        let mut bytes = Vec::new();
        put(&mut bytes, tenant.as_bytes());
        let (kind, json) = match self {
            NotifyEntry::Endpoint(endpoint) => (kind::ENDPOINT, serde_json::to_vec(endpoint)),
            NotifyEntry::Removed(id) => (kind::REMOVED, serde_json::to_vec(id)),
            NotifyEntry::Notice(noticed) => (kind::NOTICE, serde_json::to_vec(noticed)),
        };
        bytes.extend_from_slice(&json.expect("texts and numbers are always written"));
        (kind, bytes)
    }

    /// Whether entries of a kind are about notices.
    pub(crate) fn is(kind: u16) -> bool {
        (kind::ENDPOINT..=kind::NOTICE).contains(&kind)
    }

    /// Tenant and entry.
    pub(crate) fn from_bytes(kind: u16, bytes: &[u8]) -> Result<(String, NotifyEntry), EntryError> {
        fn read<'b, T: Deserialize<'b>>(bytes: &'b [u8], kind: u16) -> Result<T, EntryError> {
            serde_json::from_slice(bytes).map_err(|_| EntryError::Form(kind))
        }
        let (tenant, rest) = take(bytes).ok_or(EntryError::Form(kind))?;
        let tenant = std::str::from_utf8(tenant).map_err(|_| EntryError::Form(kind))?.to_owned();
        let entry = match kind {
            kind::ENDPOINT => NotifyEntry::Endpoint(read(rest, kind)?),
            kind::REMOVED => NotifyEntry::Removed(read(rest, kind)?),
            kind::NOTICE => NotifyEntry::Notice(read(rest, kind)?),
            other => return Err(EntryError::UnknownKind(other)),
        };
        Ok((tenant, entry))
    }
}
