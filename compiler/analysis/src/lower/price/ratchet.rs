//! `ratchet 80% of the past 11 months`.

use super::statements::PriceSettings;
use crate::codes;
use crate::lower::Lowering;
use crate::lower::layers::Layer;
use crate::lower::wallet::age;
use crate::not_yet;
use crate::types::Typer;
use price_diagnostics::Diagnostic;
use price_ir::{Across, AgeUnit, Charge, Line, Ratchet, limits};
use price_syntax::ast;
use price_value::{Rational, Window};

impl Lowering<'_> {
    /// The share, and the past as billing periods.
    pub(super) fn ratchet(&mut self, layer: &Layer, share: &ast::Percent, past: &ast::Duration) -> Option<Ratchet> {
        let value = self.scoped(layer, |scope| Some(Typer::new(scope).percent(share)))?;
        if !value.is_positive() || value > Rational::ONE {
            let message = "a ratchet holds a share above 0% and at most 100%";
            self.report(Diagnostic::error(codes::OUT_OF_RANGE, message).at(share.span, ""));
            return None;
        }
        let length = age(self, past)?;
        let months = match length.unit {
            AgeUnit::Days => 0,
            AgeUnit::Months => length.count,
            AgeUnit::Years => length.count * 12,
        };
        let each = match self.billing_window() {
            Window::Month => 1,
            Window::Quarter => 3,
            Window::Year => 12,
            _ => 0,
        };
        if each == 0 || months == 0 || months % each != 0 || months / each > limits::RATCHET_PERIODS {
            let message = format!("the past is 1 to {} whole billing periods", limits::RATCHET_PERIODS);
            self.report(
                Diagnostic::error(codes::OUT_OF_RANGE, message)
                    .at(past.span, "")
                    .help("write for example `11 months` where billing is monthly"),
            );
            return None;
        }
        Some(Ratchet { share: value, periods: months / each })
    }

    /// The ratchet of a price, if what else the price says lets it have one.
    pub(super) fn ratcheted(
        &mut self,
        settings: &PriceSettings,
        (scaled, across): (bool, Across),
        window: Window,
    ) -> Option<Option<Ratchet>> {
        let Some((ratchet, span)) = &settings.ratchet else { return Some(None) };
        let what = match () {
            () if window != self.billing_window() => "a ratchet in another window than the billing period",
            () if scaled => "a ratchet beside bounds of another measure",
            () if !across.is_each() => "a ratchet of cells that are compared",
            () => return Some(Some(ratchet.clone())),
        };
        self.report(not_yet(what, *span));
        None
    }

    /// Included usage of such prices has no place yet: finds the first that has some.
    pub(crate) fn ratchet_is_uncovered(&mut self, lines: &[Line]) -> bool {
        let covered = |line: &&Line| match &line.charge {
            Charge::Usage(usage) => usage.ratchet.is_some() && !(usage.covered_by.is_empty() && usage.less.is_empty()),
            _ => false,
        };
        let Some(line) = lines.iter().find(covered) else { return true };
        let span = self.rule_spans[line.rule.ix()];
        self.report(not_yet("included usage of a price with a ratchet", span));
        false
    }
}
