//! The database: files in, memoised answers out. The only inputs are texts.

use crate::env::{self, EnvResult, ItemRef};
use crate::imports::{self, ImportGraph};
use crate::inputs::{File, Workspace};
use crate::lower::{self, Lowered};
use crate::testcase::{self, TestFile};
use price_diagnostics::Diagnostic;
use price_syntax::ast;
use price_value::Date;
use std::sync::Arc;

/// The one database behind the command line and the editor.
#[salsa::db]
#[derive(Clone, Default)]
pub struct Database {
    storage: salsa::Storage<Self>,
}

#[salsa::db]
impl salsa::Database for Database {}

/// A parsed file.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Parsed {
    /// The typed tree.
    pub ast: Arc<ast::SourceFile>,
    /// Syntax findings.
    pub diagnostics: Vec<Diagnostic>,
}

/// Parses a file.
#[salsa::tracked]
pub fn parsed(db: &dyn salsa::Database, file: File) -> Parsed {
    let parse = price_syntax::parse(file.id(db), file.text(db));
    Parsed { ast: Arc::new(parse.ast), diagnostics: parse.diagnostics }
}

/// Who imports whom, and which imports close a cycle.
#[salsa::tracked]
pub fn import_graph(db: &dyn salsa::Database, workspace: Workspace) -> Arc<ImportGraph> {
    Arc::new(imports::build(db, workspace))
}

/// What the names of a module mean.
#[salsa::tracked]
pub fn module_env(db: &dyn salsa::Database, workspace: Workspace, file: File) -> EnvResult {
    env::build(db, workspace, file)
}

/// One rate card or plan, by its position among the file's items.
#[salsa::tracked]
pub fn lowered(db: &dyn salsa::Database, workspace: Workspace, file: File, item: u32) -> Arc<Lowered> {
    Arc::new(lower::item(db, workspace, file, item as usize, None))
}

/// A contract as it was known before a day: without retroactive amendments signed on it or later.
#[salsa::tracked]
pub fn lowered_before(
    db: &dyn salsa::Database,
    workspace: Workspace,
    file: File,
    item: u32,
    day: Date,
) -> Arc<Lowered> {
    Arc::new(lower::item(db, workspace, file, item as usize, Some(day)))
}

/// A contract as it is known, and as it was known before each retroactive amendment.
fn known(db: &dyn salsa::Database, workspace: Workspace, file: File, item: u32) -> Vec<Arc<Lowered>> {
    let now = lowered(db, workspace, file, item);
    let mut all = vec![now.clone()];
    for day in lower::amend::signatures(db, workspace, ItemRef { file, index: item as usize }) {
        let mut before = Lowered::clone(lowered_before(db, workspace, file, item, day));
        before.diagnostics.retain(|found| !now.diagnostics.contains(found));
        let when = format!("as it was known before {day}, when a retroactive amendment was signed");
        before.diagnostics = before.diagnostics.into_iter().map(|found| found.note(when.clone())).collect();
        all.push(Arc::new(before));
    }
    all
}

/// The tests of a file.
#[salsa::tracked]
pub fn test_file(db: &dyn salsa::Database, workspace: Workspace, file: File) -> Arc<TestFile> {
    Arc::new(testcase::build(db, workspace, file))
}

/// The cards, plans and contracts of a file.
fn items_found(db: &dyn salsa::Database, workspace: Workspace, file: File) -> Vec<Arc<Lowered>> {
    let mut found = Vec::new();
    for (index, item) in parsed(db, file).ast.items.iter().enumerate() {
        match &item.kind {
            ast::ItemKind::RateCard(_) | ast::ItemKind::Plan(_) => {
                found.push(lowered(db, workspace, file, index as u32).clone());
            }
            ast::ItemKind::Contract(_) => found.extend(known(db, workspace, file, index as u32)),
            // What an amendment says is found with its contract.
            ast::ItemKind::Amendment(amendment) => {
                let contract = lower::amend::target(db, workspace, file, amendment, &mut Vec::new());
                found.extend(contract.into_iter().flat_map(|at| known(db, workspace, at.file, at.index as u32)));
            }
            _ => {}
        }
    }
    found
}

/// Whether a finding is about another file, and found there as well.
fn said_elsewhere(db: &dyn salsa::Database, workspace: Workspace, file: File, found: &Diagnostic) -> bool {
    let Some(span) = found.primary_span().filter(|span| span.file != file.id(db)) else { return false };
    let other = workspace.files(db).iter().find(|f| f.id(db) == span.file).copied();
    other.is_some_and(|other| items_found(db, workspace, other).iter().any(|i| i.diagnostics.contains(found)))
}

/// Everything found in a file, in the order of reports. Follow-on findings are left out.
#[salsa::tracked]
pub fn check_file(db: &dyn salsa::Database, workspace: Workspace, file: File) -> Vec<Diagnostic> {
    let parsed = parsed(db, file);
    let mut all = parsed.diagnostics.clone();
    all.extend(module_env(db, workspace, file).diagnostics.iter().cloned());
    for found in items_found(db, workspace, file) {
        // What a card under a plan has to say of itself is said with the card's file.
        all.extend(found.diagnostics.iter().filter(|d| !said_elsewhere(db, workspace, file, d)).cloned());
    }
    all.extend(test_file(db, workspace, file).diagnostics.iter().cloned());
    all.extend(crate::prove::proofs(db, workspace, file).diagnostics.iter().cloned());
    price_diagnostics::sort(&mut all);
    all.dedup();
    all
}
