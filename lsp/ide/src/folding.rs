//! What can be folded, and what grows when a selection does.

use crate::ide::Ide;
use price_diagnostics::{FileId, Span};
use price_syntax::Rule;
use price_syntax::tree::Kind;

/// A stretch of lines that can be folded.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Fold {
    /// From the end of its first line to the end of its last.
    pub span: Span,
    /// Whether it is a run of comments.
    pub comment: bool,
}

impl Ide {
    /// Blocks and runs of comment lines.
    #[must_use]
    pub fn folds(&self, file: FileId) -> Vec<Fold> {
        let parse = self.parse(file);
        let text = parse.tree.text();
        let mut folds = Vec::new();
        for node in parse.tree.iter().filter(|node| !node.is_leaf() && !node.is(Rule::file)) {
            let Some(brace) = node.children().find(|child| child.text() == "{") else { continue };
            let (start, end) = (brace.start(), node.end());
            if text[start as usize..end as usize].contains('\n') {
                folds.push(Fold { span: Span::new(file, start, end), comment: false });
            }
        }
        let mut run: Option<(u32, u32, usize)> = None;
        let mut close = |run: &mut Option<(u32, u32, usize)>| {
            if let Some((start, end, lines)) = run.take()
                && lines > 1
            {
                folds.push(Fold { span: Span::new(file, start, end), comment: true });
            }
        };
        for leaf in parse.tree.root().leaves() {
            match leaf.kind() {
                Kind::Comment | Kind::Rule(Rule::doc) => {
                    run = match run {
                        Some((start, _, lines)) => Some((start, leaf.end(), lines + 1)),
                        None => Some((leaf.start(), leaf.end(), 1)),
                    };
                }
                Kind::Newline | Kind::Space => {}
                _ => close(&mut run),
            }
        }
        close(&mut run);
        folds.sort_by_key(|fold| (fold.span.start, fold.span.end));
        folds
    }

    /// The stretches around an offset, the smallest first.
    #[must_use]
    pub fn selections(&self, file: FileId, offset: u32) -> Vec<Span> {
        let parse = self.parse(file);
        let mut chain: Vec<Span> =
            parse.tree.at(offset).iter().rev().map(|node| Span::new(file, node.start(), node.end())).collect();
        chain.dedup();
        chain
    }
}
