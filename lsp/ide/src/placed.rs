//! Where the usage of a plan lies, and what it holds.
//!
//! `usage` of `price.toml` says it. Without that it is `NAME.ndjson` beside `NAME.price`, and
//! `usage/NAME.ndjson` in the same folder.

use crate::ide::Ide;
use crate::invoices::NoInvoice;
use crate::limits::{USAGE_BYTES, USAGE_EVENTS};
use price_diagnostics::FileId;
use price_driver::{UsageError, UsagePaths, World as _, below, folder, is_source, join, usage_files};
use price_ingest::Format;
use std::sync::Arc;

/// A file of usage: how people know it, and its bytes.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct UsageFile {
    pub(crate) name: String,
    pub(crate) bytes: Arc<[u8]>,
}

/// Whether a path can be that of usage and of nothing else, by its ending: such a file changes no price.
#[must_use]
pub fn is_usage(path: &str) -> bool {
    let ending = path.rsplit('/').next().and_then(|name| name.rsplit_once('.')).map(|(_, ending)| ending);
    ending.is_some_and(|ending| ["ndjson", "jsonl", "json", "tsv"].contains(&ending))
}

impl Ide {
    /// What has to be watched to notice usage: patterns below any folder, sorted.
    #[must_use]
    pub fn watched_usage(&self) -> Vec<String> {
        let world = self.overlay();
        let mut roots: Vec<&str> = self.workspace().own().map(|(_, source)| source.root.as_str()).collect();
        roots.sort_unstable();
        roots.dedup();
        let named = |root: &str| UsagePaths::of(&world, root).ok().flatten();
        let mut all: Vec<String> =
            roots.into_iter().filter_map(named).flat_map(|paths| paths.watched().collect::<Vec<_>>()).collect();
        all.sort();
        all.dedup();
        all
    }

    /// What `price.toml` says about the usage of a file.
    pub(crate) fn usage_paths(&self, file: FileId) -> Result<Option<UsagePaths>, NoInvoice> {
        UsagePaths::of(&self.overlay(), &self.workspace().source(file).root).map_err(NoInvoice::Failed)
    }

    /// Paths of the usage of a plan, contract or card, at least one.
    pub(crate) fn usage_of(
        &self,
        file: FileId,
        name: &str,
        paths: Option<&UsagePaths>,
    ) -> Result<Vec<String>, NoInvoice> {
        let (path, root) = (self.path(file), self.workspace().source(file).root.as_str());
        let stem = stem(path);
        let world = self.overlay();
        let Some(paths) = paths else {
            let beside = [format!("{stem}.ndjson"), format!("usage/{stem}.ndjson")];
            let mut found: Vec<String> = beside.iter().map(|name| join(folder(path), name)).collect();
            found.retain(|path| world.is_file(path));
            return if found.is_empty() { Err(NoInvoice::NoUsage) } else { Ok(found) };
        };
        let patterns = paths.filled(stem, name);
        let mut found = usage_files(&world, root, &patterns, self.folders()).map_err(|error| match error {
            UsageError::Read { folder, cause } => {
                NoInvoice::Failed(format!("`{}`: {cause}", self.shown(root, &folder)))
            }
            error => NoInvoice::Failed(error.to_string()),
        })?;
        found.retain(|path| !is_source(path));
        match found.is_empty() {
            false => Ok(found),
            // A path with a name in it is one for those plans that have usage.
            true if !paths.shared() || patterns.is_empty() => Err(NoInvoice::NoUsage),
            true => Err(NoInvoice::NoMatch(patterns.join("`, `"))),
        }
    }

    /// The files themselves, as far as an editor rates them.
    pub(crate) fn usage_read(&self, file: FileId, paths: &[String]) -> Result<Vec<UsageFile>, NoInvoice> {
        let root = self.workspace().source(file).root.as_str();
        let world = self.overlay();
        let most = USAGE_BYTES as u64;
        let (mut bytes, mut lines, mut files) = (0u64, 0usize, Vec::new());
        for path in paths {
            let name = self.shown(root, path);
            let failed = |error: price_driver::WorldError| NoInvoice::Failed(format!("`{name}`: {error}"));
            // The size tells before anything is read.
            bytes = bytes.saturating_add(world.size(path).map_err(failed)?);
            if bytes > most {
                return Err(NoInvoice::TooLarge { file: name, files: paths.len() });
            }
            let read = world.read(path).map_err(failed)?;
            // One record a line: a bound that is known before they are looked at.
            let format = Format::sniff(&name, &read).map_err(|error| NoInvoice::Failed(error.to_string()))?;
            match format {
                // Few bytes hold any number of rows.
                Format::Parquet => return Err(NoInvoice::Parquet(name)),
                Format::NdJson | Format::Csv(_) => lines += read.iter().filter(|byte| **byte == b'\n').count(),
                Format::Json => {}
            }
            if lines > USAGE_EVENTS + paths.len() {
                return Err(NoInvoice::TooMuch);
            }
            files.push(UsageFile { name, bytes: read.into() });
        }
        Ok(files)
    }

    /// A path as people know it: from the root of its modules, or from the folder that is open.
    fn shown(&self, root: &str, path: &str) -> String {
        let open = || self.folders().iter().find_map(|folder| below(folder, path));
        below(root, path).or_else(open).unwrap_or(path).to_owned()
    }
}

/// The name of a source file without its ending.
fn stem(path: &str) -> &str {
    let name = path.rsplit('/').next().unwrap_or(path);
    name.strip_suffix(".price.md").or_else(|| name.strip_suffix(".price")).unwrap_or(name)
}
