//! Accounts, and what they owe.

use crate::http::auth::{day_of, now};
use crate::http::events::raw;
use crate::http::params::{Params, Part, page};
use crate::http::problem::Problem;
use crate::http::{App, invoices, json, json_of};
use crate::keys::{Caller, Role};
use crate::limits;
use axum::extract::State;
use axum::http::StatusCode;
use axum::response::Response;
use price_core::billing::{DocumentView, PeriodStatus};
use price_core::{AccountView, Priced, QueryError};
use price_documents::paper::Paper;
use price_value::Date;
use serde::{Deserialize, Serialize};
use serde_json::value::RawValue;
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

/// A billing period of an account, with everything that is known now, or as it was issued.
struct Shown {
    entry: u64,
    priced: Priced,
    status: &'static str,
    /// What was issued for it.
    issued: Option<Box<DocumentView>>,
    /// The body of its invoice.
    body: String,
}

async fn period(app: &App, caller: Caller, account: String, asked: &On) -> Result<Shown, Problem> {
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
    let (status, issued) = match status {
        None | Some(PeriodStatus::Open) => ("draft", None),
        Some(PeriodStatus::Grace(_)) => ("grace", None),
        Some(PeriodStatus::Closed(None)) => ("finalised", None),
        Some(PeriodStatus::Closed(Some(of))) => ("finalised", Some(of)),
    };
    let priced = priced.map_err(|error| match error {
        QueryError::Unknown(_) => Problem::not_found(error.to_string()),
        QueryError::Settle(_) => Problem::unsettled(error.to_string()),
    })?;
    // What was issued is shown as it was issued.
    let body = match &issued {
        Some(of) => of.body.clone(),
        None => price_documents::invoice(&priced.invoice, &priced.plan, &priced.source_map),
    };
    Ok(Shown { entry, priced, status, issued, body })
}

/// A period with what is shown of it. That is put in as it stands: its text is the same wherever it is
/// shown.
#[derive(Serialize)]
struct ShownOut<'s> {
    as_of_entry: u64,
    format_version: &'static str,
    #[serde(skip_serializing_if = "Option::is_none")]
    invoice: Option<&'s RawValue>,
    #[serde(skip_serializing_if = "Option::is_none")]
    number: Option<&'s str>,
    plan: price_documents::PlanHead<'s>,
    #[serde(skip_serializing_if = "Option::is_none")]
    statement: Option<price_documents::statement::Statement>,
    status: &'static str,
}

impl Shown {
    fn out(&self) -> ShownOut<'_> {
        ShownOut {
            as_of_entry: self.entry,
            format_version: price_documents::FORMAT_VERSION,
            invoice: None,
            number: self.issued.as_ref().map(|of| of.issued.number.as_str()),
            plan: price_documents::head(&self.priced.plan, &self.priced.hash),
            statement: None,
            status: self.status,
        }
    }
}

fn answer(out: &ShownOut<'_>) -> Result<Response, Problem> {
    Ok(json(StatusCode::OK, serde_json::to_string(out).map_err(fault)? + "\n"))
}

/// The invoice of the billing period that holds a day.
pub(super) async fn invoice(
    State(app): State<Arc<App>>,
    caller: Caller,
    Part(account): Part,
    Params(asked): Params<On>,
) -> Result<Response, Problem> {
    let shown = period(&app, caller, account, &asked).await?;
    answer(&ShownOut { invoice: Some(raw(&shown.body)?), ..shown.out() })
}

fn fault(problem: impl std::fmt::Display) -> Problem {
    Problem::refused("S026", format!("the page cannot be made: {problem}"))
}

/// The statement of wallets, commitments and included usage of the billing period that holds a day.
pub(super) async fn statement(
    State(app): State<Arc<App>>,
    caller: Caller,
    Part(account): Part,
    Params(asked): Params<On>,
) -> Result<Response, Problem> {
    let shown = period(&app, caller, account, &asked).await?;
    let statement = price_documents::statement(&shown.body).map_err(fault)?;
    answer(&ShownOut { statement: Some(statement), ..shown.out() })
}

async fn statement_paper(app: &App, caller: Caller, account: String, asked: &On) -> Result<Paper, Problem> {
    let Shown { issued, body, .. } = period(app, caller, account, asked).await?;
    let statement = price_documents::statement(&body).map_err(fault)?;
    let envelope = issued.as_ref().map(|of| invoices::envelope(of)).unwrap_or_default();
    statement.paper(&body, &envelope, &app.letterhead).map_err(fault)
}

/// The same as a page.
pub(super) async fn statement_html(
    State(app): State<Arc<App>>,
    caller: Caller,
    Part(account): Part,
    Params(asked): Params<On>,
) -> Result<Response, Problem> {
    Ok(invoices::as_html(&statement_paper(&app, caller, account, &asked).await?))
}

/// The same as PDF.
pub(super) async fn statement_pdf(
    State(app): State<Arc<App>>,
    caller: Caller,
    Part(account): Part,
    Params(asked): Params<On>,
) -> Result<Response, Problem> {
    invoices::as_pdf(statement_paper(&app, caller, account, &asked).await?).await
}
