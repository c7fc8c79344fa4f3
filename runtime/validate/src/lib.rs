//! Two engines, one plan: the same answers on random rows and random histories.
//!
//! Run when a plan is put into force, and by the project's tests over generated plans. The first engine
//! is believed: it is the reference, exact and slow.

mod engines;
mod history;
mod rng;
mod rows;

pub use engines::{Compared, Mismatch, compare, status_word};
pub use rng::Rng;
pub use rows::{TEXTS, batch};

use price_ir::{Charge, Expr, Fold, KernelFactory, Plan, Rules};
use price_value::Rational;
use std::collections::BTreeSet;
use std::sync::Arc;

/// Rounds of rows and histories that a plan is looked at with. A round of a large contract takes a few
/// milliseconds.
pub const ROUNDS: u64 = 8;
/// Bounds of tiers that values are drawn near to.
const BOUNDS: usize = 1_000;

/// Looks for a row or a history in which two engines differ on a plan: the same ones for the same `seed`.
/// An engine that does not take the plan differs in nothing.
///
/// # Errors
/// Where and how they differ, for whoever mends the engine.
pub fn check(
    plan: &Arc<Plan>,
    believed: &dyn KernelFactory,
    other: &dyn KernelFactory,
    seed: u64,
) -> Result<Compared, String> {
    let mut compared = Compared::default();
    let (Ok(a), Ok(b)) = (believed.compile(plan), other.compile(plan)) else {
        compared.refused += 1;
        return Ok(compared);
    };
    compared.plans += 1;
    let bounds = bounds(plan);
    for round in 0..ROUNDS {
        let seed = seed.wrapping_add(round);
        let mut rng = Rng::near(seed, bounds.clone());
        compare(plan, a.as_ref(), b.as_ref(), (seed, &mut rng), &mut compared).map_err(|found| {
            let Mismatch { row, found, .. } = *found;
            format!("{row}, but {} says {found}", other.engine())
        })?;
        if let Some(found) = history::differs(plan, &a, &b, &mut rng) {
            return Err(found);
        }
    }
    Ok(compared)
}

/// Where the tiers of a plan begin.
fn bounds(plan: &Plan) -> Vec<Rational> {
    let mut found = BTreeSet::new();
    let mut look = |part: &Expr| {
        if let Expr::Ladder(_, ladder) = part {
            found.extend(ladder.pieces.iter().map(|piece| piece.from.clone()).filter(Rational::is_positive));
        }
    };
    let mut of = |rules: &Rules| rules.functions.iter().for_each(|function| function.amount.walk(&mut look));
    for line in &plan.lines {
        if let Charge::Usage(usage) = &line.charge {
            of(&usage.rules);
        }
    }
    for sink in &plan.sinks {
        if let Fold::Charge(charge) = &sink.fold {
            of(&charge.rules);
        }
    }
    found.into_iter().take(BOUNDS).collect()
}
