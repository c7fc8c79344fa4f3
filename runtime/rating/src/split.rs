//! Parts of an amount that add up: exact shares, and shares in whole steps.
//!
//! Who gets the step that is left over goes by name, never by place: a plan whose prices stand
//! in another order gives the same amounts.

use price_value::{Rational, largest_remainder};

/// `total` over parts whose exact values nearly add up to it (a rounded sum over its summands):
/// every part is rounded down to the step, and the steps that are left go to the largest
/// remainders, ties to the earliest: see [`by_name`]. Parts of any sign.
pub(crate) fn apportion(total: &Rational, exact: &[Rational], step: &Rational) -> Vec<Rational> {
    if exact.is_empty() {
        return Vec::new();
    }
    if !(total / step).is_integer() {
        return scale(total, exact);
    }
    let mut left = total / step;
    let mut whole = Vec::with_capacity(exact.len());
    let mut rests = Vec::with_capacity(exact.len());
    for (index, part) in exact.iter().enumerate() {
        let steps = part / step;
        let floor = steps.floor();
        left -= &floor;
        rests.push((&steps - &floor, index));
        whole.push(floor);
    }
    let count = left.to_i128().unwrap_or(-1);
    if count < 0 || count > exact.len() as i128 {
        // The total was moved by more than rounding: share it by size.
        let weights: Vec<Rational> = exact.iter().map(Rational::abs).collect();
        return largest_remainder(total, &weights, step);
    }
    rests.sort_by(|a, b| b.0.cmp(&a.0).then(a.1.cmp(&b.1)));
    for (_, index) in rests.iter().take(count as usize) {
        whole[*index] = &whole[*index] + &Rational::ONE;
    }
    whole.into_iter().map(|steps| steps * step).collect()
}

/// `total` in exact proportion to parts; to the first where they sum to zero.
pub(crate) fn scale(total: &Rational, parts: &[Rational]) -> Vec<Rational> {
    let sum: Rational = parts.iter().sum();
    if sum.is_zero() {
        let mut out = vec![Rational::ZERO; parts.len()];
        if let Some(first) = out.first_mut() {
            *first = total.clone();
        }
        return out;
    }
    parts.iter().map(|part| total * part / &sum).collect()
}

/// `total` in proportion to weights that are not negative: in whole steps when `total` is one,
/// else exactly.
pub(crate) fn by_weight(total: &Rational, weights: &[Rational], step: &Rational) -> Vec<Rational> {
    if (total / step).is_integer() { largest_remainder(total, weights, step) } else { scale(total, weights) }
}

/// Splits over parts in the order of their names, and gives the shares back in the order of the
/// parts.
pub(crate) fn by_name<N: Ord>(
    names: &[N],
    parts: &[Rational],
    split: impl FnOnce(&[Rational]) -> Vec<Rational>,
) -> Vec<Rational> {
    let mut order: Vec<usize> = (0..parts.len()).collect();
    order.sort_by(|a, b| names[*a].cmp(&names[*b]));
    let sorted: Vec<Rational> = order.iter().map(|at| parts[*at].clone()).collect();
    let mut shares = vec![Rational::ZERO; parts.len()];
    for (at, share) in order.into_iter().zip(split(&sorted)) {
        shares[at] = share;
    }
    shares
}

#[cfg(test)]
mod tests {
    use super::*;

    fn r(text: &str) -> Rational {
        text.parse().unwrap()
    }

    fn shares(total: &str, parts: &[&str]) -> Vec<String> {
        let parts: Vec<Rational> = parts.iter().map(|p| r(p)).collect();
        let out = apportion(&r(total), &parts, &r("0.01"));
        assert_eq!(out.iter().sum::<Rational>(), r(total));
        out.iter().map(Rational::to_string).collect()
    }

    #[test]
    fn the_step_left_over_goes_by_name_wherever_the_part_stands() {
        let thirds = [r("200"), r("200"), r("200")];
        let split = |names: &[&str]| {
            let shares = by_name(names, &thirds, |parts| by_weight(&r("100"), parts, &r("0.01")));
            shares.iter().map(Rational::to_string).collect::<Vec<_>>()
        };
        assert_eq!(split(&["alpha", "mike", "zulu"]), ["33.34", "33.33", "33.33"]);
        assert_eq!(split(&["zulu", "mike", "alpha"]), ["33.33", "33.33", "33.34"]);
    }

    #[test]
    fn a_rounded_sum_goes_back_to_its_summands() {
        assert_eq!(shares("100", &["100/3", "100/3", "100/3"]), ["33.34", "33.33", "33.33"]);
        assert_eq!(shares("0.01", &["0.004", "0.005"]), ["0", "0.01"]);
        assert_eq!(shares("-1", &["-1/3", "-2/3"]), ["-0.33", "-0.67"]);
        assert_eq!(shares("5", &["10.005", "-5.005"]), ["10.01", "-5.01"]);
        assert_eq!(shares("50", &["20", "40"]), ["16.67", "33.33"]);
        assert_eq!(shares("7", &["0", "0"]), ["7", "0"]);
    }
}
