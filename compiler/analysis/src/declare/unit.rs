//! `unit seat, seats`, `unit GB-month = GB * month`.

use crate::codes;
use crate::env::Builder;
use crate::limits;
use crate::types::{Names, Typer};
use crate::unit::{Dims, Unit};
use price_diagnostics::Diagnostic;
use price_syntax::ast;
use price_value::Rational;

/// A unit; `None` after a finding.
pub(crate) fn build(builder: &mut Builder<'_>, decl: &ast::UnitDecl) -> Option<Unit> {
    let plural = decl.aliases.first().map(|a| a.text.clone());
    let name = decl.name.text.clone();
    let Some(definition) = &decl.definition else {
        let dims = Dims::base(format!("{}.{name}", builder.file.module(builder.db)));
        return Some(Unit { name, plural, dims, factor: Rational::ONE });
    };
    let mut typer = Typer::new(builder);
    let mut factor = match &definition.factor {
        Some(number) => typer.number(number),
        None => Rational::ONE,
    };
    let first = typer.unit(&definition.first)?;
    factor = &factor * &first.factor;
    let mut dims = first.dims.clone();
    for (op, other) in &definition.rest {
        let other = typer.unit(other)?;
        let (sign, by) = match op {
            ast::UnitOp::Times => (1, other.factor.clone()),
            ast::UnitOp::Over => (-1, Rational::ONE / &other.factor),
        };
        dims = dims.times(&other.dims, sign);
        factor = &factor * &by;
        let bits = factor.numer().bits() + factor.denom().bits();
        if dims.size() > limits::UNIT_SIZE || dims.max_power() > 8 || bits > limits::CONSTANT_BITS {
            break;
        }
    }
    let bits = factor.numer().bits() + factor.denom().bits();
    if dims.size() > limits::UNIT_SIZE || dims.max_power() > 8 || bits > limits::CONSTANT_BITS || !factor.is_positive()
    {
        builder.report(
            Diagnostic::error(codes::OUT_OF_RANGE, format!("the unit `{name}` is too large or not above zero"))
                .at(definition.span, "")
                .note(format!(
                    "a unit has at most {} base units and {} bits",
                    limits::UNIT_SIZE,
                    limits::CONSTANT_BITS
                )),
        );
        return None;
    }
    Some(Unit { name, plural, dims, factor })
}
