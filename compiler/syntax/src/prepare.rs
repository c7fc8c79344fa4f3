//! The pass before the grammar: cuts the file into items and mends mistakes of writing.
//!
//! - Item words are legal only in column 0. One that is seen while a brace is open closes the
//!   block and is reported, so that one forgotten brace never eats the file.
//! - Newlines between parentheses become carriage returns, which the grammar takes for space.
//! - Mistakes in numbers, quotes and signs are reported here, with a fix, and mended in place
//!   (same length) where that is possible, so that one mistake gives one message.
//!
//! One pass over the bytes, no look further back than the current line: linear in the text.

use crate::characters;
use crate::limits;
use crate::numbers;
use crate::words;
use price_diagnostics::{Code, Diagnostic, FileId, Fix, Span};

/// A stretch of the file that holds one item with the comments above it.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Chunk {
    pub(crate) start: usize,
    pub(crate) end: usize,
    /// Whether a limit was passed: the grammar must not see it.
    pub(crate) refused: bool,
}

/// What the pass found.
pub(crate) struct Prepared {
    /// The text for the grammar; same length as the text given.
    pub(crate) text: String,
    pub(crate) chunks: Vec<Chunk>,
    pub(crate) diagnostics: Vec<Diagnostic>,
}

/// Runs the pass.
pub(crate) fn prepare(file: FileId, text: &str) -> Prepared {
    let mut scanner = Scanner::new(file, text);
    scanner.run();
    let mut diagnostics = scanner.diagnostics;
    characters::whole_file(file, text, &mut diagnostics);
    Prepared {
        text: String::from_utf8(scanner.healed).unwrap_or_else(|_| text.to_owned()),
        chunks: scanner.chunks,
        diagnostics,
    }
}

pub(crate) struct Scanner<'t> {
    pub(crate) file: FileId,
    pub(crate) text: &'t str,
    pub(crate) bytes: &'t [u8],
    pub(crate) healed: Vec<u8>,
    pub(crate) diagnostics: Vec<Diagnostic>,
    pub(crate) at: usize,
    chunks: Vec<Chunk>,
    chunk_start: usize,
    refused: bool,
    /// Start of the run of blank and comment lines that ends here.
    pending: Option<usize>,
    /// Offsets of open braces.
    braces: Vec<usize>,
    parens: usize,
    /// Newlines seen since the outermost open parenthesis.
    newlines: Vec<usize>,
    line_start: usize,
    line_has_content: bool,
}

impl<'t> Scanner<'t> {
    fn new(file: FileId, text: &'t str) -> Self {
        Self {
            file,
            text,
            bytes: text.as_bytes(),
            healed: text.as_bytes().to_vec(),
            diagnostics: Vec::new(),
            at: 0,
            chunks: Vec::new(),
            chunk_start: 0,
            refused: false,
            pending: None,
            braces: Vec::new(),
            parens: 0,
            newlines: Vec::new(),
            line_start: 0,
            line_has_content: false,
        }
    }

    pub(crate) fn span(&self, start: usize, end: usize) -> Span {
        let clip = |value: usize| u32::try_from(value).unwrap_or(u32::MAX);
        Span::new(self.file, clip(start), clip(end))
    }

    pub(crate) fn peek(&self, ahead: usize) -> u8 {
        self.bytes.get(self.at + ahead).copied().unwrap_or(0)
    }

    /// Adds a finding; far beyond what will be told, only the first ones are kept.
    pub(crate) fn report(&mut self, diagnostic: Diagnostic) {
        if self.diagnostics.len() <= limits::FINDINGS {
            self.diagnostics.push(diagnostic);
        }
    }

    /// Writes over the text that the grammar will see; never changes its length.
    pub(crate) fn heal(&mut self, start: usize, with: &str) {
        if let Some(place) = self.healed.get_mut(start..start + with.len()) {
            place.copy_from_slice(with.as_bytes());
        }
    }

    fn run(&mut self) {
        if self.text.starts_with('\u{feff}') {
            self.heal(0, "   ");
            self.at = 3;
        }
        self.line();
        while self.at < self.bytes.len() {
            self.step();
        }
        self.check_line_length();
        self.newlines.clear();
        if let Some(&open) = self.braces.last() {
            let end = self.bytes.len();
            self.unclosed(open, end, end, None);
        }
        self.cut(self.bytes.len());
    }

    fn step(&mut self) {
        let byte = self.bytes[self.at];
        match byte {
            b'\n' => {
                self.check_line_length();
                if self.parens > 0 {
                    self.newlines.push(self.at);
                    if self.newlines.len() > limits::PAREN_LINES {
                        self.give_up_paren();
                    }
                }
                self.at += 1;
                self.line();
            }
            b' ' | b'\t' | b'\r' => self.at += 1,
            b'#' => self.comment(),
            b'"' => self.quoted(1, '"'),
            b'{' | b'}' => self.brace(byte),
            b'(' | b')' => self.paren(byte),
            b'0'..=b'9' => numbers::number(self),
            b'a'..=b'z' | b'A'..=b'Z' => self.word(),
            _ => characters::sign(self),
        }
        if !matches!(byte, b'\n' | b' ' | b'\t' | b'\r' | b'#') {
            self.line_has_content = true;
        }
    }

    /// Looks at a line before it is read: does a new item start here?
    fn line(&mut self) {
        self.line_start = self.at;
        self.line_has_content = false;
        let rest = &self.bytes[self.at..];
        let indent = rest.iter().take_while(|b| matches!(b, b' ' | b'\t' | b'\r')).count();
        match rest.get(indent) {
            None | Some(b'\n' | b'#') => {
                self.pending.get_or_insert(self.at);
                return;
            }
            Some(_) => {}
        }
        let pending = self.pending.take();
        let start = pending.unwrap_or(self.at);
        let at_item = indent == 0 && words::starts_item(&self.text[self.at..], true);
        if !self.braces.is_empty() {
            if at_item {
                let open = self.braces[self.braces.len() - 1];
                self.give_up_paren();
                let word_end = self.at + words::word_length(&self.text[self.at..]);
                self.unclosed(open, start, self.at, Some((self.at, word_end)));
                self.cut(start);
            }
            return;
        }
        if self.parens > 0 {
            if indent == 0 && words::starts_item(&self.text[self.at..], false) {
                self.give_up_paren();
            } else {
                return;
            }
        }
        // A brace on a line of its own belongs to the head above it; the grammar says so.
        if rest.get(indent) == Some(&b'{') {
            return;
        }
        self.cut(start);
    }

    fn cut(&mut self, end: usize) {
        if end > self.chunk_start {
            self.chunks.push(Chunk { start: self.chunk_start, end, refused: self.refused });
        }
        self.chunk_start = end;
        self.refused = false;
        self.braces.clear();
        self.parens = 0;
        self.newlines.clear();
    }

    fn check_line_length(&mut self) {
        let length = self.at - self.line_start;
        if length > limits::LINE_BYTES {
            self.refused = true;
            let span = self.span(self.line_start, self.line_start);
            let message = format!("a line has {length} bytes, which is more than can be read");
            self.report(
                Diagnostic::error(Code("P011"), message)
                    .at(span, "this line")
                    .help(format!("keep lines below {} bytes", limits::LINE_BYTES)),
            );
        }
    }

    fn unclosed(&mut self, open: usize, end: usize, at: usize, word: Option<(usize, usize)>) {
        let mut diagnostic =
            Diagnostic::error(Code("P113"), "a block is not closed").at(self.span(open, open + 1), "opened here");
        if let Some((start, stop)) = word {
            let text = &self.text[start..stop];
            diagnostic = diagnostic
                .also(self.span(start, stop), format!("`{text}` starts an item, so the block must end before it"));
        }
        // The brace goes to the end of the last line that belongs to the block.
        let body = self.text[..end.min(at)].trim_end();
        let insert = self.span(body.len(), body.len());
        diagnostic =
            diagnostic.help("write `}` alone on a line").fix(Fix::replace("close the block", insert, "\n}", false));
        self.report(diagnostic);
    }

    fn comment(&mut self) {
        let is_doc = self.peek(1) == b'#' && self.peek(2) != b'#';
        let start = self.at;
        let end = self.line_rest_end();
        if is_doc && self.line_has_content {
            let marker = self.span(start, start + 2);
            self.heal(start, "# ");
            self.report(
                Diagnostic::error(Code("P123"), "a documentation line cannot stand behind something")
                    .at(marker, "")
                    .help("put it on a line of its own above, or write `#`")
                    .fix(Fix::replace("make it an ordinary comment", marker, "#", true)),
            );
        }
        characters::inside(self, start, end);
        self.at = end;
    }

    fn line_rest_end(&self) -> usize {
        let rest = &self.bytes[self.at..];
        let length = rest.iter().take_while(|b| !matches!(b, b'\n' | b'\r'));
        self.at + length.count()
    }

    /// A quoted text whose opening quote has `width` bytes and ends with `close`.
    pub(crate) fn quoted(&mut self, width: usize, close: char) {
        let start = self.at;
        let mut at = start + width;
        loop {
            match self.text[at..].chars().next() {
                None | Some('\n' | '\r') => {
                    self.unclosed_quote(start, at);
                    self.at = at;
                    return;
                }
                Some('\\') => {
                    let next = self.bytes.get(at + 1).copied();
                    if !matches!(next, Some(b'"' | b'\\')) {
                        let span = self.span(at, at + 1);
                        self.heal(at, "/");
                        self.report(
                            Diagnostic::error(Code("P103"), "this is not an escape")
                                .at(span, "")
                                .help("only `\\\"` and `\\\\` are escapes")
                                .fix(Fix::replace("write `\\\\`", span, "\\\\", true)),
                        );
                        at += 1;
                    } else {
                        at += 2;
                    }
                }
                Some(c) if c == close => {
                    at += c.len_utf8();
                    break;
                }
                Some(c) => at += c.len_utf8(),
            }
        }
        if close != '"' {
            let span = self.span(start, at);
            let inner = &self.text[start + width..at - close.len_utf8()];
            let inner = inner.to_owned();
            let blank = |n: usize| " ".repeat(n);
            self.heal(start, &format!("{}\"", blank(width - 1)));
            let closing = close.len_utf8();
            self.heal(at - closing, &format!("\"{}", blank(closing - 1)));
            self.report(
                Diagnostic::error(Code("P102"), "a text is written between straight double quotes")
                    .at(span, "")
                    .fix(Fix::replace("use `\"`", span, format!("\"{inner}\""), true)),
            );
        }
        characters::inside(self, start, at);
        self.at = at;
    }

    fn unclosed_quote(&mut self, start: usize, end: usize) {
        let length = self.text[start..end].trim_end().len();
        let stop = start + length;
        // Make it a closed text for the grammar, so that nothing else is said about the line.
        let last = self.text[start..stop].chars().next_back();
        let last_width = last.map_or(1, char::len_utf8);
        if length > last_width {
            self.heal(start, "\"");
            let blank = " ".repeat(last_width - 1);
            self.heal(stop - last_width, &format!("{blank}\""));
            for at in start + 1..stop - last_width {
                if self.bytes[at] == b'\\' || self.bytes[at] == b'"' {
                    self.heal(at, "/");
                }
            }
        } else {
            self.heal(start, &" ".repeat(last_width));
        }
        let span = self.span(start, stop);
        let after = self.span(stop, stop);
        self.report(
            Diagnostic::error(Code("P101"), "a text is not closed on its line").at(span, "").fix(Fix::replace(
                "close it here",
                after,
                "\"",
                false,
            )),
        );
    }

    fn brace(&mut self, byte: u8) {
        self.give_up_paren();
        if byte == b'{' {
            self.braces.push(self.at);
            self.check_nesting();
        } else {
            self.braces.pop();
        }
        self.at += 1;
    }

    fn paren(&mut self, byte: u8) {
        if byte == b'(' {
            self.parens += 1;
            self.check_nesting();
        } else if self.parens > 0 {
            self.parens -= 1;
            if self.parens == 0 {
                for newline in std::mem::take(&mut self.newlines) {
                    self.heal(newline, "\r");
                }
            }
        }
        self.at += 1;
    }

    fn give_up_paren(&mut self) {
        self.parens = 0;
        self.newlines.clear();
    }

    fn check_nesting(&mut self) {
        if self.braces.len() + self.parens > limits::NESTING && !self.refused {
            self.refused = true;
            let span = self.span(self.at, self.at + 1);
            self.report(
                Diagnostic::error(Code("P012"), "braces or parentheses are nested too deeply")
                    .at(span, "one too many")
                    .help(format!("at most {} may be open at once", limits::NESTING)),
            );
        }
    }

    fn word(&mut self) {
        self.at += words::word_length(&self.text[self.at..]);
    }
}
