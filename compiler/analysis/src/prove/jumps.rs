//! Where an amount of several quantities jumps, and by how much.

use super::search::{Space, Steps};
use super::together::Together;
use price_ir::{Forms, Linear, Node};
use price_value::Rational;

/// A bound of a sum of quantities at which an amount jumps.
pub(super) struct Jump {
    /// The amount just above the bound less that at it.
    pub(super) by: Linear,
    /// The quantities at the bound.
    pub(super) space: Space,
    /// The quantity that reaches it, and its last value up to it and the first one above.
    at: (usize, Rational, Rational),
}

impl Jump {
    /// The quantities on both sides of the bound.
    pub(super) fn around(&self, at: &[Rational]) -> (Vec<Rational>, Vec<Rational>) {
        let (index, below, above) = &self.at;
        let (mut before, mut after) = (at.to_vec(), at.to_vec());
        before[*index] = below.clone();
        after[*index] = above.clone();
        (before, after)
    }
}

/// All jumps of an amount. The error is why they are not known.
pub(super) fn jumps(case: &mut Together<'_>, amount: &Linear) -> Result<Vec<Jump>, String> {
    let mut ons: Vec<Linear> = Vec::new();
    let reached = case.forms.reached(amount);
    for number in (0..reached.len()).filter(|number| reached[*number]) {
        if let Node::Curve { on, .. } | Node::Choice { on, .. } = &case.forms.nodes()[number]
            && broken(&case.forms.nodes()[number])
            && !ons.contains(on)
        {
            ons.push(on.clone());
        }
    }
    let mut all = Vec::new();
    for on in &ons {
        let mut vars = on.vars.iter();
        let (Some((var, factor)), None) = (vars.next(), vars.next()) else {
            return Err("a price jumps where usage of several labels together reaches a bound".to_owned());
        };
        if ons.iter().any(|other| other != on && other.vars.contains_key(var)) {
            return Err("two prices jump at bounds of the same usage".to_owned());
        }
        let mut starts: Vec<Rational> = Vec::new();
        for number in (0..reached.len()).filter(|number| reached[*number]) {
            match &case.forms.nodes()[number] {
                Node::Curve { on: own, curve } if own == on => {
                    starts.extend(curve.pieces.iter().map(|p| p.from.clone()))
                }
                Node::Choice { on: own, pieces, .. } if own == on => {
                    starts.extend(pieces.iter().map(|(from, _)| from.clone()));
                }
                _ => {}
            }
        }
        starts.sort();
        starts.dedup();
        let index = *var as usize;
        for start in starts {
            let Steps { step, from, to } = case.space.quantities[index].clone();
            let bound = (&start - &on.constant) / factor;
            let below = (&bound / &step).floor();
            let above = &below + &Rational::ONE;
            if below < from || to.is_some_and(|to| above > to) {
                continue;
            }
            let fixed = Linear::constant(bound);
            let here = |at: u32| (at == *var).then(|| fixed.clone());
            let beyond = side(&mut case.forms, amount, on, &start, true);
            let beyond = case.forms.replaced(&beyond, &here, &|_| None);
            let upto = side(&mut case.forms, amount, on, &start, false);
            let upto = case.forms.replaced(&upto, &here, &|_| None);
            let mut space = case.space.clone();
            space.quantities[index] = Steps { step: step.clone(), from: below.clone(), to: Some(below.clone()) };
            // The bounds of all labels together hold above as well.
            let next = Linear::constant(&above * &step);
            for sum in &mut space.within {
                *sum = case.forms.replaced(sum, &|at| (at == *var).then(|| next.clone()), &|_| None);
            }
            all.push(Jump { by: beyond.minus(&upto), space, at: (index, below * &step, above * &step) });
        }
    }
    Ok(all)
}

/// An amount with what holds on one side of a bound of a sum.
fn side(forms: &mut Forms, amount: &Linear, on: &Linear, start: &Rational, above: bool) -> Linear {
    let mut amount = amount.clone();
    // What is put in may have the same bound inside.
    loop {
        let nodes: Vec<Node> = forms.nodes().to_vec();
        let put = |number: u32| match &nodes[number as usize] {
            Node::Curve { on: own, curve } if own == on => {
                let place = curve.pieces.iter().position(|piece| piece.from == *start)?;
                Some(match (above, place.checked_sub(1)) {
                    (true, _) => Linear::constant(curve.pieces[place].value.clone()),
                    (false, Some(before)) => Linear::constant(curve.pieces[before].at(start)),
                    (false, None) => Linear::constant(curve.at_zero.clone()),
                })
            }
            Node::Choice { on: own, below, pieces } if own == on => {
                let place = pieces.iter().position(|(from, _)| from == start)?;
                Some(match (above, place.checked_sub(1)) {
                    (true, _) => pieces[place].1.clone(),
                    (false, Some(before)) => pieces[before].1.clone(),
                    (false, None) => below.clone(),
                })
            }
            _ => None,
        };
        let next = forms.replaced(&amount, &|_| None, &put);
        if next == amount {
            return amount;
        }
        amount = next;
    }
}

/// Whether a node may jump at one of its bounds.
fn broken(node: &Node) -> bool {
    match node {
        Node::Curve { curve, .. } => {
            let first = curve.pieces.first().is_some_and(|piece| piece.value != curve.at_zero);
            first || curve.pieces.windows(2).any(|pair| pair[0].at(&pair[1].from) != pair[1].value)
        }
        Node::Choice { .. } => true,
        Node::Above(_) | Node::Part { .. } => false,
    }
}
