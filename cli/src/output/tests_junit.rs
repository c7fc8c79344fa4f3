//! Test results as JUnit XML: one suite per file, one case per test.

use crate::verbs::test::{Ran, place};
use price_driver::{Outcome, Workspace};
use quick_junit::{NonSuccessKind, Report, TestCase, TestCaseStatus, TestSuite};

/// The text of a run.
pub fn render(ran: &[Ran], workspace: &Workspace) -> String {
    let mut report = Report::new("price test");
    let mut suites: Vec<TestSuite> = Vec::new();
    for test in ran {
        let name = &workspace.source(test.report.file).name;
        if suites.last().is_none_or(|suite| suite.name.as_str() != name) {
            suites.push(TestSuite::new(name.as_str()));
        }
        let Some(suite) = suites.last_mut() else { continue };
        suite.add_test_case(case(test, workspace));
    }
    report.add_test_suites(suites);
    report.to_string().map(|text| text + "\n").unwrap_or_default()
}

fn case(test: &Ran, workspace: &Workspace) -> TestCase {
    let outcome = &test.report.outcome;
    let text = match outcome {
        Outcome::Passed => None,
        Outcome::Pending => Some("an amount is still `?`".to_owned()),
        Outcome::Differ(difference) => Some(format!("the engines do not agree on {}", difference.what)),
        Outcome::Failed(failures) => {
            let lines = failures.iter().map(|f| format!("{}: {}", place(workspace, f.span), f.reason));
            Some(lines.collect::<Vec<_>>().join("\n"))
        }
    };
    let status = match text {
        None => TestCaseStatus::success(),
        Some(text) => {
            let kind =
                if matches!(outcome, Outcome::Differ(_)) { NonSuccessKind::Error } else { NonSuccessKind::Failure };
            let mut status = TestCaseStatus::non_success(kind);
            status.set_message(text.lines().next().unwrap_or_default());
            status.set_description(text);
            status
        }
    };
    let mut case = TestCase::new(test.report.title.as_str(), status);
    case.set_classname(test.report.subject.as_str());
    case.set_time(test.took);
    case
}
