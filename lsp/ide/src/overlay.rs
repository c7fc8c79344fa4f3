//! The world with the texts that are open in the editor laid over it.

use price_driver::{World, WorldError, join};
use std::collections::BTreeMap;

/// Open texts over another world.
pub(crate) struct Overlay<'a> {
    pub(crate) under: &'a dyn World,
    pub(crate) open: &'a BTreeMap<String, String>,
}

impl World for Overlay<'_> {
    fn read(&self, path: &str) -> Result<Vec<u8>, WorldError> {
        match self.open.get(path) {
            Some(text) => Ok(text.clone().into_bytes()),
            None => self.under.read(path),
        }
    }

    fn is_file(&self, path: &str) -> bool {
        self.open.contains_key(path) || self.under.is_file(path)
    }

    fn is_dir(&self, path: &str) -> bool {
        let inside = join(path, "");
        self.under.is_dir(path) || self.open.keys().any(|file| file.starts_with(&inside))
    }

    fn sources(&self, folder: &str) -> Result<Vec<String>, WorldError> {
        let mut found = self.under.sources(folder)?;
        let inside = join(folder, "");
        let new = self.open.keys().filter(|path| path.starts_with(&inside) && price_driver::is_source(path));
        found.extend(new.cloned());
        found.sort();
        found.dedup();
        Ok(found)
    }

    fn list(&self, folder: &str, most: usize) -> Result<Vec<(String, bool)>, WorldError> {
        let mut found = match self.under.list(folder, most) {
            Err(WorldError::Missing) => Vec::new(),
            found => found?,
        };
        let inside = join(folder, "");
        found.extend(self.open.keys().filter_map(|path| match path.strip_prefix(&inside)?.split_once('/') {
            Some((name, _)) => Some((name.to_owned(), true)),
            None => Some((path[inside.len()..].to_owned(), false)),
        }));
        found.sort();
        found.dedup();
        Ok(found)
    }

    fn size(&self, path: &str) -> Result<u64, WorldError> {
        match self.open.get(path) {
            Some(text) => Ok(text.len() as u64),
            None => self.under.size(path),
        }
    }

    fn display(&self, path: &str) -> String {
        self.under.display(path)
    }
}
