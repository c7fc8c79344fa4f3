//! `price plot`: what a price costs against usage, as a picture.

use crate::Exit;
use crate::args::{PlotArgs, PlotView, ReportFormat};
use crate::events::plan;
use crate::output::curves::{self, Found};

use crate::shell::Shell;
use crate::trouble::Trouble;
use price_plot::{Chart, Series, View};

/// Prices that one picture holds.
const SERIES: usize = 6;
/// Size of an SVG in pixels.
const SIZE: (u32, u32) = (860, 480);
/// Rows of a chart on a terminal.
const ROWS: usize = 16;

pub fn run(args: &PlotArgs, format: ReportFormat, shell: &mut Shell) -> Result<Exit, Trouble> {
    let Some(now) = plan::load_one(&args.file, args.subject.as_deref(), format, shell)? else {
        return Ok(Exit::Findings);
    };
    let now = now.compiled().plan.clone();
    let before = match &args.against {
        Some(file) => match plan::load_one(file, args.subject.as_deref(), format, shell)? {
            Some(loaded) => Some(loaded.compiled().plan.clone()),
            None => return Ok(Exit::Findings),
        },
        None => None,
    };
    let line = match &args.line {
        Some(line) => line.clone(),
        None => curves::only_line(&now)?,
    };
    let (meter, unit) = curves::meter_of(&now, &line)?;
    let wanted = curves::labels(&args.only)?;
    let named = |side: &str, found: Vec<Found>| -> Vec<Series> {
        let label = |cells: &str| match (side, cells) {
            ("", "") => line.clone(),
            ("", cells) => cells.to_owned(),
            (side, "") => side.to_owned(),
            (side, cells) => format!("{side}: {cells}"),
        };
        found.into_iter().map(|found| Series { label: label(&found.cells), curve: found.curve }).collect()
    };
    let found = curves::of_plan(&now, &line, &meter, &wanted, args.on)?;
    let series: Vec<Series> = match &before {
        Some(before) => {
            let old = curves::of_plan(before, &line, &meter, &wanted, args.on)?;
            named("old", old).into_iter().chain(named("new", found)).collect()
        }
        None => named("", found),
    };
    if series.len() > SERIES {
        let shown: Vec<&str> = series.iter().take(4).map(|series| series.label.as_str()).collect();
        return Err(Trouble::new("C094", format!("{} prices do not fit into one picture", series.len()))
            .help(format!("choose some with `--only`, for example of {}", shown.join("; "))));
    }
    let up_to = match &args.up_to {
        Some(text) => Some(curves::bound(text)?),
        None => None,
    };
    let view = match args.view {
        PlotView::Total => View::Total,
        PlotView::Marginal => View::Marginal,
        PlotView::Average => View::Average,
    };
    let chart = Chart { title: line.clone(), unit, currency: now.currency.clone(), view, series, up_to };
    match &args.output {
        Some(path) => {
            let drawn = match path.ends_with(".png") {
                true => price_plot::png(&chart, SIZE.0, SIZE.1),
                false => price_plot::svg(&chart, SIZE.0, SIZE.1).map(String::into_bytes),
            };
            let drawn = drawn.map_err(|error| Trouble::new("C095", error.to_string()))?;
            std::fs::write(path, drawn).map_err(|error| Trouble::write(path, error))?;
            shell.note(format!("Wrote {path}"));
        }
        None => {
            let columns = shell.width().saturating_sub(14).clamp(30, 100);
            shell.out(&price_plot::text(&chart, columns, ROWS))?;
        }
    }
    Ok(Exit::Clean)
}
