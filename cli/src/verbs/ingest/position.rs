//! How far a file was acknowledged, in a file beside it.

use crate::trouble::Trouble;
use serde::{Deserialize, Serialize};
use std::fs::File;
use std::io::{Read, Write};
use std::path::Path;

/// Bytes of the start of a file by which it is known again.
const START: usize = 256;

/// See the module.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Position {
    /// Bytes that were acknowledged.
    pub offset: u64,
    /// Lines that were.
    pub lines: u64,
    /// How the file begins, as far as it was sent.
    begins: String,
    /// How the file begins.
    #[serde(skip)]
    start: Vec<u8>,
}

impl Position {
    /// The position in `file`, called `name`; the start where none is kept.
    pub fn find(path: &Path, file: &mut File, name: &str) -> Result<Position, Trouble> {
        let shown = path.display().to_string();
        let unreadable = |error| Trouble::read(name, error);
        let mut start = Vec::new();
        file.take(START as u64).read_to_end(&mut start).map_err(unreadable)?;
        let size = file.metadata().map_err(unreadable)?.len();
        let text = match std::fs::read_to_string(path) {
            Ok(text) => text,
            Err(error) if error.kind() == std::io::ErrorKind::NotFound => {
                return Ok(Position { start, ..Position::default() });
            }
            Err(error) => return Err(Trouble::read(&shown, error)),
        };
        let other = |problem: &str| {
            Trouble::new("C082", format!("`{shown}` is not the position in `{name}`: {problem}"))
                .help("remove it to send the file from its start; what is there already counts once")
        };
        let position: Position = serde_json::from_str(&text).map_err(|_| other("it cannot be read"))?;
        if size < position.offset {
            return Err(other("the file is shorter than what was sent of it"));
        }
        if known(&start, position.offset) != position.begins {
            return Err(other("the file begins otherwise"));
        }
        Ok(Position { start, ..position })
    }

    /// Goes on by so many bytes, to a line.
    pub fn pass(&mut self, bytes: u64, lines: u64) {
        self.offset += bytes;
        self.lines = lines;
        self.begins = known(&self.start, self.offset);
    }

    /// Keeps it; a reader sees the old or the new one.
    pub fn keep(&self, path: &Path) -> Result<(), Trouble> {
        let beside = path.with_extension("position-part");
        let write = || -> std::io::Result<()> {
            let mut file = File::create(&beside)?;
            file.write_all(serde_json::to_string(self).unwrap_or_default().as_bytes())?;
            file.sync_all()?;
            std::fs::rename(&beside, path)
        };
        write().map_err(|error| Trouble::write(&path.display().to_string(), error))
    }
}

/// The start of a file as far as it was sent; what follows may still change.
fn known(start: &[u8], sent: u64) -> String {
    let known = start.len().min(usize::try_from(sent).unwrap_or(usize::MAX));
    String::from_utf8_lossy(&start[..known]).into_owned()
}
