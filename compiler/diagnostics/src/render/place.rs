//! Lines and columns of byte offsets, and fingerprints that survive moved lines.

use super::Sources;
use crate::{Diagnostic, FileId, Span};
use std::collections::BTreeMap;

/// A range as people count it: from 1, columns in characters, the end excluded.
#[derive(Clone, PartialEq, Eq, Debug)]
pub(super) struct Place {
    pub(super) file: String,
    pub(super) line: usize,
    pub(super) column: usize,
    pub(super) end_line: usize,
    pub(super) end_column: usize,
}

/// Looks up places; keeps one table of lines per file.
pub(super) struct Places<'s> {
    sources: &'s dyn Sources,
    lines: BTreeMap<FileId, Vec<usize>>,
}

impl<'s> Places<'s> {
    pub(super) fn new(sources: &'s dyn Sources) -> Self {
        Self { sources, lines: BTreeMap::new() }
    }

    /// Where a span is; offsets beyond the text count as its end.
    pub(super) fn of(&mut self, span: Span) -> Place {
        let (line, column) = self.position(span.file, span.start as usize);
        let (end_line, end_column) = self.position(span.file, span.end as usize);
        Place { file: self.sources.name(span.file).to_owned(), line, column, end_line, end_column }
    }

    fn position(&mut self, file: FileId, offset: usize) -> (usize, usize) {
        let text = self.sources.text(file);
        let lines = self.lines.entry(file).or_insert_with(|| {
            let ends = text.match_indices('\n').map(|(at, _)| at + 1);
            std::iter::once(0).chain(ends).collect()
        });
        let offset = floor(text, offset.min(text.len()));
        let line = lines.partition_point(|start| *start <= offset).max(1);
        let start = lines.get(line - 1).copied().unwrap_or(0);
        (line, text[start..offset].chars().count() + 1)
    }

    fn line_text(&mut self, span: Span) -> &'s str {
        let text = self.sources.text(span.file);
        let start = floor(text, (span.start as usize).min(text.len()));
        let from = text[..start].rfind('\n').map_or(0, |at| at + 1);
        let to = text[start..].find('\n').map_or(text.len(), |at| start + at);
        text[from..to].trim()
    }
}

fn floor(text: &str, mut offset: usize) -> usize {
    while !text.is_char_boundary(offset) {
        offset -= 1;
    }
    offset
}

/// Gives each finding a number that stays when lines above it come or go: made of the code, the
/// path, the text of the line, and which one it is among equals.
#[derive(Default)]
pub(super) struct Fingerprints {
    seen: BTreeMap<u64, u64>,
}

impl Fingerprints {
    pub(super) fn of(&mut self, diagnostic: &Diagnostic, places: &mut Places<'_>) -> String {
        let (file, line) = match diagnostic.primary_span() {
            Some(span) => (places.of(span).file, places.line_text(span)),
            None => (String::new(), ""),
        };
        let mut hash = 0xcbf2_9ce4_8422_2325;
        for part in [diagnostic.code.as_str(), &file, line, &diagnostic.message] {
            hash = fnv(hash, part.as_bytes());
            hash = fnv(hash, &[0]);
        }
        let count = self.seen.entry(hash).or_insert(0);
        *count += 1;
        format!("{:016x}", fnv(hash, &count.to_le_bytes()))
    }
}

/// FNV-1a, 64 bits.
fn fnv(mut hash: u64, bytes: &[u8]) -> u64 {
    for byte in bytes {
        hash = (hash ^ u64::from(*byte)).wrapping_mul(0x0100_0000_01b3);
    }
    hash
}

/// The whole message for formats that have one field for it.
pub(super) fn long_message(diagnostic: &Diagnostic) -> String {
    let mut out = diagnostic.message.clone();
    for note in &diagnostic.notes {
        out.push_str("\nnote: ");
        out.push_str(note);
    }
    if let Some(help) = &diagnostic.help {
        out.push_str("\nhelp: ");
        out.push_str(help);
    }
    out
}
