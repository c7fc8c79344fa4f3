//! A directory of files as the store sees it, and the real one.
//!
//! Everything the store knows of the outside is behind [`Disk`], so that the simulator can be one.
//! Directories are flat: a log, an index and checkpoints each get their own `Disk`.
//!
//! *Invariant:* a failed flush is fatal by its type. [`SyncFailed`] does not turn into an
//! `io::Error` that some caller might retry: what the system kept of the bytes is unknown, and a
//! second flush may report success for bytes that are gone.

use crate::limits::ZERO_BYTES;
use std::fs::{File, OpenOptions};
use std::io;
use std::path::{Path, PathBuf};
use std::sync::Arc;

/// A flush that failed. The process should stop and recover from what is on the disk.
#[derive(Debug, thiserror::Error)]
#[error("flushing failed: {0}")]
pub struct SyncFailed(pub io::Error);

/// An open file. Offsets and lengths are bytes.
pub trait DiskFile: Send + Sync {
    /// Length of the file.
    fn size(&self) -> io::Result<u64>;
    /// Writes zeros from the end of the file up to `size`, so that later writes change no metadata.
    fn alloc(&self, size: u64) -> io::Result<()>;
    /// Fills `into` from `at`; fewer bytes only where the file ends.
    fn read_at(&self, into: &mut [u8], at: u64) -> io::Result<usize>;
    /// Writes all of `bytes` at `at`. Durable only after [`DiskFile::sync_data`].
    fn write_at(&self, bytes: &[u8], at: u64) -> io::Result<()>;
    /// Makes the bytes and the length durable, though not the name.
    fn sync_data(&self) -> Result<(), SyncFailed>;
}

/// A flat directory.
pub trait Disk: Send + Sync {
    /// Opens a file that exists.
    fn open(&self, name: &str) -> io::Result<Arc<dyn DiskFile>>;
    /// Creates an empty file; an existing one of that name is emptied.
    fn create(&self, name: &str) -> io::Result<Arc<dyn DiskFile>>;
    /// Gives a file another name, replacing what had it. Durable after [`Disk::sync_dir`].
    fn rename(&self, from: &str, to: &str) -> io::Result<()>;
    /// Removes a file.
    fn remove(&self, name: &str) -> io::Result<()>;
    /// Names of all files, sorted.
    fn list(&self) -> io::Result<Vec<String>>;
    /// Makes creations, renames and removals durable.
    fn sync_dir(&self) -> Result<(), SyncFailed>;
}

/// Name of the file that keeps two processes from writing one directory.
const LOCK: &str = "lock";

/// A directory of the real file system, held by this process alone.
#[derive(Debug)]
pub struct FileDisk {
    dir: PathBuf,
    _lock: File,
}

impl FileDisk {
    /// Opens `dir`, creating it where it is missing, and locks it.
    ///
    /// Fails with [`io::ErrorKind::WouldBlock`] while another process holds it.
    pub fn open(dir: &Path) -> io::Result<FileDisk> {
        std::fs::create_dir_all(dir)?;
        let lock = OpenOptions::new().create(true).truncate(false).write(true).open(dir.join(LOCK))?;
        lock.try_lock().map_err(|e| match e {
            std::fs::TryLockError::WouldBlock => {
                io::Error::new(io::ErrorKind::WouldBlock, format!("`{}` is in use by another process", dir.display()))
            }
            std::fs::TryLockError::Error(e) => e,
        })?;
        if let Some(parent) = dir.parent().filter(|p| !p.as_os_str().is_empty()) {
            File::open(parent)?.sync_all()?;
        }
        Ok(FileDisk { dir: dir.to_owned(), _lock: lock })
    }

    /// The directory.
    pub fn dir(&self) -> &Path {
        &self.dir
    }
}

/// A directory of the real file system that is only read, whoever else holds it.
///
/// Every change is refused with [`io::ErrorKind::PermissionDenied`].
#[derive(Debug)]
pub struct ReadDisk {
    dir: PathBuf,
}

impl ReadDisk {
    /// The directory, which may be written by another process.
    pub fn new(dir: &Path) -> ReadDisk {
        ReadDisk { dir: dir.to_owned() }
    }
}

fn only_read() -> io::Error {
    io::Error::new(io::ErrorKind::PermissionDenied, "the directory is only read")
}

impl Disk for ReadDisk {
    fn open(&self, name: &str) -> io::Result<Arc<dyn DiskFile>> {
        Ok(Arc::new(File::open(self.dir.join(name))?))
    }

    fn create(&self, _: &str) -> io::Result<Arc<dyn DiskFile>> {
        Err(only_read())
    }

    fn rename(&self, _: &str, _: &str) -> io::Result<()> {
        Err(only_read())
    }

    fn remove(&self, _: &str) -> io::Result<()> {
        Err(only_read())
    }

    fn list(&self) -> io::Result<Vec<String>> {
        list(&self.dir)
    }

    fn sync_dir(&self) -> Result<(), SyncFailed> {
        Err(SyncFailed(only_read()))
    }
}

fn list(dir: &Path) -> io::Result<Vec<String>> {
    let mut names = Vec::new();
    for entry in std::fs::read_dir(dir)? {
        let entry = entry?;
        if let (true, Ok(name)) = (entry.file_type()?.is_file(), entry.file_name().into_string())
            && name != LOCK
        {
            names.push(name);
        }
    }
    names.sort_unstable();
    Ok(names)
}

impl Disk for FileDisk {
    fn open(&self, name: &str) -> io::Result<Arc<dyn DiskFile>> {
        Ok(Arc::new(OpenOptions::new().read(true).write(true).open(self.dir.join(name))?))
    }

    fn create(&self, name: &str) -> io::Result<Arc<dyn DiskFile>> {
        let mut how = OpenOptions::new();
        Ok(Arc::new(how.read(true).write(true).create(true).truncate(true).open(self.dir.join(name))?))
    }

    fn rename(&self, from: &str, to: &str) -> io::Result<()> {
        std::fs::rename(self.dir.join(from), self.dir.join(to))
    }

    fn remove(&self, name: &str) -> io::Result<()> {
        std::fs::remove_file(self.dir.join(name))
    }

    fn list(&self) -> io::Result<Vec<String>> {
        list(&self.dir)
    }

    fn sync_dir(&self) -> Result<(), SyncFailed> {
        File::open(&self.dir).and_then(|dir| dir.sync_all()).map_err(SyncFailed)
    }
}

impl DiskFile for File {
    fn size(&self) -> io::Result<u64> {
        Ok(self.metadata()?.len())
    }

    fn alloc(&self, size: u64) -> io::Result<()> {
        let mut at = DiskFile::size(self)?;
        // In small pieces: systems cache in units of what was written, and dirty whole units.
        let zeros = [0; ZERO_BYTES];
        while at < size {
            let step = (size - at).min(ZERO_BYTES as u64);
            DiskFile::write_at(self, &zeros[..step as usize], at)?;
            at += step;
        }
        Ok(())
    }

    fn read_at(&self, into: &mut [u8], at: u64) -> io::Result<usize> {
        let mut done = 0;
        while done < into.len() {
            match std::os::unix::fs::FileExt::read_at(self, &mut into[done..], at + done as u64) {
                Ok(0) => break,
                Ok(n) => done += n,
                Err(e) if e.kind() == io::ErrorKind::Interrupted => {}
                Err(e) => return Err(e),
            }
        }
        Ok(done)
    }

    fn write_at(&self, bytes: &[u8], at: u64) -> io::Result<()> {
        std::os::unix::fs::FileExt::write_all_at(self, bytes, at)
    }

    fn sync_data(&self) -> Result<(), SyncFailed> {
        File::sync_data(self).map_err(SyncFailed)
    }
}
