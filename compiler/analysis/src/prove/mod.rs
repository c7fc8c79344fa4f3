//! `assert`: claims about all usage, decided on curves.
//!
//! A claim is about usage of one meter in one combination of labels, over one whole billing period
//! ([`price_ir::bill`]), in exact amounts before rounding. On the grid of quantities that a meter
//! can measure, the amounts are straight between neighbouring starts of pieces, so that the first
//! and the last point of each piece decide.
//!
//! Where a claim is about several quantities at once (`for all usage`, or two meters that are
//! named), the amounts are sums, bounds and choices of such curves, and the space of quantities is
//! cut into parts in which linear programs over rationals decide ([`search`]).

mod claims;
mod grid;
mod jumps;
mod part;
mod search;
mod sides;
mod simplex;
mod small;
mod together;
mod value;

use crate::codes;
use crate::inputs::{File, Workspace};
use crate::items;
use crate::limits;
use price_diagnostics::{Diagnostic, Edit, Fix, ItemId, Span};
use price_syntax::ast::ItemKind;
use std::sync::Arc;

/// An assertion with what became of each of its claims.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Proof {
    /// Its title.
    pub title: String,
    /// Where the title stands.
    pub span: Span,
    /// What it is about, as it is called.
    pub subject: String,
    /// Its claims in text order.
    pub claims: Vec<Claim>,
}

/// One claim.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Claim {
    /// As written.
    pub text: String,
    /// Where.
    pub span: Span,
    /// The answer.
    pub verdict: Verdict,
}

/// The answer to a claim.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Verdict {
    /// It holds.
    Proved,
    /// It does not.
    Disproved(Witness),
    /// It could not be decided, and why.
    Undecided(String),
}

/// Usage for which a claim does not hold.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Witness {
    /// `1_001 calls where region is eu`.
    pub usage: String,
    /// What it costs, and what that is compared with.
    pub says: String,
    /// A test of it, with `?` for the amounts.
    pub test: String,
}

/// The proofs of a file, and what is wrong with its assertions.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct Proofs {
    /// In text order.
    pub proofs: Vec<Proof>,
    /// Findings about what cannot be asked, and about claims that do not hold or are not decided.
    pub diagnostics: Vec<Diagnostic>,
}

/// Decides one assertion.
#[salsa::tracked]
fn proof(db: &dyn salsa::Database, workspace: Workspace, file: File, id: ItemId) -> Arc<Proofs> {
    let mut made = Proofs::default();
    if let Some(item) = items::item(db, file, id)
        && let ItemKind::Assert(assert) = &item.kind
        && !item.recovered
        && let Some(proof) = claims::prove(db, workspace, file, assert, &mut made.diagnostics)
    {
        for claim in &proof.claims {
            made.diagnostics.extend(finding(claim, &proof, item.span));
        }
        made.proofs.push(proof);
    }
    Arc::new(made)
}

/// The assertions of a file, their places in their items.
pub(crate) fn decided(db: &dyn salsa::Database, workspace: Workspace, file: File) -> Proofs {
    let mut made = Proofs::default();
    for head in items::outline(db, file).iter().filter(|head| head.word == "assert") {
        let one = proof(db, workspace, file, head.id);
        made.diagnostics.extend(one.diagnostics.iter().cloned());
        made.proofs.extend(one.proofs.iter().cloned());
        if made.proofs.len() >= limits::ASSERTIONS {
            break;
        }
    }
    made
}

fn finding(claim: &Claim, proof: &Proof, item: Span) -> Option<Diagnostic> {
    match &claim.verdict {
        Verdict::Proved => None,
        Verdict::Disproved(witness) => {
            let message = format!("`{}` does not hold", claim.text);
            let edit = Edit { span: item.after(), replacement: format!("\n\n{}", witness.test) };
            let fix = Fix { title: "write the counterexample as a test".into(), edits: vec![edit], safe: false };
            Some(
                Diagnostic::error(codes::DISPROVED, message)
                    .at(claim.span, witness.says.clone())
                    .also(proof.span, "claimed here")
                    .fix(fix),
            )
        }
        Verdict::Undecided(why) => Some(
            Diagnostic::warning(codes::UNDECIDED, format!("`{}` is not decided", claim.text))
                .at(claim.span, why.clone())
                .help("claim less, or accept it: `# price: allow(P804) reason=\"…\"`"),
        ),
    }
}

/// The proofs of a file.
#[salsa::tracked]
pub fn proofs(db: &dyn salsa::Database, workspace: Workspace, file: File) -> Arc<Proofs> {
    let mut made = decided(db, workspace, file);
    for proof in &mut made.proofs {
        proof.span = items::absolute(db, workspace, proof.span);
        for claim in &mut proof.claims {
            claim.span = items::absolute(db, workspace, claim.span);
        }
    }
    made.diagnostics = made.diagnostics.into_iter().map(|found| items::placed(db, workspace, found)).collect();
    Arc::new(made)
}
