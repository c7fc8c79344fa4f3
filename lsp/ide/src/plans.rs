//! Compiled plans behind the names of a text.

use crate::ide::Ide;
use crate::names::Def;
use price_analysis::Lowered;
use price_diagnostics::FileId;
pub(crate) use price_driver::{InForce, cell_names, in_force};
use price_ir::Curve;
use price_ir::{Charge, Function, Line, Plan, Sink, UsageCharge};
use std::sync::Arc;

impl Ide {
    /// The compiled form of a rate card, plan or contract, with errors where it has them.
    pub(crate) fn lowered(&self, file: FileId, item: usize) -> Option<Arc<Lowered>> {
        let workspace = self.workspace();
        let input = workspace.input(workspace.source(file))?;
        let item = self.ast(file).items.get(item)?.id;
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

/// The curve of a function, where it is made of straight pieces.
pub(crate) fn curve(function: &Function) -> Option<Curve> {
    Curve::of(&function.amount)
}
