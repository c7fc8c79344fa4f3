//! `price playground`: a page to try prices on.

use crate::Exit;
use crate::args::PlaygroundArgs;
use crate::shell::Shell;
use crate::trouble::Trouble;
use crate::verbs::check::today;
use price_playground::{Start, serve};

pub fn run(args: &PlaygroundArgs, shell: &mut Shell) -> Result<Exit, Trouble> {
    let start = Start { listen: args.listen, today: Some(today()), version: env!("CARGO_PKG_VERSION") };
    let served = serve(start, |address| shell.note(format!("The playground is at http://{address}/ (Ctrl-C ends it)")));
    served.map_err(|error| {
        Trouble::new("C032", format!("`{}` cannot be listened on", args.listen))
            .cause(error.to_string())
            .help("choose another address with `--listen`, for example 127.0.0.1:0")
    })?;
    Ok(Exit::Clean)
}
