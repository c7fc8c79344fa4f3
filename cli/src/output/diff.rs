//! Unified differences.

use crate::shell::Paint;
use similar::{ChangeTag, TextDiff};

/// The difference of two texts of one file, three lines of context around each change.
pub fn unified(name: &str, before: &str, after: &str, paint: Paint) -> String {
    let diff = TextDiff::from_lines(before, after);
    let mut out = format!("{}\n{}\n", paint.bold(format!("--- {name}")), paint.bold(format!("+++ {name}")));
    for hunk in diff.unified_diff().context_radius(3).iter_hunks() {
        out.push_str(&format!("{}\n", paint.dim(hunk.header())));
        for change in hunk.iter_changes() {
            let line = change.value().trim_end_matches('\n');
            out.push_str(&match change.tag() {
                ChangeTag::Delete => paint.bad(format!("-{line}")),
                ChangeTag::Insert => paint.good(format!("+{line}")),
                ChangeTag::Equal => format!(" {line}"),
            });
            out.push('\n');
        }
    }
    out
}
