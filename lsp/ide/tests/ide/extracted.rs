//! Prices that move into a card cost what they did.

use crate::{Examples, constructs};
use price_diagnostics::Span;
use price_driver::World as _;
use price_ide::{Ide, TestResult};

#[test]
fn plans_of_all_constructs_keep_their_meaning_when_their_prices_move() {
    let folder = constructs();
    let mut moved = 0;
    for path in Examples.sources(&folder).expect("they are there") {
        let mut ide = Ide::new(Box::new(Examples));
        ide.set_folders(vec![folder.clone()]).expect("they load");
        let file = ide.file(&path).expect("the file");
        let text = ide.text(file).to_owned();
        let passed = |ide: &Ide| {
            let reports = ide.run_tests(ide.file(&path).expect("the file"), None);
            reports.iter().filter(|report| report.result == TestResult::Passed).count()
        };
        let (codes, tests) = (ide.diagnostics(file).len(), passed(&ide));
        for (at, _) in text.match_indices("\nplan ") {
            let at = u32::try_from(at + 6).expect("short");
            let file = ide.file(&path).expect("the file");
            let offered = ide.actions(file, Span::new(file, at, at));
            let Some(action) = offered.into_iter().find(|action| action.extracts) else { continue };
            let mut edits = action.edits;
            edits.sort_by_key(|edit| std::cmp::Reverse(edit.span.start));
            let mut done = text.clone();
            for edit in edits {
                done.replace_range(edit.span.start as usize..edit.span.end as usize, &edit.text);
            }
            ide.set_text(&path, done.clone()).expect("it loads");
            let file = ide.file(&path).expect("the file");
            assert_eq!(ide.diagnostics(file).len(), codes, "{path}: {:?}\n{done}", ide.diagnostics(file));
            assert_eq!(passed(&ide), tests, "{path}\n{done}");
            ide.set_text(&path, text.clone()).expect("it loads");
            moved += 1;
        }
    }
    assert!(moved > 30, "{moved} plans were tried");
}
