//! Runs `test` and `test table`: usage in, lines out, compared with what is expected.
//!
//! Every case runs on every engine it is given. Engines that do not agree are the worst result
//! there is, worse than a wrong expectation: one of them computes wrong money.

use crate::compile::{Compiled, Known, SubjectError};
use crate::explain::{Explanation, explain, quantity};
use crate::workspace::Workspace;
use price_analysis::{Expect, ExpectTarget, FieldInput, Given, Subject, TestCase};
use price_diagnostics::{FileId, ItemId, Span};
use price_ir::{Account, EventIx, Invoice, InvoiceLine, Kernel, KernelFactory, Plan};
use price_rating::{
    Closing, EventSchema, InjectError, Late, Rater, Raw, RejectReason, RowBuilder, Stage, State, Subscription, When,
    event_of, restate, states,
};
use price_value::{Date, Period, Rational, Timestamp, Window, Zone};
use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

/// Name of the account that uses what a test gives.
const ACCOUNT: &str = "test";

/// What became of a test.
#[derive(Debug, Clone, PartialEq)]
pub struct TestReport {
    /// Title.
    pub title: String,
    /// Name of the subject.
    pub subject: String,
    /// File of the test.
    pub file: FileId,
    /// Where the title stands.
    pub span: Span,
    /// The result.
    pub outcome: Outcome,
    /// Invoices of the reference engine, by period.
    pub invoices: Vec<Invoice>,
    /// Amounts for `?`: where, and the text that belongs there.
    pub fills: Vec<(Span, String)>,
}

/// How a test ended.
#[derive(Debug, Clone, PartialEq)]
pub enum Outcome {
    /// As expected.
    Passed,
    /// Not as expected; at least one failure.
    Failed(Vec<Failure>),
    /// Only amounts that are still `?` are missing.
    Pending,
    /// Two engines gave different invoices.
    Differ(Difference),
}

/// Why a test failed.
#[derive(Debug, Clone, PartialEq)]
pub struct Failure {
    /// The amount or statement that does not hold.
    pub span: Span,
    /// What is wrong.
    pub reason: Reason,
}

/// What is wrong.
#[derive(Debug, Clone, PartialEq)]
pub enum Reason {
    /// Another amount.
    Amount {
        /// As written.
        expected: String,
        /// As computed.
        got: String,
        /// The way to it, where the amount is that of a line.
        trace: Option<Box<Explanation>>,
    },
    /// Anything else, as a sentence.
    Text(String),
}

impl std::fmt::Display for Reason {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self {
            Reason::Amount { expected, got, .. } => write!(f, "expected {expected}, got {got}"),
            Reason::Text(text) => f.write_str(text),
        }
    }
}

/// Where two engines differ.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Difference {
    /// The two engines.
    pub engines: (String, String),
    /// The first thing they do not agree on.
    pub what: String,
}

/// A subject, compiled once for all of its tests.
pub(crate) struct Prepared {
    /// As it is known.
    pub(crate) compiled: Compiled,
    /// For each engine, what was known from a day on, in order.
    engines: Vec<Vec<KnownKernel>>,
}

/// One engine's kernel of what was known from a day on.
type KnownKernel = (Option<Date>, Arc<dyn Kernel>);

/// Runs the tests of a workspace.
pub struct TestRunner<'w> {
    workspace: &'w Workspace,
    factories: &'w [Arc<dyn KernelFactory>],
    prepared: BTreeMap<(u32, ItemId), Result<Arc<Prepared>, String>>,
}

impl<'w> TestRunner<'w> {
    /// A runner on these engines; the first is the reference.
    #[must_use]
    pub fn new(workspace: &'w Workspace, factories: &'w [Arc<dyn KernelFactory>]) -> TestRunner<'w> {
        TestRunner { workspace, factories, prepared: BTreeMap::new() }
    }

    /// The compiled subject of a case, if a case of it ran and it compiles.
    #[must_use]
    pub fn compiled(&self, case: &TestCase) -> Option<&Compiled> {
        let key = (case.file.number(self.workspace.db()), case.item);
        self.prepared.get(&key)?.as_ref().ok().map(|prepared| &prepared.compiled)
    }

    /// Where the subject of a case stands, for the order of the text: the number of its file and its
    /// position among the items.
    #[must_use]
    pub fn place(&self, case: &TestCase) -> (u32, Option<usize>) {
        let db = self.workspace.db();
        let heads = price_analysis::outline(db, case.file);
        (case.file.number(db), heads.iter().position(|head| head.id == case.item))
    }

    /// Runs one case of a file.
    pub fn run(&mut self, file: FileId, case: &TestCase) -> TestReport {
        let mut report = TestReport {
            title: case.title.clone(),
            subject: case.subject.clone(),
            file,
            span: case.span,
            outcome: Outcome::Passed,
            invoices: Vec::new(),
            fills: Vec::new(),
        };
        let failed = |text: String| Outcome::Failed(vec![Failure { span: case.span, reason: Reason::Text(text) }]);
        let prepared = match self.prepare(case) {
            Ok(prepared) => prepared,
            Err(problem) => {
                report.outcome = failed(problem);
                return report;
            }
        };
        let mut runs: Vec<(String, Run)> = Vec::new();
        for known in &prepared.engines {
            let Some((_, kernel)) = known.last() else { continue };
            match rate(known, case) {
                Ok(run) => runs.push((kernel.engine().to_owned(), run)),
                Err(problem) => {
                    report.outcome = failed(problem);
                    return report;
                }
            }
        }
        let Some((reference, first)) = runs.first() else { return report };
        for (engine, run) in &runs[1..] {
            if let Some(what) = difference(first, run, &prepared.compiled.plan) {
                let engines = (reference.clone(), engine.clone());
                report.outcome = Outcome::Differ(Difference { engines, what });
                report.invoices = first.invoices.clone();
                return report;
            }
        }
        let judge = Judge { prepared: &prepared, run: first, last: case.until.add_days(-1) };
        let mut failures = Vec::new();
        let refused_expected = case.expect.iter().find(|e| e.target == ExpectTarget::Refused);
        match (refused_expected, first.refused.first()) {
            (Some(expect), None) => failures.push(Failure {
                span: expect.span,
                reason: Reason::Text("expected a refusal, but all usage was rated".into()),
            }),
            (None, Some(_)) => failures.extend(
                first.refused.iter().map(|(span, why)| Failure { span: *span, reason: Reason::Text(why.clone()) }),
            ),
            _ => {}
        }
        for expect in case.expect.iter().filter(|e| e.target != ExpectTarget::Refused) {
            let got = judge.value(expect);
            match &expect.amount {
                Some(amount) if *amount == got => {}
                Some(amount) => failures.push(judge.wrong(expect, amount, &got)),
                None => report.fills.push((expect.amount_span, judge.show(expect, &got))),
            }
        }
        report.outcome = match (failures.is_empty(), report.fills.is_empty()) {
            (false, _) => Outcome::Failed(failures),
            (true, false) => Outcome::Pending,
            (true, true) => Outcome::Passed,
        };
        report.invoices = first.invoices.clone();
        report
    }

    fn prepare(&mut self, case: &TestCase) -> Result<Arc<Prepared>, String> {
        let (workspace, factories) = (self.workspace, self.factories);
        let key = (case.file.number(workspace.db()), case.item);
        let make = || {
            let subject =
                Subject { name: case.subject.clone(), version: None, kind: "plan", file: case.file, item: case.item };
            let mut known = workspace.compile_known(&subject).map_err(|error: SubjectError| error.to_string())?;
            let engine = |factory: &Arc<dyn KernelFactory>| -> Result<Vec<_>, String> {
                let kernel = |known: &Known| {
                    let made = factory.compile(&known.compiled.plan);
                    let refused =
                        |problem| format!("the engine `{}` cannot run this plan: {problem}", factory.engine());
                    Ok((known.since, made.map_err(refused)?))
                };
                known.iter().map(kernel).collect()
            };
            let engines = factories.iter().map(engine).collect::<Result<_, _>>()?;
            let compiled = known.pop().map(|last| last.compiled).ok_or("nothing is known of it")?;
            Ok(Arc::new(Prepared { compiled, engines }))
        };
        self.prepared.entry(key).or_insert_with(make).clone()
    }
}

/// What one engine makes of a case.
struct Run {
    invoices: Vec<Invoice>,
    /// Usage that was not rated, and why.
    refused: Vec<(Span, String)>,
}

/// An event of a case in time.
struct Happening<'c> {
    at: Timestamp,
    /// When it came to be known.
    recorded: Option<Timestamp>,
    span: Span,
    event: EventIx,
    fields: &'c [(String, FieldInput)],
}

/// Rates a case in every state of knowledge, and closes its periods as they came to be known.
fn rate(known: &[KnownKernel], case: &TestCase) -> Result<Run, String> {
    let Some((_, kernel)) = known.last() else { return Err("nothing is known of it".into()) };
    // All that is ever known says which invoices are the first to know some late usage.
    let last = feed(kernel, case, None)?;
    if !last.refused.is_empty() {
        return Ok(Run { invoices: Vec::new(), refused: last.refused });
    }
    let signed: Vec<Date> = known.iter().filter_map(|(since, _)| *since).collect();
    let mut states = states(&signed, last.late);
    let now = states.pop().and_then(|state| state.since);
    let mut stages = Vec::new();
    for state in states {
        let fed = feed(&known[state.plan].1, case, Some(state))?;
        if !fed.refused.is_empty() {
            return Ok(Run { invoices: Vec::new(), refused: fed.refused });
        }
        stages.push(Stage { rater: fed.rater, known: state.since });
    }
    stages.push(Stage { rater: last.rater, known: now });
    let mut run = Run { invoices: Vec::new(), refused: Vec::new() };
    let (billed, periods) = (last.billed, last.periods);
    for period in &periods {
        match restate(&mut stages, &billed, period) {
            Ok(restated) => run.invoices.push(restated.invoice),
            Err(error) => run.refused.push((case.span, error.to_string())),
        }
    }
    Ok(run)
}

/// A rater with the usage of a case.
struct Fed {
    rater: Rater,
    /// Whose invoices there are.
    billed: String,
    /// The periods of the case.
    periods: Vec<Period>,
    refused: Vec<(Span, String)>,
    /// Invoices that are the first to know some late usage.
    late: BTreeSet<Late>,
}

/// A rater with the usage that was known in a state, or with all of it.
fn feed(kernel: &Arc<dyn Kernel>, case: &TestCase, state: Option<State>) -> Result<Fed, String> {
    let plan = kernel.plan().clone();
    let mut rater = Rater::new(kernel.clone()).map_err(|error| error.to_string())?;
    let zone = Zone::get(&plan.zone).ok_or_else(|| format!("the time zone `{}` is not known", plan.zone))?;
    let mut periods = vec![rater.period_of(case.from)];
    while let Some(last) = periods.last().filter(|last| last.until < case.until) {
        periods.push(rater.period_of(last.until));
    }
    let (mut from, mut until) = (case.from, case.until);
    if !case.exact_dates {
        // `in 2026-03` means the billing periods that end with March, whole, whatever their day.
        let ends_inside = |p: &Period| case.from < p.until && p.until <= case.until;
        if periods.iter().any(ends_inside) {
            periods.retain(ends_inside);
        } else {
            periods.truncate(1);
        }
        from = periods[0].from;
        until = periods.last().map_or(until, |p| p.until);
    }
    // A contract has accounts and a term of its own, and one name on its invoices.
    let user = plan.parties.as_ref().map_or(ACCOUNT, |p| p.accounts.first().map_or(plan.name.as_str(), String::as_str));
    let billed = if plan.parties.is_some() { plan.name.clone() } else { ACCOUNT.to_owned() };
    if plan.parties.is_none() {
        let subscription = Subscription { account: ACCOUNT.into(), from: Some(from), until: Some(until), pool: None };
        rater.subscribe(&subscription).map_err(|error| error.to_string())?;
    }
    let mut refused = Vec::new();
    let mut happenings = Vec::new();
    for given in &case.given {
        match given {
            Given::Meter { span, .. } => {
                if let Err(refusal) = inject(&mut rater, user, &zone, &periods, case, given)? {
                    refused.push((*span, refusal));
                }
            }
            Given::Event { event, on, recorded, fields, span } => {
                let event = event_of(&plan, event).map_err(|reason| reason.to_string())?;
                let recorded = recorded.map(|recorded| moment(&zone, recorded)).transpose()?;
                happenings.push(Happening { at: moment(&zone, *on)?, recorded, span: *span, event, fields });
            }
        }
    }
    happenings.sort_by_key(|happening| happening.at);
    let account = rater.subject(user);
    let mut late = BTreeSet::new();
    let mut closing = Closing::of(&plan);
    for happening in happenings {
        if let (Some(closing), Some(recorded)) = (&mut closing, happening.recorded) {
            let came = closing.late(happening.at, recorded);
            if came.is_some() && closing.refuses() {
                let period = closing.period(happening.at);
                let reason = RejectReason::TooLate { period: period.from, closed: closing.day(&period) };
                refused.push((happening.span, format!("{reason} ({})", reason.code())));
                continue;
            }
            if state.is_some_and(|state| !state.knows(came)) {
                continue;
            }
            late.extend(came);
        }
        if let Err(refusal) = push(&mut rater, &plan, account.0, &happening) {
            refused.push((happening.span, refusal));
        }
    }
    Ok(Fed { rater, billed, periods, refused, late })
}

fn push(rater: &mut Rater, plan: &Arc<Plan>, account: u32, happening: &Happening<'_>) -> Result<(), String> {
    let mut row = RowBuilder::new(Arc::new(EventSchema::new(plan, happening.event).refusing_unknown()));
    let mut objects: Vec<Vec<(&str, Raw<'_>)>> = Vec::new();
    for (_, input) in happening.fields {
        if let FieldInput::Object(entries) = input {
            objects.push(entries.iter().map(|(label, text)| (label.as_str(), Raw::Number(text))).collect());
        }
    }
    let mut object = objects.iter();
    let fields = happening.fields.iter().map(|(name, input)| {
        let raw = match input {
            FieldInput::Number(text) => Raw::Number(text),
            FieldInput::Text(text) => Raw::Text(text),
            FieldInput::Flag(flag) => Raw::Flag(*flag),
            FieldInput::Object(_) => Raw::Object(object.next().map_or(&[][..], Vec::as_slice)),
        };
        (name.as_str(), raw)
    });
    row.push(happening.at, fields, rater.labels()).map_err(|reason| format!("{reason} ({})", reason.code()))?;
    let faults = rater.push(&mut row.take(), &[account]);
    match faults.into_iter().next() {
        Some(fault) => Err(format!("{} ({})", fault.reason, fault.reason.code())),
        None => Ok(()),
    }
}

/// Gives a meter its quantity. The outer error is one of the test, the inner one a refusal.
fn inject(
    rater: &mut Rater,
    user: &str,
    zone: &Zone,
    periods: &[Period],
    case: &TestCase,
    given: &Given,
) -> Result<Result<(), String>, String> {
    let Given::Meter { meter, quantity, labels, on, each, .. } = given else { return Ok(Ok(())) };
    let plan = rater.plan().clone();
    // A given may name every dimension of its meter; prices need not depend on all of them.
    let read: Vec<&str> = plan
        .sinks
        .iter()
        .filter(|sink| sink.meter == *meter)
        .flat_map(|sink| sink.keys.iter().map(|key| plan.dimensions[key.dim.ix()].name.as_str()))
        .collect();
    let labels: Vec<(&str, &str)> =
        labels.iter().map(|(d, l)| (d.as_str(), l.as_str())).filter(|(d, _)| read.contains(d)).collect();
    let mut places: Vec<(Period, When)> = Vec::new();
    match (on, each) {
        (Some(on), _) => {
            let at = moment(zone, *on)?;
            let holder = periods.iter().find(|p| p.contains(at)).unwrap_or(&periods[0]);
            places.push((*holder, When::At(at)));
        }
        (None, Some(window)) => places.extend(each_window(periods, case, *window)),
        // A named time inside a longer billing period: what is given is used from its first day.
        (None, None) if !case.exact_dates && case.from > periods[0].from && case.until < periods[0].until => {
            places.push((periods[0], When::At(zone.start_of(case.from))));
        }
        (None, None) => places.push((periods[0], When::Sometime)),
    }
    for (period, when) in places {
        match rater.inject(user, &period, meter, &labels, quantity, when) {
            Ok(()) => {}
            Err(error @ InjectError::NotSold { .. }) => return Ok(Err(error.to_string())),
            Err(error) => return Err(error.to_string()),
        }
    }
    Ok(Ok(()))
}

/// Once per window: inside each period for short windows, in the first period of each long one.
fn each_window(periods: &[Period], case: &TestCase, window: Window) -> Vec<(Period, When)> {
    let months = match window {
        Window::Hour | Window::Day => return periods.iter().map(|p| (*p, When::Each(window))).collect(),
        Window::Month => 1,
        Window::Quarter => 3,
        Window::Year => 12,
        Window::Term | Window::Never => return vec![(periods[0], When::Sometime)],
    };
    let mut starts: Vec<Date> = Vec::new();
    for n in 0.. {
        let start = case.from.add_months(n * months, case.from.day());
        if start >= case.until {
            break;
        }
        starts.push(start);
    }
    let holder = |start: Date| periods.iter().find(|p| p.from <= start && start < p.until);
    starts.into_iter().filter_map(holder).map(|period| (*period, When::Sometime)).collect()
}

/// The instant of a local moment, which its offset makes certain where the clock shows it twice.
fn moment(zone: &Zone, (date, second, offset): (Date, u32, Option<i16>)) -> Result<Timestamp, String> {
    let (at, plain) = zone.at(date, second);
    match offset {
        None if plain => Ok(at),
        None => Err(format!("the clock in {} shows this time twice or never; write its offset", zone.name())),
        Some(minutes) => {
            let utc = Zone::utc().at(date, second).0;
            let at = Timestamp(utc.0 - i64::from(minutes) * 60 * price_value::time::NANOS_PER_SECOND);
            if zone.local(at) == (date, second) {
                return Ok(at);
            }
            Err(format!("the clock in {} does not show this time at this offset", zone.name()))
        }
    }
}

/// The first thing two engines do not agree on.
fn difference(a: &Run, b: &Run, plan: &Plan) -> Option<String> {
    if a.refused != b.refused {
        let show = |run: &Run| run.refused.first().map_or("nothing".to_owned(), |(_, why)| format!("`{why}`"));
        return Some(format!("what is refused: {} and {}", show(a), show(b)));
    }
    for (x, y) in a.invoices.iter().zip(&b.invoices) {
        for name in names(x, y) {
            let (p, q) = (line(x, name), line(y, name));
            if p != q {
                let show = |l: Option<&InvoiceLine>| {
                    l.map_or("no line".to_owned(), |l| {
                        format!("{} (exact {})", plan.currency.format(&l.amount), l.exact)
                    })
                };
                return Some(format!("`{name}` in {}: {} and {}", x.period, show(p), show(q)));
            }
        }
        if x != y {
            return Some(format!("the invoice of {}", x.period));
        }
    }
    (a.invoices.len() != b.invoices.len()).then(|| "the number of invoices".to_owned())
}

fn names<'i>(x: &'i Invoice, y: &'i Invoice) -> Vec<&'i str> {
    let mut all: Vec<&str> = x.lines.iter().map(|l| l.name.as_str()).collect();
    for line in &y.lines {
        if !all.contains(&line.name.as_str()) {
            all.push(&line.name);
        }
    }
    all
}

/// The line of the period itself, not what it corrects of others.
fn line<'i>(invoice: &'i Invoice, name: &str) -> Option<&'i InvoiceLine> {
    invoice.lines.iter().find(|line| line.name == name && line.corrects.is_none())
}

/// Compares what was rated with what is expected.
struct Judge<'r> {
    prepared: &'r Prepared,
    run: &'r Run,
    /// Last day of the time of the test.
    last: Date,
}

impl Judge<'_> {
    fn value(&self, expect: &Expect) -> Rational {
        let invoices = &self.run.invoices;
        let of_line =
            |name: &str, whole: fn(&InvoiceLine) -> &Rational, part: fn(&price_ir::CellDetail) -> &Rational| {
                let lines = invoices.iter().filter_map(|invoice| line(invoice, name));
                if expect.labels.is_empty() {
                    return lines.map(whole).sum();
                }
                let fits = |cell: &&price_ir::CellDetail| {
                    expect.labels.iter().all(|(dimension, labels)| {
                        cell.labels.iter().any(|(d, l)| d == dimension && labels.contains(l))
                    })
                };
                lines.flat_map(|line| line.cells.iter().filter(fits)).map(part).sum::<Rational>()
            };
        match &expect.target {
            ExpectTarget::Line(name) | ExpectTarget::Minimum(name) => of_line(name, |l| &l.amount, |c| &c.amount),
            ExpectTarget::Gross(name) => of_line(name, |l| &l.gross, |c| &c.exact),
            ExpectTarget::Exact(name) => of_line(name, |l| &l.exact, |c| &c.exact),
            ExpectTarget::Corrected(name) => {
                let lines = invoices.iter().flat_map(|invoice| &invoice.lines);
                lines.filter(|l| l.name == *name && l.corrects.is_some()).map(|l| &l.amount).sum()
            }
            ExpectTarget::Total => invoices.iter().map(|invoice| &invoice.total).sum(),
            ExpectTarget::Due => invoices.iter().map(|invoice| &invoice.due).sum(),
            ExpectTarget::Balance(name) => balance_on(invoices, name, expect.on.unwrap_or(self.last)),
            ExpectTarget::Counted(name) => self.commitments(name).map(|c| &c.counted).sum(),
            ExpectTarget::Excess(name) => self.commitments(name).map(|c| &c.excess).sum(),
            ExpectTarget::Shortfall(name) => {
                let all = self.commitments(name).flat_map(|c| &c.true_ups);
                all.filter(|(day, _)| expect.on.is_none_or(|on| on == *day)).map(|(_, amount)| amount).sum()
            }
            ExpectTarget::AllowanceLeft(name) => {
                let last = invoices.iter().rev().find_map(|i| i.allowances.iter().find(|a| a.name == *name));
                last.map(|a| &(&a.granted + &a.carried_in) - &a.used).unwrap_or_default()
            }
            ExpectTarget::EntitlementUsed(name) => self.entitlement(name).map(|e| e.used.clone()).unwrap_or_default(),
            ExpectTarget::EntitlementLeft(name) => {
                let left = self.entitlement(name).and_then(|e| Some(e.limit.as_ref()? - &e.used));
                left.unwrap_or_default().max(Rational::ZERO)
            }
            ExpectTarget::Refused => Rational::ZERO,
        }
    }

    fn show(&self, expect: &Expect, value: &Rational) -> String {
        let plan = &self.prepared.compiled.plan;
        match &expect.target {
            ExpectTarget::AllowanceLeft(name) => {
                let unit = plan.allowances.iter().find(|a| a.name == *name).map_or("", |a| a.unit.as_str());
                quantity(value, unit)
            }
            ExpectTarget::EntitlementLeft(name) | ExpectTarget::EntitlementUsed(name) => {
                quantity(value, self.entitlement(name).map_or("", |e| e.unit.as_str()))
            }
            ExpectTarget::Balance(name) => {
                let holds = plan.funds.balances.iter().find(|b| b.name == *name).map_or(price_ir::OWN, |b| b.holds);
                plan.currency_at(holds).0.format(value)
            }
            ExpectTarget::Line(name)
            | ExpectTarget::Gross(name)
            | ExpectTarget::Exact(name)
            | ExpectTarget::Corrected(name) => {
                let at = plan.lines.iter().find(|l| l.name == *name).map_or(price_ir::OWN, |l| l.currency);
                plan.currency_at(at).0.format(value)
            }
            _ => plan.currency.format(value),
        }
    }

    /// What the last invoice tells of an entitlement.
    fn entitlement(&self, name: &str) -> Option<&price_ir::EntitlementUse> {
        self.run.invoices.last()?.entitlements.iter().find(|e| e.name == name)
    }

    fn commitments<'i>(&'i self, name: &'i str) -> impl Iterator<Item = &'i price_ir::CommitmentStatus> {
        let payments = self.run.invoices.iter().filter_map(|invoice| invoice.payment.as_ref());
        payments.flat_map(|payment| &payment.commitments).filter(move |c| c.name == name)
    }

    fn wrong(&self, expect: &Expect, amount: &Rational, got: &Rational) -> Failure {
        let named = match &expect.target {
            ExpectTarget::Line(name)
            | ExpectTarget::Gross(name)
            | ExpectTarget::Exact(name)
            | ExpectTarget::Minimum(name) => Some(name),
            _ => None,
        };
        let found = named.and_then(|name| self.run.invoices.iter().find_map(|invoice| line(invoice, name)));
        let compiled = &self.prepared.compiled;
        let trace = found.map(|line| Box::new(explain(&compiled.plan, &compiled.source_map, line)));
        let reason = Reason::Amount { expected: self.show(expect, amount), got: self.show(expect, got), trace };
        Failure { span: expect.amount_span, reason }
    }
}

/// What a balance holds at the end of a day: what it opened with, and what the ledger moved by then.
fn balance_on(invoices: &[Invoice], name: &str, day: Date) -> Rational {
    let mut payments = invoices.iter().filter_map(|invoice| invoice.payment.as_ref()).peekable();
    let opened = payments.peek().and_then(|first| first.balances.iter().find(|s| s.name == name));
    let mut held = opened.map(|s| s.opened.clone()).unwrap_or_default();
    let own = |account: &Account| match account {
        Account::Lot { balance, .. } | Account::Overdraft { balance } => balance == name,
        _ => false,
    };
    for entry in payments.flat_map(|payment| &payment.ledger).filter(|entry| entry.day <= day) {
        if own(&entry.credit) {
            held += &entry.amount;
        }
        if own(&entry.debit) {
            held -= &entry.amount;
        }
    }
    held
}
