//! `meter`: aggregation of a field over the billing period.

use super::dimension::lookup;
use super::{DimUse, EventDef, FieldKind, UseSource, find_use};
use crate::codes;
use crate::env::{Builder, Entity, event_key, unit_key};
use crate::fold;
use crate::report;
use crate::types::{KeyRef, Names, Ty, Typer};
use crate::unit::Dims;
use price_diagnostics::{Diagnostic, Fix, Span};
use price_ir::{Cond, Expr, FieldIx, Held, KeyIx, SlotFold};
use price_syntax::ast::{self, Aggregate};
use price_value::Rational;
use std::sync::Arc;

/// A meter.
#[derive(Debug, Clone, PartialEq)]
pub struct MeterDef {
    /// Module and name.
    pub id: String,
    /// Declared name.
    pub name: String,
    /// Its events.
    pub event: Arc<EventDef>,
    /// What is aggregated. Values are in base units.
    pub aggregation: Aggregation,
    /// What its quantity is: a unit or a currency.
    pub ty: Ty,
    /// Unit it is told in.
    pub unit: String,
    /// Base units in one of that.
    pub factor: Rational,
    /// Dimensions it is kept apart by (`by`), then those its `where` alone reads.
    pub keys: Vec<DimUse>,
    /// How many of `keys` are `by`.
    pub by: usize,
    /// Its `where`, keys as in `keys`.
    pub filter: Cond,
    /// Largest total, in its unit.
    pub bound: Option<Rational>,
}

/// The aggregate of a meter.
#[derive(Debug, Clone, PartialEq)]
pub enum Aggregation {
    /// Σ
    Sum(Expr),
    /// Rows.
    Count,
    /// Greatest.
    Max(Expr, Held),
    /// Least.
    Min(Expr, Held),
    /// Last.
    Last(Expr),
    /// Different texts.
    Unique(FieldIx),
    /// Time-weighted mean of a level.
    Average(Expr),
    /// Mean of amounts.
    Mean(Expr),
    /// Nearest-rank percentile.
    Percentile(u8, Expr),
    /// Outer over inner, slots in seconds.
    Slotted(SlotFold, SlotFold, u32, Expr),
}

impl MeterDef {
    /// Whether what it counts holds until the next event with the same labels.
    pub fn holds_levels(&self) -> bool {
        match &self.aggregation {
            Aggregation::Average(_) | Aggregation::Max(_, Held::Level) | Aggregation::Min(_, Held::Level) => true,
            Aggregation::Last(value) => {
                let mut level = false;
                value.walk(&mut |e| {
                    if let Expr::Field(ix) | Expr::Family(ix) = e {
                        level |= self.event.fields.iter().any(|field| match &field.kind {
                            FieldKind::Number(n) | FieldKind::Family(_, n) => field.ix == *ix && n.ir.level,
                            _ => false,
                        });
                    }
                });
                level
            }
            _ => false,
        }
    }
}

impl Aggregation {
    /// Whether cells of it may be added when a price drops a dimension.
    pub fn has_moments(&self) -> bool {
        matches!(self, Aggregation::Sum(_) | Aggregation::Count)
    }

    /// Whether what is measured of several labels is the sum of what is measured of each.
    pub fn adds_up(&self) -> bool {
        self.has_moments() || matches!(self, Aggregation::Average(_))
    }
}

/// An event by name, reporting what is not one.
pub(crate) fn event_of(names: &mut dyn Names, name: &ast::Name) -> Option<Arc<EventDef>> {
    match names.entity(&event_key(&name.text)).or_else(|| names.entity(&name.text)) {
        Some(Entity::Event(event)) => Some(event),
        Some(Entity::Error) => None,
        Some(other) => {
            let message = format!("`{}` is {}, not an event", name.text, other.kind());
            names.report(Diagnostic::error(codes::WRONG_KIND, message).at(name.span, ""));
            None
        }
        None => {
            let all = names.all_names();
            let finding =
                report::unknown(codes::UNKNOWN_NAME, "event", &name.text, name.span, all.iter().map(String::as_str));
            names.report(finding);
            None
        }
    }
}

/// A meter; `None` after a finding.
pub(crate) fn build(builder: &mut Builder<'_>, decl: &ast::MeterDecl) -> Option<MeterDef> {
    if let Some(finding) = turned_around(builder, decl) {
        builder.report(finding);
        return None;
    }
    let event = event_of(builder, decl.source.segments.first()?)?;
    let field = match decl.source.segments.as_slice() {
        [_] => None,
        [_, field] => Some(field),
        _ => {
            let message = "a meter names an event, or a field of an event";
            builder.report(Diagnostic::error(codes::WRONG_KIND, message).at(decl.source.span, ""));
            return None;
        }
    };
    let mut keys = Vec::new();
    for path in &decl.by {
        keys.push(find_use(builder, &event, path)?);
    }
    let by = keys.len();
    let (aggregation, ty, dims, name) = aggregate(builder, decl, &event, field)?;
    if let Some(family) = family_of(&aggregation, &event)
        && !keys.iter().any(|k| matches!(k.source, UseSource::Family(ix) if ix == family))
    {
        let message = "a family of fields is summed by its dimension";
        let dimension = event.fields.iter().find_map(|f| match &f.kind {
            FieldKind::Family(d, _) if f.ix == family => Some(d.ir.name.clone()),
            _ => None,
        });
        builder.report(
            Diagnostic::error(codes::BAD_AGGREGATION, message)
                .at(decl.source.span, "")
                .help(format!("add `by {}`", dimension.unwrap_or_default())),
        );
        return None;
    }
    let filter = match &decl.filter {
        None => Cond::Always,
        Some(condition) => {
            let mut extra: Vec<DimUse> = keys.clone();
            // Look up first: the typer borrows the builder.
            let wanted = names_in(condition);
            for name in wanted {
                if !extra.iter().any(|k| k.name == name)
                    && let Some(found) = lookup(builder, &event, &name)
                {
                    extra.push(found);
                }
            }
            let cond = Typer::on_event(builder, event.clone()).cond(condition, &mut |name| {
                let at = extra.iter().position(|k| k.name == name)?;
                Some(KeyRef { key: KeyIx(at as u32), dimension: extra[at].dimension.clone() })
            })?;
            keys = extra;
            cond
        }
    };
    let (unit, factor) = display_unit(builder, decl, &aggregation, &dims, name)?;
    let ty = match (&ty, &decl.unit) {
        (Ty::Quantity(_), Some(unit)) => Ty::Quantity(Typer::new(builder).unit(unit)?.dims.clone()),
        _ => ty,
    };
    let bound = match &decl.at_most {
        None => None,
        Some(bounded) => {
            let mut typer = Typer::new(builder);
            let value = typer.constant(&bounded.amount);
            if value.is_error() {
                return None;
            }
            if value.ty != ty {
                let message = format!("the bound is {}, the meter counts {ty}", value.ty);
                typer.report(Diagnostic::error(codes::UNIT_MISMATCH, message).at(bounded.amount.span, ""));
                return None;
            }
            Some(value.expr.as_const().cloned().unwrap_or_default() / &factor)
        }
    };
    let meter = MeterDef {
        id: format!("{}.{}", builder.file.module(builder.db), decl.name.text),
        name: decl.name.text.clone(),
        event,
        aggregation,
        ty,
        unit,
        factor,
        keys,
        by,
        filter,
        bound,
    };
    // Labels say whose level it is: they are not something that it moves in and out of.
    let moves = |k: &&DimUse| matches!(k.source, UseSource::Calendar(_) | UseSource::Bucket(_));
    if let (true, Some(at)) = (meter.holds_levels(), meter.keys[..by].iter().position(|k| moves(&k))) {
        let what = match meter.keys[at].source {
            UseSource::Calendar(_) => "a level kept apart by a calendar",
            _ => "a level kept apart by the size of a number",
        };
        builder.report(crate::not_yet(what, decl.by[at].span).help("a level goes on when its label changes"));
        return None;
    }
    Some(meter)
}

/// `sum of calls in traffic`, where `traffic` is the event and `calls` its field: behind `in`
/// stands a unit.
fn turned_around(builder: &mut Builder<'_>, decl: &ast::MeterDecl) -> Option<Diagnostic> {
    let (field, event) = (decl.source.as_name()?, decl.unit.as_ref()?);
    if builder.entity(&event_key(&field.text)).is_some() {
        return None;
    }
    let Some(Entity::Event(found)) = builder.entity(&event_key(&event.text)) else { return None };
    found.field(&field.text)?;
    let right = format!("{}.{}", event.text, field.text);
    let all = field.span.to(event.span);
    Some(
        Diagnostic::error(codes::WRONG_KIND, format!("`{}` is a field of `{}`", field.text, event.text))
            .at(all, "behind `in` stands a unit")
            .fix(Fix::replace(format!("write `{right}`"), all, right, true)),
    )
}

fn family_of(aggregation: &Aggregation, event: &EventDef) -> Option<FieldIx> {
    let (Aggregation::Sum(e)
    | Aggregation::Max(e, _)
    | Aggregation::Min(e, _)
    | Aggregation::Last(e)
    | Aggregation::Average(e)
    | Aggregation::Mean(e)
    | Aggregation::Percentile(_, e)
    | Aggregation::Slotted(_, _, _, e)) = aggregation
    else {
        return None;
    };
    let _ = event;
    let mut found = None;
    e.walk(&mut |e| {
        if let Expr::Family(ix) = e {
            found = Some(*ix);
        }
    });
    found
}

/// The names that stand in front of `is` and `in` in a condition.
pub fn names_in(e: &ast::Expr) -> Vec<String> {
    let mut names = Vec::new();
    let mut stack = vec![e];
    while let Some(e) = stack.pop() {
        match &e.kind {
            ast::ExprKind::And(a, b) | ast::ExprKind::Or(a, b) => stack.extend([&**b, &**a]),
            ast::ExprKind::Not(a) => stack.push(a),
            ast::ExprKind::Is { subject, .. } | ast::ExprKind::In { subject, .. } => {
                if let ast::ExprKind::Path(path) = &subject.kind
                    && let Some(name) = path.last()
                {
                    names.push(name.text.clone());
                }
            }
            _ => {}
        }
    }
    names
}

fn value_of(
    builder: &mut Builder<'_>,
    event: &Arc<EventDef>,
    field: Option<&ast::Name>,
    span: Span,
    what: &str,
) -> Option<(crate::types::Val, bool)> {
    let Some(field) = field else {
        builder.report(
            Diagnostic::error(codes::BAD_AGGREGATION, format!("`{what}` needs a field of `{}`", event.name))
                .at(span, "")
                .help(format!("write `{what} of {}.field`, or `count of {}`", event.name, event.name)),
        );
        return None;
    };
    let level = match event.field(&field.text) {
        Some(found) => match &found.kind {
            FieldKind::Number(n) | FieldKind::Family(_, n) | FieldKind::Computed(_, n) => n.ir.level,
            _ => false,
        },
        None => {
            let names = event.field_names();
            builder.report(report::unknown(
                codes::UNKNOWN_NAME,
                &format!("field of `{}`", event.name),
                &field.text,
                field.span,
                names.iter().map(String::as_str),
            ));
            return None;
        }
    };
    let path = ast::Expr {
        kind: ast::ExprKind::Path(ast::Path { segments: vec![field.clone()], span: field.span }),
        span: field.span,
    };
    let value = Typer::on_event(builder, event.clone()).expr(&path);
    (!value.is_error()).then_some((value, level))
}

type Aggregated = (Aggregation, Ty, Dims, String);

fn aggregate(
    builder: &mut Builder<'_>,
    decl: &ast::MeterDecl,
    event: &Arc<EventDef>,
    field: Option<&ast::Name>,
) -> Option<Aggregated> {
    let span = decl.source.span;
    let unit_of = |event: &EventDef, field: &ast::Name| match event.field(&field.text).map(|f| &f.kind) {
        Some(FieldKind::Number(n) | FieldKind::Family(_, n) | FieldKind::Computed(_, n)) => n.ir.unit.clone(),
        _ => String::new(),
    };
    if let Aggregate::Count = decl.aggregate {
        if let Some(field) = field {
            builder.report(
                Diagnostic::error(codes::BAD_AGGREGATION, "`count` counts events, not a field")
                    .at(field.span, "")
                    .help(format!("write `count of {}`, or `unique of {}.{}`", event.name, event.name, field.text)),
            );
            return None;
        }
        return Some((Aggregation::Count, Ty::Quantity(Dims::none()), Dims::none(), String::new()));
    }
    if let Aggregate::Unique = decl.aggregate {
        let ix = field.and_then(|f| event.field(&f.text)).filter(|f| matches!(f.kind, FieldKind::Text)).map(|f| f.ix);
        let Some(ix) = ix else {
            builder.report(
                Diagnostic::error(codes::BAD_AGGREGATION, "`unique` counts the different values of a text field")
                    .at(field.map_or(span, |f| f.span), ""),
            );
            return None;
        };
        return Some((Aggregation::Unique(ix), Ty::Quantity(Dims::none()), Dims::none(), String::new()));
    }
    let word = match decl.aggregate {
        Aggregate::Sum => "sum",
        Aggregate::Max => "max",
        Aggregate::Min => "min",
        Aggregate::Last => "last",
        Aggregate::Average => "average",
        _ => "percentile",
    };
    let (value, level) = value_of(builder, event, field, span, word)?;
    let dims = match &value.ty {
        Ty::Quantity(dims) => dims.clone(),
        _ => Dims::none(),
    };
    let name = field.map(|f| unit_of(event, f)).unwrap_or_default();
    let held = if level { Held::Level } else { Held::Amount };
    if let Some(slots) = &decl.slots {
        let outer = slot_fold(builder, &decl.aggregate, span)?;
        let inner = slot_fold(builder, &slots.aggregate, slots.span)?;
        let mut typer = Typer::new(builder);
        let unit = typer.unit(&slots.width.unit)?;
        let width = typer.number(&slots.width.number) * &unit.factor;
        let seconds = width.to_i128().and_then(|s| u32::try_from(s).ok()).filter(|s| *s > 0 && *s <= 86_400);
        let is_time = unit.dims == Dims::base("std.units.second".into());
        let (Some(seconds), true) = (seconds, is_time) else {
            let message = "a slot is a whole number of seconds up to a day";
            typer.report(Diagnostic::error(codes::OUT_OF_RANGE, message).at(slots.width.span, ""));
            return None;
        };
        return Some((Aggregation::Slotted(outer, inner, seconds, value.expr), value.ty, dims, name));
    }
    if level && matches!(decl.aggregate, Aggregate::Sum | Aggregate::Percentile(_)) {
        builder.report(
            Diagnostic::error(codes::BAD_AGGREGATION, format!("a level is not added up by `{word}`"))
                .at(field.map_or(span, |f| f.span), "this field holds until the next event")
                .help("use `average`, `max`, `min` or `last`, or declare the field without `level`"),
        );
        return None;
    }
    let aggregation = match &decl.aggregate {
        Aggregate::Sum => Aggregation::Sum(value.expr),
        Aggregate::Max => Aggregation::Max(value.expr, held),
        Aggregate::Min => Aggregation::Min(value.expr, held),
        Aggregate::Last => Aggregation::Last(value.expr),
        Aggregate::Average if level => Aggregation::Average(value.expr),
        Aggregate::Average => Aggregation::Mean(value.expr),
        Aggregate::Percentile(number) => match number.as_u64() {
            Some(n @ 1..=100) => Aggregation::Percentile(n as u8, value.expr),
            _ => {
                let message = "a percentile is a whole number from 1 to 100";
                builder.report(Diagnostic::error(codes::OUT_OF_RANGE, message).at(number.span, ""));
                return None;
            }
        },
        Aggregate::Count | Aggregate::Unique => return None,
    };
    Some((aggregation, value.ty, dims, name))
}

fn slot_fold(builder: &mut Builder<'_>, aggregate: &Aggregate, span: Span) -> Option<SlotFold> {
    Some(match aggregate {
        Aggregate::Sum => SlotFold::Sum,
        Aggregate::Count => SlotFold::Count,
        Aggregate::Max => SlotFold::Max,
        Aggregate::Min => SlotFold::Min,
        Aggregate::Average => SlotFold::Average,
        Aggregate::Last | Aggregate::Unique | Aggregate::Percentile(_) => {
            let message = "slots are brought together by `sum`, `count`, `max`, `min` or `average`";
            builder.report(Diagnostic::error(codes::BAD_AGGREGATION, message).at(span, ""));
            return None;
        }
    })
}

/// The unit a meter is told in and its size in base units.
fn display_unit(
    builder: &mut Builder<'_>,
    decl: &ast::MeterDecl,
    aggregation: &Aggregation,
    dims: &Dims,
    name: String,
) -> Option<(String, Rational)> {
    let Some(written) = &decl.unit else {
        if matches!(aggregation, Aggregation::Count | Aggregation::Unique(_)) {
            return Some((String::new(), Rational::ONE));
        }
        // The field's own unit.
        let factor = match builder.entity(&unit_key(&name)) {
            Some(Entity::Unit(unit)) if unit.dims == *dims => unit.factor.clone(),
            _ => Rational::ONE,
        };
        return Some((name, factor));
    };
    let unit = Typer::new(builder).unit(written)?;
    let month = Dims::base("std.units.month".into());
    let fits = match aggregation {
        // Counts have no unit of their own: the written one is what is counted.
        Aggregation::Count | Aggregation::Unique(_) => true,
        // Held for one period: `average of bytes in GB-month`.
        Aggregation::Average(_) => unit.dims == *dims || unit.dims == dims.times(&month, 1),
        _ => unit.dims == *dims,
    };
    if !fits {
        builder.report(
            Diagnostic::error(
                codes::UNIT_MISMATCH,
                format!("`{}` does not measure what this meter counts", written.text),
            )
            .at(written.span, unit.dims.to_string())
            .also(decl.source.span, dims.to_string()),
        );
        return None;
    }
    let factor = match aggregation {
        Aggregation::Count | Aggregation::Unique(_) => unit.factor.clone(),
        _ => unit.factor.clone(),
    };
    Some((written.text.clone(), factor))
}

/// Granularity of the folded value in base units.
pub fn grain(event: &EventDef, value: &Expr) -> Rational {
    let g = fold::granularity(value, &|ix| event.grain(ix), &Rational::ONE);
    if g.is_zero() { Rational::ONE } else { g }
}
