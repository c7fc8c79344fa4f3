//! The items of a file one by one, so that a change of one is no news for what reads another.
//!
//! A tree is read as a whole whenever its text changes. Behind [`read`] stand small queries that
//! take it apart: what an item holds has spans from its own start, so most of them find what they
//! found before, and everything that is checked reads them only. [`absolute`] is the one place
//! where a span of an item becomes one of its file.

use crate::inputs::{File, Workspace};
use price_diagnostics::{Diagnostic, ItemId, Span};
use price_syntax::ast::{self, ItemKind, Name};
use price_syntax::{Spans, parse_with};
use std::collections::BTreeMap;
use std::sync::Arc;

/// A file as it is read.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Read {
    /// The tree, its spans from the start of each item.
    tree: Arc<ast::SourceFile>,
    /// The position of each item in the tree, and where in the file it begins.
    places: BTreeMap<ItemId, (usize, u32)>,
    /// Syntax findings, from the start of the file.
    pub diagnostics: Vec<Diagnostic>,
}

/// What an item is called, without what it holds.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Head {
    /// Its number.
    pub id: ItemId,
    /// The word it begins with.
    pub word: &'static str,
    /// The name it declares, and for a unit its other spellings.
    pub names: Vec<Name>,
    /// `version N` of a rate card.
    pub version: Option<u32>,
    /// Whether something inside could not be read.
    pub recovered: bool,
}

impl Head {
    /// The name it declares.
    pub fn name(&self) -> Option<&Name> {
        self.names.first()
    }

    fn of(item: &ast::Item) -> Head {
        let mut names: Vec<Name> = item.name().cloned().into_iter().collect();
        let mut version = None;
        match &item.kind {
            ItemKind::Unit(unit) => names.extend(unit.aliases.iter().cloned()),
            ItemKind::RateCard(card) => {
                version = card.version.as_ref().and_then(|v| v.as_u64()).and_then(|v| u32::try_from(v).ok());
            }
            _ => {}
        }
        Head { id: item.id, word: item.kind.word(), names, version, recovered: item.recovered }
    }
}

/// Reads a file; runs anew with every change of its text.
#[salsa::tracked]
pub fn read(db: &dyn salsa::Database, file: File) -> Read {
    let parse = parse_with(file.id(db), file.text(db), Spans::RelativeToItem);
    let items = parse.ast.items.iter().zip(&parse.ast.origins).enumerate();
    let places = items.map(|(at, (item, origin))| (item.id, (at, *origin))).collect();
    Read { tree: parse.ast, places, diagnostics: parse.diagnostics }
}

impl Read {
    /// An item and where in the file it begins.
    fn item(&self, id: ItemId) -> Option<(&Arc<ast::Item>, u32)> {
        let (at, origin) = self.places.get(&id)?;
        Some((self.tree.items.get(*at)?, *origin))
    }
}

/// What the items of a file are called, in the order of the text.
#[salsa::tracked]
pub fn outline(db: &dyn salsa::Database, file: File) -> Arc<Vec<Head>> {
    Arc::new(read(db, file).tree.items.iter().map(|item| Head::of(item)).collect())
}

/// One item, if the file has it.
#[salsa::tracked]
pub fn item(db: &dyn salsa::Database, file: File, id: ItemId) -> Option<Arc<ast::Item>> {
    read(db, file).item(id).map(|(item, _)| item.clone())
}

/// The text of an item, from where its spans are counted to its end.
#[salsa::tracked]
pub(crate) fn text(db: &dyn salsa::Database, file: File, id: ItemId) -> String {
    let Some((item, origin)) = read(db, file).item(id) else { return String::new() };
    let place = item.span.absolute(origin);
    file.text(db).get(origin as usize..place.end as usize).unwrap_or_default().to_owned()
}

/// Where in an item the parser found mistakes.
#[salsa::tracked]
pub(crate) fn mistakes(db: &dyn salsa::Database, file: File, id: ItemId) -> Vec<Span> {
    let read = read(db, file);
    let Some((item, origin)) = read.item(id) else { return Vec::new() };
    let errors = read.diagnostics.iter().filter(|found| found.is_error());
    let places = errors.flat_map(|found| &found.labels).filter(|label| label.primary).map(|label| label.span);
    let inside = |span: Span| {
        let (start, end) = (span.start.checked_sub(origin)?, span.end.checked_sub(origin)?);
        Some(Span::new(span.file, start, end).of(id))
    };
    places.filter_map(inside).filter(|span| span.start <= item.span.end).collect()
}

/// Whether the parser found mistakes in a file.
#[salsa::tracked(returns(copy))]
pub(crate) fn unreadable(db: &dyn salsa::Database, file: File) -> bool {
    read(db, file).diagnostics.iter().any(Diagnostic::is_error)
}

/// The items of a file that begin with a word.
pub(crate) fn items(db: &dyn salsa::Database, file: File, word: &'static str) -> impl Iterator<Item = Arc<ast::Item>> {
    outline(db, file)
        .iter()
        .filter(move |head| head.word == word)
        .filter_map(move |head| item(db, file, head.id).clone())
}

/// The place of a span in its file. What stands in no file of the workspace stays as it is.
pub fn absolute(db: &dyn salsa::Database, workspace: Workspace, span: Span) -> Span {
    if span.item == ItemId::FILE {
        return span;
    }
    let file = workspace.files(db).iter().find(|file| file.id(db) == span.file);
    let item = file.and_then(|file| read(db, *file).item(span.item));
    item.map_or(span, |(_, origin)| span.absolute(origin))
}

/// A finding with places in its files.
pub(crate) fn placed(db: &dyn salsa::Database, workspace: Workspace, mut found: Diagnostic) -> Diagnostic {
    found.spans_mut().for_each(|span| *span = absolute(db, workspace, *span));
    found
}
