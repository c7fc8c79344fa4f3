//! Who is on which plan: a CSV, NDJSON or JSON file of subscriptions.
//!
//! Columns: `account`; optional `plan`, `start` (first day served), `end` or `until` (first day
//! no longer served) or `through` (last day served), `pool`, opening levels `opening_METER` or
//! `opening_METER[dimension=label,…]`, and what wallets held: `balance_WALLET` with
//! `balance_WALLET[cost]` and optionally `balance_WALLET[expires]`. A column of another name is
//! refused: a misspelt one would change amounts.

use crate::csv;
use crate::error::IngestError;
use crate::format::{BOM, Format};
use crate::json::elements::{self, State, Step};
use crate::json::scan::{self, Value};
use crate::limits::{NAME_BYTES_MAX, RECORD_BYTES_MAX, SUBSCRIPTIONS_BYTES_MAX, SUBSCRIPTIONS_MAX};
use crate::source::Source;
use price_rating::OpeningLot;
use price_value::{Date, Rational};
use std::borrow::Cow;
use std::collections::{BTreeMap, BTreeSet};
use std::io::Read;

/// One row of a subscriptions file.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SubscriptionRow {
    /// Line in the file, from 1.
    pub line: u64,
    /// Account.
    pub account: String,
    /// Plan or rate card, where the file says.
    pub plan: Option<String>,
    /// First day served.
    pub from: Option<Date>,
    /// First day no longer served.
    pub until: Option<Date>,
    /// Pool that is billed instead of the account.
    pub pool: Option<String>,
    /// Levels that hold before the first event.
    pub opening: Vec<OpeningLevel>,
    /// What wallets held before the first day, by name.
    pub balances: Vec<(String, OpeningLot)>,
}

impl SubscriptionRow {
    /// As the rating core takes it.
    pub fn subscription(&self) -> price_rating::Subscription {
        price_rating::Subscription {
            account: self.account.clone(),
            from: self.from,
            until: self.until,
            pool: self.pool.clone(),
        }
    }
}

/// A level taken over from another system.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct OpeningLevel {
    /// Meter.
    pub meter: String,
    /// Dimension and label, as far as given.
    pub labels: Vec<(String, String)>,
    /// Level in the meter's unit.
    pub level: Rational,
}

/// Most problems reported of one file.
const PROBLEMS_MAX: usize = 100;

/// Reads a file of subscriptions. Either every row is fine, or all problems (at most a hundred)
/// are told, each with its line.
pub fn read_subscriptions(source: Source, format: Option<Format>) -> Result<Vec<SubscriptionRow>, Vec<IngestError>> {
    let file = source.name();
    let bytes = whole(source).map_err(|e| vec![e])?;
    let format = match format {
        Some(format) => format,
        None => Format::sniff(&file, &bytes).map_err(|e| vec![e])?,
    };
    let bytes = bytes.strip_prefix(BOM).unwrap_or(&bytes);
    let mut rows = Rows { file, rows: Vec::new(), problems: Vec::new() };
    match format {
        Format::Csv(delimiter) => rows.csv(bytes, delimiter),
        Format::NdJson | Format::Json => rows.json(bytes),
        Format::Parquet => rows.problem(1, "subscriptions are read from CSV, NDJSON or JSON".into()),
    }
    if rows.problems.is_empty() { Ok(rows.rows) } else { Err(rows.problems) }
}

fn whole(source: Source) -> Result<Vec<u8>, IngestError> {
    let file = source.name();
    source.size()?;
    let mut bytes = Vec::new();
    let limit = SUBSCRIPTIONS_BYTES_MAX as u64 + 1;
    source.open()?.take(limit).read_to_end(&mut bytes).map_err(|cause| IngestError::Read { file, cause })?;
    if bytes.len() > SUBSCRIPTIONS_BYTES_MAX {
        let mend = "rate in several runs, one per group of accounts";
        return Err(IngestError::TooMany { what: "bytes of subscriptions", max: SUBSCRIPTIONS_BYTES_MAX, mend });
    }
    Ok(bytes)
}

struct Rows {
    file: String,
    rows: Vec<SubscriptionRow>,
    problems: Vec<IngestError>,
}

impl Rows {
    fn problem(&mut self, line: u64, problem: String) {
        if self.problems.len() < PROBLEMS_MAX {
            self.problems.push(IngestError::Subscription { file: self.file.clone(), line, problem });
        }
    }

    fn keep(&mut self, line: u64, cells: &[(&str, &str)]) {
        if self.rows.len() >= SUBSCRIPTIONS_MAX {
            return self.problem(line, format!("more than {SUBSCRIPTIONS_MAX} subscriptions; rate in several runs"));
        }
        match row(line, cells) {
            Ok(row) => self.rows.push(row),
            Err(problem) => self.problem(line, problem),
        }
    }

    fn csv(&mut self, bytes: &[u8], delimiter: u8) {
        let mut owned;
        let bytes = if bytes.last() == Some(&b'\n') {
            bytes
        } else {
            owned = bytes.to_vec();
            owned.push(b'\n');
            &owned
        };
        let (mut at, mut line) = (0, 1u64);
        let mut names: Option<Vec<String>> = None;
        let mut fields: Vec<Cow<'_, str>> = Vec::new();
        while at < bytes.len() {
            let Some((next, end)) = csv::record(bytes, at) else {
                return self.problem(line, "a quote is not closed".into());
            };
            let here = line;
            let record = &bytes[at..end];
            line += bytes[at..next].iter().filter(|b| **b == b'\n').count() as u64;
            at = next;
            if record.is_empty() {
                continue;
            }
            let Ok(text) = std::str::from_utf8(record) else {
                self.problem(here, "it is not UTF-8".into());
                continue;
            };
            if let Err(what) = csv::split(text, delimiter, &mut fields) {
                self.problem(here, what.into());
                continue;
            }
            let Some(names) = &names else {
                let header: Vec<String> = fields.iter().map(|f| f.trim().to_string()).collect();
                if let Err(problem) = check_header(&header) {
                    return self.problem(here, problem);
                }
                names = Some(header);
                continue;
            };
            if fields.len() != names.len() {
                self.problem(here, format!("it has {} fields where the header has {}", fields.len(), names.len()));
                continue;
            }
            let cells: Vec<(&str, &str)> = names.iter().map(String::as_str).zip(fields.iter().map(|f| &**f)).collect();
            self.keep(here, &cells);
        }
    }

    fn json(&mut self, bytes: &[u8]) {
        let (mut state, mut at, mut line, mut counted) = (State::Start, 0, 1u64, 0);
        loop {
            let step = elements::next(&mut state, bytes, at);
            let place = match step {
                Step::Record(from, _) | Step::More(from) | Step::Broken(from, _) => from,
            };
            line += bytes[counted..place].iter().filter(|b| **b == b'\n').count() as u64;
            counted = place;
            match step {
                Step::Record(from, to) => {
                    self.object(line, &bytes[from..to]);
                    at = to;
                }
                Step::More(_) if place < bytes.len() || matches!(state, State::Array { .. }) => {
                    return self.problem(line, "the file ends too early".into());
                }
                Step::More(_) => return,
                Step::Broken(_, what) => return self.problem(line, what.into()),
            }
        }
    }

    fn object(&mut self, line: u64, record: &[u8]) {
        let Ok(text) = std::str::from_utf8(record) else { return self.problem(line, "it is not UTF-8".into()) };
        if text.len() > RECORD_BYTES_MAX {
            return self.problem(line, "it is longer than 1 MiB".into());
        }
        let mut members = Vec::new();
        if let Err(flaw) = scan::nested(text, &mut members) {
            return self.problem(line, flaw.problem());
        }
        let mut cells = Vec::with_capacity(members.len());
        for member in &members {
            cells.push(match &member.value {
                Value::Null => (&*member.key, ""),
                Value::Text(text) => (&*member.key, &**text),
                Value::Number(text) => (&*member.key, *text),
                _ => return self.problem(line, format!("`{}` should be text or a number", member.key)),
            });
        }
        let names: Vec<String> = cells.iter().map(|(name, _)| name.to_string()).collect();
        match check_header(&names) {
            Ok(()) => self.keep(line, &cells),
            Err(problem) => self.problem(line, problem),
        }
    }
}

fn check_header(names: &[String]) -> Result<(), String> {
    let mut seen = BTreeSet::new();
    for name in names {
        if !seen.insert(name.as_str()) {
            return Err(format!("`{name}` is there twice"));
        }
        if !matches!(name.as_str(), "account" | "plan" | "start" | "end" | "until" | "through" | "pool") {
            let known = opening(name).is_some() || balance(name).is_some();
            known.then_some(()).ok_or_else(|| {
                format!(
                    "`{name}` is no column of subscriptions; known are account, plan, start, end, until, through, pool, opening_METER and balance_WALLET"
                )
            })?;
        }
    }
    if ["end", "until", "through"].iter().filter(|n| seen.contains(**n)).count() > 1 {
        return Err("only one of end, until and through may be there".into());
    }
    if seen.contains("account") { Ok(()) } else { Err("no column is called `account`".into()) }
}

/// Meter and labels of `opening_storage[region=eu]`.
fn opening(name: &str) -> Option<(&str, Vec<(String, String)>)> {
    let rest = name.strip_prefix("opening_")?;
    let (meter, labels) = match rest.split_once('[') {
        Some((meter, labels)) => (meter, labels.strip_suffix(']')?),
        None => (rest, ""),
    };
    let pairs: Option<Vec<(String, String)>> = labels
        .split(',')
        .filter(|p| !p.trim().is_empty())
        .map(|pair| pair.split_once('=').map(|(d, l)| (d.trim().to_string(), l.trim().to_string())))
        .collect();
    (!meter.is_empty()).then_some((meter, pairs?))
}

/// Wallet and aspect (nothing, `cost` or `expires`) of `balance_credits[cost]`.
fn balance(name: &str) -> Option<(&str, &str)> {
    let rest = name.strip_prefix("balance_").filter(|rest| !rest.is_empty())?;
    match rest.split_once('[') {
        None => Some((rest, "")),
        Some((wallet, aspect)) => {
            let aspect = aspect.strip_suffix(']').filter(|aspect| ["cost", "expires"].contains(aspect))?;
            (!wallet.is_empty()).then_some((wallet, aspect))
        }
    }
}

/// The lots of a row: each with what it cost.
fn lots(found: BTreeMap<&str, [Option<&str>; 3]>) -> Result<Vec<(String, OpeningLot)>, String> {
    let mut out = Vec::new();
    for (wallet, [units, cost, expires]) in found {
        let column = format!("balance_{wallet}");
        let number = |name: &str, text: &str| {
            let value = level(text).filter(|value| !value.is_negative());
            value.ok_or_else(|| format!("`{name}` should be a plain decimal number such as 120 or 1.5"))
        };
        let Some(units) = units else { return Err(format!("`{column}` is missing: how much is left")) };
        let units = number(&column, units)?;
        let Some(cost) = cost else {
            return Err(format!("`{column}[cost]` is missing: what was paid for `{column}`; 0 if it was given away"));
        };
        let cost = number(&format!("{column}[cost]"), cost)?;
        let day = |text: &str| text.parse::<Date>().map_err(|problem| format!("`{column}[expires]`: {problem}"));
        let gone = expires.map(day).transpose()?.map(|last| last.add_days(1));
        if units.is_positive() {
            out.push((wallet.to_owned(), OpeningLot { units, cost, gone }));
        }
    }
    Ok(out)
}

fn level(text: &str) -> Option<Rational> {
    let digits = text.strip_prefix('-').unwrap_or(text);
    let (whole, fraction) = digits.split_once('.').unwrap_or((digits, "0"));
    let plain = |d: &str| !d.is_empty() && d.len() <= 30 && d.bytes().all(|b| b.is_ascii_digit());
    if plain(whole) && plain(fraction) { text.parse().ok() } else { None }
}

fn row(line: u64, cells: &[(&str, &str)]) -> Result<SubscriptionRow, String> {
    let mut out = SubscriptionRow {
        line,
        account: String::new(),
        plan: None,
        from: None,
        until: None,
        pool: None,
        opening: Vec::new(),
        balances: Vec::new(),
    };
    let mut held: BTreeMap<&str, [Option<&str>; 3]> = BTreeMap::new();
    for (name, text) in cells {
        let text = text.trim();
        if text.is_empty() {
            continue;
        }
        if text.len() > NAME_BYTES_MAX {
            return Err(format!("`{name}` is longer than {NAME_BYTES_MAX} bytes"));
        }
        let date = || text.parse::<Date>().map_err(|problem| format!("`{name}`: {problem}"));
        match *name {
            "account" => out.account = text.into(),
            "plan" => out.plan = Some(text.into()),
            "pool" => out.pool = Some(text.into()),
            "start" => out.from = Some(date()?),
            "end" | "until" => out.until = Some(date()?),
            "through" => out.until = Some(date()?.add_days(1)),
            _ => {
                if let Some((wallet, aspect)) = balance(name) {
                    let at = ["", "cost", "expires"].iter().position(|a| *a == aspect).unwrap_or(0);
                    held.entry(wallet).or_default()[at] = Some(text);
                    continue;
                }
                let Some((meter, labels)) = opening(name) else { continue };
                let level = level(text)
                    .ok_or_else(|| format!("`{name}` should be a plain decimal number such as 120 or 1.5"))?;
                out.opening.push(OpeningLevel { meter: meter.into(), labels, level });
            }
        }
    }
    if out.account.is_empty() {
        return Err("it has no `account`".into());
    }
    out.balances = lots(held)?;
    match (out.from, out.until) {
        (Some(from), Some(until)) if until <= from => {
            Err(format!("it ends ({until}) before it begins ({from}); `end` is the first day no longer served"))
        }
        _ => Ok(out),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(name: &str, text: &str) -> Result<Vec<SubscriptionRow>, Vec<String>> {
        read_subscriptions(Source::Bytes(name.into(), text.into()), None)
            .map_err(|problems| problems.iter().map(ToString::to_string).collect())
    }

    #[test]
    fn csv_and_json_give_the_same_rows() {
        let csv = "account,plan,start,through,pool,opening_storage[region=eu],opening_seats\n\
                   acme,pro,2026-01-15,2026-03-31,group,1.5,\nbeta,pro,,,,,12\n";
        let json = r#"[{"account":"acme","plan":"pro","start":"2026-01-15","end":"2026-04-01","pool":"group",
            "opening_storage[region=eu]":"1.50"},
            {"account":"beta","plan":"pro","opening_seats":12}]"#;
        let (csv, mut json) = (read("s.csv", csv).unwrap(), read("s.json", json).unwrap());
        json.iter_mut().zip(&csv).for_each(|(j, c)| j.line = c.line);
        assert_eq!(csv, json);
        assert_eq!(csv[0].until, "2026-04-01".parse().ok());
        assert_eq!(csv[0].opening[0].labels, [("region".to_string(), "eu".to_string())]);
        assert_eq!(csv[1].opening[0].level, Rational::int(12));
    }

    #[test]
    fn a_wallet_comes_with_what_is_left_and_what_that_cost() {
        let rows = "account,balance_credits,balance_credits[cost],balance_credits[expires]\n\
                    acme,500,20.00,2026-06-30\nbeta,,,\n";
        let rows = read("s.csv", rows).unwrap();
        let lot = OpeningLot { units: Rational::int(500), cost: Rational::int(20), gone: "2026-07-01".parse().ok() };
        assert_eq!(rows[0].balances, [("credits".to_string(), lot)]);
        assert!(rows[1].balances.is_empty());
    }

    #[test]
    fn every_problem_names_its_line() {
        let problems =
            read("s.csv", "account,start,end\n,2026-01-01,\na,2026-02-30,\nb,2026-02-01,2026-02-01\nc\n").unwrap_err();
        assert_eq!(problems.len(), 4);
        assert!(problems[0].contains("line 2: it has no `account`"), "{problems:?}");
        assert!(problems[1].contains("line 3: `start`"), "{problems:?}");
        assert!(problems[2].contains("line 4: it ends"), "{problems:?}");
        assert!(problems[3].contains("line 5: it has 1 fields"), "{problems:?}");
        for bad in ["account,strat\na,b\n", "plan\nx\n", "account,end,until\n", "account,account\n"] {
            assert!(read("s.csv", bad).is_err(), "{bad}");
        }
        for bad in ["{\"account\":[]}", "{\"account\":\"a\"", "[{\"account\":\"a\"}", "{\"acount\":\"a\"}"] {
            assert!(read("s.json", bad).is_err(), "{bad}");
        }
        assert!(read("s.csv", "account,balance_credits[price]\na,1\n").is_err());
        assert!(read("s.csv", "account,balance_credits\na,1\n").unwrap_err()[0].contains("[cost]` is missing"));
        assert!(read("s.csv", "account,balance_credits[cost]\na,1\n").unwrap_err()[0].contains("how much is left"));
        assert!(read("s.csv", "account,opening_seats\na,1e9\n").unwrap_err()[0].contains("plain decimal"));
    }
}
