//! Events: sending, finding, replacing, taking back.

use crate::http::once::{Key, told};
use crate::http::params::{Params, Part};
use crate::http::problem::Problem;
use crate::http::{App, body, json_of};
use crate::keys::{Caller, Role};
use crate::limits;
use crate::metrics::{Metrics, Outcome};
use crate::node::Node;
use crate::records::{Media, binary_event, media, records};
use axum::body::Body;
use axum::extract::State;
use axum::http::{HeaderMap, StatusCode};
use axum::response::Response;
use price_core::{Answer, Command};
use price_value::Timestamp;
use serde::{Deserialize, Serialize};
use serde_json::value::RawValue;
use std::sync::Arc;

/// What became of one record.
#[derive(Debug, Serialize)]
pub(super) struct ResultOut {
    status: &'static str,
    /// Entry of the log: of the event, or of the reject.
    #[serde(skip_serializing_if = "Option::is_none")]
    seq: Option<u64>,
    /// Entry of the event that counts, for a conflict.
    #[serde(skip_serializing_if = "Option::is_none")]
    first: Option<u64>,
    #[serde(skip_serializing_if = "Option::is_none")]
    code: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    message: Option<String>,
}

#[derive(Debug, Default, Serialize)]
struct ResultsOut {
    accepted: u64,
    conflicts: u64,
    duplicates: u64,
    rejected: u64,
    results: Vec<ResultOut>,
}

impl ResultOut {
    pub(super) fn of(answer: Answer) -> (ResultOut, Outcome) {
        let blank = ResultOut { status: "accepted", seq: None, first: None, code: None, message: None };
        match answer {
            Answer::Accepted { seq } => (ResultOut { seq: Some(seq), ..blank }, Outcome::Accepted),
            Answer::Duplicate { seq } => {
                (ResultOut { status: "duplicate", seq: Some(seq), ..blank }, Outcome::Duplicate)
            }
            Answer::Conflict { first, seq } => {
                let message = format!("entry {first} has the same source and id and another content; it counts");
                let out = ResultOut {
                    status: "conflict",
                    seq: Some(seq),
                    first: Some(first),
                    message: Some(message),
                    ..blank
                };
                (out, Outcome::Conflict)
            }
            Answer::Rejected { seq, code, message } => {
                let (code, message) = (Some(code), Some(message));
                (ResultOut { status: "rejected", seq: Some(seq), code, message, ..blank }, Outcome::Rejected)
            }
            Answer::Refused { code, message } => {
                let (code, message) = (Some(code.to_owned()), Some(message));
                (ResultOut { status: "rejected", code, message, ..blank }, Outcome::Rejected)
            }
            Answer::Ticked { .. } | Answer::Once { .. } => {
                (ResultOut { status: "rejected", ..blank }, Outcome::Rejected)
            }
        }
    }
}

/// Has commands decided, within the time that a request has.
pub(super) async fn decide(node: &Node, commands: Vec<Command>) -> Result<Vec<Answer>, Problem> {
    let late = || {
        let detail = "the answer takes too long; it may still be carried out, and sending the same again counts once";
        Problem::busy(detail)
    };
    Ok(tokio::time::timeout(limits::ANSWER_TIME, node.write(commands)).await.map_err(|_| late())??)
}

/// What became of events. What was answered before was counted then.
fn results(metrics: Option<&Metrics>, answers: Vec<Answer>) -> Response {
    let mut out = ResultsOut { results: Vec::with_capacity(answers.len()), ..ResultsOut::default() };
    for answer in answers {
        let (result, outcome) = ResultOut::of(answer);
        if let Some(metrics) = metrics {
            metrics.event(outcome);
        }
        let count = match outcome {
            Outcome::Accepted => &mut out.accepted,
            Outcome::Duplicate => &mut out.duplicates,
            Outcome::Conflict => &mut out.conflicts,
            Outcome::Rejected => &mut out.rejected,
        };
        *count += 1;
        out.results.push(result);
    }
    json_of(StatusCode::OK, &out)
}

/// The records of a request, in whichever mode they came.
async fn taken(app: &App, headers: &HeaderMap, from: Body) -> Result<Vec<String>, Problem> {
    let content = body::content_type(headers);
    let understood = content.and_then(media);
    let structured = matches!(understood, Some(Media::Event | Media::Batch));
    let binary = headers.contains_key("ce-specversion") && !structured;
    if understood.is_none() && !binary {
        let found = content.map_or_else(|| "no content type".to_owned(), |found| format!("`{found}`"));
        return Err(Problem::media(format!(
            "events come as application/json, application/x-ndjson or CloudEvents in JSON, not as {found}"
        )));
    }
    let held = body::read(app, headers, from, limits::BODY_BYTES).await?;
    if binary {
        let named = headers.iter().map(|(name, value)| (name.as_str(), value.as_bytes()));
        let event = binary_event(named, content, &held.bytes)?;
        records(event.as_bytes(), Media::Event)?;
        return Ok(vec![event]);
    }
    let found = records(&held.bytes, understood.unwrap_or(Media::Json))?;
    Ok(found.into_iter().map(str::to_owned).collect())
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Ingest {
    /// Backfill that can be reverted as one.
    set: Option<String>,
}

pub(super) async fn ingest(
    State(app): State<Arc<App>>,
    caller: Caller,
    Params(asked): Params<Ingest>,
    headers: HeaderMap,
    from: Body,
) -> Result<Response, Problem> {
    caller.needs(Role::Ingest)?;
    let node = app.node()?;
    let set = asked.set.or_else(|| headers.get("price-set").and_then(|v| v.to_str().ok()).map(str::to_owned));
    if set.as_ref().is_some_and(|set| set.is_empty() || set.len() > price_core::limits::SET_BYTES) {
        let most = price_core::limits::SET_BYTES;
        return Err(Problem::parameter(format!("the name of a backfill has 1 to {most} bytes")));
    }
    app.quotas.may_send(&caller.tenant)?;
    let found = taken(&app, &headers, from).await?;
    app.quotas.sent(&caller.tenant, found.len());
    let command = |record| Command::Usage { tenant: caller.tenant.to_string(), record, set: set.clone() };
    let answers = decide(node, found.into_iter().map(command).collect()).await?;
    Ok(results(Some(&app.metrics), answers))
}

pub(super) async fn replace(
    State(app): State<Arc<App>>,
    caller: Caller,
    key: Key,
    headers: HeaderMap,
    from: Body,
) -> Result<Response, Problem> {
    caller.needs(Role::Ingest)?;
    let node = app.node()?;
    app.quotas.may_send(&caller.tenant)?;
    let found = taken(&app, &headers, from).await?;
    app.quotas.sent(&caller.tenant, found.len());
    let command = |record| Command::Replace { tenant: caller.tenant.to_string(), record };
    let decided = key.decide(node, &caller, "PUT /v1/events", found.into_iter().map(command).collect()).await?;
    let metrics = (!decided.again).then_some(&*app.metrics);
    Ok(told(results(metrics, decided.answers), decided.again))
}

/// An object of a request that is not usage.
pub(super) async fn object<T: for<'d> Deserialize<'d>>(
    app: &App,
    headers: &HeaderMap,
    from: Body,
) -> Result<T, Problem> {
    if body::content_type(headers).and_then(media) != Some(Media::Json) {
        return Err(Problem::media("the body is an object, sent as application/json"));
    }
    let held = body::read(app, headers, from, limits::BODY_BYTES).await?;
    let text = records(&held.bytes, Media::Event)?;
    serde_json::from_str(text.first().copied().unwrap_or_default())
        .map_err(|wrong| Problem::malformed(wrong.to_string()))
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Identity {
    #[serde(default)]
    pub(super) source: String,
    pub(super) id: String,
}

#[derive(Serialize)]
pub(super) struct SeqOut {
    pub(super) seq: u64,
}

pub(super) async fn void(
    State(app): State<Arc<App>>,
    caller: Caller,
    key: Key,
    headers: HeaderMap,
    from: Body,
) -> Result<Response, Problem> {
    caller.needs(Role::Ingest)?;
    let node = app.node()?;
    let Identity { source, id } = object(&app, &headers, from).await?;
    let command = Command::Void { tenant: caller.tenant.to_string(), source, id };
    let (seq, again) = key.decide(node, &caller, "POST /v1/events/void", vec![command]).await?.seq()?;
    Ok(told(json_of(StatusCode::OK, &SeqOut { seq }), again))
}

pub(super) async fn revert(
    State(app): State<Arc<App>>,
    caller: Caller,
    key: Key,
    Part(set): Part,
) -> Result<Response, Problem> {
    caller.needs(Role::Ingest)?;
    let command = Command::Revert { tenant: caller.tenant.to_string(), set };
    let (seq, again) = key.decide(app.node()?, &caller, "POST /v1/backfills/revert", vec![command]).await?.seq()?;
    Ok(told(json_of(StatusCode::OK, &SeqOut { seq }), again))
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Find {
    #[serde(default)]
    pub(super) source: String,
    pub(super) id: String,
}

#[derive(Serialize)]
struct EventOut<'e> {
    account: &'e str,
    billed: &'e str,
    event: &'e RawValue,
    happened: String,
    plan: &'e str,
    recorded: String,
    seq: u64,
}

pub(super) async fn find(
    State(app): State<Arc<App>>,
    caller: Caller,
    Params(asked): Params<Find>,
) -> Result<Response, Problem> {
    caller.needs(Role::Read)?;
    let tenant = caller.tenant.clone();
    let Find { source, id } = asked;
    let question = move |machine: &mut price_core::Machine| machine.event(&tenant, &source, &id);
    let found = app.node()?.read(question).await?;
    let found = found.ok_or_else(|| Problem::not_found("no event that counts has this source and id"))?;
    let event = raw(&found.record)?;
    let out = EventOut {
        account: &found.account,
        billed: &found.billed,
        event,
        happened: Timestamp(found.happened).to_string(),
        plan: &found.plan,
        recorded: Timestamp(found.recorded).to_string(),
        seq: found.seq,
    };
    Ok(json_of(StatusCode::OK, &out))
}

/// A record as it stands inside of an answer.
pub(super) fn raw(record: &str) -> Result<&RawValue, Problem> {
    serde_json::from_str(record).map_err(|_| Problem::malformed("the record is no JSON"))
}
