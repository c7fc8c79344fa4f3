//! Every engine answers the `.ir` files alike.

use price_interp::InterpFactory;
use price_tests::irtest::run_directory;
use std::path::Path;

fn directory() -> &'static Path {
    Path::new(concat!(env!("CARGO_MANIFEST_DIR"), "/ir"))
}

#[test]
fn the_interpreter_answers_the_ir_files() {
    let runs = run_directory(directory(), &InterpFactory).unwrap_or_else(|failures| panic!("{}", failures.join("\n")));
    assert!(runs > 50, "only {runs} questions");
}
