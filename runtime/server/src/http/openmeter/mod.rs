//! What clients of OpenMeter ask, answered from here: `/api/v1`, and a little of `/api/v2`.
//!
//! Meters come from plans, customers are accounts, entitlements are those of contracts. What has no
//! meaning here is refused with a reason, not imitated.

mod customers;
mod entitlements;
mod events;
mod meters;
mod portal;
mod query;

use crate::http::App;
use axum::Router;
use axum::routing::{get, post};
use std::sync::Arc;

pub(in crate::http) use portal::{Portal, Tokens};

/// Their routes, with their methods.
pub(super) const ROUTES: [(&str, &[&str]); 20] = [
    ("/api/v1/customers", &["get", "post"]),
    ("/api/v1/customers/{customer}", &["get"]),
    ("/api/v1/customers/{customer}/access", &["get"]),
    ("/api/v1/customers/{customer}/entitlements/{feature}/value", &["get"]),
    ("/api/v1/events", &["get", "post"]),
    ("/api/v1/meters", &["get", "post"]),
    ("/api/v1/meters/{meter}", &["delete", "get", "put"]),
    ("/api/v1/meters/{meter}/group-by/{field}/values", &["get"]),
    ("/api/v1/meters/{meter}/query", &["get", "post"]),
    ("/api/v1/meters/{meter}/subjects", &["get"]),
    ("/api/v1/portal/meters/{meter}/query", &["get"]),
    ("/api/v1/portal/tokens", &["post"]),
    ("/api/v1/portal/tokens/invalidate", &["post"]),
    ("/api/v1/subjects", &["get", "post"]),
    ("/api/v1/subjects/{subject}", &["get"]),
    ("/api/v1/subjects/{subject}/entitlements/{feature}/value", &["get"]),
    ("/api/v2/customers/{customer}/entitlements/{feature}/value", &["get"]),
    ("/api/v2/events", &["get"]),
    ("/api/v3/openmeter/entitlement-access/query", &["post"]),
    ("/api/v3/openmeter/events", &["post"]),
];

/// Their routes.
pub(super) fn routes() -> Router<Arc<App>> {
    Router::new()
        .route("/api/v1/customers", get(customers::list).post(customers::create))
        .route("/api/v1/customers/{customer}", get(customers::show))
        .route("/api/v1/customers/{customer}/access", get(entitlements::access))
        .route("/api/v1/customers/{customer}/entitlements/{feature}/value", get(entitlements::value))
        .route("/api/v1/events", get(events::list).post(events::ingest))
        .route("/api/v1/meters", get(meters::list).post(meters::create))
        .route("/api/v1/meters/{meter}", get(meters::show).put(meters::change).delete(meters::change))
        .route("/api/v1/meters/{meter}/group-by/{field}/values", get(meters::values))
        .route("/api/v1/meters/{meter}/query", get(query::by_address).post(query::by_body))
        .route("/api/v1/meters/{meter}/subjects", get(meters::subjects))
        .route("/api/v1/portal/meters/{meter}/query", get(query::by_portal))
        .route("/api/v1/portal/tokens", post(portal::create))
        .route("/api/v1/portal/tokens/invalidate", post(portal::invalidate))
        .route("/api/v1/subjects", get(customers::subjects).post(customers::put_subjects))
        .route("/api/v1/subjects/{subject}", get(customers::subject))
        .route("/api/v1/subjects/{subject}/entitlements/{feature}/value", get(entitlements::value))
        .route("/api/v2/customers/{customer}/entitlements/{feature}/value", get(entitlements::value))
        .route("/api/v2/events", get(events::pages))
        .route("/api/v3/openmeter/entitlement-access/query", post(entitlements::query))
        .route("/api/v3/openmeter/events", post(events::ingest_v3))
}

/// An id in the form that they give ids: the same for the same name.
fn id(kind: &str, name: &str) -> String {
    const LETTERS: &[u8; 32] = b"0123456789ABCDEFGHJKMNPQRSTVWXYZ";
    let hash = blake3::hash(format!("{kind}\0{name}").as_bytes());
    let mut number = hash.as_bytes().first_chunk::<16>().map_or(0, |bytes| u128::from_le_bytes(*bytes));
    // The first letter of 26 holds three bits.
    let mut letters = [b'0'; 26];
    for letter in letters.iter_mut().rev() {
        *letter = LETTERS[(number & 31) as usize];
        number >>= 5;
    }
    String::from_utf8_lossy(&letters).into_owned()
}

/// When nothing says since when something is there.
const SINCE: &str = "2020-01-01T00:00:00Z";

#[cfg(test)]
mod tests {
    #[test]
    fn ids_are_ulids_in_form() {
        let id = super::id("customer", "acme");
        assert_eq!(id.len(), 26);
        assert!(id.as_bytes()[0] <= b'7', "{id}");
        assert_eq!(id, super::id("customer", "acme"));
        assert_ne!(id, super::id("subject", "acme"));
    }
}
