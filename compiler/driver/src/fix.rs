//! Applies the fixes that are certain to mean what was meant.

use crate::limits::FIX_ROUNDS;
use crate::workspace::Workspace;
use price_diagnostics::{Diagnostic, Edit, FileId};

/// What became of one file.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Mended {
    /// The file.
    pub file: FileId,
    /// Its text before.
    pub before: String,
    /// Its text now.
    pub after: String,
    /// What was done, in order: code and title of each fix.
    pub fixes: Vec<(String, String)>,
}

/// Applies the safe fixes to the given files until none is left, in memory. Files without one
/// are not in the answer.
pub fn fix(workspace: &mut Workspace) -> Vec<Mended> {
    let files: Vec<FileId> = workspace.given().map(|(id, _)| id).collect();
    let mut mended = Vec::new();
    for file in files {
        let before = workspace.source(file).text.clone();
        let mut fixes = Vec::new();
        for _ in 0..FIX_ROUNDS {
            let text = workspace.source(file).text.clone();
            let (edits, done) = choose(file, &workspace.check_one(file));
            if edits.is_empty() {
                break;
            }
            let after = splice(&text, edits);
            if after == text {
                break;
            }
            workspace.set_text(file, &after);
            fixes.extend(done);
        }
        let after = workspace.source(file).text.clone();
        if after != before {
            mended.push(Mended { file, before, after, fixes });
        }
    }
    mended
}

/// The safe edits that do not touch each other, earlier findings first.
fn choose(file: FileId, found: &[Diagnostic]) -> (Vec<Edit>, Vec<(String, String)>) {
    let mut edits: Vec<Edit> = Vec::new();
    let mut done = Vec::new();
    for finding in found {
        let Some(fix) = finding.fixes.iter().find(|fix| fix.safe) else { continue };
        let inside = fix.edits.iter().all(|edit| edit.span.file == file);
        let clash = |edit: &Edit| {
            edits.iter().any(|other| edit.span.start <= other.span.end && other.span.start <= edit.span.end)
        };
        if inside && !fix.edits.iter().any(clash) {
            edits.extend(fix.edits.iter().cloned());
            done.push((finding.code.to_string(), fix.title.clone()));
        }
    }
    (edits, done)
}

/// The text with edits that do not overlap.
pub(crate) fn splice(text: &str, mut edits: Vec<Edit>) -> String {
    edits.sort_by_key(|edit| (edit.span.start, edit.span.end));
    let mut out = String::with_capacity(text.len());
    let mut done = 0;
    for edit in edits {
        let (start, end) = (edit.span.start as usize, edit.span.end as usize);
        let (Some(kept), true) = (text.get(done..start), text.is_char_boundary(end.min(text.len()))) else { continue };
        out.push_str(kept);
        out.push_str(&edit.replacement);
        done = end.min(text.len());
    }
    out.push_str(&text[done..]);
    out
}
