//! `price doc`: a rate card, plan or contract as a page, or as an order form.

use crate::Exit;
use crate::args::{DocArgs, ReportFormat};
use crate::output::{order_form, report, sheet_html};
use crate::paths;
use crate::shell::Shell;
use crate::trouble::Trouble;
use price_documents::order::html;
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
    let as_pdf = args.output.as_deref().is_some_and(|path| path.to_ascii_lowercase().ends_with(".pdf"));
    let made = match (args.order_form, as_pdf) {
        (false, false) => sheet_html::page(&sheet, &compiled.plan.currency, !args.no_pictures).into_bytes(),
        (false, true) => {
            return Err(Trouble::new("C097", "this page is written as HTML")
                .help("name it `.html` and print it from a browser; `--order-form` writes a PDF"));
        }
        (true, false) => html(&order_form::form(&sheet, &compiled.plan)).into_bytes(),
        (true, true) => price_pdf::order_form(&order_form::form(&sheet, &compiled.plan))
            .map_err(|error| Trouble::new("C001", "the PDF cannot be drawn").cause(error))?,
    };
    match &args.output {
        Some(path) => {
            std::fs::write(path, made).map_err(|error| Trouble::write(path, error))?;
            shell.note(format!("Wrote {path}"));
        }
        None => shell.out(&String::from_utf8_lossy(&made))?,
    }
    Ok(Exit::Clean)
}
