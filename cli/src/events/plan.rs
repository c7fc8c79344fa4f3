//! The plan to rate with: compiled from source, or loaded from a `.pricec` file.

use crate::args::ReportFormat;
use crate::output::report;
use crate::paths;
use crate::shell::Shell;
use crate::trouble::Trouble;
use price_diagnostics::Severity;
use price_driver::{Compiled, Known, Subject, SubjectError, Workspace};
use std::fs::File;
use std::sync::Arc;

/// A plan as it was known from the start, and again from each day on which more came to be known.
pub struct Loaded {
    /// In order of days; at least one.
    pub known: Vec<Known>,
}

impl Loaded {
    /// The plan as it is known.
    pub fn compiled(&self) -> &Compiled {
        &self.known[self.known.len() - 1].compiled
    }
}

/// Loads one plan. Nothing, if findings that were printed keep it from being compiled.
pub fn load_one(
    file: &str,
    subject: Option<&str>,
    format: ReportFormat,
    shell: &mut Shell,
) -> Result<Option<Loaded>, Trouble> {
    if file.ends_with(".pricec") {
        return artefact(file, subject).map(Some);
    }
    let workspace = paths::load(&[file.to_owned()])?;
    let subject = workspace.subject(subject)?;
    compile(&workspace, &subject, format, shell)
}

/// Loads the plans called `names`, or the one that `subject` or the file itself says.
pub fn load_all(
    file: &str,
    names: &[String],
    subject: Option<&str>,
    format: ReportFormat,
    shell: &mut Shell,
) -> Result<Option<Vec<Loaded>>, Trouble> {
    if file.ends_with(".pricec") || names.is_empty() || subject.is_some() {
        return Ok(load_one(file, subject, format, shell)?.map(|loaded| vec![loaded]));
    }
    let workspace = paths::load(&[file.to_owned()])?;
    let mut all = Vec::new();
    for name in names {
        let subject = workspace.subject(Some(name))?;
        match compile(&workspace, &subject, format, shell)? {
            Some(loaded) => all.push(loaded),
            None => return Ok(None),
        }
    }
    Ok(Some(all))
}

/// Compiles a subject. Nothing, if findings that were printed keep it from being compiled.
pub fn compile(
    workspace: &Workspace,
    subject: &Subject,
    format: ReportFormat,
    shell: &mut Shell,
) -> Result<Option<Loaded>, Trouble> {
    match workspace.compile_known(subject) {
        Ok(known) => {
            if shell.is_verbose() {
                let warnings = workspace.check().iter().filter(|d| d.severity == Severity::Warning).count();
                shell.detail(format!("{}; price check shows them", paths::count(warnings, "warning")));
            }
            Ok(Some(Loaded { known }))
        }
        Err(SubjectError::Faulty { name, diagnostics }) => {
            shell.complain(&report::render(&diagnostics, workspace, format, shell.err_paint().is_on()));
            shell.complain(&format!("`{name}` has errors and cannot be used\n"));
            Ok(None)
        }
        Err(error) => Err(error.into()),
    }
}

fn artefact(path: &str, subject: Option<&str>) -> Result<Loaded, Trouble> {
    let file = File::open(path).map_err(|error| Trouble::read(path, error))?;
    let artefact = price_ir::artefact::read(file)?;
    if let Some(asked) = subject.filter(|asked| asked.split('@').next() != Some(artefact.plan.name.as_str())) {
        let message = format!("`{path}` holds `{}`, not `{asked}`", artefact.plan.name);
        return Err(Trouble::new("C041", message).help("a compiled file holds one plan; leave out `--for`"));
    }
    let compiled = Compiled { plan: Arc::new(artefact.plan), source_map: artefact.source_map, hash: artefact.hash };
    Ok(Loaded { known: vec![Known { since: None, compiled }] })
}
