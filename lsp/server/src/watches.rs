//! Which files the editor watches for the server.

use tokio::runtime::Handle;
use tower_lsp::Client;
use tower_lsp::lsp_types::{
    DidChangeWatchedFilesRegistrationOptions, FileSystemWatcher, GlobPattern, Registration, Unregistration,
};

const METHOD: &str = "workspace/didChangeWatchedFiles";
/// Files of prices, projects and repositories; the same in every session.
const FILES: &str = "files";

const PATTERNS: [&str; 8] = [
    "**/*.price",
    "**/*.price.md",
    "**/*.csv",
    "**/price.toml",
    "**/price.lock",
    "**/*.ndjson",
    "**/.git/HEAD",
    "**/.git/logs/HEAD",
];

/// Has the files watched that every session knows.
pub(crate) fn begin(client: &Client) {
    let (client, all) = (client.clone(), registration(FILES, &PATTERNS));
    // Nobody waits for the answer: an editor that is gone gives none, and the server could not end.
    tokio::spawn(async move {
        // Editors that cannot watch files say so with an error, and nothing is lost but comfort.
        let _ = client.register_capability(vec![all]).await;
    });
}

/// Has other usage watched than the last time, of so many.
pub(crate) fn replace(client: &Client, runtime: &Handle, asked: u64, patterns: &[String]) {
    let usage = |number: u64| format!("usage {number}");
    let new = (!patterns.is_empty()).then(|| registration(&usage(asked + 1), patterns));
    // Where there was none, an editor has nothing to take back, and says so.
    let old = (asked > 0).then(|| Unregistration { id: usage(asked), method: METHOD.to_owned() });
    let client = client.clone();
    runtime.spawn(async move {
        if let Some(new) = new {
            let _ = client.register_capability(vec![new]).await;
        }
        if let Some(old) = old {
            let _ = client.unregister_capability(vec![old]).await;
        }
    });
}

fn registration(id: &str, patterns: &[impl AsRef<str>]) -> Registration {
    let watcher = |glob: &str| FileSystemWatcher { glob_pattern: GlobPattern::String(glob.to_owned()), kind: None };
    let watchers = patterns.iter().map(|glob| watcher(glob.as_ref())).collect();
    Registration {
        id: id.to_owned(),
        method: METHOD.to_owned(),
        register_options: serde_json::to_value(DidChangeWatchedFilesRegistrationOptions { watchers }).ok(),
    }
}
