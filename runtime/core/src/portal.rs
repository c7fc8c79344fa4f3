//! Tokens that a customer's browser holds, as far as they were ended before their time.
//!
//! Who may have one is signed into it and kept nowhere; kept is what is no longer good, for as long
//! as it would have been.

use crate::entry::{EntryError, put, take};
use crate::group::Refusal;
use crate::limits;
use crate::machine::{Machine, Tenant};
use crate::planted::{self, Bug};
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;

/// The kind of entry.
pub(crate) const ENDED: u16 = 40;

/// Tokens that are no longer good.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum EndedTokens {
    /// All that were made so far.
    All,
    /// Those of a subject that were made so far.
    Subject(String),
    /// One, by its id.
    Token(String),
}

/// What was ended, and when, in microseconds.
#[derive(Default, Serialize, Deserialize)]
pub(crate) struct Ended(BTreeMap<EndedTokens, i64>);

impl Ended {
    pub(crate) fn digest(&self, put: &mut impl FnMut(&[u8])) {
        for (what, at) in &self.0 {
            put(&serde_json::to_vec(what).expect("texts are always written"));
            put(&at.to_le_bytes());
        }
    }
}

/// Kind and bytes of an entry of a tenant.
pub(crate) fn to_bytes(tenant: &str, ended: &EndedTokens) -> (u16, Vec<u8>) {
    let mut bytes = Vec::new();
    put(&mut bytes, tenant.as_bytes());
    bytes.extend_from_slice(&serde_json::to_vec(ended).expect("texts are always written"));
    (ENDED, bytes)
}

/// Tenant and entry.
pub(crate) fn from_bytes(bytes: &[u8]) -> Result<(String, EndedTokens), EntryError> {
    let form = || EntryError::Form(ENDED);
    let (tenant, rest) = take(bytes).ok_or_else(form)?;
    let tenant = std::str::from_utf8(tenant).map_err(|_| form())?.to_owned();
    Ok((tenant, serde_json::from_slice(rest).map_err(|_| form())?))
}

impl Machine {
    /// Ends tokens. What would have ended by itself is forgotten.
    pub(crate) fn end_tokens(&mut self, at: i64, tenant: &str, what: &EndedTokens) -> Result<(), Refusal> {
        if tenant.is_empty() || tenant.len() > limits::TENANT_BYTES {
            return Err(("S018", format!("the name of a tenant has 1 to {} bytes", limits::TENANT_BYTES)));
        }
        let tenant = self.tenants.number_or(tenant, Tenant::default);
        let ended = &mut self.tenants.at_mut(tenant).ended.0;
        ended.retain(|_, before| at < before.saturating_add(limits::TOKEN_MICROS));
        if ended.len() >= limits::TOKENS_ENDED && !ended.contains_key(what) {
            let most = limits::TOKENS_ENDED;
            return Err(("S018", format!("a tenant ends at most {most} tokens in an hour; end all of them")));
        }
        if *what == EndedTokens::All {
            ended.clear();
        }
        ended.insert(what.clone(), at);
        Ok(())
    }

    /// Whether a token was ended; `made` in microseconds.
    pub fn is_token_ended(&self, tenant: &str, subject: &str, id: &str, made: i64) -> bool {
        let Some(tenant) = self.tenants.get(tenant) else { return false };
        let ended = &tenant.ended.0;
        let stays = |before: i64| made == before && planted::is(Bug::TokenStays);
        let over = |what: EndedTokens| ended.get(&what).is_some_and(|before| made <= *before && !stays(*before));
        over(EndedTokens::All)
            || over(EndedTokens::Subject(subject.to_owned()))
            || ended.contains_key(&EndedTokens::Token(id.to_owned()))
    }
}
