//! Usage by windows, subjects and fields.

use super::{Portal, meters};
use crate::http::auth::now;
use crate::http::events::object;
use crate::http::params::Part;
use crate::http::problem::Problem;
use crate::http::{App, json};
use crate::keys::{Caller, Role};
use axum::body::Body;
use axum::extract::{RawQuery, State};
use axum::http::{HeaderMap, StatusCode, header};
use axum::response::{IntoResponse as _, Response};
use price_core::{UsageError, UsageQuery, UsageRow, WindowSize};
use price_value::{Rational, Timestamp, Zone};
use serde::Deserialize;
use serde_json::{Value, json};
use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

/// What is asked, by an address or a body.
#[derive(Debug, Default, Deserialize)]
#[serde(default, rename_all = "camelCase")]
struct Asked {
    from: Option<String>,
    to: Option<String>,
    window_size: Option<String>,
    window_time_zone: Option<String>,
    subject: Vec<String>,
    filter_customer_id: Vec<String>,
    group_by: Vec<String>,
    filter_group_by: BTreeMap<String, Texts>,
    advanced_meter_group_by_filters: BTreeMap<String, Value>,
}

#[derive(Debug, Deserialize)]
#[serde(untagged)]
enum Texts {
    One(String),
    Several(Vec<String>),
}

impl Asked {
    /// The parameters of an address, with the brackets that their clients send.
    fn of_address(query: &str) -> Result<Asked, Problem> {
        let mut asked = Asked::default();
        for (name, value) in form_urlencoded::parse(query.as_bytes()) {
            match &*name {
                "from" => asked.from = Some(value.into_owned()),
                "to" => asked.to = Some(value.into_owned()),
                "windowSize" => asked.window_size = Some(value.into_owned()),
                "windowTimeZone" => asked.window_time_zone = Some(value.into_owned()),
                "subject" | "subject[]" => asked.subject.push(value.into_owned()),
                "filterCustomerId" | "filterCustomerId[]" => asked.filter_customer_id.push(value.into_owned()),
                "groupBy" | "groupBy[]" => asked.group_by.extend(value.split(',').map(str::to_owned)),
                "advancedMeterGroupByFilters" => {
                    let wrong = |_| Problem::parameter("`advancedMeterGroupByFilters` is a JSON object");
                    asked.advanced_meter_group_by_filters = serde_json::from_str(&value).map_err(wrong)?;
                }
                "filterGroupBy" => {
                    // A release of their Python client sends what it prints of a dictionary.
                    let read =
                        serde_json::from_str(&value).or_else(|_| serde_json::from_str(&value.replace('\'', "\"")));
                    let read: BTreeMap<String, Texts> =
                        read.map_err(|_| Problem::parameter("`filterGroupBy` is a JSON object"))?;
                    asked.filter_group_by.extend(read);
                }
                "clientId" => {}
                other => match other.strip_prefix("filterGroupBy[").and_then(|rest| rest.split_once(']')) {
                    Some((field, _)) => {
                        let known = asked.filter_group_by.entry(field.to_owned());
                        match known.or_insert_with(|| Texts::Several(Vec::new())) {
                            Texts::Several(all) => all.push(value.into_owned()),
                            Texts::One(_) => {}
                        }
                    }
                    None => return Err(Problem::parameter(format!("`{other}` is not known here"))),
                },
            }
        }
        Ok(asked)
    }

    fn query(self, meter: &str) -> Result<UsageQuery, Problem> {
        let instant = |name: &str, text: &Option<String>| {
            let parsed = text.as_deref().map(Timestamp::parse_rfc3339).transpose();
            let wrong = |wrong| Problem::parameter(format!("`{name}` is a time such as 2026-03-01T00:00:00Z: {wrong}"));
            parsed.map(|at| at.map(|at| at.0)).map_err(wrong)
        };
        let window = match self.window_size.as_deref() {
            None => None,
            Some("MINUTE") => Some(WindowSize::Minute),
            Some("HOUR") => Some(WindowSize::Hour),
            Some("DAY") => Some(WindowSize::Day),
            Some("MONTH") => Some(WindowSize::Month),
            Some(other) => {
                return Err(Problem::parameter(format!("`windowSize` is MINUTE, HOUR, DAY or MONTH, not `{other}`")));
            }
        };
        let zone = self.window_time_zone.as_deref().unwrap_or("UTC");
        let zone = Zone::get(zone).ok_or_else(|| Problem::parameter(format!("the time zone `{zone}` is not known")))?;
        let mut fields: BTreeMap<String, BTreeSet<String>> = BTreeMap::new();
        for (field, texts) in self.filter_group_by {
            let texts = match texts {
                Texts::One(text) => vec![text],
                Texts::Several(texts) => texts,
            };
            fields.entry(field).or_default().extend(texts.iter().flat_map(|text| text.split(',')).map(str::to_owned));
        }
        for (field, filter) in self.advanced_meter_group_by_filters {
            let texts = match (&filter["$eq"], &filter["$in"]) {
                (Value::String(text), _) => vec![text.clone()],
                (_, Value::Array(all)) => all.iter().filter_map(Value::as_str).map(str::to_owned).collect(),
                _ => return Err(Problem::parameter(format!("of the filter on `{field}` only $eq and $in are known"))),
            };
            fields.entry(field).or_default().extend(texts);
        }
        let by_account = !self.subject.is_empty() || self.group_by.iter().any(|name| name == "subject");
        Ok(UsageQuery {
            meter: meter.to_owned(),
            from: instant("from", &self.from)?,
            until: instant("to", &self.to)?,
            window,
            zone,
            accounts: self.subject.into_iter().chain(self.filter_customer_id).collect(),
            by_account,
            group_by: self.group_by.into_iter().filter(|name| name != "subject").collect(),
            fields,
        })
    }
}

/// All of a meter, as one number.
pub(super) fn whole(meter: &str) -> UsageQuery {
    UsageQuery {
        meter: meter.to_owned(),
        from: None,
        until: None,
        window: None,
        zone: Zone::utc(),
        accounts: BTreeSet::new(),
        by_account: false,
        group_by: Vec::new(),
        fields: BTreeMap::new(),
    }
}

pub(super) async fn rows(app: &App, caller: &Caller, asked: UsageQuery) -> Result<Vec<UsageRow>, Problem> {
    let tenant = caller.tenant.clone();
    let found = app.node()?.read(move |machine| machine.used(&tenant, &asked)).await?;
    found.map_err(|error| match error {
        UsageError::Unknown(_) => Problem::not_found(error.to_string()),
        UsageError::NotAdditive(..) => Problem::refused("S071", error.to_string()),
        UsageError::TooMuch => Problem::too_large(error.to_string()),
    })
}

/// A number of JSON, written exactly where its decimal ends.
fn number(value: &Rational) -> String {
    value.to_decimal_string(0).unwrap_or_else(|| {
        let unit = Rational::int(1_000_000_000_000);
        let cut = (value * &unit).floor().checked_div(&unit).unwrap_or_default();
        cut.to_decimal_string(0).unwrap_or_default()
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
    let query = asked.query(&meter.name)?;
    let fields = query.group_by.clone();
    let end = now().saturating_mul(1_000);
    let found = rows(app, caller, query).await?;
    let at = |nanos: i64| Timestamp(if nanos == i64::MAX { end } else { nanos }).to_string();
    let wants = headers.get(header::ACCEPT).and_then(|value| value.to_str().ok()).unwrap_or_default();
    if wants.contains("text/csv") {
        let cell = |text: &str| match text.contains([',', '"', '\n', '\r']) {
            true => format!("\"{}\"", text.replace('"', "\"\"")),
            false => text.to_owned(),
        };
        let head = ["window_start", "window_end", "subject"].into_iter().map(str::to_owned);
        let mut text = head.chain(fields.iter().map(|f| cell(f))).chain(["value".into()]).collect::<Vec<_>>().join(",");
        text.push('\n');
        for row in &found {
            let own = [at(row.from), at(row.until), cell(row.account.as_deref().unwrap_or_default())];
            let group = fields.iter().map(|f| cell(row.group.get(f).and_then(Option::as_deref).unwrap_or_default()));
            let cells: Vec<String> = own.into_iter().chain(group).chain([number(&row.value)]).collect();
            text.push_str(&cells.join(","));
            text.push('\n');
        }
        return Ok((StatusCode::OK, [(header::CONTENT_TYPE, "text/csv")], text).into_response());
    }
    let row = |row: &UsageRow| {
        let about = json!({
            "windowStart": at(row.from), "windowEnd": at(row.until), "subject": row.account, "groupBy": row.group,
        });
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

pub(super) async fn by_address(
    State(app): State<Arc<App>>,
    caller: Caller,
    Part(meter): Part,
    RawQuery(query): RawQuery,
    headers: HeaderMap,
) -> Result<Response, Problem> {
    caller.needs(Role::Read)?;
    answer(&app, &caller, &meter, Asked::of_address(&query.unwrap_or_default())?, &headers).await
}

pub(super) async fn by_body(
    State(app): State<Arc<App>>,
    caller: Caller,
    Part(meter): Part,
    headers: HeaderMap,
    from: Body,
) -> Result<Response, Problem> {
    caller.needs(Role::Read)?;
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
    let mut asked = Asked::of_address(&query.unwrap_or_default())?;
    asked.subject = vec![portal.subject];
    asked.filter_customer_id.clear();
    answer(&app, &portal.caller, &meter, asked, &headers).await
}
