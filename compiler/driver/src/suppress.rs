//! `# price: allow(P504) reason="..."`: findings an author accepts, in the place where they are.
//!
//! Behind something on a line it counts for that line; on a line of its own for the statement
//! that begins on the next one. Errors cannot be allowed. A comment that allows nothing, names
//! no code or gives no reason is a finding itself, so that no comment outlives its cause.

use price_diagnostics::{Code, Diagnostic, FileId, Fix, Severity, Span, codes};
use price_syntax::tree::Kind;

/// A comment that allows nothing.
const UNUSED: Code = Code("P902");
/// A comment that cannot be read.
const MALFORMED: Code = Code("P903");

/// One `allow` comment.
struct Allow {
    /// Codes with where each stands.
    codes: Vec<(String, Span)>,
    /// The whole comment.
    span: Span,
    /// Bytes of the file it counts for.
    covers: (u32, u32),
    /// Which of the codes were met.
    used: Vec<bool>,
}

/// The findings of a file without those that are allowed, and with what is wrong with comments.
pub(crate) fn apply(file: FileId, text: &str, found: Vec<Diagnostic>) -> Vec<Diagnostic> {
    if !text.contains("price:") {
        return found;
    }
    let mut extra = Vec::new();
    let mut allows = read(file, text, &mut extra);
    let mut kept: Vec<Diagnostic> = Vec::new();
    for finding in found {
        if !allowed(&finding, file, &mut allows) {
            kept.push(finding);
        }
    }
    for allow in &allows {
        for ((code, span), used) in allow.codes.iter().zip(&allow.used) {
            if !*used {
                kept.push(unused(code, *span, allow, text));
            }
        }
    }
    kept.extend(extra);
    price_diagnostics::sort(&mut kept);
    kept
}

fn allowed(finding: &Diagnostic, file: FileId, allows: &mut [Allow]) -> bool {
    let Some(span) = finding.primary_span() else { return false };
    if finding.severity == Severity::Error || span.file != file {
        return false;
    }
    for allow in allows {
        let (from, until) = allow.covers;
        if span.start < from || span.start >= until {
            continue;
        }
        if let Some(at) = allow.codes.iter().position(|(code, _)| code == finding.code.as_str()) {
            allow.used[at] = true;
            return true;
        }
    }
    false
}

fn unused(code: &str, span: Span, allow: &Allow, text: &str) -> Diagnostic {
    let is_error = codes::find(code).is_some_and(|info| info.severity == Severity::Error);
    let message = format!("`allow({code})` allows nothing");
    let finding = Diagnostic::warning(UNUSED, message).at(span, "");
    if is_error {
        return finding.note(format!("{code} is an error, and errors cannot be allowed"));
    }
    if allow.codes.len() > 1 {
        return finding.help("take the code out");
    }
    finding.fix(Fix::replace("take the comment out", with_space(allow.span, text), "", true))
}

/// The comment with the space in front of it, or its whole line when nothing else is on it.
fn with_space(span: Span, text: &str) -> Span {
    let before = &text[..span.start as usize];
    let trimmed = before.trim_end_matches([' ', '\t']);
    let start = u32::try_from(trimmed.len()).unwrap_or(span.start);
    let alone = trimmed.is_empty() || trimmed.ends_with('\n');
    let newline = text[span.end as usize..].starts_with('\n');
    Span::new(span.file, start, span.end + u32::from(alone && newline))
}

/// The comments of a file that speak to this program.
fn read(file: FileId, text: &str, findings: &mut Vec<Diagnostic>) -> Vec<Allow> {
    let tree = price_syntax::parse(file, text).tree;
    let mut allows = Vec::new();
    for node in tree.iter().filter(|node| node.kind() == Kind::Comment) {
        let span = Span::new(file, node.start(), node.end());
        let body = node.text().trim_start_matches('#').trim_start();
        let Some(rest) = body.strip_prefix("price:") else { continue };
        let at = |part: &str| {
            // `part` is a slice of the comment, so its distance from the start is its place.
            let offset = part.as_ptr() as usize - node.text().as_ptr() as usize;
            let start = node.start() + u32::try_from(offset).unwrap_or(0);
            Span::new(file, start, start + u32::try_from(part.len()).unwrap_or(0))
        };
        match parse(rest) {
            Ok(named) => {
                let known = |code: &str| codes::find(code).is_some();
                for code in named.iter().filter(|code| !known(code)) {
                    findings
                        .push(Diagnostic::warning(MALFORMED, format!("there is no code `{code}`")).at(at(code), ""));
                }
                let codes: Vec<(String, Span)> =
                    named.iter().filter(|code| known(code)).map(|code| ((*code).to_owned(), at(code))).collect();
                let used = vec![false; codes.len()];
                allows.push(Allow { codes, span, covers: covers(&tree, text, node.start(), node.end()), used });
            }
            Err(problem) => findings.push(
                Diagnostic::warning(MALFORMED, format!("this comment allows nothing: {problem}"))
                    .at(span, "")
                    .help("write `# price: allow(P504) reason=\"agreed with sales\"`"),
            ),
        }
    }
    allows
}

/// The codes of ` allow(P504, P507) reason="..."`.
fn parse(text: &str) -> Result<Vec<&str>, &'static str> {
    let rest = text.trim_start().strip_prefix("allow").ok_or("only `allow` is known")?;
    let rest = rest.trim_start().strip_prefix('(').ok_or("the codes stand in parentheses")?;
    let (list, rest) = rest.split_once(')').ok_or("the parenthesis is not closed")?;
    let named: Vec<&str> = list.split(',').map(str::trim).filter(|code| !code.is_empty()).collect();
    if named.is_empty() {
        return Err("it names no code");
    }
    let reason = rest.trim().strip_prefix("reason=").ok_or("it gives no reason")?;
    let inner = reason.strip_prefix('"').and_then(|quoted| quoted.strip_suffix('"'));
    match inner {
        Some(reason) if !reason.trim().is_empty() => Ok(named),
        Some(_) => Err("its reason is empty"),
        None => Err("the reason stands in double quotes"),
    }
}

/// What a comment counts for.
fn covers(tree: &price_syntax::Tree, text: &str, start: u32, end: u32) -> (u32, u32) {
    let line_start = text[..start as usize].rfind('\n').map_or(0, |at| at + 1);
    if !text[line_start..start as usize].trim().is_empty() {
        return (u32::try_from(line_start).unwrap_or(0), end);
    }
    // The next line that says something.
    let mut at = end as usize;
    for line in text[at..].split_inclusive('\n') {
        let said = line.trim();
        if !said.is_empty() && !said.starts_with('#') {
            at += line.len() - line.trim_start().len();
            break;
        }
        at += line.len();
    }
    let at = u32::try_from(at).unwrap_or(end);
    let line_end = text[at as usize..].find('\n').map_or(text.len(), |length| at as usize + length);
    let line_end = u32::try_from(line_end).unwrap_or(u32::MAX);
    let widest = tree.at(at).into_iter().skip(1).find(|node| node.start() == at);
    (at, widest.map_or(line_end, |node| node.end().max(line_end)))
}

#[cfg(test)]
mod tests {
    use super::*;

    const FILE: FileId = FileId(0);

    fn warn(code: &'static str, text: &str, at: &str) -> Diagnostic {
        let start = u32::try_from(text.find(at).unwrap()).unwrap();
        Diagnostic::warning(Code(code), "x").at(Span::new(FILE, start, start + 1), "")
    }

    #[test]
    fn a_comment_allows_what_stands_on_its_line_or_below_it() {
        let text =
            "let a = 1 # price: allow(P004) reason=\"old\"\n# price: allow(P004) reason=\"x\"\nlet b = 2\nlet c = 3\n";
        let found = ["let a", "let b", "let c"].map(|at| warn("P004", text, at)).to_vec();
        let kept = apply(FILE, text, found);
        assert_eq!(kept.len(), 1, "{kept:?}");
        assert_eq!(kept[0].primary_span().unwrap().start as usize, text.find("let c").unwrap());
    }

    #[test]
    fn a_comment_above_a_block_covers_all_of_it() {
        let text = "# price: allow(P004) reason=\"x\"\nplan a {\n  fee b = $1.00 once\n}\nlet c = 1\n";
        let kept = apply(FILE, text, vec![warn("P004", text, "fee b"), warn("P004", text, "let c")]);
        assert_eq!(kept.len(), 1, "{kept:?}");
    }

    #[test]
    fn what_allows_nothing_is_reported() {
        for (text, code) in [
            ("# price: allow(P004) reason=\"x\"\nlet a = 1\n", "P902"),
            ("# price: allow(P004)\nlet a = 1\n", "P903"),
            ("# price: allow() reason=\"x\"\nlet a = 1\n", "P903"),
            ("# price: allow(Z004) reason=\"x\"\nlet a = 1\n", "P903"),
            ("# price: permit(P004) reason=\"x\"\nlet a = 1\n", "P903"),
            ("# price: allow(P004) reason=\"\"\nlet a = 1\n", "P903"),
        ] {
            let kept = apply(FILE, text, Vec::new());
            assert_eq!(kept.iter().map(|d| d.code.as_str()).collect::<Vec<_>>(), [code], "{text}");
        }
        assert!(apply(FILE, "# prices: see below\n", Vec::new()).is_empty());
    }

    #[test]
    fn errors_are_never_allowed() {
        let text = "let a = 1 # price: allow(P004) reason=\"x\"\n";
        let mut error = warn("P004", text, "let a");
        error.severity = Severity::Error;
        let kept = apply(FILE, text, vec![error]);
        assert_eq!(kept.len(), 2, "{kept:?}");
    }
}
