//! The texts of events and the bodies of documents: the latest at hand, all of them in the log.
//!
//! *Invariant:* a text is at hand until the log can give it, so that it is found at any time. A log
//! that cannot is a fault which is remembered: what was computed since is to be thrown away, and
//! [`Archive::fault`] says so.

use crate::entry::usage_parts;
use crate::erasure::Pending;
use crate::planted::{self, Bug};
use price_ingest::Envelopes;
use price_store::StoreError;
use price_store::log::Entries;
use std::borrow::Cow;
use std::cmp::Ordering;
use std::collections::VecDeque;
use std::sync::{Arc, OnceLock, PoisonError, RwLock};

/// Bytes of texts that are kept and forgotten together.
const PIECE_BYTES: usize = 1 << 20;
/// Entries without a text that are passed over rather than begin a piece of their own.
const GAP: u64 = 64;

/// See the module. Shared by everything that folds events.
#[derive(Default)]
pub(crate) struct Archive {
    at_hand: RwLock<AtHand>,
    /// Where older texts are, and how many bytes of those that are there are kept at hand.
    log: OnceLock<(Arc<Entries>, usize)>,
    fault: OnceLock<String>,
    /// What is erased and still in the log, oldest first.
    erasing: RwLock<Vec<Arc<Pending>>>,
}

/// The latest texts, oldest first.
#[derive(Default)]
struct AtHand {
    pieces: VecDeque<Piece>,
    bytes: usize,
}

/// Texts of entries that follow each other; of an entry that is no event, an empty one.
struct Piece {
    first: u64,
    ends: Vec<u32>,
    text: String,
}

impl Piece {
    fn next(&self) -> u64 {
        self.first + self.ends.len() as u64
    }

    fn get(&self, seq: u64) -> Option<&str> {
        let at = usize::try_from(seq.checked_sub(self.first)?).ok()?;
        let end = *self.ends.get(at)? as usize;
        let start = at.checked_sub(1).map_or(0, |before| self.ends[before] as usize);
        Some(&self.text[start..end])
    }
}

impl AtHand {
    fn get(&self, seq: u64) -> Option<&str> {
        let at = self.pieces.partition_point(|piece| piece.first <= seq).checked_sub(1)?;
        self.pieces[at].get(seq)
    }

    /// Leaves out of texts what is erased.
    fn erase(&mut self, pending: &Pending) {
        for piece in &mut self.pieces {
            let held = |piece: &Piece| (piece.first..piece.next()).any(|seq| pending.holds(seq));
            if piece.first >= pending.seq() || !held(piece) {
                continue;
            }
            let (mut ends, mut text) = (Vec::with_capacity(piece.ends.len()), String::with_capacity(piece.text.len()));
            for seq in piece.first..piece.next() {
                let of = piece.get(seq).unwrap_or_default();
                let without = if pending.holds(seq) { pending.record(of) } else { None };
                text.push_str(without.as_deref().unwrap_or(of));
                ends.push(text.len() as u32);
            }
            self.bytes -= piece.text.len() - text.len();
            (piece.ends, piece.text) = (ends, text);
        }
    }

    fn put(&mut self, seq: u64, text: &str) {
        let fits = |piece: &&mut Piece| {
            let near = seq >= piece.next() && seq - piece.next() < GAP;
            near && (piece.text.len() + text.len() <= PIECE_BYTES || piece.text.is_empty())
        };
        let piece = match self.pieces.back_mut().filter(fits) {
            Some(piece) => piece,
            None => {
                let text = String::with_capacity(PIECE_BYTES.max(text.len()));
                self.pieces.push_back(Piece { first: seq, ends: Vec::new(), text });
                self.pieces.back_mut().expect("it was just put there")
            }
        };
        let passed = piece.text.len() as u32;
        piece.ends.resize((seq - piece.first) as usize, passed);
        piece.text.push_str(text);
        piece.ends.push(piece.text.len() as u32);
        self.bytes += text.len();
    }
}

/// Texts that were read together.
#[derive(Default)]
pub(crate) struct Texts {
    text: String,
    ends: Vec<usize>,
}

impl Texts {
    fn push(&mut self, text: &str) {
        self.text.push_str(text);
        self.ends.push(self.text.len());
    }

    /// That of the event that was asked for at a place.
    pub(crate) fn get(&self, at: usize) -> &str {
        let start = at.checked_sub(1).map_or(0, |before| self.ends[before]);
        &self.text[start..self.ends[at]]
    }

    pub(crate) fn clear(&mut self) {
        self.text.clear();
        self.ends.clear();
    }
}

impl Archive {
    /// Has older texts read from a log from now on, but for so many bytes of the latest.
    pub(crate) fn read_from(&self, log: Arc<Entries>, at_hand: usize) {
        // A machine has one log.
        let _ = self.log.set((log, at_hand));
    }

    /// Keeps the text of an entry. They come in the order of the log.
    pub(crate) fn put(&self, seq: u64, text: &str) {
        self.at_hand.write().unwrap_or_else(PoisonError::into_inner).put(seq, plain(text));
    }

    /// Lets go of texts that the log has, but for the latest.
    pub(crate) fn tidy(&self) {
        let Some((log, most)) = self.log.get() else { return };
        let through = log.through();
        let mut at_hand = self.at_hand.write().unwrap_or_else(PoisonError::into_inner);
        while at_hand.bytes > *most && at_hand.pieces.front().is_some_and(|piece| piece.next() <= through + 1) {
            let gone = at_hand.pieces.pop_front().map_or(0, |piece| piece.text.len());
            at_hand.bytes -= gone;
        }
    }

    /// Gives out texts of the log without what is erased, from now on and until the log has them so.
    pub(crate) fn erase(&self, pending: Arc<Pending>) {
        self.at_hand.write().unwrap_or_else(PoisonError::into_inner).erase(&pending);
        self.erasing.write().unwrap_or_else(PoisonError::into_inner).push(pending);
    }

    /// Takes note that the log has texts without what was erased by entries up to one.
    pub(crate) fn erased(&self, through: u64) {
        self.erasing.write().unwrap_or_else(PoisonError::into_inner).retain(|pending| pending.seq() > through);
    }

    /// What is erased and still in the log, oldest first.
    pub(crate) fn erasing(&self) -> Vec<Arc<Pending>> {
        self.erasing.read().unwrap_or_else(PoisonError::into_inner).clone()
    }

    /// The texts of events, in the order in which they are asked for.
    pub(crate) fn read(&self, seqs: impl IntoIterator<Item = u64>, into: &mut Texts) {
        let at_hand = self.at_hand.read().unwrap_or_else(PoisonError::into_inner);
        let mut payload = Vec::new();
        for seq in seqs {
            match at_hand.get(seq) {
                Some(text) => into.push(text),
                None => into.push(&self.read_log(seq, &mut payload)),
            }
        }
    }

    /// The text of an event.
    pub(crate) fn one(&self, seq: u64) -> String {
        let at_hand = self.at_hand.read().unwrap_or_else(PoisonError::into_inner);
        match at_hand.get(seq) {
            Some(text) => text.to_owned(),
            None => self.read_log(seq, &mut Vec::new()).into_owned(),
        }
    }

    fn read_log<'p>(&self, seq: u64, payload: &'p mut Vec<u8>) -> Cow<'p, str> {
        let read = match self.log.get() {
            Some((log, _)) => log.read(seq, payload).map_err(|error: StoreError| error.to_string()),
            None => Err("nothing kept it".to_owned()),
        };
        let fault = match read {
            Ok(()) => match usage_parts(payload) {
                // A document has the same form: whose it is, what stands around it, its body.
                Some((_, _, text)) => {
                    let erasing = self.erasing.read().unwrap_or_else(PoisonError::into_inner);
                    let held = erasing.iter().filter(|of| of.holds(seq) && !planted::is(Bug::KeepText));
                    return held.fold(Cow::Borrowed(plain(text)), |text, pending| match pending.record(&text) {
                        Some(without) => Cow::Owned(without),
                        None => text,
                    });
                }
                None => "it is no text".to_owned(),
            },
            Err(fault) => fault,
        };
        self.fail(format!("the text of entry {seq} cannot be read: {fault}"));
        Cow::Borrowed("")
    }

    /// Remembers that something could not be read.
    pub(crate) fn fail(&self, fault: String) {
        // The first one is the cause of others.
        let _ = self.fault.set(fault);
    }

    /// Why something could not be read, once that happened.
    pub(crate) fn fault(&self) -> Option<&str> {
        self.fault.get().map(String::as_str)
    }

    /// Compares two events of one instant: by source and id, and the revisions of one by their entries.
    pub(crate) fn compare(&self, reader: &mut Envelopes, a: u64, b: u64) -> Ordering {
        let mut identity = |seq: u64| identity(reader, &self.one(seq));
        identity(a).cmp(&identity(b)).then(a.cmp(&b))
    }
}

/// A text without the space behind it, which stands in the log where something was erased.
fn plain(text: &str) -> &str {
    text.trim_end_matches(' ')
}

/// Source and id of a text.
pub(crate) fn identity(reader: &mut Envelopes, text: &str) -> (String, String) {
    // What was accepted can be read; a fault has been remembered.
    reader.read(text).map_or_else(|_| Default::default(), |envelope| (envelope.source.clone(), envelope.id.clone()))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn texts_are_found_over_gaps_and_pieces() {
        let archive = Archive::default();
        let long = "x".repeat(PIECE_BYTES - 1);
        for (seq, text) in [(1, "one"), (4, "four"), (5, &long), (500, ""), (501, "last")] {
            archive.put(seq, text);
        }
        let mut texts = Texts::default();
        archive.read([501, 4, 1, 5], &mut texts);
        assert_eq!((texts.get(0), texts.get(1), texts.get(2)), ("last", "four", "one"));
        assert_eq!((texts.get(3).len(), archive.fault()), (long.len(), None));
        assert_eq!(archive.one(2), "");
        assert_eq!(archive.fault(), None);
        archive.one(7);
        assert!(archive.fault().is_some_and(|fault| fault.contains("entry 7")));
    }
}
