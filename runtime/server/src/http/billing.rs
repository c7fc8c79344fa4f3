//! How periods are closed: settings, approval, what cannot be settled, and the test clock.

use crate::http::events::{SeqOut, object};
use crate::http::invoices::asked;
use crate::http::once::{Key, told};
use crate::http::problem::Problem;
use crate::http::{App, instant, json_of};
use crate::keys::{Caller, Role};
use axum::body::Body;
use axum::extract::State;
use axum::http::{HeaderMap, StatusCode};
use axum::response::Response;
use price_core::billing::{BillingCommand, HeldView, Settings};
use price_value::{Date, Timestamp};
use serde::{Deserialize, Serialize};
use std::sync::Arc;

pub(super) async fn settings(State(app): State<Arc<App>>, caller: Caller) -> Result<Response, Problem> {
    caller.needs(Role::Read)?;
    let settings = app.node()?.read(move |machine| machine.billing_settings(&caller.tenant)).await?;
    Ok(json_of(StatusCode::OK, &settings))
}

/// Sets all of them: what is left out is at its default.
pub(super) async fn set(
    State(app): State<Arc<App>>,
    caller: Caller,
    key: Key,
    headers: HeaderMap,
    from: Body,
) -> Result<Response, Problem> {
    caller.needs(Role::Billing)?;
    let settings: Settings = object(&app, &headers, from).await?;
    let ask = BillingCommand::Settings(settings.clone());
    let (_, again) = asked(&app, &caller, key, "PUT /v1/billing", ask).await?;
    Ok(told(json_of(StatusCode::OK, &settings), again))
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Approval {
    until: Date,
}

/// Lets periods be issued that end by a day.
pub(super) async fn approve(
    State(app): State<Arc<App>>,
    caller: Caller,
    key: Key,
    headers: HeaderMap,
    from: Body,
) -> Result<Response, Problem> {
    caller.needs(Role::Billing)?;
    let Approval { until } = object(&app, &headers, from).await?;
    let (seq, again) = asked(&app, &caller, key, "POST /v1/billing/approve", BillingCommand::Approve(until)).await?;
    Ok(told(json_of(StatusCode::OK, &SeqOut { seq }), again))
}

#[derive(Serialize)]
struct HeldOut {
    account: String,
    from: String,
    plan: String,
    why: String,
}

#[derive(Serialize)]
struct AllHeldOut {
    held: Vec<HeldOut>,
}

/// Periods that cannot be settled, and why.
pub(super) async fn held(State(app): State<Arc<App>>, caller: Caller) -> Result<Response, Problem> {
    caller.needs(Role::Read)?;
    let held = app.node()?.read(move |machine| machine.held(&caller.tenant)).await?;
    let out = |HeldView { plan, billed, from, why }| HeldOut { account: billed, from: from.to_string(), plan, why };
    Ok(json_of(StatusCode::OK, &AllHeldOut { held: held.into_iter().map(out).collect() }))
}

/// Settles them again.
pub(super) async fn retry(State(app): State<Arc<App>>, caller: Caller, key: Key) -> Result<Response, Problem> {
    caller.needs(Role::Billing)?;
    let (seq, again) = asked(&app, &caller, key, "POST /v1/billing/retry", BillingCommand::Retry).await?;
    Ok(told(json_of(StatusCode::OK, &SeqOut { seq }), again))
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Now {
    now: String,
}

#[derive(Serialize)]
struct ClockOut {
    /// None: the time of the world.
    now: Option<String>,
}

pub(super) async fn clock(State(app): State<Arc<App>>, caller: Caller) -> Result<Response, Problem> {
    caller.needs(Role::Read)?;
    let now = app.node()?.read(move |machine| machine.clock(&caller.tenant)).await?;
    Ok(json_of(StatusCode::OK, &ClockOut { now: now.map(instant) }))
}

/// Puts the test clock of the tenant forward, and waits until what is due by then is issued.
pub(super) async fn set_clock(
    State(app): State<Arc<App>>,
    caller: Caller,
    key: Key,
    headers: HeaderMap,
    from: Body,
) -> Result<Response, Problem> {
    caller.needs(Role::Billing)?;
    let Now { now } = object(&app, &headers, from).await?;
    let at = Timestamp::parse_rfc3339(&now)
        .map_err(|wrong| Problem::malformed(format!("`now` is a time such as 2026-03-01T00:00:00Z: {wrong}")))?;
    let micros = at.0.div_euclid(1_000);
    let (_, again) = asked(&app, &caller, key, "PUT /v1/clock", BillingCommand::Clock(micros)).await?;
    app.node()?.struck().await?;
    Ok(told(json_of(StatusCode::OK, &ClockOut { now: Some(instant(micros)) }), again))
}
