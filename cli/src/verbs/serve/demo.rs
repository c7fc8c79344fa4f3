//! A demonstration: an example plan, accounts on it, and usage that comes in.

use crate::trouble::Trouble;
use price_core::{Answer, Command, Subscribed};
use price_driver::{MemoryWorld, Workspace};
use price_server::{Node, Refused};
use price_value::{Timestamp, Zone};
use std::net::SocketAddr;
use std::sync::Arc;
use std::time::{Duration, SystemTime, UNIX_EPOCH};

const SOURCE: &str = include_str!("../../../templates/demo.price");
const PLAN: &str = "object_storage";
const TENANT: &str = "default";
const ACCOUNTS: [&str; 3] = ["acme", "globex", "initech"];
const REGIONS: [&str; 3] = ["us", "eu", "apac"];
/// How often usage comes in.
const PACE: Duration = Duration::from_millis(500);

/// The compiled plan.
pub struct Demo {
    artefact: Vec<u8>,
}

impl Demo {
    pub fn compile() -> Result<Demo, Trouble> {
        let world = MemoryWorld::new().with("demo.price", SOURCE);
        let workspace = Workspace::load(&world, &["demo.price".to_owned()])?;
        let subject = workspace.subject(Some(PLAN))?;
        let mut compiled = workspace.compile(&subject)?;
        compiled.source_map.files = workspace.files_of(&subject, &compiled).carried;
        Ok(Demo { artefact: price_driver::artefact(&compiled)? })
    }

    /// Publishes, subscribes, and feeds until the node closes. Says where to look, if told.
    pub fn start(self, node: Arc<Node>, look: Option<SocketAddr>) {
        let tenant = || TENANT.to_owned();
        let publish = Command::Publish { tenant: tenant(), artefact: self.artefact };
        let mut subscribe = Vec::new();
        // Since the month before: its invoice is issued at once, and that of this month forms.
        let from = Some(Zone::utc().local(now()).0.add_months(-1, 1));
        for account in ACCOUNTS {
            let (account, plan) = (account.to_owned(), PLAN.to_owned());
            let subscription = Subscribed { account, plan, from, until: None, pool: None };
            subscribe.push(Command::Subscribe { tenant: tenant(), subscription });
        }
        let feed = move || {
            // On a data directory of an earlier demonstration all of this is there already: a plan that is
            // published again would be another version of it.
            let Ok(answers) = node.write_blocking(subscribe.clone()) else { return };
            let is_new = answers.iter().any(|answer| matches!(answer, Answer::Refused { code: "S019", .. }));
            let all = std::iter::once(publish).chain(subscribe).collect();
            if is_new && node.write_blocking(all).is_err() {
                return;
            }
            if let Some(address) = look {
                eprintln!("`{PLAN}` is in force and is fed; look at http://{address}/");
            }
            let start = now().0 / 1_000_000_000;
            for turn in 0u64.. {
                let command = |record| Command::Usage { tenant: tenant(), record, set: None };
                let events = (0..ACCOUNTS.len() as u64).map(|at| command(event(start, turn, at))).collect();
                if node.write_blocking(events) == Err(Refused::Closing) {
                    return;
                }
                std::thread::sleep(PACE);
            }
        };
        // Without the thread there is a plan less to look at.
        let _ = std::thread::Builder::new().name("demo".into()).spawn(feed);
    }
}

fn now() -> Timestamp {
    let nanos = SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default().as_nanos();
    Timestamp(i64::try_from(nanos).unwrap_or(i64::MAX))
}

/// An event of now; what it measures follows from its number.
fn event(start: i64, turn: u64, at: u64) -> String {
    let time = now();
    let (account, region) = (ACCOUNTS[at as usize % 3], REGIONS[(turn + at) as usize % 3]);
    let (kind, fields) = match turn % 3 {
        0 => ("capacity", format!("\"bytes\":{}", (1 + (turn * 7 + at * 3) % 40) * 250_000_000_000)),
        1 => ("transfer", format!("\"bytes\":{}", (1 + (turn * 5 + at) % 30) * 1_000_000_000)),
        _ => ("list_op", "\"count\":25000".to_owned()),
    };
    format!(
        r#"{{"source":"demo-{start}","id":"{turn}-{at}","type":"{kind}","account":"{account}","time":"{time}","region":"{region}",{fields}}}"#
    )
}
