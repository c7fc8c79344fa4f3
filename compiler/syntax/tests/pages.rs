//! The pages of the syntax codes tell the truth: what they say to avoid gives that one finding,
//! what they say to prefer gives none.

use price_diagnostics::FileId;
use price_diagnostics::codes::CODES;

/// The first fenced block of a section: its language and its text.
fn example<'p>(page: &'p str, section: &str) -> (&'p str, &'p str) {
    let start = page.find(&format!("\n## {section}\n")).expect("the section is there");
    let rest = &page[start..];
    let open = rest.find("```").expect("there is an example") + 3;
    let line = rest[open..].find('\n').expect("the fence ends its line") + open;
    let close = rest[line..].find("\n```").expect("the fence is closed") + line;
    (&rest[open..line], &rest[line + 1..close + 1])
}

#[test]
fn pages_show_what_they_say() {
    let mut shown = 0;
    for info in CODES.iter().filter(|info| info.code.starts_with("P0") || info.code.starts_with("P1")) {
        let (language, avoid) = example(info.page, "Avoid");
        if language != "price" {
            continue;
        }
        shown += 1;
        let found: Vec<_> = price_syntax::parse(FileId(0), avoid).diagnostics;
        let codes: Vec<&str> = found.iter().map(|finding| finding.code.as_str()).collect();
        assert_eq!(codes, [info.code], "{}: avoid\n{avoid}{found:#?}", info.code);
        let finding = &found[0];
        assert_eq!(finding.severity, info.severity, "{}: weight", info.code);
        if !finding.fixes.is_empty() {
            assert!(info.fixable, "{}: has a fix, and its page denies it", info.code);
        }
        let (_, prefer) = example(info.page, "Prefer");
        let found = price_syntax::parse(FileId(0), prefer).diagnostics;
        assert!(found.is_empty(), "{}: prefer\n{prefer}{found:#?}", info.code);
    }
    assert!(shown > 35, "only {shown} pages show an example");
}

/// A fix that is called safe leaves nothing to say about the line it mends.
#[test]
fn safe_fixes_mend() {
    for info in CODES.iter().filter(|info| info.code.starts_with("P1")) {
        let (language, avoid) = example(info.page, "Avoid");
        if language != "price" {
            continue;
        }
        for finding in price_syntax::parse(FileId(0), avoid).diagnostics {
            for fix in finding.fixes.iter().filter(|fix| fix.safe) {
                let mut text = avoid.to_owned();
                let mut edits = fix.edits.clone();
                edits.sort_by_key(|edit| std::cmp::Reverse(edit.span.start));
                for edit in edits {
                    text.replace_range(edit.span.start as usize..edit.span.end as usize, &edit.replacement);
                }
                let left = price_syntax::parse(FileId(0), &text).diagnostics;
                let again = left.iter().any(|other| other.code == finding.code && other.labels == finding.labels);
                assert!(!again, "{}: {}\n{text}{left:#?}", info.code, fix.title);
            }
        }
    }
}
