//! Amounts that balances hold and invoices ask for: whole steps of their currency.
//!
//! A line is rounded before it is paid; what pays it is not, so it has to be payable as it is
//! written.

use super::Lowering;
use super::layers::Layer;
use crate::codes;
use price_diagnostics::Diagnostic;
use price_syntax::ast;
use price_value::{Currency, Rational, Rounding};

impl Lowering<'_> {
    /// The finest step of a currency: of its coins, of the lines in it, or of a balance that is
    /// precise to less.
    fn step_of(&self, currency: &Currency, precise: Option<&Rounding>) -> Rational {
        let lines = match self.foreign.iter().find(|(foreign, _)| foreign.code == currency.code) {
            Some((_, rounding)) if currency.code != self.own_currency.code => &rounding.rounding.step,
            _ => &self.own_step,
        };
        let finer = precise.map(|precise| &precise.step);
        finer.into_iter().chain([lines]).fold(currency.minor_unit(), |least, step| least.min(step.clone()))
    }

    /// An amount of a balance that is held as it stands: not below zero, in whole steps.
    pub(super) fn whole_money(
        &mut self,
        layer: &Layer,
        e: &ast::Expr,
        currency: &Currency,
        precise: Option<&Rounding>,
    ) -> Option<Rational> {
        self.in_steps(layer, e, currency, (precise, true))
    }

    fn in_steps(
        &mut self,
        layer: &Layer,
        e: &ast::Expr,
        currency: &Currency,
        (precise, held): (Option<&Rounding>, bool),
    ) -> Option<Rational> {
        let amount = self.balance_money(layer, e, currency)?;
        let step = self.step_of(currency, precise);
        if (&amount / &step).is_integer() {
            return Some(amount);
        }
        let message = format!("an amount in {} is a whole number of {} here", currency.code, currency.format(&step));
        let finding = Diagnostic::error(codes::OUT_OF_RANGE, message).at(e.span, "finer than it can be paid");
        let next = currency.format(&((&amount / &step).floor() * &step + &step));
        self.report(match held {
            true => finding.help(format!("write for example `{next}`, or `precise to` a smaller step in the wallet")),
            false => finding.help(format!("write for example `{next}`")),
        });
        None
    }

    /// An amount that an invoice asks for as it stands, in the plan's currency.
    pub(super) fn whole_own_money(&mut self, layer: &Layer, e: &ast::Expr) -> Option<Rational> {
        let own = self.own_currency.clone();
        self.in_steps(layer, e, &own, (None, false))
    }
}
