//! Events: in, and listed with why some do not count.

use crate::http::auth::now;
use crate::http::events::{decide, raw};
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
use price_core::{Command, Machine, Recorded, RejectView};
use price_value::Timestamp;
use serde::Deserialize;
use serde_json::value::RawValue;
use serde_json::{Value, json};
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
    let found = records(&held.bytes, form)?;
    app.quotas.sent(&caller.tenant, found.len());
    let time = Timestamp(now().saturating_mul(1_000)).to_string();
    let record = |text: &str| -> String {
        // Without a time it is that of now.
        match serde_json::from_str::<Value>(text) {
            Ok(Value::Object(mut event)) if event.get("time").is_none_or(Value::is_null) => {
                event.insert("time".into(), Value::String(time.clone()));
                Value::Object(event).to_string()
            }
            _ => text.to_owned(),
        }
    };
    let tenant = caller.tenant.to_string();
    let commands =
        found.into_iter().map(|text| Command::Usage { tenant: tenant.clone(), record: record(text), set: None });
    decide(node, commands.collect()).await?;
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
pub(super) struct Asked {
    limit: Option<usize>,
    subject: Option<String>,
    id: Option<String>,
}

/// Events of a tenant, the latest first, and those that were refused.
async fn all(app: &App, caller: &Caller, asked: Asked) -> Result<Vec<Value>, Problem> {
    caller.needs(Role::Read)?;
    let limit = page(asked.limit)?;
    let tenant = caller.tenant.clone();
    let Asked { subject, id, .. } = asked;
    let wanted = subject.clone();
    let question = move |machine: &mut Machine| -> (Vec<Recorded>, Vec<RejectView>) {
        let names: Vec<String> = match &wanted {
            Some(one) => vec![one.clone()],
            None => machine.accounts(&tenant, "", None, limit).into_iter().map(|view| view.account).collect(),
        };
        let mut events: Vec<Recorded> =
            names.iter().flat_map(|name| machine.recorded(&tenant, name, None, limit)).collect();
        events.sort_by_key(|event| std::cmp::Reverse(event.seq));
        events.dedup_by_key(|event| event.seq);
        (events, machine.rejects(&tenant, 0, price_core::limits::REJECTS))
    };
    let (events, rejects) = app.node()?.read(question).await?;
    let mut found: Vec<(u64, Value)> = Vec::new();
    for event in events.iter().filter(|event| event.counts) {
        found.push((event.seq, one(&event.record, event.recorded, None)?));
    }
    for reject in &rejects {
        let about = serde_json::from_str::<Value>(&reject.record).unwrap_or_default();
        let named = about.get("subject").or_else(|| about.get("account")).and_then(Value::as_str);
        if about.is_object() && subject.as_deref().is_none_or(|subject| named == Some(subject)) {
            let why = format!("{}: {}", reject.code, reject.message);
            found.push((reject.seq, one(&reject.record, reject.recorded_at.saturating_mul(1_000), Some(why))?));
        }
    }
    found.sort_by_key(|(seq, _)| std::cmp::Reverse(*seq));
    let fits = |event: &Value| id.as_deref().is_none_or(|id| event["event"]["id"] == id);
    Ok(found.into_iter().map(|(_, event)| event).filter(fits).take(limit).collect())
}

fn one(record: &str, recorded: i64, wrong: Option<String>) -> Result<Value, Problem> {
    let held: &RawValue = raw(record)?;
    let mut event: Value = serde_json::from_str(held.get()).unwrap_or_default();
    if let Some(event) = event.as_object_mut() {
        // Plain events have an account where a CloudEvent has a subject.
        if let (None, Some(account)) = (event.get("subject"), event.get("account").cloned()) {
            event.insert("subject".into(), account);
        }
        event.entry("specversion").or_insert_with(|| "1.0".into());
        event.entry("source").or_insert_with(|| "".into());
    }
    let at = Timestamp(recorded).to_string();
    let mut out = json!({ "event": event, "ingestedAt": at, "storedAt": at });
    if let Some(wrong) = wrong {
        out["validationError"] = wrong.into();
    }
    Ok(out)
}

pub(super) async fn list(
    State(app): State<Arc<App>>,
    caller: Caller,
    Params(asked): Params<Asked>,
) -> Result<Response, Problem> {
    Ok(json_of(StatusCode::OK, &all(&app, &caller, asked).await?))
}

/// The same in the form of their second version; one page.
pub(super) async fn pages(State(app): State<Arc<App>>, caller: Caller) -> Result<Response, Problem> {
    let items = all(&app, &caller, Asked::default()).await?;
    Ok(json_of(StatusCode::OK, &json!({ "items": items, "nextCursor": null })))
}
