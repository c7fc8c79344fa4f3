//! What was issued: numbers, amounts, closed periods, and what may be asked of a document.

use price_core::billing::{BillingCommand, BillingEntry, Cause, Dispute, DocumentKind, Finalising, Issued, Settings};
use price_value::{Date, Rational, Timestamp, Zone};
use serde_json::Value;
use std::collections::BTreeMap;
use std::sync::Arc;

/// A line of a document.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Line {
    pub name: String,
    pub amount: Rational,
    pub paid: Vec<(String, Rational)>,
    pub currency: Option<String>,
    /// First day of the period it corrects.
    pub corrects: Option<Date>,
}

/// A document with what became of it.
#[derive(Clone)]
pub struct Document {
    pub seq: u64,
    pub issued: Issued,
    pub body: Arc<str>,
    pub lines: Arc<[Line]>,
    pub disputes: Vec<Dispute>,
    pub references: BTreeMap<String, String>,
}

/// The documents of a tenant, in the order of their entries.
#[derive(Clone, Default)]
pub struct Documents {
    pub all: Vec<Document>,
    pub settings: Settings,
    series: BTreeMap<String, u64>,
    approved: Option<Date>,
    /// Periods that end by this day are closed; none before there is a plan.
    pub closed: Option<Date>,
    /// Periods that end by this day were told to have ended.
    ended: Option<Date>,
    /// Up to whom drafts of the next one were told.
    drafted: Option<String>,
    /// Days for which usage is let into a month that ended, by the plan in force.
    pub grace: i32,
    /// The first month that is not closed without documents because nobody was here before.
    pub begun: Option<Date>,
    held: usize,
    /// Slots whose facts changed and came to nothing else: entry, who is billed, first day.
    pub same: Vec<(u64, String, Date)>,
}

/// The first day of a month.
pub fn month(day: Date) -> Date {
    Date::new(day.year(), day.month(), 1).expect("a first day")
}

/// The first day of the month after the one that begins on a day.
pub fn after(first: Date) -> Date {
    first.add_months(1, 1)
}

fn today(zone: &Zone, now: i64) -> Date {
    zone.local(Timestamp(now * 1_000)).0
}

impl Documents {
    /// The first plan is there: what is closed by now stays without documents. `now` is in microseconds.
    pub fn begin(&mut self, zone: &Zone, now: i64) {
        if self.closed.is_none() {
            self.closed = Some(month(today(zone, now).add_days(-self.grace)));
            self.begun = self.closed;
            self.ended = Some(month(today(zone, now)));
        }
    }

    pub fn find(&self, number: &str) -> Option<&Document> {
        self.all.iter().find(|document| document.issued.number == number)
    }

    fn find_mut(&mut self, number: &str) -> Option<&mut Document> {
        self.all.iter_mut().find(|document| document.issued.number == number)
    }

    /// What was issued for somebody's month, but for credit that somebody gave.
    pub fn of_month<'d>(&'d self, billed: &'d str, from: Date) -> impl Iterator<Item = &'d Document> {
        let of = move |d: &&Document| d.issued.billed == billed && d.issued.from == from;
        self.all.iter().filter(of).filter(|d| d.issued.cause != Cause::Credit)
    }

    /// Whether a command is carried out.
    pub fn takes(&self, ask: &BillingCommand, clock: Option<i64>, begun: bool) -> bool {
        let short = |text: &str| text.len() <= 1024;
        let is_open =
            |d: &Document, line: &Option<String>| d.disputes.iter().any(|o| o.line == *line && o.settled.is_none());
        match ask {
            BillingCommand::Settings(settings) => settings.invoice_prefix != settings.note_prefix,
            BillingCommand::Clock(now) => match clock {
                Some(before) => before <= *now,
                None => !begun && *now >= 0,
            },
            BillingCommand::Approve(_) => true,
            BillingCommand::Retry => self.held > 0,
            BillingCommand::Credit { number, line, amount, .. } => self.credits(number, line, amount),
            BillingCommand::Dispute { number, line, reason } => self.find(number).is_some_and(|document| {
                let known = line.as_ref().is_none_or(|line| document.lines.iter().any(|of| of.name == *line));
                short(reason) && known && !is_open(document, line)
            }),
            BillingCommand::Settle { number, line, .. } => self.find(number).is_some_and(|of| is_open(of, line)),
            BillingCommand::Refer { number, name, .. } => self.find(number).is_some() && !name.is_empty(),
        }
    }

    /// Of a line so much can be credited as it was asked for, by its document and those that correct it.
    fn credits(&self, number: &str, line: &str, amount: &str) -> bool {
        let Some(document) = self.find(number) else { return false };
        let named = |of: &&Line| of.name == line && of.currency.is_none();
        let Some(first) = document.lines.iter().find(named) else { return false };
        let correct = self.all.iter().filter(|of| of.issued.corrects.as_deref() == Some(number));
        let more: Rational = correct.flat_map(|of| of.lines.iter().filter(named)).map(|of| &of.amount).sum();
        let Ok(amount) = amount.parse::<Rational>() else { return false };
        let cents = (&amount * &Rational::int(100)).is_integer();
        document.issued.kind != DocumentKind::CreditNote
            && amount.is_positive()
            && cents
            && amount <= &first.amount + &more
    }

    /// Carries out a command that was accepted and issues nothing.
    pub fn accept(&mut self, seq: u64, ask: &BillingCommand) {
        match ask {
            BillingCommand::Settings(settings) => self.settings = settings.clone(),
            BillingCommand::Approve(until) => self.approved = Some(*until),
            BillingCommand::Retry => self.held = 0,
            BillingCommand::Dispute { number, line, reason } => {
                let (line, reason) = (line.clone(), reason.clone());
                if let Some(document) = self.find_mut(number) {
                    document.disputes.push(Dispute { line, reason, since: seq, settled: None });
                }
            }
            BillingCommand::Settle { number, line, outcome } => {
                let all = self.find_mut(number).into_iter().flat_map(|of| &mut of.disputes);
                for dispute in all.filter(|of| of.line == *line && of.settled.is_none()).take(1) {
                    dispute.settled = Some((outcome.clone(), seq));
                }
            }
            BillingCommand::Refer { number, name, text } => {
                if let Some(document) = self.find_mut(number) {
                    match text.as_str() {
                        "" => document.references.remove(name),
                        text => document.references.insert(name.clone(), text.to_owned()),
                    };
                }
            }
            BillingCommand::Clock(_) | BillingCommand::Credit { .. } => {}
        }
    }

    /// Takes what the clock of contracts did, or a credit note. `now` is the time of the tenant in
    /// microseconds.
    pub fn take(&mut self, seq: u64, entry: &BillingEntry, zone: &Zone, now: i64) -> Result<(), String> {
        let wrong = |what: String| Err(format!("entry {seq}: {what}"));
        match entry {
            BillingEntry::Issued(issued, body) => {
                let lines = lines(body).ok_or_else(|| format!("entry {seq}: its body cannot be read"))?;
                self.look_at(seq, issued, &lines, zone, now)?;
                *self.series.entry(issued.prefix.clone()).or_default() += 1;
                let (issued, body, lines) = ((**issued).clone(), body.as_str().into(), lines.into());
                let (disputes, references) = (Vec::new(), BTreeMap::new());
                self.all.push(Document { seq, issued, body, lines, disputes, references });
                Ok(())
            }
            BillingEntry::Closed(closed) => {
                if Some(closed.until) != self.closed.map(after) || !self.closes(closed.until, zone, now) {
                    return wrong(format!("closed until {}, after {:?}", closed.until, self.closed));
                }
                self.closed = Some(closed.until);
                Ok(())
            }
            BillingEntry::Ended(period) => {
                let over = period.until <= today(zone, now);
                if Some(period.from) != self.ended || period.until != after(period.from) || !over || !period.each {
                    return wrong(format!("ended from {} to {}, after {:?}", period.from, period.until, self.ended));
                }
                (self.ended, self.drafted) = (Some(period.until), None);
                Ok(())
            }
            BillingEntry::Same(slot) => {
                self.same.push((seq, slot.billed.clone(), slot.from));
                Ok(())
            }
            // Every month of these plans can be settled.
            other => wrong(format!("{other:?}")),
        }
    }

    /// Takes a draft of somebody's month: that has ended and is neither closed nor to be closed now, and each is
    /// told of once, in the order of their names.
    pub fn draft(&mut self, billed: &str, from: Date, zone: &Zone, now: i64) -> Result<(), String> {
        let ended = Some(from) == self.ended && after(from) <= today(zone, now);
        let open = self.closed.is_some_and(|closed| closed <= from) && !self.closes(after(from), zone, now);
        if !ended || !open || self.drafted.as_deref().is_some_and(|last| last >= billed) {
            return Err(format!("a draft of {billed} from {from}, after {:?} and {:?}", self.ended, self.drafted));
        }
        self.drafted = Some(billed.to_owned());
        Ok(())
    }

    /// Whether the month that ends by a day may be closed now.
    fn closes(&self, until: Date, zone: &Zone, now: i64) -> bool {
        let said = self.settings.finalising == Finalising::Automatic || self.approved.is_some_and(|by| until <= by);
        said && until.add_days(self.grace) <= today(zone, now)
    }

    /// Whether everything is closed and told that is due.
    pub fn is_done(&self, zone: &Zone, now: i64) -> Result<(), String> {
        let Some((closed, ended)) = self.closed.zip(self.ended) else { return Ok(()) };
        if self.closes(after(closed), zone, now) || ended < month(today(zone, now)) {
            return Err(format!("nothing is due, and months are closed until {closed}, ended until {ended}"));
        }
        Ok(())
    }

    /// Whether a document may be issued now, under this number.
    fn look_at(&self, seq: u64, issued: &Issued, lines: &[Line], zone: &Zone, now: i64) -> Result<(), String> {
        let wrong = |what: &str| Err(format!("entry {seq}: {what}: {issued:?}"));
        let prefix = match issued.kind {
            DocumentKind::Invoice => &self.settings.invoice_prefix,
            _ => &self.settings.note_prefix,
        };
        let number = self.series.get(prefix).copied().unwrap_or(0) + 1;
        if issued.prefix != *prefix || issued.number != format!("{prefix}{number:06}") {
            return wrong("its number is not the next one");
        }
        if issued.cutoff + 1 != seq || issued.issued != today(zone, now) || issued.until != after(issued.from) {
            return wrong("it is of another time");
        }
        let own = || lines.iter().filter(|line| line.currency.is_none());
        let total: Rational = own().map(|line| &line.amount).sum();
        let paid: Rational = own().flat_map(|line| &line.paid).map(|(_, paid)| paid).sum();
        let says = |text: &str, is: Rational| text.parse::<Rational>().is_ok_and(|text| text == is);
        if !says(&issued.total, total.clone()) || !says(&issued.due, &total - &paid) {
            return wrong("its lines come to another total");
        }
        let open = self.closed.is_some_and(|closed| issued.from >= closed);
        let mut before = self.of_month(&issued.billed, issued.from);
        let corrects = || issued.corrects.as_ref().and_then(|number| self.find(number));
        let fits = match issued.cause {
            Cause::Close => before.all(|of| of.issued.cause != Cause::Close),
            Cause::Differences => issued.corrects.is_none() || corrects().is_some(),
            Cause::Restated => !open && corrects().is_some_and(|of| of.issued.from == issued.from),
            Cause::Credit => issued.kind == DocumentKind::CreditNote && corrects().is_some() && lines.len() == 1,
        };
        if !fits || (open && issued.cause != Cause::Credit && !self.closes(issued.until, zone, now)) {
            return wrong("it is not due");
        }
        Ok(())
    }
}

/// The lines of a body.
fn lines(body: &str) -> Option<Vec<Line>> {
    let read: Value = serde_json::from_str(body).ok()?;
    let amount = |value: &Value| value.as_str()?.parse::<Rational>().ok();
    let paid = |value: &Value| Some((value["by"].as_str()?.to_owned(), amount(&value["amount"])?));
    let line = |value: &Value| {
        let text = |name: &str| value[name].as_str().map(str::to_owned);
        let all = value["paid"].as_array().map_or(&[][..], Vec::as_slice);
        Some(Line {
            name: text("name")?,
            amount: amount(&value["amount"])?,
            paid: all.iter().map(paid).collect::<Option<_>>()?,
            currency: text("currency"),
            corrects: value["corrects"]["from"].as_str().and_then(|day| day.parse().ok()),
        })
    };
    read["lines"].as_array()?.iter().map(line).collect()
}
