//! The outcome of a run as text.

use super::data::Case;
use std::collections::BTreeMap;
use std::fmt::Write;

/// What became of a case.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Verdict {
    /// As the other engine has it.
    Passed,
    /// Not so: the differences.
    Failed(Vec<String>),
    /// Not said in our language: the reason.
    Unsupported(String),
}

/// The outcome of a run.
#[derive(Debug, Clone, Default)]
pub struct Report {
    rows: Vec<(String, String, String, Verdict)>,
}

impl Report {
    /// Adds a verdict on a case of a file.
    pub fn add(&mut self, file: &str, case: &Case, verdict: Verdict) {
        self.rows.push((file.into(), case.kind.clone(), case.id.clone(), verdict));
    }

    /// Whether nothing failed.
    pub fn is_clean(&self) -> bool {
        !self.rows.iter().any(|(.., v)| matches!(v, Verdict::Failed(_)))
    }

    /// Passed, failed, unsupported.
    pub fn totals(&self) -> [usize; 3] {
        let mut totals = [0; 3];
        for (.., verdict) in &self.rows {
            totals[column(verdict)] += 1;
        }
        totals
    }

    /// Passed and not passed by file, then of all, as rows of a page: `| lago | 60 | 10 |`.
    pub fn by_file(&self) -> Vec<String> {
        let mut counts: BTreeMap<&str, [usize; 2]> = BTreeMap::new();
        for (file, .., verdict) in &self.rows {
            counts.entry(file).or_default()[usize::from(*verdict != Verdict::Passed)] += 1;
        }
        let all = counts.values().fold([0, 0], |[p, r], [passed, refused]| [p + passed, r + refused]);
        let rows = counts.into_iter().chain([("all", all)]);
        rows.map(|(file, [passed, refused])| format!("| {file} | {passed} | {refused} |")).collect()
    }

    /// The table by file and kind, what failed, and what is unsupported with its reason.
    pub fn text(&self) -> String {
        let mut counts: BTreeMap<(&str, &str), [usize; 3]> = BTreeMap::new();
        for (file, kind, _, verdict) in &self.rows {
            counts.entry((file, kind)).or_default()[column(verdict)] += 1;
        }
        let mut out = format!("{:<12} {:<28} {:>6} {:>6} {:>11}\n", "file", "kind", "passed", "failed", "unsupported");
        for ((file, kind), [passed, failed, unsupported]) in counts {
            let _ = writeln!(out, "{file:<12} {kind:<28} {passed:>6} {failed:>6} {unsupported:>11}");
        }
        let [passed, failed, unsupported] = self.totals();
        let _ = writeln!(out, "{:<12} {:<28} {passed:>6} {failed:>6} {unsupported:>11}", "all", "");
        for (_, _, id, verdict) in &self.rows {
            if let Verdict::Failed(reasons) = verdict {
                let _ = writeln!(out, "\nfailed {id}");
                for reason in reasons {
                    let _ = writeln!(out, "  {}", reason.replace('\n', "\n  "));
                }
            }
        }
        let mut reasons: BTreeMap<&str, Vec<&str>> = BTreeMap::new();
        for (_, _, id, verdict) in &self.rows {
            if let Verdict::Unsupported(reason) = verdict {
                reasons.entry(reason).or_default().push(id);
            }
        }
        if !reasons.is_empty() {
            out.push_str("\nunsupported\n");
        }
        for (reason, ids) in reasons {
            let _ = writeln!(out, "  {reason}\n    {}", ids.join(" "));
        }
        out
    }
}

fn column(verdict: &Verdict) -> usize {
    match verdict {
        Verdict::Passed => 0,
        Verdict::Failed(_) => 1,
        Verdict::Unsupported(_) => 2,
    }
}
