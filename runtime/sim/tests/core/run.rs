//! One seed: clients send, a clock jumps, a disk fails, and after every crash all is compared.

use crate::check;
use crate::faults::Fault;
use crate::host::{Home, Host, Stored, folded, groups, spare};
use crate::model::Model;
use crate::papers::{self, Fact};
use crate::plans::{self, Plan};
use crate::sent::{DAY, JANUARY, Maker, Sent, TENANTS, What};
use price_core::billing::BillingCommand;
use price_core::enforce::{EnforceCommand, SPEND};
use price_core::erasure::{Pending, without};
use price_core::{Answer, Command, Once};
use price_sim::run::{Found, World};
use price_sim::{Faults, Rng};
use price_store::StoreError;
use price_store::log::Options;
use price_value::{Rational, Timestamp};
use std::collections::BTreeMap;
use std::sync::Arc;

/// A group of commands and what became of it.
pub struct Group {
    pub at: i64,
    pub sent: Vec<Sent>,
    pub answers: Vec<Answer>,
    entries: Vec<Stored>,
    /// Last entry of it or of those before.
    end: u64,
    /// The answers left.
    answered: bool,
    /// What is known after it.
    model: Model,
    root: [u8; 32],
}

struct Run<'w> {
    world: &'w mut World,
    plan: &'static Plan,
    maker: Maker,
    home: Home,
    history: Vec<Group>,
    /// Groups that got no answer, to be sent again.
    unsent: Vec<Vec<Sent>>,
    recorded_at: i64,
    nothing: (Model, [u8; 32]),
    trace: bool,
    /// Dice of erasures, in some of the seeds: what else a seed does is the same without them.
    erases: Option<Rng>,
    /// What was erased, as hosts knew it.
    erased: BTreeMap<u64, Arc<Pending>>,
}

/// Runs a seed, with a fault or without.
pub fn run(world: &mut World, fault: Option<Fault>, trace: bool) -> Found {
    Fault::switch(fault);
    let found = Run::new(world, fault, trace).all();
    Fault::switch(None);
    found
}

impl Run<'_> {
    fn new(world: &mut World, fault: Option<Fault>, trace: bool) -> Run<'_> {
        let plan = plans::draw(&mut world.rng);
        let maker = Maker::new(plan, &mut world.rng);
        let mut unsent: Vec<Vec<Sent>> = maker.beginning(&mut world.rng).into_iter().map(|sent| vec![sent]).collect();
        unsent.reverse();
        let start = JANUARY + 8 * DAY;
        world.clock.move_by(start - world.clock.now());
        let home = Home {
            log: world.disk.clone(),
            index: world.another_disk(),
            options: Options { segment_bytes: 4096 * world.rng.between(8, 14), at_least: 0 },
            salt: [3; 16],
            keep_index: world.rng.chance(500),
            kept: Arc::default(),
            fault,
        };
        let nothing = (Model::new(plan), spare().root());
        let erases = (world.seed % 3 == 1).then(|| Rng::new(!world.seed));
        let (history, erased) = (Vec::new(), BTreeMap::new());
        Run { world, plan, maker, home, history, unsent, recorded_at: 0, nothing, trace, erases, erased }
    }

    fn say(&self, text: impl FnOnce() -> String) {
        if self.trace {
            println!("{}", text());
        }
    }

    fn model(&self) -> &Model {
        self.history.last().map_or(&self.nothing.0, |group| &group.model)
    }

    fn all(&mut self) -> Found {
        self.say(|| format!("plan {}", self.plan.name));
        let lives = self.world.rng.between(1, 4);
        let mut host = self.open()?;
        for life in 0..lives {
            if life > 0 || self.world.rng.chance(500) {
                let faults = self.faults();
                self.say(|| format!("faults {faults:?}"));
                self.home.log.set_faults(faults);
            }
            self.live(&mut host)?;
            drop(host);
            self.crash();
            host = self.open()?;
            self.compare(&mut host)?;
        }
        for _ in 0..4 {
            if self.group(&mut host)?.is_err() {
                return Err("a disk without faults fails".into());
            }
        }
        self.finish(&mut host)?;
        host.log.sync().map_err(|e| e.to_string())?;
        self.compare(&mut host)?;
        self.invoices(&mut host)
    }

    /// Everything is issued and told that is due.
    fn finish(&mut self, host: &mut Host) -> Found {
        let everybody = self.world.rng.chance(500);
        if everybody {
            host.machine.look_at_all();
        }
        for what in [What::Tick, What::Look] {
            loop {
                if self.send(host, vec![Sent { tenant: TENANTS[0], what: what.clone() }])?.is_err() {
                    return Err("a disk without faults fails".into());
                }
                let more = |group: &Group| matches!(group.answers[..], [Answer::Ticked { more: true }]);
                if !self.history.last().is_some_and(more) {
                    break;
                }
            }
        }
        TENANTS.iter().try_for_each(|tenant| self.model().untold(tenant, self.recorded_at, everybody))
    }

    fn faults(&mut self) -> Faults {
        let rng = &mut self.world.rng;
        let mut faults = Faults { stop_at: rng.between(1, 120), slow_micros: 50, ..Faults::default() };
        match rng.below(8) {
            0 => faults.write_error = 20,
            1 => faults.sync_error = 30,
            2 | 3 => {
                // Room for no further segment.
                use price_store::disk::Disk;
                let names = self.home.log.list().unwrap_or_default();
                let used = |name: &String| self.home.log.contents(name).map_or(0, |bytes| bytes.len() as u64);
                faults = Faults { capacity: names.iter().map(used).sum::<u64>().max(1), ..Faults::default() };
            }
            4 | 5 => faults.stop_in_flush = 50,
            _ => {}
        }
        faults
    }

    fn crash(&mut self) {
        if self.world.rng.chance(700) {
            self.say(|| "the power fails".into());
            self.home.log.power_loss();
            self.home.index.power_loss();
        } else {
            self.say(|| "the process ends".into());
            self.home.log.kill();
            self.home.index.kill();
        }
    }

    /// Opens the host; on the way there more may fail.
    fn open(&mut self) -> Result<Host, String> {
        while self.world.rng.chance(200) {
            let stop_at = self.world.rng.between(1, 40);
            self.home.log.set_faults(Faults { stop_at, ..Faults::default() });
            let opened = Host::open(&self.home, self.world.clock.now());
            self.say(|| format!("the power fails while it opens, {}", if opened.is_ok() { "late" } else { "early" }));
            drop(opened);
            self.home.log.power_loss();
            self.home.index.power_loss();
        }
        self.home.log.set_faults(Faults::default());
        Host::open(&self.home, self.world.clock.now()).map_err(|e| format!("opening: {e}"))
    }

    /// Works until something fails or nothing is left to do.
    fn live(&mut self, host: &mut Host) -> Found {
        for _ in 0..self.world.rng.between(4, 40) {
            match self.group(host)? {
                Ok(()) => {}
                Err(StoreError::NoRoom { .. }) => {
                    self.say(|| "the disk is full".into());
                    self.home.log.set_faults(Faults::default());
                    if self.home.fault != Some(Fault::KeepAfterFullDisk) {
                        *host = Host::open(&self.home, self.world.clock.now())?;
                        self.compare(host)?;
                    }
                }
                Err(StoreError::TooLarge { what, found, .. }) => return Err(format!("{what} of {found}")),
                Err(e) => {
                    self.say(|| format!("{e}"));
                    return Ok(());
                }
            }
        }
        Ok(())
    }

    /// One group from the client to the disk; the answers may leave later.
    fn group(&mut self, host: &mut Host) -> Result<Result<(), StoreError>, String> {
        let rng = &mut self.world.rng;
        if rng.chance(500) {
            let jump = if rng.chance(300) { rng.below(DAY as u64 / 4) } else { rng.below(8 * DAY as u64) } as i64;
            self.world.clock.move_by(if rng.chance(100) { -jump } else { jump });
        }
        let hour = DAY / 24;
        self.recorded_at = self.recorded_at.max(self.world.clock.now() / hour * hour);
        let at = self.recorded_at;
        // What is due is mostly done at once, as a server does it.
        let strikes = |what| vec![Sent { tenant: TENANTS[0], what }];
        let (rng, due) = (&mut self.world.rng, host.machine.due_at() <= at);
        let mut sent = if due && rng.chance(600) {
            strikes(What::Tick)
        } else if host.machine.looks(at) && rng.chance(400) {
            strikes(What::Look)
        } else if let Some(sent) = self.unsent.pop() {
            sent
        } else {
            let model = self.history.last().map_or(&self.nothing.0, |group| &group.model);
            self.maker.batch(&mut self.world.rng, at, model)
        };
        let strikes = matches!(sent[..], [Sent { what: What::Tick | What::Look, .. }]);
        if let Some(rng) = self.erases.as_mut().filter(|_| !strikes)
            && rng.chance(120)
        {
            let last = self.history.last().map_or(0, |group| group.end);
            sent.push(self.maker.erasure(rng, last));
        }
        self.send(host, sent)
    }

    /// A group, at the time of the last one.
    fn send(&mut self, host: &mut Host, sent: Vec<Sent>) -> Result<Result<(), StoreError>, String> {
        let (at, due) = (self.recorded_at, host.machine.due_at() <= self.recorded_at);
        let mut model = self.model().clone();
        let spent = self.spent(host, &sent);
        model.tenants.values_mut().for_each(|tenant| tenant.holds.spent = spent.clone());
        let commands: Vec<Command> = sent.iter().map(|sent| sent.command(self.plan)).collect();
        let decided = host.decide(model.last, at, &commands);
        if self.home.log.stopped() {
            // What was decided with texts that could not be read is thrown away, as with a crash.
            return Ok(Err(stopped()));
        }
        let (entries, answers) = decided?;
        for (sent, answer) in sent.iter().zip(&answers) {
            self.say(|| format!("{}: {} -> {answer:?}", (at - JANUARY) / DAY, sent.told()));
        }
        self.say(|| {
            let kinds: Vec<(u64, u16)> = entries.iter().map(|stored| (stored.seq, stored.kind)).collect();
            format!("entries and their kinds: {kinds:?}")
        });
        model.take(at, &sent, &answers, &entries)?;
        model.tenants.values_mut().for_each(|tenant| tenant.holds.spent = None);
        if let ([Sent { what: What::Tick, .. }], [Answer::Ticked { more }]) = (&sent[..], &answers[..]) {
            if !due && !entries.is_empty() {
                return Err(format!("nothing was due at {at}, and {} entries are made", entries.len()));
            }
            if *more != (host.machine.due_at() <= at) {
                return Err(format!("more is {more} at {at}, and the next is due at {}", host.machine.due_at()));
            }
        }
        if matches!((&sent[..], &answers[..]), ([Sent { what: What::Look, .. }], [Answer::Ticked { more: false }])) {
            TENANTS.iter().try_for_each(|tenant| model.untold(tenant, at, false))?;
        }
        let (end, root) = (model.last, host.machine.root());
        if self.home.log.stopped() {
            return Ok(Err(stopped()));
        }
        let appended = host.append(&entries);
        if matches!(appended, Err(StoreError::NoRoom { .. })) {
            self.unsent.push(sent);
            return Ok(appended);
        }
        // Also after a failure: the group may be found again or not.
        self.history.push(Group { at, sent, answers, entries, end, answered: false, model, root });
        if appended.is_err() {
            return Ok(appended);
        }
        if self.home.fault == Some(Fault::AnswerBeforeSync) {
            self.answered(u64::MAX);
        }
        if self.world.rng.chance(600) {
            let mark = self.world.rng.chance(100);
            match if mark { host.log.mark() } else { host.log.sync() } {
                Ok(durable) => {
                    self.answered(durable);
                    if self.home.keep_index && self.world.rng.chance(150) {
                        self.say(|| format!("a checkpoint at {durable}"));
                        host.keep(&self.home, self.world.rng.chance(300))?;
                    }
                    self.erased.extend(host.machine.pending_erasures().into_iter().map(|of| (of.seq(), of)));
                    if self.erases.as_mut().is_some_and(|rng| rng.chance(300))
                        && let Err(e) = host.erase(&self.home)
                    {
                        return Ok(Err(e));
                    }
                }
                Err(e) => return Ok(Err(e)),
            }
        }
        Ok(Ok(()))
    }

    /// What the invoice that forms comes to, where a group does nothing but hold a part of a budget.
    fn spent(&self, host: &mut Host, sent: &[Sent]) -> Option<Rational> {
        let [Sent { tenant, what: What::Enforce(EnforceCommand::Reserve(reserve)) }] = sent else { return None };
        let model = self.model();
        let day = model.zone.local(Timestamp(model.time(tenant, self.recorded_at) * 1_000)).0;
        let spends = reserve.feature == SPEND;
        spends.then(|| host.machine.invoice(tenant, &reserve.account, day).ok().map(|priced| priced.invoice.total))?
    }

    fn answered(&mut self, durable: u64) {
        self.history.iter_mut().filter(|group| group.end <= durable).for_each(|group| group.answered = true);
    }

    /// What a host finds is what was answered, as a whole, and nothing else but groups before a crash.
    fn compare(&mut self, host: &mut Host) -> Found {
        let last = host.log.durable();
        self.say(|| format!("the log ends at {last}"));
        if let Some(lost) = self.history.iter().find(|group| group.answered && group.end > last) {
            return Err(format!("entry {} was acknowledged, and the log ends at {last}", lost.end));
        }
        if last > 0 && !self.history.iter().any(|group| group.end == last) {
            return Err(format!("the log ends at {last}, inside of a group"));
        }
        let kept = self.history.partition_point(|group| group.end <= last);
        for group in self.history.drain(kept..).rev() {
            // A client without an answer sends the same again, mostly.
            if self.world.rng.chance(800) {
                self.unsent.push(group.sent);
            }
        }
        let found = groups(&host.log).map_err(|e| e.to_string())?.concat();
        self.erased.extend(host.machine.pending_erasures().into_iter().map(|of| (of.seq(), of)));
        self.erased.retain(|seq, _| *seq <= last);
        let erased: Vec<Arc<Pending>> = self.erased.values().cloned().collect();
        let expected: Vec<&mut Stored> = self.history.iter_mut().flat_map(|group| &mut group.entries).collect();
        if found.len() != expected.len() {
            return Err(format!("the log holds {} entries, and {} were decided", found.len(), expected.len()));
        }
        for (found, expected) in found.iter().zip(expected) {
            if found != expected && without(&erased, &expected.frame()).is_some_and(|of| of == found.payload) {
                expected.payload.clone_from(&found.payload);
            }
            if found != expected {
                return Err(format!("the log holds something else than was decided as entry {}", found.seq));
            }
        }
        self.recorded_at = found.iter().map(|stored| stored.at).max().unwrap_or(0);
        check::events(&mut host.machine, self.model(), &self.maker.ids())?;
        papers::asked(&mut host.machine, self.model(), self.recorded_at)?;
        self.sent_again(host)?;
        let rng = &mut self.world.rng;
        if rng.chance(300) {
            let copy = self.world.another_disk();
            check::flipped(&self.home, &copy, &mut self.world.rng, &found)?;
        }
        if self.world.rng.chance(100) {
            self.invoices(host)?;
        }
        let root = self.history.last().map_or(self.nothing.1, |group| group.root);
        if host.machine.root() != root {
            return Err(format!("the state after entry {last} is another one than before"));
        }
        if folded(spare(), &found)?.root() != root {
            return Err(format!("the state after entry {last} is not that of the entries"));
        }
        Ok(())
    }

    /// Events that were accepted are duplicates, requests under a key are answered as before, and nothing
    /// changes.
    fn sent_again(&mut self, host: &mut Host) -> Found {
        let mut commands = Vec::new();
        let mut wanted = Vec::new();
        let model = self.model();
        for tenant in TENANTS {
            let (name, of) = (tenant.to_owned(), &model.tenants[tenant]);
            for event in of.events.values().take(20) {
                let (tenant, record) = (name.clone(), event.content.clone());
                commands.push(Command::Usage { tenant, record, set: None });
                wanted.push(Answer::Duplicate { seq: event.first });
            }
            for (key, print, answers) in of.keys.all(self.recorded_at) {
                let once = Once { tenant: name.clone(), key: key.to_owned(), print: [print; 16] };
                commands.push(Command::Once { once, commands: Vec::new() });
                wanted.push(Answer::Once { answers: answers.to_vec(), again: true });
            }
        }
        let last = model.last;
        let (entries, answers) = host.decide(last, self.recorded_at, &commands)?;
        if !entries.is_empty() || answers != wanted {
            let other = answers.iter().zip(&wanted).zip(&commands).find(|((one, other), _)| one != other);
            return Err(format!("sent again: {other:?}"));
        }
        Ok(())
    }

    /// What was accepted, each at the time of its tenant.
    fn facts(&self) -> Vec<Fact> {
        let (mut facts, mut clocks) = (Vec::new(), BTreeMap::new());
        for group in &self.history {
            let mut left: Vec<(&Sent, &Answer)> = group.sent.iter().zip(&group.answers).rev().collect();
            while let Some((sent, answer)) = left.pop() {
                match (&sent.what, answer) {
                    (What::Once { sent, .. }, Answer::Once { answers, again: false }) => {
                        left.extend(sent.iter().zip(answers).rev());
                    }
                    (What::Bill(BillingCommand::Clock(now)), Answer::Accepted { .. }) => {
                        clocks.insert(sent.tenant, *now);
                    }
                    (what, Answer::Accepted { seq }) if what.is_fact() => {
                        let at = clocks.get(sent.tenant).copied().unwrap_or(group.at);
                        facts.push(Fact { seq: *seq, at, sent: sent.clone() });
                    }
                    _ => {}
                }
            }
        }
        facts
    }

    /// Invoices are those of the same facts in another order, and add up; documents say what the facts
    /// came to when they were issued.
    fn invoices(&mut self, host: &mut Host) -> Found {
        let facts = self.facts();
        let late = facts.iter().filter(|fact| matches!(fact.sent.what, What::Usage { .. })).count();
        let model = self.history.last().map_or(&self.nothing.0, |group| &group.model);
        self.say(|| format!("{} facts are compared, {late} of them usage", facts.len()));
        self.say(|| papers::counted(self.model()));
        let (rng, done) = (&mut self.world.rng, host.machine.due_at() > self.recorded_at);
        papers::documents(&facts, model, self.plan, done, rng)?;
        let mut other = check::reordered(&facts, self.plan, rng)?;
        check::invoices(&mut host.machine, &mut other, model, self.plan, self.recorded_at, rng)
    }
}

/// What a host dies of whose machine stopped while it read.
fn stopped() -> StoreError {
    StoreError::Io { doing: "reading", file: ".".into(), cause: std::io::Error::other("the machine stopped") }
}
