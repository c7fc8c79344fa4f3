//! Accounts, and what they owe.

use crate::http::auth::{day_of, now};
use crate::http::params::{Params, Part, page};
use crate::http::problem::Problem;
use crate::http::{App, json, json_of};
use crate::keys::{Caller, Role};
use crate::limits;
use axum::extract::State;
use axum::http::StatusCode;
use axum::response::Response;
use price_core::billing::PeriodStatus;
use price_core::{AccountView, QueryError};
use price_value::Date;
use serde::{Deserialize, Serialize};
use std::sync::Arc;

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Page {
    limit: Option<usize>,
    /// The last account of the page before.
    cursor: Option<String>,
    /// Only accounts whose names begin so.
    prefix: Option<String>,
}

#[derive(Serialize)]
struct AccountOut {
    account: String,
    billed: String,
    from: Option<String>,
    plan: String,
    until: Option<String>,
}

impl From<AccountView> for AccountOut {
    fn from(view: AccountView) -> AccountOut {
        let AccountView { account, plan, billed, days } = view;
        let text = |day: Option<Date>| day.map(|day| day.to_string());
        AccountOut { account, billed, from: text(days.from), plan, until: text(days.until) }
    }
}

#[derive(Serialize)]
struct AccountsOut {
    accounts: Vec<AccountOut>,
    next: Option<String>,
}

pub(super) async fn list(
    State(app): State<Arc<App>>,
    caller: Caller,
    Params(asked): Params<Page>,
) -> Result<Response, Problem> {
    caller.needs(Role::Read)?;
    let limit = page(asked.limit)?;
    let Page { cursor: after, prefix, .. } = asked;
    let prefix = prefix.unwrap_or_default();
    if after.as_ref().is_some_and(|after| after.len() > limits::CURSOR_BYTES) || prefix.len() > limits::CURSOR_BYTES {
        return Err(Problem::parameter("`cursor` is the `next` of the page before"));
    }
    let question =
        move |machine: &mut price_core::Machine| machine.accounts(&caller.tenant, &prefix, after.as_deref(), limit);
    let found = app.node()?.read(question).await?;
    // An account has a row for each plan, so the page is full when it has so many names.
    let mut names: Vec<&str> = found.iter().map(|view| view.account.as_str()).collect();
    names.dedup();
    let next = (names.len() == limit).then(|| names.last().map(|name| (*name).to_owned())).flatten();
    Ok(json_of(StatusCode::OK, &AccountsOut { accounts: found.into_iter().map(AccountOut::from).collect(), next }))
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct On {
    /// A day of the billing period; today in UTC unless given, by the test clock where there is one.
    on: Option<String>,
}

/// The invoice of the billing period that holds a day: with everything that is known now, or as it
/// was issued.
pub(super) async fn invoice(
    State(app): State<Arc<App>>,
    caller: Caller,
    Part(account): Part,
    Params(asked): Params<On>,
) -> Result<Response, Problem> {
    caller.needs(Role::Read)?;
    let parsed = |on: &String| {
        on.parse().map_err(|_| Problem::parameter(format!("`on` is a day such as 2026-03-15, not `{on}`")))
    };
    let day: Option<Date> = asked.on.as_ref().map(parsed).transpose()?;
    let question = move |machine: &mut price_core::Machine| {
        let day = day.unwrap_or_else(|| day_of(machine.clock(&caller.tenant).unwrap_or_else(now)));
        let priced = machine.invoice(&caller.tenant, &account, day);
        let status = priced.as_ref().ok().map(|of| {
            let (plan, billed) = (&of.plan.name, &of.invoice.account);
            machine.period_status(&caller.tenant, plan, billed, of.invoice.period.from, now())
        });
        (machine.applied(), priced, status)
    };
    let (entry, priced, status) = app.node()?.read(question).await?;
    let (status, number, issued) = match status {
        None | Some(PeriodStatus::Open) => ("draft", None, None),
        Some(PeriodStatus::Grace(_)) => ("grace", None, None),
        Some(PeriodStatus::Closed(None)) => ("finalised", None, None),
        Some(PeriodStatus::Closed(Some(of))) => ("finalised", Some(of.issued.number), Some(of.body)),
    };
    let priced = priced.map_err(|error| match error {
        QueryError::Unknown(_) => Problem::not_found(error.to_string()),
        QueryError::Settle(_) => Problem::unsettled(error.to_string()),
    })?;
    // What was issued is shown as it was issued.
    let invoice = issued.unwrap_or_else(|| price_documents::invoice(&priced.invoice, &priced.plan, &priced.source_map));
    let number = number.map(|number| format!("\"number\":\"{number}\",")).unwrap_or_default();
    let plan = serde_json::to_string(&price_documents::head(&priced.plan, &priced.hash)).unwrap_or_default();
    let version = price_documents::FORMAT_VERSION;
    // The invoice is put in as it stands: its text is the same wherever it is shown.
    let text = format!(
        "{{\"as_of_entry\":{entry},\"format_version\":\"{version}\",\"invoice\":{invoice},{number}\"plan\":{plan},\"status\":\"{status}\"}}\n"
    );
    Ok(json(StatusCode::OK, text))
}
