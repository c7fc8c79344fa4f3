//! What is served as it is.

use crate::examples;
use axum::http::HeaderName;
use axum::http::header::{CACHE_CONTROL, CONTENT_SECURITY_POLICY, CONTENT_TYPE, X_CONTENT_TYPE_OPTIONS};
use axum::response::IntoResponse;
use price_driver::Workspace;
use price_syntax::words;
use serde_json::{Value, json};
use std::borrow::Cow;

/// Scripts from here only; the editor writes styles of its own.
const POLICY: &str = "default-src 'none'; script-src 'self'; style-src 'self' 'unsafe-inline'; img-src 'self' data:; connect-src 'self'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'";

fn text(kind: &'static str, body: impl Into<Cow<'static, str>>) -> impl IntoResponse {
    let body: Cow<'static, str> = body.into();
    let head: [(HeaderName, &str); 4] = [
        (CONTENT_TYPE, kind),
        (CONTENT_SECURITY_POLICY, POLICY),
        (X_CONTENT_TYPE_OPTIONS, "nosniff"),
        (CACHE_CONTROL, "no-cache"),
    ];
    (head, body)
}

pub(crate) async fn index() -> impl IntoResponse {
    text("text/html; charset=utf-8", include_str!("../assets/index.html"))
}

pub(crate) async fn script() -> impl IntoResponse {
    text("text/javascript; charset=utf-8", include_str!("../assets/app.js"))
}

pub(crate) async fn style() -> impl IntoResponse {
    text("text/css; charset=utf-8", include_str!("../assets/app.css"))
}

fn data(value: Value) -> impl IntoResponse {
    text("application/json", value.to_string())
}

pub(crate) async fn examples() -> impl IntoResponse {
    data(examples::offered())
}

/// The words of the language, for colours, and the units of its library, for forms.
pub(crate) async fn words() -> impl IntoResponse {
    let lists = [words::ITEMS, words::STATEMENTS, words::PRICE_LINES, words::RESERVED, MORE];
    let all: std::collections::BTreeSet<&str> = lists.into_iter().flatten().copied().collect();
    data(json!({ "words": all, "units": units() }))
}

/// The units of the standard library with their other spellings, in the order of its text.
fn units() -> Vec<Vec<String>> {
    let library = Workspace::empty();
    let text = library.sources().iter().find(|source| source.path == "std/units.price").map(|source| &source.text);
    // `unit GB-hour, GB-hours = GB * hour`
    let names = |line: &str| {
        let declared = line.strip_prefix("unit ")?.split('=').next()?;
        Some(declared.split(',').map(|name| name.trim().to_owned()).collect())
    };
    text.into_iter().flat_map(|text| text.lines()).filter_map(names).collect()
}

/// Words inside lines, beside those that begin one.
const MORE: &[&str] = &[
    "advance",
    "after",
    "arrears",
    "beyond",
    "cents",
    "count",
    "daily",
    "day",
    "down",
    "each",
    "effective",
    "else",
    "expect",
    "expires",
    "finally",
    "first",
    "following",
    "given",
    "grant",
    "half-even",
    "half-up",
    "holds",
    "last",
    "least",
    "level",
    "line",
    "locked",
    "max",
    "min",
    "month",
    "monthly",
    "most",
    "net",
    "never",
    "next",
    "overdraft",
    "pays",
    "period",
    "postpaid",
    "prepaid",
    "quarter",
    "shortfall",
    "started",
    "sum",
    "total",
    "true-up",
    "unique",
    "up",
    "version",
    "when",
    "whole",
    "with",
    "year",
    "yearly",
    "average",
    "percentile",
    "period",
    "renews",
    "column",
    "csv",
    "prefixes",
    "unknown",
    "otherwise",
    "comparing",
    "decreases",
    "jumps",
    "by",
    "more",
    "than",
    "all",
    "usage",
    "cells",
    "none",
    "start",
];
