//! Tokens that a customer's browser holds: short-lived, for the usage of one subject.
//!
//! They are signed with a key that this process made when it began: a restart makes all of them worthless.

use super::id;
use crate::http::App;
use crate::http::auth::{counted, now};
use crate::http::events::object;
use crate::http::json_of;
use crate::http::problem::Problem;
use crate::keys::{Caller, Role};
use axum::body::Body;
use axum::extract::{FromRequestParts, State};
use axum::http::request::Parts;
use axum::http::{HeaderMap, StatusCode, header};
use axum::response::{IntoResponse as _, Response};
use price_value::Timestamp;
use serde::{Deserialize, Serialize};
use serde_json::json;
use std::collections::BTreeMap;
use std::sync::{Arc, Mutex, PoisonError};

/// For how long a token is good, in microseconds: an hour.
const GOOD: i64 = 3_600 * 1_000_000;
const PREFIX: &str = "portal_";

/// Tokens that are no longer good: by tenant and subject (none: all), those made before a time.
#[derive(Default)]
pub(in crate::http) struct Tokens {
    key: std::sync::OnceLock<[u8; 32]>,
    ended: Mutex<BTreeMap<(String, Option<String>), i64>>,
}

#[derive(Serialize, Deserialize)]
struct Inside {
    tenant: String,
    subject: String,
    made: i64,
}

impl Tokens {
    fn key(&self) -> Result<[u8; 32], Problem> {
        if let Some(key) = self.key.get() {
            return Ok(*key);
        }
        let mut key = [0; 32];
        let wrong = |error: getrandom::Error| Problem::refused("S026", format!("no random bytes: {error}"));
        getrandom::fill(&mut key).map_err(wrong)?;
        Ok(*self.key.get_or_init(|| key))
    }

    fn make(&self, inside: &Inside) -> Result<String, Problem> {
        let text = serde_json::to_vec(inside).unwrap_or_default();
        let hex: String = text.iter().map(|byte| format!("{byte:02x}")).collect();
        let mark = blake3::keyed_hash(&self.key()?, hex.as_bytes()).to_hex();
        Ok(format!("{PREFIX}{hex}.{mark}"))
    }

    fn read(&self, token: &str) -> Option<Inside> {
        let (hex, mark) = token.strip_prefix(PREFIX)?.split_once('.')?;
        let wanted = blake3::keyed_hash(self.key.get()?, hex.as_bytes());
        // Compared in the same time whatever differs.
        if blake3::Hash::from_hex(mark).ok()? != wanted || hex.len() % 2 != 0 || !hex.is_ascii() {
            return None;
        }
        let bytes: Option<Vec<u8>> =
            (0..hex.len() / 2).map(|at| u8::from_str_radix(&hex[2 * at..2 * at + 2], 16).ok()).collect();
        let inside: Inside = serde_json::from_slice(&bytes?).ok()?;
        let ended = self.ended.lock().unwrap_or_else(PoisonError::into_inner);
        let over = |subject: Option<String>| {
            ended.get(&(inside.tenant.clone(), subject)).is_some_and(|before| inside.made <= *before)
        };
        let good = now() < inside.made.saturating_add(GOOD) && !over(None) && !over(Some(inside.subject.clone()));
        good.then_some(inside)
    }
}

/// Whoever shows a token of one subject.
pub(in crate::http) struct Portal {
    pub(super) caller: Caller,
    pub(super) subject: String,
}

impl FromRequestParts<Arc<App>> for Portal {
    type Rejection = Problem;

    async fn from_request_parts(parts: &mut Parts, app: &Arc<App>) -> Result<Portal, Problem> {
        let token = parts.headers.get(header::AUTHORIZATION).and_then(|value| value.to_str().ok());
        let token = token.and_then(|value| value.split_once(' ')).map(|(_, token)| token.trim());
        let inside = token.and_then(|token| app.portal.read(token)).ok_or_else(Problem::no_key)?;
        let caller = Caller { tenant: inside.tenant.as_str().into(), roles: [Role::Read].into() };
        let caller = counted(app, caller)?;
        Ok(Portal { caller, subject: inside.subject })
    }
}

#[derive(Deserialize)]
struct Wanted {
    subject: String,
}

pub(super) async fn create(
    State(app): State<Arc<App>>,
    caller: Caller,
    headers: HeaderMap,
    from: Body,
) -> Result<Response, Problem> {
    caller.needs(Role::Admin)?;
    let Wanted { subject } = object(&app, &headers, from).await?;
    let made = now();
    let token = app.portal.make(&Inside { tenant: caller.tenant.to_string(), subject: subject.clone(), made })?;
    let at = |micros: i64| Timestamp(micros.saturating_mul(1_000)).to_string();
    let out = json!({
        "id": id("token", &token), "subject": subject, "token": token, "expired": false,
        "createdAt": at(made), "expiresAt": at(made.saturating_add(GOOD)),
    });
    Ok(json_of(StatusCode::OK, &out))
}

#[derive(Deserialize, Default)]
#[serde(default)]
struct Ended {
    subject: Option<String>,
}

pub(super) async fn invalidate(
    State(app): State<Arc<App>>,
    caller: Caller,
    headers: HeaderMap,
    from: Body,
) -> Result<Response, Problem> {
    caller.needs(Role::Admin)?;
    let Ended { subject } = object(&app, &headers, from).await?;
    let mut ended = app.portal.ended.lock().unwrap_or_else(PoisonError::into_inner);
    // What would have ended by itself needs no memory.
    let now = now();
    ended.retain(|_, before| now < before.saturating_add(GOOD));
    ended.insert((caller.tenant.to_string(), subject), now);
    Ok(StatusCode::NO_CONTENT.into_response())
}
