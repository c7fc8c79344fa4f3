//! The database: files in, memoised answers out. The only inputs are texts.

use crate::env::{self, Env, EnvResult, ItemRef};
use crate::imports::{self, ImportGraph};
use crate::inputs::{File, Workspace};
use crate::items;
use crate::lower::{self, Lowered};
use crate::testcase::{self, TestFile};
use price_diagnostics::{Diagnostic, ItemId};
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

impl Database {
    /// A database that says what it does: which queries it runs, and which answers it keeps.
    pub fn with_events(told: impl Fn(salsa::Event) + Send + Sync + 'static) -> Database {
        Database { storage: salsa::Storage::new(Some(Box::new(told))) }
    }
}

/// The tree of a file with spans from its start, for who shows it. Nothing that is checked reads it.
#[salsa::tracked]
pub fn parsed(db: &dyn salsa::Database, file: File) -> Arc<ast::SourceFile> {
    price_syntax::parse(file.id(db), file.text(db)).ast
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

/// The same without the findings, which may move or change while the meanings stay.
#[salsa::tracked]
pub(crate) fn names(db: &dyn salsa::Database, workspace: Workspace, file: File) -> Arc<Env> {
    module_env(db, workspace, file).env.clone()
}

/// One rate card or plan. Its places are those in its items: [`crate::absolute`] leads to the file.
#[salsa::tracked]
pub fn lowered(db: &dyn salsa::Database, workspace: Workspace, file: File, item: ItemId) -> Arc<Lowered> {
    Arc::new(lower::item(db, workspace, file, item, None))
}

/// A contract as it was known before a day: without retroactive amendments signed on it or later.
#[salsa::tracked]
pub fn lowered_before(
    db: &dyn salsa::Database,
    workspace: Workspace,
    file: File,
    item: ItemId,
    day: Date,
) -> Arc<Lowered> {
    Arc::new(lower::item(db, workspace, file, item, Some(day)))
}

/// A contract as it is known, and as it was known before each retroactive amendment.
fn known(db: &dyn salsa::Database, workspace: Workspace, file: File, item: ItemId) -> Vec<Arc<Lowered>> {
    let now = lowered(db, workspace, file, item);
    let mut all = vec![now.clone()];
    for day in lower::amend::signatures(db, workspace, ItemRef { file, id: item }) {
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
    for head in items::outline(db, file).iter() {
        match head.word {
            "ratecard" | "plan" => found.push(lowered(db, workspace, file, head.id).clone()),
            "contract" => found.extend(known(db, workspace, file, head.id)),
            // What an amendment says is found with its contract.
            "amendment" => {
                let Some(item) = items::item(db, file, head.id) else { continue };
                let ast::ItemKind::Amendment(amendment) = &item.kind else { continue };
                let contract = lower::amend::target(db, workspace, file, amendment, &mut Vec::new());
                found.extend(contract.into_iter().flat_map(|at| known(db, workspace, at.file, at.id)));
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

/// What is found in a file beyond its syntax, its places in their items.
#[salsa::tracked]
fn found(db: &dyn salsa::Database, workspace: Workspace, file: File) -> Vec<Diagnostic> {
    let mut all = Vec::new();
    all.extend(module_env(db, workspace, file).diagnostics.iter().cloned());
    for found in items_found(db, workspace, file) {
        // What a card under a plan has to say of itself is said with the card's file.
        all.extend(found.diagnostics.iter().filter(|d| !said_elsewhere(db, workspace, file, d)).cloned());
    }
    for tests in testcase::items_of(db, workspace, file) {
        all.extend(tests.diagnostics.iter().cloned());
    }
    all.extend(crate::prove::decided(db, workspace, file).diagnostics);
    all
}

/// Everything found in a file, in the order of reports. Follow-on findings are left out.
///
/// Checks nothing itself: it only says where things stand now, so it is made anew with every change
/// of the text.
#[salsa::tracked]
pub fn check_file(db: &dyn salsa::Database, workspace: Workspace, file: File) -> Vec<Diagnostic> {
    let mut all = items::read(db, file).diagnostics.clone();
    all.extend(found(db, workspace, file).iter().map(|one| items::placed(db, workspace, one.clone())));
    price_diagnostics::sort(&mut all);
    all.dedup();
    all
}
