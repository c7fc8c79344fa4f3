//! What a customer may do, in their words.

use super::customers::named;
use crate::http::auth::now;
use crate::http::events::object;
use crate::http::params::Part;
use crate::http::problem::Problem;
use crate::http::{App, json_of};
use crate::keys::{Caller, Role};
use axum::body::Body;
use axum::extract::{Path, State};
use axum::http::{HeaderMap, StatusCode};
use axum::response::Response;
use price_core::enforce::{Checked, Feature, FeatureKind, NotChecked};
use price_value::Rational;
use serde_json::{Map, Value, json};
use std::sync::Arc;

/// A number of JSON: what a picture of it needs, exact where its decimal ends.
fn number(value: &Rational) -> Value {
    let text = value.to_decimal_string(0).unwrap_or_else(|| value.floor().to_decimal_string(0).unwrap_or_default());
    serde_json::from_str(&text).unwrap_or(Value::Null)
}

fn out(feature: &Feature) -> Value {
    let allowed = feature.allows(None);
    match (feature.kind, &feature.limit) {
        (FeatureKind::Text, _) => {
            let config = json!(feature.text).to_string();
            json!({ "hasAccess": true, "config": config })
        }
        (FeatureKind::Metered, Some(limit)) => {
            let left = feature.left().unwrap_or_default();
            json!({
                "hasAccess": allowed,
                "balance": number(&left.clone().max(Rational::ZERO)),
                "usage": number(&feature.used),
                "overage": number(&(-&left).max(Rational::ZERO)),
                "totalAvailableGrantAmount": number(limit),
            })
        }
        _ => json!({ "hasAccess": allowed }),
    }
}

async fn checked(app: &App, caller: &Caller, customer: &str) -> Result<Arc<Checked>, Problem> {
    if caller.needs(Role::Check).is_err() {
        caller.needs(Role::Read)?;
    }
    let reader = Caller { tenant: caller.tenant.clone(), roles: [Role::Read].into() };
    let account = named(app, &reader, customer).await?;
    app.node()?.check(&caller.tenant, &account, now()).await?.map_err(|error| match error {
        NotChecked::Unknown(_) => Problem::not_found(error.to_string()),
        NotChecked::NotServed(..) => Problem::refused("S040", error.to_string()),
        NotChecked::Settle(_) => Problem::unsettled(error.to_string()),
    })
}

pub(super) async fn value(
    State(app): State<Arc<App>>,
    caller: Caller,
    path: Result<Path<(String, String)>, axum::extract::rejection::PathRejection>,
) -> Result<Response, Problem> {
    let Path((customer, feature)) = path.map_err(|_| Problem::not_found("the address is not percent-encoded UTF-8"))?;
    let checked = checked(&app, &caller, &customer).await?;
    let found = checked.features.iter().find(|of| of.name == feature);
    let missing = || Problem::refused("S040", format!("`{}` has no feature `{feature}`", checked.plan));
    Ok(json_of(StatusCode::OK, &out(found.ok_or_else(missing)?)))
}

fn everything(checked: &Checked) -> Map<String, Value> {
    checked.features.iter().map(|feature| (feature.name.clone(), out(feature))).collect()
}

pub(super) async fn access(
    State(app): State<Arc<App>>,
    caller: Caller,
    Part(customer): Part,
) -> Result<Response, Problem> {
    let checked = checked(&app, &caller, &customer).await?;
    Ok(json_of(StatusCode::OK, &json!({ "entitlements": everything(&checked) })))
}

/// Several customers at once, in the form of their third version.
pub(super) async fn query(
    State(app): State<Arc<App>>,
    caller: Caller,
    headers: HeaderMap,
    from: Body,
) -> Result<Response, Problem> {
    let asked: Value = object(&app, &headers, from).await?;
    let customers: Vec<&str> =
        asked["customers"].as_array().into_iter().flatten().filter_map(Value::as_str).take(100).collect();
    let (mut data, mut errors) = (Vec::new(), Vec::new());
    for customer in customers {
        match checked(&app, &caller, customer).await {
            Ok(found) => data.push(json!({ "customer": customer, "entitlements": everything(&found) })),
            Err(problem) => errors.push(json!({ "customer": customer, "detail": problem.detail })),
        }
    }
    Ok(json_of(StatusCode::OK, &json!({ "data": data, "errors": errors, "meta": {} })))
}
