//! Who is told what, and that it is told once.

use super::Model;
use super::holds::Feature;
use price_core::enforce::SPEND;
use price_core::notify::{Endpoint, Notice, NoticeKind, Noticed, NotifyCommand};
use price_value::{Date, Rational};
use std::collections::{BTreeMap, BTreeSet};

/// A notice, and what it is told once of: until when it is not told again, who, of what, which share.
pub struct Once {
    pub until: i64,
    pub billed: String,
    pub of: String,
    pub mark: String,
}

#[derive(Clone, Default)]
pub struct Told {
    pub endpoints: BTreeMap<String, Endpoint>,
    once: BTreeSet<(i64, String, String, String)>,
    /// Rejected events, and how many of them were told of.
    pub rejected: u64,
    rejects_told: u64,
    rejects_at: i64,
    /// All notices by their entries, documents too.
    pub all: Vec<(u64, Option<Notice>)>,
}

impl Told {
    pub fn takes(&self, ask: &NotifyCommand) -> bool {
        match ask {
            NotifyCommand::Endpoint(endpoint) => endpoint.usage_percent.iter().all(|share| (1..=1_000).contains(share)),
            NotifyCommand::Remove { id } => self.endpoints.contains_key(id),
        }
    }

    pub fn accept(&mut self, seq: u64, now: i64, ask: &NotifyCommand) {
        match ask {
            NotifyCommand::Endpoint(endpoint) => {
                let old = self.endpoints.get(&endpoint.id);
                let (after, since) = old.map_or((seq, now), |old| (old.after, old.since));
                self.endpoints.insert(endpoint.id.clone(), Endpoint { after, since, ..endpoint.clone() });
            }
            NotifyCommand::Remove { id } => {
                self.endpoints.remove(id);
            }
        }
    }
}

/// The first day of the period that a notice is of.
pub fn from(notice: &Notice) -> Option<Date> {
    notice.data["period"]["from"].as_str()?.parse().ok()
}

impl Model {
    /// Takes a notice: somebody wants it, it is true, and it is the first.
    pub(super) fn noticed(&mut self, seq: u64, at: i64, name: &str, notice: &Notice, once: Once) -> Result<(), String> {
        let now = self.time(name, at);
        let wrong = |what: &str| Err(format!("entry {seq}: {what}: {notice:?} at {now}"));
        self.is_true(name, notice, now).or_else(|what| wrong(&what))?;
        let told = &mut self.tenant(name).told;
        if !told.endpoints.values().any(|endpoint| endpoint.wants(notice)) {
            return wrong("nobody wants to know");
        }
        let Once { until, billed, of, mark } = once;
        if notice.kind == NoticeKind::EventRejected {
            let mark: u64 = mark.parse().unwrap_or_default();
            let news = mark > told.rejects_told && mark <= told.rejected;
            if !news || notice.data["count"] != mark - told.rejects_told || at < told.rejects_at + 60_000_000 {
                return wrong(&format!("of rejected events up to {mark} after {}", told.rejects_told));
            }
            (told.rejects_told, told.rejects_at) = (mark, at);
        } else if until <= now || !told.once.insert((until, billed, of, mark)) {
            return wrong("it was told before");
        }
        told.all.push((seq, Some(notice.clone())));
        Ok(())
    }

    /// Takes a draft.
    pub(super) fn drafted(&mut self, seq: u64, at: i64, name: &str, of: &Noticed) -> Result<(), String> {
        let (zone, now) = (self.zone.clone(), self.time(name, at));
        let (tenant, notice) = (self.tenant(name), &of.notice);
        let text = |value: &serde_json::Value| value.as_str().map(str::to_owned);
        let says = text(&notice.data["account"]).zip(from(notice));
        let wanted = tenant.told.endpoints.values().any(|endpoint| endpoint.wants(notice));
        let Some((billed, from)) = says.filter(|_| notice.kind == NoticeKind::InvoiceDrafted && wanted) else {
            return Err(format!("entry {seq}: {notice:?}"));
        };
        tenant.documents.draft(&billed, from, &zone, now).map_err(|what| format!("entry {seq}: {what}"))?;
        // Every month of these plans can be settled.
        if [&notice.data["total"], &notice.data["due"]].iter().any(|of| text(of).is_none()) || of.billed != billed {
            return Err(format!("entry {seq}: {of:?}"));
        }
        tenant.told.all.push((seq, Some(notice.clone())));
        Ok(())
    }

    /// What a notice says of a limit is so.
    fn is_true(&self, name: &str, notice: &Notice, now: i64) -> Result<(), String> {
        if !matches!(notice.kind, NoticeKind::UsageThreshold | NoticeKind::EntitlementReached) {
            return Ok(());
        }
        let tenant = &self.tenants[name];
        let text = |name: &str| notice.data[name].as_str().unwrap_or_default();
        let account = self.account_of(text("account"));
        let Some((_, Feature::Limit(limit, _, used))) = self.feature(tenant, account, text("feature"), now) else {
            return Err("it has no such limit".into());
        };
        let percent = i128::from(notice.data["percent"].as_u64().unwrap_or_default());
        let says = |name: &str| text(name).parse::<Rational>().unwrap_or_default();
        let used = used.unwrap_or_else(|| says("used"));
        let reached = &used * &Rational::int(100) >= &limit * &Rational::int(percent);
        if says("limit") != limit || says("used") != used || !reached {
            return Err(format!("{used} of {limit} are used"));
        }
        Ok(())
    }

    /// An account that is billed under a name.
    fn account_of<'n>(&self, billed: &'n str) -> &'n str {
        match billed {
            "pool" => "c",
            _ if self.plan.contract => "a",
            other => other,
        }
    }

    /// Limits that are reached and were not told in the window that runs. `all` looks at everybody, else
    /// at those of whom nothing but events and commands decides when they are looked at.
    pub fn untold(&self, name: &str, at: i64, all: bool) -> Result<(), String> {
        let (tenant, now) = (&self.tenants[name], self.time(name, at));
        for billed in if self.plan.contract { &["initech"][..] } else { &["a", "b", "pool"] } {
            let account = self.account_of(billed);
            let steady = tenant.accounts.get(account).is_some_and(|spans| {
                matches!(spans.as_slice(), [only] if self.plan.contract || (only.from.is_none() && only.until.is_none()))
            });
            if !all && (!steady || self.is_ahead(tenant, billed, now)) {
                continue;
            }
            for feature in ["calls", SPEND] {
                let Some((_, Feature::Limit(limit, _, Some(used)))) = self.feature(tenant, account, feature, now)
                else {
                    continue;
                };
                let reached =
                    |percent: u16| &used * &Rational::int(100) >= &limit * &Rational::int(i128::from(percent));
                let mut marks = BTreeSet::new();
                for endpoint in tenant.told.endpoints.values() {
                    if endpoint.wants_kind(NoticeKind::EntitlementReached) && reached(100) {
                        marks.insert(format!("{} 100 of {}", NoticeKind::EntitlementReached.word(), self.plan.name));
                    }
                    if endpoint.wants_kind(NoticeKind::UsageThreshold) {
                        let usual = if endpoint.usage_percent.is_empty() { &[50, 80][..] } else { &[] };
                        for share in endpoint.usage_percent.iter().chain(usual).filter(|share| reached(**share)) {
                            let word = NoticeKind::UsageThreshold.word();
                            marks.insert(format!("{word} {share} of {}", self.plan.name));
                        }
                    }
                }
                let told = |mark: &String| {
                    let of = |(until, who, what, which): &&(i64, String, String, String)| {
                        *until > now && who == billed && what == feature && which == mark
                    };
                    tenant.told.once.iter().any(|one| of(&one))
                };
                if let Some(mark) = marks.iter().find(|mark| !told(mark)) {
                    return Err(format!("{billed} of {name} was not told of `{mark}`: {used} of {limit}"));
                }
            }
        }
        Ok(())
    }
}
