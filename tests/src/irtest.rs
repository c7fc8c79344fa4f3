//! Runs `.ir` files: plans as text with `; run:` comments that say what an engine must answer.
//!
//! Every engine is held to the same files. A file also has to be in the one printed form of its
//! plan, apart from comments, and to survive a round trip through text and artefact.

use price_ir::batch::NULL;
use price_ir::kernel::{SKIPPED, TAKEN};
use price_ir::text::run::{Mapped, Row, Run, Value, fault_word, parse};
use price_ir::{
    Batch, Charge, Column, Event, EventIx, Fault, FieldType, Fold, Kernel, KernelFactory, MapOut, Plan, SourceMap,
    artefact, text, verify,
};
use price_validate::status_word;
use price_value::Rational;
use std::fmt::Display;
use std::path::Path;
use std::sync::Arc;

/// Runs every `.ir` file of a directory, in name order. The error lists each failure as
/// `file:line: what`. Returns how many `; run:` comments were executed.
pub fn run_directory(directory: &Path, factory: &dyn KernelFactory) -> Result<usize, Vec<String>> {
    let entries = std::fs::read_dir(directory).map_err(|error| vec![format!("{}: {error}", directory.display())])?;
    let mut files: Vec<_> = entries.filter_map(|entry| Some(entry.ok()?.path())).collect();
    files.retain(|path| path.extension().is_some_and(|extension| extension == "ir"));
    files.sort();
    let (mut runs, mut failures) = (0, Vec::new());
    for file in &files {
        let name = file.file_name().map_or(String::new(), |name| name.to_string_lossy().into_owned());
        match std::fs::read_to_string(file) {
            Ok(source) => match run_text(&source, factory) {
                Ok(count) => runs += count,
                Err(found) => failures.extend(found.into_iter().map(|(line, what)| format!("{name}:{line}: {what}"))),
            },
            Err(error) => failures.push(format!("{name}: {error}")),
        }
    }
    if files.is_empty() {
        failures.push(format!("{}: no `.ir` files", directory.display()));
    }
    if failures.is_empty() { Ok(runs) } else { Err(failures) }
}

/// Runs one file's text. The error lists line and failure.
pub fn run_text(source: &str, factory: &dyn KernelFactory) -> Result<usize, Vec<(u32, String)>> {
    let parsed = text::parse(source).map_err(|error| vec![(error.line, error.message)])?;
    verify(&parsed.plan).map_err(|findings| findings.into_iter().map(|what| (1, what)).collect::<Vec<_>>())?;
    let mut failures: Vec<(u32, String)> =
        round_trips(source, &parsed.plan).into_iter().map(|what| (1, what)).collect();
    let kernel = factory.compile(&Arc::new(parsed.plan)).map_err(|error| vec![(1, error)])?;
    for (line, what) in &parsed.runs {
        let outcome = parse(what).map_err(|error| error.to_string()).and_then(|run| execute(kernel.as_ref(), &run));
        if let Err(message) = outcome {
            failures.push((*line, format!("{}: {message}", factory.engine())));
        }
    }
    if failures.is_empty() { Ok(parsed.runs.len()) } else { Err(failures) }
}

fn round_trips(source: &str, plan: &Plan) -> Vec<String> {
    let mut failures = Vec::new();
    let printed = text::print(plan);
    match text::parse(&printed) {
        Ok(again) if again.plan == *plan => {}
        Ok(_) => failures.push("the printed plan reads back as another".to_string()),
        Err(error) => failures.push(format!("the printed plan does not read back: {error}")),
    }
    let written = source.lines().filter(|line| !line.trim_start().starts_with(';') && !line.trim().is_empty());
    if let Some((written, printed)) = written.zip(printed.lines()).find(|(written, printed)| written != printed) {
        failures.push(format!("not in printed form: `{written}` is printed `{printed}`"));
    }
    match artefact::encode(plan, &SourceMap::default()).and_then(|bytes| artefact::decode(&bytes)) {
        Ok(again) if again.plan == *plan => {}
        Ok(_) => failures.push("the artefact holds another plan".to_string()),
        Err(error) => failures.push(format!("the artefact does not load: {error}")),
    }
    failures
}

fn execute(kernel: &dyn Kernel, run: &Run) -> Result<(), String> {
    let plan = kernel.plan().clone();
    match run {
        Run::Map { sink, row, expect } => {
            let at = plan.sinks.get(sink.ix()).ok_or("no such sink")?;
            let batch = batch(&plan, at.event, std::slice::from_ref(row))?;
            let mut out = MapOut::default();
            let regimes: &[u32] = if matches!(at.fold, Fold::Charge(_)) { &[row.regime] } else { &[] };
            kernel.map(*sink, &batch, regimes, &mut out);
            let found: Vec<String> = (0..out.status.len()).map(|entry| mapped(&out, entry)).collect();
            let expected: Vec<String> = expect.iter().map(print_mapped).collect();
            same(&found.join(", "), &expected.join(", "))
        }
        Run::Charge { line, function, quantity, divisor, expect } => {
            let Some(Charge::Usage(usage)) = plan.lines.get(line.ix()).map(|line| &line.charge) else {
                return Err("no such usage line".into());
            };
            let raw = steps(quantity, &plan.sinks[usage.sink.ix()].quantum)?;
            same(&amount(&kernel.charge(*line, *function, raw, *divisor)), &amount(expect))
        }
        Run::Position { sink, function, row, entry, measure, expect } => {
            let at = plan.sinks.get(sink.ix()).ok_or("no such sink")?;
            let batch = batch(&plan, at.event, std::slice::from_ref(row))?;
            let measure = steps(measure, &kernel.measure_quantum(*sink))?;
            let measure = i64::try_from(measure).map_err(|_| "the measure leaves 64 bits")?;
            same(&amount(&kernel.position(*sink, *function, &batch, *entry, measure)), &amount(expect))
        }
        Run::Quantum { sink, expect } => same(&kernel.measure_quantum(*sink), expect),
        Run::Rate { line, rows, expect } => rate(kernel, *line, rows, expect),
    }
}

fn rate(
    kernel: &dyn Kernel,
    line: price_ir::LineIx,
    rows: &[Row],
    expect: &[Result<Rational, Fault>],
) -> Result<(), String> {
    let plan = kernel.plan().clone();
    let Some(Charge::Usage(usage)) = plan.lines.get(line.ix()).map(|line| &line.charge) else {
        return Err("no such usage line".into());
    };
    let sink = &plan.sinks[usage.sink.ix()];
    let batch = batch(&plan, sink.event, rows)?;
    let mut cells = vec![0; plan.cells(sink).unwrap_or(1)];
    let (mut posted, mut status) = (vec![0; rows.len()], vec![0; rows.len()]);
    if !kernel.rate(line, &batch, &vec![0; rows.len()], &mut cells, &mut posted, &mut status) {
        return Ok(());
    }
    let denominator = kernel.posting_denominator(line).ok_or("a rated line has a denominator")?;
    let found: Vec<String> = (0..rows.len())
        .map(|row| match status[row] {
            SKIPPED | TAKEN => Rational::new(posted[row].into(), denominator).to_string(),
            fault => status_word(fault),
        })
        .collect();
    same(&found.join(" "), &expect.iter().map(amount).collect::<Vec<_>>().join(" "))
}

fn same<T: PartialEq + Display>(found: &T, expected: &T) -> Result<(), String> {
    if found == expected { Ok(()) } else { Err(format!("expected {expected}, found {found}")) }
}

fn steps(value: &Rational, quantum: &Rational) -> Result<i128, String> {
    (value / quantum).to_i128().ok_or_else(|| format!("{value} is not a multiple of {quantum}"))
}

fn amount(amount: &Result<Rational, Fault>) -> String {
    match amount {
        Ok(amount) => amount.to_string(),
        Err(fault) => fault_word(*fault).to_string(),
    }
}

fn mapped(out: &MapOut, entry: usize) -> String {
    match out.status[entry] {
        SKIPPED => print_mapped(&Mapped::Skipped),
        TAKEN => print_mapped(&Mapped::Taken(out.cell[entry], out.value[entry])),
        fault => status_word(fault),
    }
}

fn print_mapped(mapped: &Mapped) -> String {
    match mapped {
        Mapped::Taken(cell, value) => format!("taken {cell} {value}"),
        Mapped::Skipped => "skipped".into(),
        Mapped::Fault(fault) => fault_word(*fault).into(),
    }
}

/// The rows as a batch. Fields that a row does not give are missing.
fn batch(plan: &Plan, event: EventIx, rows: &[Row]) -> Result<Batch, String> {
    let schema = &plan.events[event.ix()];
    let columns = (0..schema.fields.len()).map(|field| column(plan, schema, field, rows)).collect::<Result<_, _>>()?;
    let calendars = (0..plan.calendars.len() as u32)
        .map(|calendar| {
            let label = |row: &Row| row.calendars.iter().find(|(c, _)| *c == calendar).map_or(u32::MAX, |(_, l)| *l);
            rows.iter().map(label).collect()
        })
        .collect();
    Ok(Batch { event, rows: rows.len(), happened: rows.iter().map(|row| row.happened).collect(), columns, calendars })
}

fn column(plan: &Plan, event: &Event, field: usize, rows: &[Row]) -> Result<Column, String> {
    let values = rows.iter().map(|row| row.fields.iter().find(|(f, _)| *f as usize == field).map(|(_, value)| value));
    let wrong = || format!("f{field} has another type");
    match &event.fields[field].ty {
        FieldType::Number(number) => values
            .map(|value| match value {
                None => Ok(NULL),
                Some(Value::Number(value)) => fixed_point(value, number.decimals),
                Some(_) => Err(wrong()),
            })
            .collect::<Result<_, _>>()
            .map(Column::Int),
        FieldType::Family(dim, number) => {
            let labels = plan.dimensions[dim.ix()].labels.len();
            let mut columns = vec![Vec::with_capacity(rows.len()); labels];
            for value in values {
                let row = match value {
                    None => vec![None; labels],
                    Some(Value::Family(row)) if row.len() == labels => row.clone(),
                    Some(_) => return Err(wrong()),
                };
                for (column, value) in columns.iter_mut().zip(row) {
                    column.push(value.map_or(Ok(NULL), |value| fixed_point(&value, number.decimals))?);
                }
            }
            Ok(Column::Family(columns))
        }
        FieldType::Label(dim) | FieldType::LabelFrom(dim, _) => values
            .map(|value| match value {
                None => Ok(u32::MAX),
                Some(Value::Text(text)) => {
                    plan.dimensions[dim.ix()].resolve(text).ok_or_else(|| format!("f{field} has no label `{text}`"))
                }
                Some(Value::Number(code)) => code.to_i128().and_then(|code| u32::try_from(code).ok()).ok_or_else(wrong),
                Some(_) => Err(wrong()),
            })
            .collect::<Result<_, _>>()
            .map(Column::Label),
        FieldType::Text => values
            .map(|value| match value {
                None => Ok("".into()),
                Some(Value::Text(text)) => Ok(text.as_str().into()),
                Some(_) => Err(wrong()),
            })
            .collect::<Result<_, _>>()
            .map(Column::Text),
        FieldType::Flag => values
            .map(|value| match value {
                None => Ok(2),
                Some(Value::Flag(flag)) => Ok(u8::from(*flag)),
                Some(_) => Err(wrong()),
            })
            .collect::<Result<_, _>>()
            .map(Column::Flag),
    }
}

fn fixed_point(value: &Rational, decimals: u8) -> Result<i64, String> {
    let steps = steps(value, &Rational::pow10(-i32::from(decimals)))?;
    i64::try_from(steps).map_err(|_| format!("{value} leaves 64 bits"))
}
