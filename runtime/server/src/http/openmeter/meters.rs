//! Meters: those of the plans.

use super::{SINCE, id, query};
use crate::http::events::object;
use crate::http::params::Part;
use crate::http::problem::Problem;
use crate::http::{App, json_of};
use crate::keys::{Caller, Role};
use axum::body::Body;
use axum::extract::{Path, State};
use axum::http::{HeaderMap, StatusCode};
use axum::response::Response;
use price_core::{MeterView, UsageQuery};
use serde_json::{Value, json};
use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

fn out(meter: &MeterView) -> Value {
    let aggregation = match meter.aggregation {
        "sum" => "SUM",
        "count" => "COUNT",
        "max" => "MAX",
        "min" => "MIN",
        "mean" | "average" => "AVG",
        "unique" => "UNIQUE_COUNT",
        _ => "LATEST",
    };
    let group: BTreeMap<&str, String> =
        meter.dimensions.iter().map(|name| (name.as_str(), format!("$.{name}"))).collect();
    json!({
        "id": id("meter", &meter.name), "slug": meter.name, "name": meter.name, "key": meter.name,
        "description": format!("`{}` of the plan `{}`, in {}", meter.name, meter.plan, meter.unit),
        "aggregation": aggregation, "eventType": meter.event, "windowSize": "MINUTE", "groupBy": group,
        "createdAt": SINCE, "updatedAt": SINCE,
    })
}

/// The meters of a tenant, one for each name.
async fn all(app: &App, caller: &Caller) -> Result<Vec<MeterView>, Problem> {
    caller.needs(Role::Read)?;
    let tenant = caller.tenant.clone();
    let mut found = app.node()?.read(move |machine| machine.meters(&tenant)).await?;
    found.dedup_by(|next, kept| next.name == kept.name);
    Ok(found)
}

/// The meter of a name or an id.
pub(super) async fn find(app: &App, caller: &Caller, asked: &str) -> Result<MeterView, Problem> {
    let found =
        all(app, caller).await?.into_iter().find(|meter| meter.name == asked || id("meter", &meter.name) == asked);
    found.ok_or_else(|| Problem::not_found(format!("no plan has a meter `{asked}`")))
}

pub(super) async fn list(State(app): State<Arc<App>>, caller: Caller) -> Result<Response, Problem> {
    let all: Vec<Value> = all(&app, &caller).await?.iter().map(out).collect();
    Ok(json_of(StatusCode::OK, &all))
}

pub(super) async fn show(State(app): State<Arc<App>>, caller: Caller, Part(meter): Part) -> Result<Response, Problem> {
    Ok(json_of(StatusCode::OK, &out(&find(&app, &caller, &meter).await?)))
}

/// A meter that a plan has already is as good as made; another is one of a plan to be published.
pub(super) async fn create(
    State(app): State<Arc<App>>,
    caller: Caller,
    headers: HeaderMap,
    from: Body,
) -> Result<Response, Problem> {
    caller.needs(Role::Publish)?;
    let asked: Value = object(&app, &headers, from).await?;
    let slug = asked["slug"].as_str().unwrap_or_default();
    let known = all(&app, &caller).await?.into_iter().find(|meter| meter.name == slug);
    match known.as_ref().map(out).filter(|known| {
        let same = |name: &str| asked.get(name).is_none_or(|asked| *asked == known[name]);
        same("aggregation") && same("eventType")
    }) {
        Some(known) => Ok(json_of(StatusCode::CREATED, &known)),
        None => Err(of_a_plan()),
    }
}

/// Meters are changed by the plan that has them.
pub(super) async fn change(
    State(app): State<Arc<App>>,
    caller: Caller,
    Part(meter): Part,
) -> Result<Response, Problem> {
    caller.needs(Role::Publish)?;
    find(&app, &caller, &meter).await?;
    Err(of_a_plan())
}

fn of_a_plan() -> Problem {
    Problem::refused(
        "S070",
        "a meter is part of a plan: change the `.price` file and publish it with POST /v1/plans".into(),
    )
}

/// Who used a meter.
pub(super) async fn subjects(
    State(app): State<Arc<App>>,
    caller: Caller,
    Part(meter): Part,
) -> Result<Response, Problem> {
    let meter = find(&app, &caller, &meter).await?;
    let asked = UsageQuery { by_account: true, ..query::whole(&meter.name) };
    let rows = query::rows(&app, &caller, asked).await?;
    let names: BTreeSet<String> = rows.into_iter().filter_map(|row| row.account).collect();
    Ok(json_of(StatusCode::OK, &names))
}

/// Texts of a field among the events of a meter.
pub(super) async fn values(
    State(app): State<Arc<App>>,
    caller: Caller,
    path: Result<Path<(String, String)>, axum::extract::rejection::PathRejection>,
) -> Result<Response, Problem> {
    let Path((meter, field)) = path.map_err(|_| Problem::not_found("the address is not percent-encoded UTF-8"))?;
    let meter = find(&app, &caller, &meter).await?;
    let asked = UsageQuery { group_by: vec![field.clone()], ..query::whole(&meter.name) };
    let rows = query::rows(&app, &caller, asked).await?;
    let texts: BTreeSet<String> = rows.into_iter().filter_map(|mut row| row.group.remove(&field).flatten()).collect();
    Ok(json_of(StatusCode::OK, &texts))
}
