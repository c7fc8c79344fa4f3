//! Who is told what: endpoints, their secrets, and what became of notices.

use crate::http::auth::now;
use crate::http::events::{SeqOut, object};
use crate::http::params::Part;
use crate::http::problem::Problem;
use crate::http::{App, json_of};
use crate::keys::{Caller, Role};
use crate::notify::{Hooks, entry_of};
use axum::body::Body;
use axum::extract::State;
use axum::http::{HeaderMap, StatusCode};
use axum::response::Response;
use price_core::Command;
use price_core::notify::{Endpoint, Notice, NoticeKind, NotifyCommand, Secret};
use price_value::Timestamp;
use price_webhooks::{Delivery, new_secret, plain_url};
use serde::{Deserialize, Serialize};
use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

/// For how long a secret is used that was replaced, in microseconds: a day.
const OVERLAP: i64 = 24 * 3_600 * 1_000_000;

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Wanted {
    url: String,
    /// What is wanted; everything, if empty.
    #[serde(default)]
    types: BTreeSet<NoticeKind>,
    /// Amounts below which a balance is low, by wallet.
    #[serde(default)]
    balance_below: BTreeMap<String, String>,
    /// Shares of limits that are told, in percent.
    #[serde(default)]
    usage_percent: BTreeSet<u16>,
}

#[derive(Serialize)]
struct EndpointOut<'e> {
    balance_below: &'e BTreeMap<String, String>,
    disabled: bool,
    id: &'e str,
    /// Shown once, when it is made.
    #[serde(skip_serializing_if = "Option::is_none")]
    secret: Option<&'e str>,
    types: &'e BTreeSet<NoticeKind>,
    url: &'e str,
    usage_percent: &'e BTreeSet<u16>,
    waiting: usize,
}

impl<'e> EndpointOut<'e> {
    fn of(endpoint: &'e Endpoint, tenant: &str, hooks: &Hooks, secret: bool) -> EndpointOut<'e> {
        let (_, waiting, disabled) = hooks.deliveries(tenant, &endpoint.id);
        EndpointOut {
            balance_below: &endpoint.balance_below,
            disabled,
            id: &endpoint.id,
            secret: endpoint.secrets.first().filter(|_| secret).map(|secret| secret.text.as_str()),
            types: &endpoint.kinds,
            url: &endpoint.url,
            usage_percent: &endpoint.usage_percent,
            waiting,
        }
    }
}

fn hooks(app: &App) -> Result<&Arc<Hooks>, Problem> {
    app.node()?;
    app.hooks.get().ok_or_else(|| Problem::not_ready("the server starts"))
}

fn random() -> Result<[u8; 32], Problem> {
    let mut bytes = [0; 32];
    let wrong = |error: getrandom::Error| Problem::refused("S026", format!("the system has no random bytes: {error}"));
    getrandom::fill(&mut bytes).map_err(wrong)?;
    Ok(bytes)
}

async fn set(app: &App, caller: &Caller, ask: NotifyCommand) -> Result<u64, Problem> {
    let command = Command::Notify { tenant: caller.tenant.to_string(), ask };
    let decided = crate::http::events::decide(app.node()?, vec![command]).await?;
    crate::http::once::Decided { answers: decided, again: false }.seq().map(|(seq, _)| seq)
}

async fn find(app: &App, caller: &Caller, id: String) -> Result<Endpoint, Problem> {
    let (tenant, asked) = (caller.tenant.clone(), id.clone());
    let found =
        app.node()?.read(move |machine| machine.endpoints(&tenant).into_iter().find(|of| of.id == asked)).await?;
    found.ok_or_else(|| Problem::refused("S061", format!("there is no endpoint `{id}`")))
}

pub(super) async fn list(State(app): State<Arc<App>>, caller: Caller) -> Result<Response, Problem> {
    caller.needs(Role::Read)?;
    let hooks = hooks(&app)?;
    let tenant = caller.tenant.clone();
    let found = app.node()?.read(move |machine| machine.endpoints(&tenant)).await?;
    let webhooks: Vec<_> = found.iter().map(|of| EndpointOut::of(of, &caller.tenant, hooks, false)).collect();
    Ok(json_of(StatusCode::OK, &serde_json::json!({ "webhooks": webhooks })))
}

/// Makes an endpoint; its secret is shown this once.
pub(super) async fn create(
    State(app): State<Arc<App>>,
    caller: Caller,
    headers: HeaderMap,
    from: Body,
) -> Result<Response, Problem> {
    caller.needs(Role::Admin)?;
    let hooks = hooks(&app)?;
    let Wanted { url, types, balance_below, usage_percent } = object(&app, &headers, from).await?;
    plain_url(&url, hooks.internal).map_err(|wrong| Problem::refused("S060", wrong.to_string()))?;
    let (secret, id) = (new_secret(&random()?), random()?);
    let id = format!("we_{}", &blake3::Hash::from_bytes(id).to_hex()[..16]);
    let secrets = vec![Secret { text: secret, until: None }];
    let endpoint = Endpoint { id, url, kinds: types, balance_below, usage_percent, secrets, after: 0, since: 0 };
    set(&app, &caller, NotifyCommand::Endpoint(endpoint.clone())).await?;
    Ok(json_of(StatusCode::CREATED, &EndpointOut::of(&endpoint, &caller.tenant, hooks, true)))
}

pub(super) async fn remove(State(app): State<Arc<App>>, caller: Caller, Part(id): Part) -> Result<Response, Problem> {
    caller.needs(Role::Admin)?;
    let seq = set(&app, &caller, NotifyCommand::Remove { id }).await?;
    Ok(json_of(StatusCode::OK, &SeqOut { seq }))
}

/// Makes a new secret; requests are signed with the old one too for a day.
pub(super) async fn rotate(State(app): State<Arc<App>>, caller: Caller, Part(id): Part) -> Result<Response, Problem> {
    caller.needs(Role::Admin)?;
    let hooks = hooks(&app)?;
    let mut endpoint = find(&app, &caller, id).await?;
    let now = now();
    endpoint.secrets.retain(|secret| secret.until.is_none_or(|until| now < until));
    for old in &mut endpoint.secrets {
        old.until = Some(old.until.unwrap_or(i64::MAX).min(now.saturating_add(OVERLAP)));
    }
    endpoint.secrets.insert(0, Secret { text: new_secret(&random()?), until: None });
    endpoint.secrets.truncate(3);
    set(&app, &caller, NotifyCommand::Endpoint(endpoint.clone())).await?;
    Ok(json_of(StatusCode::OK, &EndpointOut::of(&endpoint, &caller.tenant, hooks, true)))
}

/// What is sent again: one of these.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Replay {
    /// What came after an entry.
    #[serde(default)]
    after_entry: Option<u64>,
    /// What was recorded at an instant or later.
    #[serde(default)]
    since: Option<String>,
    /// One notice, by its id.
    #[serde(default)]
    notice: Option<String>,
}

/// Sends notices again, or one.
pub(super) async fn replay(
    State(app): State<Arc<App>>,
    caller: Caller,
    Part(id): Part,
    headers: HeaderMap,
    from: Body,
) -> Result<Response, Problem> {
    caller.needs(Role::Admin)?;
    let hooks = hooks(&app)?;
    let asked: Replay = object(&app, &headers, from).await?;
    let endpoint = find(&app, &caller, id).await?;
    let node = app.node()?;
    let tenant = caller.tenant.clone();
    match asked {
        Replay { after_entry: Some(after), since: None, notice: None } => {
            hooks.replay(&caller.tenant, &endpoint.id, after);
        }
        Replay { after_entry: None, since: Some(text), notice: None } => {
            let wrong =
                || Problem::refused("S062", format!("`since` is no instant such as 2026-03-05T00:00:00Z: `{text}`"));
            let at = Timestamp::parse_rfc3339(&text).map_err(|_| wrong())?.0.div_euclid(1_000);
            let after = node.read(move |machine| machine.noticed_before(&tenant, at)).await?;
            hooks.replay(&caller.tenant, &endpoint.id, after);
        }
        Replay { after_entry: None, since: None, notice: Some(notice) } => {
            let unknown = || Problem::refused("S062", format!("there is no notice `{notice}` for this endpoint"));
            let seq = entry_of(&notice).ok_or_else(unknown)?;
            let found = node.read(move |machine| machine.notice(&tenant, seq)).await?;
            let to_it = |of: &Notice| of.endpoint.as_ref().is_none_or(|id| *id == endpoint.id);
            let found = found.filter(to_it).ok_or_else(unknown)?;
            if !hooks.again(&caller.tenant, &endpoint, seq, &found) {
                return Err(full());
            }
        }
        _ => {
            let message = "a replay names one of `after_entry`, `since` and `notice`";
            return Err(Problem::refused("S062", message.into()));
        }
    }
    Ok(json_of(StatusCode::ACCEPTED, &EndpointOut::of(&endpoint, &caller.tenant, hooks, false)))
}

fn full() -> Problem {
    Problem::refused("S062", "so many notices wait for this endpoint that it is given no more".into())
}

/// Sends something to see whether the endpoint answers.
pub(super) async fn test(State(app): State<Arc<App>>, caller: Caller, Part(id): Part) -> Result<Response, Problem> {
    caller.needs(Role::Admin)?;
    let hooks = hooks(&app)?;
    let endpoint = find(&app, &caller, id).await?;
    let id = format!("test_{}", &blake3::Hash::from_bytes(random()?).to_hex()[..16]);
    if !hooks.test(&caller.tenant, &endpoint, id.clone()) {
        return Err(full());
    }
    Ok(json_of(StatusCode::ACCEPTED, &serde_json::json!({ "id": id })))
}

#[derive(Serialize)]
struct DeliveryOut<'d> {
    at: String,
    attempt: u32,
    failed: Option<&'d str>,
    id: &'d str,
    next: Option<String>,
}

/// What became of the last notices.
pub(super) async fn deliveries(
    State(app): State<Arc<App>>,
    caller: Caller,
    Part(id): Part,
) -> Result<Response, Problem> {
    caller.needs(Role::Read)?;
    let hooks = hooks(&app)?;
    let endpoint = find(&app, &caller, id).await?;
    let (recent, waiting, disabled) = hooks.deliveries(&caller.tenant, &endpoint.id);
    let at = |seconds: i64| Timestamp(seconds.saturating_mul(1_000_000_000)).to_string();
    let out = |of: &'_ Delivery| {
        let Delivery { id, at: when, attempt, failed, next } = of.clone();
        serde_json::to_value(DeliveryOut {
            at: at(when),
            attempt,
            failed: failed.as_deref(),
            id: &id,
            next: next.map(at),
        })
        .unwrap_or_default()
    };
    let all: Vec<_> = recent.iter().rev().map(out).collect();
    Ok(json_of(StatusCode::OK, &serde_json::json!({ "deliveries": all, "disabled": disabled, "waiting": waiting })))
}
