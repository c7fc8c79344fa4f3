//! Blocks whose lines are aligned: ladders, tables, ramps, buckets, calendars.
//!
//! A column is as wide as its longest cell and a space, rounded up to a multiple of four. If most
//! rows already share a wider width that is a multiple of four, it stays.

use super::FormatOptions;
use super::tokens;
use crate::grammar::Rule;
use crate::tree::{Kind, Node};
use std::collections::BTreeMap;

/// The widths of a block, and its rows as cells.
pub(super) struct Grid {
    widths: Vec<usize>,
    /// Cells by the first byte of their row.
    rows: BTreeMap<u32, Row>,
}

struct Row {
    cells: Vec<String>,
    /// Distance to the next cell or bar in the text as it was given.
    found: Vec<usize>,
    has_bars: bool,
}

/// The grid of a block; none if its lines are not aligned.
pub(super) fn of(block: Node<'_>, options: FormatOptions) -> Option<Grid> {
    let aligned = matches!(
        block.rule(),
        Some(Rule::tiers | Rule::table | Rule::test_table_item | Rule::ramp | Rule::bucket_item | Rule::calendar_item)
    );
    if !aligned {
        return None;
    }
    let rows: BTreeMap<u32, Row> = block.parts().filter_map(|part| row(part).map(|row| (part.start(), row))).collect();
    let columns = rows.values().map(|row| row.cells.len()).max().unwrap_or(0);
    let widths = (0..columns.saturating_sub(1)).map(|column| width(&rows, column, options)).collect();
    Some(Grid { widths, rows })
}

impl Grid {
    /// The aligned text of a row of this grid.
    pub(super) fn row(&self, node: Node<'_>) -> Option<String> {
        let row = self.rows.get(&node.start())?;
        let mut out = String::new();
        for (column, cell) in row.cells.iter().enumerate() {
            if column > 0 && row.has_bars {
                out.push_str("| ");
            }
            out.push_str(cell);
            if column + 1 < row.cells.len() {
                let width = self.widths.get(column).copied().unwrap_or(0);
                let length = cell.chars().count();
                out.extend(std::iter::repeat_n(' ', width.saturating_sub(length).max(1)));
            }
        }
        Some(out)
    }
}

fn width(rows: &BTreeMap<u32, Row>, column: usize, options: FormatOptions) -> usize {
    // The last cell of a row reaches as far as it likes.
    let rows: Vec<&Row> = rows.values().filter(|row| row.cells.len() > column + 1).collect();
    let longest = rows.iter().map(|row| row.cells[column].chars().count()).max().unwrap_or(0);
    let needed = (longest + 1).next_multiple_of(4);
    if options.realign {
        return needed;
    }
    let mut counts: BTreeMap<usize, usize> = BTreeMap::new();
    for found in rows.iter().filter_map(|row| row.found.get(column)) {
        *counts.entry(*found).or_insert(0) += 1;
    }
    let usual = counts.iter().max_by_key(|(width, count)| (**count, **width));
    match usual {
        Some((width, count)) if width.is_multiple_of(4) && *width > needed && *count * 2 > rows.len() => *width,
        _ => needed,
    }
}

/// Splits a row into cells; none if it is not a row, or holds a comment inside parentheses.
fn row(node: Node<'_>) -> Option<Row> {
    let starts_cell = |child: &Node<'_>| match (node.rule(), child.rule()) {
        (Some(Rule::tier), Some(rule)) => rule == Rule::tier_charge,
        (Some(Rule::ramp_step), Some(rule)) => rule == Rule::amount,
        (Some(Rule::bucket), Some(rule)) => rule == Rule::label,
        (Some(Rule::slot), Some(rule)) => {
            matches!(rule, Rule::kw_otherwise | Rule::slot_months | Rule::slot_days | Rule::slot_hours)
        }
        _ => false,
    };
    let has_bars = match node.rule()? {
        Rule::grid_head
        | Rule::grid_row
        | Rule::matrix_head
        | Rule::matrix_row
        | Rule::list_head
        | Rule::list_row
        | Rule::case_head
        | Rule::case_row => true,
        Rule::tier | Rule::ramp_step | Rule::bucket | Rule::slot => false,
        _ => return None,
    };
    let mut groups: Vec<Vec<Node<'_>>> = vec![Vec::new()];
    // Where the next cell, or the bar in front of it, starts.
    let mut ends: Vec<u32> = Vec::new();
    let mut split_done = false;
    for child in node.children().filter(|child| child.kind() != Kind::Space) {
        let bar = has_bars && child.is(Rule::bar);
        let next = !has_bars && !split_done && starts_cell(&child);
        if bar || next {
            ends.push(child.start());
            groups.push(Vec::new());
            split_done = true;
        }
        if !bar && let Some(group) = groups.last_mut() {
            group.push(child);
        }
    }
    let cells: Option<Vec<String>> = groups.iter().map(|group| cell_text(node, group)).collect();
    let found = groups
        .iter()
        .zip(&ends)
        .map(|(group, end)| group.first().map_or(0, |first| chars_between(node, first.start(), *end)))
        .collect();
    Some(Row { cells: cells?, found, has_bars })
}

fn cell_text(row: Node<'_>, group: &[Node<'_>]) -> Option<String> {
    tokens::one_line(&tokens::of_parts(row, group))
}

fn chars_between(row: Node<'_>, start: u32, end: u32) -> usize {
    let from = (start - row.start()) as usize;
    let to = (end - row.start()) as usize;
    row.text().get(from..to).map_or(0, |text| text.chars().count())
}
