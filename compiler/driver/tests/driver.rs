//! The façade over a world in memory.

use price_driver::{
    Coverage, LoadError, MemoryWorld, Origin, Outcome, Reason, SubjectError, TestRunner, Workspace, accept, explain,
    fix,
};
use price_interp::InterpFactory;
use price_ir::KernelFactory;
use std::sync::Arc;

const CARD: &str = "\
use std.units (call)
use std.currencies (USD)

event request { path: text }
meter calls = count of request in calls

ratecard api {
  currency USD
  rounding each line half-even to cents

  price calls on calls {
    graduated per call {
      up to 10 calls $0.10
      beyond         $0.05
    }
  }
}
";

fn load(world: &MemoryWorld, path: &str) -> Workspace {
    Workspace::load(world, &[path.to_owned()]).expect("the files are there")
}

fn test(expect: &str) -> MemoryWorld {
    let text =
        format!("{CARD}\ntest \"twenty\" for ratecard api in 2026-03 {{\n  given calls 20 calls\n{expect}\n}}\n");
    MemoryWorld::new().with("a.price", text)
}

fn engines() -> Vec<Arc<dyn KernelFactory>> {
    vec![Arc::new(InterpFactory)]
}

fn outcomes(workspace: &Workspace) -> Vec<price_driver::TestReport> {
    let engines = engines();
    let mut runner = TestRunner::new(workspace, &engines);
    let tests = workspace.tests();
    tests
        .iter()
        .flat_map(|(file, tests)| tests.cases.iter().map(|case| (*file, case)))
        .map(|(f, c)| runner.run(f, c))
        .collect()
}

#[test]
fn without_a_project_file_imports_are_counted_from_what_was_given() {
    let world = MemoryWorld::new()
        .with("shop/lib/units.price", "unit widget, widgets\n")
        .with("shop/lib/events.price", "use lib.units (widget as thing)\nevent make { n: thing }\n")
        .with("shop/plan.price", "use lib.events (make)\nmeter made = sum of make.n\n");
    for given in ["shop", "shop/plan.price"] {
        assert_eq!(load(&world, given).check(), [], "{given}");
    }
}

#[test]
fn imports_are_followed_from_the_root() {
    let world = MemoryWorld::new()
        .with("shop/price.toml", "")
        .with("shop/lib/card.price", CARD)
        .with("shop/plans/deep/a.price", "use lib.card (api)\n");
    let workspace = load(&world, "shop/plans");
    let own: Vec<(&str, Origin)> = workspace.own().map(|(_, s)| (s.path.as_str(), s.origin)).collect();
    assert_eq!(own, [("shop/plans/deep/a.price", Origin::Given), ("shop/lib/card.price", Origin::Imported)]);
    assert!(workspace.check().iter().all(|d| !d.is_error()), "{:?}", workspace.check());
}

#[test]
fn without_a_project_file_modules_stand_beside_each_other() {
    let world = MemoryWorld::new().with("x/card.price", CARD).with("x/a.price", "use card (api)\n");
    assert_eq!(load(&world, "x/a.price").own().count(), 2);
    let alone = MemoryWorld::new().with("x/card.price", CARD).with("y/a.price", "use card (api)\n");
    let workspace = load(&alone, "y/a.price");
    assert_eq!(workspace.own().count(), 1);
    assert_eq!(workspace.check().iter().map(|d| d.code.as_str()).collect::<Vec<_>>(), ["P203"]);
}

#[test]
fn circles_of_imports_end() {
    let world = MemoryWorld::new().with("a.price", "use b\n").with("b.price", "use a\n");
    let workspace = load(&world, "a.price");
    assert_eq!(workspace.own().count(), 2);
    assert!(workspace.check().iter().any(|d| d.code.as_str() == "P204"));
}

#[test]
fn what_cannot_be_loaded_is_told() {
    let world = MemoryWorld::new().with("notes.txt", "x").with("d/x.txt", "x");
    let error = |path: &str| Workspace::load(&world, &[path.to_owned()]).err().expect("an error");
    assert_eq!(error("gone.price"), LoadError::Missing { path: "gone.price".into() });
    assert_eq!(error("notes.txt"), LoadError::NotSource { path: "notes.txt".into() });
    assert_eq!(error("d"), LoadError::Empty { path: "d".into() });
}

#[test]
fn seeds_are_read_beside_their_module() {
    let world = MemoryWorld::new()
        .with("p/a.price", "dimension region from csv \"data/regions.csv\" column code\n")
        .with("p/data/regions.csv", "name,code\nEurope,eu\nAmerica,us\n");
    assert!(load(&world, "p/a.price").check().is_empty());
    let bad = world.with("p/data/regions.csv", vec![0xff]);
    assert!(matches!(Workspace::load(&bad, &["p/a.price".to_owned()]).err(), Some(LoadError::SeedNotText { .. })));
}

#[test]
fn subjects_are_chosen_by_name_or_because_there_is_one() {
    let world = MemoryWorld::new().with("a.price", CARD);
    let workspace = load(&world, "a.price");
    let subject = workspace.subject(None).expect("one");
    let compiled = workspace.compile(&subject).expect("compiles");
    assert_eq!(compiled.plan.name, "api");
    let place = compiled.source_map.get(compiled.plan.lines[0].rule).expect("a place");
    assert_eq!((place.to_string(), place.excerpt.as_str()), ("a.price:11".to_owned(), "price calls on calls {"));
    match workspace.subject(Some("apo")) {
        Err(SubjectError::Unknown { near, .. }) => assert_eq!(near.as_deref(), Some("api")),
        other => panic!("{other:?}"),
    }
    assert_eq!(
        load(&MemoryWorld::new().with("b.price", "let x = 1\n"), "b.price").subject(None),
        Err(SubjectError::Nothing)
    );
}

#[test]
fn an_artefact_keeps_the_meaning() {
    let workspace = load(&MemoryWorld::new().with("a.price", CARD), "a.price");
    let compiled = workspace.compile(&workspace.subject(None).expect("one")).expect("compiles");
    let bytes = price_driver::artefact(&compiled).expect("encodes");
    let read = price_ir::artefact::decode(&bytes).expect("decodes");
    assert_eq!((read.plan, read.hash), ((*compiled.plan).clone(), compiled.hash));
    let spaced = CARD.replace("  price calls", "  # a comment\n\n  price   calls");
    let other = load(&MemoryWorld::new().with("b.price", spaced), "b.price");
    let other = other.compile(&other.subject(None).expect("one")).expect("compiles");
    assert_eq!(other.hash, compiled.hash, "comments and space change no meaning");
}

#[test]
fn an_artefact_carries_the_files_a_plan_is_written_in() {
    let world = MemoryWorld::new()
        .with("price.toml", "")
        .with("lists/cloud.price", CARD)
        .with("lists/words.price", "let included = 3\n")
        .with("acme.price", "use lists.words (included)\n".to_owned() + &CARD.replace("api", "acme"))
        .with("globex.price", CARD.replace("api", "globex"));
    let workspace = Workspace::load(&world, &[String::new()]).expect("it loads");
    let subject = workspace.subject(Some("acme")).expect("a card");
    let mut compiled = workspace.compile(&subject).expect("compiles");
    let files = workspace.files_of(&subject, &compiled);
    let names: Vec<&str> = files.carried.iter().map(|file| file.name.as_str()).collect();
    // What only lies beside it may be the contract of somebody else.
    assert_eq!((names, files.left_out.len()), (vec!["acme.price", "lists/words.price"], 0));
    let hash = compiled.hash;
    compiled.source_map.files = files.carried;
    let read = price_ir::artefact::decode(&price_driver::artefact(&compiled).expect("encodes")).expect("decodes");
    assert_eq!((read.hash, read.source_map.files.len()), (hash, 2));

    // What does not fit is named, and what is nearer stays.
    let long = format!("let included = 3\n{}", "# a comment\n".repeat(100_000));
    let workspace = Workspace::load(&world.with("lists/words.price", long), &[String::new()]).expect("it loads");
    let subject = workspace.subject(Some("acme")).expect("a card");
    let files = workspace.files_of(&subject, &workspace.compile(&subject).expect("compiles"));
    assert_eq!((files.carried.len(), files.left_out), (1, vec!["lists/words.price".to_owned()]));
}

#[test]
fn tests_pass_fail_and_wait() {
    let passed = outcomes(&load(&test("  expect calls $1.50\n  expect total $1.50"), "a.price"));
    assert_eq!(passed[0].outcome, Outcome::Passed);
    let failed = outcomes(&load(&test("  expect calls $1.51"), "a.price"));
    let Outcome::Failed(failures) = &failed[0].outcome else { panic!("{:?}", failed[0].outcome) };
    assert_eq!(failures[0].reason.to_string(), "expected $1.51, got $1.50");
    let Reason::Amount { trace: Some(trace), .. } = &failures[0].reason else { panic!("no trace") };
    assert!(
        trace.rows.iter().any(
            |row| row.text.contains("10 call × $0.05, above 10") || row.text.contains("10 calls × $0.05, above 10")
        ),
        "{trace:?}"
    );
    let workspace = load(&test("  expect calls ?"), "a.price");
    let waiting = outcomes(&workspace);
    assert_eq!(waiting[0].outcome, Outcome::Pending);
    let accepted = accept(&workspace, &waiting);
    assert_eq!(accepted[0].amounts, 1);
    assert!(accepted[0].after.contains("  expect calls $1.50\n"), "{}", accepted[0].after);
}

#[test]
fn coverage_counts_tiers_and_boundaries() {
    let workspace = load(&test("  expect calls $1.50"), "a.price");
    let subject = workspace.subject(None).expect("one");
    let compiled = workspace.compile(&subject).expect("compiles");
    let mut coverage = Coverage::new(&compiled.plan);
    for report in outcomes(&workspace) {
        report.invoices.iter().for_each(|invoice| coverage.observe(invoice));
    }
    let line = &coverage.lines()[0];
    assert_eq!((line.tiers.met, line.tiers.all), (2, 2));
    assert_eq!((line.boundaries.met, line.boundaries.all), (0, 1));
    assert_eq!(line.missing, ["exactly 10 calls"]);
    assert_eq!(coverage.total().percent(), 75);
}

#[test]
fn an_explanation_adds_up() {
    let workspace = load(&test("  expect calls $1.50"), "a.price");
    let compiled = workspace.compile(&workspace.subject(None).expect("one")).expect("compiles");
    let report = &outcomes(&workspace)[0];
    let explained = explain(&compiled.plan, &compiled.source_map, &report.invoices[0].lines[0]);
    let tiers = explained.rows.iter().filter(|row| row.depth == 2).filter_map(|row| row.amount.clone());
    assert_eq!(tiers.sum::<price_value::Rational>(), explained.amount);
    let rule = explained.rows.iter().find_map(|row| row.rule.as_ref()).expect("a rule");
    assert_eq!(rule.1.as_ref().map(ToString::to_string).as_deref(), Some("a.price:11"));
}

#[test]
fn certain_fixes_are_applied_until_none_is_left() {
    let text = CARD.replace("$0.10", "$1,000.00").replace("$0.05", "$1,001.00");
    let mut workspace = load(&MemoryWorld::new().with("a.price", text), "a.price");
    let mended = fix(&mut workspace);
    assert_eq!(mended.len(), 1);
    assert!(mended[0].after.contains("$1_000.00") && mended[0].after.contains("$1_001.00"), "{}", mended[0].after);
    assert!(workspace.check().iter().all(|d| d.code.as_str() != "P104"));
    assert!(fix(&mut workspace).is_empty());
}

const CONTRACT: &str = r#"use std.units (call)
use std.currencies (USD)

event request { path: text }
meter calls = count of request in calls

contract initech with "Initech" {
  buyer     "Initech" accounts initech
  term      2026-01-01 through 2026-12-31
  currency  USD
  timezone  "UTC"
  billing   monthly on day 1
  rounding  each line half-up to cents
  price calls on calls = $0.010 per call
  fee support = $100.00 per month in advance
  prorate support daily
  late events accepted for 3 days then next period
}
"#;

fn amended(changes: &str) -> Workspace {
    let amendment = format!(
        "use initech\nuse std.currencies (USD)\n\namendment 1 to initech effective 2026-04-11 signed 2026-03-20 {{\n{changes}}}\n"
    );
    load(&MemoryWorld::new().with("initech.price", CONTRACT).with("change.price", amendment.as_str()), "change.price")
}

#[test]
fn an_amendment_that_changes_nothing_changes_nothing() {
    let plain = load(&MemoryWorld::new().with("initech.price", CONTRACT), "initech.price");
    let hash = |workspace: &Workspace| {
        let subject = workspace.subject(None).expect("the contract");
        workspace.compile(&subject).expect("it compiles").hash
    };
    assert_eq!(hash(&plain), hash(&amended("")));
    assert_ne!(hash(&plain), hash(&amended("  set override price calls = $0.009 per call\n")));
}

#[test]
fn an_amendment_leaves_the_days_before_it_as_they_were() {
    let code = |changes: &str| {
        let found = amended(changes).check();
        found.first().map(|finding| finding.code.0)
    };
    assert_eq!(code("  add fee once = $5.00 once\n"), None);
    assert_eq!(code("  extend term through 2027-12-31\n"), None);
    // The fee's month has begun; prices and settings have no first day.
    assert_eq!(code("  set fee support = $90.00 per month in advance\n"), Some("P901"));
    assert_eq!(code("  set timezone \"Europe/Berlin\"\n"), Some("P901"));
    assert_eq!(code("  add price more on calls = $1.00 per call\n"), Some("P901"));
    assert_eq!(code("  add prorate support never\n"), Some("P901"));
    assert_eq!(code("  remove discount launch\n"), Some("P209"));
    assert_eq!(code("  set discount launch = 5% on calls\n"), Some("P209"));
    assert_eq!(code("  set commitment spend year 2 = $1.00\n"), Some("P209"));
}
