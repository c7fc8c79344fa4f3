//! `price version`.

use crate::Exit;
use crate::args::ReportFormat;
use crate::shell::Shell;
use crate::trouble::Trouble;

pub fn run(format: ReportFormat, shell: &mut Shell) -> Result<Exit, Trouble> {
    let version = env!("CARGO_PKG_VERSION");
    match format {
        ReportFormat::Json | ReportFormat::JsonLines => {
            let artefact = price_ir::artefact::FORMAT;
            shell.out(&format!(
                "{{\"artefact_format\":{artefact},\"format_version\":\"1.0\",\"name\":\"price\",\"version\":\"{version}\"}}\n"
            ))?;
        }
        _ => shell.out(&format!("price {version}\n"))?,
    }
    Ok(Exit::Clean)
}
