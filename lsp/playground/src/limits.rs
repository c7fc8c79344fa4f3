//! Every limit of the playground.

/// Pages that are open at once; each has a language server of its own.
pub const SESSIONS: usize = 16;
/// Largest message of a page: a text and what is around it.
pub const MESSAGE_BYTES: usize = 2 << 20;
/// Bytes between a page and its server before one waits for the other.
pub const PIPE_BYTES: usize = 256 << 10;
