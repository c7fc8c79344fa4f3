//! From text to tree, findings and typed tree.

use crate::grammar::{Grammar, Rule};
use crate::limits;
use crate::lower;
use crate::mistakes;
use crate::prepare::prepare;
use crate::tree::Builder;
use crate::{Parse, Spans};
use pest::Parser;
use price_diagnostics::{Code, Diagnostic, FileId, Span};
use std::sync::Arc;

pub(crate) fn parse(file: FileId, text: &str, spans: Spans) -> Parse {
    if text.len() > limits::FILE_BYTES {
        return too_large(file, text);
    }
    let prepared = prepare(file, text);
    let mut builder = Builder::new(&prepared.text);
    for chunk in &prepared.chunks {
        let source = &prepared.text[chunk.start..chunk.end];
        let parsed = if chunk.refused { None } else { Grammar::parse(Rule::file, source).ok() };
        match parsed {
            Some(pairs) => {
                let parts = pairs.flat_map(pest::iterators::Pair::into_inner);
                for pair in parts.filter(|pair| pair.as_rule() != Rule::EOI) {
                    builder.pair(pair, chunk.start);
                }
            }
            // The grammar is total; it refuses only when its own stack guard does.
            None => {
                let end = chunk.start + source.trim_end().len();
                builder.leaf(Rule::bad, chunk.start, end);
            }
        }
    }
    let tree = builder.finish(text);
    let mut diagnostics = prepared.diagnostics;
    let mended = diagnostics.iter().any(Diagnostic::is_error);
    mistakes::explain(file, &tree, &mut diagnostics);
    let (ast, lowered) = lower::lower(file, &tree, &diagnostics, spans);
    diagnostics.extend(lowered);
    for finding in &mut diagnostics {
        for span in finding.spans_mut() {
            *span = Span::new(span.file, tree.floor(span.start), tree.floor(span.end));
        }
    }
    price_diagnostics::sort(&mut diagnostics);
    shorten(file, &mut diagnostics);
    Parse { tree, ast: Arc::new(ast), diagnostics, mended }
}

fn too_large(file: FileId, text: &str) -> Parse {
    let tree = Builder::new("").finish("");
    let message = format!("the file has {} bytes, which is more than can be read", text.len());
    let diagnostic = Diagnostic::error(Code("P010"), message)
        .at(Span::new(file, 0, 0), "")
        .help(format!("keep files below {} bytes", limits::FILE_BYTES));
    let (ast, _) = lower::lower(file, &tree, &[], Spans::Absolute);
    Parse { tree, ast: Arc::new(ast), diagnostics: vec![diagnostic], mended: true }
}

fn shorten(file: FileId, diagnostics: &mut Vec<Diagnostic>) {
    if diagnostics.len() <= limits::FINDINGS {
        return;
    }
    diagnostics.truncate(limits::FINDINGS);
    let last = diagnostics.last().and_then(Diagnostic::primary_span);
    let message = "there are more findings in this file than are shown";
    diagnostics.push(Diagnostic::error(Code("P015"), message).at(last.unwrap_or(Span::new(file, 0, 0)), ""));
}
