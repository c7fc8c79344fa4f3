//! What the tests of this crate share.
#![allow(dead_code, reason = "each test file uses a part")]

use std::path::{Path, PathBuf};

/// The texts that are read without a finding: our own files, the examples, the standard library.
pub fn good_files() -> Vec<(String, String)> {
    let here = Path::new(env!("CARGO_MANIFEST_DIR"));
    let mut out = Vec::new();
    for folder in ["tests/files", "../../examples", "../../stdlib"] {
        for path in sorted(&here.join(folder)) {
            if path.extension().is_some_and(|extension| extension == "price") {
                let text = std::fs::read_to_string(&path).expect("the file can be read");
                out.push((path.display().to_string(), text));
            }
        }
    }
    out
}

/// The entries of a folder by name.
pub fn sorted(folder: &Path) -> Vec<PathBuf> {
    let entries = std::fs::read_dir(folder).expect("the folder can be read");
    let mut paths: Vec<PathBuf> = entries.filter_map(|entry| Some(entry.ok()?.path())).collect();
    paths.sort();
    paths
}

/// Compares with a file, or writes the file if `PRICE_BLESS` is set.
pub fn assert_file(path: &Path, written: &str) {
    if std::env::var_os("PRICE_BLESS").is_some() {
        std::fs::write(path, written).expect("the file can be written");
    }
    let expected = std::fs::read_to_string(path).unwrap_or_default();
    assert_eq!(written, expected, "{}: run with PRICE_BLESS=1 if this is meant", path.display());
}
