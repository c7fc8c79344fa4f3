//! Rows of Parquet.

use super::Members;
use crate::error::IngestError;
use crate::parquet::Plain;
use crate::time::{BEYOND, FIRST};
use arrow::array::{Array, ArrayRef, AsArray};
use arrow::compute::cast;
use arrow::datatypes::{DataType, Int64Type};
use arrow::util::display::{ArrayFormatter, FormatOptions};
use price_value::Timestamp;
use serde_json::Value;
use std::fs::File;

/// Turns rows into events, in order. Numbers are texts, exactly as they stand: what they are, the plan knows.
pub struct ParquetEvents {
    rows: Plain,
    /// Of the batch that is read.
    ready: std::vec::IntoIter<Result<String, String>>,
}

impl ParquetEvents {
    /// Opens a file of a name for messages.
    pub fn open(name: &str, file: File) -> Result<ParquetEvents, IngestError> {
        Ok(ParquetEvents { rows: Plain::open(name, file)?, ready: Vec::new().into_iter() })
    }
}

impl Iterator for ParquetEvents {
    /// An event, or why a row is none; an error of the file ends it.
    type Item = Result<Result<String, String>, IngestError>;

    fn next(&mut self) -> Option<Self::Item> {
        loop {
            if let Some(event) = self.ready.next() {
                return Some(Ok(event));
            }
            let columns = match self.rows.next()? {
                Ok(columns) => columns,
                Err(error) => return Some(Err(error)),
            };
            match events(&columns) {
                Ok(events) => self.ready = events.into_iter(),
                Err(error) => return Some(Err(self.rows.damaged(&error.to_string()))),
            }
        }
    }
}

fn events(columns: &[(String, ArrayRef)]) -> Result<Vec<Result<String, String>>, arrow::error::ArrowError> {
    let rows = columns.first().map_or(0, |(_, array)| array.len());
    let mut events: Vec<Result<Members, String>> = (0..rows).map(|_| Ok(Members::default())).collect();
    for (name, array) in columns {
        for (event, value) in events.iter_mut().zip(values(array)?) {
            if let (Ok(members), Some(value)) = (&mut *event, value)
                && let Err(problem) = members.put(name, value)
            {
                *event = Err(problem);
            }
        }
    }
    Ok(events.into_iter().map(|event| event.map(Members::text)).collect())
}

/// The values of a column; none where it is null.
fn values(array: &ArrayRef) -> Result<Vec<Option<Value>>, arrow::error::ArrowError> {
    let rows = 0..array.len();
    Ok(match array.data_type() {
        DataType::Null => rows.map(|_| None).collect(),
        DataType::Boolean => array.as_boolean().iter().map(|flag| flag.map(Value::Bool)).collect(),
        DataType::Timestamp(unit, _) => {
            let (nanos, _) = crate::parquet::nanos(*unit);
            let ticks = cast(array, &DataType::Int64)?;
            let instant = |ticks: i64| ticks.checked_mul(nanos).filter(|at| (FIRST..BEYOND).contains(at));
            // What is no instant of ours is shown as it is, and refused as a time.
            let text = |ticks: i64| instant(ticks).map_or(ticks.to_string(), |at| Timestamp(at).to_string());
            ticks.as_primitive::<Int64Type>().iter().map(|ticks| ticks.map(|ticks| text(ticks).into())).collect()
        }
        _ => {
            let options = FormatOptions::default();
            let shown = ArrayFormatter::try_new(array.as_ref(), &options)?;
            // An empty text is a missing value, as in a cell.
            let value = |row: usize| match array.is_null(row) {
                true => Ok(None),
                false => shown.value(row).try_to_string().map(|text| (!text.is_empty()).then(|| text.into())),
            };
            rows.map(value).collect::<Result<_, _>>()?
        }
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use arrow::array::{
        BooleanArray, Decimal128Array, Float64Array, Int64Array, StringArray, StructArray, TimestampMicrosecondArray,
    };
    use arrow::datatypes::Field;
    use arrow::record_batch::RecordBatch;
    use parquet::arrow::ArrowWriter;
    use std::sync::Arc;

    fn written(columns: Vec<(&str, ArrayRef)>) -> File {
        let batch = RecordBatch::try_from_iter_with_nullable(columns.into_iter().map(|(n, a)| (n, a, true)));
        let batch = batch.expect("columns of one length");
        let file = tempfile::tempfile().expect("a file");
        let mut writer =
            ArrowWriter::try_new(file.try_clone().expect("it is open"), batch.schema(), None).expect("made");
        writer.write(&batch).expect("written");
        writer.close().expect("written");
        file
    }

    #[test]
    fn rows_are_events_with_their_exact_numbers() {
        let decimals = Decimal128Array::from(vec![Some(1_234_567), None]).with_precision_and_scale(10, 4);
        let tokens = StructArray::from(vec![(
            Arc::new(Field::new("input", DataType::Int64, true)),
            Arc::new(Int64Array::from(vec![Some(9_007_199_254_740_993), None])) as ArrayRef,
        )]);
        let file = written(vec![
            ("id", Arc::new(StringArray::from(vec!["1", ""]))),
            ("time", Arc::new(TimestampMicrosecondArray::from(vec![1_767_225_600_000_001, 0]).with_timezone("UTC"))),
            ("amount", Arc::new(decimals.expect("they fit"))),
            ("tokens", Arc::new(tokens)),
            ("flag", Arc::new(BooleanArray::from(vec![Some(true), None]))),
        ]);
        let events: Vec<String> = ParquetEvents::open("a.parquet", file)
            .expect("a file")
            .map(|row| row.expect("read").expect("fits"))
            .collect();
        assert_eq!(
            events,
            [
                r#"{"amount":"123.4567","flag":true,"id":"1","time":"2026-01-01T00:00:00.000001Z","tokens":{"input":"9007199254740993"}}"#,
                r#"{"time":"1970-01-01T00:00:00Z"}"#
            ]
        );
    }

    #[test]
    fn what_is_not_exact_and_what_is_no_file_is_told() {
        let floats = written(vec![("amount", Arc::new(Float64Array::from(vec![0.1])))]);
        let told = |file: File| ParquetEvents::open("a.parquet", file).err().expect("it is refused").to_string();
        assert!(told(floats).contains("floating point"));
        let local = written(vec![("time", Arc::new(TimestampMicrosecondArray::from(vec![0])))]);
        assert!(told(local).contains("not an instant"));
        assert!(told(tempfile::tempfile().expect("a file")).contains("too short"));
    }
}
