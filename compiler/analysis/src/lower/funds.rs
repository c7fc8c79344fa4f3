//! Who pays: the money part of the waterfall, and everything it draws from.

use super::Lowering;
use super::layers::Layer;
use crate::codes;
use crate::env::Entity;
use crate::report;
use crate::types::{Ty, Typer};
use price_diagnostics::Diagnostic;
use price_ir::{
    BalanceIx, Conversion, CurrencyIx, Entitlement, EntitlementValue, Finally, Funds, Interim, Line, Waterfall,
};
use price_syntax::ast::{self, CommitmentPayment, PaySource, StmtKind, WaterfallEntry};
use price_value::Window;

impl Lowering<'_> {
    /// Wallets, commitments, waterfall, entitlements of all layers.
    pub(super) fn funds(&mut self, layers: &[Layer], lines: &mut [Line]) -> Option<Funds> {
        let mut funds = Funds::default();
        let mut sound = true;
        let mut order = lines.iter().map(|l| l.order).max().unwrap_or(0);
        let all = || layers.iter().flat_map(|layer| layer.body().iter().map(move |s| (layer, s)));
        // Names first: balances and commitments speak of each other.
        let (mut balances, mut commitments): (Vec<String>, Vec<String>) = (Vec::new(), Vec::new());
        for (_, statement) in all() {
            let (name, into) = match &statement.kind {
                StmtKind::Wallet(wallet) => (&wallet.name, &mut balances),
                StmtKind::Commitment(c) if c.payment == Some(CommitmentPayment::Prepaid) => (&c.name, &mut balances),
                StmtKind::Commitment(c) => (&c.name, &mut commitments),
                _ => continue,
            };
            if into.contains(&name.text) {
                let message = format!("`{}` is declared twice", name.text);
                self.report(Diagnostic::error(codes::DECLARED_TWICE, message).at(name.span, "again"));
                sound = false;
            }
            into.push(name.text.clone());
        }
        let mut counted: Vec<&ast::Commitment> = Vec::new();
        for (layer, statement) in all() {
            order += 1;
            match &statement.kind {
                StmtKind::Wallet(wallet) => match self.wallet(layer, wallet, lines, &commitments, order) {
                    Some(wallet) => funds.balances.push(wallet),
                    None => sound = false,
                },
                StmtKind::Commitment(decl) => match decl.payment {
                    Some(CommitmentPayment::Prepaid) => match self.prepaid(layer, decl, lines, order) {
                        Some(balance) => funds.balances.push(balance),
                        None => sound = false,
                    },
                    Some(CommitmentPayment::Postpaid) => match self.postpaid(layer, decl, lines, &balances, order) {
                        Some(commitment) => {
                            funds.commitments.push(commitment);
                            counted.push(decl);
                        }
                        None => sound = false,
                    },
                    None => {
                        let message = format!("`{}` must say when it is paid", decl.name.text);
                        self.report(
                            Diagnostic::error(codes::SAY_BALANCE, message)
                                .at(decl.name.span, "")
                                .help("write `prepaid` (a balance) or `postpaid` (a counter with true-ups) behind it"),
                        );
                        sound = false;
                    }
                },
                StmtKind::Entitlement(entitlement) => match self.entitlement(layer, entitlement) {
                    Some(entitlement) => funds.entitlements.push(entitlement),
                    None => sound = false,
                },
                StmtKind::Interim(amount) => {
                    let own = self.own_currency.clone();
                    match self.balance_money(layer, amount, &own).filter(price_value::Rational::is_positive) {
                        Some(at) => {
                            let rule = self.rule("invoice early".to_owned(), layer, statement.span);
                            funds.interim = Some(Interim { at, rule });
                        }
                        None => sound = false,
                    }
                }
                StmtKind::Conversion { currency, rate } => {
                    match self.conversion(layer, currency, rate, statement.span, order) {
                        Some(conversion) => funds.conversions.push(conversion),
                        None => sound = false,
                    }
                }
                _ => {}
            }
        }
        if sound {
            self.overlapping(&counted, &mut funds.commitments)?;
            sound = self.money_waterfall(layers, &mut funds, &balances).is_some();
        }
        if sound {
            sound = self.unpaid_credits(layers, lines, &funds).is_some();
        }
        sound.then_some(funds)
    }

    /// The money steps of the waterfalls of all layers, each from its layer's first day.
    fn money_waterfall(&mut self, layers: &[Layer], funds: &mut Funds, balances: &[String]) -> Option<()> {
        // The day of an amendment before which there is no waterfall.
        let mut added = None;
        for layer in layers {
            for statement in layer.body() {
                let StmtKind::Waterfall(waterfall) = &statement.kind else { continue };
                if self.told(statement.span) {
                    return None;
                }
                let mut steps: Vec<BalanceIx> = Vec::new();
                let mut finally = Finally::Invoice;
                for entry in &waterfall.steps {
                    let WaterfallEntry::Step { source, span, .. } = entry else { return None };
                    match source {
                        PaySource::Wallet(path) | PaySource::Commitment(path) => {
                            let at = self.balance_named(path, balances)?;
                            if steps.contains(&at) {
                                let message = format!("`{}` is named twice", path.text());
                                self.report(Diagnostic::error(codes::DEAD_SOURCE, message).at(*span, "empty by then"));
                                return None;
                            }
                            steps.push(at);
                        }
                        PaySource::Allowance(path) if !steps.is_empty() => {
                            let message = format!("`{}` is a quantity and stands behind money", path.text());
                            self.report(
                                Diagnostic::error(codes::DEAD_SOURCE, message)
                                    .at(*span, "priced by then")
                                    .help("name allowances first: they cover usage before it has a price"),
                            );
                            return None;
                        }
                        PaySource::Allowance(_) | PaySource::Invoice => {}
                        PaySource::Overage => {
                            finally = Finally::Overage;
                            let costs = funds.balances.iter().any(|b| b.overage.is_some())
                                || funds.commitments.iter().any(|c| c.overage.is_some());
                            if !costs {
                                self.report(
                                    Diagnostic::error(codes::SAY_BALANCE, "no commitment says what overage costs")
                                        .at(*span, "")
                                        .help("write for example `overage at 110% of contract prices` into one"),
                                );
                                return None;
                            }
                        }
                        PaySource::Block => finally = Finally::Block,
                    }
                }
                let rule = self.rule("waterfall".to_owned(), layer, statement.span);
                let later = !funds.waterfall.is_empty() || layer.amendment().is_some();
                let from = layer.during.from.filter(|_| later);
                match from {
                    None => funds.waterfall.clear(),
                    // Until it is added everything goes to the invoice, as it does without one.
                    Some(_) if funds.waterfall.is_empty() => {
                        let costs = funds.commitments.iter().any(|c| c.overage.is_some());
                        let finally = if costs { Finally::Overage } else { Finally::Invoice };
                        funds.waterfall.push(Waterfall { from: None, steps: Vec::new(), finally, rule });
                        added = from;
                    }
                    // Of two amendments of one day the later one holds.
                    Some(_) => funds.waterfall.retain(|w| w.from != from),
                }
                funds.waterfall.push(Waterfall { from, steps, finally, rule });
            }
        }
        let named = |at: usize| {
            let from = funds.balances[at].during.from;
            let before = added.is_some_and(|day| from.is_none_or(|from| from < day));
            !before && funds.waterfall.iter().any(|w| w.steps.contains(&BalanceIx(at as u32)))
        };
        let missing = (0..funds.balances.len()).find(|at| !named(*at));
        if let Some(at) = missing {
            let balance = &funds.balances[at];
            let span = self.rule_spans[balance.rule.ix()];
            let what = if funds.waterfall.is_empty() { "the order of payment is not stated" } else { "" };
            let message = match what {
                "" => format!("`{}` is not in the waterfall", balance.name),
                what => what.to_owned(),
            };
            self.report(
                Diagnostic::error(codes::SAY_WATERFALL, message)
                    .at(span, "when does it pay?")
                    .help("write a block `waterfall` that names it, and end it with `finally invoice`"),
            );
            return None;
        }
        // Without sources the order is that of the allowances, which need no more.
        let sources = !funds.balances.is_empty() || !funds.commitments.is_empty() || !funds.conversions.is_empty();
        if !sources && funds.waterfall.iter().all(|w| w.finally == Finally::Invoice) {
            funds.waterfall.clear();
        }
        Some(())
    }

    /// A virtual currency cannot be paid: what no balance pays has a price, or is refused.
    fn unpaid_credits(&mut self, layers: &[Layer], lines: &[Line], funds: &Funds) -> Option<()> {
        let blocked = !funds.waterfall.is_empty() && funds.waterfall.iter().all(|w| w.finally == Finally::Block);
        let converted = |at: CurrencyIx| funds.conversions.iter().any(|c| c.currency == at);
        let Some(open) = lines.iter().find(|line| {
            let foreign = line.currency.ix().checked_sub(1).map(|at| &self.foreign[at].0);
            foreign.is_some_and(|c| c.is_virtual) && !converted(line.currency) && !blocked
        }) else {
            return Some(());
        };
        let code = self.foreign[open.currency.ix() - 1].0.code.clone();
        let own = self.own_currency.code.clone();
        let message = format!("what a {code} costs that no wallet pays is not stated");
        let mut finding = Diagnostic::error(codes::SAY_BALANCE, message)
            .at(self.rule_spans[open.rule.ix()], format!("charged in {code}"))
            .help(format!(
                "write for example `invoice {code} at 0.01 {own} each`, or end the waterfall with `finally block`"
            ));
        if let Some(waterfall) = layers.iter().flat_map(Layer::body).find(|s| matches!(s.kind, StmtKind::Waterfall(_)))
        {
            finding = finding.also(waterfall.span, "what is left goes to the invoice");
        }
        self.report(finding);
        None
    }

    fn conversion(
        &mut self,
        layer: &Layer,
        currency: &ast::Name,
        rate: &ast::Expr,
        span: price_diagnostics::Span,
        order: u32,
    ) -> Option<Conversion> {
        let known = self.foreign.iter().position(|(c, _)| c.code == currency.text);
        let Some(at) = known else {
            let message = format!("no line is in `{}`", currency.text);
            self.report(Diagnostic::error(codes::DEAD_SOURCE, message).at(currency.span, ""));
            return None;
        };
        let own = self.own_currency.clone();
        let rate = self.balance_money(layer, rate, &own)?;
        if !rate.is_positive() {
            self.report(Diagnostic::error(codes::OUT_OF_RANGE, "a rate is above zero").at(span, ""));
            return None;
        }
        let rule = self.rule(format!("invoice {}", currency.text), layer, span);
        Some(Conversion { currency: CurrencyIx(at as u32 + 1), rate, rule, order })
    }

    /// A limit is of the meter it is called like: says so, and which meters there are.
    fn no_meter_to_limit(&mut self, layer: &Layer, name: &ast::Name) {
        let named = layer.env.names.get(&name.text);
        if matches!(named, Some(Entity::Error)) {
            return;
        }
        let meters = layer.env.names.iter().filter(|(_, entity)| matches!(entity, Entity::Meter(_)));
        let meters: Vec<&str> = meters.map(|(name, _)| name.as_str()).collect();
        let mut finding = report::unknown(codes::UNKNOWN_NAME, "meter", &name.text, name.span, meters.clone())
            .note("a limit counts the meter that the entitlement is called like");
        if finding.help.is_none() && !meters.is_empty() {
            let known: Vec<String> = meters.iter().map(|name| format!("`{name}`")).collect();
            finding = finding.help(format!("call it like one of the meters: {}", known.join(", ")));
        }
        self.report(finding);
    }

    fn entitlement(&mut self, layer: &Layer, decl: &ast::Entitlement) -> Option<Entitlement> {
        let value = match &decl.value {
            ast::EntitlementValue::Flag(yes) => EntitlementValue::Flag(*yes),
            ast::EntitlementValue::Text(text) => EntitlementValue::Text(text.value.clone()),
            ast::EntitlementValue::Limit { amount, per, then, rollover } => {
                let path = ast::Path { segments: vec![decl.name.clone()], span: decl.name.span };
                let meter = match self.quiet(layer, &path) {
                    Some(Entity::Meter(meter)) => meter,
                    Some(other) => {
                        let message = format!("`{}` is {}; a limit counts a meter", decl.name.text, other.kind());
                        self.report(Diagnostic::error(codes::WRONG_KIND, message).at(decl.name.span, ""));
                        return None;
                    }
                    None => {
                        self.no_meter_to_limit(layer, &decl.name);
                        return None;
                    }
                };
                let quantity = |lowering: &mut Self, e: &ast::Expr| {
                    let value = lowering.scoped(layer, |scope| Typer::new(scope).constant(e));
                    if value.ty == Ty::Error {
                        return None;
                    }
                    if value.ty != meter.ty {
                        lowering.report(
                            Diagnostic::error(codes::UNIT_MISMATCH, "this does not measure what the meter counts")
                                .at(e.span, value.ty.to_string())
                                .also(decl.name.span, meter.ty.to_string()),
                        );
                        return None;
                    }
                    Some(value.expr.as_const().cloned()? / &meter.factor)
                };
                let limit = quantity(self, amount)?;
                let rollover = match rollover {
                    Some(most) => Some(quantity(self, most)?),
                    None => None,
                };
                let per = match per {
                    Some(word) => self.period_word(*word, decl.name.span)?,
                    None => Window::Term,
                };
                let hard = match then.as_ref().map(|name| name.text.as_str()) {
                    Some("block") => true,
                    Some("allow") => false,
                    _ => {
                        let finding = Diagnostic::error(
                            codes::SAY_BALANCE,
                            format!("`{}` must say what happens beyond its limit", decl.name.text),
                        );
                        let help = "write `then block` (refused when asked for) or `then allow` (only told) behind it";
                        self.report(finding.at(amount.span, "").help(help));
                        return None;
                    }
                };
                let sink = self.meter_sink(layer, &meter, Vec::new(), None)?;
                self.measures.push(meter.clone());
                EntitlementValue::Metered { sink, unit: meter.unit.clone(), limit, per, hard, rollover }
            }
        };
        let rule = self.rule(format!("entitlement {}", decl.name.text), layer, decl.name.span);
        let during = self.lasting(layer, decl.name.span);
        Some(Entitlement { name: decl.name.text.clone(), value, during, rule })
    }
}
