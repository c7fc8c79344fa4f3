//! What a keystroke costs, in queries that run: an item and what depends on it; and what is found
//! after it is what is found in a text that was never another.

use price_analysis::{Database, File, Workspace, check_file, set_text};
use price_diagnostics::Diagnostic;
use std::collections::BTreeMap;
use std::fmt::Write;
use std::sync::{Arc, Mutex};

/// Queries that read the text and take the tree apart: they run with every change, and are cheap.
const READERS: [&str; 7] = ["read", "outline", "item", "text", "mistakes", "unreadable", "check_file"];

/// A workspace of the standard library and files, with a list of the queries that ran.
struct Session {
    db: Database,
    ran: Arc<Mutex<Vec<String>>>,
    workspace: Workspace,
    files: Vec<File>,
}

impl Session {
    fn open(texts: &[(&str, &str)]) -> Session {
        let ran: Arc<Mutex<Vec<String>>> = Arc::default();
        let told = ran.clone();
        let db = Database::with_events(move |event| {
            if let salsa::EventKind::WillExecute { database_key } = event.kind {
                told.lock().unwrap().push(format!("{database_key:?}"));
            }
        });
        let mut all = Vec::new();
        for (path, text) in price_stdlib::FILES.iter().copied().chain(texts.iter().copied()) {
            all.push(File::new(&db, path.to_owned(), all.len() as u32, text.to_owned()));
        }
        let workspace = Workspace::new(&db, all.clone(), Vec::new());
        Session { db, ran, workspace, files: all.split_off(price_stdlib::FILES.len()) }
    }

    fn check(&self, at: usize) -> Vec<Diagnostic> {
        check_file(&self.db, self.workspace, self.files[at]).clone()
    }

    /// Changes a text, checks all files, and counts the checks that ran, by name. `found` only
    /// gathers what the checks of a file say.
    fn edit(&mut self, at: usize, text: String) -> BTreeMap<String, usize> {
        set_text(&mut self.db, self.files[at], text);
        self.ran.lock().unwrap().clear();
        (0..self.files.len()).for_each(|at| drop(self.check(at)));
        let mut counts = BTreeMap::new();
        for key in self.ran.lock().unwrap().iter() {
            let name = key.split('(').next().unwrap_or_default();
            let name = name.rsplit("::").next().unwrap_or_default();
            if !READERS.contains(&name) {
                *counts.entry(name.to_owned()).or_default() += 1;
            }
        }
        counts
    }
}

fn counts(all: &[(&str, usize)]) -> BTreeMap<String, usize> {
    all.iter().map(|(name, count)| ((*name).to_owned(), *count)).collect()
}

const SHARED: &str = "use std.units (call)
use std.currencies (USD)
event e { x: text }
meter calls = count of e in call
";

const SAYS: &str = "  currency USD\n  timezone \"UTC\"\n  billing monthly on day 1\n  late events accepted for 3 days then next period\n  \
                    rounding each line half-up to cents\n";

/// Fifty items that are checked: a card, a plan on it, 46 plans, a test and an assertion.
fn fifty() -> String {
    let mut text = SHARED.to_owned();
    text.push_str("ratecard list version 1 {\n  currency USD\n  rounding each line half-up to cents\n");
    text.push_str("  price c on calls = $0.05 per call\n}\n");
    write!(text, "plan listed {{\n  prices from list version 1 locked\n{SAYS}}}\n").unwrap();
    for n in 0..46 {
        write!(text, "## Number {n}.\nplan p{n} {{\n{SAYS}  price c on calls = $0.{:02} per call\n}}\n", n + 10)
            .unwrap();
    }
    text.push_str("test \"ten\" for plan p7 in 2026-01 {\n  given calls 10 calls\n  expect c $1.70\n}\n");
    text.push_str("assert \"more\" for plan p7 for all calls in 0 calls .. 100 calls {\n  c never decreases\n}\n");
    text
}

#[test]
fn a_keystroke_checks_its_item_and_what_depends_on_it() {
    let text = fifty();
    let mut session = Session::open(&[("main.price", &text)]);
    let found = session.check(0);
    assert_eq!(found, []);
    // A plan that nothing depends on.
    let typed = text.replace("= $0.22 per call", "= $0.223 per call");
    assert_eq!(session.edit(0, typed.clone()), counts(&[("lowered", 1), ("found", 1)]));
    // One that a test and an assertion speak of.
    let typed = typed.replace("= $0.17 per call", "= $0.172 per call");
    assert_eq!(session.edit(0, typed.clone()), counts(&[("lowered", 1), ("tests", 1), ("proof", 1), ("found", 1)]));
    // A card with a plan on it.
    let typed = typed.replace("= $0.05 per call", "= $0.055 per call");
    assert_eq!(session.edit(0, typed.clone()), counts(&[("lowered", 2), ("found", 1)]));
    // The test itself.
    assert_eq!(
        session.edit(0, typed.replace("expect c $1.70", "expect c $1.72")),
        counts(&[("tests", 1), ("found", 1)])
    );
}

#[test]
fn a_mistake_while_typing_stays_with_its_item() {
    let text = fifty();
    let mut session = Session::open(&[("main.price", &text)]);
    session.check(0);
    let ran = session.edit(0, text.replace("= $0.22 per call", "= $0.22 per "));
    assert_eq!(ran.get("lowered"), Some(&1), "{ran:?}");
    assert!(!session.check(0).is_empty());
}

#[test]
fn space_and_comments_check_nothing_and_findings_move_with_the_text() {
    let mut text = fifty();
    write!(text, "plan cliff {{\n{SAYS}  price c on calls {{\n    volume per call {{\n      up to 10 calls $2.00\n      beyond $1.00\n    }}\n  }}\n}}\n").unwrap();
    let mut session = Session::open(&[("main.price", &text)]);
    let before = session.check(0);
    let codes: Vec<&str> = before.iter().map(|one| one.code.0).collect();
    assert!(codes == ["P504"], "{codes:?}");
    for above in ["# why\n", "\n\n\n", "# why\n\n# and how\n"] {
        assert_eq!(session.edit(0, format!("{above}{text}")), counts(&[]));
        let moved: Vec<Diagnostic> =
            before.iter().map(|one| one.clone().shifted(u32::try_from(above.len()).unwrap())).collect();
        assert_eq!(session.check(0), moved);
    }
}

#[test]
fn text_that_moves_in_one_module_is_no_news_for_another() {
    let user = "use shared (calls, e)\nuse std.units (call)\nuse std.currencies (USD)\n".to_owned()
        + &format!("plan p {{\n{SAYS}  price c on calls = $0.22 per call\n}}\n");
    let mut session = Session::open(&[("shared.price", SHARED), ("main.price", &user)]);
    assert_eq!((session.check(0), session.check(1)), (Vec::new(), Vec::new()));
    assert_eq!(session.edit(0, format!("# moved\n{SHARED}")), counts(&[]));
    // What a comment says of a meter is not what it measures.
    let ran = session.edit(0, SHARED.replace("meter", "## All of them.\nmeter"));
    assert_eq!(ran.get("lowered"), None, "{ran:?}");
}

/// Every golden input, edited from another text into itself.
#[test]
fn what_is_found_after_edits_is_what_is_found_anew() {
    let root = std::path::Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/golden");
    let mut inputs: Vec<_> = std::fs::read_dir(root).unwrap().map(|entry| entry.unwrap().path()).collect();
    inputs.sort();
    let mut session = Session::open(&[("input.price", "")]);
    for input in inputs {
        let text = std::fs::read_to_string(input.join("input.price")).unwrap();
        let anew = Session::open(&[("input.price", &text)]).check(0);
        // From the input before it, from its own second half, and from itself further down.
        let half = (text.len() / 2..).find(|at| text.is_char_boundary(*at)).unwrap();
        for before in [None, Some(text[half..].to_owned()), Some(format!("\n# above\n{text}"))] {
            if let Some(before) = before {
                session.edit(0, before);
            }
            session.edit(0, text.clone());
            assert_eq!(session.check(0), anew, "{}", input.display());
        }
    }
}
