//! Amounts as functions of several quantities, made of straight pieces.
//!
//! A [`Linear`] is a sum of multiples of quantities and of *nodes*; a node is a curve of a sum of
//! quantities, what an amount has above zero, or a choice by a sum of quantities. So every amount
//! of a bill is straight on each of finitely many parts of the space of quantities, and a question
//! about all of them is one about these parts. Equal nodes are one, so that what two amounts have
//! in common cancels in their difference.

use crate::curve::{Curve, Straight};
use crate::limits::FORM_NODES;
use price_value::Rational;
use std::collections::BTreeMap;

/// `constant + Σ factor · quantity + Σ factor · node`; no factor is zero.
#[derive(Debug, Clone, PartialEq, Eq, Hash, Default)]
pub struct Linear {
    /// What is there without any quantity.
    pub constant: Rational,
    /// Factors by the number of the quantity.
    pub vars: BTreeMap<u32, Rational>,
    /// Factors by the number of the node.
    pub nodes: BTreeMap<u32, Rational>,
}

/// What is not straight.
#[derive(Debug, Clone, PartialEq)]
pub enum Node {
    /// A curve of a sum of quantities.
    Curve {
        /// The sum; it holds no nodes.
        on: Linear,
        /// The curve.
        curve: Curve,
    },
    /// The greater of zero and this.
    Above(Linear),
    /// One of several amounts, by a sum of quantities.
    Choice {
        /// The sum; it holds no nodes.
        on: Linear,
        /// What holds up to the first start.
        below: Linear,
        /// Exclusive starts, increasing, and what holds above each.
        pieces: Vec<(Rational, Linear)>,
    },
    /// What a line has of an amount that several lines share: all of them together have it, and more
    /// is known of each only as [`Forms::bounds`]. Two of them are never one.
    Part {
        /// What is shared: the name of a cap or a discount.
        of: String,
    },
}

/// The nodes of some amounts; one that is in another has the smaller number.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct Forms {
    nodes: Vec<Node>,
    /// Sums that are nowhere below zero: what is known of parts.
    bounds: Vec<Linear>,
    full: bool,
}

impl Linear {
    /// An amount that no quantity changes.
    pub fn constant(constant: Rational) -> Linear {
        Linear { constant, ..Linear::default() }
    }

    /// A quantity.
    pub fn var(at: u32) -> Linear {
        Linear { vars: [(at, Rational::ONE)].into(), ..Linear::default() }
    }

    fn node(at: u32) -> Linear {
        Linear { nodes: [(at, Rational::ONE)].into(), ..Linear::default() }
    }

    /// The amount, if no quantity changes it.
    pub fn as_constant(&self) -> Option<&Rational> {
        (self.vars.is_empty() && self.nodes.is_empty()).then_some(&self.constant)
    }

    /// Whether it is zero everywhere.
    pub fn is_zero(&self) -> bool {
        self.as_constant().is_some_and(Rational::is_zero)
    }

    /// The sum of two.
    #[must_use]
    pub fn plus(mut self, other: &Linear) -> Linear {
        self.add(other, &Rational::ONE);
        self
    }

    /// The difference of two.
    #[must_use]
    pub fn minus(mut self, other: &Linear) -> Linear {
        self.add(other, &Rational::int(-1));
        self
    }

    /// A multiple.
    #[must_use]
    pub fn scaled(&self, k: &Rational) -> Linear {
        let mut made = Linear::default();
        made.add(self, k);
        made
    }

    /// Adds a multiple of another.
    pub fn add(&mut self, other: &Linear, k: &Rational) {
        if k.is_zero() {
            return;
        }
        self.constant += &(&other.constant * k);
        let grow = |mine: &mut BTreeMap<u32, Rational>, theirs: &BTreeMap<u32, Rational>| {
            for (at, factor) in theirs {
                let sum = mine.entry(*at).or_default();
                *sum += &(factor * k);
                if sum.is_zero() {
                    mine.remove(at);
                }
            }
        };
        grow(&mut self.vars, &other.vars);
        grow(&mut self.nodes, &other.nodes);
    }
}

impl Forms {
    /// The nodes by their numbers.
    pub fn nodes(&self) -> &[Node] {
        &self.nodes
    }

    /// Whether there were more nodes than the limit allows: then no amount is right.
    pub fn is_full(&self) -> bool {
        self.full
    }

    fn intern(&mut self, node: Node) -> Linear {
        let known = self.nodes.iter().position(|other| *other == node);
        let at = known.unwrap_or_else(|| {
            if self.nodes.len() >= FORM_NODES {
                self.full = true;
                return 0;
            }
            self.nodes.push(node);
            self.nodes.len() - 1
        });
        Linear::node(u32::try_from(at).unwrap_or(u32::MAX))
    }

    /// A curve of a sum of quantities.
    pub fn curve(&mut self, on: Linear, curve: Curve) -> Linear {
        if let Some(q) = on.as_constant() {
            return Linear::constant(curve.at(q));
        }
        let curve = curve.merged();
        match curve.pieces.as_slice() {
            [Straight { value, slope, .. }] if *value == curve.at_zero && (slope.is_zero() || bounded(&on)) => {
                Linear::constant(value.clone()).plus(&on.scaled(slope))
            }
            _ => self.intern(Node::Curve { on, curve }),
        }
    }

    /// The greater of zero and an amount.
    pub fn above(&mut self, of: Linear) -> Linear {
        match of.as_constant() {
            Some(amount) => Linear::constant(amount.clone().max(Rational::ZERO)),
            None => self.intern(Node::Above(of)),
        }
    }

    /// The greater of two.
    pub fn greatest(&mut self, a: Linear, b: &Linear) -> Linear {
        self.above(a.minus(b)).plus(b)
    }

    /// The lesser of two.
    pub fn least(&mut self, a: Linear, b: &Linear) -> Linear {
        let over = self.above(a.clone().minus(b));
        a.minus(&over)
    }

    /// One of several amounts, by a sum of quantities: `below` up to the first start.
    pub fn choice(&mut self, on: Linear, below: Linear, pieces: Vec<(Rational, Linear)>) -> Linear {
        if pieces.iter().all(|(_, piece)| *piece == below) {
            return below;
        }
        if let Some(q) = on.as_constant() {
            return pieces.into_iter().rev().find(|(from, _)| from < q).map_or(below, |(_, piece)| piece);
        }
        self.intern(Node::Choice { on, below, pieces })
    }

    /// An amount in so many parts that are not known: each but the last is a node of its own.
    pub fn parts(&mut self, of: &str, amount: &Linear, count: usize) -> Vec<Linear> {
        let mut rest = amount.clone();
        let mut parts = Vec::new();
        for _ in 1..count {
            if self.nodes.len() >= FORM_NODES {
                self.full = true;
            } else {
                self.nodes.push(Node::Part { of: of.to_owned() });
            }
            let part = Linear::node(u32::try_from(self.nodes.len().saturating_sub(1)).unwrap_or(u32::MAX));
            rest = rest.minus(&part);
            parts.push(part);
        }
        parts.push(rest);
        parts
    }

    /// Says of parts that a sum of them is nowhere below zero.
    pub fn bound(&mut self, sum: Linear) {
        if self.bounds.len() >= FORM_NODES {
            self.full = true;
        } else {
            self.bounds.push(sum);
        }
    }

    /// What is known of the parts that an amount depends on, and the nodes that both depend on.
    pub fn bounds(&self, amount: &Linear) -> (Vec<&Linear>, Vec<bool>) {
        let mut reached = self.reached(amount);
        let mut known: Vec<&Linear> = Vec::new();
        let part = |at: usize| matches!(self.nodes[at], Node::Part { .. });
        loop {
            let next = self.bounds.iter().find(|bound| {
                let touches = |at: &u32| part(*at as usize) && reached[*at as usize];
                bound.nodes.keys().any(touches) && !known.iter().any(|other| std::ptr::eq(*other, *bound))
            });
            let Some(next) = next else { return (known, reached) };
            known.push(next);
            for (mine, more) in reached.iter_mut().zip(self.reached(next)) {
                *mine |= more;
            }
        }
    }

    /// What an amount depends on that is not known.
    pub fn unknown(&self, amount: &Linear) -> Option<&str> {
        let reached = self.reached(amount);
        let mut parts = self.nodes.iter().zip(reached).filter(|(_, reached)| *reached);
        parts.find_map(|(node, _)| match node {
            Node::Part { of } => Some(of.as_str()),
            _ => None,
        })
    }

    /// For each node whether an amount depends on it.
    pub fn reached(&self, amount: &Linear) -> Vec<bool> {
        let mut reached = vec![false; self.nodes.len()];
        let mut open: Vec<u32> = amount.nodes.keys().copied().collect();
        while let Some(at) = open.pop() {
            if std::mem::replace(&mut reached[at as usize], true) {
                continue;
            }
            match &self.nodes[at as usize] {
                Node::Curve { .. } | Node::Part { .. } => {}
                Node::Above(of) => open.extend(of.nodes.keys()),
                Node::Choice { below, pieces, .. } => {
                    open.extend(below.nodes.keys());
                    open.extend(pieces.iter().flat_map(|(_, piece)| piece.nodes.keys()));
                }
            }
        }
        reached
    }

    /// The amount at some quantities.
    pub fn at(&self, amount: &Linear, quantities: &[Rational]) -> Rational {
        value(amount, quantities, &self.values(quantities))
    }

    /// What each node comes to at some quantities.
    pub fn values(&self, quantities: &[Rational]) -> Vec<Rational> {
        self.values_with(quantities, &|_| Rational::ZERO)
    }

    /// The same where a part is what `part` says of its number.
    pub fn values_with(&self, quantities: &[Rational], part: &dyn Fn(usize) -> Rational) -> Vec<Rational> {
        let mut values: Vec<Rational> = Vec::with_capacity(self.nodes.len());
        for node in &self.nodes {
            let of = |amount: &Linear| value(amount, quantities, &values);
            let next = match node {
                Node::Curve { on, curve } => curve.at(&of(on)),
                Node::Above(amount) => of(amount).max(Rational::ZERO),
                Node::Part { .. } => part(values.len()),
                Node::Choice { on, below, pieces } => {
                    let q = of(on);
                    of(pieces.iter().rev().find(|(from, _)| *from < q).map_or(below, |(_, piece)| piece))
                }
            };
            values.push(next);
        }
        values
    }

    /// The same amount with other quantities in the place of some, and other amounts in the place of
    /// some nodes.
    pub fn replaced(
        &mut self,
        amount: &Linear,
        var: &dyn Fn(u32) -> Option<Linear>,
        node: &dyn Fn(u32) -> Option<Linear>,
    ) -> Linear {
        let wanted = self.reached(amount);
        let mut made: Vec<Option<Linear>> = vec![None; wanted.len()];
        let new = |amount: &Linear, made: &[Option<Linear>]| {
            let mut out = Linear::constant(amount.constant.clone());
            for (at, factor) in &amount.vars {
                out.add(&var(*at).unwrap_or_else(|| Linear::var(*at)), factor);
            }
            for (at, factor) in &amount.nodes {
                if let Some(Some(of)) = made.get(*at as usize) {
                    out.add(of, factor);
                }
            }
            out
        };
        for at in (0..wanted.len()).filter(|at| wanted[*at]) {
            let number = u32::try_from(at).unwrap_or(u32::MAX);
            let next = match node(number) {
                Some(amount) => amount,
                None => match self.nodes[at].clone() {
                    Node::Curve { on, curve } => self.curve(new(&on, &made), curve),
                    Node::Part { .. } => Linear::node(number),
                    Node::Above(of) => {
                        let of = new(&of, &made);
                        self.above(of)
                    }
                    Node::Choice { on, below, pieces } => {
                        let pieces = pieces.iter().map(|(from, piece)| (from.clone(), new(piece, &made))).collect();
                        let (on, below) = (new(&on, &made), new(&below, &made));
                        self.choice(on, below, pieces)
                    }
                },
            };
            made[at] = Some(next);
        }
        new(amount, &made)
    }
}

/// Whether a sum of quantities is nowhere below zero.
fn bounded(on: &Linear) -> bool {
    !on.constant.is_negative() && on.vars.values().all(|factor| !factor.is_negative())
}

fn value(amount: &Linear, quantities: &[Rational], nodes: &[Rational]) -> Rational {
    let of = |all: &[Rational], factors: &BTreeMap<u32, Rational>| -> Rational {
        factors.iter().map(|(at, factor)| all.get(*at as usize).map_or(Rational::ZERO, |q| q * factor)).sum()
    };
    &amount.constant + &(of(quantities, &amount.vars) + of(nodes, &amount.nodes))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn r(text: &str) -> Rational {
        text.parse().unwrap()
    }

    #[test]
    fn what_two_amounts_have_in_common_cancels() {
        let mut forms = Forms::default();
        let tiers = Curve {
            at_zero: Rational::ZERO,
            pieces: vec![
                Straight { from: r("0"), value: r("0"), slope: r("0") },
                Straight { from: r("10"), value: r("0"), slope: r("2") },
            ],
        };
        let first = forms.curve(Linear::var(0), tiers.clone());
        let second = forms.curve(Linear::var(0), tiers);
        assert!(first.clone().minus(&second).is_zero());
        let capped = forms.least(first.clone().plus(&Linear::var(1)), &Linear::constant(r("100")));
        assert_eq!(forms.at(&capped, &[r("20"), r("7")]), r("27"));
        assert_eq!(forms.at(&capped, &[r("20"), r("90")]), r("100"));
        let next =
            forms.replaced(&capped, &|at| (at == 0).then(|| Linear::var(0).plus(&Linear::constant(r("1")))), &|_| None);
        assert_eq!(forms.at(&next, &[r("20"), r("7")]), r("29"));
        assert_eq!(forms.at(&next, &[r("9"), r("7")]), r("7"));
    }

    #[test]
    fn parts_are_known_together() {
        let mut forms = Forms::default();
        let parts = forms.parts("cap", &Linear::var(0), 3);
        assert_eq!(forms.unknown(&parts[0].clone().plus(&parts[1])), Some("cap"));
        let all = parts.iter().fold(Linear::default(), |sum, part| sum.plus(part));
        assert_eq!((forms.unknown(&all), all), (None, Linear::var(0)));
        assert_ne!(forms.parts("cap", &Linear::var(0), 2), parts[..2]);
    }

    #[test]
    fn a_choice_holds_above_its_start() {
        let mut forms = Forms::default();
        let sum = Linear::var(0).plus(&Linear::var(1));
        let pieces = vec![(r("10"), Linear::var(0).scaled(&r("2")))];
        let chosen = forms.choice(sum, Linear::var(0).scaled(&r("3")), pieces);
        assert_eq!(forms.at(&chosen, &[r("4"), r("6")]), r("12"));
        assert_eq!(forms.at(&chosen, &[r("4"), r("7")]), r("8"));
    }
}
