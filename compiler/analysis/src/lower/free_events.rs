//! Allowances of events: so many of them are free, up to an amount of what they measure.

use super::Lowering;
use super::layers::Layer;
use super::price::PriceInfo;
use crate::codes;
use crate::declare::meter::event_of;
use crate::types::{Ty, Typer};
use price_diagnostics::Diagnostic;
use price_ir::{Allowance, Covers, DrawOrder, FreeEvents, LineIx, Proration};
use price_syntax::ast;
use price_value::Rational;
use std::collections::BTreeMap;

impl Lowering<'_> {
    /// `allowance first = 3 per month on each payment up to $250.00`.
    pub(super) fn free_events(
        &mut self,
        layer: &Layer,
        decl: &ast::Allowance,
        infos: &[Option<PriceInfo>],
        said: &BTreeMap<String, Proration>,
    ) -> Option<Allowance> {
        let name = decl.on.last()?.clone();
        let event = self.scoped(layer, |scope| event_of(scope, &name))?;
        let later = [
            (decl.filter.is_some(), "an allowance of events with a condition"),
            (decl.of.is_some(), "a number of free events that another meter measures"),
            (
                decl.rollover.as_ref().is_some_and(|r| *r != ast::Rollover::None),
                "an allowance of events that rolls over",
            ),
            (decl.sharing == Some(ast::Sharing::EachAccount), "an allowance for `each account`"),
        ];
        if let Some((_, what)) = later.iter().find(|(said, _)| *said) {
            self.report(crate::not_yet(what, decl.name.span));
            return None;
        }
        if decl.draw.is_some_and(|draw| draw != ast::DrawOrder::AsUsed) {
            let finding =
                Diagnostic::error(codes::NOT_HERE, "events are covered as they happen: no other order is left");
            self.report(finding.at(decl.name.span, "").help("leave `draw` out"));
            return None;
        }
        let value = self.scoped(layer, |scope| Typer::new(scope).constant(&decl.amount));
        if value.is_error() {
            return None;
        }
        let count = value.expr.as_const().cloned()?;
        if value.ty != Ty::Number || !count.is_integer() || count.is_negative() {
            let label = if value.ty == Ty::Number { String::new() } else { value.ty.to_string() };
            let message = "free events are a whole number, not below zero";
            let finding = Diagnostic::error(codes::TYPE_MISMATCH, message).at(decl.amount.span, label);
            self.report(finding.help(format!("write for example `3 per month on each {}`", name.text)));
            return None;
        }
        let per = self.grant_window(decl)?;
        let priced = infos.iter().enumerate().filter_map(|(at, info)| Some((LineIx(at as u32), info.as_ref()?)));
        let priced: Vec<(LineIx, &PriceInfo)> =
            priced.filter(|(_, info)| info.event.as_ref().is_some_and(|e| e.id == event.id)).collect();
        let Some((_, first)) = priced.first() else {
            let message = format!("nothing is priced that `{}` could cover", decl.name.text);
            let finding = Diagnostic::error(codes::DEAD_SOURCE, message).at(decl.name.span, "");
            self.report(finding.help(format!("no price is on each `{}`", name.text)));
            return None;
        };
        if let Some((_, bare)) = priced.iter().find(|(_, info)| info.measure.is_none()) {
            let message = format!("`{}` measures nothing that could be covered", bare.name);
            let finding = Diagnostic::error(codes::NOT_HERE, message).at(bare.span, "priced here");
            let finding = finding.also(decl.name.span, "free events are covered by what they measure");
            self.report(finding.help("write `measure FIELD` into the price"));
            return None;
        }
        let up_to = match &decl.up_to {
            None => None,
            Some(most) => Some(self.most_measured(layer, most, first, priced.get(1).map(|(_, other)| *other))?),
        };
        let prorate = self.granted_partly(layer, decl, said)?;
        let rule = self.rule(format!("allowance {}", decl.name.text), layer, decl.name.span);
        let cover = |(line, _): (LineIx, &PriceInfo)| Covers { line, cells: None, factor: Rational::ONE };
        Some(Allowance {
            name: decl.name.text.clone(),
            quantity: count,
            times: None,
            events: Some(FreeEvents { up_to }),
            unit: name.text,
            per,
            covers: priced.into_iter().map(cover).collect(),
            draw: DrawOrder::AsUsed,
            rollover: None,
            prorate,
            rule,
        })
    }

    /// The amount that free events of one price may measure, in the unit of its measure.
    fn most_measured(
        &mut self,
        layer: &Layer,
        most: &ast::Expr,
        price: &PriceInfo,
        other: Option<&PriceInfo>,
    ) -> Option<Rational> {
        if let Some(other) = other {
            let message =
                format!("`{}` and `{}` measure the same events: up to an amount of which?", price.name, other.name);
            let finding =
                Diagnostic::error(codes::NOT_HERE, message).at(most.span, "").also(other.span, "priced here, too");
            self.report(finding.help("leave `up to` out, or price the events once"));
            return None;
        }
        let value = self.scoped(layer, |scope| Typer::new(scope).constant(most));
        if value.is_error() {
            return None;
        }
        if value.ty != price.ty {
            let finding = Diagnostic::error(codes::UNIT_MISMATCH, "this is not what the price measures");
            self.report(finding.at(most.span, value.ty.to_string()).also(price.span, price.ty.to_string()));
            return None;
        }
        let span = most.span;
        let most = value.expr.as_const().cloned()? / &price.factor;
        if most.is_negative() {
            self.report(Diagnostic::error(codes::NEGATIVE, "an allowance is not below zero").at(span, ""));
            return None;
        }
        Some(most)
    }
}
