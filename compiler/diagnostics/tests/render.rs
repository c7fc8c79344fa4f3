//! What the renderers write, format by format. `PRICE_BLESS=1` takes over what is written.

use price_diagnostics::{Code, Diagnostic, FileId, Fix, Format, RenderOptions, Sources, Span, render};
use std::path::Path;

struct Two;

const FIRST: &str =
    "plan starter {\n  ## Ein Preis für alle: 5 €\n  fee platform = $1,000.00 per month in advance\n}\n";
const SECOND: &str = "let ceiling = €5.00\nlet floor = $1.00\n";

impl Sources for Two {
    fn name(&self, file: FileId) -> &str {
        if file.0 == 0 { "plans/starter.price" } else { "common.price" }
    }

    fn text(&self, file: FileId) -> &str {
        if file.0 == 0 { FIRST } else { SECOND }
    }
}

fn at(file: u32, text: &str, needle: &str) -> Span {
    let start = text.find(needle).expect("the needle is in the text");
    let clip = |value: usize| u32::try_from(value).expect("the texts are short");
    Span::new(FileId(file), clip(start), clip(start + needle.len()))
}

fn findings() -> Vec<Diagnostic> {
    let number = at(0, FIRST, "1,000.00");
    vec![
        Diagnostic::error(Code("P104"), "a comma cannot be used inside a number")
            .at(number, "")
            .note("the same digits are read as a thousand in one country and as one in another")
            .help("write `1_000.00`")
            .fix(Fix::replace("write `1_000.00`", number, "1_000.00", true)),
        Diagnostic::warning(Code("P129"), "these amounts have different currencies")
            .at(at(0, FIRST, "platform"), "in dollars")
            .also(at(1, SECOND, "€5.00"), "in euros"),
        Diagnostic::info(Code("P113"), "a block spans lines, 100% of them")
            .at(at(0, FIRST, "{\n  ## Ein"), "from here"),
        Diagnostic::error(Code("P010"), "a finding without a place"),
    ]
}

#[test]
fn each_format_writes_the_same_as_before() {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/render");
    for (format, name) in [
        (Format::Full, "full.txt"),
        (Format::Concise, "concise.txt"),
        (Format::Json, "findings.json"),
        (Format::Github, "github.txt"),
        (Format::Gitlab, "gitlab.json"),
        (Format::Junit, "junit.xml"),
        (Format::Sarif, "sarif.json"),
    ] {
        let options = RenderOptions { colour: false, version: "0.0.0" };
        let written = render(&findings(), &Two, format, options);
        let mut turned = findings();
        turned.reverse();
        assert_eq!(written, render(&turned, &Two, format, options), "{name}: order of input shows");
        let path = folder.join(name);
        if std::env::var_os("PRICE_BLESS").is_some() {
            std::fs::create_dir_all(&folder).expect("the folder can be made");
            std::fs::write(&path, &written).expect("the file can be written");
        }
        let expected = std::fs::read_to_string(&path).unwrap_or_default();
        assert_eq!(written, expected, "{name}: run with PRICE_BLESS=1 if this is meant");
    }
}

#[test]
fn colours_only_when_asked() {
    let on = RenderOptions { colour: true, ..RenderOptions::default() };
    for format in [Format::Full, Format::Concise] {
        assert!(render(&findings(), &Two, format, on).contains('\u{1b}'));
        assert!(!render(&findings(), &Two, format, RenderOptions::default()).contains('\u{1b}'));
    }
}

#[test]
fn spans_outside_the_text_do_no_harm() {
    let finding = Diagnostic::error(Code("P104"), "out of range").at(Span::new(FileId(0), 5_000, 9_000), "");
    for format in
        [Format::Full, Format::Concise, Format::Json, Format::Github, Format::Gitlab, Format::Junit, Format::Sarif]
    {
        assert!(!render(std::slice::from_ref(&finding), &Two, format, RenderOptions::default()).is_empty());
    }
}
