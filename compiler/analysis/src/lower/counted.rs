//! How commitments share the lines that several of them count.

use super::Lowering;
use crate::codes;
use crate::report;
use price_diagnostics::{Diagnostic, Fix};
use price_ir::{Commitment, CommitmentIx};
use price_syntax::ast::{self, CommitmentStmtKind, CountSharing};

/// What a commitment says of the others.
fn said(decl: &ast::Commitment) -> impl Iterator<Item = &(ast::Path, CountSharing)> {
    decl.body.iter().flat_map(|s| match &s.kind {
        CommitmentStmtKind::Counts { sharing, .. } => sharing.as_slice(),
        _ => &[],
    })
}

/// What it says of one of them.
fn of<'d>(decl: &'d ast::Commitment, name: &str) -> Option<&'d (ast::Path, CountSharing)> {
    said(decl).find(|(path, _)| path.last().is_some_and(|n| n.text == name))
}

impl Lowering<'_> {
    /// Commitments whose scopes overlap must say how they share what they count.
    pub(super) fn overlapping(&mut self, decls: &[&ast::Commitment], made: &mut [Commitment]) -> Option<()> {
        self.counted_names(decls, made)?;
        for at in 0..made.len() {
            for other in 0..at {
                if !made[at].counts.iter().any(|line| made[other].counts.contains(line)) {
                    continue;
                }
                let first = made[other].name.clone();
                match (of(decls[at], &first), of(decls[other], &made[at].name)) {
                    (_, Some((path, CountSharing::NotCounted))) => {
                        let message = format!("`{first}` stands first, and `{}` cannot count before it", made[at].name);
                        self.report(
                            Diagnostic::error(codes::NOT_HERE, message)
                                .at(path.span, "")
                                .also(decls[at].name.span, "counts what is left")
                                .help(format!(
                                    "write `not counted by {first}` in `{}`, or write it first",
                                    made[at].name
                                )),
                        );
                        return None;
                    }
                    (Some((_, CountSharing::NotCounted)), _) => made[at].beyond.push(CommitmentIx(other as u32)),
                    // Both count everything, whichever of them says so.
                    (Some((_, CountSharing::AlsoCounted)), _) | (None, Some(_)) => {}
                    (None, None) => {
                        self.ask_how_both_count(decls[at], &first);
                        return None;
                    }
                }
            }
        }
        Some(())
    }

    fn ask_how_both_count(&mut self, decl: &ast::Commitment, first: &str) {
        let counts = decl.body.iter().find(|s| matches!(s.kind, CommitmentStmtKind::Counts { .. }));
        let span = counts.map_or(decl.name.span, |s| s.span);
        let end = span.after();
        let message = format!("`{}` and `{first}` count the same lines", decl.name.text);
        let mut finding = Diagnostic::error(codes::SAY_BALANCE, message)
            .at(span, "does it see what the other counted?")
            .help(format!("write `not counted by {first}` (it sees what the other left) or `also counted by {first}`"));
        for word in ["not", "also"] {
            let text = format!(" {word} counted by {first}");
            finding = finding.fix(Fix::replace(format!("add `{}`", text.trim()), end, text, false));
        }
        self.report(finding);
    }

    /// The commitments that others name: they are there, once, and count something in common.
    fn counted_names(&mut self, decls: &[&ast::Commitment], made: &[Commitment]) -> Option<()> {
        let mut sound = true;
        for (at, decl) in decls.iter().enumerate() {
            let mut known: Vec<&str> = Vec::new();
            for (path, _) in said(decl) {
                let Some(name) = path.last() else { continue };
                let other = made.iter().position(|c| c.name == name.text);
                let shares = |other: usize| made[at].counts.iter().any(|line| made[other].counts.contains(line));
                let finding = match other {
                    None => report::unknown(
                        codes::UNKNOWN_NAME,
                        "postpaid commitment",
                        &name.text,
                        name.span,
                        made.iter().filter(|c| c.name != decl.name.text).map(|c| c.name.as_str()),
                    ),
                    Some(other) if other == at => {
                        let message = format!("`{}` counts what it counts", name.text);
                        Diagnostic::error(codes::NOT_HERE, message).at(path.span, "this is the commitment itself")
                    }
                    Some(_) if known.contains(&name.text.as_str()) => {
                        let message = format!("`{}` is named twice", name.text);
                        Diagnostic::error(codes::DECLARED_TWICE, message).at(path.span, "again")
                    }
                    Some(other) if !shares(other) => {
                        let message = format!("`{}` and `{}` count no line in common", decl.name.text, name.text);
                        Diagnostic::error(codes::NOT_HERE, message).at(path.span, "it would do nothing here")
                    }
                    Some(_) => {
                        known.push(&name.text);
                        continue;
                    }
                };
                self.report(finding);
                sound = false;
            }
        }
        sound.then_some(())
    }
}
