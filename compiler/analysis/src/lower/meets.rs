//! Which part of a price a condition takes, decided over all combinations of labels.

use super::Lowering;
use super::layers::Layer;
use super::scope::Scope;
use crate::declare::dimension::lookup;
use crate::declare::meter::names_in;
use crate::declare::{DimUse, EventDef, MeterDef};
use crate::limits;
use crate::types::{KeyRef, Typer};
use price_ir::{Cond, KeyIx};
use price_syntax::ast;
use std::sync::Arc;

/// What a condition takes of some usage.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Meets {
    /// None of it.
    Never,
    /// All of it.
    Always,
    /// Some of it, as far as its labels tell.
    Partly,
}

/// A condition and the usage it is asked about.
pub struct Question<'a> {
    /// Its events.
    pub event: Arc<EventDef>,
    /// Dimensions of the cells to answer for, all of them closed.
    pub dims: &'a [DimUse],
    /// The `where` of the price.
    pub head: Option<(&'a Layer, &'a ast::Expr)>,
    /// The condition.
    pub filter: Option<(&'a Layer, &'a ast::Expr)>,
    /// The meter whose `where` is part of the condition too.
    pub meter: Option<&'a MeterDef>,
}

/// The conditions in a table of dimensions; what is not about labels is an atom that may hold or not.
#[derive(Default)]
struct Table {
    dims: Vec<DimUse>,
    atoms: Vec<Cond>,
}

impl Lowering<'_> {
    /// The answer by cell, one for all usage if there are no dimensions; `None` where a condition
    /// cannot be read or the combinations are too many.
    pub fn meets(&mut self, question: &Question<'_>) -> Option<Vec<Meets>> {
        let mut table = Table { dims: question.dims.to_vec(), atoms: Vec::new() };
        let of_meter = question.meter.map(|meter| {
            let keys: Vec<KeyIx> = meter.keys.iter().map(|key| table.key(key)).collect();
            renamed(&meter.filter, &keys)
        });
        let head = self.read(&mut table, &question.event, question.head)?;
        let filter = self.read(&mut table, &question.event, question.filter)?;
        let wide = filter.and(of_meter.unwrap_or(Cond::Always));
        // A meter may be kept apart by dimensions that no condition asks for.
        let mut sizes = Vec::new();
        for (at, dim) in table.dims.iter().enumerate() {
            let asked = at < question.dims.len() || asks(&head, at) || asks(&wide, at);
            sizes.push(if asked { dim.dimension.ir.size()?.max(1) as usize } else { 1 });
        }
        table.collect(&head);
        table.collect(&wide);
        sizes.extend(table.atoms.iter().map(|_| 2));
        let total = sizes.iter().try_fold(1usize, |n, s| n.checked_mul(*s).filter(|n| *n <= limits::CELLS))?;
        let cells: usize = sizes[..question.dims.len()].iter().product();
        let mut seen = vec![(false, false); cells];
        let mut labels = vec![0; sizes.len()];
        for index in 0..total {
            let mut rest = index;
            for (label, size) in labels.iter_mut().zip(&sizes).rev() {
                *label = (rest % size) as u32;
                rest /= size;
            }
            if table.holds(&head, &labels) {
                let taken = table.holds(&wide, &labels);
                let (within, without) = &mut seen[index / (total / cells)];
                *within |= taken;
                *without |= !taken;
            }
        }
        let answer = |(within, without): (bool, bool)| match (within, without) {
            (false, _) => Meets::Never,
            (true, false) => Meets::Always,
            (true, true) => Meets::Partly,
        };
        Some(seen.into_iter().map(answer).collect())
    }

    /// Reads a condition without findings: they are reported where it is used.
    fn read(
        &mut self,
        table: &mut Table,
        event: &Arc<EventDef>,
        condition: Option<(&Layer, &ast::Expr)>,
    ) -> Option<Cond> {
        let Some((layer, condition)) = condition else { return Some(Cond::Always) };
        let mut unheard = Vec::new();
        let mut scope = Scope {
            db: self.db,
            workspace: self.workspace,
            env: layer.env.clone(),
            lets: layer.lets.clone(),
            diagnostics: &mut unheard,
        };
        let mut known = Vec::new();
        for name in names_in(condition) {
            if let Some(used) = lookup(&mut scope, event, &name) {
                known.push((name, table.key(&used), used.dimension));
            }
        }
        Typer::on_event(&mut scope, event.clone()).cond(condition, &mut |name| {
            let (_, key, dimension) = known.iter().find(|(n, ..)| n == name)?;
            Some(KeyRef { key: *key, dimension: dimension.clone() })
        })
    }
}

impl Table {
    fn key(&mut self, used: &DimUse) -> KeyIx {
        let same = |d: &DimUse| d.dimension.id == used.dimension.id && d.source == used.source;
        let at = self.dims.iter().position(same).unwrap_or_else(|| {
            self.dims.push(used.clone());
            self.dims.len() - 1
        });
        KeyIx(at as u32)
    }

    fn collect(&mut self, cond: &Cond) {
        match cond {
            Cond::Always | Cond::Label(..) => {}
            Cond::All(parts) | Cond::Any(parts) => parts.iter().for_each(|p| self.collect(p)),
            Cond::Not(inner) => self.collect(inner),
            atom if self.atoms.contains(atom) => {}
            atom => self.atoms.push(atom.clone()),
        }
    }

    /// Labels of the dimensions, then 0 or 1 for each atom.
    fn holds(&self, cond: &Cond, labels: &[u32]) -> bool {
        match cond {
            Cond::Always => true,
            Cond::Label(key, any) => any.contains(&labels[key.ix()]),
            Cond::All(parts) => parts.iter().all(|p| self.holds(p, labels)),
            Cond::Any(parts) => parts.iter().any(|p| self.holds(p, labels)),
            Cond::Not(inner) => !self.holds(inner, labels),
            atom => self.atoms.iter().zip(&labels[self.dims.len()..]).any(|(a, holds)| a == atom && *holds == 1),
        }
    }
}

/// Whether a condition asks for the dimension at a place of the table.
pub fn asks(cond: &Cond, dim: usize) -> bool {
    match cond {
        Cond::Label(key, _) => key.ix() == dim,
        Cond::All(parts) | Cond::Any(parts) => parts.iter().any(|p| asks(p, dim)),
        Cond::Not(inner) => asks(inner, dim),
        _ => false,
    }
}

fn renamed(cond: &Cond, keys: &[KeyIx]) -> Cond {
    let all = |parts: &[Cond]| parts.iter().map(|p| renamed(p, keys)).collect();
    match cond {
        Cond::Label(key, labels) => Cond::Label(keys[key.ix()], labels.clone()),
        Cond::All(parts) => Cond::All(all(parts)),
        Cond::Any(parts) => Cond::Any(all(parts)),
        Cond::Not(inner) => Cond::Not(Box::new(renamed(inner, keys))),
        other => other.clone(),
    }
}
