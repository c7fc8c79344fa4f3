//! A price function of one quantity as straight pieces, for exact questions about all of them.

use crate::func::{Expr, Ladder};
use crate::limits::CURVE_PIECES as MOST_PIECES;
use crate::plan::Counting;
use price_value::Rational;
use std::cmp::Ordering;

/// `F` on `q ≥ 0`: its value at zero and what holds above each start.
#[derive(Debug, Clone, PartialEq)]
pub struct Curve {
    /// `F(0)`.
    pub at_zero: Rational,
    /// Pieces by start; the first starts at 0.
    pub pieces: Vec<Straight>,
}

/// `F(q) = value + slope · (q − from)` for `from < q ≤` the next start.
#[derive(Debug, Clone, PartialEq)]
pub struct Straight {
    /// Exclusive start.
    pub from: Rational,
    /// Limit from above at the start.
    pub value: Rational,
    /// Change per unit.
    pub slope: Rational,
}

/// A stretch of quantities on which a curve keeps its sign.
#[derive(Debug, Clone, PartialEq)]
pub struct Stretch {
    /// Exclusive start.
    pub from: Rational,
    /// Inclusive end, unless it goes on for ever.
    pub until: Option<Rational>,
    /// Above, at or below zero.
    pub sign: Ordering,
    /// The quantity at an end of a piece with the value farthest from zero, and that value; a limit
    /// from above where it is a start.
    pub most: (Rational, Rational),
    /// Change per unit on an endless last piece.
    pub growth: Rational,
}

impl Straight {
    /// The value of this piece's formula at `q`.
    pub fn at(&self, q: &Rational) -> Rational {
        &self.value + &(&self.slope * &(q - &self.from))
    }
}

impl Curve {
    /// The same amount for every quantity.
    pub fn constant(value: Rational) -> Curve {
        Curve { at_zero: value.clone(), pieces: vec![Straight { from: Rational::ZERO, value, slope: Rational::ZERO }] }
    }

    /// The curve of a function, or `None` where it is not made of straight pieces (begun steps,
    /// rounding, several variables).
    pub fn of(e: &Expr) -> Option<Curve> {
        match e {
            Expr::Const(value) => Some(Curve::constant(value.clone())),
            Expr::Arg => Some(Curve {
                at_zero: Rational::ZERO,
                pieces: vec![Straight { from: Rational::ZERO, value: Rational::ZERO, slope: Rational::ONE }],
            }),
            Expr::Ladder(of, ladder) if **of == Expr::Arg => Curve::of_ladder(ladder),
            Expr::Add(parts) => {
                let curves: Option<Vec<Curve>> = parts.iter().map(Curve::of).collect();
                curves?.into_iter().reduce(|a, b| a.zip(&b, |x, y| x + y))
            }
            Expr::Mul(a, b) => match (&**a, &**b) {
                (Expr::Const(k), other) | (other, Expr::Const(k)) => Some(Curve::of(other)?.scaled(k)),
                _ => None,
            },
            Expr::Max(parts) | Expr::Min(parts) => {
                let greatest = matches!(e, Expr::Max(_));
                let curves: Option<Vec<Curve>> = parts.iter().map(Curve::of).collect();
                let mut curves = curves?.into_iter();
                let first = curves.next()?;
                curves.try_fold(first, |a, b| a.extreme(&b, greatest))
            }
            _ => None,
        }
    }

    fn of_ladder(ladder: &Ladder) -> Option<Curve> {
        if ladder.pieces.iter().any(|p| p.step.is_some()) {
            return None;
        }
        let pieces = ladder
            .pieces
            .iter()
            .map(|p| Straight { from: p.from.clone(), value: p.value.clone(), slope: p.slope.clone() })
            .collect();
        Some(Curve { at_zero: ladder.at_zero.clone(), pieces })
    }

    /// The quantity itself.
    pub fn identity() -> Curve {
        let piece = Straight { from: Rational::ZERO, value: Rational::ZERO, slope: Rational::ONE };
        Curve { at_zero: Rational::ZERO, pieces: vec![piece] }
    }

    /// Whether it is zero everywhere.
    pub fn is_zero(&self) -> bool {
        self.at_zero.is_zero() && self.pieces.iter().all(|p| p.value.is_zero() && p.slope.is_zero())
    }

    /// The value, if it is the same for every quantity.
    pub fn as_constant(&self) -> Option<&Rational> {
        let same = |p: &Straight| p.slope.is_zero() && p.value == self.at_zero;
        self.pieces.iter().all(same).then_some(&self.at_zero)
    }

    /// The sum of two.
    pub fn plus(&self, other: &Curve) -> Curve {
        self.zip(other, |a, b| a + b).merged()
    }

    /// The difference of two.
    pub fn minus(&self, other: &Curve) -> Curve {
        self.zip(other, |a, b| a - b).merged()
    }

    /// The greater of two point by point; none beyond the limit of pieces.
    pub fn greatest(&self, other: &Curve) -> Option<Curve> {
        Some(self.extreme(other, true)?.merged())
    }

    /// The lesser of two point by point; none beyond the limit of pieces.
    pub fn least(&self, other: &Curve) -> Option<Curve> {
        Some(self.extreme(other, false)?.merged())
    }

    /// Without starts at which nothing changes.
    #[must_use]
    pub fn merged(mut self) -> Curve {
        self.pieces.dedup_by(|next, before| next.slope == before.slope && next.value == before.at(&next.from));
        self
    }

    /// A price of which a quantity is included.
    #[must_use]
    pub fn beyond(self, included: &Rational, counting: Counting) -> Curve {
        if !included.is_positive() {
            return self;
        }
        let flat = |value| Straight { from: Rational::ZERO, value, slope: Rational::ZERO };
        match counting {
            Counting::Net => {
                let moved = self.pieces.into_iter().map(|p| Straight { from: &p.from + included, ..p });
                let pieces = std::iter::once(flat(self.at_zero.clone())).chain(moved).collect();
                Curve { at_zero: self.at_zero, pieces }
            }
            Counting::Gross => {
                let free = self.at(included);
                let mut pieces = vec![flat(Rational::ZERO)];
                for (index, piece) in self.pieces.iter().enumerate() {
                    if self.pieces.get(index + 1).is_some_and(|next| next.from <= *included) {
                        continue;
                    }
                    let from = piece.from.clone().max(included.clone());
                    pieces.push(Straight { value: piece.at(&from) - &free, slope: piece.slope.clone(), from });
                }
                Curve { at_zero: Rational::ZERO, pieces }
            }
        }
    }

    /// All amounts times a number.
    #[must_use]
    pub fn scaled(mut self, k: &Rational) -> Curve {
        self.at_zero = &self.at_zero * k;
        for piece in &mut self.pieces {
            piece.value = &piece.value * k;
            piece.slope = &piece.slope * k;
        }
        self
    }

    /// The piece that holds just above `q`.
    fn above(&self, q: &Rational) -> &Straight {
        let at = self.pieces.partition_point(|p| p.from <= *q).max(1) - 1;
        &self.pieces[at]
    }

    fn starts(&self, other: &Curve) -> Vec<Rational> {
        let mut all: Vec<Rational> = self.pieces.iter().chain(&other.pieces).map(|p| p.from.clone()).collect();
        all.sort();
        all.dedup();
        all
    }

    /// Two curves combined point by point; `f` is linear.
    pub fn zip(&self, other: &Curve, f: impl Fn(&Rational, &Rational) -> Rational) -> Curve {
        let pieces = self
            .starts(other)
            .into_iter()
            .map(|from| {
                let (a, b) = (self.above(&from), other.above(&from));
                Straight { value: f(&a.at(&from), &b.at(&from)), slope: f(&a.slope, &b.slope), from }
            })
            .collect();
        Curve { at_zero: f(&self.at_zero, &other.at_zero), pieces }
    }

    fn extreme(&self, other: &Curve, greatest: bool) -> Option<Curve> {
        let better = |x: &Rational, y: &Rational| if greatest { x >= y } else { x <= y };
        let starts = self.starts(other);
        let mut pieces = Vec::new();
        for (index, from) in starts.iter().enumerate() {
            let (a, b) = (self.above(from), other.above(from));
            let (x, y) = (a.at(from), b.at(from));
            let first = if x == y { better(&a.slope, &b.slope) } else { better(&x, &y) };
            let (lead, follow) = if first { (a, b) } else { (b, a) };
            pieces.push(Straight { from: from.clone(), value: lead.at(from), slope: lead.slope.clone() });
            if lead.slope != follow.slope {
                let cross = from + &((follow.at(from) - lead.at(from)) / (&lead.slope - &follow.slope));
                if cross > *from && starts.get(index + 1).is_none_or(|next| cross < *next) {
                    pieces.push(Straight { value: follow.at(&cross), slope: follow.slope.clone(), from: cross });
                }
            }
            if pieces.len() > MOST_PIECES {
                return None;
            }
        }
        let at_zero = if better(&self.at_zero, &other.at_zero) { self.at_zero.clone() } else { other.at_zero.clone() };
        Some(Curve { at_zero, pieces })
    }

    /// `F(q)` for `q ≥ 0`.
    pub fn at(&self, q: &Rational) -> Rational {
        if !q.is_positive() {
            return self.at_zero.clone();
        }
        let at = self.pieces.partition_point(|p| p.from < *q).max(1) - 1;
        self.pieces[at].at(q)
    }

    /// Where the value is above, at and below zero, in order of quantities above 0.
    pub fn stretches(&self) -> Vec<Stretch> {
        let mut all: Vec<Stretch> = Vec::new();
        for (index, piece) in self.pieces.iter().enumerate() {
            let end = self.pieces.get(index + 1).map(|next| next.from.clone());
            let mut cuts = vec![piece.from.clone()];
            if !piece.slope.is_zero() {
                let crossing = &piece.from - &(&piece.value / &piece.slope);
                if crossing > piece.from && end.as_ref().is_none_or(|end| crossing < *end) {
                    cuts.push(crossing);
                }
            }
            for (at, from) in cuts.iter().enumerate() {
                let until = cuts.get(at + 1).cloned().or_else(|| end.clone());
                let middle = match &until {
                    Some(until) => &(from + until) / &Rational::int(2),
                    None => from + &Rational::ONE,
                };
                let sign = piece.at(&middle).cmp(&Rational::ZERO);
                let ends = [Some(from.clone()), until.clone()].into_iter().flatten();
                let most = ends.map(|q| (q.clone(), piece.at(&q))).max_by(|a, b| a.1.abs().cmp(&b.1.abs()));
                let growth = match until {
                    None => piece.slope.clone(),
                    Some(_) => Rational::ZERO,
                };
                let most = most.unwrap_or_else(|| (from.clone(), piece.at(from)));
                match all.last_mut().filter(|last| last.sign == sign) {
                    Some(last) => {
                        last.until = until;
                        last.growth = growth;
                        if most.1.abs() > last.most.1.abs() {
                            last.most = most;
                        }
                    }
                    None => all.push(Stretch { from: from.clone(), until, sign, most, growth }),
                }
            }
        }
        all
    }

    /// The first start at which the value falls: the start, the value reached up to it, and
    /// the value just above.
    pub fn first_fall(&self) -> Option<(Rational, Rational, Rational)> {
        for (index, piece) in self.pieces.iter().enumerate() {
            if piece.slope.is_negative() {
                return Some((piece.from.clone(), piece.value.clone(), piece.at(&(&piece.from + &Rational::ONE))));
            }
            let before = if index == 0 { self.at_zero.clone() } else { self.pieces[index - 1].at(&piece.from) };
            if piece.value < before {
                return Some((piece.from.clone(), before, piece.value.clone()));
            }
        }
        None
    }

    /// The first stretch on which the value is above zero: its start (open), and its end unless it
    /// goes on for ever.
    pub fn above_zero(&self) -> Option<(Rational, Option<Rational>)> {
        let mut start: Option<Rational> = self.at_zero.is_positive().then_some(Rational::ZERO);
        for (index, piece) in self.pieces.iter().enumerate() {
            let next = self.pieces.get(index + 1).map(|p| &p.from);
            // Where the piece crosses zero, if it does before its end.
            let crossing = || {
                let at = &piece.from - &(&piece.value / &piece.slope);
                next.is_none_or(|next| at < *next).then_some(at)
            };
            let rises = piece.slope.is_positive();
            match &start {
                None if piece.value.is_positive() || (piece.value.is_zero() && rises) => {
                    start = Some(piece.from.clone())
                }
                None if rises => start = crossing(),
                None => continue,
                Some(_) if piece.value.is_positive() || (piece.value.is_zero() && rises) => {}
                Some(from) => return Some((from.clone(), Some(piece.from.clone()))),
            }
            if let (Some(from), true, true) = (&start, piece.slope.is_negative(), piece.value.is_positive())
                && let Some(end) = crossing()
            {
                return Some((from.clone(), Some(end)));
            }
        }
        start.map(|from| (from, None))
    }

    /// The least quantity above `from` at which the value is back at `goal`.
    pub fn back_at(&self, from: &Rational, goal: &Rational) -> Option<Rational> {
        for (index, piece) in self.pieces.iter().enumerate() {
            let next = self.pieces.get(index + 1).map(|p| &p.from);
            if next.is_some_and(|n| n <= from) {
                continue;
            }
            let start = if piece.from > *from { &piece.from } else { from };
            if piece.at(start) >= *goal {
                return Some(start.clone());
            }
            if piece.slope.is_positive() {
                let reached = &piece.from + &((goal - &piece.value) / &piece.slope);
                if next.is_none_or(|n| reached <= *n) {
                    return Some(reached);
                }
            }
        }
        None
    }

    /// The most that more usage of at most `most` can add, whatever was used before, and what was used
    /// before where it does. Where only more than that reaches it, or only usage just behind a bound, it
    /// is the bound that nothing exceeds.
    pub fn dearest(&self, most: &Rational) -> (Rational, Rational) {
        let above = |q: &Rational| match self.pieces.iter().find(|piece| piece.from == *q) {
            Some(piece) => piece.value.clone(),
            None => self.at(q),
        };
        let bounds: Vec<Rational> = self.pieces.iter().map(|piece| piece.from.clone()).collect();
        // A difference of straight pieces is greatest where one of its ends is at a bound.
        let before = bounds.iter().map(|bound| bound - most).filter(|q| !q.is_negative());
        let mut starts: Vec<Rational> = bounds.iter().cloned().chain(before).collect();
        // Behind the last bound it is the same everywhere.
        starts.extend(bounds.last().map(|last| last + most));
        let mut greatest = (Rational::ZERO, Rational::ZERO);
        for start in starts {
            let end = &start + most;
            let inside = bounds.iter().filter(|bound| **bound > start && **bound < end);
            let mut differences = vec![self.at(&end) - self.at(&start), above(&end) - above(&start)];
            differences.push(self.at(&end) - above(&start));
            for bound in inside {
                let (low, high) = (self.at(bound), above(bound));
                let from = self.at(&start).min(above(&start));
                differences.push(low.max(high) - from);
            }
            if most.is_positive() {
                differences.push(above(&start) - self.at(&start));
            }
            for difference in differences {
                if difference > greatest.0 {
                    greatest = (difference, start.clone());
                }
            }
        }
        greatest
    }

    /// A quantity at which the value is below zero, and that value.
    pub fn below_zero(&self) -> Option<(Rational, Rational)> {
        if self.at_zero.is_negative() {
            return Some((Rational::ZERO, self.at_zero.clone()));
        }
        for (index, piece) in self.pieces.iter().enumerate() {
            let next = self.pieces.get(index + 1).map(|p| p.from.clone());
            let end = match (&next, piece.slope.is_negative()) {
                (Some(next), _) => next.clone(),
                // Past the zero of a falling last piece.
                (None, true) => &piece.from + &(&(&piece.value.abs() / &piece.slope.abs()) + &Rational::ONE),
                (None, false) => &piece.from + &Rational::ONE,
            };
            let middle = &(&piece.from + &end) / &Rational::int(2);
            for q in [middle, end] {
                let value = piece.at(&q);
                if value.is_negative() {
                    return Some((q, value));
                }
            }
        }
        None
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::func::{LadderKind, Piece};

    fn r(text: &str) -> Rational {
        text.parse().unwrap()
    }

    fn volume(bound: &str, low: &str, high: &str) -> Expr {
        let piece =
            |from: &str, slope: &str| Piece { from: r(from), value: r(from) * r(slope), slope: r(slope), step: None };
        let pieces = vec![piece("0", low), piece(bound, high)];
        Expr::Ladder(
            Box::new(Expr::Arg),
            Ladder { kind: LadderKind::Volume, at_zero: Rational::ZERO, pieces, odd: false },
        )
    }

    #[test]
    fn no_request_costs_more_than_the_dearest() {
        let graduated = |pieces: &[(&str, &str, &str)]| Curve {
            at_zero: Rational::ZERO,
            pieces: pieces
                .iter()
                .map(|(from, value, slope)| Straight { from: r(from), value: r(value), slope: r(slope) })
                .collect(),
        };
        let curves = [
            Curve::of(&volume("10", "0.10", "0.08")).unwrap(),
            graduated(&[("0", "0", "0"), ("5", "0", "2"), ("8", "6", "1")]),
            graduated(&[("0", "3", "0"), ("4", "9", "0"), ("7", "10", "1/2")]),
            graduated(&[("0", "0", "1"), ("6", "2", "3")]),
        ];
        for curve in &curves {
            for most in ["1/2", "1", "3", "20"].map(r) {
                let (amount, _) = curve.dearest(&most);
                let mut reached = Rational::ZERO;
                for start in 0..120 {
                    let start = Rational::new(start.into(), 4.into());
                    for more in 0..=80 {
                        let more = Rational::new(more.into(), 4.into());
                        if more <= most {
                            let costs = curve.at(&(&start + &more)) - curve.at(&start);
                            assert!(costs <= amount, "{costs} at {start} more {more} of {curve:?}");
                            reached = reached.max(costs);
                        }
                    }
                }
                // The grid comes close: a quarter of a unit is what it may miss at each end.
                assert!(&amount - &reached <= r("6"), "{amount} is far from {reached}");
                assert!(!amount.is_zero());
            }
        }
        assert_eq!(curves[1].dearest(&r("3")), (r("6"), r("5")));
        assert_eq!(curves[2].dearest(&r("1")).0, r("6"));
    }

    #[test]
    fn a_volume_price_falls_at_its_bound_and_comes_back() {
        let curve = Curve::of(&volume("1000", "0.10", "0.08")).unwrap();
        let (at, before, after) = curve.first_fall().unwrap();
        assert_eq!((at.clone(), before.clone(), after), (r("1000"), r("100"), r("80")));
        assert_eq!(curve.at(&r("1001")), r("80.08"));
        assert_eq!(curve.back_at(&at, &before), Some(r("1250")));
    }

    #[test]
    fn stretches_are_told_with_their_worst() {
        // Five cents each against nothing up to 100 and nine cents each above.
        let flat = Curve::of(&Expr::Ladder(Box::new(Expr::Arg), Ladder::linear(r("0.05")))).unwrap();
        let pieces = vec![
            Straight { from: r("0"), value: r("0"), slope: r("0") },
            Straight { from: r("100"), value: r("0"), slope: r("0.09") },
        ];
        let told = flat.minus(&Curve { at_zero: r("0"), pieces }).stretches();
        assert_eq!(told.len(), 2);
        assert_eq!(
            (told[0].sign, &told[0].until, &told[0].most),
            (Ordering::Greater, &Some(r("225")), &(r("100"), r("5")))
        );
        assert_eq!((told[1].sign, &told[1].until, &told[1].growth), (Ordering::Less, &None, &r("-0.04")));
    }

    #[test]
    fn a_floor_cuts_where_it_is_crossed() {
        let linear = Expr::Ladder(Box::new(Expr::Arg), Ladder::linear(r("2")));
        let curve = Curve::of(&Expr::Max(vec![linear, Expr::Const(r("50"))])).unwrap();
        assert_eq!(curve.at(&r("10")), r("50"));
        assert_eq!(curve.at(&r("25")), r("50"));
        assert_eq!(curve.at(&r("26")), r("52"));
        assert_eq!(curve.first_fall(), None);
    }
}
