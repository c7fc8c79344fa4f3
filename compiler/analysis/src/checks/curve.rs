//! A price function of one quantity as straight pieces, for exact questions about all of them.

use price_ir::{Expr, Ladder};
use price_value::Rational;

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

impl Straight {
    /// The value of this piece's formula at `q`.
    pub fn at(&self, q: &Rational) -> Rational {
        &self.value + &(&self.slope * &(q - &self.from))
    }
}

const MOST_PIECES: usize = 2_000;

impl Curve {
    fn constant(value: Rational) -> Curve {
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

    fn scaled(mut self, k: &Rational) -> Curve {
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
    use price_ir::{LadderKind, Piece};

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
    fn a_volume_price_falls_at_its_bound_and_comes_back() {
        let curve = Curve::of(&volume("1000", "0.10", "0.08")).unwrap();
        let (at, before, after) = curve.first_fall().unwrap();
        assert_eq!((at.clone(), before.clone(), after), (r("1000"), r("100"), r("80")));
        assert_eq!(curve.at(&r("1001")), r("80.08"));
        assert_eq!(curve.back_at(&at, &before), Some(r("1250")));
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
