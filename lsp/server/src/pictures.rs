//! Pictures in Markdown, for editors that draw them.

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use tower_lsp::lsp_types::{InitializeParams, MarkupKind};

/// Editors that take Markdown and show it as text: an image would be a page of letters there.
const TEXT_ONLY: [&str; 7] = ["vim", "helix", "emacs", "eglot", "kakoune", "kak-lsp", "amp"];

/// Whether an editor draws Markdown, as far as it says who it is.
pub(crate) fn are_drawn(params: &InitializeParams) -> bool {
    let markdown = (|| params.capabilities.text_document.as_ref()?.hover.as_ref()?.content_format.as_ref())()
        .is_some_and(|formats| formats.contains(&MarkupKind::Markdown));
    let name = params.client_info.as_ref().map(|client| client.name.to_lowercase()).unwrap_or_default();
    markdown && !TEXT_ONLY.iter().any(|text| name.contains(text))
}

/// An SVG as an image of Markdown.
pub(crate) fn image(title: &str, svg: &str) -> String {
    format!("![{title}](data:image/svg+xml;base64,{})", STANDARD.encode(svg))
}
