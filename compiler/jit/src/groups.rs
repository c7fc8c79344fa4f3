//! Which cell is priced by which code with which row of numbers.

use crate::pool::{Pool, push};
use crate::shape::{Shape, Slot};
use price_ir::scale::{Raw, Scaled};
use price_ir::{CellRule, Rules};
use std::collections::HashMap;

/// The word of a cell that is not sold.
pub(crate) const NOT_SOLD: u64 = u64::MAX;

/// Functions of one shape.
pub(crate) struct Group {
    /// The function whose tree stands for all.
    pub function: usize,
    /// Where the numbers of its nodes are in a row.
    pub slots: HashMap<Slot, usize>,
}

/// The functions of an event charge by shape.
#[derive(Default)]
pub(crate) struct Groups {
    /// In order of first appearance.
    pub groups: Vec<Group>,
    /// Offset in the pool of one word per regime and cell, where rules differ: the group above
    /// bit 48 and the offset of the row of numbers below, or [`NOT_SOLD`].
    pub table: Option<u64>,
    /// The function of every cell, where they do not differ.
    pub only: Option<usize>,
    /// Cells of a regime, and regimes.
    pub cells: usize,
    pub regimes: usize,
}

/// Sorts taken-apart functions by shape: their groups, and per function the group and the
/// offset of its numbers.
pub(crate) fn sort(shapes: Vec<Shape>, pool: &mut Pool) -> (Vec<Group>, Vec<(usize, u64)>) {
    let mut known: HashMap<Vec<u64>, usize> = HashMap::new();
    let (mut groups, mut places) = (Vec::new(), Vec::with_capacity(shapes.len()));
    for (function, shape) in shapes.into_iter().enumerate() {
        let group = *known.entry(shape.tokens).or_insert_with(|| {
            groups.push(Group { function, slots: shape.slots });
            groups.len() - 1
        });
        let mut words = Vec::with_capacity(shape.numbers.len() * 2);
        for number in shape.numbers {
            push(&mut words, number, true);
        }
        places.push((group, pool.place(words)));
    }
    (groups, places)
}

impl Groups {
    /// The groups of a charge's amounts; without amounts (the host prices them) only whether a
    /// cell is sold.
    pub fn of_amounts(rules: &Rules, amounts: &[Raw], pool: &mut Pool) -> Groups {
        let (regimes, cells) = (rules.regimes.len(), crate::emit::map::cells(rules));
        let mut all = rules.regimes.iter().flat_map(|r| &r.cells);
        let first = all.next().copied();
        if let (Some(CellRule::Function(only)), true) = (first, all.all(|r| Some(*r) == first)) {
            return Groups { only: Some(only as usize), cells, regimes, ..Groups::default() };
        }
        let shapes = amounts.iter().map(|raw| Shape::of_raw(raw, pool)).collect();
        let (groups, places) = sort(shapes, pool);
        let word = |rule: &CellRule| match rule {
            CellRule::NotSold => NOT_SOLD,
            CellRule::Function(f) => places.get(*f as usize).map_or(0, |(g, row)| (*g as u64) << 48 | row),
        };
        // Every regime has the cells of the first: verified.
        let words = rules.regimes.iter().flat_map(|r| r.cells.iter().map(word)).collect();
        let table = Some(pool.place(words));
        Groups { groups, table, only: None, cells, regimes }
    }
}

/// Functions of a quantity by shape, over all lines (or one sink's positions).
pub(crate) fn of_exprs<'e>(
    exprs: impl Iterator<Item = &'e Scaled>,
    pool: &mut Pool,
) -> (Vec<Group>, Vec<(usize, u64)>) {
    let shapes = exprs.map(|e| Shape::of(e, pool)).collect();
    sort(shapes, pool)
}
