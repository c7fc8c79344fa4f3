//! Functions of one quantity: their exact value, and the grid their values lie on.
//!
//! Usage lines and shares are priced by functions that read nothing but `Arg`; hosts, checks
//! and plots evaluate them here. Functions that read an event row belong to the engines.

use crate::func::{Cond, Expr, Ladder, LadderKind};
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
    fn a_function_of_a_row_has_no_value_at_a_quantity() {
        assert_eq!(Expr::Field(crate::FieldIx(0)).at(&r("1")), Err(Fault::Missing));
        assert_eq!(Expr::Add(vec![Expr::Arg, Expr::Const(r("0.5"))]).at(&r("1")), Ok(r("1.5")));
        assert_eq!(Expr::Add(vec![]).at(&r("1")), Ok(r("0")));
        let tiers = Ladder { odd: false, ..Ladder::linear(r("2")) };
        assert_eq!(Expr::Ladder(Box::new(Expr::Arg), tiers).at(&r("-1")), Err(Fault::NegativeQuantity));
    }
}
