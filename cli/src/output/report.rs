//! Findings in the format asked for.

use crate::args::ReportFormat;
use crate::shell::Shell;
use crate::trouble::Trouble;
use price_diagnostics::{Diagnostic, Format, RenderOptions, Sources};

/// The text of findings.
pub fn render(found: &[Diagnostic], sources: &dyn Sources, format: ReportFormat, colour: bool) -> String {
    let format = match format {
        ReportFormat::Full => Format::Full,
        ReportFormat::Concise => Format::Concise,
        ReportFormat::Json => Format::Json,
        ReportFormat::JsonLines => Format::JsonLines,
        ReportFormat::Github => Format::Github,
        ReportFormat::Gitlab => Format::Gitlab,
        ReportFormat::Junit => Format::Junit,
        ReportFormat::Sarif => Format::Sarif,
    };
    let options = RenderOptions { colour, version: env!("CARGO_PKG_VERSION") };
    price_diagnostics::render(found, sources, format, options)
}

/// Prints findings as a result.
pub fn print(
    found: &[Diagnostic],
    sources: &dyn Sources,
    format: ReportFormat,
    shell: &mut Shell,
) -> Result<(), Trouble> {
    let text = render(found, sources, format, shell.paint().is_on());
    shell.out(&text)
}
