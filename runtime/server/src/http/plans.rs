//! Plans and who is on them.

use crate::http::events::{ResultOut, SeqOut, decide, one};
use crate::http::problem::Problem;
use crate::http::{App, body, json_of};
use crate::keys::{Caller, Role};
use crate::limits;
use crate::records::{Media, media, records};
use axum::body::Body;
use axum::extract::State;
use axum::http::{HeaderMap, StatusCode};
use axum::response::Response;
use price_core::{Command, PlanView, Subscribed};
use serde::Serialize;
use std::sync::Arc;

#[derive(Serialize)]
struct PlanOut {
    hash: String,
    latest: bool,
    name: String,
    seq: u64,
    since: String,
}

impl From<PlanView> for PlanOut {
    fn from(view: PlanView) -> PlanOut {
        let PlanView { name, hash, seq, since, latest } = view;
        PlanOut { hash: hash.to_string(), latest, name, seq, since: since.to_string() }
    }
}

#[derive(Serialize)]
struct PlansOut {
    plans: Vec<PlanOut>,
}

pub(super) async fn list(State(app): State<Arc<App>>, caller: Caller) -> Result<Response, Problem> {
    caller.needs(Role::Read)?;
    let plans = app.node()?.read(move |machine| machine.plans(&caller.tenant)).await?;
    Ok(json_of(StatusCode::OK, &PlansOut { plans: plans.into_iter().map(PlanOut::from).collect() }))
}

pub(super) async fn publish(
    State(app): State<Arc<App>>,
    caller: Caller,
    headers: HeaderMap,
    from: Body,
) -> Result<Response, Problem> {
    caller.needs(Role::Publish)?;
    let node = app.node()?;
    if body::content_type(&headers).map(|content| content.split(';').next().unwrap_or_default().trim())
        != Some("application/octet-stream")
    {
        return Err(Problem::media("a plan is the bytes of a `.pricec` file, sent as application/octet-stream"));
    }
    let held = body::read(&app, &headers, from, limits::PLAN_BYTES).await?;
    let tenant = caller.tenant.to_string();
    let seq = one(node, Command::Publish { tenant, artefact: held.bytes.to_vec() }).await?;
    let published =
        move |machine: &mut price_core::Machine| machine.plans(&caller.tenant).into_iter().find(|plan| plan.seq == seq);
    match node.read(published).await? {
        Some(plan) => Ok(json_of(StatusCode::CREATED, &PlanOut::from(plan))),
        None => Ok(json_of(StatusCode::CREATED, &SeqOut { seq })),
    }
}

#[derive(Serialize)]
struct SubscribedOut {
    results: Vec<ResultOut>,
}

/// One subscription is answered with its entry; several with what became of each.
pub(super) async fn subscribe(
    State(app): State<Arc<App>>,
    caller: Caller,
    headers: HeaderMap,
    from: Body,
) -> Result<Response, Problem> {
    caller.needs(Role::Publish)?;
    let node = app.node()?;
    let form = match body::content_type(&headers).and_then(media) {
        Some(form @ (Media::Json | Media::Lines)) => form,
        _ => return Err(Problem::media("subscriptions come as application/json or application/x-ndjson")),
    };
    let held = body::read(&app, &headers, from, limits::BODY_BYTES).await?;
    let single = form == Media::Json && held.bytes.iter().find(|b| !b.is_ascii_whitespace()) == Some(&b'{');
    let mut commands = Vec::new();
    for (at, text) in records(&held.bytes, form)?.into_iter().enumerate() {
        let subscription: Subscribed = serde_json::from_str(text)
            .map_err(|wrong| Problem::malformed(format!("record {}: {wrong}; nothing was taken", at + 1)))?;
        for (name, text) in [("account", &subscription.account), ("plan", &subscription.plan)] {
            if text.is_empty() || text.len() > limits::IDENTITY_BYTES || text.contains('\0') {
                let most = limits::IDENTITY_BYTES;
                let problem =
                    format!("record {}: `{name}` has 1 to {most} bytes without NUL; nothing was taken", at + 1);
                return Err(Problem::malformed(problem));
            }
        }
        commands.push(Command::Subscribe { tenant: caller.tenant.to_string(), subscription });
    }
    if single && let Some(command) = commands.pop() {
        let seq = one(node, command).await?;
        return Ok(json_of(StatusCode::CREATED, &SeqOut { seq }));
    }
    let answers = decide(node, commands).await?;
    let results = answers.into_iter().map(|answer| ResultOut::of(answer).0).collect();
    Ok(json_of(StatusCode::OK, &SubscribedOut { results }))
}
