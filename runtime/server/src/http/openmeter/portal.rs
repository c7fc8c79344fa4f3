//! Tokens that a customer's browser holds: short-lived, for the usage of one subject.
//!
//! They are signed with a key that is derived from the secret of the data directory, so they outlive
//! a restart; which of them were ended before their time is in the log.

use super::id::id;
use crate::http::App;
use crate::http::auth::{counted, now};
use crate::http::events::{decide, object};
use crate::http::json_of;
use crate::http::problem::Problem;
use crate::keys::{Caller, Role};
use crate::limits;
use axum::body::Body;
use axum::extract::{FromRequestParts, State};
use axum::http::request::Parts;
use axum::http::{HeaderMap, StatusCode, header};
use axum::response::{IntoResponse as _, Response};
use price_core::limits::TOKEN_MICROS;
use price_core::{Answer, Command, EndedTokens};
use price_value::Timestamp;
use serde::{Deserialize, Serialize};
use serde_json::json;
use std::sync::Arc;

const PREFIX: &str = "portal_";

/// Makes and reads tokens; without a key, none.
#[derive(Default)]
pub(in crate::http) struct Tokens {
    key: Option<[u8; 32]>,
}

#[derive(Serialize, Deserialize)]
struct Inside {
    tenant: String,
    subject: String,
    /// Only these meters; none: all.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    meters: Option<Vec<String>>,
    made: i64,
}

impl Tokens {
    /// With a key from a secret of the node.
    pub(in crate::http) fn new(secret: &[u8; 32]) -> Tokens {
        Tokens { key: Some(blake3::derive_key("price: tokens of customers' browsers", secret)) }
    }

    fn make(&self, inside: &Inside) -> Option<String> {
        let text = serde_json::to_vec(inside).unwrap_or_default();
        let hex: String = text.iter().map(|byte| format!("{byte:02x}")).collect();
        let mark = blake3::keyed_hash(self.key.as_ref()?, hex.as_bytes()).to_hex();
        Some(format!("{PREFIX}{hex}.{mark}"))
    }

    /// What a token says that was made here and is not over at a time.
    fn read(&self, token: &str, now: i64) -> Option<Inside> {
        let (hex, mark) = token.strip_prefix(PREFIX)?.split_once('.')?;
        let wanted = blake3::keyed_hash(self.key.as_ref()?, hex.as_bytes());
        // Compared in the same time whatever differs.
        if blake3::Hash::from_hex(mark).ok()? != wanted || hex.len() % 2 != 0 || !hex.is_ascii() {
            return None;
        }
        let bytes: Option<Vec<u8>> =
            (0..hex.len() / 2).map(|at| u8::from_str_radix(&hex[2 * at..2 * at + 2], 16).ok()).collect();
        let inside: Inside = serde_json::from_slice(&bytes?).ok()?;
        (now < inside.made.saturating_add(TOKEN_MICROS)).then_some(inside)
    }
}

fn token(parts: &Parts) -> Option<&str> {
    let token = parts.headers.get(header::AUTHORIZATION).and_then(|value| value.to_str().ok());
    token.and_then(|value| value.split_once(' ')).map(|(_, token)| token.trim())
}

/// Whoever shows a token of one subject.
pub(in crate::http) struct Portal {
    pub(super) caller: Caller,
    pub(super) subject: String,
    pub(super) meters: Option<Vec<String>>,
}

impl FromRequestParts<Arc<App>> for Portal {
    type Rejection = Problem;

    async fn from_request_parts(parts: &mut Parts, app: &Arc<App>) -> Result<Portal, Problem> {
        let shown = token(parts).ok_or_else(Problem::no_key)?;
        let Inside { tenant, subject, meters, made } = app.portal.read(shown, now()).ok_or_else(Problem::no_key)?;
        let caller = Caller { tenant: tenant.as_str().into(), roles: [Role::Read].into() };
        let caller = counted(app, caller)?;
        let (of, id) = (subject.clone(), id("token", shown));
        let ended = move |machine: &mut price_core::Machine| machine.is_token_ended(&tenant, &of, &id, made);
        match app.node()?.read(ended).await? {
            true => Err(Problem::no_key()),
            false => Ok(Portal { caller, subject, meters }),
        }
    }
}

/// Whoever shows a key, or a token of one subject.
pub(super) struct Reader {
    pub(super) caller: Caller,
    /// The one it is bound to.
    pub(super) subject: Option<String>,
}

impl FromRequestParts<Arc<App>> for Reader {
    type Rejection = Problem;

    async fn from_request_parts(parts: &mut Parts, app: &Arc<App>) -> Result<Reader, Problem> {
        if token(parts).is_some_and(|token| token.starts_with(PREFIX)) {
            let Portal { caller, subject, .. } = Portal::from_request_parts(parts, app).await?;
            return Ok(Reader { caller, subject: Some(subject) });
        }
        Ok(Reader { caller: Caller::from_request_parts(parts, app).await?, subject: None })
    }
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Wanted {
    subject: String,
    allowed_meter_slugs: Option<Vec<String>>,
}

pub(super) async fn create(
    State(app): State<Arc<App>>,
    caller: Caller,
    headers: HeaderMap,
    from: Body,
) -> Result<Response, Problem> {
    caller.needs(Role::Admin)?;
    app.node()?;
    let Wanted { subject, allowed_meter_slugs: meters } = object(&app, &headers, from).await?;
    let named = meters.iter().flatten().map(String::len).sum::<usize>();
    if subject.is_empty() || subject.len() > limits::IDENTITY_BYTES || named > limits::TOKEN_METERS_BYTES {
        let (subject, meters) = (limits::IDENTITY_BYTES, limits::TOKEN_METERS_BYTES);
        return Err(Problem::malformed(format!("a subject has 1 to {subject} bytes, and all meters {meters}")));
    }
    let made = now();
    let inside = Inside { tenant: caller.tenant.to_string(), subject, meters, made };
    let missing = || Problem::refused("S026", "there is no key for tokens".into());
    let token = app.portal.make(&inside).ok_or_else(missing)?;
    let at = |micros: i64| Timestamp(micros.saturating_mul(1_000)).to_string();
    let mut out = json!({
        "id": id("token", &token), "subject": inside.subject, "token": token, "expired": false,
        "createdAt": at(made), "expiresAt": at(made.saturating_add(TOKEN_MICROS)),
    });
    if let Some(meters) = inside.meters {
        out["allowedMeterSlugs"] = meters.into();
    }
    Ok(json_of(StatusCode::OK, &out))
}

#[derive(Deserialize, Default)]
#[serde(default)]
struct Ended {
    id: Option<String>,
    subject: Option<String>,
}

/// Ends a token by its id, those of a subject, or all; both ends what either names.
pub(super) async fn invalidate(
    State(app): State<Arc<App>>,
    caller: Caller,
    headers: HeaderMap,
    from: Body,
) -> Result<Response, Problem> {
    caller.needs(Role::Admin)?;
    let node = app.node()?;
    let Ended { id, subject } = object(&app, &headers, from).await?;
    let long = [&id, &subject].into_iter().flatten().any(|text| text.len() > limits::IDENTITY_BYTES);
    if long {
        return Err(Problem::malformed(format!("an id or a subject has at most {} bytes", limits::IDENTITY_BYTES)));
    }
    let mut ended: Vec<EndedTokens> = id.map(EndedTokens::Token).into_iter().collect();
    ended.extend(subject.map(EndedTokens::Subject));
    if ended.is_empty() {
        ended.push(EndedTokens::All);
    }
    let command = |ended| Command::EndTokens { tenant: caller.tenant.to_string(), ended };
    for answer in decide(node, ended.into_iter().map(command).collect()).await? {
        if let Answer::Refused { code, message } = answer {
            return Err(Problem::refused(code, message));
        }
    }
    Ok(StatusCode::NO_CONTENT.into_response())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_token_is_good_where_and_while_it_was_made_for() {
        let tokens = Tokens::new(&[1; 32]);
        let inside = Inside { tenant: "t".into(), subject: "ä".into(), meters: None, made: 5 };
        let token = tokens.make(&inside).expect("a key");
        assert!(Tokens::default().make(&inside).is_none() && Tokens::default().read(&token, 6).is_none());
        let read = |tokens: &Tokens, token: &str, now| tokens.read(token, now).map(|inside| inside.subject);
        assert_eq!(read(&tokens, &token, 6).as_deref(), Some("ä"));
        assert_eq!(read(&Tokens::new(&[1; 32]), &token, 6).as_deref(), Some("ä"), "the same directory");
        assert_eq!(read(&Tokens::new(&[2; 32]), &token, 6), None, "another one");
        assert_eq!(read(&tokens, &token, 5 + TOKEN_MICROS), None, "it is over");
        for at in PREFIX.len()..token.len() {
            let mut other = token.clone().into_bytes();
            other[at] = if other[at] == b'0' { b'1' } else { b'0' };
            assert_eq!(read(&tokens, &String::from_utf8(other).expect("ASCII"), 6), None, "{at}");
        }
        for other in ["", "portal_", "portal_.", "portal_ä.x", &token[..20]] {
            assert_eq!(read(&tokens, other, 6), None, "{other}");
        }
    }
}
