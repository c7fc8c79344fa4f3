//! Files on disk, as the driver sees the world.

use price_driver::{World, WorldError, clean, is_source, join};
use std::collections::BTreeMap;
use std::io::ErrorKind;
use std::path::Path;

/// Largest source file that is read; the compiler's own limit is lower.
const BYTES_MAX: u64 = 64 << 20;
/// Folders inside one another that are searched for sources.
const DEPTH_MAX: usize = 32;

/// The disk below the current folder; paths in it are absolute.
pub struct DiskWorld {
    here: String,
    /// Texts that are not on disk, by path: standard input.
    extra: BTreeMap<String, (String, Vec<u8>)>,
}

impl DiskWorld {
    /// The disk as it is.
    pub fn new() -> DiskWorld {
        let here = std::env::current_dir().map(|path| path.to_string_lossy().replace('\\', "/"));
        DiskWorld { here: here.unwrap_or_default(), extra: BTreeMap::new() }
    }

    /// The absolute path of one as given on the command line.
    pub fn absolute(&self, path: &str) -> String {
        let path = path.replace('\\', "/");
        if Path::new(&path).is_absolute() { clean(&path) } else { clean(&join(&self.here, &path)) }
    }

    /// Adds a text that is not on disk, shown as `name`; gives its path.
    pub fn add(&mut self, name: &str, bytes: Vec<u8>) -> String {
        let path = self.absolute("stdin.price");
        self.extra.insert(path.clone(), (name.to_owned(), bytes));
        path
    }
}

impl World for DiskWorld {
    fn read(&self, path: &str) -> Result<Vec<u8>, WorldError> {
        if let Some((_, bytes)) = self.extra.get(path) {
            return Ok(bytes.clone());
        }
        let failed = |error: std::io::Error| match error.kind() {
            ErrorKind::NotFound => WorldError::Missing,
            _ => WorldError::Other(error.to_string()),
        };
        let size = std::fs::metadata(path).map_err(failed)?.len();
        if size > BYTES_MAX {
            return Err(WorldError::TooLarge(BYTES_MAX >> 20));
        }
        std::fs::read(path).map_err(failed)
    }

    fn is_file(&self, path: &str) -> bool {
        self.extra.contains_key(path) || Path::new(path).is_file()
    }

    fn is_dir(&self, path: &str) -> bool {
        Path::new(path).is_dir()
    }

    fn sources(&self, folder: &str) -> Result<Vec<String>, WorldError> {
        let mut found = Vec::new();
        let mut waiting = vec![(folder.to_owned(), 0)];
        while let Some((folder, depth)) = waiting.pop() {
            let entries = std::fs::read_dir(&folder).map_err(|error| WorldError::Other(error.to_string()))?;
            for entry in entries {
                let entry = entry.map_err(|error| WorldError::Other(error.to_string()))?;
                let name = entry.file_name().to_string_lossy().into_owned();
                let kind = entry.file_type().map_err(|error| WorldError::Other(error.to_string()))?;
                let path = join(&folder, &name);
                // Links are not followed: a circle of them would never end.
                if kind.is_dir() && depth < DEPTH_MAX && !name.starts_with('.') && name != "target" {
                    waiting.push((path, depth + 1));
                } else if kind.is_file() && is_source(&name) {
                    found.push(path);
                }
            }
        }
        found.sort();
        Ok(found)
    }

    fn list(&self, folder: &str, most: usize) -> Result<Vec<(String, bool)>, WorldError> {
        let failed = |error: std::io::Error| match error.kind() {
            ErrorKind::NotFound | ErrorKind::NotADirectory => WorldError::Missing,
            _ => WorldError::Other(error.to_string()),
        };
        let mut found = Vec::new();
        for (number, entry) in std::fs::read_dir(folder).map_err(failed)?.enumerate() {
            if number >= most {
                return Err(WorldError::TooMany);
            }
            let entry = entry.map_err(failed)?;
            let kind = entry.file_type().map_err(failed)?;
            if kind.is_dir() || kind.is_file() {
                found.push((entry.file_name().to_string_lossy().into_owned(), kind.is_dir()));
            }
        }
        found.sort();
        Ok(found)
    }

    fn size(&self, path: &str) -> Result<u64, WorldError> {
        match std::fs::metadata(path) {
            Ok(found) => Ok(found.len()),
            Err(error) if error.kind() == ErrorKind::NotFound => Err(WorldError::Missing),
            Err(error) => Err(WorldError::Other(error.to_string())),
        }
    }

    fn display(&self, path: &str) -> String {
        if let Some((name, _)) = self.extra.get(path) {
            return name.clone();
        }
        price_driver::below(&self.here, path).unwrap_or(path).to_owned()
    }
}
