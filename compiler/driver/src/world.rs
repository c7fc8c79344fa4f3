//! The outside world as the compiler sees it: files by path, and nothing else.
//!
//! Paths are texts with `/` between their parts, relative or absolute. The driver never
//! touches a disk, a clock or the environment: whoever calls it brings a [`World`].

use std::collections::BTreeMap;

/// Why a file of a [`World`] cannot be read.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum WorldError {
    /// There is no such file or folder.
    #[error("there is no such file")]
    Missing,
    /// The file is larger than anything the compiler reads.
    #[error("the file is larger than {0} MB")]
    TooLarge(u64),
    /// A folder holds more than was asked for.
    #[error("there are too many files in the folder")]
    TooMany,
    /// Anything else, in the system's words.
    #[error("{0}")]
    Other(String),
}

/// Files by path.
pub trait World {
    /// The bytes of a file.
    fn read(&self, path: &str) -> Result<Vec<u8>, WorldError>;

    /// Whether there is a file (not a folder) at a path.
    fn is_file(&self, path: &str) -> bool;

    /// Whether there is a folder at a path.
    fn is_dir(&self, path: &str) -> bool;

    /// The `.price` files anywhere below a folder, sorted. Hidden folders and `target` are left out.
    fn sources(&self, folder: &str) -> Result<Vec<String>, WorldError>;

    /// What lies in a folder itself, by name, with whether it is a folder; [`WorldError::TooMany`] where it
    /// is more than `most`. Links are not followed. A world that holds no usage holds nothing to list.
    fn list(&self, _folder: &str, _most: usize) -> Result<Vec<(String, bool)>, WorldError> {
        Ok(Vec::new())
    }

    /// The bytes of a file, counted without reading it where that can be done.
    fn size(&self, path: &str) -> Result<u64, WorldError> {
        self.read(path).map(|bytes| bytes.len() as u64)
    }

    /// The path as people should see it.
    fn display(&self, path: &str) -> String {
        path.to_owned()
    }
}

/// Files as they once were: the revisions of a repository.
pub trait Past {
    /// What a revision is now: the same text for the same files.
    ///
    /// # Errors
    /// As [`Past::at`].
    fn id(&self, folder: &str, revision: &str) -> Result<String, String>;

    /// The files of a revision in the repository around a folder.
    ///
    /// # Errors
    /// Why there is no such revision, or no repository; a sentence.
    fn at(&self, folder: &str, revision: &str) -> Result<Box<dyn World + Send>, String>;
}

/// A world in memory, for tests and for hosts without a disk.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct MemoryWorld {
    files: BTreeMap<String, Vec<u8>>,
}

impl MemoryWorld {
    /// An empty world.
    #[must_use]
    pub fn new() -> MemoryWorld {
        MemoryWorld::default()
    }

    /// The same world with one more file.
    #[must_use]
    pub fn with(mut self, path: &str, text: impl Into<Vec<u8>>) -> MemoryWorld {
        self.files.insert(clean(path), text.into());
        self
    }
}

impl World for MemoryWorld {
    fn read(&self, path: &str) -> Result<Vec<u8>, WorldError> {
        self.files.get(&clean(path)).cloned().ok_or(WorldError::Missing)
    }

    fn is_file(&self, path: &str) -> bool {
        self.files.contains_key(&clean(path))
    }

    fn is_dir(&self, path: &str) -> bool {
        let folder = join(&clean(path), "");
        self.files.keys().any(|file| file.starts_with(&folder))
    }

    fn sources(&self, folder: &str) -> Result<Vec<String>, WorldError> {
        let folder = join(&clean(folder), "");
        let inside = |file: &&String| file.starts_with(&folder) && is_source(file);
        Ok(self.files.keys().filter(inside).cloned().collect())
    }

    fn list(&self, folder: &str, most: usize) -> Result<Vec<(String, bool)>, WorldError> {
        let folder = join(&clean(folder), "");
        let below = self.files.range(folder.clone()..).map_while(|(path, _)| path.strip_prefix(&folder));
        let mut found: Vec<(String, bool)> = below
            .map(|rest| match rest.split_once('/') {
                Some((name, _)) => (name.to_owned(), true),
                None => (rest.to_owned(), false),
            })
            .collect();
        found.sort();
        found.dedup();
        if found.len() > most { Err(WorldError::TooMany) } else { Ok(found) }
    }

    fn size(&self, path: &str) -> Result<u64, WorldError> {
        self.files.get(&clean(path)).map(|bytes| bytes.len() as u64).ok_or(WorldError::Missing)
    }
}

/// Whether a path names a source file: `.price` or `.price.md`.
#[must_use]
pub fn is_source(path: &str) -> bool {
    path.ends_with(".price") || path.ends_with(".price.md")
}

/// `folder/name`; the name alone where the folder is empty.
#[must_use]
pub fn join(folder: &str, name: &str) -> String {
    match folder {
        "" => name.to_owned(),
        _ if folder.ends_with('/') => format!("{folder}{name}"),
        _ => format!("{folder}/{name}"),
    }
}

/// The folder of a path: empty for a bare name, `/` for a file at the root.
#[must_use]
pub fn folder(path: &str) -> &str {
    match path.rfind('/') {
        Some(0) => "/",
        Some(at) => &path[..at],
        None => "",
    }
}

/// A path without `.`, `..` and empty parts, as far as they can be resolved by text alone.
#[must_use]
pub fn clean(path: &str) -> String {
    let absolute = path.starts_with('/');
    let mut parts: Vec<&str> = Vec::new();
    for part in path.split('/') {
        match part {
            "" | "." => {}
            ".." if parts.last().is_some_and(|last| *last != "..") => {
                parts.pop();
            }
            ".." if absolute => {}
            part => parts.push(part),
        }
    }
    let joined = parts.join("/");
    if absolute { format!("/{joined}") } else { joined }
}

/// The path as seen from a folder, if it lies below it.
#[must_use]
pub fn below<'p>(folder: &str, path: &'p str) -> Option<&'p str> {
    match folder {
        "" => (!path.starts_with('/') && !path.starts_with("../")).then_some(path),
        "/" => path.strip_prefix('/'),
        _ => path.strip_prefix(folder)?.strip_prefix('/'),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn paths_are_cleaned_by_text_alone() {
        for (path, expected) in [
            ("./a//b.price", "a/b.price"),
            ("a/../b.price", "b.price"),
            ("../b.price", "../b.price"),
            ("../../x", "../../x"),
            ("/a/../../b", "/b"),
            ("a/./b/..", "a"),
            (".", ""),
        ] {
            assert_eq!(clean(path), expected, "{path}");
        }
        assert_eq!(below("plans", "plans/a.price"), Some("a.price"));
        assert_eq!(below("plans", "plansx/a.price"), None);
        assert_eq!(below("", "../a.price"), None);
        assert_eq!(folder("/a.price"), "/");
    }
}
