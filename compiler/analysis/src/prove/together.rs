//! Claims about usage of several meters and labels at once.
//!
//! What is claimed becomes one or more questions whether an amount is above a bound somewhere
//! ([`super::search`]); what is found is made small and round before it is told.

use super::claims::{Prover, Range, Reach, paths, place, sign_of};
use super::grid::Sign;
use super::jumps;
use super::search::{Above, Found, Space, Steps};
use super::sides::Side;
use super::value::{Missing, NOT_SOLD, Of};
use super::{Verdict, Witness};
use crate::declare::MeterDef;
use crate::env::ItemRef;
use crate::limits;
use price_ir::bill::{JointBill, JointUsage, Quantity, combinations, is_sold, joint};
use price_ir::{Forms, Linear, Plan, Unknown};
use price_syntax::ast::{self, ExprKind, Predicate};
use price_value::{Date, Rational};
use std::sync::Arc;

/// One case of a claim: quantities, the rules of a day.
pub(super) struct Together<'a> {
    pub(super) quantities: Vec<Quantity>,
    pub(super) meters: Vec<&'a MeterDef>,
    pub(super) day: Option<Date>,
    /// Whether a quantity may be of several labels that no list ends.
    spread: bool,
    pub(super) space: Space,
    pub(super) forms: Forms,
    /// Bills of this usage, the subject's own first.
    pub(super) bills: Vec<(Option<ItemRef>, JointBill)>,
}

/// Dimension and label.
type Labels = Vec<(String, String)>;

/// Quantities before and after something.
type Pair = (Vec<Rational>, Vec<Rational>);

/// A claim as a question: somewhere the amount is above zero.
struct Question {
    amount: Linear,
    how: Above,
}

impl Prover<'_> {
    /// The answer to a claim about several quantities at once; none if it cannot be asked.
    pub(super) fn decide_together(
        &mut self,
        assert: &ast::Assert,
        claim: &Predicate,
        ranges: &[Range],
        (reach, days): (Reach, &[Option<Date>]),
    ) -> Option<Verdict> {
        let plan = self.plan();
        let others = self.others(claim);
        let plans: Vec<&Plan> = std::iter::once(&*plan).chain(others.iter().map(|plan| &**plan)).collect();
        // A range that is written is the one that counts.
        let mut meters: Vec<&Range> = Vec::new();
        for range in ranges {
            match meters.iter_mut().find(|known| known.meter.name == range.meter.name) {
                Some(known) if range.written => *known = range,
                Some(_) => {}
                None => meters.push(range),
            }
        }
        let mut cells: Vec<(&Range, Vec<Labels>)> = Vec::new();
        for range in meters {
            let Some(all) = combinations(&plans, &range.meter.name) else {
                return Some(Verdict::Undecided(format!("`{}` has too many combinations of labels", range.meter.name)));
            };
            cells.push((range, all));
        }
        let mut left = limits::PROOF_STEPS;
        let mut undecided: Option<String> = None;
        let size = cells.iter().try_fold(1usize, |all, (_, cells)| all.checked_mul(cells.len()));
        let cases = match reach {
            Reach::All => 1,
            _ => size.filter(|size| size.saturating_mul(days.len()) <= limits::CASES).unwrap_or(0),
        };
        if cases == 0 {
            return Some(Verdict::Undecided("there are too many cases".to_owned()));
        }
        for number in 0..cases {
            let mut chosen: Vec<(&Range, &Labels)> = Vec::new();
            let mut rest = number;
            for (range, all) in &cells {
                match reach {
                    Reach::All => chosen.extend(all.iter().map(|labels| (*range, labels))),
                    _ => {
                        chosen.push((*range, &all[rest % all.len()]));
                        rest /= all.len();
                    }
                }
            }
            for day in days {
                match self
                    .case_of(&chosen, &plans, reach, *day)
                    .map(|mut case| self.ask(assert, claim, &mut case, &mut left))
                {
                    Ok(Ok(None)) | Err(None) => {}
                    Ok(Ok(Some(witness))) => return Some(Verdict::Disproved(witness)),
                    Ok(Err(Missing::Undecided(why))) if why == NOT_SOLD => {}
                    Ok(Err(Missing::Undecided(why))) | Err(Some(why)) => undecided = undecided.or(Some(why)),
                    Ok(Err(Missing::Reported)) => return None,
                }
            }
        }
        Some(undecided.map_or(Verdict::Proved, Verdict::Undecided))
    }

    /// The other plans that a claim names.
    fn others(&mut self, claim: &Predicate) -> Vec<Arc<Plan>> {
        let mut all: Vec<Arc<Plan>> = self.old.and_then(|old| self.plan_of(old)).into_iter().collect();
        if let Predicate::Holds(e) = claim {
            let (mut lines, mut constants) = (Vec::new(), false);
            paths(e, &mut lines, &mut constants);
            let own = self.plan();
            for path in lines.into_iter().filter(|path| path.segments.len() > 1) {
                all.extend(self.plan_of_path(path).filter(|plan| !Arc::ptr_eq(plan, &own)));
            }
        }
        all
    }

    /// The case of some quantities on a day. The error is why it cannot be decided; none where it does
    /// not occur.
    fn case_of<'r>(
        &self,
        chosen: &[(&'r Range, &Labels)],
        plans: &[&Plan],
        reach: Reach,
        day: Option<Date>,
    ) -> Result<Together<'r>, Option<String>> {
        let plan = plans[0];
        let mut case = Together {
            quantities: Vec::new(),
            meters: Vec::new(),
            day,
            spread: reach == Reach::All,
            space: Space { quantities: Vec::new(), within: Vec::new() },
            forms: Forms::default(),
            bills: Vec::new(),
        };
        for (range, labels) in chosen {
            let quantity = Quantity { meter: range.meter.name.clone(), labels: (*labels).clone() };
            if !plans.iter().all(|plan| is_sold(plan, &quantity, day)) {
                if reach == Reach::All {
                    continue;
                }
                return Err(None);
            }
            let sinks = plan.sinks.iter().filter(|sink| sink.meter == quantity.meter);
            let Some(step) = sinks.map(|sink| sink.quantum.clone()).min() else { continue };
            let from = (range.from.clone().max(Rational::ZERO) / &step).ceil();
            let to = range.to.as_ref().map(|to| (to / &step).floor());
            case.space.quantities.push(Steps { step, from, to });
            case.quantities.push(quantity);
            case.meters.push(&range.meter);
        }
        if case.quantities.len() > limits::PROOF_QUANTITIES {
            return Err(Some("there are too many combinations of meters and labels at once".to_owned()));
        }
        // What a meter counts of all labels together is bounded as well.
        if reach == Reach::All {
            let mut told: Vec<&str> = Vec::new();
            for (range, _) in chosen {
                let own = case.total(&range.meter);
                if !range.meter.aggregation.adds_up() {
                    continue;
                }
                if let (Some(to), false, true) =
                    (&range.to, told.contains(&range.meter.name.as_str()), own.vars.len() > 1)
                {
                    case.space.within.push(Linear::constant(to.clone()).minus(&own));
                    told.push(&range.meter.name);
                }
            }
        }
        let own = case.bill(plan);
        case.bills.push((None, own));
        if let Some(old) = self.old
            && let Some(plan) = self.plan_of(old)
        {
            let bill = case.bill(&plan);
            case.bills.push((Some(old), bill));
        }
        Ok(case)
    }

    /// Usage of a case for which a claim does not hold.
    fn ask(
        &mut self,
        assert: &ast::Assert,
        claim: &Predicate,
        case: &mut Together<'_>,
        left: &mut usize,
    ) -> Result<Option<Witness>, Missing> {
        match claim {
            Predicate::NeverDecreases(path) => {
                let amount = self.known(case, path)?;
                for at in 0..case.quantities.len() {
                    let Some((before, after)) = self.fall(case, &amount, at, left)? else { continue };
                    let says = self.told_two(case, &amount, &before, &after);
                    return Ok(Some(self.told(assert, case, &after, says, &[path])));
                }
                Ok(None)
            }
            Predicate::NeverJumps { line, more_than } => {
                let amount = self.known(case, line)?;
                let (_, most) = self.constant(more_than)?;
                for jump in jumps::jumps(case, &amount).map_err(Missing::Undecided)? {
                    for question in [jump.by.clone(), jump.by.scaled(&Rational::int(-1))] {
                        let over = question.minus(&Linear::constant(most.clone()));
                        if let Some(at) = self.somewhere(&jump.space, &case.forms, &over, Above::Strictly, left)? {
                            let (before, after) = jump.around(&at);
                            let says = self.told_two(case, &amount, &before, &after);
                            return Ok(Some(self.told(assert, case, &after, says, &[line])));
                        }
                    }
                }
                Ok(None)
            }
            Predicate::RisesAtMost { line, at_most } | Predicate::FallsAtMost { line, at_most } => {
                let rises = matches!(claim, Predicate::RisesAtMost { .. });
                let Some(old) = self.old else { return Err(self.nothing_to_compare(line)) };
                let (_, share) = self.constant(at_most)?;
                let name = line.last().map(|name| name.text.clone()).unwrap_or_default();
                let new = self.joint_amount(case, None, &name);
                let before = self.joint_amount(case, Some(&old), &name);
                let (Some(new), Some(before)) = (new, before) else {
                    self.no_line(line);
                    return Err(Missing::Reported);
                };
                let (new, before) = (new?, before?);
                let factor = if rises { Rational::ONE + &share } else { Rational::ONE - &share };
                let limit = before.scaled(&factor);
                let amount = if rises { new.clone().minus(&limit) } else { limit.minus(&new) };
                let question = Question { amount, how: Above::Strictly };
                let Some(at) = self.first_of(case, vec![question], left)? else { return Ok(None) };
                let says = self.told_against(case, &at, &new, &before);
                Ok(Some(self.told(assert, case, &at, says, &[line])))
            }
            Predicate::Holds(e) => self.holds_together(assert, e, case, left),
            Predicate::Bad(_) => Err(Missing::Reported),
        }
    }

    fn holds_together(
        &mut self,
        assert: &ast::Assert,
        e: &ast::Expr,
        case: &mut Together<'_>,
        left: &mut usize,
    ) -> Result<Option<Witness>, Missing> {
        match &e.kind {
            ExprKind::And(a, b) => match self.holds_together(assert, a, case, left)? {
                Some(witness) => Ok(Some(witness)),
                None => self.holds_together(assert, b, case, left),
            },
            ExprKind::Compare { op, left: a, right: b } => {
                let (a, b) = (self.joint_side(case, a)?, self.joint_side(case, b)?);
                let zero = |side: &Side| side.of == Of::Share && side.amount.is_zero();
                if a.of != b.of && !zero(&a) && !zero(&b) {
                    return Err(self.wrong(e, "these two cannot be compared"));
                }
                let more = a.amount.clone().minus(&b.amount);
                let less = more.scaled(&Rational::int(-1));
                let ask = |amount: Linear, how: Above| Question { amount, how };
                let questions = match sign_of(*op) {
                    Sign::AtMost => vec![ask(more, Above::Strictly)],
                    Sign::Below => vec![ask(more, Above::OrAt)],
                    Sign::AtLeast => vec![ask(less, Above::Strictly)],
                    Sign::Above => vec![ask(less, Above::OrAt)],
                    Sign::Equal => vec![ask(more, Above::Strictly), ask(less, Above::Strictly)],
                    // The lesser of both differences is at zero where both are.
                    Sign::Unequal => vec![ask(case.forms.least(more, &less), Above::OrAt)],
                };
                let Some(at) = self.first_of(case, questions, left)? else { return Ok(None) };
                // What is known of the difference only is told as one.
                let apart = case.forms.unknown(&a.amount).or(case.forms.unknown(&b.amount)).is_none();
                let says = match apart {
                    true => self.told_against(case, &at, &a.amount, &b.amount),
                    false => self.told_against(case, &at, &a.amount.minus(&b.amount), &Linear::default()),
                };
                let (mut lines, mut constants) = (Vec::new(), false);
                paths(e, &mut lines, &mut constants);
                let own: Vec<&ast::Path> = lines.into_iter().filter(|path| path.segments.len() == 1).collect();
                Ok(Some(self.told(assert, case, &at, says, &own)))
            }
            _ => Err(self.wrong(e, "a claim is a comparison, or `never decreases`, `never jumps by more than …`")),
        }
    }

    /// Quantities before and after one step of one meter, of which the latter cost less.
    fn fall(
        &self,
        case: &mut Together<'_>,
        amount: &Linear,
        at: usize,
        left: &mut usize,
    ) -> Result<Option<Pair>, Missing> {
        let number = u32::try_from(at).unwrap_or(u32::MAX);
        let step = Linear::constant(case.space.quantities[at].step.clone());
        let more = |var: u32| (var == number).then(|| Linear::var(var).plus(&step));
        let next = case.forms.replaced(amount, &more, &|_| None);
        let mut space = case.space.clone();
        let own = &mut space.quantities[at];
        own.to = own.to.take().map(|to| to - &Rational::ONE);
        for sum in &mut space.within {
            *sum = case.forms.replaced(sum, &more, &|_| None);
        }
        let lost = amount.clone().minus(&next);
        let Some(before) = self.somewhere(&space, &case.forms, &lost, Above::Strictly, left)? else { return Ok(None) };
        let mut after = before.clone();
        after[at] += &case.space.quantities[at].step;
        Ok(Some((before, after)))
    }

    fn first_of(
        &self,
        case: &Together<'_>,
        questions: Vec<Question>,
        left: &mut usize,
    ) -> Result<Option<Vec<Rational>>, Missing> {
        for question in questions {
            let found = self.somewhere(&case.space, &case.forms, &question.amount, question.how, left)?;
            if found.is_some() {
                return Ok(found);
            }
        }
        Ok(None)
    }

    /// Quantities at which an amount is above zero: such that it can be seen on an invoice, if there are
    /// any, and as small and as round as is easily found.
    fn somewhere(
        &self,
        space: &Space,
        forms: &Forms,
        amount: &Linear,
        how: Above,
        left: &mut usize,
    ) -> Result<Option<Vec<Rational>>, Missing> {
        if forms.is_full() {
            return Err(Missing::Undecided("the prices have too many parts together".to_owned()));
        }
        let zero = Rational::ZERO;
        if let Some(of) = forms.unknown(amount) {
            // What is known of the parts may be enough to prove, and never to disprove.
            return match space.find(forms, amount, (how, &zero), left) {
                Found::None => Ok(None),
                _ => Err(Missing::Undecided(Unknown::Split(of.to_owned()).to_string())),
            };
        }
        let first = match space.find(forms, amount, (how, &zero), left) {
            Found::None => return Ok(None),
            Found::Undecided(why) => return Err(Missing::Undecided(why)),
            Found::Some(at) => at,
        };
        let visible = self.visible();
        let seen = match forms.at(amount, &first) >= visible {
            true => Found::Some(first.clone()),
            false => space.find(forms, amount, (Above::OrAt, &visible), left),
        };
        Ok(Some(match seen {
            Found::Some(at) => space.smaller(at, &|at| forms.at(amount, at) >= visible, forms),
            Found::None | Found::Undecided(_) => {
                let fails = |at: &[Rational]| {
                    let value = forms.at(amount, at);
                    value.is_positive() || (how == Above::OrAt && value.is_zero())
                };
                space.smaller(first, &fails, forms)
            }
        }))
    }

    fn told_usage(&self, case: &Together<'_>, at: &[Rational]) -> String {
        let used = (0..at.len()).filter(|index| !at[*index].is_zero());
        let parts: Vec<String> = used
            .map(|index| self.counted(case.meters[index], &at[index]) + &place(&case.quantities[index].labels))
            .collect();
        if parts.is_empty() { "no usage".to_owned() } else { parts.join(", ") }
    }

    fn told_two(&self, case: &Together<'_>, amount: &Linear, before: &[Rational], after: &[Rational]) -> String {
        format!(
            "{} cost {}, and {} cost {}{}",
            self.told_usage(case, before),
            self.money(&case.forms.at(amount, before)),
            self.told_usage(case, after),
            self.money(&case.forms.at(amount, after)),
            self.since(case.day),
        )
    }

    fn told_against(&self, case: &Together<'_>, at: &[Rational], left: &Linear, right: &Linear) -> String {
        let (left, right) = (self.money(&case.forms.at(left, at)), self.money(&case.forms.at(right, at)));
        format!("{}: {left} against {right}{}", self.told_usage(case, at), self.since(case.day))
    }

    fn told(
        &self,
        assert: &ast::Assert,
        case: &Together<'_>,
        at: &[Rational],
        says: String,
        lines: &[&ast::Path],
    ) -> Witness {
        let used = (0..at.len()).filter(|index| !at[*index].is_zero());
        let given = used.map(|index| {
            let meter = case.meters[index];
            (
                meter.name.as_str(),
                self.counted(meter, &at[index]) + &self.labelled(meter, &case.quantities[index].labels),
            )
        });
        self.witness_of(assert, case.day, (self.told_usage(case, at), says), given.collect(), lines)
    }
}

impl Together<'_> {
    pub(super) fn bill(&mut self, plan: &Plan) -> JointBill {
        let usage = JointUsage { quantities: &self.quantities, day: self.day, spread: self.spread };
        joint(plan, &usage, &mut self.forms)
    }

    /// All of a meter.
    pub(super) fn total(&self, meter: &MeterDef) -> Linear {
        let own = (0u32..).zip(&self.quantities).filter(|(_, quantity)| quantity.meter == meter.name);
        own.fold(Linear::default(), |sum, (at, _)| sum.plus(&Linear::var(at)))
    }
}
