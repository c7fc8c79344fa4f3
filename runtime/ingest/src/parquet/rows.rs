//! Rows of a record batch into the collector, column by column.

use super::Table;
use super::table::nanos;
use crate::block::UNSAID;
use crate::collect::{At, Collector, Known, Not};
use crate::mapping::{ATTRIBUTES, Attributes, RECORDED, TIME};
use crate::time::{BEYOND, FIRST, instant, outside};
use arrow::array::{Array, ArrayRef, AsArray, StringArray, UInt32Array};
use arrow::compute::{cast, take};
use arrow::datatypes::{DataType, Decimal128Type, Int64Type, UInt32Type};
use arrow::record_batch::RecordBatch;
use arrow::util::display::{ArrayFormatter, FormatOptions};
use price_ir::FieldType;
use price_rating::{BulkBuilder, OpenLabels, Raw, RejectReason};

type Failed = arrow::error::ArrowError;

/// Decodes a batch; fails only where a column is not what the file's schema says.
pub(crate) fn read(collector: &mut Collector, table: &Table, at: At, rows: &RecordBatch) -> Result<(), String> {
    decode(collector, table, at, rows).map_err(|e| e.to_string())
}

fn decode(collector: &mut Collector, table: &Table, at: At, rows: &RecordBatch) -> Result<(), Failed> {
    let columns = table.columns(rows);
    let column = |at: Option<usize>| at.and_then(|at| columns[at].clone());
    let mut texts: [Option<StringArray>; ATTRIBUTES] = Default::default();
    for (slot, text) in texts.iter_mut().enumerate() {
        if slot != TIME
            && slot != RECORDED
            && let Some(array) = column(table.attributes[slot])
        {
            *text = Some(as_text(&array)?);
        }
    }
    let happened = times(column(table.attributes[TIME]), rows.num_rows(), collector.rules.mapping.assume_utc)?;
    let recorded = match column(table.attributes[RECORDED]).filter(|_| collector.rules.recorded) {
        Some(array) => Some(times(Some(array), rows.num_rows(), collector.rules.mapping.assume_utc)?),
        None => None,
    };
    let mut recorded = recorded.map(Vec::into_iter);
    let text = |slot: usize, row: usize| texts[slot].as_ref().filter(|t| t.is_valid(row)).map(|t| t.value(row));

    let mut bad: Vec<(u32, Not)> = Vec::new();
    let mut of_event: Vec<Vec<(u32, Known<'_>)>> = vec![Vec::new(); collector.rules.plan.events.len()];
    for (row, happened) in happened.into_iter().enumerate() {
        collector.seen();
        let mut given: Attributes<'_> = [Raw::Null; ATTRIBUTES];
        for (slot, raw) in given.iter_mut().enumerate() {
            if let Some(text) = text(slot, row) {
                *raw = Raw::Text(text);
            }
        }
        let recorded = match recorded.as_mut().and_then(Iterator::next) {
            None | Some(Err(RejectReason::NoAttribute { .. })) => Ok(UNSAID),
            Some(read) => read,
        };
        match collector.check_at(&given, false, happened, recorded) {
            Ok(known) => of_event[known.event.ix()].push((row as u32, known)),
            Err(not) => bad.push((row as u32, not)),
        }
    }
    let mut parts = Vec::new();
    for (event, wanted) in of_event.iter().enumerate().filter(|(_, wanted)| !wanted.is_empty()) {
        let some = (wanted.len() < rows.num_rows()).then(|| UInt32Array::from_iter_values(wanted.iter().map(|w| w.0)));
        let pick = |at: usize| -> Result<Option<ArrayRef>, Failed> {
            match (&columns[at], &some) {
                (Some(array), Some(rows)) => take(array, rows, None).map(Some),
                (array, _) => Ok(array.clone()),
            }
        };
        let schema = collector.schema(wanted[0].1.event).clone();
        let mut bulk = BulkBuilder::new(schema.clone(), wanted.iter().map(|w| w.1.happened).collect());
        for (column, field) in &table.fields[event] {
            let Some(array) = pick(*column)? else { continue };
            if *array.data_type() == DataType::Null {
                continue;
            }
            let labels = collector.labels();
            match schema.fields()[field.ix()].ty {
                FieldType::Number(_) => numbers(&mut bulk, *field, &array)?,
                FieldType::Flag => bulk.flags(*field, array.as_boolean().iter()),
                FieldType::LabelFrom(..) => {}
                _ => label_texts(&mut bulk, *field, &array, labels)?,
            }
        }
        for (field, labels) in &table.families[event] {
            for (label, column) in labels {
                let Some(array) = pick(*column)? else { continue };
                let (values, decimals) = match array.data_type() {
                    DataType::Decimal128(_, scale) => (narrow(&array), *scale as u8),
                    _ => (integers(&array)?, 0),
                };
                bulk.family(*field, *label, &values, decimals);
            }
        }
        let bulk = bulk.finish(collector.labels());
        bad.extend(bulk.rejects.into_iter().map(|(at, reason)| (wanted[at as usize].0, reason.into())));
        let kept: Vec<(u32, Known<'_>)> = match bulk.kept {
            Some(kept) => kept.iter().map(|at| wanted[*at as usize]).collect(),
            None => wanted.clone(),
        };
        parts.push((bulk.batch, kept));
    }
    collector.keep_parts(at, parts);
    bad.sort_by_key(|(row, _)| *row);
    if bad.is_empty() {
        return Ok(());
    }
    let options = FormatOptions::default().with_null("");
    let shown: Vec<(&str, ArrayFormatter<'_>)> = table
        .names
        .iter()
        .zip(&columns)
        .filter_map(|(name, array)| Some((name.as_str(), array.as_ref()?)))
        .map(|(name, array)| ArrayFormatter::try_new(array.as_ref(), &options).map(|f| (name, f)))
        .collect::<Result<_, _>>()?;
    for (row, not) in bad {
        let mut object = serde_json::Map::new();
        for (name, formatter) in &shown {
            if let Ok(text) = formatter.value(row as usize).try_to_string() {
                object.insert((*name).into(), text.into());
            }
        }
        let text = serde_json::Value::Object(object).to_string();
        collector.refuse(At { file: at.file, line: at.line + u64::from(row) }, not, text.as_bytes());
    }
    Ok(())
}

fn as_text(array: &ArrayRef) -> Result<StringArray, Failed> {
    Ok(cast(array, &DataType::Utf8)?.as_string::<i32>().clone())
}

fn times(array: Option<ArrayRef>, rows: usize, assume_utc: bool) -> Result<Vec<Result<i64, RejectReason>>, Failed> {
    let none = || Err(RejectReason::NoAttribute { attribute: "time" });
    let Some(array) = array else { return Ok((0..rows).map(|_| none()).collect()) };
    let DataType::Timestamp(unit, _) = array.data_type() else {
        let texts = as_text(&array)?;
        return Ok(texts.iter().map(|text| text.map_or_else(none, |t| instant(t, assume_utc))).collect());
    };
    let (nanos, name) = nanos(*unit);
    let values = cast(&array, &DataType::Int64)?;
    let values = values.as_primitive::<Int64Type>();
    Ok(values
        .iter()
        .map(|value| match value {
            None => none(),
            Some(v) => v.checked_mul(nanos).filter(|n| (FIRST..BEYOND).contains(n)).ok_or_else(|| outside(v, name)),
        })
        .collect())
}

/// An integer column no wider than 64 signed bits; nothing where it is null.
fn integers(array: &ArrayRef) -> Result<Vec<i64>, Failed> {
    let wide = cast(array, &DataType::Int64)?;
    let wide = wide.as_primitive::<Int64Type>();
    Ok(wide.iter().map(|v| v.unwrap_or(0)).collect())
}

/// A decimal column of at most 18 digits.
fn narrow(array: &ArrayRef) -> Vec<i64> {
    let wide = array.as_primitive::<Decimal128Type>();
    // A value beyond the declared precision becomes one that no field accepts.
    wide.iter().map(|v| v.map_or(0, |v| i64::try_from(v).unwrap_or(i64::MIN))).collect()
}

fn numbers(bulk: &mut BulkBuilder, field: price_ir::FieldIx, array: &ArrayRef) -> Result<(), Failed> {
    let valid: Option<Vec<bool>> = array.nulls().map(|nulls| nulls.iter().collect());
    match array.data_type() {
        kind if kind.is_integer() && *kind != DataType::UInt64 => {
            bulk.integers(field, integers(array)?, 0, valid.as_deref());
        }
        DataType::Decimal128(precision, scale) if *precision <= 18 && (0..=18).contains(scale) => {
            bulk.integers(field, narrow(array), *scale as u8, valid.as_deref());
        }
        _ => {
            // Wide decimals, unsigned 64 bits, numbers written as text with a unit.
            let texts = as_text(array)?;
            bulk.numbers(field, texts.iter());
        }
    }
    Ok(())
}

fn label_texts(
    bulk: &mut BulkBuilder,
    field: price_ir::FieldIx,
    array: &ArrayRef,
    labels: &mut OpenLabels,
) -> Result<(), Failed> {
    if let DataType::Dictionary(..) = array.data_type() {
        let wanted = DataType::Dictionary(Box::new(DataType::UInt32), Box::new(DataType::Utf8));
        let array = cast(array, &wanted)?;
        let array = array.as_dictionary::<UInt32Type>();
        let values = array.values().as_string::<i32>();
        let texts: Vec<&str> = values.iter().map(|v| v.unwrap_or("")).collect();
        let code = |key: Option<u32>| key.filter(|k| values.is_valid(*k as usize)).unwrap_or(u32::MAX);
        let codes: Vec<u32> = array.keys().iter().map(code).collect();
        bulk.dictionary(field, &codes, &texts, labels);
        return Ok(());
    }
    let texts = as_text(array)?;
    bulk.texts(field, texts.iter(), labels);
    Ok(())
}
