//! Conditions over an entry.

use crate::entry::Entry;
use price_ir::{Cond, Fault};
use price_value::Rational;

impl Entry<'_> {
    /// Whether `cond` holds; `arg` is the priced quantity where the function has one.
    pub fn holds(&self, cond: &Cond, arg: Option<&Rational>) -> Result<bool, Fault> {
        match cond {
            Cond::Always => Ok(true),
            Cond::Label(key, labels) => Ok(labels.contains(&self.label(*key)?)),
            Cond::Text(field, text) => Ok(self.text(*field) == text),
            Cond::Flag(field) => self.flag(*field),
            Cond::Compare(left, order, right) => {
                let left = self.value(left, arg)?;
                let right = self.value(right, arg)?;
                Ok(order.holds(&left, &right))
            }
            Cond::Present(field) => Ok(self.present(*field)),
            Cond::All(parts) => {
                for part in parts {
                    if !self.holds(part, arg)? {
                        return Ok(false);
                    }
                }
                Ok(true)
            }
            Cond::Any(parts) => {
                for part in parts {
                    if self.holds(part, arg)? {
                        return Ok(true);
                    }
                }
                Ok(false)
            }
            Cond::Not(part) => Ok(!self.holds(part, arg)?),
        }
    }
}
