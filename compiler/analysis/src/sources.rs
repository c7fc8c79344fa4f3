//! Where the numbers of cards and plans come from, and how long that was good for.

use crate::db;
use crate::declare::calendar::date_of;
use crate::inputs::File;
use price_diagnostics::Span;
use price_ir::{Age, AgeUnit};
use price_syntax::ast::{Duration, ItemKind, StmtKind};
use price_value::Date;

/// One `source "…" checked DATE good for LENGTH`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Sourced {
    /// Where it stands.
    pub at: Span,
    /// Name of the card, plan or contract.
    pub within: String,
    /// When somebody last looked.
    pub checked: Date,
    /// First day on which that is no longer good.
    pub stale: Date,
}

/// The sources of a file that are good for a time, in text order.
pub fn sourced(db: &dyn salsa::Database, file: File) -> Vec<Sourced> {
    let ast = db::parsed(db, file).clone();
    let bodies = ast.items.iter().filter_map(|item| match &item.kind {
        ItemKind::RateCard(card) => Some((&card.name.text, &card.body)),
        ItemKind::Plan(plan) => Some((&plan.name.text, &plan.body)),
        ItemKind::Contract(contract) => Some((&contract.name.text, &contract.body)),
        _ => None,
    });
    let mut found = Vec::new();
    for (name, body) in bodies {
        for statement in body {
            let StmtKind::Source { checked, good_for: Some(length), .. } = &statement.kind else { continue };
            if let (Some(checked), Some(age)) = (date_of(checked), age(length)) {
                let stale = age.after(checked, 1);
                found.push(Sourced { at: statement.span, within: name.clone(), checked, stale });
            }
        }
    }
    found
}

/// A length of calendar time; what is none is a finding of lowering.
fn age(duration: &Duration) -> Option<Age> {
    let (times, unit) = match duration.unit.text.trim_end_matches('s') {
        "day" => (1, AgeUnit::Days),
        "week" => (7, AgeUnit::Days),
        "month" => (1, AgeUnit::Months),
        "quarter" => (3, AgeUnit::Months),
        "year" => (1, AgeUnit::Years),
        _ => return None,
    };
    let count = duration.number.as_u64().and_then(|n| u32::try_from(n).ok()).filter(|n| (1..=5_000).contains(n))?;
    Some(Age { count: count * times, unit })
}
