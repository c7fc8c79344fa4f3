//! Each directory of `tests/golden` is a claim: `input.price` (and `data.csv`), and what the
//! compiler says of it. `PRICE_BLESS=1 cargo test -p price-analysis` writes what is said now.

use price_analysis::{DataFile, Database, File, Workspace, check_file, subjects};
use price_diagnostics::FileId;
use price_diagnostics::render::{Format, RenderOptions, Sources, render};
use std::fs;
use std::path::Path;

struct One<'a>(&'a str);

impl Sources for One<'_> {
    fn name(&self, _: FileId) -> &str {
        "input.price"
    }
    fn text(&self, _: FileId) -> &str {
        self.0
    }
}

fn report(input: &str, data: Option<&str>) -> String {
    let db = Database::default();
    let mut files: Vec<File> = price_stdlib::FILES
        .iter()
        .enumerate()
        .map(|(i, (path, text))| File::new(&db, (*path).to_string(), i as u32 + 1, (*text).to_string()))
        .collect();
    let main = File::new(&db, "input.price".into(), 0, input.to_string());
    files.push(main);
    let data = data.map(|text| DataFile::new(&db, "data.csv".into(), text.to_string())).into_iter().collect();
    let workspace = Workspace::new(&db, files.clone(), data);
    for file in files.iter().filter(|f| **f != main) {
        assert_eq!(check_file(&db, workspace, *file), &[], "the standard library is clean");
    }
    let found = check_file(&db, workspace, main);
    if found.is_empty() {
        let names: Vec<String> = subjects(&db, main).iter().map(|s| format!("{} {}", s.kind, s.name)).collect();
        return format!("nothing to report: {}\n", names.join(", "));
    }
    render(found, &One(input), Format::Full, RenderOptions::default())
}

#[test]
fn the_compiler_says_what_is_expected() {
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/golden");
    let bless = std::env::var_os("PRICE_BLESS").is_some();
    let mut claims: Vec<_> = fs::read_dir(&root).unwrap().map(|e| e.unwrap().path()).collect();
    claims.sort();
    assert!(claims.len() > 10);
    let mut wrong = Vec::new();
    for claim in claims {
        let input = fs::read_to_string(claim.join("input.price")).unwrap();
        let data = fs::read_to_string(claim.join("data.csv")).ok();
        let said = report(&input, data.as_deref());
        let expected = claim.join("expected.txt");
        if bless {
            fs::write(&expected, &said).unwrap();
        } else if fs::read_to_string(&expected).unwrap_or_default() != said {
            wrong.push(format!("{}\n{said}", claim.display()));
        }
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}
