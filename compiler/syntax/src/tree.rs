//! The lossless tree: every byte of the file is in exactly one leaf.
//!
//! Stored as one vector in text order, each element with the number of elements below it, so
//! that a tree is one allocation and can be kept, compared and sent to another thread.
//! It is made from the pairs of the grammar; the words and signs between pairs, space and
//! comments become leaves of their own. Trailing space never belongs to a node.

use crate::grammar::Rule;
use pest::iterators::Pair;

/// What an element is.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug)]
pub enum Kind {
    /// A rule of the grammar: a node, or a leaf if the rule is a token.
    Rule(Rule),
    /// A sign: `{`, `,`, `=`, `..`.
    Sign,
    /// Spaces, tabs and carriage returns, and newlines inside parentheses.
    Space,
    /// One newline.
    Newline,
    /// `# ...` up to the end of the line.
    Comment,
}

#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug)]
struct Element {
    kind: Kind,
    start: u32,
    end: u32,
    /// Number of elements of the subtree, itself included.
    size: u32,
}

/// The lossless tree of one file.
#[derive(Clone, PartialEq, Eq, Hash, Debug)]
pub struct Tree {
    text: String,
    /// The text the grammar saw, if it differs: same length, mistakes of writing mended.
    healed: Option<String>,
    elements: Vec<Element>,
}

impl Tree {
    /// The root: a [`Rule::file`] node over the whole text.
    #[must_use]
    pub fn root(&self) -> Node<'_> {
        Node { tree: self, index: 0 }
    }

    /// The text of the file as it was given.
    #[must_use]
    pub fn text(&self) -> &str {
        &self.text
    }

    fn read(&self) -> &str {
        self.healed.as_deref().unwrap_or(&self.text)
    }

    /// The start of the character a byte belongs to. Mending may have put several characters
    /// in the place of one.
    pub(crate) fn floor(&self, mut offset: u32) -> u32 {
        while self.healed.is_some() && !self.text.is_char_boundary(offset as usize) {
            offset -= 1;
        }
        offset
    }

    /// All elements in text order, the root first.
    pub fn iter(&self) -> impl Iterator<Item = Node<'_>> {
        (0..self.elements.len()).map(|index| Node { tree: self, index })
    }

    /// The chain of nodes around a byte offset, the root first; ends with a leaf.
    #[must_use]
    pub fn at(&self, offset: u32) -> Vec<Node<'_>> {
        let mut chain = vec![self.root()];
        let mut current = self.root();
        while let Some(next) = current.children().find(|child| child.start() <= offset && offset < child.end()) {
            chain.push(next);
            current = next;
        }
        chain
    }
}

/// An element of a tree: a node or a leaf.
#[derive(Clone, Copy, Debug)]
pub struct Node<'t> {
    tree: &'t Tree,
    index: usize,
}

impl PartialEq for Node<'_> {
    fn eq(&self, other: &Self) -> bool {
        std::ptr::eq(self.tree, other.tree) && self.index == other.index
    }
}

impl<'t> Node<'t> {
    fn element(self) -> Element {
        self.tree.elements[self.index]
    }

    /// What it is.
    #[must_use]
    pub fn kind(self) -> Kind {
        self.element().kind
    }

    /// The rule, unless it is a sign or trivia.
    #[must_use]
    pub fn rule(self) -> Option<Rule> {
        match self.kind() {
            Kind::Rule(rule) => Some(rule),
            _ => None,
        }
    }

    /// Whether it is an element of the given rule.
    #[must_use]
    pub fn is(self, rule: Rule) -> bool {
        self.rule() == Some(rule)
    }

    /// First byte.
    #[must_use]
    pub fn start(self) -> u32 {
        self.tree.floor(self.element().start)
    }

    /// One past the last byte.
    #[must_use]
    pub fn end(self) -> u32 {
        self.tree.floor(self.element().end)
    }

    /// The text as it was given.
    #[must_use]
    pub fn text(self) -> &'t str {
        self.tree.text.get(self.start() as usize..self.end() as usize).unwrap_or_default()
    }

    /// The text as the grammar saw it: mended where a mistake has been reported.
    #[must_use]
    pub fn read(self) -> &'t str {
        let element = self.element();
        self.tree.read().get(element.start as usize..element.end as usize).unwrap_or_default()
    }

    /// Whether nothing is below it.
    #[must_use]
    pub fn is_leaf(self) -> bool {
        self.element().size == 1
    }

    /// Whether it is space, a newline or a comment.
    #[must_use]
    pub fn is_trivia(self) -> bool {
        matches!(self.kind(), Kind::Space | Kind::Newline | Kind::Comment)
    }

    /// The elements directly below, trivia included.
    pub fn children(self) -> Children<'t> {
        Children { tree: self.tree, next: self.index + 1, end: self.index + self.element().size as usize }
    }

    /// The elements directly below that come from rules: no signs, no trivia.
    pub fn parts(self) -> impl Iterator<Item = Node<'t>> {
        self.children().filter(|child| child.rule().is_some())
    }

    /// The first part of the given rule.
    #[must_use]
    pub fn part(self, rule: Rule) -> Option<Node<'t>> {
        self.children().find(|child| child.is(rule))
    }

    /// All parts of the given rule.
    pub fn parts_of(self, rule: Rule) -> impl Iterator<Item = Node<'t>> {
        self.children().filter(move |child| child.is(rule))
    }

    /// Whether there is a part of the given rule.
    #[must_use]
    pub fn has(self, rule: Rule) -> bool {
        self.part(rule).is_some()
    }

    /// The leaves of the subtree, trivia included.
    pub fn leaves(self) -> impl Iterator<Item = Node<'t>> {
        let tree = self.tree;
        (self.index..self.index + self.element().size as usize)
            .map(move |index| Node { tree, index })
            .filter(|node| node.is_leaf())
    }

    /// Itself and everything below, in text order.
    pub fn descendants(self) -> impl Iterator<Item = Node<'t>> {
        let tree = self.tree;
        (self.index..self.index + self.element().size as usize).map(move |index| Node { tree, index })
    }
}

/// Iterator over the elements directly below a node.
#[derive(Clone, Debug)]
pub struct Children<'t> {
    tree: &'t Tree,
    next: usize,
    end: usize,
}

impl<'t> Iterator for Children<'t> {
    type Item = Node<'t>;

    fn next(&mut self) -> Option<Node<'t>> {
        if self.next >= self.end {
            return None;
        }
        let node = Node { tree: self.tree, index: self.next };
        self.next += node.element().size as usize;
        Some(node)
    }
}

/// Puts a tree together, piece by piece in text order.
pub(crate) struct Builder<'s> {
    text: &'s str,
    elements: Vec<Element>,
    cursor: usize,
}

impl<'s> Builder<'s> {
    /// Starts a tree over the text that the grammar sees.
    pub(crate) fn new(text: &'s str) -> Self {
        let root = Element { kind: Kind::Rule(Rule::file), start: 0, end: offset(text.len()), size: 1 };
        Self { text, elements: vec![root], cursor: 0 }
    }

    /// Adds a pair of a parse that started at `base`, and what lies before it.
    pub(crate) fn pair(&mut self, pair: Pair<'_, Rule>, base: usize) {
        let span = pair.as_span();
        let (start, end) = (base + span.start(), base + span.end());
        let rule = pair.as_rule();
        self.gap(start);
        let index = self.elements.len();
        self.elements.push(Element { kind: Kind::Rule(rule), start: offset(start), end: offset(end), size: 1 });
        let mut inner = pair.into_inner();
        // Braces without anything between them are a block, not a token.
        let block = matches!(rule, Rule::body | Rule::price_block | Rule::object);
        match inner.next() {
            None if !block => {
                let trimmed = self.text[start..end].trim_end_matches([' ', '\t', '\r']);
                self.cursor = start + trimmed.len();
            }
            first => {
                for child in first.into_iter().chain(inner) {
                    self.pair(child, base);
                }
                // What trails behind the last sign belongs to whoever is around.
                let tail = tail_start(&self.text[self.cursor..end]);
                self.gap(self.cursor + tail);
            }
        }
        let size = offset(self.elements.len() - index);
        let element = &mut self.elements[index];
        element.size = size;
        element.end = offset(self.cursor);
    }

    /// Adds a leaf that the grammar was not asked about.
    pub(crate) fn leaf(&mut self, rule: Rule, start: usize, end: usize) {
        self.gap(start);
        self.elements.push(Element { kind: Kind::Rule(rule), start: offset(start), end: offset(end), size: 1 });
        self.cursor = end;
    }

    /// Turns the text up to `end` into signs and trivia.
    pub(crate) fn gap(&mut self, end: usize) {
        while self.cursor < end {
            let start = self.cursor;
            let (kind, length) = gap_token(&self.text[start..end]);
            self.cursor += length;
            self.elements.push(Element { kind, start: offset(start), end: offset(self.cursor), size: 1 });
        }
    }

    /// The finished tree; `original` is the text as it was given.
    pub(crate) fn finish(mut self, original: &str) -> Tree {
        self.gap(self.text.len());
        self.elements[0].size = offset(self.elements.len());
        Tree {
            text: original.to_owned(),
            healed: (original != self.text).then(|| self.text.to_owned()),
            elements: self.elements,
        }
    }
}

fn offset(value: usize) -> u32 {
    // Files are limited to far less than 4 GiB before a tree is made.
    u32::try_from(value).unwrap_or(u32::MAX)
}

fn gap_token(text: &str) -> (Kind, usize) {
    let bytes = text.as_bytes();
    match bytes[0] {
        b'\n' => (Kind::Newline, 1),
        b' ' | b'\t' | b'\r' => {
            let is_space = |b: &&u8| matches!(b, b' ' | b'\t' | b'\r');
            (Kind::Space, bytes.iter().take_while(is_space).count())
        }
        b'#' => {
            let in_line = |b: &&u8| !matches!(b, b'\n' | b'\r');
            (Kind::Comment, bytes.iter().take_while(in_line).count())
        }
        b'.' if bytes.starts_with(b"..") => (Kind::Sign, 2),
        _ => (Kind::Sign, text.chars().next().map_or(1, char::len_utf8)),
    }
}

/// Where the trivia at the end of a text starts.
fn tail_start(text: &str) -> usize {
    let mut at = 0;
    let mut tail = 0;
    while at < text.len() {
        let (kind, length) = gap_token(&text[at..]);
        at += length;
        if kind == Kind::Sign {
            tail = at;
        }
    }
    tail
}
