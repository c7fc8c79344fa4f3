//! Customers and subjects: both are accounts.

use super::{SINCE, id};
use crate::http::events::object;
use crate::http::params::{Params, Part, page};
use crate::http::problem::Problem;
use crate::http::{App, body, json_of};
use crate::keys::{Caller, Role};
use crate::limits;
use axum::body::Body;
use axum::extract::State;
use axum::http::{HeaderMap, StatusCode};
use axum::response::Response;
use price_core::AccountView;
use serde::Deserialize;
use serde_json::{Value, json};
use std::sync::Arc;

fn customer(name: &str) -> Value {
    json!({
        "id": id("customer", name), "key": name, "name": name, "usageAttribution": { "subjectKeys": [name] },
        "createdAt": SINCE, "updatedAt": SINCE,
    })
}

fn as_subject(name: &str) -> Value {
    json!({ "id": id("subject", name), "key": name, "displayName": name, "createdAt": SINCE, "updatedAt": SINCE })
}

/// Names of accounts, each once.
async fn names(app: &App, caller: &Caller, limit: usize) -> Result<Vec<String>, Problem> {
    caller.needs(Role::Read)?;
    let tenant = caller.tenant.clone();
    let found: Vec<AccountView> = app.node()?.read(move |machine| machine.accounts(&tenant, "", None, limit)).await?;
    let mut names: Vec<String> = found.into_iter().map(|view| view.account).collect();
    names.dedup();
    Ok(names)
}

/// The account of a name, or of an id of one.
pub(super) async fn named(app: &App, caller: &Caller, asked: &str) -> Result<String, Problem> {
    let is_id = asked.len() == 26;
    let all = names(app, caller, if is_id { usize::MAX } else { 0 }).await?;
    let found = all.into_iter().find(|name| id("customer", name) == asked || id("subject", name) == asked);
    Ok(found.unwrap_or_else(|| asked.to_owned()))
}

#[derive(Deserialize, Default)]
#[serde(rename_all = "camelCase")]
pub(super) struct Pages {
    page: Option<usize>,
    page_size: Option<usize>,
}

pub(super) async fn list(
    State(app): State<Arc<App>>,
    caller: Caller,
    Params(asked): Params<Pages>,
) -> Result<Response, Problem> {
    let (at, size) = (asked.page.unwrap_or(1).max(1), page(asked.page_size)?);
    let all = names(&app, &caller, usize::MAX).await?;
    let items: Vec<Value> =
        all.iter().skip((at - 1).saturating_mul(size)).take(size).map(|name| customer(name)).collect();
    let out = json!({ "items": items, "page": at, "pageSize": size, "totalCount": all.len() });
    Ok(json_of(StatusCode::OK, &out))
}

async fn known(app: &App, caller: &Caller, asked: &str) -> Result<String, Problem> {
    let name = named(app, caller, asked).await?;
    let (tenant, wanted) = (caller.tenant.clone(), name.clone());
    let found = app.node()?.read(move |machine| machine.accounts(&tenant, &wanted, None, 1)).await?;
    match found.first().is_some_and(|view| view.account == name) {
        true => Ok(name),
        false => Err(Problem::not_found(format!("no account is called `{asked}`"))),
    }
}

pub(super) async fn show(State(app): State<Arc<App>>, caller: Caller, Part(asked): Part) -> Result<Response, Problem> {
    Ok(json_of(StatusCode::OK, &customer(&known(&app, &caller, &asked).await?)))
}

/// An account that is on a plan is as good as made.
pub(super) async fn create(
    State(app): State<Arc<App>>,
    caller: Caller,
    headers: HeaderMap,
    from: Body,
) -> Result<Response, Problem> {
    caller.needs(Role::Publish)?;
    let asked: Value = object(&app, &headers, from).await?;
    let subject = asked["usageAttribution"]["subjectKeys"][0].as_str();
    let Some(name) = asked["key"].as_str().or(subject) else {
        return Err(Problem::malformed("a customer needs a `key` or a subject in `usageAttribution`"));
    };
    let mut out = customer(&known(&app, &caller, name).await.map_err(|_| not_on_a_plan(name))?);
    if let Some(name) = asked["name"].as_str() {
        out["name"] = name.into();
    }
    Ok(json_of(StatusCode::CREATED, &out))
}

fn not_on_a_plan(name: &str) -> Problem {
    Problem::refused("S070", format!("`{name}` is on no plan: put it onto one with POST /v1/subscriptions"))
}

pub(super) async fn subjects(State(app): State<Arc<App>>, caller: Caller) -> Result<Response, Problem> {
    let all: Vec<Value> = names(&app, &caller, limits::PAGE).await?.iter().map(|name| as_subject(name)).collect();
    Ok(json_of(StatusCode::OK, &all))
}

pub(super) async fn subject(
    State(app): State<Arc<App>>,
    caller: Caller,
    Part(asked): Part,
) -> Result<Response, Problem> {
    Ok(json_of(StatusCode::OK, &as_subject(&known(&app, &caller, &asked).await?)))
}

/// A subject needs not be made; what is said of it beside its key is given back and not kept.
pub(super) async fn put_subjects(
    State(app): State<Arc<App>>,
    caller: Caller,
    headers: HeaderMap,
    from: Body,
) -> Result<Response, Problem> {
    caller.needs(Role::Publish)?;
    if body::content_type(&headers).and_then(crate::records::media).is_none() {
        return Err(Problem::media("subjects come as application/json"));
    }
    let held = body::read(&app, &headers, from, limits::BODY_BYTES).await?;
    let asked: Value = serde_json::from_slice(&held.bytes).map_err(|wrong| Problem::malformed(wrong.to_string()))?;
    let all = match asked {
        Value::Array(all) => all,
        one => vec![one],
    };
    let mut out = Vec::new();
    for subject in &all {
        let key = subject["key"].as_str().ok_or_else(|| Problem::malformed("a subject has a `key`"))?;
        let mut made = as_subject(key);
        if let Some(name) = subject["displayName"].as_str() {
            made["displayName"] = name.into();
        }
        out.push(made);
    }
    Ok(json_of(StatusCode::OK, &out))
}
