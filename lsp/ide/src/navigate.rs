//! Where names are declared and used.

use crate::ide::Ide;
use crate::names::{Def, DefKind, occurrences};
use price_diagnostics::{FileId, Span};

/// A use of a name.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Reference {
    /// Where.
    pub span: Span,
    /// Whether it is the declaration.
    pub declares: bool,
}

/// Who uses something: an item with the places in it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Call {
    /// The user, by the statement or item it is.
    pub from: Def,
    /// The whole of it.
    pub whole: Span,
    /// Where it names the other one.
    pub at: Vec<Span>,
}

impl Ide {
    /// The declaration of the name at an offset, with the name it was asked about.
    #[must_use]
    pub fn definition(&self, file: FileId, offset: u32) -> Option<(Def, Span)> {
        self.def_at(file, offset)
    }

    /// The whole declaration of something.
    #[must_use]
    pub fn declaration(&self, def: &Def) -> Span {
        self.declaration_span(def)
    }

    /// For a name, what kind of thing its type or dimension is: of a field its dimension, of a
    /// meter its event, of a price its meter.
    #[must_use]
    pub fn type_definition(&self, file: FileId, offset: u32) -> Option<Def> {
        let (def, _) = self.def_at(file, offset)?;
        match def.kind {
            DefKind::Field => self.as_dimension(def),
            DefKind::Label => {
                let all = self.declared(def.file);
                all.into_iter().map(|(_, other)| other).find(|other| other.item == def.item)
            }
            _ => None,
        }
    }

    /// Every use of what the name at an offset means, in the order of files and text.
    #[must_use]
    pub fn references(&self, file: FileId, offset: u32) -> Vec<Reference> {
        let Some((def, _)) = self.def_at(file, offset) else { return Vec::new() };
        self.together(file).into_iter().flat_map(|other| self.references_in(other, &def)).collect()
    }

    /// The uses in one file.
    #[must_use]
    pub fn highlights(&self, file: FileId, offset: u32) -> Vec<Reference> {
        match self.def_at(file, offset) {
            Some((def, _)) => self.references_in(file, &def),
            None => Vec::new(),
        }
    }

    pub(crate) fn references_in(&self, file: FileId, def: &Def) -> Vec<Reference> {
        // A name that is imported under another one is written as that.
        let aliases = self.written_as(file, def);
        let mut found = Vec::new();
        self.with_tree(file, |tree| {
            occurrences(tree, &mut |chain, occurrence| {
                let written = occurrence.leaf.read().trim_matches('"');
                if !aliases.iter().any(|name| name == written) {
                    return;
                }
                if self.resolve(file, chain, occurrence).as_ref() == Some(def) {
                    let span = Span::new(file, occurrence.leaf.start(), occurrence.leaf.end());
                    found.push(Reference { span, declares: span == def.span });
                }
            });
        });
        found
    }

    /// What a thing may be called in a file.
    fn written_as(&self, file: FileId, def: &Def) -> Vec<String> {
        use price_syntax::ast::{ItemKind, UseDecl};
        let mut names = vec![def.name.clone()];
        if def.kind == DefKind::Module {
            names.extend(def.name.rsplit('.').next().map(str::to_owned));
        }
        for item in &self.ast(file).items {
            let ItemKind::Use(UseDecl::Module { names: list, alias, .. }) = &item.kind else { continue };
            names.extend(alias.iter().map(|name| name.text.clone()));
            names.extend(list.iter().flatten().filter_map(|used| used.alias.as_ref()).map(|name| name.text.clone()));
        }
        names
    }

    /// Who uses what the name at an offset means: statements and items, each with its places.
    #[must_use]
    pub fn incoming(&self, def: &Def) -> Vec<Call> {
        let mut calls: Vec<Call> = Vec::new();
        for file in self.together(def.file) {
            for reference in self.references_in(file, def) {
                if reference.declares {
                    continue;
                }
                let Some((from, whole)) = self.user(file, reference.span.start) else { continue };
                if from == *def {
                    continue;
                }
                match calls.iter_mut().find(|call| call.from == from) {
                    Some(call) => call.at.push(reference.span),
                    None => calls.push(Call { from, whole, at: vec![reference.span] }),
                }
            }
        }
        calls
    }

    /// What something uses itself: other declarations named inside it.
    #[must_use]
    pub fn outgoing(&self, def: &Def) -> Vec<Call> {
        let whole = self.declaration_span(def);
        let mut calls: Vec<Call> = Vec::new();
        self.with_tree(def.file, |tree| {
            occurrences(tree, &mut |chain, occurrence| {
                let span = Span::new(def.file, occurrence.leaf.start(), occurrence.leaf.end());
                if span.start < whole.start || span.end > whole.end {
                    return;
                }
                let Some(to) = self.resolve(def.file, chain, occurrence) else { return };
                let called = to.kind.is_statement()
                    || matches!(
                        to.kind,
                        DefKind::Meter
                            | DefKind::Event
                            | DefKind::RateCard
                            | DefKind::Plan
                            | DefKind::Formula
                            | DefKind::Constant
                    );
                if to == *def
                    || !called
                    || to.file == def.file && to.span.start >= whole.start && to.span.end <= whole.end
                {
                    return;
                }
                match calls.iter_mut().find(|call| call.from == to) {
                    Some(call) => call.at.push(span),
                    None => calls.push(Call { whole: self.declaration_span(&to), from: to, at: vec![span] }),
                }
            });
        });
        calls
    }

    /// The statement or item around an offset.
    fn user(&self, file: FileId, offset: u32) -> Option<(Def, Span)> {
        let index = self.item_at(file, offset)?;
        let tree = self.ast(file);
        let item = tree.items.get(index)?;
        for stmt in crate::names::body(&item.kind) {
            if stmt.span.touches(offset)
                && let Some((kind, name)) = crate::names::head(&stmt.kind)
            {
                let def = Def { kind, name: name.text.clone(), file, span: name.span, item: index };
                return Some((def, stmt.span));
            }
        }
        let symbol = self.item_symbol(file, index)?;
        let def = Def { kind: symbol.kind, name: symbol.name, file, span: symbol.name_span, item: index };
        Some((def, item.span))
    }
}
