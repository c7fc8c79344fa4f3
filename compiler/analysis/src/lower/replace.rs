//! What a higher layer says anew: the statement of the layer below does not hold.
//!
//! A fee, a discount and an entitlement are the same if they have one name, a cap and a minimum if they
//! count the same lines over the same window. Prices say `override`, and amendments `set`.

use super::layers::Layer;
use price_diagnostics::Diagnostic;
use price_syntax::ast::{self, ScopeKind, StmtKind};
use std::sync::Arc;

/// What a statement is about, if a higher layer replaces it by saying the same anew.
fn about(kind: &StmtKind) -> Option<String> {
    let limit = |word: &str, limit: &ast::Limit| {
        let scope = match &limit.scope.kind {
            ScopeKind::All => "all".to_owned(),
            ScopeKind::Tagged(tag) => format!("tagged {}", tag.text),
            ScopeKind::Names(names) => {
                let mut names: Vec<&str> = names.iter().filter_map(|n| Some(n.last()?.text.as_str())).collect();
                names.sort_unstable();
                names.dedup();
                names.join(", ")
            }
        };
        format!("{word} of {scope} per {:?}", limit.window.as_ref().map(|window| window.kind))
    };
    Some(match kind {
        StmtKind::Fee(fee) => format!("fee {}", fee.name.text),
        StmtKind::Discount(discount) => format!("discount {}", discount.name.text),
        StmtKind::Entitlement(entitlement) => format!("entitlement {}", entitlement.name.text),
        StmtKind::Cap(cap) => limit("cap", cap),
        StmtKind::Minimum(minimum) => limit("minimum", minimum),
        StmtKind::Conversion { currency, .. } => format!("rate of {}", currency.text),
        _ => return None,
    })
}

/// Takes statements out of layers above which another one says the same.
pub(super) fn replaced(layers: &mut [Layer], diagnostics: &mut Vec<Diagnostic>) {
    for at in 0..layers.len() {
        let (below, above) = layers.split_at(at + 1);
        let lower = &below[at];
        if lower.amendment().is_some() {
            continue;
        }
        // Cards stand beside each other, and the versions of one follow each other.
        let higher = |layer: &&Layer| layer.amendment().is_none() && !(layer.is_card && lower.is_card);
        let anew = |statement: &ast::Stmt| {
            let what = about(&statement.kind)?;
            above.iter().filter(higher).flat_map(Layer::body).find(|s| about(&s.kind).as_ref() == Some(&what))
        };
        let gone: Vec<(&ast::Stmt, &ast::Stmt)> = lower.body().iter().filter_map(|s| Some((s, anew(s)?))).collect();
        if gone.is_empty() {
            continue;
        }
        for (old, new) in &gone {
            let days = match &new.kind {
                StmtKind::Fee(fee) => fee.validity.as_ref(),
                StmtKind::Discount(discount) => discount.validity.as_ref(),
                StmtKind::Cap(limit) | StmtKind::Minimum(limit) => limit.validity.as_ref(),
                _ => None,
            };
            // It would end the one below on its own days, and leave it on the others.
            if days.is_some() {
                let what = "a statement with days over one of a layer below";
                diagnostics.push(crate::not_yet(what, new.span).also(old.span, "below"));
            }
        }
        let kept = lower.body().iter().filter(|s| !gone.iter().any(|(old, _)| old.span == s.span)).cloned().collect();
        layers[at].statements = Some(Arc::new(kept));
    }
}
