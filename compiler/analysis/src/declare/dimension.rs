//! `dimension`: listed, from a seed file, by longest prefix, by bucketing a field, or open.

use super::{CalendarDef, EventDef, FieldKind};
use crate::codes;
use crate::env::{Builder, Entity};
use crate::types::{Names, Ty, Typer};
use crate::{limits, report};
use price_diagnostics::{Diagnostic, Span};
use price_ir::{Dimension, DimensionKind, Expr, FieldIx};
use price_syntax::ast::{self, DimensionSource};
use std::collections::BTreeMap;
use std::sync::Arc;

/// A dimension.
#[derive(Debug, Clone, PartialEq)]
pub struct DimensionDef {
    /// Module and name.
    pub id: String,
    /// Labels and how they are found.
    pub ir: Dimension,
    /// For buckets: the event and the value that is bucketed, in base units like the bounds.
    pub bucketed: Option<(Arc<EventDef>, Expr)>,
}

/// A dimension as some usage carries it.
#[derive(Debug, Clone, PartialEq)]
pub struct DimUse {
    /// The name it is asked for by: of the dimension or of a field.
    pub name: String,
    /// The dimension.
    pub dimension: Arc<DimensionDef>,
    /// Where a row's label comes from.
    pub source: UseSource,
}

/// Where a row's label comes from.
#[derive(Debug, Clone, PartialEq)]
pub enum UseSource {
    /// A label field.
    Field(FieldIx),
    /// A bucketed value.
    Bucket(Expr),
    /// The time of the event.
    Calendar(Arc<CalendarDef>),
    /// The labels of a family field.
    Family(FieldIx),
}

/// Finds how the events of `event` carry what is called `name`: a label field, a dimension
/// that exactly one field has, a bucket of one of its fields, a calendar.
pub fn find_use(names: &mut dyn Names, event: &Arc<EventDef>, path: &ast::Path) -> Option<DimUse> {
    let name = path.last()?;
    if let Some(found) = lookup(names, event, &name.text) {
        return Some(found);
    }
    if matches!(names.entity(&name.text), Some(Entity::Error)) {
        return None;
    }
    let mut candidates = event.field_names();
    candidates.extend(names.all_names());
    let known = matches!(names.entity(&name.text), Some(Entity::Dimension(_) | Entity::Calendar(_)));
    let finding = if known {
        let message = format!("events of `{}` do not carry the dimension `{}`", event.name, name.text);
        Diagnostic::error(codes::DIMENSION_UNAVAILABLE, message)
            .at(name.span, "")
            .help(format!("add a field of that type to `event {}`, exactly one", event.name))
    } else {
        report::unknown(codes::UNKNOWN_NAME, "dimension", &name.text, name.span, candidates.iter().map(String::as_str))
    };
    names.report(finding);
    None
}

/// [`find_use`] without a finding.
pub fn lookup(names: &mut dyn Names, event: &Arc<EventDef>, name: &str) -> Option<DimUse> {
    let of_field = |field: &super::FieldDef| match &field.kind {
        FieldKind::Label(dimension) | FieldKind::LabelFrom(dimension, _) => {
            Some((dimension.clone(), UseSource::Field(field.ix)))
        }
        FieldKind::Family(dimension, _) => Some((dimension.clone(), UseSource::Family(field.ix))),
        _ => None,
    };
    if let Some(field) = event.field(name)
        && let Some((dimension, source)) = of_field(field)
        && (!matches!(source, UseSource::Family(_)) || dimension.ir.name == name)
    {
        return Some(DimUse { name: name.to_string(), dimension, source });
    }
    match names.entity(name) {
        Some(Entity::Dimension(wanted)) => {
            if let Some((owner, value)) = &wanted.bucketed {
                return (owner.id == event.id).then(|| DimUse {
                    name: name.to_string(),
                    dimension: wanted.clone(),
                    source: UseSource::Bucket(value.clone()),
                });
            }
            let mut uses = event.fields.iter().filter_map(of_field).filter(|(d, _)| d.id == wanted.id);
            let (dimension, source) = uses.next()?;
            if uses.next().is_some() {
                return None;
            }
            Some(DimUse { name: name.to_string(), dimension, source })
        }
        Some(Entity::Calendar(calendar)) => Some(DimUse {
            name: name.to_string(),
            dimension: calendar.dimension.clone(),
            source: UseSource::Calendar(calendar),
        }),
        _ => None,
    }
}

/// A dimension; `None` after a finding.
pub(crate) fn build(builder: &mut Builder<'_>, decl: &ast::DimensionDecl) -> Option<DimensionDef> {
    let name = decl.name.text.clone();
    let id = format!("{}.{name}", builder.file.module(builder.db));
    let (labels, kind, bucketed) = match &decl.source {
        DimensionSource::Listed(listed) => {
            let mut labels: Vec<String> = Vec::new();
            let mut seen: BTreeMap<&str, Span> = BTreeMap::new();
            for label in listed {
                if let Some(first) = seen.insert(&label.text, label.span) {
                    builder.report(
                        Diagnostic::error(codes::DECLARED_TWICE, format!("`{}` is listed twice", label.text))
                            .at(label.span, "listed again")
                            .also(first, "first listed here"),
                    );
                    continue;
                }
                labels.push(label.text.clone());
            }
            let unknown = unknown(builder, decl, &mut labels)?;
            (labels, DimensionKind::Listed { unknown }, None)
        }
        DimensionSource::Csv(seed) => {
            let rows = seed_rows(builder, seed)?;
            let mut labels: Vec<String> = Vec::new();
            for (_, label) in rows {
                if !labels.contains(&label) {
                    labels.push(label);
                }
            }
            let unknown = unknown(builder, decl, &mut labels)?;
            (labels, DimensionKind::Listed { unknown }, None)
        }
        DimensionSource::Prefixes(seed) => {
            let rows = seed_rows(builder, seed)?;
            let mut labels: Vec<String> = Vec::new();
            let mut prefixes: BTreeMap<String, u32> = BTreeMap::new();
            for (prefix, label) in rows {
                let code = match labels.iter().position(|l| *l == label) {
                    Some(at) => at as u32,
                    None => {
                        labels.push(label);
                        labels.len() as u32 - 1
                    }
                };
                if prefixes.insert(prefix.clone(), code).is_some_and(|before| before != code) {
                    bad_seed(builder, seed, format!("the prefix `{prefix}` has two labels"));
                    return None;
                }
            }
            let unknown = unknown(builder, decl, &mut labels)?;
            (labels, DimensionKind::Prefixes { prefixes: prefixes.into_iter().collect(), unknown }, None)
        }
        DimensionSource::Buckets { field, buckets } => {
            let (labels, bounds, owner) = bucket_rows(builder, field, buckets)?;
            (labels, DimensionKind::Buckets { bounds }, Some(owner))
        }
        DimensionSource::Open { at_most } => match at_most.as_u64().and_then(|n| u32::try_from(n).ok()) {
            Some(n) if n > 0 => (Vec::new(), DimensionKind::Open { at_most: n }, None),
            _ => {
                builder.report(
                    Diagnostic::error(codes::OUT_OF_RANGE, "an open dimension has 1 to 4 billion labels")
                        .at(at_most.span, ""),
                );
                return None;
            }
        },
    };
    if labels.len() > limits::LABELS {
        builder.report(
            Diagnostic::error(codes::OUT_OF_RANGE, format!("`{name}` has {} labels", labels.len()))
                .at(decl.name.span, format!("at most {} are possible", limits::LABELS)),
        );
        return None;
    }
    Some(DimensionDef { id, ir: Dimension { name, labels, kind }, bucketed })
}

fn unknown(builder: &mut Builder<'_>, decl: &ast::DimensionDecl, labels: &mut Vec<String>) -> Option<Option<u32>> {
    let Some(label) = &decl.unknown else { return Some(None) };
    if let Some(at) = labels.iter().position(|l| *l == label.text) {
        return Some(Some(at as u32));
    }
    if matches!(decl.source, DimensionSource::Listed(_)) {
        let finding = report::unknown(
            codes::UNKNOWN_LABEL,
            &format!("label of `{}`", decl.name.text),
            &label.text,
            label.span,
            labels.iter().map(String::as_str),
        )
        .note("the label behind `unknown is` must be one of the list");
        builder.report(finding);
        return None;
    }
    labels.push(label.text.clone());
    Some(Some(labels.len() as u32 - 1))
}

fn bad_seed(builder: &mut Builder<'_>, seed: &ast::Seed, why: String) {
    builder.report(
        Diagnostic::error(codes::BAD_SEED, format!("the file `{}` cannot be used: {why}", seed.file.value))
            .at(seed.file.span, "")
            .help("a seed file is CSV with a header row; the first column holds the keys"),
    );
}

/// Rows of a seed file: first column and the named column (the first when none is named).
fn seed_rows(builder: &mut Builder<'_>, seed: &ast::Seed) -> Option<Vec<(String, String)>> {
    let here = builder.file.path(builder.db).to_string();
    let beside = match here.rsplit_once('/') {
        Some((folder, _)) => format!("{folder}/{}", seed.file.value),
        None => seed.file.value.clone(),
    };
    let data = builder.workspace.data(builder.db);
    let Some(file) = data.iter().find(|d| d.path(builder.db) == beside).copied() else {
        bad_seed(builder, seed, format!("there is no `{beside}`"));
        return None;
    };
    let text = file.text(builder.db).to_string();
    let mut reader = csv::ReaderBuilder::new().trim(csv::Trim::All).from_reader(text.as_bytes());
    let headers = match reader.headers() {
        Ok(headers) => headers.clone(),
        Err(error) => {
            bad_seed(builder, seed, error.to_string());
            return None;
        }
    };
    let column = match &seed.column {
        None => 0,
        Some(name) => match headers.iter().position(|h| h == name.text) {
            Some(at) => at,
            None => {
                let finding = report::unknown(
                    codes::BAD_SEED,
                    &format!("column of `{}`", seed.file.value),
                    &name.text,
                    name.span,
                    headers.iter(),
                );
                builder.report(finding);
                return None;
            }
        },
    };
    let mut rows = Vec::new();
    for (index, record) in reader.records().enumerate() {
        let line = index + 2;
        let record = match record {
            Ok(record) => record,
            Err(error) => {
                bad_seed(builder, seed, format!("line {line}: {error}"));
                return None;
            }
        };
        let (Some(key), Some(label)) = (record.get(0), record.get(column)) else {
            bad_seed(builder, seed, format!("line {line} has too few columns"));
            return None;
        };
        if key.is_empty() || label.is_empty() {
            bad_seed(builder, seed, format!("line {line} has an empty cell"));
            return None;
        }
        rows.push((key.to_string(), label.to_string()));
        if rows.len() > limits::PREFIXES {
            bad_seed(builder, seed, format!("it has more than {} rows", limits::PREFIXES));
            return None;
        }
    }
    if rows.is_empty() {
        bad_seed(builder, seed, "it has no rows".into());
        return None;
    }
    Some(rows)
}

type Buckets = (Vec<String>, Vec<price_value::Rational>, (Arc<EventDef>, Expr));

fn bucket_rows(builder: &mut Builder<'_>, field: &ast::Path, buckets: &[ast::Bucket]) -> Option<Buckets> {
    let [event_name, field_name] = field.segments.as_slice() else {
        builder.report(
            Diagnostic::error(codes::WRONG_KIND, "a bucketed dimension names `event.field`").at(field.span, ""),
        );
        return None;
    };
    let event = super::meter::event_of(builder, event_name)?;
    let value = {
        let path = ast::Expr {
            kind: ast::ExprKind::Path(ast::Path { segments: vec![field_name.clone()], span: field_name.span }),
            span: field_name.span,
        };
        Typer::on_event(builder, event.clone()).expr(&path)
    };
    if value.is_error() {
        return None;
    }
    let (mut labels, mut bounds) = (Vec::new(), Vec::new());
    let mut beyond = false;
    for bucket in buckets {
        let ast::Bucket::Range { up_to, label, span, .. } = bucket else { return None };
        if labels.contains(&label.text) {
            builder.report(
                Diagnostic::error(codes::DECLARED_TWICE, format!("`{}` is listed twice", label.text))
                    .at(label.span, ""),
            );
            return None;
        }
        labels.push(label.text.clone());
        if beyond {
            builder.report(
                Diagnostic::error(codes::TIER_ORDER, "nothing can stand behind `beyond`").at(*span, "never reached"),
            );
            return None;
        }
        match up_to {
            None => beyond = true,
            Some(bound) => {
                let mut typer = Typer::new(builder);
                let found = typer.constant(bound);
                if found.is_error() {
                    return None;
                }
                if found.ty != value.ty {
                    let message = format!("the bound is {}, the field is {}", found.ty, value.ty);
                    let code =
                        if matches!(found.ty, Ty::Quantity(_)) { codes::UNIT_MISMATCH } else { codes::TYPE_MISMATCH };
                    typer.report(Diagnostic::error(code, message).at(bound.span, ""));
                    return None;
                }
                let bound_value = found.expr.as_const().cloned().unwrap_or_default();
                if bounds.last().is_some_and(|last| *last >= bound_value) {
                    typer.report(
                        Diagnostic::error(codes::TIER_ORDER, "the bounds must increase from line to line")
                            .at(bound.span, "not above the line before"),
                    );
                    return None;
                }
                bounds.push(bound_value);
            }
        }
    }
    if !beyond {
        let span = buckets.last().map_or(field.span, |b| match b {
            ast::Bucket::Range { span, .. } => *span,
            ast::Bucket::Bad(bad) => bad.span,
        });
        builder.report(
            Diagnostic::error(codes::NOT_EXHAUSTIVE, "the last line of a bucketed dimension is `beyond`")
                .at(span, "larger values have no label"),
        );
        return None;
    }
    Some((labels, bounds, (event, value.expr)))
}
