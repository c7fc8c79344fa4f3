//! Whole numbers of at most 126 bits, and steps they count.
//!
//! Nothing here saturates or wraps: a number that needs more bits is [`TooWide`].

use price_value::Rational;

/// Bits of the widest magnitude a kernel computes with; one bit less than the sign of 128 bits
/// leaves, so that a negation and the double of a remainder always fit.
pub const WIDEST: u32 = 126;

/// A number needs more than [`WIDEST`] bits.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct TooWide {
    /// Bits it needs, at least.
    pub bits: u32,
}

/// Why an expression has no whole-number form.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Trouble {
    /// Some value needs that many bits.
    Wide(u32),
    /// Nested deeper than any engine follows.
    Deep,
    /// A form the verifier refuses.
    Illegal(&'static str),
}

impl From<TooWide> for Trouble {
    fn from(wide: TooWide) -> Trouble {
        Trouble::Wide(wide.bits)
    }
}

pub(super) type Fits<T> = Result<T, TooWide>;

/// Bits of a magnitude.
pub(super) fn bits(value: i128) -> u32 {
    u128::BITS - value.unsigned_abs().leading_zeros()
}

pub(super) fn fit(value: i128) -> Fits<i128> {
    if bits(value) <= WIDEST { Ok(value) } else { Err(TooWide { bits: bits(value) }) }
}

pub(super) fn mul(a: i128, b: i128) -> Fits<i128> {
    a.checked_mul(b).ok_or(TooWide { bits: (bits(a) + bits(b)).saturating_sub(1) }).and_then(fit)
}

pub(super) fn add(a: i128, b: i128) -> Fits<i128> {
    a.checked_add(b).ok_or(TooWide { bits: 128 }).and_then(fit)
}

/// The whole number `value`, which callers know to be whole.
pub(super) fn whole(value: &Rational) -> Fits<i128> {
    value.to_i128().ok_or_else(|| TooWide { bits: wide_bits(value) }).and_then(fit)
}

/// Numerator and denominator of `a / b`; `b` above zero.
pub(super) fn ratio(a: &Rational, b: &Rational) -> Fits<(i128, i128)> {
    let quotient = a / b;
    let (n, d) = quotient.as_small().ok_or_else(|| TooWide { bits: wide_bits(&quotient) })?;
    Ok((fit(n)?, fit(d)?))
}

/// The largest step both are whole multiples of; zero is a multiple of everything.
pub(super) fn common(a: &Rational, b: &Rational) -> Rational {
    if a.is_zero() {
        return b.abs();
    }
    if b.is_zero() {
        return a.abs();
    }
    // a/b in lowest terms is p/q, so a = p·g and b = q·g.
    let p: Rational = (a / b).numer().into();
    (a / &p).abs()
}

/// The largest step all are whole multiples of; one if all are zero.
pub(super) fn common_of<'a>(values: impl IntoIterator<Item = &'a Rational>) -> Rational {
    let step = values.into_iter().fold(Rational::ZERO, |step, value| common(&step, value));
    if step.is_zero() { Rational::ONE } else { step }
}

/// Bits of the longer side of a fraction.
pub(super) fn wide_bits(value: &Rational) -> u32 {
    u32::try_from(value.numer().bits().max(value.denom().bits())).unwrap_or(u32::MAX)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn r(text: &str) -> Rational {
        text.parse().unwrap()
    }

    #[test]
    fn the_common_step_divides_both_and_is_the_largest() {
        assert_eq!(common(&r("0.25"), &r("0.1")), r("0.05"));
        assert_eq!(common(&r("1/3"), &r("1/2")), r("1/6"));
        assert_eq!(common(&r("-6"), &r("4")), r("2"));
        assert_eq!(common(&r("0"), &r("-4")), r("4"));
        assert_eq!(common_of([&r("0"), &r("0")]), r("1"));
    }

    #[test]
    fn the_126th_bit_is_the_last() {
        let edge = (1i128 << WIDEST) - 1;
        assert_eq!(fit(edge), Ok(edge));
        assert_eq!(add(edge, 1), Err(TooWide { bits: 127 }));
        assert_eq!(mul(-edge, 1), Ok(-edge));
        assert!(mul(edge, edge).is_err());
    }
}
