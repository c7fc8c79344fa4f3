//! What has changed since a revision, as data.

use crate::state::State;
use price_ide::{Compared, Since};
use serde::Deserialize;
use serde_json::{Value, json};
use tower_lsp::lsp_types as lsp;

/// What has changed in a file.
pub(crate) const COMMAND: &str = "price.showDiff";

/// What `price/diff` is asked with.
#[derive(Debug, Clone, Deserialize)]
#[serde(rename_all = "camelCase")]
pub(crate) struct Asked {
    /// The file.
    pub(crate) text_document: lsp::TextDocumentIdentifier,
    /// With which revision; without it that of the settings.
    pub(crate) revision: Option<String>,
}

/// What became of everything in a file; `why` where there is nothing to compare with.
pub(crate) fn answer(state: &State, asked: &Asked) -> Value {
    let revision = asked.revision.clone().or_else(|| state.settings.revision()).unwrap_or_else(|| "HEAD".to_owned());
    let Some(file) = state.file(&asked.text_document.uri) else {
        return json!({ "revision": revision, "why": "there is no such file" });
    };
    // Who asks wants to know what is so now, whatever was loaded before.
    state.ide.doubt_past();
    match state.ide.compared(file, &revision) {
        Ok(all) => {
            let subjects: Vec<Value> = all.iter().map(|one| subject(state, one)).collect();
            json!({ "revision": revision, "subjects": subjects })
        }
        Err(why) => json!({ "revision": revision, "why": why }),
    }
}

/// The same, and a message with what changed.
pub(crate) fn show(state: &State, asked: &Asked) -> Value {
    /// Changes that a message names.
    const NAMED: usize = 8;
    let answer = answer(state, asked);
    let mut said = Vec::new();
    for subject in answer["subjects"].as_array().into_iter().flatten() {
        for line in subject["lines"].as_array().into_iter().flatten() {
            let changes = line["said"].as_array().into_iter().flatten().filter_map(Value::as_str);
            let changes: Vec<&str> = changes.map(str::trim).collect();
            said.push(format!("{}: {}", line["name"].as_str().unwrap_or_default(), changes.join("; ")));
        }
        said.extend(subject["others"].as_array().into_iter().flatten().filter_map(Value::as_str).map(str::to_owned));
    }
    let more = said.len().saturating_sub(NAMED);
    said.truncate(NAMED);
    if more > 0 {
        said.push(format!("and {more} more"));
    }
    let message = match (answer["why"].as_str(), said.is_empty()) {
        (Some(why), _) => why.to_owned(),
        (None, true) => format!("nothing has changed since {}", answer["revision"].as_str().unwrap_or_default()),
        (None, false) => said.join("\n"),
    };
    state.say(lsp::MessageType::INFO, message);
    answer
}

fn subject(state: &State, one: &Compared) -> Value {
    let mut value = match &one.since {
        None => json!({ "change": "removed" }),
        Some(Since::New) => json!({ "change": "added" }),
        Some(Since::Faulty(why)) => json!({ "change": "unknown", "why": why }),
        Some(Since::TooLarge) => json!({ "change": "unknown", "why": "comparing it takes too long for an editor" }),
        Some(Since::Both(diff)) if diff.same => json!({ "change": "same" }),
        Some(Since::Both(diff)) => {
            let currency = one.plan.as_ref().map(|plan| &plan.currency);
            let lines = currency.map(|currency| price_driver::changes(diff, currency)).unwrap_or_default();
            let lines: Vec<Value> =
                lines.into_iter().map(|(name, said)| json!({ "name": name, "said": said })).collect();
            json!({ "change": "changed", "lines": lines, "others": diff.others })
        }
    };
    value["kind"] = json!(one.kind);
    value["name"] = json!(one.name);
    value["version"] = json!(one.version);
    value["range"] = json!(one.span.map(|span| state.range(span)));
    value
}
