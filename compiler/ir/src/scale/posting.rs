//! Amounts as differences of totals: ladders over raw totals of 64 bits.

use super::ints::common;
use crate::func::{Expr, Ladder, LadderKind, Piece};
use crate::plan::UsageCharge;
use price_value::Rational;

/// Greatest magnitude of a slope: products with 64-bit totals then fit 126 bits.
const SLOPE: i128 = 1 << 62;
/// Greatest magnitude of a value at a bound.
const VALUE: i128 = 1 << 124;

/// A usage line's functions over raw totals, all over one denominator.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Posting {
    /// Amounts are whole numbers over this.
    pub denominator: i128,
    /// Per function; `None` where a function is not a plain ladder of the quantity, or its
    /// numbers are too wide.
    pub functions: Vec<Option<PostingLadder>>,
}

/// A ladder over raw totals.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct PostingLadder {
    /// Negative totals are priced too: `slope · q` throughout.
    pub linear: bool,
    /// Amount at zero.
    pub at_zero: i128,
    /// In order; the last with `from < q` prices `q > 0`.
    pub pieces: Vec<PostingPiece>,
}

/// `slope · q + value` above `from`.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct PostingPiece {
    /// Exclusive lower bound.
    pub from: i64,
    /// Amount per raw step.
    pub slope: i64,
    /// The piece's line at zero.
    pub value: i128,
}

/// The posting form of a line; `None` where no denominator of 126 bits serves all its ladders.
pub(super) fn posting(usage: &UsageCharge, quantum: &Rational) -> Option<Posting> {
    let ladders: Vec<Option<Ladder>> = usage.rules.functions.iter().map(|f| as_ladder(&f.amount)).collect();
    let mut step = Rational::ONE;
    for ladder in ladders.iter().flatten() {
        step = common(&step, &ladder.at_zero);
        for piece in &ladder.pieces {
            step = common(&step, &(&piece.slope * quantum));
            step = common(&step, &(&piece.value - &(&piece.slope * &piece.from)));
        }
        step.as_small()?;
    }
    // A step of 1/D, so that the integers are over a denominator.
    let denominator = Rational::from(step.denom()).to_i128()?;
    let per_step = Rational::int(denominator);
    let functions = ladders.iter().map(|l| l.as_ref().and_then(|l| over(l, quantum, &per_step))).collect();
    Some(Posting { denominator, functions })
}

fn over(ladder: &Ladder, quantum: &Rational, denominator: &Rational) -> Option<PostingLadder> {
    let linear = ladder.odd && ladder.is_linear();
    if ladder.odd && !linear {
        return None;
    }
    let whole = |value: Rational, most: i128| (value * denominator).to_i128().filter(|n| n.abs() <= most);
    let mut pieces = Vec::with_capacity(ladder.pieces.len());
    for piece in &ladder.pieces {
        let from = (&piece.from / quantum).floor().to_i128();
        // A bound beyond 64 bits is never reached.
        let Some(from) = from.and_then(|n| i64::try_from(n).ok()) else { break };
        let slope = whole(&piece.slope * quantum, SLOPE)?;
        let value = whole(&piece.value - &(&piece.slope * &piece.from), VALUE)?;
        pieces.push(PostingPiece { from, slope: i64::try_from(slope).ok()?, value });
    }
    Some(PostingLadder { linear, at_zero: whole(ladder.at_zero.clone(), VALUE)?, pieces })
}

/// The function as one ladder of the quantity without started steps, if it is one.
fn as_ladder(expr: &Expr) -> Option<Ladder> {
    match expr {
        Expr::Arg => Some(Ladder::linear(Rational::ONE)),
        Expr::Const(value) if value.is_zero() => Some(Ladder::linear(Rational::ZERO)),
        Expr::Mul(a, b) => match (a.as_const(), b.as_const()) {
            (Some(factor), _) => Some(times(as_ladder(b)?, factor)),
            (_, Some(factor)) => Some(times(as_ladder(a)?, factor)),
            _ => None,
        },
        Expr::Add(parts) => {
            let mut parts = parts.iter();
            let first = as_ladder(parts.next()?)?;
            parts.try_fold(first, |sum, part| plus(&sum, &as_ladder(part)?))
        }
        Expr::Ladder(of, ladder) if ladder.pieces.iter().all(|p| p.step.is_none()) => {
            let factor = linear_factor(of)?;
            let pieces = ladder.pieces.iter().map(|p| Piece {
                from: &p.from / &factor,
                value: p.value.clone(),
                slope: &p.slope * &factor,
                step: None,
            });
            Some(Ladder { pieces: pieces.collect(), ..ladder.clone() })
        }
        _ => None,
    }
}

/// `c` of `c · Arg`, above zero.
fn linear_factor(expr: &Expr) -> Option<Rational> {
    match expr {
        Expr::Arg => Some(Rational::ONE),
        Expr::Mul(a, b) => match (a.as_const(), b.as_const()) {
            (Some(factor), _) => Some(factor * &linear_factor(b)?),
            (_, Some(factor)) => Some(factor * &linear_factor(a)?),
            _ => None,
        }
        .filter(Rational::is_positive),
        _ => None,
    }
}

fn times(ladder: Ladder, factor: &Rational) -> Ladder {
    let pieces = ladder.pieces.into_iter().map(|p| Piece {
        value: &p.value * factor,
        slope: &p.slope * factor,
        from: p.from,
        step: None,
    });
    Ladder { kind: ladder.kind, at_zero: &ladder.at_zero * factor, pieces: pieces.collect(), odd: ladder.odd }
}

/// The sum of two ladders; a negative quantity that one of them refuses, the sum refuses.
fn plus(a: &Ladder, b: &Ladder) -> Option<Ladder> {
    let mut bounds: Vec<&Rational> = a.pieces.iter().chain(&b.pieces).map(|p| &p.from).collect();
    bounds.sort();
    bounds.dedup();
    let at = |ladder: &Ladder, from: &Rational| -> Option<Piece> {
        let index = ladder.pieces.partition_point(|p| p.from <= *from).checked_sub(1)?;
        let piece = &ladder.pieces[index];
        Some(Piece { value: piece.eval(from), from: from.clone(), slope: piece.slope.clone(), step: None })
    };
    let pieces = bounds.into_iter().map(|from| {
        let (x, y) = (at(a, from)?, at(b, from)?);
        Some(Piece { from: x.from, value: &x.value + &y.value, slope: &x.slope + &y.slope, step: None })
    });
    let pieces = pieces.collect::<Option<Vec<_>>>()?;
    Some(Ladder { kind: LadderKind::Graduated, at_zero: &a.at_zero + &b.at_zero, pieces, odd: a.odd && b.odd })
}
