//! Plans and who is on them.

use crate::http::events::{ResultOut, SeqOut};
use crate::http::once::{Key, told};
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
    #[serde(skip_serializing_if = "Option::is_none")]
    signer: Option<String>,
    since: String,
}

impl From<PlanView> for PlanOut {
    fn from(view: PlanView) -> PlanOut {
        let PlanView { name, hash, seq, since, latest, signer } = view;
        PlanOut { hash: hash.to_string(), latest, name, seq, signer, since: since.to_string() }
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
    key: Key,
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
    let signer = app.publishers.signer(&held.bytes).map_err(Problem::unsigned)?.map(str::to_owned);
    let artefact = held.bytes.to_vec();
    let artefact = compared(&app, artefact).await?;
    let tenant = caller.tenant.to_string();
    let command = match signer {
        Some(signer) => Command::PublishSigned { tenant, artefact, signer },
        None => Command::Publish { tenant, artefact },
    };
    let (seq, again) = key.decide(node, &caller, "POST /v1/plans", vec![command]).await?.seq()?;
    let published =
        move |machine: &mut price_core::Machine| machine.plans(&caller.tenant).into_iter().find(|plan| plan.seq == seq);
    let response = match node.read(published).await? {
        // With its entry it became the latest, whatever came after it.
        Some(plan) => json_of(StatusCode::CREATED, &PlanOut { latest: true, ..PlanOut::from(plan) }),
        None => json_of(StatusCode::CREATED, &SeqOut { seq }),
    };
    Ok(told(response, again))
}

/// An artefact whose plan means the same to both engines. What is no artefact is for the machine to refuse.
async fn compared(app: &App, artefact: Vec<u8>) -> Result<Vec<u8>, Problem> {
    let Some((reference, rates)) = app.engines.clone() else { return Ok(artefact) };
    let check = move || {
        let found = match price_ir::artefact::decode(&artefact) {
            // The same rows for the same plan, whenever it is published.
            Ok(loaded) => {
                let seed = loaded.hash.0.first_chunk().map_or(0, |bytes| u64::from_le_bytes(*bytes));
                price_validate::check(&Arc::new(loaded.plan), &*reference, &*rates, seed).map(|_| ())
            }
            Err(_) => Ok(()),
        };
        found.map(|()| artefact)
    };
    // It takes milliseconds, which the threads of HTTP have not.
    let checked = tokio::task::spawn_blocking(check).await;
    checked.map_err(|error| Problem::engines_differ(error.to_string()))?.map_err(Problem::engines_differ)
}

#[derive(Serialize)]
struct SubscribedOut {
    results: Vec<ResultOut>,
}

/// One subscription is answered with its entry; several with what became of each.
pub(super) async fn subscribe(
    State(app): State<Arc<App>>,
    caller: Caller,
    key: Key,
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
    // One alone is answered in another form than a list of one: it is another request.
    let asked = if single { "POST /v1/subscriptions" } else { "POST /v1/subscriptions, several" };
    let decided = key.decide(node, &caller, asked, commands).await?;
    if single {
        let (seq, again) = decided.seq()?;
        return Ok(told(json_of(StatusCode::CREATED, &SeqOut { seq }), again));
    }
    let results = decided.answers.into_iter().map(|answer| ResultOut::of(answer).0).collect();
    Ok(told(json_of(StatusCode::OK, &SubscribedOut { results }), decided.again))
}
