//! One folder per claim: `golden/<claim>/{input.price, expected.txt}` for findings,
//! `formatted/<claim>/{input.price, expected.price}` for the formatter.
//! `PRICE_BLESS=1` takes over what is written; read the difference before committing it.

mod common;

use common::{assert_file, sorted};
use price_diagnostics::{FileId, Format, RenderOptions, Sources, render};
use price_syntax::{FormatOptions, format, parse};
use std::path::Path;

struct One(String);

impl Sources for One {
    fn name(&self, _: FileId) -> &str {
        "input.price"
    }

    fn text(&self, _: FileId) -> &str {
        &self.0
    }
}

#[test]
fn findings_read_as_before() {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/golden");
    for claim in sorted(&folder) {
        let text = std::fs::read_to_string(claim.join("input.price")).expect("there is an input");
        let found = parse(FileId(0), &text).diagnostics;
        let sources = One(text);
        let mut written = String::new();
        for format in [Format::Concise, Format::Full] {
            written.push_str(&render(&found, &sources, format, RenderOptions::default()));
            written.push('\n');
        }
        assert_file(&claim.join("expected.txt"), &written);
    }
}

#[test]
fn files_are_formatted_as_before() {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/formatted");
    for claim in sorted(&folder) {
        let text = std::fs::read_to_string(claim.join("input.price")).expect("there is an input");
        let realign = claim.ends_with("columns_shrink_when_asked");
        let written = format(&text, FormatOptions { realign }).expect("the input can be formatted");
        assert_file(&claim.join("expected.price"), &written);
        let again = format(&written, FormatOptions { realign }).expect("the output can be formatted");
        assert_eq!(again, written, "{}: formatting twice", claim.display());
    }
}
