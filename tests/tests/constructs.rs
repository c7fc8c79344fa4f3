//! Each file of `tests/constructs` shows constructs of pricing by worked numbers: it is clean and
//! formatted, begins with what it shows, and its tests pass on every engine.

use price_driver::{MemoryWorld, Workspace, format_text};
use price_tests::examples::{run, show};
use std::fs;
use std::path::Path;

/// Files of a folder as path below `tests/constructs` and text, in order.
fn files(folder: &str, extension: &str) -> Vec<(String, String)> {
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("constructs").join(folder);
    let mut files: Vec<(String, String)> = fs::read_dir(root)
        .expect("the folder exists")
        .filter_map(|entry| {
            let path = entry.ok()?.path();
            let name = path.file_name()?.to_str()?.to_owned();
            let text = fs::read_to_string(&path);
            let below = if folder.is_empty() { name.clone() } else { format!("{folder}/{name}") };
            name.ends_with(extension).then(|| (below, text.expect("a file is UTF-8")))
        })
        .collect();
    files.sort();
    files
}

#[test]
fn worked_numbers_hold_on_both_engines() {
    let data = files("data", ".csv");
    let (mut titles, mut failures) = (Vec::new(), Vec::new());
    for (name, text) in files("", ".price") {
        if !text.starts_with("## ") {
            failures.push(format!("{name}: does not begin with what it shows"));
        }
        match format_text(&name, &text, false) {
            Ok(formatted) if formatted == text => {}
            Ok(_) => failures.push(format!("{name}: is not formatted")),
            Err(found) => failures.push(format!("{name}: cannot be formatted\n{}", show(&found))),
        }
        let mut world = MemoryWorld::new().with(&name, text.as_str());
        for (path, text) in &data {
            world = world.with(path, text.as_str());
        }
        let workspace = match Workspace::load(&world, std::slice::from_ref(&name)) {
            Ok(workspace) => workspace,
            Err(error) => panic!("{name}: {error}"),
        };
        let found = workspace.check();
        if !found.is_empty() {
            failures.push(format!("{name}: findings\n{}", show(&found)));
            continue;
        }
        let (ran, wrong) = run(&name, &workspace);
        titles.extend(ran);
        failures.extend(wrong);
    }
    assert!(failures.is_empty(), "{} are wrong:\n{}", failures.len(), failures.join("\n"));
    // No construct is lost with a file or a title.
    let missing: Vec<&&str> = CONSTRUCTS.iter().filter(|id| !titles.iter().any(|t| t.starts_with(**id))).collect();
    assert!(missing.is_empty(), "no test is about {missing:?}");
}

/// Constructs that are shown, by the name that the titles of their tests begin with: M for
/// metering, P for price functions, A for adjustments, K for commitments, L for changes of
/// contracts, W for wallets.
const CONSTRUCTS: [&str; 76] = [
    "A04", "A05", "A06", "A07", "A10", "A11", "A14", "K01", "K02", "K03", "K04", "K09", "K10", "K11", "K12", "K13",
    "K14", "L03", "L05", "M01", "M03", "M04", "M06", "M09", "M11", "M12", "M15", "M16", "P01", "P02", "P03", "P04",
    "P05", "P06", "P07", "P08", "P09", "P10", "P11", "P12", "P13", "P14", "P15", "P16", "P17", "P18", "P19", "P20",
    "P21", "P22", "P23", "P24", "P25", "P26", "P27", "P28", "P29", "P30", "P32", "P33", "P34", "P35", "P36", "P37",
    "P38", "P39", "P40", "P41", "P42", "P43", "P44", "W04", "W06", "W07", "W08", "W10",
];
