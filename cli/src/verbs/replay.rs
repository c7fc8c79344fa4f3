//! `price replay`: what customers would have paid, under a plan that is not in force.

mod report;
mod state;

use crate::Exit;
use crate::args::{DiffFormat, ReplayArgs, ReportFormat};
use crate::events::bills::{Bills, History, Share, Side};
use crate::events::plan;
use crate::paths;
use crate::shell::Shell;
use crate::trouble::Trouble;
use price_driver::{Known, Workspace};
use price_value::Currency;
use state::{Done, State};
use std::time::Instant;

/// A plan that the usage is rated by.
struct Candidate {
    name: &'static str,
    known: Vec<Known>,
}

/// What a replay found.
pub struct Found {
    /// Under both plans; the old side is empty where there is none.
    pub bills: Bills,
    /// Whether there is an old side.
    pub compared: bool,
    /// Currency of the amounts.
    pub currency: Currency,
    /// Events that were rated by the candidate.
    pub rated: u64,
}

pub fn run(args: &ReplayArgs, format: ReportFormat, shell: &mut Shell) -> Result<Exit, Trouble> {
    let started = Instant::now();
    let subject = args.usage.subject.as_deref();
    let mut sides = Vec::new();
    let before = match (&args.against, &args.since) {
        (Some(file), None) => plan::load_one(file, subject, format, shell)?.map(|loaded| Some(loaded.known)),
        (None, Some(revision)) => {
            let workspace: Workspace = paths::load_at(revision, &args.file)?;
            let named = workspace.subject(subject)?;
            plan::compile(&workspace, &named, format, shell)?.map(|loaded| Some(loaded.known))
        }
        _ => Some(None),
    };
    let Some(before) = before else { return Ok(Exit::Findings) };
    sides.extend(before.map(|known| Candidate { name: "old", known }));
    let Some(loaded) = plan::load_one(&args.file, subject, format, shell)? else { return Ok(Exit::Findings) };
    let currency = loaded.compiled().plan.currency.clone();
    sides.push(Candidate { name: "new", known: loaded.known });
    if sides.iter().any(|side| side.known.iter().any(|known| known.compiled.plan.currency != currency)) {
        return Err(Trouble::new("C132", "the two plans are in different currencies")
            .help("replay each alone, and compare what `--accounts` writes"));
    }

    let history = History::new(&args.events, &args.usage)?;
    let print = state::print(&history, args.parts, sides.iter().map(|side| (side.name, side.known.as_slice())))?;
    let mut state = State::open(args.state.as_deref(), &print)?;
    if state.len() > 0 {
        shell.note(format!("{} done before", paths::count(state.len(), "part")));
    }
    let (mut totals, mut rated) = (Vec::new(), 0);
    for side in &sides {
        let mut whole = Side::default();
        for at in 0..args.parts {
            let found = match state.take(side.name, at) {
                Some(done) => done.side,
                None => {
                    let share = (args.parts > 1).then_some(Share { at, of: args.parts });
                    if args.parts > 1 {
                        shell.detail(format!("{}: part {} of {}", side.name, at + 1, args.parts));
                    }
                    let side_of = history.rate(&side.known, share)?;
                    state.put(&Done { name: side.name.to_owned(), at, side: side_of.clone() })?;
                    side_of
                }
            };
            whole.add(found);
        }
        rated = whole.rated;
        totals.push(whole);
    }
    let compared = totals.len() > 1;
    let new = totals.pop().unwrap_or_default();
    let bills = Bills::of(totals.pop().unwrap_or_default(), new);
    let found = Found { bills, compared, currency, rated };
    if let Some(path) = &args.accounts {
        let text = report::csv(&found)?;
        std::fs::write(path, text).map_err(|error| Trouble::write(path, error))?;
        shell.note(format!("Wrote {path}"));
    }
    let text = match args.format {
        DiffFormat::Pretty => report::pretty(&found, shell.paint()),
        DiffFormat::Markdown => report::markdown(&found),
        DiffFormat::Json => format!("{}\n", report::json(&found)),
    };
    shell.out(&text)?;
    shell.flush()?;
    let events = price_value::currency::group(&rated.to_string());
    let accounts = paths::count(found.bills.accounts.len(), "account");
    shell.note(format!("Replayed {events} events of {accounts} in {:.2}s", started.elapsed().as_secs_f64()));
    Ok(Exit::Clean)
}
