//! Functions: expressions over one event row or over one aggregated quantity.
//!
//! One form for everything a price can be. `Arg` is the priced quantity (a meter's total, or
//! the `measure` of one event); `Field` reads the event row and is legal only in functions of
//! one event. Values are exact rationals; the engines choose integers over static denominators
//! (see `scale`). Functions of a quantity alone are evaluated by [`Expr::at`].

use crate::plan::{FieldIx, KeyIx};
use price_value::{Rational, Rounding};
use serde::{Deserialize, Serialize};

/// A scalar expression. Total: every expression has a value for every row.
#[derive(Debug, Clone, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub enum Expr {
    /// A literal.
    Const(Rational),
    /// A numeric field of the event in its declared unit (never null: see [`Expr::OrElse`]).
    Field(FieldIx),
    /// An optional numeric field, with the value used where the event lacks it.
    OrElse(FieldIx, Rational),
    /// The value of the family field for the label this row is unrolled to
    /// (`tokens: token by kind`). Legal only in a sink whose keys hold a [`crate::KeySource::Family`]
    /// over the same dimension.
    Family(FieldIx),
    /// The priced quantity, in the unit of the meter or of `measure`.
    Arg,
    /// Sum; zero when there is nothing to add.
    Add(Vec<Expr>),
    /// Product. Two run-time factors are legal only in functions of one event.
    Mul(Box<Expr>, Box<Expr>),
    /// The least of at least one.
    Min(Vec<Expr>),
    /// The greatest of at least one.
    Max(Vec<Expr>),
    /// Brought to a multiple of a step: pulses, whole packages (`started`), per-event rounding.
    Round(Box<Expr>, Rounding),
    /// A piecewise-affine function applied to an expression.
    Ladder(Box<Expr>, Ladder),
    /// Chooses by a condition; only the chosen arm is evaluated.
    If(Box<Cond>, Box<Expr>, Box<Expr>),
    /// Chooses by the label of a key of the sink; `arms[label]`, one arm per label.
    ByKey(KeyIx, Vec<Expr>),
}

/// A condition on one event row.
#[derive(Debug, Clone, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub enum Cond {
    /// Always true: the filter that is not there.
    Always,
    /// The label of a key of the sink is one of these (sorted).
    Label(KeyIx, Vec<u32>),
    /// A text field equals a constant (a missing text is empty).
    Text(FieldIx, String),
    /// A flag field is true; a missing flag is [`crate::Fault::Missing`].
    Flag(FieldIx),
    /// Comparison of two expressions of the same type. The only condition, with its
    /// combinations, that is legal in a function of a quantity.
    Compare(Box<Expr>, Order, Box<Expr>),
    /// An optional field is present (a text: not empty). Not for families.
    Present(FieldIx),
    /// All of them, as far as the first that does not hold; true when there are none.
    All(Vec<Cond>),
    /// Any of them, as far as the first that holds; false when there are none.
    Any(Vec<Cond>),
    /// Not.
    Not(Box<Cond>),
}

/// A part of a function, as it is visited.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Part<'a> {
    /// An expression.
    Expr(&'a Expr),
    /// A condition.
    Cond(&'a Cond),
}

impl<'a> Part<'a> {
    /// Visits expressions only.
    fn exprs<'f>(f: &'f mut dyn FnMut(&'a Expr)) -> impl FnMut(Part<'a>) + use<'a, 'f> {
        move |part| {
            if let Part::Expr(expr) = part {
                f(expr);
            }
        }
    }
}

/// A comparison.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub enum Order {
    /// `=`
    Equal,
    /// `!=`
    NotEqual,
    /// `<`
    Less,
    /// `<=`
    AtMost,
    /// `>`
    Greater,
    /// `>=`
    AtLeast,
}

/// How the pieces of a ladder were written; decides only how it is *shown* (tiers of a line),
/// never what it is worth.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub enum LadderKind {
    /// Each unit at its own tier's rate: tier `i` shows `F(min(q, to)) − F(from)`.
    Graduated,
    /// All units at the rate of the tier reached.
    Volume,
    /// One amount for the tier reached.
    Stairstep,
}

/// A piecewise-affine function of a quantity `q ≥ 0`.
///
/// `F(0) = at_zero`. For `q > 0` the piece with the largest `from < q` applies (so a bound
/// belongs to the piece below it: `up to N` includes N):
/// `F(q) = value + slope · s(q − from)`, with `s(x) = x`, or `x` rounded up to a multiple of
/// `step` where the piece counts in started steps. For `q < 0` (signed meters) `F(q) = −F(−q)`
/// when `odd`, otherwise the engines report [`crate::Fault::NegativeQuantity`].
///
/// Invariant (verified): at least one piece, the first from 0, bounds strictly increasing.
#[derive(Debug, Clone, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub struct Ladder {
    /// How the source wrote it.
    pub kind: LadderKind,
    /// Value at exactly zero (a tier's flat part only if `even at zero`).
    pub at_zero: Rational,
    /// The pieces in order of `from`.
    pub pieces: Vec<Piece>,
    /// Whether negative quantities mirror positive ones.
    pub odd: bool,
}

/// One piece of a [`Ladder`].
#[derive(Debug, Clone, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub struct Piece {
    /// Exclusive lower bound, in the unit of the argument.
    pub from: Rational,
    /// Value just above `from`.
    pub value: Rational,
    /// Change per unit.
    pub slope: Rational,
    /// Units are counted in whole started steps above `from`.
    pub step: Option<Rational>,
}

impl Ladder {
    /// `slope · q`, odd.
    pub fn linear(slope: Rational) -> Ladder {
        Ladder {
            kind: LadderKind::Graduated,
            at_zero: Rational::ZERO,
            pieces: vec![Piece { from: Rational::ZERO, value: Rational::ZERO, slope, step: None }],
            odd: true,
        }
    }

    /// The index of the piece that prices `q > 0`.
    pub fn piece_of(&self, q: &Rational) -> usize {
        self.pieces.partition_point(|p| p.from < *q).saturating_sub(1)
    }

    /// The exact value at `q ≥ 0` (at `q < 0`: mirrored, whatever `odd` says).
    pub fn eval(&self, q: &Rational) -> Rational {
        if q.is_zero() {
            return self.at_zero.clone();
        }
        if q.is_negative() {
            return -self.eval(&-q);
        }
        self.pieces[self.piece_of(q)].eval(q)
    }

    /// Whether `F(q) = k·q` for one `k`: such functions add over cells, slices and accounts.
    pub fn is_linear(&self) -> bool {
        self.at_zero.is_zero()
            && self.pieces.iter().all(|p| p.step.is_none() && p.slope == self.pieces[0].slope)
            && self.pieces.iter().all(|p| p.value == &p.slope * &p.from)
    }
}

impl Piece {
    /// The value of this piece's formula at `q`, which must lie above `from`.
    pub fn eval(&self, q: &Rational) -> Rational {
        let above = q - &self.from;
        let counted = match &self.step {
            Some(step) => (above / step).ceil() * step,
            None => above,
        };
        &self.value + &(&self.slope * &counted)
    }
}

impl Order {
    /// Whether `left ? right` holds.
    pub fn holds(self, left: &Rational, right: &Rational) -> bool {
        match self {
            Order::Equal => left == right,
            Order::NotEqual => left != right,
            Order::Less => left < right,
            Order::AtMost => left <= right,
            Order::Greater => left > right,
            Order::AtLeast => left >= right,
        }
    }
}

impl Expr {
    /// A constant.
    pub fn constant(value: Rational) -> Expr {
        Expr::Const(value)
    }

    /// The constant's value, if it is one.
    pub fn as_const(&self) -> Option<&Rational> {
        match self {
            Expr::Const(value) => Some(value),
            _ => None,
        }
    }

    /// Calls `f` on this expression and every expression below it, conditions included.
    pub fn walk<'a>(&'a self, f: &mut dyn FnMut(&'a Expr)) {
        self.visit(&mut Part::exprs(f));
    }

    /// Calls `f` on this expression and every expression and condition below it.
    pub fn visit<'a>(&'a self, f: &mut dyn FnMut(Part<'a>)) {
        f(Part::Expr(self));
        match self {
            Expr::Const(_) | Expr::Field(_) | Expr::OrElse(..) | Expr::Family(_) | Expr::Arg => {}
            Expr::Add(parts) | Expr::Min(parts) | Expr::Max(parts) | Expr::ByKey(_, parts) => {
                parts.iter().for_each(|p| p.visit(f))
            }
            Expr::Mul(a, b) => {
                a.visit(f);
                b.visit(f);
            }
            Expr::Round(a, _) | Expr::Ladder(a, _) => a.visit(f),
            Expr::If(c, a, b) => {
                c.visit(f);
                a.visit(f);
                b.visit(f);
            }
        }
    }
}

impl Cond {
    /// Calls `f` on every expression inside the condition.
    pub fn walk<'a>(&'a self, f: &mut dyn FnMut(&'a Expr)) {
        self.visit(&mut Part::exprs(f));
    }

    /// Calls `f` on this condition and every condition and expression below it.
    pub fn visit<'a>(&'a self, f: &mut dyn FnMut(Part<'a>)) {
        f(Part::Cond(self));
        match self {
            Cond::Always | Cond::Label(..) | Cond::Text(..) | Cond::Flag(_) | Cond::Present(_) => {}
            Cond::Compare(a, _, b) => {
                a.visit(f);
                b.visit(f);
            }
            Cond::All(parts) | Cond::Any(parts) => parts.iter().for_each(|p| p.visit(f)),
            Cond::Not(c) => c.visit(f),
        }
    }

    /// Both, without the conditions that are always true.
    pub fn and(self, other: Cond) -> Cond {
        match (self, other) {
            (Cond::Always, c) | (c, Cond::Always) => c,
            (Cond::All(mut a), Cond::All(b)) => {
                a.extend(b);
                Cond::All(a)
            }
            (Cond::All(mut a), c) => {
                a.push(c);
                Cond::All(a)
            }
            (a, b) => Cond::All(vec![a, b]),
        }
    }
}
