//! The vocabulary of the log: what is remembered for ever, as bytes.
//!
//! A kind once given is never given to something else. Entries say what was decided, so that a
//! replay decides nothing anew.

use crate::billing::BillingEntry;
use crate::command::Subscribed;
use crate::enforce::EnforceEntry;
use crate::erasure::Erasing;
use crate::notify::NotifyEntry;
use crate::portal::{self, EndedTokens};
use serde::{Deserialize, Serialize};

/// Kinds of entries.
pub mod kind {
    /// An event that counts.
    pub const USAGE: u16 = 1;
    /// An event that is taken back.
    pub const VOID: u16 = 2;
    /// Another content of an event.
    pub const REPLACE: u16 = 3;
    /// A backfill that is taken back.
    pub const REVERT: u16 = 4;
    /// A plan that comes into force.
    pub const PUBLISH: u16 = 5;
    /// An account that comes onto a plan.
    pub const SUBSCRIBE: u16 = 6;
    /// An event that does not fit.
    pub const REJECT: u16 = 7;
    /// What a request with a key was answered.
    pub const ANSWERED: u16 = 8;
    /// A plan that comes into force, with the name of who signed it.
    pub const PUBLISH_SIGNED: u16 = 41;
    /// Something is erased.
    pub const ERASE: u16 = 42;
}

/// An entry of the log.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Entry {
    /// An event that counts: a record, and the backfill it belongs to.
    Usage(Usage),
    /// An event that is taken back.
    Void(Named),
    /// Another content of an event.
    Replace(Usage),
    /// A backfill that is taken back.
    Revert(Reverted),
    /// A plan that comes into force.
    Publish(Published),
    /// An account that comes onto a plan.
    Subscribe(Placed),
    /// An event that does not fit.
    Reject(Rejected),
    /// What a request with a key was answered.
    Answered(Answered),
    /// Something is erased.
    Erase(Box<Erasing>),
    /// What is issued for closed periods: whose, and what.
    Billing(String, BillingEntry),
    /// What customers may do: whose, and what.
    Enforce(String, EnforceEntry),
    /// Who is told what: whose, and what.
    Notify(String, NotifyEntry),
    /// Tokens that are no longer good: whose, and which.
    EndTokens(String, EndedTokens),
}

/// A record of a tenant.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Usage {
    /// Whose.
    pub tenant: String,
    /// Backfill it belongs to; empty for none.
    pub set: String,
    /// The JSON text.
    pub record: String,
}

/// An event by its identity.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Named {
    /// Whose.
    pub tenant: String,
    /// Source of the event.
    pub source: String,
    /// Its id.
    pub id: String,
}

/// A backfill by its name.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Reverted {
    /// Whose.
    pub tenant: String,
    /// Its name.
    pub set: String,
}

/// A compiled plan.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Published {
    /// Whose.
    pub tenant: String,
    /// The bytes of a `.pricec` file, as they came.
    pub artefact: Vec<u8>,
    /// The publisher whose signature was found good when it was published, where one was asked for.
    pub signer: Option<String>,
}

/// An account on a plan.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Placed {
    /// Whose.
    pub tenant: String,
    /// Who and when.
    pub subscription: Subscribed,
}

/// An event that does not fit.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Rejected {
    /// Whose.
    pub tenant: String,
    /// Code of the reason.
    pub code: String,
    /// The reason.
    pub message: String,
    /// The JSON text as it came.
    pub record: String,
}

/// What a request with a key was answered.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Answered {
    /// Whose.
    pub tenant: String,
    /// The key.
    pub key: String,
    /// A hash of the request.
    pub print: [u8; 16],
    /// The answers, as bytes.
    pub answers: Vec<u8>,
}

/// Why the bytes of an entry cannot be read.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum EntryError {
    /// A later release wrote it.
    #[error("an entry of kind {0} is not known; open the log with the release that wrote it")]
    UnknownKind(u16),
    /// It is cut, or no text.
    #[error("an entry of kind {0} has an impossible form")]
    Form(u16),
}

impl Entry {
    /// Kind and bytes.
    pub fn to_bytes(&self) -> (u16, Vec<u8>) {
        match self {
            Entry::Usage(usage) => (kind::USAGE, usage.to_bytes()),
            Entry::Void(named) => (kind::VOID, json(named)),
            Entry::Replace(usage) => (kind::REPLACE, usage.to_bytes()),
            Entry::Revert(set) => (kind::REVERT, json(set)),
            Entry::Publish(plan) => {
                let mut bytes = Vec::with_capacity(plan.tenant.len() + plan.artefact.len() + 4);
                put(&mut bytes, plan.tenant.as_bytes());
                if let Some(signer) = &plan.signer {
                    put(&mut bytes, signer.as_bytes());
                }
                bytes.extend_from_slice(&plan.artefact);
                (plan.signer.as_ref().map_or(kind::PUBLISH, |_| kind::PUBLISH_SIGNED), bytes)
            }
            Entry::Subscribe(placed) => (kind::SUBSCRIBE, json(placed)),
            Entry::Reject(reject) => (kind::REJECT, json(reject)),
            Entry::Erase(erasing) => (kind::ERASE, json(erasing)),
            Entry::Answered(answered) => {
                let mut bytes = Vec::with_capacity(answered.answers.len() + answered.key.len() + 64);
                put(&mut bytes, answered.tenant.as_bytes());
                put(&mut bytes, answered.key.as_bytes());
                bytes.extend_from_slice(&answered.print);
                bytes.extend_from_slice(&answered.answers);
                (kind::ANSWERED, bytes)
            }
            Entry::Billing(tenant, entry) => entry.to_bytes(tenant),
            Entry::Enforce(tenant, entry) => entry.to_bytes(tenant),
            Entry::Notify(tenant, entry) => entry.to_bytes(tenant),
            Entry::EndTokens(tenant, ended) => portal::to_bytes(tenant, ended),
        }
    }

    /// Reads kind and bytes.
    pub fn from_bytes(kind: u16, bytes: &[u8]) -> Result<Entry, EntryError> {
        let form = || EntryError::Form(kind);
        fn read<'b, T: Deserialize<'b>>(bytes: &'b [u8], kind: u16) -> Result<T, EntryError> {
            serde_json::from_slice(bytes).map_err(|_| EntryError::Form(kind))
        }
        Ok(match kind {
            kind::USAGE => Entry::Usage(Usage::from_bytes(bytes).ok_or_else(form)?),
            kind::VOID => Entry::Void(read(bytes, kind)?),
            kind::REPLACE => Entry::Replace(Usage::from_bytes(bytes).ok_or_else(form)?),
            kind::REVERT => Entry::Revert(read(bytes, kind)?),
            kind::PUBLISH => {
                let (tenant, artefact) = take(bytes).ok_or_else(form)?;
                let tenant = text(tenant).ok_or_else(form)?;
                Entry::Publish(Published { tenant, artefact: artefact.to_vec(), signer: None })
            }
            kind::PUBLISH_SIGNED => {
                let (tenant, rest) = take(bytes).ok_or_else(form)?;
                let (signer, artefact) = take(rest).ok_or_else(form)?;
                let (tenant, signer) = (text(tenant).ok_or_else(form)?, text(signer).ok_or_else(form)?);
                Entry::Publish(Published { tenant, artefact: artefact.to_vec(), signer: Some(signer) })
            }
            kind::SUBSCRIBE => Entry::Subscribe(read(bytes, kind)?),
            kind::REJECT => Entry::Reject(read(bytes, kind)?),
            kind::ERASE => Entry::Erase(read(bytes, kind)?),
            kind::ANSWERED => Entry::Answered(Answered::from_bytes(bytes).ok_or_else(form)?),
            billing if BillingEntry::is(billing) => {
                let (tenant, entry) = BillingEntry::from_bytes(billing, bytes)?;
                Entry::Billing(tenant, entry)
            }
            enforce if EnforceEntry::is(enforce) => {
                let (tenant, entry) = EnforceEntry::from_bytes(enforce, bytes)?;
                Entry::Enforce(tenant, entry)
            }
            notify if NotifyEntry::is(notify) => {
                let (tenant, entry) = NotifyEntry::from_bytes(notify, bytes)?;
                Entry::Notify(tenant, entry)
            }
            portal::ENDED => {
                let (tenant, ended) = portal::from_bytes(bytes)?;
                Entry::EndTokens(tenant, ended)
            }
            other => return Err(EntryError::UnknownKind(other)),
        })
    }
}

impl Usage {
    fn to_bytes(&self) -> Vec<u8> {
        usage_bytes(&self.tenant, &self.set, &self.record)
    }

    fn from_bytes(bytes: &[u8]) -> Option<Usage> {
        let (tenant, set, record) = usage_parts(bytes)?;
        Some(Usage { tenant: tenant.to_owned(), set: set.to_owned(), record: record.to_owned() })
    }
}

impl Answered {
    fn from_bytes(bytes: &[u8]) -> Option<Answered> {
        let (tenant, rest) = take(bytes)?;
        let (key, rest) = take(rest)?;
        let (print, answers) = rest.split_first_chunk::<16>()?;
        crate::answers::read(answers)?;
        Some(Answered { tenant: text(tenant)?, key: text(key)?, print: *print, answers: answers.to_vec() })
    }
}

/// The bytes of a [`Usage`], without making one.
pub(crate) fn usage_bytes(tenant: &str, set: &str, record: &str) -> Vec<u8> {
    let mut bytes = Vec::with_capacity(tenant.len() + set.len() + record.len() + 8);
    put(&mut bytes, tenant.as_bytes());
    put(&mut bytes, set.as_bytes());
    bytes.extend_from_slice(record.as_bytes());
    bytes
}

/// Tenant, backfill and record of the bytes of a [`Usage`].
pub fn usage_parts(bytes: &[u8]) -> Option<(&str, &str, &str)> {
    let (tenant, rest) = take(bytes)?;
    let (set, record) = take(rest)?;
    let text = |bytes| std::str::from_utf8(bytes).ok();
    Some((text(tenant)?, text(set)?, text(record)?))
}

fn json<T: Serialize>(value: &T) -> Vec<u8> {
    serde_json::to_vec(value).expect("texts and dates are always written")
}

pub(crate) fn put(bytes: &mut Vec<u8>, part: &[u8]) {
    bytes.extend_from_slice(&(part.len() as u32).to_le_bytes());
    bytes.extend_from_slice(part);
}

pub(crate) fn take(bytes: &[u8]) -> Option<(&[u8], &[u8])> {
    let (head, rest) = bytes.split_first_chunk::<4>()?;
    rest.split_at_checked(u32::from_le_bytes(*head) as usize)
}

fn text(bytes: &[u8]) -> Option<String> {
    std::str::from_utf8(bytes).ok().map(str::to_owned)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn entries_come_back_and_damage_is_an_error() {
        let usage = Usage { tenant: "t".into(), set: "june".into(), record: "{\"ä\":1}".into() };
        let all = [
            Entry::Usage(usage.clone()),
            Entry::Replace(usage),
            Entry::Void(Named { tenant: "t".into(), source: "s".into(), id: "1".into() }),
            Entry::Revert(Reverted { tenant: "t".into(), set: "june".into() }),
            Entry::Publish(Published { tenant: "t".into(), artefact: vec![0, 255, 1], signer: None }),
            Entry::Publish(Published { tenant: "t".into(), artefact: vec![0], signer: Some("release".into()) }),
            Entry::EndTokens("t".into(), EndedTokens::Subject("a".into())),
            Entry::EndTokens("t".into(), EndedTokens::All),
            Entry::Answered(Answered { tenant: "t".into(), key: "k".into(), print: [7; 16], answers: vec![] }),
        ];
        for entry in all {
            let (kind, bytes) = entry.to_bytes();
            assert_eq!(Entry::from_bytes(kind, &bytes), Ok(entry));
            for cut in 0..bytes.len().min(5) {
                assert!(Entry::from_bytes(kind, &bytes[..cut]).is_err());
            }
        }
        assert_eq!(Entry::from_bytes(99, &[]), Err(EntryError::UnknownKind(99)));
    }
}
