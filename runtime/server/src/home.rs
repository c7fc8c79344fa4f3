//! The data directory: what lies where in it, and the secrets of the node.

use price_store::disk::{FileDisk, ReadDisk};
use price_store::index::Keys;
use std::io::{self, Write};
use std::path::{Path, PathBuf};
use std::sync::Arc;

/// A data directory.
#[derive(Debug, Clone)]
pub struct Home {
    dir: PathBuf,
}

/// Why a data directory cannot be used.
#[derive(Debug, thiserror::Error)]
pub enum HomeError {
    /// Another process has it.
    #[error("`{0}` is in use by another process")]
    InUse(String),
    /// The system refuses it.
    #[error("`{path}` cannot be used: {cause}")]
    Io {
        /// The file or directory.
        path: String,
        /// What the system says.
        cause: io::Error,
    },
    /// The file of secrets is not as it was written.
    #[error(
        "`{path}` {problem}; restore it from a backup, or remove it: a new one is made, and API keys have to be made anew"
    )]
    Secrets {
        /// The file.
        path: String,
        /// What is wrong.
        problem: String,
    },
}

/// What only this node knows.
#[derive(Clone)]
pub struct Secrets {
    /// Makes keys of events, so that no sender can choose two that meet.
    pub events: [u8; 32],
    /// Makes hashes of API keys.
    pub pepper: [u8; 32],
}

impl Secrets {
    /// The keys of events.
    pub fn keys(&self) -> Keys {
        Keys::new(self.events)
    }
}

const NODE: &str = "node.toml";

impl Home {
    /// The directory of that name. Nothing is opened yet.
    pub fn new(dir: impl Into<PathBuf>) -> Home {
        Home { dir: dir.into() }
    }

    /// The directory.
    pub fn dir(&self) -> &Path {
        &self.dir
    }

    /// The file of API keys.
    pub fn keys_file(&self) -> PathBuf {
        self.dir.join("keys.toml")
    }

    /// The directory of the log, held by this process from here on.
    pub fn log(&self) -> Result<Arc<FileDisk>, HomeError> {
        self.disk("log")
    }

    /// The directory of the log, to be read whoever holds it.
    pub fn log_to_read(&self) -> ReadDisk {
        ReadDisk::new(&self.dir.join("log"))
    }

    /// The directory of the event index, which can be made again from the log.
    pub fn index(&self) -> Result<Arc<FileDisk>, HomeError> {
        self.disk("index")
    }

    /// The directory of checkpoints, which can be made again from the log.
    pub fn checkpoints(&self) -> Result<Arc<FileDisk>, HomeError> {
        self.disk("checkpoints")
    }

    /// Whether there is a log.
    pub fn has_log(&self) -> bool {
        self.dir.join("log").is_dir()
    }

    fn disk(&self, name: &str) -> Result<Arc<FileDisk>, HomeError> {
        let dir = self.dir.join(name);
        FileDisk::open(&dir).map(Arc::new).map_err(|cause| match cause.kind() {
            io::ErrorKind::WouldBlock => HomeError::InUse(self.dir.display().to_string()),
            _ => HomeError::Io { path: dir.display().to_string(), cause },
        })
    }

    /// The secrets; new ones where there are none.
    pub fn secrets(&self) -> Result<Secrets, HomeError> {
        let path = self.dir.join(NODE);
        match std::fs::read_to_string(&path) {
            Ok(text) => {
                parse(&text).map_err(|problem| HomeError::Secrets { path: path.display().to_string(), problem })
            }
            Err(error) if error.kind() == io::ErrorKind::NotFound => {
                let secrets = Secrets { events: random()?, pepper: random()? };
                let text = format!(
                    "# The secrets of this node. Keep it with the log, and to yourself.\nversion = 1\nevents = \"{}\"\npepper = \"{}\"\n",
                    hex(&secrets.events),
                    hex(&secrets.pepper)
                );
                write_secret(&path, &text)?;
                Ok(secrets)
            }
            Err(cause) => Err(HomeError::Io { path: path.display().to_string(), cause }),
        }
    }
}

/// Writes a file as a whole, readable by its owner alone, durable with its name.
pub(crate) fn write_secret(path: &Path, text: &str) -> Result<(), HomeError> {
    let beside = path.with_extension("part");
    let dir = path.parent().unwrap_or(Path::new("."));
    let write = || -> io::Result<()> {
        std::fs::create_dir_all(dir)?;
        let mut how = std::fs::OpenOptions::new();
        how.write(true).create(true).truncate(true);
        std::os::unix::fs::OpenOptionsExt::mode(&mut how, 0o600);
        let mut file = how.open(&beside)?;
        file.write_all(text.as_bytes())?;
        file.sync_all()?;
        std::fs::rename(&beside, path)?;
        std::fs::File::open(dir)?.sync_all()
    };
    write().map_err(|cause| HomeError::Io { path: path.display().to_string(), cause })
}

fn parse(text: &str) -> Result<Secrets, String> {
    let table: toml::Table = text.parse().map_err(|_| "is not valid TOML".to_owned())?;
    if table.get("version").and_then(toml::Value::as_integer) != Some(1) {
        return Err("is of another version".to_owned());
    }
    let secret = |name: &str| {
        let found = table.get(name).and_then(toml::Value::as_str).and_then(unhex);
        found.ok_or_else(|| format!("does not hold 32 bytes called `{name}`"))
    };
    Ok(Secrets { events: secret("events")?, pepper: secret("pepper")? })
}

/// Bytes that nobody can guess.
pub(crate) fn random<const N: usize>() -> Result<[u8; N], HomeError> {
    let mut bytes = [0; N];
    getrandom::fill(&mut bytes).map_err(|error| HomeError::Io {
        path: "the source of random numbers".into(),
        cause: io::Error::other(error),
    })?;
    Ok(bytes)
}

pub(crate) fn hex(bytes: &[u8]) -> String {
    bytes.iter().map(|byte| format!("{byte:02x}")).collect()
}

pub(crate) fn unhex(text: &str) -> Option<[u8; 32]> {
    Some(*blake3::Hash::from_hex(text).ok()?.as_bytes())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn secrets_are_made_once_and_kept() {
        let dir = tempfile::tempdir().expect("a folder");
        let home = Home::new(dir.path().join("data"));
        let first = home.secrets().expect("made");
        let again = home.secrets().expect("read");
        assert_eq!((first.events, first.pepper), (again.events, again.pepper));
        assert_ne!(first.events, first.pepper);
        std::fs::write(home.dir().join(NODE), "version = 1\nevents = \"00\"\n").expect("written");
        assert!(matches!(home.secrets(), Err(HomeError::Secrets { .. })));
    }

    #[test]
    fn a_directory_has_one_owner() {
        let dir = tempfile::tempdir().expect("a folder");
        let home = Home::new(dir.path());
        let held = home.log().expect("free");
        assert!(matches!(home.log(), Err(HomeError::InUse(_))));
        drop(held);
        home.log().expect("free again");
    }
}
