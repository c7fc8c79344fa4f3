//! From `.price` text to invoices, for tests: the compiler and the rating host without a command
//! line, on whichever engine is asked for.

use price_driver::{MemoryWorld, Outcome, TestReport, TestRunner, Workspace};
use price_ir::{Invoice, Kernel, KernelFactory, Plan};
use price_rating::{EventSchema, Rater, Raw, RowBuilder, Subscription, event_of};
use price_value::{Date, Timestamp};
use serde_json::Value;
use std::sync::Arc;

/// The reference engine, then the machine code.
pub fn engines() -> Vec<Arc<dyn KernelFactory>> {
    vec![Arc::new(price_interp::InterpFactory), Arc::new(price_jit::JitFactory)]
}

/// A compiled file.
pub struct Program {
    workspace: Workspace,
}

/// One event of usage.
#[derive(Debug, Clone, PartialEq)]
pub struct Usage {
    /// Account that used it.
    pub account: String,
    /// Declared event.
    pub event: String,
    /// When, in RFC 3339.
    pub at: String,
    /// Fields; numbers as decimal text or as whole JSON numbers.
    pub fields: Vec<(String, Value)>,
}

impl Program {
    /// Compiles one file. The error holds every finding that prevents it.
    pub fn new(text: &str) -> Result<Program, String> {
        Program::load(&MemoryWorld::new().with("main.price", text), "main.price")
    }

    /// Compiles a file of a world.
    pub fn load(world: &MemoryWorld, path: &str) -> Result<Program, String> {
        let workspace = Workspace::load(world, &[path.to_owned()]).map_err(|e| e.to_string())?;
        let found: Vec<String> = workspace
            .check()
            .iter()
            .filter(|d| d.is_error())
            .map(|d| {
                let line = d.primary_span().map_or(0, |s| {
                    let text = &workspace.source(s.file).text;
                    1 + text.bytes().take(s.start as usize).filter(|b| *b == b'\n').count()
                });
                let labels: Vec<&str> = d.labels.iter().map(|l| l.message.as_str()).collect();
                format!("{} line {line}: {} [{}]", d.code, d.message, labels.join("; "))
            })
            .collect();
        if found.is_empty() { Ok(Program { workspace }) } else { Err(found.join("\n")) }
    }

    /// A rate card or plan of the file.
    pub fn plan(&self, name: &str) -> Result<Arc<Plan>, String> {
        let subject = self.workspace.subject(Some(name)).map_err(|e| e.to_string())?;
        Ok(self.workspace.compile(&subject).map_err(|e| e.to_string())?.plan)
    }

    /// Runs the file's tests on both engines.
    pub fn tests(&self) -> Vec<TestReport> {
        let engines = engines();
        let mut runner = TestRunner::new(&self.workspace, &engines);
        let mut reports = Vec::new();
        for (file, tests) in self.workspace.tests() {
            reports.extend(tests.cases.iter().map(|case| runner.run(file, case)));
        }
        reports
    }

    /// The tests that did not pass, each with its reason.
    pub fn failures(&self) -> Vec<String> {
        let told = |report: &TestReport| match &report.outcome {
            Outcome::Passed => None,
            Outcome::Failed(failures) => {
                let reasons: Vec<String> = failures.iter().map(|f| f.reason.to_string()).collect();
                Some(format!("{}: {}", report.title, reasons.join("; ")))
            }
            Outcome::Pending => Some(format!("{}: amounts are missing", report.title)),
            Outcome::Differ(difference) => Some(format!("{}: engines differ: {}", report.title, difference.what)),
        };
        self.tests().iter().filter_map(told).collect()
    }
}

/// Usage that was not rated.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Refused {
    /// Position among the events.
    pub index: usize,
    /// Code and message.
    pub why: String,
}

/// What became of some usage.
#[derive(Debug, Clone, PartialEq)]
pub struct Rated {
    /// Every invoice due in the range asked for, by account, then period.
    pub invoices: Vec<Invoice>,
    /// What was not rated.
    pub refused: Vec<Refused>,
}

/// Rates usage on one engine.
pub fn rate(
    plan: &Arc<Plan>,
    engine: &dyn KernelFactory,
    subscriptions: &[Subscription],
    usage: &[Usage],
    range: (Option<Date>, Option<Date>),
) -> Result<Rated, String> {
    rate_kept(plan, engine, subscriptions, usage, range, usage.len())
}

/// Rates usage on one engine, and after so many events goes on with a rater that was made from what
/// a checkpoint keeps.
fn rate_kept(
    plan: &Arc<Plan>,
    engine: &dyn KernelFactory,
    subscriptions: &[Subscription],
    usage: &[Usage],
    (from, until): (Option<Date>, Option<Date>),
    kept_after: usize,
) -> Result<Rated, String> {
    let kernel: Arc<dyn Kernel> = engine.compile(plan).map_err(|e| format!("{}: {e}", engine.engine()))?;
    let mut rater = Rater::new(kernel.clone()).map_err(|e| e.to_string())?;
    for subscription in subscriptions {
        rater.subscribe(subscription).map_err(|e| e.to_string())?;
    }
    let mut refused = Vec::new();
    let mut timed = Vec::new();
    for (index, row) in usage.iter().enumerate() {
        timed.push((Timestamp::parse_rfc3339(&row.at).map_err(|e| format!("{}: {e}", row.at))?, index));
    }
    timed.sort_unstable();
    for (place, (at, index)) in timed.into_iter().enumerate() {
        if place == kept_after {
            let mut bytes = Vec::new();
            ciborium::into_writer(&rater.save(), &mut bytes).map_err(|e| e.to_string())?;
            rater = Rater::new(kernel.clone()).map_err(|e| e.to_string())?;
            let saved = ciborium::from_reader(bytes.as_slice()).map_err(|e| e.to_string())?;
            if !rater.load(saved) {
                return Err("what was kept is of another plan".into());
            }
        }
        if let Err(why) = push(&mut rater, plan, at, &usage[index]) {
            refused.push(Refused { index, why });
        }
    }
    refused.sort_by_key(|r| r.index);
    let mut invoices = Vec::new();
    for (subject, period) in rater.due(from, until) {
        invoices.push(rater.close(&subject, &period).map_err(|e| e.to_string())?);
    }
    Ok(Rated { invoices, refused })
}

/// Rates usage on both engines, which have to agree on everything.
pub fn rate_both(
    plan: &Arc<Plan>,
    subscriptions: &[Subscription],
    usage: &[Usage],
    range: (Option<Date>, Option<Date>),
) -> Result<Rated, String> {
    let mut first: Option<Rated> = None;
    for engine in engines() {
        let rated = rate(plan, &*engine, subscriptions, usage, range)?;
        match &first {
            None => first = Some(rated),
            Some(other) if *other == rated => {}
            Some(_) => return Err("the engines give different invoices".into()),
        }
    }
    let first = first.ok_or("no engine")?;
    let engine = engines().into_iter().next().ok_or("no engine")?;
    match rate_kept(plan, &*engine, subscriptions, usage, range, usage.len() / 2)? == first {
        true => Ok(first),
        false => Err("a checkpoint in between changes the invoices".into()),
    }
}

fn push(rater: &mut Rater, plan: &Arc<Plan>, at: Timestamp, row: &Usage) -> Result<(), String> {
    let event = event_of(plan, &row.event).map_err(|r| format!("{} {r}", r.code()))?;
    let mut builder = RowBuilder::new(Arc::new(EventSchema::new(plan, event).refusing_unknown()));
    let texts: Vec<Vec<(String, String)>> = row
        .fields
        .iter()
        .map(|(_, value)| match value {
            Value::Object(entries) => entries.iter().map(|(k, v)| (k.clone(), plain(v))).collect(),
            other => vec![(String::new(), plain(other))],
        })
        .collect();
    let objects: Vec<Vec<(&str, Raw<'_>)>> =
        texts.iter().map(|entries| entries.iter().map(|(k, v)| (k.as_str(), Raw::Number(v))).collect()).collect();
    let fields = row.fields.iter().enumerate().map(|(i, (name, value))| {
        let raw = match value {
            Value::Object(_) => Raw::Object(&objects[i]),
            Value::Bool(flag) => Raw::Flag(*flag),
            Value::Number(_) => Raw::Number(&texts[i][0].1),
            Value::Null => Raw::Null,
            _ => Raw::Text(&texts[i][0].1),
        };
        (name.as_str(), raw)
    });
    builder.push(at, fields, rater.labels()).map_err(|r| format!("{} {r}", r.code()))?;
    let subject = rater.subject(&row.account).0;
    match rater.push(&mut builder.take(), &[subject]).into_iter().next() {
        Some(fault) => Err(format!("{} {}", fault.reason.code(), fault.reason)),
        None => Ok(()),
    }
}

fn plain(value: &Value) -> String {
    match value {
        Value::String(text) => text.clone(),
        other => other.to_string(),
    }
}
