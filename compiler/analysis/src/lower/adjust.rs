//! Fees, shares of other lines, discounts, minimums, caps, attributions.

use super::Lowering;
use super::allowance::{has_ladder, is_linear};
use super::body::label_cond;
use super::charge::{Charges, Quantity};
use super::layers::{Layer, meet, span_of};
use super::price::{PriceInfo, labels_of};
use crate::codes;
use crate::report;
use crate::types::{Ty, Typer};
use price_diagnostics::{Diagnostic, Fix, Span};
use price_ir::{
    Attribution, Bound, CellRule, Charge, Discount, DiscountOff, DiscountedQuantity, Expr, Fee, FeeSchedule, Fold,
    GroupClamp, Line, LineClamp, LineIx, Proration, Regime, RuleIx,
};
use price_syntax::ast::{self, ExprKind, PriceBody, PriceStmtKind, StmtKind, TermKind};
use price_value::Rational;
use std::collections::{BTreeMap, BTreeSet};

type Adjustments = (Vec<Discount>, Vec<GroupClamp>, Vec<Attribution>);

impl Lowering<'_> {
    /// `fee platform = $99.00 per month in advance`.
    pub fn fee(&mut self, layer: &Layer, fee: &ast::Fee, order: u32) -> Option<Line> {
        let currency = self.currency.code.clone();
        let (level, amount) = match &fee.level {
            Some(path) => match self.per_level(layer, path, &fee.amount, &currency) {
                Some((level, amount)) => (Some(level), Some(amount)),
                None => return None,
            },
            None => (None, self.scoped(layer, |scope| Typer::new(scope).money(&fee.amount, &currency))),
        };
        let per = match (fee.per, fee.timing) {
            (Some(word), Some(ast::FeeTiming::Once)) => {
                let message = format!("`{}` is charged once and per {}", fee.name.text, word.as_str());
                self.report(Diagnostic::error(codes::NOT_HERE, message).at(fee.name.span, "which of them?"));
                return None;
            }
            (Some(word), _) => FeeSchedule::Each(self.period_word(word, fee.name.span)?),
            (None, Some(ast::FeeTiming::Once)) => FeeSchedule::Once,
            (None, _) => {
                let end = fee.amount.span.after();
                self.report(
                    Diagnostic::error(
                        codes::SAY_FEE_TIMING,
                        format!("`{}` must say how often it is charged", fee.name.text),
                    )
                    .at(fee.amount.span, "per what?")
                    .fix(Fix::replace("charge it once", end, " once", false))
                    .fix(Fix::replace(
                        "charge it each month in advance",
                        end,
                        " per month in advance",
                        false,
                    )),
                );
                return None;
            }
        };
        let in_advance = match (per, fee.timing) {
            (FeeSchedule::Once, _) => true,
            (_, Some(ast::FeeTiming::InAdvance)) => true,
            (_, Some(ast::FeeTiming::InArrears)) => false,
            _ => {
                let finding = Diagnostic::error(
                    codes::SAY_FEE_TIMING,
                    format!("`{}` must say when it is charged", fee.name.text),
                )
                .at(fee.name.span, "")
                .help("write `in advance` or `in arrears` behind the amount");
                // Dates stand behind the timing: then there is no place known to write it.
                let end = layer.place(|s| matches!(s, StmtKind::Fee(f) if std::ptr::eq(f, fee)));
                self.report(match end.filter(|_| fee.validity.is_none()) {
                    Some(end) => report::behind(finding, end, &["in advance", "in arrears"]),
                    None => finding,
                });
                return None;
            }
        };
        let amount = amount?;
        if amount.is_negative() {
            self.negative(fee.amount.span);
            return None;
        }
        let rule = self.rule(format!("fee {}", fee.name.text), layer, fee.name.span);
        Some(Line {
            name: fee.name.text.clone(),
            rebate: false,
            charge: Charge::Fee(Fee {
                amount,
                per,
                in_advance,
                changes: Vec::new(),
                during: meet(span_of(fee.validity.as_ref()), self.lasting(layer, fee.name.span)),
                level,
            }),
            clamps: Vec::new(),
            prorate: Proration::Never,
            rule,
            order,
            currency: price_ir::OWN,
            about: price_ir::About::default(),
        })
    }

    fn negative(&mut self, span: Span) {
        self.report(
            Diagnostic::error(codes::NEGATIVE, "an amount below zero is a mistake here")
                .at(span, "")
                .help("write a `rebate`: its line is negative"),
        );
    }

    /// Prices without `on`: percentages of other lines, ordered so that each refers to earlier ones.
    pub fn shares(
        &mut self,
        layers: &[Layer],
        shares: Vec<(usize, &ast::PriceDecl, u32)>,
        lines: &mut Vec<Line>,
    ) -> bool {
        let names: BTreeSet<&str> = shares.iter().map(|(_, d, _)| d.name.text.as_str()).collect();
        let mut waiting = shares;
        let mut sound = true;
        while !waiting.is_empty() {
            let before = waiting.len();
            let mut later = Vec::new();
            for (layer, decl, order) in std::mem::take(&mut waiting) {
                let needs = bases(decl, &self.tags)
                    .iter()
                    .any(|n| names.contains(n.as_str()) && n != &decl.name.text && !lines.iter().any(|l| l.name == *n));
                if needs {
                    later.push((layer, decl, order));
                    continue;
                }
                match self.share(&layers[layer], decl, order, lines) {
                    Some(line) => lines.push(line),
                    None => sound = false,
                }
            }
            if later.len() == before {
                let (_, decl, _) = later[0];
                if sound {
                    let message = format!("`{}` is a share of itself", decl.name.text);
                    self.report(
                        Diagnostic::error(codes::DEFINITION_CYCLE, message)
                            .at(decl.name.span, "")
                            .help("percentages of lines cannot go round in a circle"),
                    );
                }
                return false;
            }
            waiting = later;
        }
        sound
    }

    fn share(&mut self, layer: &Layer, decl: &ast::PriceDecl, order: u32, lines: &[Line]) -> Option<Line> {
        let rule = self.rule(
            format!("{} {}", if decl.kind == ast::PriceKind::Rebate { "rebate" } else { "price" }, decl.name.text),
            layer,
            decl.name.span,
        );
        let (charges, statements): (Vec<&ast::Charge>, Vec<&ast::PriceStmt>) = match &decl.body {
            PriceBody::Charge(charge) => (vec![charge], Vec::new()),
            PriceBody::Block(block) => {
                let charges = block.iter().filter_map(|s| match &s.kind {
                    PriceStmtKind::Charge(charge) => Some(charge),
                    _ => None,
                });
                (charges.collect(), block.iter().collect())
            }
        };
        let [charge] = charges.as_slice() else {
            self.report(
                Diagnostic::error(codes::NOT_HERE, "a price on other lines has one charge")
                    .at(decl.name.span, "")
                    .help("write `price support = 3% of storage, egress after discounts`, or say what it is `on`"),
            );
            return None;
        };
        let mut amount = Expr::Const(Rational::ZERO);
        let mut of = None;
        let mut after = None;
        for term in &charge.terms {
            match &term.kind {
                TermKind::Value(ast::Expr { kind: ExprKind::PercentOf { percent, base, stage }, span }) => {
                    let share = self.scoped(layer, |scope| Typer::new(scope).percent(percent));
                    let found = self.scope_lines(base, lines)?;
                    if let Some(before) = &of
                        && *before != found
                    {
                        let message = "one price is a share of one set of lines";
                        self.report(Diagnostic::error(codes::NOT_HERE, message).at(base.span, ""));
                        return None;
                    }
                    of = Some(found);
                    match stage {
                        Some(stage) => after = Some(*stage == ast::DiscountStage::After),
                        None if layer_has_discounts(layer) => {
                            let end = span.after();
                            self.report(
                                Diagnostic::error(
                                    codes::SAY_DISCOUNT_STAGE,
                                    "a share of lines must say whether discounts are off already",
                                )
                                .at(*span, "")
                                .fix(Fix::replace("after discounts", end, " after discounts", false))
                                .fix(Fix::replace(
                                    "before discounts",
                                    end,
                                    " before discounts",
                                    false,
                                )),
                            );
                            return None;
                        }
                        None => {}
                    }
                    amount = crate::fold::add(amount, super::charge::linear(share));
                }
                TermKind::Flat { amount: flat, .. } => {
                    let currency = self.currency.code.clone();
                    let value = self.scoped(layer, |scope| Typer::new(scope).money(flat, &currency))?;
                    amount = crate::fold::add(amount, Expr::Const(value));
                }
                TermKind::Free => {}
                TermKind::Value(e) => {
                    self.report(
                        Diagnostic::error(codes::UNIT_MISSING, "a price without `on` is a share of other lines")
                            .at(e.span, "of what?")
                            .help("write `price NAME on METER = ...`, `price NAME on each EVENT = ...`, or `fee`"),
                    );
                    return None;
                }
            }
        }
        // A ladder over the money of the lines.
        for statement in &statements {
            if let PriceStmtKind::Tiers(tiers) = &statement.kind {
                let currency = self.currency.clone();
                let quantity = Quantity {
                    ty: Ty::Money(currency.code.clone()),
                    factor: Rational::ONE,
                    unit: currency.code.clone(),
                    event: None,
                    has_argument: true,
                    measure: None,
                    window: self.billing_window(),
                    bounds: None,
                    what: "the sum of these lines".into(),
                    span: decl.name.span,
                };
                let built = self.scoped(layer, |scope| {
                    Charges { typer: &mut Typer::new(scope), currency: &currency, quantity: &quantity }.ladder(tiers)
                })?;
                amount = crate::fold::add(amount, built.into_iter().next()??);
            }
        }
        let Some(of) = of else {
            self.report(
                Diagnostic::error(codes::UNIT_MISSING, "a price without `on` is a share of other lines")
                    .at(decl.name.span, "of which lines?"),
            );
            return None;
        };
        if let Some(rounded) = &charge.rounded {
            let ty = Ty::Money(self.currency.code.clone());
            let currency = self.currency.clone();
            let rounding = self.scoped(layer, |scope| Typer::new(scope).rounding(rounded, &ty, Some(&currency)))?;
            amount = Expr::Round(Box::new(amount), rounding);
        }
        let mut clamps = Vec::new();
        for statement in &statements {
            let PriceStmtKind::Clamp(clamp) = &statement.kind else { continue };
            let currency = self.currency.code.clone();
            let bound = self.scoped(layer, |scope| Typer::new(scope).money(&clamp.amount, &currency))?;
            let per = match &clamp.over {
                Some(ast::ClampOver::Per(word)) => self.period_word(*word, statement.span)?,
                Some(ast::ClampOver::Each(path)) => {
                    let message = "a share of lines is bounded per period";
                    self.report(Diagnostic::error(codes::NOT_HERE, message).at(path.span, ""));
                    return None;
                }
                None => self.billing_window(),
            };
            clamps.push(LineClamp {
                bound: if clamp.side == ast::ClampSide::Least { Bound::Floor } else { Bound::Ceiling },
                amount: bound,
                per,
                if_used: clamp.usage == Some(ast::ClampUsage::IfUsed),
                prorate: self.partial(clamp.partial, statement.span, "this bound")?,
                during: layer.during,
                rule,
            });
        }
        clamps.sort_by_key(|c| c.bound == Bound::Ceiling);
        Some(Line {
            name: decl.name.text.clone(),
            rebate: decl.kind == ast::PriceKind::Rebate,
            charge: Charge::Share { of, after_discounts: after.unwrap_or(true), amount },
            clamps,
            prorate: Proration::Never,
            rule,
            order,
            currency: price_ir::OWN,
            about: price_ir::About::default(),
        })
    }

    /// Discounts, minimums, caps and attributions of all layers.
    pub fn adjustments(
        &mut self,
        layers: &[Layer],
        lines: &mut [Line],
        infos: &[Option<PriceInfo>],
    ) -> Option<Adjustments> {
        let (mut discounts, mut clamps, mut attributions) = (Vec::new(), Vec::new(), Vec::new());
        let mut sound = true;
        let mut order = 10_000;
        for layer in layers {
            for statement in layer.body() {
                order += 1;
                match &statement.kind {
                    StmtKind::Discount(discount) => match self.discount(layer, discount, lines, infos) {
                        Some(found) => discounts.extend(found),
                        None => sound = false,
                    },
                    StmtKind::Minimum(limit) | StmtKind::Cap(limit) => {
                        let floor = matches!(statement.kind, StmtKind::Minimum(_));
                        match self.group_clamp(layer, limit, floor, lines, statement.span, order) {
                            Some(clamp) => clamps.push(clamp),
                            None => sound = false,
                        }
                    }
                    StmtKind::Attribute { line, by } => match self.attribution(layer, line, by, lines, infos) {
                        Some(attribution) => attributions.push(attribution),
                        None => sound = false,
                    },
                    _ => {}
                }
            }
        }
        // Inner scopes first, floors before ceilings within one scope, else as written.
        clamps.sort_by_key(|c| (c.scope.len(), c.clamp.bound == Bound::Ceiling, c.order));
        let mut floors: Vec<usize> = (0..clamps.len()).filter(|i| clamps[*i].clamp.bound == Bound::Floor).collect();
        floors.sort_by_key(|i| clamps[*i].order);
        for (n, at) in floors.into_iter().enumerate() {
            clamps[at].name = if n == 0 { "minimum".into() } else { format!("minimum {}", n + 1) };
        }
        sound.then_some((discounts, clamps, attributions))
    }

    fn discount(
        &mut self,
        layer: &Layer,
        discount: &ast::Discount,
        lines: &mut [Line],
        infos: &[Option<PriceInfo>],
    ) -> Option<Option<Discount>> {
        let value = self.scoped(layer, |scope| Typer::new(scope).constant(&discount.value));
        let rule = self.rule(format!("discount {}", discount.name.text), layer, discount.name.span);
        let during = meet(span_of(discount.validity.as_ref()), self.lasting(layer, discount.name.span));
        let amount = value.expr.as_const().cloned().unwrap_or_default();
        let mut usage = None;
        let off = match &value.ty {
            Ty::Error => return None,
            Ty::Ratio => {
                if amount.is_negative() || amount > Rational::ONE {
                    let message = "a discount takes off 0% to 100%";
                    self.report(Diagnostic::error(codes::OUT_OF_RANGE, message).at(discount.value.span, ""));
                    return None;
                }
                DiscountOff::Share(amount)
            }
            Ty::Money(code) if *code == self.currency.code => {
                if amount.is_negative() {
                    self.negative(discount.value.span);
                    return None;
                }
                DiscountOff::Amount(amount)
            }
            Ty::Money(code) => {
                let message = format!("this amount is in {code}, the prices here are in {}", self.currency.code);
                self.report(Diagnostic::error(codes::CURRENCY_MISMATCH, message).at(discount.value.span, ""));
                return None;
            }
            Ty::Quantity(_) => {
                usage = Some(amount.clone());
                DiscountOff::Amount(amount)
            }
            other => {
                let message = format!("a discount is a percentage, an amount or a quantity, this is {other}");
                self.report(Diagnostic::error(codes::TYPE_MISMATCH, message).at(discount.value.span, ""));
                return None;
            }
        };
        let scope = self.scope_lines(&discount.scope, lines)?;
        if let Some(amount) = usage {
            self.usage_discount(discount, &value.ty, amount, &scope, lines, infos, rule, during)?;
            return Some(None);
        }
        let mut cells = Vec::new();
        for line in &scope {
            cells.push(match &discount.filter {
                None => None,
                Some(filter) => Some(self.mask(layer, filter, lines, infos, *line)?),
            });
        }
        Some(Some(Discount { name: discount.name.text.clone(), scope, cells, off, during, rule }))
    }

    #[allow(clippy::too_many_arguments)]
    fn usage_discount(
        &mut self,
        discount: &ast::Discount,
        ty: &Ty,
        amount: Rational,
        scope: &[LineIx],
        lines: &mut [Line],
        infos: &[Option<PriceInfo>],
        rule: RuleIx,
        during: price_value::Span,
    ) -> Option<()> {
        let [only] = scope else {
            let message = "a discount of a quantity is on one price";
            self.report(Diagnostic::error(codes::NOT_HERE, message).at(discount.scope.span, ""));
            return None;
        };
        let info = infos.get(only.ix()).and_then(|i| i.as_ref());
        let meter = info.and_then(|i| i.meter.clone());
        let (Some(info), Some(meter), Charge::Usage(usage)) = (info, meter, &lines[only.ix()].charge) else {
            let message = "a discount of a quantity is on a price that is on a meter";
            self.report(Diagnostic::error(codes::NOT_HERE, message).at(discount.scope.span, ""));
            return None;
        };
        if meter.ty != *ty {
            let message = format!("the discount is {ty}, the price counts {}", meter.ty);
            self.report(Diagnostic::error(codes::UNIT_MISMATCH, message).at(discount.value.span, ""));
            return None;
        }
        if discount.filter.is_some() {
            let message = "a discount of a quantity has no `where` in this version";
            self.report(Diagnostic::error(codes::NOT_YET, message).at(discount.name.span, ""));
            return None;
        }
        if info.counting.is_none() && usage.rules.functions.iter().any(|function| has_ladder(&function.amount)) {
            self.say_net_or_gross("a discounted quantity", info);
            return None;
        }
        let linear = usage.rules.functions.iter().all(|function| is_linear(&function.amount));
        let competing = |regime: &Regime| {
            let mut sold = regime.cells.iter().filter(|rule| **rule != CellRule::NotSold);
            let first = sold.next();
            sold.any(|other| !linear || Some(other) != first)
        };
        if usage.rules.regimes.iter().any(competing) {
            let what = "a discount of a quantity over cells with different prices";
            self.report(
                crate::not_yet(what, discount.value.span)
                    .also(info.span, "which is free first?")
                    .help(format!("write an `allowance` on `{}`: it says in which order it is drawn", meter.name)),
            );
            return None;
        }
        let Charge::Usage(usage) = &mut lines[only.ix()].charge else { return None };
        usage.less.push(DiscountedQuantity {
            name: discount.name.text.clone(),
            quantity: amount / &meter.factor,
            during,
            rule,
        });
        Some(())
    }

    /// Which cells of a line a condition holds for.
    pub fn mask(
        &mut self,
        layer: &Layer,
        filter: &ast::Expr,
        lines: &[Line],
        infos: &[Option<PriceInfo>],
        line: LineIx,
    ) -> Option<Vec<bool>> {
        let Some(Some(info)) = infos.get(line.ix()) else {
            let message = format!("`{}` has no dimensions to ask for", lines[line.ix()].name);
            self.report(Diagnostic::error(codes::DIMENSION_UNAVAILABLE, message).at(filter.span, ""));
            return None;
        };
        let cond = self.scoped(layer, |scope| label_cond(&mut Typer::new(scope), &info.dims, filter))?;
        let cells: usize = info.dims.iter().map(|d| d.dimension.ir.labels.len().max(1)).product();
        Some((0..cells).map(|c| cond.holds(&labels_of(c, &info.dims))).collect())
    }

    fn group_clamp(
        &mut self,
        layer: &Layer,
        limit: &ast::Limit,
        floor: bool,
        lines: &[Line],
        span: Span,
        order: u32,
    ) -> Option<GroupClamp> {
        let scope = self.scope_lines(&limit.scope, lines)?;
        let currency = self.currency.code.clone();
        let amount = self.scoped(layer, |scope| Typer::new(scope).money(&limit.amount, &currency))?;
        if amount.is_negative() {
            self.negative(limit.amount.span);
            return None;
        }
        let per = match &limit.window {
            None => self.billing_window(),
            Some(window) => match window.kind {
                ast::WindowKind::Each(word) => self.period_word(word, window.span)?,
                ast::WindowKind::OverTerm => price_value::Window::Term,
                ast::WindowKind::WithoutReset => price_value::Window::Never,
            },
        };
        let what = if floor { "this minimum" } else { "this cap" };
        let prorate = self.partial(limit.partial, span, what)?;
        let title = if floor { "minimum" } else { "cap" };
        let rule = self.rule(title.to_string(), layer, span);
        Some(GroupClamp {
            name: title.to_string(),
            scope,
            clamp: LineClamp {
                bound: if floor { Bound::Floor } else { Bound::Ceiling },
                amount,
                per,
                if_used: false,
                prorate,
                during: meet(span_of(limit.validity.as_ref()), layer.during),
                rule,
            },
            order,
        })
    }

    fn attribution(
        &mut self,
        layer: &Layer,
        path: &ast::Path,
        by: &[ast::Path],
        lines: &[Line],
        infos: &[Option<PriceInfo>],
    ) -> Option<Attribution> {
        let line = self.line_named(path, lines)?;
        let meter = infos.get(line.ix()).and_then(|i| i.as_ref()).and_then(|i| i.meter.clone());
        let (Some(meter), Charge::Usage(usage)) = (meter, &lines[line.ix()].charge) else {
            let message = format!("`{}` is not a price on a meter; it has nothing to be told apart by", path.text());
            self.report(Diagnostic::error(codes::NOT_HERE, message).at(path.span, ""));
            return None;
        };
        let scope_of = usage.sink;
        let [dimension] = by else {
            let message = "a line is attributed by one dimension";
            self.report(Diagnostic::error(codes::NOT_HERE, message).at(path.span, ""));
            return None;
        };
        if !meter.aggregation.has_moments() {
            let message = "only sums and counts can be attributed";
            self.report(Diagnostic::error(codes::BAD_AGGREGATION, message).at(path.span, ""));
            return None;
        }
        // Every event has an account; a dimension of that name would be the meter's own.
        let own_account = dimension.text() == "account" && !meter.keys[..meter.by].iter().any(|k| k.name == "account");
        let by = match own_account {
            true => scope_of,
            false => {
                let used = self.meter_dim(&meter, dimension)?;
                let key = self.tables.key(&used, true);
                self.meter_sink(layer, &meter, vec![key], None)?
            }
        };
        // The same usage as the line: its own condition, which reads keys by position.
        let own = self.tables.sinks[scope_of.ix()].clone();
        if !own_account && own.scope != price_ir::Cond::Always {
            let message = "a price with a `where` cannot be attributed in this version";
            self.report(Diagnostic::error(codes::NOT_YET, message).at(path.span, ""));
            return None;
        }
        if !matches!(self.tables.sinks[by.ix()].fold, Fold::Sum(_) | Fold::Count) {
            return None;
        }
        let with = lines
            .iter()
            .enumerate()
            .filter(|(_, l)| matches!(&l.charge, Charge::Share { of, .. } if l.rebate && of.as_slice() == [line]))
            .map(|(at, _)| LineIx(at as u32))
            .collect();
        Some(Attribution { line, by, with, accounts: own_account })
    }
}

/// The names of the lines that a share is of.
fn bases(decl: &ast::PriceDecl, tags: &BTreeMap<String, BTreeSet<String>>) -> Vec<String> {
    let charges: Vec<&ast::Charge> = match &decl.body {
        PriceBody::Charge(charge) => vec![charge],
        PriceBody::Block(block) => block
            .iter()
            .filter_map(|s| match &s.kind {
                PriceStmtKind::Charge(charge) => Some(charge),
                _ => None,
            })
            .collect(),
    };
    let mut names = Vec::new();
    for charge in charges {
        for term in &charge.terms {
            if let TermKind::Value(ast::Expr { kind: ExprKind::PercentOf { base, .. }, .. }) = &term.kind {
                match &base.kind {
                    ast::ScopeKind::All => {}
                    ast::ScopeKind::Tagged(tag) => names.extend(tags.get(&tag.text).into_iter().flatten().cloned()),
                    ast::ScopeKind::Names(paths) => {
                        names.extend(paths.iter().filter_map(|p| p.last()).map(|n| n.text.clone()));
                    }
                }
            }
        }
    }
    names
}

fn layer_has_discounts(layer: &Layer) -> bool {
    layer.body().iter().any(|s| matches!(s.kind, StmtKind::Discount(_)))
}
