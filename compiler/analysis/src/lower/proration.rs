//! What part of a month costs: `prorate NAMES daily`.

use crate::codes;
use crate::lower::layers::Layer;
use crate::lower::{Lowering, settings};
use price_diagnostics::{Diagnostic, Span};
use price_ir::{Charge, Fold, Line, LineIx, Proration};
use price_syntax::ast::{self, StmtKind};
use std::collections::BTreeMap;

impl Lowering<'_> {
    /// `prorate NAMES daily`.
    pub(super) fn prorations(&mut self, layers: &[Layer], lines: &mut [Line]) -> Option<()> {
        let mut said: BTreeMap<String, Proration> = BTreeMap::new();
        let allowance_names: Vec<String> = layers
            .iter()
            .flat_map(|l| l.body().to_vec())
            .filter_map(|s| match s.kind {
                StmtKind::Allowance(a) => Some(a.name.text),
                _ => None,
            })
            .collect();
        let mut sound = true;
        for layer in layers {
            for statement in layer.body() {
                let StmtKind::Prorate { names, how } = &statement.kind else { continue };
                for path in names {
                    let Some(name) = path.last() else { continue };
                    let alike = *how == ast::ProrateRule::DailyInMonthsOf30;
                    if allowance_names.contains(&name.text) && !alike {
                        continue;
                    }
                    let line = match allowance_names.contains(&name.text) {
                        true => None,
                        false => match self.line_named(path, lines) {
                            Some(line) => Some(line),
                            None => {
                                sound = false;
                                continue;
                            }
                        },
                    };
                    let plain =
                        |line: LineIx| matches!(&lines[line.ix()].charge, Charge::Fee(fee) if fee.level.is_none());
                    let Some(line) = line.filter(|line| !alike || plain(*line)) else {
                        let message = format!("`{}` is no fixed fee: only those count months of 30 days", name.text);
                        let finding = Diagnostic::error(codes::NOT_HERE, message).at(name.span, "");
                        self.report(finding.help(format!("write `prorate {} daily`", name.text)));
                        sound = false;
                        continue;
                    };
                    if *how != ast::ProrateRule::Never
                        && matches!(self.fold_of(&lines[line.ix()]), Some(Fold::Average(_)))
                    {
                        let message = format!(
                            "`{}` is priced on an average: what is served in part counts in part already",
                            name.text
                        );
                        let finding =
                            Diagnostic::error(codes::NOT_HERE, message).at(name.span, "the days would count twice");
                        self.report(finding.help(format!("leave it out, or write `prorate {} never`", name.text)));
                        sound = false;
                        continue;
                    }
                    let proration = match how {
                        ast::ProrateRule::Daily => Proration::Daily,
                        ast::ProrateRule::DailyInMonthsOf30 => Proration::DailyInMonthsOf30,
                        ast::ProrateRule::Never => Proration::Never,
                    };
                    lines[line.ix()].prorate = proration;
                    said.insert(name.text.clone(), proration);
                }
            }
        }
        if self.is_plan {
            for line in lines.iter() {
                let periodic = matches!(&line.charge, Charge::Fee(fee) if fee.per != price_ir::FeeSchedule::Once);
                if periodic && !said.contains_key(&line.name) {
                    let span = self.rule_spans[line.rule.ix()];
                    let before = settings::first_statement(layers);
                    self.report(settings::say_proration(&line.name, span, before));
                }
            }
        }
        sound.then_some(())
    }

    /// What a partial period does to a bound; demanded in plans.
    pub fn partial(&mut self, said: Option<ast::PartialRule>, span: Span, what: &str) -> Option<Proration> {
        match said {
            Some(ast::PartialRule::Whole) => Some(Proration::Never),
            Some(ast::PartialRule::ProratedDaily) => Some(Proration::Daily),
            None if !self.is_plan => Some(Proration::Never),
            None => {
                let end = span.after();
                self.report(
                    Diagnostic::error(
                        codes::SAY_PRORATION,
                        format!("{what} must say what a partial period does to it"),
                    )
                    .at(span, "")
                    .note("a subscription may begin or end inside a period")
                    .help("write `whole` or `prorated daily` behind it")
                    .fix(price_diagnostics::Fix::replace("keep it whole", end, " whole", false))
                    .fix(price_diagnostics::Fix::replace(
                        "scale it by days",
                        end,
                        " prorated daily",
                        false,
                    )),
                );
                None
            }
        }
    }

    /// The fold of a line's sink.
    pub fn fold_of(&self, line: &Line) -> Option<&Fold> {
        match &line.charge {
            Charge::Usage(usage) => Some(&self.tables.sinks[usage.sink.ix()].fold),
            Charge::Events(sink) => Some(&self.tables.sinks[sink.ix()].fold),
            _ => None,
        }
    }
}
