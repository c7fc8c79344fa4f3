//! The state behind an editor: open texts, folders, one workspace.

use crate::invoices;
use crate::lines::LineIndex;
use crate::overlay::Overlay;
use crate::past::Revisions;
use crate::placed;
use price_analysis as analysis;
use price_diagnostics::{Diagnostic, FileId, Span};
use price_driver::{LoadError, Origin, Workspace, World, below, clean};
use price_syntax::ast::{DimensionSource, ItemKind, SourceFile, UseDecl};
use price_syntax::{Parse, Tree};
use price_value::Date;
use std::cell::RefCell;
use std::collections::BTreeMap;
use std::sync::Arc;

/// One replacement of text in one file.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct TextEdit {
    /// The text to take out.
    pub span: Span,
    /// The text to put in.
    pub text: String,
}

/// What an editor knows and asks. Paths are those of the world.
pub struct Ide {
    world: Box<dyn World + Send>,
    folders: Vec<String>,
    open: BTreeMap<String, String>,
    workspace: Workspace,
    today: Option<Date>,
    /// Trees of files, made when first asked for.
    trees: RefCell<BTreeMap<u32, Arc<Parse>>>,
    lines: RefCell<BTreeMap<u32, Arc<LineIndex>>>,
    /// Invoices of usage, by what they were made of.
    pub(crate) invoiced: RefCell<invoices::Kept>,
    pub(crate) revisions: Revisions,
    /// The revision that lines above prices compare them with.
    pub(crate) compared_with: Option<String>,
}

impl Ide {
    /// An editor that has opened nothing.
    #[must_use]
    pub fn new(world: Box<dyn World + Send>) -> Ide {
        Ide {
            world,
            folders: Vec::new(),
            open: BTreeMap::new(),
            workspace: Workspace::empty(),
            today: None,
            trees: RefCell::default(),
            lines: RefCell::default(),
            invoiced: RefCell::default(),
            revisions: Revisions::default(),
            compared_with: None,
        }
    }

    /// Says which day it is; see [`Workspace::set_today`].
    pub fn set_today(&mut self, today: Date) {
        self.today = Some(today);
        self.workspace.set_today(today);
    }

    /// Says which folders are open.
    ///
    /// # Errors
    /// When files cannot be loaded; what was loaded before stays.
    pub fn set_folders(&mut self, folders: Vec<String>) -> Result<(), LoadError> {
        self.folders = folders.iter().map(|folder| clean(folder)).collect();
        self.refresh()
    }

    /// The folders that are open.
    #[must_use]
    pub fn folders(&self) -> &[String] {
        &self.folders
    }

    /// Opens a text, or replaces it.
    ///
    /// # Errors
    /// When what it imports cannot be loaded; what was loaded before stays, with this text where
    /// the file was known.
    pub fn set_text(&mut self, path: &str, text: String) -> Result<(), LoadError> {
        let path = clean(path);
        self.open.insert(path.clone(), text.clone());
        if placed::is_usage(&path) {
            return Ok(());
        }
        let Some(file) = self.workspace.find(&path) else { return self.refresh() };
        let needs = needs(&self.ast(file));
        self.try_text(file, &text);
        if self::needs(&self.ast(file)) == needs { Ok(()) } else { self.refresh() }
    }

    /// Replaces the text of a file, and what was made of it.
    pub(crate) fn try_text(&mut self, file: FileId, text: &str) {
        self.workspace.set_text(file, text);
        self.trees.borrow_mut().remove(&file.0);
        self.lines.borrow_mut().remove(&file.0);
    }

    /// Closes a text: from then on the file on disk counts.
    ///
    /// # Errors
    /// As [`Ide::set_folders`].
    pub fn close(&mut self, path: &str) -> Result<(), LoadError> {
        let path = clean(path);
        self.open.remove(&path);
        if placed::is_usage(&path) { Ok(()) } else { self.refresh() }
    }

    /// The text of an open file.
    #[must_use]
    pub fn open_text(&self, path: &str) -> Option<&str> {
        self.open.get(&clean(path)).map(String::as_str)
    }

    /// Loads anew after files came, went or changed.
    ///
    /// # Errors
    /// As [`Ide::set_folders`].
    pub fn refresh(&mut self) -> Result<(), LoadError> {
        let overlay = Overlay { under: &*self.world, open: &self.open };
        let full = |folder: &&String| overlay.sources(folder).is_ok_and(|found| !found.is_empty());
        let mut paths: Vec<String> = self.folders.iter().filter(full).cloned().collect();
        let inside = |path: &String| self.folders.iter().any(|folder| below(folder, path).is_some());
        paths.extend(self.open.keys().filter(|path| price_driver::is_source(path) && !inside(path)).cloned());
        let done = self.workspace.reload(&overlay, &paths);
        if let Some(today) = self.today {
            self.workspace.set_today(today);
        }
        self.trees.borrow_mut().clear();
        self.lines.borrow_mut().clear();
        self.invoiced.borrow_mut().clear();
        done
    }

    /// The workspace, for questions this crate has no word for.
    #[must_use]
    pub fn workspace(&self) -> &Workspace {
        &self.workspace
    }

    /// The file at a path.
    #[must_use]
    pub fn file(&self, path: &str) -> Option<FileId> {
        self.workspace.find(path)
    }

    /// The files that are not of the standard library.
    #[must_use]
    pub fn files(&self) -> Vec<FileId> {
        self.workspace.own().map(|(id, _)| id).collect()
    }

    /// Whether a file is part of the standard library: it has no place on disk.
    #[must_use]
    pub fn is_standard(&self, file: FileId) -> bool {
        self.workspace.source(file).origin == Origin::Standard
    }

    /// The path of a file.
    #[must_use]
    pub fn path(&self, file: FileId) -> &str {
        &self.workspace.source(file).path
    }

    /// The text of a file, as the editor has it.
    #[must_use]
    pub fn text(&self, file: FileId) -> &str {
        &self.workspace.source(file).text
    }

    /// Where the lines of a file begin.
    #[must_use]
    pub fn lines(&self, file: FileId) -> Arc<LineIndex> {
        let mut lines = self.lines.borrow_mut();
        lines.entry(file.0).or_insert_with(|| Arc::new(LineIndex::new(self.text(file)))).clone()
    }

    /// All findings about a file.
    #[must_use]
    pub fn diagnostics(&self, file: FileId) -> Vec<Diagnostic> {
        let mut found = self.workspace.check_one(file);
        // What is said about another file is shown there.
        found.retain(|finding| finding.primary_span().is_none_or(|span| span.file == file));
        found
    }

    /// The whole text in its one form, as the edit that makes it so; none where it has it already.
    ///
    /// # Errors
    /// The mistakes that have to be mended first.
    pub fn format(&self, file: FileId) -> Result<Option<TextEdit>, Vec<Diagnostic>> {
        let text = self.text(file);
        let formatted = price_driver::format_text(self.path(file), text, true)?;
        Ok((formatted != text).then(|| smallest(file, text, &formatted)))
    }

    /// The world with what is open laid over it.
    pub(crate) fn overlay(&self) -> Overlay<'_> {
        Overlay { under: &*self.world, open: &self.open }
    }

    pub(crate) fn parse(&self, file: FileId) -> Arc<Parse> {
        if let Some(parse) = self.trees.borrow().get(&file.0) {
            return parse.clone();
        }
        let source = self.workspace.source(file);
        let text =
            if source.path.ends_with(".md") { price_syntax::blank_prose(&source.text) } else { source.text.clone() };
        let parse = Arc::new(price_syntax::parse(file, &text));
        self.trees.borrow_mut().insert(file.0, parse.clone());
        parse
    }

    pub(crate) fn with_tree<T>(&self, file: FileId, f: impl FnOnce(&Tree) -> T) -> T {
        f(&self.parse(file).tree)
    }

    pub(crate) fn ast(&self, file: FileId) -> Arc<SourceFile> {
        self.parse(file).ast.clone()
    }

    pub(crate) fn env(&self, file: FileId) -> Arc<analysis::env::Env> {
        let source = self.workspace.source(file);
        let file = self.workspace.file(file);
        match self.workspace.input(source) {
            Some(input) => analysis::module_env(self.workspace.db(), input, file).env.clone(),
            None => Arc::default(),
        }
    }

    /// The files that are compiled together with a file, itself and the standard library included.
    pub(crate) fn together(&self, file: FileId) -> Vec<FileId> {
        let db = self.workspace.db();
        match self.workspace.input(self.workspace.source(file)) {
            Some(input) => input.files(db).iter().map(|file| file.id(db)).collect(),
            None => vec![file],
        }
    }

    /// The file of a module as a file sees it.
    pub(crate) fn module(&self, from: FileId, name: &str) -> Option<FileId> {
        let db = self.workspace.db();
        let input = self.workspace.input(self.workspace.source(from))?;
        input.module(db, name).map(|file| file.id(db))
    }
}

/// The files that a tree asks for, in its own words.
fn needs(tree: &SourceFile) -> Vec<String> {
    let of = |item: &Arc<price_syntax::ast::Item>| match &item.kind {
        ItemKind::Use(UseDecl::Module { path, .. }) => Some(path.text()),
        ItemKind::Dimension(dimension) => match &dimension.source {
            DimensionSource::Csv(seed) | DimensionSource::Prefixes(seed) => Some(format!("\"{}", seed.file.value)),
            _ => None,
        },
        _ => None,
    };
    tree.items.iter().filter_map(of).collect()
}

/// The edit that replaces what differs between two texts, whole characters only.
fn smallest(file: FileId, old: &str, new: &str) -> TextEdit {
    let same = old.bytes().zip(new.bytes()).take_while(|(a, b)| a == b).count();
    let mut from = same;
    while !old.is_char_boundary(from) || !new.is_char_boundary(from) {
        from -= 1;
    }
    let rest = old.len().min(new.len()) - from;
    let mut tail = old.bytes().rev().zip(new.bytes().rev()).take(rest).take_while(|(a, b)| a == b).count();
    while !old.is_char_boundary(old.len() - tail) || !new.is_char_boundary(new.len() - tail) {
        tail -= 1;
    }
    let at = |offset: usize| u32::try_from(offset).unwrap_or(u32::MAX);
    TextEdit { span: Span::new(file, at(from), at(old.len() - tail)), text: new[from..new.len() - tail].to_owned() }
}
