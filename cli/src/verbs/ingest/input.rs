//! Events in a file, one after another, with how far each leads.

use crate::output::money::plain;
use crate::trouble::Trouble;
use price_ingest::{CsvEvents, Format, IngestError, ParquetEvents};
use std::fs::File;
use std::io::{BufRead, BufReader, Read as _, Seek as _, SeekFrom};

/// Bytes of one line, or of one record of CSV.
const RECORD_BYTES: usize = 1 << 20;
/// Bytes by which the format of a file is known.
const HEAD_BYTES: u64 = 64 << 10;

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
    /// Lines before it.
    through: u64,
}

enum Kind {
    Lines(Box<dyn BufRead>),
    Csv {
        from: Box<dyn BufRead>,
        delimiter: u8,
        /// Once the header was read.
        events: Option<CsvEvents>,
    },
    /// Rows, and the size of the file until a row was taken.
    Parquet(Box<ParquetEvents>, u64),
}

/// A list of all events is not sent: how far it was would not be known.
fn one_by_one(name: &str, head: &[u8]) -> Result<(), Trouble> {
    if head.trim_ascii_start().first() != Some(&b'[') {
        return Ok(());
    }
    Err(Trouble::new("C080", format!("`{}` is one list of events, and not one event on a line", plain(name)))
        .help("write each on a line of its own, as `jq -c '.[]' FILE` does"))
}

impl Kind {
    fn of(format: Format, from: impl BufRead + 'static) -> Kind {
        match format {
            Format::Csv(delimiter) => Kind::Csv { from: Box::new(from), delimiter, events: None },
            _ => Kind::Lines(Box::new(from)),
        }
    }
}

impl Input {
    fn new(name: &str, kind: Kind) -> Input {
        Input { name: name.into(), kind, follow: false, part: Vec::new(), lines: 0, through: 0 }
    }

    /// Standard input.
    pub fn standard() -> Result<Input, Trouble> {
        let mut from = BufReader::new(std::io::stdin());
        let head = from.fill_buf().map_err(|error| Trouble::read("-", error))?;
        match Format::sniff("-", head)? {
            Format::Parquet => {
                Err(Trouble::new("C080", "Parquet is read from its end, which standard input does not have")
                    .help("give the name of the file"))
            }
            format => {
                one_by_one("-", head)?;
                Ok(Input::new("-", Kind::of(format, from)))
            }
        }
    }

    /// A file, behind so many bytes and lines that were sent before.
    pub fn file(name: &str, mut file: File, follow: bool, offset: u64, lines: u64) -> Result<Input, Trouble> {
        let unreadable = |error| Trouble::read(name, error);
        let mut head = Vec::new();
        file.rewind().map_err(unreadable)?;
        file.by_ref().take(HEAD_BYTES).read_to_end(&mut head).map_err(unreadable)?;
        let format = Format::sniff(name, &head)?;
        if format == Format::Parquet {
            if follow {
                return Err(Trouble::new("C080", "a Parquet file does not grow, so it cannot be followed")
                    .help("send it without --follow"));
            }
            return Input::parquet(name, file, offset, lines);
        }
        one_by_one(name, &head)?;
        file.rewind().map_err(unreadable)?;
        let mut input = Input::new(name, Kind::of(format, BufReader::new(file)));
        if offset > 0 {
            input.read_header()?;
            let mut rest = File::open(name).map_err(unreadable)?;
            rest.seek(SeekFrom::Start(offset)).map_err(unreadable)?;
            if let Kind::Lines(from) | Kind::Csv { from, .. } = &mut input.kind {
                *from = Box::new(BufReader::new(rest));
            }
        }
        Ok(Input { follow, through: lines, ..input })
    }

    fn parquet(name: &str, file: File, offset: u64, lines: u64) -> Result<Input, Trouble> {
        let size = file.metadata().map_err(|error| Trouble::read(name, error))?.len();
        if offset != 0 && offset != size {
            return Err(Trouble::new("C082", format!("`{name}` is another file than the one that was sent in part"))
                .help("remove its position to send it from its start; what is there already counts once"));
        }
        let mut rows = ParquetEvents::open(name, file)?;
        for _ in 0..lines {
            rows.next().transpose()?;
        }
        let size = if offset == 0 { size } else { 0 };
        Ok(Input { through: lines, ..Input::new(name, Kind::Parquet(Box::new(rows), size)) })
    }

    /// Reads up to the header of CSV, which names what stands behind it.
    fn read_header(&mut self) -> Result<(), Trouble> {
        while matches!(self.kind, Kind::Csv { events: None, .. }) {
            if matches!(self.next()?, Next::End) {
                return Err(self.header("it has none"));
            }
        }
        Ok(())
    }

    fn header(&self, problem: &str) -> Trouble {
        IngestError::Header { file: self.name.clone(), problem: problem.into() }.into()
    }

    fn too_long(&self) -> Trouble {
        let (line, name) = (self.through + 1, plain(&self.name));
        match self.kind {
            Kind::Csv { .. } => {
                Trouble::new("C081", format!("the record that begins at line {line} of `{name}` is longer than 1 MiB"))
                    .help("is a quote there not closed?")
            }
            _ => Trouble::new("C081", format!("line {line} of `{name}` is longer than 1 MiB"))
                .help("is it NDJSON, one event on a line?"),
        }
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
            // Quotes may hold line ends.
            let whole = ended && (!csv || CsvEvents::is_whole(&self.part));
            if self.part.len() >= RECORD_BYTES && !whole {
                return Err(self.too_long());
            }
            self.lines += u64::from(read > 0);
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
        self.through += lines;
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
        if let Some(events) = events {
            return Ok(events.event(text).map(|event| Some(event.into_bytes())));
        }
        match CsvEvents::new(text, *delimiter) {
            Ok(read) => *events = Some(read),
            Err(problem) => return Err(self.header(&problem)),
        }
        Ok(Ok(None))
    }
}
