//! `price test`: the tests that stand beside the prices, on both engines.

mod mutate;

use crate::Exit;
use crate::args::{Engine, ReportFormat, TestArgs, TestFormat};
use crate::output::{report, tests_json, tests_junit, tests_pretty};
use crate::paths::{self, count};
use crate::shell::Shell;
use crate::trouble::Trouble;
use price_diagnostics::{Diagnostic, Sources, Span};
use price_driver::{Coverage, Outcome, TestReport, TestRunner, Workspace};
use price_ir::KernelFactory;
use price_value::Currency;
use std::collections::BTreeMap;
use std::sync::Arc;
use std::time::{Duration, Instant};

/// A test that ran.
pub struct Ran {
    /// What became of it.
    pub report: TestReport,
    /// How long it took, all repeats together.
    pub took: Duration,
    /// Currency of its plan, if that compiles.
    pub currency: Option<Currency>,
}

pub fn run(args: &TestArgs, format: ReportFormat, shell: &mut Shell) -> Result<Exit, Trouble> {
    let started = Instant::now();
    let wanted = match &args.run {
        Some(pattern) => Some(regex::Regex::new(pattern).map_err(|error| {
            Trouble::new("C030", format!("`{pattern}` is not a regular expression")).cause(error.to_string())
        })?),
        None => None,
    };
    let mut workspace = paths::load(&args.paths)?;
    let errors: Vec<Diagnostic> = workspace.check().into_iter().filter(Diagnostic::is_error).collect();
    let factories = factories(args.engine);
    let (ran, coverage) = run_all(&workspace, &factories, wanted.as_ref(), args.count);
    print(args, format, &workspace, &ran, &coverage, shell)?;
    if !errors.is_empty() {
        shell.complain(&report::render(&errors, &workspace, format, shell.err_paint().is_on()));
    }
    let accepted = if args.accept { accept(&workspace, &ran, shell)? } else { 0 };
    let tally = |fits: fn(&Outcome) -> bool| ran.iter().filter(|test| fits(&test.report.outcome)).count();
    let failed = tally(|o| matches!(o, Outcome::Failed(_) | Outcome::Differ(_)));
    let pending = tally(|o| matches!(o, Outcome::Pending));
    summary(&ran, failed, pending, accepted, errors.len(), &factories, started, shell);
    let low = low_coverage(args, &coverage, shell);
    let open = pending > 0 && accepted == 0;
    if args.mutate && failed == 0 && errors.is_empty() && !ran.is_empty() {
        return mutate::run(args, format, &mut workspace, shell);
    }
    Ok(if failed > 0 || open || !errors.is_empty() || low { Exit::Findings } else { Exit::Clean })
}

fn run_all(
    workspace: &Workspace,
    factories: &[Arc<dyn KernelFactory>],
    wanted: Option<&regex::Regex>,
    times: u32,
) -> (Vec<Ran>, Vec<Coverage>) {
    let mut ran = Vec::new();
    let mut coverage: BTreeMap<(u32, Option<usize>), Coverage> = BTreeMap::new();
    let mut runner = TestRunner::new(workspace, factories);
    for (file, tests) in workspace.tests() {
        for case in tests.cases.iter().filter(|case| wanted.is_none_or(|regex| regex.is_match(&case.title))) {
            let began = Instant::now();
            let mut report = runner.run(file, case);
            for _ in 1..times {
                let again = runner.run(file, case);
                // A result that changes is the one to show.
                if again.outcome != Outcome::Passed {
                    report = again;
                }
            }
            let took = began.elapsed();
            let compiled = runner.compiled(case);
            if let Some(compiled) = compiled {
                let of = coverage.entry(runner.place(case)).or_insert_with(|| Coverage::new(&compiled.plan));
                report.invoices.iter().for_each(|invoice| of.observe(invoice));
            }
            let currency = compiled.map(|compiled| compiled.plan.currency.clone());
            ran.push(Ran { report, took, currency });
        }
    }
    (ran, coverage.into_values().collect())
}

fn print(
    args: &TestArgs,
    findings: ReportFormat,
    workspace: &Workspace,
    ran: &[Ran],
    coverage: &[Coverage],
    shell: &mut Shell,
) -> Result<(), Trouble> {
    let shown = if args.coverage { coverage } else { &[] };
    let format = args.format.unwrap_or(match findings {
        ReportFormat::Junit => TestFormat::Junit,
        ReportFormat::Json => TestFormat::Json,
        _ => TestFormat::Pretty,
    });
    match format {
        TestFormat::Json => shell.out(&tests_json::render(ran, shown, workspace)),
        TestFormat::Junit => shell.out(&tests_junit::render(ran, workspace)),
        TestFormat::Pretty => {
            let paint = shell.paint();
            let all = !shell.is_quiet();
            for chunk in ran.chunk_by(|a, b| a.report.file == b.report.file) {
                let Some(first) = chunk.first() else { continue };
                let name = &workspace.source(first.report.file).name;
                shell.out(&tests_pretty::file(name, chunk, workspace, all, paint))?;
            }
            for of in shown {
                shell.out(&format!("\n{}", tests_pretty::coverage(of, paint)))?;
            }
            Ok(())
        }
    }
}

fn accept(workspace: &Workspace, ran: &[Ran], shell: &mut Shell) -> Result<usize, Trouble> {
    let reports: Vec<TestReport> = ran.iter().map(|test| test.report.clone()).collect();
    let mut amounts = 0;
    for file in price_driver::accept(workspace, &reports) {
        let source = workspace.source(file.file);
        let name = &source.name;
        // What was filled in should look like the rest of the file.
        let after = price_driver::format_text(name, &file.after, false).unwrap_or(file.after);
        std::fs::write(&source.path, after).map_err(|error| Trouble::write(name, error))?;
        amounts += file.amounts;
        shell.note(format!("Wrote {} into {name}; review them like any change", count(file.amounts, "amount")));
    }
    Ok(amounts)
}

#[allow(clippy::too_many_arguments)]
fn summary(
    ran: &[Ran],
    failed: usize,
    pending: usize,
    accepted: usize,
    errors: usize,
    factories: &[Arc<dyn KernelFactory>],
    started: Instant,
    shell: &mut Shell,
) {
    let paint = shell.err_paint();
    if ran.is_empty() && errors == 0 {
        return shell.warn("there are no tests here; write `test \"...\" for plan NAME in 2026-01 { ... }`");
    }
    let passed = ran.len() - failed - pending;
    let mut parts = vec![if failed == 0 { paint.good(format!("{passed} passed")) } else { format!("{passed} passed") }];
    if failed > 0 {
        parts.push(paint.bad(format!("{failed} failed")));
    }
    if pending > 0 && accepted == 0 {
        parts.push(paint.warn(format!("{pending} with `?` (price test --accept fills them in)")));
    }
    if errors > 0 {
        parts.push(paint.bad(count(errors, "error")));
    }
    let engines: Vec<&str> = factories.iter().map(|factory| factory.engine()).collect();
    let took = started.elapsed().as_secs_f64();
    shell.note(format!("{} in {took:.2}s on {}", parts.join(", "), engines.join(" and ")));
}

fn low_coverage(args: &TestArgs, coverage: &[Coverage], shell: &mut Shell) -> bool {
    let Some(threshold) = args.threshold else { return false };
    let mut low = false;
    for of in coverage {
        let percent = of.total().percent();
        if percent < usize::from(threshold) {
            shell.warn(format!("coverage of {} is {percent}%, below {threshold}%", of.subject()));
            low = true;
        }
    }
    low
}

/// The reference first, so that a difference is told against it.
fn factories(engine: Option<Engine>) -> Vec<Arc<dyn KernelFactory>> {
    let interp = || Arc::new(price_interp::InterpFactory) as Arc<dyn KernelFactory>;
    let jit = || Arc::new(price_jit::JitFactory) as Arc<dyn KernelFactory>;
    match engine {
        None => vec![interp(), jit()],
        Some(Engine::Interp) => vec![interp()],
        Some(Engine::Jit) => vec![jit()],
    }
}

/// Line and column of a span, from 1.
pub fn position(workspace: &Workspace, span: Span) -> (u32, u32) {
    let text = workspace.text(span.file);
    let before = text.get(..span.start as usize).unwrap_or(text);
    let line = before.matches('\n').count() + 1;
    let from = before.rfind('\n').map_or(0, |at| at + 1);
    let column = before[from..].chars().count() + 1;
    (u32::try_from(line).unwrap_or(u32::MAX), u32::try_from(column).unwrap_or(u32::MAX))
}

/// `plans/a.price:12:9`.
pub fn place(workspace: &Workspace, span: Span) -> String {
    let (line, column) = position(workspace, span);
    format!("{}:{line}:{column}", workspace.name(span.file))
}
