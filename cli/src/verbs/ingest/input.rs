//! Events in a file, one after another, with how far each leads.

use crate::trouble::Trouble;
use price_ingest::{CsvEvents, Format, IngestError, ParquetEvents};
use std::fs::File;
use std::io::{BufRead, BufReader, Read as _, Seek as _, SeekFrom};

/// Bytes of one line, or of one record of CSV.
const RECORD_BYTES: usize = 1 << 20;

/// What comes next.
pub enum Next {
    /// An event, why a record is none, or nothing but a blank line.
    Record(Record),
    /// Nothing yet; a file that is followed may grow.
    Wait,
    /// Nothing more.
    End,
}

/// A record.
pub struct Record {
    /// Bytes of the file that it covers.
    pub covers: u64,
    /// Lines, or rows.
    pub lines: u64,
    /// JSON text.
    pub event: Result<Option<Vec<u8>>, String>,
}

/// See the module.
pub struct Input {
    name: String,
    kind: Kind,
    follow: bool,
    /// The part of a record that is there so far, and its lines.
    part: Vec<u8>,
    lines: u64,
}

enum Kind {
    Lines(Box<dyn BufRead>),
    Csv {
        from: Box<dyn BufRead>,
        delimiter: u8,
        events: Option<CsvEvents>,
    },
    /// Rows, and the size of the file until a row was taken.
    Parquet(Box<ParquetEvents>, u64),
}

impl Input {
    /// Standard input.
    pub fn standard() -> Result<Input, Trouble> {
        let mut from = BufReader::new(std::io::stdin());
        let head = from.fill_buf().map_err(|error| Trouble::read("-", error))?;
        let kind = match Format::sniff("-", head)? {
            Format::Parquet => {
                return Err(Trouble::new("C080", "Parquet is read from its end, which standard input does not have")
                    .help("give the name of the file"));
            }
            Format::Csv(delimiter) => Kind::Csv { from: Box::new(from), delimiter, events: None },
            Format::NdJson | Format::Json => Kind::Lines(Box::new(from)),
        };
        Ok(Input { name: "-".into(), kind, follow: false, part: Vec::new(), lines: 0 })
    }

    /// A file, behind so many bytes and lines that were sent before.
    pub fn file(name: &str, mut file: File, follow: bool, offset: u64, lines: u64) -> Result<Input, Trouble> {
        let unreadable = |error| Trouble::read(name, error);
        let mut head = Vec::new();
        file.rewind().map_err(unreadable)?;
        file.by_ref().take(64 << 10).read_to_end(&mut head).map_err(unreadable)?;
        let format = Format::sniff(name, &head)?;
        let mut input = Input {
            name: name.into(),
            kind: Kind::Lines(Box::new(std::io::empty())),
            follow,
            part: Vec::new(),
            lines: 0,
        };
        if format == Format::Parquet {
            if follow {
                return Err(Trouble::new("C080", "a Parquet file does not grow, so it cannot be followed")
                    .help("send it without --follow"));
            }
            let size = file.metadata().map_err(unreadable)?.len();
            let sent = if offset == 0 { 0 } else { lines };
            if offset != 0 && offset != size {
                return Err(Trouble::new(
                    "C082",
                    format!("`{name}` is another file than the one that was sent in part"),
                )
                .help("remove its position to send it from its start; what is there already counts once"));
            }
            let mut rows = ParquetEvents::open(name, file)?;
            for _ in 0..sent {
                rows.next().transpose()?;
            }
            input.kind = Kind::Parquet(Box::new(rows), if offset == 0 { size } else { 0 });
            return Ok(input);
        }
        file.rewind().map_err(unreadable)?;
        let mut from = BufReader::new(file);
        if let Format::Csv(delimiter) = format {
            input.kind = Kind::Csv { from: Box::new(std::io::empty()), delimiter, events: None };
            let mut events = None;
            if offset > 0 {
                let mut header = Input {
                    kind: Kind::Csv { from: Box::new(from), delimiter, events: None },
                    name: name.into(),
                    follow: false,
                    part: Vec::new(),
                    lines: 0,
                };
                header.next()?;
                let Kind::Csv { from: _, events: Some(read), .. } = header.kind else {
                    return Err(input.header("it has no header"));
                };
                events = Some(read);
                from = BufReader::new(File::open(name).map_err(unreadable)?);
            }
            from.seek(SeekFrom::Start(offset)).map_err(unreadable)?;
            input.kind = Kind::Csv { from: Box::new(from), delimiter, events };
        } else {
            from.seek(SeekFrom::Start(offset)).map_err(unreadable)?;
            input.kind = Kind::Lines(Box::new(from));
        }
        Ok(input)
    }

    fn header(&self, problem: &str) -> Trouble {
        IngestError::Header { file: self.name.clone(), problem: problem.into() }.into()
    }

    /// What comes next.
    pub fn next(&mut self) -> Result<Next, Trouble> {
        let csv = matches!(self.kind, Kind::Csv { .. });
        let from = match &mut self.kind {
            Kind::Lines(from) | Kind::Csv { from, .. } => from,
            Kind::Parquet(rows, size) => {
                let Some(row) = rows.next().transpose()? else { return Ok(Next::End) };
                let event = row.map(|text| Some(text.into_bytes()));
                return Ok(Next::Record(Record { covers: std::mem::take(size), lines: 1, event }));
            }
        };
        loop {
            let room = RECORD_BYTES.saturating_sub(self.part.len()) as u64;
            let read = from.by_ref().take(room).read_until(b'\n', &mut self.part);
            let read = read.map_err(|error| Trouble::read(&self.name, error))?;
            let ended = self.part.ends_with(b"\n");
            if self.part.len() >= RECORD_BYTES && !ended {
                let message = format!("a line of `{}` is longer than 1 MiB", crate::output::money::plain(&self.name));
                return Err(Trouble::new("C081", message).help("is it NDJSON, one event on a line?"));
            }
            self.lines += u64::from(read > 0);
            // Quotes may hold line ends.
            let whole = ended && (!csv || CsvEvents::is_whole(&self.part));
            match (whole, read > 0) {
                (true, _) => break,
                (false, true) if ended => {}
                // A record without an end may still grow while a file is followed.
                _ if self.follow => return Ok(Next::Wait),
                _ if self.part.is_empty() => return Ok(Next::End),
                _ => break,
            }
        }
        let bytes = std::mem::take(&mut self.part);
        let (covers, lines) = (bytes.len() as u64, std::mem::take(&mut self.lines).max(1));
        let event = self.event(bytes)?;
        Ok(Next::Record(Record { covers, lines, event }))
    }

    /// What a record says; the first one of CSV is its header.
    fn event(&mut self, bytes: Vec<u8>) -> Result<Result<Option<Vec<u8>>, String>, Trouble> {
        let text = bytes.strip_suffix(b"\n").unwrap_or(&bytes);
        let Kind::Csv { delimiter, events, .. } = &mut self.kind else {
            let text = text.trim_ascii();
            return Ok(Ok((!text.is_empty()).then(|| text.to_vec())));
        };
        let text = text.strip_suffix(b"\r").unwrap_or(text);
        if text.is_empty() {
            return Ok(Ok(None));
        }
        let delimiter = *delimiter;
        match events {
            Some(events) => Ok(events.event(text).map(|event| Some(event.into_bytes()))),
            None => match CsvEvents::new(text, delimiter) {
                Ok(read) => {
                    *events = Some(read);
                    Ok(Ok(None))
                }
                Err(problem) => Err(self.header(&problem)),
            },
        }
    }
}
