//! `price plot`: what a price costs against usage, as a picture.

use crate::Exit;
use crate::args::{PlotArgs, PlotView, ReportFormat};
use crate::events::plan;

use crate::shell::Shell;
use crate::trouble::Trouble;
use price_ir::bill::{bill, combinations, days};
use price_ir::{Charge, Curve, OneUsage, Plan, Unknown};
use price_plot::{Chart, Series, View};
use price_value::{Date, Rational};

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
        None => only_line(&now)?,
    };
    let (meter, unit) = meter_of(&now, &line)?;
    let wanted = labels(&args.only)?;
    let mut series = of_plan(&now, &line, &meter, &wanted, args.on, if before.is_some() { "new" } else { "" })?;
    if let Some(before) = &before {
        let old = of_plan(before, &line, &meter, &wanted, args.on, "old")?;
        series = old.into_iter().chain(series).collect();
    }
    if series.len() > SERIES {
        let shown: Vec<&str> = series.iter().take(4).map(|series| series.label.as_str()).collect();
        return Err(Trouble::new("C094", format!("{} prices do not fit into one picture", series.len()))
            .help(format!("choose some with `--only`, for example of {}", shown.join("; "))));
    }
    let up_to = match &args.up_to {
        Some(text) => Some(bound(text)?),
        None => None,
    };
    let view = match args.view {
        PlotView::Total => View::Total,
        PlotView::Marginal => View::Marginal,
        PlotView::Average => View::Average,
    };
    let chart = Chart { title: line, unit, currency: now.currency.clone(), view, series, up_to };
    match &args.output {
        Some(path) => {
            let drawn =
                price_plot::svg(&chart, SIZE.0, SIZE.1).map_err(|error| Trouble::new("C095", error.to_string()))?;
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

/// The only price on a meter.
fn only_line(plan: &Plan) -> Result<String, Trouble> {
    let prices = plan.lines.iter().filter(|line| meter_of(plan, &line.name).is_ok());
    let names: Vec<&str> = prices.map(|line| line.name.as_str()).collect();
    match names.as_slice() {
        [only] => Ok((*only).to_owned()),
        [] => Err(Trouble::new("C096", format!("`{}` has no price on a meter", plan.name))),
        several => {
            let all = several.iter().map(|name| format!("`{name}`")).collect::<Vec<_>>().join(", ");
            Err(Trouble::new("C096", format!("`{}` has several prices: {all}", plan.name))
                .help("say which one, or `total`"))
        }
    }
}

/// The meter of a line with its unit; of the total that of the only one there is.
fn meter_of(plan: &Plan, line: &str) -> Result<(String, String), Trouble> {
    let of = |name: &str| {
        plan.lines.iter().filter(|line| line.name == name).find_map(|line| match &line.charge {
            Charge::Usage(usage) => Some(&plan.sinks[usage.sink.ix()]).filter(|sink| !sink.meter.is_empty()),
            _ => None,
        })
    };
    let sink = match line {
        "total" => {
            let mut sinks: Vec<_> = plan.lines.iter().filter_map(|line| of(&line.name)).collect();
            sinks.dedup_by(|a, b| a.meter == b.meter);
            match sinks.as_slice() {
                [only] => Some(*only),
                _ => return Err(Trouble::new("C096", "a total of several meters has no one axis").help("name a price")),
            }
        }
        line => of(line),
    };
    let sink = sink.ok_or_else(|| {
        let known: Vec<&str> =
            plan.lines.iter().map(|line| line.name.as_str()).filter(|name| of(name).is_some()).collect();
        Trouble::new("C096", format!("`{}` has no price `{line}` on a meter", plan.name))
            .help(format!("there is {}", known.join(", ")))
    })?;
    Ok((sink.meter.clone(), sink.unit.clone()))
}

/// `region=eu`.
fn labels(only: &[String]) -> Result<Vec<(String, String)>, Trouble> {
    let split = |text: &String| match text.split_once('=') {
        Some((dimension, label)) => Ok((dimension.trim().to_owned(), label.trim().to_owned())),
        None => Err(Trouble::new("C097", format!("`{text}` is not DIMENSION=LABEL"))),
    };
    only.iter().map(split).collect()
}

/// `500k`, `12.5M`, `1_000`.
fn bound(text: &str) -> Result<Rational, Trouble> {
    let wrong = || Trouble::new("C097", format!("`{text}` is no quantity above zero")).help("write for example 500k");
    let plain = text.replace('_', "");
    let (number, factor) = match plain.strip_suffix("bn") {
        Some(number) => (number, 1_000_000_000),
        None => match (plain.strip_suffix('M'), plain.strip_suffix('k')) {
            (Some(number), _) => (number, 1_000_000),
            (_, Some(number)) => (number, 1_000),
            _ => (plain.as_str(), 1),
        },
    };
    let value: Rational = number.parse().map_err(|_| wrong())?;
    let value = value * Rational::int(factor);
    if value.is_positive() { Ok(value) } else { Err(wrong()) }
}

/// The curves of a line, those that are alike together.
fn of_plan(
    plan: &Plan,
    line: &str,
    meter: &str,
    wanted: &[(String, String)],
    on: Option<Date>,
    side: &str,
) -> Result<Vec<Series>, Trouble> {
    let cells = combinations(&[plan], meter)
        .ok_or_else(|| Trouble::new("C094", format!("`{meter}` has too many combinations of labels")))?;
    let fits = |cell: &&Vec<(String, String)>| wanted.iter().all(|one| cell.contains(one));
    // The rules that hold last, or on the day asked for.
    let day = on.or(days(plan).last().copied().flatten());
    let mut alike: Vec<(Curve, Vec<String>)> = Vec::new();
    let mut chosen = 0;
    for cell in cells.iter().filter(fits) {
        chosen += 1;
        let costs = bill(plan, &OneUsage { meter, labels: cell, day });
        let found = match costs.line(line) {
            Some(found) => found,
            None if line == "total" => &costs.total,
            None => continue,
        };
        let curve = match found {
            Ok(curve) => curve.clone(),
            Err(Unknown::NotSold(_)) => continue,
            Err(why) => return Err(Trouble::new("C098", format!("`{line}` has no curve: {why}"))),
        };
        let label =
            cell.iter().filter(|one| !wanted.contains(one)).map(|(_, label)| label.as_str()).collect::<Vec<_>>();
        let label = label.join(", ");
        match alike.iter_mut().find(|(known, _)| *known == curve) {
            Some((_, labels)) => labels.push(label),
            None => alike.push((curve, vec![label])),
        }
    }
    if alike.is_empty() {
        return Err(Trouble::new("C094", format!("`{line}` is not sold there")).help("other labels, with `--only`"));
    }
    let single = alike.len() == 1;
    let title = |labels: Vec<String>| {
        let all = if single || labels.len() == chosen { String::new() } else { labels.join("; ") };
        match (side, all.as_str()) {
            ("", "") => line.to_owned(),
            ("", all) => all.to_owned(),
            (side, "") => side.to_owned(),
            (side, all) => format!("{side}: {all}"),
        }
    };
    Ok(alike.into_iter().map(|(curve, labels)| Series { label: title(labels), curve }).collect())
}
