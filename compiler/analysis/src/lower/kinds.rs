//! Words of one kind of commitment: in the other they would do nothing.

use super::Lowering;
use crate::codes;
use price_diagnostics::Diagnostic;
use price_syntax::ast::{self, CommitmentPayment, CommitmentStmtKind, Invoiced};

/// The word a statement begins with and the kind of commitment it belongs to, if it is not of both.
fn belongs(kind: &CommitmentStmtKind) -> Option<(&'static str, CommitmentPayment)> {
    use CommitmentPayment::{Postpaid, Prepaid};
    Some(match kind {
        CommitmentStmtKind::TrueUp { .. } => ("true-up", Postpaid),
        CommitmentStmtKind::Shortfall(_) => ("shortfall", Postpaid),
        CommitmentStmtKind::Excess { .. } => ("excess", Postpaid),
        CommitmentStmtKind::Counts { except_paid_by, .. } if !except_paid_by.is_empty() => ("except paid by", Postpaid),
        CommitmentStmtKind::Counts { sharing, .. } if !sharing.is_empty() => ("counted by", Postpaid),
        CommitmentStmtKind::Invoiced(Invoiced::AtStart | Invoiced::Every(_)) => ("invoiced", Prepaid),
        CommitmentStmtKind::Invoiced(Invoiced::AlreadyPaid) => ("already paid", Prepaid),
        CommitmentStmtKind::Invoiced(Invoiced::Free) => ("free", Prepaid),
        CommitmentStmtKind::Unused { .. } => ("unused", Prepaid),
        CommitmentStmtKind::CoveredAt(_) => ("covered at", Prepaid),
        _ => return None,
    })
}

impl Lowering<'_> {
    /// Words of the other kind, each reported.
    pub(super) fn of_one_kind(&mut self, decl: &ast::Commitment, payment: CommitmentPayment) -> Option<()> {
        let (own, why) = match payment {
            CommitmentPayment::Prepaid => {
                ("prepaid", "a prepaid commitment is paid whether it is used or not; a counter is `postpaid`")
            }
            CommitmentPayment::Postpaid => {
                ("postpaid", "a postpaid commitment counts what is invoiced; a balance that pays is `prepaid`")
            }
        };
        let other = if own == "prepaid" { "postpaid" } else { "prepaid" };
        let mut sound = true;
        for statement in &decl.body {
            let Some((word, _)) = belongs(&statement.kind).filter(|(_, kind)| *kind != payment) else { continue };
            let message = format!("`{word}` belongs to a {other} commitment, and `{}` is {own}", decl.name.text);
            self.report(
                Diagnostic::error(codes::NOT_HERE, message)
                    .at(statement.span, "it would do nothing here")
                    .note(why)
                    .help("leave it out, or change the word behind the name"),
            );
            sound = false;
        }
        sound.then_some(())
    }
}
