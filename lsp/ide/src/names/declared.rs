//! Declarations by name: of a module, of what a module imports, of a body and the layers under it.

use super::{Def, DefKind};
use crate::ide::Ide;
use price_diagnostics::{FileId, Span};
use price_syntax::ast::{
    self, Bucket, ChangeKind, DimensionSource, EventEntry, ItemKind, Slot, Stmt, StmtKind, UseDecl, WalletStmtKind,
};

/// The three sorts of names a module keeps apart.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Scope {
    /// Everything else.
    Plain,
    /// Units.
    Unit,
    /// Events.
    Event,
}

/// How deep layers and imports are followed.
const DEPTH: usize = 16;

/// Kind and scope of an item with a name.
fn kind_of(kind: &ItemKind) -> Option<(DefKind, Scope)> {
    Some(match kind {
        ItemKind::Let(_) => (DefKind::Constant, Scope::Plain),
        ItemKind::Currency(_) => (DefKind::Currency, Scope::Plain),
        ItemKind::Unit(_) => (DefKind::Unit, Scope::Unit),
        ItemKind::Dimension(_) => (DefKind::Dimension, Scope::Plain),
        ItemKind::Calendar(_) => (DefKind::Calendar, Scope::Plain),
        ItemKind::Holidays(_) => (DefKind::Holidays, Scope::Plain),
        ItemKind::Event(_) => (DefKind::Event, Scope::Event),
        ItemKind::Meter(_) => (DefKind::Meter, Scope::Plain),
        ItemKind::Formula(_) => (DefKind::Formula, Scope::Plain),
        ItemKind::RateCard(_) => (DefKind::RateCard, Scope::Plain),
        ItemKind::Plan(_) => (DefKind::Plan, Scope::Plain),
        ItemKind::Contract(_) => (DefKind::Contract, Scope::Plain),
        _ => return None,
    })
}

/// The statements of a rate card, plan or contract.
pub(crate) fn body(kind: &ItemKind) -> &[Stmt] {
    match kind {
        ItemKind::RateCard(card) => &card.body,
        ItemKind::Plan(plan) => &plan.body,
        ItemKind::Contract(contract) => &contract.body,
        _ => &[],
    }
}

/// What a statement declares.
pub(crate) fn head(stmt: &StmtKind) -> Option<(DefKind, &ast::Name)> {
    Some(match stmt {
        StmtKind::Let(decl) => (DefKind::Constant, &decl.name),
        StmtKind::Fee(fee) => (DefKind::Fee, &fee.name),
        StmtKind::Price(price) => (DefKind::Price, &price.name),
        StmtKind::Allowance(allowance) => (DefKind::Allowance, &allowance.name),
        StmtKind::Discount(discount) => (DefKind::Discount, &discount.name),
        StmtKind::Commitment(commitment) => (DefKind::Commitment, &commitment.name),
        StmtKind::Wallet(wallet) => (DefKind::Wallet, &wallet.name),
        StmtKind::Entitlement(entitlement) => (DefKind::Entitlement, &entitlement.name),
        _ => return None,
    })
}

impl Ide {
    /// The items of a file that have names, other spellings of units included.
    pub(crate) fn declared(&self, file: FileId) -> Vec<(Scope, Def)> {
        let tree = self.ast(file);
        let mut all = Vec::new();
        for (item, declared) in tree.items.iter().enumerate() {
            let (Some(name), Some((kind, scope))) = (declared.name(), kind_of(&declared.kind)) else { continue };
            let mut names = vec![name];
            if let ItemKind::Unit(unit) = &declared.kind {
                names.extend(&unit.aliases);
            }
            let def = |name: &ast::Name| Def { kind, name: name.text.clone(), file, span: name.span, item };
            all.extend(names.into_iter().map(|name| (scope, def(name))));
        }
        all
    }

    /// The labels that a dimension or calendar declares in the text.
    pub(crate) fn labels(&self, dimension: &Def) -> Vec<Def> {
        let tree = self.ast(dimension.file);
        let Some(item) = tree.items.get(dimension.item) else { return Vec::new() };
        let labels: Vec<&ast::Label> = match &item.kind {
            ItemKind::Dimension(decl) => {
                let own: Vec<&ast::Label> = match &decl.source {
                    DimensionSource::Listed(labels) => labels.iter().collect(),
                    DimensionSource::Buckets { buckets, .. } => {
                        fn label(bucket: &Bucket) -> Option<&ast::Label> {
                            match bucket {
                                Bucket::Range { label, .. } => Some(label),
                                Bucket::Bad(_) => None,
                            }
                        }
                        buckets.iter().filter_map(label).collect()
                    }
                    _ => decl.unknown.iter().collect(),
                };
                own
            }
            ItemKind::Calendar(decl) => {
                fn label(slot: &Slot) -> Option<&ast::Label> {
                    match slot {
                        Slot::Rule { label, .. } | Slot::Otherwise { label, .. } => Some(label),
                        Slot::Bad(_) => None,
                    }
                }
                let mut labels: Vec<&ast::Label> = decl.slots.iter().filter_map(label).collect();
                // Several lines may give the same label; the first declares it.
                let mut seen = std::collections::BTreeSet::new();
                labels.retain(|label| seen.insert(&label.text));
                labels
            }
            _ => Vec::new(),
        };
        let def = |label: &ast::Label| Def {
            kind: DefKind::Label,
            name: label.text.clone(),
            file: dimension.file,
            span: label.span,
            item: dimension.item,
        };
        labels.into_iter().map(def).collect()
    }

    /// Whether all labels of a dimension stand in the text.
    pub(crate) fn is_closed(&self, dimension: &Def) -> bool {
        let tree = self.ast(dimension.file);
        match tree.items.get(dimension.item).map(|item| &item.kind) {
            Some(ItemKind::Dimension(decl)) => {
                matches!(decl.source, DimensionSource::Listed(_) | DimensionSource::Buckets { .. })
            }
            _ => true,
        }
    }

    /// All labels of a dimension, those of a seed file included: they stand where the dimension does.
    pub(crate) fn all_labels(&self, dimension: &Def) -> Vec<Def> {
        use price_analysis::env::Entity;
        if self.is_closed(dimension) {
            return self.labels(dimension);
        }
        let env = self.env(dimension.file);
        let Some(Entity::Dimension(known)) = env.names.get(&dimension.name) else { return Vec::new() };
        let def = |label: &String| Def { kind: DefKind::Label, name: label.clone(), ..dimension.clone() };
        known.ir.labels.iter().map(def).collect()
    }

    /// The fields of an event.
    pub(crate) fn fields(&self, event: &Def) -> Vec<Def> {
        let tree = self.ast(event.file);
        let Some(ItemKind::Event(decl)) = tree.items.get(event.item).map(|item| &item.kind) else { return Vec::new() };
        let field = |entry: &EventEntry| match entry {
            EventEntry::Field(field) => Some(Def {
                kind: DefKind::Field,
                name: field.name.text.clone(),
                file: event.file,
                span: field.name.span,
                item: event.item,
            }),
            EventEntry::Bad(_) => None,
        };
        decl.fields.iter().filter_map(field).collect()
    }

    /// The name that the type of a field is called by.
    pub(crate) fn field_type(&self, field: &Def) -> Option<String> {
        let tree = self.ast(field.file);
        let ItemKind::Event(decl) = &tree.items.get(field.item)?.kind else { return None };
        let fits = |entry: &&EventEntry| matches!(entry, EventEntry::Field(f) if f.name.span == field.span);
        match decl.fields.iter().find(fits)? {
            EventEntry::Field(field) => match field.ty.by.first() {
                Some(family) => family.last().map(|name| name.text.clone()),
                None => Some(field.ty.name.text.clone()),
            },
            EventEntry::Bad(_) => None,
        }
    }

    /// What a name means at the top of a file.
    pub(crate) fn named(&self, file: FileId, scope: Scope, name: &str) -> Option<Def> {
        self.named_within(file, scope, name, DEPTH)
    }

    fn named_within(&self, file: FileId, scope: Scope, name: &str, depth: usize) -> Option<Def> {
        let depth = depth.checked_sub(1)?;
        // Of several versions of a card, the first stands for all.
        let own = self.declared(file).into_iter().find(|(s, def)| *s == scope && def.name == name);
        if let Some((_, def)) = own {
            return Some(def);
        }
        for item in &self.ast(file).items {
            let ItemKind::Use(UseDecl::Module { path, names, alias, .. }) = &item.kind else { continue };
            let whole = self.module(file, &path.text());
            match (whole, names) {
                (Some(target), Some(names)) => {
                    let bound = names.iter().find(|n| n.alias.as_ref().unwrap_or(&n.name).text == name);
                    if let Some(bound) = bound
                        && let Some(def) = self.named_within(target, scope, &bound.name.text, depth)
                    {
                        return Some(def);
                    }
                    // A unit is imported with its other spellings.
                    if scope == Scope::Unit
                        && let Some(def) = self.named_within(target, scope, name, depth)
                        && names.iter().any(|n| self.spells(&def, &n.name.text))
                    {
                        return Some(def);
                    }
                }
                (Some(target), None) => {
                    let bound = alias.as_ref().or(path.last())?;
                    if scope == Scope::Plain && bound.text == name {
                        return Some(self.module_def(target));
                    }
                }
                (None, None) => {
                    let (last, front) = path.segments.split_last()?;
                    if alias.as_ref().unwrap_or(last).text != name || front.is_empty() {
                        continue;
                    }
                    let module: Vec<&str> = front.iter().map(|part| part.text.as_str()).collect();
                    if let Some(target) = self.module(file, &module.join("."))
                        && let Some(def) = self.named_within(target, scope, &last.text, depth)
                    {
                        return Some(def);
                    }
                }
                (None, Some(_)) => {}
            }
        }
        None
    }

    /// Whether a unit has a spelling.
    fn spells(&self, unit: &Def, name: &str) -> bool {
        let same = |(_, def): &(Scope, Def)| def.item == unit.item && def.name == name;
        self.declared(unit.file).iter().any(same)
    }

    pub(crate) fn module_def(&self, file: FileId) -> Def {
        let name = price_analysis::module_of(self.path(file));
        Def { kind: DefKind::Module, name, file, span: Span::new(file, 0, 0), item: usize::MAX }
    }

    /// The statements that a body declares itself, in text order; for a contract also what its
    /// amendments add.
    pub(crate) fn own_statements(&self, file: FileId, item: usize) -> Vec<Def> {
        let tree = self.ast(file);
        let Some(declared) = tree.items.get(item) else { return Vec::new() };
        let mut all = Vec::new();
        for stmt in body(&declared.kind) {
            self.statement(file, item, &stmt.kind, &mut all);
        }
        if let ItemKind::Contract(contract) = &declared.kind {
            for other in self.together(file) {
                if self.is_standard(other) {
                    continue;
                }
                for (at, item) in self.ast(other).items.iter().enumerate() {
                    let ItemKind::Amendment(amendment) = &item.kind else { continue };
                    if amendment.target.last().is_none_or(|name| name.text != contract.name.text) {
                        continue;
                    }
                    for change in &amendment.changes {
                        if let ChangeKind::Add(stmt) = &change.kind {
                            self.statement(other, at, &stmt.kind, &mut all);
                        }
                    }
                }
            }
        }
        all
    }

    fn statement(&self, file: FileId, item: usize, stmt: &StmtKind, all: &mut Vec<Def>) {
        let def = |kind, name: &ast::Name| Def { kind, name: name.text.clone(), file, span: name.span, item };
        if let Some((kind, name)) = head(stmt) {
            all.push(def(kind, name));
        }
        if let StmtKind::Wallet(wallet) = stmt {
            for line in &wallet.body {
                if let WalletStmtKind::Grant(grant) = &line.kind {
                    all.extend(grant.name.iter().map(|name| def(DefKind::Grant, name)));
                }
            }
        }
    }

    /// The rate cards and plans right under a body.
    pub(crate) fn layers(&self, file: FileId, item: usize) -> Vec<Def> {
        let tree = self.ast(file);
        let Some(declared) = tree.items.get(item) else { return Vec::new() };
        let mut under = Vec::new();
        for stmt in body(&declared.kind) {
            match &stmt.kind {
                StmtKind::PricesFrom(prices) => {
                    let version = prices.version.as_ref().and_then(ast::Number::as_u64);
                    under.extend(self.path_def(file, &prices.card).map(|card| self.version(card, version)));
                }
                StmtKind::BasedOn(path) => under.extend(self.path_def(file, path)),
                _ => {}
            }
        }
        under
    }

    /// The version of a card; the card as given where there is no such version.
    fn version(&self, card: Def, version: Option<u64>) -> Def {
        let tree = self.ast(card.file);
        let numbered = tree.items.iter().enumerate().filter_map(|(at, item)| match &item.kind {
            ItemKind::RateCard(other) if other.name.text == card.name => {
                Some((other.version.as_ref().and_then(ast::Number::as_u64), at, other.name.span))
            }
            _ => None,
        });
        let chosen = match version {
            Some(_) => numbered.into_iter().find(|(number, ..)| *number == version),
            None => numbered.into_iter().max_by_key(|(number, ..)| *number),
        };
        match chosen {
            Some((_, item, span)) => Def { item, span, ..card },
            None => card,
        }
    }

    /// All statements in force in a body, nearest layer first.
    pub(crate) fn statements(&self, file: FileId, item: usize) -> Vec<Def> {
        let mut all = Vec::new();
        let mut waiting = vec![(file, item, 0)];
        while let Some((file, item, depth)) = waiting.pop() {
            all.extend(self.own_statements(file, item));
            if depth < DEPTH {
                waiting.extend(self.layers(file, item).into_iter().map(|under| (under.file, under.item, depth + 1)));
            }
        }
        all
    }

    /// What a path of names means at the top of a file: an item, or an item of a module.
    pub(crate) fn path_def(&self, file: FileId, path: &ast::Path) -> Option<Def> {
        let mut segments = path.segments.iter();
        let mut at = self.named(file, Scope::Plain, &segments.next()?.text)?;
        for segment in segments {
            if at.kind != DefKind::Module {
                return Some(at);
            }
            at = self.named(at.file, Scope::Plain, &segment.text)?;
        }
        Some(self.namesake(at))
    }

    /// For a module with an item of its own name, the item: `use globex` names the contract too.
    pub(crate) fn namesake(&self, def: Def) -> Def {
        if def.kind != DefKind::Module {
            return def;
        }
        let name = def.name.rsplit('.').next().unwrap_or_default();
        let same = |(scope, other): &(Scope, Def)| *scope == Scope::Plain && other.name == name;
        self.declared(def.file).into_iter().find(same).map(|(_, item)| item).unwrap_or(def)
    }

    /// The body that an item is about: its own, or of what a test or amendment names.
    pub(crate) fn subject(&self, file: FileId, item: usize) -> Option<Def> {
        let tree = self.ast(file);
        let declared = tree.items.get(item)?;
        let path = match &declared.kind {
            ItemKind::RateCard(_) | ItemKind::Plan(_) | ItemKind::Contract(_) => {
                let name = declared.name()?;
                let (kind, _) = kind_of(&declared.kind)?;
                return Some(Def { kind, name: name.text.clone(), file, span: name.span, item });
            }
            ItemKind::Amendment(amendment) => &amendment.target,
            ItemKind::Test(test) => &test.subject.path,
            ItemKind::TestTable(table) => &table.subject.path,
            ItemKind::Assert(assert) => match &assert.subject {
                ast::AssertSubject::One(subject) => &subject.path,
                ast::AssertSubject::Comparing { new, .. } => new,
            },
            _ => return None,
        };
        self.path_def(file, path)
            .map(|card| if card.kind == DefKind::RateCard { self.version(card, None) } else { card })
    }
}
