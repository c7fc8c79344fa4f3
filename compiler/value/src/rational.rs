//! An exact rational number: 128-bit while it fits, unbounded when it does not.
//!
//! Invariant: always in lowest terms with a positive denominator, and *small* whenever it
//! fits, so that equality, hashing and the textual form are canonical.

use num_bigint::BigInt;
use num_integer::Integer;
use num_rational::BigRational;
use num_traits::{Signed, ToPrimitive, Zero};
use serde::{Deserialize, Deserializer, Serialize, Serializer};
use std::cmp::Ordering;
use std::fmt;
use std::iter::Sum;
use std::ops::{Add, AddAssign, Div, Mul, Neg, Sub, SubAssign};
use std::str::FromStr;

/// An exact rational number of any size.
#[derive(Clone, PartialEq, Eq, Hash)]
pub struct Rational(Repr);

#[derive(Clone, PartialEq, Eq, Hash)]
enum Repr {
    /// Lowest terms, denominator > 0.
    Small(i128, i128),
    /// Lowest terms and does not fit [`Repr::Small`].
    Big(Box<BigRational>),
}

fn gcd(a: u128, b: u128) -> u128 {
    if let (Ok(x), Ok(y)) = (u64::try_from(a), u64::try_from(b)) {
        return u128::from(x.gcd(&y));
    }
    a.gcd(&b)
}

fn small(numer: i128, denom: i128) -> Option<Rational> {
    if denom == 1 {
        return Some(Rational(Repr::Small(numer, 1)));
    }
    if numer == i128::MIN || denom == i128::MIN {
        return None;
    }
    let g = gcd(numer.unsigned_abs(), denom.unsigned_abs()) as i128;
    let (n, d) = if g > 1 { (numer / g, denom / g) } else { (numer, denom) };
    Some(Rational(if d < 0 { Repr::Small(-n, -d) } else { Repr::Small(n, d) }))
}

impl Rational {
    /// Zero.
    pub const ZERO: Rational = Rational(Repr::Small(0, 1));
    /// One.
    pub const ONE: Rational = Rational(Repr::Small(1, 1));

    /// `numer / denom` in lowest terms.
    ///
    /// # Panics
    /// When `denom` is zero: callers hold constants or have checked.
    pub fn new(numer: i128, denom: i128) -> Rational {
        assert!(denom != 0, "a rational has a denominator other than zero");
        small(numer, denom).unwrap_or_else(|| Rational::from_big(BigRational::new(numer.into(), denom.into())))
    }

    /// The integer `value`.
    pub const fn int(value: i128) -> Rational {
        Rational(Repr::Small(value, 1))
    }

    /// `10^exponent`, exact for negative exponents too. `exponent` in −4096..=4096.
    pub fn pow10(exponent: i32) -> Rational {
        let power = num_traits::pow(BigInt::from(10), exponent.unsigned_abs() as usize);
        if exponent >= 0 {
            Rational::from_big(BigRational::from_integer(power))
        } else {
            Rational::from_big(BigRational::new(BigInt::from(1), power))
        }
    }

    /// From an unbounded rational.
    pub fn from_big(value: BigRational) -> Rational {
        match (value.numer().to_i128(), value.denom().to_i128()) {
            (Some(n), Some(d)) if n != i128::MIN => Rational(Repr::Small(n, d)),
            _ => Rational(Repr::Big(Box::new(value))),
        }
    }

    /// As an unbounded rational.
    pub fn to_big(&self) -> BigRational {
        match &self.0 {
            Repr::Small(n, d) => BigRational::new_raw((*n).into(), (*d).into()),
            Repr::Big(b) => (**b).clone(),
        }
    }

    /// Numerator in lowest terms.
    pub fn numer(&self) -> BigInt {
        match &self.0 {
            Repr::Small(n, _) => (*n).into(),
            Repr::Big(b) => b.numer().clone(),
        }
    }

    /// Denominator in lowest terms, positive.
    pub fn denom(&self) -> BigInt {
        match &self.0 {
            Repr::Small(_, d) => (*d).into(),
            Repr::Big(b) => b.denom().clone(),
        }
    }

    /// Numerator and denominator when both fit 128 bits.
    pub fn as_small(&self) -> Option<(i128, i128)> {
        match &self.0 {
            Repr::Small(n, d) => Some((*n, *d)),
            Repr::Big(_) => None,
        }
    }

    /// The integer value, when it is one and fits 128 bits.
    pub fn to_i128(&self) -> Option<i128> {
        match &self.0 {
            Repr::Small(n, 1) => Some(*n),
            _ => None,
        }
    }

    /// Whether the value is zero.
    pub fn is_zero(&self) -> bool {
        matches!(self.0, Repr::Small(0, _))
    }

    /// Whether the value is below zero.
    pub fn is_negative(&self) -> bool {
        match &self.0 {
            Repr::Small(n, _) => *n < 0,
            Repr::Big(b) => b.is_negative(),
        }
    }

    /// Whether the value is above zero.
    pub fn is_positive(&self) -> bool {
        !self.is_zero() && !self.is_negative()
    }

    /// Whether the value is a whole number.
    pub fn is_integer(&self) -> bool {
        match &self.0 {
            Repr::Small(_, d) => *d == 1,
            Repr::Big(b) => b.is_integer(),
        }
    }

    /// Absolute value.
    pub fn abs(&self) -> Rational {
        if self.is_negative() { -self.clone() } else { self.clone() }
    }

    /// Largest integer not above the value.
    pub fn floor(&self) -> Rational {
        match &self.0 {
            Repr::Small(n, d) => Rational::int(Integer::div_floor(n, d)),
            Repr::Big(b) => Rational::from_big(b.floor()),
        }
    }

    /// Smallest integer not below the value.
    pub fn ceil(&self) -> Rational {
        match &self.0 {
            Repr::Small(n, d) => Rational::int(Integer::div_ceil(n, d)),
            Repr::Big(b) => Rational::from_big(b.ceil()),
        }
    }

    /// The quotient, or `None` when `other` is zero.
    pub fn checked_div(&self, other: &Rational) -> Option<Rational> {
        if other.is_zero() {
            return None;
        }
        if let (Repr::Small(a, b), Repr::Small(c, d)) = (&self.0, &other.0)
            && let (Some(n), Some(m)) = (a.checked_mul(*d), b.checked_mul(*c))
            && let Some(r) = small(n, m)
        {
            return Some(r);
        }
        Some(Rational::from_big(self.to_big() / other.to_big()))
    }

    /// The smaller of two values.
    pub fn min(self, other: Rational) -> Rational {
        if other < self { other } else { self }
    }

    /// The larger of two values.
    pub fn max(self, other: Rational) -> Rational {
        if other > self { other } else { self }
    }

    /// Number of decimals of the exact decimal form, or `None` when it does not terminate
    /// (or needs more than 4096 digits).
    pub fn decimals(&self) -> Option<u32> {
        let mut denom = self.denom();
        let (mut twos, mut fives) = (0u32, 0u32);
        let (two, five) = (BigInt::from(2), BigInt::from(5));
        while (&denom % &two).is_zero() && twos <= 4096 {
            denom /= &two;
            twos += 1;
        }
        while (&denom % &five).is_zero() && fives <= 4096 {
            denom /= &five;
            fives += 1;
        }
        (denom == BigInt::from(1)).then_some(twos.max(fives))
    }

    /// The exact decimal form with at least `min_decimals` decimals, or `None` when it does not end.
    pub fn to_decimal_string(&self, min_decimals: u32) -> Option<String> {
        let decimals = self.decimals()?.max(min_decimals);
        let scaled = self.clone() * Rational::pow10(decimals as i32);
        let digits = scaled.numer().abs().to_string();
        let sign = if self.is_negative() { "-" } else { "" };
        if decimals == 0 {
            return Some(format!("{sign}{digits}"));
        }
        let width = decimals as usize + 1;
        let padded = format!("{digits:0>width$}");
        let (whole, frac) = padded.split_at(padded.len() - decimals as usize);
        Some(format!("{sign}{whole}.{frac}"))
    }
}

impl Default for Rational {
    fn default() -> Self {
        Rational::ZERO
    }
}

impl From<i64> for Rational {
    fn from(value: i64) -> Self {
        Rational::int(value.into())
    }
}

impl From<BigInt> for Rational {
    fn from(value: BigInt) -> Self {
        Rational::from_big(BigRational::from_integer(value))
    }
}

impl From<rust_decimal::Decimal> for Rational {
    fn from(value: rust_decimal::Decimal) -> Self {
        Rational::new(value.mantissa(), 10i128.pow(value.scale()))
    }
}

impl Ord for Rational {
    fn cmp(&self, other: &Self) -> Ordering {
        if let (Repr::Small(a, b), Repr::Small(c, d)) = (&self.0, &other.0) {
            if b == d {
                return a.cmp(c);
            }
            if let (Some(x), Some(y)) = (a.checked_mul(*d), c.checked_mul(*b)) {
                return x.cmp(&y);
            }
        }
        self.to_big().cmp(&other.to_big())
    }
}

impl PartialOrd for Rational {
    fn partial_cmp(&self, other: &Self) -> Option<Ordering> {
        Some(self.cmp(other))
    }
}

fn add(a: &Rational, b: &Rational) -> Rational {
    if let (Repr::Small(n, d), Repr::Small(m, e)) = (&a.0, &b.0) {
        if d == e {
            if let Some(s) = n.checked_add(*m)
                && let Some(r) = small(s, *d)
            {
                return r;
            }
        } else if let (Some(x), Some(y), Some(z)) = (n.checked_mul(*e), m.checked_mul(*d), d.checked_mul(*e))
            && let Some(s) = x.checked_add(y)
            && let Some(r) = small(s, z)
        {
            return r;
        }
    }
    Rational::from_big(a.to_big() + b.to_big())
}

fn mul(a: &Rational, b: &Rational) -> Rational {
    if let (Repr::Small(n, d), Repr::Small(m, e)) = (&a.0, &b.0)
        && let (Some(x), Some(y)) = (n.checked_mul(*m), d.checked_mul(*e))
        && let Some(r) = small(x, y)
    {
        return r;
    }
    Rational::from_big(a.to_big() * b.to_big())
}

fn neg(a: &Rational) -> Rational {
    match &a.0 {
        // `small` and `from_big` never store i128::MIN.
        Repr::Small(n, d) if *n != i128::MIN => Rational(Repr::Small(-n, *d)),
        _ => Rational::from_big(-a.to_big()),
    }
}

macro_rules! binary {
    ($trait:ident, $method:ident, $f:expr) => {
        impl $trait for Rational {
            type Output = Rational;
            fn $method(self, other: Rational) -> Rational {
                $f(&self, &other)
            }
        }
        impl $trait<&Rational> for &Rational {
            type Output = Rational;
            fn $method(self, other: &Rational) -> Rational {
                $f(self, other)
            }
        }
        impl $trait<&Rational> for Rational {
            type Output = Rational;
            fn $method(self, other: &Rational) -> Rational {
                $f(&self, other)
            }
        }
    };
}
binary!(Add, add, add);
binary!(Sub, sub, |a: &Rational, b: &Rational| add(a, &neg(b)));
binary!(Mul, mul, mul);
binary!(Div, div, |a: &Rational, b: &Rational| a
    .checked_div(b)
    .expect("division by a value known to be other than zero"));

impl Neg for Rational {
    type Output = Rational;
    fn neg(self) -> Rational {
        neg(&self)
    }
}

impl Neg for &Rational {
    type Output = Rational;
    fn neg(self) -> Rational {
        neg(self)
    }
}

impl AddAssign<&Rational> for Rational {
    fn add_assign(&mut self, other: &Rational) {
        *self = add(self, other);
    }
}

impl SubAssign<&Rational> for Rational {
    fn sub_assign(&mut self, other: &Rational) {
        *self = add(self, &neg(other));
    }
}

impl Sum for Rational {
    fn sum<I: Iterator<Item = Rational>>(iter: I) -> Rational {
        iter.fold(Rational::ZERO, |a, b| add(&a, &b))
    }
}

impl<'a> Sum<&'a Rational> for Rational {
    fn sum<I: Iterator<Item = &'a Rational>>(iter: I) -> Rational {
        iter.fold(Rational::ZERO, |a, b| add(&a, b))
    }
}

/// Why a text is not a rational.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("`{0}` is not a decimal number or a fraction")]
pub struct ParseRationalError(String);

impl FromStr for Rational {
    type Err = ParseRationalError;

    /// Reads `-12`, `0.005`, `1/3`. No exponents, no separators, at most 4096 characters.
    fn from_str(text: &str) -> Result<Self, Self::Err> {
        let error = || ParseRationalError(text.chars().take(60).collect());
        if text.len() > 4096 {
            return Err(error());
        }
        if let Some((n, d)) = text.split_once('/') {
            let denom = parse_decimal(d).filter(|d| !d.is_zero()).ok_or_else(error)?;
            return Ok(parse_decimal(n).ok_or_else(error)? / denom);
        }
        parse_decimal(text).ok_or_else(error)
    }
}

fn parse_decimal(text: &str) -> Option<Rational> {
    let (negative, body) = match text.strip_prefix('-') {
        Some(rest) => (true, rest),
        None => (false, text),
    };
    let (whole, frac) = body.split_once('.').unwrap_or((body, ""));
    if whole.is_empty() || (body.contains('.') && frac.is_empty()) {
        return None;
    }
    if !whole.bytes().chain(frac.bytes()).all(|b| b.is_ascii_digit()) {
        return None;
    }
    let value = if whole.len() + frac.len() <= 36 {
        let numer: i128 = format!("{whole}{frac}").parse().ok()?;
        Rational::new(numer, 10i128.pow(frac.len() as u32))
    } else {
        let numer: BigInt = format!("{whole}{frac}").parse().ok()?;
        Rational::from(numer) * Rational::pow10(-(frac.len() as i32))
    };
    Some(if negative { -value } else { value })
}

impl fmt::Display for Rational {
    /// The exact decimal when it ends within 40 decimals, else `numerator/denominator`.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.decimals() {
            Some(d) if d <= 40 => f.pad(&self.to_decimal_string(0).unwrap_or_default()),
            _ => f.pad(&format!("{}/{}", self.numer(), self.denom())),
        }
    }
}

impl fmt::Debug for Rational {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(self, f)
    }
}

impl Serialize for Rational {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_str(self)
    }
}

impl<'de> Deserialize<'de> for Rational {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let text = String::deserialize(deserializer)?;
        text.parse().map_err(serde::de::Error::custom)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn r(text: &str) -> Rational {
        text.parse().unwrap()
    }

    #[test]
    fn reads_and_prints_exactly() {
        for text in ["0", "-0.005", "1177.6", "12", "1/3", "-7/12"] {
            assert_eq!(r(text).to_string(), text);
        }
        assert_eq!(r("1.50").to_string(), "1.5");
        assert_eq!(r("1.5").to_decimal_string(2).unwrap(), "1.50");
        for bad in ["", "1.", ".5", "1e3", "1,000", "1/0", "--1", "0x1", "NaN", "+1"] {
            assert!(bad.parse::<Rational>().is_err(), "{bad}");
        }
    }

    #[test]
    fn grows_beyond_128_bits_and_comes_back() {
        let huge = Rational::pow10(60);
        assert!(huge.as_small().is_none());
        assert_eq!((huge.clone() + Rational::ONE) - huge.clone(), Rational::ONE);
        assert_eq!(huge.clone() / huge, Rational::ONE);
        let edge = Rational::int(i128::MAX) + Rational::ONE;
        assert_eq!(edge.clone() - Rational::ONE, Rational::int(i128::MAX));
        assert_eq!(-(-edge.clone()), edge);
    }

    #[test]
    fn floors_and_ceils_below_zero() {
        assert_eq!(r("-1/2").floor(), r("-1"));
        assert_eq!(r("-1/2").ceil(), r("0"));
        assert_eq!(r("5/2").ceil(), r("3"));
    }
}
