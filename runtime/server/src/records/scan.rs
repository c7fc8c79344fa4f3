//! Reads JSON without keeping it: where records begin and end, and whether they are bounded.

use crate::limits;
use crate::records::Malformed;
use std::borrow::Cow;

/// Names that identify an event or say whose it is; what they hold is bounded.
const IDENTITY: [&str; 5] = ["id", "source", "type", "subject", "account"];
/// Members that are compared one by one; more are sorted first.
const FEW: usize = 16;

pub(super) struct Scanner<'t> {
    text: &'t str,
    at: usize,
    depth: usize,
    /// Names of the objects that are open.
    names: Vec<Cow<'t, str>>,
}

type Done = Result<(), (usize, String)>;

impl<'t> Scanner<'t> {
    pub(super) fn new(text: &'t str) -> Scanner<'t> {
        Scanner { text, at: 0, depth: 0, names: Vec::new() }
    }

    /// One record, or an array of them, as far as either may be.
    pub(super) fn document(mut self, object: bool, array: bool) -> Result<Vec<&'t str>, Malformed> {
        let mut records = Vec::new();
        let wrong = |record: usize, (at, problem): (usize, String)| Malformed::Form { record, at, problem };
        self.space();
        match self.peek() {
            None => return Err(Malformed::of("there is no record")),
            Some(b'{') if object => records.push(self.record().map_err(|e| wrong(1, e))?),
            Some(b'[') if array => {
                self.at += 1;
                self.space();
                if self.peek() == Some(b']') {
                    self.at += 1;
                } else {
                    loop {
                        if records.len() == limits::BATCH_RECORDS {
                            return Err(Malformed::TooMany);
                        }
                        let number = records.len() + 1;
                        self.space();
                        records.push(self.record().map_err(|e| wrong(number, e))?);
                        self.space();
                        match self.next() {
                            Some(b',') => {}
                            Some(b']') => break,
                            _ => return Err(wrong(number, self.say("behind a record stands `,` or `]`"))),
                        }
                    }
                }
            }
            Some(_) => {
                let needed = match (object, array) {
                    (true, true) => "a body is an object or an array of objects",
                    (true, false) => "a record is an object",
                    _ => "a batch is an array of objects",
                };
                return Err(wrong(0, self.say(needed)));
            }
        }
        self.space();
        if self.at < self.text.len() {
            return Err(wrong(0, self.say("nothing may follow")));
        }
        Ok(records)
    }

    fn record(&mut self) -> Result<&'t str, (usize, String)> {
        let start = self.at;
        if self.peek() != Some(b'{') {
            return Err(self.say("a record is an object"));
        }
        self.object()?;
        Ok(&self.text[start..self.at])
    }

    fn say(&self, problem: &str) -> (usize, String) {
        match self.at < self.text.len() {
            true => (self.at, problem.to_owned()),
            false => (self.text.len(), format!("the body ends where more is needed: {problem}")),
        }
    }

    fn peek(&self) -> Option<u8> {
        self.text.as_bytes().get(self.at).copied()
    }

    fn next(&mut self) -> Option<u8> {
        let byte = self.peek();
        if byte.is_some() {
            self.at += 1;
        }
        byte
    }

    fn space(&mut self) {
        while matches!(self.peek(), Some(b' ' | b'\t' | b'\n' | b'\r')) {
            self.at += 1;
        }
    }

    fn deeper(&mut self) -> Done {
        if self.depth == limits::JSON_DEPTH {
            return Err(self.say(&format!("this is nested deeper than {}", limits::JSON_DEPTH)));
        }
        self.depth += 1;
        self.at += 1;
        self.space();
        Ok(())
    }

    fn value(&mut self) -> Done {
        match self.peek() {
            Some(b'{') => self.object(),
            Some(b'[') => self.array(),
            Some(b'"') => self.string().map(|_| ()),
            Some(b'-' | b'0'..=b'9') => self.number(),
            _ => match ["true", "false", "null"].iter().find(|word| self.text[self.at..].starts_with(**word)) {
                Some(word) => {
                    self.at += word.len();
                    Ok(())
                }
                None => Err(self.say("here is no value")),
            },
        }
    }

    fn array(&mut self) -> Done {
        self.deeper()?;
        if self.peek() == Some(b']') {
            self.at += 1;
        } else {
            loop {
                self.space();
                self.value()?;
                self.space();
                match self.peek() {
                    Some(b',') => self.at += 1,
                    Some(b']') => break self.at += 1,
                    _ => return Err(self.say("behind a value stands `,` or `]`")),
                }
            }
        }
        self.depth -= 1;
        Ok(())
    }

    fn object(&mut self) -> Done {
        let start = self.at;
        self.deeper()?;
        let base = self.names.len();
        if self.peek() == Some(b'}') {
            self.at += 1;
        } else {
            loop {
                self.space();
                self.member(base)?;
                self.space();
                match self.peek() {
                    Some(b',') => self.at += 1,
                    Some(b'}') => break self.at += 1,
                    _ => return Err(self.say("behind a value stands `,` or `}`")),
                }
            }
        }
        if self.names.len() - base > FEW {
            let names = &mut self.names[base..];
            names.sort_unstable();
            if let Some(pair) = names.windows(2).find(|pair| pair[0] == pair[1]) {
                return Err((start, format!("`{}` is there twice", pair[0])));
            }
        }
        self.names.truncate(base);
        self.depth -= 1;
        Ok(())
    }

    fn member(&mut self, base: usize) -> Done {
        let start = self.at;
        if self.peek() != Some(b'"') {
            return Err(self.say("here stands a name in quotes"));
        }
        let name = self.string()?;
        if self.names.len() - base < FEW && self.names[base..].contains(&name) {
            return Err((start, format!("`{name}` is there twice")));
        }
        if self.names.len() - base == limits::JSON_MEMBERS {
            return Err((start, format!("an object has more than {} members", limits::JSON_MEMBERS)));
        }
        self.space();
        if self.peek() != Some(b':') {
            return Err(self.say("behind a name stands `:`"));
        }
        self.at += 1;
        self.space();
        if self.depth == 1 && self.peek() == Some(b'"') && IDENTITY.contains(&&*name) {
            let start = self.at;
            let held = self.string()?;
            if held.len() > limits::IDENTITY_BYTES {
                let problem = format!("`{name}` is longer than {} bytes", limits::IDENTITY_BYTES);
                return Err((start, problem));
            }
            if held.contains('\0') {
                return Err((start, format!("`{name}` holds a NUL")));
            }
        } else {
            self.value()?;
        }
        self.names.push(name);
        Ok(())
    }

    /// A string; what it holds, without a copy where nothing is escaped.
    fn string(&mut self) -> Result<Cow<'t, str>, (usize, String)> {
        let start = self.at;
        self.at += 1;
        let mut escaped = false;
        loop {
            match self.peek() {
                None => return Err(self.say("a text has no end")),
                Some(b'"') => break,
                Some(b'\\') => {
                    escaped = true;
                    self.escape()?;
                }
                Some(0..0x20) => return Err(self.say("a text holds a control character that is not escaped")),
                Some(_) => self.at += 1,
            }
        }
        self.at += 1;
        let raw = &self.text[start..self.at];
        if !escaped {
            return Ok(Cow::Borrowed(&raw[1..raw.len() - 1]));
        }
        serde_json::from_str(raw).map(Cow::Owned).map_err(|error| (start, error.to_string()))
    }

    fn escape(&mut self) -> Done {
        let start = self.at;
        self.at += 1;
        match self.next() {
            Some(b'"' | b'\\' | b'/' | b'b' | b'f' | b'n' | b'r' | b't') => Ok(()),
            Some(b'u') => {
                let half = || (start, "this is half of a character".to_owned());
                match self.unit(start)? {
                    0xD800..=0xDBFF => {
                        if (self.next(), self.next()) != (Some(b'\\'), Some(b'u')) {
                            return Err(half());
                        }
                        match self.unit(start)? {
                            0xDC00..=0xDFFF => Ok(()),
                            _ => Err(half()),
                        }
                    }
                    0xDC00..=0xDFFF => Err(half()),
                    _ => Ok(()),
                }
            }
            _ => Err((start, "this is no escape".to_owned())),
        }
    }

    fn unit(&mut self, start: usize) -> Result<u32, (usize, String)> {
        let digits = self.text.as_bytes().get(self.at..self.at + 4).filter(|d| d.iter().all(u8::is_ascii_hexdigit));
        let Some(digits) = digits else { return Err((start, "this is no escape".to_owned())) };
        self.at += 4;
        let digit = |value: u32, d: &u8| value << 4 | char::from(*d).to_digit(16).unwrap_or_default();
        Ok(digits.iter().fold(0, digit))
    }

    fn digits(&mut self) -> Result<&'t str, (usize, String)> {
        let start = self.at;
        while matches!(self.peek(), Some(b'0'..=b'9')) {
            self.at += 1;
        }
        if start == self.at { Err(self.say("here is half of a number")) } else { Ok(&self.text[start..self.at]) }
    }

    fn number(&mut self) -> Done {
        let start = self.at;
        if self.peek() == Some(b'-') {
            self.at += 1;
        }
        if self.peek() == Some(b'0') {
            self.at += 1;
        } else {
            self.digits()?;
        }
        if self.peek() == Some(b'.') {
            self.at += 1;
            self.digits()?;
        }
        if matches!(self.peek(), Some(b'e' | b'E')) {
            self.at += 1;
            if matches!(self.peek(), Some(b'+' | b'-')) {
                self.at += 1;
            }
            let exponent = self.digits()?.trim_start_matches('0');
            let small = exponent.is_empty() || exponent.parse::<u32>().is_ok_and(|e| e <= limits::NUMBER_EXPONENT);
            if !small {
                return Err((start, format!("a number has an exponent beyond {}", limits::NUMBER_EXPONENT)));
            }
        }
        if self.at - start > limits::NUMBER_BYTES {
            return Err((start, format!("a number is longer than {} bytes", limits::NUMBER_BYTES)));
        }
        Ok(())
    }
}
