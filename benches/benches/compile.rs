//! From source to ready kernels, and a cold check of a large workspace. Prints a table; asserts on
//! nothing but that everything compiles and is clean.

use price_benches::workspace;
use price_driver::{MemoryWorld, Workspace};
use price_ir::KernelFactory;
use price_jit::JitFactory;
use std::hint::black_box;
use std::path::{Path, PathBuf};
use std::time::{Duration, Instant};

/// Runs of each measurement; the median is told.
const RUNS: usize = 15;

fn median(mut run: impl FnMut() -> Duration) -> f64 {
    let mut times: Vec<Duration> = (0..RUNS).map(|_| run()).collect();
    times.sort_unstable();
    // Whole nanoseconds, told in milliseconds.
    times[RUNS / 2].as_nanos() as f64
}

fn timed<T>(work: impl FnOnce() -> T) -> (T, Duration) {
    let started = Instant::now();
    let made = black_box(work());
    (made, started.elapsed())
}

fn row(what: &str, nanos: f64) {
    println!("| {what} | {} µs |", (nanos as u64) / 1_000);
}

/// All sources and tables below a folder.
fn sources(folder: &Path) -> Vec<PathBuf> {
    let mut found = Vec::new();
    for entry in std::fs::read_dir(folder).expect("a folder") {
        let path = entry.expect("an entry").path();
        if path.is_dir() {
            found.extend(sources(&path));
        } else if path.extension().is_some_and(|e| e == "price" || e == "csv") {
            found.push(path);
        }
    }
    found
}

/// One example with everything it imports.
fn example(name: &str, subject: &str) {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("../examples");
    let mut world = MemoryWorld::new();
    let paths = sources(&folder);
    for file in &paths {
        let text = std::fs::read_to_string(file).expect("an example");
        let path = file.strip_prefix(&folder).expect("below the examples");
        world = world.with(&path.display().to_string(), text.as_str());
    }
    let paths = [format!("{name}.price")];
    let load = || Workspace::load(&world, &paths).expect("it loads");
    let lines: usize = load().sources().iter().map(|s| s.text.lines().count()).sum();
    println!("\n{name}, {lines} lines with all modules it needs, cold:\n\n| Step | Median |\n| --- | --: |");
    row("read and parse", median(|| timed(load).1));
    let checked = median(|| {
        let workspace = load();
        timed(|| assert!(workspace.check().iter().all(|d| !d.is_error()))).1
    });
    row("analyse and check", checked);
    let compiled = median(|| {
        let workspace = load();
        assert_eq!(workspace.check(), []);
        let subject = workspace.subject(Some(subject)).expect("it is there");
        timed(|| workspace.compile(&subject).expect("it compiles")).1
    });
    row("plan, verified and hashed (after the check)", compiled);
    let machine = median(|| {
        let workspace = load();
        let subject = workspace.subject(Some(subject)).expect("it is there");
        let plan = workspace.compile(&subject).expect("it compiles").plan;
        timed(|| JitFactory.compile(&plan).expect("machine code")).1
    });
    row("machine code", machine);
    let all = median(|| {
        timed(|| {
            let workspace = load();
            let subject = workspace.subject(Some(subject)).expect("it is there");
            let plan = workspace.compile(&subject).expect("it compiles").plan;
            JitFactory.compile(&plan).expect("machine code")
        })
        .1
    });
    row("source to ready kernels", all);
}

fn large(lines: usize) {
    let files = workspace::files(lines);
    let mut world = MemoryWorld::new();
    let mut written = 0;
    for (path, text) in &files {
        written += text.lines().count();
        world = world.with(path, text.as_str());
    }
    let paths: Vec<String> = files.iter().map(|(path, _)| path.clone()).collect();
    let mut parse = Vec::new();
    let check = median(|| {
        let (workspace, took) = timed(|| Workspace::load(&world, &paths).expect("it loads"));
        parse.push(took);
        timed(|| assert_eq!(workspace.check(), [])).1 + took
    });
    println!("\n{written} lines in {} files, cold:\n\n| Step | Median |\n| --- | --: |", files.len());
    parse.sort_unstable();
    row("read and parse", parse[parse.len() / 2].as_nanos() as f64);
    row("read, parse, analyse and check", check);
}

fn main() {
    // `cargo test --benches` runs this, too: once is enough there.
    if std::env::args().any(|arg| arg == "--test") {
        return;
    }
    for (name, subject) in
        [("04-enterprise-contract/amendment_1", "globex"), ("05-voice", "talk"), ("02-llm-api", "llm_2026")]
    {
        example(name, subject);
    }
    large(10_000);
}
