//! Documents, reservations, notices, tokens: what is known of them, and what documents say.

use crate::check::{feed, reordered, subjects};
use crate::host::spare;
use crate::model::{Feature, Model, after, from};
use crate::plans::Plan;
use crate::sent::{Sent, TENANTS, day};
use price_core::billing::{Cause, DocumentFilter};
use price_core::enforce::{NotChecked, SPEND};
use price_core::notify::{Notice, NoticeKind};
use price_core::{Machine, QueryError};
use price_ir::OWN;
use price_sim::Rng;
use price_sim::run::Found;
use price_value::{Date, Rational};
use std::collections::BTreeMap;

/// Something that was accepted, with the time of its tenant.
pub struct Fact {
    pub seq: u64,
    pub at: i64,
    pub sent: Sent,
}

/// Everything that can be asked is what it was: documents byte by byte, holds, limits, endpoints, notices,
/// tokens.
pub fn asked(machine: &mut Machine, model: &Model, at: i64) -> Found {
    for name in TENANTS {
        let (tenant, now) = (&model.tenants[name], model.time(name, at));
        let wrong = |what: String| Err(format!("of {name}: {what}"));
        let numbers = machine.documents(name, &DocumentFilter::default(), usize::MAX);
        if numbers.iter().map(|of| of.seq).ne(tenant.documents.all.iter().map(|of| of.seq)) {
            return wrong(format!("documents are {numbers:?}"));
        }
        for of in &tenant.documents.all {
            let found = machine.document(name, &of.issued.number);
            let same = found.as_ref().is_some_and(|found| {
                (found.seq, &found.issued, found.body.as_str()) == (of.seq, &of.issued, &*of.body)
                    && (&found.disputes, &found.references) == (&of.disputes, &of.references)
            });
            if !same {
                return wrong(format!("{:?} is {found:?}", of.issued));
            }
        }
        if (machine.clock(name), machine.billing_settings(name)) != (tenant.clock, tenant.documents.settings.clone()) {
            return wrong("the settings are others".into());
        }
        for (id, hold) in &tenant.holds.all {
            let found = machine.hold(name, id, at);
            let held = if hold.holds(now) { hold.held.clone() } else { Rational::ZERO };
            let same = found.as_ref().is_some_and(|found| {
                (found.seq, &found.held, &found.committed) == (hold.seq, &held, &hold.committed)
                    && found.until == hold.until
                    && (found.status == "held") == hold.holds(now)
            });
            if !same {
                return wrong(format!("{hold:?} at {now} is {found:?}"));
            }
        }
        if machine.policy(name) != tenant.holds.policy {
            return wrong("the policy is another".into());
        }
        limits(machine, model, name, at).or_else(wrong)?;
        let endpoints: Vec<_> = tenant.told.endpoints.values().cloned().collect();
        if machine.endpoints(name) != endpoints {
            return wrong(format!("endpoints are {:?}", machine.endpoints(name)));
        }
        let told = machine.notices(name, 0, usize::MAX);
        let same = |(one, other): (&(u64, _), &(u64, Option<_>))| {
            one.0 == other.0 && other.1.as_ref().is_none_or(|notice| *notice == one.1)
        };
        // What is closed is no draft any more.
        let closed = |notice: &Notice| from(notice).zip(tenant.documents.closed).is_some_and(|(of, until)| of < until);
        let is_over = |notice: &Notice| notice.kind == NoticeKind::InvoiceDrafted && closed(notice);
        let all: Vec<_> = tenant.told.all.iter().filter(|(_, of)| !of.as_ref().is_some_and(is_over)).collect();
        if told.len() != all.len() || !told.iter().zip(all).all(same) {
            return wrong(format!("notices are {told:?}"));
        }
        for subject in ["a", "b"] {
            for id in ["0", "1", "2", "3"] {
                for made in [at, at - 1, at - 1_800_000_000, at - 3_599_000_000] {
                    let ended = tenant.tokens.is_ended(subject, id, made);
                    if machine.is_token_ended(name, subject, id, made) != ended {
                        return wrong(format!("token {id} of {subject} made at {made} is ended: {}", !ended));
                    }
                }
            }
        }
    }
    Ok(())
}

/// How much of what there is, for a trace.
pub fn counted(model: &Model) -> String {
    let mut counts: BTreeMap<String, usize> = BTreeMap::new();
    for tenant in model.tenants.values() {
        for of in &tenant.documents.all {
            *counts.entry(format!("{:?} {:?}", of.issued.kind, of.issued.cause)).or_default() += 1;
        }
        for (_, notice) in &tenant.told.all {
            let kind = notice.as_ref().map_or("of documents", |notice| notice.kind.word());
            *counts.entry(format!("notice {kind}")).or_default() += 1;
        }
        *counts.entry("same".into()).or_default() += tenant.documents.same.len();
    }
    let mut text = format!("counted {counts:?}");
    for (name, tenant) in &model.tenants {
        for of in &tenant.documents.all {
            let issued = &of.issued;
            let about = format!("{} from {}: {:?} of {}", issued.billed, issued.from, issued.cause, issued.total);
            text.push_str(&format!("\n{} {name}: {} {about}", of.seq, issued.number));
        }
    }
    text
}

/// What every account may do.
fn limits(machine: &mut Machine, model: &Model, name: &str, at: i64) -> Found {
    let (tenant, now) = (&model.tenants[name], model.time(name, at));
    for account in ["a", "b", "c"] {
        let checked = match machine.check(name, account, at) {
            Ok(checked) => checked,
            Err(NotChecked::Settle(error)) => return Err(error.to_string()),
            Err(_) if model.feature(tenant, account, "sso", now).is_none() => continue,
            Err(error) => return Err(error.to_string()),
        };
        for feature in ["calls", "sso", "audit", "support", SPEND] {
            let wanted = model.feature(tenant, account, feature, now);
            let found = checked.features.iter().find(|of| of.name == feature);
            let same = match (&wanted, found) {
                (None, None) => true,
                (Some((billed, Feature::Limit(limit, hard, used))), Some(of)) => {
                    (of.limit.as_ref(), of.hard, &checked.billed) == (Some(limit), *hard, billed)
                        && of.held == tenant.holds.held(billed, feature, now)
                        && used.as_ref().is_none_or(|used| of.used == *used)
                }
                (Some((_, Feature::Flag(on))), Some(of)) => of.on == *on,
                (Some((_, Feature::Text)), Some(of)) => of.text.is_some(),
                _ => false,
            };
            if !same {
                return Err(format!("`{feature}` of {account} is {found:?}"));
            }
        }
    }
    Ok(())
}

/// A line of all documents of a month: its name, the other month that it corrects, its currency.
type Key = (String, Option<Date>, Option<String>);
/// What it came to, and by whom that was paid.
type Sum = (Rational, BTreeMap<String, Rational>);

fn add(sums: &mut BTreeMap<Key, Sum>, key: Key, amount: &Rational, paid: &[(String, Rational)]) {
    let (sum, payers) = sums.entry(key).or_default();
    *sum += amount;
    for (by, paid) in paid {
        *payers.entry(by.clone()).or_default() += paid;
    }
}

fn says((amount, paid): &mut Sum) -> bool {
    paid.retain(|_, paid| !paid.is_zero());
    !amount.is_zero() || !paid.is_empty()
}

/// Each document says what the facts before it came to, as a machine has it that saw nothing but those; and
/// together the documents of closed months come to what all facts do, where everything is `done` that is due.
pub fn documents(facts: &[Fact], model: &Model, plan: &Plan, done: bool, rng: &mut Rng) -> Found {
    let mut seen = Seen { machine: spare(), last: 0, facts, plan };
    // Months that something was issued for, or found to be the same: entry, tenant, who is billed, first day.
    let mut slots: Vec<(u64, &str, &str, Date)> = Vec::new();
    for name in TENANTS {
        let documents = &model.tenants[name].documents;
        let issued = documents.all.iter().filter(|of| of.issued.cause != Cause::Credit);
        slots.extend(issued.map(|of| (of.seq, name, of.issued.billed.as_str(), of.issued.from)));
        slots.extend(documents.same.iter().map(|(seq, billed, from)| (*seq, name, billed.as_str(), *from)));
    }
    slots.sort_unstable();
    for (at, (seq, name, billed, from)) in slots.iter().enumerate() {
        seen.until(*seq, rng)?;
        body(&mut seen.machine, model, name, *seq)?;
        // All that a month comes to at once may be several documents.
        let next = slots.get(at + 1);
        if next.is_none_or(|next| next.0 != seq + 1 || (next.1, next.2, next.3) != (*name, *billed, *from)) {
            month(&mut seen.machine, model, (name, billed, *from), *seq)?;
        }
    }
    // One of them from its facts in another order.
    if let Some((seq, name, billed, from)) = slots.get(rng.below(slots.len() as u64) as usize) {
        let before = facts.partition_point(|fact| fact.seq < *seq);
        let mut other = reordered(&facts[..before], plan, rng)?;
        let last = |(other, ..): &&(u64, &str, &str, Date)| *other > *seq;
        if slots.iter().find(last).is_none_or(|next| (next.1, next.2, next.3) != (*name, *billed, *from)) {
            month(&mut other, model, (name, billed, *from), *seq)?;
        }
    }
    seen.until(u64::MAX, rng)?;
    for name in TENANTS.into_iter().filter(|_| done) {
        let Some(closed) = model.tenants[name].documents.closed else { continue };
        for (billed, _) in subjects(plan) {
            let (mut from, documents) = (day(0), &model.tenants[name].documents);
            while from < closed {
                // What was closed before anybody was here has documents only where days in it were said later.
                let before = documents.begun.is_some_and(|begun| from < begun);
                let none = documents.of_month(billed, from).next().is_none();
                if none && (before || model.is_unknown(name, billed, from)) {
                    from = after(from);
                    continue;
                }
                month(&mut seen.machine, model, (name, billed, from), u64::MAX)?;
                from = after(from);
            }
        }
    }
    Ok(())
}

/// A machine and the facts that it has not seen.
struct Seen<'f> {
    machine: Machine,
    last: u64,
    facts: &'f [Fact],
    plan: &'f Plan,
}

impl Seen<'_> {
    /// Shows it the facts before an entry, in groups of another size.
    fn until(&mut self, seq: u64, rng: &mut Rng) -> Found {
        while let Some(first) = self.facts.first().filter(|fact| fact.seq < seq) {
            let most = rng.between(1, 40) as usize;
            let same = |fact: &&Fact| fact.seq < seq && fact.at == first.at;
            let group: Vec<&Fact> = self.facts.iter().take(most).take_while(same).collect();
            self.last += feed(&mut self.machine, self.last, &group, self.plan)?;
            self.facts = &self.facts[group.len()..];
        }
        Ok(())
    }
}

/// The body of an invoice that no note takes lines from is that of the invoice.
fn body(machine: &mut Machine, model: &Model, name: &str, seq: u64) -> Found {
    let Some(document) = model.tenants[name].documents.all.iter().find(|of| of.seq == seq) else { return Ok(()) };
    if document.issued.cause != Cause::Close {
        return Ok(());
    }
    let issued = &document.issued;
    let priced = machine.invoice(name, &issued.billed, issued.from).map_err(|e| format!("{}: {e}", issued.number))?;
    let apart = priced.invoice.lines.iter().any(|line| line.corrects.is_some());
    if apart && document.lines.iter().all(|line| line.corrects.is_none()) {
        return Ok(());
    }
    let body = price_documents::invoice(&priced.invoice, &priced.plan, &priced.source_map);
    if body != *document.body || priced.hash.to_string() != issued.hash {
        return Err(format!("{} of {name} says {}, and is {body}", issued.number, document.body));
    }
    Ok(())
}

/// The documents of a month up to an entry come to what its invoice does.
fn month(machine: &mut Machine, model: &Model, (name, billed, from): (&str, &str, Date), seq: u64) -> Found {
    let (mut said, mut wanted) = (BTreeMap::new(), BTreeMap::new());
    for document in model.tenants[name].documents.of_month(billed, from).filter(|of| of.seq <= seq) {
        for line in document.lines.iter() {
            let key = (line.name.clone(), line.corrects.filter(|of| *of != from), line.currency.clone());
            add(&mut said, key, &line.amount, &line.paid);
        }
    }
    match machine.invoice(name, billed, from) {
        Ok(priced) => {
            for line in &priced.invoice.lines {
                let currency = (line.currency != OWN).then(|| priced.plan.currency_at(line.currency).0.code.clone());
                let corrects = line.corrects.map(|of| of.from).filter(|of| *of != from);
                add(&mut wanted, (line.name.clone(), corrects, currency), &line.amount, &line.paid);
            }
        }
        Err(QueryError::Unknown(_) | QueryError::Settle(price_rating::SettleError::NotServed { .. })) => {}
        Err(e) => return Err(e.to_string()),
    }
    said.retain(|_, sum| says(sum));
    wanted.retain(|_, sum| says(sum));
    if said != wanted {
        return Err(format!("documents of {billed} of {name} for {from} up to {seq}: {said:?}, and it is {wanted:?}"));
    }
    Ok(())
}
