//! Hostile sources: bounded time, a finding, no panic.

use price_analysis::{Database, File, Workspace, check_file};
use std::fmt::Write;

fn codes(files: &[(&str, &str)]) -> Vec<&'static str> {
    let db = Database::default();
    let mut all: Vec<File> = Vec::new();
    for (path, text) in price_stdlib::FILES.iter().copied().chain(files.iter().copied()) {
        all.push(File::new(&db, path.to_string(), all.len() as u32, text.to_string()));
    }
    let workspace = Workspace::new(&db, all.clone(), Vec::new());
    let own = &all[price_stdlib::FILES.len()..];
    own.iter().flat_map(|f| check_file(&db, workspace, *f)).map(|d| d.code.0).collect()
}

fn one(text: &str) -> Vec<&'static str> {
    codes(&[("main.price", text)])
}

#[test]
fn units_that_explode_are_refused() {
    let mut text = String::from("unit u0\n");
    for n in 1..40 {
        writeln!(text, "unit u{n} = u{0} * u{0}", n - 1).unwrap();
    }
    assert!(one(&text).contains(&"P312"));
    let mut text = String::from("unit v0\n");
    for n in 1..60 {
        writeln!(text, "unit v{n} = 1_000_000_000_000 v{}", n - 1).unwrap();
    }
    assert!(one(&text).contains(&"P312"));
}

#[test]
fn a_chain_of_definitions_does_not_exhaust_the_stack() {
    let mut text = String::new();
    for n in 0..3_000 {
        writeln!(text, "let x{n} = x{}", n + 1).unwrap();
    }
    writeln!(text, "let x3000 = 1").unwrap();
    assert!(one(&text).contains(&"P206"));
}

#[test]
fn constants_that_square_themselves_are_refused() {
    let mut text = String::from("let x0 = 3\n");
    for n in 1..50 {
        writeln!(text, "let x{n} = x{0} * x{0}", n - 1).unwrap();
    }
    assert!(one(&text).contains(&"P420"));
}

#[test]
fn formulas_that_unfold_without_end_run_out_of_budget() {
    let mut text = String::from("formula f0(x: ratio) = x + 1%\n");
    for n in 1..40 {
        writeln!(text, "formula f{n}(x: ratio) = f{0}(x) + f{0}(x)", n - 1).unwrap();
    }
    text.push_str("let y = f39(1%)\n");
    assert!(one(&text).contains(&"P312"));
}

#[test]
fn modules_that_import_each_other_are_told_so() {
    let found = codes(&[
        ("a.price", "use b (y)\nlet x = 1\n"),
        ("b.price", "use c (z)\nlet y = 1\n"),
        ("c.price", "use a (x)\nlet z = 1\n"),
    ]);
    assert_eq!(found, ["P204", "P204", "P204"]);
}

#[test]
fn a_price_with_too_many_cells_is_refused() {
    let labels = |p: &str| (0..400).map(|n| format!("{p}{n}")).collect::<Vec<_>>().join(" | ");
    let text = format!(
        "use std.units (call)\nuse std.currencies (USD)\ndimension a = {}\ndimension b = {}\n\
         event e {{ a: a, b: b }}\nmeter m = count of e in call by a, b\n\
         ratecard r version 1 {{\n  currency USD\n  rounding each line half-up to cents\n  price p on m by a, b = $1.00 per call\n}}\n",
        labels("x"),
        labels("y")
    );
    assert_eq!(one(&text), ["P312"]);
}

#[test]
fn a_thousand_tiers_are_fine_and_ten_thousand_are_refused() {
    let card = |tiers: usize| {
        let mut text = String::from(
            "use std.units (call)\nuse std.currencies (USD)\nevent e { x: text }\nmeter m = count of e in call\n\
             ratecard r version 1 {\n  currency USD\n  rounding each line half-up to cents\n  price p on m {\n    graduated per call {\n",
        );
        for n in 1..tiers {
            writeln!(text, "      up to {n} call $0.{:05}", 99_999 - n).unwrap();
        }
        text.push_str("      beyond $0.00001\n    }\n  }\n}\n");
        text
    };
    assert_eq!(one(&card(1_000)), [] as [&str; 0]);
    assert_eq!(one(&card(10_000)), ["P312"]);
}
