//! Ladders over whole numbers.

use super::ints::{add, bits, common_of, mul, ratio, whole};
use super::lower::{Result, node, product, sum};
use super::scaled::{Negative, Op, Rung, Rungs, Scaled, Steps, narrow};
use crate::func::{Ladder, Piece};
use price_value::Rational;

/// Collects whether everything computed on the way fits 64 bits.
struct Widths {
    wide: bool,
}

impl Widths {
    fn see(&mut self, range: (i128, i128)) -> (i128, i128) {
        self.wide |= !narrow(range.0, range.1);
        range
    }
}

/// The ladder applied to `of`, whose run-time divisor is at most `divisor`.
pub(super) fn lower(of: Scaled, ladder: &Ladder, divisor: i128) -> Result<Scaled> {
    let negative = match (of.lo >= 0, ladder.odd) {
        (true, _) => Negative::Never,
        (false, true) => Negative::Mirror,
        (false, false) => Negative::Refuse,
    };
    let top = if negative == Negative::Mirror { of.hi.max(-of.lo) } else { of.hi.max(0) };
    let most = if of.divided { divisor } else { 1 };
    // Pieces that begin at or above the greatest argument price nothing.
    let reached = |p: &&Piece| &p.from / &of.step < Rational::int(top);
    let pieces: Vec<&Piece> =
        ladder.pieces.iter().enumerate().filter(|(i, p)| *i == 0 || reached(p)).map(|(_, p)| p).collect();

    let fine =
        if of.divided { pieces.iter().try_fold(1, |fine, p| multiple(fine, &(&p.from / &of.step)))? } else { 1 };
    let mut seen = Widths { wide: !of.is_narrow() };
    seen.see((0, mul(top, fine)?));

    let coefficients: Vec<(Rational, Rational)> = pieces.iter().map(|p| coefficients(p, &of.step)).collect();
    let step = common_of(coefficients.iter().flat_map(|(a, b)| [a, b]).chain([&ladder.at_zero]));
    let at_zero = whole(&(&ladder.at_zero / &step))?;
    let mut range = seen.see(product((at_zero, at_zero), (1, most))?);

    let mut rungs = Vec::with_capacity(pieces.len());
    for (index, piece) in pieces.iter().enumerate() {
        let from = &(&piece.from / &of.step) * &Rational::int(fine);
        let bound = whole(&from.floor())?;
        seen.see((bound, mul(bound, most)?));
        let last = match pieces.get(index + 1) {
            // With a divisor the argument that reaches the next bound grows with it.
            Some(next) => whole(&(&next.from / &of.step * Rational::int(most)).ceil()).map_or(top, |n| n.min(top)),
            None => top,
        };
        let first = if of.divided { 0 } else { bound.min(last) };
        let (slope, value) = &coefficients[index];
        let (slope, value) = (whole(&(slope / &step))?, whole(&(value / &step))?);
        let steps = piece.step.as_ref().map(|step| steps(piece, step, &of.step)).transpose()?;
        let counted = match &steps {
            None => (first, last),
            Some(steps) => {
                let numer = (mul(first, steps.mul)?, mul(last, steps.mul)?);
                seen.see(numer);
                let offset = product((steps.offset, steps.offset), (1, most))?;
                seen.see(offset);
                let rest = seen.see((add(numer.0, -offset.1)?, add(numer.1, -offset.0)?));
                seen.see((steps.div, mul(steps.div, most)?));
                let count = seen.see((0, add(rest.1.max(0) / steps.div, 1)?));
                seen.see(product(count, (1, most))?)
            }
        };
        let rise = seen.see(product(counted, (slope, slope))?);
        let base = seen.see(product((value, value), (1, most))?);
        let total = seen.see(sum(rise, base)?);
        range = (range.0.min(total.0), range.1.max(total.1));
        seen.see((slope, slope));
        rungs.push(Rung { bound, slope, value, steps });
    }
    if negative == Negative::Mirror {
        let most = range.1.max(-range.0);
        range = (-most, most);
    }
    debug_assert!(bits(range.1) <= super::WIDEST);
    let divided = of.divided;
    let rungs = Rungs { negative, fine, at_zero, rungs };
    node(Op::Ladder(Box::new(of), rungs), step, divided, range, seen.wide)
}

/// Change per counted one, and the value where the count is zero.
fn coefficients(piece: &Piece, unit: &Rational) -> (Rational, Rational) {
    match &piece.step {
        Some(step) => (&piece.slope * step, piece.value.clone()),
        None => (&piece.slope * unit, &piece.value - &(&piece.slope * &piece.from)),
    }
}

/// Started steps above the piece's bound.
fn steps(piece: &Piece, step: &Rational, unit: &Rational) -> Result<Steps> {
    let (mul_n, mul_d) = ratio(unit, step)?;
    let (off_n, off_d) = ratio(&piece.from, step)?;
    let div = multiple(mul_d, &Rational::new(1, off_d))?;
    Ok(Steps { mul: mul(mul_n, div / mul_d)?, offset: mul(off_n, div / off_d)?, div })
}

/// The least common multiple of `a` and the denominator of `of`.
fn multiple(a: i128, of: &Rational) -> Result<i128> {
    let d: Rational = of.denom().into();
    let (rest, _) = ratio(&d, &super::ints::common(&d, &Rational::int(a)))?;
    Ok(mul(a, rest)?)
}
