//! `event`: the typed schema of usage.

use super::DimensionDef;
use crate::codes;
use crate::env::{Builder, Entity, unit_key};
use crate::types::{Names, Ty, Typer, Val};
use crate::unit::Dims;
use crate::{fold, limits, report};
use price_diagnostics::Diagnostic;
use price_ir::{Expr, FieldIx, Ladder, LadderKind, NumberType, Piece};
use price_syntax::ast;
use price_value::{Rational, RoundingMode};
use std::sync::Arc;

/// An event.
#[derive(Debug, Clone, PartialEq)]
pub struct EventDef {
    /// Module and name.
    pub id: String,
    /// Declared name.
    pub name: String,
    /// Fields in declared order, computed ones included.
    pub fields: Vec<FieldDef>,
}

/// A field.
#[derive(Debug, Clone, PartialEq)]
pub struct FieldDef {
    /// Declared name.
    pub name: String,
    /// Type.
    pub kind: FieldKind,
    /// May be missing.
    pub optional: bool,
    /// Position among the fields that arrive with the event; for computed ones unused.
    pub ix: FieldIx,
}

/// Type of a field.
#[derive(Debug, Clone, PartialEq)]
pub enum FieldKind {
    /// A number.
    Number(NumberField),
    /// Numbers by label.
    Family(Arc<DimensionDef>, NumberField),
    /// Computed from other fields, and the number it is declared as.
    Computed(Val, NumberField),
    /// A label.
    Label(Arc<DimensionDef>),
    /// A label looked up from the text of another field.
    LabelFrom(Arc<DimensionDef>, FieldIx),
    /// Text.
    Text,
    /// Yes or no.
    Flag,
}

/// A number that arrives with an event.
#[derive(Debug, Clone, PartialEq)]
pub struct NumberField {
    ty: Ty,
    factor: Rational,
    /// The wire type.
    pub ir: NumberType,
}

impl NumberField {
    /// A read of the field as a value in base units.
    pub fn val(&self, read: Expr) -> Val {
        Val { ty: self.ty.clone(), expr: fold::scale(&self.factor, read) }
    }

    /// Base units in one unit of the field.
    pub fn factor(&self) -> &Rational {
        &self.factor
    }

    /// Type of the value.
    pub fn ty(&self) -> &Ty {
        &self.ty
    }
}

impl EventDef {
    /// A field by name.
    pub fn field(&self, name: &str) -> Option<&FieldDef> {
        self.fields.iter().find(|f| f.name == name)
    }

    /// Names of the fields.
    pub fn field_names(&self) -> Vec<String> {
        self.fields.iter().map(|f| f.name.clone()).collect()
    }

    /// Granularity of a field that arrives: one step of its last decimal.
    pub fn grain(&self, ix: FieldIx) -> Rational {
        self.fields
            .iter()
            .find_map(|f| match &f.kind {
                FieldKind::Number(n) | FieldKind::Family(_, n) if f.ix == ix => {
                    Some(Rational::pow10(-i32::from(n.ir.decimals)))
                }
                _ => None,
            })
            .unwrap_or(Rational::ONE)
    }
}

/// An event; `None` after a finding that leaves nothing to use.
pub(crate) fn build(builder: &mut Builder<'_>, decl: &ast::EventDecl) -> Option<EventDef> {
    let mut event = EventDef {
        id: format!("{}.{}", builder.file.module(builder.db), decl.name.text),
        name: decl.name.text.clone(),
        fields: Vec::new(),
    };
    let mut next = 0;
    let mut complete = true;
    for entry in &decl.fields {
        let ast::EventEntry::Field(field) = entry else {
            complete = false;
            continue;
        };
        if event.field(&field.name.text).is_some() {
            builder.report(
                Diagnostic::error(codes::DECLARED_TWICE, format!("the field `{}` is declared twice", field.name.text))
                    .at(field.name.span, ""),
            );
            continue;
        }
        let Some(kind) = kind(builder, &event, field) else {
            complete = false;
            continue;
        };
        let arrives = !matches!(kind, FieldKind::Computed(..));
        event.fields.push(FieldDef {
            name: field.name.text.clone(),
            kind,
            optional: field.optional,
            ix: FieldIx(next),
        });
        if arrives {
            next += 1;
        }
    }
    complete.then_some(event)
}

fn kind(builder: &mut Builder<'_>, event: &EventDef, field: &ast::Field) -> Option<FieldKind> {
    let ty = &field.ty;
    let plain = matches!(ty.name.text.as_str(), "text" | "flag") && builder.entity(&ty.name.text).is_none();
    if plain {
        if field.computed.is_some() {
            let message = "only numbers and labels can be computed";
            builder.report(Diagnostic::error(codes::NOT_HERE, message).at(field.span, ""));
            return None;
        }
        return Some(if ty.name.text == "text" { FieldKind::Text } else { FieldKind::Flag });
    }
    let plain = builder.entity(&ty.name.text);
    let typed = matches!(plain, Some(Entity::Dimension(_) | Entity::Calendar(_) | Entity::Currency(_)));
    let entity = if typed { plain } else { builder.entity(&unit_key(&ty.name.text)).or(plain) };
    match entity {
        Some(Entity::Dimension(dimension)) => {
            if dimension.bucketed.is_some() {
                let message = format!("`{}` is computed from a field; it cannot be sent", ty.name.text);
                builder.report(Diagnostic::error(codes::WRONG_KIND, message).at(ty.name.span, ""));
                return None;
            }
            let Some(formula) = &field.computed else { return Some(FieldKind::Label(dimension)) };
            let source = match &formula.value.kind {
                ast::ExprKind::Path(path) => path.as_name().and_then(|n| event.field(&n.text)),
                _ => None,
            };
            match source {
                Some(source) if matches!(source.kind, FieldKind::Text) => {
                    Some(FieldKind::LabelFrom(dimension, source.ix))
                }
                _ => {
                    let message = format!("`{}` is looked up from a text field declared above it", field.name.text);
                    builder.report(Diagnostic::error(codes::TYPE_MISMATCH, message).at(formula.value.span, ""));
                    None
                }
            }
        }
        Some(Entity::Calendar(_)) => {
            let message = format!("`{}` follows from the time of the event; it cannot be sent", ty.name.text);
            builder.report(Diagnostic::error(codes::WRONG_KIND, message).at(ty.name.span, ""));
            None
        }
        Some(Entity::Unit(unit)) => {
            let value_ty = Ty::Quantity(unit.dims.clone());
            let number = number(builder, field, value_ty, unit.factor.clone(), unit.name.clone(), 0)?;
            numeric(builder, event, field, number)
        }
        Some(Entity::Currency(currency)) => {
            let (value_ty, factor, name) = match &ty.per {
                None => (Ty::Money(currency.code.clone()), Rational::ONE, currency.code.clone()),
                Some(per) => {
                    let (size, dims) = Typer::new(builder).per_unit(per)?;
                    let name = format!("{} per {}", currency.code, per.unit.text);
                    (Ty::Rate(currency.code.clone(), dims), Rational::ONE / size, name)
                }
            };
            let number = number(builder, field, value_ty, factor, name, currency.decimals)?;
            numeric(builder, event, field, number)
        }
        Some(Entity::Error) => None,
        Some(other) => {
            let message = format!("`{}` is {}, not a type of a field", ty.name.text, other.kind());
            builder.report(Diagnostic::error(codes::WRONG_KIND, message).at(ty.name.span, ""));
            None
        }
        None if matches!(ty.name.text.as_str(), "number") => {
            let number = number(builder, field, Ty::Number, Rational::ONE, String::new(), 0)?;
            numeric(builder, event, field, number)
        }
        None if let Some(unit) = standard(builder, &ty.name.text) => {
            builder.report(report::not_imported(&ty.name.text, &unit, ty.name.span));
            None
        }
        None => {
            let all = builder.all_names();
            let candidates = all.iter().map(String::as_str).chain(["text", "flag", "number"]);
            let mut finding = report::unknown(codes::UNKNOWN_NAME, "type", &ty.name.text, ty.name.span, candidates);
            if finding.help.is_none() {
                finding = finding.help(
                    "a field is a unit, a currency, a dimension, `text`, `flag` or `number`; units and currencies are imported with `use`",
                );
            }
            builder.report(finding);
            None
        }
    }
}

/// The unit of the standard library that has a spelling.
fn standard(builder: &Builder<'_>, spelling: &str) -> Option<String> {
    let (db, workspace) = builder.database();
    crate::imports::standard_unit(db, workspace, spelling)
}

fn number(
    builder: &mut Builder<'_>,
    field: &ast::Field,
    ty: Ty,
    factor: Rational,
    unit: String,
    usual: u8,
) -> Option<NumberField> {
    if let Some(bound) = &field.ty.at_most {
        builder.report(crate::not_yet("a bound of a field", bound.span));
        return None;
    }
    let decimals = match &field.ty.decimals {
        None => usual,
        Some(number) => match number.as_u64() {
            Some(n) if n <= limits::FIELD_DECIMALS => n as u8,
            _ => {
                let message = format!("a field has 0 to {} decimals", limits::FIELD_DECIMALS);
                builder.report(Diagnostic::error(codes::OUT_OF_RANGE, message).at(number.span, ""));
                return None;
            }
        },
    };
    let mut accepts: Vec<(String, Rational)> = Vec::new();
    if let Ty::Quantity(dims) = &ty {
        for (spelling, other) in builder.units() {
            if other.dims == *dims {
                accepts.push((spelling, &other.factor / &factor));
            }
        }
        accepts.sort();
        accepts.dedup();
    }
    let ir = NumberType { unit, decimals, signed: field.ty.signed, level: field.ty.level, accepts };
    Some(NumberField { ty, factor, ir })
}

fn numeric(builder: &mut Builder<'_>, event: &EventDef, field: &ast::Field, number: NumberField) -> Option<FieldKind> {
    if let Some(formula) = &field.computed {
        return computed(builder, event, field, formula, number);
    }
    match field.ty.by.as_slice() {
        [] => Some(FieldKind::Number(number)),
        [path] => match crate::types::resolve(builder, path) {
            Entity::Dimension(dimension) if dimension.ir.size().is_some() && dimension.bucketed.is_none() => {
                Some(FieldKind::Family(dimension, number))
            }
            Entity::Error => None,
            other => {
                let message = format!("`{}` is {}, not a listed dimension", path.text(), other.kind());
                builder.report(Diagnostic::error(codes::WRONG_KIND, message).at(path.span, ""));
                None
            }
        },
        [_, second, ..] => {
            let message = "a family of fields has one dimension";
            builder.report(Diagnostic::error(codes::NOT_HERE, message).at(second.span, "a second one"));
            None
        }
    }
}

fn computed(
    builder: &mut Builder<'_>,
    event: &EventDef,
    field: &ast::Field,
    formula: &ast::FieldFormula,
    number: NumberField,
) -> Option<FieldKind> {
    if let Some(other) = field.ty.by.first() {
        let message = "a computed field cannot be a family";
        builder.report(Diagnostic::error(codes::NOT_HERE, message).at(other.span, ""));
        return None;
    }
    let value = Typer::on_event(builder, Arc::new(event.clone())).expr(&formula.value);
    if value.is_error() {
        return None;
    }
    let found = value.ty.clone();
    if found != number.ty {
        let message = format!("`{}` is declared as {}, the formula gives {found}", field.name.text, number.ty);
        let code = match (&found, &number.ty) {
            (Ty::Quantity(_), Ty::Quantity(_)) => codes::UNIT_MISMATCH,
            _ => codes::TYPE_MISMATCH,
        };
        builder.report(Diagnostic::error(code, message).at(formula.value.span, ""));
        return None;
    }
    let mut expr = value.expr;
    if let Some(rounded) = &formula.rounded {
        let rounding = Typer::new(builder).rounding(rounded, &found, None)?;
        match &formula.then_each {
            None => expr = Expr::Round(Box::new(expr), rounding),
            Some(step) => {
                let dims = match &found {
                    Ty::Quantity(dims) => dims.clone(),
                    _ => Dims::none(),
                };
                let literal = ast::Expr { kind: ast::ExprKind::Quantity(step.clone()), span: step.span };
                let then = Typer::new(builder).quantity(&literal, &dims)?;
                if rounding.mode != RoundingMode::Up || !then.is_positive() {
                    let message = "`then each` counts begun steps; it goes with `rounded up`";
                    builder.report(Diagnostic::error(codes::BAD_ROUNDING_STEP, message).at(step.span, ""));
                    return None;
                }
                let one = Rational::ONE;
                let pieces = vec![
                    Piece {
                        from: Rational::ZERO,
                        value: Rational::ZERO,
                        slope: one.clone(),
                        step: Some(rounding.step.clone()),
                    },
                    Piece { from: rounding.step.clone(), value: rounding.step, slope: one, step: Some(then) },
                ];
                let ladder = Ladder { kind: LadderKind::Graduated, at_zero: Rational::ZERO, pieces, odd: true };
                expr = Expr::Ladder(Box::new(expr), ladder);
            }
        }
    }
    Some(FieldKind::Computed(Val { ty: found, expr }, number))
}
