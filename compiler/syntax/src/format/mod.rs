//! The formatter: one spelling for every file.
//!
//! - Two spaces of indent, one statement per line, at most one blank line, none at the ends of a
//!   block. Items of several lines stand apart.
//! - The first words of settings, wallets, commitments and waterfalls fill a fixed column.
//! - Ladders, tables and calendars are aligned; the widths of columns are multiples of four and
//!   do not shrink unless asked, so that one longer cell does not touch every row.
//! - Numbers, texts and comments are never changed.
//!
//! It works on the lossless tree. A line that cannot be read is kept as it is, only indented; a
//! file with a mistake inside a token, or with unbalanced braces, is refused, because there the
//! tree does not say what was meant.

mod grid;
mod tokens;

use crate::grammar::Rule;
use crate::tree::{Kind, Node};
use grid::Grid;
use price_diagnostics::{Diagnostic, FileId};

/// What can be chosen.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug, Default)]
pub struct FormatOptions {
    /// Whether columns shrink to what they hold.
    pub realign: bool,
}

/// Why a file was not formatted.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct FormatError {
    /// The mistakes that have to be mended first; at least one.
    pub diagnostics: Vec<Diagnostic>,
}

impl std::fmt::Display for FormatError {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "the file has mistakes that must be mended before it can be formatted")
    }
}

impl std::error::Error for FormatError {}

/// Formats the text of a `.price` file.
///
/// # Errors
///
/// If the file has a mistake inside a number, a text or a sign, unbalanced braces, or breaks a
/// limit; the mistakes are told with spans in file 0.
pub fn format(text: &str, options: FormatOptions) -> Result<String, FormatError> {
    let parse = crate::parse(FileId(0), text);
    let unbalanced = parse.tree.iter().any(|node| node.is(Rule::stray) || node.is(Rule::leftover));
    if parse.mended || unbalanced {
        let diagnostics = parse.diagnostics.into_iter().filter(Diagnostic::is_error).collect();
        return Err(FormatError { diagnostics });
    }
    let mut printer = Printer { options, lines: Vec::new() };
    printer.file(parse.tree.root());
    Ok(printer.text())
}

/// Formats the fenced blocks of a `.price.md` file, and leaves everything else alone.
///
/// # Errors
///
/// As [`format()`], for the first block that cannot be formatted; spans count from the start of
/// the whole file.
pub fn format_markdown(text: &str, options: FormatOptions) -> Result<String, FormatError> {
    let mut out = String::with_capacity(text.len());
    let mut done = 0;
    for block in crate::markdown::blocks(text) {
        out.push_str(&text[done..block.start]);
        let formatted = format(&text[block.clone()], options).map_err(|error| {
            let by = u32::try_from(block.start).unwrap_or(u32::MAX);
            FormatError { diagnostics: error.diagnostics.into_iter().map(|finding| finding.shifted(by)).collect() }
        })?;
        out.push_str(&formatted);
        done = block.end;
    }
    out.push_str(&text[done..]);
    Ok(out)
}

#[derive(Default)]
struct Line {
    indent: usize,
    text: String,
    comment: Option<String>,
    blank_before: bool,
}

struct Printer {
    options: FormatOptions,
    lines: Vec<Line>,
}

/// How the lines of a block are laid out.
enum Layout {
    Plain,
    Grid(Grid),
}

impl Printer {
    fn text(&self) -> String {
        let mut out = String::new();
        for line in &self.lines {
            if line.blank_before && !out.is_empty() {
                out.push('\n');
            }
            let start = out.len();
            out.extend(std::iter::repeat_n(' ', line.indent));
            out.push_str(&line.text);
            if let Some(comment) = &line.comment {
                if !line.text.is_empty() {
                    out.push_str("  ");
                }
                out.push_str(comment);
            }
            out.truncate(start + out[start..].trim_end().len());
            out.push('\n');
        }
        out
    }

    fn line(&mut self, indent: usize, text: String, blank_before: bool) {
        self.lines.push(Line { indent, text, comment: None, blank_before });
    }

    fn file(&mut self, root: Node<'_>) {
        let mut newlines = 2;
        // Index of the first comment or documentation line above the next item.
        let mut above: Option<usize> = None;
        let mut after_block = false;
        for child in root.children() {
            match child.kind() {
                Kind::Newline => newlines += 1,
                Kind::Space | Kind::Sign => {}
                Kind::Comment if newlines == 0 => self.trailing(child),
                Kind::Comment | Kind::Rule(Rule::doc) => {
                    let blank = newlines > 1;
                    if above.is_none() || (blank && child.kind() == Kind::Comment) {
                        above = Some(self.lines.len());
                    }
                    self.line(0, remark(child), blank || (after_block && above == Some(self.lines.len())));
                    newlines = 0;
                }
                Kind::Rule(_) => {
                    let first = above.take().unwrap_or(self.lines.len());
                    let before = self.lines.len();
                    self.entry(child, 0, &Layout::Plain, newlines > 1);
                    let is_block = self.lines.len() > before + 1;
                    if (is_block || after_block)
                        && let Some(line) = self.lines.get_mut(first)
                    {
                        line.blank_before = true;
                    }
                    after_block = is_block;
                    newlines = 0;
                }
            }
        }
    }

    fn trailing(&mut self, comment: Node<'_>) {
        let text = comment.text().trim_end().to_owned();
        match self.lines.last_mut() {
            Some(line) if line.comment.is_none() => line.comment = Some(text),
            _ => self.line(0, text, false),
        }
    }

    /// One item, statement or row, with the block it may have.
    fn entry(&mut self, node: Node<'_>, indent: usize, layout: &Layout, blank: bool) {
        if node.is(Rule::bad) || node.is(Rule::skipped) {
            self.line(indent, node.text().trim_end().to_owned(), blank);
            return;
        }
        if let Layout::Grid(grid) = layout
            && let Some(text) = grid.row(node)
        {
            self.line(indent, text, blank);
            return;
        }
        let block = block_of(node).filter(|block| !is_inline(*block));
        let mut head = tokens::of(node, block);
        tokens::pad_first_word(node, &mut head);
        let mut lines = tokens::lines(&head).into_iter();
        self.line(indent, lines.next().unwrap_or_default(), blank);
        for line in lines {
            let closes = line.starts_with(')');
            self.line(if closes { indent } else { indent + 4 }, line, false);
        }
        if let Some(block) = block {
            self.block(block, indent);
        }
    }

    fn block(&mut self, block: Node<'_>, indent: usize) {
        let layout = match grid::of(block, self.options) {
            Some(grid) => Layout::Grid(grid),
            None => Layout::Plain,
        };
        let mut children = block.children().skip_while(|child| !child.is(Rule::open)).skip(1);
        let mut newlines = 0;
        let mut first = true;
        for child in children.by_ref() {
            match child.kind() {
                Kind::Newline => newlines += 1,
                Kind::Space => {}
                Kind::Sign if child.text() == "}" => break,
                Kind::Sign => {}
                Kind::Comment if newlines == 0 => self.trailing(child),
                Kind::Comment | Kind::Rule(Rule::doc) => {
                    self.line(indent + 2, remark(child), newlines > 1 && !first);
                    newlines = 0;
                    first = false;
                }
                Kind::Rule(_) => {
                    self.entry(child, indent + 2, &layout, newlines > 1 && !first);
                    newlines = 0;
                    first = false;
                }
            }
        }
        self.line(indent, "}".to_owned(), false);
    }
}

/// A comment or documentation line as it is printed.
fn remark(node: Node<'_>) -> String {
    let text = node.text().trim_end();
    match text.strip_prefix("##") {
        Some(rest) if node.is(Rule::doc) && !rest.is_empty() && !rest.starts_with([' ', '\t']) => format!("## {rest}"),
        _ => text.to_owned(),
    }
}

/// The node whose braces hold the lines of an item or statement.
fn block_of(node: Node<'_>) -> Option<Node<'_>> {
    node.descendants().find(|part| part.children().any(|child| child.is(Rule::open)))
}

/// Whether a block stays on one line because it was written so: events and given events only.
fn is_inline(block: Node<'_>) -> bool {
    matches!(block.rule(), Some(Rule::event_item | Rule::object))
        && !block.descendants().any(|part| {
            matches!(part.kind(), Kind::Newline | Kind::Comment) || part.is(Rule::bad) || part.is(Rule::doc)
        })
}
