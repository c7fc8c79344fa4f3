//! Refused records: counted, the first ones kept to be shown, all of them written if asked for.

use crate::trouble::Trouble;
use price_ingest::{NdjsonRejects, Reject, RejectSink};
use std::collections::{BTreeMap, HashSet};
use std::fs::File;
use std::io::{self, BufWriter};

/// Records that are shown at the end of a run.
const SHOWN: usize = 5;

/// Takes refused records of one run, of several passes over the same input.
pub struct Rejects {
    file: Option<(String, NdjsonRejects<BufWriter<File>>)>,
    first: Vec<String>,
    by_code: BTreeMap<&'static str, u64>,
    /// Places that were refused before, in runs of several passes: a record counts once.
    seen: Option<HashSet<(String, u64)>>,
}

impl Rejects {
    /// Writes to a file, if one is named. `passes` is how often the input is read.
    pub fn create(path: Option<&str>, passes: usize) -> Result<Rejects, Trouble> {
        let file = match path {
            Some(path) => {
                let file = File::create(path).map_err(|error| Trouble::write(path, error))?;
                Some((path.to_owned(), NdjsonRejects::new(BufWriter::new(file))))
            }
            None => None,
        };
        let seen = (passes > 1).then(HashSet::new);
        Ok(Rejects { file, first: Vec::new(), by_code: BTreeMap::new(), seen })
    }

    /// Refused records by code.
    pub fn by_code(&self) -> &BTreeMap<&'static str, u64> {
        &self.by_code
    }

    /// All of them.
    pub fn total(&self) -> u64 {
        self.by_code.values().sum()
    }

    /// The first ones, as `file:line: reason (code)`.
    pub fn first(&self) -> &[String] {
        &self.first
    }

    /// Ends the file, if there is one, and says its name.
    pub fn finish(&mut self) -> Result<Option<String>, Trouble> {
        let Some((path, sink)) = self.file.take() else { return Ok(None) };
        sink.finish().map_err(|error| Trouble::write(&path, error))?;
        Ok(Some(path))
    }
}

impl RejectSink for Rejects {
    fn reject(&mut self, reject: &Reject) -> io::Result<()> {
        if let Some(seen) = &mut self.seen
            && !seen.insert((reject.file.clone(), reject.line))
        {
            return Ok(());
        }
        *self.by_code.entry(reject.reason.code()).or_default() += 1;
        if self.first.len() < SHOWN {
            let text = format!("{}:{}: {} ({})", reject.file, reject.line, reject.reason, reject.reason.code());
            self.first.push(crate::output::money::plain(&text));
        }
        match &mut self.file {
            Some((_, sink)) => sink.reject(reject),
            None => Ok(()),
        }
    }
}
