//! From a name in the tree to its declaration.

use super::role::{Role, role};
use super::{Def, DefKind, Scope};
use crate::ide::Ide;
use price_diagnostics::{FileId, Span};
use price_syntax::tree::Node;
use price_syntax::{Rule, Tree};
use std::sync::Arc;

/// A name in a text.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Occurrence<'t> {
    /// The leaf.
    pub(crate) leaf: Node<'t>,
    /// What it is for.
    pub(crate) role: Role,
}

/// Calls `f` with the chain of nodes around every leaf that is a name, in text order.
pub(crate) fn occurrences<'t>(tree: &'t Tree, f: &mut dyn FnMut(&[Node<'t>], Occurrence<'t>)) {
    fn walk<'t>(chain: &mut Vec<Node<'t>>, f: &mut dyn FnMut(&[Node<'t>], Occurrence<'t>)) {
        let Some(&node) = chain.last() else { return };
        if node.is_leaf() {
            if let Some(role) = role(chain) {
                f(chain, Occurrence { leaf: node, role });
            }
            return;
        }
        for child in node.children() {
            chain.push(child);
            walk(chain, f);
            chain.pop();
        }
    }
    walk(&mut vec![tree.root()], f);
}

/// The value of a label as it is written.
pub(crate) fn label_text(written: &str) -> String {
    match written.strip_prefix('"').and_then(|rest| rest.strip_suffix('"')) {
        Some(inner) => inner.replace("\\\"", "\"").replace("\\\\", "\\"),
        None => written.to_owned(),
    }
}

/// The parts of a path up to a leaf of it, the leaf last.
fn segments<'t>(chain: &[Node<'t>]) -> Vec<&'t str> {
    let Some(&leaf) = chain.last() else { return Vec::new() };
    match chain.len().checked_sub(2).map(|at| chain[at]) {
        Some(path) if path.is(Rule::path) => {
            path.parts().take_while(|part| part.start() <= leaf.start()).map(Node::read).collect()
        }
        _ => vec![leaf.read()],
    }
}

impl Ide {
    /// The leaf with a name that a cursor touches, with the nodes around it: the one it stands in,
    /// or the one that ends there.
    pub(crate) fn name_at<'t>(&self, tree: &'t Tree, offset: u32) -> Option<(Vec<Node<'t>>, Occurrence<'t>)> {
        let at = |offset: u32| {
            let chain = tree.at(offset);
            let leaf = *chain.last()?;
            let role = role(&chain)?;
            leaf.is_leaf().then_some((chain, Occurrence { leaf, role }))
        };
        at(offset).or_else(|| at(offset.checked_sub(1)?))
    }

    /// What a cursor in a text points at, and the name it touches.
    pub(crate) fn def_at(&self, file: FileId, offset: u32) -> Option<(Def, Span)> {
        let parse = self.parse(file);
        let (chain, found) = self.name_at(&parse.tree, offset)?;
        let def = self.resolve(file, &chain, found)?;
        Some((def, Span::new(file, found.leaf.start(), found.leaf.end())))
    }

    /// The names of a file that lead nowhere although they should: what the findings say in other
    /// words, or what this crate does not know.
    #[must_use]
    pub fn unresolved(&self, file: FileId) -> Vec<Span> {
        let parse = self.parse(file);
        let mut left = Vec::new();
        occurrences(&parse.tree, &mut |chain, occurrence| {
            // `annual.shortfall`: a value of what stands in front, without a declaration.
            let behind_dot = segments(chain).len() > 1;
            // Labels that a seed file has, or texts of an event, are declared in no source.
            let elsewhere = occurrence.role == Role::Label && {
                let item = self.item_at(file, occurrence.leaf.start());
                match self.dimension_of(file, item, chain) {
                    Some(dimension) => self.labels(&dimension).is_empty() || !self.is_closed(&dimension),
                    None => chain.iter().any(|node| node.is(Rule::given_event)),
                }
            };
            if occurrence.role != Role::Tag
                && !behind_dot
                && !elsewhere
                && self.resolve(file, chain, occurrence).is_none()
            {
                left.push(Span::new(file, occurrence.leaf.start(), occurrence.leaf.end()));
            }
        });
        left
    }

    /// Position of the item an offset stands in.
    pub(crate) fn item_at(&self, file: FileId, offset: u32) -> Option<usize> {
        let tree = self.ast(file);
        tree.items.iter().position(|item| item.span.touches(offset))
    }

    /// The declaration of a name. What a test or an amendment does not import itself is looked up
    /// where the body it is about stands.
    pub(crate) fn resolve(&self, file: FileId, chain: &[Node<'_>], found: Occurrence<'_>) -> Option<Def> {
        let here = self.resolve_in(file, file, chain, found);
        if here.is_some() || matches!(found.role, Role::Declares(_) | Role::Module | Role::Imported | Role::Alias) {
            return here;
        }
        let about = self.subject(file, self.item_at(file, found.leaf.start())?)?;
        let mut files: Vec<FileId> = vec![about.file];
        files.extend(self.layers(about.file, about.item).iter().map(|layer| layer.file));
        files.dedup();
        files.into_iter().filter(|other| *other != file).find_map(|other| self.resolve_in(file, other, chain, found))
    }

    /// The declaration of a name of `home`, with the names that `file` has in scope.
    fn resolve_in(&self, home: FileId, file: FileId, chain: &[Node<'_>], found: Occurrence<'_>) -> Option<Def> {
        let leaf = found.leaf;
        let path = segments(chain);
        let name = path.last()?;
        let item = || self.item_at(home, leaf.start());
        match found.role {
            Role::Declares(kind) => self.declared_here(file, kind, leaf),
            Role::Module => {
                let whole = chain.get(chain.len().checked_sub(2)?)?;
                let all: Vec<&str> = whole.parts().map(Node::read).collect();
                // A folder in front of a module leads to the module.
                self.module_path(file, &path).or_else(|| self.module_path(file, &all))
            }
            Role::Imported => {
                let used = chain.iter().rev().find(|node| node.is(Rule::use_item))?;
                let module = self.module(file, used.part(Rule::path)?.read())?;
                let scopes = [Scope::Plain, Scope::Unit, Scope::Event];
                scopes.into_iter().find_map(|scope| self.named(module, scope, name))
            }
            Role::Alias => {
                [Scope::Plain, Scope::Unit, Scope::Event].into_iter().find_map(|s| self.named(file, s, name))
            }
            Role::Unit => self.named(file, Scope::Unit, name),
            Role::Measure => self.named(file, Scope::Unit, name).or_else(|| self.named(file, Scope::Plain, name)),
            Role::FieldType => [Scope::Unit, Scope::Plain].into_iter().find_map(|scope| self.named(file, scope, name)),
            Role::Event => self.event_path(file, &path),
            Role::Priced => {
                let each =
                    chain.iter().rev().find(|n| matches!(n.rule(), Some(Rule::price_target | Rule::allowance_stmt)));
                match each.is_some_and(|node| node.has(Rule::kw_each)) {
                    true => self.event_path(file, &path),
                    false => self.item_path(file, &path).or_else(|| self.event_path(file, &path)),
                }
            }
            Role::Column => {
                let line = || self.statement_path(home, file, item()?, &path);
                line()
                    .or_else(|| self.item_path(file, &path))
                    .or_else(|| self.dimension(file, item().filter(|_| home == file), name))
            }
            Role::Dimension => self.dimension(file, item().filter(|_| home == file), name),
            Role::Item => self.item_path(file, &path).or_else(|| {
                // Lists of holidays are found in the standard library without an import.
                let except = chain.iter().any(|node| node.is(Rule::slot_except));
                let library = self.module(file, "std.holidays").filter(|_| except)?;
                self.named(library, Scope::Plain, name)
            }),
            Role::Statement => self.statement_path(home, file, item()?, &path),
            Role::Grant => {
                let wallet = chain.iter().find(|node| node.is(Rule::wallet_stmt))?;
                let inside = |def: &Def| {
                    def.kind == DefKind::Grant && wallet.start() < def.span.start && def.span.end < wallet.end()
                };
                self.own_statements(home, item()?).into_iter().find(|def| def.name == *name && inside(def))
            }
            Role::Label => self.label(home, file, chain),
            Role::Binding => self.binding(file, chain, name),
            Role::Expression => self.expression(home, file, chain, &path),
            Role::Tag => None,
        }
    }

    fn declared_here(&self, file: FileId, kind: DefKind, leaf: Node<'_>) -> Option<Def> {
        let item = self.item_at(file, leaf.start())?;
        let span = Span::new(file, leaf.start(), leaf.end());
        let name = if kind == DefKind::Label { label_text(leaf.read()) } else { leaf.read().to_owned() };
        let def = Def { kind, name, file, span, item };
        Some(match kind {
            // The first version of a card, the first line of a label stand for all.
            DefKind::RateCard => self.named(file, Scope::Plain, &def.name).unwrap_or(def),
            DefKind::Label => self.labels(&def).into_iter().find(|label| label.name == def.name).unwrap_or(def),
            _ => def,
        })
    }

    fn module_path(&self, file: FileId, path: &[&str]) -> Option<Def> {
        if let Some(module) = self.module(file, &path.join(".")) {
            return Some(self.module_def(module));
        }
        let (last, front) = path.split_last()?;
        let module = self.module(file, &front.join("."))?;
        [Scope::Plain, Scope::Unit, Scope::Event].into_iter().find_map(|scope| self.named(module, scope, last))
    }

    fn item_path(&self, file: FileId, path: &[&str]) -> Option<Def> {
        let (first, rest) = path.split_first()?;
        let mut at = self.named(file, Scope::Plain, first)?;
        for name in rest {
            at = self.member(&at, name)?;
        }
        Some(self.namesake(at))
    }

    fn event_path(&self, file: FileId, path: &[&str]) -> Option<Def> {
        let (first, rest) = path.split_first()?;
        let mut at = match self.named(file, Scope::Event, first) {
            Some(event) => event,
            None => self.named(file, Scope::Plain, first)?,
        };
        for name in rest {
            at = match at.kind {
                DefKind::Module => self.named(at.file, Scope::Event, name)?,
                _ => self.member(&at, name)?,
            };
        }
        Some(at)
    }

    /// What a dot behind a name leads to.
    fn member(&self, of: &Def, name: &str) -> Option<Def> {
        match of.kind {
            DefKind::Module => self.named(of.file, Scope::Plain, name),
            DefKind::Event => self.fields(of).into_iter().find(|field| field.name == name),
            DefKind::RateCard | DefKind::Plan | DefKind::Contract => {
                self.statements(of.file, of.item).into_iter().find(|line| line.name == name)
            }
            _ => None,
        }
    }

    /// A statement of the body around, of the layers under it, or of what a test is about.
    fn statement_path(&self, home: FileId, file: FileId, item: usize, path: &[&str]) -> Option<Def> {
        let (first, rest) = path.split_first()?;
        if let Some(subject) = self.subject(home, item) {
            let all = self.statements(subject.file, subject.item);
            let found = all.into_iter().find(|def| def.name == *first && def.kind != DefKind::Grant);
            if found.is_some() {
                // `annual.shortfall`, `storage.gross`: a value of it, without a declaration.
                return if rest.is_empty() { found } else { None };
            }
        }
        // `list.storage`: of another card.
        self.item_path(file, path)
    }

    /// A dimension by its own name, or by the name of a field that carries it.
    fn dimension(&self, file: FileId, item: Option<usize>, name: &str) -> Option<Def> {
        if let Some(def) = self.named(file, Scope::Plain, name) {
            return Some(def);
        }
        let tree = self.ast(file);
        let about = item.and_then(|item| tree.items.get(item)).map(Arc::as_ref);
        let events = self.events(file, about);
        events.iter().flat_map(|event| self.fields(event)).find(|field| field.name == name)
    }

    /// The events that an item may speak of: the one its meter reads, or all in scope.
    fn events(&self, file: FileId, about: Option<&price_syntax::ast::Item>) -> Vec<Def> {
        use price_syntax::ast::ItemKind;
        if let Some(ItemKind::Meter(meter)) = about.map(|item| &item.kind) {
            let names: Vec<&str> = meter.source.segments.iter().map(|name| name.text.as_str()).collect();
            return self.event_path(file, &names[..1]).into_iter().collect();
        }
        let files = self.together(file);
        let own = files.into_iter().filter(|other| !self.is_standard(*other));
        let mut all: Vec<Def> =
            own.flat_map(|file| self.declared(file)).filter(|(s, _)| *s == Scope::Event).map(|(_, def)| def).collect();
        all.sort_by_key(|event| event.file != file);
        all
    }

    /// The dimension that a dimension or a field is about.
    pub(crate) fn as_dimension(&self, def: Def) -> Option<Def> {
        match def.kind {
            DefKind::Dimension | DefKind::Calendar => Some(def),
            DefKind::Field => self.named(def.file, Scope::Plain, &self.field_type(&def)?),
            _ => None,
        }
    }

    /// The dimension whose value stands at a place: of the comparison, of the column, of the field.
    pub(crate) fn dimension_of(&self, file: FileId, item: Option<usize>, chain: &[Node<'_>]) -> Option<Def> {
        let leaf = chain.last()?;
        let named = |path: Node<'_>| {
            let name = path.parts().last().unwrap_or(path).read();
            self.dimension(file, item, name).and_then(|def| self.as_dimension(def))
        };
        for (depth, node) in chain.iter().enumerate().rev() {
            match node.rule() {
                Some(Rule::comparison) => {
                    let path = node.descendants().find(|part| part.is(Rule::path))?;
                    return named(path);
                }
                Some(Rule::dimension_item | Rule::bucket_item) => {
                    return self.named(file, Scope::Plain, node.part(Rule::name)?.read());
                }
                Some(Rule::matrix_head) => return named(node.parts_of(Rule::path).nth(1)?),
                Some(Rule::matrix_row) => {
                    let table = chain.get(depth.checked_sub(1)?)?;
                    return named(table.part(Rule::matrix_head)?.part(Rule::path)?);
                }
                Some(Rule::list_row) => {
                    let at = node
                        .parts_of(Rule::key)
                        .position(|key| key.start() <= leaf.start() && leaf.end() <= key.end())?;
                    let table = chain.get(depth.checked_sub(1)?)?;
                    return named(table.part(Rule::list_head)?.parts_of(Rule::path).nth(at)?);
                }
                Some(Rule::case_row) => {
                    let at = node
                        .parts_of(Rule::case_cell)
                        .position(|cell| cell.start() <= leaf.start() && leaf.end() <= cell.end())?;
                    let table = chain.get(depth.checked_sub(1)?)?;
                    let column = table.part(Rule::case_head)?.parts_of(Rule::case_column).nth(at)?;
                    return named(column.descendants().find(|part| part.is(Rule::path))?);
                }
                Some(Rule::binding) => {
                    let field = self.binding(file, &chain[..=depth], node.part(Rule::word)?.read())?;
                    return self.as_dimension(field);
                }
                // The columns of a grid of tiers and what a price is told apart by: `by region`.
                Some(Rule::price_stmt | Rule::override_stmt) => {
                    let text = label_text(leaf.read());
                    let heads = node.descendants().filter(|part| {
                        matches!(part.rule(), Some(Rule::by_names | Rule::matrix_head | Rule::list_head))
                    });
                    let paths = heads.flat_map(|head| head.descendants().filter(|part| part.is(Rule::path)));
                    let dimensions = paths.filter_map(named);
                    return dimensions
                        .into_iter()
                        .find(|dimension| self.labels(dimension).iter().any(|l| l.name == text));
                }
                _ => {}
            }
        }
        None
    }

    fn label(&self, home: FileId, file: FileId, chain: &[Node<'_>]) -> Option<Def> {
        let item = self.item_at(home, chain.last()?.start()).filter(|_| home == file);
        let dimension = self.dimension_of(file, item, chain)?;
        let text = label_text(chain.last()?.read());
        self.labels(&dimension).into_iter().find(|label| label.name == text)
    }

    /// A field of the event that is given or measured around a place; inside an object a label.
    fn binding(&self, file: FileId, chain: &[Node<'_>], name: &str) -> Option<Def> {
        for (depth, node) in chain.iter().enumerate().rev() {
            match node.rule() {
                Some(Rule::given_event) => {
                    let path = node.part(Rule::path)?;
                    let names: Vec<&str> = path.parts().map(Node::read).collect();
                    let event = self.event_path(file, &names)?;
                    return self.fields(&event).into_iter().find(|field| field.name == name);
                }
                Some(Rule::binding) if depth + 2 < chain.len() => {
                    // A binding inside an object: the name is a label of the family.
                    let outer = node.part(Rule::word)?;
                    if outer.start() == chain.last()?.start() {
                        continue;
                    }
                    let field = self.binding(file, &chain[..depth], outer.read())?;
                    let family = self.as_dimension(field)?;
                    return self.labels(&family).into_iter().find(|label| label.name == name);
                }
                Some(Rule::price_stmt) => {
                    let path = node.part(Rule::price_target)?.part(Rule::path)?;
                    let names: Vec<&str> = path.parts().map(Node::read).collect();
                    let event = self.event_path(file, &names)?;
                    return self.fields(&event).into_iter().find(|field| field.name == name);
                }
                _ => {}
            }
        }
        None
    }

    /// A name in an expression: what is nearest counts.
    fn expression(&self, home: FileId, file: FileId, chain: &[Node<'_>], path: &[&str]) -> Option<Def> {
        let leaf = *chain.last()?;
        let (first, _) = path.split_first()?;
        let item = self.item_at(home, leaf.start())?;
        if let Some(formula) = chain.iter().find(|node| node.is(Rule::formula_item)) {
            let parameter = formula
                .parts_of(Rule::param)
                .filter_map(|param| param.part(Rule::name))
                .find(|name| name.read() == *first);
            if let Some(name) = parameter {
                let span = Span::new(home, name.start(), name.end());
                return Some(Def { kind: DefKind::Parameter, name: name.read().to_owned(), file: home, span, item });
            }
        }
        let own = Some(item).filter(|_| home == file);
        let tree = self.ast(home);
        // The fields of the event itself.
        if let price_syntax::ast::ItemKind::Event(_) = &tree.items.get(item)?.kind {
            let event = self.declared(home).into_iter().find(|(_, def)| def.item == item)?.1;
            if let Some(field) = self.fields(&event).into_iter().find(|field| field.name == *first) {
                return Some(field);
            }
        }
        // `10% of input`: another row or column of the same table.
        if chain.iter().any(|node| node.is(Rule::derive))
            && let Some(label) = self.label(home, file, chain)
        {
            return Some(label);
        }
        let in_where =
            chain.iter().any(|n| matches!(n.rule(), Some(Rule::where_expr | Rule::price_filter | Rule::comparison)));
        if in_where && let Some(def) = self.dimension(file, own, first).filter(|_| path.len() == 1) {
            return Some(def);
        }
        if let Some(each) = chain.iter().find(|node| node.is(Rule::price_stmt))
            && let Some(target) = each.part(Rule::price_target).filter(|target| target.has(Rule::kw_each))
            && let Some(event) = target.part(Rule::path)
        {
            let names: Vec<&str> = event.parts().map(Node::read).collect();
            let fields = self.event_path(file, &names).map(|event| self.fields(&event)).unwrap_or_default();
            if let Some(field) = fields.into_iter().find(|field| field.name == *first) {
                return Some(field);
            }
        }
        self.statement_path(home, file, item, path)
            .or_else(|| self.event_path(file, path))
            .or_else(|| self.dimension(file, own, first).filter(|_| path.len() == 1))
    }
}
