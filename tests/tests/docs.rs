//! The examples of the documentation are true: programs check, their tests pass on every engine,
//! and what a page says is found is found.
//!
//! A `price` block is a whole program. `price,fails P504` must be answered with that code,
//! and `text said P504` below it shows the answer word for word; `price,text` is shown and not run. A `csv data/zones.csv` or `toml price.lock` block is a file
//! that lies beside the programs below it on the page.

use price_diagnostics::render::{Format, RenderOptions, Sources, render};
use price_diagnostics::{Diagnostic, FileId, Severity};
use price_driver::{MemoryWorld, Workspace};
use price_tests::examples::{run, show};
use std::fs;
use std::path::{Path, PathBuf};

/// A fenced block of a page.
struct Block {
    page: String,
    line: usize,
    /// What stands behind the fence.
    info: String,
    text: String,
    /// Files from earlier blocks of the page.
    files: Vec<(String, String)>,
    /// The heading it stands under.
    section: String,
}

impl Block {
    fn place(&self) -> String {
        format!("{}:{}", self.page, self.line)
    }
}

fn docs(folder: &str) -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../docs").join(folder)
}

fn pages(folder: &str) -> Vec<(String, String)> {
    let mut pages: Vec<(String, String)> = fs::read_dir(docs(folder))
        .expect("the folder of the documentation exists")
        .filter_map(|entry| {
            let path = entry.ok()?.path();
            let name = path.file_name()?.to_str()?.to_owned();
            name.ends_with(".md").then(|| (name, fs::read_to_string(&path).expect("a page is UTF-8")))
        })
        .collect();
    pages.sort();
    pages
}

fn blocks(page: &str, text: &str) -> Vec<Block> {
    let (mut found, mut files, mut section) = (Vec::new(), Vec::new(), String::new());
    let mut open: Option<(usize, String, String)> = None;
    for (number, line) in text.lines().enumerate() {
        match &mut open {
            None => {
                if let Some(heading) = line.strip_prefix("## ") {
                    section = heading.to_owned();
                }
                if let Some(info) = line.strip_prefix("```") {
                    open = Some((number + 1, info.trim().to_owned(), String::new()));
                }
            }
            Some((at, info, text)) => {
                if line != "```" {
                    text.push_str(line);
                    text.push('\n');
                    continue;
                }
                if let Some(path) = info.strip_prefix("csv ").or(info.strip_prefix("toml ")) {
                    files.push((path.to_owned(), text.clone()));
                }
                found.push(Block {
                    page: page.to_owned(),
                    line: *at,
                    info: info.clone(),
                    text: text.clone(),
                    files: files.clone(),
                    section: section.clone(),
                });
                open = None;
            }
        }
    }
    assert!(open.is_none(), "{page}: a fence is not closed");
    found
}

fn load(block: &Block) -> Workspace {
    let mut world = MemoryWorld::new().with("example.price", block.text.as_str());
    for (path, text) in &block.files {
        world = world.with(path, text.as_str());
    }
    let mut workspace = Workspace::load(&world, &["example.price".to_owned()])
        .unwrap_or_else(|error| panic!("{}: {error}", block.place()));
    workspace.set_today("2026-12-01".parse().expect("a date"));
    workspace
}

/// What is said of the findings of one code.
fn said(workspace: &Workspace, code: &str) -> String {
    struct Files<'w>(&'w Workspace);
    impl Sources for Files<'_> {
        fn name(&self, file: FileId) -> &str {
            self.0.sources().get(file.0 as usize).map_or("", |s| s.name.as_str())
        }
        fn text(&self, file: FileId) -> &str {
            self.0.sources().get(file.0 as usize).map_or("", |s| &s.text)
        }
    }
    let found: Vec<Diagnostic> = workspace.check().into_iter().filter(|d| d.code.as_str() == code).collect();
    match found.is_empty() {
        true => String::new(),
        false => render(&found, &Files(workspace), Format::Full, RenderOptions::default()),
    }
}

#[test]
fn examples_of_the_reference_run() {
    let (programs, tests) = run_pages("reference");
    assert!(programs > 60 && tests > 100, "only {programs} programs with {tests} tests");
}

#[test]
fn every_step_of_the_guide_runs() {
    let (programs, tests) = run_pages("guide");
    assert!(programs >= 11 && tests >= 20, "only {programs} programs with {tests} tests");
}

/// Runs the examples of a folder; how many programs and tests there were.
fn run_pages(folder: &str) -> (usize, usize) {
    let (mut programs, mut tests, mut failures) = (0, 0, Vec::new());
    for (page, text) in pages(folder) {
        let mut refused: Option<Workspace> = None;
        for block in blocks(&page, &text) {
            if let Some(code) = block.info.strip_prefix("price,fails ") {
                let workspace = load(&block);
                let found = workspace.check();
                if !found.iter().any(|d| d.code.as_str() == code) {
                    failures.push(format!("{}: {code} is not found, but\n{}", block.place(), show(&found)));
                }
                refused = Some(workspace);
                continue;
            }
            if let Some(code) = block.info.strip_prefix("text said ") {
                let answer = refused.as_ref().map_or(String::new(), |workspace| said(workspace, code));
                // The guide calls its file by another name than this test.
                if answer.trim_end() != block.text.replace("pelican.price", "example.price").trim_end() {
                    failures.push(format!("{}: what is said is\n{answer}", block.place()));
                }
                continue;
            }
            if block.info != "price" {
                let known = ["price,text", "text", "json", "console"].contains(&block.info.as_str())
                    || block.info.starts_with("csv ")
                    || block.info.starts_with("toml ");
                if !known {
                    failures.push(format!("{}: a block of kind `{}`", block.place(), block.info));
                }
                continue;
            }
            let workspace = load(&block);
            let found = workspace.check();
            if !found.is_empty() {
                failures.push(format!("{}: findings\n{}", block.place(), show(&found)));
                continue;
            }
            let (titles, wrong) = run(&block.place(), &workspace);
            if titles.is_empty() {
                failures.push(format!("{}: no test", block.place()));
            }
            programs += 1;
            tests += titles.len();
            failures.extend(wrong);
        }
    }
    assert!(failures.is_empty(), "{} of the examples are wrong:\n{}", failures.len(), failures.join("\n"));
    (programs, tests)
}

#[test]
fn pages_of_codes_show_what_they_say() {
    let mut failures = Vec::new();
    for (page, text) in pages("codes") {
        let code = page.trim_end_matches(".md").to_owned();
        // Findings in the form of a file have examples that are not whole programs.
        if !code.starts_with('P') || code.starts_with("P0") || code.starts_with("P1") {
            continue;
        }
        for block in blocks(&page, &text).iter().filter(|b| b.info == "price") {
            let workspace = load(block);
            let found = workspace.check();
            if block.section == "Avoid" {
                if !found.iter().any(|d| d.code.as_str() == code) {
                    failures.push(format!("{}: {code} is not found, but\n{}", block.place(), show(&found)));
                }
                let others: Vec<Diagnostic> = found
                    .into_iter()
                    .filter(|d| d.code.as_str() != code && d.severity == Severity::Error && code != "P801")
                    .collect();
                if !others.is_empty() {
                    failures.push(format!("{}: found besides {code}\n{}", block.place(), show(&others)));
                }
            } else if !found.is_empty() {
                failures.push(format!("{}: findings\n{}", block.place(), show(&found)));
            } else {
                failures.extend(run(&block.place(), &workspace).1);
            }
        }
    }
    assert!(failures.is_empty(), "{} of the examples are wrong:\n{}", failures.len(), failures.join("\n"));
}

/// What the page of a code shows is said in these words. `PRICE_BLESS=1` takes over what is said.
#[test]
fn codes_are_said_as_they_were() {
    let golden = Path::new(env!("CARGO_MANIFEST_DIR")).join("golden/codes");
    let bless = std::env::var_os("PRICE_BLESS").is_some();
    let mut wrong = Vec::new();
    for (page, text) in pages("codes") {
        let code = page.trim_end_matches(".md");
        let avoid = |b: &&Block| b.section == "Avoid" && b.info == "price";
        let mut answers = String::new();
        for block in blocks(&page, &text).iter().filter(avoid) {
            let answer = said(&load(block), code);
            assert!(!answer.is_empty(), "{}: {code} is not found", block.place());
            answers.push_str(&answer);
        }
        let file = golden.join(format!("{code}.txt"));
        if answers.is_empty() {
            continue;
        }
        if bless {
            fs::write(&file, &answers).expect("the golden is written");
        } else if fs::read_to_string(&file).unwrap_or_default() != answers {
            wrong.push(format!("{}: run with PRICE_BLESS=1 if this is meant\n{answers}", file.display()));
        }
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}

#[test]
fn the_standard_library_is_clean() {
    let text = "use std.units (GB)\nuse std.currencies (USD)\nuse std.holidays (de)\nuse std.calendars (week_part)\n";
    let world = MemoryWorld::new().with("example.price", text);
    let workspace = Workspace::load(&world, &["example.price".to_owned()]).expect("it loads");
    assert_eq!(workspace.check(), []);
    for (number, source) in workspace.sources().iter().enumerate() {
        let found = workspace.check_one(FileId(number as u32));
        assert!(found.is_empty(), "{}:\n{}", source.name, show(&found));
    }
}
