//! Opens a file and decides, before any row, what its columns can be used for.

use crate::collect::Rules;
use crate::csv::{Families, Layout};
use crate::error::IngestError;
use crate::limits::{PARQUET_FOOTER_BYTES_MAX, PARQUET_ROWS};
use crate::mapping::{ATTRIBUTES, RECORDED, TIME};
use crate::runs::temporary;
use crate::source::Opened;
use arrow::array::{ArrayRef, AsArray};
use arrow::datatypes::{DataType, Schema, TimeUnit};
use arrow::record_batch::RecordBatch;
use parquet::arrow::ProjectionMask;
use parquet::arrow::arrow_reader::{ParquetRecordBatchReader, ParquetRecordBatchReaderBuilder};
use price_ir::{FieldIx, FieldType};
use std::collections::BTreeSet;
use std::fs::File;
use std::io::{self, Read, Seek, SeekFrom};
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::path::Path;

/// Record batches of a file, in order.
pub(crate) type Rows = Box<dyn Iterator<Item = Result<RecordBatch, IngestError>> + Send>;

/// What a file's columns are, after its structs are opened.
pub(crate) struct Table {
    pub(crate) file: String,
    pub(crate) attributes: [Option<usize>; ATTRIBUTES],
    /// Per event type.
    pub(crate) fields: Vec<Vec<(usize, FieldIx)>>,
    /// Per event type: family fields with label code and column.
    pub(crate) families: Vec<Families<u32>>,
    pub(crate) names: Vec<String>,
    rows: u64,
}

/// Runs what reads untrusted bytes; a panic of the format's library becomes an error.
pub(super) fn guarded<T>(
    file: &str,
    run: impl FnOnce() -> Result<T, parquet::errors::ParquetError>,
) -> Result<T, IngestError> {
    match catch_unwind(AssertUnwindSafe(run)) {
        Ok(result) => result.map_err(|e| damaged(file, &e.to_string())),
        Err(_) => Err(damaged(file, "its structure contradicts itself")),
    }
}

pub(super) fn damaged(file: &str, problem: &str) -> IngestError {
    let shown: String = problem.chars().take(300).map(|c| if c.is_control() { ' ' } else { c }).collect();
    IngestError::Parquet { file: file.into(), problem: shown }
}

impl Table {
    /// The times of a file as its own integers, with nanoseconds per step, where they are in a
    /// column of timestamps. Nothing where they are not, or the file cannot be read: who reads it
    /// as a whole will say so.
    pub(crate) fn times(rules: &Rules, path: &Path) -> Option<(Rows, i64)> {
        let mut handle = File::open(path).ok()?;
        let (file, size) = (path.display().to_string(), handle.metadata().ok()?.len());
        footer(&file, &mut handle, size).ok()?;
        let builder = guarded(&file, || ParquetRecordBatchReaderBuilder::try_new(handle)).ok()?;
        let names = flat_names(builder.schema());
        let at = Layout::new(&rules.plan, &rules.mapping, &names).attributes[TIME]?;
        let DataType::Timestamp(unit, _) = flat_types(builder.schema()).swap_remove(at) else { return None };
        let root = root(builder.schema(), at);
        if builder.schema().field(root).data_type().is_nested() {
            return None;
        }
        let mask = ProjectionMask::roots(builder.parquet_schema(), [root]);
        let reader = guarded(&file, || builder.with_projection(mask).with_batch_size(PARQUET_ROWS).build()).ok()?;
        Some((batches(file, reader), nanos(unit).0))
    }

    /// Opens a file of which `head` was already read. Streams are copied to a temporary file,
    /// because Parquet is read from its end.
    pub(crate) fn open(
        rules: &Rules,
        file: &str,
        head: Vec<u8>,
        from: Opened,
    ) -> Result<(Table, Rows, u64), IngestError> {
        let failed = |cause| IngestError::Read { file: file.into(), cause };
        let (mut handle, size) = match from {
            Opened::File(handle) => {
                let size = handle.metadata().map_err(failed)?.len();
                (handle, size)
            }
            Opened::Stream(stream) => {
                let mut handle = temporary(rules.temp_dir.as_ref())?;
                let size = io::copy(&mut io::Cursor::new(head).chain(stream), &mut handle).map_err(failed)?;
                (handle, size)
            }
        };
        footer(file, &mut handle, size)?;
        let builder = guarded(file, || ParquetRecordBatchReaderBuilder::try_new(handle))?;
        let rows = u64::try_from(builder.metadata().file_metadata().num_rows()).unwrap_or(0);
        let names: Vec<String> = flat_names(builder.schema());
        let layout = Layout::new(&rules.plan, &rules.mapping, &names);
        if let Some(missing) = layout.missing(&rules.mapping) {
            return Err(IngestError::Column {
                file: file.into(),
                column: missing.into(),
                found: "not there".into(),
                mend: "say which column it is with `--map`".into(),
            });
        }
        let types = flat_types(builder.schema());
        let table = Table::check(rules, file, layout, names, &types, rows)?;
        let mut used: BTreeSet<usize> = table.attributes.iter().flatten().copied().collect();
        used.extend(table.fields.iter().flatten().map(|(column, _)| *column));
        used.extend(table.families.iter().flatten().flat_map(|(_, labels)| labels.iter().map(|(_, c)| *c)));
        // Roots of the used columns; the others are not decoded. Positions among the read columns
        // follow from their names.
        let roots: BTreeSet<usize> = used.iter().map(|at| root(builder.schema(), *at)).collect();
        let mask = ProjectionMask::roots(builder.parquet_schema(), roots);
        let reader = guarded(file, || builder.with_projection(mask).with_batch_size(PARQUET_ROWS).build())?;
        Ok((table, batches(file.to_string(), reader), size))
    }

    fn check(
        rules: &Rules,
        file: &str,
        layout: Layout,
        names: Vec<String>,
        types: &[DataType],
        rows: u64,
    ) -> Result<Table, IngestError> {
        let refuse = |at: usize, mend: &str| IngestError::Column {
            file: file.into(),
            column: names[at].clone(),
            found: words(&types[at]),
            mend: mend.into(),
        };
        for (slot, column) in layout.attributes.iter().enumerate() {
            let Some(at) = *column else { continue };
            match &types[at] {
                kind if slot == TIME || (slot == RECORDED && rules.recorded) => {
                    time(kind, rules.mapping.assume_utc).map_err(|mend| refuse(at, mend))?
                }
                kind if is_text(kind) || kind.is_integer() || *kind == DataType::Null => {}
                kind if kind.is_floating() => return Err(refuse(at, FLOAT)),
                _ => return Err(refuse(at, "write it as text or as an integer")),
            }
        }
        for (event, fields) in rules.plan.events.iter().zip(&layout.fields) {
            for (at, field) in fields {
                let kind = &types[*at];
                let fits = match event.fields[field.ix()].ty {
                    FieldType::Number(_) => kind.is_integer() || is_decimal(kind) || is_text(kind),
                    FieldType::Flag => *kind == DataType::Boolean,
                    _ => kind.is_integer() || is_text(kind) || matches!(kind, DataType::Date32),
                };
                if !fits && *kind != DataType::Null {
                    let mend = match event.fields[field.ix()].ty {
                        _ if kind.is_floating() => FLOAT,
                        FieldType::Number(_) => "write it as an integer or a decimal",
                        FieldType::Flag => "write it as a boolean",
                        _ => "write it as text",
                    };
                    return Err(refuse(*at, mend));
                }
            }
        }
        let mut families = Vec::new();
        for (event, given) in rules.plan.events.iter().zip(&layout.families) {
            let mut out = Vec::new();
            for (field, columns) in given {
                let FieldType::Family(dim, _) = &event.fields[field.ix()].ty else { continue };
                let mut labels = Vec::new();
                for (label, at) in columns {
                    let kind = &types[*at];
                    let narrow = matches!(kind, DataType::Decimal128(p, s) if *p <= 18 && (0..=18).contains(s));
                    if !(kind.is_integer() && *kind != DataType::UInt64 || narrow) {
                        let float = kind.is_floating();
                        return Err(refuse(*at, if float { FLOAT } else { "write it as an integer" }));
                    }
                    let dimension = &rules.plan.dimensions[dim.ix()];
                    let code = dimension.resolve(label).ok_or_else(|| {
                        let known = dimension.labels.iter().take(8).cloned().collect::<Vec<_>>().join(", ");
                        refuse(*at, &format!("name it after a label of `{}`: {known}", dimension.name))
                    })?;
                    if labels.iter().any(|(other, _)| *other == code) {
                        return Err(refuse(*at, "another column stands for the same label"));
                    }
                    labels.push((code, *at));
                }
                out.push((*field, labels));
            }
            families.push(out);
        }
        Ok(Table { file: file.into(), attributes: layout.attributes, fields: layout.fields, families, names, rows })
    }

    /// The columns of a batch by place in [`Table::names`]; `None` for those not read.
    pub(crate) fn columns(&self, batch: &RecordBatch) -> Vec<Option<ArrayRef>> {
        let mut out = vec![None; self.names.len()];
        let schema = batch.schema();
        for (field, array) in schema.fields().iter().zip(batch.columns()) {
            if let DataType::Struct(_) = field.data_type() {
                let (children, arrays) = array.as_struct().clone().flatten();
                for (child, array) in children.iter().zip(arrays) {
                    let name = child_name(field.name(), child.name());
                    if let Some(at) = self.names.iter().position(|n| *n == name) {
                        out[at] = Some(array);
                    }
                }
            } else if let Some(at) = self.names.iter().position(|n| n == field.name()) {
                out[at] = Some(array.clone());
            }
        }
        out
    }

    /// The share of `size` bytes that `rows` rows stand for.
    pub(crate) fn share(&self, rows: usize, size: &u64) -> u64 {
        (u128::from(*size) * rows as u128 / u128::from(self.rows.max(1))) as u64
    }
}

/// The batches of a reader, to the first that fails.
pub(super) fn batches(file: String, mut reader: ParquetRecordBatchReader) -> Rows {
    let mut failed = false;
    Box::new(std::iter::from_fn(move || {
        if failed {
            return None;
        }
        // A reader that panicked is not asked again.
        match catch_unwind(AssertUnwindSafe(|| reader.next())) {
            Ok(next) => next.map(|batch| batch.map_err(|e| damaged(&file, &e.to_string()))),
            Err(_) => Some(Err(damaged(&file, "its structure contradicts itself"))),
        }
        .inspect(|result| failed = result.is_err())
    }))
}

/// Nanoseconds of a unit of time, and what it is called.
pub(crate) fn nanos(unit: TimeUnit) -> (i64, &'static str) {
    match unit {
        TimeUnit::Second => (1_000_000_000, "seconds"),
        TimeUnit::Millisecond => (1_000_000, "milliseconds"),
        TimeUnit::Microsecond => (1_000, "microseconds"),
        TimeUnit::Nanosecond => (1, "nanoseconds"),
    }
}

/// Checks what the library would believe: that the footer lies inside the file.
pub(super) fn footer(file: &str, handle: &mut File, size: u64) -> Result<(), IngestError> {
    let failed = |cause| IngestError::Read { file: file.into(), cause };
    if size < 12 {
        return Err(damaged(file, "it is too short; it was cut off while it was written or copied"));
    }
    let mut tail = [0u8; 8];
    handle.seek(SeekFrom::End(-8)).map_err(failed)?;
    handle.read_exact(&mut tail).map_err(failed)?;
    handle.rewind().map_err(failed)?;
    if &tail[4..] != b"PAR1" {
        return Err(damaged(file, "its end is missing; it was cut off while it was written or copied"));
    }
    let [a, b, c, d, ..] = tail;
    let length = u64::from(u32::from_le_bytes([a, b, c, d]));
    if length + 12 > size || length > PARQUET_FOOTER_BYTES_MAX {
        return Err(damaged(file, "its footer has an impossible length"));
    }
    Ok(())
}

pub(super) fn child_name(parent: &str, child: &str) -> String {
    if parent == "data" { child.into() } else { format!("{parent}.{child}") }
}

/// Names of columns; members of a struct as `parent.child`, of the struct `data` as `child`.
pub(super) fn flat_names(schema: &Schema) -> Vec<String> {
    let mut out = Vec::new();
    for field in schema.fields() {
        match field.data_type() {
            DataType::Struct(children) => out.extend(children.iter().map(|c| child_name(field.name(), c.name()))),
            _ => out.push(field.name().clone()),
        }
    }
    out
}

pub(super) fn flat_types(schema: &Schema) -> Vec<DataType> {
    let mut out = Vec::new();
    for field in schema.fields() {
        match field.data_type() {
            DataType::Struct(children) => out.extend(children.iter().map(|c| c.data_type().clone())),
            kind => out.push(kind.clone()),
        }
    }
    out
}

/// The top-level column of a flat one.
fn root(schema: &Schema, flat: usize) -> usize {
    let mut seen = 0;
    for (at, field) in schema.fields().iter().enumerate() {
        seen += match field.data_type() {
            DataType::Struct(children) => children.len(),
            _ => 1,
        };
        if flat < seen {
            return at;
        }
    }
    schema.fields().len().saturating_sub(1)
}

pub(super) const FLOAT: &str = "floating point is not exact; write it as DECIMAL, or as an integer of a smaller unit";

fn is_text(kind: &DataType) -> bool {
    match kind {
        DataType::Utf8 | DataType::LargeUtf8 | DataType::Utf8View => true,
        DataType::Dictionary(_, values) => is_text(values),
        _ => false,
    }
}

fn is_decimal(kind: &DataType) -> bool {
    matches!(
        kind,
        DataType::Decimal32(..) | DataType::Decimal64(..) | DataType::Decimal128(..) | DataType::Decimal256(..)
    )
}

fn time(kind: &DataType, assume_utc: bool) -> Result<(), &'static str> {
    match kind {
        DataType::Timestamp(_, Some(_)) => Ok(()),
        DataType::Timestamp(_, None) if assume_utc => Ok(()),
        DataType::Timestamp(_, None) => Err(
            "a local time is not an instant; write it as a timestamp in UTC (`isAdjustedToUTC`), or say that it is UTC",
        ),
        kind if is_text(kind) => Ok(()),
        DataType::Date32 | DataType::Date64 => Err("a date is not an instant; write a timestamp in UTC"),
        _ => Err("write it as a timestamp in UTC, or as RFC 3339 text"),
    }
}

pub(super) fn words(kind: &DataType) -> String {
    match kind {
        DataType::Timestamp(_, None) => "a timestamp without a zone".into(),
        DataType::Boolean => "boolean".into(),
        kind if kind.is_floating() => format!("floating point ({kind})"),
        kind => format!("{kind}"),
    }
}
