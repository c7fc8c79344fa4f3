//! Characters that do not belong into the text, and signs from other languages.
//!
//! Called by the scan of `prepare.rs`. Refuses what a reader cannot see (control characters,
//! characters that turn the direction of writing), because what is signed must be what is read.

use crate::limits;
use crate::prepare::Scanner;
use price_diagnostics::{Code, Diagnostic, Edit, FileId, Fix, Span};
use unicode_normalization::{IsNormalized, UnicodeNormalization, is_nfc_quick};

/// Reads one sign or foreign character, and leaves the scanner behind it.
pub(crate) fn sign(scan: &mut Scanner<'_>) {
    let start = scan.at;
    let Some(c) = scan.text[start..].chars().next() else {
        return;
    };
    let next = scan.peek(c.len_utf8());
    match c {
        ';' => replaced(scan, "P115", "no semicolon stands at the end of a line", 1, "", " "),
        '\'' if scan.text[start + 1..].lines().next().is_some_and(|l| l.contains('\'')) => {
            scan.quoted(1, '\'');
        }
        '“' | '”' | '„' => scan.quoted(c.len_utf8(), closing_quote(scan, start, c)),
        '‘' | '’' => scan.quoted(c.len_utf8(), closing_quote(scan, start, c)),
        '=' if next == b'=' => replaced(scan, "P126", "equality is written `=`", 2, "=", "= "),
        '&' if next == b'&' => replaced(scan, "P126", "`&&` is written `and`", 2, "and", ""),
        '/' if next == b'/' => {
            replaced(scan, "P127", "a comment starts with `#`", 2, "#", "# ");
            let rest = scan.text[scan.at..].bytes();
            scan.at += rest.take_while(|b| !matches!(b, b'\n' | b'\r')).count();
        }
        '$' | '€' | '£' | '¥' => currency(scan, c),
        '.' if next == b'.' => scan.at += 2,
        '.' if next.is_ascii_digit() && !touches_word(scan, start) => leading_zero(scan, start, ""),
        '\u{2212}' | '–' | '—' => foreign(scan, c, "-", "a minus is written `-`"),
        '×' => foreign(scan, c, "*", "multiplication is written `*`"),
        '÷' => foreign(scan, c, "/", "division is written `/`"),
        '≤' => foreign(scan, c, "<=", "this is written `<=`"),
        '≥' => foreign(scan, c, ">=", "this is written `>=`"),
        '≠' => foreign(scan, c, "!=", "this is written `!=`"),
        '…' => foreign(scan, c, "..", "a range is written `..`"),
        _ if c.is_ascii() && !c.is_ascii_control() => scan.at += 1,
        _ if is_space(c) => foreign(scan, c, " ", "this space is not an ordinary one"),
        _ if is_hidden(c) => foreign(scan, c, "", "a character that cannot be seen"),
        _ => outside_names(scan),
    }
}

fn closing_quote(scan: &Scanner<'_>, start: usize, open: char) -> char {
    let line = scan.text[start + open.len_utf8()..].lines().next();
    let candidates: &[char] = if matches!(open, '‘' | '’') { &['’', '‘', '\''] } else { &['”', '“', '"'] };
    line.and_then(|line| line.chars().find(|c| candidates.contains(c))).unwrap_or('"')
}

/// Whether a point follows a name or number directly, as in `call.duration`.
fn touches_word(scan: &Scanner<'_>, at: usize) -> bool {
    at > 0 && (scan.bytes[at - 1].is_ascii_alphanumeric() || scan.bytes[at - 1] == b'.')
}

fn replaced(scan: &mut Scanner<'_>, code: &'static str, message: &str, width: usize, with: &str, heal: &str) {
    let span = scan.span(scan.at, scan.at + width);
    scan.heal(scan.at, heal);
    let title = if with.is_empty() { "take it out".to_owned() } else { format!("write `{with}`") };
    scan.report(Diagnostic::error(Code(code), message).at(span, "").fix(Fix::replace(title, span, with, true)));
    scan.at += width;
}

fn foreign(scan: &mut Scanner<'_>, c: char, with: &str, message: &str) {
    let width = c.len_utf8();
    let span = scan.span(scan.at, scan.at + width);
    if with.len() <= width && !(c == '–' || c == '—') {
        scan.heal(scan.at, &format!("{with:<width$}"));
    }
    let title = match with.trim() {
        "" => "mend it".to_owned(),
        with => format!("write `{with}`"),
    };
    scan.report(
        Diagnostic::error(Code("P006"), message)
            .at(span, format!("U+{:04X}", u32::from(c)))
            .fix(Fix::replace(title, span, with, true)),
    );
    scan.at += width;
}

fn currency(scan: &mut Scanner<'_>, symbol: char) {
    let start = scan.at;
    let width = symbol.len_utf8();
    scan.at += width;
    let rest = &scan.bytes[scan.at..];
    let spaces = rest.iter().take_while(|b| **b == b' ').count();
    let digit = |at: usize| rest.get(at).is_some_and(u8::is_ascii_digit);
    if spaces > 0 && digit(spaces) {
        let span = scan.span(start, scan.at + spaces + 1);
        let first = char::from(rest[spaces]);
        let blank = " ".repeat(spaces);
        scan.heal(start, &format!("{blank}{symbol}"));
        scan.at += spaces;
        scan.report(
            Diagnostic::error(Code("P110"), "no space stands between the currency sign and the number")
                .at(span, "")
                .fix(Fix::replace("take out the space", span, format!("{symbol}{first}"), true)),
        );
    } else if rest.first() == Some(&b'-') && digit(1) {
        let span = scan.span(start, scan.at + 1);
        scan.heal(start, &format!("-{symbol}"));
        scan.at += 1;
        scan.report(
            Diagnostic::error(Code("P110"), "the minus stands in front of the currency sign")
                .at(span, "")
                .fix(Fix::replace(format!("write `-{symbol}`"), span, format!("-{symbol}"), true)),
        );
    } else if rest.first() == Some(&b'.') && digit(1) {
        let symbol = symbol.to_string();
        let at = scan.at;
        leading_zero(scan, at, &symbol);
    }
}

fn leading_zero(scan: &mut Scanner<'_>, point: usize, symbol: &str) {
    let digits = scan.bytes[point + 1..].iter().take_while(|b| b.is_ascii_digit()).count();
    let end = point + 1 + digits;
    let span = scan.span(point - symbol.len(), end);
    let mended = format!("{symbol}0{}", &scan.text[point..end]);
    // Only the length matters here: the value is wrong, and the item is marked as recovered.
    scan.heal(point, "0");
    scan.report(
        Diagnostic::error(Code("P125"), "a digit stands in front of the point")
            .at(span, "")
            .help(format!("write `{mended}`"))
            .fix(Fix::replace(format!("write `{mended}`"), span, mended.clone(), true)),
    );
    scan.at = end;
}

/// A letter or sign that no name can hold: the whole word is told, once.
fn outside_names(scan: &mut Scanner<'_>) {
    let start = scan.text[..scan.at]
        .rfind(|c: char| !(c.is_ascii_alphanumeric() || c == '_' || c == '-'))
        .map_or(0, |at| at + scan.text[at..].chars().next().map_or(1, char::len_utf8));
    let inside = |c: char| c.is_alphanumeric() || c == '_' || (!c.is_ascii() && !is_space(c));
    let length: usize = scan.text[scan.at..].chars().take_while(|c| inside(*c)).map(char::len_utf8).sum();
    let end = scan.at + length.max(1);
    let word = &scan.text[start..end];
    let span = scan.span(start, end);
    let quoted = format!("\"{word}\"");
    let diagnostic = Diagnostic::error(
        Code("P130"),
        format!("`{word}` is not a name: names hold the letters a to z, digits, `_` and `-`"),
    )
    .at(span, "")
    .help("a label may be quoted")
    .fix(Fix::replace(format!("write `{quoted}`"), span, quoted, false));
    let blank: String = scan.text[scan.at..end].bytes().map(|_| 'x').collect();
    let at = scan.at;
    scan.heal(at, &blank);
    scan.report(diagnostic);
    scan.at = end;
}

/// Checks a comment or a quoted text for characters that hide something.
pub(crate) fn inside(scan: &mut Scanner<'_>, start: usize, end: usize) {
    if scan.bytes[start..end].iter().all(|b| (0x20..0x7f).contains(b)) {
        return;
    }
    let hidden = scan.text[start..end].char_indices().find(|(_, c)| is_hidden(*c));
    if let Some((at, c)) = hidden {
        let span = scan.span(start + at, start + at + c.len_utf8());
        scan.report(
            Diagnostic::error(Code("P006"), "a character that cannot be seen")
                .at(span, format!("U+{:04X}", u32::from(c)))
                .fix(Fix::replace("take it out", span, "", true)),
        );
    }
}

fn is_space(c: char) -> bool {
    c.is_whitespace() && !matches!(c, ' ' | '\n' | '\t' | '\r')
}

fn is_hidden(c: char) -> bool {
    (c.is_control() && !matches!(c, '\n' | '\t' | '\r'))
        || matches!(c, '\u{200b}'..='\u{200f}' | '\u{202a}'..='\u{202e}' | '\u{2060}'..='\u{2069}' | '\u{feff}' | '\u{ad}')
}

/// Findings about the file as a whole: byte order mark, line ends, tabs, normal form.
pub(crate) fn whole_file(file: FileId, text: &str, out: &mut Vec<Diagnostic>) {
    let span = |start: usize, length: usize| {
        let clip = |value: usize| u32::try_from(value).unwrap_or(u32::MAX);
        Span::new(file, clip(start), clip(start + length))
    };
    if text.starts_with('\u{feff}') {
        out.push(
            Diagnostic::warning(Code("P002"), "the file starts with a byte order mark")
                .at(span(0, 3), "")
                .fix(Fix::replace("take it out", span(0, 3), "", true)),
        );
    }
    for (needle, code, message, replacement) in
        [('\r', "P003", "lines end with a carriage return", "\n"), ('\t', "P004", "a tab is used as space", "  ")]
    {
        let Some(first) = text.find(needle) else { continue };
        let count = text.matches(needle).count();
        let mut diagnostic = Diagnostic::warning(Code(code), message).at(span(first, 1), "");
        if count > 1 {
            diagnostic = diagnostic.note(format!("and at {} more places", count - 1));
        }
        if count > limits::EDITS {
            out.push(diagnostic.help("`price fmt` replaces them"));
            continue;
        }
        let edit = |(at, found): (usize, &str)| {
            let ends_line = needle == '\r' && text[at + 1..].starts_with('\n');
            let replacement = if ends_line { String::new() } else { replacement.to_owned() };
            Edit { span: span(at, found.len()), replacement }
        };
        let edits = text.match_indices(needle).map(edit).collect();
        out.push(diagnostic.fix(Fix { title: "replace all of them".to_owned(), edits, safe: true }));
    }
    if !text.is_ascii() && is_nfc_quick(text.chars()) != IsNormalized::Yes {
        let mut start = 0;
        for line in text.split_inclusive('\n') {
            let normal: String = line.nfc().collect();
            if normal != line {
                let content = line.trim_end();
                let place = span(start, content.len());
                out.push(
                    Diagnostic::error(Code("P005"), "a letter is written as two characters that look like one")
                        .at(place, "")
                        .note("two names that look the same would be different")
                        .fix(Fix::replace("use the composed form", place, normal.trim_end(), true)),
                );
                break;
            }
            start += line.len();
        }
    }
}
