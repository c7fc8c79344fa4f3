//! What only a contract says: parties, accounts, term.

use super::Lowering;
use super::amend::Changes;
use super::layers::Layer;
use crate::codes;
use crate::declare::calendar::days_of;
use price_diagnostics::{Diagnostic, Span as SourceSpan};
use price_ir::Parties;
use price_syntax::ast::{self, StmtKind};
use price_value::{Date, Schedule, Span, Window, Zone};

/// The term of a contract as it is written, with what amendments add to it.
#[derive(Debug, Clone, Copy)]
pub(super) struct Term {
    /// Its first day, and the first day after it; of one that renews, after its first run.
    pub(super) from: Date,
    pub(super) until: Date,
    /// How long each further run is.
    pub(super) renews: Option<Window>,
    /// An amendment moved its end.
    pub(super) extended: bool,
}

impl Term {
    /// Its length in months, if they are whole.
    pub(super) fn months(&self) -> Option<u32> {
        let after = |n: i32| self.from.add_months(n, self.from.day());
        let whole = (1..=1_200).find(|n| after(*n) >= self.until).filter(|n| after(*n) == self.until);
        whole.and_then(|n| u32::try_from(n).ok())
    }

    /// The month in which the period begins that holds its first day, were it billed by the month.
    pub(super) fn first_month(&self, billing: &Schedule) -> u8 {
        let monthly = Schedule { every: Window::Month, ..billing.clone() };
        monthly.period_of(&Zone::utc(), self.from).from.month().unsigned_abs()
    }

    /// The first day on which the contract is over; none if it renews.
    pub(super) fn over(&self) -> Option<Date> {
        self.renews.is_none().then_some(self.until)
    }
}

impl Lowering<'_> {
    /// The parties of a contract; its term ends it unless it renews.
    pub(super) fn parties(&mut self, own: &Layer, contract: &ast::Contract, changes: &Changes<'_>) -> Option<Parties> {
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
                    for account in accounts {
                        if made.accounts.contains(&account.text()) {
                            let message = format!("the account `{}` is named twice", account.text());
                            self.report(Diagnostic::error(codes::DECLARED_TWICE, message).at(account.span, "again"));
                            continue;
                        }
                        made.accounts.push(account.text());
                    }
                }
                StmtKind::Term { period, renews } => {
                    term = true;
                    let Some((from, until)) = days_of(period) else {
                        if self.told(period.span) {
                            return None;
                        }
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
                    self.term = Some(Term { from, until, renews: made.renews, extended: false });
                }
                _ => {}
            }
        }
        // Without accounts there is one that is called like the contract.
        self.accounts = Some(match made.accounts.as_slice() {
            [] => vec![contract.name.text.clone()],
            some => some.to_vec(),
        });
        if !term {
            let finding = Diagnostic::error(codes::SAY_BALANCE, "a contract must say its term")
                .at(contract.name.span, "from when to when?")
                .help("write for example `term 2026-01-01 through 2026-12-31 renews yearly`");
            self.report(finding);
            return None;
        }
        self.extend_term(changes);
        let term = self.term?;
        made.term = Span { from: Some(term.from), until: term.renews.is_none().then_some(term.until) };
        Some(made)
    }

    /// The end that amendments give the term: of one that renews, the day from which it renews.
    fn extend_term(&mut self, changes: &Changes<'_>) {
        for (day, effective, span) in changes.term_ends() {
            let Some(term) = &mut self.term else { return };
            let wrong = if term.renews.is_some() && day <= term.until {
                let last = term.until.add_days(-1);
                let help = format!("it runs through {last} before it renews: name a later day");
                Some(("a term that renews is extended, not shortened", help))
            } else if effective.is_some_and(|effective| day <= effective) || day <= term.from {
                Some(("the term ends before this amendment begins", "days before an amendment are as they were".into()))
            } else {
                None
            };
            if let Some((message, help)) = wrong {
                self.report(Diagnostic::error(codes::OUT_OF_RANGE, message).at(span, "").help(help));
                return;
            }
            (term.until, term.extended) = (day, true);
        }
    }

    /// The pauses of a contract and its amendments, in order; those that touch are one.
    pub(super) fn pauses(&mut self, layers: &[Layer], term: &Span) -> Vec<Span> {
        let mut said: Vec<(Span, SourceSpan)> = Vec::new();
        for layer in layers {
            for statement in layer.body() {
                let StmtKind::Pause(period) = &statement.kind else { continue };
                let Some((from, until)) = days_of(period) else {
                    if self.told(period.span) {
                        continue;
                    }
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
