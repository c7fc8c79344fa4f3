//! CSV with a header: RFC 4180, quotes only around whole fields, `""` for a quote inside.
//!
//! Where a record ends is decided by counting quotes, so a stretch of a file can be cut without
//! reading it field by field, and one bad record does not take the rest with it.

use crate::collect::{At, Collector, Not, malformed};
use crate::error::IngestError;
use crate::limits::MEMBERS_MAX;
use crate::mapping::{ATTRIBUTES, Attributes, Mapping};
use memchr::{memchr, memchr2_iter};
use price_ir::{EventIx, FieldIx, FieldType, Plan};
use price_rating::{OpenLabels, Raw, RejectReason, RowBuilder};
use std::borrow::Cow;
use std::collections::BTreeSet;

/// What the columns of a file are.
#[derive(Debug)]
pub(crate) struct Header {
    delimiter: u8,
    columns: usize,
    layout: Layout,
}

impl Header {
    /// Reads the header record.
    pub(crate) fn read(
        file: &str,
        plan: &Plan,
        mapping: &Mapping,
        delimiter: u8,
        record: &[u8],
    ) -> Result<Header, IngestError> {
        let bad = |problem: String| IngestError::Header { file: file.into(), problem };
        let text = std::str::from_utf8(record).map_err(|_| bad("it is not UTF-8".into()))?;
        let mut names = Vec::new();
        split(text, delimiter, &mut names).map_err(|what| bad(what.into()))?;
        let names: Vec<String> = names.iter().map(|n| n.trim().to_string()).collect();
        if names.len() > MEMBERS_MAX {
            return Err(bad(format!("it has more than {MEMBERS_MAX} columns")));
        }
        let mut seen = BTreeSet::new();
        if let Some(twice) = names.iter().find(|n| !n.is_empty() && !seen.insert(n.as_str())) {
            return Err(bad(format!("the column `{twice}` is there twice")));
        }
        let layout = Layout::new(plan, mapping, &names);
        if let Some(missing) = layout.missing(mapping) {
            let shown: Vec<&str> = names.iter().map(String::as_str).take(20).collect();
            return Err(bad(format!(
                "no column is called `{missing}`; it has {}; say which with `--map`",
                shown.iter().map(|n| format!("`{n}`")).collect::<Vec<_>>().join(", ")
            )));
        }
        Ok(Header { delimiter, columns: names.len(), layout })
    }
}

/// Family fields with label and column of their parts (`tokens.input`).
pub(crate) type Families<Label> = Vec<(FieldIx, Vec<(Label, usize)>)>;

/// Columns by what they hold; shared with Parquet.
#[derive(Debug)]
pub(crate) struct Layout {
    pub(crate) attributes: [Option<usize>; ATTRIBUTES],
    /// Per event type: plain fields and where they stand.
    pub(crate) fields: Vec<Vec<(usize, FieldIx)>>,
    /// Per event type.
    pub(crate) families: Vec<Families<Box<str>>>,
}

impl Layout {
    pub(crate) fn new(plan: &Plan, mapping: &Mapping, columns: &[String]) -> Layout {
        let place = |name: &str| columns.iter().position(|c| c == name);
        let mut attributes = mapping.names(false).map(place);
        // A file of CloudEvents flattened to columns calls the account `subject`.
        if attributes[crate::mapping::ACCOUNT].is_none() && mapping.account.is_none() {
            attributes[crate::mapping::ACCOUNT] = place("subject");
        }
        let (mut fields, mut families) = (Vec::new(), Vec::new());
        for event in &plan.events {
            let (mut plain, mut unrolled) = (Vec::new(), Vec::new());
            for (index, field) in event.fields.iter().enumerate() {
                let index = FieldIx(index as u32);
                match &field.ty {
                    FieldType::Family(..) => {
                        let prefix = format!("{}.", field.name);
                        let labels: Vec<(Box<str>, usize)> = columns
                            .iter()
                            .enumerate()
                            .filter_map(|(at, c)| mapping.field(c).strip_prefix(&prefix).map(|l| (l.into(), at)))
                            .collect();
                        if !labels.is_empty() {
                            unrolled.push((index, labels));
                        }
                    }
                    _ => {
                        let places = columns.iter().enumerate().filter(|(_, c)| mapping.field(c) == field.name);
                        plain.extend(places.map(|(at, _)| (at, index)));
                    }
                }
            }
            fields.push(plain);
            families.push(unrolled);
        }
        Layout { attributes, fields, families }
    }

    /// A name every event needs and no column has.
    pub(crate) fn missing<'a>(&self, mapping: &'a Mapping) -> Option<&'a str> {
        use crate::mapping::{ACCOUNT, TIME, TYPE};
        let names = mapping.names(false);
        let absent = |at: usize| self.attributes[at].is_none().then_some(names[at]);
        let kind = if mapping.only_type.is_some() { None } else { absent(TYPE) };
        kind.or(absent(ACCOUNT)).or(absent(TIME))
    }
}

/// The end of the record that begins at `from`: behind its newline, and the text without it.
/// `None` when the bytes end first, or end inside quotes.
pub(crate) fn record(bytes: &[u8], from: usize) -> Option<(usize, usize)> {
    let mut odd = false;
    for at in memchr2_iter(b'\n', b'"', &bytes[from..]) {
        let at = from + at;
        if bytes[at] == b'"' {
            odd = !odd;
        } else if !odd {
            let end = if at > from && bytes[at - 1] == b'\r' { at - 1 } else { at };
            return Some((at + 1, end));
        }
    }
    None
}

/// Splits a record into fields.
pub(crate) fn split<'a>(text: &'a str, delimiter: u8, out: &mut Vec<Cow<'a, str>>) -> Result<(), &'static str> {
    out.clear();
    let bytes = text.as_bytes();
    let mut at = 0;
    loop {
        if bytes.get(at) == Some(&b'"') {
            at += 1;
            let from = at;
            let mut owned = String::new();
            let mut copied = from;
            loop {
                let quote = memchr(b'"', &bytes[at..]).ok_or("a quote is not closed")?;
                at += quote + 1;
                if bytes.get(at) != Some(&b'"') {
                    break;
                }
                owned.push_str(&text[copied..at]);
                at += 1;
                copied = at;
            }
            let last = &text[copied..at - 1];
            out.push(if copied == from {
                Cow::Borrowed(last)
            } else {
                owned.push_str(last);
                Cow::Owned(owned)
            });
            match bytes.get(at) {
                None => return Ok(()),
                Some(b) if *b == delimiter => at += 1,
                Some(_) => return Err("something follows a closing quote"),
            }
        } else {
            let from = at;
            let end = loop {
                match bytes.get(at) {
                    Some(b) if *b == delimiter => break false,
                    Some(b'"') => return Err("a quote stands inside a field that does not begin with one"),
                    Some(_) => at += 1,
                    None => break true,
                }
            };
            out.push(Cow::Borrowed(&text[from..at]));
            if end {
                return Ok(());
            }
            at += 1;
        }
    }
}

/// Reads one record into the collector. Blank lines are passed over.
pub(crate) fn read<'a>(
    collector: &mut Collector,
    header: &Header,
    fields: &mut Vec<Cow<'a, str>>,
    at: At,
    record: &'a [u8],
) {
    if record.is_empty() {
        return;
    }
    collector.seen();
    if let Err(not) = event(collector, header, fields, at, record) {
        collector.refuse(at, not, record);
    }
}

fn event<'a>(
    collector: &mut Collector,
    header: &Header,
    fields: &mut Vec<Cow<'a, str>>,
    at: At,
    record: &'a [u8],
) -> Result<(), Not> {
    let text = std::str::from_utf8(record).map_err(|_| malformed("it is not UTF-8"))?;
    split(text, header.delimiter, fields).map_err(malformed)?;
    if fields.len() != header.columns {
        let problem = format!("it has {} fields where the header has {}", fields.len(), header.columns);
        return Err(malformed(problem).into());
    }
    let mut attributes: Attributes<'_> = [Raw::Null; ATTRIBUTES];
    for (slot, column) in attributes.iter_mut().zip(header.layout.attributes) {
        *slot = column.map_or(Raw::Null, |c| cell(&fields[c]));
    }
    let known = collector.check(&attributes, false)?;
    collector.accept(at, &known, |builder, labels| set(header, known.event, fields, builder, labels))
}

/// An empty cell is a missing value.
fn cell(text: &str) -> Raw<'_> {
    if text.is_empty() { Raw::Null } else { Raw::Text(text) }
}

fn set(
    header: &Header,
    event: EventIx,
    fields: &[Cow<'_, str>],
    builder: &mut RowBuilder,
    labels: &mut OpenLabels,
) -> Result<(), RejectReason> {
    for (column, field) in &header.layout.fields[event.ix()] {
        builder.set(*field, cell(&fields[*column]), labels)?;
    }
    for (field, columns) in &header.layout.families[event.ix()] {
        let entries: Vec<(&str, Raw<'_>)> = columns.iter().map(|(label, c)| (&**label, cell(&fields[*c]))).collect();
        if entries.iter().any(|(_, raw)| *raw != Raw::Null) {
            builder.set(*field, Raw::Object(&entries), labels)?;
        }
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn fields(text: &str) -> Result<Vec<String>, &'static str> {
        let mut out = Vec::new();
        split(text, b',', &mut out).map(|()| out.iter().map(|f| f.to_string()).collect())
    }

    #[test]
    fn fields_and_quotes() {
        assert_eq!(fields("a,,\"b,\"\"c\"\"\",").unwrap(), ["a", "", "b,\"c\"", ""]);
        assert_eq!(fields("\"\"").unwrap(), [""]);
        assert!(fields("a\"b").is_err());
        assert!(fields("\"a\"b").is_err());
        assert!(fields("\"a").is_err());
    }

    #[test]
    fn a_quoted_newline_does_not_end_a_record() {
        let bytes = b"a,\"x\ny\"\r\nb,c\nlast";
        assert_eq!(record(bytes, 0), Some((9, 7)));
        assert_eq!(record(bytes, 9), Some((13, 12)));
        assert_eq!(record(bytes, 13), None);
    }
}
