//! Splits an amount over parts so that the parts sum to the amount.
//!
//! Invariant: no money is created or lost. Steps that are left over go to the largest
//! remainders; ties go to the earliest part, so callers pass parts in name order.

use crate::Rational;

/// Shares of `total` in proportion to `weights`, each a multiple of `step`, summing to `total`.
///
/// `total` must be a multiple of `step` and no weight negative; with all weights zero (or none)
/// the first part takes everything. Method: largest remainder (Hamilton).
pub fn largest_remainder(total: &Rational, weights: &[Rational], step: &Rational) -> Vec<Rational> {
    debug_assert!((total / step).is_integer(), "the amount to split is a multiple of the step");
    let sum: Rational = weights.iter().sum();
    if weights.is_empty() {
        return Vec::new();
    }
    if sum.is_zero() {
        let mut parts = vec![Rational::ZERO; weights.len()];
        parts[0] = total.clone();
        return parts;
    }
    let sign = if total.is_negative() { Rational::int(-1) } else { Rational::ONE };
    let steps = (total / step).abs();
    let mut whole = Vec::with_capacity(weights.len());
    let mut rests = Vec::with_capacity(weights.len());
    let mut left = steps.clone();
    for (index, weight) in weights.iter().enumerate() {
        let exact = &steps * weight / &sum;
        let floor = exact.floor();
        left -= &floor;
        rests.push((&exact - &floor, index));
        whole.push(floor);
    }
    rests.sort_by(|a, b| b.0.cmp(&a.0).then(a.1.cmp(&b.1)));
    for (_, index) in rests {
        if !left.is_positive() {
            break;
        }
        whole[index] = &whole[index] + &Rational::ONE;
        left -= &Rational::ONE;
    }
    whole.into_iter().map(|n| n * step * &sign).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_hundred_dollars_in_three_parts_keeps_the_cent() {
        let one = Rational::ONE;
        let parts = largest_remainder(&Rational::int(100), &[one.clone(), one.clone(), one], &Rational::new(1, 100));
        let text: Vec<String> = parts.iter().map(Rational::to_string).collect();
        assert_eq!(text, ["33.34", "33.33", "33.33"]);
    }

    #[test]
    fn negative_amounts_mirror_positive_ones() {
        let weights = [Rational::int(1), Rational::int(2), Rational::int(4)];
        let step = Rational::new(1, 100);
        let up = largest_remainder(&Rational::int(1), &weights, &step);
        let down = largest_remainder(&Rational::int(-1), &weights, &step);
        assert_eq!(up.iter().sum::<Rational>(), Rational::ONE);
        assert!(up.iter().zip(&down).all(|(a, b)| *a == -b));
    }
}
