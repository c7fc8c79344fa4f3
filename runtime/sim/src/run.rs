//! One seed, one run.

use crate::clock::SimClock;
use crate::disk::SimDisk;
use crate::rng::Rng;
use std::ops::Range;
use std::panic::{AssertUnwindSafe, catch_unwind};

/// Names the seed to replay, instead of all seeds of a test.
pub const SEED: &str = "PRICE_SIM_SEED";
/// Multiplies the number of seeds of every test: more seeds for a night.
pub const MORE: &str = "PRICE_SIM_MORE";

/// What a run has to itself.
pub struct World {
    /// The seed.
    pub seed: u64,
    /// Decides what the run does.
    pub rng: Rng,
    /// The only clock.
    pub clock: SimClock,
    /// A disk, empty at first.
    pub disk: SimDisk,
}

impl World {
    /// The world of a seed.
    pub fn new(seed: u64) -> World {
        let mut rng = Rng::new(seed);
        let clock = SimClock::at(1_700_000_000_000_000);
        let disk = SimDisk::new(rng.fork(), clock.clone());
        World { seed, rng, clock, disk }
    }

    /// One more empty disk.
    pub fn another_disk(&mut self) -> SimDisk {
        SimDisk::new(self.rng.fork(), self.clock.clone())
    }
}

/// What a run found wrong.
pub type Found = Result<(), String>;

/// A run that failed.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Failure {
    /// The seed that shows it again.
    pub seed: u64,
    /// What was wrong.
    pub problem: String,
}

impl std::fmt::Display for Failure {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "seed {} fails: {}\nreplay it with {SEED}={}", self.seed, self.problem, self.seed)
    }
}

/// Runs one seed. A panic is a failure like any other.
pub fn one(seed: u64, run: &dyn Fn(&mut World) -> Found) -> Result<(), Failure> {
    let problem = match catch_unwind(AssertUnwindSafe(|| run(&mut World::new(seed)))) {
        Ok(Ok(())) => return Ok(()),
        Ok(Err(problem)) => problem,
        Err(panic) => {
            let text = panic.downcast_ref::<&str>().map(|s| (*s).to_owned());
            format!("panic: {}", text.or(panic.downcast_ref::<String>().cloned()).unwrap_or_default())
        }
    };
    Err(Failure { seed, problem })
}

/// Runs seeds until one fails.
pub fn search(seeds: Range<u64>, run: impl Fn(&mut World) -> Found) -> Option<Failure> {
    seeds.into_iter().find_map(|seed| one(seed, &run).err())
}

/// Runs all seeds, or the one that the environment names.
///
/// # Panics
/// When a run fails, with its seed.
pub fn all(seeds: Range<u64>, run: impl Fn(&mut World) -> Found) {
    let number = |name| std::env::var(name).ok().and_then(|text| text.parse::<u64>().ok());
    let seeds = match (number(SEED), number(MORE)) {
        (Some(seed), _) => seed..seed + 1,
        (None, Some(more)) => seeds.start..seeds.start + (seeds.end - seeds.start) * more,
        (None, None) => seeds,
    };
    if let Some(failure) = search(seeds, run) {
        panic!("{failure}");
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_failure_and_a_panic_name_their_seed() {
        let found = search(0..10, |world| if world.seed == 4 { Err("wrong".into()) } else { Ok(()) });
        assert_eq!(found, Some(Failure { seed: 4, problem: "wrong".into() }));
        let found = search(0..10, |world| {
            assert!(world.seed < 3, "too much");
            Ok(())
        });
        assert_eq!(found.map(|f| (f.seed, f.problem)), Some((3, "panic: too much".into())));
    }
}
