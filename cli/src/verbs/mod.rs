//! One file per verb.

pub mod build;
pub mod check;
pub mod completions;
pub mod diff;
pub mod doc;
pub mod explain;
pub mod fix;
pub mod fmt;
pub mod ingest;
pub mod keygen;
pub mod keys;
pub mod lock;
pub mod lsp;
pub mod man;
pub mod new;
pub mod playground;
pub mod plot;
pub mod prove;
pub mod rate;
pub mod replay;
pub mod serve;
pub mod solve;
pub mod store;
pub mod test;
pub mod version;

use crate::Exit;
use crate::shell::Shell;
use crate::trouble::Trouble;

/// What `price` alone prints.
pub fn first_screen(shell: &mut Shell) -> Result<Exit, Trouble> {
    let paint = shell.paint();
    let mut text = format!("{} {}\n\n", paint.bold("price"), env!("CARGO_PKG_VERSION"));
    text.push_str("Prices that read like contracts: check, test, rate and explain them.\n\n");
    text.push_str(&format!("{}\n", paint.bold("Try")));
    text.push_str("  price new acme\n");
    text.push_str("  price rate acme/starter.price --events acme/usage/2026-03.ndjson --in 2026-03\n\n");
    text.push_str(&format!("{}\n", paint.bold("Common commands")));
    for (verb, what) in [
        ("new", "write a first plan with usage, a test and a CI file"),
        ("check", "report mistakes"),
        ("fmt", "format source files"),
        ("fix", "mend what can be mended with certainty"),
        ("test", "run the tests that stand beside the prices"),
        ("prove", "decide what assertions claim, for all usage"),
        ("diff", "show what a change of prices does"),
        ("replay", "rate past usage under a plan that is not in force"),
        ("plot", "draw what a price costs against usage"),
        ("solve", "find the usage at which an amount is reached"),
        ("doc", "write prices as a page for customers"),
        ("rate", "rate usage into invoices"),
        ("explain", "explain a code, or a line of an invoice"),
        ("lock", "pin what locked cards mean"),
        ("build", "compile a plan into a .pricec file"),
        ("lsp", "speak with an editor: the language server"),
        ("playground", "try prices on a page"),
        ("serve", "run the event runtime"),
    ] {
        text.push_str(&format!("  {:<12}{what}\n", verb));
    }
    text.push_str("\n`price --help` lists everything, `price VERB --help` explains one.\n");
    shell.out(&text)?;
    Ok(Exit::Clean)
}
