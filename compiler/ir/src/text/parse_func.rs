//! Expressions, conditions, ladders and rules from text.

use super::lex::{Read, Reader};
use super::print_func::{LADDERS, ORDERS};
use crate::func::{Cond, Expr, Ladder, Piece};
use crate::limits;
use crate::plan::{CellRule, FieldIx, Function, KeyIx, Regime, RuleIx, Rules};
use price_value::{Rational, Rounding, RoundingMode};

const MODES: [(&str, RoundingMode); 4] = [
    ("half-up", RoundingMode::HalfUp),
    ("half-even", RoundingMode::HalfEven),
    ("up", RoundingMode::Up),
    ("down", RoundingMode::Down),
];

pub(super) fn expr(reader: &mut Reader) -> Read<Expr> {
    expr_at(reader, 0)
}

pub(super) fn cond(reader: &mut Reader) -> Read<Cond> {
    cond_at(reader, 0)
}

fn deeper(reader: &Reader, depth: usize) -> Read<usize> {
    if depth >= limits::EXPR_DEPTH {
        return reader.error(format!("more than {} expressions inside one another", limits::EXPR_DEPTH));
    }
    Ok(depth + 1)
}

fn expr_at(reader: &mut Reader, depth: usize) -> Read<Expr> {
    let depth = deeper(reader, depth)?;
    if reader.is_atom() {
        return Ok(Expr::Const(reader.rational()?));
    }
    if let Some(field) = reader.peek_numbered("f") {
        reader.word()?;
        return Ok(Expr::Field(FieldIx(field)));
    }
    if reader.eat("arg") {
        return Ok(Expr::Arg);
    }
    let boxed = |reader: &mut Reader| expr_at(reader, depth).map(Box::new);
    let all = |reader: &mut Reader| reader.list("(", ")", |reader| expr_at(reader, depth));
    match reader.peek_word() {
        "or-else" => {
            let (field, value) = call(reader, |reader| {
                let field = field(reader)?;
                reader.expect(",")?;
                Ok((field, reader.rational()?))
            })?;
            Ok(Expr::OrElse(field, value))
        }
        "family" => Ok(Expr::Family(call(reader, field)?)),
        "add" => {
            reader.word()?;
            Ok(Expr::Add(all(reader)?))
        }
        "min" => {
            reader.word()?;
            Ok(Expr::Min(all(reader)?))
        }
        "max" => {
            reader.word()?;
            Ok(Expr::Max(all(reader)?))
        }
        "mul" => call(reader, |reader| {
            let a = boxed(reader)?;
            reader.expect(",")?;
            Ok(Expr::Mul(a, boxed(reader)?))
        }),
        "round" => call(reader, |reader| {
            let value = boxed(reader)?;
            reader.expect(",")?;
            Ok(Expr::Round(value, rounding(reader)?))
        }),
        "ladder" => call(reader, |reader| {
            let value = boxed(reader)?;
            reader.expect(",")?;
            Ok(Expr::Ladder(value, ladder(reader)?))
        }),
        "if" => call(reader, |reader| {
            let cond = Box::new(cond_at(reader, depth)?);
            reader.expect(",")?;
            let then = boxed(reader)?;
            reader.expect(",")?;
            Ok(Expr::If(cond, then, boxed(reader)?))
        }),
        "by-key" => call(reader, |reader| {
            let key = KeyIx(reader.numbered("k")?);
            let mut arms = Vec::new();
            while reader.eat(",") {
                arms.push(expr_at(reader, depth)?);
            }
            Ok(Expr::ByKey(key, arms))
        }),
        _ => reader.error("expected an expression"),
    }
}

fn cond_at(reader: &mut Reader, depth: usize) -> Read<Cond> {
    let depth = deeper(reader, depth)?;
    let all = |reader: &mut Reader| reader.list("(", ")", |reader| cond_at(reader, depth));
    match reader.peek_word() {
        "always" => {
            reader.word()?;
            Ok(Cond::Always)
        }
        "label" => call(reader, |reader| {
            let key = KeyIx(reader.numbered("k")?);
            reader.expect(",")?;
            Ok(Cond::Label(key, reader.list("[", "]", Reader::int)?))
        }),
        "text" => call(reader, |reader| {
            let field = field(reader)?;
            reader.expect(",")?;
            Ok(Cond::Text(field, reader.text()?))
        }),
        "flag" => Ok(Cond::Flag(call(reader, field)?)),
        "present" => Ok(Cond::Present(call(reader, field)?)),
        "all" => {
            reader.word()?;
            Ok(Cond::All(all(reader)?))
        }
        "any" => {
            reader.word()?;
            Ok(Cond::Any(all(reader)?))
        }
        "not" => call(reader, |reader| Ok(Cond::Not(Box::new(cond_at(reader, depth)?)))),
        word if ORDERS.iter().any(|(other, _)| *other == word) => {
            let order = reader.one_of(&ORDERS)?;
            reader.expect("(")?;
            let a = Box::new(expr_at(reader, depth)?);
            reader.expect(",")?;
            let b = Box::new(expr_at(reader, depth)?);
            reader.expect(")")?;
            Ok(Cond::Compare(a, order, b))
        }
        _ => reader.error("expected a condition"),
    }
}

/// A word and what stands in its parentheses.
fn call<T>(reader: &mut Reader, inside: impl FnOnce(&mut Reader) -> Read<T>) -> Read<T> {
    reader.word()?;
    reader.expect("(")?;
    let value = inside(reader)?;
    reader.expect(")")?;
    Ok(value)
}

pub(super) fn field(reader: &mut Reader) -> Read<FieldIx> {
    Ok(FieldIx(reader.numbered("f")?))
}

pub(super) fn rounding(reader: &mut Reader) -> Read<Rounding> {
    Ok(Rounding { mode: reader.one_of(&MODES)?, step: reader.rational()? })
}

fn ladder(reader: &mut Reader) -> Read<Ladder> {
    let kind = reader.one_of(&LADDERS)?;
    let odd = reader.eat("odd");
    let at_zero = if reader.eat("at-zero") { reader.rational()? } else { Rational::ZERO };
    let pieces = reader.list("[", "]", |reader| {
        let from = reader.rational()?;
        reader.expect("->")?;
        let value = reader.rational()?;
        reader.expect("+")?;
        let slope = reader.rational()?;
        let step = if reader.eat("step") { Some(reader.rational()?) } else { None };
        Ok(Piece { from, value, slope, step })
    })?;
    Ok(Ladder { kind, at_zero, pieces, odd })
}

/// Takes a `function` or `regime` line, if one is next.
pub(super) fn rules_line(reader: &mut Reader, rules: &mut Rules) -> Read<bool> {
    if reader.eat("function") {
        if reader.int::<usize>()? != rules.functions.len() {
            return reader.error("functions are numbered from 0");
        }
        reader.expect("=")?;
        let amount = expr(reader)?;
        reader.expect("by")?;
        let by = reader.list("[", "]", |reader| Ok(RuleIx(reader.numbered("rule")?)))?;
        rules.functions.push(Function { amount, rules: by });
        return Ok(true);
    }
    if reader.eat("regime") {
        let from = if reader.eat("start") {
            None
        } else {
            reader.expect("from")?;
            Some(reader.date()?)
        };
        let cells = reader.runs(limits::CELLS, |reader| {
            if reader.eat("not-sold") { Ok(CellRule::NotSold) } else { Ok(CellRule::Function(reader.int()?)) }
        })?;
        rules.regimes.push(Regime { from, cells });
        return Ok(true);
    }
    Ok(false)
}
