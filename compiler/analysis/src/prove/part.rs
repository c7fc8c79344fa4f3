//! A part of the space of quantities, and the linear program that stands for an amount in it.

use super::search::Space;
use super::simplex::Row;
use crate::limits;
use price_ir::{Curve, Forms, Linear, Node};
use price_value::Rational;
use std::collections::BTreeMap;

/// A part of the space: quantities between bounds, and what is decided of the nodes.
#[derive(Debug, Clone)]
pub(super) struct Part {
    pub(super) from: Vec<Rational>,
    pub(super) to: Vec<Option<Rational>>,
    /// Of a curve or choice the pieces that are left, the one up to the first start counted as 0.
    pub(super) pieces: BTreeMap<u32, (usize, usize)>,
    /// Of what is above zero: whether it is.
    pub(super) above: BTreeMap<u32, bool>,
}

/// A node in a part, as a sum of columns.
pub(super) struct Shape {
    pub(super) sum: Linear,
    /// Whether it is not decided: the sum is then somewhere between bounds.
    pub(super) open: bool,
    pub(super) least: Option<Rational>,
    pub(super) most: Option<Rational>,
}

impl Shape {
    /// A node that nothing depends on.
    fn nothing() -> Shape {
        let zero = Some(Rational::ZERO);
        Shape { sum: Linear::default(), open: false, least: zero.clone(), most: zero }
    }
}

/// The starts behind which a node goes on in another way.
pub(super) fn starts(node: &Node) -> Vec<&Rational> {
    match node {
        Node::Curve { curve, .. } => curve.pieces.iter().map(|piece| &piece.from).collect(),
        Node::Choice { pieces, .. } => pieces.iter().map(|(from, _)| from).collect(),
        Node::Above(_) | Node::Part { .. } => Vec::new(),
    }
}

/// The linear program of a part: a column for each quantity, in steps above its least, and one for
/// each node that is open.
pub(super) struct Lines<'a> {
    space: &'a Space,
    part: &'a Part,
    pub(super) rows: Vec<Row>,
    pub(super) columns: usize,
    /// Sums that a decision about the part keeps at or above zero.
    decided: Vec<Linear>,
}

impl<'a> Lines<'a> {
    /// The bounds of the quantities.
    pub(super) fn of(space: &'a Space, part: &'a Part) -> Lines<'a> {
        let mut lines = Lines { space, part, rows: Vec::new(), columns: part.from.len(), decided: Vec::new() };
        lines.bounds();
        lines
    }

    fn bounds(&mut self) {
        for (at, (from, to)) in self.part.from.iter().zip(&self.part.to).enumerate() {
            if let Some(to) = to {
                self.rows.push(Row { factors: [(at, Rational::ONE)].into(), most: to - from });
            }
        }
        for sum in &self.space.within {
            let sum = self.sum(sum, &[]);
            self.at_least(sum, &Rational::ZERO);
        }
    }

    /// An amount as a sum of columns.
    pub(super) fn sum(&self, amount: &Linear, shapes: &[Shape]) -> Linear {
        let mut sum = Linear::constant(amount.constant.clone());
        for (at, factor) in &amount.vars {
            let of = &self.space.quantities[*at as usize];
            let each = factor * &of.step;
            sum.constant += &(&each * &self.part.from[*at as usize]);
            sum.add(&Linear::var(*at), &each);
        }
        for (at, factor) in &amount.nodes {
            if let Some(shape) = shapes.get(*at as usize) {
                sum.add(&shape.sum, factor);
            }
        }
        sum
    }

    /// A sum is nowhere below zero.
    pub(super) fn keep(&mut self, sum: &Linear, shapes: &[Shape]) {
        let sum = self.sum(sum, shapes);
        self.at_least(sum, &Rational::ZERO);
    }

    /// A bound of a sum of columns from below.
    fn at_least(&mut self, sum: Linear, least: &Rational) {
        let most = &sum.constant - least;
        if sum.vars.is_empty() && !most.is_negative() {
            return;
        }
        let factors = sum.vars.iter().map(|(at, factor)| (*at as usize, -factor)).collect();
        self.rows.push(Row { factors, most });
    }

    /// The least and the greatest value of an amount, as far as bounds of its parts say.
    fn range(&self, amount: &Linear, shapes: &[Shape]) -> (Option<Rational>, Option<Rational>) {
        let (mut least, mut most) = (Some(amount.constant.clone()), Some(amount.constant.clone()));
        let mut grow = |factor: &Rational, from: Option<&Rational>, to: Option<&Rational>| {
            let (low, high) = if factor.is_negative() { (to, from) } else { (from, to) };
            least = least.take().zip(low).map(|(sum, low)| sum + &(factor * low));
            most = most.take().zip(high).map(|(sum, high)| sum + &(factor * high));
        };
        for (at, factor) in &amount.vars {
            let at = *at as usize;
            grow(&(factor * &self.space.quantities[at].step), Some(&self.part.from[at]), self.part.to[at].as_ref());
        }
        for (at, factor) in &amount.nodes {
            let shape = &shapes[*at as usize];
            grow(factor, shape.least.as_ref(), shape.most.as_ref());
        }
        (least, most)
    }

    /// Every node as a sum of columns; none where the part is empty.
    pub(super) fn shapes(&mut self, forms: &Forms, reached: &[bool]) -> Option<Vec<Shape>> {
        let mut shapes: Vec<Shape> = Vec::with_capacity(forms.nodes().len());
        for (number, node) in forms.nodes().iter().enumerate() {
            let number = u32::try_from(number).unwrap_or(u32::MAX);
            let next = match node {
                _ if !reached[shapes.len()] => Shape::nothing(),
                // Somewhere; what is known of it is said of the parts together.
                Node::Part { .. } => {
                    let (up, down) = (Linear::var(self.open()), Linear::var(self.open()));
                    Shape { sum: up.minus(&down), open: false, least: None, most: None }
                }
                Node::Above(of) => self.above(number, of, &shapes),
                Node::Curve { on, curve } => self.curve(number, on, curve)?,
                Node::Choice { on, below, pieces } => {
                    let all: Vec<&Linear> =
                        std::iter::once(below).chain(pieces.iter().map(|(_, piece)| piece)).collect();
                    self.choice(number, on, &starts(node), &all, &shapes)?
                }
            };
            shapes.push(next);
        }
        Some(shapes)
    }

    fn above(&mut self, number: u32, of: &Linear, shapes: &[Shape]) -> Shape {
        let (least, most) = self.range(of, shapes);
        let sum = self.sum(of, shapes);
        let zero = Some(Rational::ZERO);
        let decided = self.part.above.get(&number).copied();
        let rises = least.as_ref().is_some_and(|least| !least.is_negative());
        let nothing = most.as_ref().is_some_and(|most| !most.is_positive());
        if decided == Some(true) || rises {
            if !rises {
                self.at_least(sum.clone(), &Rational::ZERO);
                self.decided.push(sum.clone());
            }
            let least = least.map(|least| least.max(Rational::ZERO)).or(zero);
            return Shape { sum, open: false, least, most };
        }
        if decided == Some(false) || nothing {
            if !nothing {
                let below = sum.scaled(&Rational::int(-1));
                self.at_least(below.clone(), &Rational::ZERO);
                self.decided.push(below);
            }
            return Shape { sum: Linear::default(), open: false, least: zero.clone(), most: zero };
        }
        let column = self.open();
        let own = Linear::var(column);
        self.at_least(own.clone().minus(&sum), &Rational::ZERO);
        match (&least, &most) {
            (Some(least), Some(most)) => {
                let slope = most / &(most - least);
                let chord = sum.minus(&Linear::constant(least.clone())).scaled(&slope);
                self.at_least(chord.minus(&own), &Rational::ZERO);
            }
            (Some(least), None) => {
                self.at_least(sum.minus(&Linear::constant(least.clone())).minus(&own), &Rational::ZERO);
            }
            (None, Some(most)) => self.at_least(Linear::constant(most.clone()).minus(&own), &Rational::ZERO),
            (None, None) => {}
        }
        Shape { sum: own, open: true, least: zero, most }
    }

    fn open(&mut self) -> u32 {
        self.columns += 1;
        u32::try_from(self.columns - 1).unwrap_or(u32::MAX)
    }

    /// The pieces that are left of a node in this part, each with the least and the greatest value of
    /// the sum that can be measured in it; bounds on the sum are added.
    fn left(&mut self, number: u32, on: &Linear, starts: &[&Rational]) -> Option<Vec<Ends>> {
        let (low, high) = self.range(on, &[]);
        let (first, last) = self.part.pieces.get(&number).copied().unwrap_or((0, starts.len()));
        let grid = grid(on, self.space);
        let down = |q: &Rational| match &grid {
            Some(grid) => &on.constant + &(((q - &on.constant) / grid).floor() * grid),
            None => on.constant.clone(),
        };
        let mut all = Vec::new();
        for piece in first..=last {
            let from = piece.checked_sub(1).map(|at| {
                let start = down(starts[at]);
                grid.as_ref().map_or(start.clone(), |grid| start + grid)
            });
            let until = starts.get(piece).map(|until| down(until));
            let from = match (from, &low) {
                (Some(from), Some(low)) => Some(from.max(low.clone())),
                (from, low) => from.or(low.clone()),
            };
            let until = match (until, &high) {
                (Some(until), Some(high)) => Some(until.min(high.clone())),
                (until, high) => until.or(high.clone()),
            };
            if from.as_ref().zip(until.as_ref()).is_none_or(|(from, until)| from <= until) {
                all.push(Ends { piece, from, until });
            }
        }
        let (Some(begin), Some(end)) = (all.first(), all.last()) else { return None };
        let sum = self.sum(on, &[]);
        if let Some(from) = begin.from.as_ref().filter(|from| low.as_ref() != Some(*from)) {
            self.at_least(sum.clone(), from);
        }
        if let Some(until) = end.until.as_ref().filter(|until| high.as_ref() != Some(*until)) {
            self.at_least(sum.scaled(&Rational::int(-1)), &-until);
        }
        Some(all)
    }

    fn curve(&mut self, number: u32, on: &Linear, curve: &Curve) -> Option<Shape> {
        let starts: Vec<&Rational> = curve.pieces.iter().map(|piece| &piece.from).collect();
        let left = self.left(number, on, &starts)?;
        let sum = self.sum(on, &[]);
        let (points, endless) = corners(curve, &left);
        let values = || points.iter().map(|(_, value)| value.clone());
        let least = values().min().filter(|_| endless.as_ref().is_none_or(|slope| !slope.is_negative()));
        let most = values().max().filter(|_| endless.as_ref().is_none_or(|slope| !slope.is_positive()));
        if let [only] = left.as_slice() {
            let (from, value, slope) = straight(curve, only.piece);
            let sum = sum.minus(&Linear::constant(from)).scaled(&slope).plus(&Linear::constant(value));
            return Some(Shape { sum, open: false, least, most });
        }
        let column = self.open();
        if left[0].from.is_none() {
            // No line holds all the way down.
            return Some(Shape { sum: self.counted(column, None), open: true, least: None, most: None });
        }
        let own = self.counted(column, least.as_ref());
        for (q, value, slope) in hull(&points, endless.as_ref()) {
            let line = sum.clone().minus(&Linear::constant(q)).scaled(&slope).plus(&Linear::constant(value));
            self.at_least(line.minus(&own), &Rational::ZERO);
        }
        let turned: Vec<(Rational, Rational)> = points.iter().map(|(q, value)| (q.clone(), -value)).collect();
        for (q, value, slope) in hull(&turned, endless.map(|slope| -slope).as_ref()) {
            let line = sum.clone().minus(&Linear::constant(q)).scaled(&slope).plus(&Linear::constant(value));
            self.at_least(line.plus(&own), &Rational::ZERO);
        }
        Some(Shape { sum: own, open: true, least, most })
    }

    /// Curves of one sum that a goal adds up are bounded together as well: their difference is often
    /// straight where neither is.
    pub(super) fn together(&mut self, forms: &Forms, shapes: &[Shape], goal: &Linear) {
        // Where one side reached its bound, its curves stand in what that decided.
        let decided = std::mem::take(&mut self.decided);
        for sum in decided.iter().take(limits::PROOF_TOGETHER) {
            self.bounded(forms, shapes, &goal.clone().plus(sum));
        }
        self.bounded(forms, shapes, goal);
    }

    fn bounded(&mut self, forms: &Forms, shapes: &[Shape], goal: &Linear) {
        let mut groups: Vec<(&Linear, Curve, Linear, usize)> = Vec::new();
        for (node, shape) in forms.nodes().iter().zip(shapes).filter(|(_, shape)| shape.open) {
            let Node::Curve { on, curve } = node else { continue };
            let mut columns = shape.sum.vars.keys();
            let (Some(column), None) = (columns.next(), columns.next()) else { continue };
            let Some(factor) = goal.vars.get(column) else { continue };
            match groups.iter_mut().find(|(known, ..)| *known == on) {
                Some((_, all, sum, count)) => {
                    *all = all.plus(&curve.clone().scaled(factor));
                    sum.add(&shape.sum, factor);
                    *count += 1;
                }
                None => groups.push((on, curve.clone().scaled(factor), shape.sum.scaled(factor), 1)),
            }
        }
        for (on, curve, sum, _) in groups.into_iter().filter(|(.., count)| *count > 1) {
            let starts: Vec<&Rational> = curve.pieces.iter().map(|piece| &piece.from).collect();
            // No node has this number: all pieces are left that the quantities reach.
            let Some(left) = self.left(u32::MAX, on, &starts) else { continue };
            if left[0].from.is_none() {
                continue;
            }
            let (points, endless) = corners(&curve, &left);
            for (q, value, slope) in hull(&points, endless.as_ref()) {
                let line = self.sum(on, &[]).minus(&Linear::constant(q)).scaled(&slope).plus(&Linear::constant(value));
                self.at_least(line.minus(&sum), &Rational::ZERO);
            }
        }
    }

    fn choice(
        &mut self,
        number: u32,
        on: &Linear,
        starts: &[&Rational],
        pieces: &[&Linear],
        shapes: &[Shape],
    ) -> Option<Shape> {
        let left = self.left(number, on, starts)?;
        let ranges: Vec<_> = left.iter().map(|ends| self.range(pieces[ends.piece], shapes)).collect();
        let least: Option<Vec<Rational>> = ranges.iter().map(|(least, _)| least.clone()).collect();
        let most: Option<Vec<Rational>> = ranges.into_iter().map(|(_, most)| most).collect();
        let (least, most) = (least.and_then(|all| all.into_iter().min()), most.and_then(|all| all.into_iter().max()));
        if let [only] = left.as_slice() {
            let sum = self.sum(pieces[only.piece], shapes);
            return Some(Shape { sum, open: false, least, most });
        }
        let column = self.open();
        let own = self.counted(column, least.as_ref());
        if let Some(most) = &most {
            self.at_least(Linear::constant(most.clone()).minus(&own), &Rational::ZERO);
        }
        Some(Shape { sum: own, open: true, least, most })
    }

    /// The value of an open node: its column counts from the least value. Where there is none, a
    /// second column is taken off.
    fn counted(&mut self, column: u32, least: Option<&Rational>) -> Linear {
        match least {
            Some(least) => Linear::var(column).plus(&Linear::constant(least.clone())),
            None => {
                let below = self.open();
                Linear::var(column).minus(&Linear::var(below))
            }
        }
    }
}

/// Start, value and slope of a piece, the one up to the first start counted as 0.
fn straight(curve: &Curve, piece: usize) -> (Rational, Rational, Rational) {
    match piece.checked_sub(1) {
        None => (Rational::ZERO, curve.at_zero.clone(), Rational::ZERO),
        Some(at) => {
            let piece = &curve.pieces[at];
            (piece.from.clone(), piece.value.clone(), piece.slope.clone())
        }
    }
}

/// The points at the ends of the pieces that are left, and the slope of one without end.
fn corners(curve: &Curve, left: &[Ends]) -> (Vec<(Rational, Rational)>, Option<Rational>) {
    let mut points = Vec::new();
    let mut endless = None;
    for ends in left {
        let (from, value, slope) = straight(curve, ends.piece);
        let at = |q: &Rational| &value + &(&slope * &(q - &from));
        let inside = [ends.from.as_ref(), ends.until.as_ref()];
        points.extend(inside.into_iter().flatten().map(|q| (q.clone(), at(q))));
        if ends.until.is_none() {
            endless = Some(slope);
        }
    }
    (points, endless)
}

/// A piece that is left, with the sums at its ends.
struct Ends {
    piece: usize,
    from: Option<Rational>,
    until: Option<Rational>,
}

/// The greatest step of which all values of a sum are whole multiples, above its constant.
fn grid(on: &Linear, space: &Space) -> Option<Rational> {
    let steps = on.vars.iter().map(|(at, factor)| (factor * &space.quantities[*at as usize].step).abs());
    steps.reduce(|mut a, mut b| {
        while !b.is_zero() {
            let rest = &a - &((&a / &b).floor() * &b);
            (a, b) = (b, rest);
        }
        a
    })
}

/// The lines above all points, in the order of their quantities: a point and a slope each. The last
/// one goes on with at least the slope of what has no end.
fn hull(points: &[(Rational, Rational)], endless: Option<&Rational>) -> Vec<(Rational, Rational, Rational)> {
    let slope = |a: &(Rational, Rational), b: &(Rational, Rational)| (&b.1 - &a.1).checked_div(&(&b.0 - &a.0));
    let mut kept: Vec<(Rational, Rational)> = Vec::new();
    for point in points {
        if let Some(last) = kept.last()
            && last.0 == point.0
        {
            if last.1 >= point.1 {
                continue;
            }
            kept.pop();
        }
        while let [.., before, last] = kept.as_slice() {
            if slope(before, last) > slope(last, point) {
                break;
            }
            kept.pop();
        }
        kept.push(point.clone());
    }
    if let Some(endless) = endless {
        while let [.., before, last] = kept.as_slice() {
            if slope(before, last).is_some_and(|slope| slope > *endless) {
                break;
            }
            kept.pop();
        }
    }
    let mut lines: Vec<(Rational, Rational, Rational)> = kept
        .windows(2)
        .filter_map(|pair| Some((pair[0].0.clone(), pair[0].1.clone(), slope(&pair[0], &pair[1])?)))
        .collect();
    match (endless, kept.last()) {
        (Some(endless), Some((q, value))) => lines.push((q.clone(), value.clone(), endless.clone())),
        (None, Some((q, value))) if lines.is_empty() => lines.push((q.clone(), value.clone(), Rational::ZERO)),
        _ => {}
    }
    lines
}
