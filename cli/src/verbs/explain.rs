//! `price explain`: the page of a code, or the way to an amount.

use crate::Exit;
use crate::args::{ExplainArgs, ReportFormat, UsageArgs};
use crate::events::plan;
use crate::events::progress::Bar;
use crate::events::rejects::Rejects;
use crate::events::run::{self, Pass};
use crate::events::{inputs, span};
use crate::output::{explanation, money, order};
use crate::shell::Shell;
use crate::trouble::Trouble;
use price_diagnostics::codes;
use price_driver::Compiled;
use price_ingest::Part;
use price_ir::kernel::TAKEN;
use price_ir::{Charge, DimensionKind, Invoice, InvoiceLine, MapOut, Plan, SinkIx};
use price_value::{Period, Rational, Timestamp};
use std::collections::BTreeSet;

/// Events that are listed; the rest is counted.
const EVENTS: usize = 200;

pub fn run(args: &ExplainArgs, format: ReportFormat, shell: &mut Shell) -> Result<Exit, Trouble> {
    if is_code(&args.target) {
        return page(&args.target.to_ascii_uppercase(), shell);
    }
    if args.order {
        let loaded = plan::load_one(&args.target, args.usage.subject.as_deref(), format, shell)?;
        let Some(loaded) = loaded else { return Ok(Exit::Findings) };
        shell.out(&order::render(loaded.compiled()))?;
        return Ok(Exit::Clean);
    }
    if args.events.is_empty() {
        return Err(Trouble::new("C060", "explaining a line needs usage")
            .help("add `--events USAGE --account ACCOUNT --in 2026-03`, or give a code such as P104"));
    }
    lines(args, &args.usage, format, shell)
}

/// A letter and three digits.
fn is_code(text: &str) -> bool {
    let bytes = text.as_bytes();
    bytes.len() == 4 && bytes[0].is_ascii_alphabetic() && bytes[1..].iter().all(u8::is_ascii_digit)
}

fn page(code: &str, shell: &mut Shell) -> Result<Exit, Trouble> {
    let Some(info) = codes::find(code) else {
        let near = codes::CODES
            .iter()
            .map(|info| (strsim::damerau_levenshtein(code, info.code), info.code))
            .min()
            .filter(|(distance, _)| *distance == 1);
        let trouble = Trouble::new("C061", format!("there is no page for `{code}`"));
        return Err(match near {
            Some((_, near)) => trouble.help(format!("did you mean `{near}`?")),
            None if code.starts_with('C') => trouble.help("errors of the program say what they mean where they appear"),
            None => trouble.help("codes of findings begin with P, as in P104"),
        });
    };
    let paint = shell.paint();
    let mut text = String::new();
    for line in info.page.lines() {
        match line.strip_prefix("# ").or_else(|| line.strip_prefix("## ")) {
            Some(heading) if paint.is_on() => text.push_str(&paint.bold(heading)),
            _ => text.push_str(line),
        }
        text.push('\n');
    }
    shell.out(&text)?;
    Ok(Exit::Clean)
}

fn lines(args: &ExplainArgs, usage: &UsageArgs, format: ReportFormat, shell: &mut Shell) -> Result<Exit, Trouble> {
    let days = usage.span.as_deref().map(span::parse).transpose()?;
    let Some(loaded) = plan::load_one(&args.target, usage.subject.as_deref(), format, shell)? else {
        return Ok(Exit::Findings);
    };
    let compiled = loaded.compiled();
    check_name(args.line.as_deref(), &compiled.plan)?;
    let subscriptions = usage.subscriptions.as_deref().map(run::read_subscriptions).transpose()?;
    let names = inputs::names(&args.events)?;
    let mut kept: Vec<(Part, Vec<String>)> = Vec::new();
    let keep = args.events_behind;
    let mut rejects = Rejects::create(None, 1)?;
    let mut bar = Bar::new(!usage.no_progress && !shell.is_quiet());
    let pass = Pass {
        known: &loaded.known,
        args: usage,
        names: &names,
        subscriptions,
        elsewhere: BTreeSet::new(),
        foreign: BTreeSet::new(),
        ordered: keep,
        share: None,
    };
    let mut rated = run::rate(&pass, &mut rejects, &mut bar, &mut |rater, _, part, accounts| {
        if keep {
            let billed = accounts.iter().map(|account| rater.billed_name(price_rating::SubjectIx(*account)).to_owned());
            kept.push((part.clone(), billed.collect()));
        }
        Ok(())
    })?;
    let due = rated.due(usage, days);
    let subjects: BTreeSet<&str> = due.iter().map(|(subject, _)| subject.as_str()).collect();
    if subjects.is_empty() {
        return Err(Trouble::new("C062", "nothing is due for this account in this time")
            .help("check `--account` and `--in`; without them everything is billed")
            .finding());
    }
    if subjects.len() > 1 {
        let some: Vec<&str> = subjects.iter().take(5).copied().collect();
        return Err(Trouble::new("C063", format!("the usage is of {} accounts", subjects.len()))
            .help(format!("choose one with `--account`: {}", some.join(", "))));
    }
    let paint = shell.paint();
    let mut shown = 0;
    for (subject, period) in due {
        let closed = rated.close(&subject, &period).map_err(|error| {
            Trouble::new("C064", format!("there is no invoice of {subject} for {period}")).cause(error).finding()
        })?;
        let (invoice, compiled) = (closed.0, &loaded.known[closed.1].compiled);
        let wanted: Vec<&InvoiceLine> =
            invoice.lines.iter().filter(|line| args.line.as_ref().is_none_or(|name| *name == line.name)).collect();
        if wanted.is_empty() {
            continue;
        }
        shell.out(&format!(
            "{}\n",
            paint.dim(format!("{}  {period}  {}", money::plain(&subject), title(&compiled.plan)))
        ))?;
        for line in wanted {
            shown += 1;
            let text = explanation::render(
                &price_driver::explain(&compiled.plan, &compiled.source_map, line),
                &compiled.plan.currency,
                paint,
            );
            shell.out(&text)?;
            if args.events_behind {
                let behind = Behind {
                    rater: rated.rater(),
                    compiled,
                    period: line.corrects.as_ref().unwrap_or(&period),
                    subject: &subject,
                };
                shell.out(&behind.text(line, &mut kept, &names)?)?;
            }
            shell.out("\n")?;
        }
        allowances(&invoice, shell)?;
    }
    if shown == 0 {
        let line = args.line.as_deref().unwrap_or_default();
        shell.note(format!("`{line}` is not on the invoice: nothing was used and nothing is charged"));
        return Ok(Exit::Findings);
    }
    Ok(Exit::Clean)
}

fn title(plan: &Plan) -> String {
    plan.version.map_or(plan.name.clone(), |version| format!("{} version {version}", plan.name))
}

fn allowances(invoice: &Invoice, shell: &mut Shell) -> Result<(), Trouble> {
    let paint = shell.paint();
    for allowance in &invoice.allowances {
        let all = &allowance.granted + &allowance.carried_in;
        let text = format!(
            "allowance {}: {} of {} {} used",
            allowance.name,
            money::quantity(&allowance.used),
            money::quantity(&all),
            allowance.unit
        );
        shell.out(&format!("{}\n", paint.dim(text)))?;
    }
    Ok(())
}

fn check_name(line: Option<&str>, plan: &Plan) -> Result<(), Trouble> {
    let Some(name) = line else { return Ok(()) };
    let known: Vec<&str> =
        plan.lines.iter().map(|l| l.name.as_str()).chain(plan.clamps.iter().map(|c| c.name.as_str())).collect();
    if known.contains(&name) {
        return Ok(());
    }
    let near = known.iter().map(|k| (strsim::damerau_levenshtein(name, k), *k)).min();
    let help = match near {
        Some((distance, near)) if distance <= 2 => format!("did you mean `{near}`?"),
        _ => format!("its lines are {}", known.join(", ")),
    };
    Err(Trouble::new("C065", format!("`{}` has no line `{name}`", plan.name)).help(help))
}

/// The events behind a line.
struct Behind<'r> {
    rater: &'r mut price_rating::Rater,
    compiled: &'r Compiled,
    period: &'r Period,
    subject: &'r str,
}

impl Behind<'_> {
    fn text(self, line: &InvoiceLine, kept: &mut [(Part, Vec<String>)], names: &[String]) -> Result<String, Trouble> {
        let plan = self.compiled.plan.clone();
        let declared = plan.lines.iter().find(|l| l.name == line.name);
        let sink = match declared.map(|l| &l.charge) {
            Some(Charge::Usage(usage)) => usage.sink,
            Some(Charge::Events(sink)) => *sink,
            _ => return Ok("  no single events are behind this line\n".to_owned()),
        };
        let of = &plan.sinks[sink.ix()];
        let kernel = self.rater.kernel().clone();
        let mut out = format!("  events behind {}:\n", line.name);
        let (mut shown, mut all) = (0, 0);
        let mut map = MapOut::default();
        for (part, billed) in kept.iter_mut().filter(|(part, _)| part.batch.event == of.event) {
            self.rater.fill_calendars(&mut part.batch);
            let regimes = vec![0; part.batch.rows];
            kernel.map(sink, &part.batch, &regimes, &mut map);
            let entries = map.status.len().checked_div(part.batch.rows).unwrap_or(0);
            for (row, subject) in billed.iter().enumerate().take(part.batch.rows) {
                let at = Timestamp(part.batch.happened[row]);
                let mine = *subject == self.subject && at < self.period.end;
                let taken = (row * entries..(row + 1) * entries).filter(|e| map.status[*e] == TAKEN);
                let taken: Vec<usize> = taken.collect();
                // Levels hold on: what happened before the period may still count in it.
                if !mine || taken.is_empty() || (at < self.period.start && !held(&plan, sink)) {
                    continue;
                }
                all += 1;
                if shown == EVENTS {
                    continue;
                }
                shown += 1;
                let file = names.get(part.files[row] as usize).map_or("", String::as_str);
                let id = if part.ids.is_empty() { String::new() } else { money::plain(part.ids.get(row)) };
                let value: Rational = taken.iter().map(|e| Rational::from(map.value[*e]) * &of.quantum).sum();
                let label = cell_label(&plan, sink, map.cell[taken[0]]);
                out.push_str(&format!(
                    "    {at}  {} {}  {label}{id}  {file}:{}\n",
                    money::right(&money::quantity(&value), 14),
                    of.unit,
                    part.lines[row]
                ));
            }
        }
        if all > shown {
            out.push_str(&format!("    and {}\n", crate::paths::count(all - shown, "more event")));
        }
        Ok(out)
    }
}

/// Whether a meter keeps levels.
fn held(plan: &Plan, sink: SinkIx) -> bool {
    use price_ir::{Fold, Held};
    matches!(
        plan.sinks[sink.ix()].fold,
        Fold::Last(_) | Fold::Average(_) | Fold::Max(_, Held::Level) | Fold::Min(_, Held::Level)
    )
}

/// `eu, plus  ` for a cell; nothing where there is only one.
fn cell_label(plan: &Plan, sink: SinkIx, cell: u32) -> String {
    let keys = plan.sinks[sink.ix()].keys.iter().filter(|key| key.in_cell);
    let dimensions: Vec<_> = keys
        .map(|key| &plan.dimensions[key.dim.ix()])
        .filter(|dimension| !matches!(dimension.kind, DimensionKind::Open { .. }))
        .collect();
    let mut rest = cell as usize;
    let mut labels = Vec::new();
    for dimension in dimensions.iter().rev() {
        let size = dimension.labels.len().max(1);
        labels.push(dimension.labels.get(rest % size).map_or("", String::as_str));
        rest /= size;
    }
    labels.reverse();
    if labels.is_empty() { String::new() } else { format!("{}  ", labels.join(", ")) }
}
