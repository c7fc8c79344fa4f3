//! `price keygen`: the key pair of a publisher of plans.

use crate::Exit;
use crate::args::KeygenArgs;
use crate::shell::Shell;
use crate::trouble::Trouble;
use price_server::publishers;
use std::path::Path;

pub fn run(args: &KeygenArgs, shell: &mut Shell) -> Result<Exit, Trouble> {
    let path = Path::new(&args.file);
    if args.public {
        shell.out(&format!("{}\n", publishers::read(path)?.public()))?;
        return Ok(Exit::Clean);
    }
    let public = publishers::make(path)?;
    shell.out(&format!("{public}\n"))?;
    shell.note(format!("The private key is in {}: keep it where plans are released, and to yourself", args.file));
    shell.note("Servers that list the public key under `[publishers]` take plans signed with it");
    Ok(Exit::Clean)
}
