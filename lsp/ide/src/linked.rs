//! Names that are written anew in all their places at once, while one types.

use crate::ide::Ide;
use crate::limits::LINKED_FILES;
use crate::names::{DefKind, body};
use price_diagnostics::{FileId, Span};

impl Ide {
    /// The places of a local name, the one at an offset among them: a parameter of a formula, a grant
    /// of a wallet, a `let` of one body. Nothing for names that others may use, which renaming checks.
    #[must_use]
    pub fn linked(&self, file: FileId, offset: u32) -> Option<Vec<Span>> {
        let (def, _) = self.def_at(file, offset)?;
        let tree = self.ast(def.file);
        let item = tree.items.get(def.item)?;
        let local = match def.kind {
            DefKind::Parameter | DefKind::Grant => true,
            // One of the module can be imported.
            DefKind::Constant => !body(&item.kind).is_empty(),
            _ => false,
        };
        let together = self.together(file);
        if !local || def.file != file || together.len() > LINKED_FILES {
            return None;
        }
        let mut places = Vec::new();
        for other in together {
            for reference in self.references_in(other, &def) {
                // A layer above, a test, another file: no longer local.
                if other != file || !item.span.touches(reference.span.start) {
                    return None;
                }
                places.push(reference.span);
            }
        }
        (places.len() > 1).then_some(places)
    }
}
