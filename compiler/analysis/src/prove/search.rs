//! Whether an amount is above a bound for some quantities that can be measured.
//!
//! The space of quantities is cut into parts. In a part, every node of the amount that is not
//! decided there is replaced by the straight bounds around it, so that the greatest value of a
//! linear program is never below the amount. A part whose greatest value is not above the bound
//! holds nothing; any other is cut where a node is farthest from its bounds, or where a quantity
//! is no whole number of steps. A bound of a piece is open on one side, and quantities are whole
//! numbers of steps: the side behind it begins with the next step, so that nothing lies between.

use super::part::{Lines, Part, Shape, starts};
use super::simplex::{Best, greatest};
use crate::limits;
use price_ir::{Forms, Linear, Node};
use price_value::Rational;
use std::collections::BTreeMap;

/// What quantities there are.
#[derive(Debug, Clone, PartialEq)]
pub(super) struct Space {
    /// For each its step, the least, and the greatest number of steps.
    pub(super) quantities: Vec<Steps>,
    /// Sums that are nowhere below zero.
    pub(super) within: Vec<Linear>,
}

/// The numbers of steps of a quantity.
#[derive(Debug, Clone, PartialEq)]
pub(super) struct Steps {
    /// One step, in the meter's unit.
    pub(super) step: Rational,
    /// The least number.
    pub(super) from: Rational,
    /// The greatest.
    pub(super) to: Option<Rational>,
}

/// What is looked for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Above {
    /// More than the bound.
    Strictly,
    /// At least the bound.
    OrAt,
}

/// The answer.
#[derive(Debug, Clone, PartialEq)]
pub(super) enum Found {
    /// There are no such quantities.
    None,
    /// These are some.
    Some(Vec<Rational>),
    /// It is not known, for this reason.
    Undecided(String),
}

impl Space {
    fn quantities(&self, steps: &[Rational]) -> Vec<Rational> {
        self.quantities.iter().zip(steps).map(|(of, n)| n * &of.step).collect()
    }

    pub(super) fn contains(&self, forms: &Forms, at: &[Rational]) -> bool {
        self.within.iter().all(|sum| !forms.at(sum, at).is_negative())
    }

    /// Quantities at which an amount is above a bound.
    ///
    /// `steps` is what may be spent, in cells of linear programs.
    pub(super) fn find(
        &self,
        forms: &Forms,
        amount: &Linear,
        (how, bound): (Above, &Rational),
        steps: &mut usize,
    ) -> Found {
        let first = Part {
            from: self.quantities.iter().map(|q| q.from.clone()).collect(),
            to: self.quantities.iter().map(|q| q.to.clone()).collect(),
            pieces: BTreeMap::new(),
            above: BTreeMap::new(),
        };
        let reached = forms.reached(amount);
        let mut search = Search { reached, space: self, forms, amount, bound, how, steps, boxed: false };
        let mut open = vec![first];
        for _ in 0..=limits::PROOF_PARTS {
            let Some(part) = open.pop() else {
                return match search.boxed {
                    false => Found::None,
                    true => Found::Undecided("nothing bounds the usage, and none that fails was found".to_owned()),
                };
            };
            match search.look(part) {
                Look::Found(at) => return Found::Some(at),
                Look::Nothing => {}
                Look::Cut(parts) => open.extend(parts),
                Look::Spent => break,
            }
        }
        Found::Undecided("the prices have too many parts together".to_owned())
    }
}

/// What became of a part.
enum Look {
    Found(Vec<Rational>),
    Nothing,
    /// Parts that cover it, the one to look at first last.
    Cut(Vec<Part>),
    Spent,
}

struct Search<'a> {
    /// The nodes that the amount depends on.
    reached: Vec<bool>,
    space: &'a Space,
    forms: &'a Forms,
    amount: &'a Linear,
    bound: &'a Rational,
    how: Above,
    steps: &'a mut usize,
    /// Whether quantities without end were cut off.
    boxed: bool,
}

impl Search<'_> {
    fn wanted(&self, value: &Rational) -> bool {
        match self.how {
            Above::Strictly => value > self.bound,
            Above::OrAt => value >= self.bound,
        }
    }

    /// Whether some steps are an answer.
    fn fits(&self, part: &Part, steps: &[Rational]) -> Option<Vec<Rational>> {
        let inside = steps.iter().zip(part.from.iter().zip(&part.to));
        for (n, (from, to)) in inside {
            if n < from || to.as_ref().is_some_and(|to| n > to) {
                return None;
            }
        }
        let at = self.space.quantities(steps);
        (self.space.contains(self.forms, &at) && self.wanted(&self.forms.at(self.amount, &at))).then_some(at)
    }

    fn look(&mut self, part: Part) -> Look {
        if part.from.iter().zip(&part.to).any(|(from, to)| to.as_ref().is_some_and(|to| to < from)) {
            return Look::Nothing;
        }
        let mut lines = Lines::of(self.space, &part);
        let Some(shapes) = lines.shapes(self.forms, &self.reached) else { return Look::Nothing };
        let goal = lines.sum(self.amount, &shapes);
        let factors = goal.vars.iter().map(|(at, factor)| (*at as usize, factor.clone())).collect();
        let (columns, rows) = (lines.columns, lines.rows);
        match greatest(columns, &factors, &rows, self.steps) {
            Best::Spent => Look::Spent,
            Best::Nothing => Look::Nothing,
            Best::Endless => self.cut_endless(part, &shapes),
            Best::At(value, at) => {
                if !self.wanted(&(value + &goal.constant)) {
                    return Look::Nothing;
                }
                let steps: Vec<Rational> = part.from.iter().zip(&at).map(|(from, more)| from + more).collect();
                let half = Rational::new(1, 2);
                let roundings: [fn(&Rational, &Rational) -> Rational; 3] =
                    [|n, _| n.floor(), |n, _| n.ceil(), |n, half| (n + half).floor()];
                for round in roundings {
                    let whole: Vec<Rational> = steps.iter().map(|n| round(n, &half)).collect();
                    if let Some(found) = self.fits(&part, &whole) {
                        return Look::Found(found);
                    }
                }
                self.cut(part, &shapes, &steps, &at)
            }
        }
    }

    /// Cuts a part at the point of its greatest value.
    fn cut(&self, part: Part, shapes: &[Shape], steps: &[Rational], at: &[Rational]) -> Look {
        let here = self.space.quantities(steps);
        let values = self.forms.values(&here);
        let mut farthest: Option<(usize, Rational)> = None;
        for (node, shape) in shapes.iter().enumerate() {
            if !shape.open {
                continue;
            }
            let columns = shape.sum.vars.iter().map(|(column, factor)| factor * &at[*column as usize]);
            let said = columns.sum::<Rational>() + &shape.sum.constant;
            let gap = (&said - &values[node]).abs();
            if gap.is_positive() && farthest.as_ref().is_none_or(|(_, most)| gap > *most) {
                farthest = Some((node, gap));
            }
        }
        if let Some((node, _)) = farthest {
            return self.split(part, node, Some(&here));
        }
        if let Some((at, n)) = steps.iter().enumerate().find(|(_, n)| !n.is_integer()) {
            let (mut low, mut high) = (part.clone(), part);
            low.to[at] = Some(n.floor());
            high.from[at] = n.ceil();
            return Look::Cut(vec![high, low]);
        }
        // Whole steps in the gap between two pieces: any node that is open there.
        match shapes.iter().position(|shape| shape.open) {
            Some(node) => self.split(part, node, Some(&here)),
            None => Look::Nothing,
        }
    }

    fn cut_endless(&mut self, mut part: Part, shapes: &[Shape]) -> Look {
        if let Some(node) = shapes.iter().position(|shape| shape.open) {
            return self.split(part, node, None);
        }
        // The amount grows along a straight line: far enough out there is an answer.
        self.boxed = true;
        let far = Rational::pow10(limits::PROOF_FAR);
        for ((from, to), of) in part.from.iter().zip(&mut part.to).zip(&self.space.quantities) {
            if to.is_none() {
                *to = Some((from + &(&far / &of.step)).floor());
            }
        }
        Look::Cut(vec![part])
    }

    /// Two parts, in each of which less is open of a node; the one that holds a point comes last.
    fn split(&self, part: Part, node: usize, here: Option<&[Rational]>) -> Look {
        let number = u32::try_from(node).unwrap_or(u32::MAX);
        let (mut low, mut high) = (part.clone(), part);
        let upper = match &self.forms.nodes()[node] {
            Node::Part { .. } => return Look::Nothing,
            Node::Above(of) => {
                low.above.insert(number, false);
                high.above.insert(number, true);
                here.is_none_or(|here| self.forms.at(of, here).is_positive())
            }
            Node::Curve { on, .. } | Node::Choice { on, .. } => {
                let starts = starts(&self.forms.nodes()[node]);
                let (first, last) = low.pieces.get(&number).copied().unwrap_or((0, starts.len()));
                let holds = match here {
                    Some(here) => {
                        let q = self.forms.at(on, here);
                        starts.partition_point(|from| **from < q)
                    }
                    None => usize::midpoint(first, last),
                };
                let at = holds.clamp(first, last.saturating_sub(1));
                low.pieces.insert(number, (first, at));
                high.pieces.insert(number, (at + 1, last));
                self.narrow(&mut low, &mut high, on, starts[at]);
                holds > at
            }
        };
        Look::Cut(if upper { vec![low, high] } else { vec![high, low] })
    }
}

impl Search<'_> {
    /// Where a sum is one quantity, a bound of it is one of the quantity.
    fn narrow(&self, low: &mut Part, high: &mut Part, on: &Linear, until: &Rational) {
        let mut vars = on.vars.iter();
        let (Some((at, factor)), None) = (vars.next(), vars.next()) else { return };
        if !factor.is_positive() {
            return;
        }
        let at = *at as usize;
        let last = ((until - &on.constant) / (factor * &self.space.quantities[at].step)).floor();
        high.from[at] = high.from[at].clone().max(&last + &Rational::ONE);
        low.to[at] = Some(low.to[at].take().map_or(last.clone(), |to| to.min(last)));
    }
}
