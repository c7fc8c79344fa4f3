//! What the names of one module mean: declarations with their types, imports resolved.
//!
//! No spans are kept in meanings, so that moving text does not change them and readers of
//! this module in other files are not computed again.

use crate::codes;
use crate::db;
use crate::declare::{self, CalendarDef, DimensionDef, EventDef, MeterDef};
use crate::imports::{self, Target};
use crate::inputs::{File, Workspace};
use crate::items::{self, Head};
use crate::limits;
use crate::report;
use crate::types::{Names, Ty, Typer, Val};
use crate::unit::Unit;
use price_diagnostics::{Diagnostic, ItemId, Span};
use price_syntax::ast::{self, ItemKind, UseDecl};
use price_value::{Currency, Date};
use std::collections::BTreeMap;
use std::sync::Arc;

/// Where an item stands.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub struct ItemRef {
    /// File.
    pub file: File,
    /// Which of the file's items.
    pub id: ItemId,
}

/// What a name means.
#[derive(Debug, Clone, PartialEq)]
pub enum Entity {
    /// A unit.
    Unit(Arc<Unit>),
    /// A currency.
    Currency(Arc<Currency>),
    /// A dimension that is not a calendar.
    Dimension(Arc<DimensionDef>),
    /// A calendar; it is also a dimension.
    Calendar(Arc<CalendarDef>),
    /// Days off.
    Holidays(Arc<Vec<Date>>),
    /// A schema of usage.
    Event(Arc<EventDef>),
    /// A meter.
    Meter(Arc<MeterDef>),
    /// A formula and where it stands.
    Formula(ItemRef),
    /// A constant.
    Let(Val),
    /// A rate card: its versions.
    Card(Vec<(Option<u32>, ItemRef)>),
    /// A plan.
    Plan(ItemRef),
    /// A contract.
    Contract(ItemRef),
    /// A module bound by `use`.
    Module(File),
    /// Declared, but wrong: reported already.
    Error,
}

/// Units are named apart from everything else: a meter `seats` may count the unit `seats`.
pub fn unit_key(name: &str) -> String {
    format!("unit {name}")
}

/// Events are named apart as well: an event `call` may be counted in calls.
pub fn event_key(name: &str) -> String {
    format!("event {name}")
}

fn key_of(word: &str, name: &str) -> String {
    match word {
        "unit" => unit_key(name),
        "event" => event_key(name),
        _ => name.to_string(),
    }
}

/// The three sorts of names.
#[derive(Clone, Copy)]
enum Kind {
    Plain,
    Unit,
    Event,
}

impl Kind {
    fn key(self, name: &str) -> String {
        match self {
            Kind::Plain => name.to_string(),
            Kind::Unit => unit_key(name),
            Kind::Event => event_key(name),
        }
    }
}

/// A key without the word in front of it.
pub fn spelling(key: &str) -> &str {
    key.rsplit(' ').next().unwrap_or(key)
}

impl Entity {
    /// With its article, for messages.
    pub fn kind(&self) -> &'static str {
        match self {
            Entity::Unit(_) => "a unit",
            Entity::Currency(_) => "a currency",
            Entity::Dimension(_) => "a dimension",
            Entity::Calendar(_) => "a calendar",
            Entity::Holidays(_) => "a list of holidays",
            Entity::Event(_) => "an event",
            Entity::Meter(_) => "a meter",
            Entity::Formula(_) => "a formula",
            Entity::Let(_) => "a constant",
            Entity::Card(_) => "a rate card",
            Entity::Plan(_) => "a plan",
            Entity::Contract(_) => "a contract",
            Entity::Module(_) => "a module",
            Entity::Error => "a faulty declaration",
        }
    }
}

/// The names of a module.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct Env {
    /// Module name.
    pub module: String,
    /// Own and imported names.
    pub names: BTreeMap<String, Entity>,
    /// Currency symbols as this module reads them.
    pub symbols: BTreeMap<char, Arc<Currency>>,
}

/// A module's names and what is wrong with its declarations.
#[derive(Debug, Clone, PartialEq)]
pub struct EnvResult {
    /// The names.
    pub env: Arc<Env>,
    /// Findings about declarations and imports.
    pub diagnostics: Vec<Diagnostic>,
}

/// Builds the names of a module.
pub fn build(db: &dyn salsa::Database, workspace: Workspace, file: File) -> EnvResult {
    let mut builder = Builder {
        db,
        workspace,
        file,
        heads: items::outline(db, file).clone(),
        own: BTreeMap::new(),
        done: BTreeMap::new(),
        visiting: Vec::new(),
        symbols: BTreeMap::new(),
        diagnostics: Vec::new(),
    };
    builder.collect();
    builder.imports();
    let names: Vec<String> = builder.own.keys().cloned().collect();
    for name in names {
        builder.entity(&name);
    }
    EnvResult {
        env: Arc::new(Env { module: file.module(db), names: builder.done, symbols: builder.symbols }),
        diagnostics: builder.diagnostics,
    }
}

/// Resolves declarations on demand, in whatever order they need each other.
pub(crate) struct Builder<'a> {
    pub(crate) db: &'a dyn salsa::Database,
    pub(crate) workspace: Workspace,
    pub(crate) file: File,
    heads: Arc<Vec<Head>>,
    /// Positions among the heads, by key.
    own: BTreeMap<String, Vec<usize>>,
    done: BTreeMap<String, Entity>,
    visiting: Vec<String>,
    symbols: BTreeMap<char, Arc<Currency>>,
    pub(crate) diagnostics: Vec<Diagnostic>,
}

impl Builder<'_> {
    fn collect(&mut self) {
        let heads = self.heads.clone();
        for (index, head) in heads.iter().enumerate() {
            for spelling in &head.names {
                let earlier = self.own.entry(key_of(head.word, &spelling.text)).or_default();
                let versions_of_a_card =
                    head.word == "ratecard" && earlier.iter().all(|i| heads[*i].word == "ratecard");
                if let Some(first) = earlier.first()
                    && !versions_of_a_card
                    && !head.recovered
                {
                    let there = heads[*first].name().map_or(spelling.span, |n| n.span);
                    self.diagnostics.push(
                        Diagnostic::error(codes::DECLARED_TWICE, format!("`{}` is declared twice", spelling.text))
                            .at(spelling.span, "declared again here")
                            .also(there, "first declared here")
                            .help("rename one of them"),
                    );
                    continue;
                }
                earlier.push(index);
            }
        }
        self.default_symbols();
    }

    fn default_symbols(&mut self) {
        for (symbol, code, decimals) in [('$', "USD", 2), ('€', "EUR", 2), ('£', "GBP", 2), ('¥', "JPY", 0)] {
            let currency =
                Currency { code: code.into(), decimals, symbol: Some(symbol.to_string()), is_virtual: false };
            self.symbols.insert(symbol, Arc::new(currency));
        }
    }

    fn imports(&mut self) {
        let graph = db::import_graph(self.db, self.workspace).clone();
        let here = self.file.number(self.db);
        for item in items::items(self.db, self.file, "use") {
            let ItemKind::Use(decl) = &item.kind else { continue };
            match decl {
                UseDecl::CurrencySymbol { code, symbol, .. } => {
                    if let Some(currency) = self.currency(&code.text, code.span) {
                        let mut own = (*currency).clone();
                        own.symbol = Some(symbol.to_string());
                        // The currency that had the symbol is now written with its code.
                        self.symbols.insert(*symbol, Arc::new(own));
                    }
                }
                UseDecl::Module { path, version, names, alias } => {
                    if let Some(version) = version {
                        self.diagnostics.push(
                            crate::not_yet("a version in a `use`", version.span)
                                .note("`prices from CARD version N` chooses the version"),
                        );
                    }
                    let Some(target) = imports::target(self.db, self.workspace, path) else {
                        self.no_such_module(path);
                        self.bind_errors(path, names.as_deref(), alias.as_ref());
                        continue;
                    };
                    let to = match &target {
                        Target::Module(file) | Target::Item(file, _) => *file,
                    };
                    if graph.cyclic.contains(&(here, to.number(self.db))) {
                        self.diagnostics.push(
                            Diagnostic::error(
                                codes::IMPORT_CYCLE,
                                format!("`{}` and this module import each other in a circle", to.module(self.db)),
                            )
                            .at(path.span, "this import closes the circle")
                            .help("move what both need into a third module"),
                        );
                        self.bind_errors(path, names.as_deref(), alias.as_ref());
                        continue;
                    }
                    self.bind(path, &target, names.as_deref(), alias.as_ref());
                }
            }
        }
    }

    fn bind_errors(&mut self, path: &ast::Path, names: Option<&[ast::UseName]>, alias: Option<&ast::Name>) {
        match names {
            Some(names) => {
                for name in names {
                    let bound = name.alias.as_ref().unwrap_or(&name.name);
                    for kind in [Kind::Plain, Kind::Unit, Kind::Event] {
                        self.done.entry(kind.key(&bound.text)).or_insert(Entity::Error);
                    }
                }
            }
            None => {
                if let Some(bound) = alias.or(path.last()) {
                    for kind in [Kind::Plain, Kind::Unit, Kind::Event] {
                        self.done.entry(kind.key(&bound.text)).or_insert(Entity::Error);
                    }
                }
            }
        }
    }

    fn no_such_module(&mut self, path: &ast::Path) {
        let modules: Vec<String> = self.workspace.files(self.db).iter().map(|f| f.module(self.db)).collect();
        let mut diagnostic = Diagnostic::error(codes::NO_SUCH_MODULE, format!("there is no module `{}`", path.text()))
            .at(path.span, "")
            .note(format!(
                "looked for `{}.price` below the root: the nearest folder at or above this file with a `price.toml`, or else the folder or file that was given",
                path.text().replace('.', "/")
            ));
        if let Some(near) = report::nearest(&path.text(), modules.iter().map(String::as_str)) {
            diagnostic = diagnostic.help(format!("did you mean `{near}`?"));
        }
        self.diagnostics.push(diagnostic);
    }

    fn bind(&mut self, path: &ast::Path, target: &Target, names: Option<&[ast::UseName]>, alias: Option<&ast::Name>) {
        let file = match target {
            Target::Module(file) | Target::Item(file, _) => *file,
        };
        let env = db::names(self.db, self.workspace, file).clone();
        let mut found: Vec<(Kind, &ast::Name, Entity)> = Vec::new();
        match (target, names) {
            (Target::Module(_), Some(names)) => {
                for use_name in names {
                    let bound = use_name.alias.as_ref().unwrap_or(&use_name.name);
                    found.extend(
                        self.pick(&env, &use_name.name.text, use_name.name.span)
                            .into_iter()
                            .map(|(k, e)| (k, bound, e)),
                    );
                }
            }
            (Target::Module(file), None) => {
                if let Some(bound) = alias.or(path.last()) {
                    found.push((Kind::Plain, bound, Entity::Module(*file)));
                }
            }
            (Target::Item(_, item), None) => {
                let Some(bound) = alias.or(path.last()) else { return };
                let span = path.last().map_or(path.span, |n| n.span);
                found.extend(self.pick(&env, item, span).into_iter().map(|(k, e)| (k, bound, e)));
            }
            (Target::Item(..), Some(_)) => self.no_such_module(path),
        }
        for (kind, bound, entity) in found {
            let key = kind.key(&bound.text);
            if let Some(there) = self.own.get(&key).and_then(|i| i.first()).and_then(|i| self.span_of(*i)) {
                self.diagnostics.push(
                    Diagnostic::error(codes::DECLARED_TWICE, format!("`{}` is imported and declared", bound.text))
                        .at(bound.span, "imported here")
                        .also(there, "declared here")
                        .help("import it under another name with `as`"),
                );
                continue;
            }
            // A unit is imported with its other spellings.
            if let Entity::Unit(unit) = &entity {
                for (name, other) in &env.names {
                    if matches!(other, Entity::Unit(u) if Arc::ptr_eq(u, unit)) && !self.own.contains_key(name) {
                        self.done.entry(name.clone()).or_insert(entity.clone());
                    }
                }
            }
            self.done.insert(key, entity);
        }
    }

    /// What a name of another module means: it may be a unit, an event and something else.
    fn pick(&mut self, env: &Env, name: &str, span: Span) -> Vec<(Kind, Entity)> {
        let kinds = [Kind::Plain, Kind::Unit, Kind::Event];
        let found: Vec<(Kind, Entity)> =
            kinds.into_iter().filter_map(|k| env.names.get(&k.key(name)).map(|e| (k, e.clone()))).collect();
        if found.is_empty() {
            self.diagnostics.push(report::unknown(
                codes::NO_SUCH_MODULE,
                &format!("name in module `{}`", env.module),
                name,
                span,
                env.names.keys().map(|k| spelling(k)),
            ));
            return kinds.into_iter().map(|k| (k, Entity::Error)).collect();
        }
        found
    }

    /// Where an item stands as a whole.
    fn span_of(&self, index: usize) -> Option<Span> {
        items::item(self.db, self.file, self.heads[index].id).as_ref().map(|item| item.span)
    }

    fn build_item(&mut self, name: &str, indexes: &[usize]) -> Entity {
        let head = &self.heads[indexes[0]];
        let here = ItemRef { file: self.file, id: head.id };
        // What these hold is read by those who need it.
        match head.word {
            "formula" => return Entity::Formula(here),
            "plan" => return Entity::Plan(here),
            "contract" => return Entity::Contract(here),
            "ratecard" => {
                let version = |i: &usize| {
                    let head = &self.heads[*i];
                    (head.version, ItemRef { file: self.file, id: head.id })
                };
                return Entity::Card(indexes.iter().map(version).collect());
            }
            _ => {}
        }
        let Some(item) = items::item(self.db, self.file, head.id).clone() else { return Entity::Error };
        match &item.kind {
            ItemKind::Unit(decl) => match declare::unit::build(self, decl) {
                Some(unit) => {
                    let unit = Arc::new(unit);
                    for spelling in decl.aliases.iter().map(|a| &a.text).chain([&decl.name.text]) {
                        let key = unit_key(spelling);
                        if key != name {
                            self.done.insert(key, Entity::Unit(unit.clone()));
                        }
                    }
                    Entity::Unit(unit)
                }
                None => Entity::Error,
            },
            ItemKind::Currency(decl) => match declare::currency::build(self, decl) {
                Some(currency) => Entity::Currency(Arc::new(currency)),
                None => Entity::Error,
            },
            ItemKind::Dimension(decl) => match declare::dimension::build(self, decl) {
                Some(dimension) => Entity::Dimension(Arc::new(dimension)),
                None => Entity::Error,
            },
            ItemKind::Calendar(decl) => match declare::calendar::build(self, decl) {
                Some(calendar) => Entity::Calendar(Arc::new(calendar)),
                None => Entity::Error,
            },
            ItemKind::Holidays(decl) => Entity::Holidays(Arc::new(declare::calendar::holidays(decl))),
            ItemKind::Event(decl) => match declare::event::build(self, decl) {
                Some(event) => Entity::Event(Arc::new(event)),
                None => Entity::Error,
            },
            ItemKind::Meter(decl) => match declare::meter::build(self, decl) {
                Some(meter) => Entity::Meter(Arc::new(meter)),
                None => Entity::Error,
            },
            ItemKind::Let(decl) => {
                let value = Typer::new(self).constant(&decl.value);
                if value.ty == Ty::Error { Entity::Error } else { Entity::Let(value) }
            }
            _ => Entity::Error,
        }
    }

    /// The units in scope by spelling, other declarations left alone.
    pub(crate) fn units(&mut self) -> Vec<(String, Arc<Unit>)> {
        let is_unit = |i: &Vec<usize>| i.first().is_some_and(|i| self.heads[*i].word == "unit");
        let own: Vec<String> = self.own.iter().filter(|(_, i)| is_unit(i)).map(|(n, _)| n.clone()).collect();
        for name in own {
            self.entity(&name);
        }
        let units = self.done.iter().filter_map(|(name, entity)| match entity {
            Entity::Unit(unit) => Some((spelling(name).to_string(), unit.clone())),
            _ => None,
        });
        units.collect()
    }

    /// A currency by code.
    fn currency(&mut self, code: &str, span: Span) -> Option<Arc<Currency>> {
        match self.entity(code) {
            Some(Entity::Currency(currency)) => return Some(currency),
            Some(Entity::Error) => return None,
            Some(other) => {
                self.diagnostics.push(
                    Diagnostic::error(codes::WRONG_KIND, format!("`{code}` is {}, not a currency", other.kind()))
                        .at(span, ""),
                );
                return None;
            }
            None => {}
        }
        self.diagnostics.push(
            Diagnostic::error(codes::UNKNOWN_NAME, format!("there is no currency called `{code}`"))
                .at(span, "")
                .help(format!("import it: `use std.currencies ({code})`")),
        );
        None
    }
}

impl Names for Builder<'_> {
    fn entity(&mut self, name: &str) -> Option<Entity> {
        if let Some(entity) = self.done.get(name) {
            return Some(entity.clone());
        }
        let indexes = self.own.get(name)?.clone();
        let span =
            self.heads[indexes[0]].name().map(|n| n.span).or_else(|| self.span_of(indexes[0])).unwrap_or_default();
        if self.visiting.iter().any(|v| v == name) || self.visiting.len() >= limits::DEFINITION_DEPTH {
            let circle = self.visiting.iter().any(|v| v == name);
            let message = if circle {
                format!("the definition of `{}` needs itself", spelling(name))
            } else {
                format!(
                    "definitions need each other more than {} deep at `{}`",
                    limits::DEFINITION_DEPTH,
                    spelling(name)
                )
            };
            self.diagnostics.push(Diagnostic::error(codes::DEFINITION_CYCLE, message).at(span, "").note(format!(
                "needed by {}",
                report::list(
                    &self.visiting.iter().rev().take(4).rev().map(|v| spelling(v).to_string()).collect::<Vec<_>>()
                )
            )));
            self.done.insert(name.to_string(), Entity::Error);
            return Some(Entity::Error);
        }
        self.visiting.push(name.to_string());
        let entity = self.build_item(name, &indexes);
        self.visiting.pop();
        // A circle found on the way has already decided.
        Some(self.done.entry(name.to_string()).or_insert(entity).clone())
    }

    fn all_names(&self) -> Vec<String> {
        self.own.keys().chain(self.done.keys()).map(|k| spelling(k).to_string()).collect()
    }

    fn symbol(&self, symbol: char) -> Option<Arc<Currency>> {
        self.symbols.get(&symbol).cloned()
    }

    fn database(&self) -> (&dyn salsa::Database, Workspace) {
        (self.db, self.workspace)
    }

    fn report(&mut self, diagnostic: Diagnostic) {
        self.diagnostics.push(diagnostic);
    }
}
