//! Test results for people.

use crate::output::{explanation, money};
use crate::shell::Paint;
use crate::verbs::test::{Ran, place};
use price_driver::{Coverage, LineCoverage, Outcome, Reason, Tally, Workspace};

/// One file's tests.
pub fn file(name: &str, ran: &[Ran], workspace: &Workspace, all: bool, paint: Paint) -> String {
    let mut out = String::new();
    for test in ran {
        let report = &test.report;
        let title = &report.title;
        match &report.outcome {
            Outcome::Passed if all => out.push_str(&format!("  {} {title}\n", paint.good("ok  "))),
            Outcome::Passed => {}
            Outcome::Pending => {
                out.push_str(&format!("  {} {title}\n", paint.warn("?   ")));
                for (span, amount) in &report.fills {
                    out.push_str(&format!("       {amount}  {}\n", paint.dim(place(workspace, *span))));
                }
            }
            Outcome::Failed(failures) => {
                out.push_str(&format!("  {} {title}\n", paint.bad("FAIL")));
                for failure in failures {
                    let at = place(workspace, failure.span);
                    out.push_str(&format!("       {}  {}\n", paint.bold(&failure.reason), paint.dim(at)));
                    if let (Reason::Amount { trace: Some(trace), .. }, Some(currency)) =
                        (&failure.reason, &test.currency)
                    {
                        let text = explanation::render(trace, currency, paint);
                        out.extend(text.lines().map(|line| format!("         {line}\n")));
                    }
                }
            }
            Outcome::Differ(difference) => {
                let (a, b) = &difference.engines;
                out.push_str(&format!("  {} {title}\n", paint.bad("ENGINES DIFFER")));
                out.push_str(&format!("       {a} and {b} do not agree on {}\n", difference.what));
                out.push_str("       this is a bug in price; please report it with this file\n");
            }
        }
    }
    if out.is_empty() { out } else { format!("{}\n{out}", paint.bold(name)) }
}

/// Coverage of one plan.
pub fn coverage(of: &Coverage, paint: Paint) -> String {
    let total = of.total();
    let mut out = format!("{} {}%\n", paint.bold(format!("coverage of {}", of.subject())), total.percent());
    let head = ["", "used", "tiers", "boundaries", "cells", "overrides"];
    out.push_str(&paint.dim(row(head[0], &head[1..])));
    out.push('\n');
    for line in of.lines() {
        let LineCoverage { name, tiers, cells, boundaries, overrides, used, missing } = &line;
        let counts: Vec<String> = [used, tiers, boundaries, cells, overrides].into_iter().map(tally).collect();
        let counts: Vec<&str> = counts.iter().map(String::as_str).collect();
        out.push_str(&row(name, &counts));
        out.push('\n');
        for what in missing.iter().take(5) {
            out.push_str(&paint.dim(format!("    not reached: {what}")));
            out.push('\n');
        }
        if missing.len() > 5 {
            out.push_str(&paint.dim(format!("    and {} more", missing.len() - 5)));
            out.push('\n');
        }
    }
    out
}

fn tally(tally: &Tally) -> String {
    if tally.all == 0 { "-".to_owned() } else { format!("{}/{}", tally.met, tally.all) }
}

fn row(name: &str, counts: &[&str]) -> String {
    let mut line = money::left(&format!("  {name}"), 26);
    for count in counts {
        line.push_str(&money::right(count, 11));
    }
    line.trim_end().to_owned()
}
