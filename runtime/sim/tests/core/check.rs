//! What is compared: events, invoices, damaged copies.

use crate::host::{Home, Stored, groups, spare};
use crate::model::Model;
use crate::papers::Fact;
use crate::plans::Plan;
use crate::sent::{DAY, JANUARY, Sent, TENANTS, What, day};
use price_core::{Answer, Command, Machine};
use price_sim::run::Found;
use price_sim::{Rng, SimDisk};
use price_store::StoreError;
use price_store::disk::Disk;
use price_store::log::Log;
use price_value::Rational;
use std::sync::Arc;

/// Each event is there once with the content that counts, or not at all.
pub fn events(machine: &mut Machine, model: &Model, ids: &[String]) -> Found {
    for tenant in TENANTS {
        for id in ids {
            let event = model.tenants[tenant].events.get(id).and_then(|event| event.live.as_ref());
            let wanted = event.map(|(record, seq)| (*seq, record.account.clone(), record.text.clone()));
            let found = machine.event(tenant, "s", id).map(|view| (view.seq, view.account, view.record));
            if found != wanted {
                return Err(format!("event {id} of {tenant} should be {wanted:?}, and is {found:?}"));
            }
        }
    }
    Ok(())
}

/// A machine that sees the same facts in another order and in other groups: plans and accounts
/// first, then the rest at random, but what is said of one event in its order.
pub fn reordered(facts: &[Fact], plan: &Plan, rng: &mut Rng) -> Result<Machine, String> {
    let control = |fact: &&Fact| matches!(fact.sent.what, What::Publish { .. } | What::Subscribe { .. });
    let mut order: Vec<&Fact> = facts.iter().filter(control).collect();
    let rest: Vec<&Fact> = facts.iter().filter(|fact| !control(fact)).collect();
    if rng.chance(250) {
        order.extend(rest);
    } else {
        let mut before: Vec<usize> = vec![0; rest.len()];
        let tied: Vec<Vec<usize>> = (0..rest.len())
            .map(|one| (one + 1..rest.len()).filter(|other| follows(&rest[one].sent, &rest[*other].sent)).collect())
            .collect();
        tied.iter().flatten().for_each(|other| before[*other] += 1);
        let mut ready: Vec<usize> = (0..rest.len()).filter(|at| before[*at] == 0).collect();
        while !ready.is_empty() {
            let one = ready.swap_remove(rng.below(ready.len() as u64) as usize);
            order.push(rest[one]);
            for other in &tied[one] {
                before[*other] -= 1;
                if before[*other] == 0 {
                    ready.push(*other);
                }
            }
        }
    }
    let mut machine = spare();
    let (mut last, mut at) = (0, 0);
    while at < order.len() {
        let most = rng.between(1, 30) as usize;
        let same = order[at..].iter().take(most).take_while(|fact| fact.at == order[at].at).count();
        last += feed(&mut machine, last, &order[at..at + same], plan)?;
        at += same;
    }
    Ok(machine)
}

/// Gives a machine facts of one instant as a group; how many entries they are.
pub fn feed(machine: &mut Machine, last: u64, group: &[&Fact], plan: &Plan) -> Result<u64, String> {
    let commands: Vec<Command> = group.iter().map(|fact| fact.sent.command(plan)).collect();
    let decided = machine.decide(last + 1, group[0].at, &commands).map_err(|e| e.to_string())?;
    let odd = group.iter().zip(&decided.answers).find(|(_, a)| !matches!(a, Answer::Accepted { .. }));
    match odd {
        Some((fact, answer)) => Err(format!("in another order `{}` is {answer:?}", fact.sent.told())),
        None => Ok(decided.entries.len() as u64),
    }
}

/// Whether the order of two facts means something: of one event, of one backfill.
fn follows(one: &Sent, other: &Sent) -> bool {
    fn id(sent: &Sent) -> Option<&str> {
        match &sent.what {
            What::Usage { record, .. } | What::Replace { record } => Some(&record.id),
            What::Void { id } => Some(id),
            _ => None,
        }
    }
    let revert = |sent: &Sent| matches!(sent.what, What::Revert { .. });
    one.tenant == other.tenant && (revert(one) || revert(other) || id(one) == id(other))
}

/// Who is billed, for which accounts.
pub fn subjects(plan: &Plan) -> &'static [(&'static str, &'static [&'static str])] {
    match plan.contract {
        true => &[("initech", &["a", "b"])],
        false => &[("a", &["a"]), ("b", &["b"]), ("pool", &["c"])],
    }
}

/// Every invoice of two machines is the same, and together they ask for what the usage costs.
pub fn invoices(one: &mut Machine, other: &mut Machine, model: &Model, plan: &Plan, at: i64, rng: &mut Rng) -> Found {
    let subjects = subjects(plan);
    // As far as usage goes, and the invoice that is open now.
    let at = TENANTS.iter().map(|tenant| model.time(tenant, at)).max().unwrap_or(at);
    let months = ((at - JANUARY) / DAY / 28 + 2).max(6) as i32;
    for tenant in TENANTS {
        for (subject, accounts) in subjects {
            let mut sum = Rational::ZERO;
            let on = |month| day(0).add_months(month, 15);
            let ask = |machine: &mut Machine, on| machine.invoice(tenant, subject, on).map(|priced| priced.invoice);
            let asked: Vec<_> = (0..months).map(|month| ask(other, on(month))).collect();
            // Asked in another order: what was asked before changes nothing.
            let first = rng.below(months as u64) as i32;
            for month in (first..months).chain(0..first) {
                let (found, wanted, on) = (ask(one, on(month)), &asked[month as usize], on(month));
                if found != *wanted {
                    return Err(format!("the invoice of {subject} of {tenant} for {on}: {found:?}, and {wanted:?}"));
                }
                // Months without service or anything known of others have none.
                if let Ok(invoice) = found {
                    let usage = invoice.lines.iter().filter(|line| line.name != "base");
                    sum += &usage.map(|line| &line.amount).sum::<Rational>();
                }
            }
            let cost = Rational::new(i128::from(model.cost(&model.tenants[tenant], accounts)), 10_000);
            if sum != cost {
                return Err(format!("all invoices of {subject} of {tenant} are {sum}, and usage costs {cost}"));
            }
        }
    }
    Ok(())
}

/// A copy of the log with one changed bit gives all entries or an error.
pub fn flipped(home: &Home, copy: &SimDisk, rng: &mut Rng, entries: &[Stored]) -> Found {
    let said = |e: std::io::Error| e.to_string();
    let names = home.log.list().map_err(said)?;
    for name in &names {
        let bytes = home.log.contents(name).unwrap_or_default();
        copy.create(name).and_then(|file| file.write_at(&bytes, 0)).map_err(said)?;
    }
    let segments: Vec<&String> = names.iter().filter(|name| name.ends_with(".seg")).collect();
    let name = segments[rng.below(segments.len() as u64) as usize];
    let bytes = copy.contents(name).unwrap_or_default();
    let used = bytes.iter().rposition(|byte| *byte != 0).map_or(1, |last| last as u64 + 1);
    let (byte, bit) = (rng.below(used), rng.below(8) as u8);
    copy.flip(name, byte, bit);
    match Log::open(Arc::new(copy.clone()), home.options).and_then(|log| groups(&log)) {
        Ok(found) if found.concat() == entries => Ok(()),
        Err(StoreError::Damaged { .. } | StoreError::Foreign { .. }) => Ok(()),
        Ok(_) => Err(format!("bit {bit} of byte {byte} of {name} changes what is read")),
        Err(e) => Err(format!("bit {bit} of byte {byte} of {name}: {e}")),
    }
}
