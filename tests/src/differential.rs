//! Two engines compared on generated plans.

use crate::generate::{Rng, plan};
use price_ir::KernelFactory;
pub use price_validate::{Compared, Mismatch};
use std::sync::Arc;

/// Compares two engines on `n` generated plans, from `seed` on, with up to 40 rows each.
pub fn differential(
    believed: &dyn KernelFactory,
    other: &dyn KernelFactory,
    seed: u64,
    n: u64,
) -> Result<Compared, Box<Mismatch>> {
    let mut compared = Compared::default();
    for case in 0..n {
        one(believed, other, seed.wrapping_add(case), &mut compared)?;
    }
    Ok(compared)
}

fn one(
    believed: &dyn KernelFactory,
    other: &dyn KernelFactory,
    seed: u64,
    compared: &mut Compared,
) -> Result<(), Box<Mismatch>> {
    let rng = &mut Rng::new(seed);
    let plan = Arc::new(plan(rng));
    let a = believed.compile(&plan).unwrap_or_else(|error| panic!("the exact engine compiles every plan: {error}"));
    let Ok(b) = other.compile(&plan) else {
        compared.refused += 1;
        return Ok(());
    };
    compared.plans += 1;
    price_validate::compare(&plan, a.as_ref(), b.as_ref(), (seed, rng), compared)
}
