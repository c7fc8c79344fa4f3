//! `assert`: claims about all usage, decided on curves.
//!
//! A claim is about usage of one meter in one combination of labels, over one whole billing period
//! ([`price_ir::bill`]), in exact amounts before rounding. On the grid of quantities that a meter
//! can measure, the amounts are straight between neighbouring starts of pieces, so that the first
//! and the last point of each piece decide.

mod claims;
mod grid;
mod value;

use crate::codes;
use crate::db;
use crate::inputs::{File, Workspace};
use crate::limits;
use price_diagnostics::{Diagnostic, Edit, Fix, Span};
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

/// Decides the assertions of a file.
pub(crate) fn build(db: &dyn salsa::Database, workspace: Workspace, file: File) -> Proofs {
    let parsed = db::parsed(db, file);
    let mut made = Proofs::default();
    for item in &parsed.ast.items {
        let ItemKind::Assert(assert) = &item.kind else { continue };
        if item.recovered {
            continue;
        }
        let Some(proof) = claims::prove(db, workspace, file, assert, &mut made.diagnostics) else { continue };
        for claim in &proof.claims {
            made.diagnostics.extend(finding(claim, &proof, item.span));
        }
        made.proofs.push(proof);
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
    Arc::new(build(db, workspace, file))
}
