//! Faults for the simulator to find: one may be chosen for the current thread.
//!
//! A simulator that cannot find a fault somebody planted proves nothing. Without the feature
//! `planted` every question is answered `false` at compile time.

/// A fault.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Bug {
    /// A flush of the log is skipped and reported as done.
    SkipSync,
    /// Appended counts as durable before a flush.
    AckBeforeSync,
    /// Checksums of frames are not compared.
    NoChecksum,
    /// The log is cut at the first bad frame without looking at what comes later.
    CutWithoutLooking,
    /// The directory is not flushed after a rename.
    ForgetDirSync,
    /// A group without its commit frame is kept.
    KeepUncommitted,
    /// What stands behind a cut is not zeroed.
    LeaveTail,
    /// What was found when opening is not flushed again.
    TrustFound,
    /// The names that were found when opening are not flushed again.
    TrustNames,
    /// After a failed flush the log goes on.
    RetrySync,
    /// The event index seals entries of events that are not durable.
    SealTooMuch,
    /// The event index does not remember what it is offered.
    ForgetOffered,
    /// A checksum of an index block is not compared.
    NoBlockChecksum,
    /// A backup holds what is whole, durable or not.
    CopyWhatIsWhole,
    /// A segment is written anew in place.
    EraseInPlace,
    /// A segment that was written anew is renamed before it is flushed.
    EraseUnflushed,
    /// A checkpoint is written in place.
    SnapshotInPlace,
    /// A checkpoint is renamed before it is flushed.
    SnapshotUnflushed,
    /// The hash of a checkpoint is not compared.
    SnapshotUnchecked,
    /// The older checkpoint is removed before the newer one is durable.
    SnapshotRemoveFirst,
}

crate::chosen!(Bug);
