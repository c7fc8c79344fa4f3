//! Accounts, and what they owe.

use crate::http::auth::today;
use crate::http::params::{Params, Part, page};
use crate::http::problem::Problem;
use crate::http::{App, json, json_of};
use crate::keys::{Caller, Role};
use crate::limits;
use axum::extract::State;
use axum::http::StatusCode;
use axum::response::Response;
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
    let after = asked.cursor;
    if after.as_ref().is_some_and(|after| after.len() > limits::CURSOR_BYTES) {
        return Err(Problem::parameter("`cursor` is the `next` of the page before"));
    }
    let question = move |machine: &mut price_core::Machine| machine.accounts(&caller.tenant, after.as_deref(), limit);
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
    /// A day of the billing period; today in UTC unless given.
    on: Option<String>,
}

/// The invoice of the billing period that holds a day, with everything that is known now.
pub(super) async fn invoice(
    State(app): State<Arc<App>>,
    caller: Caller,
    Part(account): Part,
    Params(asked): Params<On>,
) -> Result<Response, Problem> {
    caller.needs(Role::Read)?;
    let day: Date = match &asked.on {
        Some(on) => {
            on.parse().map_err(|_| Problem::parameter(format!("`on` is a day such as 2026-03-15, not `{on}`")))?
        }
        None => today(),
    };
    let question =
        move |machine: &mut price_core::Machine| (machine.applied(), machine.invoice(&caller.tenant, &account, day));
    let (entry, priced) = app.node()?.read(question).await?;
    let priced = priced.map_err(|error| match error {
        QueryError::Unknown(_) => Problem::not_found(error.to_string()),
        QueryError::Settle(_) => Problem::unsettled(error.to_string()),
    })?;
    let invoice = price_documents::invoice(&priced.invoice, &priced.plan, &priced.source_map);
    let plan = serde_json::to_string(&price_documents::head(&priced.plan, &priced.hash)).unwrap_or_default();
    let version = price_documents::FORMAT_VERSION;
    // The invoice is put in as it stands: its text is the same wherever it is shown.
    let text = format!(
        "{{\"as_of_entry\":{entry},\"format_version\":\"{version}\",\"invoice\":{invoice},\"plan\":{plan},\"status\":\"draft\"}}\n"
    );
    Ok(json(StatusCode::OK, text))
}
