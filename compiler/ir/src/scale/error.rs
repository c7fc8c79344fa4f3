//! Which number of the source asks for more than 128 bits.

use super::ints::{Trouble, wide_bits};
use crate::func::{Expr, Ladder};
use crate::plan::Post;
use price_value::Rational;
use std::fmt;

/// A value that cannot be proved to fit 128 bits.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ScaleError {
    /// Line or sink, and the part of it: `egress`, `calls (amount)`.
    pub name: String,
    /// What is wrong, as the end of a sentence.
    pub what: String,
    /// The constant with the most digits in that place: the one to blame.
    pub literal: Rational,
    /// Bits an exact value needs, at least; 0 where bits are not the trouble.
    pub bits_needed: u32,
}

impl ScaleError {
    pub(super) fn empty(name: &str) -> ScaleError {
        let what = "its quantum is not a number above zero".to_string();
        ScaleError { name: name.to_string(), what, literal: Rational::ZERO, bits_needed: 0 }
    }
}

impl fmt::Display for ScaleError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "`{}`: {}", self.name, self.what)
    }
}

impl std::error::Error for ScaleError {}

/// Calls the second with each literal of an expression and of everything below it.
pub(super) fn walk(expr: &Expr, f: &mut dyn FnMut(&Rational)) {
    expr.walk(&mut |e| literals(e, f));
}

/// Calls `f` with the literals of one node.
pub(super) fn literals(expr: &Expr, f: &mut dyn FnMut(&Rational)) {
    match expr {
        Expr::Const(value) | Expr::OrElse(_, value) => f(value),
        Expr::Round(_, rounding) => f(&rounding.step),
        Expr::Ladder(_, ladder) => ladder_literals(ladder, f),
        _ => {}
    }
}

fn ladder_literals(ladder: &Ladder, f: &mut dyn FnMut(&Rational)) {
    f(&ladder.at_zero);
    for piece in &ladder.pieces {
        f(&piece.slope);
        f(&piece.from);
        if let Some(step) = &piece.step {
            f(step);
        }
    }
}

pub(super) fn post_literals(post: &[Post], f: &mut dyn FnMut(&Rational)) {
    for step in post {
        match step {
            Post::AtLeast(value) | Post::AtMost(value) => f(value),
            Post::Round(rounding) => f(&rounding.step),
        }
    }
}

/// The error for a place, blaming the longest of its literals (the first of equals).
pub(super) fn blame(name: String, trouble: Trouble, each: impl FnOnce(&mut dyn FnMut(&Rational))) -> ScaleError {
    let mut longest: Option<Rational> = None;
    each(&mut |literal| {
        if longest.as_ref().is_none_or(|l| wide_bits(literal) > wide_bits(l)) {
            longest = Some(literal.clone());
        }
    });
    let literal = longest.unwrap_or_default();
    let (what, bits_needed) = match trouble {
        Trouble::Wide(bits) => (
            format!("exact amounts need {bits} bits, more than the 126 there are; the longest number is {literal}"),
            bits,
        ),
        Trouble::Deep => ("it is nested too deeply".to_string(), 0),
        Trouble::Illegal(what) => (format!("it holds {what}"), 0),
    };
    ScaleError { name, what, literal, bits_needed }
}
