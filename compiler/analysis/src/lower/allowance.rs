//! Allowances and the waterfall that orders them.

use super::Lowering;
use super::layers::Layer;
use super::meets::{Meets, Question, asks};
use super::price::{PriceInfo, Priced, meter_or_event};
use super::settings::{first_statement, say_proration};
use crate::codes;
use crate::declare::meter::{Aggregation, MeterDef, names_in};
use crate::env::Entity;
use crate::report;
use crate::types::{Ty, Typer, resolve};
use price_diagnostics::{Diagnostic, Fix, Span};
use price_ir::{
    Allowance, AllowanceIx, CellRule, Charge, Cond, Covers, DrawOrder, Expr, Fold, Line, LineIx, Proration, Rollover,
    Rules, SinkIx,
};
use price_syntax::ast::{self, PaySource, StmtKind, WaterfallEntry};
use price_value::{Date, Rational, Window};
use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

impl Lowering<'_> {
    /// All allowances in the order of the waterfall; lines learn what covers them.
    pub fn allowances(
        &mut self,
        layers: &[Layer],
        lines: &mut [Line],
        infos: &[Option<PriceInfo>],
        complete: bool,
    ) -> Option<Vec<Allowance>> {
        let mut declared: Vec<(&Layer, &ast::Allowance)> = Vec::new();
        for layer in layers {
            for statement in layer.body() {
                if let StmtKind::Allowance(allowance) = &statement.kind {
                    if let Some((_, first)) = declared.iter().find(|(_, a)| a.name.text == allowance.name.text) {
                        self.report(
                            Diagnostic::error(
                                codes::DECLARED_TWICE,
                                format!("`{}` is declared twice", allowance.name.text),
                            )
                            .at(allowance.name.span, "again")
                            .also(first.name.span, "first"),
                        );
                        return None;
                    }
                    declared.push((layer, allowance));
                }
            }
        }
        let order = self.waterfall(layers, &declared)?;
        if !complete {
            // What an allowance covers cannot be judged while lines are missing.
            return None;
        }
        let said = prorations(layers);
        let mut made = Vec::new();
        let mut sound = true;
        for at in order {
            let (layer, decl) = declared[at];
            match self.allowance(layers, layer, decl, lines, infos, &said) {
                Some(allowance) => {
                    let ix = AllowanceIx(made.len() as u32);
                    for cover in &allowance.covers {
                        let spans = self.cover(&mut lines[cover.line.ix()], ix);
                        sound &= spans;
                    }
                    made.push(allowance);
                }
                None => sound = false,
            }
        }
        for (at, line) in lines.iter().enumerate() {
            sound &= self.say_counting(LineIx(at as u32), line, infos, &made);
        }
        sound.then_some(made)
    }

    fn waterfall(&mut self, layers: &[Layer], declared: &[(&Layer, &ast::Allowance)]) -> Option<Vec<usize>> {
        let found = layers.iter().rev().find_map(|layer| {
            layer.body().iter().find_map(|s| match &s.kind {
                StmtKind::Waterfall(waterfall) => Some((waterfall, s.span)),
                _ => None,
            })
        });
        // An amendment orders what it finds in order.
        let of_contract = |layer: &&Layer| layer.amendment().is_none();
        let ordered =
            layers.iter().filter(of_contract).any(|l| l.place(|s| matches!(s, StmtKind::Waterfall(_))).is_some());
        let Some((waterfall, span)) = found.filter(|_| ordered || declared.is_empty()) else {
            if let Some((_, first)) = declared.first() {
                let mut finding = Diagnostic::error(codes::SAY_WATERFALL, "the order of payment is not stated")
                    .at(first.name.span, "when is this drawn?")
                    .help(format!(
                        "write a block `waterfall` with the lines `first allowance {}` and `finally invoice`",
                        first.name.text
                    ));
                if let Some(before) = first_statement(layers) {
                    let words = ["first  "].into_iter().chain(std::iter::repeat("then   "));
                    let names = declared.iter().map(|(_, a)| &a.name.text);
                    let steps: String = words.zip(names).map(|(w, n)| format!("    {w} allowance {n}\n")).collect();
                    let block = format!("waterfall {{\n{steps}    finally invoice\n  }}\n  ");
                    let at = before.before();
                    finding =
                        finding.fix(Fix::replace("draw allowances in this order, then invoice", at, block, false));
                }
                self.report(finding);
                return None;
            }
            return Some(Vec::new());
        };
        let drawn = |of: &ast::Waterfall| -> Vec<String> {
            let name = |entry: &WaterfallEntry| match entry {
                WaterfallEntry::Step { source: PaySource::Allowance(path), .. } => path.last().map(|n| n.text.clone()),
                _ => None,
            };
            of.steps.iter().filter_map(name).collect()
        };
        let earlier = layers.iter().flat_map(Layer::body).find(|s| match &s.kind {
            StmtKind::Waterfall(other) => drawn(other) != drawn(waterfall),
            _ => false,
        });
        if earlier.is_some() && layers.iter().any(|layer| layer.amendment().is_some()) {
            self.report(crate::not_yet("an order of allowances that an amendment changes", span));
            return None;
        }
        // How its steps follow each other was judged where they were read.
        let mut sound = !self.told(span);
        let mut order = Vec::new();
        for entry in &waterfall.steps {
            let WaterfallEntry::Step { source, .. } = entry else { continue };
            match source {
                PaySource::Allowance(path) => {
                    let name = path.last()?;
                    match declared.iter().position(|(_, a)| a.name.text == name.text) {
                        Some(at) if order.contains(&at) => {
                            let message = format!("`{}` is named twice", name.text);
                            self.report(Diagnostic::error(codes::DEAD_SOURCE, message).at(name.span, "empty by then"));
                            sound = false;
                        }
                        Some(at) => order.push(at),
                        None => {
                            let finding = report::unknown(
                                codes::UNKNOWN_NAME,
                                "allowance",
                                &name.text,
                                name.span,
                                declared.iter().map(|(_, a)| a.name.text.as_str()),
                            );
                            self.report(finding);
                            sound = false;
                        }
                    }
                }
                // Money: see `funds.rs`.
                PaySource::Wallet(_) | PaySource::Commitment(_) => {}
                PaySource::Overage | PaySource::Block | PaySource::Invoice => {}
            }
        }
        for (at, (_, allowance)) in declared.iter().enumerate() {
            if !order.contains(&at) && sound {
                self.report(
                    Diagnostic::error(
                        codes::SAY_WATERFALL,
                        format!("`{}` is not in the waterfall", allowance.name.text),
                    )
                    .at(allowance.name.span, "never drawn")
                    .also(span, "add it here"),
                );
                sound = false;
            }
        }
        sound.then_some(order)
    }

    fn allowance(
        &mut self,
        layers: &[Layer],
        layer: &Layer,
        decl: &ast::Allowance,
        lines: &[Line],
        infos: &[Option<PriceInfo>],
        said: &BTreeMap<String, Proration>,
    ) -> Option<Allowance> {
        if decl.each {
            return self.free_events(layer, decl, infos, said);
        }
        if let Some(most) = &decl.up_to {
            let message = "`up to` is of free events: this is an allowance on a meter";
            let finding = Diagnostic::error(codes::NOT_HERE, message).at(most.span, "");
            self.report(finding.help("write `on each EVENT` to count events, or leave it out"));
            return None;
        }
        let meter: Arc<MeterDef> = match self.scoped(layer, |scope| resolve(scope, &decl.on)) {
            Entity::Meter(meter) => meter,
            Entity::Error => return None,
            other => {
                let message = format!("`{}` is {}, not a meter", decl.on.text(), other.kind());
                self.report(Diagnostic::error(codes::WRONG_KIND, message).at(decl.on.span, ""));
                return None;
            }
        };
        let (times, quantity) = match &decl.of {
            None => (None, self.granted(layer, &decl.amount, &meter, decl)?),
            Some(of) => {
                let (times, quantity) = self.granted_per(layer, of, &meter, decl)?;
                (Some(times), quantity)
            }
        };
        if quantity.is_negative() {
            let message = "an allowance is not below zero";
            self.report(Diagnostic::error(codes::NEGATIVE, message).at(decl.amount.span, ""));
            return None;
        }
        let per = self.grant_window(decl)?;
        if decl.of.is_some() {
            self.measured_once(decl, per)?;
        }
        let mut covers = Vec::new();
        for (at, info) in infos.iter().enumerate() {
            let Some(info) = info else { continue };
            let line = LineIx(at as u32);
            let Some(factor) = factor_of(info, &meter) else { continue };
            let question = Question {
                event: meter.event.clone(),
                dims: &info.dims,
                head: info.filter.as_ref().map(|(at, filter)| (&layers[*at], filter)),
                filter: decl.filter.as_ref().map(|filter| (layer, filter)),
                meter: info.event.is_some().then_some(&*meter),
            };
            let cells = match self.meets(&question) {
                Some(meets) if meets.iter().all(|m| *m == Meets::Never) => continue,
                Some(meets) if meets.iter().all(|m| *m == Meets::Always) => None,
                Some(meets) if !meets.contains(&Meets::Partly) => {
                    Some(meets.iter().map(|m| *m == Meets::Always).collect())
                }
                _ => {
                    let mask = match &decl.filter {
                        Some(filter) => Some(self.mask(layer, filter, lines, infos, line)?),
                        None => None,
                    };
                    if info.event.is_some() && meter.filter != Cond::Always {
                        self.counts_only_some(decl, &meter, info);
                        return None;
                    }
                    mask
                }
            };
            covers.push(Covers { line, cells, factor });
        }
        if covers.is_empty() {
            self.report(
                Diagnostic::error(
                    codes::DEAD_SOURCE,
                    format!("nothing is priced that `{}` could cover", decl.name.text),
                )
                .at(decl.name.span, "")
                .help(format!("no price is on the meter `{}`, or on each event with that measure", meter.name)),
            );
            return None;
        }
        if decl.sharing == Some(ast::Sharing::EachAccount) {
            self.report(crate::not_yet("an allowance for `each account`", decl.name.span));
            return None;
        }
        let draw = self.draw_order(layer, decl, &covers, lines, per)?;
        let by_event = covers.iter().any(|c| matches!(lines[c.line.ix()].charge, Charge::Events(_)));
        if let (Some(of), true) = (&decl.of, by_event || draw == DrawOrder::AsUsed) {
            let what = "an allowance that another meter measures, drawn event by event,";
            let help = "it is known at the end of the period: cover prices on meters, and draw in another order";
            self.report(crate::not_yet(what, of.span).help(help));
            return None;
        }
        let rollover = match &decl.rollover {
            None | Some(ast::Rollover::None) => None,
            Some(ast::Rollover::UpTo { limit, lasts }) => {
                let value = self.scoped(layer, |scope| Typer::new(scope).constant(limit));
                let at_most = match &value.ty {
                    Ty::Error => return None,
                    Ty::Ratio => value.expr.as_const().cloned()? * &quantity,
                    ty if *ty == meter.ty => value.expr.as_const().cloned()? / &meter.factor,
                    other => {
                        let message = format!("a rollover is a percentage or a quantity, this is {other}");
                        self.report(Diagnostic::error(codes::TYPE_MISMATCH, message).at(limit.span, ""));
                        return None;
                    }
                };
                let windows = lasts.number.as_u64().and_then(|n| u32::try_from(n).ok()).filter(|n| *n > 0 && *n <= 120);
                let same = lasts.unit.text.trim_end_matches('s') == per.to_string();
                match (windows, same) {
                    (Some(windows), true) => Some(Rollover { at_most, windows }),
                    _ => {
                        self.report(
                            Diagnostic::error(codes::OUT_OF_RANGE, format!("a rollover lasts a number of {per}s here"))
                                .at(lasts.span, "")
                                .note(format!("the allowance is granted per {per}")),
                        );
                        return None;
                    }
                }
            }
        };
        let prorate = self.granted_partly(layer, decl, said)?;
        let rule = self.rule(format!("allowance {}", decl.name.text), layer, decl.name.span);
        Some(Allowance {
            name: decl.name.text.clone(),
            quantity,
            times,
            events: None,
            unit: meter.unit.clone(),
            per,
            covers,
            draw,
            rollover,
            prorate,
            rule,
        })
    }

    /// How often an allowance is granted; asked for.
    pub(super) fn grant_window(&mut self, decl: &ast::Allowance) -> Option<Window> {
        Some(match &decl.window {
            None => {
                let finding = Diagnostic::error(
                    codes::SAY_BILLING,
                    format!("`{}` must say how often it is granted", decl.name.text),
                )
                .at(decl.amount.span, "per what?")
                .help("write for example `per month` behind the quantity");
                self.report(report::behind(finding, decl.amount.span, &["per month", "per year"]));
                return None;
            }
            Some(window) => match window.kind {
                ast::WindowKind::Each(word) => self.period_word(word, window.span)?,
                ast::WindowKind::OverTerm => Window::Term,
                ast::WindowKind::WithoutReset => Window::Never,
            },
        })
    }

    /// What a partial period grants; asked for in plans.
    pub(super) fn granted_partly(
        &mut self,
        layer: &Layer,
        decl: &ast::Allowance,
        said: &BTreeMap<String, Proration>,
    ) -> Option<Proration> {
        Some(match (decl.partial, said.get(&decl.name.text)) {
            (Some(ast::PartialRule::ProratedDaily), _) => Proration::Daily,
            (Some(ast::PartialRule::Whole), _) => Proration::Never,
            (None, Some(said)) => *said,
            (None, None) if !self.is_plan => Proration::Never,
            (None, None) => {
                let before = layer.body().first().map(|s| s.span);
                self.report(say_proration(&decl.name.text, decl.name.span, before));
                return None;
            }
        })
    }

    /// A constant quantity of the meter an allowance is on, in its unit.
    fn granted(
        &mut self,
        layer: &Layer,
        amount: &ast::Expr,
        meter: &MeterDef,
        decl: &ast::Allowance,
    ) -> Option<Rational> {
        let value = self.scoped(layer, |scope| Typer::new(scope).constant(amount));
        if value.is_error() {
            return None;
        }
        if value.ty != meter.ty {
            self.report(
                Diagnostic::error(codes::UNIT_MISMATCH, "this allowance does not measure what the meter counts")
                    .at(amount.span, value.ty.to_string())
                    .also(decl.on.span, meter.ty.to_string()),
            );
            return None;
        }
        Some(value.expr.as_const().cloned()? / &meter.factor)
    }

    /// `3 GB per GB of stored`: the sink of the other meter, and the quantity for one unit of it.
    fn granted_per(
        &mut self,
        layer: &Layer,
        of: &ast::Path,
        meter: &MeterDef,
        decl: &ast::Allowance,
    ) -> Option<(SinkIx, Rational)> {
        let by = match self.scoped(layer, |scope| meter_or_event(scope, of)) {
            Entity::Meter(by) => by,
            Entity::Error => return None,
            other => {
                let message = format!("`{}` is {}, not a meter", of.text(), other.kind());
                self.report(Diagnostic::error(codes::WRONG_KIND, message).at(of.span, ""));
                return None;
            }
        };
        let ast::ExprKind::Per { value, per } = &decl.amount.kind else {
            self.report(
                Diagnostic::error(codes::UNIT_MISSING, format!("how much of `{}` is one grant for?", by.name))
                    .at(decl.amount.span, "per what?")
                    .also(of.span, by.ty.to_string())
                    .help(format!("write `per {}` behind the quantity", by.unit)),
            );
            return None;
        };
        let quantity = self.granted(layer, value, meter, decl)?;
        if per.started {
            let what = "an allowance for each started unit of another meter";
            self.report(crate::not_yet(what, per.span));
            return None;
        }
        let (size, dims) = self.scoped(layer, |scope| Typer::new(scope).per_unit(per))?;
        if by.ty != Ty::Quantity(dims.clone()) {
            self.report(
                Diagnostic::error(codes::UNIT_MISMATCH, "this allowance is not per unit of the other meter")
                    .at(per.span, format!("per {dims}"))
                    .also(of.span, by.ty.to_string()),
            );
            return None;
        }
        let sink = self.meter_sink(layer, &by, Vec::new(), None)?;
        let quantity = quantity * &by.factor / &size;
        self.measures.push(by);
        Some((sink, quantity))
    }

    /// What another meter measures is granted for a billing period, whose end says how much.
    fn measured_once(&mut self, decl: &ast::Allowance, per: Window) -> Option<()> {
        let billing = self.billing_window();
        let what = match &decl.rollover {
            _ if per != billing => {
                format!("an allowance per {per} that another meter measures, billed each {billing},")
            }
            Some(ast::Rollover::UpTo { .. }) => "rollover of an allowance that another meter measures".to_string(),
            _ => return Some(()),
        };
        self.report(crate::not_yet(&what, decl.name.span));
        None
    }

    /// The dimensions that an allowance asks for in a price it covers in part.
    pub(super) fn asked_by(
        &mut self,
        layer: &Layer,
        decl: &ast::Allowance,
        price: &Priced<'_>,
    ) -> Option<(Vec<String>, Span)> {
        let Some(Entity::Meter(meter)) = self.quiet(layer, &decl.on) else { return None };
        let on_each = price.meter.is_none();
        let covers = match price.meter {
            Some(own) => own.id == meter.id,
            None => meter.event.id == price.event.id && sums(&meter, price.measure),
        };
        if !covers {
            return None;
        }
        let question = Question {
            event: meter.event.clone(),
            dims: &[],
            head: price.decl.filter.as_ref().map(|filter| (price.layer, &filter.condition)),
            filter: decl.filter.as_ref().map(|filter| (layer, filter)),
            meter: on_each.then_some(&*meter),
        };
        if matches!(self.meets(&question).as_deref(), Some([Meets::Never | Meets::Always])) {
            return None;
        }
        let mut names = decl.filter.as_ref().map(names_in).unwrap_or_default();
        if on_each {
            let asked = meter.keys.iter().enumerate().filter(|(at, _)| asks(&meter.filter, *at));
            names.extend(asked.map(|(_, key)| key.name.clone()));
        }
        Some((names, decl.filter.as_ref().map_or(decl.on.span, |filter| filter.span)))
    }

    fn counts_only_some(&mut self, decl: &ast::Allowance, meter: &MeterDef, price: &PriceInfo) {
        let message = format!("`{}` counts only some of what `{}` prices", meter.name, price.name);
        self.report(
            Diagnostic::error(codes::DIMENSION_UNAVAILABLE, message)
                .at(decl.on.span, "which part is covered cannot be told")
                .also(price.span, "priced here")
                .help("give the price the `where` of the meter, or name the dimensions it asks for behind `by`"),
        );
    }

    /// Asks for the order of drawing where cells with different prices compete.
    fn draw_order(
        &mut self,
        layer: &Layer,
        decl: &ast::Allowance,
        covers: &[Covers],
        lines: &[Line],
        window: Window,
    ) -> Option<DrawOrder> {
        if let Some(draw) = decl.draw {
            return Some(match draw {
                ast::DrawOrder::ProRata => DrawOrder::ProRata,
                ast::DrawOrder::CheapestFirst => DrawOrder::CheapestFirst,
                ast::DrawOrder::DearestFirst => DrawOrder::DearestFirst,
                ast::DrawOrder::AsUsed => DrawOrder::AsUsed,
            });
        }
        let mut charged: Vec<(&Covers, &Rules)> = Vec::new();
        let mut events = false;
        for cover in covers {
            match &lines[cover.line.ix()].charge {
                Charge::Usage(usage) => charged.push((cover, &usage.rules)),
                Charge::Events(sink) => {
                    events = true;
                    if let Fold::Charge(charge) = &self.tables.sinks[sink.ix()].fold {
                        charged.push((cover, &charge.rules));
                    }
                }
                _ => {}
            }
        }
        if events {
            // Events are covered as they happen: there is no other order to them.
            return Some(DrawOrder::AsUsed);
        }
        let dates = charged.iter().flat_map(|(_, rules)| rules.regimes.iter().filter_map(|r| r.from));
        let dates: BTreeSet<Date> = dates.collect();
        // Prices that follow each other from window to window never compete.
        let apart = dates.iter().all(|day| !self.inside(window, *day));
        let stretches: Vec<Option<Date>> =
            std::iter::once(None).chain(dates.into_iter().filter(|_| apart).map(Some)).collect();
        let mut several_cells = false;
        let mut competing = false;
        for at in stretches {
            let mut prices: Vec<(LineIx, CellRule)> = Vec::new();
            for (cover, rules) in &charged {
                let then = rules.regimes.iter().rposition(|r| r.from <= at).unwrap_or(0);
                let regimes = if apart { &rules.regimes[then..=then] } else { &rules.regimes[..] };
                for (cell, rule) in regimes.iter().flat_map(|r| r.cells.iter().enumerate()) {
                    let covered = cover.cells.as_ref().is_none_or(|m| m.get(cell).copied().unwrap_or(false));
                    if covered && !matches!(rule, CellRule::NotSold) {
                        prices.push((cover.line, *rule));
                    }
                }
            }
            let several = prices.len() > 1;
            prices.dedup();
            let linear = |line: LineIx| match &lines[line.ix()].charge {
                Charge::Usage(u) => u.rules.functions.iter().all(|f| is_linear(&f.amount)),
                _ => true,
            };
            // Equal linear prices: any order gives the same money; pro rata keeps the detail fair.
            several_cells |= several;
            competing |= prices.len() > 1 || several && !prices.first().is_some_and(|(line, _)| linear(*line));
        }
        if !competing {
            return Some(if several_cells { DrawOrder::ProRata } else { DrawOrder::Single });
        }
        let finding =
            Diagnostic::error(codes::SAY_DRAW_ORDER, format!("`{}` covers usage at different prices", decl.name.text))
                .at(decl.name.span, "which is covered first?")
                .help("write `draw pro rata`, `draw cheapest first`, `draw dearest first` or `draw as used` behind it");
        let choices = ["draw pro rata", "draw cheapest first", "draw dearest first", "draw as used"];
        self.report(match layer.place(|s| matches!(s, StmtKind::Allowance(a) if std::ptr::eq(a, decl))) {
            Some(end) => report::behind(finding, end, &choices),
            None => finding,
        });
        None
    }

    fn cover(&mut self, line: &mut Line, allowance: AllowanceIx) -> bool {
        match &mut line.charge {
            Charge::Usage(usage) => usage.covered_by.push(allowance),
            Charge::Events(SinkIx(sink)) => {
                if let Fold::Charge(charge) = &mut self.tables.sinks[*sink as usize].fold {
                    charge.covered_by.push(allowance);
                }
            }
            _ => return false,
        }
        true
    }

    /// Asks whether tiers count what is free.
    pub(super) fn say_net_or_gross(&mut self, source: &str, info: &PriceInfo) {
        let message = format!("{source} and the tiers of `{}` meet", info.name);
        let finding = Diagnostic::error(codes::SAY_NET_OR_GROSS, message)
            .at(info.span, "do its tiers count included usage?")
            .help("write `tiers count net usage` (included usage is not counted) or `tiers count gross usage` into the price");
        let choices = ["tiers count net usage".to_string(), "tiers count gross usage".to_string()];
        self.report(report::choices(finding, info.first_statement, 4, &choices));
    }

    /// Net or gross is asked where an allowance and a ladder meet; what a flat part does where
    /// an allowance can cover an event wholly.
    fn say_counting(&mut self, at: LineIx, line: &Line, infos: &[Option<PriceInfo>], made: &[Allowance]) -> bool {
        let Some(Some(info)) = infos.get(at.ix()) else { return true };
        let (covered, rules) = match &line.charge {
            Charge::Usage(usage) => (!usage.covered_by.is_empty(), &usage.rules),
            Charge::Events(sink) => match &self.tables.sinks[sink.ix()].fold {
                Fold::Charge(charge) => (!charge.covered_by.is_empty(), &charge.rules),
                _ => return true,
            },
            _ => return true,
        };
        if !covered {
            return true;
        }
        // Only the functions of cells that some allowance covers matter.
        let covers: Vec<_> = made.iter().flat_map(|a| &a.covers).filter(|c| c.line == at).collect();
        let meant = |cell: usize| {
            covers.iter().any(|c| c.cells.as_ref().is_none_or(|mask| mask.get(cell).copied().unwrap_or(false)))
        };
        let cells = rules.regimes.iter().flat_map(|regime| regime.cells.iter().enumerate());
        let functions: Vec<&Expr> = cells
            .filter(|(cell, _)| meant(*cell))
            .filter_map(|(_, rule)| match rule {
                CellRule::Function(function) => Some(&rules.functions[*function as usize].amount),
                CellRule::NotSold => None,
            })
            .collect();
        let has_ladder = functions.iter().any(|f| has_ladder(f));
        let (name, span, is_event) = (info.name.clone(), info.span, info.event.is_some());
        let (counting, flat, flat_said) = (info.counting, info.flat, info.flat_said);
        if has_ladder && counting.is_none() {
            self.say_net_or_gross("an allowance", info);
            return false;
        }
        if is_event && flat.is_some() && !flat_said {
            let finding = Diagnostic::error(
                codes::SAY_FLAT_WHEN_FREE,
                format!("an allowance can cover an event of `{name}` wholly"),
            )
            .at(span, "is its flat part due then?")
            .help("write `only when charged` or `also when free` behind the flat amount");
            self.report(match flat {
                Some(flat) => report::behind(finding, flat, &["only when charged", "also when free"]),
                None => finding,
            });
            return false;
        }
        true
    }
}

/// What one unit of a price's quantity is in units of the meter, if an allowance on that covers it.
fn factor_of(price: &PriceInfo, meter: &MeterDef) -> Option<Rational> {
    if price.meter.as_ref().is_some_and(|m| m.id == meter.id) {
        return Some(Rational::ONE);
    }
    let same_event = price.event.as_ref().is_some_and(|e| e.id == meter.event.id);
    (same_event && sums(meter, price.measure.as_ref())).then(|| &price.factor / &meter.factor)
}

/// Whether a meter adds up what a price on each event measures.
fn sums(meter: &MeterDef, measure: Option<&Expr>) -> bool {
    matches!((&meter.aggregation, measure), (Aggregation::Sum(summed), Some(measure)) if summed == measure)
}

fn prorations(layers: &[Layer]) -> BTreeMap<String, Proration> {
    let mut said = BTreeMap::new();
    for layer in layers {
        for statement in layer.body() {
            if let StmtKind::Prorate { names, how } = &statement.kind {
                for name in names.iter().filter_map(|p| p.last()) {
                    let proration = match how {
                        // Thirty days are of fees alone: `prorations` in `mod.rs` refuses the rest.
                        ast::ProrateRule::Daily | ast::ProrateRule::DailyInMonthsOf30 => Proration::Daily,
                        ast::ProrateRule::Never => Proration::Never,
                    };
                    said.insert(name.text.clone(), proration);
                }
            }
        }
    }
    said
}

/// Whether an amount is in proportion to its quantity.
pub(super) fn is_linear(e: &Expr) -> bool {
    match e {
        Expr::Const(value) => value.is_zero(),
        Expr::Arg => true,
        Expr::Ladder(of, ladder) => matches!(**of, Expr::Arg) && ladder.is_linear(),
        Expr::Add(parts) => parts.iter().all(is_linear),
        Expr::Mul(a, b) => matches!(**a, Expr::Const(_)) && is_linear(b),
        _ => false,
    }
}

/// Whether tiers divide the quantity: several pieces, or whole blocks.
pub(super) fn has_ladder(e: &Expr) -> bool {
    let mut found = false;
    e.walk(&mut |e| {
        if let Expr::Ladder(_, ladder) = e {
            found |= ladder.pieces.len() > 1;
        }
    });
    found
}
