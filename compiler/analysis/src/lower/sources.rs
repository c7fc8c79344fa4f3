//! Where prices come from: declarations by name, with what overrides them.

use crate::codes;
use crate::env::Entity;
use crate::lower::layers::Layer;
use crate::lower::price::Priced;
use crate::lower::scope::Scope;
use crate::lower::{Lowering, amend};
use crate::report;
use crate::types::resolve;
use price_diagnostics::{Diagnostic, Span};
use price_syntax::ast::{self, StmtKind};
use std::collections::BTreeMap;

impl Lowering<'_> {
    /// Prices by name with their overrides, duplicates reported.
    pub(super) fn price_sources<'l>(&mut self, layers: &'l [Layer]) -> (BTreeMap<&'l str, Source<'l>>, bool) {
        let mut sources: BTreeMap<&str, Source<'l>> = BTreeMap::new();
        let mut taken: BTreeMap<&str, (usize, Span, bool)> = BTreeMap::new();
        let mut sound = true;
        for (index, layer) in layers.iter().enumerate() {
            for statement in layer.body() {
                let (name, span) = match &statement.kind {
                    StmtKind::Fee(fee) => (&fee.name.text, fee.name.span),
                    StmtKind::Price(decl) => (&decl.name.text, decl.name.span),
                    _ => continue,
                };
                let fee = matches!(statement.kind, StmtKind::Fee(_));
                if let Some((before, first, was_fee)) = taken.insert(name, (index, span, fee)) {
                    // Versions of one card follow each other.
                    let versions =
                        layers[before].is_card && layer.is_card && layers[before].name == layer.name && before != index;
                    let amended = layer.amendment().is_some() && fee && was_fee;
                    if !versions && !amended {
                        let mut finding =
                            Diagnostic::error(codes::DECLARED_TWICE, format!("`{name}` is declared twice"))
                                .at(span, "again")
                                .also(first, "first");
                        if before != index {
                            finding = finding.help(format!("write `override price {name}` to replace the one below"));
                        }
                        self.report(finding);
                        sound = false;
                    }
                }
                if let StmtKind::Price(decl) = &statement.kind {
                    sources.entry(name).or_default().bases.push((index, decl));
                }
            }
        }
        for (index, layer) in layers.iter().enumerate() {
            for statement in layer.body() {
                let StmtKind::Override(over) = &statement.kind else { continue };
                if self.listed && index >= amend::own_at(layers) {
                    continue;
                }
                let name = match &over.target {
                    ast::OverrideTarget::Price(path) => path.last(),
                    ast::OverrideTarget::Tagged(tag) => {
                        sound &= self.override_tagged(tag, (index, over, statement.span), &mut sources);
                        continue;
                    }
                };
                let Some(name) = name else { continue };
                match sources.get_mut(name.text.as_str()) {
                    Some(source) => source.overrides.push((index, over, statement.span)),
                    None => {
                        let names: Vec<String> = sources.keys().map(|n| (*n).to_string()).collect();
                        let finding = report::unknown(
                            codes::NO_TARGET,
                            "price to override",
                            &name.text,
                            name.span,
                            names.iter().map(String::as_str),
                        );
                        self.report(finding);
                        sound = false;
                    }
                }
            }
        }
        (sources, sound)
    }

    /// Conditions on the lines of a price that stand outside it: discounts and allowances.
    pub(super) fn conditions_on_lines(&mut self, layers: &[Layer], price: &Priced<'_>) -> Vec<(Vec<String>, Span)> {
        let mut found = Vec::new();
        for layer in layers {
            for statement in layer.body() {
                match &statement.kind {
                    StmtKind::Discount(discount) => {
                        let touches = match &discount.scope.kind {
                            ast::ScopeKind::All => true,
                            ast::ScopeKind::Tagged(tag) => self.is_tagged(&price.decl.name.text, &tag.text),
                            ast::ScopeKind::Names(names) => {
                                names.iter().any(|n| n.last().is_some_and(|n| n.text == price.decl.name.text))
                            }
                        };
                        if let (true, Some(filter)) = (touches, &discount.filter) {
                            found.push((crate::declare::meter::names_in(filter), filter.span));
                        }
                    }
                    StmtKind::Allowance(allowance) => found.extend(self.asked_by(layer, allowance, price)),
                    _ => {}
                }
            }
        }
        found
    }

    /// Resolves without findings.
    pub(super) fn quiet(&mut self, layer: &Layer, path: &ast::Path) -> Option<Entity> {
        let mut unheard = Vec::new();
        let mut scope = Scope {
            db: self.db,
            workspace: self.workspace,
            env: layer.env.clone(),
            lets: layer.lets.clone(),
            diagnostics: &mut unheard,
        };
        match resolve(&mut scope, path) {
            Entity::Error => None,
            entity => Some(entity),
        }
    }
}

#[derive(Default)]
pub(super) struct Source<'l> {
    pub(super) bases: Vec<(usize, &'l ast::PriceDecl)>,
    pub(super) overrides: Vec<(usize, &'l ast::Override, Span)>,
}

pub(super) fn word(decl: &ast::PriceDecl) -> &'static str {
    match decl.kind {
        ast::PriceKind::Price => "price",
        ast::PriceKind::Rebate => "rebate",
    }
}
