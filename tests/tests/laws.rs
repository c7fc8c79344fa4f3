//! Laws of plans that hold of everything the generator makes. `PRICE_SEED` replays a case,
//! `PRICE_CASES` makes a run longer.

use price_interp::InterpFactory;
use price_ir::{MeaningHash, Place, SourceMap, artefact, text};
use price_tests::contracts::{Contract, misstated, unbalanced};
use price_tests::differential::differential;
use price_tests::generate::{Rng, contract, plan, settings};
use price_tests::program::engines;

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
            ..SourceMap::default()
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

/// Contracts as text, through compiler, readers, both engines and payment: whatever arrives in
/// whatever order, twice or not, in one part or several, the invoices are the same, and they
/// balance; amendments that change nothing change nothing, signed before or after.
#[test]
fn generated_contracts_keep_the_laws_of_billing() {
    let (seed, cases) = settings(24);
    let mut paid = 0;
    for seed in (seed..).take(cases as usize) {
        let mut rng = Rng::new(seed);
        let text = contract::contract(&mut rng);
        let failed = |what: &str| -> ! { panic!("PRICE_SEED={seed}: {what}\n{text}") };
        let usage = contract::usage(&mut rng, 60);
        let signed = Contract::new(&text, contract::NAME).unwrap_or_else(|found| failed(&found));
        let [interp, jit] = &engines()[..] else { panic!("two engines") };
        let rate = |of: &Contract, engine, parts: &[Vec<String>]| {
            of.invoices(engine, parts).unwrap_or_else(|problem| failed(&problem))
        };
        let all = rate(&signed, &**interp, std::slice::from_ref(&usage));
        if let Some(what) = unbalanced(&all).or_else(|| misstated(&signed, &all)) {
            failed(&what);
        }
        paid += all.iter().flat_map(|i| &i.lines).filter(|line| !line.paid.is_empty()).count();
        if all != rate(&signed, &**jit, std::slice::from_ref(&usage)) {
            failed("the engines give different invoices");
        }
        let mut mixed: Vec<String> = usage.iter().chain(usage.iter().step_by(3)).cloned().collect();
        for at in (1..mixed.len()).rev() {
            mixed.swap(at, rng.below(at as u64 + 1) as usize);
        }
        if all != rate(&signed, &**jit, &[mixed]) {
            failed("arrival and repeats change invoices");
        }
        let mut ordered = usage.clone();
        ordered.sort_by_key(|line| line.split("\"time\":\"").nth(1).map(|rest| rest[..16].to_owned()));
        let parts: Vec<Vec<String>> = ordered.chunks(17).map(<[String]>::to_vec).collect();
        if all != rate(&signed, &**jit, &parts) {
            failed("drafts in between change invoices");
        }
        let amended = |dates: &str| {
            let text = format!("{text}\namendment 1 to {} effective 2026-02-01 {dates} {{\n}}\n", contract::NAME);
            Contract::new(&text, contract::NAME).unwrap_or_else(|found| failed(&found))
        };
        if signed.hash() != amended("signed 2026-01-20").hash() {
            failed("an empty amendment changes the meaning");
        }
        if all != rate(&amended("signed 2026-03-20 retroactive"), &**jit, std::slice::from_ref(&usage)) {
            failed("an empty retroactive amendment changes invoices");
        }
        let raised = format!(
            "{text}\namendment 1 to {} effective 2026-02-01 signed 2026-03-20 retroactive {{\n  set override price calls less 50%\n}}\n",
            contract::NAME
        );
        let raised = Contract::new(&raised, contract::NAME).unwrap_or_else(|found| failed(&found));
        let restated = rate(&raised, &**jit, std::slice::from_ref(&usage));
        if let Some(what) = unbalanced(&restated).or_else(|| misstated(&raised, &restated)) {
            failed(&format!("restated: {what}"));
        }
        if restated[..2] != all[..2] {
            failed("a closed invoice changed");
        }
    }
    assert!(cases < 20 || paid > 60, "{paid} lines were paid by something");
}
