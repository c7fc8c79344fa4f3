//! What enforcement adds to the vocabulary of the log.

use super::{Policy, Reserve};
use crate::entry::{EntryError, put, take};
use serde::{Deserialize, Serialize};

/// Kinds of entries.
pub mod kind {
    /// A quantity that is held.
    pub const HELD: u16 = 10;
    /// A hold that ended in usage.
    pub const COMMITTED: u16 = 11;
    /// A hold that is given back, or a part of it.
    pub const RELEASED: u16 = 12;
    /// What programs do that cannot ask.
    pub const POLICY: u16 = 13;
    /// What an account may spend.
    pub const BUDGET: u16 = 14;
}

/// An entry about enforcement. The tenant stands before it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum EnforceEntry {
    /// A quantity that is held.
    Held(Granted),
    /// A hold that ended in usage.
    Committed(Ended),
    /// A hold that is given back, or a part of it.
    Released(Ended),
    /// What programs do that cannot ask.
    Policy(Policy),
    /// What an account may spend.
    Budget(Budget),
}

/// A quantity that is held.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Granted {
    /// As it was asked for.
    #[serde(flatten)]
    pub reserve: Reserve,
    /// Who is billed for the account.
    pub billed: String,
    /// The plan.
    pub plan: String,
    /// When it ends, in microseconds.
    pub until: i64,
}

/// A hold that ended, or a part of it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Ended {
    /// Id of the reservation.
    pub id: String,
    /// How much; of a commit: what was used.
    pub amount: String,
}

/// What an account may spend in a billing period.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Budget {
    /// Who is billed.
    pub billed: String,
    /// The amount; none for no budget.
    pub amount: Option<String>,
    /// Whether requests are refused beyond it.
    pub hard: bool,
}

impl EnforceEntry {
    /// Kind and bytes of an entry of a tenant.
    pub(crate) fn to_bytes(&self, tenant: &str) -> (u16, Vec<u8>) {
        let mut bytes = Vec::new();
        put(&mut bytes, tenant.as_bytes());
        let (kind, json) = match self {
            EnforceEntry::Held(granted) => (kind::HELD, serde_json::to_vec(granted)),
            EnforceEntry::Committed(ended) => (kind::COMMITTED, serde_json::to_vec(ended)),
            EnforceEntry::Released(ended) => (kind::RELEASED, serde_json::to_vec(ended)),
            EnforceEntry::Policy(policy) => (kind::POLICY, serde_json::to_vec(policy)),
            EnforceEntry::Budget(budget) => (kind::BUDGET, serde_json::to_vec(budget)),
        };
        bytes.extend_from_slice(&json.expect("texts and numbers are always written"));
        (kind, bytes)
    }

    /// Whether entries of a kind are about enforcement.
    pub(crate) fn is(kind: u16) -> bool {
        (kind::HELD..=kind::BUDGET).contains(&kind)
    }

    /// Tenant and entry.
    pub(crate) fn from_bytes(kind: u16, bytes: &[u8]) -> Result<(String, EnforceEntry), EntryError> {
        fn read<'b, T: Deserialize<'b>>(bytes: &'b [u8], kind: u16) -> Result<T, EntryError> {
            serde_json::from_slice(bytes).map_err(|_| EntryError::Form(kind))
        }
        let (tenant, rest) = take(bytes).ok_or(EntryError::Form(kind))?;
        let tenant = std::str::from_utf8(tenant).map_err(|_| EntryError::Form(kind))?.to_owned();
        let entry = match kind {
            kind::HELD => EnforceEntry::Held(read(rest, kind)?),
            kind::COMMITTED => EnforceEntry::Committed(read(rest, kind)?),
            kind::RELEASED => EnforceEntry::Released(read(rest, kind)?),
            kind::POLICY => EnforceEntry::Policy(read(rest, kind)?),
            kind::BUDGET => EnforceEntry::Budget(read(rest, kind)?),
            other => return Err(EntryError::UnknownKind(other)),
        };
        Ok((tenant, entry))
    }
}
