//! `price fix`: applies the fixes that are certain.

use crate::Exit;
use crate::args::FixArgs;
use crate::output::diff;
use crate::paths::{self, count};
use crate::shell::Shell;
use crate::trouble::Trouble;
use price_diagnostics::render::Counts;

pub fn run(args: &FixArgs, shell: &mut Shell) -> Result<Exit, Trouble> {
    let mut workspace = paths::load(&args.paths)?;
    let mended = price_driver::fix(&mut workspace);
    let mut fixes = 0;
    for file in &mended {
        let source = workspace.source(file.file);
        fixes += file.fixes.len();
        if args.dry_run {
            shell.out(&diff::unified(&source.name, &file.before, &file.after, shell.paint()))?;
            continue;
        }
        std::fs::write(&source.path, &file.after).map_err(|error| Trouble::write(&source.name, error))?;
        for (code, title) in &file.fixes {
            shell.out(&format!("{}: {code} {title}\n", source.name))?;
        }
    }
    let done = if args.dry_run { "Would apply" } else { "Applied" };
    let summary = match fixes {
        0 => "Nothing to fix with certainty".to_owned(),
        _ => format!("{done} {} in {}", plural(fixes), count(mended.len(), "file")),
    };
    let left = Counts::of(&workspace.check());
    let rest = match (left.errors, left.warnings) {
        (0, 0) => String::new(),
        (errors, 0) => format!("; {} left, run price check", count(errors, "error")),
        (0, warnings) => format!("; {} left, run price check", count(warnings, "warning")),
        (errors, warnings) => {
            format!("; {} and {} left, run price check", count(errors, "error"), count(warnings, "warning"))
        }
    };
    shell.note(format!("{summary}{rest}"));
    Ok(if left.errors > 0 { Exit::Findings } else { Exit::Clean })
}

fn plural(fixes: usize) -> String {
    if fixes == 1 { "1 fix".to_owned() } else { format!("{fixes} fixes") }
}
