//! How wide texts are.

use ttf_parser::Face;

/// A font by its widths. Numbers are in points.
pub(crate) struct Metrics<'f> {
    face: Face<'f>,
    units: f32,
}

impl<'f> Metrics<'f> {
    /// None where the bytes are no font.
    pub(crate) fn new(bytes: &'f [u8]) -> Option<Metrics<'f>> {
        let face = Face::parse(bytes, 0).ok()?;
        let units = f32::from(face.units_per_em());
        Some(Metrics { face, units })
    }

    /// Text as it can be set: what the font does not have is a replacement character.
    pub(crate) fn known(&self, text: &str) -> String {
        let known = |c: char| match c {
            c if c.is_control() => ' ',
            c if self.face.glyph_index(c).is_some() => c,
            // The minus sign of mathematics is as wide as a dash.
            '\u{2212}' => '–',
            _ => '\u{FFFD}',
        };
        text.chars().map(known).collect()
    }

    /// Width of a text that is set in a size.
    pub(crate) fn width(&self, text: &str, size: f32) -> f32 {
        let advance = |c: char| {
            let glyph = self.face.glyph_index(c).unwrap_or_default();
            f32::from(self.face.glyph_hor_advance(glyph).unwrap_or_default())
        };
        text.chars().map(advance).sum::<f32>() / self.units * size
    }

    /// Lines that are no wider than a column. A word that is wider is cut.
    pub(crate) fn wrapped(&self, text: &str, size: f32, column: f32) -> Vec<String> {
        let mut lines = Vec::new();
        let mut line = String::new();
        for word in text.split_whitespace() {
            let mut word = word.to_owned();
            let longer = if line.is_empty() { word.clone() } else { format!("{line} {word}") };
            if self.width(&longer, size) <= column {
                line = longer;
                continue;
            }
            if !line.is_empty() {
                lines.push(std::mem::take(&mut line));
            }
            while self.width(&word, size) > column {
                let mut fits = 0;
                for (at, c) in word.char_indices() {
                    if self.width(&word[..at + c.len_utf8()], size) > column && fits > 0 {
                        break;
                    }
                    fits = at + c.len_utf8();
                }
                let rest = word.split_off(fits);
                lines.push(std::mem::replace(&mut word, rest));
            }
            line = word;
        }
        if !line.is_empty() || lines.is_empty() {
            lines.push(line);
        }
        lines
    }
}
