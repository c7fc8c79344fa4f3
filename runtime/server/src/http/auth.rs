//! Who makes a request.

use crate::asked;
use crate::http::App;
use crate::http::problem::Problem;
use crate::keys::{Caller, Role};
use crate::limits;
use axum::extract::{ConnectInfo, FromRequestParts};
use axum::http::HeaderMap;
use axum::http::header;
use axum::http::request::Parts;
use price_value::{Date, Timestamp, Zone};
use std::collections::HashMap;
use std::net::{IpAddr, SocketAddr};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::{Instant, SystemTime, UNIX_EPOCH};

/// The tenant of a server without keys.
pub(crate) const TENANT: &str = "default";

/// Today, in UTC.
pub(crate) fn today() -> Date {
    day_of(now())
}

/// Microseconds since 1970 UTC.
pub(crate) fn now() -> i64 {
    let since = SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default();
    i64::try_from(since.as_micros()).unwrap_or(i64::MAX)
}

/// The day of an instant in UTC.
pub(crate) fn day_of(micros: i64) -> Date {
    Zone::utc().local(Timestamp(micros.saturating_mul(1_000))).0
}

impl FromRequestParts<Arc<App>> for Caller {
    type Rejection = Problem;

    async fn from_request_parts(parts: &mut Parts, app: &Arc<App>) -> Result<Caller, Problem> {
        let Some(ring) = &app.ring else {
            from_here(&parts.headers)?;
            return counted(app, Caller { tenant: TENANT.into(), roles: [Role::Admin].into() });
        };
        let token = parts.headers.get(header::AUTHORIZATION).and_then(|value| value.to_str().ok());
        let token = token.and_then(|value| value.split_once(' '));
        let token = token.filter(|(scheme, _)| scheme.eq_ignore_ascii_case("bearer")).map(|(_, token)| token.trim());
        let caller = token.and_then(|token| ring.caller(token, today()));
        let caller = caller.ok_or_else(|| {
            // A good key always gets in: behind a proxy all have one address.
            let address = parts.extensions.get::<ConnectInfo<SocketAddr>>().map(|info| info.0.ip());
            match address {
                Some(address) if app.wrong.too_many(address) => Problem::too_many_wrong_keys(),
                Some(address) => {
                    app.wrong.note(address);
                    Problem::no_key()
                }
                None => Problem::no_key(),
            }
        })?;
        counted(app, caller)
    }
}

/// Notes whose the request is; an error where its tenant has asked for too much.
pub(super) fn counted(app: &App, caller: Caller) -> Result<Caller, Problem> {
    asked::belongs(&caller.tenant);
    app.quotas.request(&caller.tenant)?;
    Ok(caller)
}

/// Without keys, pages of other sites that a browser shows on this machine must not get in: not by
/// a name that leads here, and not from another origin.
fn from_here(headers: &HeaderMap) -> Result<(), Problem> {
    let text = |name: header::HeaderName| headers.get(name).map(|value| value.to_str().unwrap_or("?"));
    let host = text(header::HOST).unwrap_or("?");
    let name = host.rsplit_once(':').filter(|(_, port)| port.bytes().all(|b| b.is_ascii_digit())).map_or(host, |h| h.0);
    let address = name.trim_start_matches('[').trim_end_matches(']').parse::<IpAddr>();
    if name != "localhost" && !address.is_ok_and(|address| address.is_loopback()) {
        return Err(Problem::forbidden("a server without keys answers to `localhost` only; make a key"));
    }
    match text(header::ORIGIN) {
        Some(origin) if origin != format!("http://{host}") => {
            Err(Problem::forbidden("a server without keys answers to no pages of other sites; make a key"))
        }
        _ => Ok(()),
    }
}

impl Caller {
    /// An error unless it may.
    pub(crate) fn needs(&self, role: Role) -> Result<(), Problem> {
        match self.may(role) {
            true => Ok(()),
            false => Err(Problem::forbidden(format!("the key does not have the role `{}`", role.word()))),
        }
    }
}

/// Wrong keys by address, within a window.
#[derive(Default)]
pub(crate) struct WrongKeys(Mutex<HashMap<IpAddr, (Instant, u32)>>);

impl WrongKeys {
    fn too_many(&self, address: IpAddr) -> bool {
        let seen = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        let count =
            |(since, count): &(Instant, u32)| since.elapsed() < limits::WRONG_KEYS_TIME && *count >= limits::WRONG_KEYS;
        seen.get(&address).is_some_and(count)
    }

    fn note(&self, address: IpAddr) {
        let mut seen = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        if seen.len() >= limits::WRONG_KEYS_ADDRESSES {
            seen.retain(|_, (since, _)| since.elapsed() < limits::WRONG_KEYS_TIME);
        }
        // Where nothing could be dropped, more addresses are not remembered.
        if seen.len() >= limits::WRONG_KEYS_ADDRESSES && !seen.contains_key(&address) {
            return;
        }
        let entry = seen.entry(address).or_insert_with(|| (Instant::now(), 0));
        if entry.0.elapsed() >= limits::WRONG_KEYS_TIME {
            *entry = (Instant::now(), 0);
        }
        entry.1 += 1;
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn pages_of_other_sites_do_not_get_in() {
        let asked = |host: &str, origin: Option<&str>| {
            let mut headers = HeaderMap::new();
            headers.insert(header::HOST, host.parse().expect("a header"));
            if let Some(origin) = origin {
                headers.insert(header::ORIGIN, origin.parse().expect("a header"));
            }
            from_here(&headers).is_ok()
        };
        assert!(asked("127.0.0.1:8080", None) && asked("localhost:8080", None) && asked("[::1]:8080", None));
        assert!(asked("localhost:8080", Some("http://localhost:8080")));
        assert!(!asked("evil.example:8080", None), "a name that leads here");
        assert!(!asked("localhost:8080", Some("http://evil.example")));
        assert!(!asked("localhost:8080", Some("null")));
        assert!(from_here(&HeaderMap::new()).is_err());
    }

    #[test]
    fn wrong_keys_are_counted_by_address() {
        let wrong = WrongKeys::default();
        let address = |n: u8| IpAddr::from([10, 0, 0, n]);
        for _ in 0..limits::WRONG_KEYS {
            assert!(!wrong.too_many(address(1)));
            wrong.note(address(1));
        }
        assert!(wrong.too_many(address(1)) && !wrong.too_many(address(2)));
    }
}
