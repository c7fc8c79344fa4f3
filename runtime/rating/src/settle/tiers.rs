//! The tiers behind an amount: how much of a quantity each piece of a ladder priced.
//!
//! For display only. Where a function is more than one ladder of the quantity, or the pieces do
//! not add up to the amount, the answer is one tier with the average rate.

use price_ir::{Counting, Expr, Ladder, LadderKind, Piece, TierDetail};
use price_value::Rational;

/// Position on a ladder: quantity, and how much of it is covered.
type Position = (Rational, Rational);

/// The tiers between two positions (from the start without the first).
pub(super) fn tiers(
    amount: &Expr,
    counting: Counting,
    before: Option<&Position>,
    after: &Position,
    total: &Position,
    exact: &Rational,
) -> Vec<TierDetail> {
    if let Some(found) = known_tiers(amount, counting, before, after, total, exact) {
        return found;
    }
    let net = |(q, c): &Position| q - c;
    let quantity = match before {
        Some(before) => net(after) - net(before),
        None => net(after),
    };
    if quantity.is_zero() && exact.is_zero() {
        return Vec::new();
    }
    let rate = exact.checked_div(&quantity).unwrap_or_default();
    vec![TierDetail { from: Rational::ZERO, to: None, quantity, rate, exact: exact.clone(), amount: exact.clone() }]
}

/// The same, and nothing where an average would have to stand for them.
pub(crate) fn known_tiers(
    amount: &Expr,
    counting: Counting,
    before: Option<&Position>,
    after: &Position,
    total: &Position,
    exact: &Rational,
) -> Option<Vec<TierDetail>> {
    let net = |(q, c): &Position| q - c;
    let (from, to) = match (counting, before) {
        (Counting::Net, before) => (before.map(net), net(after)),
        (Counting::Gross, None) if after.1.is_zero() => (None, after.0.clone()),
        (Counting::Gross, None) => (Some(after.1.clone()), after.0.clone()),
        (Counting::Gross, Some(before)) if before.1 == after.1 => (Some(before.0.clone()), after.0.clone()),
        (Counting::Gross, Some(_)) => (None, Rational::ZERO),
    };
    let reached = match counting {
        Counting::Net => net(total),
        Counting::Gross => total.0.clone(),
    };
    if amount.selects() {
        let charged = before.map_or(net(after), |before| net(after) - net(before));
        let tier = shape(amount).and_then(|shape| shape.selected(&reached, &charged, exact));
        if let Some(tier) = tier {
            return Some(vec![tier]);
        }
    }
    let found = shape(amount).map(|shape| shape.between(from.as_ref(), &to)).unwrap_or_default();
    (!found.is_empty() && found.iter().map(|t| &t.exact).sum::<Rational>() == *exact).then_some(found)
}

/// `scale · ladder(inner(q))`, with `inner(q) = q · factor` where `factor` is known.
struct Shape<'a> {
    ladder: std::borrow::Cow<'a, Ladder>,
    inner: &'a Expr,
    factor: Rational,
    scale: Rational,
}

fn shape(expr: &Expr) -> Option<Shape<'_>> {
    match expr {
        Expr::Ladder(inner, ladder) => {
            let factor = linear(inner).unwrap_or(Rational::ONE);
            Some(Shape { ladder: std::borrow::Cow::Borrowed(ladder), inner, factor, scale: Rational::ONE })
        }
        Expr::Mul(a, b) => {
            let (constant, other) = match (a.as_const(), b.as_const()) {
                (Some(c), None) => (c, b),
                (None, Some(c)) => (c, a),
                _ => return None,
            };
            match shape(other) {
                Some(shape) => Some(Shape { scale: &shape.scale * constant, ..shape }),
                None => Some(Shape {
                    ladder: std::borrow::Cow::Owned(Ladder::linear(constant.clone())),
                    inner: other,
                    factor: linear(other).unwrap_or(Rational::ONE),
                    scale: Rational::ONE,
                }),
            }
        }
        _ => None,
    }
}

/// The factor of an expression that is a multiple of the quantity.
fn linear(expr: &Expr) -> Option<Rational> {
    match expr {
        Expr::Arg => Some(Rational::ONE),
        Expr::Mul(a, b) => match (a.as_const(), b.as_const()) {
            (Some(c), None) => Some(linear(b)? * c),
            (None, Some(c)) => Some(linear(a)? * c),
            _ => None,
        },
        _ => None,
    }
    .filter(Rational::is_positive)
}

impl Shape<'_> {
    fn between(&self, from: Option<&Rational>, to: &Rational) -> Vec<TierDetail> {
        let inner = |q: &Rational| self.inner.at(q).ok();
        let (Some(to), Some(from)) = (inner(to), from.map_or(Some(None), |f| inner(f).map(Some))) else {
            return Vec::new();
        };
        if to.is_negative() || from.as_ref().is_some_and(Rational::is_negative) {
            return Vec::new();
        }
        match self.ladder.kind {
            LadderKind::Graduated => self.graduated(from.as_ref(), &to),
            LadderKind::Volume | LadderKind::Stairstep => self.reached(from.as_ref(), &to),
        }
    }

    /// Every piece entered, with what lies in it.
    fn graduated(&self, from: Option<&Rational>, to: &Rational) -> Vec<TierDetail> {
        let ladder = &*self.ladder;
        let mut out = Vec::new();
        for (index, piece) in ladder.pieces.iter().enumerate() {
            let next = ladder.pieces.get(index + 1).map(|p| &p.from);
            let end = next.map_or(to.clone(), |n| n.clone().min(to.clone()));
            let start = from.map_or(piece.from.clone(), |f| f.clone().max(piece.from.clone()));
            if end < start || (end == start && !(index == 0 && from.is_none() && to.is_zero())) {
                continue;
            }
            // Reaching a piece from below includes its flat part; going on inside it does not.
            let low = match from {
                Some(from) => ladder.eval(&start.clone().max(from.clone())),
                None if index == 0 => Rational::ZERO,
                None => ladder.eval(&start),
            };
            let exact = ladder.eval(&end) - low;
            if exact.is_zero() && end == start {
                continue;
            }
            out.push(self.tier(piece, next, &(&end - &start), exact));
        }
        out
    }

    /// The piece of a volume price that its total decides, where it prices a part at its rate.
    fn selected(&self, total: &Rational, charged: &Rational, exact: &Rational) -> Option<TierDetail> {
        let ladder = &*self.ladder;
        if ladder.kind != LadderKind::Volume || !charged.is_positive() {
            return None;
        }
        let index = ladder.piece_of(&self.inner.at(total).ok()?);
        let piece = &ladder.pieces[index];
        let tier = self.tier(
            piece,
            ladder.pieces.get(index + 1).map(|p| &p.from),
            &self.inner.at(charged).ok()?,
            exact.checked_div(&self.scale)?,
        );
        (&tier.rate * charged == *exact).then_some(tier)
    }

    /// The one piece that prices everything.
    fn reached(&self, from: Option<&Rational>, to: &Rational) -> Vec<TierDetail> {
        let ladder = &*self.ladder;
        let exact = ladder.eval(to) - from.map_or(Rational::ZERO, |f| ladder.eval(f));
        let quantity = to - &from.cloned().unwrap_or_default();
        if quantity.is_zero() && exact.is_zero() {
            return Vec::new();
        }
        let index = ladder.piece_of(to);
        vec![self.tier(&ladder.pieces[index], ladder.pieces.get(index + 1).map(|p| &p.from), &quantity, exact)]
    }

    fn tier(&self, piece: &Piece, next: Option<&Rational>, quantity: &Rational, exact: Rational) -> TierDetail {
        let exact = exact * &self.scale;
        TierDetail {
            from: &piece.from / &self.factor,
            to: next.map(|n| n / &self.factor),
            quantity: quantity / &self.factor,
            rate: &piece.slope * &self.scale * &self.factor,
            amount: exact.clone(),
            exact,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn r(text: &str) -> Rational {
        text.parse().unwrap()
    }

    /// Pieces given as (from, rate, flat).
    fn graduated(pieces: &[(&str, &str, &str)]) -> Ladder {
        let mut value = Rational::ZERO;
        let mut out: Vec<Piece> = Vec::new();
        for (from, rate, flat) in pieces {
            let from = r(from);
            if let Some(last) = out.last() {
                value = last.eval(&from);
            }
            value += &r(flat);
            out.push(Piece { from, value: value.clone(), slope: r(rate), step: None });
        }
        Ladder { kind: LadderKind::Graduated, at_zero: Rational::ZERO, pieces: out, odd: false }
    }

    fn show(expr: &Expr, before: Option<&str>, after: &str, covered: &str) -> Vec<String> {
        let position = |q: &str| (r(q), r(covered));
        let net = |q: &str| r(q) - r(covered);
        let low = before.map_or(Rational::ZERO, |b| expr.at(&net(b)).unwrap());
        let exact = expr.at(&net(after)).unwrap() - low;
        let before = before.map(position);
        let found = tiers(expr, Counting::Net, before.as_ref(), &position(after), &position(after), &exact);
        assert_eq!(found.iter().map(|t| &t.exact).sum::<Rational>(), exact);
        found.iter().map(|t| format!("{} x {} = {}", t.quantity, t.rate, t.exact)).collect()
    }

    #[test]
    fn a_graduated_amount_shows_every_tier_it_entered() {
        let g3 = Expr::Ladder(
            Box::new(Expr::Arg),
            graduated(&[("0", "0.10", "0"), ("1000", "0.05", "0"), ("10000", "0.01", "0")]),
        );
        assert_eq!(show(&g3, None, "15000", "0"), ["1000 x 0.1 = 100", "9000 x 0.05 = 450", "5000 x 0.01 = 50"]);
        assert_eq!(show(&g3, None, "1000", "0"), ["1000 x 0.1 = 100"]);
        assert_eq!(show(&g3, Some("9000"), "12000", "0"), ["1000 x 0.05 = 50", "2000 x 0.01 = 20"]);
        assert_eq!(show(&g3, None, "1500", "500"), ["1000 x 0.1 = 100"]);
        assert_eq!(show(&g3, None, "0", "0"), Vec::<String>::new());
    }

    #[test]
    fn flat_parts_belong_to_the_tier_that_is_entered() {
        let flat = Expr::Ladder(Box::new(Expr::Arg), graduated(&[("0", "5", "10"), ("5", "4", "20")]));
        assert_eq!(show(&flat, None, "6", "0"), ["5 x 5 = 35", "1 x 4 = 24"]);
        assert_eq!(show(&flat, Some("5"), "6", "0"), ["1 x 4 = 24"]);
    }

    #[test]
    fn a_rate_in_another_unit_is_shown_per_unit_of_the_line() {
        let thousand = Expr::Mul(Box::new(Expr::Arg), Box::new(Expr::Const(r("0.001"))));
        let scaled = Expr::Ladder(Box::new(thousand), graduated(&[("0", "3", "0"), ("2", "1", "0")]));
        assert_eq!(show(&scaled, None, "3000", "0"), ["2000 x 0.003 = 6", "1000 x 0.001 = 1"]);
        let rate = Expr::Mul(Box::new(Expr::Arg), Box::new(Expr::Const(r("0.02"))));
        assert_eq!(show(&rate, None, "50", "0"), ["50 x 0.02 = 1"]);
    }

    #[test]
    fn what_is_no_ladder_shows_its_average_rate() {
        let floor =
            Expr::Max(vec![Expr::Mul(Box::new(Expr::Arg), Box::new(Expr::Const(r("3")))), Expr::Const(r("20"))]);
        assert_eq!(show(&floor, None, "5", "0"), ["5 x 4 = 20"]);
    }
}
