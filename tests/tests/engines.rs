//! The fast engine answers as the exact one does. `PRICE_SEED` replays a case, `PRICE_CASES`
//! makes a run longer.

use price_interp::InterpFactory;
use price_jit::JitFactory;
use price_tests::differential::differential;
use price_tests::generate::settings;
use price_tests::irtest::run_directory;
use std::path::Path;

#[test]
fn machine_code_answers_the_ir_files() {
    let directory = Path::new(concat!(env!("CARGO_MANIFEST_DIR"), "/ir"));
    run_directory(directory, &JitFactory).unwrap_or_else(|failures| panic!("{}", failures.join("\n")));
}

#[test]
fn machine_code_agrees_with_the_exact_engine_on_every_generated_row() {
    let (seed, cases) = settings(300);
    let compared =
        differential(&InterpFactory, &JitFactory, seed, cases).unwrap_or_else(|mismatch| panic!("{mismatch}"));
    println!("{compared:?}");
    // A run in which the fast engine gives up often would prove little.
    assert!(cases < 100 || compared.refused * 5 < cases, "{compared:?}");
    assert!(cases < 100 || compared.overflowed * 20 < compared.same, "{compared:?}");
    assert!(cases < 100 || compared.rated > cases, "{compared:?}");
}
