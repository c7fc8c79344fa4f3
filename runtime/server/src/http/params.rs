//! Parameters of an address: unknown ones are errors, pages are bounded.

use crate::http::problem::Problem;
use crate::limits;
use axum::extract::{FromRequestParts, Query};
use axum::http::request::Parts;
use serde::Deserialize;
use serde::de::DeserializeOwned;

/// Parameters as a type.
pub(crate) struct Params<T>(pub(crate) T);

impl<S: Sync, T: DeserializeOwned> FromRequestParts<S> for Params<T> {
    type Rejection = Problem;

    async fn from_request_parts(parts: &mut Parts, _: &S) -> Result<Params<T>, Problem> {
        let read = Query::<T>::try_from_uri(&parts.uri);
        let Query(read) = read.map_err(|wrong| {
            Problem::parameter(std::error::Error::source(&wrong).map_or_else(|| wrong.to_string(), ToString::to_string))
        })?;
        Ok(Params(read))
    }
}

/// A part of the path, decoded.
pub(crate) struct Part(pub(crate) String);

impl<S: Send + Sync> FromRequestParts<S> for Part {
    type Rejection = Problem;

    async fn from_request_parts(parts: &mut Parts, state: &S) -> Result<Part, Problem> {
        let path = axum::extract::Path::<String>::from_request_parts(parts, state).await;
        path.map(|path| Part(path.0)).map_err(|_| Problem::not_found("the address is not percent-encoded UTF-8"))
    }
}

/// A page of a list in the order of the log.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct ByEntry {
    limit: Option<usize>,
    /// Entry of the last one of the page before.
    cursor: Option<u64>,
}

impl ByEntry {
    /// How many, and behind which entry.
    pub(crate) fn bounds(&self) -> Result<(usize, u64), Problem> {
        Ok((page(self.limit)?, self.cursor.unwrap_or(0)))
    }

    /// The cursor of the page behind one that was found, if there may be one.
    pub(crate) fn next<T>(found: &[T], limit: usize, seq: impl Fn(&T) -> u64) -> Option<String> {
        found.last().filter(|_| found.len() == limit).map(|last| seq(last).to_string())
    }
}

/// The size of a page.
pub(crate) fn page(limit: Option<usize>) -> Result<usize, Problem> {
    match limit.unwrap_or(limits::PAGE_DEFAULT) {
        limit @ 1..=limits::PAGE => Ok(limit),
        other => Err(Problem::parameter(format!("`limit` is 1 to {}, not {other}", limits::PAGE))),
    }
}
