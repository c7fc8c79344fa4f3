//! The statements of a price block that are not charges.

use crate::codes;
use crate::lower::Lowering;
use crate::lower::layers::Layer;
use crate::types::{Ty, Typer};
use price_diagnostics::{Diagnostic, Span};
use price_ir::{Bound, Counting, LineClamp, Post, RuleIx};
use price_syntax::ast::{self, PriceStmtKind, PriceTarget};

/// How a price crosses a boundary of a calendar.
pub enum Split {
    /// `split at`.
    At(ast::Path),
    /// `rate by start of`.
    Start,
}

/// What a price block says besides its charges.
#[derive(Default)]
pub struct PriceSettings {
    pub(super) counting: Option<Counting>,
    pub(super) split: Option<Split>,
    pub(super) rate_change: Option<bool>,
    pub(super) post: Vec<Post>,
    pub(super) clamps: Vec<LineClamp>,
    /// A statement that only prices `on each` may have.
    pub(super) event_only: Option<Span>,
}

impl Lowering<'_> {
    /// The statements of a price block that are not charges.
    pub(super) fn settings(
        &mut self,
        layer: &Layer,
        statements: &[&ast::PriceStmt],
        decl: &ast::PriceDecl,
    ) -> Option<PriceSettings> {
        let currency = self.currency.clone();
        let mut made = PriceSettings::default();
        let mut rounding = None;
        let mut post = Vec::new();
        let on_event = matches!(decl.target, PriceTarget::Each(_));
        for statement in statements {
            match &statement.kind {
                PriceStmtKind::TiersCount(side) => {
                    made.counting = Some(match side {
                        ast::UsageSide::Net => Counting::Net,
                        ast::UsageSide::Gross => Counting::Gross,
                    });
                }
                PriceStmtKind::SplitAt(path) => {
                    made.split = Some(Split::At(path.clone()));
                    made.event_only.get_or_insert(statement.span);
                }
                PriceStmtKind::RateByStart(_) => {
                    made.split = Some(Split::Start);
                    made.event_only.get_or_insert(statement.span);
                }
                PriceStmtKind::SplitPeriod => made.rate_change = Some(true),
                PriceStmtKind::RateOfPeriodEnd => made.rate_change = Some(false),
                PriceStmtKind::Measure(_) => {
                    made.event_only.get_or_insert(statement.span);
                }
                PriceStmtKind::RoundEach { rounding: wanted, .. } => {
                    made.event_only.get_or_insert(statement.span);
                    let ty = Ty::Money(currency.code.clone());
                    let found = self.scoped(layer, |scope| Typer::new(scope).rounding(wanted, &ty, Some(&currency)));
                    rounding = Some(found?);
                }
                PriceStmtKind::AllowCliffs => self.cliffs_allowed.push(decl.name.text.clone()),
                PriceStmtKind::Clamp(clamp) => {
                    let amount = self.scoped(layer, |scope| Typer::new(scope).money(&clamp.amount, &currency.code))?;
                    let bound = match clamp.side {
                        ast::ClampSide::Least => Bound::Floor,
                        ast::ClampSide::Most => Bound::Ceiling,
                    };
                    if let Some(ast::ClampOver::Each(_)) = &clamp.over {
                        made.event_only.get_or_insert(statement.span);
                        post.push(match bound {
                            Bound::Floor => Post::AtLeast(amount),
                            Bound::Ceiling => Post::AtMost(amount),
                        });
                        continue;
                    }
                    if clamp.over.is_none() && on_event {
                        self.report(
                            Diagnostic::error(codes::UNIT_MISSING, "this bound is for each event or for the period")
                                .at(statement.span, "which of them?")
                                .help("write `each EVENT` or `per month` behind the amount"),
                        );
                        return None;
                    }
                    let per = match &clamp.over {
                        Some(ast::ClampOver::Per(word)) => self.period_word(*word, statement.span)?,
                        _ => self.billing_window(),
                    };
                    let prorate = self.partial(clamp.partial, statement.span, "this bound")?;
                    made.clamps.push(LineClamp {
                        bound,
                        amount,
                        per,
                        if_used: clamp.usage == Some(ast::ClampUsage::IfUsed),
                        prorate,
                        during: price_value::Span::default(),
                        rule: RuleIx(0),
                    });
                }
                _ => {}
            }
        }
        // Floors before ceilings, rounding last.
        post.sort_by_key(|p| matches!(p, Post::AtMost(_)));
        post.extend(rounding.map(Post::Round));
        made.post = post;
        made.clamps.sort_by_key(|c| c.bound == Bound::Ceiling);
        Some(made)
    }
}
