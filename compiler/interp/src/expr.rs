//! Values of expressions over an entry.

use crate::entry::Entry;
use price_ir::{Expr, Fault};
use price_value::Rational;

impl Entry<'_> {
    /// The exact value of `expr`; `arg` is the priced quantity where the function has one.
    pub fn value(&self, expr: &Expr, arg: Option<&Rational>) -> Result<Rational, Fault> {
        match expr {
            Expr::Const(value) => Ok(value.clone()),
            Expr::Field(field) => self.number(*field).ok_or(Fault::Missing),
            Expr::OrElse(field, otherwise) => Ok(self.number(*field).unwrap_or_else(|| otherwise.clone())),
            Expr::Family(field) => Ok(self.family_number(*field)),
            Expr::Arg => Ok(arg.expect("a function that reads `arg` has a measure").clone()),
            Expr::Add(parts) => Ok(self.values(parts, arg)?.iter().sum()),
            Expr::Mul(a, b) => Ok(self.value(a, arg)? * self.value(b, arg)?),
            Expr::Min(parts) => self.values(parts, arg)?.into_iter().min().ok_or(Fault::Missing),
            Expr::Max(parts) => self.values(parts, arg)?.into_iter().max().ok_or(Fault::Missing),
            Expr::Round(value, rounding) => Ok(rounding.apply(&self.value(value, arg)?)),
            Expr::Ladder(value, ladder) => ladder.price(&self.value(value, arg)?),
            Expr::If(cond, then, otherwise) => {
                let chosen = if self.holds(cond, arg)? { then } else { otherwise };
                self.value(chosen, arg)
            }
            Expr::ByKey(key, arms) => self.value(&arms[self.label(*key)? as usize], arg),
        }
    }

    fn values(&self, parts: &[Expr], arg: Option<&Rational>) -> Result<Vec<Rational>, Fault> {
        parts.iter().map(|part| self.value(part, arg)).collect()
    }
}
