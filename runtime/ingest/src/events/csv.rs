//! Records of CSV, named by a header.

use super::Members;
use crate::csv::split;
use crate::format::BOM;
use crate::limits::MEMBERS_MAX;
use std::collections::BTreeSet;

/// A name that every event needs and no column has.
fn missing(names: &[String]) -> Option<&'static str> {
    let has = |name: &str| names.iter().any(|of| of == name);
    // A file of CloudEvents calls the account `subject`.
    let needed = [("type", "type"), ("account", "subject"), ("time", "time"), ("id", "id")];
    needed.into_iter().find(|(name, other)| !has(name) && !has(other)).map(|(name, _)| name)
}

/// Turns the records under a header into events. Cells are texts: what a number is, the plan knows.
pub struct CsvEvents {
    delimiter: u8,
    names: Vec<String>,
}

impl CsvEvents {
    /// Of the header, without its line end.
    pub fn new(header: &[u8], delimiter: u8) -> Result<CsvEvents, String> {
        let header = header.strip_prefix(BOM).unwrap_or(header);
        let text = std::str::from_utf8(header).map_err(|_| "it is not UTF-8")?;
        let mut names = Vec::new();
        split(text, delimiter, &mut names)?;
        let names: Vec<String> = names.iter().map(|name| name.trim().to_owned()).collect();
        if names.len() > MEMBERS_MAX {
            return Err(format!("it has more than {MEMBERS_MAX} columns"));
        }
        let mut seen = BTreeSet::new();
        if let Some(twice) = names.iter().find(|name| !name.is_empty() && !seen.insert(name.as_str())) {
            return Err(format!("the column `{twice}` is there twice"));
        }
        if let Some(missing) = missing(&names) {
            let shown: Vec<String> = names.iter().take(20).map(|name| format!("`{name}`")).collect();
            let sign = char::from(delimiter);
            return Err(format!("no column is called `{missing}`; separated by `{sign}`, it has {}", shown.join(", ")));
        }
        Ok(CsvEvents { delimiter, names })
    }

    /// Whether text up to a line end is a whole record: its quotes are closed.
    pub fn is_whole(record: &[u8]) -> bool {
        memchr::memchr_iter(b'"', record).count().is_multiple_of(2)
    }

    /// The event of a record, without its line end. An empty cell is a missing value.
    pub fn event(&self, record: &[u8]) -> Result<String, String> {
        let text = std::str::from_utf8(record).map_err(|_| "it is not UTF-8")?;
        let mut cells = Vec::new();
        split(text, self.delimiter, &mut cells)?;
        if cells.len() != self.names.len() {
            return Err(format!("it has {} fields where the header has {}", cells.len(), self.names.len()));
        }
        let mut members = Members::default();
        for (name, cell) in self.names.iter().zip(cells).filter(|(name, cell)| !name.is_empty() && !cell.is_empty()) {
            members.put(name, cell.into())?;
        }
        Ok(members.text())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn cells_are_members_by_the_names_of_the_header() {
        let csv = CsvEvents::new(b"\xef\xbb\xbfid,type,account,time,tokens.input,tokens.output,note", b',')
            .expect("a header");
        let event = csv.event(b"1,call,acme,now,12.50,,\"a \"\"b\"\",\nc\"").expect("an event");
        assert_eq!(
            event,
            r#"{"account":"acme","id":"1","note":"a \"b\",\nc","time":"now","tokens":{"input":"12.50"},"type":"call"}"#
        );
        assert!(csv.event(b"1,acme").expect_err("too short").contains("2 fields where the header has 7"));
        assert!(csv.event(b"1,call,ac\"me,now,,,").is_err() && csv.event(b"\xff,call,acme,now,,,").is_err());
        let told = |header: &[u8], delimiter| CsvEvents::new(header, delimiter).err().expect("it is refused");
        assert!(told(b"id,type,account,time,id", b',').contains("`id` is there twice"));
        assert!(
            told(b"id;type;account;time", b',').contains("no column is called `type`; separated by `,`, it has `id;")
        );
        let odd = CsvEvents::new(b"id,type,subject,time,a,a.b", b',').expect("a header");
        assert!(odd.event(b"1,call,acme,now,1,2").is_err());
        assert!(CsvEvents::is_whole(b"a,\"b\"\"\"") && !CsvEvents::is_whole(b"a,\"b"));
    }
}
