//! Each registered code has a page, each page is registered and complete.

use price_diagnostics::codes::{CODES, find};
use std::collections::BTreeSet;

const SECTIONS: [&str; 7] = ["Summary", "Category", "Fixable", "Avoid", "Prefer", "Rationale", "Related"];

#[test]
fn codes_are_in_order_and_found() {
    assert!(CODES.windows(2).all(|pair| pair[0].code < pair[1].code));
    for info in CODES {
        assert_eq!(find(info.code), Some(info));
    }
    assert_eq!(find("P000"), None);
}

#[test]
fn each_page_is_complete() {
    for info in CODES {
        let code = info.code;
        let first = info.page.lines().next().unwrap_or_default();
        assert!(first.starts_with(&format!("# {code}: ")), "{code}: first line `{first}`");
        let mut at = 0;
        for section in SECTIONS {
            let heading = format!("\n## {section}\n");
            let found = info.page[at..].find(&heading);
            assert!(found.is_some(), "{code}: section {section} is missing or out of order");
            at += found.unwrap_or_default() + heading.len();
        }
        for section in ["Avoid", "Prefer"] {
            let start = info.page.find(&format!("\n## {section}\n")).unwrap_or_default();
            let body = &info.page[start + 4..];
            let body = &body[..body.find("\n## ").unwrap_or(body.len())];
            assert!(body.matches("```").count() >= 2, "{code}: {section} has no example");
        }
        for word in info.page.split(|c: char| !c.is_ascii_alphanumeric()) {
            let is_code = word.len() == 4
                && word.starts_with(['A', 'I', 'L', 'P', 'R', 'S'])
                && word[1..].bytes().all(|b| b.is_ascii_digit());
            assert!(!is_code || find(word).is_some(), "{code}: mentions {word}, which is not registered");
        }
    }
}

#[test]
fn each_page_is_registered() {
    let folder = concat!(env!("CARGO_MANIFEST_DIR"), "/../../docs/codes");
    let pages: BTreeSet<String> = std::fs::read_dir(folder)
        .expect("docs/codes exists")
        .filter_map(|entry| entry.ok()?.file_name().into_string().ok())
        .filter_map(|name| name.strip_suffix(".md").map(str::to_owned))
        .collect();
    let codes: BTreeSet<String> = CODES.iter().map(|info| info.code.to_owned()).collect();
    assert_eq!(pages, codes);
}
