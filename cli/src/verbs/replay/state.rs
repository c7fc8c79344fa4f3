//! How far a replay is, in a file: what is done is not done again.
//!
//! The first line says what decides the result; each further line is a part that is done. A line
//! is whole or it is not there: what a crash tore is done again.

use crate::events::bills::{History, Side};
use crate::trouble::Trouble;
use price_driver::Known;
use price_value::Rational;
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;
use std::fs::{File, OpenOptions};
use std::io::{BufRead as _, BufReader, Seek as _, SeekFrom, Write as _};

/// Version of the file.
const FORMAT: &str = "1";

#[derive(Serialize, Deserialize)]
struct Head {
    price_replay: String,
    print: String,
}

#[derive(Serialize, Deserialize)]
struct Line {
    side: String,
    part: u32,
    rated: u64,
    refused: u64,
    totals: BTreeMap<String, String>,
}

/// A part that is done.
pub struct Done {
    pub name: String,
    pub at: u32,
    pub side: Side,
}

/// See the module.
pub struct State {
    file: Option<(String, File)>,
    done: Vec<Done>,
}

impl State {
    /// Reads what is done; without a path nothing is.
    pub fn open(path: Option<&str>, print: &str) -> Result<State, Trouble> {
        let Some(path) = path else { return Ok(State { file: None, done: Vec::new() }) };
        let open = OpenOptions::new().read(true).write(true).create(true).truncate(false).open(path);
        let mut file = open.map_err(|error| Trouble::write(path, error))?;
        let mut reader = BufReader::new(&mut file);
        let mut text = String::new();
        let mut whole = 0;
        let mut done = Vec::new();
        let mut head = None;
        loop {
            text.clear();
            let read = reader.read_line(&mut text).map_err(|error| Trouble::read(path, error))?;
            if read == 0 || !text.ends_with('\n') {
                break;
            }
            match &head {
                None => head = Some(serde_json::from_str::<Head>(&text).map_err(|_| foreign(path))?),
                Some(_) => match serde_json::from_str::<Line>(&text).ok().and_then(Line::done) {
                    Some(one) => done.push(one),
                    None => break,
                },
            }
            whole += read as u64;
        }
        match head {
            Some(head) if head.price_replay != FORMAT || head.print != print => return Err(other(path)),
            Some(_) => {
                file.set_len(whole).map_err(|error| Trouble::write(path, error))?;
                file.seek(SeekFrom::End(0)).map_err(|error| Trouble::write(path, error))?;
            }
            None if !text.is_empty() && !text.starts_with("{\"price_replay\"") => return Err(foreign(path)),
            None => {
                file.set_len(0).map_err(|error| Trouble::write(path, error))?;
                file.seek(SeekFrom::Start(0)).map_err(|error| Trouble::write(path, error))?;
                let head = Head { price_replay: FORMAT.into(), print: print.into() };
                write(path, &mut file, &head)?;
            }
        }
        Ok(State { file: Some((path.to_owned(), file)), done })
    }

    /// How many parts are done.
    pub fn len(&self) -> usize {
        self.done.len()
    }

    /// A part, if it is done.
    pub fn take(&mut self, name: &str, at: u32) -> Option<Done> {
        let found = self.done.iter().position(|done| done.name == name && done.at == at)?;
        Some(self.done.swap_remove(found))
    }

    /// Remembers a part.
    pub fn put(&mut self, done: &Done) -> Result<(), Trouble> {
        let Some((path, file)) = &mut self.file else { return Ok(()) };
        let totals = done.side.totals.iter().map(|(name, total)| (name.clone(), total.to_string())).collect();
        let (side, part) = (done.name.clone(), done.at);
        write(path, file, &Line { side, part, rated: done.side.rated, refused: done.side.refused, totals })
    }
}

impl Line {
    fn done(self) -> Option<Done> {
        let total = |(name, text): (String, String)| Some((name, text.parse::<Rational>().ok()?));
        let totals = self.totals.into_iter().map(total).collect::<Option<_>>()?;
        let side = Side { totals, refused: self.refused, rated: self.rated };
        Some(Done { name: self.side, at: self.part, side })
    }
}

fn write(path: &str, file: &mut File, line: &impl Serialize) -> Result<(), Trouble> {
    let mut text = serde_json::to_string(line).unwrap_or_default();
    text.push('\n');
    let written = file.write_all(text.as_bytes()).and_then(|()| file.sync_data());
    written.map_err(|error| Trouble::write(path, error))
}

fn foreign(path: &str) -> Trouble {
    Trouble::new("C130", format!("`{path}` is not the state of a replay"))
        .help("name a file that does not exist yet; it is written while the replay runs")
}

fn other(path: &str) -> Trouble {
    Trouble::new("C131", format!("`{path}` is of another replay: a plan, the usage or a flag is not what it was"))
        .help("remove it to begin anew, or name another file")
}

/// A hash of everything that decides the result: the plans, the files, the flags.
pub fn print<'k>(
    history: &History<'_>,
    parts: u32,
    sides: impl Iterator<Item = (&'static str, &'k [Known])>,
) -> Result<String, Trouble> {
    let mut hasher = blake3::Hasher::new();
    let mut put = |text: &str| {
        hasher.update(&(text.len() as u64).to_le_bytes());
        hasher.update(text.as_bytes());
    };
    put(&parts.to_string());
    for (name, known) in sides {
        put(name);
        for known in known {
            put(&known.since.map(|day| day.to_string()).unwrap_or_default());
            put(&known.compiled.hash.to_string());
        }
    }
    let usage = history.args;
    put(&format!(
        "{:?}",
        (
            (&usage.span, &usage.account, &usage.input_format, &usage.map, &usage.event_type),
            (&usage.ignore, usage.assume_utc, usage.no_dedupe)
        )
    ));
    for path in history.names.iter().chain(&usage.subscriptions) {
        let about = std::fs::metadata(path).map_err(|error| Trouble::read(path, error))?;
        let changed = about.modified().ok().and_then(|at| at.duration_since(std::time::UNIX_EPOCH).ok());
        put(path);
        put(&format!("{} {}", about.len(), changed.unwrap_or_default().as_nanos()));
    }
    Ok(hasher.finalize().to_hex().to_string())
}
