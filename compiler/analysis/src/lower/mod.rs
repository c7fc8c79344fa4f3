//! From a typed body to a plan: layers, settings, lines, balances, adjustments.
//!
//! Nothing is evaluated here and nothing is guessed: where a choice would change money and is
//! not written, a finding asks for it.

mod about;
pub mod adjust;
pub mod allowance;
pub(crate) mod amend;
pub mod body;
pub mod charge;
mod commitment;
mod contract;
mod counted;
mod foreign;
mod free_events;
mod funds;
mod idle;
pub mod intern;
mod kinds;
pub mod layers;
pub mod meets;
mod named;
mod once;
pub mod price;
mod proration;
mod replace;
pub mod scope;
pub mod settings;
mod sources;
mod steps;
mod wallet;

use crate::codes;
use crate::declare::MeterDef;
use crate::env::ItemRef;
use crate::inputs::{File, Workspace};
use crate::items;
use intern::Tables;
use layers::Layer;
use price::{PriceInfo, PriceSource};
use price_diagnostics::{Diagnostic, ItemId, Span};
use price_ir::{Charge, FeeSchedule, Line, LineRounding, Plan, PlanKind, Rule, RuleIx};
use price_syntax::ast::{self, ItemKind, StmtKind};
use price_value::{Currency, Rational, Schedule, Window};
use scope::Scope;
use settings::Settings;
use sources::word;
use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

/// A compiled rate card or plan with its findings.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct Lowered {
    /// The plan; `None` when an error prevents it.
    pub plan: Option<Arc<Plan>>,
    /// Findings, also about the cards under it.
    pub diagnostics: Vec<Diagnostic>,
    /// Where each rule of the plan stands.
    pub rule_spans: Vec<Span>,
    /// Meters that prices read, by name: the inputs of tests.
    pub meters: BTreeMap<String, Arc<MeterDef>>,
    /// Where the name of the item stands.
    pub name_span: Span,
}

/// A rule with its index.
#[derive(Debug, Clone, Copy)]
pub struct RuleRef {
    /// Index into the plan's rules.
    pub ix: RuleIx,
}

/// State of lowering one item.
pub struct Lowering<'a> {
    /// Database.
    pub db: &'a dyn salsa::Database,
    /// Workspace.
    pub workspace: Workspace,
    /// Findings.
    pub diagnostics: Vec<Diagnostic>,
    /// Tables of the plan.
    pub tables: Tables,
    /// Currency of the plan.
    pub currency: Currency,
    /// Whether a plan, which must say more than a card.
    pub is_plan: bool,
    /// Rules and where they stand.
    pub rules: Vec<Rule>,
    /// Where.
    pub rule_spans: Vec<Span>,
    /// Prices that may fall when usage grows.
    pub cliffs_allowed: Vec<String>,
    /// Meters that something is computed from besides what they price.
    measures: Vec<Arc<MeterDef>>,
    /// Lines that could not be lowered: their names are known, their absence is no news.
    failed: BTreeSet<String>,
    billing: Schedule,
    /// Currency of the plan, whatever card is being lowered.
    own_currency: Currency,
    /// What its lines are rounded to.
    own_step: Rational,
    /// Currencies of cards that have another one, with the rounding of their lines.
    foreign: Vec<(Currency, LineRounding)>,
    /// Names of lines by tag.
    tags: BTreeMap<String, BTreeSet<String>>,
    /// New amounts of commitments' steps, by name of the commitment, in the order of amendments.
    steps: Vec<(Layer, ast::StepChange)>,
    /// Where names stand whose statement an amendment ends, and the first day without it.
    gone: Vec<(Span, price_value::Date)>,
    /// The term of a contract.
    term: Option<contract::Term>,
    /// The accounts of a contract.
    accounts: Option<Vec<String>>,
    /// What is rounded in the plan's own currency.
    rounded: price_ir::RoundingScope,
    /// Without the item's own overrides: what they are compared with.
    listed: bool,
}

impl<'a> Lowering<'a> {
    fn new(db: &'a dyn salsa::Database, workspace: Workspace, is_plan: bool) -> Lowering<'a> {
        let dollar = Currency { code: "USD".into(), decimals: 2, symbol: Some("$".into()), is_virtual: false };
        Lowering {
            db,
            workspace,
            diagnostics: Vec::new(),
            tables: Tables::default(),
            currency: dollar.clone(),
            is_plan,
            rules: Vec::new(),
            rule_spans: Vec::new(),
            measures: Vec::new(),
            cliffs_allowed: Vec::new(),
            failed: BTreeSet::new(),
            billing: Schedule { every: Window::Month, day: 1, month: 1 },
            own_step: dollar.minor_unit(),
            own_currency: dollar,
            foreign: Vec::new(),
            tags: BTreeMap::new(),
            steps: Vec::new(),
            gone: Vec::new(),
            term: None,
            accounts: None,
            rounded: price_ir::RoundingScope::Line,
            listed: false,
        }
    }

    /// Adds a finding.
    pub fn report(&mut self, diagnostic: Diagnostic) {
        self.diagnostics.push(diagnostic);
    }

    /// Runs `f` with the names of a layer.
    pub fn scoped<T>(&mut self, layer: &Layer, f: impl FnOnce(&mut Scope<'_>) -> T) -> T {
        let mut scope = Scope {
            db: self.db,
            workspace: self.workspace,
            env: layer.env.clone(),
            lets: layer.lets.clone(),
            diagnostics: &mut self.diagnostics,
        };
        f(&mut scope)
    }

    /// Whether the parser found a mistake within a stretch of text: it is not reported again.
    pub(super) fn told(&self, within: Span) -> bool {
        let file = self.workspace.files(self.db).iter().find(|f| f.id(self.db) == within.file);
        let inside = |span: &Span| within.start <= span.start && span.end <= within.end;
        file.is_some_and(|file| items::mistakes(self.db, *file, within.item).iter().any(inside))
    }

    /// The billing period as a window.
    pub fn billing_window(&self) -> Window {
        self.billing.every
    }

    /// What is rounded in the currency of the lines that are being lowered.
    fn rounding_scope(&self) -> price_ir::RoundingScope {
        let foreign = self.foreign.iter().find(|(currency, _)| currency.code == self.currency.code);
        foreign.map_or(self.rounded, |(_, rounding)| rounding.each)
    }

    /// Whether a day lies inside a window and not at its beginning.
    pub(super) fn inside(&self, window: Window, day: price_value::Date) -> bool {
        let windows = |every| Schedule { every, ..self.billing.clone() };
        match window {
            Window::Hour | Window::Day => false,
            Window::Term | Window::Never => true,
            every => windows(every).period_of(&price_value::Zone::utc(), day).from != day,
        }
    }

    /// Enters a rule.
    pub fn rule(&mut self, title: String, layer: &Layer, span: Span) -> RuleIx {
        if let Some(at) = self.rule_spans.iter().position(|s| *s == span)
            && self.rules[at].title == title
        {
            return RuleIx(at as u32);
        }
        self.rules.push(Rule { title, within: layer.within.clone() });
        self.rule_spans.push(span);
        RuleIx(self.rules.len() as u32 - 1)
    }
}

/// Lowers an item of a file, as it was known before a day, or as it is known now.
pub fn item(
    db: &dyn salsa::Database,
    workspace: Workspace,
    file: File,
    id: ItemId,
    known: Option<price_value::Date>,
) -> Lowered {
    let mut diagnostics = Vec::new();
    let Some(node) = items::item(db, file, id) else { return Lowered::default() };
    let name_span = node.name().map_or(node.span, |n| n.span);
    let failed = |diagnostics: Vec<Diagnostic>| Lowered { diagnostics, name_span, ..Lowered::default() };
    let before = diagnostics.len();
    let Some(layers) = layers::collect(db, workspace, ItemRef { file, id }, known, &mut diagnostics) else {
        return failed(diagnostics);
    };
    let clean = diagnostics.len() == before;
    let is_plan = matches!(node.kind, ItemKind::Plan(_) | ItemKind::Contract(_));
    let mut lowering = Lowering::new(db, workspace, is_plan);
    lowering.diagnostics = diagnostics;
    let recovered = layers.iter().any(|l| l.item.recovered);
    let (plan, meters) = lowering.plan(&layers, name_span, recovered).unzip();
    let sound = clean && !recovered && !lowering.diagnostics.iter().any(Diagnostic::is_error);
    if sound && plan.is_none() && !declared_badly(db, workspace) {
        // Nothing is passed over in silence, not even a mistake of ours.
        let message = "this cannot be compiled, and nothing says why: that is a bug in price";
        lowering.report(Diagnostic::error(codes::NOT_YET, message).at(name_span, "please report it with the file"));
    }
    let plan = plan.filter(|_| sound).map(Arc::new);
    let mut lowered = Lowered {
        plan,
        diagnostics: lowering.diagnostics,
        rule_spans: lowering.rule_spans,
        meters: meters.unwrap_or_default(),
        name_span,
    };
    if let Some(plan) = lowered.plan.clone() {
        let findings = crate::checks::check(&plan, &lowered.rule_spans, name_span, &lowering.cliffs_allowed);
        if findings.iter().any(Diagnostic::is_error) {
            lowered.plan = None;
        }
        lowered.diagnostics.extend(findings);
        let own = &layers[amend::own_at(&layers)..];
        if own.iter().flat_map(Layer::body).any(|s| matches!(s.kind, StmtKind::Override(_))) {
            let mut listed = Lowering { listed: true, ..Lowering::new(db, workspace, is_plan) };
            if let Some((list, _)) = listed.plan(&layers, name_span, recovered) {
                let own: Vec<String> = own.iter().map(|layer| layer.within.clone()).collect();
                let dearer = crate::checks::dearer::check(&plan, &list, &own, &lowered.rule_spans, name_span);
                lowered.diagnostics.extend(dearer);
            }
        }
    }
    lowered
}

/// Whether a module has errors of its own: names that could not be given a meaning are silent
/// wherever they are used.
fn declared_badly(db: &dyn salsa::Database, workspace: Workspace) -> bool {
    workspace.files(db).iter().any(|file| {
        let env = crate::db::module_env(db, workspace, *file);
        items::unreadable(db, *file) || env.diagnostics.iter().any(Diagnostic::is_error)
    })
}

/// The names whose statements amendments end.
fn gone(layers: &[Layer], changes: &amend::Changes<'_>) -> Vec<(Span, price_value::Date)> {
    let mut found = Vec::new();
    for layer in layers {
        for statement in layer.body() {
            let (kind, name) = match &statement.kind {
                StmtKind::Fee(fee) => ("fee", &fee.name),
                StmtKind::Discount(discount) => ("discount", &discount.name),
                StmtKind::Wallet(wallet) => ("wallet", &wallet.name),
                StmtKind::Commitment(commitment) => ("commitment", &commitment.name),
                StmtKind::Entitlement(entitlement) => ("entitlement", &entitlement.name),
                _ => continue,
            };
            if let Some(day) = changes.during(layer, kind, &name.text).until {
                found.push((name.span, day));
            }
        }
    }
    found
}

impl Lowering<'_> {
    fn plan(
        &mut self,
        layers: &[Layer],
        name_span: Span,
        recovered: bool,
    ) -> Option<(Plan, BTreeMap<String, Arc<MeterDef>>)> {
        let own = amend::own(layers)?.clone();
        let changes = amend::Changes::of(layers);
        let declared = amend::declared(layers);
        let unknown = changes.unknown(&declared);
        let repeated = once::repeated(layers);
        let told = unknown.is_empty() && repeated.is_empty();
        self.diagnostics.extend(unknown);
        self.diagnostics.extend(repeated);
        self.gone = gone(layers, &changes);
        self.steps = changes.steps().into_iter().map(|(layer, step)| (layer.clone(), step.clone())).collect();
        self.not_yet(layers);
        let told = self.idle_settings(layers).is_some() && told;
        let mut settings = Settings::read(self, layers, name_span, recovered)?;
        self.currency = settings.currency.clone();
        self.own_currency = settings.currency.clone();
        self.own_step = settings.rounding.rounding.step.clone();
        self.billing = settings.billing.clone();
        self.rounded = settings.rounding.each;
        let mut parties = None;
        if let ItemKind::Contract(contract) = &own.item.kind {
            let mut made = self.parties(&own, contract, &changes)?;
            made.pauses = self.pauses(layers, &made.term);
            if let Some(term) = self.term {
                // The years and quarters of a contract are its own.
                settings.billing.month = term.first_month(&settings.billing);
                self.billing = settings.billing.clone();
            }
            parties = Some(made);
        }
        let currencies = self.currencies(layers, name_span)?;

        self.tags = about::tags(layers);
        let (sources, mut sound) = self.price_sources(layers);
        let mut lines: Vec<Line> = Vec::new();
        let mut infos: Vec<Option<PriceInfo>> = Vec::new();
        let mut shares: Vec<(usize, &ast::PriceDecl, u32)> = Vec::new();
        let mut order = 0;
        for (index, layer) in layers.iter().enumerate() {
            for statement in layer.body() {
                // Where a number comes from is no part of what it means.
                if let StmtKind::Source { good_for, .. } = &statement.kind {
                    if let Some(length) = good_for {
                        wallet::age(self, length);
                    }
                    continue;
                }
                order += 1;
                match &statement.kind {
                    StmtKind::Fee(fee) => match self.priced_in(currencies[index], |this| this.fee(layer, fee, order)) {
                        Some(line) => {
                            if !self.continued(&mut lines, &line, fee.name.span) {
                                lines.push(line);
                                infos.push(None);
                            }
                        }
                        None => {
                            self.failed.insert(fee.name.text.clone());
                            sound = false;
                        }
                    },
                    StmtKind::Price(decl) => {
                        if matches!(decl.target, ast::PriceTarget::Lines) {
                            let overridden =
                                sources.get(decl.name.text.as_str()).and_then(|s| Some(s.overrides.first()?.2));
                            if let Some(span) = overridden {
                                self.report(crate::not_yet("an override of a share of other lines", span));
                                sound = false;
                            }
                            if shares.iter().any(|(_, d, _)| d.name.text == decl.name.text) {
                                let what = "a share of other lines in several followed versions";
                                self.report(crate::not_yet(what, decl.name.span));
                                sound = false;
                                continue;
                            }
                            shares.push((index, decl, order));
                            continue;
                        }
                        let Some(source) = sources.get(decl.name.text.as_str()) else { continue };
                        // A price is lowered where its last base stands.
                        if source.bases.last().is_none_or(|(at, base)| *at != index || !std::ptr::eq(*base, decl)) {
                            continue;
                        }
                        let source = PriceSource {
                            bases: source.bases.clone(),
                            overrides: source.overrides.clone(),
                            order,
                            rule: RuleRef {
                                ix: self.rule(format!("{} {}", word(decl), decl.name.text), layer, decl.name.span),
                            },
                        };
                        match self.priced_in(currencies[index], |this| this.price(&source, layers)) {
                            Some((line, info)) => {
                                lines.push(line);
                                infos.push(Some(info));
                            }
                            None => {
                                self.failed.insert(decl.name.text.clone());
                                sound = false;
                            }
                        }
                    }
                    _ => {}
                }
            }
        }
        sound &= self.shares(layers, shares, &mut lines);
        sound &= self.about(layers, &mut lines);
        infos.resize_with(lines.len(), || None);
        let allowances = self.allowances(layers, &mut lines, &infos, sound);
        let adjustments = self.adjustments(layers, &mut lines, &infos);
        let prorated = self.prorations(layers, &mut lines);
        if !sound || !settings.complete {
            return None;
        }
        prorated?;
        if allowances.is_some() && !(self.across_is_uncovered(&lines) && self.ratchet_is_uncovered(&lines)) {
            return None;
        }
        let funds = self.funds(layers, &mut lines)?;
        if !told {
            return None;
        }
        let (allowances, (discounts, clamps, attributions)) = (allowances?, adjustments?);
        self.idle_funds(layers, &funds, &clamps)?;
        let mut meters = BTreeMap::new();
        for info in infos.iter().flatten() {
            for meter in info.meter.iter().chain(&info.scale) {
                meters.insert(meter.name.clone(), meter.clone());
            }
        }
        for meter in self.measures.drain(..) {
            meters.insert(meter.name.clone(), meter);
        }
        let tables = std::mem::take(&mut self.tables);
        let version = match &own.item.kind {
            ItemKind::RateCard(card) => card.version.as_ref(),
            ItemKind::Plan(plan) => plan.version.as_ref(),
            _ => None,
        };
        let plan = Plan {
            name: own.name.clone(),
            kind: match &own.item.kind {
                ItemKind::Contract(_) => PlanKind::Contract,
                ItemKind::Plan(_) => PlanKind::Plan,
                _ => PlanKind::RateCard,
            },
            version: version.and_then(|v| v.as_u64()).and_then(|v| u32::try_from(v).ok()),
            currency: settings.currency,
            zone: settings.zone,
            billing: settings.billing,
            net_days: settings.net_days,
            effective: parties.as_ref().map_or(settings.effective, |p| p.term),
            rounding: settings.rounding,
            late: settings.late,
            dimensions: tables.dimensions,
            calendars: tables.calendars,
            events: tables.events,
            sinks: tables.sinks,
            allowances,
            lines,
            discounts,
            clamps,
            attributions,
            funds,
            parties,
            foreign: self.foreign.clone(),
            rules: self.rules.clone(),
        };
        Some((plan, meters))
    }

    /// Answers the words of later parts honestly.
    fn not_yet(&mut self, layers: &[Layer]) {
        let contract = amend::own(layers).is_some_and(|l| matches!(l.item.kind, ItemKind::Contract(_)));
        for statement in layers.iter().flat_map(Layer::body) {
            let what = match &statement.kind {
                StmtKind::Term { .. } if !contract => "a term outside a contract",
                StmtKind::Pause(_) if !contract => "a pause outside a contract",
                _ => continue,
            };
            self.report(crate::not_yet(what, statement.span));
        }
    }

    /// Whether a fee is that of the version before, which then goes on. A fee that changes from
    /// one followed version to the next is answered honestly.
    fn continued(&mut self, lines: &mut [Line], line: &Line, span: Span) -> bool {
        let Some(before) = lines.iter_mut().find(|l| l.name == line.name) else { return false };
        let (Charge::Fee(first), Charge::Fee(next)) = (&mut before.charge, &line.charge) else { return false };
        let same = first.amount == next.amount && first.per == next.per && first.in_advance == next.in_advance;
        let follows = first.during.until == next.during.from;
        let terms = first.per == next.per && first.in_advance == next.in_advance && first.level == next.level;
        match next.during.from {
            _ if same && follows => first.during.until = next.during.until,
            Some(from) if matches!(next.per, FeeSchedule::Each(window) if self.inside(window, from)) => {
                let finding = crate::not_yet("a fee whose amount changes inside its period", span);
                self.report(finding.note(format!("the new amount begins on {from}")));
            }
            // The same fee at another amount from a day on.
            Some(from) if terms && (follows || first.during.until.is_none()) => {
                first.changes.push((from, next.amount.clone()));
                first.during.until = next.during.until;
            }
            _ => self.report(crate::not_yet("a fee that changes otherwise than in its amount", span)),
        }
        true
    }

    /// What amendments make of the steps of a commitment.
    fn step_changes(&self, name: &str) -> Vec<(Layer, ast::StepChange)> {
        let meant = |(_, step): &&(Layer, ast::StepChange)| step.path.last().is_some_and(|n| n.text == name);
        self.steps.iter().filter(meant).cloned().collect()
    }

    /// Days on which a statement holds: its layer's, until an amendment ends it.
    fn lasting(&self, layer: &Layer, name: Span) -> price_value::Span {
        let gone = self.gone.iter().find(|(span, _)| *span == name).map(|(_, day)| *day);
        layers::meet(layer.during, price_value::Span { from: None, until: gone })
    }
}
