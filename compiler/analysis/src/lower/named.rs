//! Lines by what an author calls them.

use crate::codes;
use crate::lower::Lowering;
use crate::report;
use price_ir::{Line, LineIx};
use price_syntax::ast;

impl Lowering<'_> {
    /// Finds lines by the names of a scope.
    pub fn scope_lines(&mut self, scope: &ast::Scope, lines: &[Line]) -> Option<Vec<LineIx>> {
        match &scope.kind {
            ast::ScopeKind::All => Some((0..lines.len() as u32).map(LineIx).collect()),
            ast::ScopeKind::Tagged(tag) => self.tagged_lines(tag, lines),
            ast::ScopeKind::Names(names) => {
                let mut found = Vec::new();
                for path in names {
                    found.push(self.line_named(path, lines)?);
                }
                found.sort_unstable();
                found.dedup();
                Some(found)
            }
        }
    }

    /// A line by name.
    pub fn line_named(&mut self, path: &ast::Path, lines: &[Line]) -> Option<LineIx> {
        let name = path.last()?;
        match lines.iter().position(|l| l.name == name.text) {
            Some(at) => Some(LineIx(at as u32)),
            None if self.failed.contains(&name.text) => None,
            None => {
                let finding = report::unknown(
                    codes::UNKNOWN_NAME,
                    "price or fee",
                    &name.text,
                    name.span,
                    lines.iter().map(|l| l.name.as_str()),
                );
                self.report(finding);
                None
            }
        }
    }
}
