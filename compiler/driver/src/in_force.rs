//! Which price functions hold where and from when on, by the names of labels.

use price_ir::{CellRule, Function, Plan, Rules, Sink};
use price_value::Date;

/// A rule of a price and where it holds.
#[derive(Debug, Clone)]
pub struct InForce<'p> {
    /// The function.
    pub function: &'p Function,
    /// First day; none from the start.
    pub from: Option<Date>,
    /// Names of the cells it holds in; empty where there is only one.
    pub cells: Vec<String>,
}

/// The names of the cells of a sink, in order.
#[must_use]
pub fn cell_names(plan: &Plan, sink: &Sink) -> Vec<String> {
    let mut names = vec![String::new()];
    for key in sink.keys.iter().filter(|key| key.in_cell) {
        let dimension = &plan.dimensions[key.dim.ix()];
        let labels = &dimension.labels;
        if dimension.size().is_none() {
            continue;
        }
        let joined = |front: &String, label: &str| {
            if front.is_empty() { label.to_owned() } else { format!("{front}, {label}") }
        };
        names = names.iter().flat_map(|front| labels.iter().map(move |label| joined(front, label))).collect();
    }
    names
}

/// Which function holds where, in the order of regimes and functions.
#[must_use]
pub fn in_force<'p>(plan: &Plan, sink: &Sink, rules: &'p Rules) -> Vec<InForce<'p>> {
    let names = cell_names(plan, sink);
    let mut all = Vec::new();
    for regime in &rules.regimes {
        for (index, function) in rules.functions.iter().enumerate() {
            let holds = |rule: &CellRule| matches!(rule, CellRule::Function(at) if *at as usize == index);
            let cells: Vec<usize> = (0..regime.cells.len()).filter(|at| holds(&regime.cells[*at])).collect();
            if cells.is_empty() {
                continue;
            }
            let whole = cells.len() == regime.cells.len();
            let cells =
                if whole { Vec::new() } else { cells.iter().filter_map(|at| names.get(*at).cloned()).collect() };
            all.push(InForce { function, from: regime.from, cells });
        }
    }
    all
}
