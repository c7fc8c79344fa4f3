//! What holds for every text: nothing is lost, nothing panics, formatting keeps the meaning.
//!
//! Cases are drawn from a fixed seed; `PRICE_SEED=123` draws others and replays a failure.

mod common;

use common::good_files;
use price_diagnostics::FileId;
use price_syntax::tree::Kind;
use price_syntax::{FormatOptions, Parse, Rule, Spans, format, parse, parse_with};
use proptest::prelude::*;
use proptest::test_runner::RngSeed;

const KEEP: FormatOptions = FormatOptions { realign: false };
const SHRINK: FormatOptions = FormatOptions { realign: true };

fn config(cases: u32) -> ProptestConfig {
    let seed = std::env::var("PRICE_SEED").ok().and_then(|seed| seed.parse().ok()).unwrap_or(2026);
    ProptestConfig { cases, failure_persistence: None, rng_seed: RngSeed::Fixed(seed), ..ProptestConfig::default() }
}

fn meaning(text: &str) -> Parse {
    parse_with(FileId(0), text, Spans::Erased)
}

fn comments(parse: &Parse) -> Vec<String> {
    let leaves = parse.tree.root().leaves();
    leaves.filter(|leaf| leaf.kind() == Kind::Comment).map(|leaf| leaf.text().trim_end().to_owned()).collect()
}

/// The laws that hold for any text whatsoever.
fn holds_for_any(text: &str) {
    let read = parse(FileId(0), text);
    let back: String = read.tree.root().leaves().map(|leaf| leaf.text()).collect();
    assert_eq!(back, text, "the tree holds every byte");
    for finding in &read.diagnostics {
        for label in &finding.labels {
            assert!(label.span.end as usize <= text.len(), "{finding:?}");
            assert!(text.is_char_boundary(label.span.start as usize), "{finding:?}");
            assert!(text.is_char_boundary(label.span.end as usize), "{finding:?}");
        }
    }
    let unreadable = read.tree.iter().any(|node| node.is(Rule::bad) || node.is(Rule::stray) || node.is(Rule::leftover));
    assert!(!unreadable || read.diagnostics.iter().any(price_diagnostics::Diagnostic::is_error));
    if let Ok(formatted) = format(text, KEEP) {
        let again = format(&formatted, KEEP).expect("what was formatted can be formatted");
        assert_eq!(again, formatted, "formatting twice");
    }
}

#[test]
fn good_files_have_no_findings() {
    for (path, text) in good_files() {
        let read = parse(FileId(0), &text);
        assert!(read.diagnostics.is_empty(), "{path}: {:#?}", read.diagnostics);
        assert!(read.ast.items.iter().all(|item| !item.recovered), "{path}");
        assert!(!format!("{:?}", read.ast).contains("Bad("), "{path}");
        holds_for_any(&text);
    }
}

#[test]
fn formatting_keeps_the_meaning_of_good_files() {
    for (path, text) in good_files() {
        for options in [KEEP, SHRINK] {
            let formatted = format(&text, options).expect("good files can be formatted");
            assert_eq!(meaning(&formatted).ast, meaning(&text).ast, "{path}\n{formatted}");
            assert_eq!(comments(&parse(FileId(0), &formatted)), comments(&parse(FileId(0), &text)), "{path}");
        }
    }
}

#[test]
fn relative_spans_do_not_move_with_the_text_above() {
    let (_, text) = good_files().remove(0);
    let before = parse_with(FileId(0), &text, Spans::RelativeToItem);
    let moved = format!("# a line more\n\n{text}");
    let after = parse_with(FileId(0), &moved, Spans::RelativeToItem);
    assert_eq!(before.ast.items, after.ast.items);
    let absolute = parse(FileId(0), &moved);
    for ((item, origin), other) in after.ast.items.iter().zip(&after.ast.origins).zip(&absolute.ast.items) {
        assert_eq!(item.span.absolute(*origin), other.span);
    }
}

/// The same file with other space, blank lines and comments at the ends of lines.
fn restyled(text: &str, choices: &[u8]) -> String {
    let read = parse(FileId(0), text);
    let mut choices = choices.iter().copied().cycle();
    let mut next = move |below: u8| choices.next().unwrap_or(0) % below;
    let mut out = String::new();
    let mut plain = true;
    for leaf in read.tree.root().leaves() {
        match leaf.kind() {
            Kind::Space if !leaf.text().contains('\n') => {
                let inside = !out.is_empty() && !out.ends_with('\n');
                out.push_str(&" ".repeat(usize::from(next(4)) + usize::from(inside)));
            }
            Kind::Newline => {
                if plain && next(5) == 0 {
                    out.push_str(" # remark");
                }
                out.push_str(&"\n".repeat(usize::from(next(9) / 8) + 1));
            }
            _ => out.push_str(leaf.text()),
        }
        if leaf.kind() != Kind::Space {
            plain = !leaf.is_trivia() && !leaf.is(Rule::doc);
        }
    }
    out
}

/// Words, signs and pieces that are likely to confuse.
fn soup() -> impl Strategy<Value = String> {
    let pieces = prop::sample::select(vec![
        "plan p {\n",
        "}\n",
        "{",
        "}",
        "(",
        ")",
        "\n",
        "  ",
        "\t",
        "\r\n",
        "\"",
        "\"x\"",
        "'",
        "#",
        "## doc\n",
        "# c\n",
        "price a on b",
        " = ",
        "$5.00",
        "$5",
        "€1_000",
        "1,000",
        "10K",
        "5 %",
        "12%",
        "1e6",
        "0x1f",
        "2026-02-30",
        "2026-01",
        "08:00..09:00",
        "per month",
        "per ",
        "graduated per call {\n",
        "up to 5 calls $1\n",
        "beyond $2\n",
        "table {\n",
        "a \\ b | c\n",
        "d | $1\n",
        "|",
        "\\",
        "waterfall {\n",
        "first wallet w\n",
        "finally invoice\n",
        "let x = a - b\n",
        "meter m = sum of e.f",
        "event e { a: b }\n",
        "test \"t\" for plan p in 2026 {\n",
        "given m 5 calls\n",
        "expect total $1\n",
        "not ",
        "- ",
        "max(",
        ",",
        ";",
        "..",
        ".",
        "\u{feff}",
        "\u{202e}",
        "é",
        "e\u{301}",
        "“x”",
        "−",
        "use a.b (c)\n",
        "where a is b",
        "n/a",
        "*",
        "bps",
        "_",
        "$",
        "0",
        "bn",
    ]);
    prop::collection::vec(pieces, 0..60).prop_map(|pieces| pieces.concat())
}

fn expression() -> impl Strategy<Value = String> {
    let atom = prop::sample::select(vec![
        "a",
        "b.c",
        "5",
        "-5 GB",
        "$1.50",
        "12%",
        "3% of x",
        "\"t\"",
        "2026-01-01",
        "25 bps",
    ]);
    let atom = atom.prop_map(str::to_owned);
    atom.prop_recursive(5, 40, 3, |inner| {
        let op = prop::sample::select(vec!["+", "-", "*", "/", "and", "or", "<=", "=", "or else"]);
        prop_oneof![
            (inner.clone(), op, inner.clone()).prop_map(|(l, op, r)| format!("({l}) {op}  ({r})")),
            inner.clone().prop_map(|x| format!("not ({x})")),
            inner.clone().prop_map(|x| format!("- ({x})")),
            inner.clone().prop_map(|x| format!("({x}) per started  10 calls")),
            inner.clone().prop_map(|x| format!("(a)  is not {}", if x.len() > 9 { "free" } else { "\"q\"" })),
            prop::collection::vec(inner, 1..4).prop_map(|args| format!("max( {} )", args.join(" ,\n# why\n"))),
        ]
    })
}

proptest! {
    #![proptest_config(config(192))]

    #[test]
    fn any_text_is_read(text in "\\PC{0,200}") {
        holds_for_any(&text);
    }

    #[test]
    fn any_soup_is_read(text in soup()) {
        holds_for_any(&text);
    }

    #[test]
    fn expressions_keep_their_meaning(text in expression()) {
        let text = format!("let x = {text}\n");
        let formatted = format(&text, KEEP).expect("an expression can be formatted");
        prop_assert_eq!(meaning(&formatted).ast, meaning(&text).ast);
        holds_for_any(&text);
    }
}

proptest! {
    #![proptest_config(config(24))]

    #[test]
    fn style_is_no_meaning(which in 0usize..100, choices in prop::collection::vec(any::<u8>(), 50..400)) {
        let files = good_files();
        let (path, text) = &files[which % files.len()];
        let restyled = restyled(text, &choices);
        let (plain, other) = (meaning(text), meaning(&restyled));
        prop_assert!(other.diagnostics.is_empty(), "{}: {:#?}\n{}", path, other.diagnostics, restyled);
        prop_assert_eq!(&other.ast, &plain.ast);
        let formatted = format(&restyled, SHRINK).expect("a good file can be formatted");
        prop_assert_eq!(&meaning(&formatted).ast, &plain.ast);
        prop_assert_eq!(comments(&parse(FileId(0), &formatted)), comments(&parse(FileId(0), &restyled)));
        prop_assert_eq!(format(&formatted, SHRINK).expect("and again"), formatted);
    }

    #[test]
    fn a_file_with_a_hole_is_read(which in 0usize..100, at in 0usize..20_000, length in 1usize..40) {
        let files = good_files();
        let (_, text) = &files[which % files.len()];
        let floor = |mut at: usize| { while !text.is_char_boundary(at) { at -= 1; } at };
        let from = floor(at % text.len());
        let to = floor((from + length).min(text.len()));
        holds_for_any(&format!("{}{}", &text[..from], &text[to..]));
    }
}

/// One mistake gives one message: taking out one word of a good file gives at most one finding
/// about what cannot be read.
#[test]
fn one_missing_word_gives_one_finding() {
    let (_, text) = good_files().into_iter().find(|(path, _)| path.contains("01-saas")).expect("the example is there");
    let read = parse(FileId(0), &text);
    for leaf in read.tree.root().leaves().filter(|leaf| !leaf.is_trivia() && !leaf.text().contains(['{', '}'])) {
        let holed = format!("{}{}", &text[..leaf.start() as usize], &text[leaf.end() as usize..]);
        let found = parse(FileId(0), &holed).diagnostics;
        let told: Vec<String> = found.iter().map(|finding| format!("{} {}", finding.code, finding.message)).collect();
        assert!(found.len() <= 1, "without `{}` at {}: {told:#?}", leaf.text(), leaf.start());
    }
}

/// Hostile input takes time in proportion to its length; counted in findings and nodes, not seconds.
#[test]
fn hostile_input_is_refused_with_a_code() {
    let deep = "(".repeat(5_000);
    let braces = "plan p {\n  price x on y {\n".repeat(300);
    let chain = format!("let x = 1{}\n", " + 1".repeat(1_000));
    let nots = format!("let x = {}a\n", "not ".repeat(1_000));
    let digits = format!("let x = {}\n", "9".repeat(500));
    let line = format!("let x = {}\n", "a".repeat(20_000));
    for (text, code) in [
        (format!("let x = {deep}\n"), "P012"),
        (chain, "P014"),
        (nots, "P014"),
        (digits, "P013"),
        (line, "P011"),
        (braces, "P113"),
    ] {
        let read = parse(FileId(0), &text);
        let found = read.diagnostics.iter().any(|finding| finding.code.as_str() == code);
        assert!(found, "{code}: {:?}", read.diagnostics.first());
        assert!(read.diagnostics.len() <= price_syntax::limits::FINDINGS + 1);
        assert!(read.ast.items.iter().any(|item| item.recovered));
    }
}
