//! One price with its overrides: heads, cells, dates, the sink it reads.

use super::body::{Body, CellPrice, LabelCond, label_cond, prepare};
use super::charge::Quantity;
use super::layers::{Layer, span_of};
use super::{Lowering, RuleRef};
use crate::codes;
use crate::declare::meter::{Aggregation, MeterDef, event_of, grain, names_in};
use crate::declare::{DimUse, EventDef, FieldKind, UseSource, find_use};
use crate::env::{Entity, event_key};
use crate::fold;
use crate::limits;
use crate::report;
use crate::types::{KeyRef, Names, Ty, Typer, resolve};
use crate::unit::Dims;
use price_diagnostics::{Diagnostic, Fix, Span};
use price_ir::{
    Bound, CellRule, Charge, Cond, Counting, EventCharge, Expr, Fold, Function, Key, KeyIx, Line, LineClamp, Post,
    Proration, Regime, RuleIx, Rules, Sink, SplitAt, UsageCharge,
};
use price_syntax::ast::{self, OverrideBody, PriceBody, PriceStmtKind, PriceTarget};
use price_value::{Date, Rational, Window};
use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

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
enum Target {
    Meter(Arc<MeterDef>),
    Event(Arc<EventDef>),
}

/// A rule that may replace another for some cells and dates.
struct Candidate {
    layer: usize,
    during: price_value::Span,
    cells: Option<LabelCond>,
    what: What,
    rule: RuleIx,
    span: Span,
}

enum What {
    Body(Body),
    /// The rest that stays after `less x%`, and whether it is taken off the lowest rule.
    Less(Rational, bool),
}

/// What later steps need to know of a lowered price.
pub struct PriceInfo {
    /// Dimensions of its cells, in key order.
    pub dims: Vec<DimUse>,
    /// The meter it is on.
    pub meter: Option<Arc<MeterDef>>,
    /// The event it is on each of.
    pub event: Option<Arc<EventDef>>,
    /// Base units in one unit of its quantity or measure.
    pub factor: Rational,
    /// Measure of an event price, in base units.
    pub measure: Option<Expr>,
    /// What was said about net and gross.
    pub counting: Option<Counting>,
    /// What was said about a flat part.
    pub flat_said: bool,
    /// Whether the body has a flat part in a charge.
    pub has_flat: bool,
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
        let head_dims = dims.len();
        let mut asked: Vec<(String, Span)> = Vec::new();
        let ask = |e: &ast::Expr, asked: &mut Vec<(String, Span)>| {
            asked.extend(names_in(e).into_iter().map(|n| (n, e.span)));
        };
        for (_, base) in &source.bases {
            if let (Some(filter), Some(_)) = (&base.filter, &meter) {
                // Usage outside the filter is not part of the sink, so the filter needs no cells.
                let _ = filter;
            }
            if let PriceBody::Block(block) = &base.body {
                discount_filters(block, &mut asked, &ask);
            }
        }
        for (_, over, _) in &source.overrides {
            if let Some(filter) = &over.filter {
                ask(&filter.condition, &mut asked);
            }
            if let OverrideBody::Block(block) = &over.body {
                discount_filters(block, &mut asked, &ask);
            }
        }
        for (line, names, span) in self.conditions_on_lines(layers, &decl.name.text, meter.as_deref()) {
            let _ = line;
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
        let _ = head_dims;
        let window = self.window(decl.window.as_ref())?;
        let quantity = self.quantity(layer, decl, &target, window)?;
        let closed: Vec<DimUse> = dims.iter().filter(|d| d.dimension.ir.size().is_some()).cloned().collect();
        let cells = self.cell_count(&closed, decl)?;

        let mut candidates = self.candidates(source, layers, &quantity, &closed)?;
        let extra_with_ladder = candidates.iter().any(|c| matches!(&c.what, What::Body(b) if b.has_ladder));
        if let (Some(span), true) = (extra.first(), extra_with_ladder) {
            self.report(
                Diagnostic::error(codes::SAY_LADDER_SCOPE, "this condition asks for a dimension outside the ladder")
                    .at(*span, "not among the dimensions of the price")
                    .also(decl.name.span, "the ladder counts all of it together")
                    .help("add the dimension behind `by` in the head of the price: then each label has a ladder of its own"),
            );
            return None;
        }
        let head_filter = self.head_filter(layer, decl, &closed, meter.as_deref())?;
        let rules = self.rules(&mut candidates, &closed, cells, head_filter.as_ref(), decl)?;
        let statements: Vec<&ast::PriceStmt> = match &decl.body {
            PriceBody::Block(block) => block.iter().collect(),
            PriceBody::Charge(_) => Vec::new(),
        };
        let settings = self.settings(layer, &statements, decl)?;
        let rule = source.rule.ix;
        let counting = settings.counting;
        let has_flat = statements.iter().any(|s| {
            matches!(&s.kind, PriceStmtKind::Charge(c) if c.terms.iter().any(|t| matches!(t.kind, ast::TermKind::Flat { .. })))
        });
        let flat_said = statements.iter().any(|s| {
            matches!(&s.kind, PriceStmtKind::Charge(c) if c.terms.iter().any(|t| {
                matches!(t.kind, ast::TermKind::Flat { when: Some(ast::FlatWhen::OnlyWhenCharged | ast::FlatWhen::AlsoWhenFree), .. })
            }))
        });
        let keys = self.keys(&dims);
        let charge = match &target {
            Target::Meter(meter) => {
                if let Some(span) = settings.event_only {
                    let message = "this is said of a price `on each` event";
                    self.report(Diagnostic::error(codes::NOT_HERE, message).at(span, ""));
                    return None;
                }
                let sink = self.meter_sink(layer, meter, keys, decl.filter.as_ref())?;
                let dated = rules.regimes.len() > 1;
                let continuous = meter.aggregation.has_moments() && rules.functions.iter().all(|f| !jumps(&f.amount));
                let split_period = match settings.rate_change {
                    Some(split) => split,
                    None if dated && !continuous => {
                        self.report(
                            Diagnostic::error(
                                codes::SAY_RATE_CHANGE,
                                format!("the price of `{}` changes inside a period", decl.name.text),
                            )
                            .at(decl.name.span, "which rate holds for that period?")
                            .help("write `split period` or `rate of period end` into the price"),
                        );
                        return None;
                    }
                    None => true,
                };
                Charge::Usage(UsageCharge {
                    sink,
                    rules,
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
            clamps: settings
                .clamps
                .into_iter()
                .map(|mut c| {
                    c.rule = rule;
                    c
                })
                .collect(),
            prorate: Proration::Never,
            rule,
            order: source.order,
        };
        let info = PriceInfo {
            dims: closed,
            meter,
            event: matches!(target, Target::Event(_)).then_some(event),
            factor: quantity.factor.clone(),
            measure: quantity.measure.clone(),
            counting,
            flat_said,
            has_flat,
            span: decl.name.span,
            name: decl.name.text.clone(),
            first_statement: statements.first().map(|s| s.span),
        };
        Some((line, info))
    }

    fn target(&mut self, layer: &Layer, decl: &ast::PriceDecl) -> Option<Target> {
        match &decl.target {
            PriceTarget::Meter(path) => match self.scoped(layer, |scope| meter_or_event(scope, path)) {
                Entity::Meter(meter) => Some(Target::Meter(meter)),
                Entity::Event(_) => {
                    let name = path.text();
                    let at = Span::new(path.span.file, path.span.start, path.span.start);
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

    fn window(&mut self, window: Option<&ast::Window>) -> Option<Window> {
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

    fn quantity(&mut self, layer: &Layer, decl: &ast::PriceDecl, target: &Target, window: Window) -> Option<Quantity> {
        match target {
            Target::Meter(meter) => Some(Quantity {
                ty: meter.ty.clone(),
                factor: meter.factor.clone(),
                unit: meter.unit.clone(),
                event: None,
                has_argument: true,
                measure: None,
                window,
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
                        FieldKind::Number(n) | FieldKind::Family(_, n) => (n.ir.unit.clone(), n.factor().clone()),
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

    fn cell_count(&mut self, dims: &[DimUse], decl: &ast::PriceDecl) -> Option<usize> {
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

    fn head_filter(
        &mut self,
        layer: &Layer,
        decl: &ast::PriceDecl,
        dims: &[DimUse],
        meter: Option<&MeterDef>,
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
        if !readable || !only_labels || meter.is_none() && !only_labels {
            return Some(None);
        }
        let dims = dims.to_vec();
        self.scoped(layer, |scope| label_cond(&mut Typer::new(scope), &dims, &filter.condition)).map(Some)
    }

    fn candidates(
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
            let title = format!("override price {}", over.target.text());
            let rule = self.rule(title, layer, *span);
            let during = meet(span_of(over.validity.as_ref()), layer.during);
            candidates.push(Candidate { layer: *index, during, cells, what, rule, span: *span });
        }
        sound.then_some(candidates)
    }

    /// The rule of every cell and date.
    fn rules(
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
                let mut lowest: Option<CellPrice> = None;
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
                            if is_base || lowest.is_none() {
                                lowest = Some(price.clone());
                            }
                            current = Some((price, vec![candidate.rule]));
                        }
                        What::Less(rest, of_list) => {
                            let below = if *of_list { lowest.clone() } else { current.as_ref().map(|c| c.0.clone()) };
                            if let (Some(CellPrice::Function(e)), Some((_, mut rules))) = (below, current.clone()) {
                                rules.push(candidate.rule);
                                current = Some((CellPrice::Function(fold::scale(rest, e)), rules));
                            }
                        }
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

    /// Keys of a sink from the dimensions of its cells.
    fn keys(&mut self, dims: &[DimUse]) -> Vec<Key> {
        // Closed dimensions first: open ones are kept apart by the host.
        let (closed, open): (Vec<&DimUse>, Vec<&DimUse>) = dims.iter().partition(|d| d.dimension.ir.size().is_some());
        closed.into_iter().chain(open).map(|d| self.tables.key(d, true)).collect()
    }

    /// The sink of a meter with these cells and this further condition.
    pub fn meter_sink(
        &mut self,
        layer: &Layer,
        meter: &Arc<MeterDef>,
        mut keys: Vec<Key>,
        filter: Option<&ast::PriceFilter>,
    ) -> Option<price_ir::SinkIx> {
        let event = self.tables.event(&meter.event);
        // The meter's own condition speaks of `meter.keys`; find or add them.
        let mut place = Vec::new();
        for used in &meter.keys {
            let key = self.tables.key(used, false);
            let at = match keys.iter().position(|k| k.dim == key.dim && k.source == key.source) {
                Some(at) => at,
                None if reads_key(&meter.filter, place.len() as u32) || matches!(used.source, UseSource::Family(_)) => {
                    keys.push(key);
                    keys.len() - 1
                }
                None => usize::MAX,
            };
            place.push(at);
        }
        let own = remap(&meter.filter, &place);
        let scope = match filter {
            None => Cond::Always,
            Some(filter) => {
                let uses = meter.keys[..meter.by].to_vec();
                let mut wanted: BTreeMap<String, usize> = BTreeMap::new();
                for name in names_in(&filter.condition) {
                    if let Some(used) = uses.iter().find(|u| u.name == name) {
                        let key = self.tables.key(used, false);
                        let at = match keys.iter().position(|k| k.dim == key.dim && k.source == key.source) {
                            Some(at) => at,
                            None => {
                                keys.push(key);
                                keys.len() - 1
                            }
                        };
                        wanted.insert(name, at);
                    }
                }
                self.scoped(layer, |scope| {
                    Typer::new(scope).cond(&filter.condition, &mut |name| {
                        let at = *wanted.get(name)?;
                        let used = uses.iter().find(|u| u.name == name)?;
                        Some(KeyRef { key: KeyIx(at as u32), dimension: used.dimension.clone() })
                    })
                })?
            }
        };
        let per = |e: &Expr| fold::scale(&(Rational::ONE / &meter.factor), e.clone());
        let quantum_of = |e: &Expr| grain(&meter.event, e) / &meter.factor;
        let (fold, quantum) = match &meter.aggregation {
            Aggregation::Sum(e) => (Fold::Sum(per(e)), quantum_of(e)),
            Aggregation::Count => (Fold::Count, Rational::ONE),
            Aggregation::Max(e, held) => (Fold::Max(per(e), *held), quantum_of(e)),
            Aggregation::Min(e, held) => (Fold::Min(per(e), *held), quantum_of(e)),
            Aggregation::Last(e) => (Fold::Last(per(e)), quantum_of(e)),
            Aggregation::Unique(ix) => (Fold::Unique(*ix), Rational::ONE),
            Aggregation::Average(e) => (Fold::Average(per(e)), quantum_of(e)),
            Aggregation::Mean(e) => (Fold::Mean(per(e)), quantum_of(e)),
            Aggregation::Percentile(p, e) => (Fold::Percentile(*p, per(e)), quantum_of(e)),
            Aggregation::Slotted(outer, inner, seconds, e) => {
                (Fold::Slotted { outer: *outer, inner: *inner, seconds: *seconds, value: per(e) }, quantum_of(e))
            }
        };
        let name = match keys.iter().filter(|k| k.in_cell).count() {
            0 => meter.name.clone(),
            _ => {
                let names: Vec<String> = keys
                    .iter()
                    .filter(|k| k.in_cell)
                    .map(|k| self.tables.dimensions[k.dim.ix()].name.clone())
                    .collect();
                format!("{}/{}", meter.name, names.join(","))
            }
        };
        Some(self.tables.sink(Sink {
            name,
            meter: meter.name.clone(),
            event,
            keys,
            filter: own,
            scope,
            fold,
            unit: meter.unit.clone(),
            quantum,
            bound: meter.bound.clone(),
        }))
    }

    #[allow(clippy::too_many_arguments)]
    fn event_sink(
        &mut self,
        layer: &Layer,
        decl: &ast::PriceDecl,
        event: &Arc<EventDef>,
        dims: &[DimUse],
        mut keys: Vec<Key>,
        rules: Rules,
        quantity: &Quantity,
        settings: &PriceSettings,
    ) -> Option<price_ir::SinkIx> {
        let event_ix = self.tables.event(event);
        let filter = match &decl.filter {
            None => Cond::Always,
            Some(filter) => {
                let mut wanted: BTreeMap<String, (usize, DimUse)> = BTreeMap::new();
                for name in names_in(&filter.condition) {
                    let found = self.scoped(layer, |scope| crate::declare::dimension::lookup(scope, event, &name));
                    if let Some(used) = found {
                        let key = self.tables.key(&used, false);
                        let at = match keys.iter().position(|k| k.dim == key.dim && k.source == key.source) {
                            Some(at) => at,
                            None => {
                                keys.push(key);
                                keys.len() - 1
                            }
                        };
                        wanted.insert(name, (at, used));
                    }
                }
                let event = event.clone();
                self.scoped(layer, |scope| {
                    Typer::on_event(scope, event).cond(&filter.condition, &mut |name| {
                        let (at, used) = wanted.get(name)?;
                        Some(KeyRef { key: KeyIx(*at as u32), dimension: used.dimension.clone() })
                    })
                })?
            }
        };
        let measure = quantity.measure.as_ref().map(|m| fold::scale(&(Rational::ONE / &quantity.factor), m.clone()));
        let calendars: Vec<(usize, &DimUse)> =
            dims.iter().enumerate().filter(|(_, d)| matches!(d.source, UseSource::Calendar(_))).collect();
        let seconds = Dims::base("std.units.second".into());
        let timed = matches!(&quantity.ty, Ty::Quantity(d) if *d == seconds);
        let split = match (&settings.split, calendars.first()) {
            (Some(Split::At(path)), _) => {
                let name = path.last()?;
                let Some((at, _)) = calendars.iter().find(|(_, d)| d.name == name.text) else {
                    let message = format!("`{}` is not a calendar of this price", name.text);
                    self.report(
                        Diagnostic::error(codes::DIMENSION_UNAVAILABLE, message)
                            .at(name.span, "")
                            .help("name the calendar behind `by` in the head of the price"),
                    );
                    return None;
                };
                if !timed {
                    let message = "only an event that is measured in time can be split";
                    self.report(Diagnostic::error(codes::NOT_HERE, message).at(path.span, ""));
                    return None;
                }
                Some(SplitAt { key: KeyIx(*at as u32), seconds_per_unit: quantity.factor.clone() })
            }
            (Some(Split::Start), _) => None,
            (None, Some((_, calendar))) if timed => {
                let name = &calendar.name;
                self.report(
                    Diagnostic::error(
                        codes::SAY_SPLIT,
                        format!("a timed `{}` can cross a boundary of `{name}`", event.name),
                    )
                    .at(decl.name.span, "which price holds on the other side?")
                    .help(format!("write `split at {name}` or `rate by start of {}` into the price", event.name)),
                );
                return None;
            }
            (None, _) => None,
        };
        // The finest amount one event can have.
        let fields = |ix| event.grain(ix);
        let arg = measure.as_ref().map(|m| fold::granularity(m, &fields, &Rational::ONE)).unwrap_or(Rational::ONE);
        let mut quantum = Rational::ZERO;
        for function in &rules.functions {
            quantum = fold::gcd(&quantum, &fold::granularity(&function.amount, &fields, &arg));
        }
        for post in &settings.post {
            quantum = match post {
                Post::Round(rounding) => rounding.step.clone(),
                Post::AtLeast(bound) | Post::AtMost(bound) => fold::gcd(&quantum, bound),
            };
        }
        if quantum.is_zero() {
            quantum = self.currency.minor_unit();
        }
        let charge = EventCharge {
            measure,
            measure_unit: quantity.unit.clone(),
            rules,
            split,
            post: settings.post.clone(),
            covered_by: Vec::new(),
            counting: settings.counting.unwrap_or(Counting::Net),
        };
        Some(self.tables.sink(Sink {
            name: decl.name.text.clone(),
            meter: String::new(),
            event: event_ix,
            keys,
            filter,
            scope: Cond::Always,
            fold: Fold::Charge(charge),
            unit: self.currency.code.clone(),
            quantum,
            bound: None,
        }))
    }

    /// The statements of a price block that are not charges.
    fn settings(
        &mut self,
        layer: &Layer,
        statements: &[&ast::PriceStmt],
        decl: &ast::PriceDecl,
    ) -> Option<PriceSettings> {
        let currency = self.currency.clone();
        let mut made = PriceSettings::default();
        let mut rounding = None;
        let mut post = Vec::new();
        let on_event = matches!(decl.target, PriceTarget::Each(_));
        for statement in statements {
            match &statement.kind {
                PriceStmtKind::TiersCount(side) => {
                    made.counting = Some(match side {
                        ast::UsageSide::Net => Counting::Net,
                        ast::UsageSide::Gross => Counting::Gross,
                    });
                }
                PriceStmtKind::SplitAt(path) => {
                    made.split = Some(Split::At(path.clone()));
                    made.event_only.get_or_insert(statement.span);
                }
                PriceStmtKind::RateByStart(_) => {
                    made.split = Some(Split::Start);
                    made.event_only.get_or_insert(statement.span);
                }
                PriceStmtKind::SplitPeriod => made.rate_change = Some(true),
                PriceStmtKind::RateOfPeriodEnd => made.rate_change = Some(false),
                PriceStmtKind::Measure(_) => {
                    made.event_only.get_or_insert(statement.span);
                }
                PriceStmtKind::RoundEach { rounding: wanted, .. } => {
                    made.event_only.get_or_insert(statement.span);
                    let ty = Ty::Money(currency.code.clone());
                    let found = self.scoped(layer, |scope| Typer::new(scope).rounding(wanted, &ty, Some(&currency)));
                    rounding = Some(found?);
                }
                PriceStmtKind::AllowCliffs => self.cliffs_allowed.push(decl.name.text.clone()),
                PriceStmtKind::Clamp(clamp) => {
                    let amount = self.scoped(layer, |scope| Typer::new(scope).money(&clamp.amount, &currency.code))?;
                    let bound = match clamp.side {
                        ast::ClampSide::Least => Bound::Floor,
                        ast::ClampSide::Most => Bound::Ceiling,
                    };
                    if let Some(ast::ClampOver::Each(_)) = &clamp.over {
                        made.event_only.get_or_insert(statement.span);
                        post.push(match bound {
                            Bound::Floor => Post::AtLeast(amount),
                            Bound::Ceiling => Post::AtMost(amount),
                        });
                        continue;
                    }
                    if clamp.over.is_none() && on_event {
                        self.report(
                            Diagnostic::error(codes::UNIT_MISSING, "this bound is for each event or for the period")
                                .at(statement.span, "which of them?")
                                .help("write `each EVENT` or `per month` behind the amount"),
                        );
                        return None;
                    }
                    let per = match &clamp.over {
                        Some(ast::ClampOver::Per(word)) => self.period_word(*word, statement.span)?,
                        _ => self.billing_window(),
                    };
                    let prorate = self.partial(clamp.partial, statement.span, "this bound")?;
                    made.clamps.push(LineClamp {
                        bound,
                        amount,
                        per,
                        if_used: clamp.usage == Some(ast::ClampUsage::IfUsed),
                        prorate,
                        during: price_value::Span::default(),
                        rule: RuleIx(0),
                    });
                }
                _ => {}
            }
        }
        // Floors before ceilings, rounding last.
        post.sort_by_key(|p| matches!(p, Post::AtMost(_)));
        post.extend(rounding.map(Post::Round));
        made.post = post;
        made.clamps.sort_by_key(|c| c.bound == Bound::Ceiling);
        Some(made)
    }
}

/// A meter by name; an event of that name if there is no such meter.
fn meter_or_event(names: &mut dyn Names, path: &ast::Path) -> Entity {
    if let Some(name) = path.as_name()
        && names.entity(&name.text).is_none()
        && let Some(event) = names.entity(&event_key(&name.text))
    {
        return event;
    }
    resolve(names, path)
}

/// How a price crosses a boundary of a calendar.
pub enum Split {
    /// `split at`.
    At(ast::Path),
    /// `rate by start of`.
    Start,
}

/// What a price block says besides its charges.
#[derive(Default)]
pub struct PriceSettings {
    counting: Option<Counting>,
    split: Option<Split>,
    rate_change: Option<bool>,
    post: Vec<Post>,
    clamps: Vec<LineClamp>,
    /// A statement that only prices `on each` may have.
    event_only: Option<Span>,
}

fn kind_word(decl: &ast::PriceDecl) -> &'static str {
    match decl.kind {
        ast::PriceKind::Price => "price",
        ast::PriceKind::Rebate => "rebate",
    }
}

fn typer_for<'n>(names: &'n mut dyn Names, quantity: &Quantity) -> Typer<'n> {
    match &quantity.event {
        Some(event) => Typer::on_event(names, event.clone()),
        None => Typer::new(names),
    }
}

fn discount_filters(
    block: &[ast::PriceStmt],
    asked: &mut Vec<(String, Span)>,
    ask: &dyn Fn(&ast::Expr, &mut Vec<(String, Span)>),
) {
    for statement in block {
        if let PriceStmtKind::Discount { filter: Some(filter), .. } = &statement.kind {
            ask(filter, asked);
        }
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

fn show_cell(dims: &[DimUse], cell: &[u32]) -> String {
    let labels: Vec<&str> =
        dims.iter().zip(cell).map(|(d, l)| d.dimension.ir.labels.get(*l as usize).map_or("", String::as_str)).collect();
    if labels.is_empty() { "all usage".into() } else { labels.join(", ") }
}

fn only_labels(e: &ast::Expr) -> bool {
    match &e.kind {
        ast::ExprKind::And(a, b) | ast::ExprKind::Or(a, b) => only_labels(a) && only_labels(b),
        ast::ExprKind::Not(a) => only_labels(a),
        ast::ExprKind::Is { .. } | ast::ExprKind::In { .. } => true,
        _ => false,
    }
}

/// Whether a price has jumps, so that a rate change in mid-period has no obvious meaning.
fn jumps(e: &Expr) -> bool {
    let mut found = false;
    e.walk(&mut |e| {
        if let Expr::Ladder(_, ladder) = e {
            found |= ladder.kind != price_ir::LadderKind::Graduated;
        }
    });
    found
}

/// The dates both ranges cover.
fn meet(a: price_value::Span, b: price_value::Span) -> price_value::Span {
    let until = match (a.until, b.until) {
        (Some(x), Some(y)) => Some(x.min(y)),
        (x, y) => x.or(y),
    };
    price_value::Span { from: a.from.max(b.from), until }
}

fn reads_key(cond: &Cond, key: u32) -> bool {
    match cond {
        Cond::Label(k, _) => k.0 == key,
        Cond::All(parts) | Cond::Any(parts) => parts.iter().any(|p| reads_key(p, key)),
        Cond::Not(inner) => reads_key(inner, key),
        _ => false,
    }
}

fn remap(cond: &Cond, place: &[usize]) -> Cond {
    match cond {
        Cond::Label(k, labels) => Cond::Label(KeyIx(place[k.ix()] as u32), labels.clone()),
        Cond::All(parts) => Cond::All(parts.iter().map(|p| remap(p, place)).collect()),
        Cond::Any(parts) => Cond::Any(parts.iter().map(|p| remap(p, place)).collect()),
        Cond::Not(inner) => Cond::Not(Box::new(remap(inner, place))),
        other => other.clone(),
    }
}
