//! Reads a file forward in large pieces.

use crate::disk::DiskFile;
use crate::limits::CHUNK_BYTES;
use std::io;
use std::sync::Arc;

/// A file up to an end, with a buffer.
pub(crate) struct Reader {
    file: Arc<dyn DiskFile>,
    end: u64,
    held: Vec<u8>,
    at: u64,
}

impl Reader {
    pub(crate) fn new(file: Arc<dyn DiskFile>, end: u64) -> Reader {
        Reader { file, end, held: Vec::new(), at: 0 }
    }

    /// Where reading ends.
    pub(crate) fn end(&self) -> u64 {
        self.end
    }

    /// At least `n` bytes from `at`, fewer only before the end.
    pub(crate) fn from(&mut self, at: u64, n: usize) -> io::Result<&[u8]> {
        let left = usize::try_from(self.end.saturating_sub(at)).unwrap_or(usize::MAX);
        let n = n.min(left);
        let inside = at >= self.at && at - self.at <= self.held.len() as u64;
        if !inside || self.held.len() - ((at - self.at) as usize) < n {
            self.held.resize(n.max(CHUNK_BYTES).min(left), 0);
            // A read that fails leaves nothing to be found.
            self.at = at;
            let got = self.file.read_at(&mut self.held, at);
            self.held.truncate(*got.as_ref().unwrap_or(&0));
            got?;
        }
        Ok(&self.held[(at - self.at) as usize..])
    }
}
