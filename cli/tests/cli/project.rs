//! `new` and `build`: what they write works as it stands.

use crate::Place;

#[test]
fn a_new_project_passes_everything() {
    let place = Place::new();
    let ran = place.run(&["new", "acme"]);
    assert_eq!(ran.code, 0, "{}", ran.err);
    for args in [
        &["check", "acme", "--error-on-warning"][..],
        &["fmt", "--check", "acme"],
        &["test", "acme", "--coverage", "--threshold", "80"],
        &["rate", "acme/starter.price", "--events", "acme/usage/2026-03.ndjson", "--in", "2026-03", "--strict"],
    ] {
        let ran = place.run(args);
        assert_eq!(ran.code, 0, "{args:?}\n{}{}", ran.out, ran.err);
    }
    let ran = place.run(&["new", "acme"]);
    assert_eq!(ran.code, 2);
    assert!(ran.err.contains("not empty"), "{}", ran.err);
}

#[test]
fn a_built_plan_rates_like_its_source() {
    let place = Place::new();
    place.run(&["new", "."]);
    let usage = ["--events", "usage/2026-03.ndjson", "--format", "json"];
    let run = |file: &str| {
        let mut args = vec!["rate", file];
        args.extend(usage);
        place.run(&args)
    };
    let ran = place.run(&["build", "starter.price", "-o", "starter.pricec"]);
    assert_eq!(ran.code, 0, "{}", ran.err);
    let (source, built) = (run("starter.price"), run("starter.pricec"));
    assert_eq!(built.code, 0, "{}", built.err);
    assert_eq!(source.out, built.out);
    let mut bytes = std::fs::read(place.path().join("starter.pricec")).expect("built");
    bytes[100] ^= 1;
    std::fs::write(place.path().join("broken.pricec"), &bytes).expect("written");
    let ran = run("broken.pricec");
    assert_eq!((ran.code, ran.out.as_str()), (2, ""));
    assert!(ran.err.contains("A004"), "{}", ran.err);
    std::fs::write(place.path().join("short.pricec"), &bytes[..40]).expect("written");
    assert!(run("short.pricec").err.contains("A003"));
}

#[test]
fn a_plan_shows_its_layout_and_its_ir() {
    let place = Place::new();
    place.run(&["new", "."]);
    let ran = place.run(&["build", "starter.price", "--show", "layout"]);
    assert!(ran.out.contains("bytes"), "{}{}", ran.out, ran.err);
    let ran = place.run(&["build", "starter.price", "--show", "ir"]);
    assert!(ran.out.contains("starter"), "{}{}", ran.out, ran.err);
}
