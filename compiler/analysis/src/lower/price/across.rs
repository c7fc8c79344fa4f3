//! Prices whose cells have to do with each other: `tiers count all cells`, `only the largest cell`.

use super::statements::PriceSettings;
use crate::codes;
use crate::declare::meter::MeterDef;
use crate::lower::Lowering;
use crate::not_yet;
use price_diagnostics::Diagnostic;
use price_ir::{Across, Charge, Line, Rules};
use price_syntax::ast;
use price_value::Window;

impl Lowering<'_> {
    /// What the cells of a price have to do with each other, if that can be.
    pub(super) fn across(
        &mut self,
        settings: &PriceSettings,
        decl: &ast::PriceDecl,
        meter: &MeterDef,
        rules: &Rules,
        (scaled, window): (bool, Window),
    ) -> Option<Across> {
        let Some((across, span)) = settings.across else { return Some(Across::Each) };
        if decl.by.is_empty() {
            let message = "this price has one cell";
            self.report(
                Diagnostic::error(codes::NOT_HERE, message)
                    .at(span, "which cells?")
                    .help(format!("write `price {} on … by DIMENSION`", decl.name.text)),
            );
            return None;
        }
        let billing = self.billing_window();
        let mut refuse = |what: &str, help: &str| {
            self.report(not_yet(what, span).help(help.to_owned()));
            None
        };
        if window != billing {
            return refuse("cells that are compared in another window than the billing period", "leave the window out");
        }
        if scaled {
            return refuse("cells that are compared beside bounds of another measure", "write constant bounds");
        }
        if across == Across::Total && !meter.aggregation.has_moments() {
            return refuse("a total over the cells of what is no sum and no count", "use a meter that is a sum");
        }
        if across == Across::Total && !rules.functions.iter().all(|function| function.amount.selects()) {
            return refuse(
                "graduated tiers of all cells together",
                "write `volume` or `stairstep`: in `graduated` the order of the cells would decide who is in which tier",
            );
        }
        Some(across)
    }

    /// Included usage of such prices has no place yet: finds the first that has some.
    pub(crate) fn across_is_uncovered(&mut self, lines: &[Line]) -> bool {
        let covered = |line: &&Line| match &line.charge {
            Charge::Usage(usage) if usage.across.is_each() => false,
            Charge::Usage(usage) => !usage.covered_by.is_empty() || !usage.less.is_empty(),
            _ => false,
        };
        let Some(line) = lines.iter().find(covered) else { return true };
        let span = self.rule_spans[line.rule.ix()];
        self.report(not_yet("included usage of a price whose cells are compared", span));
        false
    }
}
