//! Every construct and example as text, and the months in which the rules of a plan stand still.

use price_driver::MemoryWorld;
use price_ir::Plan;
use price_ir::bill::days;
use price_value::Date;
use std::path::Path;

/// Path and text of each construct and example, sorted.
pub fn sources() -> Vec<(String, String)> {
    let root = Path::new(env!("CARGO_MANIFEST_DIR"));
    let mut all = Vec::new();
    for folder in ["constructs", "../examples", "../examples/scenarios"] {
        for entry in std::fs::read_dir(root.join(folder)).expect("a folder") {
            let path = entry.expect("an entry").path();
            if path.extension().is_some_and(|end| end == "price") {
                all.push((path.display().to_string(), std::fs::read_to_string(&path).expect("a text")));
            }
        }
    }
    all.sort();
    all
}

/// A world with the tables that they read.
pub fn data(mut world: MemoryWorld) -> MemoryWorld {
    let root = Path::new(env!("CARGO_MANIFEST_DIR"));
    for folder in ["constructs/data", "../examples/data"] {
        for entry in std::fs::read_dir(root.join(folder)).expect("a folder") {
            let path = entry.expect("an entry").path();
            let name = path.file_name().expect("a name").to_string_lossy().into_owned();
            world = world.with(&format!("data/{name}"), std::fs::read(&path).expect("a file"));
        }
    }
    world
}

/// The first month from a day on in which nothing changes.
pub fn month(plan: &Plan, day: Option<Date>) -> Option<Date> {
    let from = day.unwrap_or(Date::new(2026, 1, 1)?);
    let first = Date::new(from.year(), from.month(), 1)?;
    let first = if first == from { first } else { first.add_months(1, 1) };
    let until = first.add_months(1, 1);
    let calm = days(plan).into_iter().flatten().all(|change| change <= first || change >= until);
    calm.then_some(first)
}
