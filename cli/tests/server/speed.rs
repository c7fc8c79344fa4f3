//! How much a server takes, measured on this machine. Numbers are compared with others of the same
//! run only; `docs/operator/speed.md` says how.

use crate::{Place, Server};
use std::io::{Read, Write};
use std::net::TcpStream;
use std::time::{Duration, Instant};

/// Four tiers; no order matters.
const TIERS: &str = "use std.units (call)
use std.currencies (USD)

event request { path: text }
meter calls = count of request in calls

plan cloud {
  currency USD
  timezone \"UTC\"
  billing  monthly on day 1
  rounding each line half-even to cents
  price calls on calls {
    graduated per call {
      up to 10 calls  $0.25
      up to 20 calls  $0.20
      up to 100 calls $0.10
      beyond          $0.05
    }
  }
  late events accepted for 3650 days then next period
}
";

fn asked(name: &str, default: usize) -> usize {
    std::env::var(name).ok().and_then(|text| text.parse().ok()).unwrap_or(default)
}

/// An event, of an account and a moment that follow from its number.
fn event(number: usize, events: usize, accounts: usize) -> String {
    let account = number.wrapping_mul(0x9E37_79B9) % accounts;
    let second = number * 2_678_000 / events;
    let (day, second) = (1 + second / 86_400, second % 86_400);
    let time = format!("2026-03-{day:02}T{:02}:{:02}:{:02}Z", second / 3600, second / 60 % 60, second % 60);
    format!(
        "{{\"source\":\"gateway\",\"id\":\"{number:012}\",\"type\":\"request\",\"account\":\"a{account}\",\"time\":\"{time}\",\"path\":\"/v1/search/of/something\"}}\n"
    )
}

/// Sends events and reads the whole answer; how many were accepted.
fn exchange(stream: &mut TcpStream, body: &[u8], into: &mut Vec<u8>) -> u64 {
    ask(stream, "/v1/events", "application/x-ndjson", body, into);
    let text = String::from_utf8_lossy(&into[..into.len().min(600)]).into_owned();
    let after = text.split("\"accepted\":").nth(1).and_then(|rest| rest.split(',').next());
    after.and_then(|n| n.parse().ok()).unwrap_or_else(|| panic!("{text}"))
}

/// Sends a request and reads the whole answer.
fn ask(stream: &mut TcpStream, path: &str, content: &str, body: &[u8], into: &mut Vec<u8>) {
    let head = format!(
        "POST {path} HTTP/1.1\r\nhost: localhost\r\ncontent-type: {content}\r\ncontent-length: {}\r\n\r\n",
        body.len()
    );
    let mut request = head.into_bytes();
    request.extend_from_slice(body);
    stream.write_all(&request).expect("sent");
    into.clear();
    let mut some = [0; 64 << 10];
    let mut end = usize::MAX;
    while into.len() < end {
        let n = stream.read(&mut some).expect("an answer");
        assert!(n > 0, "the connection is closed");
        into.extend_from_slice(&some[..n]);
        if end == usize::MAX
            && let Some(at) = into.windows(4).position(|w| w == b"\r\n\r\n")
        {
            let head = String::from_utf8_lossy(&into[..at]).into_owned();
            assert!(head.starts_with("HTTP/1.1 20"), "{head}");
            let length = head.lines().find_map(|line| line.strip_prefix("content-length: ")).expect("a length");
            end = at + 4 + length.parse::<usize>().expect("a number");
        }
    }
}

fn run(server: &Server, events: usize, accounts: usize, batch: usize, clients: usize) -> (f64, Vec<Duration>) {
    let bodies: Vec<Vec<u8>> = (0..events.div_ceil(batch))
        .map(|at| (at * batch..((at + 1) * batch).min(events)).map(|n| event(n, events, accounts)).collect::<String>())
        .map(String::into_bytes)
        .collect();
    let started = Instant::now();
    let done = std::thread::scope(|scope| {
        let send = |from: usize| {
            let bodies = &bodies;
            scope.spawn(move || {
                let mut stream = TcpStream::connect(server.address).expect("a connection");
                stream.set_nodelay(true).expect("set");
                let (mut accepted, mut took, mut held) = (0, Vec::new(), Vec::new());
                for body in bodies.iter().skip(from).step_by(clients) {
                    let asked = Instant::now();
                    accepted += exchange(&mut stream, body, &mut held);
                    took.push(asked.elapsed());
                }
                (accepted, took)
            })
        };
        let running: Vec<_> = (0..clients).map(send).collect();
        running.into_iter().map(|thread| thread.join().expect("it sends")).collect::<Vec<_>>()
    });
    let seconds = started.elapsed().as_secs_f64();
    assert_eq!(done.iter().map(|(accepted, _)| accepted).sum::<u64>(), events as u64, "each once");
    let mut took: Vec<Duration> = done.into_iter().flat_map(|(_, took)| took).collect();
    took.sort_unstable();
    (seconds, took)
}

#[test]
#[ignore = "measures; see docs/operator/speed.md"]
// Speeds are no money.
#[allow(clippy::float_arithmetic)]
fn speed_of_ingest() {
    let (events, accounts) = (asked("PRICE_SPEED_EVENTS", 1_000_000), asked("PRICE_SPEED_ACCOUNTS", 20_000));
    let (batch, clients) = (asked("PRICE_SPEED_BATCH", 1_000), asked("PRICE_SPEED_CLIENTS", 4));
    let place = Place::new();
    let server = place.serve_with(&["--segment-mib", "256"]);
    // With levels, events of an account are folded in the order in which they happened.
    let ordered = asked("PRICE_SPEED_ORDERED", 0) == 1;
    server.publish(&place.compiled(if ordered { crate::PLAN } else { TIERS }));
    let all: Vec<String> = (0..accounts).map(|n| format!(r#"{{"account":"a{n}","plan":"cloud"}}"#)).collect();
    for some in all.chunks(10_000) {
        assert_eq!(server.post("/v1/subscriptions", "application/x-ndjson", &some.join("\n")).status, 200);
    }
    let (seconds, took) = run(&server, events, accounts, batch, clients);
    let at = |share: usize| took[(took.len() - 1) * share / 100].as_micros();
    let of: u64 = (0..events).filter(|n| n.wrapping_mul(0x9E37_79B9) % accounts == 7).count() as u64;
    let asked = Instant::now();
    let invoice = server.get("/v1/accounts/a7/invoice?on=2026-03-15").json();
    let answered = asked.elapsed().as_micros();
    assert_eq!(invoice["invoice"]["lines"][0]["quantity"]["value"], of.to_string());
    let status = std::fs::read_to_string(format!("/proc/{}/status", server.pid())).expect("the process is there");
    let rss = status.lines().find(|line| line.starts_with("VmRSS")).unwrap_or_default().to_owned();
    println!(
        "{events} events of {accounts} accounts, {clients} clients, batches of {batch}: {:.0} events/s; a request p50 {} us, p99 {} us; an invoice {answered} us; {rss}",
        events as f64 / seconds,
        at(50),
        at(99),
    );
    let text = server.get("/metrics").body;
    for line in
        text.lines().filter(|line| line.starts_with("price_log_sync_seconds") || line.starts_with("price_log_groups"))
    {
        println!("{line}");
    }
    assert!(server.stop().success());
    let server = place.serve();
    println!("replayed in {} ms", server.took.as_millis());
}

/// Calls something so many times a second for a while, from several connections; how long each took.
fn paced(
    server: &Server,
    clients: usize,
    per_second: usize,
    time: Duration,
    call: impl Fn(&mut TcpStream, usize, &mut Vec<u8>) + Sync,
) -> Vec<Duration> {
    let started = Instant::now();
    let mut took: Vec<Duration> = std::thread::scope(|scope| {
        let one = |at: usize| {
            let call = &call;
            scope.spawn(move || {
                let mut stream = TcpStream::connect(server.address).expect("a connection");
                stream.set_nodelay(true).expect("set");
                let (mut took, mut held) = (Vec::new(), Vec::new());
                for number in (at..).step_by(clients) {
                    let due = Duration::from_nanos((number as u64).saturating_mul(1_000_000_000 / per_second as u64));
                    if due >= time {
                        break;
                    }
                    // Sleeping is coarse: several that are due are sent one after the other.
                    std::thread::sleep(due.saturating_sub(started.elapsed()));
                    let asked = Instant::now();
                    call(&mut stream, number, &mut held);
                    took.push(asked.elapsed());
                }
                took
            })
        };
        let running: Vec<_> = (0..clients).map(one).collect();
        running.into_iter().flat_map(|thread| thread.join().expect("it asks")).collect()
    });
    took.sort_unstable();
    took
}

#[test]
#[ignore = "measures; see docs/operator/speed.md"]
// Speeds are no money.
#[allow(clippy::float_arithmetic)]
fn speed_of_checks() {
    let accounts = asked("PRICE_SPEED_ACCOUNTS", 10_000);
    let (checks, events) = (asked("PRICE_SPEED_CHECKS", 10_000), asked("PRICE_SPEED_EVENTS", 100_000));
    let time = Duration::from_secs(asked("PRICE_SPEED_SECONDS", 5) as u64);
    let place = Place::new();
    let server = place.serve_with(&["--segment-mib", "256"]);
    let limited = TIERS.replace("  price calls on", "  entitlement calls = 1bn calls then block\n  price calls on");
    server.publish(&place.compiled(&limited));
    let all: Vec<String> = (0..accounts).map(|n| format!(r#"{{"account":"a{n}","plan":"cloud"}}"#)).collect();
    for some in all.chunks(10_000) {
        assert_eq!(server.post("/v1/subscriptions", "application/x-ndjson", &some.join("\n")).status, 200);
    }
    let at = |took: &[Duration], share: usize| took[(took.len() - 1) * share / 1_000].as_micros();
    let check = |stream: &mut TcpStream, number: usize, held: &mut Vec<u8>| {
        let account = number.wrapping_mul(0x9E37_79B9) % accounts;
        let body = format!(r#"{{"account":"a{account}","feature":"calls","amount":"1"}}"#);
        ask(stream, "/v1/check", "application/json", body.as_bytes(), held);
    };
    let reserve = |stream: &mut TcpStream, number: usize, held: &mut Vec<u8>| {
        let account = number.wrapping_mul(0x9E37_79B9) % accounts;
        let body = format!(r#"{{"id":"r{number}","account":"a{account}","feature":"calls","amount":"1"}}"#);
        ask(stream, "/v1/reservations", "application/json", body.as_bytes(), held);
    };
    // Every account is asked about once, so that its row is there.
    paced(&server, 4, 50_000, Duration::from_micros(accounts as u64 * 20), check);
    let quiet = paced(&server, 4, checks, time, check);
    let sent = events * time.as_secs() as usize;
    let bodies: Vec<String> = (0..sent / 1_000)
        .map(|at| (at * 1_000..(at + 1) * 1_000).map(|n| event(n, sent, accounts)).collect::<String>())
        .collect();
    let ingest = |stream: &mut TcpStream, number: usize, held: &mut Vec<u8>| {
        if let Some(body) = bodies.get(number) {
            exchange(stream, body.as_bytes(), held);
        }
    };
    let (busy, ingested) = std::thread::scope(|scope| {
        let ingesting = scope.spawn(|| paced(&server, 2, events / 1_000, time, ingest));
        let busy = paced(&server, 4, checks, time, check);
        (busy, ingesting.join().expect("it sends"))
    });
    let reserved = paced(&server, 4, 500, Duration::from_secs(2), reserve);
    for (what, took) in [("checks alone", &quiet), ("checks beside ingest", &busy), ("reservations", &reserved)] {
        let (half, most, worst) = (at(took, 500), at(took, 990), at(took, 999));
        println!("{what}: {} in all, p50 {half} us, p99 {most} us, p99.9 {worst} us", took.len());
    }
    println!("ingest beside them: batches of 1,000 at {} a second, p50 {} us", events / 1_000, at(&ingested, 500));
    let text = server.get("/metrics").body;
    let of = |name: &str| text.lines().find_map(|line| line.strip_prefix(name)?.trim().parse::<f64>().ok());
    let (sum, count) = (of("price_log_sync_seconds_sum"), of("price_log_sync_seconds_count"));
    println!("a flush takes {:.0} us on average", sum.unwrap_or(0.0) / count.unwrap_or(1.0) * 1e6);
}
