//! What clients of OpenMeter ask, answered from here: `/api/v1`, and a little of `/api/v2`.
//!
//! Meters come from plans, customers are accounts, entitlements are those of contracts. What has no
//! meaning here is refused with a reason, not imitated.

mod asked;
mod customers;
mod entitlements;
mod events;
mod id;
mod ingest;
mod meters;
mod number;
mod portal;
mod query;

use crate::http::App;
use axum::Router;
use axum::http::StatusCode;
use axum::routing::{get, post};
use std::sync::Arc;

use portal::Portal;
pub(in crate::http) use portal::Tokens;

/// The description of their routes, as it is served.
pub(super) const OPENAPI: &str = include_str!("../../../openmeter.json");

/// Their routes, with their methods.
pub(super) const ROUTES: [(&str, &[&str]); 21] = [
    ("/api/openapi.json", &["get"]),
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
        .route("/api/openapi.json", get(async || super::json(StatusCode::OK, OPENAPI.to_owned())))
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

/// When nothing says since when something is there.
const SINCE: &str = "2020-01-01T00:00:00Z";
