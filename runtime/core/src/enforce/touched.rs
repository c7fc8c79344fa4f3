//! Whose answers may have changed.

use crate::machine::Machine;
use std::collections::BTreeSet;
use std::sync::Arc;

/// What a change touches. Collected only while somebody wants to know.
#[derive(Default)]
pub(crate) struct Touched {
    on: bool,
    /// Tenants of whom anything may have changed.
    whole: BTreeSet<u32>,
    /// Tenant, book, billed subject: numbers.
    some: BTreeSet<(u32, u32, u32)>,
    /// Tenant, and the name of a billed subject.
    named: BTreeSet<(u32, String)>,
}

impl Touched {
    /// Anything of a tenant.
    pub(crate) fn tenant(&mut self, tenant: u32) {
        if self.on {
            self.whole.insert(tenant);
        }
    }

    /// Usage of a billed subject.
    pub(crate) fn usage(&mut self, tenant: u32, book: u32, billed: u32) {
        if self.on {
            self.some.insert((tenant, book, billed));
        }
    }

    /// What is held of a billed subject.
    pub(crate) fn held(&mut self, tenant: u32, billed: &str) {
        if self.on {
            self.named.insert((tenant, billed.to_owned()));
        }
    }
}

/// Whose answers may have changed: a tenant, and one billed subject of it or all.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub struct Change {
    /// The tenant.
    pub tenant: Arc<str>,
    /// The billed subject; none for all of them.
    pub billed: Option<Arc<str>>,
}

impl Machine {
    /// Whether changes are collected for [`Machine::changes`].
    pub fn watch(&mut self, on: bool) {
        self.touched = Touched { on, ..Touched::default() };
    }

    /// Whose answers may have changed since this was asked last.
    pub fn changes(&mut self) -> BTreeSet<Change> {
        let Touched { on, whole, some, named } = std::mem::take(&mut self.touched);
        self.touched.on = on;
        let name = |tenant: u32| self.tenants.name(tenant).clone();
        let mut all: BTreeSet<Change> =
            whole.into_iter().map(|tenant| Change { tenant: name(tenant), billed: None }).collect();
        for (tenant, book, billed) in some {
            let billed = self.tenants.at(tenant).books.at(book).subjects.name(billed).clone();
            all.insert(Change { tenant: name(tenant), billed: Some(billed) });
        }
        all.extend(
            named.into_iter().map(|(tenant, billed)| Change { tenant: name(tenant), billed: Some(billed.into()) }),
        );
        all
    }
}
