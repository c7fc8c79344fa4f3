//! A revision of a git repository, as the driver sees the world.

use crate::trouble::Trouble;
use price_driver::{World, WorldError, below, clean, is_source, join};
use std::collections::BTreeSet;
use std::process::Command;

/// The files of one revision; paths are absolute, as if it were checked out.
pub struct GitWorld {
    root: String,
    revision: String,
    files: BTreeSet<String>,
}

impl GitWorld {
    /// The revision in the repository around a folder.
    pub fn open(folder: &str, revision: &str) -> Result<GitWorld, Trouble> {
        if revision.starts_with('-') {
            return Err(Trouble::new("C090", format!("`{revision}` is no revision")));
        }
        let asked = |args: &[&str]| {
            let output = Command::new("git").arg("-C").arg(folder).args(args).output();
            let output = output.map_err(|error| Trouble::new("C091", "git cannot be run").cause(error.to_string()))?;
            if output.status.success() {
                return Ok(output.stdout);
            }
            let said = String::from_utf8_lossy(&output.stderr).trim().to_owned();
            Err(Trouble::new("C090", format!("git knows no revision `{revision}` here")).cause(said))
        };
        let root = String::from_utf8_lossy(&asked(&["rev-parse", "--show-toplevel"])?).trim().to_owned();
        let commit = asked(&["rev-parse", "--verify", "--quiet", &format!("{revision}^{{commit}}")])?;
        let revision = String::from_utf8_lossy(&commit).trim().to_owned();
        let listed = asked(&["ls-tree", "-r", "-z", "--name-only", "--full-tree", &revision])?;
        let files = listed.split(|byte| *byte == 0).filter(|name| !name.is_empty());
        let files = files.map(|name| clean(&join(&root, &String::from_utf8_lossy(name)))).collect();
        Ok(GitWorld { root: clean(&root), revision, files })
    }
}

impl World for GitWorld {
    fn read(&self, path: &str) -> Result<Vec<u8>, WorldError> {
        let inside = below(&self.root, path).filter(|_| self.files.contains(path)).ok_or(WorldError::Missing)?;
        let object = format!("{}:{inside}", self.revision);
        let output = Command::new("git").arg("-C").arg(&self.root).args(["cat-file", "blob", &object]).output();
        match output {
            Ok(output) if output.status.success() => Ok(output.stdout),
            Ok(output) => Err(WorldError::Other(String::from_utf8_lossy(&output.stderr).trim().to_owned())),
            Err(error) => Err(WorldError::Other(error.to_string())),
        }
    }

    fn is_file(&self, path: &str) -> bool {
        self.files.contains(path)
    }

    fn is_dir(&self, path: &str) -> bool {
        let inside = join(path, "");
        self.files.iter().any(|file| file.starts_with(&inside))
    }

    fn sources(&self, folder: &str) -> Result<Vec<String>, WorldError> {
        let inside = join(folder, "");
        let hidden = |path: &str| {
            let rest = path.strip_prefix(&inside).unwrap_or(path);
            let mut folders: Vec<&str> = rest.split('/').collect();
            folders.pop();
            folders.iter().any(|name| name.starts_with('.') || *name == "target")
        };
        let wanted = |path: &&String| path.starts_with(&inside) && is_source(path) && !hidden(path);
        Ok(self.files.iter().filter(wanted).cloned().collect())
    }

    fn display(&self, path: &str) -> String {
        format!("{}:{}", &self.revision[..self.revision.len().min(9)], below(&self.root, path).unwrap_or(path))
    }
}
