//! The guide to the API is true: every request on it is sent, and answered as it says.

use crate::{Place, text};
use serde_json::Value;

/// Whether an answer is what a page shows; `…` stands for anything.
fn fits(shown: &Value, found: &Value) -> bool {
    match (shown, found) {
        (Value::String(any), _) if any == "…" => true,
        (Value::Object(shown), Value::Object(found)) => {
            shown.len() == found.len()
                && shown.iter().all(|(name, value)| found.get(name).is_some_and(|other| fits(value, other)))
        }
        (Value::Array(shown), Value::Array(found)) => {
            shown.len() == found.len() && shown.iter().zip(found).all(|(a, b)| fits(a, b))
        }
        _ => shown == found,
    }
}

/// Fenced blocks: what stands behind the fence, and what is inside.
fn blocks(page: &str) -> Vec<(String, String)> {
    let (mut found, mut open): (Vec<(String, String)>, bool) = (Vec::new(), false);
    for line in page.lines() {
        match (line.strip_prefix("```"), open) {
            (Some(info), false) => {
                found.push((info.to_owned(), String::new()));
                open = true;
            }
            (Some(_), true) => open = false,
            (None, true) => {
                if let Some((_, inside)) = found.last_mut() {
                    inside.push_str(line);
                    inside.push('\n');
                }
            }
            (None, false) => {}
        }
    }
    assert!(!open, "a fence is not closed");
    found
}

/// Sends what a page shows; how many requests that were.
fn follow(name: &str) -> usize {
    follow_in(&Place::new(), name, &[])
}

/// [`follow`] with a server that is started so. Where there is a `release.key`, plans are signed with it.
fn follow_in(place: &Place, name: &str, args: &[&str]) -> usize {
    let page = std::path::Path::new(env!("CARGO_MANIFEST_DIR")).join("../docs/operator").join(name);
    let blocks = blocks(&std::fs::read_to_string(page).expect("the page is there"));
    let server = place.serve_with(args);
    let mut plan = Vec::new();
    let mut asked = 0;
    for (at, (info, inside)) in blocks.iter().enumerate() {
        match info.as_str() {
            "price" => {
                let name = inside.lines().find_map(|line| line.strip_prefix("plan ")?.strip_suffix(" {"));
                let file = format!("{}.price", name.expect("a plan"));
                place.file(&file, inside);
                let built = place.run(&["build", &file, "-o", "plan.pricec"]);
                assert!(built.status.success(), "{}", text(&built.stderr));
                if place.path("release.key").exists() {
                    std::fs::rename(place.path("plan.pricec"), place.path("unsigned.pricec")).expect("moved");
                    let signed = place.run(&["build", &file, "-o", "plan.pricec", "--sign", "release.key"]);
                    assert!(signed.status.success(), "{}", text(&signed.stderr));
                }
                plan = std::fs::read(place.path("plan.pricec")).expect("built");
            }
            "http" => {
                let (head, body) = inside.split_once("\n\n").unwrap_or((inside.trim_end(), ""));
                let mut lines = head.lines();
                let (method, path) = lines.next().and_then(|line| line.split_once(' ')).expect("method and address");
                let headers: Vec<(&str, &str)> = lines.filter_map(|line| line.split_once(": ")).collect();
                let unsigned = std::fs::read(place.path("unsigned.pricec")).unwrap_or_default();
                let body = match body.trim() {
                    "unsigned.pricec" => &unsigned,
                    body if body.ends_with(".pricec") => &plan,
                    _ => body.as_bytes(),
                };
                let answer = server.send_with(method, path, &headers, body);
                let (info, shown) = blocks.get(at + 1).expect("an answer behind it");
                let status = info.strip_prefix("json ").unwrap_or_else(|| panic!("{method} {path}: no answer"));
                assert_eq!(answer.status.to_string(), status, "{method} {path}: {}", answer.body);
                let shown: Value = serde_json::from_str(shown).unwrap_or_else(|e| panic!("{method} {path}: {e}"));
                let mut found = answer.json();
                if answer.status >= 400
                    && let Some(problem) = found.as_object_mut()
                {
                    // It is another one each time, and no example is the better for it.
                    problem.remove("trace");
                }
                assert!(fits(&shown, &found), "{method} {path} is answered\n{}", answer.body);
                asked += 1;
            }
            _ => {}
        }
    }
    asked
}

#[test]
fn the_guide_to_the_api_is_true() {
    let asked = follow("http.md");
    assert!(asked >= 19, "only {asked} requests");
}

#[test]
fn the_guide_to_billing_is_true() {
    let asked = follow("billing.md");
    assert!(asked >= 18, "only {asked} requests");
}

#[test]
fn the_guide_to_enforcement_is_true() {
    let asked = follow("enforcement.md");
    assert!(asked >= 12, "only {asked} requests");
}

#[test]
fn the_whole_loop_is_true() {
    let asked = follow("loop.md");
    assert!(asked >= 14, "only {asked} requests");
}

#[test]
fn the_guide_to_signatures_is_true() {
    let place = Place::new();
    let key = text(&place.run(&["keygen", "release.key"]).stdout);
    let asked = follow_in(&place, "signatures.md", &["--publisher", &format!("release={}", key.trim())]);
    assert!(asked >= 3, "only {asked} requests");
}
