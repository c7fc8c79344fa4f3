//! Compiled plans behind the names of a text.

use crate::ide::Ide;
use crate::names::Def;
use price_analysis::Lowered;
use price_diagnostics::FileId;
use price_ir::Curve;
use price_ir::{CellRule, Charge, Function, Line, Plan, Rules, Sink, UsageCharge};
use price_value::Date;
use std::sync::Arc;

/// A rule of a price and where it holds.
pub(crate) struct InForce<'p> {
    /// The function.
    pub(crate) function: &'p Function,
    /// First day; none from the start.
    pub(crate) from: Option<Date>,
    /// Names of the cells it holds in; empty where there is only one.
    pub(crate) cells: Vec<String>,
}

impl Ide {
    /// The compiled form of a rate card, plan or contract, with errors where it has them.
    pub(crate) fn lowered(&self, file: FileId, item: usize) -> Option<Arc<Lowered>> {
        let workspace = self.workspace();
        let input = workspace.input(workspace.source(file))?;
        let item = u32::try_from(item).ok()?;
        Some(price_analysis::lowered(workspace.db(), input, workspace.file(file), item).clone())
    }

    /// The plan in which a statement is looked at from a place: of the body around the place if it
    /// builds on it, else of the statement's own.
    pub(crate) fn plan_around(&self, def: &Def, file: FileId, offset: u32) -> Option<Arc<Plan>> {
        let around = self.item_at(file, offset).and_then(|item| self.subject(file, item));
        if let Some(subject) = around
            && self.statements(subject.file, subject.item).contains(def)
        {
            return self.lowered(subject.file, subject.item)?.plan.clone();
        }
        self.plan_of(def)
    }

    /// The plan of the item that a statement stands in: for an amendment that of its contract.
    pub(crate) fn plan_of(&self, def: &Def) -> Option<Arc<Plan>> {
        let subject = self.subject(def.file, def.item)?;
        self.lowered(subject.file, subject.item)?.plan.clone()
    }
}

/// The line of a plan with a name.
pub(crate) fn line<'p>(plan: &'p Plan, name: &str) -> Option<&'p Line> {
    plan.lines.iter().find(|line| line.name == name)
}

/// The usage that a line charges for.
pub(crate) fn usage<'p>(plan: &'p Plan, line: &'p Line) -> Option<(&'p UsageCharge, &'p Sink)> {
    match &line.charge {
        Charge::Usage(usage) => Some((usage, &plan.sinks[usage.sink.ix()])),
        _ => None,
    }
}

/// The names of the cells of a sink, in order.
pub(crate) fn cell_names(plan: &Plan, sink: &Sink) -> Vec<String> {
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
pub(crate) fn in_force<'p>(plan: &Plan, sink: &Sink, rules: &'p Rules) -> Vec<InForce<'p>> {
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

/// The curve of a function, where it is made of straight pieces.
pub(crate) fn curve(function: &Function) -> Option<Curve> {
    Curve::of(&function.amount)
}
