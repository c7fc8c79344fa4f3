//! Runs the programs that the documentation and `tests/constructs` show.

use crate::program::engines;
use price_diagnostics::Diagnostic;
use price_driver::{Outcome, TestRunner, Workspace};

/// Findings as lines of text.
pub fn show(findings: &[Diagnostic]) -> String {
    let lines: Vec<String> = findings
        .iter()
        .map(|d| {
            let labels: Vec<&str> = d.labels.iter().map(|l| l.message.as_str()).collect();
            format!("    {} {} [{}] {}", d.code, d.message, labels.join("; "), d.help.as_deref().unwrap_or(""))
        })
        .collect();
    lines.join("\n")
}

/// Runs the tests of a program on every engine; gives their titles, and what failed. `place` is
/// where the program stands.
pub fn run(place: &str, workspace: &Workspace) -> (Vec<String>, Vec<String>) {
    let engines = engines();
    let mut runner = TestRunner::new(workspace, &engines);
    let (mut titles, mut failures) = (Vec::new(), Vec::new());
    for (file, tests) in workspace.tests() {
        let text = &workspace.source(file).text;
        for case in &tests.cases {
            titles.push(case.title.clone());
            let wrong = match runner.run(file, case).outcome {
                Outcome::Passed => continue,
                Outcome::Pending => "an amount is still `?`".to_owned(),
                Outcome::Differ(difference) => format!("{:?} differ: {}", difference.engines, difference.what),
                Outcome::Failed(failures) => {
                    let reasons: Vec<String> = failures
                        .iter()
                        .map(|f| {
                            let at = f.span.start as usize..f.span.end as usize;
                            format!("`{}`: {}", text.get(at).unwrap_or(""), f.reason)
                        })
                        .collect();
                    reasons.join("; ")
                }
            };
            failures.push(format!("{place}: test \"{}\": {wrong}", case.title));
        }
    }
    (titles, failures)
}
