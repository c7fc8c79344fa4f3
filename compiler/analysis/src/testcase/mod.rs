//! `test` and `test table`: usage in, expected lines out, as plain data for the runner.

mod expect;
mod given;
mod table;

use crate::codes;
use crate::db::{self, lowered};
use crate::declare::MeterDef;
use crate::declare::calendar::{date_of, days_of};
use crate::env::{Entity, Env};
use crate::inputs::{File, Workspace};
use crate::items;
use crate::lower::Lowered;
use crate::lower::scope::Scope;
use crate::report;
use crate::types::{Ty, Typer, resolve};
use crate::unit::Dims;
use price_diagnostics::{Diagnostic, ItemId, Span};
use price_syntax::ast::{self, ItemKind, TestStmtKind};
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
}

fn exact_dates(period: &ast::Period) -> bool {
    matches!(period.kind, ast::PeriodKind::Range { .. } | ast::PeriodKind::Day(_))
}
