//! What an operator does: configure, start, stop, check, back up, restore.

use crate::{Place, event, program, text};
use std::time::{Duration, Instant};

#[test]
fn flags_win_over_the_environment_and_that_over_the_file() {
    let place = Place::new();
    std::fs::create_dir(place.path("etc")).expect("made");
    place.file("etc/server.toml", "data = \"d\"\nlisten = \"127.0.0.1:1\"\nworkers = 3\nsegment-mib = 128\n");
    let show = |args: &[&str], env: &[(&str, &str)]| {
        let mut command = program();
        command.args(["serve", "--check-config", "--config", "etc/server.toml"]).args(args);
        let ran = command.envs(env.iter().copied()).current_dir(place.path("")).output().expect("it runs");
        assert!(ran.status.success(), "{}", text(&ran.stderr));
        text(&ran.stdout)
    };
    let file = show(&[], &[]);
    for line in ["data = \"etc/d\"", "listen = \"127.0.0.1:1\"", "workers = 3", "segment-mib = 128", "queue-mib = 64"] {
        assert!(file.lines().any(|l| l == line), "{line} in {file}");
    }
    assert!(show(&[], &[("PRICE_LISTEN", "127.0.0.1:2")]).contains("127.0.0.1:2"));
    assert!(show(&["--listen", "127.0.0.1:3"], &[("PRICE_LISTEN", "127.0.0.1:2")]).contains("127.0.0.1:3"));
    place.file("etc/bad.toml", "lissten = \"127.0.0.1:1\"\n");
    let ran = place.run(&["serve", "--check-config", "--config", "etc/bad.toml", "--data", "d"]);
    assert_eq!(ran.status.code(), Some(2));
    assert!(text(&ran.stderr).contains("did you mean `listen`?"), "{}", text(&ran.stderr));
    let ran = place.run(&["serve", "--check-config"]);
    assert!(ran.status.code() == Some(2) && text(&ran.stderr).contains("no data directory"));
    assert!(!place.path("etc/d").exists() && !place.path("d").exists(), "checking makes nothing");
}

#[test]
fn a_directory_has_one_server() {
    let place = Place::new();
    let server = place.serve();
    let second = place.run(&["serve", "--data", "data", "--listen", "127.0.0.1:0"]);
    assert_eq!(second.status.code(), Some(2));
    assert!(text(&second.stderr).contains("C071"), "{}", text(&second.stderr));
    let ran = place.run(&["store", "repair", "--data", "data"]);
    assert!(ran.status.code() == Some(2) && text(&ran.stderr).contains("C071"), "{}", text(&ran.stderr));
    assert!(server.stop().success());
    assert!(place.run(&["store", "verify", "--data", "data"]).status.success());
}

#[test]
fn told_to_stop_it_ends_what_it_began() {
    let place = Place::new();
    let server = place.ready(&["acme"]);
    let accepted = std::thread::scope(|scope| {
        let send = |at: usize| {
            let server = &server;
            scope.spawn(move || {
                let mut accepted = 0;
                for n in 0..10_000 {
                    let records: Vec<String> = (0..20).map(|i| event(at * 1_000_000 + n * 20 + i, &["acme"])).collect();
                    let sent = server.try_send(
                        "POST",
                        "/v1/events",
                        Some("application/x-ndjson"),
                        records.join("\n").as_bytes(),
                    );
                    match sent {
                        Some(answer) if answer.status == 200 => {
                            accepted += answer.json()["accepted"].as_u64().expect("a count")
                        }
                        Some(answer) => {
                            assert_eq!((answer.status, answer.code().as_str()), (503, "S009"));
                            break;
                        }
                        None => break,
                    }
                }
                accepted
            })
        };
        let running: Vec<_> = (0..3).map(send).collect();
        std::thread::sleep(Duration::from_millis(300));
        let told = std::process::Command::new("kill").args(["-TERM", &server.pid().to_string()]).status();
        assert!(told.expect("kill runs").success());
        running.into_iter().map(|thread| thread.join().expect("it sends")).sum::<u64>()
    });
    let started = Instant::now();
    let mut server = server;
    let ended = server.child.wait().expect("it ends");
    assert!(ended.success(), "{}", server.said());
    assert!(started.elapsed() < Duration::from_secs(11));
    assert!(accepted > 0);
    let verified = text(&place.run(&["store", "verify", "--data", "data"]).stdout);
    let last: u64 =
        verified.split("up to entry ").nth(1).and_then(|s| s.split(',').next()?.parse().ok()).expect("a number");
    assert!(last >= accepted + 2, "{accepted} accepted: {verified}");
}

#[test]
fn a_log_is_exported_restored_and_serves_the_same() {
    let place = Place::new();
    let server = place.ready(&["acme"]);
    server.ingest(&(0..500).map(|n| event(n, &["acme"])).collect::<Vec<_>>());
    let before = server.invoice("acme", "2026-03-15");
    assert!(server.stop().success());
    let run = |args: &[&str]| {
        let ran = place.run(args);
        assert!(ran.status.success(), "{args:?}: {}", text(&ran.stderr));
        text(&ran.stderr)
    };
    run(&["store", "export", "--data", "data", "--to", "backup"]);
    let again = run(&["store", "export", "--data", "data", "--to", "backup"]);
    assert!(again.contains("Copied 0 segments"), "{again}");
    std::fs::rename(place.path("data"), place.path("lost")).expect("moved");
    run(&["store", "restore", "--data", "data", "--from", "backup"]);
    let server = place.serve();
    assert_eq!(server.invoice("acme", "2026-03-15"), before);
    let repeated = server.ingest(&[event(3, &["acme"])]);
    assert_eq!(repeated["duplicates"], 1, "what was there counts once");
    let ran = place.run(&["store", "restore", "--data", "lost", "--from", "backup"]);
    assert_eq!(ran.status.code(), Some(2), "a log that is there is not overwritten");
    let ran = place.run(&["store", "verify", "--data", "nowhere"]);
    assert!(ran.status.code() == Some(2) && !place.path("nowhere").exists());
}

#[test]
fn damage_is_found_and_cut_only_when_asked() {
    let place = Place::new();
    let server = place.ready(&["acme"]);
    for batch in 0..10 {
        server.ingest(&(0..10).map(|n| event(batch * 10 + n, &["acme"])).collect::<Vec<_>>());
    }
    assert!(server.stop().success());
    let segment = place.path("data/log/log-0000000000000001.seg");
    let mut bytes = std::fs::read(&segment).expect("it is there");
    let at = bytes.windows(9).position(|w| w == b"\"id\":\"50\"").expect("an event in the middle");
    bytes[at + 6] ^= 1;
    std::fs::write(&segment, &bytes).expect("damaged");
    let ran = place.run(&["store", "verify", "--data", "data"]);
    assert!(ran.status.code() == Some(1) && text(&ran.stdout).contains("damaged"), "{}", text(&ran.stdout));
    let ran = place.run(&["serve", "--data", "data", "--listen", "127.0.0.1:0"]);
    assert!(ran.status.code() == Some(2) && text(&ran.stderr).contains("C073"), "{}", text(&ran.stderr));
    let ran = place.run(&["store", "repair", "--data", "data"]);
    assert!(ran.status.code() == Some(1) && text(&ran.stdout).contains("kept aside"), "{}", text(&ran.stdout));
    let server = place.serve();
    let answer = server.ingest(&(0..100).map(|n| event(n, &["acme"])).collect::<Vec<_>>());
    assert_eq!((&answer["accepted"], &answer["duplicates"]), (&50.into(), &50.into()), "sent again, each counts once");
}

#[test]
fn the_demonstration_runs_and_leaves_nothing() {
    let place = Place::new();
    let mut command = program();
    command
        .args(["serve", "--demo", "--listen", "127.0.0.1:0"])
        .current_dir(place.path(""))
        .env("TMPDIR", place.path(""));
    let mut child = command.stderr(std::process::Stdio::piped()).spawn().expect("it starts");
    let mut lines = std::io::BufRead::lines(std::io::BufReader::new(child.stderr.take().expect("standard error")));
    let first = lines.next().expect("a line").expect("text");
    let address = first.split("http://").nth(1).and_then(|rest| rest.split(',').next()).expect("an address").to_owned();
    let started = Instant::now();
    let owes = || {
        let mut response = ureq::get(format!("http://{address}/v1/accounts/acme/invoice")).call().ok()?;
        let body: serde_json::Value = serde_json::from_str(&response.body_mut().read_to_string().ok()?).ok()?;
        let lines = body["invoice"]["lines"].as_array()?.clone();
        let names: Vec<String> = lines.iter().filter_map(|line| Some(line["name"].as_str()?.to_owned())).collect();
        ["egress", "list_ops", "storage"].iter().all(|name| names.iter().any(|n| n == name)).then_some(names)
    };
    while owes().is_none() {
        assert!(started.elapsed() < Duration::from_secs(30), "no invoice with all lines");
        std::thread::sleep(Duration::from_millis(100));
    }
    let told = std::process::Command::new("kill").args(["-TERM", &child.id().to_string()]).status().expect("kill runs");
    assert!(told.success() && child.wait().expect("it ends").success());
    let left: Vec<_> = std::fs::read_dir(place.path("")).expect("a folder").collect();
    assert!(left.is_empty(), "{left:?}");
}

/// What stands in the first column of the tables of a page, in code.
fn column(page: &str) -> std::collections::BTreeSet<String> {
    let path = std::path::Path::new(env!("CARGO_MANIFEST_DIR")).join("../docs/operator").join(page);
    let text = std::fs::read_to_string(path).expect("the page is there");
    text.lines().filter_map(|line| Some(line.strip_prefix("| `")?.split('`').next()?.to_owned())).collect()
}

#[test]
fn the_page_of_metrics_names_all_of_them_and_no_other() {
    let place = Place::new();
    let metrics = place.serve().get("/metrics").body;
    let names = metrics.lines().filter_map(|line| line.strip_prefix("# TYPE ")?.split(' ').next());
    let counted: std::collections::BTreeSet<String> = names.map(str::to_owned).collect();
    assert_eq!(column("monitor.md"), counted);
}

#[test]
fn every_key_of_the_configuration_is_on_its_page() {
    let page = column("README.md");
    for key in price_server::config::KEYS {
        assert!(page.contains(key), "{key} is not in docs/operator/README.md");
    }
}
