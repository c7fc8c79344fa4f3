//! Lines above prices that are others than at an earlier revision.

use crate::ide::Ide;
use crate::lenses::{Lens, LensKind};
use crate::names::{body, head};
use crate::past::Since;
use price_diagnostics::FileId;
use price_driver::{LineChange, LineDiff, brief};
use std::collections::BTreeMap;

/// Changes that one line names.
const NAMED: usize = 2;

impl Ide {
    /// With which revision prices are compared in lines above them; none for no such lines.
    pub fn compare_with(&mut self, revision: Option<String>) {
        self.compared_with = revision;
    }

    /// What has changed, above what changed: a price or fee that stands in the file, or above the
    /// plan where it stands elsewhere. Nothing in a file that the revision does not have.
    pub(crate) fn changed(&self, file: FileId) -> Vec<Lens> {
        let Some(revision) = &self.compared_with else { return Vec::new() };
        let Ok(all) = self.compared(file, revision) else { return Vec::new() };
        let tree = self.ast(file);
        let mut lenses = Vec::new();
        for one in all {
            let (Some(span), Some(plan), Some(since)) = (one.span, one.plan, one.since) else { continue };
            let Some(item) = tree.items.iter().find(|item| item.span == span) else { continue };
            let lens = |span, text: String| Lens { span, kind: LensKind::Changed(text) };
            let diff = match since {
                Since::Both(diff) if diff.same => continue,
                Since::Both(diff) => diff,
                Since::New => {
                    lenses.push(lens(span, format!("new since {revision}")));
                    continue;
                }
                Since::TooLarge => {
                    lenses.push(lens(span, format!("differs from {revision}; `price diff` says how")));
                    continue;
                }
                Since::Faulty(_) => continue,
            };
            let here: BTreeMap<&str, _> = body(&item.kind)
                .iter()
                .filter_map(|stmt| head(&stmt.kind))
                .map(|(_, name)| (name.text.as_str(), name.span))
                .collect();
            let currency = |line: &LineDiff| {
                let of = plan.lines.iter().find(|other| other.name == line.name);
                of.map_or(&plan.currency, |of| plan.currency_at(of.currency).0)
            };
            let mut elsewhere = Vec::new();
            for line in diff.lines.iter().filter(|line| line.name != "total" && line.change != LineChange::Same) {
                let Some(said) = brief(&line.change, revision, currency(line)) else { continue };
                match here.get(line.name.as_str()) {
                    Some(at) => lenses.push(lens(*at, said)),
                    None => elsewhere.push(format!("{}: {said}", line.name)),
                }
            }
            elsewhere.extend(diff.others.iter().map(|other| format!("{other} since {revision}")));
            if !elsewhere.is_empty() {
                let more = elsewhere.len().saturating_sub(NAMED);
                let mut text = elsewhere[..elsewhere.len() - more].join("; ");
                if more > 0 {
                    text.push_str(&format!("; and {more} more changes since {revision}"));
                }
                lenses.push(lens(span, text));
            }
        }
        lenses
    }
}
