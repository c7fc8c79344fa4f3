//! The books of what was issued: entries of a journal, and what is earned and deferred.

use crate::http::params::{Params, page};
use crate::http::problem::Problem;
use crate::http::{App, json_of};
use crate::keys::{Caller, Role};
use axum::extract::State;
use axum::http::StatusCode;
use axum::response::Response;
use price_core::Machine;
use price_core::billing::{DocumentFilter, DocumentView};
use price_value::{Date, Rational};
use serde::Deserialize;
use serde_json::{Value, json};
use std::sync::Arc;

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Asked {
    limit: Option<usize>,
    /// Entry of the last document of the page before.
    cursor: Option<u64>,
    account: Option<String>,
    plan: Option<String>,
}

/// Documents with their entries, in the order in which they were issued.
pub(super) async fn list(
    State(app): State<Arc<App>>,
    caller: Caller,
    Params(asked): Params<Asked>,
) -> Result<Response, Problem> {
    caller.needs(Role::Read)?;
    let limit = page(asked.limit)?;
    let Asked { cursor, account, plan, .. } = asked;
    let filter = DocumentFilter { billed: account, plan, after: cursor.unwrap_or(0), ..DocumentFilter::default() };
    let question = move |machine: &mut Machine| -> Vec<DocumentView> {
        let some = machine.documents(&caller.tenant, &filter, limit);
        some.iter().filter_map(|of| machine.document(&caller.tenant, &of.issued.number)).collect()
    };
    let found = app.node()?.read(question).await?;
    let next = (found.len() == limit).then(|| found.last().map(|of| of.seq.to_string())).flatten();
    let books = found.iter().map(book).collect::<Result<Vec<Value>, Problem>>()?;
    Ok(json_of(StatusCode::OK, &json!({ "books": books, "next": next })))
}

fn book(of: &DocumentView) -> Result<Value, Problem> {
    let fault = || Problem::refused("S026", format!("the body of `{}` cannot be read", of.issued.number));
    let body: Value = serde_json::from_str(&of.body).map_err(|_| fault())?;
    let issued = &of.issued;
    let (ledger, revenue) = match &body["payment"] {
        // Nobody pays but the customer: each line is asked for and earned.
        Value::Null => plain(&body, issued.until).ok_or_else(fault)?,
        payment => (payment["ledger"].clone(), payment["revenue"].clone()),
    };
    Ok(json!({
        "number": issued.number, "kind": issued.kind.word(), "account": issued.billed, "plan": issued.plan,
        "period": { "from": issued.from.to_string(), "until": issued.until.to_string() },
        "currency": issued.currency, "total": issued.total, "due": issued.due,
        "ledger": ledger, "revenue": revenue,
    }))
}

/// Entries of lines that no balance pays, on the last day of their period.
fn plain(body: &Value, until: Date) -> Option<(Value, Value)> {
    let day = until.add_days(-1).to_string();
    let amount = |value: &Value| value.as_str()?.parse::<Rational>().ok();
    let decimals = body["total"].as_str()?.split_once('.').map_or(0, |(_, decimals)| decimals.len() as u32);
    let text = |value: &Rational| value.to_decimal_string(decimals);
    let mut ledger = Vec::new();
    for line in body["lines"].as_array()? {
        let paid: Option<Vec<Rational>> =
            line["paid"].as_array().into_iter().flatten().map(|of| amount(&of["amount"])).collect();
        let asked = amount(&line["amount"])? - paid?.iter().sum::<Rational>();
        if asked.is_zero() {
            continue;
        }
        let income = format!("income {}", line["name"].as_str()?);
        let (debit, credit) = match asked.is_negative() {
            true => (income, "receivable".to_owned()),
            false => ("receivable".to_owned(), income),
        };
        let currency = line["currency"].as_str().or(body["currency"].as_str())?;
        ledger.push(json!({
            "amount": text(&asked.abs())?, "credit": credit, "currency": currency, "day": day, "debit": debit,
            "kind": "invoice", "ledger": line["ledger"], "product": line["product"],
        }));
    }
    let zero = text(&Rational::ZERO)?;
    let revenue = json!({ "breakage": zero, "deferred": zero, "deferred_before": zero, "earned": body["due"] });
    Some((ledger.into(), revenue))
}
