//! Typing of amounts: arithmetic, rates, percentages, calls.

use crate::codes;

use crate::declare::FieldKind;
use crate::env::{Entity, ItemRef, unit_key};
use crate::{fold, items, limits, report};
use price_diagnostics::{Diagnostic, Span};
use price_ir::Expr;
use price_syntax::ast::{self, BinaryOp, ExprKind};
use price_value::Rational;

use super::{Ty, Typer, Val};

impl<'n> Typer<'n> {
    /// Types an expression.
    pub fn expr(&mut self, e: &ast::Expr) -> Val {
        let value = self.untested(e);
        // Products of constants grow: what no kernel could hold is refused where it arises.
        let bits = value.expr.as_const().map_or(0, |c| c.numer().bits() + c.denom().bits());
        if bits > 2 * limits::CONSTANT_BITS {
            let message = format!("this constant needs more than {} bits", 2 * limits::CONSTANT_BITS);
            self.error(codes::TOO_WIDE, message, e.span, "too large");
            return Val::error();
        }
        value
    }

    pub(super) fn untested(&mut self, e: &ast::Expr) -> Val {
        if !self.step(e.span) {
            return Val::error();
        }
        match &e.kind {
            ExprKind::Number(n) => Val::constant(Ty::Number, self.number(n)),
            ExprKind::Money(m) => {
                let value = self.decimal(&m.value, m.span);
                match self.names.symbol(m.symbol) {
                    Some(currency) => Val::constant(Ty::Money(currency.code.clone()), value),
                    None => Val::error(),
                }
            }
            ExprKind::Percent(p) => Val::constant(Ty::Ratio, self.percent(p)),
            ExprKind::Quantity(q) => self.quantity_literal(q),
            ExprKind::Path(path) => self.path(path, false),
            ExprKind::Call { function, args } => self.call(function, args, e.span),
            ExprKind::Neg(inner) => {
                let value = self.expr(inner);
                match value.ty {
                    Ty::Text | Ty::Flag => self.mismatch("a number or amount", &value, inner.span),
                    _ => Val { ty: value.ty, expr: fold::scale(&Rational::int(-1), value.expr) },
                }
            }
            ExprKind::Binary { op, left, right } => self.binary(*op, left, right, e.span),
            ExprKind::Per { value, per } => self.per(value, per),
            ExprKind::PercentOf { percent, base, .. } => self.percent_of(percent, base),
            ExprKind::OrElse { value, fallback } => self.or_else(value, fallback),
            ExprKind::Text(_)
            | ExprKind::Moment(_)
            | ExprKind::RateOf(_)
            | ExprKind::Compare { .. }
            | ExprKind::Is { .. }
            | ExprKind::In { .. }
            | ExprKind::Not(_)
            | ExprKind::And(..)
            | ExprKind::Or(..) => {
                self.error(codes::TYPE_MISMATCH, "an amount is needed here", e.span, "this is not an amount");
                Val::error()
            }
        }
    }

    pub(super) fn path(&mut self, path: &ast::Path, guarded: bool) -> Val {
        if let Some(name) = path.as_name() {
            if let Some((_, value)) = self.locals.iter().rev().find(|(n, _)| *n == name.text) {
                return value.clone();
            }
            if let Some(event) = self.event.clone()
                && let Some(field) = event.field(&name.text)
            {
                if field.optional && !guarded {
                    self.names.report(
                        Diagnostic::error(
                            codes::OPTIONAL_UNGUARDED,
                            format!("`{}` may be missing from an event", name.text),
                        )
                        .at(name.span, "optional field")
                        .help(format!("say what to use instead: `{} or else 0`", name.text)),
                    );
                    return Val::error();
                }
                return match &field.kind {
                    FieldKind::Number(number) => number.val(Expr::Field(field.ix)),
                    FieldKind::Family(_, number) => number.val(Expr::Family(field.ix)),
                    FieldKind::Computed(value, _) => value.clone(),
                    FieldKind::Label(_) | FieldKind::LabelFrom(..) | FieldKind::Text | FieldKind::Flag => {
                        let message = format!("`{}` is not a number", name.text);
                        self.error(codes::TYPE_MISMATCH, message, name.span, "");
                        Val::error()
                    }
                };
            }
        }
        if let (Some(event), Some(first)) = (self.event.clone(), path.segments.first())
            && self.names.entity(&first.text).is_none()
        {
            let names = event.field_names();
            let all = self.names.all_names();
            let candidates = names.iter().chain(&all).map(String::as_str);
            let finding = report::unknown(
                codes::UNKNOWN_NAME,
                &format!("field of `{}` or constant", event.name),
                &first.text,
                first.span,
                candidates,
            );
            self.names.report(finding);
            return Val::error();
        }
        match self.resolve(path) {
            Entity::Let(value) => value,
            Entity::Error => Val::error(),
            other => {
                let message = format!("`{}` is {}, not an amount", path.text(), other.kind());
                self.error(codes::WRONG_KIND, message, path.span, "");
                Val::error()
            }
        }
    }

    pub(super) fn or_else(&mut self, value: &ast::Expr, fallback: &ast::Expr) -> Val {
        let ExprKind::Path(path) = &value.kind else {
            self.error(codes::NOT_HERE, "`or else` stands behind an optional field", value.span, "");
            return Val::error();
        };
        let (Some(name), Some(event)) = (path.as_name(), self.event.clone()) else {
            self.error(codes::NOT_HERE, "`or else` stands behind an optional field", value.span, "");
            return Val::error();
        };
        let Some(field) = event.field(&name.text) else { return self.path(path, true) };
        let FieldKind::Number(number) = &field.kind else { return self.path(path, true) };
        let fallback_value = self.constant(fallback);
        let whole = number.val(Expr::Field(field.ix));
        if fallback_value.is_error() || whole.is_error() {
            return Val::error();
        }
        let zero = fallback_value.expr.as_const().is_some_and(Rational::is_zero);
        if fallback_value.ty != whole.ty && !(zero && fallback_value.ty == Ty::Number) {
            return self.mismatch(&whole.ty.to_string(), &fallback_value, fallback.span);
        }
        let base = fallback_value.expr.as_const().cloned().unwrap_or_default();
        number.val(Expr::OrElse(field.ix, base / number.factor()))
    }

    pub(super) fn call(&mut self, function: &ast::Name, args: &[ast::Expr], span: Span) -> Val {
        if matches!(function.text.as_str(), "max" | "min") && self.names.entity(&function.text).is_none() {
            let values: Vec<Val> = args.iter().map(|a| self.expr(a)).collect();
            let Some(first) = values.first().cloned() else { return Val::error() };
            for (value, arg) in values.iter().zip(args) {
                if value.is_error() {
                    return Val::error();
                }
                if value.ty != first.ty {
                    return self.mismatch(&first.ty.to_string(), value, arg.span);
                }
            }
            let constants: Option<Vec<Rational>> = values.iter().map(|v| v.expr.as_const().cloned()).collect();
            let expr = match constants {
                Some(constants) => {
                    let best =
                        constants.into_iter().reduce(|a, b| if function.text == "max" { a.max(b) } else { a.min(b) });
                    Expr::Const(best.unwrap_or_default())
                }
                None => {
                    let parts = values.into_iter().map(|v| v.expr).collect();
                    if function.text == "max" { Expr::Max(parts) } else { Expr::Min(parts) }
                }
            };
            return Val { ty: first.ty, expr };
        }
        let here = match self.names.entity(&function.text) {
            Some(Entity::Formula(here)) => here,
            Some(Entity::Error) => return Val::error(),
            Some(other) => {
                let message = format!("`{}` is {}, not a formula", function.text, other.kind());
                self.error(codes::WRONG_KIND, message, function.span, "");
                return Val::error();
            }
            None => {
                let all = self.names.all_names();
                let candidates = all.iter().map(String::as_str).chain(["max", "min"]);
                let finding =
                    report::unknown(codes::UNKNOWN_NAME, "formula", &function.text, function.span, candidates);
                self.names.report(finding);
                return Val::error();
            }
        };
        self.formula(here, function, args, span)
    }

    pub(super) fn formula(&mut self, here: ItemRef, function: &ast::Name, args: &[ast::Expr], span: Span) -> Val {
        if self.formulas.contains(&here) || self.formulas.len() >= limits::DEFINITION_DEPTH {
            let message = format!("the formula `{}` needs itself", function.text);
            self.error(codes::DEFINITION_CYCLE, message, function.span, "formulas cannot be recursive");
            return Val::error();
        }
        let values: Vec<Val> = args.iter().map(|a| self.expr(a)).collect();
        let (db, _) = self.names.database();
        let Some(item) = items::item(db, here.file, here.id).clone() else { return Val::error() };
        let ast::ItemKind::Formula(decl) = &item.kind else { return Val::error() };
        if decl.params.len() != args.len() {
            let message = format!(
                "`{}` takes {} value{}, {} given",
                function.text,
                decl.params.len(),
                if decl.params.len() == 1 { "" } else { "s" },
                args.len()
            );
            self.error(codes::ARGUMENTS, message, span, "");
            return Val::error();
        }
        if values.iter().any(Val::is_error) {
            return Val::error();
        }
        for ((param, value), arg) in decl.params.iter().zip(&values).zip(args) {
            let fits = match (param.ty.text.as_str(), &value.ty) {
                ("rate", Ty::Rate(..)) | ("ratio", Ty::Ratio) | ("number", Ty::Number) => true,
                ("rate" | "ratio" | "number", _) => false,
                (name, ty) => match (self.names.entity(&unit_key(name)).or_else(|| self.names.entity(name)), ty) {
                    (Some(Entity::Unit(unit)), Ty::Quantity(dims)) => unit.dims == *dims,
                    (Some(Entity::Currency(currency)), Ty::Money(code)) => currency.code == *code,
                    (Some(Entity::Error), _) => return Val::error(),
                    (Some(_), _) => false,
                    (None, _) => {
                        let finding = report::unknown(
                            codes::UNKNOWN_NAME,
                            "type",
                            name,
                            param.ty.span,
                            ["rate", "ratio", "number"],
                        );
                        let note = "a parameter is a `rate`, `ratio` or `number`, a unit, or a currency";
                        self.names.report(finding.note(note));
                        return Val::error();
                    }
                },
            };
            if !fits {
                let needed = format!("`{}` of `{}` is `{}`; that", param.name.text, function.text, param.ty.text);
                return self.mismatch(&needed, value, arg.span);
            }
        }
        let outer = std::mem::take(&mut self.locals);
        self.locals = decl.params.iter().map(|p| p.name.text.clone()).zip(values).collect();
        self.formulas.push(here);
        let result = self.expr(&decl.value);
        self.formulas.pop();
        self.locals = outer;
        result
    }

    pub(super) fn binary(&mut self, op: BinaryOp, left: &ast::Expr, right: &ast::Expr, span: Span) -> Val {
        let (a, b) = (self.expr(left), self.expr(right));
        if a.is_error() || b.is_error() {
            return Val::error();
        }
        match op {
            BinaryOp::Add | BinaryOp::Sub => {
                let scalars = |t: &Ty| matches!(t, Ty::Number | Ty::Ratio);
                let ty = match (&a.ty, &b.ty) {
                    (x, y) if x == y && !matches!(x, Ty::Text | Ty::Flag) => x.clone(),
                    (x, y) if scalars(x) && scalars(y) => Ty::Ratio,
                    (Ty::Money(x), Ty::Money(y)) => {
                        let message = format!("{x} and {y} are different currencies");
                        self.names.report(
                            Diagnostic::error(codes::CURRENCY_MISMATCH, message)
                                .at(left.span, x.clone())
                                .also(right.span, y.clone())
                                .help("convert with a stated rate first"),
                        );
                        return Val::error();
                    }
                    (Ty::Quantity(_), Ty::Quantity(_)) | (Ty::Rate(..), Ty::Rate(..)) => {
                        self.two(codes::UNIT_MISMATCH, "these units do not match", left, &a, right, &b);
                        return Val::error();
                    }
                    _ => {
                        self.two(codes::TYPE_MISMATCH, "these cannot be added", left, &a, right, &b);
                        return Val::error();
                    }
                };
                let second = if op == BinaryOp::Sub { fold::scale(&Rational::int(-1), b.expr) } else { b.expr };
                Val { ty, expr: fold::add(a.expr, second) }
            }
            BinaryOp::Mul => {
                let ty = match (&a.ty, &b.ty) {
                    (Ty::Number, other) | (other, Ty::Number) => other.clone(),
                    (Ty::Ratio, other) | (other, Ty::Ratio) => other.clone(),
                    (Ty::Rate(code, per), Ty::Quantity(dims)) | (Ty::Quantity(dims), Ty::Rate(code, per))
                        if per == dims =>
                    {
                        Ty::Money(code.clone())
                    }
                    (Ty::Rate(..), Ty::Quantity(_)) | (Ty::Quantity(_), Ty::Rate(..)) => {
                        self.two(codes::UNIT_MISMATCH, "these units do not match", left, &a, right, &b);
                        return Val::error();
                    }
                    (Ty::Quantity(x), Ty::Quantity(y)) => Ty::Quantity(x.times(y, 1)),
                    _ => {
                        self.two(codes::NO_SUCH_PRODUCT, "these cannot be multiplied", left, &a, right, &b);
                        return Val::error();
                    }
                };
                Val { ty, expr: fold::mul(a.expr, b.expr) }
            }
            BinaryOp::Div => {
                let Some(divisor) = b.expr.as_const().cloned() else {
                    self.names.report(
                        Diagnostic::error(
                            codes::RUNTIME_DIVISION,
                            "this amount is divided by a number known only at run time",
                        )
                        .at(right.span, "known only at run time")
                        .help("divide by a constant, or send the quotient as a field with its decimals"),
                    );
                    return Val::error();
                };
                if divisor.is_zero() {
                    self.error(codes::OUT_OF_RANGE, "this divides by zero", right.span, "zero");
                    return Val::error();
                }
                let ty = match (&a.ty, &b.ty) {
                    (other, Ty::Number | Ty::Ratio) => other.clone(),
                    (Ty::Money(x), Ty::Money(y)) if x == y => Ty::Ratio,
                    (Ty::Money(code), Ty::Quantity(dims)) => Ty::Rate(code.clone(), dims.clone()),
                    (Ty::Quantity(x), Ty::Quantity(y)) if x == y => Ty::Number,
                    (Ty::Quantity(x), Ty::Quantity(y)) => Ty::Quantity(x.times(y, -1)),
                    _ => {
                        self.two(codes::NO_SUCH_PRODUCT, "these cannot be divided", left, &a, right, &b);
                        return Val::error();
                    }
                };
                let _ = span;
                Val { ty, expr: fold::scale(&(Rational::ONE / divisor), a.expr) }
            }
        }
    }

    pub(super) fn per(&mut self, value: &ast::Expr, per: &ast::Per) -> Val {
        let amount = self.expr(value);
        if per.started {
            self.error(codes::NOT_HERE, "`per started` belongs to a charge, not into a calculation", per.span, "");
            return Val::error();
        }
        let Some((size, dims)) = self.per_unit(per) else { return Val::error() };
        match amount.ty {
            Ty::Error => Val::error(),
            Ty::Money(code) => {
                Val { ty: Ty::Rate(code, dims), expr: fold::scale(&(Rational::ONE / size), amount.expr) }
            }
            Ty::Rate(code, before) => Val {
                ty: Ty::Rate(code, before.times(&dims, 1)),
                expr: fold::scale(&(Rational::ONE / size), amount.expr),
            },
            _ => self.mismatch("an amount of money", &amount, value.span),
        }
    }

    pub(super) fn percent_of(&mut self, percent: &ast::Percent, base: &ast::Scope) -> Val {
        let share = self.percent(percent);
        let ast::ScopeKind::Names(names) = &base.kind else {
            self.error(codes::NOT_HERE, "a percentage of all lines is a price of its own", base.span, "");
            return Val::error();
        };
        let [path] = names.as_slice() else {
            self.error(codes::NOT_HERE, "a percentage of several lines is a price of its own", base.span, "");
            return Val::error();
        };
        let value = self.path(path, false);
        Val { ty: value.ty, expr: fold::scale(&share, value.expr) }
    }
}
