//! `price lsp`: the language server.

use crate::Exit;
use crate::git::Repositories;
use crate::trouble::Trouble;
use crate::verbs::check::today;
use crate::world::DiskWorld;
use price_lsp::{Start, serve_stdio};

pub fn run() -> Result<Exit, Trouble> {
    let start = Start {
        world: Box::new(DiskWorld::new()),
        past: Some(Box::new(Repositories)),
        today: Some(today()),
        version: env!("CARGO_PKG_VERSION"),
    };
    let served = serve_stdio(start);
    served.map_err(|error| Trouble::new("C031", "the language server cannot start").cause(error.to_string()))?;
    Ok(Exit::Clean)
}
