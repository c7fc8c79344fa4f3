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

    /// Quantities at which an amount is above a bound. Where it depends on parts that are not known, they
    /// are quantities at which it may be, as far as is known.
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
        let (known, reached) = forms.bounds(amount);
        let sure = forms.unknown(amount).is_none();
        let mut search = Search { known, reached, sure, space: self, forms, amount, bound, how, steps, boxed: false };
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
    /// What is known of parts that the amount depends on.
    known: Vec<&'a Linear>,
    /// The nodes that the amount depends on.
    reached: Vec<bool>,
    /// Whether it depends on nothing that is not known.
    sure: bool,
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
        for sum in &self.known {
            lines.keep(sum, &shapes);
        }
        let goal = lines.sum(self.amount, &shapes);
        lines.together(self.forms, &shapes, &goal);
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
                for round in roundings.into_iter().filter(|_| self.sure) {
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
        let said = |node: usize| {
            let columns = shapes[node].sum.vars.iter().map(|(column, factor)| factor * &at[*column as usize]);
            columns.sum::<Rational>() + &shapes[node].sum.constant
        };
        let values = self.forms.values_with(&here, &said);
        // What bounds and chooses is cut before the curves that it bounds: there are few such nodes, and
        // sums of curves alone are close to their lines.
        let mut farthest: Option<(usize, (bool, Rational))> = None;
        for (node, shape) in shapes.iter().enumerate() {
            if !shape.open {
                continue;
            }
            let gap = (self.is_outer(node), (said(node) - &values[node]).abs());
            if gap.1.is_positive() && farthest.as_ref().is_none_or(|(_, most)| gap > *most) {
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
            Some(node) if self.sure => self.split(part, node, Some(&here)),
            // With parts as the program took them, the amount is above the bound.
            _ if !self.sure => Look::Found(here),
            _ => Look::Nothing,
        }
    }

    fn is_outer(&self, node: usize) -> bool {
        !matches!(self.forms.nodes()[node], Node::Curve { .. })
    }

    fn cut_endless(&mut self, mut part: Part, shapes: &[Shape]) -> Look {
        let open = (0..shapes.len()).filter(|node| shapes[*node].open);
        if let Some(node) = open.max_by_key(|node| (self.is_outer(*node), *node)) {
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

#[cfg(test)]
mod tests {
    use super::*;
    use price_ir::{Curve, Straight};

    /// Numbers that look random and are the same in every run.
    struct Lcg(u64);

    impl Lcg {
        fn below(&mut self, n: u64) -> i128 {
            self.0 = self.0.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
            i128::from((self.0 >> 33) % n)
        }

        fn number(&mut self) -> Rational {
            Rational::new(self.below(21) - 10, 1 + self.below(3))
        }

        fn curve(&mut self) -> Curve {
            let mut from = Rational::ZERO;
            let mut pieces = Vec::new();
            for _ in 0..=self.below(3) {
                pieces.push(Straight { from: from.clone(), value: self.number(), slope: self.number() });
                from += &Rational::new(1 + self.below(5), 1 + self.below(2));
            }
            Curve { at_zero: self.number(), pieces }
        }
    }

    /// A sum of quantities, none below zero.
    fn on(rng: &mut Lcg, vars: u32) -> Linear {
        let mut on = Linear::constant(Rational::int(rng.below(2)));
        let first = u32::try_from(rng.below(vars.into())).expect("small");
        on.add(&Linear::var(first), &Rational::ONE);
        if rng.below(3) == 0 {
            on.add(&Linear::var((first + 1) % vars), &Rational::ONE);
        }
        on
    }

    #[test]
    fn what_is_found_is_what_a_look_at_every_quantity_finds() {
        let mut rng = Lcg(5);
        let (mut some, mut none) = (0, 0);
        for case in 0..600 {
            let vars = 2 + u32::try_from(case % 2).expect("small");
            let steps = [Rational::ONE, Rational::new(1, 2)];
            let quantities: Vec<Steps> = (0..vars)
                .map(|_| {
                    let from = Rational::int(rng.below(2));
                    let to = &from + &Rational::int(2 + rng.below(4));
                    Steps { step: steps[usize::try_from(case % 2).expect("small")].clone(), from, to: Some(to) }
                })
                .collect();
            let mut forms = Forms::default();
            let mut made: Vec<Linear> = Vec::new();
            for _ in 0..4 {
                let mut mixed = Linear::constant(rng.number());
                for part in &made {
                    let factor = Rational::int(rng.below(3) - 1);
                    mixed.add(part, &factor);
                }
                mixed.add(&Linear::var(0), &rng.number());
                let next = match rng.below(4) {
                    0 | 1 => {
                        let curve = rng.curve();
                        let on = on(&mut rng, vars);
                        forms.curve(on, curve)
                    }
                    2 => forms.above(mixed),
                    _ => {
                        let on = on(&mut rng, vars).minus(&Linear::var(0));
                        let below = made.first().cloned().unwrap_or_default();
                        forms.choice(on, below, vec![(Rational::int(rng.below(3)), mixed)])
                    }
                };
                made.push(next);
            }
            let amount = made.iter().fold(Linear::default(), |sum, part| sum.plus(part));
            let mut within = Linear::constant(Rational::int(3 + rng.below(6)));
            (0..vars).for_each(|at| within.add(&Linear::var(at), &Rational::int(-1)));
            let space = Space { quantities, within: vec![within] };
            let mut all: Vec<Vec<Rational>> = vec![Vec::new()];
            for of in &space.quantities {
                let (from, to) = (of.from.to_i128().expect("small"), of.to.as_ref().and_then(Rational::to_i128));
                let values: Vec<Rational> = (from..=to.expect("an end")).map(|n| Rational::int(n) * &of.step).collect();
                let with = |front: &Vec<Rational>, q: &Rational| front.iter().cloned().chain([q.clone()]).collect();
                all = all.iter().flat_map(|front| values.iter().map(move |q| with(front, q))).collect();
            }
            all.retain(|at| space.contains(&forms, at));
            let values: Vec<Rational> = all.iter().map(|at| forms.at(&amount, at)).collect();
            let Some(most) = values.into_iter().max() else { continue };
            // Just below the greatest there is something, above it nothing, and at it one of both.
            for (how, bound, there) in [
                (Above::Strictly, &most - &Rational::new(1, 7), true),
                (Above::OrAt, most.clone(), true),
                (Above::Strictly, most.clone(), false),
                (Above::OrAt, &most + &Rational::new(1, 7), false),
            ] {
                match space.find(&forms, &amount, (how, &bound), &mut 100_000_000) {
                    Found::Some(at) => {
                        assert!(there && space.contains(&forms, &at), "case {case}: {at:?}");
                        let value = forms.at(&amount, &at);
                        assert!(value > bound || (how == Above::OrAt && value == bound), "case {case}: {value}");
                        some += 1;
                    }
                    Found::None => {
                        assert!(!there, "case {case}: {bound} of {most} is not found");
                        none += 1;
                    }
                    Found::Undecided(why) => panic!("case {case}: {why}"),
                }
            }
        }
        assert!(some > 1_000 && none > 1_000, "{some} {none}");
    }

    #[test]
    fn usage_without_end_is_decided_where_the_amount_says_so() {
        let endless = Steps { step: Rational::new(1, 1_000), from: Rational::ZERO, to: None };
        let space = Space { quantities: vec![endless.clone(), endless], within: Vec::new() };
        let mut forms = Forms::default();
        let both = Linear::var(0).plus(&Linear::var(1));
        let capped = forms.least(both.clone(), &Linear::constant(Rational::int(100)));
        let zero = Rational::ZERO;
        let hundred = Rational::int(100);
        let mut steps = 1_000_000;
        assert_eq!(space.find(&forms, &capped, (Above::Strictly, &hundred), &mut steps), Found::None);
        assert!(matches!(space.find(&forms, &capped, (Above::OrAt, &hundred), &mut steps), Found::Some(_)));
        let rest = both.minus(&capped);
        assert!(matches!(space.find(&forms, &rest, (Above::Strictly, &hundred), &mut steps), Found::Some(_)));
        let back = rest.scaled(&Rational::int(-1));
        assert_eq!(space.find(&forms, &back, (Above::Strictly, &zero), &mut steps), Found::None);
        let spent = space.find(&forms, &capped, (Above::Strictly, &hundred), &mut 0);
        assert!(matches!(spent, Found::Undecided(_)));
    }
}
