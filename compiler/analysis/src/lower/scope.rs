//! Names as one body of statements sees them: its module's and its own `let`s.

use crate::env::{Entity, Env, spelling};
use crate::inputs::Workspace;
use crate::types::{Names, Val};
use price_diagnostics::Diagnostic;
use price_value::Currency;
use std::collections::BTreeMap;
use std::sync::Arc;

/// The names of a body.
pub struct Scope<'a> {
    /// Database.
    pub db: &'a dyn salsa::Database,
    /// Workspace.
    pub workspace: Workspace,
    /// Names of the module the body stands in.
    pub env: Arc<Env>,
    /// `let`s of the body.
    pub lets: BTreeMap<String, Val>,
    /// Where findings go.
    pub diagnostics: &'a mut Vec<Diagnostic>,
}

impl Names for Scope<'_> {
    fn entity(&mut self, name: &str) -> Option<Entity> {
        match self.lets.get(name) {
            Some(value) => Some(Entity::Let(value.clone())),
            None => self.env.names.get(name).cloned(),
        }
    }

    fn all_names(&self) -> Vec<String> {
        self.lets.keys().chain(self.env.names.keys()).map(|k| spelling(k).to_string()).collect()
    }

    fn symbol(&self, symbol: char) -> Option<Arc<Currency>> {
        self.env.symbols.get(&symbol).cloned()
    }

    fn database(&self) -> (&dyn salsa::Database, Workspace) {
        (self.db, self.workspace)
    }

    fn report(&mut self, diagnostic: Diagnostic) {
        self.diagnostics.push(diagnostic);
    }
}
