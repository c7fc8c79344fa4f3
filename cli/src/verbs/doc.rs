//! `price doc`: a rate card, plan or contract as a page.

use crate::Exit;
use crate::args::{DocArgs, ReportFormat};
use crate::output::{report, sheet_html};
use crate::paths;
use crate::shell::Shell;
use crate::trouble::Trouble;
use price_driver::SubjectError;

pub fn run(args: &DocArgs, format: ReportFormat, shell: &mut Shell) -> Result<Exit, Trouble> {
    let workspace = paths::load(std::slice::from_ref(&args.file))?;
    let subject = workspace.subject(args.subject.as_deref())?;
    let made = workspace.sheet(&subject).and_then(|sheet| Ok((sheet, workspace.compile(&subject)?)));
    let (sheet, compiled) = match made {
        Ok(made) => made,
        Err(SubjectError::Faulty { name, diagnostics }) => {
            shell.complain(&report::render(&diagnostics, &workspace, format, shell.err_paint().is_on()));
            shell.complain(&format!("`{name}` has errors and cannot be shown\n"));
            return Ok(Exit::Findings);
        }
        Err(error) => return Err(error.into()),
    };
    let page = sheet_html::page(&sheet, &compiled.plan.currency, !args.no_pictures);
    match &args.output {
        Some(path) => {
            std::fs::write(path, page).map_err(|error| Trouble::write(path, error))?;
            shell.note(format!("Wrote {path}"));
        }
        None => shell.out(&page)?,
    }
    Ok(Exit::Clean)
}
