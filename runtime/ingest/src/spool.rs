//! Keeps blocks in order until all of the input is known: in memory up to a budget, then in a
//! temporary file.

use crate::block::Block;
use crate::codec;
use crate::error::IngestError;
use crate::runs::temporary;
use std::fs::File;
use std::io::{BufReader, BufWriter, Seek};
use std::path::PathBuf;

/// Takes blocks.
pub(crate) struct Spool {
    held: Vec<Block>,
    bytes: usize,
    most: usize,
    file: Option<BufWriter<File>>,
    frames: u64,
    spilled: u64,
    dir: Option<PathBuf>,
    scratch: Vec<u8>,
}

impl Spool {
    /// Holds at most about `most` bytes.
    pub(crate) fn new(most: usize, dir: Option<PathBuf>) -> Spool {
        Spool { held: Vec::new(), bytes: 0, most, file: None, frames: 0, spilled: 0, dir, scratch: Vec::new() }
    }

    pub(crate) fn push(&mut self, block: Block) -> Result<(), IngestError> {
        self.bytes += block.bytes();
        self.held.push(block);
        if self.file.is_none() {
            if self.bytes <= self.most {
                return Ok(());
            }
            self.file = Some(BufWriter::with_capacity(1 << 18, temporary(self.dir.as_ref())?));
        }
        if let Some(file) = &mut self.file {
            for block in self.held.drain(..) {
                self.spilled += codec::write(&block, file, &mut self.scratch)?;
                self.frames += 1;
            }
        }
        Ok(())
    }

    /// Bytes in temporary files.
    pub(crate) fn spilled(&self) -> u64 {
        self.spilled
    }

    /// The blocks in order.
    pub(crate) fn replay(self) -> Result<Replay, IngestError> {
        let file = match self.file {
            Some(out) => {
                let mut file = out.into_inner().map_err(|e| IngestError::Spill(e.into_error()))?;
                file.rewind().map_err(IngestError::Spill)?;
                Some(BufReader::with_capacity(1 << 18, file))
            }
            None => None,
        };
        Ok(Replay { held: self.held.into_iter(), file, frames: self.frames, scratch: self.scratch })
    }
}

/// Gives blocks back.
pub(crate) struct Replay {
    held: std::vec::IntoIter<Block>,
    file: Option<BufReader<File>>,
    frames: u64,
    scratch: Vec<u8>,
}

impl Iterator for Replay {
    type Item = Result<Block, IngestError>;

    fn next(&mut self) -> Option<Self::Item> {
        match &mut self.file {
            Some(file) if self.frames > 0 => {
                self.frames -= 1;
                Some(codec::read(file, &mut self.scratch))
            }
            _ => self.held.next().map(Ok),
        }
    }
}
