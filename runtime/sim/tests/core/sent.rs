//! What clients send: commands with what a reader knows about them.

use crate::model::Model;
use crate::plans::Plan;
use price_core::billing::BillingCommand;
use price_core::enforce::EnforceCommand;
use price_core::notify::NotifyCommand;
use price_core::{Command, EndedTokens, Once, Subscribed, erasure};
use price_sim::Rng;
use price_value::{Date, Timestamp, Zone};

/// Microseconds of a day.
pub const DAY: i64 = 86_400_000_000;
/// 2026-01-01T00:00:00Z in microseconds.
pub const JANUARY: i64 = 1_767_225_600_000_000;

/// Whether a record is one that its plan can take.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Form {
    Good,
    /// Nothing can be known of it, not even its id.
    Unreadable,
    /// It does not fit the plan.
    Unfit,
}

/// An event as it is sent.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Record {
    pub id: String,
    pub account: String,
    /// Nanoseconds since 1970 UTC.
    pub happened: i64,
    /// Cents of a payment.
    pub cents: i64,
    pub form: Form,
    /// Equal for records that say the same.
    pub content: String,
    pub text: String,
}

#[derive(Debug, Clone, PartialEq, Eq)]
pub enum What {
    Usage {
        record: Record,
        set: Option<String>,
    },
    Void {
        id: String,
    },
    Replace {
        record: Record,
    },
    Revert {
        set: String,
    },
    /// A version, or bytes that are no plan.
    Publish {
        version: Option<usize>,
    },
    Subscribe {
        account: String,
        from: Option<Date>,
        until: Option<Date>,
        pool: Option<String>,
    },
    Bill(BillingCommand),
    Enforce(EnforceCommand),
    Notify(NotifyCommand),
    End(EndedTokens),
    Erase(erasure::What),
    /// Issues what is due.
    Tick,
    /// Looks for what there is to tell.
    Look,
    /// Under a key; another print is another request.
    Once {
        key: String,
        print: u8,
        sent: Vec<Sent>,
    },
}

#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Sent {
    pub tenant: &'static str,
    pub what: What,
}

impl What {
    /// Whether invoices depend on it.
    pub fn is_fact(&self) -> bool {
        use What::*;
        matches!(self, Usage { .. } | Void { .. } | Replace { .. } | Revert { .. } | Publish { .. } | Subscribe { .. })
    }
}

impl Sent {
    pub fn command(&self, plan: &Plan) -> Command {
        let tenant = self.tenant.to_owned();
        match self.what.clone() {
            What::Usage { record, set } => Command::Usage { tenant, record: record.text, set },
            What::Void { id } => Command::Void { tenant, source: "s".into(), id },
            What::Replace { record } => Command::Replace { tenant, record: record.text },
            What::Revert { set } => Command::Revert { tenant, set },
            What::Publish { version } => {
                let artefact = version.map_or_else(|| vec![1, 2, 3], |version| plan.versions[version].clone());
                Command::Publish { tenant, artefact }
            }
            What::Subscribe { account, from, until, pool } => {
                let plan = plan.name.to_owned();
                Command::Subscribe { tenant, subscription: Subscribed { account, plan, from, until, pool } }
            }
            What::Bill(ask) => Command::Billing { tenant, ask },
            What::Enforce(ask) => Command::Enforce { tenant, ask },
            What::Notify(ask) => Command::Notify { tenant, ask },
            What::End(ended) => Command::EndTokens { tenant, ended },
            What::Erase(what) => Command::Erase { tenant, what, reason: "asked for".into() },
            What::Tick => Command::Tick,
            What::Look => Command::Look,
            What::Once { key, print, sent } => {
                let commands = sent.iter().map(|sent| sent.command(plan)).collect();
                Command::Once { once: Once { tenant, key, print: [print; 16] }, commands }
            }
        }
    }

    /// Short, for a trace.
    pub fn told(&self) -> String {
        let text = match &self.what {
            What::Usage { record, set: None } => format!("usage {}", record.text),
            What::Usage { record, set: Some(set) } => format!("usage of `{set}` {}", record.text),
            What::Replace { record } => format!("replace {}", record.text),
            What::Void { id } => format!("void {id}"),
            What::Once { key, print, sent } => {
                let all: Vec<String> = sent.iter().map(Sent::told).collect();
                format!("under `{key}` {print}: {}", all.join("; "))
            }
            other => format!("{other:?}"),
        };
        format!("{}: {text}", self.tenant)
    }
}

pub const TENANTS: [&str; 2] = ["t", "u"];
const SETS: [&str; 3] = ["march", "import", "other"];

/// Makes what is sent.
pub struct Maker {
    pub plan: &'static Plan,
    /// Every record so far, for sending it again.
    sent: Vec<(&'static str, Record)>,
    /// Requests under a key so far.
    pub(crate) keyed: Vec<Sent>,
    /// What comes soon: the end of a hold, the same again.
    pub(crate) soon: Vec<Sent>,
    ids: u64,
}

impl Maker {
    pub fn new(plan: &'static Plan, rng: &mut Rng) -> Maker {
        Maker { plan, sent: Vec::new(), keyed: Vec::new(), soon: Vec::new(), ids: rng.between(10, 120) }
    }

    /// What a run begins with.
    pub fn beginning(&self, rng: &mut Rng) -> Vec<Sent> {
        let mut all = Vec::new();
        for (tenant, test) in TENANTS.into_iter().zip([80, 300]) {
            if rng.chance(test) {
                all.push(Sent { tenant, what: What::Bill(BillingCommand::Clock(JANUARY + 8 * DAY)) });
            }
            all.push(Sent { tenant, what: What::Publish { version: Some(0) } });
            for account in ["a", "b"].into_iter().filter(|_| !self.plan.contract) {
                let until = (account == "b").then(|| day(75));
                let what = What::Subscribe { account: account.into(), from: None, until, pool: None };
                all.push(Sent { tenant, what });
            }
        }
        all
    }

    pub fn batch(&mut self, rng: &mut Rng, at: i64, model: &Model) -> Vec<Sent> {
        if rng.chance(60) && !self.sent.is_empty() {
            // A client that sends the same again and again.
            let few: Vec<(&str, Record)> = (0..rng.between(1, 3)).map(|_| self.again(rng)).collect();
            let one = |rng: &mut Rng| {
                let (tenant, record) = few[rng.below(few.len() as u64) as usize].clone();
                Sent { tenant, what: What::Usage { record, set: None } }
            };
            return (0..rng.between(20, 60)).map(|_| one(rng)).collect();
        }
        if rng.chance(60) {
            // A backfill of a closed month.
            let set = SETS[rng.below(3) as usize];
            let tenant = tenant(rng);
            let now = model.time(tenant, at);
            let one = |maker: &mut Maker, rng: &mut Rng| {
                let then = now - rng.below(60) as i64 * DAY;
                let record = maker.record(rng, then);
                maker.sent.push((tenant, record.clone()));
                Sent { tenant, what: What::Usage { record, set: Some(set.into()) } }
            };
            return (0..rng.between(3, 15)).map(|_| one(self, rng)).collect();
        }
        (0..rng.between(1, 8)).map(|_| self.any(rng, at, model)).collect()
    }

    fn any(&mut self, rng: &mut Rng, at: i64, model: &Model) -> Sent {
        match self.soon.pop() {
            Some(sent) if rng.chance(900) => sent,
            _ if rng.chance(400) => self.asked(rng, at, model),
            _ => self.one(rng, at, model),
        }
    }

    pub(crate) fn one(&mut self, rng: &mut Rng, at: i64, model: &Model) -> Sent {
        let tenant = tenant(rng);
        let now = model.time(tenant, at);
        let what = match rng.below(34) {
            0..3 => What::Void { id: self.id(rng) },
            3..6 => What::Replace { record: self.record(rng, now) },
            6 => What::Revert { set: SETS[rng.below(3) as usize].into() },
            7 => {
                let version = (!rng.chance(100)).then(|| rng.below(2) as usize);
                // Somebody gives credit before it is looked again at what was issued.
                let credit = self.credit(rng, tenant, model).filter(|_| rng.chance(600));
                self.soon.extend(credit.map(|ask| Sent { tenant, what: What::Bill(ask) }));
                What::Publish { version }
            }
            8 | 32 | 33 if !self.plan.contract || rng.chance(100) => self.subscription(rng, now),
            9..13 if !self.sent.is_empty() => {
                let (tenant, record) = self.again(rng);
                return Sent { tenant, what: What::Usage { record, set: None } };
            }
            13 | 14 if !self.sent.is_empty() => {
                // What was refused, mended; what was taken, changed.
                let (tenant, old) = self.again(rng);
                let now = model.time(tenant, at);
                let mut record = self.record(rng, now);
                record = self.written(rng, &old.id, &record.account, record.happened, record.cents, Form::Good);
                self.sent.push((tenant, record.clone()));
                return Sent { tenant, what: What::Usage { record, set: None } };
            }
            _ => {
                let record = self.record(rng, now);
                let set = rng.chance(100).then(|| SETS[rng.below(3) as usize].to_owned());
                self.sent.push((tenant, record.clone()));
                What::Usage { record, set }
            }
        };
        Sent { tenant, what }
    }

    fn again(&self, rng: &mut Rng) -> (&'static str, Record) {
        // Mostly what was sent a moment ago: in the same batch, or the one before a crash.
        let back = if rng.chance(600) { rng.below(12) } else { rng.below(self.sent.len() as u64) };
        let (tenant, record) = &self.sent[self.sent.len() - 1 - (back as usize).min(self.sent.len() - 1)];
        let mut record = record.clone();
        if record.form == Form::Good && rng.chance(200) {
            // The same in another order of its fields.
            record.text = record.text.replacen(r#"{"source":"s","#, "{", 1).replace('}', r#","source":"s"}"#);
        }
        (tenant, record)
    }

    /// Something is erased of what came, by dice of its own.
    pub fn erasure(&self, rng: &mut Rng, last: u64) -> Sent {
        let what = match rng.below(6) {
            0..3 => erasure::What::Account(["a", "b", "c", "nobody"][rng.below(4) as usize].into()),
            3 | 4 => erasure::What::Event { source: "s".into(), id: self.id(rng) },
            _ => erasure::What::Reject(rng.between(1, last.max(1))),
        };
        Sent { tenant: tenant(rng), what: What::Erase(what) }
    }

    /// Every id that may occur.
    pub fn ids(&self) -> Vec<String> {
        (0..self.ids).map(|id| id.to_string()).collect()
    }

    pub(crate) fn id(&self, rng: &mut Rng) -> String {
        rng.below(self.ids).to_string()
    }

    fn record(&self, rng: &mut Rng, now: i64) -> Record {
        let id = self.id(rng);
        let account = match rng.below(12) {
            0..5 => "a",
            5..9 => "b",
            9 | 10 => "c",
            _ => "nobody",
        };
        let minute = 60_000_000;
        let at = match rng.below(10) {
            0..6 => now - rng.below(5 * 1440) as i64 * minute,
            6..9 => now - rng.between(20, 70) as i64 * DAY,
            _ => JANUARY + rng.below(150 * 1440) as i64 * minute,
        };
        let at = at.max(JANUARY + DAY);
        let form = match rng.below(20) {
            0 => Form::Unreadable,
            1 => Form::Unfit,
            _ => Form::Good,
        };
        self.written(rng, &id, account, (at - at % minute) * 1_000, rng.clone().below(20_000) as i64, form)
    }

    fn written(&self, rng: &mut Rng, id: &str, account: &str, happened: i64, cents: i64, form: Form) -> Record {
        let (date, second) = Zone::utc().local(Timestamp(happened));
        let mut time = format!("{date}T{:02}:{:02}:00Z", second / 3600, second / 60 % 60);
        let mut kind = if self.plan.payments { "payment" } else { "request" };
        let mut field = match self.plan.payments {
            true => format!(r#""amount":{}.{:02}"#, cents / 100, cents % 100),
            false => format!(r#""path":"/{cents}""#),
        };
        let mut shown = id;
        match (form, rng.below(3)) {
            (Form::Good, _) => {}
            (Form::Unreadable, 0) => time = time.replace("2026", "20x6"),
            (Form::Unreadable, 1) => shown = "",
            (Form::Unreadable, _) => field = format!("{field}}}"),
            (Form::Unfit, 0) => kind = "gift",
            (Form::Unfit, _) => field = format!(r#""{}":true"#, if self.plan.payments { "amount" } else { "path" }),
        }
        let text =
            format!(r#"{{"source":"s","id":"{shown}","type":"{kind}","account":"{account}","time":"{time}",{field}}}"#);
        let (id, account) = (id.to_owned(), account.to_owned());
        Record { id, account, happened, cents, form, content: text.clone(), text }
    }

    fn subscription(&self, rng: &mut Rng, now: i64) -> What {
        let account = ["a", "b", "c", "c"][rng.below(4) as usize].to_owned();
        // Mostly from a day in the past: what is closed is looked at again.
        let today = ((now - JANUARY) / DAY) as i32;
        let from = match rng.below(10) {
            0..3 => None,
            3..7 => Some(day((today - rng.below(80) as i32).max(0))),
            _ => Some(day(rng.below(140) as i32)),
        };
        let until = rng.chance(600).then(|| from.unwrap_or(day(0)).add_days(rng.between(1, 60) as i32));
        let pool = (account == "c").then(|| "pool".to_owned());
        What::Subscribe { account, from, until, pool }
    }
}

pub(crate) fn tenant(rng: &mut Rng) -> &'static str {
    TENANTS[usize::from(rng.chance(200))]
}

/// A day of 2026, from 0.
pub fn day(n: i32) -> Date {
    let first: Date = "2026-01-01".parse().expect("a date");
    first.add_days(n)
}
