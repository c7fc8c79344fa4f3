//! Text to tree and back.
#![no_main]

use libfuzzer_sys::fuzz_target;
use price_diagnostics::FileId;
use price_syntax::{FormatOptions, Spans, format, parse, parse_with};

fuzz_target!(|text: &str| {
    let read = parse(FileId(0), text);
    let back: String = read.tree.root().leaves().map(|leaf| leaf.text()).collect();
    assert_eq!(back, text, "the tree holds every byte");
    for realign in [false, true] {
        if let Ok(once) = format(text, FormatOptions { realign }) {
            assert_eq!(format(&once, FormatOptions { realign }).as_ref(), Ok(&once), "formatting twice");
            let meaning = |text: &str| parse_with(FileId(0), text, Spans::Erased).ast;
            assert_eq!(meaning(&once), meaning(text), "formatting keeps what is said");
        }
    }
});
