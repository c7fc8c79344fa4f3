//! Tiers whose bounds are multiples of another measure: `up to 200 hours of demand`,
//! `up to 25% of the month`.

use super::{PriceSource, meter_or_event};
use crate::codes;
use crate::declare::meter::{MeterDef, names_in};
use crate::env::Entity;
use crate::lower::Lowering;
use crate::lower::layers::Layer;
use crate::not_yet;
use crate::types::Ty;
use crate::unit::Dims;
use price_diagnostics::{Diagnostic, Fix};
use price_syntax::ast::{self, BoundOf, BoundOfKind, OverrideBody, PriceBody, PriceStmtKind, TierEntry};
use price_value::{Rational, Window};
use std::sync::Arc;

/// What the bounds of a price's tiers are multiples of.
#[derive(Debug, Clone)]
pub struct BoundScale {
    /// The quantity, money or time it is.
    pub ty: Ty,
    /// Base units in one unit of it.
    pub factor: Rational,
    /// As the author names it: `demand`, `the month`.
    pub name: String,
    /// The meter that measures it; none for the length of the period.
    pub meter: Option<Arc<MeterDef>>,
}

impl Lowering<'_> {
    /// The scale that all tiers of a price and its overrides name; the outer `None` after a
    /// finding.
    pub(super) fn bound_scale(
        &mut self,
        source: &PriceSource<'_>,
        layers: &[Layer],
        window: Window,
    ) -> Option<Option<BoundScale>> {
        let mut named: Vec<(usize, &BoundOf)> = Vec::new();
        for (layer, base) in &source.bases {
            if let PriceBody::Block(block) = &base.body {
                named.extend(scales(block).map(|of| (*layer, of)));
            }
        }
        for (layer, over, _) in &source.overrides {
            if let OverrideBody::Block(block) = &over.body {
                named.extend(scales(block).map(|of| (*layer, of)));
            }
        }
        let Some(((layer, first), others)) = named.split_first() else { return Some(None) };
        if let Some((_, other)) = others.iter().find(|(_, other)| text(other) != text(first)) {
            let what = format!("a price with bounds of {} and of {}", text(first), text(other));
            self.report(not_yet(&what, other.span).also(first.span, ""));
            return None;
        }
        let (_, decl) = source.bases.last()?;
        match &first.kind {
            BoundOfKind::Period(word) => self.period_scale(*word, first, window),
            BoundOfKind::Meter(path) => self.meter_scale(path, first, &layers[*layer], decl, window),
        }
        .map(Some)
    }

    fn period_scale(&mut self, word: ast::PeriodWord, of: &BoundOf, window: Window) -> Option<BoundScale> {
        let named = self.period_word(word, of.span)?;
        if named != window {
            let mut finding = Diagnostic::error(codes::NOT_HERE, format!("the tiers begin anew {}", each(window)))
                .at(of.span, "another length of time");
            if !matches!(window, Window::Term | Window::Never) {
                let right = format!("of the {window}");
                finding = finding.fix(Fix::replace(format!("write `{right}`"), of.span, right.clone(), false));
            }
            self.report(finding);
            return None;
        }
        Some(BoundScale {
            ty: Ty::Quantity(Dims::base("std.units.second".into())),
            factor: Rational::ONE,
            name: text(of),
            meter: None,
        })
    }

    fn meter_scale(
        &mut self,
        path: &ast::Path,
        of: &BoundOf,
        layer: &Layer,
        decl: &ast::PriceDecl,
        window: Window,
    ) -> Option<BoundScale> {
        let meter = match self.scoped(layer, |scope| meter_or_event(scope, path)) {
            Entity::Meter(meter) => meter,
            Entity::Error => return None,
            other => {
                let message = format!("`{}` is {}, not a meter", path.text(), other.kind());
                self.report(Diagnostic::error(codes::WRONG_KIND, message).at(path.span, ""));
                return None;
            }
        };
        if let ast::PriceTarget::Meter(own) = &decl.target
            && own.text() == path.text()
        {
            self.report(
                Diagnostic::error(codes::NOT_HERE, "these bounds are multiples of what is priced itself")
                    .at(of.span, "a bound that grows with the quantity is never passed")
                    .help("write a rate without tiers, or name another meter"),
            );
            return None;
        }
        if window != self.billing_window() {
            let what = format!("bounds that are multiples of a meter in a price {}", each(window));
            self.report(not_yet(&what, of.span).help("leave the window out: the tiers then begin anew with the bill"));
            return None;
        }
        if let Some(filter) = &decl.filter
            && let Some(name) = names_in(&filter.condition)
                .into_iter()
                .find(|name| meter.keys[..meter.by].iter().any(|key| key.name == *name))
        {
            let what = format!("a price `where {name} …` whose bounds are multiples of a meter by {name}");
            let help = format!("put `{name}` behind `by`, or count `{}` in a meter of its own", meter.name);
            self.report(not_yet(&what, of.span).also(filter.span, "of all or of this part?").help(help));
            return None;
        }
        Some(BoundScale { ty: meter.ty.clone(), factor: meter.factor.clone(), name: path.text(), meter: Some(meter) })
    }
}

/// What the bounds of the ladders of a block are multiples of.
fn scales(block: &[ast::PriceStmt]) -> impl Iterator<Item = &BoundOf> {
    let ladders = block.iter().filter_map(|statement| match &statement.kind {
        PriceStmtKind::Tiers(tiers) => Some(&tiers.rows),
        _ => None,
    });
    ladders.flatten().filter_map(|row| match row {
        TierEntry::Tier(tier) => tier.of.as_ref(),
        TierEntry::Bad(_) => None,
    })
}

fn text(of: &BoundOf) -> String {
    match &of.kind {
        BoundOfKind::Meter(path) => path.text(),
        BoundOfKind::Period(word) => format!("the {}", word.as_str()),
    }
}

/// When the tiers of a window begin anew, for messages.
fn each(window: Window) -> String {
    match window {
        Window::Term => "over the term".into(),
        Window::Never => "without reset".into(),
        other => format!("each {other}"),
    }
}
