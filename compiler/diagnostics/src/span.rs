//! Where something stands: a file and a range of bytes.

use serde::Serialize;

/// Number of a source file, given out by whoever holds the files.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Debug, Default, Serialize)]
pub struct FileId(pub u32);

/// A half-open range of bytes, `start..end`, in one file.
///
/// Whether the bytes are counted from the start of the file or of an item is agreed
/// between the maker of a span and its reader; renderers expect the start of the file.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Debug, Default, Serialize)]
pub struct Span {
    /// The file.
    pub file: FileId,
    /// First byte.
    pub start: u32,
    /// One past the last byte; never below `start`.
    pub end: u32,
}

impl Span {
    /// A span of `start..end`; an `end` below `start` gives an empty span at `start`.
    #[must_use]
    pub fn new(file: FileId, start: u32, end: u32) -> Self {
        Self { file, start, end: end.max(start) }
    }

    /// Number of bytes covered.
    #[must_use]
    pub fn len(self) -> u32 {
        self.end - self.start
    }

    /// Whether no byte is covered.
    #[must_use]
    pub fn is_empty(self) -> bool {
        self.start == self.end
    }

    /// Whether `offset` is inside, the end included, so that a cursor behind a word still touches it.
    #[must_use]
    pub fn touches(self, offset: u32) -> bool {
        self.start <= offset && offset <= self.end
    }

    /// The smallest span that covers both; keeps the file of `self`.
    #[must_use]
    pub fn to(self, other: Span) -> Span {
        Span { file: self.file, start: self.start.min(other.start), end: self.end.max(other.end) }
    }

    /// The same span moved `by` bytes towards the end, saturating.
    #[must_use]
    pub fn shifted(self, by: u32) -> Span {
        Span { file: self.file, start: self.start.saturating_add(by), end: self.end.saturating_add(by) }
    }

    /// The empty span before the first byte.
    #[must_use]
    pub fn before(self) -> Span {
        Span { end: self.start, ..self }
    }

    /// The empty span after the last byte.
    #[must_use]
    pub fn after(self) -> Span {
        Span { start: self.end, ..self }
    }
}
