//! `price fmt`: files in their one form.

use crate::Exit;
use crate::args::{FmtArgs, ReportFormat};
use crate::output::{diff, report};
use crate::paths::count;
use crate::shell::Shell;
use crate::trouble::Trouble;
use crate::world::DiskWorld;
use price_diagnostics::{Diagnostic, FileId, Sources};
use price_driver::World as _;
use std::io::Read as _;

/// One file, for findings that keep it from being formatted.
struct One<'t> {
    name: &'t str,
    text: &'t str,
}

impl Sources for One<'_> {
    fn name(&self, _: FileId) -> &str {
        self.name
    }

    fn text(&self, _: FileId) -> &str {
        self.text
    }
}

pub fn run(args: &FmtArgs, format: ReportFormat, shell: &mut Shell) -> Result<Exit, Trouble> {
    if args.paths.iter().any(|path| path == "-") {
        if args.paths.len() > 1 {
            return Err(Trouble::new("C020", "`-` cannot be mixed with files").help("format standard input alone"));
        }
        return stdin(args, format, shell);
    }
    let world = DiskWorld::new();
    let files = files(&args.paths, &world)?;
    let (mut changed, mut faulty) = (0, 0);
    for path in &files {
        let name = world.display(path);
        let bytes = std::fs::read(path).map_err(|error| Trouble::read(&name, error))?;
        let Some(text) = decode(&name, bytes, format, shell) else {
            faulty += 1;
            continue;
        };
        match price_driver::format_text(&name, &text, args.realign) {
            Err(found) => {
                complain(&found, &name, &text, format, shell);
                faulty += 1;
            }
            Ok(after) if after == text => {}
            Ok(after) => {
                changed += 1;
                if args.diff {
                    shell.out(&diff::unified(&name, &text, &after, shell.paint()))?;
                }
                if args.check {
                    if !args.diff {
                        shell.out(&format!("{name}\n"))?;
                    }
                } else {
                    std::fs::write(path, after).map_err(|error| Trouble::write(&name, error))?;
                    shell.detail(format!("Formatted {name}"));
                }
            }
        }
    }
    let of = count(files.len(), "file");
    match (args.check, changed) {
        (_, 0) if faulty == 0 => {
            shell.note(format!("All of {of} {} formatted", if files.len() == 1 { "is" } else { "are" }))
        }
        (_, 0) => {}
        (true, n) => shell.note(format!("{n} of {of} would be formatted; run price fmt")),
        (false, n) => shell.note(format!("Formatted {n} of {of}")),
    }
    if faulty > 0 {
        shell.warn(format!("{} could not be formatted; mend the errors first", count(faulty, "file")));
    }
    Ok(if faulty > 0 || (args.check && changed > 0) { Exit::Findings } else { Exit::Clean })
}

fn stdin(args: &FmtArgs, format: ReportFormat, shell: &mut Shell) -> Result<Exit, Trouble> {
    let mut bytes = Vec::new();
    std::io::stdin().read_to_end(&mut bytes).map_err(|error| Trouble::read("-", error))?;
    let Some(text) = decode("-", bytes, format, shell) else { return Ok(Exit::Findings) };
    match price_driver::format_text("-", &text, args.realign) {
        Err(found) => {
            complain(&found, "-", &text, format, shell);
            Ok(Exit::Findings)
        }
        Ok(after) => {
            if args.diff {
                shell.out(&diff::unified("-", &text, &after, shell.paint()))?;
            } else if !args.check {
                shell.out(&after)?;
            }
            Ok(if args.check && after != text { Exit::Findings } else { Exit::Clean })
        }
    }
}

fn decode(name: &str, bytes: Vec<u8>, format: ReportFormat, shell: &mut Shell) -> Option<String> {
    match price_driver::decode(bytes) {
        Ok(text) => Some(text),
        Err(finding) => {
            complain(&[*finding], name, "", format, shell);
            None
        }
    }
}

/// Findings go to standard error: standard output may be the formatted text.
fn complain(found: &[Diagnostic], name: &str, text: &str, format: ReportFormat, shell: &mut Shell) {
    shell.complain(&report::render(found, &One { name, text }, format, shell.err_paint().is_on()));
}

/// The sources at these paths, sorted within each.
fn files(paths: &[String], world: &DiskWorld) -> Result<Vec<String>, Trouble> {
    let here = [".".to_owned()];
    let paths = if paths.is_empty() { &here[..] } else { paths };
    let mut files = Vec::new();
    for path in paths {
        let at = world.absolute(path);
        if world.is_file(&at) {
            files.push(at);
        } else if world.is_dir(&at) {
            files.extend(
                world
                    .sources(&at)
                    .map_err(|cause| Trouble::from(price_driver::LoadError::Read { path: path.clone(), cause }))?,
            );
        } else {
            return Err(price_driver::LoadError::Missing { path: path.clone() }.into());
        }
    }
    files.dedup();
    Ok(files)
}
