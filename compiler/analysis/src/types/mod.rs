//! Types, typed values and the typing of expressions.
//!
//! Quantities are carried in base units and rates per base unit, so conversion is done once,
//! where a literal or a field enters. `Ty::Error` absorbs: one mistake gives one message.

mod cond;
mod expr;

use crate::codes;
use crate::db;
use crate::declare::{DimensionDef, EventDef};
use crate::env::{Entity, ItemRef, event_key, unit_key};
use crate::imports;
use crate::inputs::Workspace;
use crate::{limits, report};
use price_diagnostics::{Diagnostic, Fix, Span};
use price_ir::{Expr, KeyIx};
use price_syntax::ast::{self};
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
                let env = db::names(db, workspace, file).clone();
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
    // A module that holds an agreement of its own name stands for it: `use contracts.globex`.
    if let (Entity::Module(file), Some(last)) = (&entity, path.segments.last()) {
        let (db, workspace) = names.database();
        let own = db::names(db, workspace, *file).names.get(&last.text);
        if let Some(own @ (Entity::Contract(_) | Entity::Plan(_) | Entity::Card(_))) = own {
            return own.clone();
        }
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

    pub(super) fn error(&mut self, code: price_diagnostics::Code, message: impl Into<String>, span: Span, label: &str) {
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

    pub(super) fn decimal(&mut self, text: &str, span: Span) -> Rational {
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
        let unit = self.names.entity(&unit_key(&name.text));
        let (db, workspace) = self.names.database();
        let forgotten = if unit.is_some() { None } else { imports::standard_unit(db, workspace, &name.text) };
        if let Some(standard) = forgotten {
            // Something else may have the name: a meter `calls` that counts calls.
            self.names.report(report::not_imported(&name.text, &standard, name.span));
            return None;
        }
        match unit.or_else(|| self.names.entity(&name.text)) {
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
                        .help(format!("declare it with `unit {}`, or import it from the module that does", name.text));
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

    pub(super) fn step(&mut self, span: Span) -> bool {
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

    pub(super) fn mismatch(&mut self, needed: &str, found: &Val, span: Span) -> Val {
        if !found.is_error() {
            let message = format!("{needed} is needed, this is {}", found.ty);
            self.error(codes::TYPE_MISMATCH, message, span, "");
        }
        Val::error()
    }

    pub(super) fn two(
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
