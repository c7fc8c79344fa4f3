//! Scans one JSON object into its members, borrowing from the text.
//!
//! Accepts exactly RFC 8259. Nested values are checked and skipped, not built; nesting, member
//! count and text are bounded by [`crate::limits`].

use crate::limits::{MEMBERS_MAX, NESTING_MAX};
use std::borrow::Cow;

/// A value of a member.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Value<'a> {
    Null,
    Flag(bool),
    /// As written.
    Number(&'a str),
    Text(Cow<'a, str>),
    /// The whole text of the object.
    Object(&'a str),
    Array,
}

/// A member of an object.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Member<'a> {
    pub(crate) key: Cow<'a, str>,
    pub(crate) value: Value<'a>,
}

/// Why a text is no JSON object.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Flaw {
    /// Byte offset, from 0.
    pub(crate) at: usize,
    pub(crate) what: &'static str,
}

impl Flaw {
    /// As a sentence part.
    pub(crate) fn problem(self) -> String {
        format!("{} at byte {}", self.what, self.at + 1)
    }
}

type Scanned<T> = Result<T, Flaw>;

/// Reads the one object that `text` holds into `out`. The members of an object at key `data`
/// go to `data` instead; the result says whether there was one.
pub(crate) fn object<'a>(text: &'a str, out: &mut Vec<Member<'a>>, data: &mut Vec<Member<'a>>) -> Scanned<bool> {
    let mut scan = Scan { text, bytes: text.as_bytes(), at: 0 };
    scan.space();
    let found = scan.members(out, Some(data), 1)?;
    scan.space();
    if scan.at != scan.bytes.len() {
        return Err(scan.flaw("something follows the object"));
    }
    Ok(found)
}

/// Reads an object that was skipped before.
pub(crate) fn nested<'a>(text: &'a str, out: &mut Vec<Member<'a>>) -> Scanned<()> {
    let mut scan = Scan { text, bytes: text.as_bytes(), at: 0 };
    scan.members(out, None, 1).map(|_| ())
}

struct Scan<'a> {
    text: &'a str,
    bytes: &'a [u8],
    at: usize,
}

const ONES: u64 = 0x0101_0101_0101_0101;
const HIGHS: u64 = 0x8080_8080_8080_8080;

/// Marks the high bit of bytes that are zero; the lowest mark is exact.
fn zeros(word: u64) -> u64 {
    word.wrapping_sub(ONES) & !word & HIGHS
}

impl<'a> Scan<'a> {
    fn flaw(&self, what: &'static str) -> Flaw {
        Flaw { at: self.at, what }
    }

    fn peek(&self) -> Option<u8> {
        self.bytes.get(self.at).copied()
    }

    fn space(&mut self) {
        while let Some(b' ' | b'\t' | b'\r' | b'\n') = self.peek() {
            self.at += 1;
        }
    }

    fn members(
        &mut self,
        out: &mut Vec<Member<'a>>,
        mut data: Option<&mut Vec<Member<'a>>>,
        depth: usize,
    ) -> Scanned<bool> {
        if self.peek() != Some(b'{') {
            return Err(self.flaw("an object `{…}` should stand here"));
        }
        self.at += 1;
        self.space();
        let mut found = false;
        if self.peek() == Some(b'}') {
            self.at += 1;
            return Ok(found);
        }
        loop {
            if self.peek() != Some(b'"') {
                return Err(self.flaw("a key in quotes should stand here"));
            }
            let key = self.string()?;
            self.space();
            if self.peek() != Some(b':') {
                return Err(self.flaw("`:` should stand here"));
            }
            self.at += 1;
            self.space();
            if out.len() >= MEMBERS_MAX {
                return Err(self.flaw("too many members"));
            }
            match data.as_deref_mut() {
                Some(inner) if key == "data" && self.peek() == Some(b'{') => {
                    if found {
                        return Err(self.flaw("`data` is given twice"));
                    }
                    found = true;
                    self.members(inner, None, depth + 1)?;
                }
                _ => {
                    let value = self.value(depth)?;
                    out.push(Member { key, value });
                }
            }
            self.space();
            match self.peek() {
                Some(b',') => self.at += 1,
                Some(b'}') => {
                    self.at += 1;
                    return Ok(found);
                }
                _ => return Err(self.flaw("`,` or `}` should stand here")),
            }
            self.space();
        }
    }

    fn value(&mut self, depth: usize) -> Scanned<Value<'a>> {
        match self.peek() {
            Some(b'"') => self.string().map(Value::Text),
            Some(b'-' | b'0'..=b'9') => self.number().map(Value::Number),
            Some(b'{') => {
                let start = self.at;
                self.skip(depth + 1)?;
                Ok(Value::Object(&self.text[start..self.at]))
            }
            Some(b'[') => self.skip(depth + 1).map(|()| Value::Array),
            Some(b't') => self.word("true").map(|()| Value::Flag(true)),
            Some(b'f') => self.word("false").map(|()| Value::Flag(false)),
            Some(b'n') => self.word("null").map(|()| Value::Null),
            Some(b'N' | b'I') => Err(self.flaw("NaN and Infinity are not numbers of JSON")),
            Some(_) => Err(self.flaw("a value should stand here")),
            None => Err(self.flaw("the record ends too early")),
        }
    }

    fn word(&mut self, word: &str) -> Scanned<()> {
        if self.bytes[self.at..].starts_with(word.as_bytes()) {
            self.at += word.len();
            return Ok(());
        }
        Err(self.flaw("a value should stand here"))
    }

    fn digits(&mut self) -> Scanned<()> {
        let start = self.at;
        while let Some(b'0'..=b'9') = self.peek() {
            self.at += 1;
        }
        if self.at == start { Err(self.flaw("a digit should stand here")) } else { Ok(()) }
    }

    fn number(&mut self) -> Scanned<&'a str> {
        let start = self.at;
        if self.peek() == Some(b'-') {
            self.at += 1;
        }
        if self.peek() == Some(b'0') {
            self.at += 1;
            if let Some(b'0'..=b'9') = self.peek() {
                return Err(self.flaw("a number may not begin with 0"));
            }
        } else {
            self.digits()?;
        }
        if self.peek() == Some(b'.') {
            self.at += 1;
            self.digits()?;
        }
        if let Some(b'e' | b'E') = self.peek() {
            self.at += 1;
            if let Some(b'+' | b'-') = self.peek() {
                self.at += 1;
            }
            self.digits()?;
        }
        Ok(&self.text[start..self.at])
    }

    /// Moves to the next quote, backslash or control character, eight bytes at a time.
    fn plain(&mut self) {
        while let Some(chunk) = self.bytes.get(self.at..self.at + 8) {
            let Ok(eight) = chunk.try_into() else { break };
            let word = u64::from_le_bytes(eight);
            let quotes = zeros(word ^ (ONES * u64::from(b'"')));
            let slashes = zeros(word ^ (ONES * u64::from(b'\\')));
            let controls = word.wrapping_sub(ONES * 0x20) & !word & HIGHS;
            let marks = quotes | slashes | controls;
            if marks != 0 {
                self.at += marks.trailing_zeros() as usize / 8;
                return;
            }
            self.at += 8;
        }
        while let Some(byte) = self.peek() {
            if byte == b'"' || byte == b'\\' || byte < 0x20 {
                return;
            }
            self.at += 1;
        }
    }

    /// Reads a string; the cursor is on its opening quote.
    fn string(&mut self) -> Scanned<Cow<'a, str>> {
        self.at += 1;
        let start = self.at;
        self.plain();
        if self.peek() == Some(b'"') {
            let text = &self.text[start..self.at];
            self.at += 1;
            return Ok(Cow::Borrowed(text));
        }
        let mut out = String::from(&self.text[start..self.at]);
        loop {
            match self.peek() {
                Some(b'"') => {
                    self.at += 1;
                    return Ok(Cow::Owned(out));
                }
                Some(b'\\') => {
                    self.at += 1;
                    out.push(self.escape()?);
                }
                Some(_) => return Err(self.flaw("a control character in a text; write it as \\u0000")),
                None => return Err(self.flaw("a text is not closed")),
            }
            let from = self.at;
            self.plain();
            out.push_str(&self.text[from..self.at]);
        }
    }

    fn escape(&mut self) -> Scanned<char> {
        let c = match self.peek() {
            Some(b'"') => '"',
            Some(b'\\') => '\\',
            Some(b'/') => '/',
            Some(b'b') => '\u{8}',
            Some(b'f') => '\u{c}',
            Some(b'n') => '\n',
            Some(b'r') => '\r',
            Some(b't') => '\t',
            Some(b'u') => {
                self.at += 1;
                let first = self.hex()?;
                let code = match first {
                    0xD800..=0xDBFF => {
                        if !self.bytes[self.at..].starts_with(b"\\u") {
                            return Err(self.flaw("half of a surrogate pair"));
                        }
                        self.at += 2;
                        let second = self.hex()?;
                        if !(0xDC00..=0xDFFF).contains(&second) {
                            return Err(self.flaw("half of a surrogate pair"));
                        }
                        0x10000 + ((first - 0xD800) << 10) + (second - 0xDC00)
                    }
                    code => code,
                };
                return char::from_u32(code).ok_or_else(|| self.flaw("half of a surrogate pair"));
            }
            _ => return Err(self.flaw("an unknown escape")),
        };
        self.at += 1;
        Ok(c)
    }

    fn hex(&mut self) -> Scanned<u32> {
        let digits =
            self.bytes.get(self.at..self.at + 4).ok_or(self.flaw("four hexadecimal digits should stand here"))?;
        let mut code = 0;
        for digit in digits {
            let value =
                char::from(*digit).to_digit(16).ok_or(self.flaw("four hexadecimal digits should stand here"))?;
            code = code * 16 + value;
        }
        self.at += 4;
        Ok(code)
    }

    /// Checks and passes over an object or array; recursion ends at the nesting limit.
    fn skip(&mut self, depth: usize) -> Scanned<()> {
        if depth > NESTING_MAX {
            return Err(self.flaw("nested too deeply"));
        }
        let object = self.peek() == Some(b'{');
        let close = if object { b'}' } else { b']' };
        self.at += 1;
        self.space();
        if self.peek() == Some(close) {
            self.at += 1;
            return Ok(());
        }
        loop {
            if object {
                if self.peek() != Some(b'"') {
                    return Err(self.flaw("a key in quotes should stand here"));
                }
                self.string()?;
                self.space();
                if self.peek() != Some(b':') {
                    return Err(self.flaw("`:` should stand here"));
                }
                self.at += 1;
                self.space();
            }
            self.value(depth)?;
            self.space();
            match self.peek() {
                Some(b',') => self.at += 1,
                Some(c) if c == close => {
                    self.at += 1;
                    return Ok(());
                }
                _ => return Err(self.flaw("`,` or a closing bracket should stand here")),
            }
            self.space();
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(text: &str) -> Result<(Vec<Member<'_>>, Vec<Member<'_>>), Flaw> {
        let (mut out, mut data) = (Vec::new(), Vec::new());
        object(text, &mut out, &mut data)?;
        Ok((out, data))
    }

    #[test]
    fn numbers_keep_their_text_and_data_is_opened() {
        let (out, data) = read(
            r#" {"a": 1.50e-3, "b":"x\u00e9\ud83d\ude00\n", "data":{"n":-0,"o":{"p":[1,{}]}}, "f":false,"z":null} "#,
        )
        .unwrap();
        assert_eq!(out[0].value, Value::Number("1.50e-3"));
        assert_eq!(out[1].value, Value::Text("xé😀\n".into()));
        assert_eq!(out[2].value, Value::Flag(false));
        assert_eq!(out[3].value, Value::Null);
        assert_eq!(data[0].value, Value::Number("-0"));
        assert_eq!(data[1].value, Value::Object(r#"{"p":[1,{}]}"#));
    }

    #[test]
    fn refuses_what_is_not_json() {
        for text in [
            "",
            "[]",
            "1",
            "{",
            "{}}",
            "{\"a\"}",
            "{\"a\":}",
            "{\"a\":1,}",
            "{a:1}",
            "{\"a\":01}",
            "{\"a\":1.}",
            "{\"a\":.5}",
            "{\"a\":+1}",
            "{\"a\":1e}",
            "{\"a\":NaN}",
            "{\"a\":\"\\ud800\"}",
            "{\"a\":\"\\udc00\"}",
            "{\"a\":\"\\x\"}",
            "{\"a\":\"\\u12\"}",
            "{\"a\":\"",
            "{\"a\":\"\u{1}\"}",
            "{\"a\":tru}",
            "{\"a\":[1,]}",
            "{\"a\":{\"b\" 1}}",
            "{\"data\":{},\"data\":{}}",
            "{\"a\":\"long enough for words\u{1f}\"}",
        ] {
            assert!(read(text).is_err(), "{text}");
        }
        let deep = format!("{{\"a\":{}1{}}}", "[".repeat(100_000), "]".repeat(100_000));
        assert_eq!(read(&deep).unwrap_err().what, "nested too deeply");
    }

    #[test]
    fn agrees_with_a_general_parser_on_damaged_records() {
        let base = br#"{"type":"t","n":-1.25e2,"s":"a\"\\\u0041b","o":{"x":[1,2,{"y":null}]},"data":{"k":true}}"#;
        let mut seed = 7u64;
        for _ in 0..20_000 {
            let mut bytes = base.to_vec();
            for _ in 0..2 {
                seed = seed.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
                let at = (seed >> 33) as usize % bytes.len();
                match seed >> 60 {
                    0..4 => bytes[at] = (seed >> 20) as u8 & 0x7f,
                    4..8 => drop(bytes.remove(at)),
                    8..12 => bytes.insert(at, b"{}[]\",:\\0 e-."[(seed >> 24) as usize % 13]),
                    _ => bytes.truncate(at.max(1)),
                }
            }
            let Ok(text) = std::str::from_utf8(&bytes) else { continue };
            let general: Result<serde_json::Map<String, serde_json::Value>, _> = serde_json::from_str(text);
            let ours = read(text);
            // Numbers beyond a double are fine here, and repeated `data` is not.
            match (&general, &ours) {
                (Err(e), Ok(_)) => assert!(e.to_string().contains("number out of range"), "{text}"),
                (Ok(_), Err(f)) => assert_eq!(f.what, "`data` is given twice", "{text}"),
                _ => {}
            }
        }
    }
}
