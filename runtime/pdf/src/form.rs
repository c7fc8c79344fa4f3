//! Where everything of an order form stands.

use crate::layout::{BODY, Fonts, Ink, LEAD, LEFT, Mark, Pen, RIGHT, SMALL, footers};
use price_documents::order::{OrderForm, Part, SIGNED, Table};

/// Between two columns of a table.
const GAP: f32 = 12.0;
/// Width of the names of facts.
const NAMES: f32 = 118.0;

/// The pages of a form.
pub(crate) fn pages(form: &OrderForm, fonts: &Fonts<'_>) -> Vec<Vec<Mark>> {
    let mut pen = Pen::new(fonts);
    paragraph(&mut pen, &form.title, 17.0, true, Ink::Full);
    pen.y += 6.0;
    for text in &form.lead {
        paragraph(&mut pen, text, BODY, false, Ink::Full);
        pen.y += 3.0;
    }
    pen.y += 10.0;
    side_by_side(&mut pen, &form.parties, 2.2 * BODY * LEAD, |pen, x, width, role, name| {
        let y = pen.y;
        pen.text(x, y, SMALL, false, Ink::Soft, role);
        pen.y += SMALL * LEAD + 1.0;
        party(pen, x, width, name);
    });
    pen.y += 8.0;
    facts(&mut pen, &form.facts);
    for section in &form.sections {
        heading(&mut pen, &section.title);
        for part in &section.parts {
            self::part(&mut pen, part);
        }
    }
    let height = 40.0 + SIGNED.len() as f32 * 32.0;
    pen.room(height + 40.0);
    heading(&mut pen, "Signatures");
    side_by_side(&mut pen, &form.parties, height, |pen, x, width, role, name| {
        let y = pen.y;
        pen.text(x, y, SMALL, false, Ink::Soft, role);
        pen.y += SMALL * LEAD + 1.0;
        party(pen, x, width, name);
        for line in SIGNED {
            pen.y += 32.0;
            let y = pen.y;
            pen.text(x, y - SMALL - 2.0, SMALL, false, Ink::Soft, line);
            pen.mark(Mark::Rule { from: x + 46.0, to: x + width, y, width: 0.7, ink: Ink::Full });
        }
        pen.y += 6.0;
    });
    pen.y += 16.0;
    for note in &form.notes {
        for text in pen.wrapped(note, SMALL, false, RIGHT - LEFT) {
            pen.room(SMALL * LEAD);
            let y = pen.y;
            pen.text(LEFT, y, SMALL, false, Ink::Soft, &text);
            pen.y += SMALL * LEAD;
        }
    }
    footers(&mut pen, &form.title);
    pen.pages
}

/// The parties, two in a row.
fn side_by_side(
    pen: &mut Pen<'_>,
    parties: &[(String, String)],
    height: f32,
    draw: impl Fn(&mut Pen<'_>, f32, f32, &str, &str),
) {
    let width = (RIGHT - LEFT - 34.0) / 2.0;
    for pair in parties.chunks(2) {
        pen.room(height);
        let (top, mut lowest) = (pen.y, pen.y);
        for (at, (role, name)) in pair.iter().enumerate() {
            pen.y = top;
            draw(pen, LEFT + at as f32 * (width + 34.0), width, role, name);
            lowest = lowest.max(pen.y);
        }
        pen.y = lowest + 6.0;
    }
}

/// A name, or a line to write one on.
fn party(pen: &mut Pen<'_>, x: f32, width: f32, name: &str) {
    if name.is_empty() {
        pen.y += BODY * LEAD;
        let y = pen.y;
        pen.mark(Mark::Rule { from: x, to: x + width, y, width: 0.7, ink: Ink::Line });
        return;
    }
    for text in pen.wrapped(name, BODY, true, width) {
        let y = pen.y;
        pen.text(x, y, BODY, true, Ink::Full, &text);
        pen.y += BODY * LEAD;
    }
}

fn heading(pen: &mut Pen<'_>, title: &str) {
    pen.y += 18.0;
    pen.room(BODY * LEAD * 5.0);
    paragraph(pen, title, BODY + 2.0, true, Ink::Full);
    pen.y += 3.0;
    let y = pen.y;
    pen.rule(LEFT, y, 1.0, Ink::Full);
    pen.y += 6.0;
}

fn paragraph(pen: &mut Pen<'_>, text: &str, size: f32, bold: bool, ink: Ink) {
    for line in pen.wrapped(text, size, bold, RIGHT - LEFT) {
        pen.room(size * LEAD);
        let y = pen.y;
        pen.text(LEFT, y, size, bold, ink, &line);
        pen.y += size * LEAD;
    }
}

fn facts(pen: &mut Pen<'_>, facts: &[(String, String)]) {
    for (name, value) in facts {
        let names = pen.wrapped(name, BODY, false, NAMES - 8.0);
        let values = pen.wrapped(value, BODY, false, RIGHT - LEFT - NAMES);
        pen.room(names.len().min(values.len()) as f32 * BODY * LEAD);
        let (top, page) = (pen.y, pen.pages.len());
        for text in &values {
            pen.room(BODY * LEAD);
            let y = pen.y;
            pen.text(LEFT + NAMES, y, BODY, false, Ink::Full, text);
            pen.y += BODY * LEAD;
        }
        // A value that goes on overleaf leaves its name where it began.
        if pen.pages.len() == page {
            let lowest = pen.y;
            pen.y = top;
            for text in &names {
                let y = pen.y;
                pen.text(LEFT, y, BODY, false, Ink::Soft, text);
                pen.y += BODY * LEAD;
            }
            pen.y = pen.y.max(lowest);
        }
    }
    pen.y += 4.0;
}

fn part(pen: &mut Pen<'_>, part: &Part) {
    match part {
        Part::Heading(text) => {
            pen.y += 8.0;
            pen.room(BODY * LEAD * 4.0);
            paragraph(pen, text, BODY + 0.5, true, Ink::Full);
            pen.y += 2.0;
        }
        Part::Text(text) => {
            paragraph(pen, text, BODY, false, Ink::Full);
            pen.y += 3.0;
        }
        Part::Facts(all) => facts(pen, all),
        Part::Words(text) => {
            for line in text.lines() {
                let indent = (line.len() - line.trim_start().len()) as f32 * 3.0;
                let indent = 8.0 + indent.min(120.0);
                for part in pen.wrapped(line.trim_start(), BODY - 1.0, false, RIGHT - LEFT - indent) {
                    pen.room(BODY * LEAD);
                    let y = pen.y;
                    pen.text(LEFT + indent, y, BODY - 1.0, false, Ink::Soft, &part);
                    pen.y += (BODY - 1.0) * LEAD;
                }
            }
            pen.y += 6.0;
        }
        Part::Table(table) => self::table(pen, table),
    }
}

/// Widths of columns: what their widest cell takes, or less of the widest where that is too much.
fn widths(pen: &Pen<'_>, table: &Table) -> Vec<f32> {
    let all = RIGHT - LEFT - GAP * table.head.len().saturating_sub(1) as f32;
    let fair = all / table.head.len().max(1) as f32;
    let mut wanted: Vec<f32> = Vec::new();
    for (at, head) in table.head.iter().enumerate() {
        let cells = table.rows.iter().filter_map(|row| row.get(at)).map(|cell| pen.metrics(false).width(cell, BODY));
        let widest = cells.fold(pen.metrics(true).width(head, BODY), f32::max);
        wanted.push(widest + 1.0);
    }
    let sum: f32 = wanted.iter().sum();
    if sum <= all {
        // What is left goes to the first column, so that numbers stand at the edge; words share it.
        let left = all - sum;
        match (table.words, wanted.first_mut()) {
            (false, Some(first)) => *first += left,
            _ => {
                let each = left / wanted.len().max(1) as f32;
                wanted.iter_mut().for_each(|width| *width += each);
            }
        }
        return wanted;
    }
    let narrow: f32 = wanted.iter().filter(|width| **width <= fair).sum();
    let wide: f32 = sum - narrow;
    wanted.iter().map(|width| if *width <= fair { *width } else { width * (all - narrow) / wide }).collect()
}

fn table(pen: &mut Pen<'_>, table: &Table) {
    if !table.caption.is_empty() {
        pen.room(BODY * LEAD * 4.0);
        paragraph(pen, &table.caption, BODY - 1.0, false, Ink::Soft);
    }
    let widths = widths(pen, table);
    let row = |pen: &mut Pen<'_>, cells: &[String], bold: bool| {
        let texts: Vec<Vec<String>> =
            cells.iter().zip(&widths).map(|(cell, width)| pen.wrapped(cell, BODY, bold, *width)).collect();
        let height = texts.iter().map(Vec::len).max().unwrap_or(1) as f32 * BODY * LEAD;
        let (top, mut x) = (pen.y, LEFT);
        for (at, (lines, width)) in texts.iter().zip(&widths).enumerate() {
            for (line, text) in lines.iter().enumerate() {
                let y = top + line as f32 * BODY * LEAD;
                match at == 0 || table.words {
                    true => pen.text(x, y, BODY, bold, Ink::Full, text),
                    false => pen.right(x + width, y, BODY, bold, Ink::Full, text),
                }
            }
            x += width + GAP;
        }
        pen.y = top + height + 2.5;
    };
    let height = |pen: &Pen<'_>, cells: &[String], bold: bool| {
        let lines = cells.iter().zip(&widths).map(|(cell, width)| pen.wrapped(cell, BODY, bold, *width).len());
        lines.max().unwrap_or(1) as f32 * BODY * LEAD + 6.0
    };
    let head = |pen: &mut Pen<'_>| {
        row(pen, &table.head, true);
        let y = pen.y;
        pen.rule(LEFT, y, 1.0, Ink::Full);
        pen.y += 3.0;
    };
    let first = table.rows.first().map_or(0.0, |cells| height(pen, cells, false));
    let needed = height(pen, &table.head, true) + first;
    pen.room(needed);
    head(pen);
    for cells in &table.rows {
        let needed = height(pen, cells, false);
        if pen.room(needed) {
            head(pen);
        }
        row(pen, cells, false);
        let y = pen.y;
        pen.rule(LEFT, y, 0.5, Ink::Line);
        pen.y += 3.0;
    }
    pen.y += 7.0;
}
