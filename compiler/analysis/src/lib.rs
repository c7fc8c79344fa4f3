//! From syntax trees to typed programs, findings and plans.
//!
//! One salsa database stands behind the command line and the editor: texts go in
//! ([`File`], [`DataFile`], [`Workspace`]), answers come out of memoised queries. Nothing here
//! reads files, clocks or the environment, and nothing fails: broken input gives findings.
//!
//! *Invariant:* meanings (`declare`, `env`) carry no spans, so that moving text in one module
//! does not recompute another.
//!
//! *Invariant:* what is checked reads items ([`items`]) and never the text or tree of a whole file,
//! so that typing in one item re-checks that item and what depends on it.

pub mod checks;
pub mod codes;
pub mod db;
pub mod declare;
pub mod env;
mod fold;
pub mod imports;
pub mod inputs;
pub mod items;
pub mod limits;
mod locks;
pub mod lower;
pub mod prove;
mod report;
mod sources;
pub mod testcase;
pub mod types;
pub mod unit;

pub use db::{Database, check_file, lowered, lowered_before, module_env, parsed, test_file};
pub use inputs::{DataFile, File, Workspace, module_of, regroup, set_text, update, update_data};
pub use items::{absolute, item, outline};
pub use locks::{Locked, locked};
pub use lower::Lowered;
pub use prove::{Claim, Proof, Proofs, Verdict, Witness, proofs};
pub use sources::{Sourced, sourced};
pub use testcase::{Expect, ExpectTarget, FieldInput, Given, TestCase, TestFile};

use items::Head;
use price_diagnostics::{Diagnostic, ItemId, Span};
use price_syntax::ast::{Item, ItemKind};
use price_value::Date;
use std::sync::Arc;

/// A rate card or plan of a file.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Subject {
    /// Declared name.
    pub name: String,
    /// `version N` of a card.
    pub version: Option<u32>,
    /// `ratecard` or `plan`.
    pub kind: &'static str,
    /// File it stands in.
    pub file: File,
    /// Which of the file's items, for [`lowered`].
    pub item: ItemId,
}

/// The rate cards and plans of a file, in text order.
pub fn subjects(db: &dyn salsa::Database, file: File) -> Vec<Subject> {
    let heads = items::outline(db, file).iter();
    let subject = |head: &items::Head| {
        let name = head.name()?.text.clone();
        let Head { id: item, version, word: kind, .. } = *head;
        ["ratecard", "plan", "contract"].contains(&kind).then_some(Subject { name, version, kind, file, item })
    };
    heads.filter_map(subject).collect()
}

/// The contracts that the amendments of a file change.
pub fn amended(db: &dyn salsa::Database, workspace: Workspace, file: File) -> Vec<Subject> {
    let contract = |item: Arc<Item>| {
        let ItemKind::Amendment(amendment) = &item.kind else { return None };
        let at = lower::amend::target(db, workspace, file, amendment, &mut Vec::new())?;
        subjects(db, at.file).into_iter().find(|s| s.item == at.id)
    };
    items::items(db, file, "amendment").filter_map(contract).collect()
}

/// The days on which retroactive amendments of a subject were signed, in order: on each, more of
/// it came to be known. None for all but contracts.
pub fn signatures(db: &dyn salsa::Database, workspace: Workspace, subject: &Subject) -> Vec<Date> {
    lower::amend::signatures(db, workspace, env::ItemRef { file: subject.file, id: subject.item })
}

/// "Not available in this version."
pub(crate) fn not_yet(what: &str, span: Span) -> Diagnostic {
    Diagnostic::error(codes::NOT_YET, format!("{what} cannot be executed by this version"))
        .at(span, "read, but not compiled")
        .help("everything else in the file is still checked")
}
