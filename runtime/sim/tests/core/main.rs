//! The whole event core on the simulated disk: one seed is one run.
//!
//! `SEEDS=5000` runs that many, `SEED=17` runs one and tells what it does, with `FAULT=SkipSync` too.

// Helpers of one test binary: their names say what they are.
#![allow(missing_docs)]

mod asked;
mod check;
mod faults;
mod host;
mod model;
mod papers;
mod plans;
mod run;
mod sent;

use faults::Fault;
use price_sim::run::{Failure, World, one};
use std::time::Instant;

/// Seeds of a run without wishes, for faults too.
const SEEDS: u64 = 250;

/// Seeds beyond those that find what hardly any does: credit is given between a change of a closed
/// month and the next turn of closing, which mostly follows at once.
const RARE: [u64; 1] = [2564];

fn wish(name: &str) -> Option<u64> {
    std::env::var(name).ok().and_then(|text| text.parse().ok())
}

/// What one seed shows.
fn failure(seed: u64, fault: Option<Fault>, trace: bool) -> Option<Failure> {
    one(seed, &|world| run::run(world, fault, trace)).err()
}

#[test]
fn the_core_keeps_its_word() {
    let (seeds, trace) = match wish("SEED") {
        Some(seed) => (seed..seed + 1, true),
        None => (0..wish("SEEDS").unwrap_or(SEEDS), false),
    };
    let named = std::env::var("FAULT").ok();
    let fault = Fault::ALL.into_iter().find(|fault| named.as_ref().is_some_and(|name| *name == fault.name()));
    let (started, count) = (Instant::now(), seeds.end - seeds.start);
    if let Some(Failure { seed, problem }) = seeds.into_iter().find_map(|seed| failure(seed, fault, trace)) {
        let again = "cargo test -p price-sim --test core the_core_keeps_its_word";
        panic!("seed {seed}: {problem}\nalone, with a trace: SEED={seed} {again}");
    }
    println!("{count} seeds in {} ms", started.elapsed().as_millis());
}

/// A simulator that cannot find a fault somebody planted proves nothing.
#[test]
fn every_planted_fault_is_found() {
    for fault in Fault::ALL {
        let found = RARE.into_iter().chain(0..SEEDS).find_map(|seed| failure(seed, Some(fault), false));
        let Failure { seed, problem } = found.unwrap_or_else(|| panic!("{fault:?} is not found in {SEEDS} seeds"));
        let problem: String = problem.chars().take(200).collect();
        println!("{}: seed {seed}: {problem}", fault.name());
        assert_eq!(failure(seed, None, false), None, "seed {seed} fails without {fault:?} too");
    }
}

/// In how many seeds each fault is found; for looking at.
#[test]
#[ignore = "counts, and proves nothing more"]
fn how_often_faults_are_found() {
    let seeds = wish("SEEDS").unwrap_or(SEEDS);
    for fault in Fault::ALL {
        let found = (0..seeds).filter(|seed| failure(*seed, Some(fault), false).is_some()).count();
        println!("{}: {found} of {seeds}", fault.name());
    }
}

#[test]
fn a_seed_replays() {
    let end = |seed| {
        let mut world = World::new(seed);
        run::run(&mut world, None, false).expect("a seed that passes");
        (world.rng.number(), world.disk.draw(u64::MAX), world.clock.now())
    };
    assert!((0..10).all(|seed| end(seed) == end(seed)));
}
