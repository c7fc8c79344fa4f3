//! `price rate`: usage in, invoices out, one at a time.

use crate::Exit;
use crate::args::{RateArgs, RateFormat, ReportFormat};
use crate::events::plan::{self, Loaded};
use crate::events::progress::Bar;
use crate::events::rejects::Rejects;
use crate::events::run::{self, Pass, Rated};
use crate::events::{inputs, span};
use crate::output::{invoice_table, money};
use crate::shell::{Paint, Shell};
use crate::trouble::Trouble;
use price_documents as documents;
use price_driver::Compiled;
use price_ingest::SubscriptionRow;
use price_ingest::write::{OutputFormat, RatedLine, RatedLines};
use price_ir::Invoice;
use price_value::Currency;
use std::collections::BTreeSet;
use std::fs::File;
use std::io::{BufWriter, IsTerminal, Write};
use std::time::Instant;

mod books;
mod pages;
mod posted;

use books::Books;
use pages::Pages;

/// What a run did, for its last line.
#[derive(Default)]
struct Tally {
    events: u64,
    rated: u64,
    duplicates: u64,
    skipped: u64,
    passed_over: u64,
    invoices: u64,
    accounts: BTreeSet<String>,
    failed: u64,
    spilled: u64,
}

pub fn run(args: &RateArgs, format: ReportFormat, shell: &mut Shell) -> Result<Exit, Trouble> {
    let started = Instant::now();
    let days = args.usage.span.as_deref().map(span::parse).transpose()?;
    let subscriptions = args.usage.subscriptions.as_deref().map(run::read_subscriptions).transpose()?;
    let named: BTreeSet<String> = subscriptions.iter().flatten().filter_map(|row| row.plan.clone()).collect();
    let named: Vec<String> = named.into_iter().collect();
    let loaded = plan::load_all(&args.file, &named, args.usage.subject.as_deref(), format, shell)?;
    let Some(loaded) = loaded else { return Ok(Exit::Findings) };
    one_currency(args, &loaded)?;
    let names = inputs::names(&args.events)?;
    if loaded.len() > 1 && names.iter().any(|name| name == "-") {
        return Err(Trouble::new("C044", "standard input can be read once, and the subscriptions name several plans")
            .help("write the usage to a file, or choose one plan with `--for`"));
    }
    let mut rejects = Rejects::create(args.rejects.as_deref(), loaded.len())?;
    let mut out = Output::create(args, &loaded, shell.paint(), shell.width())?;
    let mut posted = posted::Sink::create(args.rated_events.as_deref(), &loaded)?;
    let mut tally = Tally::default();
    let progress = !args.usage.no_progress && !shell.is_quiet();
    for plan in &loaded {
        let compiled = plan.compiled();
        let (rows, elsewhere) = split(subscriptions.as_deref(), &compiled.plan.name, loaded.len());
        let own: BTreeSet<&str> = compiled.plan.events.iter().map(|event| event.name.as_str()).collect();
        let others = loaded.iter().flat_map(|other| other.compiled().plan.events.iter());
        let foreign = others.map(|e| e.name.clone()).filter(|name| !own.contains(name.as_str())).collect();
        let pass = Pass {
            known: &plan.known,
            args: &args.usage,
            names: &names,
            subscriptions: rows,
            elsewhere,
            foreign,
            ordered: posted.is_some(),
            share: None,
        };
        let mut bar = Bar::new(progress);
        let mut posting = posted.as_mut().map(|sink| sink.plan(compiled));
        let mut rated =
            run::rate(&pass, &mut rejects, &mut bar, &mut |rater, tables, part, accounts| match &mut posting {
                Some(posting) => posting.write(rater, tables, part, accounts),
                None => Ok(()),
            })?;
        if let Some(posting) = posting {
            posting.finish(shell);
        }
        close(&pass, &mut rated, days, &mut out, &mut bar, &mut tally, shell)?;
        count_in(&mut tally, &rated);
    }
    out.finish(shell)?;
    if let Some(posted) = posted {
        posted.finish()?;
    }
    shell.flush()?;
    let file = rejects.finish()?;
    tell_rejects(&rejects, file.as_deref(), shell);
    summary(&tally, &rejects, args, started, shell);
    if tally.invoices == 0 && tally.events > 0 && days.is_some() && tally.failed == 0 {
        let help = match loaded.iter().find_map(|plan| billed_as(&plan.compiled().plan, &args.usage.account)) {
            Some(help) => help,
            None => "leave out `--in` to see all periods".to_owned(),
        };
        shell.warn(format!("nothing is due in that time; {help}"));
    }
    Ok(if tally.failed > 0 { Exit::Findings } else { Exit::Clean })
}

/// Why an account that is asked for has no invoice of its own.
fn billed_as(plan: &price_ir::Plan, asked: &[String]) -> Option<String> {
    let parties = plan.parties.as_ref()?;
    let account = asked.iter().find(|account| parties.accounts.contains(account) && **account != plan.name)?;
    Some(format!("`{}` is billed as `{}`: ask for that", money::plain(account), plan.name))
}

/// Tables name one currency.
fn one_currency(args: &RateArgs, loaded: &[Loaded]) -> Result<(), Trouble> {
    let table = args.lines.is_some()
        || args.rated_events.is_some()
        || matches!(args.format, RateFormat::Csv | RateFormat::Parquet);
    let same = loaded.iter().all(|other| other.compiled().plan.currency == loaded[0].compiled().plan.currency);
    if same || !table {
        return Ok(());
    }
    Err(Trouble::new("C047", "the plans are in several currencies, and a table holds one")
        .help("choose one plan with `--for`, or write JSON"))
}

/// The rows of the subscriptions that are on this plan, and the accounts that are on others only.
fn split(
    rows: Option<&[SubscriptionRow]>,
    plan: &str,
    plans: usize,
) -> (Option<Vec<SubscriptionRow>>, BTreeSet<String>) {
    let Some(rows) = rows else { return (None, BTreeSet::new()) };
    let bare = |name: &str| name.split('@').next() == Some(plan);
    let fits = |row: &&SubscriptionRow| row.plan.as_deref().map_or(plans == 1, bare);
    let own: Vec<SubscriptionRow> = rows.iter().filter(fits).cloned().collect();
    let here: BTreeSet<&str> = own.iter().map(|row| row.account.as_str()).collect();
    let elsewhere = rows.iter().map(|row| row.account.clone()).filter(|name| !here.contains(name.as_str())).collect();
    (Some(own), elsewhere)
}

fn close(
    pass: &Pass<'_>,
    rated: &mut Rated,
    days: Option<span::Days>,
    out: &mut Output<'_>,
    bar: &mut Bar,
    tally: &mut Tally,
    shell: &mut Shell,
) -> Result<(), Trouble> {
    let due = rated.due(pass.args, days);
    bar.invoices(due.len());
    for (subject, period) in due {
        match rated.close(&subject, &period) {
            Ok((invoice, plan)) => {
                out.write(&invoice, &pass.known[plan].compiled, shell)?;
                tally.invoices += 1;
                tally.accounts.insert(subject);
            }
            Err(error) => {
                tally.failed += 1;
                if tally.failed <= 10 {
                    shell.warn(money::plain(&format!("no invoice for {subject} in {period}: {error}")));
                }
            }
        }
        bar.tick();
    }
    bar.finish();
    Ok(())
}

fn count_in(tally: &mut Tally, rated: &Rated) {
    let summary = &rated.summary;
    tally.events = tally.events.max(summary.events);
    tally.duplicates = tally.duplicates.max(summary.duplicates);
    tally.spilled += summary.spilled_bytes;
    tally.rated += rated.rated;
    tally.skipped += rated.skipped;
    tally.passed_over = tally.passed_over.max(summary.passed_over.values().sum());
}

fn tell_rejects(rejects: &Rejects, file: Option<&str>, shell: &mut Shell) {
    if rejects.total() == 0 {
        return;
    }
    for line in rejects.first() {
        shell.note(line);
    }
    let rest = rejects.total().saturating_sub(rejects.first().len() as u64);
    if rest > 0 {
        shell.note(format!("and {}", large(rest, "more record", "more records")));
    }
    match file {
        Some(path) => shell.note(format!("All refused records are in {path}")),
        None => shell.note("`--rejects FILE` writes them all down"),
    }
}

fn summary(tally: &Tally, rejects: &Rejects, args: &RateArgs, started: Instant, shell: &mut Shell) {
    let took = started.elapsed();
    let millis = took.as_millis().max(1);
    let speed = u128::from(tally.events) * 1000 / millis;
    let engine = match args.usage.engine {
        crate::args::Engine::Jit => "jit",
        crate::args::Engine::Interp => "interp",
    };
    // The speed of a handful of events says nothing.
    let pace = match tally.events {
        0..10_000 => engine.to_owned(),
        _ => format!("{} events/s, {engine}", price_value::currency::group(&speed.to_string())),
    };
    let mut line = format!(
        "Rated {} of {} into {} in {:.2}s ({pace})",
        large(tally.rated, "event", "events"),
        large(tally.accounts.len() as u64, "account", "accounts"),
        large(tally.invoices, "invoice", "invoices"),
        took.as_secs_f64(),
    );
    let mut also = Vec::new();
    if tally.duplicates > 0 {
        also.push(large(tally.duplicates, "repeat", "repeats"));
    }
    if tally.skipped > 0 {
        also.push(format!("{} of other accounts", large(tally.skipped, "event", "events")));
    }
    if tally.passed_over > 0 {
        also.push(format!("{} passed over", large(tally.passed_over, "event", "events")));
    }
    if !also.is_empty() {
        line = format!("{line}, without {}", also.join(", "));
    }
    shell.note(line);
    if rejects.total() > 0 {
        let codes = rejects
            .by_code()
            .iter()
            .map(|(code, n)| format!("{code} {}", price_value::currency::group(&n.to_string())));
        let codes: Vec<String> = codes.collect();
        shell.warn(format!("{} refused: {}", large(rejects.total(), "record", "records"), codes.join(", ")));
    }
    if tally.failed > 0 {
        shell.warn(format!("{} could not be made", large(tally.failed, "invoice", "invoices")));
    }
    if tally.spilled > 0 {
        shell.detail(format!("{} bytes went through temporary files", tally.spilled));
    }
}

fn large(number: u64, one: &str, many: &str) -> String {
    let shown = price_value::currency::group(&number.to_string());
    format!("{shown} {}", if number == 1 { one } else { many })
}

/// Where invoices go.
enum Stream {
    Stdout,
    File(String, BufWriter<File>),
}

/// Writes invoices as they are ready.
struct Output<'p> {
    to: Stream,
    kind: Kind<'p>,
    lines: Option<(String, RatedLines<BufWriter<File>>)>,
    books: Books,
    width: usize,
    paint: Paint,
}

enum Kind<'p> {
    Table,
    /// The opening of the object has been written; whether an invoice has.
    Json(&'p [Loaded], bool),
    JsonLines,
    Pages(Pages),
    Lines(Option<RatedLines<Box<dyn Write + Send>>>),
}

impl<'p> Output<'p> {
    fn create(args: &RateArgs, loaded: &'p [Loaded], paint: Paint, width: usize) -> Result<Output<'p>, Trouble> {
        let currency = &loaded[0].compiled().plan.currency;
        let lines = match &args.lines {
            Some(path) => Some((path.clone(), lines_to(path, currency)?)),
            None => None,
        };
        let pages = matches!(args.format, RateFormat::Html | RateFormat::Pdf);
        let mut to = match &args.output {
            Some(path) if !pages => {
                let file = File::create(path).map_err(|error| Trouble::write(path, error))?;
                Stream::File(path.clone(), BufWriter::new(file))
            }
            _ => Stream::Stdout,
        };
        let kind = match args.format {
            RateFormat::Table => Kind::Table,
            RateFormat::Json => Kind::Json(loaded, false),
            RateFormat::JsonLines => Kind::JsonLines,
            RateFormat::Html | RateFormat::Pdf => {
                Kind::Pages(Pages::create(args.output.as_deref(), args.format, args.letterhead.as_deref())?)
            }
            RateFormat::Csv | RateFormat::Parquet => {
                let table = if args.format == RateFormat::Csv { OutputFormat::Csv } else { OutputFormat::Parquet };
                if table == OutputFormat::Parquet && args.output.is_none() && std::io::stdout().is_terminal() {
                    return Err(Trouble::new("C045", "Parquet is not for a terminal")
                        .help("write to a file with `--output FILE`, or redirect standard output"));
                }
                let writer: Box<dyn Write + Send> = match std::mem::replace(&mut to, Stream::Stdout) {
                    Stream::File(_, file) => Box::new(file),
                    Stream::Stdout => Box::new(BufWriter::new(std::io::stdout())),
                };
                Kind::Lines(Some(RatedLines::create(table, writer, currency)?))
            }
        };
        let paint = if args.output.is_some() { Paint::new(false) } else { paint };
        let books = Books::create(args.journal.as_deref(), args.revenue.as_deref())?;
        let mut out = Output { to, kind, lines, books, width, paint };
        out.open()?;
        Ok(out)
    }

    fn open(&mut self) -> Result<(), Trouble> {
        let text = match &self.kind {
            Kind::Json(..) => format!("{{\"format_version\":\"{}\",\"invoices\":[", documents::FORMAT_VERSION),
            Kind::JsonLines => {
                format!("{{\"type\":\"version\",\"format_version\":\"{}\"}}\n", documents::FORMAT_VERSION)
            }
            _ => return Ok(()),
        };
        match &mut self.to {
            Stream::Stdout => std::io::stdout().write_all(text.as_bytes()).map_err(Trouble::output),
            Stream::File(path, file) => file.write_all(text.as_bytes()).map_err(|error| Trouble::write(path, error)),
        }
    }

    fn text(&mut self, text: &str, shell: &mut Shell) -> Result<(), Trouble> {
        match &mut self.to {
            Stream::Stdout => shell.out(text),
            Stream::File(path, file) => file.write_all(text.as_bytes()).map_err(|error| Trouble::write(path, error)),
        }
    }

    fn write(&mut self, invoice: &Invoice, compiled: &Compiled, shell: &mut Shell) -> Result<(), Trouble> {
        if let Some((_, lines)) = &mut self.lines {
            for line in &invoice.lines {
                lines.write(&RatedLine { invoice, line })?;
            }
        }
        self.books.write(invoice, &compiled.plan)?;
        let text = match &mut self.kind {
            Kind::Table => invoice_table::render(invoice, &compiled.plan, self.width, self.paint),
            Kind::Json(_, any) => {
                let comma = if std::mem::replace(any, true) { "," } else { "" };
                format!("{comma}\n{}", documents::invoice(invoice, &compiled.plan, &compiled.source_map))
            }
            Kind::Pages(pages) => return pages.write(invoice, compiled),
            Kind::JsonLines => format!("{}\n", documents::line(invoice, &compiled.plan, &compiled.source_map)),
            Kind::Lines(lines) => {
                let Some(lines) = lines else { return Ok(()) };
                for line in &invoice.lines {
                    lines.write(&RatedLine { invoice, line })?;
                }
                return Ok(());
            }
        };
        self.text(&text, shell)
    }

    fn finish(mut self, shell: &mut Shell) -> Result<(), Trouble> {
        std::mem::take(&mut self.books).finish()?;
        if let Some((_, lines)) = self.lines.take() {
            lines.finish()?;
        }
        if let Kind::Json(loaded, _) = &self.kind {
            let known = loaded.iter().flat_map(|loaded| &loaded.known);
            let heads: Vec<_> =
                known.map(|known| documents::head(&known.compiled.plan, &known.compiled.hash)).collect();
            let heads = serde_json::to_string(&heads).unwrap_or_default();
            self.text(&format!("\n],\"plans\":{heads}}}\n"), shell)?;
        }
        if let Kind::Lines(lines) = &mut self.kind
            && let Some(lines) = lines.take()
        {
            lines.finish()?;
        }
        if let Stream::File(path, mut file) = self.to {
            file.flush().map_err(|error| Trouble::write(&path, error))?;
        }
        Ok(())
    }
}

/// A table of lines in a file, in the format its name says.
fn lines_to(path: &str, currency: &Currency) -> Result<RatedLines<BufWriter<File>>, Trouble> {
    let format = table_format(path)?;
    let file = File::create(path).map_err(|error| Trouble::write(path, error))?;
    Ok(RatedLines::create(format, BufWriter::new(file), currency)?)
}

/// The format of a table by its file's name.
pub(super) fn table_format(path: &str) -> Result<OutputFormat, Trouble> {
    let extension = std::path::Path::new(path).extension().and_then(|e| e.to_str()).unwrap_or_default();
    OutputFormat::named(extension).ok_or_else(|| {
        Trouble::new("C046", format!("`{path}` does not say its format"))
            .help("name it NAME.csv, NAME.ndjson or NAME.parquet")
    })
}
