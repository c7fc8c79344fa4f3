//! Questions about a curve on the grid of quantities that can be measured.

use price_ir::Curve;
use price_value::Rational;

/// The quantities of a claim: multiples of a step, from one to another or without end.
#[derive(Debug, Clone)]
pub(super) struct Grid {
    /// The step.
    pub(super) step: Rational,
    /// The least quantity.
    pub(super) from: Rational,
    /// The greatest.
    pub(super) to: Option<Rational>,
}

/// A comparison with zero.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Sign {
    AtMost,
    Below,
    AtLeast,
    Above,
    Equal,
    Unequal,
}

impl Sign {
    fn holds(self, value: &Rational) -> bool {
        match self {
            Sign::AtMost => !value.is_positive(),
            Sign::Below => value.is_negative(),
            Sign::AtLeast => !value.is_negative(),
            Sign::Above => value.is_positive(),
            Sign::Equal => value.is_zero(),
            Sign::Unequal => !value.is_zero(),
        }
    }
}

impl Grid {
    fn up(&self, q: &Rational) -> Rational {
        (q / &self.step).ceil() * &self.step
    }

    fn down(&self, q: &Rational) -> Rational {
        (q / &self.step).floor() * &self.step
    }

    /// The first point of the grid above a quantity.
    fn above(&self, q: &Rational) -> Rational {
        self.down(q) + &self.step
    }

    /// First and last point of each piece, and its number; no last one for an endless piece. Zero
    /// is a piece of its own.
    fn pieces(&self, curve: &Curve) -> Vec<(Rational, Option<Rational>, Option<usize>)> {
        let mut all = Vec::new();
        let least = self.up(&self.from.clone().max(Rational::ZERO));
        let most = self.to.as_ref().map(|to| self.down(to));
        if least.is_zero() && most.as_ref().is_none_or(|most| !most.is_negative()) {
            all.push((Rational::ZERO, Some(Rational::ZERO), None));
        }
        for (index, piece) in curve.pieces.iter().enumerate() {
            let first = self.above(&piece.from).max(least.clone());
            let next = curve.pieces.get(index + 1).map(|next| self.down(&next.from));
            let last = match (next, &most) {
                (Some(next), Some(most)) => Some(next.min(most.clone())),
                (Some(next), None) => Some(next),
                (None, most) => most.clone(),
            };
            if last.as_ref().is_none_or(|last| first <= *last) {
                all.push((first, last, Some(index)));
            }
        }
        all
    }

    /// A quantity whose value does not compare with zero as claimed: the first at which that can be
    /// seen, by a `visible` amount; where there is none, the one that shows the most.
    pub(super) fn violation(&self, curve: &Curve, sign: Sign, visible: &Rational) -> Option<Rational> {
        let first = self.first_violation(curve, sign)?;
        let whole = self.up(&first.ceil()).max(first.clone());
        let least = if whole.is_zero() { self.up(&Rational::ONE) } else { whole.clone() };
        let ends = self.pieces(curve).into_iter().flat_map(|(first, last, _)| [Some(first), last]).flatten();
        let inside = |q: &Rational| *q >= first && self.to.as_ref().is_none_or(|to| q <= to);
        let fails = |q: &Rational| inside(q) && !sign.holds(&curve.at(q));
        let named: Vec<Rational> = [first.clone(), whole, least].into_iter().chain(ends).filter(fails).collect();
        let plain = named.iter().find(|q| curve.at(q).abs() >= *visible).cloned();
        let most = || named.iter().max_by(|a, b| curve.at(a).abs().cmp(&curve.at(b).abs())).cloned();
        plain.or_else(most).or(Some(first))
    }

    fn first_violation(&self, curve: &Curve, sign: Sign) -> Option<Rational> {
        for (first, last, piece) in self.pieces(curve) {
            if !sign.holds(&curve.at(&first)) {
                return Some(first);
            }
            let slope = piece.map(|at| &curve.pieces[at].slope).filter(|slope| !slope.is_zero());
            let Some(slope) = slope else { continue };
            match &last {
                Some(last) if !sign.holds(&curve.at(last)) => {
                    // The first point of the piece at which it fails is the one a person looks for.
                    let crossing = &first - &(curve.at(&first) / slope);
                    let near = [self.down(&crossing), self.up(&crossing), self.above(&crossing)];
                    let fits = |q: &Rational| *q >= first && q <= last && !sign.holds(&curve.at(q));
                    return Some(near.into_iter().find(fits).unwrap_or_else(|| last.clone()));
                }
                _ => {}
            }
            // Inside the piece, or beyond its first point for ever.
            let crossing = &first - &(curve.at(&first) / slope);
            let inside = |q: &Rational| *q >= first && last.as_ref().is_none_or(|last| q <= last);
            let near = [self.down(&crossing), self.up(&crossing), self.above(&crossing)];
            if let Some(found) = near.into_iter().find(|q| inside(q) && !sign.holds(&curve.at(q))) {
                return Some(found);
            }
        }
        None
    }

    /// Two neighbouring quantities of which the greater one costs less.
    pub(super) fn fall(&self, curve: &Curve) -> Option<(Rational, Rational)> {
        let mut before: Option<Rational> = None;
        for (first, last, piece) in self.pieces(curve) {
            if let Some(before) = &before
                && curve.at(&first) < curve.at(before)
            {
                return Some((before.clone(), first));
            }
            let next = &first + &self.step;
            let falls = piece.is_some_and(|at| curve.pieces[at].slope.is_negative());
            if falls && last.as_ref().is_none_or(|last| next <= *last) {
                return Some((first, next));
            }
            before = last;
        }
        None
    }

    /// Two neighbouring quantities around a jump of more than an amount.
    pub(super) fn jump(&self, curve: &Curve, most: &Rational) -> Option<(Rational, Rational)> {
        let pieces = self.pieces(curve);
        for pair in pieces.windows(2) {
            let [(_, Some(before), from), (after, _, Some(to))] = pair else { continue };
            let reached = match from {
                Some(from) => curve.pieces[*from].at(&curve.pieces[*to].from),
                None => curve.at_zero.clone(),
            };
            if (&curve.pieces[*to].value - &reached).abs() > *most {
                return Some((before.clone(), after.clone()));
            }
        }
        None
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use price_ir::Straight;

    fn r(text: &str) -> Rational {
        text.parse().unwrap()
    }

    fn curve(pieces: &[(&str, &str, &str)]) -> Curve {
        let piece =
            |(from, value, slope): &(&str, &str, &str)| Straight { from: r(from), value: r(value), slope: r(slope) };
        Curve { at_zero: Rational::ZERO, pieces: pieces.iter().map(piece).collect() }
    }

    fn grid(step: &str, to: Option<&str>) -> Grid {
        Grid { step: r(step), from: Rational::ZERO, to: to.map(r) }
    }

    #[test]
    fn a_cliff_is_found_between_its_neighbours() {
        let volume = curve(&[("0", "0", "0.10"), ("1000", "80", "0.08")]);
        assert_eq!(grid("1", None).fall(&volume), Some((r("1000"), r("1001"))));
        assert_eq!(grid("1", Some("1000")).fall(&volume), None, "not reached");
        assert_eq!(grid("600", None).fall(&volume), None, "600 and 1200 cost 60 and 96");
        assert_eq!(grid("1", None).jump(&volume, &r("20")), None);
        assert_eq!(grid("1", None).jump(&volume, &r("19.99")), Some((r("1000"), r("1001"))));
    }

    #[test]
    fn what_lies_between_two_points_of_the_grid_is_no_violation() {
        // Above zero only between 10 and 10.5.
        let spike = curve(&[("0", "-1", "0"), ("10", "1", "-2"), ("11", "-1", "0")]);
        assert_eq!(grid("1", None).first_violation(&spike, Sign::AtMost), None);
        assert_eq!(grid("0.25", None).first_violation(&spike, Sign::AtMost), Some(r("10.25")));
    }

    #[test]
    fn what_is_told_can_be_seen_on_an_invoice() {
        let dearer = curve(&[("0", "0", "0.05"), ("100", "5", "-0.04")]);
        let (fine, cent) = (grid("0.000001", Some("1000")), r("0.01"));
        assert_eq!(fine.first_violation(&dearer, Sign::AtMost), Some(r("0.000001")));
        assert_eq!(fine.violation(&dearer, Sign::AtMost, &cent), Some(r("1")));
        assert_eq!(fine.violation(&dearer, Sign::AtMost, &r("50")), Some(r("100")), "the most there is");
    }

    #[test]
    fn the_first_quantity_that_fails_is_told() {
        let line = curve(&[("0", "-5", "0.5")]);
        assert_eq!(grid("1", None).first_violation(&line, Sign::AtMost), Some(r("11")));
        assert_eq!(grid("1", Some("10")).first_violation(&line, Sign::AtMost), None);
        assert_eq!(grid("1", Some("10")).first_violation(&line, Sign::Below), Some(r("0")), "nothing costs nothing");
        assert_eq!(grid("1", Some("9")).first_violation(&line, Sign::Unequal), Some(r("0")));
        let other = curve(&[("0", "1", "0.5")]);
        assert_eq!(grid("1", None).first_violation(&other, Sign::AtLeast), None);
    }
}
