//! Where usage comes from: files, standard input, bytes in memory.

use crate::error::IngestError;
use std::fmt;
use std::fs::File;
use std::io::{self, Read};
use std::path::PathBuf;

/// One source of usage. Patterns are expanded by whoever calls.
pub enum Source {
    /// A file.
    File(PathBuf),
    /// Standard input, shown as `-`.
    Stdin,
    /// Anything else that can be read, with a name for messages.
    Stream(String, Box<dyn Read + Send>),
    /// Bytes in memory, with a name for messages.
    Bytes(String, Vec<u8>),
}

impl fmt::Debug for Source {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Source({})", self.name())
    }
}

impl Source {
    /// A path as the command line takes it: `-` is standard input.
    pub fn named(path: &str) -> Source {
        if path == "-" { Source::Stdin } else { Source::File(path.into()) }
    }

    /// Name for messages.
    pub fn name(&self) -> String {
        match self {
            Source::File(path) => path.display().to_string(),
            Source::Stdin => "-".into(),
            Source::Stream(name, _) | Source::Bytes(name, _) => name.clone(),
        }
    }

    /// Size in bytes, where it is known before reading.
    pub(crate) fn size(&self) -> Result<Option<u64>, IngestError> {
        match self {
            Source::File(path) => {
                let read = |cause| IngestError::Read { file: self.name(), cause };
                let meta = std::fs::metadata(path).map_err(read)?;
                if meta.is_dir() {
                    return Err(read(io::Error::other("it is a directory; name the files in it, or use a pattern")));
                }
                Ok(meta.is_file().then_some(meta.len()))
            }
            Source::Bytes(_, bytes) => Ok(Some(bytes.len() as u64)),
            _ => Ok(None),
        }
    }

    /// Opens it.
    pub(crate) fn open(self) -> Result<Opened, IngestError> {
        let file = self.name();
        let read: Box<dyn Read + Send> = match self {
            Source::File(path) => {
                let handle = File::open(path).map_err(|cause| IngestError::Read { file, cause })?;
                return Ok(Opened::File(handle));
            }
            Source::Stdin => Box::new(io::stdin()),
            Source::Stream(_, read) => read,
            Source::Bytes(_, bytes) => Box::new(io::Cursor::new(bytes)),
        };
        Ok(Opened::Stream(read))
    }
}

/// An open source.
pub(crate) enum Opened {
    File(File),
    Stream(Box<dyn Read + Send>),
}

impl Read for Opened {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        match self {
            Opened::File(file) => file.read(buffer),
            Opened::Stream(stream) => stream.read(buffer),
        }
    }
}
