//! The layers of a plan: cards under it, plans it is based on, its own body on top.

use crate::codes;
use crate::db;
use crate::declare::calendar::date_of;
use crate::env::{Entity, Env, ItemRef};
use crate::inputs::{File, Workspace};
use crate::items;
use crate::limits;
use crate::lower::scope::Scope;
use crate::types::{Typer, Val, resolve};
use price_diagnostics::{Diagnostic, Span as SourceSpan};
use price_syntax::ast::{self, ItemKind, StmtKind};
use price_value::{Date, Span};
use std::collections::BTreeMap;
use std::sync::Arc;

/// One body of statements.
#[derive(Clone)]
pub struct Layer {
    /// Names of its module.
    pub env: Arc<Env>,
    /// Its `let`s.
    pub lets: BTreeMap<String, Val>,
    /// Its item.
    pub item: Arc<ast::Item>,
    /// `ratecard cloud version 4`.
    pub within: String,
    /// Name of its item.
    pub name: String,
    /// Whether it is a rate card.
    pub is_card: bool,
    /// Dates on which it applies, where versions of a card follow each other, or an amendment begins.
    pub during: Span,
    /// The statements of an amendment, or those that no layer above replaces; others have all of their item.
    pub statements: Option<Arc<Vec<ast::Stmt>>>,
}

impl Layer {
    /// Where the statement stands that `picks` likes.
    pub fn place(&self, picks: impl Fn(&StmtKind) -> bool) -> Option<SourceSpan> {
        self.body().iter().find(|s| picks(&s.kind)).map(|s| s.span)
    }

    /// Its statements.
    pub fn body(&self) -> &[ast::Stmt] {
        if let Some(own) = &self.statements {
            return own;
        }
        match &self.item.kind {
            ItemKind::RateCard(card) => &card.body,
            ItemKind::Plan(plan) => &plan.body,
            ItemKind::Contract(contract) => &contract.body,
            _ => &[],
        }
    }
}

/// A validity as a half-open range of dates.
pub fn span_of(validity: Option<&ast::Validity>) -> Span {
    let Some(validity) = validity else { return Span::default() };
    let until = validity.end.as_ref().and_then(|end| {
        let date = date_of(&end.date)?;
        Some(if end.inclusive { date.add_days(1) } else { date })
    });
    Span { from: validity.from.as_ref().and_then(date_of), until }
}

/// The dates both ranges cover.
pub fn meet(a: Span, b: Span) -> Span {
    let until = match (a.until, b.until) {
        (Some(x), Some(y)) => Some(x.min(y)),
        (x, y) => x.or(y),
    };
    Span { from: a.from.max(b.from), until }
}

/// Collects the layers of an item, lowest first; without retroactive amendments signed on `known`
/// or later.
pub fn collect(
    db: &dyn salsa::Database,
    workspace: Workspace,
    item: ItemRef,
    known: Option<Date>,
    diagnostics: &mut Vec<Diagnostic>,
) -> Option<Vec<Layer>> {
    let mut layers = Vec::new();
    let mut visiting = Vec::new();
    add(db, workspace, item, Span::default(), &mut layers, &mut visiting, diagnostics)?;
    if layers.last().is_some_and(|own| matches!(own.item.kind, ItemKind::Contract(_))) {
        layers.extend(super::amend::layers(db, workspace, item, known, diagnostics)?);
    }
    super::replace::replaced(&mut layers, diagnostics);
    Some(layers)
}

fn add(
    db: &dyn salsa::Database,
    workspace: Workspace,
    item: ItemRef,
    during: Span,
    layers: &mut Vec<Layer>,
    visiting: &mut Vec<ItemRef>,
    diagnostics: &mut Vec<Diagnostic>,
) -> Option<()> {
    let file: File = item.file;
    let env = db::names(db, workspace, file).clone();
    let node = items::item(db, file, item.id).clone()?;
    let (name, within, body, is_card) = match &node.kind {
        ItemKind::RateCard(card) => {
            let version = card.version.as_ref().map(|v| format!(" version {}", v.text)).unwrap_or_default();
            (card.name.text.clone(), format!("ratecard {}{version}", card.name.text), &card.body, true)
        }
        ItemKind::Plan(plan) => (plan.name.text.clone(), format!("plan {}", plan.name.text), &plan.body, false),
        ItemKind::Contract(contract) => {
            (contract.name.text.clone(), format!("contract {}", contract.name.text), &contract.body, false)
        }
        _ => return None,
    };
    visiting.push(item);
    let mut sound = true;
    for statement in body {
        let mut scope =
            Scope { db, workspace, env: env.clone(), lets: BTreeMap::new(), diagnostics: &mut *diagnostics };
        match &statement.kind {
            StmtKind::BasedOn(path) => match resolve(&mut scope, path) {
                Entity::Plan(base) => {
                    if visiting.contains(&base) || visiting.len() >= limits::BASED_ON_DEPTH {
                        let message = format!("`{name}` is based on itself");
                        diagnostics.push(Diagnostic::error(codes::DEFINITION_CYCLE, message).at(path.span, ""));
                        return None;
                    }
                    sound &= add(db, workspace, base, during, layers, visiting, diagnostics).is_some();
                }
                Entity::Error => sound = false,
                other => {
                    let message = format!("`{}` is {}, not a plan", path.text(), other.kind());
                    diagnostics.push(Diagnostic::error(codes::WRONG_KIND, message).at(path.span, ""));
                    sound = false;
                }
            },
            StmtKind::PricesFrom(from) => match resolve(&mut scope, &from.card) {
                Entity::Card(versions) => {
                    for (card, dates) in choose(db, &versions, from, diagnostics)? {
                        sound &= add(db, workspace, card, dates, layers, visiting, diagnostics).is_some();
                    }
                }
                Entity::Error => sound = false,
                other => {
                    let message = format!("`{}` is {}, not a rate card", from.card.text(), other.kind());
                    diagnostics.push(Diagnostic::error(codes::WRONG_KIND, message).at(from.card.span, ""));
                    sound = false;
                }
            },
            _ => {}
        }
    }
    visiting.pop();
    let mut lets = BTreeMap::new();
    for statement in body {
        if let StmtKind::Let(decl) = &statement.kind {
            let mut scope =
                Scope { db, workspace, env: env.clone(), lets: lets.clone(), diagnostics: &mut *diagnostics };
            let value = Typer::new(&mut scope).constant(&decl.value);
            lets.insert(decl.name.text.clone(), value);
        }
    }
    let statements = None;
    layers.push(Layer { env, lets, item: node.clone(), within, name, is_card, during, statements });
    sound.then_some(())
}

/// The versions of a card that a plan uses, with the dates on which each applies.
fn choose(
    db: &dyn salsa::Database,
    versions: &[(Option<u32>, ItemRef)],
    from: &ast::PricesFrom,
    diagnostics: &mut Vec<Diagnostic>,
) -> Option<Vec<(ItemRef, Span)>> {
    if let Some(wanted) = &from.version {
        let number = wanted.as_u64().and_then(|v| u32::try_from(v).ok());
        return match versions.iter().find(|(v, _)| *v == number) {
            Some((_, item)) => Some(vec![(*item, Span::default())]),
            None => {
                let known: Vec<String> = versions.iter().filter_map(|(v, _)| v.map(|v| v.to_string())).collect();
                let message = format!("`{}` has no version {}", from.card.text(), wanted.text);
                diagnostics.push(
                    Diagnostic::error(codes::UNKNOWN_NAME, message)
                        .at(wanted.span, "")
                        .note(format!("its versions are {}", known.join(", "))),
                );
                None
            }
        };
    }
    if versions.len() == 1 {
        return Some(vec![(versions[0].1, Span::default())]);
    }
    if from.tracking == ast::Tracking::Locked {
        diagnostics.push(
            Diagnostic::error(codes::NO_TARGET, format!("`{}` has several versions", from.card.text()))
                .at(from.card.span, "which one is locked?")
                .help("write `version N` behind the name of the card"),
        );
        return None;
    }
    // Following: each version from its effective date until the next one's.
    let mut dated: Vec<(Option<Date>, ItemRef)> = Vec::new();
    for (_, item) in versions {
        let Some(node) = items::item(db, item.file, item.id) else { continue };
        let ItemKind::RateCard(card) = &node.kind else { continue };
        let effective = card.body.iter().find_map(|s| match &s.kind {
            StmtKind::Effective(validity) => Some(span_of(Some(validity)).from),
            _ => None,
        });
        dated.push((effective.flatten(), *item));
    }
    dated.sort_by_key(|(date, _)| *date);
    let twice: Option<SourceSpan> = dated.windows(2).any(|pair| pair[0].0 == pair[1].0).then_some(from.card.span);
    if let Some(span) = twice {
        diagnostics.push(
            Diagnostic::error(
                codes::OVERRIDES_OVERLAP,
                format!("two versions of `{}` begin on one day", from.card.text()),
            )
            .at(span, "followed here")
            .help("give each version its own `effective from`"),
        );
        return None;
    }
    let mut chosen = Vec::new();
    for (index, (date, item)) in dated.iter().enumerate() {
        let until = dated.get(index + 1).and_then(|(next, _)| *next);
        chosen.push((*item, Span { from: if index == 0 { None } else { *date }, until }));
    }
    Some(chosen)
}
