//! What stops the store, in the operator's words: what, where, and how to mend it.

use crate::disk::SyncFailed;
use std::io;

/// A failure after which nothing may be written any more: what the disk holds is unknown.
///
/// It is kept and returned again by every later call. The process should end; opening again
/// recovers what is durable.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{doing} `{file}` failed: {cause}; nothing more is written, restart to recover from what is on the disk")]
pub struct Fatal {
    /// `flushing`, `writing`, `renaming`.
    pub doing: &'static str,
    /// The file, or the directory as `.`.
    pub file: String,
    /// What the system says.
    pub cause: String,
}

impl Fatal {
    pub(crate) fn sync(file: &str) -> impl FnOnce(SyncFailed) -> Fatal {
        let file = file.to_owned();
        move |e| Fatal { doing: "flushing", file, cause: e.0.to_string() }
    }

    pub(crate) fn io(doing: &'static str, file: &str) -> impl FnOnce(io::Error) -> Fatal {
        let file = file.to_owned();
        move |e| Fatal { doing, file, cause: e.to_string() }
    }
}

/// Why something of the store cannot be opened, written or read.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum StoreError {
    /// A flush or a write failed.
    #[error(transparent)]
    Fatal(#[from] Fatal),
    /// The system refuses an operation that changed nothing.
    #[error("{doing} `{file}` failed: {cause}")]
    Io {
        /// `opening`, `reading`, `creating`.
        doing: &'static str,
        /// The file, or the directory as `.`.
        file: String,
        /// What the system says.
        cause: io::Error,
    },
    /// There is no room for the next file. Nothing was written; the call may be repeated.
    #[error("there is no room for `{file}` of {bytes} bytes: {cause}; make room, then try again")]
    NoRoom {
        /// The file that could not be made.
        file: String,
        /// Its size.
        bytes: u64,
        /// What the system says.
        cause: io::Error,
    },
    /// There is no log.
    #[error("there is no log here; create one, or restore a backup")]
    Missing,
    /// There is a log already.
    #[error("there is a log here already, `{file}`; open it, or choose an empty directory")]
    Exists {
        /// One of its files.
        file: String,
    },
    /// A file is of another version of the program or of another log.
    #[error("`{file}` {problem}")]
    Foreign {
        /// The file.
        file: String,
        /// What does not fit and how to mend it.
        problem: String,
    },
    /// The log is damaged inside, where it was durable.
    #[error(
        "`{file}` is damaged at byte {offset}: {problem}; the log is whole up to event {good}. \
         Restore this segment from a backup, or run `repair`, which cuts the log there and keeps the rest aside"
    )]
    Damaged {
        /// The segment.
        file: String,
        /// Where the first group begins that cannot be read.
        offset: u64,
        /// What is wrong there.
        problem: String,
        /// Last event that is known to be whole before the damage.
        good: u64,
    },
    /// The log ends before something that was once read from it.
    #[error(
        "the log ends at event {found}, but event {expected} was already applied; \
         the end of the log is lost. Restore a backup, or run `repair` and delete the checkpoints"
    )]
    Short {
        /// Last event found.
        found: u64,
        /// Last event that must be there.
        expected: u64,
    },
    /// A group, a payload or a file is larger than a limit.
    #[error("{what} of {found} is more than {max}; {mend}")]
    TooLarge {
        /// What there is too much of.
        what: &'static str,
        /// How much there is.
        found: u64,
        /// The limit.
        max: u64,
        /// What to do about it.
        mend: &'static str,
    },
    /// A file that can be derived again is damaged or does not fit the log.
    #[error("`{file}` cannot be used: {problem}; delete the {what} and start again, it is rebuilt from the log")]
    Derived {
        /// `event index`.
        what: &'static str,
        /// The file.
        file: String,
        /// What is wrong.
        problem: String,
    },
    /// A backup does not match its manifest.
    #[error("the backup cannot be restored: `{file}` {problem}; fetch another copy of it")]
    Backup {
        /// The file.
        file: String,
        /// What is wrong.
        problem: String,
    },
}

impl StoreError {
    /// A failure to make something larger, which is not fatal: nothing depends on it yet.
    pub(crate) fn grow(doing: &'static str, file: &str, bytes: u64) -> impl FnOnce(io::Error) -> StoreError {
        let file = file.to_owned();
        move |cause| match cause.kind() {
            io::ErrorKind::StorageFull | io::ErrorKind::QuotaExceeded => StoreError::NoRoom { file, bytes, cause },
            _ => StoreError::Io { doing, file, cause },
        }
    }

    pub(crate) fn io(doing: &'static str, file: &str) -> impl FnOnce(io::Error) -> StoreError {
        let file = file.to_owned();
        move |cause| StoreError::Io { doing, file, cause }
    }
}
