//! `test` and `test table`: usage in, expected lines out, as plain data for the runner.

use crate::codes;
use crate::db::{self, lowered};
use crate::declare::calendar::{date_of, days_of};
use crate::declare::{FieldKind, MeterDef};
use crate::env::{Entity, Env, event_key};
use crate::inputs::{File, Workspace};
use crate::items;
use crate::lower::Lowered;
use crate::lower::scope::Scope;
use crate::report;
use crate::types::{Ty, Typer, resolve};
use crate::unit::Dims;
use price_diagnostics::{Diagnostic, ItemId, Span};
use price_syntax::ast::{self, ExpectSubject, GivenValue, ItemKind, TestStmtKind};
use price_value::{Date, Rational, Window};
use std::collections::BTreeMap;
use std::sync::Arc;

/// The tests of a file.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct TestFile {
    /// In text order; a row of a `test table` is a case of its own.
    pub cases: Vec<TestCase>,
    /// Findings.
    pub diagnostics: Vec<Diagnostic>,
}

/// A test.
#[derive(Debug, Clone, PartialEq)]
pub struct TestCase {
    /// Title; rows of tables add their number.
    pub title: String,
    /// Where the title stands; for a row, the row.
    pub span: Span,
    /// File of the subject.
    pub file: File,
    /// The subject among that file's items, for [`lowered`].
    pub item: ItemId,
    /// Name of the subject.
    pub subject: String,
    /// First day.
    pub from: Date,
    /// First day after.
    pub until: Date,
    /// Whether the span was written as dates: then it is served exactly; otherwise it names
    /// the billing periods that end in it.
    pub exact_dates: bool,
    /// Usage.
    pub given: Vec<Given>,
    /// Expected.
    pub expect: Vec<Expect>,
}

/// Usage of a test.
#[derive(Debug, Clone, PartialEq)]
pub enum Given {
    /// An aggregated quantity of a meter.
    Meter {
        /// Meter.
        meter: String,
        /// Quantity in the meter's unit.
        quantity: Rational,
        /// Dimension and label.
        labels: Vec<(String, String)>,
        /// Local date, second of the day and written offset in minutes.
        on: Option<(Date, u32, Option<i16>)>,
        /// Once in every such window of the test's span.
        each: Option<Window>,
        /// Where it stands.
        span: Span,
    },
    /// One event.
    Event {
        /// Event type.
        event: String,
        /// Local date, second of the day and written offset in minutes.
        on: (Date, u32, Option<i16>),
        /// When it came to be known, likewise.
        recorded: Option<(Date, u32, Option<i16>)>,
        /// Fields.
        fields: Vec<(String, FieldInput)>,
        /// Where it stands.
        span: Span,
    },
}

/// A field's value in a test.
#[derive(Debug, Clone, PartialEq)]
pub enum FieldInput {
    /// A number in the field's unit, as decimal text.
    Number(String),
    /// A label or text.
    Text(String),
    /// A flag.
    Flag(bool),
    /// Numbers by label.
    Object(Vec<(String, String)>),
}

/// What is expected.
#[derive(Debug, Clone, PartialEq)]
pub struct Expect {
    /// Of what.
    pub target: ExpectTarget,
    /// Restricted to cells with these labels.
    pub labels: Vec<(String, Vec<String>)>,
    /// How much; `None` for `?`, to be filled in. Money in currency units, quantities in the
    /// allowance's unit.
    pub amount: Option<Rational>,
    /// Where the amount stands.
    pub amount_span: Span,
    /// At the end of this day; else of the time of the test.
    pub on: Option<Date>,
    /// Where the statement stands.
    pub span: Span,
}

/// Of what something is expected.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum ExpectTarget {
    /// The rounded amount of a line.
    Line(String),
    /// A line before adjustments.
    Gross(String),
    /// A line before rounding.
    Exact(String),
    /// What lines of that name correct in closed periods.
    Corrected(String),
    /// A minimum's line.
    Minimum(String),
    /// Σ of the lines.
    Total,
    /// What the customer owes.
    Due,
    /// What is left of an allowance.
    AllowanceLeft(String),
    /// What is left of the limit of an entitlement, in the window that holds the last instant.
    EntitlementLeft(String),
    /// What was used of it in that window.
    EntitlementUsed(String),
    /// What a wallet or prepaid commitment holds.
    Balance(String),
    /// What a commitment counted in the time of the test.
    Counted(String),
    /// What its true-ups came to.
    Shortfall(String),
    /// What its ended stretches carried on.
    Excess(String),
    /// The usage must be rejected.
    Refused,
}

/// The tests of one item.
#[salsa::tracked]
fn tests(db: &dyn salsa::Database, workspace: Workspace, file: File, id: ItemId) -> Arc<TestFile> {
    let Some(item) = items::item(db, file, id) else { return Arc::default() };
    let env = db::names(db, workspace, file).clone();
    let mut builder = Builder { db, workspace, env, made: TestFile::default() };
    match &item.kind {
        ItemKind::Test(test) => builder.test(test, item.recovered),
        ItemKind::TestTable(table) => builder.table(table, item.recovered),
        ItemKind::Amendment(amendment) => {
            crate::lower::amend::target(db, workspace, file, amendment, &mut builder.made.diagnostics);
        }
        _ => {}
    }
    Arc::new(builder.made)
}

/// The tests of a file, item by item, their places in their items.
pub(crate) fn items_of(db: &dyn salsa::Database, workspace: Workspace, file: File) -> Vec<Arc<TestFile>> {
    let heads = items::outline(db, file).iter().filter(|head| ["test", "test table", "amendment"].contains(&head.word));
    heads.map(|head| tests(db, workspace, file, head.id).clone()).collect()
}

/// The tests of a file.
pub fn build(db: &dyn salsa::Database, workspace: Workspace, file: File) -> TestFile {
    let mut made = TestFile::default();
    for tests in items_of(db, workspace, file) {
        made.cases.extend(tests.cases.iter().cloned());
        made.diagnostics.extend(tests.diagnostics.iter().map(|found| items::placed(db, workspace, found.clone())));
    }
    for span in made.cases.iter_mut().flat_map(TestCase::spans_mut) {
        *span = items::absolute(db, workspace, *span);
    }
    made
}

impl TestCase {
    /// All places it knows.
    fn spans_mut(&mut self) -> impl Iterator<Item = &mut Span> {
        let given = self.given.iter_mut().map(|given| match given {
            Given::Meter { span, .. } | Given::Event { span, .. } => span,
        });
        let expect = self.expect.iter_mut().flat_map(|expect| [&mut expect.amount_span, &mut expect.span]);
        std::iter::once(&mut self.span).chain(given).chain(expect)
    }
}

struct Builder<'a> {
    db: &'a dyn salsa::Database,
    workspace: Workspace,
    env: Arc<Env>,
    made: TestFile,
}

/// A subject as a test sees it.
struct Seen {
    file: File,
    item: ItemId,
    name: String,
    lowered: Arc<Lowered>,
}

impl Builder<'_> {
    fn report(&mut self, diagnostic: Diagnostic) {
        self.made.diagnostics.push(diagnostic);
    }

    fn scoped<T>(&mut self, f: impl FnOnce(&mut Scope<'_>) -> T) -> T {
        let mut scope = Scope {
            db: self.db,
            workspace: self.workspace,
            env: self.env.clone(),
            lets: BTreeMap::new(),
            diagnostics: &mut self.made.diagnostics,
        };
        f(&mut scope)
    }

    fn subject(&mut self, subject: &ast::Subject) -> Option<Seen> {
        let entity = self.scoped(|scope| resolve(scope, &subject.path));
        let item = match (entity, subject.kind) {
            (Entity::Plan(item), ast::SubjectKind::Plan) | (Entity::Contract(item), ast::SubjectKind::Contract) => item,
            (Entity::Card(versions), ast::SubjectKind::RateCard) => versions.iter().max_by_key(|(v, _)| *v)?.1,
            (Entity::Error, _) => return None,
            (other, wanted) => {
                let wanted = match wanted {
                    ast::SubjectKind::Plan => "a plan",
                    ast::SubjectKind::RateCard => "a rate card",
                    ast::SubjectKind::Contract => "a contract",
                };
                let message = format!("`{}` is {}, not {wanted}", subject.path.text(), other.kind());
                self.report(Diagnostic::error(codes::WRONG_KIND, message).at(subject.path.span, ""));
                return None;
            }
        };
        let lowered = lowered(self.db, self.workspace, item.file, item.id).clone();
        // A faulty subject has its own findings.
        lowered.plan.as_ref()?;
        let name = subject.path.last()?.text.clone();
        Some(Seen { file: item.file, item: item.id, name, lowered })
    }

    fn period(&mut self, period: &ast::Period) -> Option<(Date, Date)> {
        let found = days_of(period);
        match found {
            Some((from, until)) if from < until && from.days_until(until) <= 3_700 => Some((from, until)),
            _ => {
                let message = "a test covers one day to ten years, between 1700 and 2260";
                self.report(Diagnostic::error(codes::OUT_OF_RANGE, message).at(period.span, ""));
                None
            }
        }
    }

    fn test(&mut self, test: &ast::Test, recovered: bool) {
        let (Some(seen), Some((from, until))) = (self.subject(&test.subject), self.period(&test.period)) else {
            return;
        };
        let mut given = Vec::new();
        let mut expect = Vec::new();
        let mut sound = !recovered;
        for statement in &test.body {
            match &statement.kind {
                TestStmtKind::Given { meter, amount, filter, when } => {
                    match self.given(&seen, meter, amount, filter.as_ref(), when.as_ref(), statement.span) {
                        Some(found) => given.push(found),
                        None => sound = false,
                    }
                }
                TestStmtKind::GivenEvent { event, at, recorded, fields } => {
                    match self.given_event(&seen, event, (at, recorded.as_ref()), fields, statement.span) {
                        Some(found) => given.push(found),
                        None => sound = false,
                    }
                }
                TestStmtKind::Expect(wanted) => match self.expect(&seen, wanted, statement.span) {
                    Some(found) => expect.push(found),
                    None => sound = false,
                },
                TestStmtKind::Bad(_) => sound = false,
            }
        }
        if sound {
            self.made.cases.push(TestCase {
                title: test.title.value.clone(),
                span: test.title.span,
                file: seen.file,
                item: seen.item,
                subject: seen.name,
                from,
                until,
                exact_dates: exact_dates(&test.period),
                given,
                expect,
            });
        }
    }

    fn meter(&mut self, seen: &Seen, path: &ast::Path) -> Option<Arc<MeterDef>> {
        let name = path.last()?;
        match seen.lowered.meters.get(&name.text) {
            Some(meter) => Some(meter.clone()),
            None => {
                let finding = report::unknown(
                    codes::TEST_NAME,
                    &format!("meter that `{}` prices", seen.name),
                    &name.text,
                    name.span,
                    seen.lowered.meters.keys().map(String::as_str),
                );
                self.report(finding);
                None
            }
        }
    }

    fn moment(&mut self, at: &ast::Moment) -> Option<(Date, u32, Option<i16>)> {
        let date = date_of(&at.date)?;
        let second =
            at.clock.as_ref().map_or(0, |c| u32::from(c.hour) * 3600 + u32::from(c.minute) * 60 + u32::from(c.second));
        Some((date, second, at.offset_minutes))
    }

    fn meter_quantity(&mut self, meter: &MeterDef, amount: &ast::Expr) -> Option<Rational> {
        let value = self.scoped(|scope| Typer::new(scope).constant(amount));
        if value.is_error() {
            return None;
        }
        let zero = value.ty == Ty::Number && value.expr.as_const().is_some_and(Rational::is_zero);
        let unitless = value.ty == Ty::Number && meter.ty == Ty::Quantity(Dims::none());
        if value.ty != meter.ty && !zero && !unitless {
            let message = format!("`{}` counts {}, this is {}", meter.name, meter.ty, value.ty);
            self.report(Diagnostic::error(codes::UNIT_MISMATCH, message).at(amount.span, ""));
            return None;
        }
        Some(value.expr.as_const().cloned()? / &meter.factor)
    }

    fn given(
        &mut self,
        seen: &Seen,
        path: &ast::Path,
        amount: &ast::Expr,
        filter: Option<&ast::Expr>,
        when: Option<&ast::GivenWhen>,
        span: Span,
    ) -> Option<Given> {
        let meter = self.meter(seen, path)?;
        let quantity = self.meter_quantity(&meter, amount)?;
        let mut labels = match filter {
            None => Vec::new(),
            Some(filter) => self.labels(&meter, filter)?,
        };
        self.all_dimensions(seen, &meter, &labels, path.span)?;
        // A label that no price of the subject asks for tells nothing apart.
        let plan = seen.lowered.plan.clone()?;
        let sinks = plan.sinks.iter().filter(|s| s.meter == meter.name);
        let asked: Vec<&str> = sinks.flat_map(|s| &s.keys).map(|k| plan.dimensions[k.dim.ix()].name.as_str()).collect();
        labels.retain(|(dimension, _)| asked.contains(&dimension.as_str()));
        let (mut on, mut each) = (None, None);
        match when {
            None => {}
            Some(ast::GivenWhen::On(moment)) => on = Some(self.moment(moment)?),
            Some(ast::GivenWhen::Each(word)) => {
                each = Some(match word {
                    ast::PeriodWord::Hour => Window::Hour,
                    ast::PeriodWord::Day => Window::Day,
                    ast::PeriodWord::Week => {
                        self.report(crate::not_yet("usage given each week", span));
                        return None;
                    }
                    ast::PeriodWord::Month => Window::Month,
                    ast::PeriodWord::Quarter => Window::Quarter,
                    ast::PeriodWord::Year => Window::Year,
                });
            }
        }
        Some(Given::Meter { meter: meter.name.clone(), quantity, labels, on, each, span })
    }

    /// The labels a `given` names: a conjunction of `is`.
    fn labels(&mut self, meter: &MeterDef, filter: &ast::Expr) -> Option<Vec<(String, String)>> {
        let mut found = Vec::new();
        let mut stack = vec![filter];
        while let Some(e) = stack.pop() {
            match &e.kind {
                ast::ExprKind::And(a, b) => stack.extend([&**b, &**a]),
                ast::ExprKind::Is { subject, negated: false, label } => {
                    let ast::ExprKind::Path(path) = &subject.kind else { return None };
                    let used = meter.keys[..meter.by].iter().find(|k| path.last().is_some_and(|n| n.text == k.name));
                    let Some(used) = used else {
                        let names: Vec<String> = meter.keys[..meter.by].iter().map(|k| k.name.clone()).collect();
                        let finding = report::unknown(
                            codes::TEST_NAME,
                            &format!("dimension of the meter `{}`", meter.name),
                            &path.text(),
                            path.span,
                            names.iter().map(String::as_str),
                        );
                        self.report(finding);
                        return None;
                    };
                    if used.dimension.ir.size().is_some() {
                        self.scoped(|scope| Typer::new(scope).label(&used.dimension, label))?;
                    }
                    found.push((used.dimension.ir.name.clone(), label.text.clone()));
                }
                _ => {
                    let message = "given usage has one label per dimension: `where region is eu and tier is plus`";
                    self.report(Diagnostic::error(codes::TEST_DIMENSIONS, message).at(e.span, ""));
                    return None;
                }
            }
        }
        Some(found)
    }

    fn all_dimensions(&mut self, seen: &Seen, meter: &MeterDef, labels: &[(String, String)], span: Span) -> Option<()> {
        let plan = seen.lowered.plan.as_ref()?;
        let mut needed: Vec<String> = Vec::new();
        for sink in plan.sinks.iter().filter(|s| s.meter == meter.name) {
            for (ix, key) in sink.keys.iter().enumerate() {
                let read = key.in_cell || reads(&sink.scope, ix as u32);
                let name = &plan.dimensions[key.dim.ix()].name;
                if read && !labels.iter().any(|(d, _)| d == name) && !needed.contains(name) {
                    needed.push(name.clone());
                }
            }
        }
        if needed.is_empty() {
            return Some(());
        }
        self.report(
            Diagnostic::error(
                codes::TEST_DIMENSIONS,
                format!("prices of `{}` depend on {}", meter.name, report::list(&needed)),
            )
            .at(span, "which label has this usage?")
            .help(format!("add for example `where {} is ...`", needed[0])),
        );
        None
    }

    fn given_event(
        &mut self,
        seen: &Seen,
        path: &ast::Path,
        (at, recorded): (&ast::Moment, Option<&ast::Moment>),
        fields: &[ast::FieldValue],
        span: Span,
    ) -> Option<Given> {
        let name = path.last()?;
        let plan = seen.lowered.plan.clone()?;
        if !plan.events.iter().any(|e| e.name == name.text) {
            let finding = report::unknown(
                codes::TEST_NAME,
                &format!("event that `{}` reads", seen.name),
                &name.text,
                name.span,
                plan.events.iter().map(|e| e.name.as_str()),
            );
            self.report(finding);
            return None;
        }
        let event = match self.event(path, seen)? {
            Entity::Event(event) => event,
            _ => return None,
        };
        let on = self.moment(at)?;
        if let (Some(moment), None) = (recorded, &plan.late) {
            let message = format!("`{}` does not say what late usage becomes", seen.name);
            self.report(
                Diagnostic::error(codes::TEST_NAME, message)
                    .at(moment.span, "when it was recorded changes nothing")
                    .help("leave it out, or test a plan with `late events accepted for …`"),
            );
            return None;
        }
        let recorded = match recorded {
            Some(moment) => Some(self.moment(moment)?),
            None => None,
        };
        let mut given = Vec::new();
        let mut sound = true;
        for field in fields {
            let Some(def) = event.field(&field.name.text) else {
                let names = event.field_names();
                let finding = report::unknown(
                    codes::TEST_NAME,
                    &format!("field of `{}`", event.name),
                    &field.name.text,
                    field.name.span,
                    names.iter().map(String::as_str),
                );
                self.report(finding);
                sound = false;
                continue;
            };
            if matches!(def.kind, FieldKind::Computed(..)) {
                let message = format!("`{}` is computed; it cannot be given", def.name);
                self.report(Diagnostic::error(codes::TEST_NAME, message).at(field.span, ""));
                sound = false;
                continue;
            }
            match self.field_input(&def.kind, &field.value, field.span) {
                Some(input) => given.push((def.name.clone(), input)),
                None => sound = false,
            }
        }
        sound.then_some(Given::Event { event: event.name.clone(), on, recorded, fields: given, span })
    }

    /// The event by name: in scope here, or in the module of the subject.
    fn event(&mut self, path: &ast::Path, seen: &Seen) -> Option<Entity> {
        let name = path.last()?;
        if let Some(entity) = self.env.names.get(&event_key(&name.text)) {
            return Some(entity.clone());
        }
        for meter in seen.lowered.meters.values() {
            if meter.event.name == name.text {
                return Some(Entity::Event(meter.event.clone()));
            }
        }
        let env = db::names(self.db, self.workspace, seen.file).clone();
        env.names.get(&event_key(&name.text)).cloned()
    }

    fn field_input(&mut self, kind: &FieldKind, value: &GivenValue, span: Span) -> Option<FieldInput> {
        let wrong = |builder: &mut Self, needed: &str| {
            let message = format!("this field is {needed}");
            builder.report(Diagnostic::error(codes::TYPE_MISMATCH, message).at(span, ""));
            None
        };
        match (kind, value) {
            (FieldKind::Number(number), GivenValue::Amount(e)) => {
                let text = self.number_text(number.ty(), number.factor(), e)?;
                Some(FieldInput::Number(text))
            }
            (FieldKind::Number(number), _) => wrong(self, &number.ty().to_string()),
            (FieldKind::Family(_, number), GivenValue::Object(entries)) => {
                let mut made = Vec::new();
                for entry in entries {
                    let GivenValue::Amount(e) = &entry.value else {
                        return wrong(self, "an object of quantities by label");
                    };
                    made.push((entry.name.text.clone(), self.number_text(number.ty(), number.factor(), e)?));
                }
                Some(FieldInput::Object(made))
            }
            (FieldKind::Family(..), _) => wrong(self, "an object of quantities by label"),
            (FieldKind::Label(_) | FieldKind::LabelFrom(..) | FieldKind::Text, GivenValue::Label(label)) => {
                Some(FieldInput::Text(label.text.clone()))
            }
            (FieldKind::Text, GivenValue::Amount(ast::Expr { kind: ast::ExprKind::Text(text), .. })) => {
                Some(FieldInput::Text(text.value.clone()))
            }
            (
                FieldKind::Label(_) | FieldKind::LabelFrom(..),
                GivenValue::Amount(ast::Expr { kind: ast::ExprKind::Text(text), .. }),
            ) => Some(FieldInput::Text(text.value.clone())),
            (FieldKind::Label(_) | FieldKind::LabelFrom(..), _) => wrong(self, "a label"),
            (FieldKind::Text, _) => wrong(self, "a text"),
            (FieldKind::Flag, GivenValue::Label(label)) => match label.text.as_str() {
                "yes" | "true" => Some(FieldInput::Flag(true)),
                "no" | "false" => Some(FieldInput::Flag(false)),
                _ => wrong(self, "`yes` or `no`"),
            },
            (FieldKind::Flag, _) => wrong(self, "`yes` or `no`"),
            (FieldKind::Computed(..), _) => None,
        }
    }

    fn number_text(&mut self, ty: &Ty, factor: &Rational, e: &ast::Expr) -> Option<String> {
        let value = self.scoped(|scope| Typer::new(scope).constant(e));
        if value.is_error() {
            return None;
        }
        if value.ty != *ty {
            let code = if value.ty == Ty::Number { codes::UNIT_MISSING } else { codes::UNIT_MISMATCH };
            let message = format!("this field is {ty}, given is {}", value.ty);
            self.report(Diagnostic::error(code, message).at(e.span, ""));
            return None;
        }
        let number = value.expr.as_const().cloned()? / factor;
        match number.to_decimal_string(0) {
            Some(text) => Some(text),
            None => {
                let message = "this value has no exact decimal form in the field's unit";
                self.report(Diagnostic::error(codes::OUT_OF_RANGE, message).at(e.span, ""));
                None
            }
        }
    }

    fn expect(&mut self, seen: &Seen, expect: &ast::Expect, span: Span) -> Option<Expect> {
        let ast::Expect::Amount { subject, filter, amount, on } = expect else {
            return Some(Expect {
                target: ExpectTarget::Refused,
                labels: Vec::new(),
                amount: None,
                amount_span: span,
                on: None,
                span,
            });
        };
        let target = self.target(seen, subject)?;
        let dated = matches!(target, ExpectTarget::Balance(_) | ExpectTarget::Shortfall(_));
        if let (Some(date), false) = (on, dated) {
            let message = "only balances and true-ups are asked for at a day";
            self.report(Diagnostic::error(codes::NOT_HERE, message).at(date.span, ""));
            return None;
        }
        let on = on.as_ref().and_then(date_of);
        let labels = match filter {
            None => Vec::new(),
            Some(filter) => self.cell_labels(seen, &target, filter)?,
        };
        let (amount, amount_span) = match amount {
            None => (None, span),
            Some(e) => (Some(self.expected(seen, &target, e)?), e.span),
        };
        Some(Expect { target, labels, amount, amount_span, on, span })
    }

    fn target(&mut self, seen: &Seen, subject: &ExpectSubject) -> Option<ExpectTarget> {
        let plan = seen.lowered.plan.clone()?;
        match subject {
            ExpectSubject::Line(path) => {
                let first = path.segments.first()?;
                if first.text == "total" && path.segments.len() == 1 && !plan.lines.iter().any(|l| l.name == "total") {
                    return Some(ExpectTarget::Total);
                }
                if !plan.lines.iter().any(|l| l.name == first.text) {
                    let finding = report::unknown(
                        codes::TEST_NAME,
                        &format!("line of `{}`", seen.name),
                        &first.text,
                        first.span,
                        plan.lines.iter().map(|l| l.name.as_str()).chain(["total"]),
                    );
                    self.report(finding);
                    return None;
                }
                match path.segments.get(1).map(|s| s.text.as_str()) {
                    None => Some(ExpectTarget::Line(first.text.clone())),
                    Some("gross") => Some(ExpectTarget::Gross(first.text.clone())),
                    Some("exact") => Some(ExpectTarget::Exact(first.text.clone())),
                    Some("corrected") => Some(ExpectTarget::Corrected(first.text.clone())),
                    Some(other) => {
                        let span = path.segments[1].span;
                        self.report(report::unknown(
                            codes::TEST_NAME,
                            "stage of a line",
                            other,
                            span,
                            ["gross", "exact", "corrected"],
                        ));
                        None
                    }
                }
            }
            ExpectSubject::Minimum { index, span } => {
                let name = match index {
                    Some(n) if n.text != "1" => format!("minimum {}", n.text),
                    _ => "minimum".to_string(),
                };
                if plan.clamps.iter().any(|c| c.name == name) {
                    return Some(ExpectTarget::Minimum(name));
                }
                let message = format!("`{}` has no such minimum", seen.name);
                self.report(Diagnostic::error(codes::TEST_NAME, message).at(*span, ""));
                None
            }
            ExpectSubject::Invoice(what) => {
                self.stage("invoice", what, "due")?;
                Some(ExpectTarget::Due)
            }
            ExpectSubject::Allowance { path, what } => {
                let name = path.last()?;
                self.stage("allowance", what, "left")?;
                if plan.allowances.iter().any(|a| a.name == name.text) {
                    return Some(ExpectTarget::AllowanceLeft(name.text.clone()));
                }
                let finding = report::unknown(
                    codes::TEST_NAME,
                    "allowance",
                    &name.text,
                    name.span,
                    plan.allowances.iter().map(|a| a.name.as_str()),
                );
                self.report(finding);
                None
            }
            ExpectSubject::Entitlement { path, what } => {
                let name = path.last()?;
                let limited =
                    |e: &&price_ir::Entitlement| matches!(e.value, price_ir::EntitlementValue::Metered { .. });
                if !plan.funds.entitlements.iter().any(|e| e.name == name.text) {
                    let known = plan.funds.entitlements.iter().filter(limited).map(|e| e.name.as_str());
                    let finding = report::unknown(codes::TEST_NAME, "entitlement", &name.text, name.span, known);
                    self.report(finding);
                    return None;
                }
                if !plan.funds.entitlements.iter().filter(limited).any(|e| e.name == name.text) {
                    let message = format!("`{}` is no limit, so nothing of it is used or left", name.text);
                    self.report(Diagnostic::error(codes::TEST_NAME, message).at(name.span, ""));
                    return None;
                }
                let name = name.text.clone();
                match what.text.as_str() {
                    "left" => Some(ExpectTarget::EntitlementLeft(name)),
                    "used" => Some(ExpectTarget::EntitlementUsed(name)),
                    other => {
                        let known = ["left", "used"];
                        let finding =
                            report::unknown(codes::TEST_NAME, "amount of an entitlement", other, what.span, known);
                        self.report(finding.help("write `left` or `used`"));
                        None
                    }
                }
            }
            ExpectSubject::Wallet(path) => {
                let name = path.last()?;
                if plan.funds.balances.iter().any(|b| b.name == name.text) {
                    return Some(ExpectTarget::Balance(name.text.clone()));
                }
                let known = plan.funds.balances.iter().map(|b| b.name.as_str());
                let finding = report::unknown(codes::TEST_NAME, "wallet", &name.text, name.span, known);
                self.report(finding);
                None
            }
            ExpectSubject::Commitment { path, what } => {
                let name = path.last()?;
                if plan.funds.balances.iter().any(|b| b.name == name.text) {
                    self.stage("prepaid commitment", what, "left")?;
                    return Some(ExpectTarget::Balance(name.text.clone()));
                }
                if !plan.funds.commitments.iter().any(|c| c.name == name.text) {
                    let known = plan.funds.commitments.iter().map(|c| c.name.as_str());
                    let finding = report::unknown(codes::TEST_NAME, "commitment", &name.text, name.span, known);
                    self.report(finding);
                    return None;
                }
                let name = name.text.clone();
                match what.text.as_str() {
                    "counted" => Some(ExpectTarget::Counted(name)),
                    "shortfall" => Some(ExpectTarget::Shortfall(name)),
                    "excess" => Some(ExpectTarget::Excess(name)),
                    other => {
                        let known = ["counted", "shortfall", "excess"];
                        let finding =
                            report::unknown(codes::TEST_NAME, "amount of a commitment", other, what.span, known);
                        self.report(finding);
                        None
                    }
                }
            }
        }
    }

    /// Reports a word behind `invoice` or an allowance that is not the one there is.
    fn stage(&mut self, of: &str, said: &ast::Name, known: &'static str) -> Option<()> {
        if said.text == known {
            return Some(());
        }
        let what = format!("amount of an {of}");
        self.report(
            report::unknown(codes::TEST_NAME, &what, &said.text, said.span, [known]).help(format!("write `{known}`")),
        );
        None
    }

    fn cell_labels(
        &mut self,
        seen: &Seen,
        target: &ExpectTarget,
        filter: &ast::Expr,
    ) -> Option<Vec<(String, Vec<String>)>> {
        let plan = seen.lowered.plan.clone()?;
        let name = match target {
            ExpectTarget::Line(name) | ExpectTarget::Gross(name) | ExpectTarget::Exact(name) => name,
            _ => {
                let message = "only a line has cells";
                self.report(Diagnostic::error(codes::TEST_NAME, message).at(filter.span, ""));
                return None;
            }
        };
        let line = plan.lines.iter().find(|l| l.name == *name)?;
        let sink = match &line.charge {
            price_ir::Charge::Usage(usage) => Some(usage.sink),
            price_ir::Charge::Events(sink) => Some(*sink),
            _ => None,
        };
        let dims: Vec<&price_ir::Dimension> = sink
            .map(|s| {
                let keys = &plan.sinks[s.ix()].keys;
                keys.iter().filter(|k| k.in_cell).map(|k| &plan.dimensions[k.dim.ix()]).collect()
            })
            .unwrap_or_default();
        let mut found: Vec<(String, Vec<String>)> = Vec::new();
        let mut stack = vec![filter];
        while let Some(e) = stack.pop() {
            let (subject, labels) = match &e.kind {
                ast::ExprKind::And(a, b) => {
                    stack.extend([&**b, &**a]);
                    continue;
                }
                ast::ExprKind::Is { subject, negated: false, label } => (subject, std::slice::from_ref(label)),
                ast::ExprKind::In { subject, negated: false, labels } => (subject, labels.as_slice()),
                _ => {
                    let message = "cells are named by their labels: `where region is eu`";
                    self.report(Diagnostic::error(codes::TEST_DIMENSIONS, message).at(e.span, ""));
                    return None;
                }
            };
            let ast::ExprKind::Path(path) = &subject.kind else { return None };
            let Some(dim) = dims.iter().find(|d| path.last().is_some_and(|n| n.text == d.name)) else {
                let names: Vec<&str> = dims.iter().map(|d| d.name.as_str()).collect();
                let what = format!("dimension of `{name}`");
                self.report(report::unknown(codes::TEST_NAME, &what, &path.text(), path.span, names));
                return None;
            };
            for label in labels {
                if dim.size().is_some() && dim.code(&label.text).is_none() {
                    let what = format!("label of `{}`", dim.name);
                    let all = dim.labels.iter().map(String::as_str);
                    self.report(report::unknown(codes::UNKNOWN_LABEL, &what, &label.text, label.span, all));
                    return None;
                }
            }
            found.push((dim.name.clone(), labels.iter().map(|l| l.text.clone()).collect()));
        }
        Some(found)
    }

    fn expected(&mut self, seen: &Seen, target: &ExpectTarget, e: &ast::Expr) -> Option<Rational> {
        let plan = seen.lowered.plan.clone()?;
        if let ExpectTarget::AllowanceLeft(name) = target {
            let allowance = plan.allowances.iter().find(|a| a.name == *name)?;
            let line = &plan.lines[allowance.covers.first()?.line.ix()];
            let _ = line;
            let meter = seen.lowered.meters.values().find(|m| m.unit == allowance.unit).cloned();
            let value = self.scoped(|scope| Typer::new(scope).constant(e));
            if value.is_error() {
                return None;
            }
            let factor = meter.map_or(Rational::ONE, |m| m.factor.clone());
            return Some(value.expr.as_const().cloned()? / factor);
        }
        if let ExpectTarget::EntitlementLeft(name) | ExpectTarget::EntitlementUsed(name) = target {
            let meter = seen.lowered.meters.get(name)?;
            let value = self.scoped(|scope| Typer::new(scope).constant(e));
            if value.is_error() {
                return None;
            }
            if value.ty != meter.ty {
                let message = "this does not measure what the entitlement counts";
                self.report(Diagnostic::error(codes::UNIT_MISMATCH, message).at(e.span, value.ty.to_string()));
                return None;
            }
            return Some(value.expr.as_const().cloned()? / &meter.factor);
        }
        let at = match target {
            ExpectTarget::Balance(name) => plan.funds.balances.iter().find(|b| b.name == *name).map(|b| b.holds),
            ExpectTarget::Line(name)
            | ExpectTarget::Gross(name)
            | ExpectTarget::Exact(name)
            | ExpectTarget::Corrected(name) => plan.lines.iter().find(|l| l.name == *name).map(|l| l.currency),
            _ => None,
        };
        let currency = at.map_or(&plan.currency, |at| plan.currency_at(at).0);
        self.scoped(|scope| Typer::new(scope).money(e, &currency.code))
    }

    fn table(&mut self, table: &ast::TestTable, recovered: bool) {
        let (Some(seen), Some((from, until))) = (self.subject(&table.subject), self.period(&table.period)) else {
            return;
        };
        enum Column {
            Meter(Arc<MeterDef>),
            Target(ExpectTarget),
        }
        let mut columns = Vec::new();
        for column in &table.columns {
            let as_meter = match &column.subject {
                ExpectSubject::Line(path) => path.as_name().and_then(|n| seen.lowered.meters.get(&n.text)).cloned(),
                _ => None,
            };
            let is_line = match &column.subject {
                ExpectSubject::Line(path) => path.as_name().is_some_and(|n| {
                    seen.lowered.plan.as_ref().is_some_and(|p| p.lines.iter().any(|l| l.name == n.text))
                }),
                _ => true,
            };
            let found = match (column.role, as_meter) {
                (Some(ast::ColumnRole::Expect), _) | (None, None) => {
                    self.target(&seen, &column.subject).map(Column::Target)
                }
                (None, Some(meter)) if is_line => {
                    self.report(
                        Diagnostic::error(codes::TEST_NAME, format!("`{}` is both a meter and a line", meter.name))
                            .at(column.span, "")
                            .help("write `given` or `expect` in front of the name of the column"),
                    );
                    return;
                }
                (_, Some(meter)) => {
                    if self.all_dimensions(&seen, &meter, &[], column.span).is_none() {
                        return;
                    }
                    Some(Column::Meter(meter))
                }
                (Some(ast::ColumnRole::Given), None) => {
                    if let ExpectSubject::Line(path) = &column.subject {
                        self.meter(&seen, path);
                    }
                    None
                }
            };
            match found {
                Some(found) => columns.push(found),
                None => return,
            }
        }
        for (number, row) in table.rows.iter().enumerate() {
            let ast::TestTableEntry::Row { cells, span, .. } = row else { continue };
            if cells.len() != columns.len() {
                let message = format!("this row has {} columns, the header has {}", cells.len(), columns.len());
                self.report(Diagnostic::error(codes::TEST_NAME, message).at(*span, ""));
                continue;
            }
            let mut given = Vec::new();
            let mut expect = Vec::new();
            let mut sound = !recovered;
            for (cell, column) in cells.iter().zip(&columns) {
                match (column, cell) {
                    (Column::Meter(meter), ast::TestCell::Amount(e)) => match self.meter_quantity(meter, e) {
                        Some(quantity) => given.push(Given::Meter {
                            meter: meter.name.clone(),
                            quantity,
                            labels: Vec::new(),
                            on: None,
                            each: None,
                            span: e.span,
                        }),
                        None => sound = false,
                    },
                    (Column::Target(target), ast::TestCell::Amount(e)) => match self.expected(&seen, target, e) {
                        Some(amount) => expect.push(Expect {
                            target: target.clone(),
                            labels: Vec::new(),
                            amount: Some(amount),
                            amount_span: e.span,
                            on: None,
                            span: *span,
                        }),
                        None => sound = false,
                    },
                    (Column::Target(target), ast::TestCell::Unknown(at)) => expect.push(Expect {
                        target: target.clone(),
                        labels: Vec::new(),
                        amount: None,
                        amount_span: *at,
                        on: None,
                        span: *span,
                    }),
                    (_, ast::TestCell::Label(label)) => {
                        let message = "an amount is needed in this column";
                        self.report(Diagnostic::error(codes::TYPE_MISMATCH, message).at(label.span, ""));
                        sound = false;
                    }
                    (Column::Meter(_), ast::TestCell::Unknown(at)) => {
                        let message = "`?` stands for an expected amount, not for usage";
                        self.report(Diagnostic::error(codes::TEST_NAME, message).at(*at, ""));
                        sound = false;
                    }
                }
            }
            if sound {
                self.made.cases.push(TestCase {
                    title: format!("{}, row {}", table.title.value, number + 1),
                    span: *span,
                    file: seen.file,
                    item: seen.item,
                    subject: seen.name.clone(),
                    from,
                    until,
                    exact_dates: exact_dates(&table.period),
                    given,
                    expect,
                });
            }
        }
    }
}

fn exact_dates(period: &ast::Period) -> bool {
    matches!(period.kind, ast::PeriodKind::Range { .. } | ast::PeriodKind::Day(_))
}

fn reads(cond: &price_ir::Cond, key: u32) -> bool {
    use price_ir::Cond::*;
    match cond {
        Label(k, _) => k.0 == key,
        All(parts) | Any(parts) => parts.iter().any(|p| reads(p, key)),
        Not(inner) => reads(inner, key),
        _ => false,
    }
}
