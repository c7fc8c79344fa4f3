//! Types, typed values and the typing of expressions.
//!
//! Quantities are carried in base units and rates per base unit, so conversion is done once,
//! where a literal or a field enters. `Ty::Error` absorbs: one mistake gives one message.

use crate::codes;
use crate::db;
use crate::declare::{DimensionDef, EventDef, FieldKind};
use crate::env::{Entity, ItemRef, event_key, unit_key};
use crate::inputs::Workspace;
use crate::{fold, limits, report};
use price_diagnostics::{Diagnostic, Fix, Span};
use price_ir::func::Order;
use price_ir::{Cond, Expr, KeyIx};
use price_syntax::ast::{self, BinaryOp, CompareOp, ExprKind};
use price_value::{Currency, Rational, Rounding, RoundingMode};
use std::fmt;
use std::sync::Arc;

use crate::unit::{Dims, Unit};

/// The type of a value.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Ty {
    /// A bare number.
    Number,
    /// A share: `%`, `bps`.
    Ratio,
    /// Money in a currency.
    Money(String),
    /// An amount of something.
    Quantity(Dims),
    /// Money per amount of something.
    Rate(String, Dims),
    /// Text.
    Text,
    /// Yes or no.
    Flag,
    /// Reported already.
    Error,
}

impl fmt::Display for Ty {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Ty::Number => f.write_str("a number"),
            Ty::Ratio => f.write_str("a percentage"),
            Ty::Money(code) => write!(f, "an amount of {code}"),
            Ty::Quantity(dims) => write!(f, "a quantity in {dims}"),
            Ty::Rate(code, dims) => write!(f, "a rate in {code} per {dims}"),
            Ty::Text => f.write_str("a text"),
            Ty::Flag => f.write_str("yes or no"),
            Ty::Error => f.write_str("unknown"),
        }
    }
}

/// A typed value: a constant or a function of the row.
#[derive(Debug, Clone, PartialEq)]
pub struct Val {
    /// Type.
    pub ty: Ty,
    /// Value: quantities in base units, money in whole currency units, ratios as fractions.
    pub expr: Expr,
}

impl Val {
    /// The value after an error.
    pub fn error() -> Val {
        Val { ty: Ty::Error, expr: Expr::Const(Rational::ZERO) }
    }

    /// A constant.
    pub fn constant(ty: Ty, value: Rational) -> Val {
        Val { ty, expr: Expr::Const(value) }
    }

    /// Whether an error was reported.
    pub fn is_error(&self) -> bool {
        self.ty == Ty::Error
    }
}

/// Where names are looked up.
pub trait Names {
    /// The meaning of a name, if it has one.
    fn entity(&mut self, name: &str) -> Option<Entity>;
    /// Every name in scope, for suggestions.
    fn all_names(&self) -> Vec<String>;
    /// The currency a symbol stands for.
    fn symbol(&self, symbol: char) -> Option<Arc<Currency>>;
    /// The database, to reach other modules.
    fn database(&self) -> (&dyn salsa::Database, Workspace);
    /// Adds a finding.
    fn report(&mut self, diagnostic: Diagnostic);
}

/// Resolves a dotted path to its meaning, reporting an unknown name.
pub fn resolve(names: &mut dyn Names, path: &ast::Path) -> Entity {
    let Some((first, rest)) = path.segments.split_first() else { return Entity::Error };
    let Some(mut entity) = names.entity(&first.text) else {
        let all = names.all_names();
        let finding =
            report::unknown(codes::UNKNOWN_NAME, "name", &first.text, first.span, all.iter().map(String::as_str));
        names.report(finding);
        return Entity::Error;
    };
    for segment in rest {
        entity = match entity {
            Entity::Module(file) => {
                let (db, workspace) = names.database();
                let env = db::module_env(db, workspace, file).env.clone();
                let keys = [segment.text.clone(), event_key(&segment.text), unit_key(&segment.text)];
                match keys.iter().find_map(|k| env.names.get(k)) {
                    Some(found) => found.clone(),
                    None => {
                        names.report(report::unknown(
                            codes::UNKNOWN_NAME,
                            &format!("name in module `{}`", env.module),
                            &segment.text,
                            segment.span,
                            env.names.keys().map(String::as_str),
                        ));
                        return Entity::Error;
                    }
                }
            }
            Entity::Error => return Entity::Error,
            other => {
                names.report(
                    Diagnostic::error(
                        codes::WRONG_KIND,
                        format!("`{}` is {}; nothing can follow it after a dot", first.text, other.kind()),
                    )
                    .at(segment.span, ""),
                );
                return Entity::Error;
            }
        };
    }
    entity
}

/// A label set that a condition can ask for.
pub struct KeyRef {
    /// Key of the sink.
    pub key: KeyIx,
    /// Its dimension.
    pub dimension: Arc<DimensionDef>,
}

/// Gives keys to conditions: dimension or field name to key.
pub type KeyFinder<'k> = &'k mut dyn FnMut(&str) -> Option<KeyRef>;

/// Types expressions. One typer per item, so that its budget bounds the item.
pub struct Typer<'n> {
    names: &'n mut dyn Names,
    event: Option<Arc<EventDef>>,
    locals: Vec<(String, Val)>,
    formulas: Vec<ItemRef>,
    steps: u32,
}

impl<'n> Typer<'n> {
    /// A typer without an event: constants.
    pub fn new(names: &'n mut dyn Names) -> Typer<'n> {
        Typer { names, event: None, locals: Vec::new(), formulas: Vec::new(), steps: limits::STEPS_PER_ITEM }
    }

    /// A typer whose expressions may read the fields of an event.
    pub fn on_event(names: &'n mut dyn Names, event: Arc<EventDef>) -> Typer<'n> {
        Typer { event: Some(event), ..Typer::new(names) }
    }

    /// A constant; reports a value known only at run time.
    pub fn constant(&mut self, e: &ast::Expr) -> Val {
        let value = self.expr(e);
        if !value.is_error() && value.expr.as_const().is_none() {
            self.error(codes::TYPE_MISMATCH, "this must be a constant", e.span, "known only at run time");
            return Val::error();
        }
        value
    }

    /// A constant amount of money in `currency`.
    pub fn money(&mut self, e: &ast::Expr, currency: &str) -> Option<Rational> {
        let value = self.constant(e);
        match &value.ty {
            Ty::Error => None,
            Ty::Money(code) if code == currency => value.expr.as_const().cloned(),
            Ty::Money(code) => {
                let message = format!("this amount is in {code}, the prices here are in {currency}");
                self.error(codes::CURRENCY_MISMATCH, message, e.span, "");
                None
            }
            other => {
                let message = format!("an amount of {currency} is needed, this is {other}");
                self.error(codes::TYPE_MISMATCH, message, e.span, "");
                None
            }
        }
    }

    /// A constant quantity that measures `dims`, in base units.
    pub fn quantity(&mut self, e: &ast::Expr, dims: &Dims) -> Option<Rational> {
        let value = self.constant(e);
        self.expect_dims(&value, dims, e.span)?;
        value.expr.as_const().cloned()
    }

    /// Checks that a value is a quantity of `dims` (a bare number where there is no unit).
    pub fn expect_dims(&mut self, value: &Val, dims: &Dims, span: Span) -> Option<()> {
        match &value.ty {
            Ty::Error => None,
            Ty::Quantity(found) if found == dims => Some(()),
            Ty::Number if dims.is_none() => Some(()),
            Ty::Number => {
                let message = format!("this number has no unit; a quantity in {dims} is needed");
                self.error(codes::UNIT_MISSING, message, span, "write the unit behind it");
                None
            }
            other => {
                let message = format!("a quantity in {dims} is needed, this is {other}");
                self.error(codes::UNIT_MISMATCH, message, span, "");
                None
            }
        }
    }

    fn error(&mut self, code: price_diagnostics::Code, message: impl Into<String>, span: Span, label: &str) {
        self.names.report(Diagnostic::error(code, message).at(span, label));
    }

    /// Adds a finding.
    pub fn report(&mut self, diagnostic: Diagnostic) {
        self.names.report(diagnostic);
    }

    /// Resolves a path.
    pub fn resolve(&mut self, path: &ast::Path) -> Entity {
        resolve(self.names, path)
    }

    /// The exact value of a literal.
    pub fn number(&mut self, number: &ast::Number) -> Rational {
        self.decimal(&number.value, number.span)
    }

    fn decimal(&mut self, text: &str, span: Span) -> Rational {
        match text.parse::<Rational>() {
            Ok(value) if value.numer().bits() + value.denom().bits() <= limits::CONSTANT_BITS => value,
            _ => {
                let message = format!("this number needs more than {} bits", limits::CONSTANT_BITS);
                self.error(codes::TOO_WIDE, message, span, "too many digits");
                Rational::ZERO
            }
        }
    }

    /// A share as a fraction: `12.5%` is 1/8.
    pub fn percent(&mut self, percent: &ast::Percent) -> Rational {
        let value = self.decimal(&percent.value, percent.span);
        value
            * match percent.scale {
                ast::PercentScale::Percent => Rational::pow10(-2),
                ast::PercentScale::BasisPoints => Rational::pow10(-4),
            }
    }

    /// A unit by name, reporting what is not one.
    pub fn unit(&mut self, name: &ast::Name) -> Option<Arc<Unit>> {
        match self.names.entity(&unit_key(&name.text)).or_else(|| self.names.entity(&name.text)) {
            Some(Entity::Unit(unit)) => Some(unit),
            Some(Entity::Error) => None,
            Some(other) => {
                let message = format!("`{}` is {}, not a unit", name.text, other.kind());
                self.error(codes::WRONG_KIND, message, name.span, "");
                None
            }
            None => {
                let all = self.names.all_names();
                let mut finding =
                    report::unknown(codes::UNKNOWN_NAME, "unit", &name.text, name.span, all.iter().map(String::as_str));
                if finding.help.is_none() {
                    finding = finding
                        .help(format!("declare it with `unit {0}`, or import it: `use std.units ({0})`", name.text));
                }
                self.names.report(finding);
                None
            }
        }
    }

    /// `240 CREDIT`, `50k calls`.
    pub fn quantity_literal(&mut self, quantity: &ast::Quantity) -> Val {
        let number = self.number(&quantity.number);
        let is_unit = self.names.entity(&unit_key(&quantity.unit.text)).is_some();
        if !is_unit && let Some(Entity::Currency(currency)) = self.names.entity(&quantity.unit.text) {
            return Val::constant(Ty::Money(currency.code.clone()), number);
        }
        match self.unit(&quantity.unit) {
            Some(unit) => Val::constant(Ty::Quantity(unit.dims.clone()), number * &unit.factor),
            None => Val::error(),
        }
    }

    fn step(&mut self, span: Span) -> bool {
        if self.steps == 0 {
            return false;
        }
        self.steps -= 1;
        if self.steps == 0 {
            let message = "this item is too large to be computed".to_string();
            self.names.report(
                Diagnostic::error(codes::OUT_OF_RANGE, message)
                    .at(span, "the budget ended here")
                    .note(format!("formulas may unfold to {} steps", limits::STEPS_PER_ITEM)),
            );
            return false;
        }
        true
    }

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

    fn untested(&mut self, e: &ast::Expr) -> Val {
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

    fn mismatch(&mut self, needed: &str, found: &Val, span: Span) -> Val {
        if !found.is_error() {
            let message = format!("{needed} is needed, this is {}", found.ty);
            self.error(codes::TYPE_MISMATCH, message, span, "");
        }
        Val::error()
    }

    fn path(&mut self, path: &ast::Path, guarded: bool) -> Val {
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
                    FieldKind::Computed(value) => value.clone(),
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

    fn or_else(&mut self, value: &ast::Expr, fallback: &ast::Expr) -> Val {
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

    fn call(&mut self, function: &ast::Name, args: &[ast::Expr], span: Span) -> Val {
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

    fn formula(&mut self, here: ItemRef, function: &ast::Name, args: &[ast::Expr], span: Span) -> Val {
        if self.formulas.contains(&here) || self.formulas.len() >= limits::DEFINITION_DEPTH {
            let message = format!("the formula `{}` needs itself", function.text);
            self.error(codes::DEFINITION_CYCLE, message, function.span, "formulas cannot be recursive");
            return Val::error();
        }
        let values: Vec<Val> = args.iter().map(|a| self.expr(a)).collect();
        let (db, _) = self.names.database();
        let ast = db::parsed(db, here.file).ast.clone();
        let ast::ItemKind::Formula(decl) = &ast.items[here.index].kind else { return Val::error() };
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
                        self.names.report(finding);
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

    fn binary(&mut self, op: BinaryOp, left: &ast::Expr, right: &ast::Expr, span: Span) -> Val {
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

    fn two(
        &mut self,
        code: price_diagnostics::Code,
        message: &str,
        left: &ast::Expr,
        a: &Val,
        right: &ast::Expr,
        b: &Val,
    ) {
        let finding =
            Diagnostic::error(code, message).at(left.span, a.ty.to_string()).also(right.span, b.ty.to_string());
        self.names.report(finding);
    }

    fn per(&mut self, value: &ast::Expr, per: &ast::Per) -> Val {
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

    /// Size in base units and dimensions of `per 1M tokens`.
    pub fn per_unit(&mut self, per: &ast::Per) -> Option<(Rational, Dims)> {
        let period = ast::PeriodWord::from_word(&per.unit.text)
            .filter(|_| self.names.entity(&unit_key(&per.unit.text)).is_none());
        let unit = match period {
            Some(word) => Arc::new(period_unit(word)),
            None => self.unit(&per.unit)?,
        };
        let count = match &per.count {
            Some(count) => self.number(count),
            None => Rational::ONE,
        };
        if !count.is_positive() {
            self.error(codes::OUT_OF_RANGE, "the size behind `per` must be above zero", per.span, "");
            return None;
        }
        Some((count * &unit.factor, unit.dims.clone()))
    }

    fn percent_of(&mut self, percent: &ast::Percent, base: &ast::Scope) -> Val {
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

    /// A rounding with its step in the type `ty` (money or a quantity), `None` after an error.
    pub fn rounding(&mut self, rounding: &ast::Rounding, ty: &Ty, currency: Option<&Currency>) -> Option<Rounding> {
        let step = match &rounding.to {
            ast::RoundTarget::Cents(span) => match (ty, currency) {
                (Ty::Money(_), Some(currency)) if currency.decimals == 2 => currency.minor_unit(),
                (Ty::Money(_), Some(currency)) => {
                    let exact = currency.format(&currency.minor_unit());
                    self.names.report(
                        Diagnostic::error(
                            codes::BAD_ROUNDING_STEP,
                            format!("{} has no cents: its smallest unit is {exact}", currency.code),
                        )
                        .at(*span, "")
                        .fix(Fix::replace(format!("write `{exact}`"), *span, exact, true)),
                    );
                    return None;
                }
                _ => {
                    self.error(codes::BAD_ROUNDING_STEP, "only money is rounded to cents", *span, "");
                    return None;
                }
            },
            ast::RoundTarget::Amount(amount) => {
                let value = self.constant(amount);
                if value.is_error() {
                    return None;
                }
                if value.ty != *ty {
                    self.mismatch(&ty.to_string(), &value, amount.span);
                    return None;
                }
                let step = value.expr.as_const().cloned()?;
                if !step.is_positive() {
                    self.error(codes::BAD_ROUNDING_STEP, "the step must be above zero", amount.span, "");
                    return None;
                }
                step
            }
        };
        Some(Rounding { mode: mode(rounding.mode), step })
    }

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

    fn is(&mut self, subject: &ast::Expr, negated: bool, labels: &[ast::Label], keys: KeyFinder) -> Option<Cond> {
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

/// What `per month` measures where `month` is not imported: months, quarters and years are
/// calendar units of their own, shorter words are exact time.
fn period_unit(word: ast::PeriodWord) -> Unit {
    let seconds = match word {
        ast::PeriodWord::Hour => Some(3_600),
        ast::PeriodWord::Day => Some(86_400),
        ast::PeriodWord::Week => Some(604_800),
        ast::PeriodWord::Month | ast::PeriodWord::Quarter | ast::PeriodWord::Year => None,
    };
    let base = if seconds.is_some() { "second" } else { word.as_str() };
    Unit {
        name: word.as_str().to_string(),
        plural: None,
        dims: Dims::base(format!("std.units.{base}")),
        factor: Rational::int(seconds.unwrap_or(1)),
    }
}

/// The rounding mode of the syntax.
pub fn mode(mode: ast::RoundingMode) -> RoundingMode {
    match mode {
        ast::RoundingMode::HalfUp => RoundingMode::HalfUp,
        ast::RoundingMode::HalfEven => RoundingMode::HalfEven,
        ast::RoundingMode::Up => RoundingMode::Up,
        ast::RoundingMode::Down => RoundingMode::Down,
    }
}
