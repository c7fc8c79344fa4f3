//! What stands above lines of a text: tests to run, curves to see, who is concerned.

use crate::ide::Ide;
use crate::names::{Def, DefKind, body, head};
use crate::tests::TestResult;
use price_diagnostics::{FileId, Span};
use price_syntax::ast::ItemKind;
use std::collections::BTreeMap;

/// What a lens is for.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum LensKind {
    /// All tests of the file, said on its first one.
    RunAll,
    /// The test below.
    Run,
    /// The curve of a price.
    Curve,
    /// How many plans and contracts are built on this one.
    UsedBy(Vec<Span>),
    /// What is dearer or cheaper than at an earlier revision, in words.
    Changed(String),
    /// What the usage of the file comes to.
    Invoice,
}

/// Something above a line.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Lens {
    /// What it is about.
    pub span: Span,
    /// What it is for.
    pub kind: LensKind,
}

impl Ide {
    /// The lenses of a file in text order, without what costs time: see [`Ide::lens_title`].
    #[must_use]
    pub fn lenses(&self, file: FileId) -> Vec<Lens> {
        let tree = self.ast(file);
        let mut lenses = Vec::new();
        let mut tests = 0;
        let billed = self.billed(file);
        let mut built = self.builders(file);
        for (index, item) in tree.items.iter().enumerate() {
            match &item.kind {
                ItemKind::Test(_) | ItemKind::TestTable(_) => {
                    tests += 1;
                    if tests == 1 {
                        lenses.push(Lens { span: item.span, kind: LensKind::RunAll });
                    }
                    lenses.push(Lens { span: item.span, kind: LensKind::Run });
                }
                ItemKind::RateCard(_) | ItemKind::Plan(_) | ItemKind::Contract(_) => {
                    if !matches!(item.kind, ItemKind::Contract(_))
                        && let Some(users) = built.remove(&index)
                    {
                        lenses.push(Lens { span: item.span, kind: LensKind::UsedBy(users) });
                    }
                    if billed.contains(&index) {
                        lenses.push(Lens { span: item.span, kind: LensKind::Invoice });
                    }
                    for stmt in body(&item.kind) {
                        if let Some((DefKind::Price, name)) = head(&stmt.kind) {
                            lenses.push(Lens { span: name.span, kind: LensKind::Curve });
                        }
                    }
                }
                _ => {}
            }
        }
        lenses.extend(self.changed(file));
        lenses.sort_by_key(|lens| lens.span.start);
        lenses
    }

    /// What a lens says; tests are run for it.
    #[must_use]
    pub fn lens_title(&self, file: FileId, lens: &Lens) -> String {
        match &lens.kind {
            LensKind::RunAll => {
                let reports = self.run_tests(file, None);
                let passed = reports.iter().filter(|report| report.result == TestResult::Passed).count();
                match reports.len() {
                    0 => "no test can run".to_owned(),
                    all if all == passed => format!("✓ all {all} pass"),
                    all => format!("✗ {} of {all} do not pass", all - passed),
                }
            }
            LensKind::Run => {
                let reports = self.run_tests(file, Some(lens.span));
                let failed: Vec<&(Span, String)> = reports
                    .iter()
                    .filter_map(|report| match &report.result {
                        TestResult::Failed(failures) => failures.first(),
                        _ => None,
                    })
                    .collect();
                let pending = reports.iter().any(|report| report.result == TestResult::Pending);
                match (failed.as_slice(), pending, reports.len()) {
                    ([], _, 0) => "cannot run".to_owned(),
                    ([], true, _) => "? amounts to fill in".to_owned(),
                    ([], false, 1) => "✓ passes".to_owned(),
                    ([], false, rows) => format!("✓ {rows} rows pass"),
                    ([(_, why)], ..) => format!("✗ {why}"),
                    ([(_, why), rest @ ..], ..) => format!("✗ {why} (and {} more)", rest.len()),
                }
            }
            LensKind::Changed(said) => said.clone(),
            LensKind::Invoice => self.invoice_title(file, lens.span.start),
            LensKind::Curve => "show curve".to_owned(),
            LensKind::UsedBy(users) => match users.len() {
                1 => "1 plan or contract uses this".to_owned(),
                more => format!("{more} plans and contracts use this"),
            },
        }
    }

    /// The lens of one kind about the item at a place of the text; its title is worth the work.
    #[must_use]
    pub fn lens(&self, file: FileId, item: usize, kind: LensKind) -> Option<Lens> {
        let span = self.ast(file).items.get(item)?.span;
        Some(Lens { span, kind })
    }

    /// Which item of its file a lens is about.
    #[must_use]
    pub fn lens_item(&self, file: FileId, lens: &Lens) -> Option<usize> {
        self.ast(file).items.iter().position(|item| item.span == lens.span)
    }

    /// The plans and contracts that say that they are built on an item of a file, for each item that has
    /// some.
    pub(crate) fn builders(&self, file: FileId) -> BTreeMap<usize, Vec<Span>> {
        let mut users: BTreeMap<usize, Vec<Span>> = BTreeMap::new();
        for other in self.together(file) {
            if self.is_standard(other) {
                continue;
            }
            for (_, def) in self.declared(other) {
                if !matches!(def.kind, DefKind::Plan | DefKind::Contract) {
                    continue;
                }
                let mut under: Vec<usize> = self
                    .layers(other, def.item)
                    .iter()
                    .filter(|layer: &&Def| layer.file == file)
                    .map(|layer| layer.item)
                    .collect();
                under.sort_unstable();
                under.dedup();
                for item in under {
                    users.entry(item).or_default().push(def.span);
                }
            }
        }
        users
    }
}
