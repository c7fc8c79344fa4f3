//! Usage by windows, subjects and labels.

use super::asked::{Asked, Question, customer_id};
use super::number::number;
use super::{Portal, meters};
use crate::http::auth::now;
use crate::http::events::object;
use crate::http::params::Part;
use crate::http::problem::Problem;
use crate::http::{App, json};
use crate::keys::Caller;
use axum::body::Body;
use axum::extract::{RawQuery, State};
use axum::http::{HeaderMap, StatusCode, header};
use axum::response::{IntoResponse as _, Response};
use price_core::{UsageError, UsageQuery, UsageRow};
use price_value::Timestamp;
use serde_json::json;
use std::sync::Arc;

/// What was used. The shard gives the events; they are added up beside it.
pub(super) async fn rows(app: &App, caller: &Caller, asked: UsageQuery) -> Result<Vec<UsageRow>, Problem> {
    let node = app.node()?;
    let full = |_| Problem::busy("as many questions about usage are answered as may; ask again");
    let room = app.questions.clone().try_acquire_owned().map_err(full)?;
    let tenant = caller.tenant.clone();
    let gathered = node.read(move |machine| (machine.gather(&tenant, &asked), asked)).await?;
    let judged = tokio::task::spawn_blocking(move || {
        let (gathered, asked) = gathered;
        let rows = gathered.and_then(|gathered| gathered.used(&asked));
        drop(room);
        rows
    });
    let found = judged.await.map_err(|_| Problem::refused("S026", "usage was not added up".into()))?;
    found.map_err(|error| match error {
        UsageError::Unknown(_) => Problem::not_found(error.to_string()),
        UsageError::NotAdditive(..) => Problem::refused("S071", error.to_string()),
        UsageError::Differs(..) => Problem::refused("S072", error.to_string()),
        UsageError::NoLabel { .. } => Problem::parameter(error.to_string()),
        UsageError::TooMuch => Problem::too_large(error.to_string()),
        UsageError::Unreadable(_) => Problem::not_ready(error.to_string()),
    })
}

async fn answer(
    app: &App,
    caller: &Caller,
    meter: &str,
    asked: Asked,
    headers: &HeaderMap,
) -> Result<Response, Problem> {
    let meter = meters::find(app, caller, meter).await?;
    let (from, to, size) = (asked.from.clone(), asked.to.clone(), asked.window_size.clone());
    let Question { query, subject, customer } = asked.question(app, caller, &meter.name).await?;
    let fields = query.group_by.clone();
    let end = now().saturating_mul(1_000);
    let found = rows(app, caller, query).await?;
    let at = |nanos: i64| Timestamp(if nanos == i64::MAX { end } else { nanos }).to_string();
    let wants = headers.get(header::ACCEPT).and_then(|value| value.to_str().ok()).unwrap_or_default();
    if wants.contains("text/csv") {
        return Ok((StatusCode::OK, [(header::CONTENT_TYPE, "text/csv")], csv(&found, &fields, at)).into_response());
    }
    let row = |row: &UsageRow| {
        let account = row.account.as_deref();
        let mut about = json!({
            "windowStart": at(row.from), "windowEnd": at(row.until),
            "subject": account.filter(|_| subject), "groupBy": row.group,
        });
        if let Some(account) = account.filter(|_| customer) {
            about["customerId"] = customer_id(account).into();
        }
        // The number is put in as it stands: it never was a floating-point number.
        let about = about.to_string();
        format!("{{\"value\":{},{}", number(&row.value), &about[1..])
    };
    let data: Vec<String> = found.iter().map(row).collect();
    let mut head = json!({});
    for (name, value) in [("from", from), ("to", to), ("windowSize", size)] {
        if let Some(value) = value {
            head[name] = value.into();
        }
    }
    let head = head.to_string();
    let comma = if head.len() > 2 { "," } else { "" };
    Ok(json(StatusCode::OK, format!("{}{comma}\"data\":[{}]}}", &head[..head.len() - 1], data.join(","))))
}

fn csv(rows: &[UsageRow], fields: &[String], at: impl Fn(i64) -> String) -> String {
    let cell = |text: &str| match text.contains([',', '"', '\n', '\r']) {
        true => format!("\"{}\"", text.replace('"', "\"\"")),
        false => text.to_owned(),
    };
    let head = ["window_start", "window_end", "subject"].into_iter().map(str::to_owned);
    let mut text = head.chain(fields.iter().map(|f| cell(f))).chain(["value".into()]).collect::<Vec<_>>().join(",");
    text.push('\n');
    for row in rows {
        let own = [at(row.from), at(row.until), cell(row.account.as_deref().unwrap_or_default())];
        let group = fields.iter().map(|f| cell(row.group.get(f).and_then(Option::as_deref).unwrap_or_default()));
        let cells: Vec<String> = own.into_iter().chain(group).chain([number(&row.value)]).collect();
        text.push_str(&cells.join(","));
        text.push('\n');
    }
    text
}

pub(super) async fn by_address(
    State(app): State<Arc<App>>,
    caller: Caller,
    Part(meter): Part,
    RawQuery(query): RawQuery,
    headers: HeaderMap,
) -> Result<Response, Problem> {
    answer(&app, &caller, &meter, Asked::of_address(&query.unwrap_or_default())?, &headers).await
}

pub(super) async fn by_body(
    State(app): State<Arc<App>>,
    caller: Caller,
    Part(meter): Part,
    headers: HeaderMap,
    from: Body,
) -> Result<Response, Problem> {
    let asked: Asked = object(&app, &headers, from).await?;
    answer(&app, &caller, &meter, asked, &headers).await
}

/// With a token of one subject: its usage and no other.
pub(super) async fn by_portal(
    State(app): State<Arc<App>>,
    portal: Portal,
    Part(meter): Part,
    RawQuery(query): RawQuery,
    headers: HeaderMap,
) -> Result<Response, Problem> {
    if portal.meters.as_ref().is_some_and(|allowed| !allowed.contains(&meter)) {
        return Err(Problem::not_found(format!("no plan has a meter `{meter}`")));
    }
    let mut asked = Asked::of_address(&query.unwrap_or_default())?;
    asked.subject = vec![portal.subject];
    asked.filter_customer_id.clear();
    answer(&app, &portal.caller, &meter, asked, &headers).await
}
