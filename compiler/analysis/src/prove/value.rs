//! The two sides of a claim as curves of the quantity.

use super::claims::{Case, Prover};
use crate::codes;
use crate::env::{Entity, ItemRef};
use crate::types::{Ty, Typer, resolve};
use price_diagnostics::Diagnostic;
use price_ir::Curve;
use price_syntax::ast::{self, BinaryOp, ExprKind, ScopeKind};
use price_value::Rational;

/// Why there is no curve.
pub(super) enum Missing {
    /// Not decided, for this reason.
    Undecided(String),
    /// Said already.
    Reported,
}

/// What a curve is an amount of.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Of {
    Money,
    Share,
    Quantity,
}

/// A side of a claim.
pub(super) struct Side {
    pub(super) of: Of,
    pub(super) curve: Curve,
}

/// What is neither a line of the subject nor a meter.
pub(super) enum Other {
    /// A constant with a name.
    Constant(Of, Rational),
    /// A line of another card, plan or contract.
    Line(ItemRef, String),
}

impl Prover<'_> {
    /// An expression of a claim in one case.
    pub(super) fn side(&mut self, case: &Case<'_>, e: &ast::Expr) -> Result<Side, Missing> {
        match &e.kind {
            ExprKind::Path(path) => self.path(case, path),
            ExprKind::RateOf(path) => self.rate(case, path),
            ExprKind::PercentOf { percent, base, .. } => {
                let share = Curve::constant(
                    self.constant(&ast::Expr { kind: ExprKind::Percent(percent.clone()), span: e.span })?.1,
                );
                let ScopeKind::Names(names) = &base.kind else {
                    return Err(self.wrong(e, "a share of `all` is written `… of total`"));
                };
                let mut sum: Option<Side> = None;
                for name in names {
                    let side = self.path(case, name)?;
                    sum = Some(match sum {
                        None => side,
                        Some(sum) => Side { of: side.of, curve: sum.curve.plus(&side.curve) },
                    });
                }
                let Some(sum) = sum else { return Err(Missing::Reported) };
                Ok(Side { curve: sum.curve.scaled(&share.at_zero), of: sum.of })
            }
            ExprKind::Neg(inner) => {
                let inner = self.side(case, inner)?;
                Ok(Side { curve: inner.curve.scaled(&Rational::int(-1)), ..inner })
            }
            ExprKind::Binary { op, left, right } => {
                let (a, b) = (self.side(case, left)?, self.side(case, right)?);
                match op {
                    BinaryOp::Add | BinaryOp::Sub if a.of != b.of => Err(self.wrong(e, "these two cannot be added")),
                    BinaryOp::Add => Ok(Side { curve: a.curve.plus(&b.curve), of: a.of }),
                    BinaryOp::Sub => Ok(Side { curve: a.curve.minus(&b.curve), of: a.of }),
                    BinaryOp::Mul => match (a.curve.as_constant().cloned(), b.curve.as_constant().cloned()) {
                        (_, Some(k)) if b.of == Of::Share => Ok(Side { curve: a.curve.scaled(&k), of: a.of }),
                        (Some(k), _) if a.of == Of::Share => Ok(Side { curve: b.curve.scaled(&k), of: b.of }),
                        _ => Err(self.wrong(e, "one side of a product is a number or a percentage")),
                    },
                    BinaryOp::Div => match b.curve.as_constant().and_then(|k| Rational::ONE.checked_div(k)) {
                        Some(k) if b.of == Of::Share => Ok(Side { curve: a.curve.scaled(&k), of: a.of }),
                        _ => Err(self.wrong(e, "what is divided by is a number that is not zero")),
                    },
                }
            }
            _ => {
                let (of, value) = self.constant(e)?;
                Ok(Side { of, curve: Curve::constant(value) })
            }
        }
    }

    /// A written amount.
    pub(super) fn constant(&mut self, e: &ast::Expr) -> Result<(Of, Rational), Missing> {
        let value = self.scoped(|scope| Typer::new(scope).constant(e));
        let Some(number) = value.expr.as_const().cloned() else { return Err(self.wrong(e, "this is no constant")) };
        let of = match &value.ty {
            Ty::Error => return Err(Missing::Reported),
            Ty::Money(code) if *code == self.currency() => Of::Money,
            Ty::Money(code) => {
                let message =
                    format!("amounts of `{}` are in {}, this is in {code}", self.subject_name(), self.currency());
                self.report(Diagnostic::error(codes::CURRENCY_MISMATCH, message).at(e.span, ""));
                return Err(Missing::Reported);
            }
            Ty::Number | Ty::Ratio => Of::Share,
            Ty::Quantity(_) => Of::Quantity,
            other => {
                let message = format!("{other} cannot be compared with amounts");
                return Err(self.wrong(e, &message));
            }
        };
        Ok((of, number))
    }

    /// `total`, a line, the meter itself, a constant, or a line of another card.
    fn path(&mut self, case: &Case<'_>, path: &ast::Path) -> Result<Side, Missing> {
        let Some(first) = path.segments.first() else { return Err(Missing::Reported) };
        if path.segments.len() == 1 {
            if let Some(curve) = self.amount(case, None, &first.text) {
                return curve.map(|curve| Side { of: Of::Money, curve });
            }
            if case.meter.name == first.text {
                let of = if matches!(case.meter.ty, Ty::Money(_)) { Of::Money } else { Of::Quantity };
                // Constants are in base units.
                return Ok(Side { of, curve: Curve::identity().scaled(&case.meter.factor) });
            }
        }
        match self.another(path)? {
            Other::Constant(of, value) => Ok(Side { of, curve: Curve::constant(value) }),
            Other::Line(item, line) => {
                if let Some(curve) = self.amount(case, Some(&item), &line) {
                    return curve.map(|curve| Side { of: Of::Money, curve });
                }
                self.no_line(path);
                Err(Missing::Reported)
            }
        }
    }

    /// What a path is that is neither a line of the subject nor a meter of the claim.
    pub(super) fn another(&mut self, path: &ast::Path) -> Result<Other, Missing> {
        match self.scoped(|scope| resolve_quietly(scope, path)) {
            Some(Entity::Let(_)) => {
                let (of, value) = self.constant(&ast::Expr { kind: ExprKind::Path(path.clone()), span: path.span })?;
                return Ok(Other::Constant(of, value));
            }
            Some(Entity::Meter(meter)) => {
                let message = format!("`{}` is not the meter that the claim is about", meter.name);
                return Err(Missing::Undecided(message));
            }
            _ => {}
        }
        // `list.storage`.
        if let Some((line, front)) = path.segments.split_last()
            && !front.is_empty()
        {
            let span = front.first().map_or(path.span, |first| first.span.to(front.last().unwrap_or(first).span));
            let front = ast::Path { segments: front.to_vec(), span };
            let entity = self.scoped(|scope| resolve(scope, &front));
            if let Some(item) = self.other(&entity) {
                return Ok(Other::Line(item, line.text.clone()));
            }
            if entity != Entity::Error {
                let message = format!("`{}` is {}, it has no lines", front.text(), entity.kind());
                self.report(Diagnostic::error(codes::WRONG_KIND, message).at(front.span, ""));
            }
            return Err(Missing::Reported);
        }
        self.no_line(path);
        Err(Missing::Reported)
    }

    /// `rate tokens.input`: what one unit costs in the cells of a label.
    fn rate(&mut self, case: &Case<'_>, path: &ast::Path) -> Result<Side, Missing> {
        let Some((price, labels)) = path.segments.split_first() else { return Err(Missing::Reported) };
        let plan = self.plan();
        let mut at: Vec<(String, String)> = case.labels.to_vec();
        for label in labels {
            let has = |(dimension, _): &&mut (String, String)| {
                let known = plan.dimensions.iter().find(|d| d.name == *dimension);
                known.is_some_and(|d| d.code(&label.text).is_some())
            };
            let mut places: Vec<&mut (String, String)> = at.iter_mut().filter(has).collect();
            match places.as_mut_slice() {
                [only] => only.1 = label.text.clone(),
                [] => {
                    let message = format!("no dimension of `{}` has the label `{}`", price.text, label.text);
                    self.report(Diagnostic::error(codes::TEST_NAME, message).at(label.span, ""));
                    return Err(Missing::Reported);
                }
                _ => return Err(Missing::Undecided(format!("several dimensions have the label `{}`", label.text))),
            }
        }
        match price_ir::bill::function(&plan, &price.text, &at, case.day) {
            Some(Ok(curve)) => Ok(Side { of: Of::Money, curve: Curve::constant(curve.at(&Rational::ONE)) }),
            Some(Err(price_ir::Unknown::NotSold(_))) => Err(Missing::Undecided(NOT_SOLD.to_owned())),
            Some(Err(why)) => Err(Missing::Undecided(why.to_string())),
            None => {
                self.no_line(path);
                Err(Missing::Reported)
            }
        }
    }
}

/// A case that does not exist: it neither proves nor disproves.
pub(super) const NOT_SOLD: &str = "not sold";

fn resolve_quietly(scope: &mut crate::lower::scope::Scope<'_>, path: &ast::Path) -> Option<Entity> {
    use crate::types::Names as _;
    let first = path.as_name()?;
    scope.entity(&first.text)
}
