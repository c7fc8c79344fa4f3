//! Meters: those of the plans.

use super::id::id;
use super::{SINCE, query};
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
use serde::Deserialize;
use serde_json::{Value, json};
use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

fn aggregation(meter: &MeterView) -> &'static str {
    match meter.aggregation {
        "sum" => "SUM",
        "count" => "COUNT",
        "max" => "MAX",
        "min" => "MIN",
        "mean" | "average" => "AVG",
        "unique" => "UNIQUE_COUNT",
        _ => "LATEST",
    }
}

/// Dimensions, and where an event has them.
fn group_by(meter: &MeterView) -> BTreeMap<&str, String> {
    let path = |field: &Option<String>, name: &str| format!("$.{}", field.as_deref().unwrap_or(name));
    meter.dimensions.iter().map(|(name, field)| (name.as_str(), path(field, name))).collect()
}

fn out(meter: &MeterView) -> Value {
    let mut out = json!({
        "id": id("meter", &meter.name), "slug": meter.name, "name": meter.name, "key": meter.name,
        "description": format!("`{}` of the plan `{}`, in {}", meter.name, meter.plan, meter.unit),
        "aggregation": aggregation(meter), "eventType": meter.event, "windowSize": "MINUTE",
        "groupBy": group_by(meter), "createdAt": SINCE, "updatedAt": SINCE,
    });
    if let Some(field) = &meter.field {
        out["valueProperty"] = format!("$.{field}").into();
    }
    out
}

/// The meters of a tenant, one for each name.
async fn all(app: &App, caller: &Caller) -> Result<Vec<MeterView>, Problem> {
    let tenant = caller.tenant.clone();
    let mut found = app.node()?.read(move |machine| machine.meters(&tenant)).await?;
    found.dedup_by(|next, kept| next.name == kept.name);
    Ok(found)
}

/// The meter of a name or an id.
pub(super) async fn find(app: &App, caller: &Caller, asked: &str) -> Result<MeterView, Problem> {
    caller.needs(Role::Read)?;
    let found =
        all(app, caller).await?.into_iter().find(|meter| meter.name == asked || id("meter", &meter.name) == asked);
    found.ok_or_else(|| Problem::not_found(format!("no plan has a meter `{asked}`")))
}

pub(super) async fn list(State(app): State<Arc<App>>, caller: Caller) -> Result<Response, Problem> {
    caller.needs(Role::Read)?;
    let all: Vec<Value> = all(&app, &caller).await?.iter().map(out).collect();
    Ok(json_of(StatusCode::OK, &all))
}

pub(super) async fn show(State(app): State<Arc<App>>, caller: Caller, Part(meter): Part) -> Result<Response, Problem> {
    Ok(json_of(StatusCode::OK, &out(&find(&app, &caller, &meter).await?)))
}

/// A meter that is to be there.
#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Wanted {
    slug: String,
    aggregation: String,
    event_type: String,
    value_property: Option<String>,
    #[serde(default)]
    group_by: BTreeMap<String, String>,
}

impl Wanted {
    /// Whether a meter counts the same: the same events, the same field of them, in the same way.
    /// Labels that the meter has besides change no quantity.
    fn is(&self, known: &MeterView) -> bool {
        let field = self.value_property.as_deref().filter(|path| !path.is_empty());
        let same_field = match (&known.field, known.aggregation) {
            (_, "count") => field.is_none(),
            (Some(own), _) => field == Some(format!("$.{own}").as_str()),
            // Computed from several fields: no path says that.
            (None, _) => false,
        };
        let own = group_by(known);
        self.slug == known.name
            && self.aggregation == aggregation(known)
            && matches!(known.aggregation, "sum" | "count" | "max" | "min" | "mean" | "unique")
            && self.event_type == known.event
            && !known.filtered
            && same_field
            && self.group_by.iter().all(|(name, path)| own.get(name.as_str()) == Some(path))
    }
}

/// A meter that a plan has already is as good as made; another is one of a plan to be published.
pub(super) async fn create(
    State(app): State<Arc<App>>,
    caller: Caller,
    headers: HeaderMap,
    from: Body,
) -> Result<Response, Problem> {
    caller.needs(Role::Publish)?;
    let wanted: Wanted = object(&app, &headers, from).await?;
    let known = all(&app, &caller).await?.into_iter().find(|known| wanted.is(known));
    known.map(|known| json_of(StatusCode::CREATED, &out(&known))).ok_or_else(of_a_plan)
}

/// Meters are changed by the plan that has them.
pub(super) async fn change(
    State(app): State<Arc<App>>,
    caller: Caller,
    Part(meter): Part,
) -> Result<Response, Problem> {
    caller.needs(Role::Publish)?;
    let same = |known: &MeterView| known.name == meter || id("meter", &known.name) == meter;
    match all(&app, &caller).await?.iter().any(same) {
        true => Err(of_a_plan()),
        false => Err(Problem::not_found(format!("no plan has a meter `{meter}`"))),
    }
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
    let asked = UsageQuery { by_account: true, ..UsageQuery::whole(&meter.name) };
    let rows = query::rows(&app, &caller, asked).await?;
    let names: BTreeSet<String> = rows.into_iter().filter_map(|row| row.account).collect();
    Ok(json_of(StatusCode::OK, &names))
}

/// Labels among the events of a meter.
pub(super) async fn values(
    State(app): State<Arc<App>>,
    caller: Caller,
    path: Result<Path<(String, String)>, axum::extract::rejection::PathRejection>,
) -> Result<Response, Problem> {
    let Path((meter, field)) = path.map_err(|_| Problem::not_found("the address is not percent-encoded UTF-8"))?;
    let meter = find(&app, &caller, &meter).await?;
    let asked = UsageQuery { group_by: vec![field.clone()], ..UsageQuery::whole(&meter.name) };
    let rows = query::rows(&app, &caller, asked).await?;
    let texts: BTreeSet<String> = rows.into_iter().filter_map(|mut row| row.group.remove(&field).flatten()).collect();
    Ok(json_of(StatusCode::OK, &texts))
}
