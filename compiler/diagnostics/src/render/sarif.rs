//! SARIF 2.1.0, which code hosts read as alerts. Alerts are matched by rule, path and
//! fingerprint, so all three stay the same when lines move.

use super::RenderOptions;
use super::place::{Fingerprints, Place, Places, long_message};
use crate::codes;
use crate::{Diagnostic, Severity, Span};
use serde_json::{Value, json};
use std::collections::BTreeSet;

pub(super) fn write(diagnostics: &[&Diagnostic], places: &mut Places<'_>, options: RenderOptions<'_>) -> String {
    let used: BTreeSet<&str> = diagnostics.iter().map(|diagnostic| diagnostic.code.as_str()).collect();
    let rules: Vec<Value> = used.iter().map(|code| rule(code)).collect();
    let mut fingerprints = Fingerprints::default();
    let results: Vec<Value> =
        diagnostics.iter().map(|diagnostic| result(diagnostic, places, &mut fingerprints)).collect();
    super::json::pretty(&json!({
        "$schema": "https://json.schemastore.org/sarif-2.1.0.json",
        "runs": [{
            "columnKind": "unicodeCodePoints",
            "results": results,
            "tool": { "driver": {
                "name": "price",
                "rules": rules,
                "version": options.version,
            } },
        }],
        "version": "2.1.0",
    }))
}

fn rule(code: &str) -> Value {
    let info = codes::find(code);
    let title = info.map_or("", |info| info.title);
    let page = info.map_or("", |info| info.page);
    json!({
        "fullDescription": { "text": title },
        "help": { "markdown": page, "text": format!("price explain {code}") },
        "id": code,
        "shortDescription": { "text": title },
    })
}

fn result(diagnostic: &Diagnostic, places: &mut Places<'_>, fingerprints: &mut Fingerprints) -> Value {
    let level = match diagnostic.severity {
        Severity::Error => "error",
        Severity::Warning => "warning",
        Severity::Info => "note",
    };
    let locations: Vec<Value> = diagnostic
        .primary_span()
        .into_iter()
        .map(|span| json!({ "physicalLocation": location(span, places) }))
        .collect();
    let related: Vec<Value> = diagnostic
        .labels
        .iter()
        .filter(|label| !label.primary)
        .map(|label| {
            json!({
                "message": { "text": label.message },
                "physicalLocation": location(label.span, places),
            })
        })
        .collect();
    let fixes: Vec<Value> = diagnostic
        .fixes
        .iter()
        .map(|fix| {
            let changes: Vec<Value> = fix
                .edits
                .iter()
                .map(|edit| {
                    let place = places.of(edit.span);
                    json!({
                        "artifactLocation": { "uri": uri(&place.file) },
                        "replacements": [{
                            "deletedRegion": region(&place),
                            "insertedContent": { "text": edit.replacement },
                        }],
                    })
                })
                .collect();
            json!({ "artifactChanges": changes, "description": { "text": fix.title } })
        })
        .collect();
    json!({
        "fixes": fixes,
        "level": level,
        "locations": locations,
        "message": { "text": long_message(diagnostic) },
        "partialFingerprints": { "price/v1": fingerprints.of(diagnostic, places) },
        "relatedLocations": related,
        "ruleId": diagnostic.code.as_str(),
    })
}

fn location(span: Span, places: &mut Places<'_>) -> Value {
    let place = places.of(span);
    json!({
        "artifactLocation": { "uri": uri(&place.file) },
        "region": region(&place),
    })
}

fn region(place: &Place) -> Value {
    json!({
        "endColumn": place.end_column,
        "endLine": place.end_line,
        "startColumn": place.column,
        "startLine": place.line,
    })
}

/// A relative path as a URI reference.
fn uri(path: &str) -> String {
    let mut out = String::new();
    for byte in path.bytes() {
        let plain = byte.is_ascii_alphanumeric() || b"-._~/".contains(&byte);
        if plain {
            out.push(char::from(byte));
        } else {
            out.push_str(&format!("%{byte:02X}"));
        }
    }
    out
}
