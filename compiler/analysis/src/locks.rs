//! Which versions of which cards are locked, and where that is said.

use crate::db;
use crate::env::{Entity, ItemRef};
use crate::inputs::{File, Workspace};
use crate::lower::scope::Scope;
use crate::types::resolve;
use crate::{Subject, subjects};
use price_diagnostics::Span;
use price_syntax::ast::{ItemKind, PricesFrom, StmtKind, Tracking};
use std::collections::BTreeMap;

/// One `prices from CARD version N locked`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Locked {
    /// Where the card is named.
    pub at: Span,
    /// The version of the card.
    pub card: Subject,
}

/// The locked cards of a file, in text order. What cannot be resolved is left out: it is a
/// finding of its own.
pub fn locked(db: &dyn salsa::Database, workspace: Workspace, file: File) -> Vec<Locked> {
    let ast = db::parsed(db, file).clone();
    let bodies = ast.items.iter().filter_map(|item| match &item.kind {
        ItemKind::RateCard(card) => Some(&card.body),
        ItemKind::Plan(plan) => Some(&plan.body),
        ItemKind::Contract(contract) => Some(&contract.body),
        _ => None,
    });
    let mut found = Vec::new();
    for statement in bodies.flatten() {
        let StmtKind::PricesFrom(from) = &statement.kind else { continue };
        if from.tracking == Tracking::Locked
            && let Some(card) = version_of(db, workspace, file, from)
        {
            found.push(Locked { at: from.card.span, card });
        }
    }
    found
}

fn version_of(db: &dyn salsa::Database, workspace: Workspace, file: File, from: &PricesFrom) -> Option<Subject> {
    let env = db::names(db, workspace, file).clone();
    let mut unheard = Vec::new();
    let mut scope = Scope { db, workspace, env, lets: BTreeMap::new(), diagnostics: &mut unheard };
    let Entity::Card(versions) = resolve(&mut scope, &from.card) else { return None };
    let item: ItemRef = match &from.version {
        None if versions.len() == 1 => versions[0].1,
        None => return None,
        Some(wanted) => {
            let number = wanted.as_u64().and_then(|v| u32::try_from(v).ok())?;
            versions.iter().find(|(version, _)| *version == Some(number))?.1
        }
    };
    subjects(db, item.file).into_iter().find(|s| s.item == item.id)
}
