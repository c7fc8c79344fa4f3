//! With the source around it, for people at a terminal.

use super::{RenderOptions, Sources};
use crate::codes;
use crate::{Diagnostic, FileId, Severity, Span};
use ariadne::{Cache, Color, Config, IndexType, Label, Report, ReportKind, Source};
use std::collections::BTreeMap;
use std::fmt;

type Place = (FileId, std::ops::Range<usize>);

pub(super) fn write(diagnostics: &[&Diagnostic], sources: &dyn Sources, options: RenderOptions<'_>) -> String {
    let mut files = Files { sources, read: BTreeMap::new() };
    let mut out = String::new();
    for diagnostic in diagnostics {
        out.push_str(&one(diagnostic, &mut files, options));
        out.push('\n');
    }
    out
}

fn one(diagnostic: &Diagnostic, files: &mut Files<'_>, options: RenderOptions<'_>) -> String {
    let code = diagnostic.code.as_str();
    let explain = codes::find(code).map(|_| format!("   = help: for more, run price explain {code}\n"));
    let explain = explain.unwrap_or_default();
    let Some(primary) = diagnostic.primary_span() else {
        // Without a place there is nothing to draw.
        let mut out = format!("[{code}] {}: {}\n", diagnostic.severity.as_str(), diagnostic.message);
        for note in remarks(diagnostic) {
            out.push_str(&format!("   = {note}\n"));
        }
        return out + &explain;
    };
    let (kind, colour) = match diagnostic.severity {
        Severity::Error => (ReportKind::Custom("error", Color::Red), Color::Red),
        Severity::Warning => (ReportKind::Custom("warning", Color::Yellow), Color::Yellow),
        Severity::Info => (ReportKind::Custom("info", Color::Blue), Color::Blue),
    };
    let config = Config::default().with_index_type(IndexType::Byte).with_color(options.colour);
    let mut report =
        Report::build(kind, files.place(primary)).with_config(config).with_code(code).with_message(&diagnostic.message);
    for (order, label) in (0_i32..).zip(&diagnostic.labels) {
        let tint = if label.primary { colour } else { Color::Cyan };
        // Without a message, even an empty one, nothing would be underlined.
        let drawn = Label::new(files.place(label.span)).with_color(tint).with_order(order).with_message(&label.message);
        report = report.with_label(drawn);
    }
    let mut bytes = Vec::new();
    // Writing to memory cannot fail, and every file is known.
    let _ = report.finish().write(&mut *files, &mut bytes);
    let drawn = String::from_utf8_lossy(&bytes).into_owned();
    // The kind is coloured whatever the configuration says.
    let drawn = if options.colour { drawn } else { plain(&drawn) };
    let mut out: String = drawn.lines().map(|line| format!("{}\n", line.trim_end())).collect();
    for remark in remarks(diagnostic) {
        out.push_str(&format!("   = {remark}\n"));
    }
    out + &explain
}

/// Takes out colour sequences: escape, `[`, digits and `;`, `m`.
fn plain(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    let mut rest = text;
    while let Some(at) = rest.find('\u{1b}') {
        out.push_str(&rest[..at]);
        rest = &rest[at + 1..];
        rest = rest.find('m').map_or("", |end| &rest[end + 1..]);
    }
    out.push_str(rest);
    out
}

fn remarks(diagnostic: &Diagnostic) -> Vec<String> {
    let notes = diagnostic.notes.iter().map(|note| format!("note: {note}"));
    let help = diagnostic.help.iter().map(|help| format!("help: {help}"));
    // A fix that says what the help says is not said again.
    let is_news = |title: &String| diagnostic.help.as_ref() != Some(title);
    let fixes = diagnostic.fixes.iter().map(|fix| &fix.title).filter(|title| is_news(title));
    let fixes = fixes.map(|title| format!("fix: {title}"));
    notes.chain(help).chain(fixes).collect()
}

/// The files as ariadne wants them, read once each.
struct Files<'s> {
    sources: &'s dyn Sources,
    read: BTreeMap<FileId, Source<String>>,
}

impl Files<'_> {
    /// A range inside the text, with at least one character if there is one.
    fn place(&self, span: Span) -> Place {
        let text = self.sources.text(span.file);
        let clip = |offset: u32| {
            let mut at = (offset as usize).min(text.len());
            while !text.is_char_boundary(at) {
                at -= 1;
            }
            at
        };
        (span.file, clip(span.start)..clip(span.end))
    }
}

impl Cache<FileId> for &mut Files<'_> {
    type Storage = String;

    fn fetch(&mut self, id: &FileId) -> Result<&Source<String>, impl fmt::Debug> {
        let text = self.sources.text(*id);
        Ok::<_, fmt::Error>(self.read.entry(*id).or_insert_with(|| Source::from(text.to_owned())))
    }

    fn display<'a>(&self, id: &'a FileId) -> Option<impl fmt::Display + 'a> {
        Some(self.sources.name(*id).to_owned())
    }
}
