//! One stretch of input to typed rows: what runs on several threads at once.

use crate::collect::{At, Collector, Rules, Stretch, malformed};
use crate::csv;
use crate::error::IngestError;
use crate::feed::Task;
use crate::json::event::{self, Scratch, Shapes};
use crate::limits::RECORD_BYTES_MAX;
use crate::parquet;
use memchr::memchr_iter;
use std::sync::Arc;

/// Decodes tasks, one after another.
pub(crate) struct Decoder {
    collector: Collector,
    shapes: Shapes,
}

impl Decoder {
    pub(crate) fn new(rules: Arc<Rules>) -> Decoder {
        let shapes = Shapes::new(&rules.mapping, &rules.plan);
        Decoder { collector: Collector::new(rules), shapes }
    }

    pub(crate) fn decode(&mut self, task: Task) -> Result<Stretch, IngestError> {
        let length = match task {
            Task::Lines { at, bytes } => {
                self.lines(at, &bytes);
                bytes.len() as u64
            }
            Task::Elements { file, records, bytes } => {
                let mut scratch = Scratch::default();
                for (from, to, line) in records {
                    self.json(&mut scratch, At { file, line }, &bytes[from..to]);
                }
                bytes.len() as u64
            }
            Task::Csv { at, header, bytes } => {
                let (mut fields, mut from, mut line) = (Vec::new(), 0, at.line);
                while let Some((next, end)) = csv::record(&bytes, from) {
                    let here = At { file: at.file, line };
                    if end - from > RECORD_BYTES_MAX {
                        self.refuse(here, &bytes[from..end]);
                    } else {
                        csv::read(&mut self.collector, &header, &mut fields, here, &bytes[from..end]);
                    }
                    line += memchr_iter(b'\n', &bytes[from..next]).count() as u64;
                    from = next;
                }
                bytes.len() as u64
            }
            Task::Rows { at, table, rows, bytes } => {
                parquet::read(&mut self.collector, &table, at, &rows)
                    .map_err(|problem| IngestError::Parquet { file: table.file.clone(), problem })?;
                bytes
            }
            Task::Refused(reject, bytes) => {
                let mut stretch = self.collector.take(bytes);
                stretch.events = 1;
                stretch.rejects.push(*reject);
                return Ok(stretch);
            }
        };
        Ok(self.collector.take(length))
    }

    /// Records that are in memory one by one, numbered from 1.
    pub(crate) fn records<'t>(&mut self, records: impl IntoIterator<Item = &'t str>) -> Stretch {
        let (mut scratch, mut bytes) = (Scratch::default(), 0);
        for (record, line) in records.into_iter().zip(1..) {
            bytes += record.len() as u64;
            self.text(&mut scratch, At { file: 0, line }, record);
        }
        self.collector.take(bytes)
    }

    fn text<'a>(&mut self, scratch: &mut Scratch<'a>, at: At, record: &'a str) {
        let record = record.trim_ascii();
        if record.len() > RECORD_BYTES_MAX {
            self.refuse(at, record.as_bytes());
        } else if !record.is_empty() {
            event::read(&mut self.collector, &self.shapes, scratch, at, record);
        }
    }

    fn refuse(&mut self, at: At, text: &[u8]) {
        self.collector.seen();
        self.collector.refuse(at, malformed("it is longer than 1 MiB").into(), text);
    }

    fn lines(&mut self, at: At, bytes: &[u8]) {
        let mut scratch = Scratch::default();
        let mut line = at.line;
        // Text as a whole is checked once; only if that fails, line by line.
        if let Ok(text) = std::str::from_utf8(bytes) {
            let ends = memchr_iter(b'\n', bytes).chain([bytes.len()]);
            let mut from = 0;
            for end in ends {
                let record = &text[from..end];
                from = end + 1;
                self.text(&mut scratch, At { file: at.file, line }, record);
                line += 1;
            }
            return;
        }
        for record in bytes.split(|b| *b == b'\n') {
            let here = At { file: at.file, line };
            line += 1;
            let record = record.trim_ascii();
            if record.len() > RECORD_BYTES_MAX {
                self.refuse(here, record);
            } else if !record.is_empty() {
                self.json(&mut scratch, here, record);
            }
        }
    }

    fn json<'a>(&mut self, scratch: &mut Scratch<'a>, at: At, record: &'a [u8]) {
        match std::str::from_utf8(record) {
            Ok(text) => event::read(&mut self.collector, &self.shapes, scratch, at, text),
            Err(_) => {
                self.collector.seen();
                self.collector.refuse(at, malformed("it is not UTF-8").into(), record);
            }
        }
    }
}
