//! Laws of plans that hold of everything the generator makes. `PRICE_SEED` replays a case,
//! `PRICE_CASES` makes a run longer.

use price_interp::InterpFactory;
use price_ir::{MeaningHash, Place, SourceMap, artefact, text};
use price_tests::differential::differential;
use price_tests::generate::{Rng, plan, settings};

#[test]
fn a_plan_reads_back_from_its_text_and_its_artefact() {
    let (seed, cases) = settings(300);
    for seed in (seed..).take(cases as usize) {
        let plan = plan(&mut Rng::new(seed));
        let printed = text::print(&plan);
        let parsed = text::parse(&printed).unwrap_or_else(|error| panic!("PRICE_SEED={seed}: {error}\n{printed}"));
        assert_eq!(parsed.plan, plan, "PRICE_SEED={seed}\n{printed}");
        assert_eq!(text::print(&parsed.plan), printed, "PRICE_SEED={seed}");
        let map = SourceMap {
            places: vec![Some(Place { file: "a.price".into(), line: 2, column: 3, excerpt: "price a".into() })],
        };
        let bytes = artefact::encode(&plan, &map).unwrap_or_else(|error| panic!("PRICE_SEED={seed}: {error}"));
        let loaded = artefact::decode(&bytes).unwrap_or_else(|error| panic!("PRICE_SEED={seed}: {error}"));
        assert_eq!((&loaded.plan, &loaded.source_map), (&plan, &map), "PRICE_SEED={seed}");
        assert_eq!(loaded.hash, MeaningHash::of(&plan), "PRICE_SEED={seed}");
    }
}

#[test]
fn the_exact_engine_agrees_with_itself_on_every_generated_row() {
    let (seed, cases) = settings(200);
    let compared =
        differential(&InterpFactory, &InterpFactory, seed, cases).unwrap_or_else(|mismatch| panic!("{mismatch}"));
    assert_eq!((compared.plans, compared.refused, compared.overflowed), (cases, 0, 0));
    // A run in which most answers are faults would prove little.
    assert!(cases < 100 || compared.values * 10 > compared.same * 4, "{compared:?}");
}
