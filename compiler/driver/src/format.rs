//! Formatting of single texts, without a workspace around them.

use price_diagnostics::{Diagnostic, FileId};
use price_syntax::FormatOptions;

/// The text in its one form; `name` decides whether it is Markdown.
///
/// # Errors
///
/// The mistakes that have to be mended first, with spans in file 0.
pub fn format_text(name: &str, text: &str, realign: bool) -> Result<String, Vec<Diagnostic>> {
    let options = FormatOptions { realign };
    let done = if name.ends_with(".md") {
        price_syntax::format_markdown(text, options)
    } else {
        price_syntax::format(text, options)
    };
    done.map_err(|error| error.diagnostics)
}

/// The bytes of a file as text.
///
/// # Errors
///
/// P001, if they are not UTF-8; its span is in file 0.
pub fn decode(bytes: Vec<u8>) -> Result<String, Box<Diagnostic>> {
    price_syntax::decode(FileId(0), bytes)
}
