//! Which rule prices which cell on which day: bases, overrides, their levels and dates.

use super::PriceSource;
use crate::codes;
use crate::declare::DimUse;
use crate::fold;
use crate::limits;
use crate::lower::Lowering;
use crate::lower::body::{Body, CellPrice, LabelCond, label_cond, prepare};
use crate::lower::charge::Quantity;
use crate::lower::layers::{Layer, meet, span_of};
use crate::types::{Names, Typer};
use price_diagnostics::{Diagnostic, Span};
use price_ir::{CellRule, Expr, Function, Regime, RuleIx, Rules};
use price_syntax::ast::{self, OverrideBody, PriceBody};
use price_value::{Date, Rational};
use std::collections::BTreeSet;

/// A rule that may replace another for some cells and dates.
pub(super) struct Candidate {
    pub(super) layer: usize,
    pub(super) during: price_value::Span,
    pub(super) cells: Option<LabelCond>,
    pub(super) what: What,
    pub(super) rule: RuleIx,
    pub(super) span: Span,
}

pub(super) enum What {
    Body(Body),
    /// The rest that stays after `less x%`, and whether it is taken off the list: what the lowest
    /// level says, with its own overrides.
    Less(Rational, bool),
}

impl Lowering<'_> {
    pub(super) fn candidates(
        &mut self,
        source: &PriceSource<'_>,
        layers: &[Layer],
        quantity: &Quantity,
        dims: &[DimUse],
    ) -> Option<Vec<Candidate>> {
        let currency = self.currency.clone();
        let mut candidates = Vec::new();
        let mut sound = true;
        for (index, base) in &source.bases {
            let layer = &layers[*index];
            let body = self
                .scoped(layer, |scope| prepare(&mut typer_for(scope, quantity), &currency, quantity, dims, &base.body));
            let Some(body) = body else {
                sound = false;
                continue;
            };
            let rule = self.rule(format!("{} {}", kind_word(base), base.name.text), layer, base.name.span);
            candidates.push(Candidate {
                layer: *index,
                during: layer.during,
                cells: None,
                what: What::Body(body),
                rule,
                span: base.name.span,
            });
        }
        for (index, over, span) in &source.overrides {
            let layer = &layers[*index];
            if let Some(filter) = &over.filter
                && filter.ladder == Some(ast::LadderRule::Counts)
            {
                self.report(crate::not_yet("`counts in ladder`", filter.span));
                sound = false;
                continue;
            }
            if let OverrideBody::Block(block) = &over.body
                && let Some(other) = block.iter().find(|s| !is_amount(&s.kind))
            {
                let message = "an override replaces amounts, and leaves everything else as it is";
                self.report(
                    Diagnostic::error(codes::NOT_HERE, message)
                        .at(other.span, "")
                        .help("write this into the price itself, or declare another price"),
                );
                sound = false;
                continue;
            }
            if let OverrideBody::Block(block) = &over.body
                && block.iter().any(|s| matches!(s.kind, ast::PriceStmtKind::AllowCliffs))
            {
                self.cliffs_allowed.extend(source.bases.last().map(|(_, base)| base.name.text.clone()));
            }
            let cells = match &over.filter {
                None => None,
                Some(filter) => {
                    match self.scoped(layer, |scope| label_cond(&mut Typer::new(scope), dims, &filter.condition)) {
                        Some(cond) => Some(cond),
                        None => {
                            sound = false;
                            continue;
                        }
                    }
                }
            };
            let what = match &over.body {
                OverrideBody::Less { percent, of } => {
                    let off = self.scoped(layer, |scope| Typer::new(scope).percent(percent));
                    if off > Rational::ONE || off.is_negative() {
                        let message = "an override takes off 0% to 100%";
                        self.report(Diagnostic::error(codes::OUT_OF_RANGE, message).at(percent.span, ""));
                        sound = false;
                        continue;
                    }
                    What::Less(Rational::ONE - off, of.is_some())
                }
                OverrideBody::Charge(charge) => {
                    let body = PriceBody::Charge(charge.clone());
                    match self.scoped(layer, |scope| {
                        prepare(&mut typer_for(scope, quantity), &currency, quantity, dims, &body)
                    }) {
                        Some(body) => What::Body(body),
                        None => {
                            sound = false;
                            continue;
                        }
                    }
                }
                OverrideBody::Block(block) => {
                    let body = PriceBody::Block(block.clone());
                    match self.scoped(layer, |scope| {
                        prepare(&mut typer_for(scope, quantity), &currency, quantity, dims, &body)
                    }) {
                        Some(body) => What::Body(body),
                        None => {
                            sound = false;
                            continue;
                        }
                    }
                }
            };
            let title = match &over.target {
                ast::OverrideTarget::Price(path) => format!("override price {}", path.text()),
                ast::OverrideTarget::Tagged(tag) => format!("override prices tagged {}", tag.text),
            };
            let rule = self.rule(title, layer, *span);
            let during = meet(span_of(over.validity.as_ref()), layer.during);
            candidates.push(Candidate { layer: *index, during, cells, what, rule, span: *span });
        }
        sound.then_some(candidates)
    }

    /// The rule of every cell and date.
    pub(super) fn rules(
        &mut self,
        candidates: &mut [Candidate],
        dims: &[DimUse],
        cells: usize,
        head: Option<&LabelCond>,
        decl: &ast::PriceDecl,
    ) -> Option<Rules> {
        let mut dates: BTreeSet<Date> = BTreeSet::new();
        for candidate in candidates.iter() {
            dates.extend(candidate.during.from);
            dates.extend(candidate.during.until);
        }
        if dates.len() >= limits::REGIMES {
            let message = format!("the price of `{}` changes more than {} times", decl.name.text, limits::REGIMES);
            self.report(Diagnostic::error(codes::OUT_OF_RANGE, message).at(decl.name.span, ""));
            return None;
        }
        let entries = cells.saturating_mul(dates.len() + 1);
        if entries > limits::RULE_ENTRIES || entries.saturating_mul(candidates.len()) > limits::RULE_DECISIONS {
            let message = format!("`{}` has too many cells for its dates and overrides", decl.name.text);
            self.report(
                Diagnostic::error(codes::OUT_OF_RANGE, message)
                    .at(decl.name.span, format!("{cells} cells, {} dates, {} rules", dates.len(), candidates.len()))
                    .help("split the price into several with a `where` each"),
            );
            return None;
        }
        let starts: Vec<Option<Date>> = std::iter::once(None).chain(dates.into_iter().map(Some)).collect();
        let mut functions: Vec<Function> = Vec::new();
        let mut known: std::collections::HashMap<(Expr, Vec<RuleIx>), u32> = std::collections::HashMap::new();
        let mut regimes: Vec<Regime> = Vec::new();
        let mut missing: BTreeSet<String> = BTreeSet::new();
        let mut overlaps: BTreeSet<(Span, Span)> = BTreeSet::new();
        let mut table_span = decl.name.span;
        let mut total_missing = 0usize;
        for from in starts {
            // A date inside the stretch: its first day; before the first date, a day before it.
            let day = from;
            let applies = |c: &Candidate| match day {
                Some(day) => c.during.contains(day),
                None => c.during.from.is_none(),
            };
            let mut rules = Vec::with_capacity(cells);
            for index in 0..cells {
                let cell = labels_of(index, dims);
                if head.is_some_and(|h| !h.holds(&cell)) {
                    rules.push(CellRule::NotSold);
                    continue;
                }
                let mut current: Option<(CellPrice, Vec<RuleIx>)> = None;
                let mut list: Option<(usize, (CellPrice, Vec<RuleIx>))> = None;
                let mut replaced: Option<(usize, Span)> = None;
                for candidate in candidates.iter().filter(|c| applies(c)) {
                    if candidate.cells.as_ref().is_some_and(|c| !c.holds(&cell)) {
                        continue;
                    }
                    let is_base = candidate.cells.is_none() && current.is_none();
                    if !is_base {
                        if let Some((layer, before)) = replaced
                            && layer == candidate.layer
                        {
                            overlaps.insert((before, candidate.span));
                        }
                        replaced = Some((candidate.layer, candidate.span));
                    }
                    match &candidate.what {
                        What::Body(body) => {
                            let price = body.at(&cell);
                            if matches!(price, CellPrice::Missing | CellPrice::Ambiguous(..)) {
                                table_span = body.table_span;
                            }
                            current = Some((price, vec![candidate.rule]));
                        }
                        What::Less(rest, of_list) => {
                            let below = match &list {
                                Some((_, list)) if *of_list => Some(list.clone()),
                                _ => current.clone(),
                            };
                            if let Some((CellPrice::Function(e), mut rules)) = below {
                                rules.push(candidate.rule);
                                current = Some((CellPrice::Function(fold::scale(rest, e)), rules));
                            }
                        }
                    }
                    if let Some(current) = &current
                        && list.as_ref().is_none_or(|(layer, _)| is_base || *layer == candidate.layer)
                    {
                        list = Some((candidate.layer, current.clone()));
                    }
                }
                match current {
                    Some((CellPrice::Function(amount), rule)) => {
                        if fold::size(&amount, limits::FUNCTION_NODES) > limits::FUNCTION_NODES {
                            let message = format!("the price `{}` is too large", decl.name.text);
                            self.report(Diagnostic::error(codes::OUT_OF_RANGE, message).at(
                                decl.name.span,
                                format!("at most {} nodes in one function", limits::FUNCTION_NODES),
                            ));
                            return None;
                        }
                        let next = functions.len() as u32;
                        let at = *known.entry((amount.clone(), rule.clone())).or_insert(next);
                        if at == next {
                            functions.push(Function { amount, rules: rule });
                        }
                        rules.push(CellRule::Function(at));
                    }
                    Some((CellPrice::NotSold, _)) => rules.push(CellRule::NotSold),
                    Some((CellPrice::Ambiguous(a, b), _)) => {
                        self.report(
                            Diagnostic::error(codes::NOT_EXHAUSTIVE, "two rows price the same combination")
                                .at(b, format!("matches {}", show_cell(dims, &cell)))
                                .also(a, "and so does this one")
                                .help("add a row for exactly this combination"),
                        );
                        return None;
                    }
                    Some((CellPrice::Missing, _)) | None => {
                        total_missing += 1;
                        if missing.len() < 12 {
                            missing.insert(show_cell(dims, &cell));
                        }
                        rules.push(CellRule::NotSold);
                    }
                }
            }
            if regimes.last().is_none_or(|r| r.cells != rules) {
                regimes.push(Regime { from, cells: rules });
            }
        }
        if let Some((first, second)) = overlaps.into_iter().next() {
            self.report(
                Diagnostic::error(
                    codes::OVERRIDES_OVERLAP,
                    format!("two overrides of `{}` hold for the same cell and date", decl.name.text),
                )
                .at(second, "this one")
                .also(first, "and this one")
                .help("give them different conditions or dates"),
            );
            return None;
        }
        if total_missing > 0 {
            let shown: Vec<String> = missing.into_iter().collect();
            let message = match total_missing {
                1 => "one combination has no price".to_string(),
                n => format!("{n} combinations have no price"),
            };
            let mut finding = Diagnostic::error(codes::NOT_EXHAUSTIVE, message)
                .at(table_span, format!("missing: {}", shown.join("; ")))
                .help("add them, add a row with `*`, or write `n/a` if they are not sold");
            if total_missing > shown.len() {
                finding = finding.note(format!("and {} more", total_missing - shown.len()));
            }
            self.report(finding);
            return None;
        }
        Some(Rules { functions, regimes })
    }
}

/// The labels of a cell by its number, first dimension most significant.
pub fn labels_of(mut index: usize, dims: &[DimUse]) -> Vec<u32> {
    let mut labels = vec![0; dims.len()];
    for (at, dim) in dims.iter().enumerate().rev() {
        let size = dim.dimension.ir.labels.len().max(1);
        labels[at] = (index % size) as u32;
        index /= size;
    }
    labels
}

pub(super) fn show_cell(dims: &[DimUse], cell: &[u32]) -> String {
    let labels: Vec<&str> =
        dims.iter().zip(cell).map(|(d, l)| d.dimension.ir.labels.get(*l as usize).map_or("", String::as_str)).collect();
    if labels.is_empty() { "all usage".into() } else { labels.join(", ") }
}

/// What a price costs, as opposed to how it is counted, bounded and rounded.
fn is_amount(kind: &ast::PriceStmtKind) -> bool {
    use ast::PriceStmtKind::{AllowCliffs, Bad, Charge, Derive, Discount, Table, Tiers};
    matches!(kind, Charge(_) | Tiers(_) | Table(_) | Derive { .. } | Discount { .. } | AllowCliffs | Bad(_))
}

pub(super) fn kind_word(decl: &ast::PriceDecl) -> &'static str {
    match decl.kind {
        ast::PriceKind::Price => "price",
        ast::PriceKind::Rebate => "rebate",
    }
}

pub(super) fn typer_for<'n>(names: &'n mut dyn Names, quantity: &Quantity) -> Typer<'n> {
    match &quantity.event {
        Some(event) => Typer::on_event(names, event.clone()),
        None => Typer::new(names),
    }
}
