//! Random plans and rows from one seed, for laws that hold of all of them.

pub mod contract;
mod func;
mod plan;

pub use plan::plan;
pub use price_validate::{Rng, batch};

/// Texts of conditions: those of rows, so that they meet.
use price_validate::TEXTS;

/// First seed and number of cases of a run: `PRICE_SEED` replays from that seed (one case unless
/// `PRICE_CASES` says more), `PRICE_CASES` sets how many, else `cases` from seed 1.
pub fn settings(cases: u64) -> (u64, u64) {
    let read = |name: &str| std::env::var(name).ok().and_then(|text| text.parse().ok());
    match (read("PRICE_SEED"), read("PRICE_CASES")) {
        (Some(seed), cases) => (seed, cases.unwrap_or(1)),
        (None, given) => (1, given.unwrap_or(cases)),
    }
}
