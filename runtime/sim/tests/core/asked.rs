//! What clients ask beside usage: documents, reservations, notices, keys, tokens.

use crate::model::{Document, Model};
use crate::sent::{DAY, Maker, Sent, What, day, tenant};
use price_core::EndedTokens;
use price_core::billing::{BillingCommand, Corrections, DocumentKind, Finalising, Settings};
use price_core::enforce::{EnforceCommand, OnFailure, Policy, Reserve, SPEND};
use price_core::notify::{Endpoint, NoticeKind, NotifyCommand, Secret};
use price_sim::Rng;
use std::collections::BTreeMap;

fn any<'a, T: ?Sized>(rng: &mut Rng, of: &[&'a T]) -> &'a T {
    of[rng.below(of.len() as u64) as usize]
}

impl Maker {
    pub(crate) fn asked(&mut self, rng: &mut Rng, at: i64, model: &Model) -> Sent {
        let tenant = tenant(rng);
        let issued = !model.tenants[tenant].documents.all.is_empty();
        let what: What = match rng.below(if issued { 24 } else { 20 }) {
            0..9 => What::Enforce(self.enforcing(rng, tenant, model.time(tenant, at), model)),
            9..12 | 20..24 => What::Bill(billing(rng, tenant, at, model)),
            12..15 => What::Notify(notifying(rng)),
            15 => What::End(tokens(rng)),
            16 => any(rng, &[&What::Tick, &What::Look]).clone(),
            _ => return self.keyed(rng, tenant, at, model),
        };
        if let What::Enforce(EnforceCommand::Reserve(Reserve { id, amount, .. })) = &what
            && rng.chance(500)
        {
            let (id, part) = (id.clone(), rng.chance(500).then(|| any(rng, &["1", amount.as_str()]).to_owned()));
            let end = match rng.chance(500) {
                true => EnforceCommand::Commit { id, amount: part, event: None },
                false => EnforceCommand::Release { id, amount: part },
            };
            self.soon.push(Sent { tenant, what: What::Enforce(end) });
        }
        Sent { tenant, what }
    }

    fn enforcing(&self, rng: &mut Rng, tenant: &str, now: i64, model: &Model) -> EnforceCommand {
        let contract = self.plan.contract;
        let holds = &model.tenants[tenant].holds;
        let active: Vec<&String> = holds.all.iter().filter(|(_, hold)| hold.holds(now)).map(|(id, _)| id).collect();
        // Mostly one that holds something.
        let known = |rng: &mut Rng| match active.is_empty() || rng.chance(150) {
            true => format!("h{}", rng.below(24)),
            false => active[rng.below(active.len() as u64) as usize].clone(),
        };
        let some = |rng: &mut Rng| rng.between(1, 4).to_string();
        match rng.below(20) {
            0..9 => {
                let id = format!("h{}", rng.below(24));
                // The same again now and then, though what it held may be long over.
                if let Some(known) = holds.all.get(&id).filter(|_| rng.chance(300)) {
                    return EnforceCommand::Reserve(known.reserve.clone());
                }
                let account = any(rng, &["a", "a", "a", "a", "b", "b", "c", "nobody"]).to_owned();
                let limits = match (self.plan.limit.is_some(), holds.budgets.is_empty()) {
                    (true, false) => &["calls", SPEND][..],
                    (false, false) => &[SPEND],
                    _ => &["calls"],
                };
                let others = &["sso", "sso", "audit", "support", "none"];
                let of = if rng.chance(850) { limits } else { others };
                let feature = any(rng, of).to_owned();
                let amount = if rng.chance(30) { any(rng, &["0", "-1", "many"]).to_owned() } else { some(rng) };
                let most = if rng.chance(30) { 5 } else { 4 };
                let seconds = [60, 3_600, 2 * 86_400, 7 * 86_400, 0][rng.below(most) as usize];
                EnforceCommand::Reserve(Reserve { id, account, feature, amount, seconds })
            }
            9..13 => {
                let amount = rng.chance(500).then(|| some(rng));
                let event = rng.chance(250).then(|| ("s".to_owned(), self.id(rng)));
                EnforceCommand::Commit { id: known(rng), amount, event }
            }
            13..16 => EnforceCommand::Release { id: known(rng), amount: rng.chance(600).then(|| some(rng)) },
            16 => {
                let features = [("calls".to_owned(), OnFailure::Closed)].into();
                let policy = Policy { features, last_known_seconds: rng.below(90) as u32, ..Policy::default() };
                EnforceCommand::Policy(if rng.chance(500) { policy } else { Policy::default() })
            }
            _ => {
                let amount = (!rng.chance(200)).then(|| any(rng, &["5.00", "12.50", "40", "40", "0", "x"]).to_owned());
                let billed = any(rng, if contract { &["initech"][..] } else { &["a", "a", "b", "pool"] }).to_owned();
                EnforceCommand::Budget { billed, amount, hard: rng.chance(700) }
            }
        }
    }

    /// Credit for one of the last documents.
    pub(crate) fn credit(&self, rng: &mut Rng, tenant: &str, model: &Model) -> Option<BillingCommand> {
        let all = &model.tenants[tenant].documents.all;
        let invoice = |of: &&Document| of.issued.kind == DocumentKind::Invoice;
        let document = all.iter().rev().filter(invoice).nth(rng.below(4) as usize)?;
        let line = document.lines.iter().find(|line| line.amount.is_positive())?.name.clone();
        let (number, amount) = (document.issued.number.clone(), "0.25".to_owned());
        Some(BillingCommand::Credit { number, line, amount, reason: "a promise".into() })
    }

    /// A request under a key: a new one, the same again, or another under a key that was used.
    fn keyed(&mut self, rng: &mut Rng, tenant: &'static str, at: i64, model: &Model) -> Sent {
        if !self.keyed.is_empty() && rng.chance(600) {
            let back = (rng.below(6) as usize).min(self.keyed.len() - 1);
            let mut again = self.keyed[self.keyed.len() - 1 - back].clone();
            if let (What::Once { print, .. }, true) = (&mut again.what, rng.chance(150)) {
                *print ^= 1;
            }
            return again;
        }
        let plain = |what: &What| !matches!(what, What::Tick | What::Look | What::Once { .. });
        let mut sent = Vec::new();
        for _ in 0..rng.between(0, 5) {
            let one = if rng.chance(400) { self.asked(rng, at, model) } else { self.one(rng, at, model) };
            // A request is of one tenant.
            if plain(&one.what) && one.tenant == tenant {
                sent.push(one);
            }
        }
        let what = What::Once { key: format!("k{}", rng.below(30)), print: rng.below(100) as u8 * 2, sent };
        let one = Sent { tenant, what };
        self.keyed.push(one.clone());
        if rng.chance(400) {
            self.soon.push(one.clone());
        }
        one
    }
}

fn billing(rng: &mut Rng, tenant: &str, at: i64, model: &Model) -> BillingCommand {
    let (of, now) = (&model.tenants[tenant], model.time(tenant, at));
    if of.clock.is_some() && rng.chance(350) {
        let jump = rng.below(12 * 24) as i64 * DAY / 24;
        return BillingCommand::Clock(now + if rng.chance(100) { -jump } else { jump });
    }
    let documents = &of.documents.all;
    let last = documents.len().saturating_sub(1);
    let document = documents.get(last.saturating_sub(rng.below(8) as usize));
    let number = document.filter(|_| !rng.chance(30)).map_or("INV-999999".to_owned(), |of| of.issued.number.clone());
    let names: Vec<&str> = document.iter().flat_map(|of| of.lines.iter()).map(|line| line.name.as_str()).collect();
    let line = if names.is_empty() || rng.chance(50) { "none".to_owned() } else { any(rng, &names).to_owned() };
    let part = rng.chance(600).then(|| line.clone());
    match if documents.is_empty() { rng.between(15, 19) } else { rng.below(20) } {
        0..7 => {
            let whole = || document.iter().flat_map(|of| of.lines.iter()).find(|of| of.name == line);
            let whole = whole().map_or("1".to_owned(), |line| line.amount.to_string());
            let amount = any(rng, &["0.50", "0.50", "1.00", "2.75", whole.as_str(), "1000", "0", "0.001", "-1", "x"]);
            BillingCommand::Credit { number, line, amount: amount.to_owned(), reason: "goodwill".into() }
        }
        7..10 => BillingCommand::Dispute { number, line: part, reason: format!("{}", rng.below(1_000)) },
        10..13 => BillingCommand::Settle { number, line: part, outcome: "agreed".into() },
        13 | 14 => {
            let text = if rng.chance(300) { String::new() } else { rng.below(1_000).to_string() };
            BillingCommand::Refer { number, name: any(rng, &["payment", "tax", ""]).to_owned(), text }
        }
        15 => BillingCommand::Retry,
        16 => BillingCommand::Clock(now),
        17 => BillingCommand::Approve(day(rng.below(160) as i32)),
        _ => {
            let corrections = if rng.chance(500) { Corrections::Notes } else { Corrections::NextInvoice };
            let finalising = if rng.chance(250) { Finalising::Approved } else { Finalising::Automatic };
            let invoice_prefix = any(rng, &["INV-", "INV-", "2026.", "CN-"]).to_owned();
            let settings = Settings { invoice_prefix, corrections, finalising, ..Settings::default() };
            BillingCommand::Settings(Settings { issue_empty: rng.chance(200), ..settings })
        }
    }
}

fn notifying(rng: &mut Rng) -> NotifyCommand {
    let id = any(rng, &["one", "two", "three"]).to_owned();
    if rng.chance(200) {
        return NotifyCommand::Remove { id };
    }
    let kinds = NoticeKind::ALL.into_iter().filter(|_| rng.chance(400)).collect();
    let shares = [10, 50, 90, 100, 120, 0];
    let most = if rng.chance(30) { 6 } else { 5 };
    let usage_percent = shares[..most].iter().copied().filter(|_| rng.chance(350)).collect();
    let below = BTreeMap::from([("welcome".to_owned(), any(rng, &["1.00", "3.00"]).to_owned())]);
    let balance_below = if rng.chance(500) { below } else { BTreeMap::new() };
    let secrets = vec![Secret { text: "whsec_c2VjcmV0".into(), until: None }];
    let url = "https://example.com/".to_owned();
    NotifyCommand::Endpoint(Endpoint { id, url, kinds, balance_below, usage_percent, secrets, after: 0, since: 0 })
}

fn tokens(rng: &mut Rng) -> EndedTokens {
    match rng.below(5) {
        0 => EndedTokens::All,
        1 | 2 => EndedTokens::Subject(any(rng, &["a", "b"]).to_owned()),
        _ => EndedTokens::Token(rng.below(4).to_string()),
    }
}
