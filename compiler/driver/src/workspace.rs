//! Files that are compiled together: the given ones, what they import, their seed files and the
//! standard library.
//!
//! A module is named by its path below the root of its workspace: `use acme.cloud` finds
//! `acme/cloud.price`. The root is the nearest folder at or above the file that holds a
//! `price.toml`; without one, the folder that was given, or the own folder of a file that was
//! given, and files it imports have its root. Files with different roots do not see each other.

use crate::levels::Levels;
use crate::limits;
use crate::lock::{LOCK_FILE, Lock, LockError};
use crate::suppress;
use crate::world::{World, WorldError, below, clean, folder, is_source, join};
use price_analysis as analysis;
use price_diagnostics::{Diagnostic, FileId, Sources};
use price_syntax::ast::{DimensionSource, ItemKind, UseDecl};
use price_value::Date;
use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

/// Why files cannot be loaded.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum LoadError {
    /// A given path is neither a file nor a folder.
    #[error("there is no file or folder `{path}`")]
    Missing {
        /// As given.
        path: String,
    },
    /// A given file is not a source.
    #[error("`{path}` is not a `.price` file")]
    NotSource {
        /// As given.
        path: String,
    },
    /// A given folder holds no source.
    #[error("there is no `.price` file in `{path}`")]
    Empty {
        /// As given.
        path: String,
    },
    /// A file cannot be read.
    #[error("`{path}` cannot be read: {cause}")]
    Read {
        /// The file.
        path: String,
        /// Why.
        cause: WorldError,
    },
    /// A seed file is not text.
    #[error("the seed file `{path}` is not UTF-8")]
    SeedNotText {
        /// The file.
        path: String,
    },
    /// A seed file is too large.
    #[error("the seed file `{path}` is larger than {} MB", limits::SEED_BYTES >> 20)]
    SeedTooLarge {
        /// The file.
        path: String,
    },
    /// A `price.lock` is not what `price lock` writes.
    #[error("`{path}` cannot be used: {cause}")]
    Lock {
        /// The file.
        path: String,
        /// Why.
        cause: LockError,
    },
    /// Too many files.
    #[error("more than {} files would be compiled together", limits::FILES)]
    TooMany,
}

impl LoadError {
    /// The stable code.
    #[must_use]
    pub fn code(&self) -> &'static str {
        match self {
            LoadError::Missing { .. } => "L001",
            LoadError::NotSource { .. } => "L002",
            LoadError::Empty { .. } => "L003",
            LoadError::Read { .. } => "L004",
            LoadError::SeedNotText { .. } => "L005",
            LoadError::SeedTooLarge { .. } => "L006",
            LoadError::TooMany => "L007",
            LoadError::Lock { .. } => "L008",
        }
    }

    /// What to do about it.
    #[must_use]
    pub fn help(&self) -> &'static str {
        match self {
            LoadError::Missing { .. } => "check the path; `price new DIR` writes a first plan",
            LoadError::NotSource { .. } => "source files are called NAME.price or NAME.price.md",
            LoadError::Empty { .. } => "give another folder, or a file",
            LoadError::Read { .. } => "check the file and its permissions",
            LoadError::SeedNotText { .. } => "save it as UTF-8",
            LoadError::SeedTooLarge { .. } => "split the dimension, or shorten the file",
            LoadError::TooMany => "give fewer files at once",
            LoadError::Lock { .. } => "take back the last good one, or remove it and run `price lock`",
        }
    }
}

/// Where a file of a workspace comes from.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Origin {
    /// Asked for.
    Given,
    /// Imported by another one.
    Imported,
    /// Part of the standard library.
    Standard,
}

/// A file.
#[derive(Debug, Clone)]
pub struct Source {
    /// Path as the world knows it.
    pub path: String,
    /// Path as people should see it.
    pub name: String,
    /// The text as it stands in the file.
    pub text: String,
    /// Where it comes from.
    pub origin: Origin,
    /// Folder its module name is counted from.
    pub root: String,
    /// Why it could not be read as text; the text is empty then.
    pub unreadable: Option<Diagnostic>,
    /// How much findings weigh in its project.
    levels: Levels,
    file: analysis::File,
}

/// Everything that was loaded.
pub struct Workspace {
    db: analysis::Database,
    sources: Vec<Source>,
    /// Inputs of the analysis by root.
    inputs: BTreeMap<String, analysis::Workspace>,
    /// Seed files by root and path; none where there is no such file.
    seeds: BTreeMap<(String, String), Option<analysis::DataFile>>,
    /// What is in the `price.lock` of each root that has one.
    locks: BTreeMap<String, Lock>,
    /// The day by which sources are fresh or stale; none where nobody said it.
    today: Option<Date>,
}

impl Workspace {
    /// Loads files and folders with everything they need. A name that `use` does not find is a
    /// finding of [`Workspace::check`], not an error here.
    pub fn load(world: &dyn World, paths: &[String]) -> Result<Workspace, LoadError> {
        let mut loader = Loader::new(analysis::Database::default(), Known::default());
        loader.given(world, paths)?;
        Ok(loader.finish())
    }

    /// A workspace without files of its own.
    #[must_use]
    pub fn empty() -> Workspace {
        Loader::new(analysis::Database::default(), Known::default()).finish()
    }

    /// Loads anew, after files came, went or changed; answers that do not depend on what changed
    /// are kept. Numbers of files may be others than before. On an error nothing has changed.
    pub fn reload(&mut self, world: &dyn World, paths: &[String]) -> Result<(), LoadError> {
        // An input is only written where nobody else holds the database.
        let mut loader = Loader::new(std::mem::take(&mut self.db), self.known());
        match loader.given(world, paths) {
            Ok(()) => {
                let today = self.today;
                *self = Workspace { today, ..loader.finish() };
                Ok(())
            }
            Err(error) => {
                // What was read into inputs before is taken back.
                self.db = loader.db;
                for (number, source) in (0..).zip(&self.sources) {
                    analysis::update(&mut self.db, source.file, number, &readable(&source.path, &source.text));
                }
                for (file, text) in loader.overwritten {
                    analysis::update_data(&mut self.db, file, &text);
                }
                Err(error)
            }
        }
    }

    /// The inputs of the database, to be used again.
    fn known(&self) -> Known {
        let of = |source: &Source| ((source.root.clone(), source.path.clone()), source.file);
        Known {
            files: self.sources.iter().map(of).collect(),
            inputs: self.inputs.clone(),
            seeds: self.seeds.iter().filter_map(|(slot, file)| Some((slot.clone(), (*file)?))).collect(),
        }
    }

    /// The database, for queries the driver has no word for.
    #[must_use]
    pub fn db(&self) -> &analysis::Database {
        &self.db
    }

    /// All files, the standard library included, in the order of their [`FileId`]s.
    #[must_use]
    pub fn sources(&self) -> &[Source] {
        &self.sources
    }

    /// The files asked for.
    pub fn given(&self) -> impl Iterator<Item = (FileId, &Source)> {
        self.own().filter(|(_, source)| source.origin == Origin::Given)
    }

    /// The files asked for and those they import.
    pub fn own(&self) -> impl Iterator<Item = (FileId, &Source)> {
        (0..).map(FileId).zip(&self.sources).filter(|(_, source)| source.origin != Origin::Standard)
    }

    /// A file.
    ///
    /// # Panics
    /// When the number is not of this workspace.
    #[must_use]
    pub fn source(&self, file: FileId) -> &Source {
        &self.sources[file.0 as usize]
    }

    /// The file at a path.
    #[must_use]
    pub fn find(&self, path: &str) -> Option<FileId> {
        let path = clean(path);
        self.own().find(|(_, source)| source.path == path).map(|(id, _)| id)
    }

    /// What a file is analysed with: all files of its root. None for the standard library where
    /// nothing else is loaded.
    #[must_use]
    pub fn input(&self, source: &Source) -> Option<analysis::Workspace> {
        self.inputs.get(&source.root).or_else(|| self.inputs.values().next()).copied()
    }

    pub(crate) fn input_of_own(&self, source: &Source) -> analysis::Workspace {
        self.inputs[&source.root]
    }

    pub(crate) fn lock(&self, root: &str) -> Option<&Lock> {
        self.locks.get(root)
    }

    /// A file as the analysis knows it.
    ///
    /// # Panics
    /// When the number is not of this workspace.
    #[must_use]
    pub fn file(&self, file: FileId) -> analysis::File {
        self.source(file).file
    }

    /// Replaces the text of a file.
    pub fn set_text(&mut self, file: FileId, text: &str) {
        let source = &mut self.sources[file.0 as usize];
        text.clone_into(&mut source.text);
        source.unreadable = None;
        let read = readable(&source.path, text);
        analysis::set_text(&mut self.db, source.file, read);
    }

    /// Says which day it is: sources that were not looked at for too long are findings from then on.
    pub fn set_today(&mut self, today: Date) {
        self.today = Some(today);
    }

    fn stale_sources(&self, file: FileId) -> Vec<Diagnostic> {
        let Some(today) = self.today else { return Vec::new() };
        let stale = |source: analysis::Sourced| {
            let message = format!("the source of `{}` was last looked at on {}", source.within, source.checked);
            (source.stale <= today).then(|| {
                Diagnostic::warning(analysis::codes::STALE_SOURCE, message)
                    .at(source.at, format!("good until {}, and it is {today}", source.stale.add_days(-1)))
                    .help("compare the numbers with it, then write the day on which you did")
            })
        };
        analysis::sourced(&self.db, self.file(file)).into_iter().filter_map(stale).collect()
    }

    /// Everything found in the given files and those they import, in the order of reports.
    /// Findings that a comment allows are left out; comments that allow nothing are findings.
    #[must_use]
    pub fn check(&self) -> Vec<Diagnostic> {
        let mut all: Vec<Diagnostic> = self.own().flat_map(|(id, _)| self.check_one(id)).collect();
        price_diagnostics::sort(&mut all);
        all
    }

    /// What is found in one file.
    #[must_use]
    pub fn check_one(&self, file: FileId) -> Vec<Diagnostic> {
        let source = self.source(file);
        if let Some(unreadable) = &source.unreadable {
            return vec![unreadable.clone()];
        }
        let mut found = analysis::check_file(&self.db, self.input_of_own(source), source.file).clone();
        found.extend(self.check_locks(file));
        found.extend(self.stale_sources(file));
        source.levels.apply(suppress::apply(file, &readable(&source.path, &source.text), found))
    }

    /// The assertions of the given files with what became of their claims.
    #[must_use]
    pub fn proofs(&self) -> Vec<(FileId, Arc<analysis::Proofs>)> {
        let proofs = |(id, source): (FileId, &Source)| {
            (id, analysis::proofs(&self.db, self.input_of_own(source), source.file).clone())
        };
        self.given().map(proofs).collect()
    }

    /// The tests of the given files, with the file each stands in.
    #[must_use]
    pub fn tests(&self) -> Vec<(FileId, Arc<analysis::TestFile>)> {
        let tests = |(id, source): (FileId, &Source)| {
            (id, analysis::test_file(&self.db, self.input_of_own(source), source.file).clone())
        };
        self.given().map(tests).collect()
    }
}

impl Sources for Workspace {
    fn name(&self, file: FileId) -> &str {
        self.sources.get(file.0 as usize).map_or("", |source| &source.name)
    }

    fn text(&self, file: FileId) -> &str {
        self.sources.get(file.0 as usize).map_or("", |source| &source.text)
    }
}

/// The text the compiler reads: Markdown without its prose.
fn readable(path: &str, text: &str) -> String {
    if path.ends_with(".md") { price_syntax::blank_prose(text) } else { text.to_owned() }
}

/// Inputs of an earlier load, by root and path.
#[derive(Default)]
struct Known {
    files: BTreeMap<(String, String), analysis::File>,
    inputs: BTreeMap<String, analysis::Workspace>,
    seeds: BTreeMap<(String, String), analysis::DataFile>,
}

struct Loader {
    db: analysis::Database,
    known: Known,
    sources: Vec<Source>,
    at: BTreeMap<String, usize>,
    seeds: BTreeMap<(String, String), Option<analysis::DataFile>>,
    /// Seed files whose text was replaced, with the text before.
    overwritten: Vec<(analysis::DataFile, String)>,
    locks: BTreeMap<String, Lock>,
}

impl Loader {
    fn new(db: analysis::Database, known: Known) -> Loader {
        let mut loader = Loader {
            db,
            known,
            sources: Vec::new(),
            at: BTreeMap::new(),
            seeds: BTreeMap::new(),
            overwritten: Vec::new(),
            locks: BTreeMap::new(),
        };
        for (path, text) in price_stdlib::FILES {
            let file = loader.input("", path, path, text);
            loader.sources.push(Source {
                path: (*path).to_owned(),
                name: (*path).to_owned(),
                text: (*text).to_owned(),
                origin: Origin::Standard,
                root: String::new(),
                unreadable: None,
                levels: Levels::default(),
                file,
            });
        }
        loader
    }

    /// Reads the files and folders given, and all they need.
    fn given(&mut self, world: &dyn World, paths: &[String]) -> Result<(), LoadError> {
        for path in paths {
            let cleaned = clean(path);
            if world.is_file(&cleaned) {
                if !is_source(&cleaned) {
                    return Err(LoadError::NotSource { path: path.clone() });
                }
                self.file(world, &cleaned, Origin::Given, folder(&cleaned))?;
            } else if world.is_dir(&cleaned) || cleaned.is_empty() {
                let read = |cause| LoadError::Read { path: path.clone(), cause };
                let found = world.sources(&cleaned).map_err(read)?;
                if found.is_empty() {
                    return Err(LoadError::Empty { path: path.clone() });
                }
                for file in found {
                    self.file(world, &clean(&file), Origin::Given, &cleaned)?;
                }
            } else {
                return Err(LoadError::Missing { path: path.clone() });
            }
        }
        self.imports(world)?;
        self.locks(world)
    }

    fn input(&mut self, root: &str, path: &str, inside: &str, text: &str) -> analysis::File {
        let number = u32::try_from(self.sources.len()).unwrap_or(u32::MAX);
        let text = readable(path, text);
        match self.known.files.get(&(root.to_owned(), path.to_owned())) {
            Some(file) => {
                analysis::update(&mut self.db, *file, number, &text);
                *file
            }
            None => analysis::File::new(&self.db, inside.to_owned(), number, text),
        }
    }

    /// Reads a source file, once; `otherwise` is its root where no `price.toml` names one.
    fn file(&mut self, world: &dyn World, path: &str, origin: Origin, otherwise: &str) -> Result<(), LoadError> {
        if let Some(at) = self.at.get(path) {
            if origin == Origin::Given {
                self.sources[*at].origin = Origin::Given;
            }
            return Ok(());
        }
        if self.sources.len() >= limits::FILES {
            return Err(LoadError::TooMany);
        }
        let root = root_of(world, path, otherwise);
        let inside = below(&root, path).unwrap_or(path).to_owned();
        let bytes = world.read(path).map_err(|cause| LoadError::Read { path: world.display(path), cause })?;
        let id = FileId(u32::try_from(self.sources.len()).unwrap_or(u32::MAX));
        let (text, unreadable) = match price_syntax::decode(id, bytes) {
            Ok(text) => (text, None),
            Err(finding) => (String::new(), Some(*finding)),
        };
        self.at.insert(path.to_owned(), self.sources.len());
        let file = self.input(&root, path, &inside, &text);
        let (path, name) = (path.to_owned(), world.display(path));
        let levels = Levels::of(world, &root);
        self.sources.push(Source { path, name, text, origin, root, unreadable, levels, file });
        Ok(())
    }

    /// Follows imports and seeds from file to file.
    fn imports(&mut self, world: &dyn World) -> Result<(), LoadError> {
        let mut next = 0;
        while next < self.sources.len() {
            let source = self.sources[next].clone();
            next += 1;
            if source.origin == Origin::Standard {
                continue;
            }
            for head in analysis::outline(&self.db, source.file).clone().iter() {
                let Some(item) = analysis::item(&self.db, source.file, head.id).clone() else { continue };
                match &item.kind {
                    ItemKind::Use(UseDecl::Module { path, .. }) => {
                        let parts: Vec<&str> = path.segments.iter().map(|part| part.text.as_str()).collect();
                        self.module(world, &source.root, &parts)?;
                    }
                    ItemKind::Dimension(dimension) => {
                        if let DimensionSource::Csv(seed) | DimensionSource::Prefixes(seed) = &dimension.source {
                            self.seed(world, &source, &seed.file.value)?;
                        }
                    }
                    _ => {}
                }
            }
        }
        Ok(())
    }

    /// Loads the module a path names: all of it, or all but the last part.
    fn module(&mut self, world: &dyn World, root: &str, parts: &[&str]) -> Result<(), LoadError> {
        if parts.first() == Some(&"std") {
            return Ok(());
        }
        for length in [parts.len(), parts.len().saturating_sub(1)] {
            if length == 0 {
                continue;
            }
            let stem = join(root, &parts[..length].join("/"));
            for path in [format!("{stem}.price"), format!("{stem}.price.md")] {
                if world.is_file(&path) {
                    return self.file(world, &path, Origin::Imported, root);
                }
            }
        }
        Ok(())
    }

    /// Reads a seed file; one that is missing is reported by the analysis.
    fn seed(&mut self, world: &dyn World, source: &Source, name: &str) -> Result<(), LoadError> {
        let inside = below(&source.root, &source.path).unwrap_or(&source.path);
        let key = join(folder(inside), name);
        let slot = (source.root.clone(), key.clone());
        if self.seeds.contains_key(&slot) {
            return Ok(());
        }
        let path = clean(&join(folder(&source.path), name));
        let read = match world.read(&path) {
            Ok(bytes) if bytes.len() > limits::SEED_BYTES => {
                return Err(LoadError::SeedTooLarge { path: world.display(&path) });
            }
            Ok(bytes) => {
                Some(String::from_utf8(bytes).map_err(|_| LoadError::SeedNotText { path: world.display(&path) })?)
            }
            Err(WorldError::Missing) => None,
            Err(cause) => return Err(LoadError::Read { path: world.display(&path), cause }),
        };
        let file = read.map(|text| match self.known.seeds.get(&slot) {
            Some(file) => {
                if let Some(before) = analysis::update_data(&mut self.db, *file, &text) {
                    self.overwritten.push((*file, before));
                }
                *file
            }
            None => analysis::DataFile::new(&self.db, key, text),
        });
        self.seeds.insert(slot, file);
        Ok(())
    }

    /// Reads the `price.lock` of every root.
    fn locks(&mut self, world: &dyn World) -> Result<(), LoadError> {
        let own = self.sources.iter().filter(|s| s.origin != Origin::Standard);
        let roots: BTreeSet<String> = own.map(|s| s.root.clone()).collect();
        for root in roots {
            let path = join(&root, LOCK_FILE);
            let lock = match world.read(&path) {
                Err(WorldError::Missing) => continue,
                Err(cause) => return Err(LoadError::Read { path: world.display(&path), cause }),
                Ok(bytes) => Lock::read(&bytes),
            };
            let lock = lock.map_err(|cause| LoadError::Lock { path: world.display(&path), cause })?;
            self.locks.insert(root, lock);
        }
        Ok(())
    }

    fn finish(mut self) -> Workspace {
        let standard = self.sources.iter().filter(|s| s.origin == Origin::Standard).map(|s| s.file);
        let standard: Vec<analysis::File> = standard.collect();
        let own = self.sources.iter().filter(|s| s.origin != Origin::Standard);
        let roots: BTreeSet<String> = own.clone().map(|s| s.root.clone()).collect();
        let mut inputs = BTreeMap::new();
        for root in roots {
            let mut files = standard.clone();
            files.extend(own.clone().filter(|s| s.root == root).map(|s| s.file));
            let of_root = self.seeds.iter().filter(|((of, _), _)| *of == root);
            let data = of_root.filter_map(|(_, file)| *file).collect();
            let input = match self.known.inputs.get(&root) {
                Some(input) => {
                    analysis::regroup(&mut self.db, *input, files, data);
                    *input
                }
                None => analysis::Workspace::new(&self.db, files, data),
            };
            inputs.insert(root, input);
        }
        let (sources, seeds, locks) = (self.sources, self.seeds, self.locks);
        Workspace { db: self.db, sources, inputs, seeds, locks, today: None }
    }
}

/// The nearest folder at or above a file that holds a `price.toml`, else `otherwise`.
fn root_of(world: &dyn World, path: &str, otherwise: &str) -> String {
    let mut at = folder(path);
    loop {
        if world.is_file(&join(at, "price.toml")) {
            return at.to_owned();
        }
        if at.is_empty() || at == "/" || at.ends_with("..") {
            return otherwise.to_owned();
        }
        at = folder(at);
    }
}
