//! Rows that a table lacks: one for each combination of labels that it does not price.
//!
//! What they cost is the author's to say, so they are added as not sold, which is the one amount
//! that nobody can be billed by mistake.

use crate::actions::Action;
use crate::ide::{Ide, TextEdit};
use crate::limits::{ROW_COMBINATIONS, ROWS};
use crate::names::body;
use crate::rename::is_word;
use price_diagnostics::{FileId, Span};
use price_syntax::ast::{
    Change, ChangeKind, ItemKind, Key, OverrideBody, Path, PriceBody, PriceStmt, PriceStmtKind, Stmt, StmtKind, Table,
    TableEntry, TableHeader, TableRow,
};

/// A finding about combinations without a price.
const CODE: &str = "P502";

impl Ide {
    /// For each table with too few rows inside a stretch: the rows it lacks.
    pub(crate) fn missing_rows(&self, file: FileId, within: Span) -> Vec<Action> {
        let mut actions = Vec::new();
        for finding in self.diagnostics(file).into_iter().filter(|finding| finding.code.as_str() == CODE) {
            let Some(span) = finding.primary_span() else { continue };
            if span.end < within.start || span.start > within.end {
                continue;
            }
            let Some((table, block)) = self.table_at(file, span) else { continue };
            let Some(rows) = self.rows_it_lacks(file, &table, &block).filter(|rows| !rows.is_empty()) else { continue };
            let Some(last) = rows_of(&table).last() else { continue };
            let text: String = rows.iter().map(|keys| self.row(file, last, keys)).collect();
            let title = match rows.len() {
                1 => "add the missing row, as not sold".to_owned(),
                more => format!("add the {more} missing rows, as not sold"),
            };
            let at = self.line_end(file, last.span.end);
            let edits = vec![TextEdit { span: Span::new(file, at, at), text }];
            actions.push(Action { title, mends: Some((finding.code, span)), safe: false, extracts: false, edits });
        }
        actions
    }

    /// The table that a statement with this span is, with the block around it.
    fn table_at(&self, file: FileId, span: Span) -> Option<(Table, Vec<PriceStmt>)> {
        let tree = self.ast(file);
        let bodies = tree.items.iter().flat_map(|item| match &item.kind {
            ItemKind::Amendment(amendment) => amendment.changes.iter().filter_map(changed).collect(),
            kind => body(kind).iter().collect::<Vec<_>>(),
        });
        let block = |kind: &StmtKind| match kind {
            StmtKind::Price(price) => match &price.body {
                PriceBody::Block(block) => Some(block.clone()),
                PriceBody::Charge(_) => None,
            },
            StmtKind::Override(over) => match &over.body {
                OverrideBody::Block(block) => Some(block.clone()),
                _ => None,
            },
            _ => None,
        };
        bodies.filter_map(|stmt| block(&stmt.kind)).find_map(|block| {
            let table = block.iter().find_map(|stmt| match &stmt.kind {
                PriceStmtKind::Table(table) if stmt.span == span => Some(table.clone()),
                _ => None,
            })?;
            Some((table, block))
        })
    }

    /// The keys of rows that are not there; none where that cannot be told or is too much.
    fn rows_it_lacks(&self, file: FileId, table: &Table, block: &[PriceStmt]) -> Option<Vec<Vec<String>>> {
        let paths: Vec<&Path> = match &table.header {
            TableHeader::Matrix { rows, .. } => vec![rows],
            TableHeader::List { dimensions, .. } => dimensions.iter().collect(),
            TableHeader::Bad(_) => return None,
        };
        // A label that is derived from another has its price already.
        let derived = |label: &str| {
            block.iter().any(|stmt| matches!(&stmt.kind, PriceStmtKind::Derive { label: of, .. } if of.text == label))
        };
        let mut all: Vec<Vec<String>> = vec![Vec::new()];
        for path in paths {
            let dimension = self.path_def(file, path)?;
            let labels: Vec<String> = self.all_labels(&dimension).into_iter().map(|label| label.name).collect();
            let labels: Vec<String> = labels.into_iter().filter(|label| !derived(label)).collect();
            if labels.is_empty() || all.len().checked_mul(labels.len())? > ROW_COMBINATIONS {
                return None;
            }
            let with = |front: &Vec<String>, label: &String| front.iter().chain([label]).cloned().collect();
            all = all.iter().flat_map(|front| labels.iter().map(move |label| with(front, label))).collect();
        }
        let matches = |row: &TableRow, keys: &[String]| {
            row.keys.len() == keys.len()
                && row.keys.iter().zip(keys).all(|(key, label)| match key {
                    Key::Label(written) => written.text == *label,
                    Key::Rest(_) => true,
                })
        };
        all.retain(|keys| !rows_of(table).any(|row| matches(row, keys)));
        (all.len() <= ROWS).then_some(all)
    }

    /// A row of these keys in the columns of another one.
    fn row(&self, file: FileId, like: &TableRow, keys: &[String]) -> String {
        let text = self.text(file);
        let start = text[..like.span.start as usize].rfind('\n').map_or(0, |at| at + 1);
        let indent = &text[start..like.span.start as usize];
        let written = text.get(like.span.start as usize..like.span.end as usize).unwrap_or_default();
        let columns: Vec<&str> = written.split('|').collect();
        let mut cells: Vec<String> =
            keys.iter().map(|label| if is_word(label) { label.clone() } else { format!("{label:?}") }).collect();
        cells.resize(cells.len() + like.cells.len(), "n/a".to_owned());
        let last = cells.len() - 1;
        for (at, cell) in cells.iter_mut().enumerate() {
            let width = columns.get(at).map_or(0, |column| column.trim_start().chars().count());
            let space = if at == 0 { "" } else { " " };
            *cell = match at == last {
                true => format!("{space}{cell}"),
                false => format!("{space}{:<width$}", format!("{cell} ")),
            };
        }
        format!("\n{indent}{}", cells.join("|"))
    }

    /// The end of the line that an offset stands in.
    pub(crate) fn line_end(&self, file: FileId, offset: u32) -> u32 {
        let rest = self.text(file).get(offset as usize..).unwrap_or_default();
        let length = rest.find('\n').unwrap_or(rest.len());
        let length = rest[..length].trim_end_matches('\r').len();
        offset + u32::try_from(length).unwrap_or(0)
    }
}

fn changed(change: &Change) -> Option<&Stmt> {
    match &change.kind {
        ChangeKind::Set(stmt) | ChangeKind::Add(stmt) => Some(stmt),
        _ => None,
    }
}

fn rows_of(table: &Table) -> impl Iterator<Item = &TableRow> {
    table.rows.iter().filter_map(|entry| match entry {
        TableEntry::Row(row) => Some(row),
        TableEntry::Bad(_) => None,
    })
}
