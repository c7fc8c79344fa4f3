//! Names, labels, texts and documentation.

use price_diagnostics::Span;

/// A declared or used name: letters, digits, `_` and inner `-`.
#[derive(Clone, PartialEq, Eq, Hash, Debug)]
pub struct Name {
    /// As written.
    pub text: String,
    /// Where.
    pub span: Span,
}

/// Names joined by dots, `annual.shortfall`; never empty.
#[derive(Clone, PartialEq, Eq, Hash, Debug)]
pub struct Path {
    /// The parts, first to last.
    pub segments: Vec<Name>,
    /// Where, dots included.
    pub span: Span,
}

impl Path {
    /// The parts joined by dots.
    #[must_use]
    pub fn text(&self) -> String {
        let parts: Vec<&str> = self.segments.iter().map(|name| name.text.as_str()).collect();
        parts.join(".")
    }

    /// The name, when there is only one part.
    #[must_use]
    pub fn as_name(&self) -> Option<&Name> {
        match self.segments.as_slice() {
            [only] => Some(only),
            _ => None,
        }
    }

    /// The last part.
    #[must_use]
    pub fn last(&self) -> Option<&Name> {
        self.segments.last()
    }
}

/// A value of a dimension: any word, reserved or not, a date, or a quoted text.
#[derive(Clone, PartialEq, Eq, Hash, Debug)]
pub struct Label {
    /// The value without quotes and with escapes resolved.
    pub text: String,
    /// Whether it was quoted; `plus` and `"plus"` are the same value.
    pub quoted: bool,
    /// Where, quotes included.
    pub span: Span,
}

/// A quoted text.
#[derive(Clone, PartialEq, Eq, Hash, Debug)]
pub struct Text {
    /// Without quotes, escapes `\"` and `\\` resolved.
    pub value: String,
    /// Where, quotes included.
    pub span: Span,
}

/// The `##` lines directly above something; empty when there are none.
#[derive(Clone, PartialEq, Eq, Hash, Debug, Default)]
pub struct Docs {
    /// One entry per line.
    pub lines: Vec<DocLine>,
}

/// One `##` line.
#[derive(Clone, PartialEq, Eq, Hash, Debug)]
pub struct DocLine {
    /// Without `##` and one following space.
    pub text: String,
    /// Where, `##` included.
    pub span: Span,
}

impl Docs {
    /// The lines joined by newlines; empty when there are none.
    #[must_use]
    pub fn text(&self) -> String {
        let lines: Vec<&str> = self.lines.iter().map(|line| line.text.as_str()).collect();
        lines.join("\n")
    }

    /// Whether nothing was written.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.lines.is_empty()
    }
}

/// A line or block that could not be read.
///
/// A finding has been reported for it; whoever meets it says nothing more about it.
#[derive(Clone, PartialEq, Eq, Hash, Debug)]
pub struct Bad {
    /// The first word, if there is one: often enough to guess what was meant.
    pub word: Option<Name>,
    /// The word after it: often the name that would have been declared.
    pub name: Option<Name>,
    /// Where, without the end of line.
    pub span: Span,
}
