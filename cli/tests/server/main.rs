//! The server as its clients and operators meet it: the real program, real sockets, real files.

// Helpers of one test binary: their names say what they are.
#![allow(missing_docs)]

mod abuse;
mod backup;
mod clients;
mod crash;
mod erasure;
mod follow;
mod guide;
mod keys;
mod observe;
mod once;
mod openmeter;
mod operate;
mod path;
mod quota;
mod resume;
mod signed;
mod source;
mod speed;
mod webhooks;
mod whole;

use serde_json::Value;
use std::io::{BufRead, BufReader, Read, Write};
use std::net::{SocketAddr, TcpStream};
use std::path::{Path, PathBuf};
use std::process::{Child, Command, ExitStatus, Output, Stdio};
use std::sync::{Arc, Mutex};
use std::time::{Duration, Instant};

/// Counts calls in tiers, and keeps levels: events are folded in the order in which they happened.
pub(crate) const PLAN: &str = "use std.units (call, byte, GB, GB-month)
use std.currencies (USD)

dimension region = us | eu

event request { path: text }
event capacity { bytes: level byte, region: region }
meter calls = count of request in calls
meter storage = average of capacity.bytes in GB-month by region
meter peak = max of capacity.bytes in GB

plan cloud {
  currency USD
  timezone \"UTC\"
  billing  monthly on day 1
  rounding each line half-even to cents
  price calls on calls {
    graduated per call {
      up to 100 calls $0.25
      beyond          $0.10
    }
  }
  price storage on storage = $0.10 per GB-month
  price peak on peak = $0.01 per GB
  late events accepted for 3650 days then next period
}
";

pub(crate) fn program() -> Command {
    // Another build of it where one is measured.
    let program = std::env::var("PRICE_PROGRAM").unwrap_or_else(|_| env!("CARGO_BIN_EXE_price").to_owned());
    let mut command = Command::new(program);
    for name in ["NO_COLOR", "CLICOLOR_FORCE", "PRICE_OUTPUT_FORMAT", "PRICE_DATA", "PRICE_LISTEN", "PRICE_API_KEY"] {
        command.env_remove(name);
    }
    command
}

pub(crate) fn text(bytes: &[u8]) -> String {
    String::from_utf8_lossy(bytes).into_owned()
}

/// A folder with a compiled plan in it.
pub(crate) struct Place {
    dir: tempfile::TempDir,
}

impl Place {
    pub(crate) fn new() -> Place {
        Place { dir: tempfile::tempdir().expect("a temporary folder") }
    }

    pub(crate) fn path(&self, name: &str) -> PathBuf {
        self.dir.path().join(name)
    }

    pub(crate) fn file(&self, name: &str, text: &str) -> PathBuf {
        std::fs::write(self.path(name), text).expect("the file is written");
        self.path(name)
    }

    /// Runs the program here.
    pub(crate) fn run(&self, args: &[&str]) -> Output {
        program().args(args).current_dir(self.dir.path()).output().expect("the program runs")
    }

    /// The bytes of the plan.
    pub(crate) fn plan(&self) -> Vec<u8> {
        self.compiled(PLAN)
    }

    /// The bytes of a plan.
    pub(crate) fn compiled(&self, source: &str) -> Vec<u8> {
        self.file("plan.price", source);
        let built = self.run(&["build", "plan.price", "-o", "plan.pricec"]);
        assert!(built.status.success(), "{}", text(&built.stderr));
        std::fs::read(self.path("plan.pricec")).expect("the plan is there")
    }

    /// A server over `data`.
    pub(crate) fn serve(&self) -> Server {
        self.serve_with(&[])
    }

    pub(crate) fn serve_with(&self, args: &[&str]) -> Server {
        Server::start(self.dir.path(), args)
    }

    /// A server with the plan and accounts on it.
    pub(crate) fn ready(&self, accounts: &[&str]) -> Server {
        let server = self.serve();
        server.publish(&self.plan());
        for account in accounts {
            let body = format!("{{\"account\":\"{account}\",\"plan\":\"cloud\"}}");
            let answer = server.post("/v1/subscriptions", "application/json", &body);
            assert_eq!(answer.status, 201, "{}", answer.body);
        }
        server
    }
}

/// How long a start may take. A long log is replayed for longer.
fn ready_within() -> Duration {
    let said = std::env::var("PRICE_READY_SECONDS").ok().and_then(|seconds| seconds.parse().ok());
    Duration::from_secs(said.unwrap_or(30))
}

/// An answer.
#[derive(Debug)]
pub(crate) struct Answer {
    pub(crate) status: u16,
    pub(crate) head: String,
    pub(crate) body: String,
}

impl Answer {
    pub(crate) fn json(&self) -> Value {
        serde_json::from_str(&self.body).unwrap_or_else(|error| panic!("{error}: {}", self.body))
    }

    pub(crate) fn code(&self) -> String {
        self.json()["code"].as_str().unwrap_or_default().to_owned()
    }

    pub(crate) fn header(&self, name: &str) -> Option<String> {
        let lines = self.head.lines().filter_map(|line| line.split_once(": "));
        lines.into_iter().find(|(n, _)| n.eq_ignore_ascii_case(name)).map(|(_, value)| value.to_owned())
    }
}

/// A server that runs. Dropped, it is killed.
pub(crate) struct Server {
    child: Child,
    reading: Option<std::thread::JoinHandle<()>>,
    pub(crate) address: SocketAddr,
    said: Arc<Mutex<String>>,
    agent: ureq::Agent,
    pub(crate) key: Option<String>,
    pub(crate) took: Duration,
}

impl Server {
    pub(crate) fn start(dir: &Path, args: &[&str]) -> Server {
        Server::start_by(program(), dir, args)
    }

    /// A server that another program turns into.
    pub(crate) fn start_by(mut command: Command, dir: &Path, args: &[&str]) -> Server {
        let started = Instant::now();
        command.args(["serve", "--data", "data"]);
        for (flag, value) in [("--segment-mib", "64"), ("--listen", "127.0.0.1:0")] {
            if !args.contains(&flag) {
                command.args([flag, value]);
            }
        }
        command.args(args).current_dir(dir).stdout(Stdio::null()).stderr(Stdio::piped());
        let mut child = command.spawn().expect("the server starts");
        let mut lines = BufReader::new(child.stderr.take().expect("standard error"));
        let said = Arc::new(Mutex::new(String::new()));
        let mut address = None;
        let mut line = String::new();
        while address.is_none() && lines.read_line(&mut line).expect("standard error is text") > 0 {
            let after = line.split("Listening on http://").nth(1).and_then(|rest| rest.split([',', '\n']).next());
            address = after.and_then(|address| address.parse().ok());
            said.lock().expect("held shortly").push_str(&line);
            line.clear();
        }
        let address = address.unwrap_or_else(|| panic!("it does not listen: {}", said.lock().expect("held shortly")));
        let more = said.clone();
        let reading = std::thread::spawn(move || {
            let mut line = String::new();
            while lines.read_line(&mut line).unwrap_or(0) > 0 {
                more.lock().expect("held shortly").push_str(&line);
                line.clear();
            }
        });
        let config = ureq::Agent::config_builder().http_status_as_error(false);
        let config = config.timeout_global(Some(Duration::from_secs(30))).build();
        let mut server = Server {
            child,
            reading: Some(reading),
            address,
            said,
            agent: config.into(),
            key: None,
            took: Duration::ZERO,
        };
        while server.get("/readyz").status != 200 {
            assert!(started.elapsed() < ready_within(), "it does not get ready: {}", server.said());
            std::thread::sleep(Duration::from_millis(5));
        }
        server.took = started.elapsed();
        server
    }

    pub(crate) fn pid(&self) -> u32 {
        self.child.id()
    }

    /// Tells it to stop, and returns all that it said on standard error.
    pub(crate) fn last_words(mut self) -> String {
        let told = Command::new("kill").args(["-TERM", &self.child.id().to_string()]).status().expect("kill runs");
        assert!(told.success() && self.child.wait().expect("it ends").success(), "{}", self.said());
        if let Some(reading) = self.reading.take() {
            reading.join().expect("it reads");
        }
        self.said()
    }

    /// What it said on standard error.
    pub(crate) fn said(&self) -> String {
        self.said.lock().expect("held shortly").clone()
    }

    /// An answer, or nothing where the connection broke.
    pub(crate) fn try_send(&self, method: &str, path: &str, content: Option<&str>, body: &[u8]) -> Option<Answer> {
        let headers: Vec<(&str, &str)> = content.map(|content| ("content-type", content)).into_iter().collect();
        self.try_send_with(method, path, &headers, body)
    }

    /// With any headers.
    pub(crate) fn try_send_with(
        &self,
        method: &str,
        path: &str,
        headers: &[(&str, &str)],
        body: &[u8],
    ) -> Option<Answer> {
        let mut request = ureq::http::Request::builder().method(method).uri(format!("http://{}{path}", self.address));
        for (name, value) in headers {
            request = request.header(*name, *value);
        }
        if let Some(key) = &self.key {
            request = request.header("authorization", format!("Bearer {key}"));
        }
        let request = request.body(body.to_vec()).expect("a request");
        let mut response = self.agent.run(request).ok()?;
        let status = response.status().as_u16();
        let head = response.headers().iter().map(|(n, v)| format!("{n}: {}\n", v.to_str().unwrap_or("?"))).collect();
        let body = response.body_mut().with_config().limit(64 << 20).read_to_string().ok()?;
        Some(Answer { status, head, body })
    }

    pub(crate) fn send(&self, method: &str, path: &str, content: Option<&str>, body: &[u8]) -> Answer {
        let answer = self.try_send(method, path, content, body);
        answer.unwrap_or_else(|| panic!("no answer to {method} {path}: {}", self.said()))
    }

    pub(crate) fn send_with(&self, method: &str, path: &str, headers: &[(&str, &str)], body: &[u8]) -> Answer {
        let answer = self.try_send_with(method, path, headers, body);
        answer.unwrap_or_else(|| panic!("no answer to {method} {path}: {}", self.said()))
    }

    pub(crate) fn get(&self, path: &str) -> Answer {
        self.send("GET", path, None, b"")
    }

    pub(crate) fn post(&self, path: &str, content: &str, body: &str) -> Answer {
        self.send("POST", path, Some(content), body.as_bytes())
    }

    pub(crate) fn publish(&self, plan: &[u8]) {
        let answer = self.send("POST", "/v1/plans", Some("application/octet-stream"), plan);
        assert_eq!(answer.status, 201, "{}", answer.body);
    }

    /// Sends records as lines.
    pub(crate) fn ingest(&self, records: &[String]) -> Value {
        let answer = self.post("/v1/events", "application/x-ndjson", &records.join("\n"));
        assert_eq!(answer.status, 200, "{}", answer.body);
        answer.json()
    }

    /// The text of an invoice, as it stands in the answer.
    pub(crate) fn invoice(&self, account: &str, day: &str) -> String {
        let answer = self.get(&format!("/v1/accounts/{account}/invoice?on={day}"));
        assert_eq!(answer.status, 200, "{}", answer.body);
        let (_, rest) = answer.body.split_once("\"invoice\":").expect("an invoice");
        rest.split_once(",\"plan\":{\"currency\"").expect("a plan behind it").0.to_owned()
    }

    /// Sends bytes as they are, and reads until the other side closes or nothing comes.
    pub(crate) fn raw(&self, bytes: &[u8]) -> String {
        let mut stream = self.connect();
        let _ = stream.write_all(bytes);
        read_all(&mut stream)
    }

    pub(crate) fn connect(&self) -> TcpStream {
        let stream = TcpStream::connect(self.address).expect("a connection");
        stream.set_read_timeout(Some(Duration::from_millis(1_500))).expect("a time");
        stream
    }

    /// Ends it at once.
    pub(crate) fn kill(mut self) {
        self.child.kill().expect("it is killed");
        self.child.wait().expect("it ends");
    }

    /// Tells it to stop, and waits until it has.
    pub(crate) fn stop(mut self) -> ExitStatus {
        let told = Command::new("kill").args(["-TERM", &self.child.id().to_string()]).status().expect("kill runs");
        assert!(told.success());
        self.child.wait().expect("it ends")
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

pub(crate) fn read_all(stream: &mut TcpStream) -> String {
    let mut got = Vec::new();
    let mut some = [0; 4096];
    while let Ok(n) = stream.read(&mut some) {
        if n == 0 {
            break;
        }
        got.extend_from_slice(&some[..n]);
    }
    text(&got)
}

/// Numbers without order, the same in each run.
pub(crate) struct Dice(u64);

impl Dice {
    pub(crate) fn new(seed: u64) -> Dice {
        Dice(seed.wrapping_mul(0x9E37_79B9_7F4A_7C15) | 1)
    }

    pub(crate) fn below(&mut self, n: usize) -> usize {
        self.0 ^= self.0 << 13;
        self.0 ^= self.0 >> 7;
        self.0 ^= self.0 << 17;
        (self.0 >> 11) as usize % n
    }

    pub(crate) fn shuffle<T>(&mut self, all: &mut [T]) {
        for at in (1..all.len()).rev() {
            all.swap(at, self.below(at + 1));
        }
    }
}

/// An event of March 2026 that follows from its number.
pub(crate) fn event(number: usize, accounts: &[&str]) -> String {
    let mut dice = Dice::new(number as u64 + 1);
    let account = accounts[dice.below(accounts.len())];
    let (day, second) = (1 + dice.below(31), dice.below(86_400));
    let time = format!("2026-03-{day:02}T{:02}:{:02}:{:02}Z", second / 3600, second / 60 % 60, second % 60);
    let own = match dice.below(4) {
        0 => {
            let region = ["us", "eu"][dice.below(2)];
            format!("\"type\":\"capacity\",\"bytes\":{},\"region\":\"{region}\"", dice.below(900) * 1_000_000_000)
        }
        _ => "\"type\":\"request\",\"path\":\"/\"".to_owned(),
    };
    format!("{{\"source\":\"s\",\"id\":\"{number}\",\"account\":\"{account}\",\"time\":\"{time}\",{own}}}")
}

/// The invoices of March that `price rate` makes of the same events, by account.
pub(crate) fn rated(place: &Place, records: &[String]) -> Vec<(String, String)> {
    place.file("usage.ndjson", &records.join("\n"));
    let args = ["rate", "plan.pricec", "--events", "usage.ndjson", "--in", "2026-03", "--format", "json-lines"];
    let ran = place.run(&args);
    assert!(ran.status.success(), "{}", text(&ran.stderr));
    let invoice = |line: &str| {
        let body = line.strip_prefix("{\"type\":\"invoice\",")?;
        let account = body.strip_prefix("\"account\":\"")?.split('"').next()?;
        Some((account.to_owned(), format!("{{{body}")))
    };
    text(&ran.stdout).lines().filter_map(invoice).collect()
}
