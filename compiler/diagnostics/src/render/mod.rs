//! Findings as text for people and machines: one file per format.
//!
//! Order is always file, start, code, message. Paths are printed as [`Sources`] names them, so
//! whoever holds the files makes them relative. Never prints: gives back text.

mod concise;
mod full;
mod github;
mod gitlab;
mod json;
mod junit;
mod place;
mod sarif;

use crate::{Diagnostic, FileId, Severity};

/// Gives names and texts of files.
pub trait Sources {
    /// The path to print, relative, with `/`.
    fn name(&self, file: FileId) -> &str;
    /// The text that spans count bytes of.
    fn text(&self, file: FileId) -> &str;
}

/// The formats.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug)]
pub enum Format {
    /// With the source, for people.
    Full,
    /// One line each: `file:line:column: error[P104] message`.
    Concise,
    /// One object, `format_version` 1.0.
    Json,
    /// One object a line: the version, each finding, the counts.
    JsonLines,
    /// Workflow commands of GitHub Actions.
    Github,
    /// Code quality report of GitLab.
    Gitlab,
    /// `JUnit` XML, one suite per file.
    Junit,
    /// SARIF 2.1.0.
    Sarif,
}

/// What can be chosen.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug)]
pub struct RenderOptions<'o> {
    /// Whether the full and the concise format may use colours.
    pub colour: bool,
    /// Version of the tool, for the formats that tell it.
    pub version: &'o str,
}

impl Default for RenderOptions<'_> {
    fn default() -> Self {
        Self { colour: false, version: env!("CARGO_PKG_VERSION") }
    }
}

/// Writes findings in a format; ends with a newline unless there is nothing to say.
#[must_use]
pub fn render(diagnostics: &[Diagnostic], sources: &dyn Sources, format: Format, options: RenderOptions<'_>) -> String {
    let mut sorted: Vec<&Diagnostic> = diagnostics.iter().collect();
    let key = |d: &Diagnostic| d.primary_span().map(|span| (sources.name(span.file).to_owned(), span.start));
    sorted.sort_by_cached_key(|d| (key(d), d.code, d.message.clone()));
    let mut places = place::Places::new(sources);
    match format {
        Format::Full => full::write(&sorted, sources, options),
        Format::Concise => concise::write(&sorted, &mut places, options),
        Format::Json => json::write(&sorted, &mut places),
        Format::JsonLines => json::write_lines(&sorted, &mut places),
        Format::Github => github::write(&sorted, &mut places),
        Format::Gitlab => gitlab::write(&sorted, &mut places),
        Format::Junit => junit::write(&sorted, &mut places),
        Format::Sarif => sarif::write(&sorted, &mut places, options),
    }
}

/// The number of findings of each weight.
#[derive(Clone, Copy, PartialEq, Eq, Default, Debug, serde::Serialize)]
pub struct Counts {
    /// Errors.
    pub errors: usize,
    /// Facts worth knowing.
    pub infos: usize,
    /// Warnings.
    pub warnings: usize,
}

impl Counts {
    /// Counts findings.
    #[must_use]
    pub fn of<'d>(diagnostics: impl IntoIterator<Item = &'d Diagnostic>) -> Self {
        let mut counts = Self::default();
        for diagnostic in diagnostics {
            match diagnostic.severity {
                Severity::Error => counts.errors += 1,
                Severity::Warning => counts.warnings += 1,
                Severity::Info => counts.infos += 1,
            }
        }
        counts
    }
}
