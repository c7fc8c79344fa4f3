//! The tables of ARCHITECTURE.md against what Cargo reports: who imports whom, and who owns which
//! package from outside.

use serde_json::Value;
use std::collections::{BTreeMap, BTreeSet};
use std::process::Command;

/// Packages that appear only in the crates named.
const OWNERS: [(&str, &[&str]); 19] = [
    ("pest", &["price-syntax"]),
    ("pest_derive", &["price-syntax"]),
    ("salsa", &["price-analysis"]),
    ("cranelift-codegen", &["price-jit"]),
    ("cranelift-frontend", &["price-jit"]),
    ("cranelift-jit", &["price-jit"]),
    ("cranelift-module", &["price-jit"]),
    ("cranelift-native", &["price-jit"]),
    ("arrow", &["price-ingest"]),
    ("parquet", &["price-ingest"]),
    ("clap", &["price-cli"]),
    ("axum", &["price-server", "price-playground"]),
    ("tokio", &["price-server", "price-lsp", "price-playground"]),
    ("tower-lsp", &["price-lsp"]),
    ("maud", &["price-cli", "price-documents"]),
    ("krilla", &["price-pdf"]),
    ("plotters", &["price-plot"]),
    ("hyper", &["price-server"]),
    ("ureq", &["price-cli", "price-webhooks"]),
];

/// May use anything, and nothing uses them.
const OUTSIDE: [&str; 2] = ["price-tests", "price-benches"];

fn root() -> std::path::PathBuf {
    std::path::Path::new(env!("CARGO_MANIFEST_DIR")).join("..")
}

/// Packages of the workspace with what they depend on outside of tests.
fn packages() -> BTreeMap<String, BTreeSet<String>> {
    let mut cargo = Command::new(env!("CARGO"));
    cargo.args(["metadata", "--format-version", "1", "--no-deps", "--offline"]).current_dir(root());
    let output = cargo.output().expect("cargo runs");
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    let metadata: Value = serde_json::from_slice(&output.stdout).expect("cargo writes JSON");
    let text = |value: &Value| value.as_str().expect("a text").to_owned();
    let of = |package: &Value| {
        let all = package["dependencies"].as_array().expect("a list").iter();
        let used = all.filter(|dependency| dependency["kind"] != "dev").map(|dependency| text(&dependency["name"]));
        (text(&package["name"]), used.collect())
    };
    metadata["packages"].as_array().expect("a list").iter().map(of).collect()
}

/// The rows of the table, in order.
fn table() -> Vec<(String, BTreeSet<String>)> {
    let text = std::fs::read_to_string(root().join("ARCHITECTURE.md")).expect("ARCHITECTURE.md is there");
    let (_, section) = text.split_once("## Who may import whom").expect("the section is there");
    let section = section.split("\n## ").next().unwrap_or_default();
    let rows = section.lines().filter(|line| line.starts_with("| price-"));
    let row = |line: &str| {
        let mut cells = line.trim_matches('|').split('|').map(str::trim);
        let name = cells.next().unwrap_or_default().to_owned();
        let may = cells.next().unwrap_or_default().split(',').map(|name| name.trim().to_owned());
        (name, may.filter(|name| !name.is_empty()).collect())
    };
    rows.map(row).collect()
}

#[test]
fn crates_import_what_the_table_allows() {
    let (packages, table) = (packages(), table());
    let named: BTreeSet<&String> = table.iter().map(|(name, _)| name).collect();
    assert_eq!(packages.keys().collect::<BTreeSet<_>>(), named, "the table has a row for each crate");
    let mut above: BTreeSet<&String> = BTreeSet::new();
    for (name, may) in &table {
        let ours = packages[name].iter().filter(|used| packages.contains_key(*used));
        if OUTSIDE.contains(&name.as_str()) {
            assert!(packages.values().all(|used| !used.contains(name)), "nothing uses {name}");
            continue;
        }
        for used in ours {
            assert!(may.contains(used), "{name} uses {used}, and the table does not allow it");
        }
        for allowed in may {
            assert!(above.contains(allowed), "{allowed} stands above {name} in the table");
        }
        above.insert(name);
    }
}

#[test]
fn packages_from_outside_stay_with_their_owners() {
    let text = std::fs::read_to_string(root().join("ARCHITECTURE.md")).expect("ARCHITECTURE.md is there");
    for (name, used) in packages() {
        for (package, owners) in OWNERS {
            assert!(text.contains(package.split(['-', '_']).next().unwrap_or(package)), "{package} is in the text");
            let may = owners.contains(&name.as_str()) || OUTSIDE.contains(&name.as_str());
            assert!(may || !used.contains(package), "{name} uses {package}, which belongs to {owners:?}");
        }
    }
}
