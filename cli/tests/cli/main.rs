//! The program as its users meet it: arguments in; standard output, standard error and exit code
//! out.

// Helpers of one test binary: their names say what they are.
#![allow(missing_docs)]

mod change;
mod check;
mod codes;
mod examples;
mod help;
mod late;
mod lock;
mod project;
mod rate;
mod solve;
mod testing;

use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

/// What a run gave.
#[derive(Debug)]
pub(crate) struct Ran {
    pub(crate) out: String,
    pub(crate) err: String,
    pub(crate) code: i32,
}

/// A folder of its own for one test.
pub(crate) struct Place {
    dir: tempfile::TempDir,
}

impl Place {
    pub(crate) fn new() -> Place {
        Place { dir: tempfile::tempdir().expect("a temporary folder") }
    }

    pub(crate) fn path(&self) -> &Path {
        self.dir.path()
    }

    /// Writes a file.
    pub(crate) fn file(&self, name: &str, text: &str) -> &Place {
        let path = self.dir.path().join(name);
        std::fs::create_dir_all(path.parent().expect("a folder")).expect("the folder is made");
        std::fs::write(path, text).expect("the file is written");
        self
    }

    pub(crate) fn read(&self, name: &str) -> String {
        std::fs::read_to_string(self.dir.path().join(name)).expect("the file is there")
    }

    /// Runs the program here.
    pub(crate) fn run(&self, args: &[&str]) -> Ran {
        self.run_with(args, "", &[])
    }

    /// Runs the program here with standard input and environment.
    pub(crate) fn run_with(&self, args: &[&str], input: &str, env: &[(&str, &str)]) -> Ran {
        let mut command = Command::new(env!("CARGO_BIN_EXE_price"));
        command.args(args).current_dir(self.dir.path());
        for name in ["NO_COLOR", "CLICOLOR_FORCE", "PRICE_OUTPUT_FORMAT", "TERM"] {
            command.env_remove(name);
        }
        command.envs(env.iter().copied());
        command.stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(Stdio::piped());
        let mut child = command.spawn().expect("the program starts");
        let mut stdin = child.stdin.take().expect("standard input");
        // A program that does not read its input closes it.
        let _ = std::io::Write::write_all(&mut stdin, input.as_bytes());
        drop(stdin);
        let output = child.wait_with_output().expect("the program ends");
        Ran {
            out: String::from_utf8(output.stdout).expect("standard output is text"),
            err: String::from_utf8(output.stderr).expect("standard error is text"),
            code: output.status.code().expect("an exit code"),
        }
    }
}

/// A file of the repository.
pub(crate) fn repository(path: &str) -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("..").join(path)
}

/// Text without what changes from run to run: times.
pub(crate) fn steady(text: &str) -> String {
    let mut out = String::new();
    for line in text.lines() {
        let mut line = line.to_owned();
        if let Some(at) = line.find(" in 0.").or_else(|| line.find(" in 1.")) {
            let end = line[at + 4..].find('s').map_or(line.len(), |length| at + 4 + length + 1);
            line.replace_range(at..end, " in TIME");
        }
        out.push_str(&line);
        out.push('\n');
    }
    out
}

/// A card that is right.
pub(crate) const CARD: &str = "\
use std.units (call)
use std.currencies (USD)

event request { path: text }
meter calls = count of request in calls

ratecard api {
  currency USD
  rounding each line half-even to cents

  price calls on calls {
    graduated per call {
      up to 10 calls $0.10
      beyond         $0.05
    }
  }
}
";
