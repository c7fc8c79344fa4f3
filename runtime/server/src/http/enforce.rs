//! What a customer may do: asking, reserving, budgets.

use crate::http::auth::now;
use crate::http::events::{SeqOut, decide, object};
use crate::http::once::{Key, told};
use crate::http::params::Part;
use crate::http::problem::Problem;
use crate::http::{App, instant, json_of};
use crate::keys::{Caller, Role};
use crate::limits;
use axum::body::Body;
use axum::extract::State;
use axum::http::{HeaderMap, StatusCode};
use axum::response::Response;
use price_core::enforce::{Checked, EnforceCommand, Feature, HoldView, NotChecked, OnFailure, Policy, Reserve};
use price_core::{Answer, Command};
use price_value::Rational;
use serde::{Deserialize, Serialize};
use serde_json::value::RawValue;
use std::sync::Arc;

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Ask {
    account: String,
    feature: String,
    /// How much is about to be used; anything at all, unless given.
    #[serde(default)]
    amount: Option<String>,
}

#[derive(Serialize)]
struct CheckOut<'c> {
    account: &'c str,
    allowed: bool,
    as_of_entry: u64,
    feature: FeatureOut<'c>,
    /// Why not.
    reason: Option<&'static str>,
}

#[derive(Serialize)]
struct FeatureOut<'c> {
    hard: bool,
    held: String,
    kind: &'static str,
    left: Option<String>,
    limit: Option<String>,
    name: &'c str,
    on: bool,
    on_failure: OnFailure,
    resets: Option<String>,
    text: Option<&'c str>,
    unit: &'c str,
    used: String,
}

impl<'c> FeatureOut<'c> {
    fn of(feature: &'c Feature) -> FeatureOut<'c> {
        FeatureOut {
            hard: feature.hard,
            held: feature.held.to_string(),
            kind: feature.kind.word(),
            left: feature.left().map(|left| left.to_string()),
            limit: feature.limit.as_ref().map(ToString::to_string),
            name: &feature.name,
            on: feature.on,
            on_failure: feature.on_failure,
            resets: feature.resets.map(instant),
            text: feature.text.as_deref(),
            unit: &feature.unit,
            used: feature.used.to_string(),
        }
    }
}

/// What an account may do, from the view or from the shard.
async fn known(app: &App, caller: &Caller, account: &str) -> Result<Arc<Checked>, Problem> {
    app.node()?.check(&caller.tenant, account, now()).await?.map_err(|error| match error {
        NotChecked::Unknown(_) => Problem::not_found(error.to_string()),
        NotChecked::NotServed(..) => Problem::refused("S040", error.to_string()),
        NotChecked::Settle(_) => Problem::unsettled(error.to_string()),
    })
}

/// Whether an account may use so much of a feature now.
pub(super) async fn check(
    State(app): State<Arc<App>>,
    caller: Caller,
    headers: HeaderMap,
    from: Body,
) -> Result<Response, Problem> {
    caller.needs(Role::Check)?;
    let Ask { account, feature, amount } = object(&app, &headers, from).await?;
    let amount: Option<Rational> = match &amount {
        Some(text) if text.len() <= price_core::limits::AMOUNT_BYTES => {
            let wrong = |_| Problem::malformed(format!("`amount` is a decimal, not `{text}`"));
            Some(text.parse().map_err(wrong)?)
        }
        Some(_) => return Err(Problem::malformed("`amount` is too long")),
        None => None,
    };
    let checked = known(&app, &caller, &account).await?;
    let Some(found) = checked.features.iter().find(|of| of.name == feature) else {
        let names: Vec<&str> = checked.features.iter().map(|feature| feature.name.as_str()).collect();
        let names = if names.is_empty() { "it has none".to_owned() } else { format!("it has {}", names.join(", ")) };
        return Err(Problem::refused("S040", format!("`{}` has no feature `{feature}`; {names}", checked.plan)));
    };
    let allowed = found.allows(amount.as_ref());
    let reason = match (allowed, found.on) {
        (true, _) => None,
        (false, false) => Some("off"),
        (false, true) => Some("limit"),
    };
    let as_of_entry = checked.as_of;
    let feature = FeatureOut::of(found);
    Ok(json_of(StatusCode::OK, &CheckOut { account: &checked.account, allowed, as_of_entry, feature, reason }))
}

#[derive(Serialize)]
struct EntitlementsOut<'c> {
    account: &'c str,
    as_of_entry: u64,
    billed: &'c str,
    features: Vec<FeatureOut<'c>>,
    plan: &'c str,
}

/// All that an account may do now.
pub(super) async fn entitlements(
    State(app): State<Arc<App>>,
    caller: Caller,
    Part(account): Part,
) -> Result<Response, Problem> {
    if caller.needs(Role::Check).is_err() {
        caller.needs(Role::Read)?;
    }
    let checked = known(&app, &caller, &account).await?;
    let out = EntitlementsOut {
        account: &checked.account,
        as_of_entry: checked.as_of,
        billed: &checked.billed,
        features: checked.features.iter().map(FeatureOut::of).collect(),
        plan: &checked.plan,
    };
    Ok(json_of(StatusCode::OK, &out))
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Wanted {
    id: String,
    account: String,
    feature: String,
    amount: String,
    /// For how long it is held.
    #[serde(default = "a_minute")]
    seconds: u32,
}

fn a_minute() -> u32 {
    60
}

#[derive(Serialize)]
struct HoldOut<'h> {
    account: &'h str,
    amount: &'h str,
    committed: Option<String>,
    entry: u64,
    feature: &'h str,
    held: String,
    id: &'h str,
    status: &'static str,
    until: String,
}

impl<'h> HoldOut<'h> {
    fn of(view: &'h HoldView) -> HoldOut<'h> {
        HoldOut {
            account: &view.reserve.account,
            amount: &view.reserve.amount,
            committed: view.committed.as_ref().map(ToString::to_string),
            entry: view.seq,
            feature: &view.reserve.feature,
            held: view.held.to_string(),
            id: &view.reserve.id,
            status: view.status,
            until: instant(view.until),
        }
    }
}

/// How a reservation stands.
async fn stands(app: &App, caller: &Caller, id: String, status: StatusCode) -> Result<Response, Problem> {
    let tenant = caller.tenant.clone();
    let asked = id.clone();
    let found = app.node()?.read(move |machine| machine.hold(&tenant, &asked, now())).await?;
    let found = found.ok_or_else(|| Problem::refused("S043", format!("there is no reservation `{id}`")))?;
    Ok(json_of(status, &HoldOut::of(&found)))
}

/// Has one command decided; the same again is as good as the first time.
async fn carried_out(app: &App, commands: Vec<Command>) -> Result<(), Problem> {
    for answer in decide(app.node()?, commands).await? {
        match answer {
            Answer::Accepted { .. } | Answer::Duplicate { .. } => {}
            Answer::Refused { code, message } => return Err(Problem::refused(code, message)),
            Answer::Rejected { message, .. } => {
                let detail = format!("the event does not fit, and the hold stays: {message}");
                return Err(Problem::refused("S046", detail));
            }
            Answer::Conflict { first, .. } => {
                let detail = format!("entry {first} has the same source and id and another content; the hold stays");
                return Err(Problem::refused("S046", detail));
            }
            other => return Err(Problem::refused("S026", format!("an answer that does not fit: {other:?}"))),
        }
    }
    Ok(())
}

/// Holds a quantity: a reservation, or a lease that is used without asking again.
pub(super) async fn reserve(
    State(app): State<Arc<App>>,
    caller: Caller,
    headers: HeaderMap,
    from: Body,
) -> Result<Response, Problem> {
    caller.needs(Role::Check)?;
    let Wanted { id, account, feature, amount, seconds } = object(&app, &headers, from).await?;
    let ask = EnforceCommand::Reserve(Reserve { id: id.clone(), account, feature, amount, seconds });
    carried_out(&app, vec![Command::Enforce { tenant: caller.tenant.to_string(), ask }]).await?;
    stands(&app, &caller, id, StatusCode::CREATED).await
}

pub(super) async fn hold(State(app): State<Arc<App>>, caller: Caller, Part(id): Part) -> Result<Response, Problem> {
    caller.needs(Role::Check)?;
    stands(&app, &caller, id, StatusCode::OK).await
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Commit {
    /// How much was used; all of it, unless given.
    #[serde(default)]
    amount: Option<String>,
    /// The event of that usage.
    #[serde(default)]
    event: Option<Box<RawValue>>,
}

/// Ends a hold with the usage that it was for: both are in the log, or neither.
pub(super) async fn commit(
    State(app): State<Arc<App>>,
    caller: Caller,
    Part(id): Part,
    headers: HeaderMap,
    from: Body,
) -> Result<Response, Problem> {
    caller.needs(Role::Check)?;
    let Commit { amount, event } = object(&app, &headers, from).await?;
    let tenant = caller.tenant.to_string();
    let mut commands = Vec::new();
    let mut identity = None;
    if let Some(event) = event {
        caller.needs(Role::Ingest)?;
        if event.get().len() > price_core::limits::RECORD_BYTES {
            return Err(Problem::too_large("the event is too large"));
        }
        let record = event.get().to_owned();
        let envelope = price_ingest::envelope(&record)
            .map_err(|wrong| Problem::malformed(format!("`event`: {wrong}; nothing was taken")))?;
        identity = Some((envelope.source, envelope.id));
        commands.push(Command::Usage { tenant: tenant.clone(), record, set: None });
    }
    let ask = EnforceCommand::Commit { id: id.clone(), amount, event: identity };
    commands.push(Command::Enforce { tenant, ask });
    carried_out(&app, commands).await?;
    stands(&app, &caller, id, StatusCode::OK).await
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Release {
    /// How much is given back; all of it, unless given.
    #[serde(default)]
    amount: Option<String>,
}

/// Gives back a hold, or a part of it.
pub(super) async fn release(
    State(app): State<Arc<App>>,
    caller: Caller,
    Part(id): Part,
    headers: HeaderMap,
    from: Body,
) -> Result<Response, Problem> {
    caller.needs(Role::Check)?;
    let Release { amount } = object(&app, &headers, from).await?;
    let ask = EnforceCommand::Release { id: id.clone(), amount };
    carried_out(&app, vec![Command::Enforce { tenant: caller.tenant.to_string(), ask }]).await?;
    stands(&app, &caller, id, StatusCode::OK).await
}

pub(super) async fn policy(State(app): State<Arc<App>>, caller: Caller) -> Result<Response, Problem> {
    caller.needs(Role::Read)?;
    let policy = app.node()?.read(move |machine| machine.policy(&caller.tenant)).await?;
    Ok(json_of(StatusCode::OK, &policy))
}

/// Sets what programs do that cannot ask.
pub(super) async fn set_policy(
    State(app): State<Arc<App>>,
    caller: Caller,
    key: Key,
    headers: HeaderMap,
    from: Body,
) -> Result<Response, Problem> {
    caller.needs(Role::Publish)?;
    let policy: Policy = object(&app, &headers, from).await?;
    let ask = EnforceCommand::Policy(policy.clone());
    let command = Command::Enforce { tenant: caller.tenant.to_string(), ask };
    let (_, again) = key.decide(app.node()?, &caller, "PUT /v1/policy", vec![command]).await?.seq()?;
    Ok(told(json_of(StatusCode::OK, &policy), again))
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Budget {
    /// Null: no budget.
    amount: Option<String>,
    #[serde(default = "yes")]
    hard: bool,
}

fn yes() -> bool {
    true
}

/// Sets what an account may spend in a billing period.
pub(super) async fn budget(
    State(app): State<Arc<App>>,
    caller: Caller,
    key: Key,
    Part(billed): Part,
    headers: HeaderMap,
    from: Body,
) -> Result<Response, Problem> {
    caller.needs(Role::Publish)?;
    let Budget { amount, hard } = object(&app, &headers, from).await?;
    if billed.len() > limits::CURSOR_BYTES {
        return Err(Problem::not_found("nobody is called so"));
    }
    let ask = EnforceCommand::Budget { billed, amount, hard };
    let command = Command::Enforce { tenant: caller.tenant.to_string(), ask };
    let (seq, again) = key.decide(app.node()?, &caller, "PUT /v1/accounts/budget", vec![command]).await?.seq()?;
    Ok(told(json_of(StatusCode::OK, &SeqOut { seq }), again))
}
