//! One price with its overrides becomes one line.

mod across;
mod ratchet;
mod rules;
mod scale;
mod sinks;
mod statements;
mod together;

pub use rules::labels_of;
pub use scale::BoundScale;

use crate::codes;
use crate::declare::meter::{MeterDef, event_of, names_in};
use crate::declare::{DimUse, EventDef, FieldKind, find_use};
use crate::env::{Entity, event_key};
use crate::limits;
use crate::lower::body::{LabelCond, label_cond};
use crate::lower::charge::Quantity;
use crate::lower::layers::Layer;
use crate::lower::{Lowering, RuleRef};
use crate::report;
use crate::types::{Names, Ty, Typer, resolve};
use crate::unit::Dims;
use price_diagnostics::{Diagnostic, Fix, Span};
use price_ir::{Charge, Counting, Expr, Line, Proration, TierScale, UsageCharge};
use price_syntax::ast::{self, OverrideBody, PriceBody, PriceStmtKind, PriceTarget};
use price_value::{Rational, Window};
use std::sync::Arc;
use together::Torn;

/// A price declaration of a layer; several where versions of a card follow each other.
pub struct PriceSource<'a> {
    /// The declarations by layer.
    pub bases: Vec<(usize, &'a ast::PriceDecl)>,
    /// Its overrides by layer.
    pub overrides: Vec<(usize, &'a ast::Override, Span)>,
    /// Text order on the invoice.
    pub order: u32,
    /// Line of the base.
    pub rule: RuleRef,
}

/// The target of a price.
pub(super) enum Target {
    Meter(Arc<MeterDef>),
    Event(Arc<EventDef>),
}

/// What a price is on, before its rules are known.
pub struct Priced<'a> {
    /// Its declaration.
    pub decl: &'a ast::PriceDecl,
    /// The layer that stands in.
    pub layer: &'a Layer,
    /// The meter it is on.
    pub meter: Option<&'a MeterDef>,
    /// Its events.
    pub event: &'a Arc<EventDef>,
    /// Measure of a price on each event, in base units.
    pub measure: Option<&'a Expr>,
}

/// What later steps need to know of a lowered price.
pub struct PriceInfo {
    /// Dimensions of its cells, in key order.
    pub dims: Vec<DimUse>,
    /// The meter it is on.
    pub meter: Option<Arc<MeterDef>>,
    /// The meter that the bounds of its tiers are multiples of.
    pub scale: Option<Arc<MeterDef>>,
    /// The event it is on each of.
    pub event: Option<Arc<EventDef>>,
    /// The layer it stands in, and its `where`.
    pub filter: Option<(usize, ast::Expr)>,
    /// Base units in one unit of its quantity or measure.
    pub factor: Rational,
    /// Measure of an event price, in base units.
    pub measure: Option<Expr>,
    /// The type of its quantity or measure.
    pub ty: Ty,
    /// What was said about net and gross.
    pub counting: Option<Counting>,
    /// What was said about a flat part.
    pub flat_said: bool,
    /// Where a flat part of the body stands.
    pub flat: Option<Span>,
    /// Where its name stands.
    pub span: Span,
    /// Its name.
    pub name: String,
    /// Its first statement, to write another in front of it.
    pub first_statement: Option<Span>,
}

impl Lowering<'_> {
    /// Lowers one price into a line.
    pub fn price(&mut self, source: &PriceSource<'_>, layers: &[Layer]) -> Option<(Line, PriceInfo)> {
        let (top_layer, decl) = *source.bases.last()?;
        let layer = &layers[top_layer];
        let target = self.target(layer, decl)?;
        let (event, meter) = match &target {
            Target::Meter(meter) => (meter.event.clone(), Some(meter.clone())),
            Target::Event(event) => (event.clone(), None),
        };
        for (other, base) in &source.bases[..source.bases.len() - 1] {
            let same = base.target == decl.target || {
                let text = |d: &ast::PriceDecl| match &d.target {
                    PriceTarget::Meter(p) | PriceTarget::Each(p) => p.text(),
                    PriceTarget::Lines => String::new(),
                };
                text(base) == text(decl)
            };
            if !same {
                let message = format!("`{}` is on another meter in {}", decl.name.text, layers[*other].within);
                self.report(
                    Diagnostic::error(codes::WRONG_KIND, message).at(decl.name.span, "").also(base.name.span, ""),
                );
                return None;
            }
        }
        // Dimensions: those of the head, then those that conditions of linear prices ask for.
        let mut dims: Vec<DimUse> = Vec::new();
        for path in &decl.by {
            let found = match &meter {
                Some(meter) => self.meter_dim(meter, path)?,
                None => {
                    let event = event.clone();
                    self.scoped(layer, |scope| find_use(scope, &event, path))?
                }
            };
            if dims.iter().any(|d| d.name == found.name) {
                let message = format!("`{}` is named twice", found.name);
                self.report(Diagnostic::error(codes::DECLARED_TWICE, message).at(path.span, ""));
                return None;
            }
            dims.push(found);
        }
        let mut asked: Vec<(String, Span)> = Vec::new();
        for (_, base) in &source.bases {
            if let PriceBody::Block(block) = &base.body {
                discount_filters(block, &mut asked);
            }
        }
        for (_, over, _) in &source.overrides {
            if let Some(filter) = &over.filter {
                ask(&filter.condition, &mut asked);
            }
            if let OverrideBody::Block(block) = &over.body {
                discount_filters(block, &mut asked);
            }
        }
        let window = self.window(decl.window.as_ref())?;
        let mut quantity = self.quantity(layer, decl, &target, window)?;
        if meter.is_some() {
            quantity.bounds = self.bound_scale(source, layers, window)?;
        }
        let priced = Priced { decl, layer, meter: meter.as_deref(), event: &event, measure: quantity.measure.as_ref() };
        for (names, span) in self.conditions_on_lines(layers, &priced) {
            asked.extend(names.into_iter().map(|n| (n, span)));
        }
        let mut extra: Vec<Span> = Vec::new();
        for (name, span) in asked {
            if dims.iter().any(|d| d.name == name) {
                continue;
            }
            let found = match &meter {
                Some(meter) => meter.keys[..meter.by].iter().find(|k| k.name == name).cloned(),
                None => {
                    let event = event.clone();
                    self.scoped(layer, |scope| crate::declare::dimension::lookup(scope, &event, &name))
                }
            };
            // What is not found is reported where the condition is read.
            if let Some(found) = found {
                dims.push(found);
                extra.push(span);
            }
        }
        // Closed dimensions first, as in the keys of a sink: positions mean the same in both.
        dims.sort_by_key(|d| d.dimension.ir.size().is_none());
        let closed: Vec<DimUse> = dims.iter().filter(|d| d.dimension.ir.size().is_some()).cloned().collect();
        let cells = self.cell_count(&closed, decl)?;

        let mut candidates = self.candidates(source, layers, &quantity, &closed)?;
        let head_filter = self.head_filter(layer, decl, &closed, meter.as_deref())?;
        let rules = self.rules(&mut candidates, &closed, cells, head_filter.as_ref(), decl)?;
        let statements: Vec<&ast::PriceStmt> = match &decl.body {
            PriceBody::Block(block) => block.iter().collect(),
            PriceBody::Charge(_) => Vec::new(),
        };
        let mut settings = self.settings(layer, &statements, decl)?;
        let rule = source.rule.ix;
        for clamp in &mut settings.clamps {
            clamp.rule = rule;
            clamp.during = layer.during;
        }
        for (at, base) in &source.bases[..source.bases.len() - 1] {
            self.earlier_version(&layers[*at], base, decl, &mut settings)?;
        }
        // Each event is priced on its own: its cells share nothing.
        if let (Some(condition), Some(meter)) = (extra.first(), &meter) {
            let torn = Torn { decl, meter, rules: &rules, dims: &dims, condition: *condition };
            self.together(&torn, &settings)?;
        }
        let counting = settings.counting;
        let flat = statements.iter().find_map(|s| match &s.kind {
            PriceStmtKind::Charge(c) => {
                c.terms.iter().find(|t| matches!(t.kind, ast::TermKind::Flat { .. })).map(|t| t.span)
            }
            _ => None,
        });
        let flat_said = statements.iter().any(|s| {
            matches!(&s.kind, PriceStmtKind::Charge(c) if c.terms.iter().any(|t| {
                matches!(t.kind, ast::TermKind::Flat { when: Some(ast::FlatWhen::OnlyWhenCharged | ast::FlatWhen::AlsoWhenFree), .. })
            }))
        });
        if let Some(bounds) = &quantity.bounds
            && !rules.functions.iter().all(|function| function.amount.stretches())
        {
            let what = format!("flat parts, begun blocks, floors or ceilings beside bounds of {}", bounds.name);
            self.report(crate::not_yet(&what, decl.name.span).help("only rates are possible in this price"));
            return None;
        }
        let keys = self.keys(&dims);
        let charge = match &target {
            Target::Event(_) if settings.across.is_some() => {
                let (_, span) = settings.across?;
                let message = "each event is priced on its own: its cells are not compared";
                self.report(Diagnostic::error(codes::NOT_HERE, message).at(span, ""));
                return None;
            }
            Target::Event(_) if settings.ratchet.is_some() => {
                let (_, span) = settings.ratchet?;
                let message = "a ratchet holds the quantity of a period: events have none";
                self.report(Diagnostic::error(codes::NOT_HERE, message).at(span, ""));
                return None;
            }
            Target::Meter(meter) => {
                if let Some(span) = settings.event_only {
                    let message = "this is said of a price `on each` event";
                    self.report(Diagnostic::error(codes::NOT_HERE, message).at(span, ""));
                    return None;
                }
                let sink = self.meter_sink(layer, meter, keys, decl.filter.as_ref())?;
                let scale = match &quantity.bounds {
                    None => None,
                    Some(BoundScale { meter: None, .. }) => Some(TierScale::Seconds),
                    Some(BoundScale { meter: Some(by), .. }) => {
                        let shared = |d: &&DimUse| by.keys[..by.by].iter().any(|key| key.name == d.name);
                        let shared: Vec<DimUse> = dims.iter().filter(shared).cloned().collect();
                        let own = shared.iter().filter_map(|d| by.keys.iter().find(|key| key.name == d.name)).cloned();
                        let keys = self.keys(&own.collect::<Vec<_>>());
                        Some(TierScale::Sink(self.meter_sink(layer, by, keys, None)?))
                    }
                };
                self.averaged(meter, decl, window)?;
                let across = self.across(&settings, decl, meter, &rules, (scale.is_some(), window))?;
                let ratchet = self.ratcheted(&settings, (scale.is_some(), across), window)?;
                let dated = rules.regimes.iter().filter_map(|r| r.from).any(|day| self.inside(window, day));
                let continuous = meter.aggregation.has_moments() && rules.functions.iter().all(|f| !jumps(&f.amount));
                let split_period = match settings.rate_change {
                    Some(split) => split,
                    None if dated && !continuous => {
                        let finding = Diagnostic::error(
                            codes::SAY_RATE_CHANGE,
                            format!("the price of `{}` changes inside a period", decl.name.text),
                        )
                        .at(decl.name.span, "which rate holds for that period?")
                        .help("write `split period` or `rate of period end` into the price");
                        let choices = ["split period".to_string(), "rate of period end".to_string()];
                        let first = statements.first().map(|s| s.span);
                        self.report(report::choices(finding, first, 4, &choices));
                        return None;
                    }
                    None => true,
                };
                Charge::Usage(UsageCharge {
                    sink,
                    rules,
                    scale,
                    across,
                    ratchet,
                    window,
                    split_period,
                    covered_by: Vec::new(),
                    counting: counting.unwrap_or(Counting::Net),
                    less: Vec::new(),
                })
            }
            Target::Event(event) => {
                let sink = self.event_sink(layer, decl, event, &dims, keys, rules, &quantity, &settings)?;
                Charge::Events(sink)
            }
        };
        let line = Line {
            name: decl.name.text.clone(),
            rebate: decl.kind == ast::PriceKind::Rebate,
            charge,
            clamps: settings.clamps,
            prorate: Proration::Never,
            rule,
            order: source.order,
            currency: price_ir::OWN,
            about: price_ir::About::default(),
        };
        let info = PriceInfo {
            dims: closed,
            meter,
            scale: quantity.bounds.as_ref().and_then(|bounds| bounds.meter.clone()),
            event: matches!(target, Target::Event(_)).then_some(event),
            filter: decl.filter.as_ref().map(|f| (top_layer, f.condition.clone())),
            factor: quantity.factor.clone(),
            measure: quantity.measure.clone(),
            ty: quantity.ty.clone(),
            counting,
            flat_said,
            flat,
            span: decl.name.span,
            name: decl.name.text.clone(),
            first_statement: statements.first().map(|s| s.span),
        };
        Some((line, info))
    }

    pub(super) fn target(&mut self, layer: &Layer, decl: &ast::PriceDecl) -> Option<Target> {
        match &decl.target {
            PriceTarget::Meter(path) => match self.scoped(layer, |scope| meter_or_event(scope, path)) {
                Entity::Meter(meter) => Some(Target::Meter(meter)),
                Entity::Event(_) => {
                    let name = path.text();
                    let at = path.span.before();
                    self.report(
                        Diagnostic::error(codes::WRONG_KIND, format!("`{name}` is an event, not a meter"))
                            .at(path.span, "")
                            .help(format!(
                                "`on each {name}` prices every event; a meter of it prices the period's total"
                            ))
                            .fix(Fix::replace(format!("write `on each {name}`"), at, "each ", false)),
                    );
                    None
                }
                Entity::Error => None,
                other => {
                    let message = format!("`{}` is {}, not a meter", path.text(), other.kind());
                    self.report(Diagnostic::error(codes::WRONG_KIND, message).at(path.span, ""));
                    None
                }
            },
            PriceTarget::Each(path) => {
                let name = path.last()?.clone();
                if path.segments.len() == 1 {
                    return self.scoped(layer, |scope| event_of(scope, &name)).map(Target::Event);
                }
                match self.scoped(layer, |scope| resolve(scope, path)) {
                    Entity::Event(event) => Some(Target::Event(event)),
                    Entity::Error => None,
                    other => {
                        let message = format!("`{}` is {}, not an event", path.text(), other.kind());
                        self.report(Diagnostic::error(codes::WRONG_KIND, message).at(path.span, ""));
                        None
                    }
                }
            }
            PriceTarget::Lines => None,
        }
    }

    /// A dimension a meter is kept apart by.
    pub fn meter_dim(&mut self, meter: &MeterDef, path: &ast::Path) -> Option<DimUse> {
        let name = path.last()?;
        if let Some(found) = meter.keys[..meter.by].iter().find(|k| k.name == name.text) {
            return Some(found.clone());
        }
        let names: Vec<String> = meter.keys[..meter.by].iter().map(|k| k.name.clone()).collect();
        let mut finding = report::unknown(
            codes::DIMENSION_UNAVAILABLE,
            &format!("dimension of the meter `{}`", meter.name),
            &name.text,
            name.span,
            names.iter().map(String::as_str),
        );
        if finding.help.is_none() {
            finding =
                finding.help(format!("keep the meter apart by it: `meter {} = ... by {}`", meter.name, name.text));
        }
        self.report(finding);
        None
    }

    pub(super) fn window(&mut self, window: Option<&ast::Window>) -> Option<Window> {
        let Some(window) = window else { return Some(self.billing_window()) };
        Some(match window.kind {
            ast::WindowKind::Each(word) => self.period_word(word, window.span)?,
            ast::WindowKind::OverTerm => Window::Term,
            ast::WindowKind::WithoutReset => Window::Never,
        })
    }

    /// A period word as a window.
    pub fn period_word(&mut self, word: ast::PeriodWord, span: Span) -> Option<Window> {
        Some(match word {
            ast::PeriodWord::Hour => Window::Hour,
            ast::PeriodWord::Day => Window::Day,
            ast::PeriodWord::Month => Window::Month,
            ast::PeriodWord::Quarter => Window::Quarter,
            ast::PeriodWord::Year => Window::Year,
            ast::PeriodWord::Week => {
                self.report(
                    Diagnostic::error(codes::NOT_YET, "windows of a week are not available in this version")
                        .at(span, "")
                        .help("use `day` or `month`"),
                );
                return None;
            }
        })
    }

    /// An average in a window: over that window, unless its unit says that it is held for months,
    /// which add up.
    fn averaged(&mut self, meter: &MeterDef, decl: &ast::PriceDecl, window: Window) -> Option<()> {
        let billing = self.billing_window();
        if window == billing || !matches!(meter.aggregation, crate::declare::meter::Aggregation::Average(_)) {
            return Some(());
        }
        let month = Dims::base("std.units.month".into());
        let held = matches!(&meter.ty, Ty::Quantity(dims) if dims.times(&month, -1).size() < dims.size());
        let (what, help) = match (window < billing, held) {
            (true, false) | (false, true) => return Some(()),
            (true, true) => ("what is held for months, in a price with a shorter window", "without the month"),
            (false, false) => {
                ("an average of months, in a price with a longer window", "with the month, as `GB-month`")
            }
        };
        let span = decl.window.as_ref().map_or(decl.name.span, |window| window.span);
        let finding = crate::not_yet(what, span).help(format!("measure `{}` in a unit {help}", meter.name));
        self.report(finding);
        None
    }

    pub(super) fn quantity(
        &mut self,
        layer: &Layer,
        decl: &ast::PriceDecl,
        target: &Target,
        window: Window,
    ) -> Option<Quantity> {
        match target {
            Target::Meter(meter) => Some(Quantity {
                ty: meter.ty.clone(),
                factor: meter.factor.clone(),
                unit: meter.unit.clone(),
                event: None,
                has_argument: true,
                measure: None,
                window,
                bounds: None,
                what: format!("the meter `{}`", meter.name),
                span: decl.name.span,
            }),
            Target::Event(event) => {
                let measure = match &decl.body {
                    PriceBody::Block(block) => block.iter().find_map(|s| match &s.kind {
                        PriceStmtKind::Measure(path) => Some(path),
                        _ => None,
                    }),
                    PriceBody::Charge(_) => None,
                };
                let mut quantity = Quantity {
                    ty: Ty::Error,
                    factor: Rational::ONE,
                    unit: String::new(),
                    event: Some(event.clone()),
                    has_argument: measure.is_some(),
                    measure: None,
                    window,
                    bounds: None,
                    what: format!("each `{}`", event.name),
                    span: decl.name.span,
                };
                if let Some(path) = measure {
                    let reads = ast::Expr { kind: ast::ExprKind::Path(path.clone()), span: path.span };
                    let event_def = event.clone();
                    let value = self.scoped(layer, |scope| Typer::on_event(scope, event_def).expr(&reads));
                    if value.is_error() {
                        return None;
                    }
                    let unit = path.as_name().and_then(|n| event.field(&n.text)).map(|f| match &f.kind {
                        FieldKind::Number(n) | FieldKind::Family(_, n) | FieldKind::Computed(_, n) => {
                            (n.ir.unit.clone(), n.factor().clone())
                        }
                        _ => (String::new(), Rational::ONE),
                    });
                    let (unit, factor) = unit.unwrap_or_default();
                    quantity.ty = value.ty;
                    quantity.factor = if factor.is_zero() { Rational::ONE } else { factor };
                    quantity.unit = unit;
                    quantity.measure = Some(value.expr);
                    quantity.what = format!("the measure `{}`", path.text());
                    quantity.span = path.span;
                }
                Some(quantity)
            }
        }
    }

    pub(super) fn cell_count(&mut self, dims: &[DimUse], decl: &ast::PriceDecl) -> Option<usize> {
        let mut count = 1usize;
        for dim in dims {
            count = count.saturating_mul(dim.dimension.ir.labels.len().max(1));
        }
        if count > limits::CELLS {
            let message = format!("`{}` has {count} cells", decl.name.text);
            self.report(
                Diagnostic::error(codes::OUT_OF_RANGE, message)
                    .at(decl.name.span, format!("at most {} are possible", limits::CELLS))
                    .note("the cells of a price are the combinations of the labels of its dimensions"),
            );
            return None;
        }
        Some(count)
    }

    pub(super) fn head_filter(
        &mut self,
        layer: &Layer,
        decl: &ast::PriceDecl,
        dims: &[DimUse],
        _meter: Option<&MeterDef>,
    ) -> Option<Option<LabelCond>> {
        let Some(filter) = &decl.filter else { return Some(None) };
        if filter.ladder == Some(ast::LadderRule::Counts) {
            self.report(
                Diagnostic::error(codes::NOT_YET, "`counts in ladder` is not available in this version")
                    .at(filter.span, "")
                    .help("price all of the usage with one ladder and take the part with a discount"),
            );
            return None;
        }
        let readable = names_in(&filter.condition).iter().all(|n| dims.iter().any(|d| d.name == *n));
        let only_labels = only_labels(&filter.condition);
        if !readable || !only_labels {
            return Some(None);
        }
        let dims = dims.to_vec();
        self.scoped(layer, |scope| label_cond(&mut Typer::new(scope), &dims, &filter.condition)).map(Some)
    }
}

pub(super) fn discount_filters(block: &[ast::PriceStmt], asked: &mut Vec<(String, Span)>) {
    for statement in block {
        if let PriceStmtKind::Discount { filter: Some(filter), .. } = &statement.kind {
            ask(filter, asked);
        }
    }
}

/// The dimensions a condition asks for.
fn ask(e: &ast::Expr, asked: &mut Vec<(String, Span)>) {
    asked.extend(names_in(e).into_iter().map(|n| (n, e.span)));
}

pub(super) fn only_labels(e: &ast::Expr) -> bool {
    match &e.kind {
        ast::ExprKind::And(a, b) | ast::ExprKind::Or(a, b) => only_labels(a) && only_labels(b),
        ast::ExprKind::Not(a) => only_labels(a),
        ast::ExprKind::Is { .. } | ast::ExprKind::In { .. } => true,
        _ => false,
    }
}

/// Whether a price has jumps, so that a rate change in mid-period has no obvious meaning.
pub(super) fn jumps(e: &Expr) -> bool {
    let mut found = false;
    e.walk(&mut |e| {
        if let Expr::Ladder(_, ladder) = e {
            found |= ladder.kind != price_ir::LadderKind::Graduated;
        }
    });
    found
}

/// A meter by name; an event of that name if there is no such meter.
pub(crate) fn meter_or_event(names: &mut dyn Names, path: &ast::Path) -> Entity {
    if let Some(name) = path.as_name()
        && names.entity(&name.text).is_none()
        && let Some(event) = names.entity(&event_key(&name.text))
    {
        return event;
    }
    resolve(names, path)
}
