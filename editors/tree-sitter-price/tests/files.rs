//! Every example is read without an error, and every broken file with one; the queries fit the
//! grammar.

use std::path::{Path, PathBuf};
use tree_sitter::{Parser, Query, Tree};

fn root() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).to_owned()
}

fn sources(folder: &Path) -> Vec<PathBuf> {
    let mut found = Vec::new();
    for entry in std::fs::read_dir(folder).expect("a folder") {
        let path = entry.expect("an entry").path();
        if path.is_dir() {
            found.extend(sources(&path));
        } else if path.extension().is_some_and(|end| end == "price") {
            found.push(path);
        }
    }
    found.sort();
    found
}

fn parse(path: &Path) -> Tree {
    let mut parser = Parser::new();
    parser.set_language(&price_tree_sitter::LANGUAGE.into()).expect("a grammar of this version");
    let text = std::fs::read_to_string(path).expect("a text");
    parser.parse(text, None).expect("a tree")
}

#[test]
fn examples_and_constructs_are_read() {
    let mut files = sources(&root().join("../../examples"));
    files.extend(sources(&root().join("../../tests/constructs")));
    files.extend(sources(&root().join("../../stdlib")));
    assert!(files.len() > 40, "{}", files.len());
    let wrong: Vec<&PathBuf> = files.iter().filter(|file| parse(file).root_node().has_error()).collect();
    assert!(wrong.is_empty(), "{wrong:?}");
}

#[test]
fn broken_files_are_not() {
    let files = sources(&root().join("test/broken"));
    assert!(files.len() > 10);
    let wrong: Vec<&PathBuf> = files.iter().filter(|file| !parse(file).root_node().has_error()).collect();
    assert!(wrong.is_empty(), "{wrong:?}");
}

#[test]
fn queries_fit_the_grammar() {
    for name in ["highlights", "folds", "indents", "tags", "locals"] {
        let text = std::fs::read_to_string(root().join("queries").join(format!("{name}.scm"))).expect("a query");
        let query = Query::new(&price_tree_sitter::LANGUAGE.into(), &text);
        assert!(query.is_ok_and(|query| query.pattern_count() > 0), "{name}");
    }
}
