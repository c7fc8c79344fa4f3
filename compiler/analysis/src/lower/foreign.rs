//! Cards in another currency than the plan's.

use crate::lower::layers::Layer;
use crate::lower::price::PriceInfo;
use crate::lower::{Lowering, settings};
use price_diagnostics::Span;
use price_ir::{CurrencyIx, Line, OWN};
use price_syntax::ast::StmtKind;

/// A line, or what carries one.
pub(super) trait InCurrency {
    fn in_currency(self, at: CurrencyIx) -> Self;
}

impl InCurrency for Line {
    fn in_currency(self, currency: CurrencyIx) -> Self {
        Line { currency, ..self }
    }
}

impl InCurrency for (Line, PriceInfo) {
    fn in_currency(self, at: CurrencyIx) -> Self {
        (self.0.in_currency(at), self.1)
    }
}

impl Lowering<'_> {
    /// The currency of each layer's prices; those of cards in another one than the plan's are
    /// entered as foreign, with their own rounding.
    pub(super) fn currencies(&mut self, layers: &[Layer], name: Span) -> Option<Vec<CurrencyIx>> {
        let mut found = Vec::new();
        for index in 0..layers.len() {
            let own = &layers[index..=index];
            let states = own[0].body().iter().any(|s| matches!(s.kind, StmtKind::Currency(_)));
            if !own[0].is_card || !states || layers.len() == 1 {
                found.push(OWN);
                continue;
            }
            let currency = settings::currency(self, own, name, true)?;
            if currency.code == self.own_currency.code {
                found.push(OWN);
                continue;
            }
            let at = match self.foreign.iter().position(|(c, _)| c.code == currency.code) {
                Some(at) => at,
                None => {
                    let rounding = settings::rounding(self, own, &currency, name, true)?;
                    self.foreign.push((currency, rounding));
                    self.foreign.len() - 1
                }
            };
            found.push(CurrencyIx(at as u32 + 1));
        }
        Some(found)
    }

    /// Lowers a line in the currency of its card.
    pub(super) fn priced_in<T: InCurrency>(
        &mut self,
        at: CurrencyIx,
        lower: impl FnOnce(&mut Self) -> Option<T>,
    ) -> Option<T> {
        if let Some(foreign) = at.ix().checked_sub(1) {
            self.currency = self.foreign[foreign].0.clone();
        }
        let made = lower(self);
        self.currency = self.own_currency.clone();
        made.map(|line| line.in_currency(at))
    }
}
