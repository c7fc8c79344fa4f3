//! All columns of a file, by name, for hosts that have no plan.

use super::Rows;
use super::table::{FLOAT, batches, child_name, damaged, flat_names, flat_types, footer, guarded, words};
use crate::error::IngestError;
use crate::limits::{MEMBERS_MAX, PARQUET_ROWS};
use arrow::array::{ArrayRef, AsArray};
use arrow::datatypes::DataType;
use arrow::record_batch::RecordBatch;
use parquet::arrow::arrow_reader::ParquetRecordBatchReaderBuilder;
use std::fs::File;

/// See the module. Structs are opened: `data` gives its members, others `parent.child`.
pub(crate) struct Plain {
    file: String,
    rows: Rows,
}

impl Plain {
    /// Opens a file of a name for messages.
    pub(crate) fn open(file: &str, mut handle: File) -> Result<Plain, IngestError> {
        let size = handle.metadata().map_err(|cause| IngestError::Read { file: file.into(), cause })?.len();
        footer(file, &mut handle, size)?;
        let builder = guarded(file, || ParquetRecordBatchReaderBuilder::try_new(handle))?;
        let names = flat_names(builder.schema());
        if names.len() > MEMBERS_MAX {
            return Err(damaged(file, &format!("it has more than {MEMBERS_MAX} columns")));
        }
        for (name, kind) in names.iter().zip(flat_types(builder.schema())) {
            let mend = match &kind {
                DataType::Timestamp(_, None) => {
                    "a local time is not an instant; write a timestamp in UTC (`isAdjustedToUTC`)"
                }
                kind if kind.is_floating() => FLOAT,
                kind if kind.is_nested() => "write it as columns of plain values, or leave it out",
                DataType::Binary | DataType::LargeBinary | DataType::BinaryView => "write it as text, or leave it out",
                _ => continue,
            };
            let (file, column) = (file.to_owned(), name.clone());
            return Err(IngestError::Column { file, column, found: words(&kind), mend: mend.into() });
        }
        let reader = guarded(file, || builder.with_batch_size(PARQUET_ROWS).build())?;
        Ok(Plain { file: file.to_owned(), rows: batches(file.to_owned(), reader) })
    }

    /// A fault of the file.
    pub(crate) fn damaged(&self, problem: &str) -> IngestError {
        damaged(&self.file, problem)
    }
}

impl Iterator for Plain {
    type Item = Result<Vec<(String, ArrayRef)>, IngestError>;

    fn next(&mut self) -> Option<Self::Item> {
        Some(self.rows.next()?.map(|batch| flattened(&batch)))
    }
}

fn flattened(batch: &RecordBatch) -> Vec<(String, ArrayRef)> {
    let schema = batch.schema();
    let mut columns = Vec::new();
    for (field, array) in schema.fields().iter().zip(batch.columns()) {
        if let DataType::Struct(_) = field.data_type() {
            let (children, arrays) = array.as_struct().clone().flatten();
            columns.extend(children.iter().zip(arrays).map(|(of, array)| (child_name(field.name(), of.name()), array)));
        } else {
            columns.push((field.name().clone(), array.clone()));
        }
    }
    columns
}
