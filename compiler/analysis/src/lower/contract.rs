//! What only a contract says: parties, accounts, term.

use super::Lowering;
use super::layers::Layer;
use crate::codes;
use crate::declare::calendar::days_of;
use price_diagnostics::{Diagnostic, Span as SourceSpan};
use price_ir::Parties;
use price_syntax::ast::{self, StmtKind};
use price_value::{Span, Window};

impl Lowering<'_> {
    /// The parties of a contract; its term ends it unless it renews.
    pub(super) fn parties(&mut self, own: &Layer, contract: &ast::Contract) -> Option<Parties> {
        let mut made = Parties {
            seller: None,
            buyer: contract.with.as_ref().map(|text| text.value.clone()),
            accounts: Vec::new(),
            term: Span::default(),
            renews: None,
            pauses: Vec::new(),
        };
        let mut term = false;
        for statement in own.body() {
            match &statement.kind {
                StmtKind::Seller(text) => made.seller = Some(text.value.clone()),
                StmtKind::Buyer { name, accounts } => {
                    made.buyer = Some(name.value.clone());
                    made.accounts = accounts.iter().map(ast::Path::text).collect();
                }
                StmtKind::Term { period, renews } => {
                    term = true;
                    let Some((from, until)) = days_of(period) else {
                        let message = "this is not a stretch of days";
                        self.report(Diagnostic::error(codes::OUT_OF_RANGE, message).at(period.span, ""));
                        return None;
                    };
                    made.renews = match renews {
                        None => None,
                        Some(ast::Frequency::Monthly) => Some(Window::Month),
                        Some(ast::Frequency::Quarterly) => Some(Window::Quarter),
                        Some(ast::Frequency::Yearly) => Some(Window::Year),
                        Some(_) => {
                            let message = "a contract renews monthly, quarterly or yearly";
                            self.report(Diagnostic::error(codes::OUT_OF_RANGE, message).at(statement.span, ""));
                            return None;
                        }
                    };
                    made.term = Span { from: Some(from), until: made.renews.is_none().then_some(until) };
                }
                _ => {}
            }
        }
        if !term {
            let finding = Diagnostic::error(codes::SAY_BALANCE, "a contract must say its term")
                .at(contract.name.span, "from when to when?")
                .help("write for example `term 2026-01-01 through 2026-12-31 renews yearly`");
            self.report(finding);
            return None;
        }
        Some(made)
    }

    /// The pauses of a contract and its amendments, in order; those that touch are one.
    pub(super) fn pauses(&mut self, layers: &[Layer], term: &Span) -> Vec<Span> {
        let mut said: Vec<(Span, SourceSpan)> = Vec::new();
        for layer in layers {
            for statement in layer.body() {
                let StmtKind::Pause(period) = &statement.kind else { continue };
                let Some((from, until)) = days_of(period) else {
                    let message = "this is not a stretch of days";
                    self.report(Diagnostic::error(codes::OUT_OF_RANGE, message).at(period.span, ""));
                    continue;
                };
                let before = term.from.is_some_and(|first| from < first);
                if before || term.until.is_some_and(|end| until > end) {
                    self.report(
                        Diagnostic::error(codes::OUT_OF_RANGE, "a pause lies within the term")
                            .at(period.span, "not within it"),
                    );
                    continue;
                }
                // Days before an amendment are as they were.
                if layer.during.from.is_some_and(|effective| from < effective) {
                    self.report(
                        Diagnostic::error(codes::OUT_OF_RANGE, "the pause begins before its amendment is effective")
                            .at(period.span, "")
                            .help("let the amendment be effective on the pause's first day, `retroactive` if need be"),
                    );
                    continue;
                }
                said.push((Span { from: Some(from), until: Some(until) }, period.span));
            }
        }
        said.sort_by_key(|(span, _)| span.from);
        for pair in said.windows(2) {
            if pair[0].0.until > pair[1].0.from {
                self.report(
                    Diagnostic::error(codes::DECLARED_TWICE, "two pauses share days")
                        .at(pair[1].1, "again")
                        .also(pair[0].1, "first"),
                );
            }
        }
        let mut apart: Vec<Span> = Vec::new();
        for (span, _) in said {
            match apart.last_mut() {
                Some(last) if last.until >= span.from => last.until = last.until.max(span.until),
                _ => apart.push(span),
            }
        }
        apart
    }
}
