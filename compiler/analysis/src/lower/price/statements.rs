//! The statements of a price block that are not charges.

use crate::codes;
use crate::lower::Lowering;
use crate::lower::layers::Layer;
use crate::lower::price::rules::kind_word;
use crate::types::{Ty, Typer};
use price_diagnostics::{Diagnostic, Fix, Span};
use price_ir::{Across, Bound, Counting, LineClamp, Post, Ratchet, RuleIx};
use price_syntax::ast::{self, ExprKind, PriceStmtKind, PriceTarget};

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
    /// What its cells have to do with each other, and where that is said.
    pub(super) across: Option<(Across, Span)>,
    /// Earlier periods that hold the quantity up, and where that is said.
    pub(super) ratchet: Option<(Ratchet, Span)>,
    pub(super) post: Vec<Post>,
    pub(super) clamps: Vec<LineClamp>,
    /// A statement that only prices `on each` may have.
    pub(super) event_only: Option<Span>,
}

impl Lowering<'_> {
    /// Takes the bounds of an earlier version of a followed card for its days. Anything else
    /// that it says differently would hold for the wrong days, and is answered honestly.
    pub(super) fn earlier_version(
        &mut self,
        layer: &Layer,
        base: &ast::PriceDecl,
        decl: &ast::PriceDecl,
        settings: &mut PriceSettings,
    ) -> Option<()> {
        let statements: Vec<&ast::PriceStmt> = statements(base).collect();
        let earlier = self.settings(layer, &statements, base)?;
        let same = head(base) == head(decl)
            && same_filter(base.filter.as_ref(), decl.filter.as_ref())
            && earlier.post == settings.post
            && earlier.counting == settings.counting
            && earlier.rate_change == settings.rate_change
            && earlier.ratchet.as_ref().map(|(ratchet, _)| ratchet)
                == settings.ratchet.as_ref().map(|(ratchet, _)| ratchet)
            && earlier.across.map(|(across, _)| across) == settings.across.map(|(across, _)| across);
        if !same {
            let what = "a followed version that changes more of a price than its amounts and bounds";
            self.report(crate::not_yet(what, decl.name.span).also(base.name.span, "the version before"));
            return None;
        }
        let title = format!("{} {}", kind_word(base), base.name.text);
        let rule = self.rule(title, layer, base.name.span);
        settings.clamps.extend(earlier.clamps.into_iter().map(|c| LineClamp { rule, ..c }));
        settings.clamps.sort_by_key(|c| c.bound == Bound::Ceiling);
        Some(())
    }

    /// Refuses `each NAME` where the price is on each of something else.
    fn own_event(&mut self, decl: &ast::PriceDecl, each: &ast::Path) -> Option<()> {
        let PriceTarget::Each(event) = &decl.target else { return Some(()) };
        let (own, said) = (event.last()?, each.last()?);
        if own.text == said.text {
            return Some(());
        }
        let message = format!("this price is on each `{}`, not on each `{}`", own.text, said.text);
        self.report(Diagnostic::error(codes::WRONG_KIND, message).at(said.span, "").fix(Fix::replace(
            format!("write `{}`", own.text),
            said.span,
            own.text.clone(),
            false,
        )));
        None
    }

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
                PriceStmtKind::TiersCountCells => made.across = Some((Across::Total, statement.span)),
                PriceStmtKind::OnlyLargest => made.across = Some((Across::Largest, statement.span)),
                PriceStmtKind::Ratchet { share, past } => {
                    made.ratchet = Some((self.ratchet(layer, share, past)?, statement.span));
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
                PriceStmtKind::RoundEach { event, rounding: wanted } => {
                    made.event_only.get_or_insert(statement.span);
                    self.own_event(decl, event)?;
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
                    if let Some(ast::ClampOver::Each(each)) = &clamp.over {
                        made.event_only.get_or_insert(statement.span);
                        self.own_event(decl, each)?;
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
                        during: layer.during,
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

fn statements(decl: &ast::PriceDecl) -> impl Iterator<Item = &ast::PriceStmt> {
    let block = match &decl.body {
        ast::PriceBody::Block(block) => block.as_slice(),
        ast::PriceBody::Charge(_) => &[],
    };
    block.iter()
}

/// What a price is computed from and kept apart by.
type Head = (Vec<String>, Option<ast::WindowKind>, Vec<(&'static str, String)>);

fn head(decl: &ast::PriceDecl) -> Head {
    let by = decl.by.iter().map(ast::Path::text).collect();
    let how = statements(decl).filter_map(|s| match &s.kind {
        PriceStmtKind::Measure(path) => Some(("measure", path.text())),
        PriceStmtKind::SplitAt(path) => Some(("split at", path.text())),
        PriceStmtKind::RateByStart(_) => Some(("rate by start", String::new())),
        _ => None,
    });
    (by, decl.window.as_ref().map(|w| w.kind), how.collect())
}

fn same_filter(a: Option<&ast::PriceFilter>, b: Option<&ast::PriceFilter>) -> bool {
    match (a, b) {
        (None, None) => true,
        (Some(a), Some(b)) => a.ladder == b.ladder && same_condition(&a.condition, &b.condition),
        _ => false,
    }
}

/// Whether two conditions on labels say the same in the same words.
fn same_condition(a: &ast::Expr, b: &ast::Expr) -> bool {
    use ExprKind::{And, In, Is, Not, Or, Path};
    match (&a.kind, &b.kind) {
        (And(a, b), And(c, d)) | (Or(a, b), Or(c, d)) => same_condition(a, c) && same_condition(b, d),
        (Not(a), Not(b)) => same_condition(a, b),
        (Path(a), Path(b)) => a.text() == b.text(),
        (Is { subject: a, negated: m, label: x }, Is { subject: b, negated: n, label: y }) => {
            m == n && x.text == y.text && same_condition(a, b)
        }
        (In { subject: a, negated: m, labels: x }, In { subject: b, negated: n, labels: y }) => {
            m == n && x.iter().map(|l| &l.text).eq(y.iter().map(|l| &l.text)) && same_condition(a, b)
        }
        _ => false,
    }
}
