//! Whether it lives, whether it can be used, what it counts, and what it says of itself.

use crate::http::params::Part;
use crate::http::problem::Problem;
use crate::http::{App, OPENAPI, json};
use axum::extract::State;
use axum::http::{StatusCode, header};
use axum::response::{IntoResponse, Response};
use std::sync::Arc;
use std::sync::atomic::Ordering::Relaxed;

pub(super) async fn live() -> &'static str {
    "ok\n"
}

pub(super) async fn ready(State(app): State<Arc<App>>) -> Response {
    if app.ready() {
        return "ready\n".into_response();
    }
    let replayed = app.metrics.replayed.load(Relaxed);
    let why = match (app.node.get(), app.metrics.no_room.load(Relaxed)) {
        (None, _) => format!("replaying the log, {replayed} entries so far"),
        (Some(_), 1) => "the disk has no room for the log".to_owned(),
        _ => "the server stops".to_owned(),
    };
    Problem::not_ready(why).into_response()
}

pub(super) async fn metrics(State(app): State<Arc<App>>) -> Response {
    let text = app.metrics.text(app.ready());
    ([(header::CONTENT_TYPE, "text/plain; version=0.0.4; charset=utf-8")], text).into_response()
}

pub(super) async fn openapi() -> Response {
    json(StatusCode::OK, OPENAPI.to_owned())
}

/// The page of a code, which the `type` of a problem names.
pub(super) async fn page(Part(code): Part) -> Result<Response, Problem> {
    let info = price_diagnostics::codes::CODES.iter().find(|info| info.code == code);
    let info = info.ok_or_else(|| Problem::not_found(format!("there is no code `{code}`")))?;
    Ok(([(header::CONTENT_TYPE, "text/markdown; charset=utf-8")], info.page).into_response())
}
