//! Whole columns at once, for columnar input: the same checks as [`crate::mediate`], without a
//! call per value where the column's type already promises what a check would find.

use crate::labels::OpenLabels;
use crate::number::fixed;
use crate::reject::RejectReason;
use crate::schema::EventSchema;
use price_ir::batch::NULL;
use price_ir::{Batch, Column, FieldIx, FieldType};
use std::sync::Arc;

/// Rows whose columns arrive one by one.
#[derive(Debug)]
pub struct BulkBuilder {
    schema: Arc<EventSchema>,
    batch: Batch,
    bad: Vec<(u32, RejectReason)>,
    given: Vec<bool>,
}

/// What became of the rows of a [`BulkBuilder`].
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Bulk {
    /// The accepted rows.
    pub batch: Batch,
    /// For each accepted row its place in the input; `None` when every row was accepted.
    pub kept: Option<Vec<u32>>,
    /// Refused rows by place in the input, each once, in order.
    pub rejects: Vec<(u32, RejectReason)>,
}

impl BulkBuilder {
    /// As many rows as `happened` has instants (nanoseconds since the epoch).
    pub fn new(schema: Arc<EventSchema>, happened: Vec<i64>) -> BulkBuilder {
        let mut batch = schema.batch();
        batch.rows = happened.len();
        batch.happened = happened;
        let given = vec![false; schema.fields().len()];
        BulkBuilder { batch, schema, bad: Vec::new(), given }
    }

    fn refuse(&mut self, row: usize, reason: RejectReason) {
        self.bad.push((row as u32, reason));
    }

    fn put(&mut self, field: FieldIx, column: Column) {
        assert_eq!(column.len(), self.batch.rows, "a column has one value per row");
        self.batch.columns[field.ix()] = column;
        self.given[field.ix()] = true;
    }

    /// Integers of `decimals` decimals (an Arrow integer column has 0) for a number field.
    /// `valid[row]` false means missing; `None` means none is.
    ///
    /// # Panics
    /// When a column's length is not the number of rows, or the field is no number.
    pub fn integers(&mut self, field: FieldIx, values: Vec<i64>, decimals: u8, valid: Option<&[bool]>) {
        let schema = self.schema.clone();
        let declared = schema.ty(field);
        let FieldType::Number(ty) = &declared.ty else { panic!("`{}` is no number", declared.name) };
        let mut values = values;
        let down = decimals.saturating_sub(ty.decimals);
        let up = ty.decimals.saturating_sub(decimals);
        let plain = down == 0 && up == 0;
        let factor = 10i64.checked_pow(u32::from(up.max(down)));
        for row in 0..values.len() {
            if valid.is_some_and(|v| !v[row]) {
                values[row] = NULL;
                if !declared.optional {
                    self.refuse(row, schema.missing(field));
                }
                continue;
            }
            let value = values[row];
            if plain && value != NULL && (value >= 0 || ty.signed) {
                continue;
            }
            let scaled = match factor {
                Some(f) if down == 0 => value.checked_mul(f).filter(|v| *v != NULL),
                Some(f) if value % f == 0 && value != NULL => Some(value / f),
                _ => None,
            };
            match scaled {
                Some(v) if v >= 0 || ty.signed => values[row] = v,
                _ => {
                    // The slow path finds the reason.
                    let text = price_value::Rational::new(value.into(), 1)
                        * price_value::Rational::pow10(-i32::from(decimals));
                    match fixed(&declared.name, ty, &text.to_string()) {
                        Ok(v) => values[row] = v,
                        Err(reason) => {
                            values[row] = 0;
                            self.refuse(row, reason);
                        }
                    }
                }
            }
        }
        self.put(field, Column::Int(values));
    }

    /// Number texts (decimals wider than 64 bits, texts with units) for a number field.
    ///
    /// # Panics
    /// When the field is no number.
    pub fn numbers<'a>(&mut self, field: FieldIx, texts: impl IntoIterator<Item = Option<&'a str>>) {
        let schema = self.schema.clone();
        let declared = schema.ty(field);
        let FieldType::Number(ty) = &declared.ty else { panic!("`{}` is no number", declared.name) };
        let mut values = Vec::with_capacity(self.batch.rows);
        for (row, text) in texts.into_iter().enumerate() {
            values.push(match text {
                Some(text) => fixed(&declared.name, ty, text).unwrap_or_else(|reason| {
                    self.refuse(row, reason);
                    0
                }),
                None => {
                    if !declared.optional {
                        self.refuse(row, schema.missing(field));
                    }
                    NULL
                }
            });
        }
        self.put(field, Column::Int(values));
    }

    /// Dictionary codes for a label or text field; `u32::MAX` means missing. Each entry of the
    /// dictionary is resolved once.
    ///
    /// # Panics
    /// When the field holds neither labels nor text, or a code is outside the dictionary.
    pub fn dictionary(&mut self, field: FieldIx, codes: &[u32], dictionary: &[&str], open: &mut OpenLabels) {
        let schema = self.schema.clone();
        let declared = schema.ty(field);
        let column = match &declared.ty {
            FieldType::Label(dim) => {
                // Only entries in use are resolved: a dictionary may be larger than its column.
                let mut used = vec![false; dictionary.len()];
                codes.iter().filter(|c| **c != u32::MAX).for_each(|c| used[*c as usize] = true);
                let table: Vec<Option<Result<u32, RejectReason>>> = dictionary
                    .iter()
                    .zip(used)
                    .map(|(text, used)| used.then(|| schema.label(field, *dim, text, open)))
                    .collect();
                let mut out = Vec::with_capacity(codes.len());
                for (row, code) in codes.iter().enumerate() {
                    out.push(match table.get(*code as usize) {
                        Some(Some(Ok(label))) => *label,
                        Some(Some(Err(reason))) => {
                            self.refuse(row, reason.clone());
                            0
                        }
                        _ => self.absent(row, field, u32::MAX),
                    });
                }
                Column::Label(out)
            }
            FieldType::Text => {
                let mut out: Vec<Box<str>> = Vec::with_capacity(codes.len());
                for (row, code) in codes.iter().enumerate() {
                    out.push(match dictionary.get(*code as usize) {
                        Some(text) => {
                            if let Err(reason) = schema.fits(field, text) {
                                self.refuse(row, reason);
                            }
                            (*text).into()
                        }
                        None => self.absent(row, field, "".into()),
                    });
                }
                Column::Text(out)
            }
            _ => panic!("`{}` holds neither labels nor text", declared.name),
        };
        self.put(field, column);
    }

    /// Texts for a label or text field.
    ///
    /// # Panics
    /// When the field holds neither labels nor text.
    pub fn texts<'a>(
        &mut self,
        field: FieldIx,
        texts: impl IntoIterator<Item = Option<&'a str>>,
        open: &mut OpenLabels,
    ) {
        let schema = self.schema.clone();
        let declared = schema.ty(field);
        let column = match &declared.ty {
            FieldType::Label(dim) => {
                let mut out = Vec::with_capacity(self.batch.rows);
                for (row, text) in texts.into_iter().enumerate() {
                    out.push(match text {
                        Some(text) => schema.label(field, *dim, text, open).unwrap_or_else(|reason| {
                            self.refuse(row, reason);
                            0
                        }),
                        None => self.absent(row, field, u32::MAX),
                    });
                }
                Column::Label(out)
            }
            FieldType::Text => {
                let mut out: Vec<Box<str>> = Vec::with_capacity(self.batch.rows);
                for (row, text) in texts.into_iter().enumerate() {
                    out.push(match text {
                        Some(text) => {
                            if let Err(reason) = schema.fits(field, text) {
                                self.refuse(row, reason);
                            }
                            text.into()
                        }
                        None => self.absent(row, field, "".into()),
                    });
                }
                Column::Text(out)
            }
            _ => panic!("`{}` holds neither labels nor text", declared.name),
        };
        self.put(field, column);
    }

    /// Flags for a flag field.
    ///
    /// # Panics
    /// When the field is no flag.
    pub fn flags(&mut self, field: FieldIx, flags: impl IntoIterator<Item = Option<bool>>) {
        assert_eq!(self.schema.ty(field).ty, FieldType::Flag, "a column of flags is for a flag field");
        let mut out = Vec::with_capacity(self.batch.rows);
        for (row, flag) in flags.into_iter().enumerate() {
            out.push(match flag {
                Some(flag) => u8::from(flag),
                None => self.absent(row, field, 2),
            });
        }
        self.put(field, Column::Flag(out));
    }

    /// One label of a family field, as integers of `decimals` decimals; labels that get no column
    /// are zero.
    ///
    /// # Panics
    /// When the field is no family or the dimension has no such label.
    pub fn family(&mut self, field: FieldIx, label: u32, values: &[i64], decimals: u8) {
        let schema = self.schema.clone();
        let declared = schema.ty(field);
        let FieldType::Family(_, ty) = &declared.ty else { panic!("`{}` is no family", declared.name) };
        let rows = self.batch.rows;
        assert_eq!(values.len(), rows, "a column has one value per row");
        let mut out = Vec::with_capacity(rows);
        for (row, value) in values.iter().enumerate() {
            if decimals == ty.decimals && (*value >= 0 || ty.signed) && *value != NULL {
                out.push(*value);
                continue;
            }
            let text = price_value::Rational::int((*value).into()) * price_value::Rational::pow10(-i32::from(decimals));
            out.push(fixed(&declared.name, ty, &text.to_string()).unwrap_or_else(|reason| {
                self.refuse(row, reason);
                0
            }));
        }
        let Column::Family(columns) = &mut self.batch.columns[field.ix()] else {
            unreachable!("columns are made from the schema")
        };
        for column in columns.iter_mut().filter(|c| c.len() != rows) {
            column.resize(rows, 0);
        }
        columns[label as usize] = out;
        self.given[field.ix()] = true;
    }

    fn absent<T>(&mut self, row: usize, field: FieldIx, value: T) -> T {
        if !self.schema.ty(field).optional {
            let reason = self.schema.missing(field);
            self.refuse(row, reason);
        }
        value
    }

    /// Fills what no column was given for, looks up derived labels, and takes out refused rows.
    pub fn finish(mut self, open: &mut OpenLabels) -> Bulk {
        let schema = self.schema.clone();
        let rows = self.batch.rows;
        for (index, declared) in schema.fields().iter().enumerate() {
            if self.given[index] {
                continue;
            }
            let field = FieldIx(index as u32);
            let column = match &declared.ty {
                FieldType::LabelFrom(dim, from) => {
                    let texts = match &self.batch.columns[from.ix()] {
                        Column::Text(texts) if texts.len() == rows => texts.clone(),
                        _ => vec!["".into(); rows],
                    };
                    let mut codes = Vec::with_capacity(rows);
                    for (row, text) in texts.iter().enumerate() {
                        codes.push(if text.is_empty() {
                            if !declared.optional && !schema.ty(*from).optional {
                                let reason = schema.missing(*from);
                                self.refuse(row, reason);
                            }
                            u32::MAX
                        } else {
                            schema.label(field, *dim, text, open).unwrap_or_else(|reason| {
                                self.refuse(row, reason);
                                0
                            })
                        });
                    }
                    Column::Label(codes)
                }
                ty => {
                    if !declared.optional {
                        for row in 0..rows {
                            self.refuse(row, schema.missing(field));
                        }
                    }
                    match ty {
                        FieldType::Number(_) => Column::Int(vec![NULL; rows]),
                        FieldType::Family(dim, _) => {
                            let labels = schema.plan().dimensions[dim.ix()].size().unwrap_or(0) as usize;
                            Column::Family(vec![vec![0; rows]; labels])
                        }
                        FieldType::Text => Column::Text(vec!["".into(); rows]),
                        FieldType::Flag => Column::Flag(vec![2; rows]),
                        _ => Column::Label(vec![u32::MAX; rows]),
                    }
                }
            };
            self.put(field, column);
        }
        // The first field's reason stands for a row with several.
        self.bad.sort_by_key(|(row, _)| *row);
        self.bad.dedup_by_key(|(row, _)| *row);
        if self.bad.is_empty() {
            return Bulk { batch: self.batch, kept: None, rejects: self.bad };
        }
        let mut keep = vec![true; rows];
        self.bad.iter().for_each(|(row, _)| keep[*row as usize] = false);
        let kept: Vec<u32> = (0..rows as u32).filter(|r| keep[*r as usize]).collect();
        let batch = select(&self.batch, &kept);
        Bulk { batch, kept: Some(kept), rejects: self.bad }
    }
}

/// The rows of `batch` at these places, in that order. Calendar labels are dropped.
pub fn select(batch: &Batch, rows: &[u32]) -> Batch {
    fn pick<T: Clone>(values: &[T], rows: &[u32]) -> Vec<T> {
        rows.iter().map(|r| values[*r as usize].clone()).collect()
    }
    let columns = batch.columns.iter().map(|column| match column {
        Column::Int(v) => Column::Int(pick(v, rows)),
        Column::Family(labels) => Column::Family(labels.iter().map(|v| pick(v, rows)).collect()),
        Column::Label(v) => Column::Label(pick(v, rows)),
        Column::Text(v) => Column::Text(pick(v, rows)),
        Column::Flag(v) => Column::Flag(pick(v, rows)),
    });
    Batch {
        event: batch.event,
        rows: rows.len(),
        happened: pick(&batch.happened, rows),
        columns: columns.collect(),
        calendars: vec![Vec::new(); batch.calendars.len()],
    }
}
