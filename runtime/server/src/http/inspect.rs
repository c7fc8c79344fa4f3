//! What a person looks at: an account, its events, the rules of a plan.

use crate::http::events::raw;
use crate::http::params::{Params, Part, page};
use crate::http::problem::Problem;
use crate::http::{App, json_of};
use crate::keys::{Caller, Role};
use axum::extract::State;
use axum::http::StatusCode;
use axum::response::Response;
use price_core::{Recorded, VersionView};
use price_value::Timestamp;
use serde::{Deserialize, Serialize};
use serde_json::value::RawValue;
use std::sync::Arc;

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Page {
    limit: Option<usize>,
    /// `next` of the page before.
    cursor: Option<String>,
}

#[derive(Serialize)]
struct EventOut<'r> {
    account: &'r str,
    counts: bool,
    event: &'r RawValue,
    happened: String,
    plan: &'r str,
    recorded: String,
    seq: u64,
}

#[derive(Serialize)]
struct EventsOut<'r> {
    events: Vec<EventOut<'r>>,
    next: Option<String>,
}

/// The events of an account, the latest to happen first.
pub(super) async fn events(
    State(app): State<Arc<App>>,
    caller: Caller,
    Part(account): Part,
    Params(asked): Params<Page>,
) -> Result<Response, Problem> {
    caller.needs(Role::Read)?;
    let limit = page(asked.limit)?;
    let behind = asked.cursor.as_deref().map(|cursor| {
        let (happened, seq) = cursor.split_once('.')?;
        Some((happened.parse::<i64>().ok()?, seq.parse::<u64>().ok()?))
    });
    let wrong = || Problem::parameter("`cursor` is the `next` of the page before");
    let behind = behind.map(|behind| behind.ok_or_else(wrong)).transpose()?;
    let question = move |machine: &mut price_core::Machine| machine.recorded(&caller.tenant, &account, behind, limit);
    let found = app.node()?.read(question).await?;
    let full = found.len() == limit;
    let next = found.last().filter(|_| full).map(|last| format!("{}.{}", last.happened, last.seq));
    let events = found.iter().map(event).collect::<Result<_, _>>()?;
    Ok(json_of(StatusCode::OK, &EventsOut { events, next }))
}

fn event(of: &Recorded) -> Result<EventOut<'_>, Problem> {
    Ok(EventOut {
        account: &of.account,
        counts: of.counts,
        event: raw(&of.record)?,
        happened: Timestamp(of.happened).to_string(),
        plan: &of.plan,
        recorded: Timestamp(of.recorded).to_string(),
        seq: of.seq,
    })
}

#[derive(Serialize)]
struct RuleOut<'p> {
    excerpt: &'p str,
    file: &'p str,
    line: u32,
    title: &'p str,
    within: &'p str,
}

#[derive(Serialize)]
struct VersionOut<'p> {
    currency: &'p str,
    hash: String,
    name: &'p str,
    rules: Vec<RuleOut<'p>>,
    seq: u64,
    /// Whether its files can be asked for.
    source: bool,
    timezone: &'p str,
}

/// The rules of a version of a plan, as its author wrote them.
pub(super) async fn version(
    State(app): State<Arc<App>>,
    caller: Caller,
    Part(hash): Part,
) -> Result<Response, Problem> {
    caller.needs(Role::Read)?;
    let asked = hash.clone();
    let found = app.node()?.read(move |machine| machine.version(&caller.tenant, &asked)).await?;
    let found = found.ok_or_else(|| Problem::not_found("no version of a plan has this hash"))?;
    let VersionView { plan, source_map, seq } = &found;
    let place = |(rule, place): (&'_ price_ir::Rule, &Option<price_ir::Place>)| {
        let place = place.clone()?;
        Some((place, rule.title.clone(), rule.within.clone()))
    };
    let mut all: Vec<_> = plan.rules.iter().zip(&source_map.places).filter_map(place).collect();
    all.sort_by(|(a, ..), (b, ..)| (&a.file, a.line, a.column).cmp(&(&b.file, b.line, b.column)));
    all.dedup();
    let rules = all.iter().map(|(place, title, within)| RuleOut {
        excerpt: &place.excerpt,
        file: &place.file,
        line: place.line,
        title,
        within,
    });
    let source = !source_map.files.is_empty();
    let (currency, timezone) = (&*plan.currency.code, &*plan.zone);
    let out = VersionOut { currency, hash, name: &plan.name, rules: rules.collect(), seq: *seq, source, timezone };
    Ok(json_of(StatusCode::OK, &out))
}
