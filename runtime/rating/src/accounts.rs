//! Accounts, the subjects they bill to, and when each is served.

use crate::rater::SetupError;
use crate::subscription::{Served, Subscription, holds, intersect};
use price_value::{Date, Span, Timestamp, Zone};
use rustc_hash::FxHashMap;
use serde::{Deserialize, Serialize};

/// One account of the usage.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub(crate) struct Account {
    pub(crate) name: String,
    pub(crate) billed: u32,
    pub(crate) subscribed: Vec<Span>,
    /// Instants at which usage is accepted.
    pub(crate) accepts: Vec<(i64, i64)>,
}

/// What every row asks of its account, kept small and together.
#[derive(Debug, Clone, Copy, Serialize, Deserialize)]
pub(crate) struct Gate {
    /// The first stretch at which usage is accepted; empty where there is none.
    from: i64,
    until: i64,
    pub(crate) billed: u32,
    /// There are more stretches.
    more: bool,
    used: bool,
}

impl Gate {
    fn of(accepts: &[(i64, i64)], billed: u32) -> Gate {
        let (from, until) = accepts.first().copied().unwrap_or((0, 0));
        Gate { from, until, billed, more: accepts.len() > 1, used: false }
    }
}

/// One name on invoices.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub(crate) struct Billed {
    pub(crate) name: String,
    spans: Vec<Span>,
    pub(crate) served: Served,
    /// The same as instants.
    pub(crate) instants: Vec<(i64, i64)>,
}

/// All of them, numbered by first sight.
#[derive(Debug, Clone)]
pub(crate) struct Accounts {
    zone: Zone,
    effective: Span,
    pub(crate) accounts: Vec<Account>,
    gates: Vec<Gate>,
    by_name: FxHashMap<Box<str>, u32>,
    pub(crate) billed: Vec<Billed>,
    billed_by_name: FxHashMap<Box<str>, u32>,
    /// Accounts without a subscription are not served.
    closed: bool,
    /// Days on which nobody is served, in order and apart.
    pauses: Vec<Span>,
}

impl Accounts {
    pub(crate) fn new(zone: Zone, effective: Span) -> Accounts {
        Accounts {
            zone,
            effective,
            accounts: Vec::new(),
            gates: Vec::new(),
            by_name: FxHashMap::default(),
            billed: Vec::new(),
            billed_by_name: FxHashMap::default(),
            closed: false,
            pauses: Vec::new(),
        }
    }

    /// What a checkpoint keeps of it.
    pub(crate) fn save(&self) -> (&[Account], &[Gate], &[Billed]) {
        (&self.accounts, &self.gates, &self.billed)
    }

    /// Takes over what a checkpoint kept, in place of what is there.
    pub(crate) fn load(&mut self, (accounts, gates, billed): (Vec<Account>, Vec<Gate>, Vec<Billed>)) {
        let numbered = |names: &mut dyn Iterator<Item = &String>| {
            names.enumerate().map(|(at, name)| (name.as_str().into(), at as u32)).collect()
        };
        self.by_name = numbered(&mut accounts.iter().map(|account| &account.name));
        self.billed_by_name = numbered(&mut billed.iter().map(|billed| &billed.name));
        (self.accounts, self.gates, self.billed) = (accounts, gates, billed);
    }

    /// From now on only accounts with a subscription are served, and none of them in a pause.
    pub(crate) fn close(&mut self, pauses: &[Span]) {
        self.closed = true;
        self.pauses = pauses.to_vec();
    }

    pub(crate) fn is_subscribed(&self, account: &str) -> bool {
        self.by_name.get(account).is_some_and(|at| !self.accounts[*at as usize].subscribed.is_empty())
    }

    /// The number of an account, new if need be.
    pub(crate) fn account(&mut self, name: &str) -> u32 {
        if let Some(index) = self.by_name.get(name) {
            return *index;
        }
        let billed = self.billed(name);
        self.add(name, billed)
    }

    fn add(&mut self, name: &str, billed: u32) -> u32 {
        let accepts = match self.closed {
            true => Vec::new(),
            false => Served::always().within(&self.effective).instants(&self.zone),
        };
        let index = self.accounts.len() as u32;
        self.gates.push(Gate::of(&accepts, billed));
        self.accounts.push(Account { name: name.into(), billed, subscribed: Vec::new(), accepts });
        self.by_name.insert(name.into(), index);
        index
    }

    /// The number of a billed subject, new if need be.
    pub(crate) fn billed(&mut self, name: &str) -> u32 {
        if let Some(index) = self.billed_by_name.get(name) {
            return *index;
        }
        let served = Served::always().within(&self.effective);
        let instants = served.instants(&self.zone);
        let index = self.billed.len() as u32;
        self.billed.push(Billed { name: name.into(), spans: Vec::new(), served, instants });
        self.billed_by_name.insert(name.into(), index);
        index
    }

    /// The billed subject a name means: a name on invoices, else the one its account bills to.
    pub(crate) fn resolve(&mut self, name: &str) -> u32 {
        match (self.billed_by_name.get(name), self.by_name.get(name)) {
            (Some(billed), _) => *billed,
            (None, Some(account)) => self.accounts[*account as usize].billed,
            (None, None) => self.billed(name),
        }
    }

    pub(crate) fn subscribe(&mut self, subscription: &Subscription) -> Result<(), SetupError> {
        let name = || subscription.account.clone();
        let span = subscription.span();
        if matches!((span.from, span.until), (Some(f), Some(u)) if f >= u) {
            return Err(SetupError::Backwards(name()));
        }
        let billed = self.billed(subscription.billed());
        let index = match self.by_name.get(subscription.account.as_str()) {
            Some(index) => *index,
            None => self.add(&subscription.account, billed),
        };
        let account = &mut self.accounts[index as usize];
        if self.gates[index as usize].used {
            return Err(SetupError::AfterUsage(name()));
        }
        if account.billed != billed {
            if !account.subscribed.is_empty() {
                return Err(SetupError::TwoPools(name()));
            }
            account.billed = billed;
        }
        if account.subscribed.iter().any(|s| s.overlaps(&span)) {
            return Err(SetupError::Overlap(name()));
        }
        account.subscribed.push(span);
        let served = |spans: &[Span]| Served::union(spans.to_vec()).within(&self.effective).without(&self.pauses);
        account.accepts = served(&account.subscribed).instants(&self.zone);
        self.gates[index as usize] = Gate::of(&account.accepts, billed);
        let subject = &mut self.billed[billed as usize];
        subject.spans.push(span);
        subject.served = served(&subject.spans);
        subject.instants = subject.served.instants(&self.zone);
        Ok(())
    }

    /// The billed subject of a row, if its account is served at that instant.
    pub(crate) fn admit(&mut self, account: u32, at: i64) -> Result<u32, u32> {
        let gate = &mut self.gates[account as usize];
        gate.used = true;
        let inside = gate.from <= at && at < gate.until;
        if inside || (gate.more && holds(&self.accounts[account as usize].accepts, Timestamp(at))) {
            Ok(gate.billed)
        } else {
            Err(gate.billed)
        }
    }

    /// Billed subjects with a subscription.
    pub(crate) fn subscribed(&self) -> impl Iterator<Item = u32> {
        self.billed.iter().enumerate().filter(|(_, b)| !b.spans.is_empty()).map(|(index, _)| index as u32)
    }

    /// First day of a subject's subscriptions, without regard to the plan's own days.
    pub(crate) fn since(&self, billed: u32) -> Option<Date> {
        let subject = &self.billed[billed as usize];
        if subject.spans.is_empty() { None } else { subject.served.from() }
    }

    /// Whether the plan may be used at all on some day.
    pub(crate) fn effective(&self, from: Date, until: Date) -> bool {
        intersect(&self.effective, &Span { from: Some(from), until: Some(until) }).is_some()
    }
}
