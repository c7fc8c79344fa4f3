//! From text to tree: the grammar of `.price`, the lossless tree, the typed syntax tree
//! and the formatter.
//!
//! Parsing never fails: a line that cannot be read becomes a node of its own and a finding.
//! Refuses to resolve names, to know types, or to read files.

pub mod ast;
mod characters;
mod continuation;
mod expected;
mod format;
mod grammar;
mod identity;
pub mod limits;
mod lower;
mod markdown;
mod mistakes;
mod numbers;
mod parse;
mod prepare;
pub mod tree;
pub mod words;

pub use continuation::{Continuation, block_around, continuation, first_words, is_whole};
pub use format::{FormatError, FormatOptions, format, format_markdown};
pub use grammar::Rule;
pub use markdown::blank_prose;
pub use tree::Tree;

use price_diagnostics::{Diagnostic, FileId};
use std::sync::Arc;

/// What spans are counted from.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug, Default)]
pub enum Spans {
    /// The start of the file.
    #[default]
    Absolute,
    /// The start of the item, which they name, so that an item that did not change stays equal
    /// when text above it does; [`ast::SourceFile::origins`] leads back to the file.
    RelativeToItem,
    /// All zero, to compare two texts by what they say.
    Erased,
}

/// A parsed file.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Parse {
    /// Every byte of the file, for the formatter and the editor.
    pub tree: Tree,
    /// The typed tree.
    pub ast: Arc<ast::SourceFile>,
    /// What could not be read; spans from the start of the file, whatever [`Spans`] was asked for.
    pub diagnostics: Vec<Diagnostic>,
    /// Whether a mistake inside a token or a brace was mended to read on: what the tree says
    /// there is a guess, so the text must not be written anew from it.
    pub mended: bool,
}

/// Reads the bytes of a file as text.
///
/// # Errors
///
/// P001, if the bytes are not UTF-8.
pub fn decode(file: FileId, bytes: Vec<u8>) -> Result<String, Box<Diagnostic>> {
    String::from_utf8(bytes).map_err(|error| {
        let at = u32::try_from(error.utf8_error().valid_up_to()).unwrap_or(u32::MAX);
        let span = price_diagnostics::Span::new(file, at, at);
        let message = format!("the file is not UTF-8: byte {at} starts no character");
        Box::new(
            Diagnostic::error(price_diagnostics::Code("P001"), message).at(span, "").help("save the file as UTF-8"),
        )
    })
}

/// Parses one file with spans from its start; never fails.
#[must_use]
pub fn parse(file: FileId, text: &str) -> Parse {
    parse_with(file, text, Spans::Absolute)
}

/// Parses one file; never fails.
#[must_use]
pub fn parse_with(file: FileId, text: &str, spans: Spans) -> Parse {
    parse::parse(file, text, spans)
}
