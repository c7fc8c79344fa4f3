//! Amendments: layers above a contract, each from its first day on.
//!
//! What an amendment sets or adds is a statement of its layer. Steps of commitments, removals and
//! the new end of the term change what the layers below said.

use super::layers::Layer;
use crate::codes;
use crate::db;
use crate::declare::calendar::date_of;
use crate::env::{Entity, Env, ItemRef};
use crate::inputs::{File, Workspace};
use crate::items;
use crate::limits;
use crate::lower::scope::Scope;
use crate::types::resolve;
use price_diagnostics::{Diagnostic, Fix, ItemId};
use price_syntax::ast::{self, ChangeKind, ItemKind, StmtKind};
use price_value::{Date, Span};
use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

/// The contract an amendment changes.
pub(crate) fn target(
    db: &dyn salsa::Database,
    workspace: Workspace,
    file: File,
    amendment: &ast::Amendment,
    diagnostics: &mut Vec<Diagnostic>,
) -> Option<ItemRef> {
    let env = db::names(db, workspace, file).clone();
    let mut scope = Scope { db, workspace, env, lets: BTreeMap::new(), diagnostics: &mut *diagnostics };
    match resolve(&mut scope, &amendment.target) {
        Entity::Contract(item) => Some(item),
        Entity::Error => None,
        other => {
            let message = format!("`{}` is {}, not a contract", amendment.target.text(), other.kind());
            diagnostics.push(Diagnostic::error(codes::WRONG_KIND, message).at(amendment.target.span, ""));
            None
        }
    }
}

/// The amendments of a contract, as items of the files they stand in.
#[salsa::tracked]
fn amendments(db: &dyn salsa::Database, workspace: Workspace, file: File, id: ItemId) -> Vec<ItemRef> {
    let contract = ItemRef { file, id };
    let mut found = Vec::new();
    for file in workspace.files(db) {
        for item in items::items(db, *file, "amendment") {
            // A target that is no contract is said with the amendment's own file.
            if let ItemKind::Amendment(amendment) = &item.kind
                && target(db, workspace, *file, amendment, &mut Vec::new()) == Some(contract)
            {
                found.push(ItemRef { file: *file, id: item.id });
            }
        }
    }
    found
}

/// The days on which retroactive amendments of a contract were signed, in order.
pub(crate) fn signatures(db: &dyn salsa::Database, workspace: Workspace, contract: ItemRef) -> Vec<Date> {
    let signed = |at: &ItemRef| match &items::item(db, at.file, at.id).as_ref()?.kind {
        ItemKind::Amendment(amendment) if amendment.retroactive => amendment.signed.as_ref().and_then(date_of),
        _ => None,
    };
    let days: BTreeSet<Date> =
        amendments(db, workspace, contract.file, contract.id).iter().filter_map(signed).collect();
    days.into_iter().collect()
}

/// The amendments of a contract as layers, earliest first; of the retroactive ones those signed
/// before `known`, or all.
pub(crate) fn layers(
    db: &dyn salsa::Database,
    workspace: Workspace,
    contract: ItemRef,
    known: Option<Date>,
    diagnostics: &mut Vec<Diagnostic>,
) -> Option<Vec<Layer>> {
    let mut found: Vec<(Date, u64, price_diagnostics::Span, Layer)> = Vec::new();
    let mut sound = true;
    let mut retroactive = 0;
    let below = db::names(db, workspace, contract.file).clone();
    for &ItemRef { file, id } in amendments(db, workspace, contract.file, contract.id) {
        let Some(item) = items::item(db, file, id) else { continue };
        let ItemKind::Amendment(amendment) = &item.kind else { continue };
        let (Some(effective), Some(number)) = (date_of(&amendment.effective), amendment.number.as_u64()) else {
            let message = "this is not a date, or not the number of an amendment";
            diagnostics.push(Diagnostic::error(codes::OUT_OF_RANGE, message).at(item.span, ""));
            sound = false;
            continue;
        };
        if let Some(written) = amendment.signed.as_ref()
            && date_of(written).is_some_and(|signed| signed > effective)
            && !amendment.retroactive
        {
            let end = written.span.after();
            diagnostics.push(
                Diagnostic::error(codes::SAY_RETROACTIVE, "this amendment reaches back behind its signature")
                    .at(amendment.effective.span, "effective before it was signed")
                    .help("write `retroactive` if closed periods are to be rated again, or a later day")
                    .fix(Fix::replace("rate closed periods again", end, " retroactive", false)),
            );
            sound = false;
        }
        if amendment.retroactive {
            retroactive += 1;
            let signed = amendment.signed.as_ref().and_then(date_of);
            if retroactive > limits::RETROACTIVE {
                let message = format!("more than {} retroactive amendments of one contract", limits::RETROACTIVE);
                diagnostics.push(
                    Diagnostic::error(codes::OUT_OF_RANGE, message)
                        .at(amendment.effective.span, "")
                        .help("each rates all usage once more; put what they say into one amendment"),
                );
                sound = false;
            }
            if amendment.signed.is_none() {
                let end = amendment.effective.span;
                let end = end.after();
                diagnostics.push(
                    Diagnostic::error(codes::SAY_RETROACTIVE, "nothing says since when this amendment is known")
                        .at(amendment.effective.span, "closed periods are rated again")
                        .help("the difference belongs to the period in which it was signed")
                        .fix(Fix::replace("write the day of the signature", end, " signed YYYY-MM-DD", false)),
                );
                sound = false;
            }
            if known.is_some_and(|day| signed.is_some_and(|signed| signed >= day)) {
                continue;
            }
        }
        let statement = |change: &ast::Change| match &change.kind {
            ChangeKind::Set(stmt) | ChangeKind::Add(stmt) => Some((**stmt).clone()),
            _ => None,
        };
        let name = amendment.target.last().map_or(String::new(), |name| name.text.clone());
        let layer = Layer {
            env: names(db::names(db, workspace, file), &below),
            lets: BTreeMap::new(),
            item: item.clone(),
            within: format!("amendment {number} to {name}"),
            name,
            is_card: false,
            during: Span { from: Some(effective), until: None },
            statements: Some(Arc::new(amendment.changes.iter().filter_map(statement).collect())),
        };
        found.push((effective, number, amendment.number.span, layer));
    }
    found.sort_by_key(|(effective, number, ..)| (*effective, *number));
    for at in 1..found.len() {
        let twice = found[..at].iter().find(|(_, number, ..)| *number == found[at].1);
        if let Some((_, number, first, _)) = twice {
            diagnostics.push(
                Diagnostic::error(codes::DECLARED_TWICE, format!("there are two amendments {number}"))
                    .at(found[at].2, "again")
                    .also(*first, "first"),
            );
            sound = false;
        }
    }
    sound.then(|| found.into_iter().map(|(.., layer)| layer).collect())
}

/// The names an amendment sees: its module's own, and behind them those of the contract's.
fn names(own: &Env, contract: &Env) -> Arc<Env> {
    let mut all = contract.clone();
    all.module.clone_from(&own.module);
    all.names.extend(own.names.clone());
    all.symbols.extend(own.symbols.clone());
    Arc::new(all)
}

impl Layer {
    /// The amendment this layer is, if it is one.
    pub(crate) fn amendment(&self) -> Option<&ast::Amendment> {
        match &self.item.kind {
            ItemKind::Amendment(amendment) => Some(amendment),
            _ => None,
        }
    }
}

/// The layer of the item itself: the highest that is no amendment.
pub(crate) fn own(layers: &[Layer]) -> Option<&Layer> {
    layers.iter().rev().find(|layer| layer.amendment().is_none())
}

/// Where that layer stands; those of its amendments follow.
pub(crate) fn own_at(layers: &[Layer]) -> usize {
    layers.iter().rposition(|layer| layer.amendment().is_none()).unwrap_or(0)
}

/// What amendments remove, extend and re-step.
pub(crate) struct Changes<'l> {
    layers: &'l [Layer],
}

impl<'l> Changes<'l> {
    pub(crate) fn of(layers: &'l [Layer]) -> Changes<'l> {
        Changes { layers }
    }

    fn all(&self) -> impl Iterator<Item = (&'l Layer, &'l ast::Change)> {
        self.layers
            .iter()
            .filter_map(|l| Some((l, l.amendment()?)))
            .flat_map(|(l, a)| a.changes.iter().map(move |c| (l, c)))
    }

    /// Days on which something still holds: until an amendment removes or replaces it.
    pub(crate) fn during(&self, layer: &Layer, kind: &str, name: &str) -> Span {
        let gone = self.all().filter(|(l, _)| l.during.from > layer.during.from).find_map(|(l, change)| {
            let removed = match &change.kind {
                ChangeKind::Remove { kind: word, path } => {
                    word.text == kind && path.last().is_some_and(|n| n.text == name)
                }
                // A fee goes on with another amount.
                ChangeKind::Set(stmt) => {
                    kind != "fee" && named(&stmt.kind).is_some_and(|(k, n)| k == kind && n == name)
                }
                _ => false,
            };
            removed.then_some(l.during.from).flatten()
        });
        Span { from: layer.during.from, until: gone }
    }

    /// New amounts of commitments' steps, in order, with the layer that says so.
    pub(crate) fn steps(&self) -> Vec<(&'l Layer, &'l ast::StepChange)> {
        let step = |(layer, change): (&'l Layer, &'l ast::Change)| match &change.kind {
            ChangeKind::SetStep(step) | ChangeKind::AddStep(step) => Some((layer, step)),
            _ => None,
        };
        self.all().filter_map(step).collect()
    }

    /// The ends of the term that amendments name, as first days after it, with the amendments' own
    /// first days, in their order.
    pub(crate) fn term_ends(&self) -> Vec<(Date, Option<Date>, price_diagnostics::Span)> {
        let end = |layer: &Layer, change: &ast::Change| match &change.kind {
            ChangeKind::ExtendTerm { end } => {
                let day = date_of(&end.date).map(|day| if end.inclusive { day.add_days(1) } else { day });
                day.map(|day| (day, layer.during.from, change.span))
            }
            _ => None,
        };
        self.all().filter_map(|(layer, change)| end(layer, change)).collect()
    }

    /// Statements that hold from a day on and leave the days before it as they were.
    fn addable(&self, kind: &StmtKind) -> bool {
        let added = |name: &ast::Name| {
            self.all().any(|(_, change)| match &change.kind {
                ChangeKind::Add(stmt) => matches!(&stmt.kind, StmtKind::Fee(fee) if fee.name.text == name.text),
                _ => false,
            })
        };
        match kind {
            StmtKind::Fee(_)
            | StmtKind::Discount(_)
            | StmtKind::Cap(_)
            | StmtKind::Minimum(_)
            | StmtKind::Wallet(_)
            | StmtKind::Commitment(_)
            | StmtKind::Entitlement(_)
            | StmtKind::Override(_)
            | StmtKind::Pause(_)
            | StmtKind::Bad(_) => true,
            StmtKind::Prorate { names, .. } => names.iter().all(|name| name.last().is_some_and(added)),
            _ => false,
        }
    }

    /// Where the waterfall stands that holds below an amendment.
    fn waterfall_below(&self, layer: &Layer) -> Option<price_diagnostics::Span> {
        let below = self.layers.iter().take_while(|l| !std::ptr::eq(*l, layer));
        below.flat_map(Layer::body).find(|s| matches!(s.kind, StmtKind::Waterfall(_))).map(|s| s.span)
    }

    /// Whether an amendment removes something, which can then be added again.
    fn removes(&self, (kind, name): &(&'static str, String)) -> bool {
        self.all().any(|(_, change)| match &change.kind {
            ChangeKind::Remove { kind: word, path } => {
                word.text == *kind && path.last().is_some_and(|n| n.text == *name)
            }
            _ => false,
        })
    }

    /// What cannot be changed in this version, and removals of what is not there.
    pub(crate) fn unknown(&self, declared: &[(&'static str, String)]) -> Vec<Diagnostic> {
        let mut found = Vec::new();
        let of_contract = self.layers.iter().filter(|l| l.amendment().is_none()).flat_map(Layer::body);
        let mut below: Vec<(&'static str, String)> = of_contract.filter_map(|s| named(&s.kind)).collect();
        for (layer, change) in self.all() {
            match &change.kind {
                ChangeKind::Set(stmt)
                    if matches!(stmt.kind, StmtKind::Waterfall(_)) && self.waterfall_below(layer).is_none() =>
                {
                    found.push(
                        Diagnostic::error(codes::NO_TARGET, "there is no waterfall to set")
                            .at(change.span, "")
                            .help("write `add waterfall` for the first one"),
                    );
                }
                ChangeKind::Remove { kind, path } => {
                    let name = path.last().map_or("", |n| n.text.as_str());
                    if !REMOVABLE.contains(&kind.text.as_str()) {
                        found.push(crate::not_yet(&format!("removing a {}", kind.text), change.span));
                    } else if !declared.iter().any(|(k, n)| *k == kind.text && n == name) {
                        let message = format!("there is no {} called `{name}` to remove", kind.text);
                        found.push(Diagnostic::error(codes::NO_TARGET, message).at(path.span, ""));
                    }
                }
                ChangeKind::Set(stmt) if named(&stmt.kind).is_none() && !settable(&stmt.kind) => {
                    found.push(crate::not_yet("setting this by an amendment", change.span));
                }
                ChangeKind::Set(stmt) => {
                    if let Some((kind, name)) = named(&stmt.kind)
                        && !declared.iter().any(|(k, n)| *k == kind && *n == name)
                    {
                        let message = format!("there is no {kind} called `{name}` to set");
                        found.push(
                            Diagnostic::error(codes::NO_TARGET, message)
                                .at(change.span, "")
                                .help("write `add` for a new one"),
                        );
                    }
                }
                ChangeKind::SetStep(step) | ChangeKind::AddStep(step) => {
                    let name = step.path.last().map_or("", |n| n.text.as_str());
                    if !declared.iter().any(|(kind, n)| *kind == "commitment" && n == name) {
                        let message = format!("there is no commitment called `{name}`");
                        found.push(Diagnostic::error(codes::NO_TARGET, message).at(step.path.span, ""));
                    }
                }
                ChangeKind::Add(stmt) if matches!(stmt.kind, StmtKind::Waterfall(_)) => {
                    if let Some(before) = self.waterfall_below(layer) {
                        found.push(
                            Diagnostic::error(codes::DECLARED_TWICE, "there is a waterfall already")
                                .at(change.span, "again")
                                .also(before, "first")
                                .help("write `set` to replace it"),
                        );
                    }
                }
                ChangeKind::Add(stmt)
                    if named(&stmt.kind).is_some_and(|name| below.contains(&name) && !self.removes(&name)) =>
                {
                    let (_, name) = named(&stmt.kind).unwrap_or_default();
                    found.push(
                        Diagnostic::error(codes::DECLARED_TWICE, format!("`{name}` is declared already"))
                            .at(change.span, "again")
                            .help("write `set` to change it"),
                    );
                }
                ChangeKind::Add(stmt) if !self.addable(&stmt.kind) => {
                    found.push(crate::not_yet("adding this by an amendment", change.span));
                }
                _ => {}
            }
            if let ChangeKind::Add(stmt) = &change.kind {
                below.extend(named(&stmt.kind));
            }
        }
        found
    }
}

/// What `remove` may name.
const REMOVABLE: [&str; 5] = ["discount", "fee", "wallet", "entitlement", "commitment"];

/// Statements whose later one replaces the earlier by name.
fn named(kind: &StmtKind) -> Option<(&'static str, String)> {
    Some(match kind {
        StmtKind::Discount(d) => ("discount", d.name.text.clone()),
        StmtKind::Entitlement(e) => ("entitlement", e.name.text.clone()),
        StmtKind::Fee(f) => ("fee", f.name.text.clone()),
        _ => return None,
    })
}

/// Statements that need no name: one holds at a time, or they name what they change.
fn settable(kind: &StmtKind) -> bool {
    matches!(kind, StmtKind::Override(_) | StmtKind::Waterfall(_) | StmtKind::Bad(_))
}

/// Everything that has a name amendments may speak of.
pub(crate) fn declared(layers: &[Layer]) -> Vec<(&'static str, String)> {
    let statements = layers.iter().filter(|l| l.amendment().is_none()).flat_map(Layer::body);
    let added = layers.iter().filter_map(Layer::amendment).flat_map(|a| &a.changes).filter_map(|c| match &c.kind {
        ChangeKind::Add(stmt) => Some(&**stmt),
        _ => None,
    });
    let of = |stmt: &ast::Stmt| match &stmt.kind {
        StmtKind::Wallet(w) => Some(("wallet", w.name.text.clone())),
        StmtKind::Commitment(c) => Some(("commitment", c.name.text.clone())),
        kind => named(kind),
    };
    statements.chain(added).filter_map(of).collect()
}
