//! A table written row by row in one of three formats.

use crate::error::IngestError;
use arrow::array::{ArrayRef, Int64Builder, RecordBatch, StringBuilder, TimestampNanosecondBuilder};
use arrow::datatypes::{DataType, Field, Schema, TimeUnit};
use parquet::arrow::ArrowWriter;
use parquet::basic::{Compression, Encoding};
use parquet::file::properties::{EnabledStatistics, WriterProperties};
use parquet::schema::types::ColumnPath;
use price_value::Timestamp;
use std::io::{self, Write};
use std::sync::Arc;
use std::sync::mpsc::{SyncSender, sync_channel};
use std::thread::{self, JoinHandle};

/// A format of output.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum OutputFormat {
    /// CSV with a header, RFC 4180 with `\n`.
    Csv,
    /// One JSON object per line.
    NdJson,
    /// Parquet, Snappy.
    Parquet,
}

impl OutputFormat {
    /// The format of that name or extension: `csv`, `ndjson`, `jsonl`, `parquet`.
    pub fn named(name: &str) -> Option<OutputFormat> {
        match name.to_ascii_lowercase().as_str() {
            "csv" => Some(OutputFormat::Csv),
            "ndjson" | "jsonl" => Some(OutputFormat::NdJson),
            "parquet" | "pq" => Some(OutputFormat::Parquet),
            _ => None,
        }
    }
}

/// What a column holds.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Kind {
    /// Text.
    Text,
    /// Text that hardly repeats: ids, money and quantities.
    Various,
    /// A whole number.
    Whole,
    /// An instant.
    Instant,
}

/// One value.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Cell<'a> {
    /// Nothing: an empty cell, a member left out, null.
    Missing,
    /// Text.
    Text(&'a str),
    /// A whole number.
    Whole(i64),
    /// Nanoseconds since the epoch.
    Instant(i64),
}

enum Builder {
    Text(StringBuilder),
    Whole(Int64Builder),
    Instant(TimestampNanosecondBuilder),
}

enum To<W: Write + Send + 'static> {
    Csv(Box<csv::Writer<W>>),
    NdJson(W, Vec<u8>),
    Parquet { encoder: Encoder<W>, schema: Arc<Schema>, columns: Vec<Builder>, rows: usize },
}

/// Rows of a table to a writer. [`TableWriter::finish`] must be called; a Parquet file without
/// its end is unreadable.
pub struct TableWriter<W: Write + Send + 'static> {
    to: To<W>,
    columns: Vec<(String, Kind)>,
}

/// Rows of a record batch written at once.
const ROWS: usize = 8192;
/// Record batches that wait to be encoded.
const BATCHES_WAITING: usize = 4;

fn parquet_failed(error: parquet::errors::ParquetError) -> IngestError {
    IngestError::Write(io::Error::other(error))
}

impl<W: Write + Send + 'static> TableWriter<W> {
    /// A table with these columns. `out` should be buffered.
    pub fn create(format: OutputFormat, out: W, columns: &[(&str, Kind)]) -> Result<TableWriter<W>, IngestError> {
        let columns: Vec<(String, Kind)> = columns.iter().map(|(name, kind)| ((*name).into(), *kind)).collect();
        let to = match format {
            OutputFormat::Csv => {
                let mut writer = csv::WriterBuilder::new().from_writer(out);
                writer
                    .write_record(columns.iter().map(|(name, _)| name))
                    .map_err(|e| IngestError::Write(io::Error::other(e)))?;
                To::Csv(Box::new(writer))
            }
            OutputFormat::NdJson => To::NdJson(out, Vec::new()),
            OutputFormat::Parquet => {
                let field = |(name, kind): &(String, Kind)| {
                    let kind = match kind {
                        Kind::Text | Kind::Various => DataType::Utf8,
                        Kind::Whole => DataType::Int64,
                        Kind::Instant => DataType::Timestamp(TimeUnit::Nanosecond, Some("UTC".into())),
                    };
                    Field::new(name, kind, true)
                };
                let schema = Arc::new(Schema::new(columns.iter().map(field).collect::<Vec<_>>()));
                let properties = properties(&columns);
                let writer = ArrowWriter::try_new(out, schema.clone(), Some(properties)).map_err(parquet_failed)?;
                let columns = columns.iter().map(|(_, kind)| Builder::new(*kind)).collect();
                To::Parquet { encoder: Encoder::new(writer), schema, columns, rows: 0 }
            }
        };
        Ok(TableWriter { to, columns })
    }

    /// Writes one row.
    ///
    /// # Panics
    /// When there are more or fewer cells than columns, or one is of another kind.
    pub fn row(&mut self, cells: &[Cell<'_>]) -> Result<(), IngestError> {
        assert_eq!(cells.len(), self.columns.len(), "a row has one cell per column");
        match &mut self.to {
            To::Csv(writer) => {
                for cell in cells {
                    let text = match cell {
                        Cell::Missing => String::new(),
                        Cell::Text(text) => {
                            writer.write_field(text).map_err(|e| IngestError::Write(io::Error::other(e)))?;
                            continue;
                        }
                        Cell::Whole(value) => value.to_string(),
                        Cell::Instant(at) => Timestamp(*at).to_string(),
                    };
                    writer.write_field(&text).map_err(|e| IngestError::Write(io::Error::other(e)))?;
                }
                writer.write_record(None::<&[u8]>).map_err(|e| IngestError::Write(io::Error::other(e)))
            }
            To::NdJson(out, line) => {
                line.clear();
                line.push(b'{');
                for ((name, _), cell) in self.columns.iter().zip(cells) {
                    if *cell == Cell::Missing {
                        continue;
                    }
                    if line.len() > 1 {
                        line.push(b',');
                    }
                    json_text(line, name)?;
                    line.push(b':');
                    match cell {
                        Cell::Missing => {}
                        Cell::Text(text) => json_text(line, text)?,
                        Cell::Whole(value) => write!(line, "{value}").map_err(IngestError::Write)?,
                        Cell::Instant(at) => write!(line, "\"{}\"", Timestamp(*at)).map_err(IngestError::Write)?,
                    }
                }
                line.extend_from_slice(b"}\n");
                out.write_all(line).map_err(IngestError::Write)
            }
            To::Parquet { columns, rows, .. } => {
                for (column, cell) in columns.iter_mut().zip(cells) {
                    column.push(*cell);
                }
                *rows += 1;
                if *rows >= ROWS { self.flush() } else { Ok(()) }
            }
        }
    }

    fn flush(&mut self) -> Result<(), IngestError> {
        let To::Parquet { encoder, schema, columns, rows } = &mut self.to else { return Ok(()) };
        if *rows == 0 {
            return Ok(());
        }
        *rows = 0;
        let arrays = columns.iter_mut().map(Builder::finish).collect();
        let batch =
            RecordBatch::try_new(schema.clone(), arrays).map_err(|e| IngestError::Write(io::Error::other(e)))?;
        encoder.write(batch)
    }

    /// Writes what is left and gives the writer back, flushed.
    pub fn finish(mut self) -> Result<W, IngestError> {
        self.flush()?;
        let mut out = match self.to {
            To::Csv(writer) => writer.into_inner().map_err(|e| IngestError::Write(io::Error::other(e.to_string())))?,
            To::NdJson(out, _) => out,
            To::Parquet { encoder, .. } => encoder.finish()?.into_inner().map_err(parquet_failed)?,
        };
        out.flush().map_err(IngestError::Write)?;
        Ok(out)
    }
}

/// How the columns of a Parquet file are encoded. Whoever reads rated output reads all of it, so
/// that text has no statistics.
fn properties(columns: &[(String, Kind)]) -> WriterProperties {
    let mut properties = WriterProperties::builder()
        .set_compression(Compression::SNAPPY)
        .set_statistics_enabled(EnabledStatistics::None)
        .set_offset_index_disabled(true);
    for (name, kind) in columns {
        let column = ColumnPath::from(name.as_str());
        properties = match kind {
            Kind::Text => properties,
            Kind::Various => properties.set_column_dictionary_enabled(column, false),
            Kind::Whole | Kind::Instant => properties
                .set_column_dictionary_enabled(column.clone(), false)
                .set_column_encoding(column.clone(), Encoding::DELTA_BINARY_PACKED)
                .set_column_statistics_enabled(column, EnabledStatistics::Chunk),
        };
    }
    properties.build()
}

/// Encodes record batches on a thread of its own, so that whoever makes rows does not wait.
struct Encoder<W: Write + Send + 'static> {
    batches: SyncSender<RecordBatch>,
    thread: Option<JoinHandle<Result<ArrowWriter<W>, IngestError>>>,
}

impl<W: Write + Send + 'static> Encoder<W> {
    fn new(mut writer: ArrowWriter<W>) -> Encoder<W> {
        let (batches, queue) = sync_channel::<RecordBatch>(BATCHES_WAITING);
        let thread = thread::spawn(move || {
            for batch in queue {
                writer.write(&batch).map_err(parquet_failed)?;
            }
            Ok(writer)
        });
        Encoder { batches, thread: Some(thread) }
    }

    /// Hands over a batch; fails if one before could not be written.
    fn write(&mut self, batch: RecordBatch) -> Result<(), IngestError> {
        if self.batches.send(batch).is_ok() {
            return Ok(());
        }
        // The thread takes batches until one fails.
        joined(self.thread.take()).map(|_| ())
    }

    fn finish(self) -> Result<ArrowWriter<W>, IngestError> {
        drop(self.batches);
        joined(self.thread)
    }
}

fn joined<T>(thread: Option<JoinHandle<Result<T, IngestError>>>) -> Result<T, IngestError> {
    match thread.map(JoinHandle::join) {
        Some(Ok(result)) => result,
        _ => Err(IngestError::Write(io::Error::other("the table was given up"))),
    }
}

fn json_text(line: &mut Vec<u8>, text: &str) -> Result<(), IngestError> {
    serde_json::to_writer(line, text).map_err(|e| IngestError::Write(e.into()))
}

impl Builder {
    fn new(kind: Kind) -> Builder {
        match kind {
            Kind::Text | Kind::Various => Builder::Text(StringBuilder::new()),
            Kind::Whole => Builder::Whole(Int64Builder::new()),
            Kind::Instant => Builder::Instant(TimestampNanosecondBuilder::new().with_timezone("UTC")),
        }
    }

    fn push(&mut self, cell: Cell<'_>) {
        match (self, cell) {
            (Builder::Text(b), Cell::Text(text)) => b.append_value(text),
            (Builder::Text(b), Cell::Missing) => b.append_null(),
            (Builder::Whole(b), Cell::Whole(value)) => b.append_value(value),
            (Builder::Whole(b), Cell::Missing) => b.append_null(),
            (Builder::Instant(b), Cell::Instant(at)) => b.append_value(at),
            (Builder::Instant(b), Cell::Missing) => b.append_null(),
            _ => panic!("a cell is of its column's kind"),
        }
    }

    fn finish(&mut self) -> ArrayRef {
        match self {
            Builder::Text(b) => Arc::new(b.finish()),
            Builder::Whole(b) => Arc::new(b.finish()),
            Builder::Instant(b) => Arc::new(b.finish()),
        }
    }
}
