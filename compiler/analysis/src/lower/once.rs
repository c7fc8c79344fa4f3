//! Statements that may stand once where they stand: of two, one would win unseen.

use super::layers::Layer;
use crate::codes;
use price_diagnostics::{Diagnostic, Span};
use price_syntax::ast::{self, CommitmentStmtKind, StmtKind, WalletStmtKind};

/// What a statement settles, if it may be settled once.
fn settles(kind: &StmtKind) -> Option<String> {
    Some(match kind {
        StmtKind::Seller(_) => "the seller".into(),
        StmtKind::Buyer { .. } => "the buyer".into(),
        StmtKind::Term { .. } => "the term".into(),
        StmtKind::Currency(_) => "the currency".into(),
        StmtKind::Timezone(_) => "the time zone".into(),
        StmtKind::Billing(_) => "the billing period".into(),
        StmtKind::Effective(_) => "the effective days".into(),
        StmtKind::Rounding { point, .. } => format!("the rounding of {point:?}").to_lowercase(),
        StmtKind::BasedOn(_) => "the plan it is based on".into(),
        StmtKind::Waterfall(_) => "the waterfall".into(),
        StmtKind::LateEvents { .. } => "late usage".into(),
        StmtKind::Interim(_) => "the early invoice".into(),
        StmtKind::Conversion { currency, .. } => format!("what a {} costs", currency.text),
        StmtKind::Entitlement(e) => format!("the entitlement `{}`", e.name.text),
        _ => return None,
    })
}

fn of_wallet(kind: &WalletStmtKind) -> Option<String> {
    Some(match kind {
        WalletStmtKind::Holds(_) => "what it holds".into(),
        WalletStmtKind::PaysFor { .. } => "what it pays for".into(),
        WalletStmtKind::Grant(grant) => format!("the grant `{}`", grant.name.as_ref()?.text),
        WalletStmtKind::TopUp(_) => "the top-up".into(),
        WalletStmtKind::Clawback { grant, .. } => format!("the clawback of `{}`", grant.text),
        WalletStmtKind::Rollover { .. } => "the rollover".into(),
        WalletStmtKind::Overdraft { .. } => "the overdraft".into(),
        WalletStmtKind::Spend(_) => "the order of its lots".into(),
        WalletStmtKind::Shared { .. } => "who shares it".into(),
        WalletStmtKind::Precise { .. } => "how precise it is".into(),
        WalletStmtKind::Bad(_) => return None,
    })
}

fn of_commitment(kind: &CommitmentStmtKind) -> Option<String> {
    let what = match kind {
        CommitmentStmtKind::Amount { .. } | CommitmentStmtKind::Ramp(_) => "the amount",
        CommitmentStmtKind::Counts { .. } => "what counts",
        CommitmentStmtKind::TrueUp { .. } => "the true-up",
        CommitmentStmtKind::Shortfall(_) => "the shortfall",
        CommitmentStmtKind::Excess { .. } => "the excess",
        CommitmentStmtKind::Overage(_) => "the overage",
        CommitmentStmtKind::Invoiced(_) => "when it is invoiced",
        CommitmentStmtKind::Unused { .. } => "what is unused",
        CommitmentStmtKind::CoveredAt(_) => "what it covers at",
        CommitmentStmtKind::Bad(_) => return None,
    };
    Some(what.into())
}

fn twice(said: impl Iterator<Item = (Option<String>, Span)>, found: &mut Vec<Diagnostic>) {
    let mut known: Vec<(String, Span)> = Vec::new();
    for (what, span) in said {
        let Some(what) = what else { continue };
        match known.iter().find(|(w, _)| *w == what) {
            Some((_, first)) => found.push(
                Diagnostic::error(codes::DECLARED_TWICE, format!("{what} is said twice"))
                    .at(span, "again")
                    .also(*first, "first"),
            ),
            None => known.push((what, span)),
        }
    }
}

/// What each layer says twice. An amendment sets things anew by being another layer.
pub(super) fn repeated(layers: &[Layer]) -> Vec<Diagnostic> {
    let mut found = Vec::new();
    for layer in layers {
        twice(layer.body().iter().map(|s| (settles(&s.kind), s.span)), &mut found);
        for ast::Stmt { kind, .. } in layer.body() {
            match kind {
                StmtKind::Wallet(w) => twice(w.body.iter().map(|s| (of_wallet(&s.kind), s.span)), &mut found),
                StmtKind::Commitment(c) => twice(c.body.iter().map(|s| (of_commitment(&s.kind), s.span)), &mut found),
                _ => {}
            }
        }
    }
    found
}
