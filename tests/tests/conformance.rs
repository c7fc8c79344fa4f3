//! The cases of other billing engines rate as they are told, and what is not said in our
//! language is known by name. `UPDATE_GOLDEN=1` writes the table anew.

use price_tests::conformance::{Verdict, judge, load, run_files};
use serde_json::Value;
use std::path::{Path, PathBuf};

fn files() -> Vec<PathBuf> {
    let own = Path::new(env!("CARGO_MANIFEST_DIR")).join("data/peers");
    ["flexprice", "killbill", "lago", "meteroid", "openmeter"].map(|n| own.join(format!("{n}.json"))).into()
}

#[test]
fn the_table_is_as_known() {
    let report = run_files(&files(), None, None).expect("the cases can be read");
    assert!(report.is_clean(), "{}", report.text());
    let golden = Path::new(env!("CARGO_MANIFEST_DIR")).join("golden/conformance.txt");
    if std::env::var_os("UPDATE_GOLDEN").is_some() {
        std::fs::create_dir_all(golden.parent().expect("it has a folder")).expect("the folder can be made");
        std::fs::write(&golden, report.text()).expect("the golden file can be written");
    }
    let known = std::fs::read_to_string(&golden).expect("the golden file is there");
    assert_eq!(report.text(), known, "write it anew with UPDATE_GOLDEN=1 if this is meant");
    let page = Path::new(env!("CARGO_MANIFEST_DIR")).join("../docs/conformance.md");
    let page = std::fs::read_to_string(page).expect("the page is there");
    for row in report.by_file() {
        assert!(page.contains(&row), "docs/conformance.md lacks {row}");
    }
}

/// Adds one to every number of a result, and says whether there was one.
fn change(value: &mut Value) -> bool {
    match value {
        Value::Array(elements) => elements.iter_mut().map(change).fold(false, |a, b| a | b),
        Value::Object(fields) => fields.values_mut().map(change).fold(false, |a, b| a | b),
        Value::String(text) => match text.parse::<price_value::Rational>() {
            Ok(number) => {
                *text = (number + price_value::Rational::ONE).to_string();
                true
            }
            Err(_) => false,
        },
        Value::Number(number) => match number.as_i64() {
            Some(whole) => {
                *value = Value::from(whole + 1);
                true
            }
            None => false,
        },
        _ => false,
    }
}

#[test]
fn a_changed_result_is_noticed() {
    for path in files() {
        for mut case in load(&path).expect("the cases can be read") {
            if judge(&case).0 != Verdict::Passed || !change(&mut case.expected) {
                continue;
            }
            let verdict = judge(&case).0;
            assert!(matches!(verdict, Verdict::Failed(_)), "{} passes with a changed result", case.id);
        }
    }
}
