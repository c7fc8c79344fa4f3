//! What catalogues and ledgers call lines: tags, product codes, ledger accounts.

use super::Lowering;
use super::layers::Layer;
use super::sources::Source;
use crate::codes;
use crate::report;
use price_diagnostics::{Diagnostic, Span};
use price_ir::{Line, LineIx};
use price_syntax::ast::{self, AboutWhat, StmtKind};
use std::collections::{BTreeMap, BTreeSet};

/// Names of lines by tag, as far as statements say.
pub(super) fn tags(layers: &[Layer]) -> BTreeMap<String, BTreeSet<String>> {
    let mut found: BTreeMap<String, BTreeSet<String>> = BTreeMap::new();
    for statement in layers.iter().flat_map(Layer::body) {
        if let StmtKind::About { lines, what: AboutWhat::Tag(tag) } = &statement.kind {
            let names = lines.iter().filter_map(|path| path.last()).map(|name| name.text.clone());
            found.entry(tag.text.clone()).or_default().extend(names);
        }
    }
    found
}

impl Lowering<'_> {
    /// Whether a line has a tag.
    pub(super) fn is_tagged(&self, line: &str, tag: &str) -> bool {
        self.tags.get(tag).is_some_and(|lines| lines.contains(line))
    }

    /// The lines that have a tag; at least one.
    pub(super) fn tagged_lines(&mut self, tag: &ast::Name, lines: &[Line]) -> Option<Vec<LineIx>> {
        let found: Vec<LineIx> = (0u32..)
            .zip(lines)
            .filter(|(_, line)| self.is_tagged(&line.name, &tag.text))
            .map(|(at, _)| LineIx(at))
            .collect();
        if found.is_empty() {
            self.no_such_tag(tag);
            return None;
        }
        Some(found)
    }

    fn no_such_tag(&mut self, tag: &ast::Name) {
        if self.tags.get(&tag.text).is_some_and(|lines| lines.iter().any(|line| self.failed.contains(line))) {
            return;
        }
        let known: Vec<String> = self.tags.keys().cloned().collect();
        let mut finding =
            report::unknown(codes::UNKNOWN_NAME, "tag", &tag.text, tag.span, known.iter().map(String::as_str));
        if finding.help.is_none() {
            finding = finding.help(format!("write `tag NAMES as {}`", tag.text));
        }
        self.report(finding);
    }

    /// Enters an override at every price that has the tag.
    pub(super) fn override_tagged<'l>(
        &mut self,
        tag: &ast::Name,
        over: (usize, &'l ast::Override, Span),
        sources: &mut BTreeMap<&'l str, Source<'l>>,
    ) -> bool {
        let mut any = false;
        for (name, source) in sources.iter_mut() {
            if self.is_tagged(name, &tag.text) {
                source.overrides.push(over);
                any = true;
            }
        }
        if !any {
            self.no_such_tag(tag);
        }
        any
    }

    /// Tells lines what they are called. A higher layer has the last word on codes; tags add up.
    pub(super) fn about(&mut self, layers: &[Layer], lines: &mut [Line]) -> bool {
        let mut sound = true;
        for layer in layers {
            let mut said: BTreeMap<(&str, usize), Span> = BTreeMap::new();
            for statement in layer.body() {
                let StmtKind::About { lines: paths, what } = &statement.kind else { continue };
                for path in paths {
                    let Some(at) = self.line_named(path, lines) else {
                        sound = false;
                        continue;
                    };
                    let about = &mut lines[at.ix()].about;
                    let word = match what {
                        AboutWhat::Tag(tag) => {
                            if let Err(place) = about.tags.binary_search(&tag.text) {
                                about.tags.insert(place, tag.text.clone());
                            }
                            continue;
                        }
                        AboutWhat::Product(code) => {
                            about.product = Some(code.value.clone());
                            "product"
                        }
                        AboutWhat::Ledger(account) => {
                            about.ledger = Some(account.value.clone());
                            "ledger"
                        }
                    };
                    if let Some(first) = said.insert((word, at.ix()), path.span) {
                        let message = format!("`{}` has two answers to `{word}`", path.text());
                        self.report(
                            Diagnostic::error(codes::DECLARED_TWICE, message)
                                .at(path.span, "again")
                                .also(first, "first"),
                        );
                        sound = false;
                    }
                }
            }
        }
        sound
    }
}
