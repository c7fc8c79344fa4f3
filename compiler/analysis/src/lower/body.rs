//! The body of a price or override, typed once and then asked cell by cell.

use super::charge::{Charges, Quantity};
use crate::codes;
use crate::declare::DimUse;
use crate::fold;
use crate::report;
use crate::types::{Typer, mode};
use price_diagnostics::{Diagnostic, Span};
use price_ir::Expr;
use price_syntax::ast::{self, CellKind, ExprKind, PriceBody, PriceStmtKind, TermKind};
use price_value::{Currency, Rational};
use std::collections::BTreeMap;

/// The price of one cell.
#[derive(Debug, Clone, PartialEq)]
pub enum CellPrice {
    /// A function.
    Function(Expr),
    /// `n/a`.
    NotSold,
    /// No line gives this cell a price.
    Missing,
    /// Two lines give it a price and neither is more exact than the other.
    Ambiguous(Span, Span),
}

/// A typed body.
#[derive(Debug)]
pub struct Body {
    parts: Vec<Part>,
    derived: Vec<Derived>,
    discounts: Vec<(Rational, Option<LabelCond>)>,
    /// Where tables and ladders begin, for findings about cells.
    pub table_span: Span,
}

#[derive(Debug)]
enum Part {
    Everywhere(Expr),
    /// One function per label of one dimension.
    Columns {
        dim: usize,
        by_label: BTreeMap<u32, Option<Expr>>,
    },
    Table(Table),
}

/// Keys of a row with `*` (`None`), its function (`None`: not sold), where it stands.
type StarRow = (Vec<Option<u32>>, Option<Expr>, Span);

#[derive(Debug)]
struct Table {
    dims: Vec<usize>,
    exact: BTreeMap<Vec<u32>, (Option<Expr>, Span)>,
    /// Rows with `*`: `None` matches every label.
    rest: Vec<StarRow>,
}

#[derive(Debug)]
struct Derived {
    dim: usize,
    label: u32,
    terms: Vec<DerivedTerm>,
}

#[derive(Debug)]
enum DerivedTerm {
    Of(u32, Rational),
    Plus(Expr),
}

/// A condition on the labels of a cell.
#[derive(Debug, Clone, PartialEq)]
pub enum LabelCond {
    /// Dimension (by position) is one of these labels.
    In(usize, Vec<u32>),
    /// All.
    All(Vec<LabelCond>),
    /// Any.
    Any(Vec<LabelCond>),
    /// Not.
    Not(Box<LabelCond>),
}

impl LabelCond {
    /// Whether the cell fulfils it.
    pub fn holds(&self, cell: &[u32]) -> bool {
        match self {
            LabelCond::In(dim, labels) => labels.contains(&cell[*dim]),
            LabelCond::All(parts) => parts.iter().all(|p| p.holds(cell)),
            LabelCond::Any(parts) => parts.iter().any(|p| p.holds(cell)),
            LabelCond::Not(inner) => !inner.holds(cell),
        }
    }
}

/// Reads a condition that may ask for labels of `dims` only.
pub fn label_cond(typer: &mut Typer<'_>, dims: &[DimUse], e: &ast::Expr) -> Option<LabelCond> {
    match &e.kind {
        ExprKind::And(a, b) => Some(LabelCond::All(vec![label_cond(typer, dims, a)?, label_cond(typer, dims, b)?])),
        ExprKind::Or(a, b) => Some(LabelCond::Any(vec![label_cond(typer, dims, a)?, label_cond(typer, dims, b)?])),
        ExprKind::Not(inner) => Some(LabelCond::Not(Box::new(label_cond(typer, dims, inner)?))),
        ExprKind::Is { subject, negated, label } => is(typer, dims, subject, *negated, std::slice::from_ref(label)),
        ExprKind::In { subject, negated, labels } => is(typer, dims, subject, *negated, labels),
        _ => {
            typer.report(
                Diagnostic::error(codes::NOT_HERE, "this condition may only ask for labels of dimensions")
                    .at(e.span, "")
                    .help("put conditions on other fields into the `where` of the meter"),
            );
            None
        }
    }
}

fn is(
    typer: &mut Typer<'_>,
    dims: &[DimUse],
    subject: &ast::Expr,
    negated: bool,
    labels: &[ast::Label],
) -> Option<LabelCond> {
    let ExprKind::Path(path) = &subject.kind else {
        typer.report(
            Diagnostic::error(codes::TYPE_MISMATCH, "a dimension is needed in front of `is`").at(subject.span, ""),
        );
        return None;
    };
    let name = path.last()?;
    let Some(at) = dims.iter().position(|d| d.name == name.text) else {
        let names: Vec<String> = dims.iter().map(|d| d.name.clone()).collect();
        let message = format!("`{}` is not a dimension of what is priced here", name.text);
        let mut finding = Diagnostic::error(codes::DIMENSION_UNAVAILABLE, message).at(name.span, "");
        if !names.is_empty() {
            finding = finding.note(format!("its dimensions are {}", report::list(&names)));
        }
        typer.report(finding);
        return None;
    };
    let mut found = Vec::new();
    for label in labels {
        found.push(typer.label(&dims[at].dimension, label)?);
    }
    let cond = LabelCond::In(at, found);
    Some(if negated { LabelCond::Not(Box::new(cond)) } else { cond })
}

/// Types the pricing statements of a body; other statements are left to the caller.
pub fn prepare(
    typer: &mut Typer<'_>,
    currency: &Currency,
    quantity: &Quantity,
    dims: &[DimUse],
    body: &PriceBody,
) -> Option<Body> {
    let statements = match body {
        PriceBody::Charge(charge) => {
            let expr = Charges { typer, currency, quantity }.charge(charge, None)?;
            return Some(Body {
                parts: vec![Part::Everywhere(expr)],
                derived: Vec::new(),
                discounts: Vec::new(),
                table_span: charge.span,
            });
        }
        PriceBody::Block(statements) => statements,
    };
    let mut made = Body { parts: Vec::new(), derived: Vec::new(), discounts: Vec::new(), table_span: quantity.span };
    let mut sound = true;
    for statement in statements {
        match &statement.kind {
            PriceStmtKind::Charge(charge) => match (Charges { typer, currency, quantity }).charge(charge, None) {
                Some(expr) => made.parts.push(Part::Everywhere(expr)),
                None => sound = false,
            },
            PriceStmtKind::Tiers(tiers) => {
                made.table_span = statement.span;
                match columns(typer, currency, quantity, dims, tiers, statement.span) {
                    Some(part) => made.parts.push(part),
                    None => sound = false,
                }
            }
            PriceStmtKind::Table(table) => {
                made.table_span = statement.span;
                match self::table(typer, currency, quantity, dims, table) {
                    Some(table) => made.parts.push(Part::Table(table)),
                    None => sound = false,
                }
            }
            PriceStmtKind::Derive { label, charge } => {
                match derived(typer, currency, quantity, dims, &made, label, charge) {
                    Some(derived) => made.derived.push(derived),
                    None => sound = false,
                }
            }
            PriceStmtKind::Discount { percent, filter } => {
                let off = typer.percent(percent);
                if off > Rational::ONE || off.is_negative() {
                    let message = "a discount takes off 0% to 100%";
                    typer.report(Diagnostic::error(codes::OUT_OF_RANGE, message).at(percent.span, ""));
                    sound = false;
                    continue;
                }
                let cond = match filter {
                    None => None,
                    Some(filter) => match label_cond(typer, dims, filter) {
                        Some(cond) => Some(cond),
                        None => {
                            sound = false;
                            continue;
                        }
                    },
                };
                made.discounts.push((Rational::ONE - off, cond));
            }
            PriceStmtKind::Bad(_) => sound = false,
            _ => {}
        }
    }
    if sound && made.parts.is_empty() {
        typer.report(
            Diagnostic::error(codes::UNIT_MISSING, format!("{} has no price", quantity.what))
                .at(quantity.span, "")
                .help("add a charge, a ladder (`graduated`, `volume`, `stairstep`) or a `table`"),
        );
        return None;
    }
    sound.then_some(made)
}

fn columns(
    typer: &mut Typer<'_>,
    currency: &Currency,
    quantity: &Quantity,
    dims: &[DimUse],
    tiers: &ast::Tiers,
    span: Span,
) -> Option<Part> {
    let functions = Charges { typer, currency, quantity }.ladder(tiers)?;
    let Some(labels) = &tiers.columns else {
        let function = functions.into_iter().next()?;
        let Some(function) = function else {
            typer.report(Diagnostic::error(codes::NOT_EXHAUSTIVE, "every tier is `n/a`").at(span, ""));
            return None;
        };
        return Some(Part::Everywhere(function));
    };
    let fits = |d: &DimUse| labels.iter().all(|l| d.dimension.ir.code(&l.text).is_some());
    let Some(dim) = dims.iter().position(fits) else {
        let first_known = dims.iter().position(|d| labels.iter().any(|l| d.dimension.ir.code(&l.text).is_some()));
        match first_known {
            Some(at) => {
                for label in labels {
                    typer.label(&dims[at].dimension, label);
                }
            }
            None => typer.report(
                Diagnostic::error(
                    codes::DIMENSION_UNAVAILABLE,
                    "these columns are labels of no dimension of this price",
                )
                .at(labels[0].span, "")
                .help("add the dimension behind `by` in the head of the price"),
            ),
        }
        return None;
    };
    let mut by_label = BTreeMap::new();
    for (label, function) in labels.iter().zip(functions) {
        let code = dims[dim].dimension.ir.code(&label.text)?;
        if by_label.insert(code, function).is_some() {
            let message = format!("the column `{}` is there twice", label.text);
            typer.report(Diagnostic::error(codes::NOT_EXHAUSTIVE, message).at(label.span, ""));
            return None;
        }
    }
    Some(Part::Columns { dim, by_label })
}

fn position(typer: &mut Typer<'_>, dims: &[DimUse], path: &ast::Path) -> Option<usize> {
    let name = path.last()?;
    if let Some(at) = dims.iter().position(|d| d.name == name.text) {
        return Some(at);
    }
    let names: Vec<String> = dims.iter().map(|d| d.name.clone()).collect();
    let mut finding = report::unknown(
        codes::DIMENSION_UNAVAILABLE,
        "dimension of this price",
        &name.text,
        name.span,
        names.iter().map(String::as_str),
    );
    if finding.help.is_none() {
        finding = finding.help(format!("add `by {}` to the head of the price", name.text));
    }
    typer.report(finding);
    None
}

fn table(
    typer: &mut Typer<'_>,
    currency: &Currency,
    quantity: &Quantity,
    dims: &[DimUse],
    table: &ast::Table,
) -> Option<Table> {
    let per = table.per.as_ref();
    let mut made = Table { dims: Vec::new(), exact: BTreeMap::new(), rest: Vec::new() };
    let header_labels: Vec<u32> = match &table.header {
        ast::TableHeader::Matrix { rows, columns, labels, .. } => {
            made.dims = vec![position(typer, dims, rows)?, position(typer, dims, columns)?];
            let mut found = Vec::new();
            for label in labels {
                found.push(typer.label(&dims[made.dims[1]].dimension, label)?);
            }
            found
        }
        ast::TableHeader::List { dimensions, .. } => {
            for path in dimensions {
                made.dims.push(position(typer, dims, path)?);
            }
            Vec::new()
        }
        ast::TableHeader::Bad(_) => return None,
    };
    let mut sound = true;
    for entry in &table.rows {
        let ast::TableEntry::Row(row) = entry else {
            sound = false;
            continue;
        };
        let key_dims: &[usize] = if header_labels.is_empty() { &made.dims } else { &made.dims[..1] };
        let cells_wanted = header_labels.len().max(1);
        if row.keys.len() != key_dims.len() || row.cells.len() != cells_wanted {
            let message = format!(
                "this row has {} columns, the header has {}",
                row.keys.len() + row.cells.len(),
                key_dims.len() + cells_wanted
            );
            typer.report(Diagnostic::error(codes::NOT_EXHAUSTIVE, message).at(row.span, ""));
            sound = false;
            continue;
        }
        let mut keys: Vec<Option<u32>> = Vec::new();
        for (key, dim) in row.keys.iter().zip(key_dims) {
            keys.push(match key {
                ast::Key::Rest(_) => None,
                ast::Key::Label(label) => match typer.label(&dims[*dim].dimension, label) {
                    Some(code) => Some(code),
                    None => {
                        sound = false;
                        break;
                    }
                },
            });
        }
        if keys.len() != key_dims.len() {
            continue;
        }
        for (index, cell) in row.cells.iter().enumerate() {
            let function = match &cell.kind {
                CellKind::NotSold => None,
                CellKind::Charge(charge) => match (Charges { typer, currency, quantity }).charge(charge, per) {
                    Some(function) => Some(function),
                    None => {
                        sound = false;
                        continue;
                    }
                },
            };
            let mut full = keys.clone();
            full.extend(header_labels.get(index).map(|label| Some(*label)));
            let exact: Option<Vec<u32>> = full.iter().copied().collect();
            let twice = match exact {
                Some(exact) => made.exact.insert(exact, (function, cell.span)).map(|(_, span)| span),
                None => {
                    let before = made.rest.iter().find(|(k, ..)| *k == full).map(|(.., span)| *span);
                    made.rest.push((full, function, cell.span));
                    before
                }
            };
            if let Some(first) = twice {
                typer.report(
                    Diagnostic::error(codes::NOT_EXHAUSTIVE, "this combination has two prices")
                        .at(cell.span, "again")
                        .also(first, "first"),
                );
                sound = false;
            }
        }
    }
    sound.then_some(made)
}

fn derived(
    typer: &mut Typer<'_>,
    currency: &Currency,
    quantity: &Quantity,
    dims: &[DimUse],
    made: &Body,
    label: &ast::Label,
    charge: &ast::Charge,
) -> Option<Derived> {
    // The dimensions of the table come first, its columns before its rows.
    let mut order: Vec<usize> = Vec::new();
    for part in &made.parts {
        match part {
            Part::Table(table) => order.extend(table.dims.iter().rev()),
            Part::Columns { dim, .. } => order.push(*dim),
            Part::Everywhere(_) => {}
        }
    }
    order.extend(0..dims.len());
    let Some(dim) = order.into_iter().find(|d| dims[*d].dimension.ir.code(&label.text).is_some()) else {
        let all: Vec<&str> = dims.iter().flat_map(|d| d.dimension.ir.labels.iter().map(String::as_str)).collect();
        let finding =
            report::unknown(codes::UNKNOWN_LABEL, "label of this price's dimensions", &label.text, label.span, all);
        typer.report(finding);
        return None;
    };
    let own = dims[dim].dimension.ir.code(&label.text)?;
    let label_of = |typer: &mut Typer<'_>, path: &ast::Path| -> Option<Option<u32>> {
        let Some(name) = path.as_name() else { return Some(None) };
        let Some(code) = dims[dim].dimension.ir.code(&name.text) else { return Some(None) };
        let circle =
            code == own || made.derived.iter().any(|d| d.dim == dim && d.label == code && reads(made, dim, code, own));
        if circle {
            let message = format!("`{}` is derived from itself", label.text);
            typer.report(Diagnostic::error(codes::DEFINITION_CYCLE, message).at(name.span, ""));
            return None;
        }
        Some(Some(code))
    };
    let mut terms = Vec::new();
    for term in &charge.terms {
        if let TermKind::Value(e) = &term.kind {
            match &e.kind {
                ExprKind::PercentOf { percent, base, .. } => {
                    if let ast::ScopeKind::Names(names) = &base.kind
                        && let [path] = names.as_slice()
                        && let Some(code) = label_of(typer, path)?
                    {
                        let share = typer.percent(percent);
                        terms.push(DerivedTerm::Of(code, share));
                        continue;
                    }
                }
                ExprKind::Path(path) => {
                    if let Some(code) = label_of(typer, path)? {
                        terms.push(DerivedTerm::Of(code, Rational::ONE));
                        continue;
                    }
                }
                _ => {}
            }
        }
        let single = ast::Charge { terms: vec![term.clone()], clamps: Vec::new(), rounded: None, span: term.span };
        terms.push(DerivedTerm::Plus(Charges { typer, currency, quantity }.charge(&single, None)?));
    }
    if let Some(rounded) = &charge.rounded {
        let message = "a derived price is not rounded here; it would depend on each quantity";
        typer.report(Diagnostic::error(codes::NOT_HERE, message).at(rounded.span, mode(rounded.mode).to_string()));
        return None;
    }
    Some(Derived { dim, label: own, terms })
}

/// Whether the derived label reads `goal`, directly or through others.
fn reads(made: &Body, dim: usize, label: u32, goal: u32) -> bool {
    let mut stack = vec![label];
    let mut seen = Vec::new();
    while let Some(at) = stack.pop() {
        if at == goal {
            return true;
        }
        if seen.contains(&at) {
            continue;
        }
        seen.push(at);
        for derived in made.derived.iter().filter(|d| d.dim == dim && d.label == at) {
            stack.extend(derived.terms.iter().filter_map(|t| match t {
                DerivedTerm::Of(code, _) => Some(*code),
                DerivedTerm::Plus(_) => None,
            }));
        }
    }
    false
}

impl Body {
    /// The price of a cell.
    pub fn at(&self, cell: &[u32]) -> CellPrice {
        match self.base(cell, 0) {
            CellPrice::Function(mut function) => {
                for (rest, cond) in &self.discounts {
                    if cond.as_ref().is_none_or(|c| c.holds(cell)) {
                        function = fold::scale(rest, function);
                    }
                }
                CellPrice::Function(function)
            }
            other => other,
        }
    }

    fn base(&self, cell: &[u32], depth: usize) -> CellPrice {
        if depth > 32 {
            return CellPrice::Missing;
        }
        if let Some(derived) = self.derived.iter().find(|d| cell[d.dim] == d.label) {
            let mut sum = Expr::Const(Rational::ZERO);
            for term in &derived.terms {
                match term {
                    DerivedTerm::Plus(e) => sum = fold::add(sum, e.clone()),
                    DerivedTerm::Of(label, share) => {
                        let mut other = cell.to_vec();
                        other[derived.dim] = *label;
                        match self.base(&other, depth + 1) {
                            CellPrice::Function(e) => sum = fold::add(sum, fold::scale(share, e)),
                            not_priced => return not_priced,
                        }
                    }
                }
            }
            return CellPrice::Function(sum);
        }
        let mut sum = Expr::Const(Rational::ZERO);
        for part in &self.parts {
            let function = match part {
                Part::Everywhere(e) => Some(e),
                Part::Columns { dim, by_label } => match by_label.get(&cell[*dim]) {
                    None => return CellPrice::Missing,
                    Some(function) => function.as_ref(),
                },
                Part::Table(table) => match table.at(cell) {
                    Ok(function) => function,
                    Err(not_priced) => return not_priced,
                },
            };
            match function {
                Some(e) => sum = fold::add(sum, e.clone()),
                None => return CellPrice::NotSold,
            }
        }
        CellPrice::Function(sum)
    }
}

impl Table {
    fn at(&self, cell: &[u32]) -> Result<Option<&Expr>, CellPrice> {
        let key: Vec<u32> = self.dims.iter().map(|d| cell[*d]).collect();
        if let Some((function, _)) = self.exact.get(&key) {
            return Ok(function.as_ref());
        }
        let matching = |row: &Vec<Option<u32>>| row.iter().zip(&key).all(|(r, k)| r.is_none_or(|r| r == *k));
        let fixed = |row: &Vec<Option<u32>>| row.iter().filter(|r| r.is_some()).count();
        let mut best: Option<&StarRow> = None;
        let mut rival = None;
        for row in self.rest.iter().filter(|(keys, ..)| matching(keys)) {
            match best {
                None => best = Some(row),
                Some(before) if fixed(&row.0) > fixed(&before.0) => {
                    best = Some(row);
                    rival = None;
                }
                Some(before) if fixed(&row.0) == fixed(&before.0) => rival = Some(row.2),
                Some(_) => {}
            }
        }
        match (best, rival) {
            (None, _) => Err(CellPrice::Missing),
            (Some(first), Some(second)) => Err(CellPrice::Ambiguous(first.2, second)),
            (Some((_, function, _)), None) => Ok(function.as_ref()),
        }
    }
}
