//! The curves of a line of a plan, as the command line asks for them.

use crate::trouble::Trouble;
use price_ir::bill::{bill, combinations, days};
use price_ir::{Charge, Curve, OneUsage, Plan, Unknown};
use price_value::{Currency, Date, Rational};

/// A curve and the cells it holds in.
pub struct Found {
    /// Labels, those asked for left out; empty where all cells are alike.
    pub cells: String,
    /// The amounts.
    pub curve: Curve,
}

/// The only price on a meter.
pub fn only_line(plan: &Plan) -> Result<String, Trouble> {
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
pub fn meter_of(plan: &Plan, line: &str) -> Result<(String, String), Trouble> {
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
pub fn labels(only: &[String]) -> Result<Vec<(String, String)>, Trouble> {
    let split = |text: &String| match text.split_once('=') {
        Some((dimension, label)) => Ok((dimension.trim().to_owned(), label.trim().to_owned())),
        None => Err(Trouble::new("C097", format!("`{text}` is not DIMENSION=LABEL"))),
    };
    only.iter().map(split).collect()
}

/// `500k`, `12.5M`, `1_000`.
pub fn bound(text: &str) -> Result<Rational, Trouble> {
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

/// `$500`, `500`, `12.50`: an amount of the plan's currency.
pub fn amount(text: &str, currency: &Currency) -> Result<Rational, Trouble> {
    let bare = text.trim();
    let bare = currency.symbol.as_deref().and_then(|symbol| bare.strip_prefix(symbol)).unwrap_or(bare);
    let bare = bare.strip_suffix(currency.code.as_str()).unwrap_or(bare).trim();
    bound(bare).map_err(|_| {
        Trouble::new("C097", format!("`{text}` is no amount of {}", currency.code)).help("write for example $500")
    })
}

/// The curves of a line, cells that are alike together.
pub fn of_plan(
    plan: &Plan,
    line: &str,
    meter: &str,
    wanted: &[(String, String)],
    on: Option<Date>,
) -> Result<Vec<Found>, Trouble> {
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
    let title = |labels: Vec<String>| if single || labels.len() == chosen { String::new() } else { labels.join("; ") };
    Ok(alike.into_iter().map(|(curve, labels)| Found { cells: title(labels), curve }).collect())
}
