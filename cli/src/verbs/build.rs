//! `price build`: a plan as a file that needs no source, or what the compiler knows about it.

use crate::Exit;
use crate::args::{BuildArgs, ReportFormat, Show};
use crate::events::plan;
use crate::paths::{self, count};
use crate::shell::Shell;
use crate::trouble::Trouble;
use price_driver::{Compiled, Known};
use price_ir::scale;
use price_value::Date;

pub fn run(args: &BuildArgs, format: ReportFormat, shell: &mut Shell) -> Result<Exit, Trouble> {
    let Some((mut compiled, since)) = compiled(args, format, shell)? else { return Ok(Exit::Findings) };
    if let (None, Some(day)) = (args.show, since) {
        shell.note(format!("The file holds what is known since {day}: rated with it, no period is restated"));
    }
    if args.without_source {
        compiled.source_map.files.clear();
    }
    match args.show {
        Some(Show::Ir) => shell.out(&price_ir::text::print(&compiled.plan))?,
        Some(Show::Layout) => return layout(&compiled, shell),
        None => write(args, &compiled, shell)?,
    }
    Ok(Exit::Clean)
}

/// The plan with the files it is written in, and since when that is known. Nothing, if findings were printed.
fn compiled(
    args: &BuildArgs,
    format: ReportFormat,
    shell: &mut Shell,
) -> Result<Option<(Compiled, Option<Date>)>, Trouble> {
    if args.file.ends_with(".pricec") {
        let loaded = plan::load_one(&args.file, args.subject.as_deref(), format, shell)?;
        return Ok(loaded.map(|loaded| (loaded.compiled().clone(), None)));
    }
    let workspace = paths::load(std::slice::from_ref(&args.file))?;
    let subject = workspace.subject(args.subject.as_deref())?;
    let Some(mut loaded) = plan::compile(&workspace, &subject, format, shell)? else { return Ok(None) };
    let Some(Known { since, mut compiled }) = loaded.known.pop() else { return Ok(None) };
    let files = workspace.files_of(&subject, &compiled);
    if !args.without_source && args.show.is_none() && !files.left_out.is_empty() {
        shell.note(format!("There is no room for the source of {}", files.left_out.join(", ")));
    }
    compiled.source_map.files = files.carried;
    Ok(Some((compiled, since)))
}

fn layout(compiled: &Compiled, shell: &mut Shell) -> Result<Exit, Trouble> {
    match scale::layout(&compiled.plan) {
        Ok(layout) => {
            shell.out(&layout.to_string())?;
            Ok(Exit::Clean)
        }
        Err(problems) => {
            for problem in problems {
                shell.out(&format!("{problem}\n"))?;
            }
            Ok(Exit::Findings)
        }
    }
}

fn write(args: &BuildArgs, compiled: &Compiled, shell: &mut Shell) -> Result<(), Trouble> {
    let bytes = price_driver::artefact(compiled)?;
    let key = args.sign.as_deref().map(price_server::publishers::read).transpose()?;
    let bytes = match &key {
        Some(key) => price_ir::signature::sign(&bytes, key),
        None => bytes,
    };
    let path = args.output.clone().unwrap_or_else(|| {
        let folder = std::path::Path::new(&args.file).parent().unwrap_or(std::path::Path::new(""));
        folder.join(format!("{}.pricec", compiled.plan.name)).display().to_string()
    });
    // A reader never sees half a file: it is written beside its place and moved there.
    let beside = format!("{path}.part");
    std::fs::write(&beside, &bytes).map_err(|error| Trouble::write(&path, error))?;
    std::fs::rename(&beside, &path).map_err(|error| Trouble::write(&path, error))?;
    shell.note(format!(
        "Built {} ({}, meaning {}) into {path}",
        compiled.plan.name,
        count(bytes.len(), "byte"),
        compiled.hash.short()
    ));
    if let Some(key) = key {
        shell.note(format!("Signed with {}", key.public()));
    }
    Ok(())
}
