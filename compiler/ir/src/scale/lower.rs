//! From exact expressions to whole numbers.
//!
//! Constants cost nothing: multiplying changes the step, not the number. Only where two values
//! meet (sums, comparisons, choices) are they brought to a common step.

use super::ints::{Trouble, WIDEST, add, common_of, fit, mul, ratio, whole};
use super::scaled::{Buckets, Op, Raw, Scaled, Test, narrow};
use crate::func::{Cond, Expr};
use crate::limits::EXPR_DEPTH;
use crate::plan::{Event, EventCharge, FieldType, Post};
use price_value::{Rational, Rounding};

/// Deepest nesting of expressions and conditions together.
const DEEPEST: u32 = 2 * EXPR_DEPTH as u32;
/// Greatest product of two run-time factors that is computed; larger ones are a fault of the row.
const PRODUCT_BITS: u32 = 95;
/// Greatest magnitude of a column's number.
pub(super) const COLUMN: i128 = i64::MAX as i128;

/// Least and greatest.
type Range = (i128, i128);

pub(super) type Result<T> = std::result::Result<T, Trouble>;

/// What is known of the priced quantity: `n · step`, or `n · step / p` with `1 ≤ p ≤ divisor`.
#[derive(Debug, Clone)]
pub(super) struct Quantity {
    /// Value of one.
    pub step: Rational,
    /// Least and greatest `n`.
    pub range: (i128, i128),
    /// Greatest run-time divisor, where there is one.
    pub divisor: Option<i64>,
}

/// Lowers the expressions of one function, or of one sink.
pub(super) struct Lower<'a> {
    /// Schema of the row; `None` in functions of a quantity alone.
    pub event: Option<&'a Event>,
    /// What `Arg` is.
    pub arg: Option<Quantity>,
    /// Levels that may still be entered.
    pub depth: u32,
}

pub(super) fn node(op: Op, step: Rational, divided: bool, range: (i128, i128), wide: bool) -> Result<Scaled> {
    let (lo, hi) = (fit(range.0)?, fit(range.1)?);
    Ok(Scaled { op, step, divided, lo, hi, wide: wide || !narrow(lo, hi) })
}

fn constant(value: &Rational) -> Result<Scaled> {
    if value.is_zero() {
        return node(Op::Const(0), Rational::ONE, false, (0, 0), false);
    }
    let n = if value.is_negative() { -1 } else { 1 };
    node(Op::Const(n), value.abs(), false, (n, n), false)
}

/// The least and greatest of `a · b` over two ranges.
pub(super) fn product(a: (i128, i128), b: (i128, i128)) -> Result<(i128, i128)> {
    let corners = [mul(a.0, b.0)?, mul(a.0, b.1)?, mul(a.1, b.0)?, mul(a.1, b.1)?];
    Ok((corners.into_iter().min().unwrap_or(0), corners.into_iter().max().unwrap_or(0)))
}

pub(super) fn sum(a: (i128, i128), b: (i128, i128)) -> Result<(i128, i128)> {
    Ok((add(a.0, b.0)?, add(a.1, b.1)?))
}

impl Scaled {
    pub(super) fn range(&self) -> (i128, i128) {
        (self.lo, self.hi)
    }

    fn times(self, factor: i128) -> Result<Scaled> {
        if factor == 1 {
            return Ok(self);
        }
        let range = product(self.range(), (factor, factor))?;
        let (step, divided) = (self.step.clone(), self.divided);
        match self.op {
            Op::Const(n) => node(Op::Const(mul(n, factor)?), step, divided, range, false),
            _ => {
                let wide = !self.is_narrow() || !narrow(factor, factor);
                node(Op::Times(Box::new(self), factor), step, divided, range, wide)
            }
        }
    }

    /// The same value as a number of smaller steps.
    fn align(mut self, step: &Rational, divisor: Option<i128>) -> Result<Scaled> {
        if self.range() == (0, 0) {
            (self.step, self.divided) = (step.clone(), divisor.is_some());
            return Ok(self);
        }
        let (factor, rest) = ratio(&self.step, step)?;
        debug_assert!(rest == 1, "the common step divides every step");
        let mut aligned = self.times(factor)?;
        aligned.step = step.clone();
        match divisor {
            Some(divisor) if !aligned.divided => {
                let range = product(aligned.range(), (1, divisor))?;
                let wide = !aligned.is_narrow();
                node(Op::TimesDivisor(Box::new(aligned)), step.clone(), true, range, wide)
            }
            _ => Ok(aligned),
        }
    }

    /// The value times a constant.
    fn scale_by(mut self, factor: &Rational) -> Result<Scaled> {
        if factor.is_zero() {
            self.step = Rational::ONE;
            return self.times(0);
        }
        self.step = &self.step * &factor.abs();
        if factor.is_negative() { self.times(-1) } else { Ok(self) }
    }

    /// The value, refused at run time outside ±`most`.
    fn guard(self, most: i128) -> Result<Scaled> {
        if self.lo >= -most && self.hi <= most {
            return Ok(self);
        }
        let range = (self.lo.max(-most), self.hi.min(most));
        let (step, divided) = (self.step.clone(), self.divided);
        node(Op::Guard(Box::new(self)), step, divided, range, true)
    }
}

impl Lower<'_> {
    fn divisor(&self) -> i128 {
        self.arg.as_ref().and_then(|a| a.divisor).map_or(1, i128::from)
    }

    fn enter(&mut self) -> Result<()> {
        self.depth = self.depth.checked_sub(1).ok_or(Trouble::Deep)?;
        Ok(())
    }

    fn decimals(&self, field: usize) -> Result<Rational> {
        match self.event.and_then(|e| e.fields.get(field)).map(|f| &f.ty) {
            Some(FieldType::Number(number) | FieldType::Family(_, number)) => {
                Ok(Rational::pow10(-i32::from(number.decimals)))
            }
            _ => Err(Trouble::Illegal("an event's number in a function that has no such field")),
        }
    }

    /// The whole-number form of an expression.
    pub(super) fn expr(&mut self, expr: &Expr) -> Result<Scaled> {
        self.enter()?;
        let scaled = self.expr_inside(expr);
        self.depth += 1;
        scaled
    }

    fn expr_inside(&mut self, expr: &Expr) -> Result<Scaled> {
        let column = (-COLUMN, COLUMN);
        match expr {
            Expr::Const(value) => constant(value),
            Expr::Field(field) => node(Op::Field(*field), self.decimals(field.ix())?, false, column, false),
            Expr::Family(field) => node(Op::Family(*field), self.decimals(field.ix())?, false, column, false),
            Expr::OrElse(field, other) => {
                let own = self.decimals(field.ix())?;
                let step = common_of([&own, other]);
                let (factor, _) = ratio(&own, &step)?;
                let other = whole(&(other / &step))?;
                let range = product(column, (factor, factor))?;
                let range = (range.0.min(other), range.1.max(other));
                node(Op::OrElse(*field, factor, other), step, false, range, false)
            }
            Expr::Arg => match &self.arg {
                Some(q) => node(Op::Arg, q.step.clone(), q.divisor.is_some(), q.range, false),
                None => Err(Trouble::Illegal("a quantity in a function that has none")),
            },
            Expr::Add(parts) => self.add(parts),
            Expr::Mul(a, b) => match (a.as_const(), b.as_const()) {
                (Some(factor), _) => self.expr(b)?.scale_by(factor),
                (_, Some(factor)) => self.expr(a)?.scale_by(factor),
                _ => self.multiply(a, b),
            },
            Expr::Min(parts) => self.extreme(parts, Op::Min, |a, b| (a.0.min(b.0), a.1.min(b.1))),
            Expr::Max(parts) => self.extreme(parts, Op::Max, |a, b| (a.0.max(b.0), a.1.max(b.1))),
            Expr::Round(of, rounding) => {
                let of = self.expr(of)?;
                self.round(of, rounding)
            }
            Expr::Ladder(of, ladder) => {
                let of = self.expr(of)?;
                if ladder.odd && ladder.is_linear() {
                    return of.scale_by(&ladder.pieces[0].slope);
                }
                super::ladder::lower(of, ladder, self.divisor())
            }
            Expr::If(cond, then, otherwise) => {
                let test = self.test(cond)?;
                let mut arms = vec![self.expr(then)?, self.expr(otherwise)?];
                let (step, divided) = self.align(&mut arms)?;
                let (range, wide) = union(&arms);
                let otherwise = Box::new(arms.pop().unwrap_or_else(zero));
                let then = Box::new(arms.pop().unwrap_or_else(zero));
                node(Op::If(Box::new(test), then, otherwise), step, divided, range, wide)
            }
            Expr::ByKey(key, arms) => {
                let mut arms = arms.iter().map(|a| self.expr(a)).collect::<Result<Vec<_>>>()?;
                let (step, divided) = self.align(&mut arms)?;
                let (range, wide) = union(&arms);
                node(Op::ByKey(*key, arms), step, divided, range, wide)
            }
        }
    }

    /// Brings parts to one step and one divisor.
    fn align(&self, parts: &mut Vec<Scaled>) -> Result<(Rational, bool)> {
        let step = common_of(parts.iter().filter(|p| p.range() != (0, 0)).map(|p| &p.step));
        let divided = parts.iter().any(|p| p.divided && p.range() != (0, 0));
        let divisor = divided.then(|| self.divisor());
        let aligned = std::mem::take(parts).into_iter().map(|p| p.align(&step, divisor)).collect::<Result<_>>()?;
        *parts = aligned;
        Ok((step, divided))
    }

    fn add(&mut self, parts: &[Expr]) -> Result<Scaled> {
        let mut parts = parts.iter().map(|p| self.expr(p)).collect::<Result<Vec<_>>>()?;
        if parts.is_empty() {
            return constant(&Rational::ZERO);
        }
        if parts.len() == 1 {
            return Ok(parts.remove(0));
        }
        let (step, divided) = self.align(&mut parts)?;
        let mut total = (0, 0);
        let mut wide = false;
        for part in &parts {
            total = sum(total, part.range())?;
            wide |= !part.is_narrow() || !narrow(fit(total.0)?, fit(total.1)?);
        }
        node(Op::Sum(parts), step, divided, total, wide)
    }

    fn multiply(&mut self, a: &Expr, b: &Expr) -> Result<Scaled> {
        let (a, b) = (self.expr(a)?, self.expr(b)?);
        if a.divided && b.divided {
            return Err(Trouble::Illegal("a product of two averages"));
        }
        let limit = 1i128 << PRODUCT_BITS;
        let (a, b) = match product(a.range(), b.range()) {
            Ok((lo, hi)) if lo >= -limit && hi <= limit => (a, b),
            _ => (a.guard(COLUMN)?, b.guard(COLUMN)?),
        };
        let range = product(a.range(), b.range())?;
        let (step, divided) = (&a.step * &b.step, a.divided || b.divided);
        let wide = !a.is_narrow() || !b.is_narrow();
        node(Op::Product(Box::new(a), Box::new(b)), step, divided, range, wide)?.guard(limit)
    }

    fn extreme(
        &mut self,
        parts: &[Expr],
        op: fn(Vec<Scaled>) -> Op,
        pick: fn(Range, Range) -> Range,
    ) -> Result<Scaled> {
        let parts = parts.iter().map(|p| self.expr(p)).collect::<Result<Vec<_>>>()?;
        self.extreme_of(parts, op, pick)
    }

    fn extreme_of(
        &mut self,
        mut parts: Vec<Scaled>,
        op: fn(Vec<Scaled>) -> Op,
        pick: fn(Range, Range) -> Range,
    ) -> Result<Scaled> {
        let (step, divided) = self.align(&mut parts)?;
        let wide = parts.iter().any(|p| !p.is_narrow());
        let range = parts.iter().map(Scaled::range).reduce(pick);
        let range = range.ok_or(Trouble::Illegal("the least or greatest of nothing"))?;
        node(op(parts), step, divided, range, wide)
    }

    fn round(&mut self, of: Scaled, rounding: &Rounding) -> Result<Scaled> {
        let (factor, div) = ratio(&of.step, &rounding.step)?;
        if div == 1 && !of.divided {
            return Ok(of);
        }
        let numer = product(of.range(), (factor, factor))?;
        let widest_div = if of.divided { mul(div, self.divisor())? } else { div };
        // At least one is divided by, and rounding moves by less than one.
        let range = (numer.0.min(0) / div - 1, numer.1.max(0) / div + 1);
        let wide = !of.is_narrow() || !narrow(numer.0, numer.1) || !narrow(factor, widest_div);
        let op = Op::Divide { of: Box::new(of), mul: factor, div, mode: rounding.mode };
        node(op, rounding.step.clone(), false, range, wide)
    }

    /// The whole-number form of a condition.
    pub(super) fn test(&mut self, cond: &Cond) -> Result<Test> {
        self.enter()?;
        let test = self.test_inside(cond);
        self.depth += 1;
        test
    }

    fn test_inside(&mut self, cond: &Cond) -> Result<Test> {
        Ok(match cond {
            Cond::Always => Test::Always,
            Cond::Label(key, labels) => Test::Label(*key, labels.clone()),
            Cond::Text(field, text) => Test::Text(*field, text.clone()),
            Cond::Flag(field) => Test::Flag(*field),
            Cond::Present(field) => Test::Present(*field),
            Cond::Compare(a, order, b) => {
                let mut sides = vec![self.expr(a)?, self.expr(b)?];
                self.align(&mut sides)?;
                let b = Box::new(sides.pop().unwrap_or_else(zero));
                let a = Box::new(sides.pop().unwrap_or_else(zero));
                Test::Compare(a, *order, b)
            }
            Cond::All(parts) => Test::All(parts.iter().map(|p| self.test(p)).collect::<Result<_>>()?),
            Cond::Any(parts) => Test::Any(parts.iter().map(|p| self.test(p)).collect::<Result<_>>()?),
            Cond::Not(part) => Test::Not(Box::new(self.test(part)?)),
        })
    }

    /// Buckets over an expression.
    pub(super) fn buckets(&mut self, of: &Expr, bounds: &[Rational]) -> Result<Buckets> {
        let of = self.expr(of)?;
        // The value is at most the bound if and only if n is at most the bound in whole steps.
        let bounds = bounds
            .iter()
            .map(|bound| {
                let steps = (bound / &of.step).floor();
                let beyond = if steps.is_negative() { of.lo - 1 } else { of.hi };
                steps.to_i128().unwrap_or(beyond).clamp(of.lo - 1, of.hi)
            })
            .collect();
        Ok(Buckets { of, bounds })
    }

    /// An expression as a whole number of quanta.
    pub(super) fn raw(&mut self, of: Scaled, quantum: &Rational) -> Result<Raw> {
        let (factor, div) = ratio(&of.step, quantum)?;
        // Beyond this the result could not fit 64 bits by far.
        let most = ((1i128 << WIDEST) - 1) / factor;
        let of = of.guard(most)?;
        let numer = product(of.range(), (factor, factor))?;
        let wide = !of.is_narrow() || !narrow(numer.0, numer.1) || !narrow(factor, div);
        Ok(Raw { of, mul: factor, div, wide })
    }

    /// The amount of an event charge's function after its `post` steps.
    pub(super) fn posted(&mut self, charge: &EventCharge, amount: Scaled) -> Result<Scaled> {
        if charge.post.is_empty() {
            return Ok(amount);
        }
        let mut now = node(Op::Amount, amount.step.clone(), false, amount.range(), false)?;
        for step in &charge.post {
            now = match step {
                Post::AtLeast(floor) => {
                    let mut sides = vec![now, constant(floor)?];
                    let (step, _) = self.align(&mut sides)?;
                    let floor = sides.pop().map_or(0, |f| f.lo);
                    let then = sides.pop().unwrap_or_else(zero);
                    let range = (then.lo.min(floor), then.hi.max(floor));
                    let wide = !then.is_narrow() || !narrow(floor, floor);
                    node(Op::Floor(Box::new(then), floor), step, false, range, wide)?
                }
                Post::AtMost(ceiling) => {
                    let parts = vec![now, constant(ceiling)?];
                    self.extreme_of(parts, Op::Min, |a, b| (a.0.min(b.0), a.1.min(b.1)))?
                }
                Post::Round(rounding) => self.round(now, rounding)?,
            };
        }
        let (step, range) = (now.step.clone(), now.range());
        node(Op::Post(Box::new(amount), Box::new(now)), step, false, range, false)
    }
}

fn union(parts: &[Scaled]) -> ((i128, i128), bool) {
    let lo = parts.iter().map(|p| p.lo).min().unwrap_or(0);
    let hi = parts.iter().map(|p| p.hi).max().unwrap_or(0);
    ((lo, hi), parts.iter().any(|p| !p.is_narrow()))
}

fn zero() -> Scaled {
    Scaled { op: Op::Const(0), step: Rational::ONE, divided: false, lo: 0, hi: 0, wide: false }
}

/// A lowering with the deepest nesting allowed.
pub(super) fn lower<'a>(event: Option<&'a Event>, arg: Option<Quantity>) -> Lower<'a> {
    Lower { event, arg, depth: DEEPEST }
}
