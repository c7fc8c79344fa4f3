//! Functions of one quantity: their exact value, and the grid their values lie on.
//!
//! Usage lines and shares are priced by functions that read nothing but `Arg`; hosts, checks
//! and plots evaluate them here. Functions that read an event row belong to the engines.

use crate::func::{Cond, Expr, Ladder, LadderKind, Piece};
use crate::kernel::Fault;
use crate::plan::{Event, FieldType};
use price_value::Rational;

/// Where a part of a window's usage stands, for ladders whose tier is not decided by the charged
/// quantity alone.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Position {
    /// What is charged up to here.
    pub charged: Rational,
    /// What the tiers count up to here: `charged`, and where they count gross usage, what is
    /// included as well.
    pub counted: Rational,
    /// What the tiers count in the whole window: decides the tier of a volume price.
    pub total: Rational,
}

impl Expr {
    /// The exact value at `arg`, for functions that read nothing else (verified for usage
    /// lines and shares). A part that needs an event row is [`Fault::Missing`].
    pub fn at(&self, arg: &Rational) -> Result<Rational, Fault> {
        match self {
            Expr::Const(value) => Ok(value.clone()),
            Expr::Arg => Ok(arg.clone()),
            Expr::Add(parts) => parts.iter().map(|p| p.at(arg)).sum(),
            Expr::Mul(a, b) => Ok(a.at(arg)? * b.at(arg)?),
            Expr::Min(parts) => pick(parts.iter().map(|p| p.at(arg)), Rational::min),
            Expr::Max(parts) => pick(parts.iter().map(|p| p.at(arg)), Rational::max),
            Expr::Round(value, rounding) => Ok(rounding.apply(&value.at(arg)?)),
            Expr::Ladder(value, ladder) => ladder.price(&value.at(arg)?),
            Expr::If(cond, then, otherwise) => {
                if cond.at(arg)? {
                    then.at(arg)
                } else {
                    otherwise.at(arg)
                }
            }
            Expr::Field(_) | Expr::OrElse(..) | Expr::Family(_) | Expr::ByKey(..) => Err(Fault::Missing),
        }
    }

    /// Whether a ladder in it asks for the total before it prices a part (volume, stairstep).
    pub fn selects(&self) -> bool {
        let mut found = false;
        self.walk(&mut |e| {
            if let Expr::Ladder(_, ladder) = e {
                found |= ladder.kind != LadderKind::Graduated && ladder.pieces.len() > 1;
            }
        });
        found
    }

    /// The exact value of what is charged at a position whose tier other quantities decide: see
    /// [`Position`]. Equals [`Expr::at`] where all of them are one quantity.
    pub fn at_position(&self, at: &Position) -> Result<Rational, Fault> {
        match self {
            Expr::Arg => Ok(at.charged.clone()),
            Expr::Add(parts) => parts.iter().map(|p| p.at_position(at)).sum(),
            Expr::Mul(a, b) => Ok(a.at_position(at)? * b.at_position(at)?),
            Expr::Min(parts) => pick(parts.iter().map(|p| p.at_position(at)), Rational::min),
            Expr::Max(parts) => pick(parts.iter().map(|p| p.at_position(at)), Rational::max),
            Expr::Round(value, rounding) => Ok(rounding.apply(&value.at_position(at)?)),
            Expr::Ladder(value, ladder) => {
                let charged = value.at_position(at)?;
                let selector = match ladder.kind {
                    LadderKind::Graduated => {
                        let counted = ladder.price(&value.at(&at.counted)?)?;
                        let covered = &at.counted - &at.charged;
                        return match covered.is_zero() {
                            true => Ok(counted),
                            false => Ok(counted - ladder.price(&value.at(&covered)?)?),
                        };
                    }
                    LadderKind::Volume => value.at(&at.total)?,
                    LadderKind::Stairstep => value.at(&at.counted)?,
                };
                if !charged.is_positive() {
                    return ladder.price(&charged);
                }
                Ok(ladder.pieces[ladder.piece_of(&selector)].eval(&charged))
            }
            Expr::If(cond, then, otherwise) => {
                if cond.at(&at.counted)? {
                    then.at_position(at)
                } else {
                    otherwise.at_position(at)
                }
            }
            Expr::Const(_) | Expr::Field(_) | Expr::OrElse(..) | Expr::Family(_) | Expr::ByKey(..) => {
                self.at(&at.charged)
            }
        }
    }

    /// Whether `s · F(q / s)` goes on to a limit as `s` falls to zero and has no jumps: a sum,
    /// least or greatest of multiples of ladders that start at nothing and are connected.
    pub fn stretches(&self) -> bool {
        match self {
            Expr::Const(value) => value.is_zero(),
            Expr::Arg => true,
            Expr::Ladder(of, ladder) => **of == Expr::Arg && ladder.stretches(),
            Expr::Mul(a, b) => match (a.as_const(), b.as_const()) {
                (Some(_), _) => b.stretches(),
                (_, Some(_)) => a.stretches(),
                _ => false,
            },
            Expr::Add(parts) | Expr::Min(parts) | Expr::Max(parts) => parts.iter().all(Expr::stretches),
            _ => false,
        }
    }

    /// The function with every bound `scale` times as far: `s · F(q / s)`, for functions that
    /// [`Expr::stretches`] allows. A scale at or below zero leaves the last tier.
    pub fn stretched(&self, scale: &Rational) -> Expr {
        let over = |parts: &[Expr]| parts.iter().map(|part| part.stretched(scale)).collect();
        match self {
            Expr::Ladder(of, ladder) => Expr::Ladder(of.clone(), ladder.stretched(scale)),
            Expr::Mul(a, b) => {
                Expr::Mul(Box::new(a.factor_or_stretched(scale)), Box::new(b.factor_or_stretched(scale)))
            }
            Expr::Add(parts) => Expr::Add(over(parts)),
            Expr::Min(parts) => Expr::Min(over(parts)),
            Expr::Max(parts) => Expr::Max(over(parts)),
            other => other.clone(),
        }
    }

    fn factor_or_stretched(&self, scale: &Rational) -> Expr {
        if self.as_const().is_some() { self.clone() } else { self.stretched(scale) }
    }

    /// A whole number `D` such that every value of this expression over rows of `event` is a
    /// multiple of `1 / D`, with `arg` the denominator of `Arg`; `None` beyond 126 bits.
    ///
    /// Not the least such number, but the same for every engine: the least common multiple
    /// over the parts, the product over factors, the step's own for roundings.
    pub fn denominator(&self, event: &Event, arg: i128) -> Option<i128> {
        let over = |part: &Expr| part.denominator(event, arg);
        match self {
            Expr::Const(value) => denominator(value),
            Expr::Field(field) | Expr::Family(field) => Some(decimals(event, field.ix())),
            Expr::OrElse(field, other) => common(decimals(event, field.ix()), denominator(other)?),
            Expr::Arg => Some(arg),
            Expr::Add(parts) | Expr::Min(parts) | Expr::Max(parts) | Expr::ByKey(_, parts) => {
                parts.iter().try_fold(1, |d, part| common(d, over(part)?))
            }
            Expr::Mul(a, b) => product(over(a)?, over(b)?),
            Expr::Round(_, rounding) => denominator(&rounding.step),
            Expr::Ladder(value, ladder) => ladder.denominator(over(value)?),
            Expr::If(_, then, otherwise) => common(over(then)?, over(otherwise)?),
        }
    }
}

impl Cond {
    /// Whether the condition holds at `arg`, for conditions that read nothing else.
    pub fn at(&self, arg: &Rational) -> Result<bool, Fault> {
        match self {
            Cond::Always => Ok(true),
            Cond::Compare(a, order, b) => Ok(order.holds(&a.at(arg)?, &b.at(arg)?)),
            Cond::All(parts) => {
                for part in parts {
                    if !part.at(arg)? {
                        return Ok(false);
                    }
                }
                Ok(true)
            }
            Cond::Any(parts) => {
                for part in parts {
                    if part.at(arg)? {
                        return Ok(true);
                    }
                }
                Ok(false)
            }
            Cond::Not(part) => Ok(!part.at(arg)?),
            Cond::Label(..) | Cond::Text(..) | Cond::Flag(_) | Cond::Present(_) => Err(Fault::Missing),
        }
    }
}

impl Ladder {
    /// The exact value at `q`; below zero only for odd ladders.
    pub fn price(&self, q: &Rational) -> Result<Rational, Fault> {
        if q.is_negative() && !self.odd { Err(Fault::NegativeQuantity) } else { Ok(self.eval(q)) }
    }

    fn stretches(&self) -> bool {
        let starts = self.at_zero.is_zero() && self.pieces.first().is_some_and(|p| p.value.is_zero());
        let straight = self.kind == LadderKind::Graduated && self.pieces.iter().all(|p| p.step.is_none());
        starts && straight && self.pieces.windows(2).all(|p| p[0].eval(&p[1].from) == p[1].value)
    }

    fn stretched(&self, scale: &Rational) -> Ladder {
        let none = !scale.is_positive();
        let kept = if none { self.pieces.len().saturating_sub(1) } else { 0 };
        let pieces = self.pieces[kept..].iter().map(|piece| match none {
            true => Piece { from: Rational::ZERO, value: Rational::ZERO, ..piece.clone() },
            false => Piece { from: &piece.from * scale, value: &piece.value * scale, ..piece.clone() },
        });
        Ladder { pieces: pieces.collect(), ..self.clone() }
    }

    /// The denominator of its values for quantities that are multiples of `1 / q`.
    fn denominator(&self, q: i128) -> Option<i128> {
        self.pieces.iter().try_fold(denominator(&self.at_zero)?, |d, piece| {
            let counted = match &piece.step {
                Some(step) => denominator(step)?,
                None => common(q, denominator(&piece.from)?)?,
            };
            common(common(d, denominator(&piece.value)?)?, product(denominator(&piece.slope)?, counted)?)
        })
    }
}

/// The one value that `better` keeps; there is at least one part (verified).
fn pick(
    parts: impl Iterator<Item = Result<Rational, Fault>>,
    better: fn(Rational, Rational) -> Rational,
) -> Result<Rational, Fault> {
    let mut best: Option<Rational> = None;
    for value in parts {
        let value = value?;
        best = Some(match best {
            Some(best) => better(best, value),
            None => value,
        });
    }
    best.ok_or(Fault::Missing)
}

fn denominator(value: &Rational) -> Option<i128> {
    value.as_small().map(|(_, denominator)| denominator)
}

/// `10^decimals` of a numeric field; 1 for any other.
fn decimals(event: &Event, field: usize) -> i128 {
    match event.fields.get(field).map(|f| &f.ty) {
        Some(FieldType::Number(number) | FieldType::Family(_, number)) => 10i128.pow(number.decimals.min(18).into()),
        _ => 1,
    }
}

/// The product, of at most 126 bits.
fn product(a: i128, b: i128) -> Option<i128> {
    a.checked_mul(b).filter(|d| *d < 1 << 126)
}

/// Least common multiple of two whole numbers above zero.
fn common(a: i128, b: i128) -> Option<i128> {
    // a/b in lowest terms has the denominator b / gcd(a, b).
    let (_, rest) = Rational::new(a, b).as_small()?;
    product(a, rest)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn r(text: &str) -> Rational {
        text.parse().unwrap()
    }

    #[test]
    fn the_common_multiple_is_the_least() {
        assert_eq!(common(4, 6), Some(12));
        assert_eq!(common(1, 7), Some(7));
        assert_eq!(common(100, 10), Some(100));
        assert_eq!(common(1 << 100, 3), Some(3 << 100));
        assert_eq!(common((1 << 100) + 1, (1 << 100) - 1), None);
    }

    #[test]
    fn bounds_stretch_with_the_scale() {
        let piece = |from: &str, value: &str, slope: &str| Piece {
            from: r(from),
            value: r(value),
            slope: r(slope),
            step: None,
        };
        let pieces = vec![piece("0", "0", "0.10"), piece("200", "20", "0.06")];
        let ladder = Ladder { kind: LadderKind::Graduated, at_zero: Rational::ZERO, pieces, odd: false };
        let of = |ladder: Ladder| Expr::Ladder(Box::new(Expr::Arg), ladder);
        let tiers = of(ladder.clone());
        let at = |s: &str, q: &str| tiers.stretched(&r(s)).at(&r(q)).unwrap();
        assert!(tiers.stretches());
        assert_eq!(at("200", "60000"), r("5200"));
        assert_eq!(at("200", "60000"), r("200") * tiers.at(&r("300")).unwrap());
        assert_eq!(at("0.5", "100"), r("10"));
        for none in ["0", "-1"] {
            assert_eq!(at(none, "60000"), r("3600"));
        }
        let gap = vec![piece("0", "0", "1"), piece("5", "6", "1")];
        assert!(!of(Ladder { pieces: gap, ..ladder.clone() }).stretches());
        assert!(!of(Ladder { at_zero: r("1"), ..ladder }).stretches());
        assert!(!Expr::Const(r("1")).stretches());
    }

    #[test]
    fn a_function_of_a_row_has_no_value_at_a_quantity() {
        assert_eq!(Expr::Field(crate::FieldIx(0)).at(&r("1")), Err(Fault::Missing));
        assert_eq!(Expr::Add(vec![Expr::Arg, Expr::Const(r("0.5"))]).at(&r("1")), Ok(r("1.5")));
        assert_eq!(Expr::Add(vec![]).at(&r("1")), Ok(r("0")));
        let tiers = Ladder { odd: false, ..Ladder::linear(r("2")) };
        assert_eq!(Expr::Ladder(Box::new(Expr::Arg), tiers).at(&r("-1")), Err(Fault::NegativeQuantity));
    }
}
