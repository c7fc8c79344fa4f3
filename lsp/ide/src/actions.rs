//! What can be done about a place: fixes of findings, and changes an author may want.

use crate::ide::{Ide, TextEdit};
use crate::names::{DefKind, Scope};
use crate::plans;
use crate::tests::TestResult;
use price_diagnostics::{Code, FileId, Span};
use price_driver::quantity;
use price_syntax::Rule;
use price_value::Rational;

/// A change that can be made.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Action {
    /// What it does, as a command.
    pub title: String,
    /// The finding it mends, by code and place; none for a change of another kind.
    pub mends: Option<(Code, Span)>,
    /// Whether it is certain to mean what was meant.
    pub safe: bool,
    /// Whether it makes a declaration of what stands inside another.
    pub extracts: bool,
    /// All edits together or none.
    pub edits: Vec<TextEdit>,
}

impl Ide {
    /// What can be done inside a stretch of a file.
    #[must_use]
    pub fn actions(&self, file: FileId, within: Span) -> Vec<Action> {
        let mut actions = self.fixes(file, within);
        actions.extend(self.fill_in(file, within));
        actions.extend(self.other_ladder(file, within));
        actions.extend(self.edge_table(file, within));
        actions.extend(self.missing_rows(file, within));
        actions.extend(self.extract_card(file, within));
        actions
    }

    fn fixes(&self, file: FileId, within: Span) -> Vec<Action> {
        let mut actions = Vec::new();
        for finding in self.diagnostics(file) {
            let Some(span) = finding.primary_span() else { continue };
            if span.end < within.start || span.start > within.end {
                continue;
            }
            // A name that something has is meant rather than one that looks like it.
            actions.extend(self.imports(file, &finding));
            for fix in &finding.fixes {
                let edits = fix.edits.iter().map(|edit| TextEdit { span: edit.span, text: edit.replacement.clone() });
                actions.push(Action {
                    title: fix.title.clone(),
                    mends: Some((finding.code, span)),
                    safe: fix.safe,
                    extracts: false,
                    edits: edits.collect(),
                });
            }
        }
        actions
    }

    /// All safe fixes of a file that do not touch each other.
    #[must_use]
    pub fn fix_all(&self, file: FileId) -> Option<Action> {
        let mut edits: Vec<TextEdit> = Vec::new();
        for finding in self.diagnostics(file) {
            let Some(fix) = finding.fixes.iter().find(|fix| fix.safe) else { continue };
            let clash = |edit: &price_diagnostics::Edit| {
                edit.span.file != file
                    || edits.iter().any(|other| edit.span.start <= other.span.end && other.span.start <= edit.span.end)
            };
            if !fix.edits.iter().any(clash) {
                edits.extend(fix.edits.iter().map(|edit| TextEdit { span: edit.span, text: edit.replacement.clone() }));
            }
        }
        (!edits.is_empty()).then(|| Action {
            title: "apply all safe fixes".to_owned(),
            mends: None,
            safe: true,
            extracts: false,
            edits,
        })
    }

    /// In a test with `?`: the computed amounts.
    fn fill_in(&self, file: FileId, within: Span) -> Option<Action> {
        let item = self.item_at(file, within.start)?;
        let span = self.ast(file).items.get(item)?.span;
        if !self.text(file).get(span.start as usize..span.end as usize)?.contains('?') {
            return None;
        }
        let reports = self.run_tests(file, Some(span));
        let pending = reports.into_iter().filter(|report| report.result == TestResult::Pending);
        let edits: Vec<TextEdit> = pending.flat_map(|report| report.fills).collect();
        let title = "write the amounts that are computed".to_owned();
        (!edits.is_empty()).then_some(Action { title, mends: None, safe: false, extracts: false, edits })
    }

    /// Of a ladder: the other way to read it, with what changes.
    fn other_ladder(&self, file: FileId, within: Span) -> Option<Action> {
        let parse = self.parse(file);
        let chain = parse.tree.at(within.start);
        let tiers = chain.iter().rev().find(|node| node.is(Rule::tiers))?;
        let line_end = tiers.text().find('\n').map_or(tiers.end(), |at| tiers.start() + u32::try_from(at).unwrap_or(0));
        if within.start > line_end {
            return None;
        }
        let word = tiers.parts().next()?;
        let (to, title) = match word.read() {
            "graduated" => ("volume", "make it `volume`: all units at the rate of the tier that is reached"),
            "volume" => ("graduated", "make it `graduated`: each tier's units at that tier's rate"),
            _ => return None,
        };
        let span = Span::new(file, word.start(), word.end());
        let edits = vec![TextEdit { span, text: to.to_owned() }];
        Some(Action { title: title.to_owned(), mends: None, safe: false, extracts: false, edits })
    }

    /// On the name of a price: a test table with a row on each side of every edge.
    fn edge_table(&self, file: FileId, within: Span) -> Option<Action> {
        let (def, _) = self.def_at(file, within.start)?;
        if def.kind != DefKind::Price || def.file != file {
            return None;
        }
        let subject = self.subject(file, def.item).filter(|subject| subject.kind != DefKind::RateCard)?;
        let plan = self.plan_of(&def)?;
        let line = plans::line(&plan, &def.name)?;
        let (usage, sink) = plans::usage(&plan, line)?;
        let [function] = usage.rules.functions.as_slice() else { return None };
        let curve = plans::curve(function)?;
        // A meter of the file's own names, without cells: one column is enough.
        if sink.meter.is_empty() || plans::cell_names(&plan, sink).len() != 1 {
            return None;
        }
        self.named(file, Scope::Plain, &sink.meter)?;
        let step = if sink.quantum > Rational::ONE { sink.quantum.clone() } else { Rational::ONE };
        let mut rows = vec![Rational::ZERO];
        for piece in curve.pieces.iter().skip(1) {
            rows.extend([piece.from.clone(), &piece.from + &step]);
        }
        if curve.pieces.len() == 1 {
            rows.push(step);
        }
        let plain = |value: &Rational| quantity(value, &sink.unit);
        let period = match plan.effective.from.or(plan.parties.as_ref().and_then(|parties| parties.term.from)) {
            Some(day) => day.to_string()[..7].to_owned(),
            None => "2026-01".to_owned(),
        };
        let mut text = format!(
            "\n\ntest table \"the edges of {}\" for {} {} in {period} {{\n  {} | {}\n",
            def.name,
            subject.kind.word(),
            subject.name,
            sink.meter,
            def.name,
        );
        for row in &rows {
            text.push_str(&format!("  {} | ?\n", plain(row)));
        }
        text.push('}');
        let end = self.ast(file).items.get(def.item)?.span.end;
        let edits = vec![TextEdit { span: Span::new(file, end, end), text }];
        Some(Action {
            title: "write a test table from its edges".to_owned(),
            mends: None,
            safe: false,
            extracts: false,
            edits,
        })
    }
}
