//! One finding: what is wrong, where, and how it can be mended.
//!
//! Plain data without references, so that it can live in a query result.

use crate::{Code, Span};
use serde::Serialize;

/// How much a finding weighs.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Debug, Serialize)]
#[serde(rename_all = "lowercase")]
pub enum Severity {
    /// The program cannot be used.
    Error,
    /// The program can be used and is probably not what was meant.
    Warning,
    /// Worth knowing.
    Info,
}

impl Severity {
    /// Lower-case word for reports: `error`, `warning`, `info`.
    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            Severity::Error => "error",
            Severity::Warning => "warning",
            Severity::Info => "info",
        }
    }
}

/// A place in the source with a remark.
#[derive(Clone, PartialEq, Eq, Hash, Debug, Serialize)]
pub struct Label {
    /// The place.
    pub span: Span,
    /// The remark; empty when the marking alone is enough.
    pub message: String,
    /// Whether this is where the finding is reported; the first primary label counts.
    pub primary: bool,
}

/// One replacement of text.
#[derive(Clone, PartialEq, Eq, Hash, Debug, Serialize)]
pub struct Edit {
    /// The text to take out; empty to insert.
    pub span: Span,
    /// The text to put in.
    pub replacement: String,
}

/// A way to mend a finding; all edits together or none.
#[derive(Clone, PartialEq, Eq, Hash, Debug, Serialize)]
pub struct Fix {
    /// What is done, as a command: ``write `$1_000.00` ``.
    pub title: String,
    /// The replacements; they do not overlap.
    pub edits: Vec<Edit>,
    /// Whether the meaning is certain to be what was meant, so that `price fix` may apply it unasked.
    pub safe: bool,
}

impl Fix {
    /// A fix of one replacement.
    #[must_use]
    pub fn replace(title: impl Into<String>, span: Span, replacement: impl Into<String>, safe: bool) -> Self {
        Self { title: title.into(), edits: vec![Edit { span, replacement: replacement.into() }], safe }
    }
}

/// One finding.
#[derive(Clone, PartialEq, Eq, Hash, Debug, Serialize)]
pub struct Diagnostic {
    /// Kind of finding.
    pub code: Code,
    /// Weight.
    pub severity: Severity,
    /// One sentence that stands alone, names in back-ticks.
    pub message: String,
    /// Places, the primary one first.
    pub labels: Vec<Label>,
    /// Further facts, one sentence each.
    pub notes: Vec<String>,
    /// What to do about it.
    pub help: Option<String>,
    /// Ready-made ways to mend it.
    pub fixes: Vec<Fix>,
}

impl Diagnostic {
    /// A finding of the given weight without a place.
    #[must_use]
    pub fn new(code: Code, severity: Severity, message: impl Into<String>) -> Self {
        Self {
            code,
            severity,
            message: message.into(),
            labels: Vec::new(),
            notes: Vec::new(),
            help: None,
            fixes: Vec::new(),
        }
    }

    /// An error.
    #[must_use]
    pub fn error(code: Code, message: impl Into<String>) -> Self {
        Self::new(code, Severity::Error, message)
    }

    /// A warning.
    #[must_use]
    pub fn warning(code: Code, message: impl Into<String>) -> Self {
        Self::new(code, Severity::Warning, message)
    }

    /// Something worth knowing.
    #[must_use]
    pub fn info(code: Code, message: impl Into<String>) -> Self {
        Self::new(code, Severity::Info, message)
    }

    /// Adds the place where the finding is reported; `message` may be empty.
    #[must_use]
    pub fn at(mut self, span: Span, message: impl Into<String>) -> Self {
        self.labels.push(Label { span, message: message.into(), primary: true });
        self
    }

    /// Adds a further place that explains the finding.
    #[must_use]
    pub fn also(mut self, span: Span, message: impl Into<String>) -> Self {
        self.labels.push(Label { span, message: message.into(), primary: false });
        self
    }

    /// Adds a fact.
    #[must_use]
    pub fn note(mut self, note: impl Into<String>) -> Self {
        self.notes.push(note.into());
        self
    }

    /// Says what to do; a second call replaces the first.
    #[must_use]
    pub fn help(mut self, help: impl Into<String>) -> Self {
        self.help = Some(help.into());
        self
    }

    /// Adds a way to mend it.
    #[must_use]
    pub fn fix(mut self, fix: Fix) -> Self {
        self.fixes.push(fix);
        self
    }

    /// The span of the first primary label, else of the first label.
    #[must_use]
    pub fn primary_span(&self) -> Option<Span> {
        self.labels.iter().find(|label| label.primary).or_else(|| self.labels.first()).map(|label| label.span)
    }

    /// Whether this is an error.
    #[must_use]
    pub fn is_error(&self) -> bool {
        self.severity == Severity::Error
    }

    /// The same finding with every span moved `by` bytes towards the end.
    #[must_use]
    pub fn shifted(mut self, by: u32) -> Self {
        self.spans_mut().for_each(|span| *span = span.shifted(by));
        self
    }

    /// All its places: of labels, and of the edits of fixes.
    pub fn spans_mut(&mut self) -> impl Iterator<Item = &mut Span> {
        let labels = self.labels.iter_mut().map(|label| &mut label.span);
        labels.chain(self.fixes.iter_mut().flat_map(|fix| &mut fix.edits).map(|edit| &mut edit.span))
    }
}

/// Puts findings in the order in which reports show them: file, start, code, message.
pub fn sort(diagnostics: &mut [Diagnostic]) {
    diagnostics.sort_by(|a, b| {
        let key = |d: &Diagnostic| d.primary_span().map(|s| (s.file, s.start));
        (key(a), a.code, &a.message).cmp(&(key(b), b.code, &b.message))
    });
}
