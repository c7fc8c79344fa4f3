//! Quantities that are easily read.

use super::search::Space;
use price_ir::Forms;
use price_value::Rational;

impl Space {
    /// Smaller and rounder quantities that still fail: one after the other, by halves.
    pub(super) fn smaller(
        &self,
        at: Vec<Rational>,
        fails: &dyn Fn(&[Rational]) -> bool,
        forms: &Forms,
    ) -> Vec<Rational> {
        let mut at = at;
        let keeps = |at: &[Rational]| self.contains(forms, at) && fails(at);
        for index in 0..at.len() {
            let of = &self.quantities[index];
            let with = |n: &Rational| {
                let mut other = at.clone();
                other[index] = n * &of.step;
                keeps(&other).then_some(other)
            };
            if let Some(other) = with(&of.from) {
                at = other;
                continue;
            }
            let (mut low, mut high) = (of.from.clone(), &at[index] / &of.step);
            while &high - &low > Rational::ONE {
                let middle = ((&low + &high) / &Rational::int(2)).floor();
                match with(&middle) {
                    Some(_) => high = middle,
                    None => low = middle,
                }
            }
            let whole = ((&high * &of.step).ceil() / &of.step).ceil();
            let inside = of.to.as_ref().is_none_or(|to| whole <= *to);
            at = inside.then(|| with(&whole)).flatten().or_else(|| with(&high)).unwrap_or(at);
        }
        at
    }
}
