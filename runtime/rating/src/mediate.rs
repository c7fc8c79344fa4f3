//! From a loosely typed record to a row of typed columns, directed by the event's schema.
//!
//! Readers of every format end here, so that NDJSON, CSV and columns of Parquet accept and refuse
//! the same values with the same codes. It knows no format and no envelope (time, subject, id):
//! readers bring those. For whole columns see [`crate::bulk`].

use crate::labels::OpenLabels;
use crate::limits::FAMILY_ENTRIES_MAX;
use crate::number::fixed;
use crate::reject::{RejectReason, excerpt, known};
use crate::schema::EventSchema;
use price_ir::batch::NULL;
use price_ir::{Batch, Column, FieldIx, FieldType};
use price_value::Timestamp;
use std::sync::Arc;

/// A value as a reader found it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Raw<'a> {
    /// `null`, an empty cell: the same as leaving the field out.
    Null,
    /// Text: labels, texts, and numbers written as text, with a unit or without.
    Text(&'a str),
    /// The decimal text of a number, as it stands in the record (never a parsed float).
    Number(&'a str),
    /// `true` or `false`.
    Flag(bool),
    /// An object: key and value in the record's order.
    Object(&'a [(&'a str, Raw<'a>)]),
    /// Something no field can hold: an array. The text says what, for the message.
    Other(&'static str),
}

impl Raw<'_> {
    fn describe(&self) -> String {
        match self {
            Raw::Null => "null".into(),
            Raw::Text(t) => format!("the text `{}`", excerpt(t)),
            Raw::Number(n) => format!("the number {}", excerpt(n)),
            Raw::Flag(b) => b.to_string(),
            Raw::Object(_) => "an object".into(),
            Raw::Other(what) => (*what).into(),
        }
    }
}

/// Collects the rows of one event type.
///
/// [`RowBuilder::begin`], [`RowBuilder::set`] for each field, then [`RowBuilder::finish`] or
/// [`RowBuilder::abandon`]; or all at once with [`RowBuilder::push`]. A refused row leaves the
/// batch as it was.
#[derive(Debug, Clone)]
pub struct RowBuilder {
    schema: Arc<EventSchema>,
    batch: Batch,
    given: Vec<bool>,
    open: bool,
}

impl RowBuilder {
    /// A builder without rows.
    pub fn new(schema: Arc<EventSchema>) -> RowBuilder {
        let given = vec![false; schema.fields().len()];
        RowBuilder { batch: schema.batch(), schema, given, open: false }
    }

    /// The schema it builds for.
    pub fn schema(&self) -> &Arc<EventSchema> {
        &self.schema
    }

    /// Finished rows.
    pub fn rows(&self) -> usize {
        self.batch.rows
    }

    /// The finished rows so far.
    pub fn batch(&self) -> &Batch {
        &self.batch
    }

    /// The finished rows, leaving the builder empty.
    pub fn take(&mut self) -> Batch {
        self.abandon();
        std::mem::replace(&mut self.batch, self.schema.batch())
    }

    /// Starts a row; an unfinished one is dropped.
    pub fn begin(&mut self, happened: Timestamp) {
        self.abandon();
        self.batch.happened.push(happened.0);
        self.open = true;
    }

    /// Drops the row that was begun.
    pub fn abandon(&mut self) {
        if !self.open {
            return;
        }
        let rows = self.batch.rows;
        self.batch.happened.truncate(rows);
        for column in &mut self.batch.columns {
            match column {
                Column::Int(v) => v.truncate(rows),
                Column::Family(labels) => labels.iter_mut().for_each(|v| v.truncate(rows)),
                Column::Label(v) => v.truncate(rows),
                Column::Text(v) => v.truncate(rows),
                Column::Flag(v) => v.truncate(rows),
            }
        }
        self.given.fill(false);
        self.open = false;
    }

    /// Sets one field of the row that was begun. `Raw::Null` leaves it out.
    pub fn set(&mut self, field: FieldIx, raw: Raw<'_>, open: &mut OpenLabels) -> Result<(), RejectReason> {
        debug_assert!(self.open, "a row is begun before its fields are set");
        if raw == Raw::Null {
            return Ok(());
        }
        let schema = self.schema.clone();
        let declared = schema.ty(field);
        let name = || declared.name.clone();
        if self.given[field.ix()] {
            return Err(RejectReason::Twice { field: name() });
        }
        let column = &mut self.batch.columns[field.ix()];
        match (&declared.ty, column) {
            (FieldType::Number(ty), Column::Int(values)) => {
                let (Raw::Text(text) | Raw::Number(text)) = raw else {
                    return Err(RejectReason::NotANumber { field: name(), found: raw.describe() });
                };
                values.push(fixed(&declared.name, ty, text)?);
            }
            (FieldType::Family(dim, ty), Column::Family(values)) => {
                let dimension = &schema.plan().dimensions[dim.ix()];
                let Raw::Object(entries) = raw else {
                    return Err(RejectReason::NotAFamily {
                        field: name(),
                        dimension: dimension.name.clone(),
                        example: dimension.labels.first().cloned().unwrap_or_default(),
                        found: raw.describe(),
                    });
                };
                if entries.len() > FAMILY_ENTRIES_MAX {
                    return Err(RejectReason::TooManyLabels { field: name(), max: FAMILY_ENTRIES_MAX });
                }
                let row = self.batch.rows;
                for (label, value) in entries {
                    if *value == Raw::Null {
                        continue;
                    }
                    let entry = || format!("{}.{}", declared.name, excerpt(label));
                    let code = schema.label(field, *dim, label, open)?;
                    let (Raw::Text(text) | Raw::Number(text)) = *value else {
                        return Err(RejectReason::NotANumber { field: entry(), found: value.describe() });
                    };
                    let value = fixed(&entry(), ty, text)?;
                    let cell = &mut values[code as usize];
                    if cell.len() > row {
                        return Err(RejectReason::Twice { field: entry() });
                    }
                    cell.push(value);
                }
                for cell in values {
                    if cell.len() == row {
                        cell.push(0);
                    }
                }
            }
            (FieldType::Label(dim), Column::Label(codes)) => {
                let (Raw::Text(text) | Raw::Number(text)) = raw else {
                    return Err(RejectReason::NotText { field: name(), found: raw.describe() });
                };
                codes.push(schema.label(field, *dim, text, open)?);
            }
            (FieldType::LabelFrom(_, from), _) => {
                return Err(RejectReason::LookedUp { field: name(), from: schema.ty(*from).name.clone() });
            }
            (FieldType::Text, Column::Text(texts)) => {
                let (Raw::Text(text) | Raw::Number(text)) = raw else {
                    return Err(RejectReason::NotText { field: name(), found: raw.describe() });
                };
                schema.fits(field, text)?;
                texts.push(text.into());
            }
            (FieldType::Flag, Column::Flag(flags)) => flags.push(match raw {
                Raw::Flag(flag) => u8::from(flag),
                Raw::Text("true") => 1,
                Raw::Text("false") => 0,
                _ => return Err(RejectReason::NotAFlag { field: name(), found: raw.describe() }),
            }),
            _ => unreachable!("columns are made from the schema"),
        }
        self.given[field.ix()] = true;
        Ok(())
    }

    /// Ends the row: looks up derived labels, fills what is optional, and says the row's index.
    /// On an error the row is dropped.
    pub fn finish(&mut self, open: &mut OpenLabels) -> Result<usize, RejectReason> {
        let ended = self.complete(open);
        match ended {
            Ok(()) => {
                self.batch.rows += 1;
                self.given.fill(false);
                self.open = false;
                Ok(self.batch.rows - 1)
            }
            Err(reason) => {
                self.abandon();
                Err(reason)
            }
        }
    }

    /// One whole row: field names and values in any order. On an error nothing changes.
    pub fn push<'a>(
        &mut self,
        happened: Timestamp,
        fields: impl IntoIterator<Item = (&'a str, Raw<'a>)>,
        open: &mut OpenLabels,
    ) -> Result<usize, RejectReason> {
        self.begin(happened);
        for (name, raw) in fields {
            let set = match self.schema.field(name) {
                Some(field) => self.set(field, raw, open),
                None if self.schema.refuses_unknown() => Err(self.unknown_field(name)),
                None => Ok(()),
            };
            if let Err(reason) = set {
                self.abandon();
                return Err(reason);
            }
        }
        self.finish(open)
    }

    /// The reason for a field the event does not declare, for readers that resolve names themselves.
    pub fn unknown_field(&self, name: &str) -> RejectReason {
        RejectReason::UnknownField {
            event: self.schema.name().into(),
            field: excerpt(name),
            help: known(self.schema.fields().iter().map(|f| f.name.as_str())),
        }
    }

    fn complete(&mut self, open: &mut OpenLabels) -> Result<(), RejectReason> {
        let schema = self.schema.clone();
        for (index, declared) in schema.fields().iter().enumerate() {
            if self.given[index] {
                continue;
            }
            let field = FieldIx(index as u32);
            if let FieldType::LabelFrom(dim, from) = &declared.ty {
                let code = match &self.batch.columns[from.ix()] {
                    Column::Text(texts) if self.given[from.ix()] => {
                        // The text is at the row's place: fields are set before the row ends.
                        schema.label(field, *dim, &texts[self.batch.rows], open)?
                    }
                    _ if declared.optional || schema.ty(*from).optional => u32::MAX,
                    _ => return Err(schema.missing(*from)),
                };
                if let Column::Label(codes) = &mut self.batch.columns[index] {
                    codes.push(code);
                }
                continue;
            }
            if !declared.optional {
                return Err(schema.missing(field));
            }
            match &mut self.batch.columns[index] {
                Column::Int(v) => v.push(NULL),
                Column::Family(labels) => labels.iter_mut().for_each(|v| v.push(0)),
                Column::Label(v) => v.push(u32::MAX),
                Column::Text(v) => v.push("".into()),
                Column::Flag(v) => v.push(2),
            }
        }
        Ok(())
    }
}
