//! Addresses of the editor against paths of the world.

use price_driver::clean;
use std::cell::RefCell;
use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use tower_lsp::lsp_types::Url;

/// Which address belongs to which path.
#[derive(Default)]
pub(crate) struct Places {
    /// Addresses as the editor wrote them, of what it has open.
    open: BTreeMap<String, Url>,
    /// Files of the library and pages that were written out in this session.
    written: RefCell<BTreeMap<PathBuf, Url>>,
}

impl Places {
    /// The path of an address. A text without a place on disk has one of its own.
    pub(crate) fn path(&self, url: &Url) -> String {
        match url.to_file_path() {
            Ok(path) => clean(&path.to_string_lossy().replace('\\', "/")),
            Err(()) => {
                let name = format!("/{}:/{}", url.scheme(), url.path().trim_start_matches('/'));
                if price_driver::is_source(&name) { clean(&name) } else { format!("{}.price", clean(&name)) }
            }
        }
    }

    /// Remembers how the editor calls a file.
    pub(crate) fn opened(&mut self, path: &str, url: Url) {
        self.open.insert(path.to_owned(), url);
    }

    pub(crate) fn closed(&mut self, path: &str) {
        self.open.remove(path);
    }

    pub(crate) fn is_open(&self, path: &str) -> bool {
        self.open.contains_key(path)
    }

    /// The address of a path.
    pub(crate) fn url(&self, path: &str) -> Option<Url> {
        match self.open.get(path) {
            Some(url) => Some(url.clone()),
            None => Url::from_file_path(path).ok(),
        }
    }

    /// The address of a file of the standard library: written out once, to be looked at.
    pub(crate) fn library(&self, path: &str, text: &str, version: &str) -> Option<Url> {
        let place = cache().join(format!("price-{version}")).join(path);
        if let Some(url) = self.written.borrow().get(&place) {
            return Some(url.clone());
        }
        if std::fs::read_to_string(&place).ok().as_deref() != Some(text) {
            std::fs::create_dir_all(place.parent()?).ok()?;
            std::fs::write(&place, text).ok()?;
        }
        let url = Url::from_file_path(&place).ok()?;
        self.written.borrow_mut().insert(place, url.clone());
        Some(url)
    }
}

fn cache() -> PathBuf {
    let set = |name: &str| std::env::var_os(name).map(PathBuf::from).filter(|path| path.is_absolute());
    set("XDG_CACHE_HOME")
        .or_else(|| set("HOME").map(|home| home.join(".cache")))
        .or_else(|| set("LOCALAPPDATA"))
        .unwrap_or_else(|| Path::new(&std::env::temp_dir()).to_owned())
}
