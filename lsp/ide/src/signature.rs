//! The parameters of a formula while its arguments are written.

use crate::ide::Ide;
use crate::names::{DefKind, Scope};
use price_diagnostics::FileId;
use price_syntax::ast::ItemKind;

/// A call that is being written.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Signature {
    /// `blended(list_rate: rate, share: ratio)`.
    pub label: String,
    /// The parameters as they stand in the label.
    pub parameters: Vec<String>,
    /// Its documentation.
    pub docs: String,
    /// Which parameter is being written.
    pub active: usize,
}

impl Ide {
    /// The call around an offset.
    #[must_use]
    pub fn signature(&self, file: FileId, offset: u32) -> Option<Signature> {
        let before = self.text(file).get(..offset as usize)?;
        let line = &before[before.rfind('\n').map_or(0, |at| at + 1)..];
        let mut depth = 0usize;
        let mut commas = 0;
        let mut open = None;
        for (at, sign) in line.char_indices().rev() {
            match sign {
                ')' => depth += 1,
                '(' if depth == 0 => {
                    open = Some(at);
                    break;
                }
                '(' => depth -= 1,
                ',' if depth == 0 => commas += 1,
                _ => {}
            }
        }
        let called = &line[..open?];
        let name = crate::complete::word_before(called);
        let def = self.named(file, Scope::Plain, name).filter(|def| def.kind == DefKind::Formula)?;
        let tree = self.ast(def.file);
        let item = tree.items.get(def.item)?;
        let ItemKind::Formula(formula) = &item.kind else { return None };
        let parameters: Vec<String> =
            formula.params.iter().map(|param| format!("{}: {}", param.name.text, param.ty.text)).collect();
        Some(Signature {
            label: format!("{}({})", def.name, parameters.join(", ")),
            active: commas.min(parameters.len().saturating_sub(1)),
            parameters,
            docs: item.docs.text(),
        })
    }
}
