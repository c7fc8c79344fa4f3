//! What a customer may do, in their words.

use super::id::account;
use super::number;
use super::portal::Reader;
use crate::http::auth::now;
use crate::http::events::object;
use crate::http::params::Part;
use crate::http::problem::Problem;
use crate::http::{App, json_of};
use crate::keys::{Caller, Role};
use crate::limits;
use axum::body::Body;
use axum::extract::{Path, State};
use axum::http::{HeaderMap, StatusCode};
use axum::response::Response;
use price_core::enforce::{Checked, Feature, FeatureKind, NotChecked};
use price_value::Rational;
use serde::{Deserialize, Serialize};
use serde_json::json;
use serde_json::value::RawValue;
use std::collections::BTreeMap;
use std::sync::Arc;

#[derive(Serialize, Default)]
#[serde(rename_all = "camelCase")]
struct ValueOut {
    has_access: bool,
    #[serde(skip_serializing_if = "Option::is_none")]
    config: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    balance: Option<Box<RawValue>>,
    #[serde(skip_serializing_if = "Option::is_none")]
    usage: Option<Box<RawValue>>,
    #[serde(skip_serializing_if = "Option::is_none")]
    overage: Option<Box<RawValue>>,
    #[serde(skip_serializing_if = "Option::is_none")]
    total_available_grant_amount: Option<Box<RawValue>>,
}

fn out(feature: &Feature) -> ValueOut {
    let allowed = ValueOut { has_access: feature.allows(None), ..ValueOut::default() };
    match (feature.kind, &feature.limit) {
        (FeatureKind::Text, _) => {
            ValueOut { has_access: true, config: Some(json!(feature.text).to_string()), ..ValueOut::default() }
        }
        (FeatureKind::Metered, Some(limit)) => {
            let left = feature.left().unwrap_or_default();
            ValueOut {
                balance: number::raw(&left.clone().max(Rational::ZERO)),
                usage: number::raw(&feature.used),
                overage: number::raw(&(-&left).max(Rational::ZERO)),
                total_available_grant_amount: number::raw(limit),
                ..allowed
            }
        }
        _ => allowed,
    }
}

/// What an account may do: the one place where that is asked.
async fn checked(app: &App, caller: &Caller, customer: &str) -> Result<Arc<Checked>, Problem> {
    let name = account(app, caller, customer).await?.unwrap_or_else(|| customer.to_owned());
    app.node()?.check(&caller.tenant, &name, now()).await?.map_err(|error| match error {
        NotChecked::Unknown(_) => Problem::not_found(error.to_string()),
        NotChecked::NotServed(..) => Problem::refused("S040", error.to_string()),
        NotChecked::Settle(_) => Problem::unsettled(error.to_string()),
    })
}

fn may(caller: &Caller) -> Result<(), Problem> {
    caller.needs(Role::Check).or_else(|_| caller.needs(Role::Read))
}

pub(super) async fn value(
    State(app): State<Arc<App>>,
    reader: Reader,
    path: Result<Path<(String, String)>, axum::extract::rejection::PathRejection>,
) -> Result<Response, Problem> {
    may(&reader.caller)?;
    let Path((customer, feature)) = path.map_err(|_| Problem::not_found("the address is not percent-encoded UTF-8"))?;
    // To whoever has a token of one subject, others are not there.
    if reader.subject.as_ref().is_some_and(|own| *own != customer) {
        return Err(Problem::not_found(format!("no account is called `{customer}`")));
    }
    let checked = checked(&app, &reader.caller, &customer).await?;
    let found = checked.features.iter().find(|of| of.name == feature);
    let missing = || Problem::refused("S040", format!("`{}` has no feature `{feature}`", checked.plan));
    Ok(json_of(StatusCode::OK, &out(found.ok_or_else(missing)?)))
}

fn everything(checked: &Checked) -> BTreeMap<&str, ValueOut> {
    checked.features.iter().map(|feature| (feature.name.as_str(), out(feature))).collect()
}

#[derive(Serialize)]
struct AccessOut<'a> {
    entitlements: BTreeMap<&'a str, ValueOut>,
}

pub(super) async fn access(
    State(app): State<Arc<App>>,
    caller: Caller,
    Part(customer): Part,
) -> Result<Response, Problem> {
    may(&caller)?;
    let checked = checked(&app, &caller, &customer).await?;
    Ok(json_of(StatusCode::OK, &AccessOut { entitlements: everything(&checked) }))
}

#[derive(Deserialize)]
struct Asked {
    #[serde(default)]
    customers: Vec<String>,
}

#[derive(Serialize)]
struct OneOut<'a> {
    customer: &'a str,
    entitlements: BTreeMap<&'a str, ValueOut>,
}

#[derive(Serialize)]
struct SeveralOut<'a> {
    data: Vec<OneOut<'a>>,
    errors: Vec<serde_json::Value>,
    meta: serde_json::Value,
}

/// Several customers at once, in the form of their third version.
pub(super) async fn query(
    State(app): State<Arc<App>>,
    caller: Caller,
    headers: HeaderMap,
    from: Body,
) -> Result<Response, Problem> {
    may(&caller)?;
    let Asked { customers } = object(&app, &headers, from).await?;
    if customers.len() > limits::ACCESS_CUSTOMERS {
        let most = limits::ACCESS_CUSTOMERS;
        return Err(Problem::parameter(format!("`customers` names at most {most}, not {}", customers.len())));
    }
    let (mut found, mut errors) = (Vec::new(), Vec::new());
    for customer in &customers {
        match checked(&app, &caller, customer).await {
            Ok(checked) => found.push((customer, checked)),
            Err(problem) => errors.push(json!({ "customer": customer, "detail": problem.detail })),
        }
    }
    let data = found.iter().map(|(customer, checked)| OneOut { customer, entitlements: everything(checked) }).collect();
    Ok(json_of(StatusCode::OK, &SeveralOut { data, errors, meta: json!({}) }))
}
