//! Invoices of the usage of a file.

use crate::state::State;
use price_ide::{Invoiced, NoInvoice};
use serde_json::{Value, json};
use std::sync::Arc;
use tower_lsp::lsp_types as lsp;

/// The lines of the last invoices.
pub(crate) const COMMAND: &str = "price.showInvoices";

fn at(state: &State, place: &lsp::TextDocumentPositionParams) -> Result<Arc<Invoiced>, NoInvoice> {
    let file = state.file(&place.text_document.uri).ok_or(NoInvoice::NoUsage)?;
    state.ide.invoices(file, state.offset(file, place.position))
}

/// The invoices of the last period that has usage, or why there are none.
pub(crate) fn answer(state: &State, place: &lsp::TextDocumentPositionParams) -> Value {
    match at(state, place) {
        Ok(found) => written(&found),
        Err(why) => json!({ "why": why.to_string() }),
    }
}

/// The same, and a message with the sums.
pub(crate) fn show(state: &State, place: &lsp::TextDocumentPositionParams) -> Value {
    /// Accounts that a message names.
    const NAMED: usize = 5;
    let found = match at(state, place) {
        Ok(found) => found,
        Err(why) => {
            state.say(lsp::MessageType::WARNING, format!("no invoice: {why}"));
            return json!({ "why": why.to_string() });
        }
    };
    let money = |amount: &price_value::Rational| found.currency.format(amount);
    let mut said: Vec<String> = match found.invoices.as_slice() {
        [only] => only.lines.iter().map(|line| format!("{} {}", line.name, money(&line.amount))).collect(),
        all => all.iter().map(|one| format!("{} {}", one.account, money(&one.total))).take(NAMED).collect(),
    };
    if found.invoices.len() > NAMED {
        said.push(format!("and {} more accounts", found.invoices.len() - NAMED));
    }
    let mut message = format!("{}: {} = {}", found.period, said.join(" + "), money(&found.total()));
    let kind = match found.refusals.first() {
        None => lsp::MessageType::INFO,
        Some(first) => {
            let more = found.refused.saturating_sub(1);
            let more = if more > 0 { format!(" (and {more} more)") } else { String::new() };
            message = format!("{message}\nnot counted: {first}{more}");
            lsp::MessageType::WARNING
        }
    };
    state.say(kind, message);
    written(&found)
}

fn written(found: &Invoiced) -> Value {
    let money = |amount: &price_value::Rational| found.currency.format(amount);
    let invoices: Vec<Value> = found
        .invoices
        .iter()
        .map(|invoice| {
            let line = |line: &price_ide::InvoiceLine| {
                let quantity = line.quantity.as_ref().map(|(quantity, unit)| price_driver::quantity(quantity, unit));
                json!({ "name": line.name, "quantity": quantity, "amount": money(&line.amount) })
            };
            let lines: Vec<Value> = invoice.lines.iter().map(line).collect();
            json!({ "account": invoice.account, "total": money(&invoice.total), "due": money(&invoice.due), "lines": lines })
        })
        .collect();
    let refusals: Vec<Value> = found
        .refusals
        .iter()
        .map(|refusal| json!({ "file": refusal.file, "line": refusal.line, "why": refusal.why }))
        .collect();
    json!({
        "period": { "from": found.period.from.to_string(), "until": found.period.until.to_string() },
        "currency": found.currency.code.to_string(),
        "total": money(&found.total()),
        "refused": found.refused,
        "refusals": refusals,
        "invoices": invoices,
    })
}
