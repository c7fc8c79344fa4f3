//! What billing adds to the vocabulary of the log.

use super::{Issued, Settings};
use crate::entry::{EntryError, put, take};
use price_value::Date;
use serde::{Deserialize, Serialize};

/// Kinds of entries.
pub mod kind {
    /// How documents are numbered and corrected.
    pub const SETTINGS: u16 = 20;
    /// The time of a test clock.
    pub const CLOCK: u16 = 21;
    /// A document.
    pub const ISSUED: u16 = 22;
    /// A period of a plan that is closed for everybody.
    pub const CLOSED: u16 = 23;
    /// A period that cannot be settled.
    pub const HELD: u16 = 24;
    /// Facts of a closed period that changed no amount.
    pub const SAME: u16 = 25;
    /// Periods that may be issued.
    pub const APPROVED: u16 = 26;
    /// Something that is contested.
    pub const DISPUTED: u16 = 27;
    /// A dispute that ended.
    pub const SETTLED: u16 = 28;
    /// What others call a document.
    pub const REFERRED: u16 = 29;
    /// Periods that could not be settled are settled again.
    pub const RETRIED: u16 = 19;
    /// A period of a plan that ended, and is not closed yet.
    pub const ENDED: u16 = 18;
}

/// An entry about billing. The tenant stands before it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum BillingEntry {
    /// How documents are numbered and corrected.
    Settings(Settings),
    /// The time of a test clock, in microseconds.
    Clock(i64),
    /// A document: what stands around it, and its body.
    Issued(Box<Issued>, String),
    /// A period of a plan that is closed for everybody.
    Closed(Closed),
    /// A period that cannot be settled.
    Held(Held),
    /// Facts of a closed period that changed no amount.
    Same(SlotOf),
    /// Periods that end by this day may be issued.
    Approved(Date),
    /// Something that is contested.
    Disputed(Contested),
    /// A dispute that ended.
    Settled(Ended),
    /// What others call a document.
    Referred(Referred),
    /// Periods that could not be settled are settled again.
    Retried,
    /// A period of a plan that ended, and is not closed yet.
    Ended(PeriodOf),
}

/// A period of a plan.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct PeriodOf {
    /// The plan.
    pub plan: String,
    /// First day.
    pub from: Date,
    /// First day after it.
    pub until: Date,
    /// Whether those that are billed were told of one by one, before it; else it tells that they can be looked at.
    #[serde(default)]
    pub each: bool,
}

/// A period that is closed for everybody.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Closed {
    /// The plan.
    pub plan: String,
    /// First day after the period.
    pub until: Date,
}

/// Somebody's period of a plan.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct SlotOf {
    /// The plan.
    pub plan: String,
    /// Who is billed.
    pub billed: String,
    /// First day.
    pub from: Date,
}

/// A period that cannot be settled.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Held {
    /// Whose, and which.
    #[serde(flatten)]
    pub slot: SlotOf,
    /// Why.
    pub why: String,
}

/// Something that is contested.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Contested {
    /// The document.
    pub number: String,
    /// The line; none for all of it.
    pub line: Option<String>,
    /// Why.
    pub reason: String,
}

/// A dispute that ended.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Ended {
    /// The document.
    pub number: String,
    /// The line; none for all of it.
    pub line: Option<String>,
    /// How.
    pub outcome: String,
}

/// What others call a document.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Referred {
    /// The document.
    pub number: String,
    /// Who calls it so: `payment`, `tax`.
    pub name: String,
    /// What they call it; empty to forget it.
    pub text: String,
}

impl BillingEntry {
    /// Kind and bytes of an entry of a tenant.
    pub(crate) fn to_bytes(&self, tenant: &str) -> (u16, Vec<u8>) {
        let mut bytes = Vec::new();
        put(&mut bytes, tenant.as_bytes());
        let (kind, json) = match self {
            BillingEntry::Settings(settings) => (kind::SETTINGS, json(settings)),
            BillingEntry::Clock(now) => (kind::CLOCK, json(now)),
            BillingEntry::Issued(issued, body) => {
                put(&mut bytes, &json(issued));
                (kind::ISSUED, body.as_bytes().to_vec())
            }
            BillingEntry::Closed(closed) => (kind::CLOSED, json(closed)),
            BillingEntry::Held(held) => (kind::HELD, json(held)),
            BillingEntry::Same(slot) => (kind::SAME, json(slot)),
            BillingEntry::Approved(until) => (kind::APPROVED, json(until)),
            BillingEntry::Disputed(contested) => (kind::DISPUTED, json(contested)),
            BillingEntry::Settled(ended) => (kind::SETTLED, json(ended)),
            BillingEntry::Referred(referred) => (kind::REFERRED, json(referred)),
            BillingEntry::Retried => (kind::RETRIED, Vec::new()),
            BillingEntry::Ended(period) => (kind::ENDED, json(period)),
        };
        bytes.extend_from_slice(&json);
        (kind, bytes)
    }

    /// Whether entries of a kind are about billing.
    pub(crate) fn is(kind: u16) -> bool {
        (kind::ENDED..=kind::REFERRED).contains(&kind)
    }

    /// Tenant and entry.
    pub(crate) fn from_bytes(kind: u16, bytes: &[u8]) -> Result<(String, BillingEntry), EntryError> {
        let form = || EntryError::Form(kind);
        fn read<'b, T: Deserialize<'b>>(bytes: &'b [u8], kind: u16) -> Result<T, EntryError> {
            serde_json::from_slice(bytes).map_err(|_| EntryError::Form(kind))
        }
        let (tenant, rest) = take(bytes).ok_or_else(form)?;
        let tenant = std::str::from_utf8(tenant).map_err(|_| form())?.to_owned();
        let entry = match kind {
            kind::SETTINGS => BillingEntry::Settings(read(rest, kind)?),
            kind::CLOCK => BillingEntry::Clock(read(rest, kind)?),
            kind::ISSUED => {
                let (issued, body) = take(rest).ok_or_else(form)?;
                let body = std::str::from_utf8(body).map_err(|_| form())?.to_owned();
                BillingEntry::Issued(Box::new(read(issued, kind)?), body)
            }
            kind::CLOSED => BillingEntry::Closed(read(rest, kind)?),
            kind::HELD => BillingEntry::Held(read(rest, kind)?),
            kind::SAME => BillingEntry::Same(read(rest, kind)?),
            kind::APPROVED => BillingEntry::Approved(read(rest, kind)?),
            kind::DISPUTED => BillingEntry::Disputed(read(rest, kind)?),
            kind::SETTLED => BillingEntry::Settled(read(rest, kind)?),
            kind::REFERRED => BillingEntry::Referred(read(rest, kind)?),
            kind::RETRIED => BillingEntry::Retried,
            kind::ENDED => BillingEntry::Ended(read(rest, kind)?),
            other => return Err(EntryError::UnknownKind(other)),
        };
        Ok((tenant, entry))
    }
}

fn json<T: Serialize>(value: &T) -> Vec<u8> {
    serde_json::to_vec(value).expect("texts and dates are always written")
}
