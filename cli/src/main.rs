//! The `price` command.
//!
//! The only crate that prints, reads files of users and looks at the environment; sockets and the
//! data directory of a server belong to `price-server`. Every verb is a file in `verbs`; every
//! format of output one in `output`.

mod args;
mod config;
mod events;
mod git;
mod output;
mod paths;
mod shell;
mod trouble;
mod verbs;
mod world;

use args::{Cli, Verb};
use clap::Parser as _;
use shell::Shell;
use std::process::ExitCode;
use trouble::Trouble;

/// Events are small allocations that live long, which this one is quicker at.
#[global_allocator]
static ALLOCATOR: mimalloc::MiMalloc = mimalloc::MiMalloc;

/// How the program ends.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Exit {
    /// Clean.
    Clean = 0,
    /// Ran, and found something: errors, failing tests, unformatted files.
    Findings = 1,
    /// Could not run: usage, configuration, an unreadable file.
    Unable = 2,
}

impl From<Exit> for ExitCode {
    fn from(exit: Exit) -> ExitCode {
        ExitCode::from(exit as u8)
    }
}

/// Code of internal errors.
const INTERNAL: i32 = 101;

fn main() -> ExitCode {
    trouble::install_panic_hook();
    match std::panic::catch_unwind(run) {
        Ok(exit) => exit.into(),
        // The hook has said what there is to say.
        Err(_) => std::process::exit(INTERNAL),
    }
}

fn run() -> Exit {
    let cli = match Cli::try_parse() {
        Ok(cli) => cli,
        Err(error) => {
            // Help and version are answers and go to standard output; clap knows which is which.
            let exit = if error.use_stderr() { Exit::Unable } else { Exit::Clean };
            let _ = error.print();
            return exit;
        }
    };
    let config = match config::find() {
        Ok(config) => config,
        Err(trouble) => {
            let mut shell = Shell::new(&cli.global, None);
            return fail(&mut shell, &trouble);
        }
    };
    let mut shell = Shell::new(&cli.global, config.color);
    let done = match cli.verb {
        None => verbs::first_screen(&mut shell),
        Some(verb) => dispatch(verb, &cli.global, &config, &mut shell),
    };
    match done.and_then(|exit| shell.flush().map(|()| exit)) {
        Ok(exit) => exit,
        Err(trouble) => fail(&mut shell, &trouble),
    }
}

fn dispatch(verb: Verb, global: &args::Global, config: &config::Config, shell: &mut Shell) -> Result<Exit, Trouble> {
    let format = global.output_format.or(config.output_format).unwrap_or(args::ReportFormat::Full);
    match verb {
        Verb::New(args) => verbs::new::run(&args, shell),
        Verb::Check(args) => verbs::check::run(&args, format, config, shell),
        Verb::Fmt(args) => verbs::fmt::run(&args, format, shell),
        Verb::Fix(args) => verbs::fix::run(&args, shell),
        Verb::Test(args) => verbs::test::run(&args, format, shell),
        Verb::Rate(args) => verbs::rate::run(&args, format, shell),
        Verb::Explain(args) => verbs::explain::run(&args, format, shell),
        Verb::Build(args) => verbs::build::run(&args, format, shell),
        Verb::Lock(args) => verbs::lock::run(&args, format, shell),
        Verb::Diff(args) => verbs::diff::run(&args, format, shell),
        Verb::Replay(args) => verbs::replay::run(&args, format, shell),
        Verb::Solve(args) => verbs::solve::run(&args, format, shell),
        Verb::Doc(args) => verbs::doc::run(&args, format, shell),
        Verb::Plot(args) => verbs::plot::run(&args, format, shell),
        Verb::Prove(args) => verbs::prove::run(&args, format, shell),
        Verb::Playground(args) => verbs::playground::run(&args, shell),
        Verb::Lsp(_) => verbs::lsp::run(),
        Verb::Serve(args) => verbs::serve::run(&args, shell),
        Verb::Ingest(args) => verbs::ingest::run(&args, shell),
        Verb::Store(args) => verbs::store::run(&args, shell),
        Verb::Keys(args) => verbs::keys::run(&args, shell),
        Verb::Keygen(args) => verbs::keygen::run(&args, shell),
        Verb::Completions(args) => verbs::completions::run(&args, shell),
        Verb::Man(args) => verbs::man::run(&args, shell),
        Verb::Version => verbs::version::run(format, shell),
    }
}

fn fail(shell: &mut Shell, trouble: &Trouble) -> Exit {
    if trouble.is_closed_pipe() {
        return Exit::Clean;
    }
    shell.trouble(trouble);
    trouble.exit()
}
