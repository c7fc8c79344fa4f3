//! Cuts sources into stretches that can be decoded on their own, in order.
//!
//! Reads a bounded piece at a time. A record longer than the limit is refused and passed over; a
//! JSON document that breaks, or ends inside a record, stops the run, because nobody can say
//! where the next record would begin.

use crate::collect::{At, Rules, malformed};
use crate::csv::{self, Header};
use crate::error::IngestError;
use crate::format::{BOM, Format};
use crate::json::elements::{self, State, Step};
use crate::limits::{CHUNK_BYTES, RECORD_BYTES_MAX};
use crate::parquet::{Rows, Table};
use crate::reject::Reject;
use crate::source::{Opened, Source};
use memchr::{memchr, memchr_iter, memrchr};
use std::io::Read;
use std::sync::Arc;

/// A stretch of input to decode.
pub(crate) enum Task {
    /// Whole lines of NDJSON.
    Lines { at: At, bytes: Vec<u8> },
    /// Records of a JSON document: place in the bytes, and line.
    Elements { file: u32, records: Vec<(usize, usize, u64)>, bytes: Vec<u8> },
    /// Whole records of CSV.
    Csv { at: At, header: Arc<Header>, bytes: Vec<u8> },
    /// Rows of Parquet; `bytes` is their share of the file.
    Rows { at: At, table: Arc<Table>, rows: arrow::record_batch::RecordBatch, bytes: u64 },
    /// A record that cannot even be cut out.
    Refused(Box<Reject>, u64),
}

enum Reading {
    Lines,
    Json(State),
    Csv(u8, Option<Arc<Header>>),
    Parquet(Arc<Table>, Rows, u64),
}

struct Current {
    file: u32,
    from: Option<Opened>,
    /// Unread bytes.
    held: Vec<u8>,
    /// Line of the first held byte.
    line: u64,
    /// The source has no more bytes.
    dry: bool,
    reading: Reading,
}

/// Hands out tasks.
pub(crate) struct Feed {
    rules: Arc<Rules>,
    format: Option<Format>,
    sources: std::vec::IntoIter<Source>,
    next: u32,
    current: Option<Current>,
}

fn newlines(bytes: &[u8]) -> u64 {
    memchr_iter(b'\n', bytes).count() as u64
}

impl Feed {
    pub(crate) fn new(rules: Arc<Rules>, format: Option<Format>, sources: Vec<Source>) -> Feed {
        Feed { rules, format, sources: sources.into_iter(), next: 0, current: None }
    }

    /// The next stretch of input.
    pub(crate) fn next(&mut self) -> Result<Option<Task>, IngestError> {
        loop {
            if self.current.is_none() {
                let Some(source) = self.sources.next() else { return Ok(None) };
                self.current = Some(self.open(source)?);
                self.next += 1;
            }
            let Some(current) = &mut self.current else { continue };
            match current.step(&self.rules)? {
                Some(task) => return Ok(Some(task)),
                None => self.current = None,
            }
        }
    }

    fn open(&self, source: Source) -> Result<Current, IngestError> {
        let file = self.next;
        let name = &self.rules.files[file as usize];
        let mut current = Current { file, from: None, held: Vec::new(), line: 1, dry: false, reading: Reading::Lines };
        let mut from = source.open()?;
        let mut head = vec![0u8; 4096];
        let mut len = 0;
        while len < head.len() {
            let got = from.read(&mut head[len..]).map_err(|cause| current.failed(name, cause))?;
            if got == 0 {
                current.dry = true;
                break;
            }
            len += got;
        }
        head.truncate(len);
        let format = match self.format {
            Some(format) => format,
            None => Format::sniff(name, &head)?,
        };
        if format == Format::Parquet {
            let (table, rows, size) = Table::open(&self.rules, name, head, from)?;
            current.reading = Reading::Parquet(Arc::new(table), rows, size);
            return Ok(current);
        }
        if head.starts_with(BOM) {
            head.drain(..BOM.len());
        }
        current.held = head;
        current.from = Some(from);
        current.reading = match format {
            Format::NdJson => Reading::Lines,
            Format::Json => Reading::Json(State::Start),
            Format::Csv(delimiter) => Reading::Csv(delimiter, None),
            Format::Parquet => unreachable!("handled above"),
        };
        Ok(current)
    }
}

impl Current {
    fn failed(&self, file: &str, cause: std::io::Error) -> IngestError {
        IngestError::Read { file: file.into(), cause }
    }

    /// Reads until `want` bytes are held or the source is dry.
    fn fill(&mut self, rules: &Rules, want: usize) -> Result<(), IngestError> {
        let Some(from) = &mut self.from else { return Ok(()) };
        if self.dry || self.held.len() >= want {
            return Ok(());
        }
        let missing = (want - self.held.len()) as u64;
        // `read_to_end` on a limited reader fills the buffer without zeroing it first.
        self.held.reserve(missing as usize);
        let got = from.by_ref().take(missing).read_to_end(&mut self.held);
        match got {
            Ok(got) => self.dry = (got as u64) < missing,
            Err(cause) => return Err(self.failed(&rules.files[self.file as usize], cause)),
        }
        Ok(())
    }

    /// Takes the first `len` held bytes as a task's own.
    fn cut(&mut self, len: usize) -> (At, Vec<u8>) {
        let rest = self.held.split_off(len);
        let bytes = std::mem::replace(&mut self.held, rest);
        let at = At { file: self.file, line: self.line };
        self.line += newlines(&bytes);
        (at, bytes)
    }

    /// Refuses the record at the front, up to its line's end, however far that is.
    fn refuse(&mut self, rules: &Rules, problem: &str) -> Result<Task, IngestError> {
        let file = &rules.files[self.file as usize];
        let reject = Reject::new(file, self.line, malformed(problem), &self.held[..self.first_line()]);
        let mut passed = 0u64;
        loop {
            if let Some(end) = memchr(b'\n', &self.held) {
                self.held.drain(..=end);
                self.line += 1;
                passed += end as u64 + 1;
                break;
            }
            passed += self.held.len() as u64;
            self.held.clear();
            if self.dry {
                break;
            }
            self.fill(rules, CHUNK_BYTES)?;
        }
        Ok(Task::Refused(Box::new(reject), passed))
    }

    fn first_line(&self) -> usize {
        memchr(b'\n', &self.held).unwrap_or(self.held.len())
    }

    fn step(&mut self, rules: &Rules) -> Result<Option<Task>, IngestError> {
        match &mut self.reading {
            Reading::Parquet(table, rows, left) => {
                let Some(batch) = rows.next() else { return Ok(None) };
                let batch = batch?;
                let at = At { file: self.file, line: self.line };
                self.line += batch.num_rows() as u64;
                let bytes = table.share(batch.num_rows(), left);
                Ok(Some(Task::Rows { at, table: table.clone(), rows: batch, bytes }))
            }
            Reading::Lines => self.lines(rules),
            Reading::Json(_) => self.json(rules),
            Reading::Csv(..) => self.csv(rules),
        }
    }

    fn lines(&mut self, rules: &Rules) -> Result<Option<Task>, IngestError> {
        self.fill(rules, CHUNK_BYTES)?;
        if self.held.is_empty() {
            return Ok(None);
        }
        let end = loop {
            match memrchr(b'\n', &self.held) {
                Some(last) => break last + 1,
                None if self.dry => break self.held.len(),
                None if self.held.len() > RECORD_BYTES_MAX => {
                    return self.refuse(rules, TOO_LONG).map(Some);
                }
                None => self.fill(rules, self.held.len() + CHUNK_BYTES)?,
            }
        };
        let (at, bytes) = self.cut(end);
        Ok(Some(Task::Lines { at, bytes }))
    }

    fn csv(&mut self, rules: &Rules) -> Result<Option<Task>, IngestError> {
        self.fill(rules, CHUNK_BYTES)?;
        let Reading::Csv(delimiter, header) = &self.reading else { return Ok(None) };
        let (delimiter, header) = (*delimiter, header.clone());
        if self.held.is_empty() {
            return Ok(None);
        }
        if self.dry && self.held.last() != Some(&b'\n') {
            self.held.push(b'\n');
        }
        let Some(header) = header else {
            let name = &rules.files[self.file as usize];
            let Some((next, end)) = csv::record(&self.held, 0) else {
                let problem = "its first line is too long, or a quote in it is not closed".into();
                return Err(IngestError::Header { file: name.clone(), problem });
            };
            let header = Header::read(name, &rules.plan, &rules.mapping, delimiter, &self.held[..end])?;
            self.reading = Reading::Csv(delimiter, Some(Arc::new(header)));
            self.cut(next);
            return self.csv(rules);
        };
        loop {
            if let Some(end) = whole_records(&self.held) {
                let (at, bytes) = self.cut(end);
                return Ok(Some(Task::Csv { at, header, bytes }));
            }
            if self.dry || self.held.len() > RECORD_BYTES_MAX {
                let long = self.first_line() > RECORD_BYTES_MAX;
                return self.refuse(rules, if long { TOO_LONG } else { "a quote is not closed" }).map(Some);
            }
            self.fill(rules, self.held.len() + CHUNK_BYTES)?;
            if self.dry && self.held.last() != Some(&b'\n') {
                self.held.push(b'\n');
            }
        }
    }

    fn json(&mut self, rules: &Rules) -> Result<Option<Task>, IngestError> {
        let file = self.file as usize;
        let broken = |line, problem: &str| IngestError::Document {
            file: rules.files[file].clone(),
            line,
            problem: problem.into(),
        };
        let mut want = CHUNK_BYTES;
        loop {
            let line = self.line;
            self.fill(rules, want)?;
            let Reading::Json(mut state) = self.reading else { return Ok(None) };
            let (mut records, mut at, mut counted, mut line_at) = (Vec::new(), 0, 0, line);
            let rest = loop {
                match elements::next(&mut state, &self.held, at) {
                    Step::Record(from, to) => {
                        line_at += newlines(&self.held[counted..from]);
                        counted = from;
                        records.push((from, to, line_at));
                        at = to;
                    }
                    Step::More(rest) => break rest,
                    Step::Broken(place, what) => {
                        if records.is_empty() {
                            return Err(broken(line + newlines(&self.held[..place]), what));
                        }
                        // What came before it counts first; the next step finds it again.
                        break at;
                    }
                }
            };
            if !records.is_empty() || (rest > 0 && !self.dry) {
                self.reading = Reading::Json(state);
                let (_, bytes) = self.cut(rest);
                return Ok(Some(Task::Elements { file: self.file, records, bytes }));
            }
            let left = &self.held[rest..];
            if self.dry {
                return match (left.is_empty(), state) {
                    (true, State::Array { .. }) => Err(broken(line + newlines(&self.held), "the array is not closed")),
                    (true, _) => Ok(None),
                    (false, _) => Err(broken(line + newlines(&self.held[..rest]), "the file ends inside a record")),
                };
            }
            if left.len() > RECORD_BYTES_MAX {
                return Err(broken(line, "a record is longer than 1 MiB, or not closed"));
            }
            want = self.held.len() + CHUNK_BYTES;
        }
    }
}

const TOO_LONG: &str = "it is longer than 1 MiB";

/// The end of the last record that is certainly whole: behind a newline outside quotes.
fn whole_records(bytes: &[u8]) -> Option<usize> {
    let last = memrchr(b'\n', bytes)?;
    let quotes = |bytes: &[u8]| memchr_iter(b'"', bytes).count();
    // Seen from the end: the newline ends a record if an even number of quotes stands before it.
    let mut before = quotes(&bytes[..last]);
    let mut end = last;
    loop {
        if before % 2 == 0 {
            return Some(end + 1);
        }
        let previous = memrchr(b'\n', &bytes[..end])?;
        before -= quotes(&bytes[previous..end]);
        end = previous;
    }
}
