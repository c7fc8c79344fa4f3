//! `price completions SHELL`.

use crate::Exit;
use crate::args::{Cli, CompletionsArgs};
use crate::shell::Shell;
use crate::trouble::Trouble;
use clap::CommandFactory as _;

pub fn run(args: &CompletionsArgs, shell: &mut Shell) -> Result<Exit, Trouble> {
    let mut script = Vec::new();
    clap_complete::generate(args.shell, &mut Cli::command(), "price", &mut script);
    shell.out(&String::from_utf8_lossy(&script))?;
    Ok(Exit::Clean)
}
