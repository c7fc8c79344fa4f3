//! Test results as one JSON object. Keys are sorted, amounts are text.

use crate::verbs::test::{Ran, position};
use price_driver::{Coverage, Outcome, Workspace};
use serde::Serialize;

#[derive(Serialize)]
struct Report<'r> {
    #[serde(skip_serializing_if = "Vec::is_empty")]
    coverage: Vec<CoverageOut<'r>>,
    format_version: &'static str,
    summary: Summary,
    tests: Vec<TestOut<'r>>,
}

#[derive(Serialize)]
struct CoverageOut<'r> {
    lines: Vec<CoverageLine>,
    met: usize,
    of: usize,
    percent: usize,
    subject: &'r str,
}

#[derive(Serialize)]
struct CoverageLine {
    met: usize,
    missing: Vec<String>,
    name: String,
    of: usize,
}

#[derive(Serialize)]
struct Summary {
    failed: usize,
    passed: usize,
    pending: usize,
}

#[derive(Serialize)]
struct TestOut<'r> {
    failures: Vec<FailureOut>,
    file: &'r str,
    line: u32,
    outcome: &'static str,
    subject: &'r str,
    title: &'r str,
}

#[derive(Serialize)]
struct FailureOut {
    expected: Option<String>,
    got: Option<String>,
    line: u32,
    message: String,
}

/// The text of a run.
pub fn render(ran: &[Ran], coverage: &[Coverage], workspace: &Workspace) -> String {
    let count = |word: &str| ran.iter().filter(|test| word_of(&test.report.outcome) == word).count();
    let report = Report {
        coverage: coverage.iter().map(coverage_out).collect(),
        format_version: "1.0",
        summary: Summary {
            failed: count("failed") + count("engines-differ"),
            passed: count("passed"),
            pending: count("pending"),
        },
        tests: ran.iter().map(|test| test_out(test, workspace)).collect(),
    };
    serde_json::to_string_pretty(&report).unwrap_or_default() + "\n"
}

/// `passed`, `failed`, `pending` or `engines-differ`.
pub fn word_of(outcome: &Outcome) -> &'static str {
    match outcome {
        Outcome::Passed => "passed",
        Outcome::Failed(_) => "failed",
        Outcome::Pending => "pending",
        Outcome::Differ(_) => "engines-differ",
    }
}

fn coverage_out(of: &Coverage) -> CoverageOut<'_> {
    let total = of.total();
    let line = |line: price_driver::LineCoverage| {
        let total = line.total();
        CoverageLine { met: total.met, missing: line.missing, name: line.name, of: total.all }
    };
    CoverageOut {
        lines: of.lines().into_iter().map(line).collect(),
        met: total.met,
        of: total.all,
        percent: total.percent(),
        subject: of.subject(),
    }
}

fn test_out<'r>(test: &'r Ran, workspace: &'r Workspace) -> TestOut<'r> {
    let report = &test.report;
    let failures = match &report.outcome {
        Outcome::Failed(failures) => failures
            .iter()
            .map(|failure| {
                let (expected, got) = match &failure.reason {
                    price_driver::Reason::Amount { expected, got, .. } => (Some(expected.clone()), Some(got.clone())),
                    price_driver::Reason::Text(_) => (None, None),
                };
                let line = position(workspace, failure.span).0;
                FailureOut { expected, got, line, message: failure.reason.to_string() }
            })
            .collect(),
        Outcome::Pending => report
            .fills
            .iter()
            .map(|(span, amount)| FailureOut {
                expected: None,
                got: Some(amount.clone()),
                line: position(workspace, *span).0,
                message: "no amount is written yet".to_owned(),
            })
            .collect(),
        Outcome::Differ(difference) => vec![FailureOut {
            expected: None,
            got: None,
            line: position(workspace, report.span).0,
            message: format!("the engines do not agree on {}", difference.what),
        }],
        Outcome::Passed => Vec::new(),
    };
    TestOut {
        failures,
        file: &workspace.source(report.file).name,
        line: position(workspace, report.span).0,
        outcome: word_of(&report.outcome),
        subject: &report.subject,
        title: &report.title,
    }
}
