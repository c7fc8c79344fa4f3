//! An editor over a large workspace: the first findings, then keystroke by keystroke. Prints a table;
//! asserts on nothing but that what is typed is understood.
//!
//! ```sh
//! cargo bench -p price-benches --bench editor
//! ```

use price_benches::workspace;
use price_driver::MemoryWorld;
use price_ide::Ide;
use std::hint::black_box;
use std::time::{Duration, Instant};

const LINES: usize = 100_000;
const KEYS: usize = 200;

fn told(what: &str, mut times: Vec<Duration>) {
    times.sort_unstable();
    let at = |percent: usize| times[(times.len() * percent / 100).min(times.len() - 1)].as_micros();
    println!("| {what} | {} µs | {} µs | {} µs |", at(50), at(95), at(100));
}

fn resident_mb() -> u64 {
    let text = std::fs::read_to_string("/proc/self/statm").unwrap_or_default();
    text.split(' ').nth(1).and_then(|pages| pages.parse::<u64>().ok()).unwrap_or(0) * 4096 / 1_000_000
}

fn main() {
    // `cargo test --benches` runs this, too: once is enough there.
    if std::env::args().any(|arg| arg == "--test") {
        return;
    }
    let files = workspace::files(LINES);
    let mut world = MemoryWorld::new();
    let mut lines = 0;
    for (path, text) in &files {
        lines += text.lines().count();
        world = world.with(&format!("w/{path}"), text.as_str());
    }
    let started = Instant::now();
    let mut ide = Ide::new(Box::new(world));
    ide.set_folders(vec!["w".to_owned()]).expect("it loads");
    let all = ide.files();
    let open = all[all.len() / 2];
    assert_eq!(ide.diagnostics(open), []);
    let first = started.elapsed();
    for file in &all {
        assert_eq!(ide.diagnostics(*file), []);
    }
    let whole = started.elapsed();
    println!("{lines} lines in {} files", all.len());
    println!(
        "first findings of the open file {} ms, of all files {} ms, {} MB",
        first.as_millis(),
        whole.as_millis(),
        resident_mb()
    );
    let path = ide.path(open).to_owned();
    let text = ide.text(open).to_owned();
    println!("the open file has {} lines\n", text.lines().count());
    let digit = text.find("$0.").expect("a price") + 3;
    let [mut found, mut completed, mut tokens, mut hovered, mut rest] = [const { Vec::new() }; 5];
    for key in 0..KEYS {
        let mut typed = text.clone();
        typed.insert(digit, char::from(b'1' + u8::try_from(key % 9).expect("a digit")));
        let started = Instant::now();
        ide.set_text(&path, typed).expect("it loads");
        black_box(ide.diagnostics(open));
        found.push(started.elapsed());
        let started = Instant::now();
        for file in &all {
            black_box(ide.diagnostics(*file));
        }
        rest.push(started.elapsed());
        let started = Instant::now();
        black_box(ide.tokens(open));
        tokens.push(started.elapsed());
        let started = Instant::now();
        black_box(ide.hover(open, u32::try_from(digit).expect("small")));
        hovered.push(started.elapsed());
        // A new line that is being written.
        let line = text[..digit].rfind('\n').expect("a line") + 1;
        let mut writing = text.clone();
        writing.insert_str(line, "  price more on \n");
        ide.set_text(&path, writing).expect("it loads");
        let started = Instant::now();
        black_box(ide.complete(open, u32::try_from(line + 16).expect("small"), true));
        completed.push(started.elapsed());
    }
    println!("| After a keystroke | median | p95 | worst |\n| --- | --: | --: | --: |");
    told("findings of the open file", found);
    told("findings of all files", rest);
    told("semantic tokens of the open file", tokens);
    told("hover", hovered);
    told("completion, from the keystroke's text on", completed);
    println!("\n{} MB after {KEYS} keystrokes", resident_mb());
}
