//! Where everything stands: pages of texts and rules, in points from the upper left corner.

use crate::metrics::Metrics;
use price_documents::paper::{Paper, RowKind};

/// A4.
pub(crate) const WIDTH: f32 = 595.28;
pub(crate) const HEIGHT: f32 = 841.89;
pub(crate) const LEFT: f32 = 51.0;
pub(crate) const RIGHT: f32 = WIDTH - 51.0;
const TOP: f32 = 57.0;
const BOTTOM: f32 = HEIGHT - 62.0;
pub(crate) const BODY: f32 = 9.5;
pub(crate) const SMALL: f32 = 7.5;
pub(crate) const LEAD: f32 = 1.38;
/// Right edges of quantity, rate and amount.
const COLUMNS: [f32; 3] = [RIGHT - 168.0, RIGHT - 92.0, RIGHT];
/// Width of the text of a row.
const TEXT: f32 = COLUMNS[0] - 92.0 - LEFT;

/// How dark.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(crate) enum Ink {
    Full,
    Soft,
    Line,
}

/// Something on a page.
#[derive(Debug, Clone, PartialEq)]
pub(crate) enum Mark {
    Text { x: f32, y: f32, size: f32, bold: bool, ink: Ink, text: String },
    Rule { from: f32, to: f32, y: f32, width: f32, ink: Ink },
}

pub(crate) struct Fonts<'f> {
    pub(crate) plain: Metrics<'f>,
    pub(crate) bold: Metrics<'f>,
}

/// Writes down the pages.
pub(crate) struct Pen<'f> {
    fonts: &'f Fonts<'f>,
    pub(crate) pages: Vec<Vec<Mark>>,
    /// Where the next line stands: its upper edge.
    pub(crate) y: f32,
}

impl<'f> Pen<'f> {
    /// At the top of a first page.
    pub(crate) fn new(fonts: &'f Fonts<'f>) -> Pen<'f> {
        Pen { fonts, pages: vec![Vec::new()], y: TOP }
    }

    pub(crate) fn metrics(&self, bold: bool) -> &Metrics<'_> {
        if bold { &self.fonts.bold } else { &self.fonts.plain }
    }

    pub(crate) fn mark(&mut self, mark: Mark) {
        if let Some(page) = self.pages.last_mut() {
            page.push(mark);
        }
    }

    pub(crate) fn text(&mut self, x: f32, y: f32, size: f32, bold: bool, ink: Ink, text: &str) {
        let text = self.metrics(bold).known(text);
        if !text.trim().is_empty() {
            self.mark(Mark::Text { x, y: y + size, size, bold, ink, text });
        }
    }

    pub(crate) fn right(&mut self, edge: f32, y: f32, size: f32, bold: bool, ink: Ink, text: &str) {
        let text = self.metrics(bold).known(text);
        let width = self.metrics(bold).width(&text, size);
        self.text(edge - width, y, size, bold, ink, &text);
    }

    pub(crate) fn rule(&mut self, from: f32, y: f32, width: f32, ink: Ink) {
        self.mark(Mark::Rule { from, to: RIGHT, y, width, ink });
    }

    pub(crate) fn wrapped(&self, text: &str, size: f32, bold: bool, column: f32) -> Vec<String> {
        self.metrics(bold).wrapped(&self.metrics(bold).known(text), size, column)
    }

    /// Begins a page where so much does not fit on this one; whether it did.
    pub(crate) fn room(&mut self, height: f32) -> bool {
        if self.y + height <= BOTTOM {
            return false;
        }
        self.pages.push(Vec::new());
        self.y = TOP;
        true
    }
}

/// The pages of a document.
pub(crate) fn pages(paper: &Paper, fonts: &Fonts<'_>) -> Vec<Vec<Mark>> {
    let mut pen = Pen::new(fonts);
    heading(&mut pen, paper);
    if !paper.lines.is_empty() || !paper.totals.is_empty() {
        lines(&mut pen, paper);
        totals(&mut pen, paper);
    }
    for block in &paper.blocks {
        table(&mut pen, block);
    }
    notes(&mut pen, paper);
    footers(&mut pen, &paper.title);
    pen.pages
}

/// The title and the number of each page at its foot.
pub(crate) fn footers(pen: &mut Pen<'_>, title: &str) {
    let count = pen.pages.len();
    let fonts = pen.fonts;
    // As much of the title as leaves room for the number.
    let title = pen.wrapped(title, SMALL, false, RIGHT - LEFT - 60.0).swap_remove(0);
    for (at, page) in pen.pages.iter_mut().enumerate() {
        let number = format!("{} of {count}", at + 1);
        let x = RIGHT - fonts.plain.width(&number, SMALL);
        let text = |x: f32, text: String| {
            let (y, size, bold, ink) = (HEIGHT - 34.0, SMALL, false, Ink::Soft);
            Mark::Text { x, y, size, bold, ink, text }
        };
        page.push(text(x, number));
        page.push(text(LEFT, title.clone()));
    }
}

fn heading(pen: &mut Pen<'_>, paper: &Paper) {
    let start = pen.y;
    for (at, line) in paper.seller.lines().into_iter().enumerate() {
        for part in pen.wrapped(line, BODY, at == 0, 230.0) {
            let y = pen.y;
            pen.text(LEFT, y, BODY, at == 0, Ink::Full, &part);
            pen.y += BODY * LEAD;
        }
    }
    let left = pen.y;
    pen.y = start;
    let (label, value) = (LEFT + 262.0, LEFT + 330.0);
    for (name, text) in &paper.facts {
        let y = pen.y;
        pen.text(label, y, BODY, false, Ink::Soft, name);
        for part in pen.wrapped(text, BODY, false, RIGHT - value) {
            let y = pen.y;
            pen.text(value, y, BODY, false, Ink::Full, &part);
            pen.y += BODY * LEAD;
        }
    }
    pen.y = pen.y.max(left) + 26.0;
    let y = pen.y;
    pen.text(LEFT, y, SMALL, false, Ink::Soft, "For");
    pen.y += SMALL * LEAD + 2.0;
    for (at, line) in paper.buyer.lines().into_iter().enumerate() {
        for part in pen.wrapped(line, BODY, at == 0, 300.0) {
            let y = pen.y;
            pen.text(LEFT, y, BODY, at == 0, Ink::Full, &part);
            pen.y += BODY * LEAD;
        }
    }
    pen.y += 26.0;
    for part in pen.wrapped(&paper.title, 17.0, true, RIGHT - LEFT) {
        let y = pen.y;
        pen.text(LEFT, y, 17.0, true, Ink::Full, &part);
        pen.y += 17.0 * LEAD;
    }
    pen.y += 8.0;
}

fn columns(pen: &mut Pen<'_>, paper: &Paper) {
    let y = pen.y;
    pen.text(LEFT, y, BODY, true, Ink::Full, "Description");
    pen.right(COLUMNS[0], y, BODY, true, Ink::Full, "Quantity");
    pen.right(COLUMNS[1], y, BODY, true, Ink::Full, "Rate");
    pen.right(COLUMNS[2], y, BODY, true, Ink::Full, &format!("Amount ({})", paper.currency));
    pen.y += BODY * LEAD + 3.0;
    let y = pen.y;
    pen.rule(LEFT, y, 1.0, Ink::Full);
    pen.y += 4.0;
}

fn lines(pen: &mut Pen<'_>, paper: &Paper) {
    columns(pen, paper);
    if paper.lines.is_empty() {
        let y = pen.y;
        pen.text(LEFT, y, BODY, false, Ink::Soft, "Nothing was charged.");
        pen.y += BODY * LEAD;
    }
    for (at, row) in paper.lines.iter().enumerate() {
        let line = row.kind == RowKind::Line;
        let (size, indent) = if line { (BODY, 0.0) } else { (BODY - 1.0, 10.0) };
        let texts = pen.wrapped(&row.text, size, line, TEXT - indent);
        let notes = if row.note.is_empty() { Vec::new() } else { pen.wrapped(&row.note, SMALL, false, TEXT) };
        let gap = if line && at > 0 { 7.0 } else { 1.0 };
        let height = gap + texts.len() as f32 * size * LEAD + notes.len() as f32 * SMALL * LEAD;
        if pen.room(height) {
            columns(pen, paper);
        } else if line && at > 0 {
            let y = pen.y + gap / 2.0;
            pen.rule(LEFT, y, 0.5, Ink::Line);
            pen.y += gap;
        } else {
            pen.y += gap;
        }
        let ink = if line { Ink::Full } else { Ink::Soft };
        let y = pen.y;
        pen.right(COLUMNS[0], y, size, false, ink, &row.quantity);
        pen.right(COLUMNS[1], y, size, false, ink, &row.rate);
        pen.right(COLUMNS[2], y, size, false, ink, &row.amount);
        for text in texts {
            let y = pen.y;
            pen.text(LEFT + indent, y, size, line, ink, &text);
            pen.y += size * LEAD;
        }
        for note in notes {
            let y = pen.y;
            pen.text(LEFT, y, SMALL, false, Ink::Soft, &note);
            pen.y += SMALL * LEAD;
        }
    }
}

fn totals(pen: &mut Pen<'_>, paper: &Paper) {
    pen.y += 8.0;
    pen.room(paper.totals.len() as f32 * 20.0);
    let from = LEFT + 262.0;
    let y = pen.y;
    pen.rule(from, y, 1.0, Ink::Full);
    pen.y += 6.0;
    for (at, (name, value)) in paper.totals.iter().enumerate() {
        let last = at + 1 == paper.totals.len();
        let size = if last { BODY + 2.0 } else { BODY };
        let y = pen.y;
        pen.text(from, y, size, last, Ink::Full, name);
        pen.right(RIGHT, y, size, last, Ink::Full, value);
        pen.y += size * LEAD + 3.0;
    }
}

fn table(pen: &mut Pen<'_>, block: &price_documents::paper::Block) {
    pen.y += 20.0;
    pen.room(3.0 * BODY * LEAD + 14.0);
    let y = pen.y;
    pen.text(LEFT, y, BODY + 1.0, true, Ink::Full, &block.title);
    pen.y += BODY * LEAD + 6.0;
    let count = block.head.len().saturating_sub(1).max(1);
    let first = 190.0;
    let step = (RIGHT - LEFT - first) / count as f32;
    let edge = |at: usize| LEFT + first + step * at as f32;
    let head = |pen: &mut Pen<'_>| {
        for (at, name) in block.head.iter().enumerate().skip(1) {
            let y = pen.y;
            pen.right(edge(at), y, SMALL + 0.5, true, Ink::Soft, name);
        }
        pen.y += BODY * LEAD;
    };
    head(pen);
    for row in &block.rows {
        let names = pen.wrapped(row.first().map_or("", String::as_str), BODY, false, first - 8.0);
        if pen.room(names.len() as f32 * BODY * LEAD + 6.0) {
            head(pen);
        }
        let y = pen.y;
        pen.rule(LEFT, y, 0.5, Ink::Line);
        pen.y += 3.0;
        for (at, cell) in row.iter().enumerate().skip(1) {
            let y = pen.y;
            pen.right(edge(at), y, BODY, false, Ink::Full, cell);
        }
        for name in names {
            let y = pen.y;
            pen.text(LEFT, y, BODY, false, Ink::Full, &name);
            pen.y += BODY * LEAD;
        }
        pen.y += 2.0;
    }
}

fn notes(pen: &mut Pen<'_>, paper: &Paper) {
    pen.y += 22.0;
    for (at, note) in paper.notes.iter().enumerate() {
        for (part, text) in pen.wrapped(note, SMALL, false, RIGHT - LEFT).into_iter().enumerate() {
            pen.room(SMALL * LEAD + 6.0);
            if at == 0 && part == 0 {
                let y = pen.y;
                pen.rule(LEFT, y, 0.5, Ink::Line);
                pen.y += 6.0;
            }
            let y = pen.y;
            pen.text(LEFT, y, SMALL, false, Ink::Soft, &text);
            pen.y += SMALL * LEAD;
        }
        pen.y += 2.0;
    }
}
