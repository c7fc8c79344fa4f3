//! Where something stands: a file and a range of bytes.

use serde::Serialize;

/// Number of a source file, given out by whoever holds the files.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Debug, Default, Serialize)]
pub struct FileId(pub u32);

/// What the bytes of a span are counted from: the start of the file, or of one of its items.
///
/// The number of an item is made of how it is called, so that it stays while other items change.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Debug, Default, Serialize)]
pub struct ItemId(pub u32);

impl ItemId {
    /// The start of the file.
    pub const FILE: ItemId = ItemId(0);
}

/// A half-open range of bytes, `start..end`, in one file or in one item of it.
///
/// Only spans of the same file and item can be compared or joined. Renderers and editors expect the
/// start of the file: [`Span::absolute`] leads there.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Debug, Default, Serialize)]
pub struct Span {
    /// The file.
    pub file: FileId,
    /// What the bytes are counted from; not part of reports, where it is the start of the file.
    #[serde(skip)]
    pub item: ItemId,
    /// First byte.
    pub start: u32,
    /// One past the last byte; never below `start`.
    pub end: u32,
}

impl Span {
    /// A span of `start..end` from the start of the file; an `end` below `start` gives an empty span
    /// at `start`.
    #[must_use]
    pub fn new(file: FileId, start: u32, end: u32) -> Self {
        Self { file, item: ItemId::FILE, start, end: end.max(start) }
    }

    /// The same bytes, counted from the start of an item.
    #[must_use]
    pub fn of(self, item: ItemId) -> Span {
        Span { item, ..self }
    }

    /// The place in the file of a span in an item that begins at `origin`.
    #[must_use]
    pub fn absolute(self, origin: u32) -> Span {
        self.shifted(origin).of(ItemId::FILE)
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

    /// The smallest span that covers both, which are of one file and item.
    #[must_use]
    pub fn to(self, other: Span) -> Span {
        debug_assert_eq!((self.file, self.item), (other.file, other.item), "spans of two places");
        Span { start: self.start.min(other.start), end: self.end.max(other.end), ..self }
    }

    /// The same span moved `by` bytes towards the end, saturating.
    #[must_use]
    pub fn shifted(self, by: u32) -> Span {
        Span { start: self.start.saturating_add(by), end: self.end.saturating_add(by), ..self }
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
