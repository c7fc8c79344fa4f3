//! Refused records: what they were, where they stood, why they do not count.

use crate::limits::REJECT_TEXT_BYTES_MAX;
use price_rating::RejectReason;
use serde::Serialize;
use std::io::{self, Write};

/// A refused record.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Reject {
    /// File as the caller named it.
    pub file: String,
    /// Line of the record's first byte (row for Parquet), from 1.
    pub line: u64,
    /// Why.
    pub reason: RejectReason,
    /// The record: its original text where the format has one, else the row as JSON. At most
    /// [`REJECT_TEXT_BYTES_MAX`] bytes.
    pub text: String,
    /// Whether `text` was cut at the limit.
    pub cut: bool,
}

impl Reject {
    /// A reject with the record's text, cut at the limit.
    pub fn new(file: &str, line: u64, reason: RejectReason, text: &[u8]) -> Reject {
        let mut end = text.len().min(REJECT_TEXT_BYTES_MAX);
        while end > 0 && end < text.len() && text[end] & 0xC0 == 0x80 {
            end -= 1;
        }
        let cut = end < text.len();
        Reject { file: file.into(), line, reason, text: String::from_utf8_lossy(&text[..end]).into_owned(), cut }
    }
}

/// Where refused records go.
pub trait RejectSink {
    /// Takes one refused record; an error stops the run.
    fn reject(&mut self, reject: &Reject) -> io::Result<()>;
}

/// Keeps them in memory: for tests and small inputs.
impl RejectSink for Vec<Reject> {
    fn reject(&mut self, reject: &Reject) -> io::Result<()> {
        self.push(reject.clone());
        Ok(())
    }
}

/// Forgets them; the summary still counts them by code.
#[derive(Debug, Clone, Copy, Default)]
pub struct Forget;

impl RejectSink for Forget {
    fn reject(&mut self, _: &Reject) -> io::Result<()> {
        Ok(())
    }
}

/// Writes one JSON object per refused record: `file`, `line`, `code`, `reason`, `record`, and
/// `cut: true` where the record was too long to keep whole.
#[derive(Debug)]
pub struct NdjsonRejects<W> {
    out: W,
}

impl<W: Write> NdjsonRejects<W> {
    /// Writes to `out`, which should be buffered.
    pub fn new(out: W) -> NdjsonRejects<W> {
        NdjsonRejects { out }
    }

    /// Flushes and gives the writer back.
    pub fn finish(mut self) -> io::Result<W> {
        self.out.flush()?;
        Ok(self.out)
    }
}

#[derive(Serialize)]
struct Line<'a> {
    file: &'a str,
    line: u64,
    code: &'a str,
    reason: String,
    record: &'a str,
    #[serde(skip_serializing_if = "std::ops::Not::not")]
    cut: bool,
}

impl<W: Write> RejectSink for NdjsonRejects<W> {
    fn reject(&mut self, reject: &Reject) -> io::Result<()> {
        let line = Line {
            file: &reject.file,
            line: reject.line,
            code: reject.reason.code(),
            reason: reject.reason.to_string(),
            record: &reject.text,
            cut: reject.cut,
        };
        serde_json::to_writer(&mut self.out, &line)?;
        self.out.write_all(b"\n")
    }
}
