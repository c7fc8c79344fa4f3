//! What a comparison of two plans says, in words.

use crate::diff::{LineChange, PlanDiff, Region};
use crate::explain::{quantity, rate};
use price_ir::Stretch;
use price_value::{Currency, Rational, Rounding, RoundingMode};
use std::cmp::Ordering;

/// Cells that are named one by one.
const CELLS: usize = 6;

/// `+$5.00`, `-$5.00`.
#[must_use]
pub fn signed(amount: &Rational, currency: &Currency) -> String {
    let shown = rate(&amount.abs(), currency);
    match amount.cmp(&Rational::ZERO) {
        Ordering::Less => format!("-{shown}"),
        Ordering::Equal => shown,
        Ordering::Greater => format!("+{shown}"),
    }
}

/// `dearer`, `same`, `cheaper`.
#[must_use]
pub fn way(sign: Ordering) -> &'static str {
    match sign {
        Ordering::Greater => "dearer",
        Ordering::Equal => "same",
        Ordering::Less => "cheaper",
    }
}

/// The lines that changed, each with what changes, a sentence for each stretch of quantities.
#[must_use]
pub fn changes(diff: &PlanDiff, currency: &Currency) -> Vec<(String, Vec<String>)> {
    let said = |change: &LineChange| match change {
        LineChange::Same => Vec::new(),
        LineChange::Added => vec!["new".to_owned()],
        LineChange::Removed => vec!["gone".to_owned()],
        LineChange::Fee { old, new } => vec![format!("{} instead of {}", currency.format(new), currency.format(old))],
        LineChange::Unknown(why) => vec![format!("not comparable for all usage: {why}")],
        LineChange::Amounts(regions) => regions.iter().flat_map(|region| in_region(region, currency)).collect(),
    };
    let changed = diff.lines.iter().filter(|line| line.change != LineChange::Same);
    changed.map(|line| (line.name.clone(), said(&line.change))).collect()
}

fn in_region(region: &Region, currency: &Currency) -> Vec<String> {
    let head = head(region);
    let mut lines: Vec<String> = Vec::new();
    if !head.is_empty() {
        lines.push(format!("{head}:"));
    }
    let indent = if head.is_empty() { "" } else { "  " };
    if !region.at_zero.is_zero() {
        lines.push(format!("{indent}without usage: {}", signed(&region.at_zero, currency)));
    }
    lines.extend(region.stretches.iter().map(|s| format!("{indent}{}", stretch(s, &region.unit, currency))));
    lines
}

/// `above 100 up to 225 GB: dearer, most +$5.00 at 100`.
fn stretch(stretch: &Stretch, unit: &str, currency: &Currency) -> String {
    let from = quantity(&stretch.from, "");
    let range = match &stretch.until {
        Some(until) => format!("above {from} up to {}", quantity(until, unit)),
        None if stretch.from.is_zero() => format!("any {}", if unit.is_empty() { "quantity" } else { unit }),
        None => format!("above {}", quantity(&stretch.from, unit)),
    };
    if stretch.sign == Ordering::Equal {
        return format!("{range}: the same");
    }
    let (at, change) = &stretch.most;
    let most = match stretch.until {
        // At an open start that is reached by nothing but growth, the rate says more.
        None if !stretch.growth.is_zero() => {
            let each = signed(&stretch.growth, currency);
            let start = if change.is_zero() { String::new() } else { format!("{} and ", signed(change, currency)) };
            format!("{start}{each} for each more")
        }
        _ => format!("most {} at {}", signed(change, currency), quantity(at, "")),
    };
    format!("{range}: {}, {most}", way(stretch.sign))
}

fn head(region: &Region) -> String {
    let mut parts = Vec::new();
    if !region.cells.is_empty() {
        let more = region.cells.len().saturating_sub(CELLS);
        let mut cells = region.cells[..region.cells.len() - more].join("; ");
        if more > 0 {
            cells.push_str(&format!("; and {more} more"));
        }
        parts.push(cells);
    }
    parts.extend(region.from.map(|day| format!("from {day}")));
    parts.join(", ")
}

/// One line of a comparison in as few words as fit above it: `dearer than HEAD by up to $5.00 above
/// 100 calls`. The largest change in each direction stands for all.
#[must_use]
pub fn brief(change: &LineChange, than: &str, currency: &Currency) -> Option<String> {
    Some(match change {
        LineChange::Same => return None,
        LineChange::Added => format!("new since {than}"),
        LineChange::Removed => format!("gone since {than}"),
        LineChange::Fee { old, new } => {
            let by = currency.format(&(new - old).abs());
            format!("{} than {than} by {by}", way(new.cmp(old)))
        }
        LineChange::Unknown(why) => format!("differs from {than}: {why}"),
        LineChange::Amounts(regions) => {
            let dearer = largest(regions, Ordering::Greater, currency);
            let cheaper = largest(regions, Ordering::Less, currency);
            match (dearer, cheaper) {
                (Some(dearer), Some(cheaper)) => format!("dearer than {than} {dearer}; cheaper {cheaper}"),
                (Some(dearer), None) => format!("dearer than {than} {dearer}"),
                (None, Some(cheaper)) => format!("cheaper than {than} {cheaper}"),
                (None, None) => {
                    let at_zero = regions.iter().map(|region| &region.at_zero).find(|change| !change.is_zero())?;
                    format!("{} without usage since {than}", signed(at_zero, currency))
                }
            }
        }
    })
}

/// An amount of a change, without its sign: to whole cents where it does not end soon, and finer where
/// it is less than that.
fn about(amount: &Rational, currency: &Currency) -> String {
    /// Decimals that an amount of money is read with, such as a price per token.
    const MOST: u32 = 12;
    match amount.decimals() {
        Some(decimals) if decimals <= MOST => rate(&amount.abs(), currency),
        _ => {
            let cent = Rational::pow10(-i32::from(currency.decimals));
            let step = if amount.abs() < cent { Rational::pow10(-12) } else { cent };
            let rounding = Rounding { mode: RoundingMode::HalfUp, step };
            format!("about {}", currency.format(&rounding.apply(&amount.abs())))
        }
    }
}

/// The largest change in one direction and where it begins; endless growth is larger than any step.
fn largest(regions: &[Region], sign: Ordering, currency: &Currency) -> Option<String> {
    let all = regions.iter().flat_map(|region| region.stretches.iter().map(move |stretch| (region, stretch)));
    let grows = |stretch: &Stretch| stretch.until.is_none() && stretch.growth.cmp(&Rational::ZERO) == sign;
    let size = |stretch: &Stretch| match grows(stretch) {
        true => (true, stretch.growth.abs()),
        false => (false, stretch.most.1.abs()),
    };
    let inside = all.filter(|(_, stretch)| stretch.sign == sign);
    let mut most: Option<(&Region, &Stretch)> = None;
    // The first of equals: what is written first is read first.
    for (region, stretch) in inside {
        if most.is_none_or(|(_, known)| size(known) < size(stretch)) {
            most = Some((region, stretch));
        }
    }
    let (region, stretch) = most?;
    let by = match grows(stretch) {
        true => format!("by {} for each more", about(&stretch.growth, currency)),
        false => format!("by up to {}", about(&stretch.most.1, currency)),
    };
    let mut said = match stretch.from.is_zero() {
        true => by,
        false => format!("{by} above {}", quantity(&stretch.from, &region.unit)),
    };
    let head = head(region);
    if !head.is_empty() {
        said = format!("{said} ({head})");
    }
    Some(said)
}
