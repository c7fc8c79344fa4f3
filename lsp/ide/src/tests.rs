//! Tests of a file, run where they stand.

use crate::ide::{Ide, TextEdit};
use crate::limits;
use price_diagnostics::{FileId, Span};
use price_driver::{Outcome, Reason, TestRunner, question_mark};
use price_interp::InterpFactory;
use price_ir::KernelFactory;
use std::sync::Arc;

/// How a test ended.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum TestResult {
    /// As expected.
    Passed,
    /// Amounts are still `?`.
    Pending,
    /// Not as expected: where, and in what way.
    Failed(Vec<(Span, String)>),
}

/// What became of a test, or of a row of a test table.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct TestCaseReport {
    /// Its title.
    pub title: String,
    /// Where the title, or the row, stands.
    pub span: Span,
    /// How it ended.
    pub result: TestResult,
    /// What belongs in the place of each `?`.
    pub fills: Vec<TextEdit>,
}

impl Ide {
    /// Runs the tests of a file that touch a stretch of it, on the reference engine.
    #[must_use]
    pub fn run_tests(&self, file: FileId, within: Option<Span>) -> Vec<TestCaseReport> {
        let workspace = self.workspace();
        let Some(input) = workspace.input(workspace.source(file)) else { return Vec::new() };
        let tests = price_analysis::test_file(workspace.db(), input, workspace.file(file)).clone();
        let engines: [Arc<dyn KernelFactory>; 1] = [Arc::new(InterpFactory)];
        let mut runner = TestRunner::new(workspace, &engines);
        let wanted = |span: Span| within.is_none_or(|within| span.start < within.end && within.start < span.end);
        let cases = tests.cases.iter().filter(|case| wanted(case.span)).take(limits::TESTS);
        let mut reports = Vec::new();
        for case in cases {
            let report = runner.run(file, case);
            let result = match report.outcome {
                Outcome::Passed => TestResult::Passed,
                Outcome::Pending => TestResult::Pending,
                Outcome::Failed(failures) => TestResult::Failed(
                    failures.into_iter().map(|failure| (failure.span, said(&failure.reason))).collect(),
                ),
                Outcome::Differ(difference) => TestResult::Failed(vec![(case.span, difference.what)]),
            };
            let text = self.text(file);
            let fill = |(span, amount)| Some(TextEdit { span: question_mark(text, span)?, text: amount });
            let fills = report.fills.into_iter().filter_map(fill).collect();
            reports.push(TestCaseReport { title: report.title, span: report.span, result, fills });
        }
        reports
    }
}

fn said(reason: &Reason) -> String {
    reason.to_string()
}
