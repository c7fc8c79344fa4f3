//! `price man DIR`: one page for the program and one for each verb.

use crate::Exit;
use crate::args::{Cli, ManArgs};
use crate::paths::count;
use crate::shell::Shell;
use crate::trouble::Trouble;
use clap::CommandFactory as _;
use std::path::Path;

pub fn run(args: &ManArgs, shell: &mut Shell) -> Result<Exit, Trouble> {
    let dir = Path::new(&args.dir);
    std::fs::create_dir_all(dir).map_err(|error| Trouble::write(&args.dir, error))?;
    let mut command = Cli::command();
    command.build();
    let mut pages = 0;
    let mut write = |command: &clap::Command, name: String| {
        let mut page = Vec::new();
        clap_mangen::Man::new(command.clone()).title(name.clone()).render(&mut page).map_err(Trouble::output)?;
        let path = dir.join(format!("{name}.1"));
        pages += 1;
        std::fs::write(&path, page).map_err(|error| Trouble::write(&path.display().to_string(), error))
    };
    write(&command, "price".to_owned())?;
    for verb in command.get_subcommands() {
        write(verb, format!("price-{}", verb.get_name()))?;
    }
    shell.note(format!("Wrote {} to {}", count(pages, "page"), args.dir));
    Ok(Exit::Clean)
}
