//! Texts that lead to other files.

use crate::ide::Ide;
use price_diagnostics::{FileId, Span};
use price_driver::{clean, folder, join};
use price_syntax::Rule;

/// A text that leads to a file or an address.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Link {
    /// The text.
    pub span: Span,
    /// A path of the world, or an address.
    pub target: String,
}

impl Ide {
    /// Seed files, and the addresses that prices come from.
    #[must_use]
    pub fn links(&self, file: FileId) -> Vec<Link> {
        let parse = self.parse(file);
        let mut links = Vec::new();
        for node in parse.tree.iter() {
            let Some(text) = node.part(Rule::string) else { continue };
            let inner = text.read().trim_matches('"');
            let target = match node.rule() {
                Some(Rule::dimension_seed) => clean(&join(folder(self.path(file)), inner)),
                Some(Rule::source_stmt) if inner.starts_with("https://") || inner.starts_with("http://") => {
                    inner.to_owned()
                }
                _ => continue,
            };
            links.push(Link { span: Span::new(file, text.start() + 1, text.end().max(text.start() + 2) - 1), target });
        }
        links
    }
}
