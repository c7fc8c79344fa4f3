//! Events: in, and listed with why some do not count.

use super::asked::{advanced, instant};
use super::id::account;
use super::ingest::event;
use crate::http::auth::now;
use crate::http::events::{ResultOut, decide, raw};
use crate::http::params::{Params, page};
use crate::http::problem::Problem;
use crate::http::{App, body, json_of};
use crate::keys::{Caller, Role};
use crate::limits;
use crate::records::{Media, media, records};
use axum::body::Body;
use axum::extract::State;
use axum::http::{HeaderMap, StatusCode};
use axum::response::{IntoResponse as _, Response};
use price_core::{Answer, Behind, Command, Recent, RecentQuery, Wanted};
use price_value::Timestamp;
use serde::{Deserialize, Serialize};
use serde_json::Value;
use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

/// Takes events; a batch is taken as a whole, and what does not fit is kept with its reason.
async fn take(app: &App, caller: &Caller, headers: &HeaderMap, from: Body) -> Result<(), Problem> {
    caller.needs(Role::Ingest)?;
    let node = app.node()?;
    let Some(form) = body::content_type(headers).and_then(media) else {
        return Err(Problem::media("events come as application/json, cloudevents+json or cloudevents-batch+json"));
    };
    app.quotas.may_send(&caller.tenant)?;
    let held = body::read(app, headers, from, limits::BODY_BYTES).await?;
    // One or several under the same type: their clients send both.
    let several = held.bytes.iter().find(|byte| !byte.is_ascii_whitespace()) == Some(&b'[');
    let form = match (form, several) {
        (Media::Lines, _) => Media::Lines,
        (_, true) => Media::Json,
        (_, false) => Media::Event,
    };
    let time = Timestamp(now().saturating_mul(1_000)).to_string();
    let mut commands = Vec::new();
    let found = records(&held.bytes, form)?;
    app.quotas.sent(&caller.tenant, found.len());
    for (at, text) in found.into_iter().enumerate() {
        let wrong = |problem| Problem::malformed(format!("record {}: {problem}; nothing was taken", at + 1));
        let record = event(text, &time).map_err(wrong)?;
        // There is no answer for each event, so one that cannot be kept is told of before any is taken.
        if record.len() > price_core::limits::RECORD_BYTES {
            let most = price_core::limits::RECORD_BYTES;
            let problem = format!("record {} has more than {most} bytes; nothing was taken", at + 1);
            return Err(Problem::too_large(problem));
        }
        commands.push(Command::Usage { tenant: caller.tenant.to_string(), record, set: None });
    }
    for answer in decide(node, commands).await? {
        if let Answer::Refused { code, message } = answer {
            return Err(Problem::refused(code, message));
        }
        app.metrics.event(ResultOut::of(answer).1);
    }
    Ok(())
}

pub(super) async fn ingest(
    State(app): State<Arc<App>>,
    caller: Caller,
    headers: HeaderMap,
    from: Body,
) -> Result<Response, Problem> {
    take(&app, &caller, &headers, from).await?;
    // Exactly this: their clients take anything else for a failure.
    Ok(StatusCode::NO_CONTENT.into_response())
}

pub(super) async fn ingest_v3(
    State(app): State<Arc<App>>,
    caller: Caller,
    headers: HeaderMap,
    from: Body,
) -> Result<Response, Problem> {
    take(&app, &caller, &headers, from).await?;
    Ok(StatusCode::ACCEPTED.into_response())
}

#[derive(Deserialize, Default)]
#[serde(rename_all = "camelCase")]
pub(super) struct Asked {
    limit: Option<usize>,
    from: Option<String>,
    to: Option<String>,
    subject: Option<String>,
    customer_id: Option<String>,
    id: Option<String>,
    has_error: Option<bool>,
}

#[derive(Deserialize, Default)]
pub(super) struct Page {
    limit: Option<usize>,
    cursor: Option<String>,
    /// JSON.
    filter: Option<String>,
}

/// An event as they list it.
#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct EventOut<'e> {
    event: BTreeMap<&'e str, Box<serde_json::value::RawValue>>,
    #[serde(skip_serializing_if = "Option::is_none")]
    validation_error: Option<String>,
    ingested_at: String,
    stored_at: String,
}

async fn found(app: &App, caller: &Caller, asked: RecentQuery, limit: usize) -> Result<Vec<Recent>, Problem> {
    caller.needs(Role::Read)?;
    let tenant = caller.tenant.clone();
    let found = app.node()?.read(move |machine| machine.recent(&tenant, &asked, limit)).await?;
    found.map_err(|error| Problem::parameter(error.to_string()))
}

fn out(recent: &Recent) -> Result<EventOut<'_>, Problem> {
    let text = |text: &str| serde_json::value::to_raw_value(text).map_err(|_| Problem::malformed("no text"));
    // Numbers stay as they came.
    let mut event: BTreeMap<&str, Box<serde_json::value::RawValue>> = BTreeMap::new();
    let members: BTreeMap<std::borrow::Cow<'_, str>, &serde_json::value::RawValue> =
        serde_json::from_str(raw(&recent.record)?.get()).unwrap_or_default();
    for name in ["id", "source", "specversion", "type", "subject", "time", "datacontenttype", "dataschema", "data"] {
        // Plain events have an account where a CloudEvent has a subject, and their fields beside it.
        let member = members.get(name).or_else(|| members.get("account").filter(|_| name == "subject"));
        if let Some(member) = member {
            event.insert(name, (*member).to_owned());
        }
    }
    if !event.contains_key("data") && !event.contains_key("specversion") {
        let own = |name: &&std::borrow::Cow<'_, str>| {
            !matches!(&***name, "id" | "source" | "type" | "account" | "subject" | "time" | "recorded_at")
        };
        let data: BTreeMap<&str, &serde_json::value::RawValue> =
            members.keys().filter(own).map(|name| (&**name, members[name])).collect();
        let data = serde_json::value::to_raw_value(&data).map_err(|_| Problem::malformed("no data"))?;
        event.insert("data", data);
    }
    for (name, usual) in [("specversion", "1.0"), ("source", ""), ("id", ""), ("type", ""), ("subject", "")] {
        if !event.contains_key(name) {
            event.insert(name, text(usual)?);
        }
    }
    let at = Timestamp(recent.recorded).to_string();
    let validation_error = recent.wrong.as_ref().map(|(code, message)| format!("{code}: {message}"));
    Ok(EventOut { event, validation_error, ingested_at: at.clone(), stored_at: at })
}

pub(super) async fn list(
    State(app): State<Arc<App>>,
    caller: Caller,
    Params(asked): Params<Asked>,
) -> Result<Response, Problem> {
    let limit = page(asked.limit)?;
    let one = |text: Option<String>| text.map(|text| BTreeSet::from([text]));
    let mut query = RecentQuery {
        from: instant("from", asked.from.as_deref())?,
        until: instant("to", asked.to.as_deref())?,
        accounts: one(asked.subject),
        ids: one(asked.id),
        fits: asked.has_error.map(|wrong| !wrong),
        ..RecentQuery::default()
    };
    if let Some(customer) = asked.customer_id {
        customers(&app, &caller, &mut query, [customer].into()).await?;
    }
    let found = found(&app, &caller, query, limit).await?;
    let out: Result<Vec<EventOut<'_>>, Problem> = found.iter().map(out).collect();
    Ok(json_of(StatusCode::OK, &out?))
}

/// Leaves accounts that are these customers.
async fn customers(
    app: &App,
    caller: &Caller,
    query: &mut RecentQuery,
    asked: BTreeSet<String>,
) -> Result<(), Problem> {
    let mut accounts = BTreeSet::new();
    for one in asked {
        accounts.extend(account(app, caller, &one).await?);
    }
    query.accounts = Some(match query.accounts.take() {
        Some(subjects) => subjects.intersection(&accounts).cloned().collect(),
        None => accounts,
    });
    Ok(())
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct PageOut<'p> {
    items: Vec<EventOut<'p>>,
    #[serde(skip_serializing_if = "Option::is_none")]
    next_cursor: Option<String>,
}

/// The same in the form of their second version, page by page.
pub(super) async fn pages(
    State(app): State<Arc<App>>,
    caller: Caller,
    Params(asked): Params<Page>,
) -> Result<Response, Problem> {
    let limit = page(asked.limit)?;
    let mut query = RecentQuery::default();
    if let Some(cursor) = &asked.cursor {
        let wrong = || Problem::parameter("`cursor` is the `nextCursor` of the page before");
        query.behind = Some(behind(cursor).ok_or_else(wrong)?);
    }
    let filter: BTreeMap<String, Value> = match &asked.filter {
        Some(text) => serde_json::from_str(text).map_err(|_| Problem::parameter("`filter` is a JSON object"))?,
        None => BTreeMap::new(),
    };
    for (field, filter) in filter.iter().filter(|(_, filter)| !filter.is_null()) {
        let wrong = || Problem::parameter(format!("of the filter on `{field}` only $eq and $in are known"));
        let wanted = match advanced(field, filter)?.as_slice() {
            [Wanted::OneOf(texts)] => texts.clone(),
            _ => return Err(wrong()),
        };
        match field.as_str() {
            "id" => query.ids = Some(wanted),
            "source" => query.sources = Some(wanted),
            "subject" => {
                query.accounts = Some(match query.accounts.take() {
                    Some(others) => others.intersection(&wanted).cloned().collect(),
                    None => wanted,
                });
            }
            "customerId" => customers(&app, &caller, &mut query, wanted).await?,
            other => return Err(Problem::parameter(format!("events are not filtered by `{other}`"))),
        }
    }
    let found = found(&app, &caller, query, limit).await?;
    let next = found.last().filter(|_| found.len() == limit).map(|last| format!("{}-{}", last.at, last.seq));
    let items: Result<Vec<EventOut<'_>>, Problem> = found.iter().map(out).collect();
    Ok(json_of(StatusCode::OK, &PageOut { items: items?, next_cursor: next }))
}

fn behind(cursor: &str) -> Option<Behind> {
    let (at, seq) = cursor.rsplit_once('-')?;
    Some((at.parse().ok()?, seq.parse().ok()?))
}
