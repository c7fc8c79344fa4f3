//! What every code outside the language says, in one golden; and that every registered code has
//! one somewhere.

use crate::{Place, repository};
use price_diagnostics::codes::CODES;
use price_driver::{LoadError, SubjectError, WorldError};
use price_ingest::IngestError;
use price_ir::ArtefactError;
use price_rating::RejectReason;
use std::collections::BTreeMap;
use std::fmt::Write;
use std::io;
use std::path::Path;

fn rejects() -> Vec<RejectReason> {
    use RejectReason::*;
    let s = String::from;
    let fault = |fault| Fault { fault, sink: s("egress") };
    vec![
        Missing { field: s("bytes") },
        NotANumber { field: s("bytes"), found: s("`many`") },
        TooManyDecimals { field: s("amount"), found: s("1.005"), decimals: 2 },
        Negative { field: s("bytes"), found: s("-5") },
        OutOfRange { field: s("bytes"), found: s("99999999999999999999"), decimals: 0 },
        UnknownUnit { field: s("bytes"), unit: s("km"), accepted: s("byte, GB or TB") },
        UnknownLabel { field: s("region"), label: s("ue"), dimension: s("region"), help: s("; did you mean `eu`?") },
        NotText { field: s("path"), found: s("a number") },
        NotAFlag { field: s("answered"), found: s("`maybe`") },
        NotAFamily { field: s("tokens"), dimension: s("kind"), example: s("input"), found: s("a number") },
        TextTooLong { field: s("path"), bytes: 70_000, max: 65_536 },
        UnknownField { event: s("transfer"), field: s("byts"), help: s("; did you mean `bytes`?") },
        Twice { field: s("bytes") },
        LookedUp { field: s("zone"), from: s("number") },
        TooManyLabels { field: s("project"), max: 1_000_000 },
        Malformed { problem: s("expected `,` or `}` at column 12") },
        UnknownEvent { name: s("tranfer"), help: s("; did you mean `transfer`?") },
        NoAttribute { attribute: "time" },
        BadTime { problem: s("`yesterday` is not an RFC 3339 time such as 2026-03-01T09:00:00Z") },
        Differs { source_name: s("meter-7"), id: s("42") },
        OutsidePlan { plan: s("starter") },
        NotSubscribed { account: s("acme") },
        OutOfOrder,
        TooFar,
        TooLate { period: "2026-01-01".parse().expect("a date"), closed: "2026-02-04".parse().expect("a date") },
        fault(price_ir::Fault::NotSold),
        fault(price_ir::Fault::NegativeQuantity),
        fault(price_ir::Fault::NotExact),
        fault(price_ir::Fault::Missing),
        fault(price_ir::Fault::Overflow),
    ]
}

fn ingest() -> Vec<IngestError> {
    use IngestError::*;
    let s = String::from;
    let cause = || io::Error::other("no space left on device");
    vec![
        Read { file: s("usage.ndjson"), cause: cause() },
        UnknownFormat { file: s("usage.dat") },
        Compressed { file: s("usage.gz"), kind: "gzip" },
        Header { file: s("usage.csv"), problem: s("the column `bytes` is there twice") },
        Document { file: s("usage.json"), line: 12, problem: s("the list ends inside a record") },
        Parquet { file: s("usage.parquet"), problem: s("it ends before its footer") },
        Column {
            file: s("usage.parquet"),
            column: s("amount"),
            found: s("a binary fraction"),
            mend: s("write it as DECIMAL"),
        },
        Spill(cause()),
        SpillDamaged("a length is wrong"),
        TooMany { what: "accounts", max: 10_000_000, mend: "rate the files one after the other" },
        Mapping { text: s("bytes=size=length"), problem: s("one name stands for one of ours") },
        Subscription { file: s("subscriptions.csv"), line: 3, problem: s("`2026-02-30` is not a date") },
        Write(cause()),
        Stopped(s("the reader of these rows stopped").into()),
        Bug { file: s("usage.parquet"), problem: s("a page was asked for twice") },
    ]
}

fn load() -> Vec<LoadError> {
    use LoadError::*;
    let path = || String::from("plans/zones.csv");
    vec![
        Missing { path: path() },
        NotSource { path: path() },
        Empty { path: path() },
        Read { path: path(), cause: WorldError::Other("permission denied".into()) },
        SeedNotText { path: path() },
        SeedTooLarge { path: path() },
        TooMany,
        Lock {
            path: "price.lock".into(),
            cause: price_driver::Lock::parse("form = 2\n").expect_err("a field is missing"),
        },
    ]
}

fn subjects() -> Vec<SubjectError> {
    use SubjectError::*;
    let known = || vec![String::from("starter"), String::from("pro")];
    vec![
        Nothing,
        Unknown { name: "statrer".into(), known: known(), near: Some("starter".into()) },
        Ambiguous { known: known() },
        Faulty { name: "starter".into(), diagnostics: Vec::new() },
        Bug { name: "starter".into(), problem: "line calls: there is no sink 4".into() },
    ]
}

fn artefacts() -> Vec<ArtefactError> {
    use ArtefactError::*;
    vec![
        NotAnArtefact,
        Version { found: 9 },
        Length { expected: 4096, found: 1024 },
        Altered,
        TooLarge,
        Content("a list is longer than it says".into()),
        Hash,
        Invalid(vec!["line calls: there is no sink 4".into()]),
        Io(io::Error::other("permission denied")),
    ]
}

#[test]
fn errors_are_said_as_they_were() {
    let mut said: BTreeMap<&str, String> = BTreeMap::new();
    let mut say = |code: &'static str, text: String| {
        assert!(said.insert(code, text).is_none(), "{code} is said twice");
    };
    rejects().iter().for_each(|e| say(e.code(), e.to_string()));
    ingest().iter().for_each(|e| say(e.code(), e.to_string()));
    load().iter().for_each(|e| say(e.code(), format!("{e}\n     help: {}", e.help())));
    subjects().iter().for_each(|e| say(e.code(), format!("{e}\n     help: {}", e.help())));
    artefacts().iter().for_each(|e| say(e.code(), e.to_string()));
    let mut text = String::new();
    for (code, message) in said {
        let _ = writeln!(text, "{code} {message}");
    }
    insta::assert_snapshot!("errors", text);
}

/// Findings of whole files, whose examples do not fit a page.
#[test]
fn files_are_refused_as_they_were() {
    let place = Place::new();
    std::fs::write(place.path().join("latin1.price"), b"# caf\xe9\n").expect("written");
    place.file("large.price", &"# much\n".repeat(1_300_000));
    place.file("long.price", &format!("# {}\n", "x".repeat(9_000)));
    place.file("foreign.price", &"fuction main\n".repeat(600));
    place.file("prices.price", "use discounts (launch)\nlet list = $2.00\n");
    place.file("discounts.price", "use prices (list)\nlet launch = $1.00\n");
    let mut said = String::new();
    for (file, code) in [
        ("latin1.price", "P001"),
        ("large.price", "P010"),
        ("long.price", "P011"),
        ("foreign.price", "P015"),
        ("prices.price", "P204"),
    ] {
        let ran = place.run(&["check", file]);
        assert_eq!(ran.code, 1, "{file}: {}", ran.err);
        let start = ran.out.find(&format!("[{code}]")).unwrap_or_else(|| panic!("{file}: {}", ran.out));
        let finding = ran.out[start..].split_inclusive("\n\n").next().unwrap_or_default();
        // Long lines are cut: what they hold is no matter.
        finding.lines().for_each(|line| {
            let _ = writeln!(said, "{}", line.chars().take(100).collect::<String>().trim_end());
        });
        said.push('\n');
    }
    insta::assert_snapshot!("files", said);
}

/// All goldens of the repository, as one text.
fn goldens(folder: &Path, out: &mut String) {
    for entry in std::fs::read_dir(folder).expect("a folder").filter_map(Result::ok) {
        let path = entry.path();
        let name = path.file_name().and_then(|n| n.to_str()).unwrap_or_default();
        if path.is_dir() {
            goldens(&path, out);
        } else if name.ends_with(".txt") || name.ends_with(".snap") {
            out.push_str(&std::fs::read_to_string(&path).expect("a golden is text"));
        }
    }
}

#[test]
fn every_code_has_a_golden() {
    let mut text = String::new();
    let folders =
        ["tests/golden", "cli/tests", "compiler/analysis/tests", "compiler/syntax/tests", "compiler/driver/tests"];
    for folder in folders {
        goldens(&repository(folder), &mut text);
    }
    let said = |code: &str| text.contains(&format!("[{code}]")) || text.contains(&format!("\n{code} "));
    let missing: Vec<&str> = CODES.iter().map(|info| info.code).filter(|code| !said(code)).collect();
    assert!(missing.is_empty(), "no golden shows {missing:?}");
}
