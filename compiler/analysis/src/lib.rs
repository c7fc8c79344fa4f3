//! From syntax trees to typed programs, findings and plans.
//!
//! One salsa database stands behind the command line and the editor: texts go in
//! ([`File`], [`DataFile`], [`Workspace`]), answers come out of memoised queries. Nothing here
//! reads files, clocks or the environment, and nothing fails: broken input gives findings.
//!
//! *Invariant:* meanings (`declare`, `env`) carry no spans, so that moving text in one module
//! does not recompute another.

pub mod checks;
pub mod codes;
pub mod db;
pub mod declare;
pub mod env;
mod fold;
pub mod imports;
pub mod inputs;
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
pub use locks::{Locked, locked};
pub use lower::Lowered;
pub use prove::{Claim, Proof, Proofs, Verdict, Witness, proofs};
pub use sources::{Sourced, sourced};
pub use testcase::{Expect, ExpectTarget, FieldInput, Given, TestCase, TestFile};

use price_diagnostics::{Diagnostic, Span};
use price_syntax::ast::ItemKind;
use price_value::Date;

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
    /// Position among the file's items, for [`lowered`].
    pub item: u32,
}

/// The rate cards and plans of a file, in text order.
pub fn subjects(db: &dyn salsa::Database, file: File) -> Vec<Subject> {
    let parsed = parsed(db, file);
    let mut found = Vec::new();
    for (index, item) in parsed.ast.items.iter().enumerate() {
        let (name, version, kind) = match &item.kind {
            ItemKind::RateCard(card) => {
                let version = card.version.as_ref().and_then(|v| v.as_u64()).and_then(|v| u32::try_from(v).ok());
                (&card.name.text, version, "ratecard")
            }
            ItemKind::Plan(plan) => (&plan.name.text, None, "plan"),
            ItemKind::Contract(contract) => (&contract.name.text, None, "contract"),
            _ => continue,
        };
        found.push(Subject { name: name.clone(), version, kind, file, item: index as u32 });
    }
    found
}

/// The contracts that the amendments of a file change.
pub fn amended(db: &dyn salsa::Database, workspace: Workspace, file: File) -> Vec<Subject> {
    let items = &parsed(db, file).ast.items;
    let amendments = items.iter().filter_map(|item| match &item.kind {
        ItemKind::Amendment(amendment) => Some(amendment),
        _ => None,
    });
    let contract = |amendment| {
        let at = lower::amend::target(db, workspace, file, amendment, &mut Vec::new())?;
        subjects(db, at.file).into_iter().find(|s| s.item == at.index as u32)
    };
    amendments.filter_map(contract).collect()
}

/// The days on which retroactive amendments of a subject were signed, in order: on each, more of
/// it came to be known. None for all but contracts.
pub fn signatures(db: &dyn salsa::Database, workspace: Workspace, subject: &Subject) -> Vec<Date> {
    lower::amend::signatures(db, workspace, env::ItemRef { file: subject.file, index: subject.item as usize })
}

/// "Not available in this version."
pub(crate) fn not_yet(what: &str, span: Span) -> Diagnostic {
    Diagnostic::error(codes::NOT_YET, format!("{what} cannot be executed by this version"))
        .at(span, "read, but not compiled")
        .help("everything else in the file is still checked")
}
