//! The source of a version of a plan, as far as it was published with it.

use crate::http::params::Part;
use crate::http::problem::Problem;
use crate::http::{App, json_of};
use crate::keys::{Caller, Role};
use axum::extract::State;
use axum::http::StatusCode;
use axum::response::Response;
use serde::Serialize;
use std::sync::Arc;

#[derive(Serialize)]
struct FileOut<'p> {
    file: &'p str,
    text: &'p str,
}

#[derive(Serialize)]
struct SourceOut<'p> {
    files: Vec<FileOut<'p>>,
    hash: String,
    name: &'p str,
}

/// The files that a version of a plan is written in, by name.
pub(super) async fn files(State(app): State<Arc<App>>, caller: Caller, Part(hash): Part) -> Result<Response, Problem> {
    caller.needs(Role::Read)?;
    let asked = hash.clone();
    let found = app.node()?.read(move |machine| machine.version(&caller.tenant, &asked)).await?;
    let found = found.ok_or_else(|| Problem::not_found("no version of a plan has this hash"))?;
    if found.source_map.files.is_empty() {
        return Err(Problem::refused(
            "S057",
            "the plan was built without its source; its rules are shown line by line".into(),
        ));
    }
    let files = found.source_map.files.iter().map(|file| FileOut { file: &file.name, text: &file.text });
    Ok(json_of(StatusCode::OK, &SourceOut { files: files.collect(), hash, name: &found.plan.name }))
}
