//! Each module of the standard library is faultless and documented.

use price_diagnostics::FileId;
use price_stdlib::FILES;
use price_syntax::ast::ItemKind;
use std::collections::BTreeSet;

#[test]
fn each_module_parses_without_findings() {
    for (number, (path, text)) in FILES.iter().enumerate() {
        let parse = price_syntax::parse(FileId(number as u32), text);
        assert!(parse.diagnostics.is_empty(), "{path}: {:?}", parse.diagnostics);
        assert!(!parse.ast.items.is_empty(), "{path} is empty");
    }
}

#[test]
fn names_are_unique_and_documented() {
    for (number, (path, text)) in FILES.iter().enumerate() {
        let parse = price_syntax::parse(FileId(number as u32), text);
        let mut names = BTreeSet::new();
        for item in &parse.ast.items {
            let name = item.name().map(|n| n.text.clone()).unwrap_or_default();
            assert!(names.insert(name.clone()), "{path}: `{name}` is there twice");
            assert!(!item.docs.is_empty(), "{path}: `{name}` has no documentation");
            if let ItemKind::Unit(unit) = &item.kind {
                for alias in &unit.aliases {
                    assert!(names.insert(alias.text.clone()), "{path}: `{}` is there twice", alias.text);
                }
            }
        }
    }
}

#[test]
fn currencies_have_the_decimals_of_the_standard() {
    let (_, text) = FILES.iter().find(|(path, _)| *path == "std/currencies.price").expect("currencies are there");
    let decimals = |code: &str| {
        let line = text.lines().find(|l| l.starts_with(&format!("currency {code} "))).unwrap_or_default();
        line.rsplit(' ').next().unwrap_or_default().to_string()
    };
    for (code, expected) in [("USD", "2"), ("JPY", "0"), ("KRW", "0"), ("KWD", "3"), ("BHD", "3"), ("CLF", "4")] {
        assert_eq!(decimals(code), expected, "{code}");
    }
}
