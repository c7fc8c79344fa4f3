//! A revision of a git repository, as the driver sees the world.
//!
//! Three short calls of `git` find the revision and list its files; one that stays reads them, so
//! that a workspace of thousands of files does not need thousands of processes.

use crate::trouble::Trouble;
use price_driver::{Past, World, WorldError, below, clean, is_source, join};
use std::cell::RefCell;
use std::collections::BTreeMap;
use std::io::{BufRead as _, BufReader, Read as _, Write as _};
use std::process::{Child, ChildStdin, ChildStdout, Command, Stdio};

/// Largest file of a revision that is read, as on disk.
const BYTES_MAX: u64 = 64 << 20;

/// The files of one revision; paths are absolute, as if it were checked out.
pub struct GitWorld {
    root: String,
    revision: String,
    /// Names of objects by path.
    files: BTreeMap<String, String>,
    objects: RefCell<Objects>,
}

/// What git may do to find a revision.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Reach {
    /// Ask the remote for what a partial clone has left out.
    Remote,
    /// Nothing that could make somebody wait.
    Here,
}

fn git(folder: &str, reach: Reach) -> Command {
    let mut command = Command::new("git");
    command.arg("-C").arg(folder).env("GIT_TERMINAL_PROMPT", "0").env("GIT_OPTIONAL_LOCKS", "0");
    if reach == Reach::Here {
        command.env("GIT_NO_LAZY_FETCH", "1");
    }
    command
}

impl GitWorld {
    /// The revision in the repository around a folder.
    pub fn open(folder: &str, revision: &str, reach: Reach) -> Result<GitWorld, Trouble> {
        let named = revision;
        let revision = commit(folder, named, reach)?;
        let root = asked(folder, named, reach, &["rev-parse", "--show-toplevel"])?;
        let root = String::from_utf8_lossy(&root).trim().to_owned();
        let listed = asked(folder, named, reach, &["ls-tree", "-r", "-z", "--full-tree", &revision])?;
        // `100644 blob OBJECT<tab>PATH`; links are not followed, as on disk.
        let file = |entry: &[u8]| {
            let text = String::from_utf8_lossy(entry);
            let (head, name) = text.split_once('\t')?;
            let object = head.strip_prefix("100")?.split(' ').nth(2)?;
            Some((clean(&join(&root, name)), object.to_owned()))
        };
        let files = listed.split(|byte| *byte == 0).filter_map(file).collect();
        let objects = RefCell::new(Objects::start(git(folder, reach)).map_err(not_run)?);
        Ok(GitWorld { root: clean(&root), revision, files, objects })
    }
}

/// The commit that a revision is now.
fn commit(folder: &str, revision: &str, reach: Reach) -> Result<String, Trouble> {
    if revision.starts_with('-') {
        return Err(Trouble::new("C090", format!("`{revision}` is no revision")));
    }
    let wanted = format!("{revision}^{{commit}}");
    let commit = asked(folder, revision, reach, &["rev-parse", "--verify", "--quiet", &wanted])?;
    Ok(String::from_utf8_lossy(&commit).trim().to_owned())
}

/// What git answers about a revision.
fn asked(folder: &str, revision: &str, reach: Reach, args: &[&str]) -> Result<Vec<u8>, Trouble> {
    let output = git(folder, reach).args(args).stdin(Stdio::null()).output().map_err(not_run)?;
    if output.status.success() {
        return Ok(output.stdout);
    }
    let said = String::from_utf8_lossy(&output.stderr).trim().to_owned();
    Err(Trouble::new("C090", format!("git knows no revision `{revision}` here")).cause(said))
}

fn not_run(error: std::io::Error) -> Trouble {
    Trouble::new("C091", "git cannot be run").cause(error.to_string())
}

/// A `git` that gives objects by name.
struct Objects {
    child: Child,
    to: ChildStdin,
    from: BufReader<ChildStdout>,
}

impl Objects {
    fn start(mut git: Command) -> std::io::Result<Objects> {
        let git = git.args(["cat-file", "--batch"]).stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(Stdio::null());
        let mut child = git.spawn()?;
        let closed = || std::io::Error::other("its input or output is closed");
        let to = child.stdin.take().ok_or_else(closed)?;
        let from = BufReader::new(child.stdout.take().ok_or_else(closed)?);
        Ok(Objects { child, to, from })
    }

    fn read(&mut self, object: &str) -> std::io::Result<Result<Vec<u8>, WorldError>> {
        self.to.write_all(format!("{object}\n").as_bytes())?;
        self.to.flush()?;
        // `OBJECT blob SIZE`, the bytes, a line feed; or `OBJECT missing`.
        let mut head = String::new();
        self.from.by_ref().take(1024).read_line(&mut head)?;
        let Some(size) = head.trim_end().split(' ').nth(2) else {
            return Ok(Err(WorldError::Other(format!("git says `{}`", head.trim_end()))));
        };
        let size: u64 = size.parse().map_err(std::io::Error::other)?;
        if size > BYTES_MAX {
            std::io::copy(&mut self.from.by_ref().take(size + 1), &mut std::io::sink())?;
            return Ok(Err(WorldError::TooLarge(BYTES_MAX >> 20)));
        }
        let mut bytes = vec![0; usize::try_from(size + 1).map_err(std::io::Error::other)?];
        self.from.read_exact(&mut bytes)?;
        bytes.pop();
        Ok(Ok(bytes))
    }
}

impl Drop for Objects {
    fn drop(&mut self) {
        // It has nothing to lose; that it is gone already is no harm.
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

impl World for GitWorld {
    fn read(&self, path: &str) -> Result<Vec<u8>, WorldError> {
        let object = self.files.get(path).ok_or(WorldError::Missing)?;
        let read = self.objects.borrow_mut().read(object);
        read.unwrap_or_else(|error| Err(WorldError::Other(error.to_string())))
    }

    fn is_file(&self, path: &str) -> bool {
        self.files.contains_key(path)
    }

    fn is_dir(&self, path: &str) -> bool {
        let inside = join(path, "");
        self.files.range(inside.clone()..).next().is_some_and(|(file, _)| file.starts_with(&inside))
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
        Ok(self.files.keys().filter(wanted).cloned().collect())
    }

    fn display(&self, path: &str) -> String {
        format!("{}:{}", &self.revision[..self.revision.len().min(9)], below(&self.root, path).unwrap_or(path))
    }
}

/// The repositories on this disk, for an editor: what would have to be fetched is not there.
pub struct Repositories;

impl Past for Repositories {
    fn id(&self, folder: &str, revision: &str) -> Result<String, String> {
        commit(folder, revision, Reach::Here).map_err(|trouble| trouble.to_string())
    }

    fn at(&self, folder: &str, revision: &str) -> Result<Box<dyn World + Send>, String> {
        match GitWorld::open(folder, revision, Reach::Here) {
            Ok(world) => Ok(Box::new(world)),
            Err(trouble) => Err(trouble.to_string()),
        }
    }
}
