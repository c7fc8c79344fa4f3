//! Every choice that is asked for can be taken from the finding: a plan that says nothing becomes
//! a plan without errors by its fixes alone, whichever of them is taken.

use price_analysis::{Database, File, Workspace, check_file};
use price_diagnostics::Diagnostic;
use std::collections::BTreeSet;

fn findings(text: &str) -> Vec<Diagnostic> {
    let db = Database::default();
    let mut files: Vec<File> = price_stdlib::FILES
        .iter()
        .enumerate()
        .map(|(i, (path, text))| File::new(&db, (*path).to_string(), i as u32 + 1, (*text).to_string()))
        .collect();
    let main = File::new(&db, "input.price".into(), 0, text.to_string());
    files.push(main);
    let workspace = Workspace::new(&db, files, Vec::new());
    check_file(&db, workspace, main).iter().filter(|d| d.is_error()).cloned().collect()
}

/// Takes the fix `pick` (or the last) of the first finding until there is none. The codes met.
fn settle(pick: usize) -> BTreeSet<String> {
    let mut text = include_str!("choices/unsaid.price").to_string();
    let mut met = BTreeSet::new();
    for _ in 0..40 {
        let found = findings(&text);
        let Some(first) = found.first() else { return met };
        met.insert(first.code.to_string());
        let last = first.fixes.len().checked_sub(1).unwrap_or_else(|| panic!("{first:?} offers no fix in\n{text}"));
        for edit in first.fixes[pick.min(last)].edits.iter().rev() {
            text.replace_range(edit.span.start as usize..edit.span.end as usize, &edit.replacement);
        }
    }
    panic!("fixes lead nowhere:\n{text}");
}

#[test]
fn every_choice_is_offered_as_a_fix_that_ends_the_question() {
    let asked = [
        "P401", "P403", "P404", "P406", "P407", "P408", "P409", "P410", "P411", "P412", "P413", "P414", "P415", "P417",
    ];
    for pick in 0..4 {
        let met = settle(pick);
        assert_eq!(met, asked.iter().map(|c| c.to_string()).collect(), "taking fix {pick}");
    }
}

#[test]
fn what_is_unsaid_does_not_hide_what_is_wrong() {
    let text = "use std.units (call, user)\nuse std.currencies (USD)\nevent r { p: text }\n\
                meter calls = count of r in calls\nplan a {\n  currency USD\n  price c on calls = $1 per user\n}\n";
    let codes: Vec<String> = findings(text).iter().map(|d| d.code.to_string()).collect();
    assert_eq!(codes, ["P401", "P403", "P404", "P409", "P302"]);
}
