//! Erasing what was recorded of a person.

use crate::http::events::{Identity, SeqOut, object};
use crate::http::once::{Key, told};
use crate::http::params::{ByEntry, Params, Part};
use crate::http::problem::Problem;
use crate::http::{App, instant, json_of};
use crate::keys::{Caller, Role};
use axum::body::Body;
use axum::extract::State;
use axum::http::{HeaderMap, HeaderValue, StatusCode, header};
use axum::response::Response;
use price_core::Command;
use price_core::erasure::{Erasure, Fields, What};
use serde::{Deserialize, Serialize};
use std::sync::Arc;
use std::sync::atomic::Ordering::Acquire;

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Wanted {
    account: Option<String>,
    event: Option<Identity>,
    reject: Option<u64>,
    reason: String,
}

#[derive(Serialize)]
struct ErasureOut<'e> {
    /// Whether it is carried out in the files of the log.
    done: bool,
    /// How many contents of events it is about.
    events: u64,
    fields: &'e Fields,
    reason: &'e str,
    recorded: String,
    seq: u64,
    what: &'e What,
}

impl<'e> ErasureOut<'e> {
    fn of(erasure: &'e Erasure, through: u64) -> ErasureOut<'e> {
        ErasureOut {
            done: erasure.seq <= through,
            events: erasure.events,
            fields: &erasure.said.fields,
            reason: &erasure.said.reason,
            recorded: instant(erasure.recorded_at),
            seq: erasure.seq,
            what: &erasure.said.what,
        }
    }
}

pub(super) async fn create(
    State(app): State<Arc<App>>,
    caller: Caller,
    key: Key,
    headers: HeaderMap,
    from: Body,
) -> Result<Response, Problem> {
    caller.needs(Role::Admin)?;
    let node = app.node()?;
    let Wanted { account, event, reject, reason } = object(&app, &headers, from).await?;
    let most = price_core::limits::REASON_BYTES;
    if reason.trim().is_empty() || reason.len() > most {
        return Err(Problem::parameter(format!("`reason` has 1 to {most} bytes")));
    }
    let what = match (account, event, reject) {
        (Some(account), None, None) => What::Account(account),
        (None, Some(Identity { source, id }), None) => What::Event { source, id },
        (None, None, Some(seq)) => What::Reject(seq),
        _ => return Err(Problem::parameter("say one of `account`, `event` and `reject`")),
    };
    let command = Command::Erase { tenant: caller.tenant.to_string(), what, reason };
    let (seq, again) = key.decide(node, &caller, "POST /v1/erasures", vec![command]).await?.seq()?;
    let mut response = json_of(StatusCode::ACCEPTED, &SeqOut { seq });
    if let Ok(location) = HeaderValue::from_str(&format!("/v1/erasures/{seq}")) {
        response.headers_mut().insert(header::LOCATION, location);
    }
    Ok(told(response, again))
}

pub(super) async fn list(
    State(app): State<Arc<App>>,
    caller: Caller,
    Params(asked): Params<ByEntry>,
) -> Result<Response, Problem> {
    caller.needs(Role::Admin)?;
    let (limit, after) = asked.bounds()?;
    let find = move |machine: &mut price_core::Machine| {
        let all = machine.erasures(&caller.tenant).iter();
        all.filter(|erasure| erasure.seq > after).take(limit).cloned().collect::<Vec<_>>()
    };
    let found = app.node()?.read(find).await?;
    let next = ByEntry::next(&found, limit, |erasure| erasure.seq);
    let through = app.metrics.erased.load(Acquire);
    let erasures: Vec<_> = found.iter().map(|erasure| ErasureOut::of(erasure, through)).collect();
    Ok(json_of(StatusCode::OK, &serde_json::json!({ "erasures": erasures, "next": next })))
}

pub(super) async fn show(State(app): State<Arc<App>>, caller: Caller, Part(entry): Part) -> Result<Response, Problem> {
    caller.needs(Role::Admin)?;
    let unknown = || Problem::not_found(format!("there is no erasure `{entry}`"));
    let seq: u64 = entry.parse().map_err(|_| unknown())?;
    let find = move |machine: &mut price_core::Machine| {
        machine.erasures(&caller.tenant).iter().find(|erasure| erasure.seq == seq).cloned()
    };
    let found = app.node()?.read(find).await?.ok_or_else(unknown)?;
    Ok(json_of(StatusCode::OK, &ErasureOut::of(&found, app.metrics.erased.load(Acquire))))
}
