//! Tests that are rows of a table.

use super::{Builder, Expect, ExpectTarget, Given, TestCase, exact_dates};
use crate::codes;
use crate::declare::MeterDef;
use price_diagnostics::Diagnostic;
use price_syntax::ast::{self, ExpectSubject};
use std::sync::Arc;

impl Builder<'_> {
    pub(super) fn table(&mut self, table: &ast::TestTable, recovered: bool) {
        let (Some(seen), Some((from, until))) = (self.subject(&table.subject), self.period(&table.period)) else {
            return;
        };
        enum Column {
            Meter(Arc<MeterDef>),
            Target(ExpectTarget),
        }
        let mut columns = Vec::new();
        for column in &table.columns {
            let as_meter = match &column.subject {
                ExpectSubject::Line(path) => path.as_name().and_then(|n| seen.lowered.meters.get(&n.text)).cloned(),
                _ => None,
            };
            let is_line = match &column.subject {
                ExpectSubject::Line(path) => path.as_name().is_some_and(|n| {
                    seen.lowered.plan.as_ref().is_some_and(|p| p.lines.iter().any(|l| l.name == n.text))
                }),
                _ => true,
            };
            let found = match (column.role, as_meter) {
                (Some(ast::ColumnRole::Expect), _) | (None, None) => {
                    self.target(&seen, &column.subject).map(Column::Target)
                }
                (None, Some(meter)) if is_line => {
                    self.report(
                        Diagnostic::error(codes::TEST_NAME, format!("`{}` is both a meter and a line", meter.name))
                            .at(column.span, "")
                            .help("write `given` or `expect` in front of the name of the column"),
                    );
                    return;
                }
                (_, Some(meter)) => {
                    if self.all_dimensions(&seen, &meter, &[], column.span).is_none() {
                        return;
                    }
                    Some(Column::Meter(meter))
                }
                (Some(ast::ColumnRole::Given), None) => {
                    if let ExpectSubject::Line(path) = &column.subject {
                        self.meter(&seen, path);
                    }
                    None
                }
            };
            match found {
                Some(found) => columns.push(found),
                None => return,
            }
        }
        for (number, row) in table.rows.iter().enumerate() {
            let ast::TestTableEntry::Row { cells, span, .. } = row else { continue };
            if cells.len() != columns.len() {
                let message = format!("this row has {} columns, the header has {}", cells.len(), columns.len());
                self.report(Diagnostic::error(codes::TEST_NAME, message).at(*span, ""));
                continue;
            }
            let mut given = Vec::new();
            let mut expect = Vec::new();
            let mut sound = !recovered;
            for (cell, column) in cells.iter().zip(&columns) {
                match (column, cell) {
                    (Column::Meter(meter), ast::TestCell::Amount(e)) => match self.meter_quantity(meter, e) {
                        Some(quantity) => given.push(Given::Meter {
                            meter: meter.name.clone(),
                            quantity,
                            labels: Vec::new(),
                            on: None,
                            each: None,
                            span: e.span,
                        }),
                        None => sound = false,
                    },
                    (Column::Target(target), ast::TestCell::Amount(e)) => match self.expected(&seen, target, e) {
                        Some(amount) => expect.push(Expect {
                            target: target.clone(),
                            labels: Vec::new(),
                            amount: Some(amount),
                            amount_span: e.span,
                            on: None,
                            span: *span,
                        }),
                        None => sound = false,
                    },
                    (Column::Target(target), ast::TestCell::Unknown(at)) => expect.push(Expect {
                        target: target.clone(),
                        labels: Vec::new(),
                        amount: None,
                        amount_span: *at,
                        on: None,
                        span: *span,
                    }),
                    (_, ast::TestCell::Label(label)) => {
                        let message = "an amount is needed in this column";
                        self.report(Diagnostic::error(codes::TYPE_MISMATCH, message).at(label.span, ""));
                        sound = false;
                    }
                    (Column::Meter(_), ast::TestCell::Unknown(at)) => {
                        let message = "`?` stands for an expected amount, not for usage";
                        self.report(Diagnostic::error(codes::TEST_NAME, message).at(*at, ""));
                        sound = false;
                    }
                }
            }
            if sound {
                self.made.cases.push(TestCase {
                    title: format!("{}, row {}", table.title.value, number + 1),
                    span: *span,
                    file: seen.file,
                    item: seen.item,
                    subject: seen.name.clone(),
                    from,
                    until,
                    exact_dates: exact_dates(&table.period),
                    given,
                    expect,
                });
            }
        }
    }
}
