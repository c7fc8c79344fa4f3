//! Typing of conditions on one event row.

use crate::codes;
use crate::declare::{DimensionDef, FieldKind};
use crate::env::Entity;
use crate::report;
use price_ir::Cond;
use price_ir::func::Order;
use price_syntax::ast::{self, CompareOp, ExprKind};
use price_value::Rational;

use super::{KeyFinder, Ty, Typer, Val};

impl<'n> Typer<'n> {
    /// Types a condition on a row; `keys` gives the sink's key for a dimension or label field.
    pub fn cond(&mut self, e: &ast::Expr, keys: KeyFinder) -> Option<Cond> {
        if !self.step(e.span) {
            return None;
        }
        match &e.kind {
            ExprKind::And(a, b) => {
                let (a, b) = (self.cond(a, keys), self.cond(b, keys));
                Some(a?.and(b?))
            }
            ExprKind::Or(a, b) => {
                let (a, b) = (self.cond(a, keys), self.cond(b, keys));
                Some(Cond::Any(vec![a?, b?]))
            }
            ExprKind::Not(inner) => Some(Cond::Not(Box::new(self.cond(inner, keys)?))),
            ExprKind::Is { subject, negated, label } => self.is(subject, *negated, std::slice::from_ref(label), keys),
            ExprKind::In { subject, negated, labels } => self.is(subject, *negated, labels, keys),
            ExprKind::Compare { op, left, right } => {
                if matches!(op, CompareOp::Eq | CompareOp::Ne)
                    && let (ExprKind::Path(path), ExprKind::Text(text)) = (&left.kind, &right.kind)
                    && let Some(field) = path.as_name().and_then(|n| self.event.as_ref()?.field(&n.text).cloned())
                    && matches!(field.kind, FieldKind::Text)
                {
                    let equal = Cond::Text(field.ix, text.value.clone());
                    return Some(if *op == CompareOp::Ne { Cond::Not(Box::new(equal)) } else { equal });
                }
                let (a, b) = (self.expr(left), self.expr(right));
                if a.is_error() || b.is_error() {
                    return None;
                }
                let zero = |v: &Val| v.ty == Ty::Number && v.expr.as_const().is_some_and(Rational::is_zero);
                if a.ty != b.ty && !zero(&a) && !zero(&b) {
                    self.two(codes::TYPE_MISMATCH, "these cannot be compared", left, &a, right, &b);
                    return None;
                }
                let order = match op {
                    CompareOp::Eq => Order::Equal,
                    CompareOp::Ne => Order::NotEqual,
                    CompareOp::Lt => Order::Less,
                    CompareOp::Le => Order::AtMost,
                    CompareOp::Gt => Order::Greater,
                    CompareOp::Ge => Order::AtLeast,
                };
                Some(Cond::Compare(Box::new(a.expr), order, Box::new(b.expr)))
            }
            ExprKind::Path(path) => {
                let field = path.as_name().and_then(|n| self.event.as_ref()?.field(&n.text).cloned());
                match field {
                    Some(field) if matches!(field.kind, FieldKind::Flag) => Some(Cond::Flag(field.ix)),
                    _ => {
                        self.error(codes::TYPE_MISMATCH, "a condition is needed here", e.span, "this is not yes or no");
                        None
                    }
                }
            }
            _ => {
                self.error(codes::TYPE_MISMATCH, "a condition is needed here", e.span, "this is not yes or no");
                None
            }
        }
    }

    pub(super) fn is(
        &mut self,
        subject: &ast::Expr,
        negated: bool,
        labels: &[ast::Label],
        keys: KeyFinder,
    ) -> Option<Cond> {
        let ExprKind::Path(path) = &subject.kind else {
            self.error(codes::TYPE_MISMATCH, "a dimension is needed in front of `is`", subject.span, "");
            return None;
        };
        let name = path.last()?;
        let text_field = path
            .as_name()
            .and_then(|n| self.event.as_ref()?.field(&n.text).cloned())
            .filter(|f| matches!(f.kind, FieldKind::Text));
        if let Some(field) = text_field {
            let any: Vec<Cond> = labels.iter().map(|l| Cond::Text(field.ix, l.text.clone())).collect();
            let cond = if any.len() == 1 { any.into_iter().next()? } else { Cond::Any(any) };
            return Some(if negated { Cond::Not(Box::new(cond)) } else { cond });
        }
        let Some(found) = keys(&name.text) else {
            let known = matches!(self.names.entity(&name.text), Some(Entity::Dimension(_) | Entity::Calendar(_)));
            let message = if known {
                format!("the usage here does not carry the dimension `{}`", name.text)
            } else {
                format!("there is no dimension called `{}` here", name.text)
            };
            self.error(codes::DIMENSION_UNAVAILABLE, message, name.span, "");
            return None;
        };
        let mut codes_found = Vec::new();
        for label in labels {
            codes_found.push(self.label(&found.dimension, label)?);
        }
        codes_found.sort_unstable();
        codes_found.dedup();
        let cond = Cond::Label(found.key, codes_found);
        Some(if negated { Cond::Not(Box::new(cond)) } else { cond })
    }

    /// Code of a label, reporting one the dimension does not have.
    pub fn label(&mut self, dimension: &DimensionDef, label: &ast::Label) -> Option<u32> {
        match dimension.ir.code(&label.text) {
            Some(code) => Some(code),
            None => {
                let mut finding = report::unknown(
                    codes::UNKNOWN_LABEL,
                    &format!("label of `{}`", dimension.ir.name),
                    &label.text,
                    label.span,
                    dimension.ir.labels.iter().map(String::as_str),
                );
                if dimension.ir.labels.len() <= 12 {
                    finding = finding.note(format!("its labels are {}", report::list(&dimension.ir.labels)));
                }
                self.names.report(finding);
                None
            }
        }
    }
}
