//! Invoices, notes and order forms as PDF: the same bytes for the same document.
//!
//! Set in Noto Sans, which has Latin, Greek and Cyrillic; other scripts are replacement characters
//! here, and as they should be in HTML.
//!
//! *Invariant:* no clock and no chance: what is not in the document is not in the file.

// Places on a page are no amounts.
#![allow(clippy::float_arithmetic)]

mod form;
mod layout;
mod metrics;

use krilla::Document;
use krilla::color::luma;
use krilla::geom::{PathBuilder, Point};
use krilla::metadata::Metadata;
use krilla::num::NormalizedF32;
use krilla::page::PageSettings;
use krilla::paint::{Fill, Stroke};
use krilla::surface::Surface;
use krilla::text::{Font, TextDirection};
use layout::{Fonts, HEIGHT, Ink, Mark, WIDTH};
use metrics::Metrics;
use price_documents::order::OrderForm;
use price_documents::paper::Paper;

const PLAIN: &[u8] = include_bytes!("../../../fonts/NotoSans-Regular.ttf");
const BOLD: &[u8] = include_bytes!("../../../fonts/NotoSans-Bold.ttf");

/// A document of one or more pages of A4.
///
/// # Errors
/// What the writer says, which would be a fault of this program.
pub fn pdf(paper: &Paper) -> Result<Vec<u8>, String> {
    drawn(&paper.title, &paper.language, |fonts| layout::pages(paper, fonts))
}

/// An order form of one or more pages of A4.
///
/// # Errors
/// What the writer says, which would be a fault of this program.
pub fn order_form(form: &OrderForm) -> Result<Vec<u8>, String> {
    drawn(&form.title, "en", |fonts| form::pages(form, fonts))
}

fn drawn(title: &str, language: &str, pages: impl Fn(&Fonts<'_>) -> Vec<Vec<Mark>>) -> Result<Vec<u8>, String> {
    let font = |bytes: &'static [u8]| Font::new(bytes.to_vec().into(), 0).ok_or("the font cannot be read");
    let (plain, bold) = (font(PLAIN)?, font(BOLD)?);
    let metrics = |bytes| Metrics::new(bytes).ok_or("the font cannot be read");
    let fonts = Fonts { plain: metrics(PLAIN)?, bold: metrics(BOLD)? };
    let mut document = Document::new();
    document.set_metadata(Metadata::new().title(title.to_owned()).language(language.to_owned()));
    for marks in pages(&fonts) {
        let settings = PageSettings::from_wh(WIDTH, HEIGHT).ok_or("the size of a page")?;
        let mut page = document.start_page_with(settings);
        let mut surface = page.surface();
        for mark in marks {
            draw(&mut surface, mark, &plain, &bold);
        }
        surface.finish();
        page.finish();
    }
    document.finish().map_err(|error| format!("{error:?}"))
}

fn draw(surface: &mut Surface<'_>, mark: Mark, plain: &Font, bold: &Font) {
    match mark {
        Mark::Text { x, y, size, bold: heavy, ink, text } => {
            surface.set_fill(Some(Fill { paint: gray(ink).into(), ..Fill::default() }));
            surface.set_stroke(None);
            let font = if heavy { bold } else { plain };
            surface.draw_text(Point::from_xy(x, y), font.clone(), size, &text, false, TextDirection::LeftToRight);
        }
        Mark::Rule { from, to, y, width, ink } => {
            let mut path = PathBuilder::new();
            path.move_to(from, y);
            path.line_to(to, y);
            if let Some(path) = path.finish() {
                let opacity = NormalizedF32::ONE;
                surface.set_fill(None);
                surface.set_stroke(Some(Stroke { paint: gray(ink).into(), width, opacity, ..Stroke::default() }));
                surface.draw_path(&path);
            }
        }
    }
}

fn gray(ink: Ink) -> luma::Color {
    luma::Color::new(match ink {
        Ink::Full => 28,
        Ink::Soft => 96,
        Ink::Line => 212,
    })
}

#[cfg(test)]
mod tests;
