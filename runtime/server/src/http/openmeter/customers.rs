//! Customers and subjects: both are accounts.

use super::SINCE;
use super::id::{account, id};
use crate::http::events::object;
use crate::http::params::{Params, Part, page};
use crate::http::problem::Problem;
use crate::http::{App, body, json_of};
use crate::keys::{Caller, Role};
use crate::limits;
use crate::records::{Media, media, records};
use axum::body::Body;
use axum::extract::State;
use axum::http::{HeaderMap, StatusCode};
use axum::response::Response;
use serde::{Deserialize, Serialize};
use serde_json::{Value, json};
use std::sync::Arc;

fn customer(name: &str) -> Value {
    json!({
        "id": id("customer", name), "key": name, "name": name, "usageAttribution": { "subjectKeys": [name] },
        "createdAt": SINCE, "updatedAt": SINCE,
    })
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct SubjectOut<'s> {
    id: String,
    key: &'s str,
    display_name: &'s str,
    created_at: &'static str,
    updated_at: &'static str,
}

fn as_subject<'s>(key: &'s str, display_name: &'s str) -> SubjectOut<'s> {
    SubjectOut { id: id("subject", key), key, display_name, created_at: SINCE, updated_at: SINCE }
}

/// Names of accounts, behind so many, and how many there are.
async fn names(app: &App, caller: &Caller, behind: usize, limit: usize) -> Result<(Vec<String>, usize), Problem> {
    caller.needs(Role::Read)?;
    let tenant = caller.tenant.clone();
    Ok(app.node()?.read(move |machine| machine.account_names(&tenant, behind, limit)).await?)
}

#[derive(Deserialize, Default)]
#[serde(rename_all = "camelCase")]
pub(super) struct Pages {
    page: Option<usize>,
    page_size: Option<usize>,
    key: Option<String>,
    name: Option<String>,
    subject: Option<String>,
}

pub(super) async fn list(
    State(app): State<Arc<App>>,
    caller: Caller,
    Params(asked): Params<Pages>,
) -> Result<Response, Problem> {
    let (at, size) = (asked.page.unwrap_or(1).max(1), page(asked.page_size)?);
    let wanted: Vec<&String> = [&asked.key, &asked.name, &asked.subject].into_iter().flatten().collect();
    let (found, total) = match wanted.first() {
        None => names(&app, &caller, (at - 1).saturating_mul(size), size).await?,
        Some(one) => {
            caller.needs(Role::Read)?;
            let same = wanted.iter().all(|other| other == one);
            let known = account(&app, &caller, one).await?.filter(|name| same && name == *one);
            let total = usize::from(known.is_some());
            (known.into_iter().filter(|_| at == 1).collect(), total)
        }
    };
    let items: Vec<Value> = found.iter().map(|name| customer(name)).collect();
    Ok(json_of(StatusCode::OK, &json!({ "items": items, "page": at, "pageSize": size, "totalCount": total })))
}

async fn known(app: &App, caller: &Caller, asked: &str) -> Result<String, Problem> {
    caller.needs(Role::Read)?;
    let missing = || Problem::not_found(format!("no account is called `{asked}`"));
    account(app, caller, asked).await?.ok_or_else(missing)
}

pub(super) async fn show(State(app): State<Arc<App>>, caller: Caller, Part(asked): Part) -> Result<Response, Problem> {
    Ok(json_of(StatusCode::OK, &customer(&known(&app, &caller, &asked).await?)))
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Wanted {
    key: Option<String>,
    name: Option<String>,
    #[serde(default)]
    usage_attribution: Attribution,
}

#[derive(Deserialize, Default)]
#[serde(rename_all = "camelCase", default)]
struct Attribution {
    subject_keys: Vec<String>,
}

/// An account that is on a plan is as good as made.
pub(super) async fn create(
    State(app): State<Arc<App>>,
    caller: Caller,
    headers: HeaderMap,
    from: Body,
) -> Result<Response, Problem> {
    caller.needs(Role::Publish)?;
    let Wanted { key, name, usage_attribution } = object(&app, &headers, from).await?;
    let subjects = usage_attribution.subject_keys;
    let Some(account_name) = key.as_ref().or(subjects.first()) else {
        return Err(Problem::malformed("a customer needs a `key` or a subject in `usageAttribution`"));
    };
    // Events that name another subject would be those of another account.
    if subjects.iter().any(|subject| subject != account_name) {
        let one = "a customer is one account: its key is its only subject; several are billed together in a `pool`";
        return Err(Problem::refused("S070", one.into()));
    }
    let found = account(&app, &caller, account_name).await?.filter(|found| found == account_name);
    let missing = || {
        let how = "put it onto one with POST /v1/subscriptions";
        Problem::refused("S070", format!("`{account_name}` is on no plan: {how}"))
    };
    let mut out = customer(&found.ok_or_else(missing)?);
    if let Some(name) = name {
        out["name"] = name.into();
    }
    Ok(json_of(StatusCode::CREATED, &out))
}

pub(super) async fn subjects(State(app): State<Arc<App>>, caller: Caller) -> Result<Response, Problem> {
    let (names, _) = names(&app, &caller, 0, limits::PAGE).await?;
    let all: Vec<SubjectOut<'_>> = names.iter().map(|name| as_subject(name, name)).collect();
    Ok(json_of(StatusCode::OK, &all))
}

pub(super) async fn subject(
    State(app): State<Arc<App>>,
    caller: Caller,
    Part(asked): Part,
) -> Result<Response, Problem> {
    let name = known(&app, &caller, &asked).await?;
    Ok(json_of(StatusCode::OK, &as_subject(&name, &name)))
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Subject {
    key: String,
    display_name: Option<String>,
}

/// A subject needs not be made; what is said of it beside its key is given back and not kept.
pub(super) async fn put_subjects(
    State(app): State<Arc<App>>,
    caller: Caller,
    headers: HeaderMap,
    from: Body,
) -> Result<Response, Problem> {
    caller.needs(Role::Publish)?;
    if body::content_type(&headers).and_then(media) != Some(Media::Json) {
        return Err(Problem::media("subjects come as application/json"));
    }
    let held = body::read(&app, &headers, from, limits::BODY_BYTES).await?;
    let wrong = |wrong: serde_json::Error| Problem::malformed(format!("a subject has a `key`: {wrong}"));
    let all: Result<Vec<Subject>, Problem> =
        records(&held.bytes, Media::Json)?.into_iter().map(|text| serde_json::from_str(text).map_err(wrong)).collect();
    let all = all?;
    let out: Vec<SubjectOut<'_>> = all
        .iter()
        .map(|subject| as_subject(&subject.key, subject.display_name.as_ref().unwrap_or(&subject.key)))
        .collect();
    Ok(json_of(StatusCode::OK, &out))
}
