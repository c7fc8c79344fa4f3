//! What accounts may do, where requests can read it without asking the shard.
//!
//! A row is put here when somebody asks for the first time, and again by the shard with each group that
//! changes it, once that is durable. So an answer is at most one group behind, and says which entry it
//! knows. Where the time of a row is over (a window ended, a hold), the shard is asked again.

use crate::limits;
use hashbrown::HashMap;
use price_core::Machine;
use price_core::enforce::{Change, Checked};
use std::collections::BTreeSet;
use std::sync::{Arc, PoisonError, RwLock};

/// Rows of one tenant.
#[derive(Default)]
struct Rows {
    by_account: HashMap<String, Arc<Checked>>,
    /// Accounts with a row that are billed under one name.
    by_billed: HashMap<String, BTreeSet<String>>,
}

impl Rows {
    /// Puts a row in, and gives back the one that it takes the place of.
    fn put(&mut self, row: Arc<Checked>) -> Option<Arc<Checked>> {
        if let Some(known) = self.by_account.get_mut(&row.account)
            && known.billed == row.billed
        {
            return Some(std::mem::replace(known, row));
        }
        let account = row.account.clone();
        let before = self.remove(&account);
        self.by_billed.entry(row.billed.clone()).or_default().insert(account.clone());
        self.by_account.insert(account, row);
        before
    }

    fn remove(&mut self, account: &str) -> Option<Arc<Checked>> {
        let row = self.by_account.remove(account)?;
        if let Some(accounts) = self.by_billed.get_mut(&row.billed) {
            accounts.remove(account);
            if accounts.is_empty() {
                self.by_billed.remove(&row.billed);
            }
        }
        Some(row)
    }
}

/// Rows that are looked up or put in at a time.
const TOGETHER: usize = 64;

/// See the module.
#[derive(Default)]
pub(crate) struct View {
    /// By tenant.
    rows: RwLock<HashMap<Arc<str>, Rows>>,
}

/// Rows that a group changes; none for those that are to be asked for anew.
pub(super) type Fresh = Vec<(Arc<str>, String, Option<Arc<Checked>>)>;

impl View {
    /// What an account may do at an instant in microseconds, if it is known.
    pub(crate) fn get(&self, tenant: &str, account: &str, now: i64) -> Option<Arc<Checked>> {
        let rows = self.rows.read().unwrap_or_else(PoisonError::into_inner);
        rows.get(tenant)?.by_account.get(account).filter(|row| now < row.until).cloned()
    }

    /// Makes anew what a group changed.
    pub(super) fn refresh(&self, machine: &mut Machine, changes: &BTreeSet<Change>, now: i64) -> Fresh {
        let mut stale = Vec::new();
        // Who waits to put rows in keeps others from reading, so this is done in pieces too.
        let mut changes = changes.iter();
        while changes.len() > 0 {
            let rows = self.rows.read().unwrap_or_else(PoisonError::into_inner);
            for change in changes.by_ref().take(TOGETHER) {
                let Some(known) = rows.get(&change.tenant) else { continue };
                match &change.billed {
                    None => {
                        let all = known.by_account.keys();
                        stale.extend(all.map(|account| (change.tenant.clone(), account.clone(), true)));
                    }
                    Some(billed) => {
                        let all = known.by_billed.get(&**billed).into_iter().flatten();
                        stale.extend(all.map(|account| (change.tenant.clone(), account.clone(), false)));
                    }
                }
            }
        }
        // After a plan came, everything is asked for anew: that may be all there is.
        let mut made = 0;
        let row = |(tenant, account, dropped): (Arc<str>, String, bool)| {
            made += 1;
            if made % TOGETHER == 0 {
                // Whoever reads them waits for a core, not for this.
                std::thread::yield_now();
            }
            let row = if dropped { None } else { machine.check(&tenant, &account, now).ok().map(Arc::new) };
            (tenant, account, row)
        };
        stale.into_iter().map(row).collect()
    }

    /// Puts in what a group changed, once it is durable.
    pub(super) fn install(&self, fresh: Fresh) {
        // Requests wait meanwhile: some at a time, and what they take the place of goes later.
        let mut gone = Vec::with_capacity(fresh.len());
        for some in fresh.chunks(TOGETHER) {
            let mut rows = self.rows.write().unwrap_or_else(PoisonError::into_inner);
            for (tenant, account, row) in some {
                let Some(known) = rows.get_mut(tenant) else { continue };
                gone.extend(match row {
                    // Whoever asked meanwhile may have put a newer one in.
                    Some(row) if known.by_account.get(account).is_some_and(|other| other.as_of > row.as_of) => None,
                    Some(row) => known.put(row.clone()),
                    None => known.remove(account),
                });
            }
        }
    }

    /// Puts in what was asked for the first time. Only the shard does, in the order of its groups.
    pub(super) fn put(&self, tenant: Arc<str>, row: Arc<Checked>) {
        let mut rows = self.rows.write().unwrap_or_else(PoisonError::into_inner);
        if rows.values().map(|rows| rows.by_account.len()).sum::<usize>() >= limits::CHECKED_ACCOUNTS {
            rows.clear();
        }
        rows.entry(tenant).or_default().put(row);
    }
}
