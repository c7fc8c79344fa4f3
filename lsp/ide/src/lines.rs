//! Offsets in bytes against lines and columns, in the three ways protocols count columns.

/// How columns are counted.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum Encoding {
    /// Bytes.
    Utf8,
    /// Units of UTF-16: what editors count unless something else is agreed.
    #[default]
    Utf16,
    /// Characters.
    Utf32,
}

impl Encoding {
    fn width(self, character: char) -> u32 {
        let width = match self {
            Encoding::Utf8 => character.len_utf8(),
            Encoding::Utf16 => character.len_utf16(),
            Encoding::Utf32 => 1,
        };
        u32::try_from(width).unwrap_or(0)
    }
}

/// A line and a column, both from 0.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub struct Position {
    /// Line.
    pub line: u32,
    /// Column, counted as agreed.
    pub column: u32,
}

/// Where the lines of a text begin.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct LineIndex {
    starts: Vec<u32>,
    length: u32,
}

impl LineIndex {
    /// The lines of a text.
    #[must_use]
    pub fn new(text: &str) -> LineIndex {
        let ends = text.bytes().enumerate().filter(|(_, byte)| *byte == b'\n');
        let after = ends.map(|(at, _)| u32::try_from(at + 1).unwrap_or(u32::MAX));
        LineIndex {
            starts: std::iter::once(0).chain(after).collect(),
            length: u32::try_from(text.len()).unwrap_or(u32::MAX),
        }
    }

    /// Number of lines, at least one.
    #[must_use]
    pub fn lines(&self) -> u32 {
        u32::try_from(self.starts.len()).unwrap_or(u32::MAX)
    }

    /// First byte of a line; the end of the text behind the last one.
    #[must_use]
    pub fn start(&self, line: u32) -> u32 {
        self.starts.get(line as usize).copied().unwrap_or(self.length)
    }

    /// The line of an offset.
    #[must_use]
    pub fn line(&self, offset: u32) -> u32 {
        u32::try_from(self.starts.partition_point(|start| *start <= offset).max(1) - 1).unwrap_or(0)
    }

    /// Where an offset stands; inside a character it counts as its start.
    #[must_use]
    pub fn position(&self, text: &str, offset: u32, encoding: Encoding) -> Position {
        let line = self.line(offset.min(self.length));
        let start = self.start(line) as usize;
        let mut column = 0;
        for (at, character) in text.get(start..).unwrap_or_default().char_indices() {
            if start + at + character.len_utf8() > offset as usize {
                break;
            }
            column += encoding.width(character);
        }
        Position { line, column }
    }

    /// The offset of a position; beyond the end of a line it is the end of that line.
    #[must_use]
    pub fn offset(&self, text: &str, position: Position, encoding: Encoding) -> u32 {
        let start = self.start(position.line) as usize;
        let mut column = 0;
        for (at, character) in text.get(start..).unwrap_or_default().char_indices() {
            let end_of_line = character == '\n' || (character == '\r' && text[start + at..].starts_with("\r\n"));
            if end_of_line || column >= position.column {
                return u32::try_from(start + at).unwrap_or(u32::MAX);
            }
            column += encoding.width(character);
        }
        self.length
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn columns_are_counted_as_agreed() {
        let text = "a€𝄞b\r\nc";
        let lines = LineIndex::new(text);
        for (encoding, columns) in
            [(Encoding::Utf8, [0, 1, 4, 8, 9]), (Encoding::Utf16, [0, 1, 2, 4, 5]), (Encoding::Utf32, [0, 1, 2, 3, 4])]
        {
            for (offset, column) in [0u32, 1, 4, 8, 9].into_iter().zip(columns) {
                let position = lines.position(text, offset, encoding);
                assert_eq!(position, Position { line: 0, column }, "{offset} {encoding:?}");
                assert_eq!(lines.offset(text, position, encoding), offset);
            }
            assert_eq!(lines.offset(text, Position { line: 0, column: 99 }, encoding), 9, "before the line end");
            assert_eq!(lines.offset(text, Position { line: 9, column: 0 }, encoding), 12);
            assert_eq!(lines.position(text, 11, encoding), Position { line: 1, column: 0 });
        }
        assert_eq!(lines.position(text, 2, Encoding::Utf16).column, 1, "inside a character");
    }
}
