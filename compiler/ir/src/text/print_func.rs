//! Expressions, conditions, ladders and rules as text.

use super::lex::quoted;
use super::print::{list, runs};
use crate::func::{Cond, Expr, Ladder, LadderKind, Order};
use crate::plan::{CellRule, Rules};
use price_value::Rounding;
use std::fmt::Write;

/// Words of comparisons.
pub(super) const ORDERS: [(&str, Order); 6] = [
    ("equal", Order::Equal),
    ("not-equal", Order::NotEqual),
    ("less", Order::Less),
    ("at-most", Order::AtMost),
    ("greater", Order::Greater),
    ("at-least", Order::AtLeast),
];

/// Words of ladder kinds.
pub(super) const LADDERS: [(&str, LadderKind); 3] =
    [("graduated", LadderKind::Graduated), ("volume", LadderKind::Volume), ("stairstep", LadderKind::Stairstep)];

/// An expression on one line.
pub fn print_expr(expr: &Expr) -> String {
    let all = |parts: &[Expr]| parts.iter().map(print_expr).collect::<Vec<_>>().join(", ");
    match expr {
        Expr::Const(value) => value.to_string(),
        Expr::Field(field) => format!("f{}", field.0),
        Expr::OrElse(field, value) => format!("or-else(f{}, {value})", field.0),
        Expr::Family(field) => format!("family(f{})", field.0),
        Expr::Arg => "arg".into(),
        Expr::Add(parts) => format!("add({})", all(parts)),
        Expr::Mul(a, b) => format!("mul({}, {})", print_expr(a), print_expr(b)),
        Expr::Min(parts) => format!("min({})", all(parts)),
        Expr::Max(parts) => format!("max({})", all(parts)),
        Expr::Round(value, rounding) => format!("round({}, {})", print_expr(value), print_rounding(rounding)),
        Expr::Ladder(value, ladder) => format!("ladder({}, {})", print_expr(value), print_ladder(ladder)),
        Expr::If(cond, then, otherwise) => {
            format!("if({}, {}, {})", print_cond(cond), print_expr(then), print_expr(otherwise))
        }
        Expr::ByKey(key, arms) if arms.is_empty() => format!("by-key(k{})", key.0),
        Expr::ByKey(key, arms) => format!("by-key(k{}, {})", key.0, all(arms)),
    }
}

/// A condition on one line.
pub fn print_cond(cond: &Cond) -> String {
    let all = |parts: &[Cond]| parts.iter().map(print_cond).collect::<Vec<_>>().join(", ");
    match cond {
        Cond::Always => "always".into(),
        Cond::Label(key, labels) => format!("label(k{}, {})", key.0, list(labels.iter().map(u32::to_string))),
        Cond::Text(field, text) => format!("text(f{}, {})", field.0, quoted(text)),
        Cond::Flag(field) => format!("flag(f{})", field.0),
        Cond::Compare(a, order, b) => format!("{}({}, {})", word(&ORDERS, *order), print_expr(a), print_expr(b)),
        Cond::Present(field) => format!("present(f{})", field.0),
        Cond::All(parts) => format!("all({})", all(parts)),
        Cond::Any(parts) => format!("any({})", all(parts)),
        Cond::Not(part) => format!("not({})", print_cond(part)),
    }
}

/// The word of a value in a table.
pub(super) fn word<T: PartialEq>(table: &[(&'static str, T)], value: T) -> &'static str {
    table.iter().find(|(_, other)| *other == value).map_or("", |(word, _)| word)
}

pub(super) fn print_rounding(rounding: &Rounding) -> String {
    format!("{} {}", rounding.mode, rounding.step)
}

fn print_ladder(ladder: &Ladder) -> String {
    let odd = if ladder.odd { " odd" } else { "" };
    let zero = if ladder.at_zero.is_zero() { String::new() } else { format!(" at-zero {}", ladder.at_zero) };
    let pieces = ladder.pieces.iter().map(|piece| {
        let step = piece.step.as_ref().map_or(String::new(), |step| format!(" step {step}"));
        format!("{} -> {} + {}{step}", piece.from, piece.value, piece.slope)
    });
    format!("{}{odd}{zero} {}", word(&LADDERS, ladder.kind), list(pieces))
}

/// One line per function and regime.
pub(super) fn print_rules(out: &mut String, rules: &Rules) {
    for (index, function) in rules.functions.iter().enumerate() {
        let by = list(function.rules.iter().map(|rule| format!("rule{}", rule.0)));
        let _ = writeln!(out, "  function {index} = {} by {by}", print_expr(&function.amount));
    }
    for regime in &rules.regimes {
        let from = regime.from.map_or("start".into(), |date| format!("from {date}"));
        let cells = runs(regime.cells.iter().map(|cell| match cell {
            CellRule::Function(function) => function.to_string(),
            CellRule::NotSold => "not-sold".into(),
        }));
        let _ = writeln!(out, "  regime {from} {cells}");
    }
}
