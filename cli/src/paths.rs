//! Loading what the command line names.

use crate::git::{GitWorld, Reach};
use crate::trouble::Trouble;
use crate::world::DiskWorld;
use price_driver::Workspace;
use std::io::Read as _;

/// Loads files and folders; `-` is standard input, nothing is the current folder.
pub fn load(paths: &[String]) -> Result<Workspace, Trouble> {
    let mut world = DiskWorld::new();
    let mut given = Vec::new();
    for path in paths {
        if path == "-" {
            let mut bytes = Vec::new();
            std::io::stdin().read_to_end(&mut bytes).map_err(|error| Trouble::read("-", error))?;
            given.push(world.add("-", bytes));
        } else {
            given.push(world.absolute(path));
        }
    }
    if given.is_empty() {
        given.push(world.absolute("."));
    }
    Workspace::load(&world, &given).map_err(|error| Trouble::from(named(error, paths, &given)))
}

/// A file or folder of a git revision.
pub fn load_at(revision: &str, path: &str) -> Result<Workspace, Trouble> {
    let here = DiskWorld::new();
    let path = here.absolute(path);
    let folder = if std::path::Path::new(&path).is_dir() { path.as_str() } else { price_driver::folder(&path) };
    // A folder that is new has no repository of its own.
    let mut known = folder;
    while !std::path::Path::new(known).is_dir() && !known.is_empty() && known != "/" {
        known = price_driver::folder(known);
    }
    let world = GitWorld::open(known, revision, Reach::Remote)?;
    Workspace::load(&world, &[path]).map_err(Trouble::from)
}

/// The error with the path as the user wrote it.
fn named(error: price_driver::LoadError, paths: &[String], given: &[String]) -> price_driver::LoadError {
    use price_driver::LoadError::{Empty, Missing, NotSource, Read};
    let original = |path: String| {
        let at = given.iter().position(|g| *g == path);
        match at {
            Some(_) if paths.is_empty() => ".".to_owned(),
            at => at.and_then(|at| paths.get(at).cloned()).unwrap_or(path),
        }
    };
    match error {
        Missing { path } => Missing { path: original(path) },
        NotSource { path } => NotSource { path: original(path) },
        Empty { path } => Empty { path: original(path) },
        Read { path, cause } => Read { path: original(path), cause },
        other => other,
    }
}

/// `1 file`, `3 files`.
pub fn count(number: usize, noun: &str) -> String {
    let shown = price_value::currency::group(&number.to_string());
    if number == 1 { format!("{shown} {noun}") } else { format!("{shown} {noun}s") }
}
