//! Tokens, and the small readers that every part of the parser uses.

use super::TextError;
use crate::limits;
use price_value::{Date, Rational};
use std::str::FromStr;

#[derive(Debug, Clone, PartialEq)]
enum Token {
    /// Letters, digits, `_` and `-`, beginning with a letter.
    Word(String),
    /// A number, date or time: beginning with a digit or `-`.
    Atom(String),
    Text(String),
    Sign(&'static str),
    End,
}

const SIGNS: [&str; 11] = ["->", "{", "}", "[", "]", "(", ")", ",", "=", "*", "+"];

/// A text as tokens, read from the front.
pub(super) struct Reader {
    tokens: Vec<(Token, u32, u32)>,
    at: usize,
}

pub(super) type Read<T> = Result<T, TextError>;

impl Reader {
    pub fn new(text: &str) -> Read<Reader> {
        let mut tokens = Vec::new();
        if text.len() > limits::ARTEFACT_BYTES {
            let message = format!("the text is longer than {} bytes", limits::ARTEFACT_BYTES);
            return Err(TextError { line: 1, column: 1, message });
        }
        let mut last = 1;
        for (line, number) in text.lines().zip(1..) {
            lex_line(line, number, &mut tokens)?;
            last = number;
        }
        tokens.push((Token::End, last, 1));
        Ok(Reader { tokens, at: 0 })
    }

    pub fn error<T>(&self, message: impl Into<String>) -> Read<T> {
        let (_, line, column) = self.tokens[self.at];
        Err(TextError { line, column, message: message.into() })
    }

    fn peek(&self) -> &Token {
        &self.tokens[self.at].0
    }

    fn next(&mut self) -> Token {
        let token = self.peek().clone();
        if token != Token::End {
            self.at += 1;
        }
        token
    }

    pub fn at_end(&self) -> bool {
        *self.peek() == Token::End
    }

    /// Whether the next token is this word or sign.
    pub fn is(&self, what: &str) -> bool {
        match self.peek() {
            Token::Word(word) => word == what,
            Token::Sign(sign) => *sign == what,
            _ => false,
        }
    }

    /// Takes this word or sign if it is next.
    pub fn eat(&mut self, what: &str) -> bool {
        let found = self.is(what);
        if found {
            self.at += 1;
        }
        found
    }

    /// Takes this word or sign.
    pub fn expect(&mut self, what: &str) -> Read<()> {
        if self.eat(what) { Ok(()) } else { self.error(format!("expected `{what}`")) }
    }

    /// Takes any word.
    pub fn word(&mut self) -> Read<String> {
        match self.peek() {
            Token::Word(_) => match self.next() {
                Token::Word(word) => Ok(word),
                _ => unreachable!("the next token is a word"),
            },
            _ => self.error("expected a word"),
        }
    }

    /// The next word without taking it; empty when there is none.
    pub fn peek_word(&self) -> &str {
        match self.peek() {
            Token::Word(word) => word,
            _ => "",
        }
    }

    /// Takes one of the words of a table.
    pub fn one_of<T: Copy>(&mut self, table: &[(&str, T)]) -> Read<T> {
        match table.iter().find(|(word, _)| self.is(word)) {
            Some((_, value)) => {
                self.at += 1;
                Ok(*value)
            }
            None => {
                let words: Vec<&str> = table.iter().map(|(word, _)| *word).collect();
                self.error(format!("expected one of: {}", words.join(", ")))
            }
        }
    }

    /// Takes a text in quotes.
    pub fn text(&mut self) -> Read<String> {
        match self.peek() {
            Token::Text(_) => match self.next() {
                Token::Text(text) => Ok(text),
                _ => unreachable!("the next token is a text"),
            },
            _ => self.error("expected a text in quotes"),
        }
    }

    pub fn is_text(&self) -> bool {
        matches!(self.peek(), Token::Text(_))
    }

    pub fn is_atom(&self) -> bool {
        matches!(self.peek(), Token::Atom(_))
    }

    fn atom<T: FromStr>(&mut self, what: &str) -> Read<T> {
        let parsed = match self.peek() {
            Token::Atom(atom) => atom.parse().ok(),
            _ => None,
        };
        match parsed {
            Some(value) => {
                self.at += 1;
                Ok(value)
            }
            None => self.error(format!("expected {what}")),
        }
    }

    pub fn rational(&mut self) -> Read<Rational> {
        self.atom("a number")
    }

    pub fn int<T: FromStr>(&mut self) -> Read<T> {
        self.atom("a whole number")
    }

    pub fn date(&mut self) -> Read<Date> {
        self.atom("a date such as 2026-01-31")
    }

    /// Takes a time such as `2026-01-31T09:00:00Z`.
    pub fn time(&mut self) -> Read<price_value::Timestamp> {
        let text: String = self.atom("a time")?;
        match price_value::Timestamp::parse_rfc3339(&text) {
            Ok(time) => Ok(time),
            Err(message) => self.error(message),
        }
    }

    /// Takes a numbered thing: `dim3` for the prefix `dim`.
    pub fn numbered(&mut self, prefix: &str) -> Read<u32> {
        match self.peek_numbered(prefix) {
            Some(number) => {
                self.at += 1;
                Ok(number)
            }
            None => self.error(format!("expected `{prefix}` with a number")),
        }
    }

    pub fn peek_numbered(&self, prefix: &str) -> Option<u32> {
        let digits = self.peek_word().strip_prefix(prefix)?;
        (digits == "0" || !digits.starts_with('0')).then_some(())?;
        digits.bytes().all(|b| b.is_ascii_digit()).then(|| digits.parse().ok())?
    }

    /// Takes the number that the thing in this place of a list must have.
    pub fn in_order(&mut self, prefix: &str, place: usize) -> Read<()> {
        if self.peek_numbered(prefix) != Some(place as u32) {
            return self.error(format!("expected `{prefix}{place}`"));
        }
        self.at += 1;
        Ok(())
    }

    /// Takes `open`, items with commas between, and `close`.
    pub fn list<T>(&mut self, open: &str, close: &str, mut item: impl FnMut(&mut Reader) -> Read<T>) -> Read<Vec<T>> {
        self.expect(open)?;
        let mut items = Vec::new();
        if self.eat(close) {
            return Ok(items);
        }
        loop {
            items.push(item(self)?);
            if self.eat(close) {
                return Ok(items);
            }
            self.expect(",")?;
        }
    }

    /// Takes a list in which `x*3` stands for three times `x`; at most `limit` items.
    pub fn runs<T: Clone>(&mut self, limit: usize, mut item: impl FnMut(&mut Reader) -> Read<T>) -> Read<Vec<T>> {
        let start = self.at;
        let runs = self.list("[", "]", |reader| {
            let value = item(reader)?;
            let times: usize = if reader.eat("*") { reader.int()? } else { 1 };
            Ok((value, times))
        })?;
        if runs.iter().try_fold(0usize, |sum, (_, times)| sum.checked_add(*times)).is_none_or(|sum| sum > limit) {
            self.at = start;
            return self.error(format!("more than {limit} items"));
        }
        Ok(runs.into_iter().flat_map(|(value, times)| std::iter::repeat_n(value, times)).collect())
    }
}

fn lex_line(line: &str, number: u32, tokens: &mut Vec<(Token, u32, u32)>) -> Read<()> {
    let chars: Vec<char> = line.chars().collect();
    let mut at = 0;
    while at < chars.len() {
        let start = at;
        let column = start as u32 + 1;
        let error = |message: &str| TextError { line: number, column, message: message.into() };
        let c = chars[at];
        if c.is_whitespace() {
            at += 1;
            continue;
        }
        if c == ';' {
            break;
        }
        let sign = SIGNS.iter().find(|sign| sign.chars().enumerate().all(|(i, c)| chars.get(at + i) == Some(&c)));
        let token = if let Some(sign) = sign {
            at += sign.len();
            Token::Sign(sign)
        } else if c == '"' {
            let (text, end) = lex_text(&chars, at).ok_or_else(|| error("the quotes do not end well"))?;
            at = end;
            Token::Text(text)
        } else if c.is_ascii_alphabetic() {
            while chars.get(at).is_some_and(|c| c.is_ascii_alphanumeric() || *c == '-' || *c == '_') {
                at += 1;
            }
            Token::Word(chars[start..at].iter().collect())
        } else if c.is_ascii_digit() || c == '-' {
            at += 1;
            while chars.get(at).is_some_and(|c| c.is_ascii_alphanumeric() || "-./:+".contains(*c)) {
                at += 1;
            }
            Token::Atom(chars[start..at].iter().collect())
        } else {
            return Err(error("this character has no meaning here"));
        };
        tokens.push((token, number, column));
    }
    Ok(())
}

/// The text that begins with the quotes at `at`, and where it ends.
fn lex_text(chars: &[char], mut at: usize) -> Option<(String, usize)> {
    let mut text = String::new();
    loop {
        at += 1;
        match chars.get(at)? {
            '"' => return Some((text, at + 1)),
            '\\' => {
                at += 1;
                match chars.get(at)? {
                    'n' => text.push('\n'),
                    't' => text.push('\t'),
                    c @ ('"' | '\\') => text.push(*c),
                    'u' => {
                        let end = at + chars[at..].iter().take(12).position(|c| *c == '}')?;
                        let digits: String = chars.get(at + 2..end)?.iter().collect();
                        text.push(char::from_u32(u32::from_str_radix(&digits, 16).ok()?)?);
                        at = end;
                    }
                    _ => return None,
                }
            }
            c => text.push(*c),
        }
    }
}

/// A text in quotes, on one line.
pub(super) fn quoted(text: &str) -> String {
    let mut out = String::with_capacity(text.len() + 2);
    out.push('"');
    for c in text.chars() {
        match c {
            '"' | '\\' => {
                out.push('\\');
                out.push(c);
            }
            '\n' => out.push_str("\\n"),
            '\t' => out.push_str("\\t"),
            c if c.is_control() || c == '\u{2028}' || c == '\u{2029}' => {
                out.push_str(&format!("\\u{{{:x}}}", c as u32))
            }
            c => out.push(c),
        }
    }
    out.push('"');
    out
}
