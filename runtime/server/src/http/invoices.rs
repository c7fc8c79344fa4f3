//! What was issued: invoices, and the notes that correct them.

use crate::http::events::{SeqOut, object, raw};
use crate::http::once::{Key, told};
use crate::http::params::{Params, Part, page};
use crate::http::problem::Problem;
use crate::http::{App, json_of};
use crate::keys::{Caller, Role};
use axum::body::Body;
use axum::extract::{Path, State};
use axum::http::{HeaderMap, StatusCode, header};
use axum::response::{IntoResponse as _, Response};
use price_core::Command;
use price_core::billing::{BillingCommand, Cause, DocumentFilter, DocumentKind, DocumentView};
use price_documents::paper::{self, Envelope, Paper};
use serde::{Deserialize, Serialize};
use serde_json::value::RawValue;
use std::collections::BTreeMap;
use std::sync::Arc;

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Asked {
    limit: Option<usize>,
    /// Entry of the last document of the page before.
    cursor: Option<u64>,
    /// Who is billed.
    account: Option<String>,
    plan: Option<String>,
    kind: Option<DocumentKind>,
    #[serde(default)]
    disputed: bool,
}

#[derive(Serialize)]
struct PlanOut<'d> {
    hash: &'d str,
    name: &'d str,
}

#[derive(Serialize)]
struct DaysOut {
    from: String,
    until: String,
}

#[derive(Serialize)]
struct DisputeOut<'d> {
    line: Option<&'d str>,
    outcome: Option<&'d str>,
    reason: &'d str,
    settled: Option<u64>,
    since: u64,
}

/// What stands around a document, and its body where one is asked for.
#[derive(Serialize)]
pub(super) struct DocumentOut<'d> {
    account: &'d str,
    cause: Cause,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    corrected_by: Vec<&'d str>,
    corrects: Option<&'d str>,
    currency: &'d str,
    cutoff_entry: u64,
    disputes: Vec<DisputeOut<'d>>,
    due: &'d str,
    engine: &'d str,
    entry: u64,
    #[serde(skip_serializing_if = "Option::is_none")]
    invoice: Option<&'d RawValue>,
    invoice_blake3: String,
    issued: String,
    kind: &'static str,
    number: &'d str,
    payable: Option<String>,
    period: DaysOut,
    plan: PlanOut<'d>,
    reason: Option<&'d str>,
    references: &'d BTreeMap<String, String>,
    status: &'static str,
    total: &'d str,
}

impl<'d> DocumentOut<'d> {
    pub(super) fn of(view: &'d DocumentView) -> Result<DocumentOut<'d>, Problem> {
        let issued = &view.issued;
        let dispute = |dispute: &'d price_core::billing::Dispute| DisputeOut {
            line: dispute.line.as_deref(),
            outcome: dispute.settled.as_ref().map(|(outcome, _)| outcome.as_str()),
            reason: &dispute.reason,
            settled: dispute.settled.as_ref().map(|(_, entry)| *entry),
            since: dispute.since,
        };
        let open = view.disputes.iter().any(|dispute| dispute.settled.is_none());
        Ok(DocumentOut {
            account: &issued.billed,
            cause: issued.cause,
            corrected_by: view.corrected_by.iter().map(String::as_str).collect(),
            corrects: issued.corrects.as_deref(),
            currency: &issued.currency,
            cutoff_entry: issued.cutoff,
            disputes: view.disputes.iter().map(dispute).collect(),
            due: &issued.due,
            engine: &issued.engine,
            entry: view.seq,
            invoice: if view.body.is_empty() { None } else { Some(raw(&view.body)?) },
            invoice_blake3: blake3::Hash::from_bytes(view.hash).to_hex().to_string(),
            issued: issued.issued.to_string(),
            kind: issued.kind.word(),
            number: &issued.number,
            payable: issued.payable.map(|day| day.to_string()),
            period: DaysOut { from: issued.from.to_string(), until: issued.until.to_string() },
            plan: PlanOut { hash: &issued.hash, name: &issued.plan },
            reason: issued.reason.as_deref(),
            references: &view.references,
            status: if open { "disputed" } else { "finalised" },
            total: &issued.total,
        })
    }
}

#[derive(Serialize)]
struct DocumentsOut<'d> {
    invoices: Vec<DocumentOut<'d>>,
    next: Option<String>,
}

/// Documents in the order in which they were issued.
pub(super) async fn list(
    State(app): State<Arc<App>>,
    caller: Caller,
    Params(asked): Params<Asked>,
) -> Result<Response, Problem> {
    caller.needs(Role::Read)?;
    let limit = page(asked.limit)?;
    let Asked { cursor, account, plan, kind, disputed, .. } = asked;
    let filter = DocumentFilter { billed: account, plan, kind, disputed, after: cursor.unwrap_or(0) };
    let found = app.node()?.read(move |machine| machine.documents(&caller.tenant, &filter, limit)).await?;
    let next = (found.len() == limit).then(|| found.last().map(|document| document.seq.to_string())).flatten();
    let invoices = found.iter().map(DocumentOut::of).collect::<Result<_, _>>()?;
    Ok(json_of(StatusCode::OK, &DocumentsOut { invoices, next }))
}

async fn find(app: &App, caller: &Caller, number: String) -> Result<DocumentView, Problem> {
    let tenant = caller.tenant.clone();
    let asked = number.clone();
    let found = app.node()?.read(move |machine| machine.document(&tenant, &asked)).await?;
    found.ok_or_else(|| Problem::refused("S051", format!("there is no document `{number}`")))
}

/// A document with its body.
pub(super) async fn show(State(app): State<Arc<App>>, caller: Caller, Part(number): Part) -> Result<Response, Problem> {
    caller.needs(Role::Read)?;
    let view = find(&app, &caller, number).await?;
    Ok(json_of(StatusCode::OK, &DocumentOut::of(&view)?))
}

/// What stands around a document as people see it.
pub(super) fn envelope(view: &DocumentView) -> Envelope {
    let issued = &view.issued;
    let title = match issued.kind {
        DocumentKind::Invoice => "Invoice",
        DocumentKind::CreditNote => "Credit note",
        DocumentKind::DebitNote => "Debit note",
    };
    Envelope {
        title: title.into(),
        number: Some(issued.number.clone()),
        issued: Some(issued.issued.to_string()),
        payable: issued.payable.map(|day| day.to_string()),
        corrects: issued.corrects.clone(),
        reason: issued.reason.clone(),
        plan_hash: Some(issued.hash.clone()),
        body_hash: Some(blake3::Hash::from_bytes(view.hash).to_hex().to_string()),
    }
}

async fn paper(app: &App, caller: &Caller, number: String) -> Result<Paper, Problem> {
    caller.needs(Role::Read)?;
    let view = find(app, caller, number).await?;
    Paper::new(&view.body, &envelope(&view), &app.letterhead)
        .map_err(|error| Problem::refused("S026", format!("the page cannot be made: {error}")))
}

/// A page that needs nothing but itself.
pub(super) async fn html(State(app): State<Arc<App>>, caller: Caller, Part(number): Part) -> Result<Response, Problem> {
    Ok(as_html(&paper(&app, &caller, number).await?))
}

pub(super) fn as_html(paper: &Paper) -> Response {
    let policy = "default-src 'none'; style-src 'unsafe-inline'";
    let head = [(header::CONTENT_TYPE, "text/html; charset=utf-8"), (header::CONTENT_SECURITY_POLICY, policy)];
    (head, paper::html(paper)).into_response()
}

/// The same as PDF.
pub(super) async fn pdf(State(app): State<Arc<App>>, caller: Caller, Part(number): Part) -> Result<Response, Problem> {
    as_pdf(paper(&app, &caller, number).await?).await
}

pub(super) async fn as_pdf(paper: Paper) -> Result<Response, Problem> {
    let file = format!("inline; filename=\"{}.pdf\"", paper.title.replace([' ', ','], "-"));
    // Setting a page takes milliseconds, which the threads of HTTP have not.
    let made = tokio::task::spawn_blocking(move || price_pdf::pdf(&paper)).await;
    let fault = |problem: String| Problem::refused("S026", format!("the page cannot be made: {problem}"));
    let bytes = made.map_err(|error| fault(error.to_string()))?.map_err(fault)?;
    let head = [(header::CONTENT_TYPE, "application/pdf".to_owned()), (header::CONTENT_DISPOSITION, file)];
    Ok((head, bytes).into_response())
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Credit {
    line: String,
    amount: String,
    reason: String,
}

/// Gives credit for a line, as a credit note.
pub(super) async fn credit(
    State(app): State<Arc<App>>,
    caller: Caller,
    key: Key,
    Part(number): Part,
    headers: HeaderMap,
    from: Body,
) -> Result<Response, Problem> {
    caller.needs(Role::Billing)?;
    let Credit { line, amount, reason } = object(&app, &headers, from).await?;
    let ask = BillingCommand::Credit { number, line, amount, reason };
    let (seq, again) = asked(&app, &caller, key, "POST /v1/invoices/credits", ask).await?;
    let tenant = caller.tenant.clone();
    let filter = DocumentFilter { after: seq - 1, ..DocumentFilter::default() };
    let question = move |machine: &mut price_core::Machine| {
        let number = machine.documents(&tenant, &filter, 1).pop().map(|document| document.issued.number)?;
        machine.document(&tenant, &number)
    };
    let response = match app.node()?.read(question).await? {
        Some(view) => json_of(StatusCode::CREATED, &DocumentOut::of(&view)?),
        None => json_of(StatusCode::CREATED, &SeqOut { seq }),
    };
    Ok(told(response, again))
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Contest {
    #[serde(default)]
    line: Option<String>,
    reason: String,
}

/// Contests a document, or a line of it.
pub(super) async fn dispute(
    State(app): State<Arc<App>>,
    caller: Caller,
    key: Key,
    Part(number): Part,
    headers: HeaderMap,
    from: Body,
) -> Result<Response, Problem> {
    caller.needs(Role::Billing)?;
    let Contest { line, reason } = object(&app, &headers, from).await?;
    let ask = BillingCommand::Dispute { number, line, reason };
    let (seq, again) = asked(&app, &caller, key, "POST /v1/invoices/disputes", ask).await?;
    Ok(told(json_of(StatusCode::CREATED, &SeqOut { seq }), again))
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct End {
    #[serde(default)]
    line: Option<String>,
    outcome: String,
}

/// Ends a dispute.
pub(super) async fn settle(
    State(app): State<Arc<App>>,
    caller: Caller,
    key: Key,
    Part(number): Part,
    headers: HeaderMap,
    from: Body,
) -> Result<Response, Problem> {
    caller.needs(Role::Billing)?;
    let End { line, outcome } = object(&app, &headers, from).await?;
    let ask = BillingCommand::Settle { number, line, outcome };
    let (seq, again) = asked(&app, &caller, key, "POST /v1/invoices/disputes/settle", ask).await?;
    Ok(told(json_of(StatusCode::OK, &SeqOut { seq }), again))
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Reference {
    text: String,
}

/// Keeps what others call a document: a payment, a tax invoice.
pub(super) async fn refer(
    State(app): State<Arc<App>>,
    caller: Caller,
    key: Key,
    path: Result<Path<(String, String)>, axum::extract::rejection::PathRejection>,
    headers: HeaderMap,
    from: Body,
) -> Result<Response, Problem> {
    caller.needs(Role::Billing)?;
    let Path((number, name)) = path.map_err(|_| Problem::not_found("the address is not percent-encoded UTF-8"))?;
    let Reference { text } = object(&app, &headers, from).await?;
    let ask = BillingCommand::Refer { number, name, text };
    let (seq, again) = asked(&app, &caller, key, "PUT /v1/invoices/references", ask).await?;
    Ok(told(json_of(StatusCode::OK, &SeqOut { seq }), again))
}

/// Has a command about billing decided.
pub(super) async fn asked(
    app: &App,
    caller: &Caller,
    key: Key,
    address: &str,
    ask: BillingCommand,
) -> Result<(u64, bool), Problem> {
    let command = Command::Billing { tenant: caller.tenant.to_string(), ask };
    key.decide(app.node()?, caller, address, vec![command]).await?.seq()
}
