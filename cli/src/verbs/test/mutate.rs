//! `price test --mutate`: which small faults no test notices.

use super::place;
use crate::Exit;
use crate::args::{ReportFormat, TestArgs};
use crate::paths::count;
use crate::shell::Shell;
use crate::trouble::Trouble;
use indicatif::{ProgressBar, ProgressStyle};
use price_diagnostics::FileId;
use price_driver::{Mutant, Workspace, mutate};
use price_ir::KernelFactory;
use serde_json::json;
use std::sync::Arc;

pub fn run(
    args: &TestArgs,
    format: ReportFormat,
    workspace: &mut Workspace,
    shell: &mut Shell,
) -> Result<Exit, Trouble> {
    let files: Vec<FileId> = workspace.given().map(|(file, _)| file).collect();
    let engine: Arc<dyn KernelFactory> = Arc::new(price_interp::InterpFactory);
    let bar = if shell.is_quiet() { ProgressBar::hidden() } else { ProgressBar::new(0) };
    bar.set_style(
        ProgressStyle::with_template("{pos}/{len} faults tried {wide_bar}").unwrap_or(ProgressStyle::default_bar()),
    );
    let (mut tried, mut survivors): (usize, Vec<Mutant>) = (0, Vec::new());
    for file in files {
        let most = args.mutants as usize;
        let made = mutate(workspace, file, &engine, most, &mut |at, of| {
            bar.set_length(of as u64);
            bar.set_position(at as u64);
        });
        tried += made.tried;
        survivors.extend(made.survivors);
    }
    bar.finish_and_clear();
    match format {
        ReportFormat::Json | ReportFormat::JsonLines => {
            let one = |mutant: &Mutant| json!({ "at": place(workspace, mutant.span), "kind": mutant.kind, "before": mutant.before, "after": mutant.after });
            let all: Vec<_> = survivors.iter().map(one).collect();
            shell.out(&format!("{}\n", json!({ "format_version": "1.0", "tried": tried, "survivors": all })))?;
        }
        _ => {
            let paint = shell.paint();
            for mutant in &survivors {
                let first = mutant.before.lines().next().unwrap_or_default();
                let said = match mutant.after.as_str() {
                    "" => format!("without `{first}`"),
                    after => format!("`{after}` instead of `{first}`"),
                };
                shell.out(&format!(
                    "  {} {said}  {}\n",
                    paint.warn("unnoticed"),
                    paint.dim(place(workspace, mutant.span))
                ))?;
            }
        }
    }
    let noticed = tried - survivors.len();
    shell.note(format!("{}: {noticed} noticed, {} not", count(tried, "fault"), survivors.len()));
    Ok(if survivors.is_empty() { Exit::Clean } else { Exit::Findings })
}
