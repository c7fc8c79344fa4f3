//! Events that did not fit: looking at them, and sending them again.

use crate::http::events::{ResultOut, raw};
use crate::http::once::{Key, told};
use crate::http::params::{ByEntry, Params, Part};
use crate::http::problem::Problem;
use crate::http::{App, body, instant, json_of};
use crate::keys::{Caller, Role};
use crate::limits;
use crate::records::{Media, media, records};
use axum::body::Body;
use axum::extract::State;
use axum::http::{HeaderMap, StatusCode};
use axum::response::Response;
use price_core::{Answer, Command, RejectView};
use serde::Serialize;
use serde_json::value::RawValue;
use std::sync::Arc;

#[derive(Serialize)]
struct RejectOut<'r> {
    code: &'r str,
    message: &'r str,
    record: &'r RawValue,
    recorded: String,
    seq: u64,
}

#[derive(Serialize)]
struct RejectsOut<'r> {
    next: Option<String>,
    rejects: Vec<RejectOut<'r>>,
}

pub(super) async fn list(
    State(app): State<Arc<App>>,
    caller: Caller,
    Params(asked): Params<ByEntry>,
) -> Result<Response, Problem> {
    caller.needs(Role::Read)?;
    let (limit, after) = asked.bounds()?;
    let found = app.node()?.read(move |machine| machine.rejects(&caller.tenant, after, limit)).await?;
    let next = ByEntry::next(&found, limit, |reject| reject.seq);
    let rejects: Result<Vec<RejectOut<'_>>, Problem> = found.iter().map(out).collect();
    Ok(json_of(StatusCode::OK, &RejectsOut { next, rejects: rejects? }))
}

fn out(view: &RejectView) -> Result<RejectOut<'_>, Problem> {
    Ok(RejectOut {
        code: &view.code,
        message: &view.message,
        record: raw(&view.record)?,
        recorded: instant(view.recorded_at),
        seq: view.seq,
    })
}

/// Sends a reject again: as it was, after its plan or account was mended, or as the body has it.
pub(super) async fn retry(
    State(app): State<Arc<App>>,
    caller: Caller,
    key: Key,
    Part(entry): Part,
    headers: HeaderMap,
    from: Body,
) -> Result<Response, Problem> {
    caller.needs(Role::Ingest)?;
    let node = app.node()?;
    let unknown = || Problem::not_found(format!("there is no reject `{entry}`, or it is no longer kept at hand"));
    let seq: u64 = entry.parse().map_err(|_| unknown())?;
    let held = body::read(&app, &headers, from, limits::BODY_BYTES).await?;
    let mended = match held.bytes.iter().all(u8::is_ascii_whitespace) {
        true => None,
        false if body::content_type(&headers).and_then(media) == Some(Media::Json) => {
            records(&held.bytes, Media::Event)?.first().map(|record| (*record).to_owned())
        }
        false => return Err(Problem::media("a mended record is an object, sent as application/json")),
    };
    let command = Command::Retry { tenant: caller.tenant.to_string(), reject: seq, record: mended };
    let mut decided = key.decide(node, &caller, "POST /v1/rejects/retry", vec![command]).await?;
    if let Some(Answer::Refused { code: "S003", .. }) = decided.answers.first() {
        decided.seq()?;
        return Err(unknown());
    }
    let (result, outcome) = decided.answers.pop().map(ResultOut::of).ok_or_else(unknown)?;
    if !decided.again {
        app.metrics.event(outcome);
    }
    Ok(told(json_of(StatusCode::OK, &result), decided.again))
}
