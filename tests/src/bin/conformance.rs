//! Rates the cases of other billing engines: `conformance FILE.json... [--kind K] [--write DIR]`.
//! Without a file it takes the project's own copies. Both engines always run and must agree.

use price_tests::conformance::run_files;
use std::path::{Path, PathBuf};
use std::process::ExitCode;

const USAGE: &str = "usage: conformance [FILE.json...] [--kind KIND] [--write DIR] [--engine both]";

fn main() -> ExitCode {
    let (mut files, mut kind, mut write) = (Vec::new(), None, None);
    let mut arguments = std::env::args().skip(1);
    while let Some(argument) = arguments.next() {
        let mut value = || arguments.next().ok_or_else(|| format!("`{argument}` needs a value\n{USAGE}"));
        let read = match argument.as_str() {
            "--kind" => value().map(|v| kind = Some(v)),
            "--write" => value().map(|v| write = Some(PathBuf::from(v))),
            "--engine" => value().and_then(|v| match v.as_str() {
                "both" => Ok(()),
                _ => Err(format!("both engines always run\n{USAGE}")),
            }),
            "--help" | "-h" => {
                println!("{USAGE}");
                return ExitCode::SUCCESS;
            }
            other if other.starts_with('-') => Err(format!("`{other}` is not known\n{USAGE}")),
            file => {
                files.push(PathBuf::from(file));
                Ok(())
            }
        };
        if let Err(problem) = read {
            eprintln!("{problem}");
            return ExitCode::from(2);
        }
    }
    if files.is_empty() {
        let own = Path::new(env!("CARGO_MANIFEST_DIR")).join("data/peers");
        files =
            ["flexprice", "killbill", "lago", "meteroid", "openmeter"].map(|n| own.join(format!("{n}.json"))).into();
    }
    match run_files(&files, kind.as_deref(), write.as_deref()) {
        Ok(report) => {
            print!("{}", report.text());
            if report.is_clean() { ExitCode::SUCCESS } else { ExitCode::FAILURE }
        }
        Err(problem) => {
            eprintln!("{problem}");
            ExitCode::from(2)
        }
    }
}
