//! How far long work has come.

use crate::{Session, uri};
use serde_json::{Value, json};

fn files(number: usize) -> Vec<(String, String)> {
    (0..number).map(|at| (format!("m{at}.price"), format!("let a{at} = b\n"))).collect()
}

fn session(number: usize, capabilities: Value, options: Value) -> Session {
    let files = files(number);
    let files: Vec<(&str, &str)> = files.iter().map(|(path, text)| (path.as_str(), text.as_str())).collect();
    Session::with(&files, capabilities, options)
}

/// Kinds of what was told, in order; shares must not fall.
fn told(session: &Session) -> Vec<&str> {
    let shares: Vec<u64> = session.progress.iter().filter_map(|told| told["value"]["percentage"].as_u64()).collect();
    assert!(shares.is_sorted() && shares.iter().all(|share| *share <= 100), "{shares:?}");
    let mut kinds: Vec<&str> = session.progress.iter().filter_map(|told| told["value"]["kind"].as_str()).collect();
    kinds.dedup();
    kinds
}

#[test]
fn the_first_look_at_a_workspace_is_told_where_the_editor_shows_it() {
    let shows = json!({ "window": { "workDoneProgress": true } });
    let mut session = session(40, shows, json!({}));
    session.until_done();
    assert_eq!(told(&session), ["begin", "report", "end"]);
    assert!(session.asked.iter().any(|method| method == "window/workDoneProgress/create"));
    let token = session.progress[0]["token"].clone();
    assert!(session.progress.iter().all(|told| told["token"] == token));
    assert_eq!(session.progress[0]["value"]["title"], "Checking prices");
    session.findings("m39.price", |told| told["diagnostics"].as_array().is_some_and(|all| all.len() == 1));
    // Typing is no long work.
    let before = session.progress.len();
    session.open("m0.price", "let a = 1\n");
    session.codes("m0.price", 1);
    assert_eq!(session.progress.len(), before);
}

#[test]
fn editors_that_do_not_show_it_and_small_folders_are_spared() {
    for (number, capabilities) in [(40, json!({})), (4, json!({ "window": { "workDoneProgress": true } }))] {
        let mut session = session(number, capabilities, json!({}));
        let last = format!("m{}.price", number - 1);
        session.open(&last, "let a = b\n");
        session.codes(&last, 1);
        session.ask("price/status", json!(null));
        assert!(session.progress.is_empty() && !session.asked.iter().any(|method| method.contains("Progress")));
    }
}

#[test]
fn findings_of_all_files_tell_under_the_token_of_who_asked() {
    let mut session = session(30, json!({}), json!({ "diagnostics": "pull" }));
    assert_eq!(session.hello["capabilities"]["diagnosticProvider"]["workDoneProgress"], true);
    let report = session.ask("workspace/diagnostic", json!({ "previousResultIds": [], "workDoneToken": 7 }));
    assert_eq!(report["items"].as_array().map(Vec::len), Some(30));
    session.until_done();
    assert_eq!(told(&session), ["begin", "report", "end"]);
    assert!(session.progress.iter().all(|told| told["token"] == 7));
    assert_eq!(session.progress.iter().filter_map(|told| told["value"]["percentage"].as_u64()).max(), Some(100));
    let report = session.ask("workspace/diagnostic", json!({ "previousResultIds": [] }));
    assert_eq!(report["items"][0]["uri"], uri("m0.price"));
}
