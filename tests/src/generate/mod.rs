//! Random plans and rows from one seed, for laws that hold of all of them.

mod batch;
pub mod contract;
mod func;
mod plan;
mod rng;

pub use batch::batch;
pub use plan::plan;
pub use rng::Rng;

/// Texts of rows and of conditions, few so that they meet.
const TEXTS: &[&str] = &["", "a", "b \"quoted\"", "straße"];

/// First seed and number of cases of a run: `PRICE_SEED` replays from that seed (one case unless
/// `PRICE_CASES` says more), `PRICE_CASES` sets how many, else `cases` from seed 1.
pub fn settings(cases: u64) -> (u64, u64) {
    let read = |name: &str| std::env::var(name).ok().and_then(|text| text.parse().ok());
    match (read("PRICE_SEED"), read("PRICE_CASES")) {
        (Some(seed), cases) => (seed, cases.unwrap_or(1)),
        (None, given) => (1, given.unwrap_or(cases)),
    }
}
