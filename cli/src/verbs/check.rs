//! `price check`: every finding of every file, in the format asked for.

use crate::Exit;
use crate::args::{CheckArgs, ReportFormat};
use crate::config::Config;
use crate::output::report;
use crate::paths::{self, count};
use crate::shell::Shell;
use crate::trouble::Trouble;
use price_diagnostics::render::Counts;
use price_value::{Date, Timestamp, Zone};
use std::time::Instant;

pub fn run(args: &CheckArgs, format: ReportFormat, config: &Config, shell: &mut Shell) -> Result<Exit, Trouble> {
    let started = Instant::now();
    let mut workspace = paths::load(&args.paths)?;
    workspace.set_today(args.today.unwrap_or_else(today));
    let found = workspace.check();
    match &args.output_file {
        Some(path) => {
            let text = report::render(&found, &workspace, format, false);
            std::fs::write(path, text).map_err(|error| Trouble::write(path, error))?;
        }
        None => report::print(&found, &workspace, format, shell)?,
    }
    let counts = Counts::of(&found);
    let files = count(workspace.own().count(), "file");
    let took = started.elapsed().as_secs_f64();
    shell.note(format!("Checked {files} in {took:.2}s{}", tail(counts, shell)));
    let strict = args.error_on_warning || config.error_on_warning;
    let bad = counts.errors > 0 || (strict && counts.warnings > 0);
    Ok(if bad && !args.exit_zero { Exit::Findings } else { Exit::Clean })
}

/// The only verb that looks at the calendar: it decides no amount.
pub fn today() -> Date {
    let since = std::time::SystemTime::now().duration_since(std::time::UNIX_EPOCH).unwrap_or_default();
    Zone::utc().local(Timestamp(i64::try_from(since.as_nanos()).unwrap_or(i64::MAX))).0
}

/// `: 2 errors, 1 warning`.
fn tail(counts: Counts, shell: &Shell) -> String {
    let paint = shell.err_paint();
    let mut parts = Vec::new();
    if counts.errors > 0 {
        parts.push(paint.bad(count(counts.errors, "error")));
    }
    if counts.warnings > 0 {
        parts.push(paint.warn(count(counts.warnings, "warning")));
    }
    if parts.is_empty() { String::new() } else { format!(": {}", parts.join(", ")) }
}
