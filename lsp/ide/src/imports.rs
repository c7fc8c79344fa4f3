//! Imports that an author forgot.

use crate::actions::Action;
use crate::ide::{Ide, TextEdit};
use crate::limits::IMPORTS;
use price_diagnostics::{Diagnostic, FileId, Span};
use price_driver::below;
use price_syntax::ast::{ItemKind, UseDecl};

/// The code of a name that nothing has.
const UNKNOWN_NAME: &str = "P201";

impl Ide {
    /// For a name that nothing has: the imports that bring something with exactly that name, of the
    /// standard library first.
    pub(crate) fn imports(&self, file: FileId, finding: &Diagnostic) -> Vec<Action> {
        let Some(span) = finding.primary_span().filter(|_| finding.code.as_str() == UNKNOWN_NAME) else {
            return Vec::new();
        };
        let name = self.text(file).get(span.start as usize..span.end as usize).unwrap_or_default();
        let mut modules: Vec<FileId> = self.together(file).into_iter().filter(|other| *other != file).collect();
        modules.sort_by_key(|other| (!self.is_standard(*other), *other));
        let found = modules.into_iter().filter_map(|other| Some((other, self.bringing(other, name)?))).take(IMPORTS);
        found.map(|(other, name)| self.import(file, other, &name, (finding.code, span))).collect()
    }

    /// What is to be imported of a module for a name to be known: the same, or the unit that has it as
    /// another spelling.
    fn bringing(&self, from: FileId, name: &str) -> Option<String> {
        let tree = self.ast(from);
        let mut units = tree.items.iter().filter_map(|item| match &item.kind {
            ItemKind::Unit(unit) => Some(unit),
            _ => None,
        });
        if let Some(unit) = units.find(|unit| unit.aliases.iter().any(|alias| alias.text == *name)) {
            return Some(unit.name.text.to_string());
        }
        self.declared(from).iter().any(|(_, def)| def.name == name).then(|| name.to_owned())
    }

    fn import(&self, file: FileId, from: FileId, name: &str, mends: (price_diagnostics::Code, Span)) -> Action {
        let source = self.workspace().source(from);
        let module = price_analysis::module_of(below(&source.root, &source.path).unwrap_or(&source.path));
        let tree = self.ast(file);
        let mut edit = None;
        let mut last = None;
        for item in &tree.items {
            let ItemKind::Use(used) = &item.kind else { continue };
            last = Some(item.span.end);
            // A list that is there already takes one more.
            if let UseDecl::Module { path, names: Some(names), .. } = used
                && path.text() == module
                && let Some(end) = names.last()
            {
                let at = end.alias.as_ref().map_or(end.name.span.end, |alias| alias.span.end);
                edit = Some(TextEdit { span: Span::new(file, at, at), text: format!(", {name}") });
            }
        }
        let line = format!("use {module} ({name})");
        let edit = edit.unwrap_or_else(|| match last {
            Some(end) => TextEdit { span: Span::new(file, end, end), text: format!("\n{line}") },
            None => TextEdit { span: Span::new(file, 0, 0), text: format!("{line}\n") },
        });
        Action {
            title: format!("import it: `{line}`"),
            mends: Some(mends),
            safe: false,
            extracts: false,
            edits: vec![edit],
        }
    }
}
