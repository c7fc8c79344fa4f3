//! The two sides of a claim as amounts of several quantities.

use super::claims::Prover;
use super::together::Together;
use super::value::{Missing, NOT_SOLD, Of, Other};
use crate::env::ItemRef;
use crate::types::Ty;
use price_ir::{Linear, Unknown};
use price_syntax::ast::{self, BinaryOp, ExprKind, ScopeKind};
use price_value::Rational;

/// A side of a claim.
pub(super) struct Side {
    pub(super) of: Of,
    pub(super) amount: Linear,
}

impl Prover<'_> {
    /// The amounts of a line or of the total, of the subject or of another one; none if there is no
    /// such line.
    pub(super) fn joint_amount(
        &self,
        case: &mut Together<'_>,
        of: Option<&ItemRef>,
        name: &str,
    ) -> Option<Result<Linear, Missing>> {
        if let (Some(item), false) = (of, case.bills.iter().any(|(known, _)| known.as_ref() == of)) {
            let Some(plan) = self.plan_of(*item) else { return Some(Err(Missing::Reported)) };
            let bill = case.bill(&plan);
            case.bills.push((Some(*item), bill));
        }
        let (_, bill) = case.bills.iter().find(|(item, _)| item.as_ref() == of)?;
        let amount = match bill.line(name) {
            Some(amount) => amount,
            None if name == "total" => &bill.total,
            None => return None,
        };
        Some(amount.clone().map_err(|why| match why {
            Unknown::NotSold(_) => Missing::Undecided(NOT_SOLD.to_owned()),
            why => Missing::Undecided(why.to_string()),
        }))
    }

    /// An amount that is known on its own: what is not would cancel in its differences.
    pub(super) fn known(&mut self, case: &mut Together<'_>, path: &ast::Path) -> Result<Linear, Missing> {
        let amount = self.named(case, path)?.amount;
        match case.forms.unknown(&amount) {
            Some(of) => Err(Missing::Undecided(Unknown::Split(of.to_owned()).to_string())),
            None => Ok(amount),
        }
    }

    pub(super) fn named(&mut self, case: &mut Together<'_>, path: &ast::Path) -> Result<Side, Missing> {
        let Some(first) = path.segments.first() else { return Err(Missing::Reported) };
        if path.segments.len() == 1 {
            if let Some(amount) = self.joint_amount(case, None, &first.text) {
                return amount.map(|amount| Side { of: Of::Money, amount });
            }
            if let Some(meter) = case.meters.iter().find(|meter| meter.name == first.text).copied() {
                let of = if matches!(meter.ty, Ty::Money(_)) { Of::Money } else { Of::Quantity };
                let total = case.total(meter);
                if total.vars.len() > 1 && !meter.aggregation.adds_up() {
                    let why = format!("what `{}` measures of several labels is no sum", meter.name);
                    return Err(Missing::Undecided(why));
                }
                // Constants are in base units.
                return Ok(Side { of, amount: total.scaled(&meter.factor) });
            }
        }
        let (of, constant) = match self.another(path)? {
            Other::Constant(of, value) => (of, value),
            Other::Line(item, line) => {
                if let Some(amount) = self.joint_amount(case, Some(&item), &line) {
                    return amount.map(|amount| Side { of: Of::Money, amount });
                }
                self.no_line(path);
                return Err(Missing::Reported);
            }
        };
        Ok(Side { of, amount: Linear::constant(constant) })
    }

    /// An expression of a claim.
    pub(super) fn joint_side(&mut self, case: &mut Together<'_>, e: &ast::Expr) -> Result<Side, Missing> {
        match &e.kind {
            ExprKind::Path(path) => self.named(case, path),
            ExprKind::PercentOf { percent, base, .. } => {
                let percent = ast::Expr { kind: ExprKind::Percent(percent.clone()), span: e.span };
                let (_, share) = self.constant(&percent)?;
                let ScopeKind::Names(names) = &base.kind else {
                    return Err(self.wrong(e, "a share of `all` is written `… of total`"));
                };
                let mut sum = Side { of: Of::Money, amount: Linear::default() };
                for name in names {
                    let side = self.named(case, name)?;
                    sum = Side { of: side.of, amount: sum.amount.plus(&side.amount) };
                }
                Ok(Side { amount: sum.amount.scaled(&share), of: sum.of })
            }
            ExprKind::Neg(inner) => {
                let inner = self.joint_side(case, inner)?;
                Ok(Side { amount: inner.amount.scaled(&Rational::int(-1)), ..inner })
            }
            ExprKind::Binary { op, left, right } => {
                let (a, b) = (self.joint_side(case, left)?, self.joint_side(case, right)?);
                match op {
                    BinaryOp::Add | BinaryOp::Sub if a.of != b.of => Err(self.wrong(e, "these two cannot be added")),
                    BinaryOp::Add => Ok(Side { amount: a.amount.plus(&b.amount), of: a.of }),
                    BinaryOp::Sub => Ok(Side { amount: a.amount.minus(&b.amount), of: a.of }),
                    BinaryOp::Mul => match (a.amount.as_constant().cloned(), b.amount.as_constant().cloned()) {
                        (_, Some(k)) if b.of == Of::Share => Ok(Side { amount: a.amount.scaled(&k), of: a.of }),
                        (Some(k), _) if a.of == Of::Share => Ok(Side { amount: b.amount.scaled(&k), of: b.of }),
                        _ => Err(self.wrong(e, "one side of a product is a number or a percentage")),
                    },
                    BinaryOp::Div => match b.amount.as_constant().and_then(|k| Rational::ONE.checked_div(k)) {
                        Some(k) if b.of == Of::Share => Ok(Side { amount: a.amount.scaled(&k), of: a.of }),
                        _ => Err(self.wrong(e, "what is divided by is a number that is not zero")),
                    },
                }
            }
            ExprKind::RateOf(_) => Err(Missing::Undecided("rates are claimed `for all cells`".to_owned())),
            _ => {
                let (of, value) = self.constant(e)?;
                Ok(Side { of, amount: Linear::constant(value) })
            }
        }
    }
}
