//! `price lock`: pins what locked cards mean, by hash, in `price.lock`.

use crate::Exit;
use crate::args::{LockArgs, ReportFormat};
use crate::output::report;
use crate::paths;
use crate::shell::Shell;
use crate::trouble::Trouble;
use crate::world::DiskWorld;
use price_driver::{CardKey, LOCK_FILE, Relocked, SubjectError, World as _, join};

pub fn run(args: &LockArgs, format: ReportFormat, shell: &mut Shell) -> Result<Exit, Trouble> {
    let workspace = paths::load(&args.paths)?;
    let meant = |card: &CardKey| args.update.iter().any(|name| *name == card.name || *name == card.to_string());
    let relocked = match workspace.relock(&meant) {
        Ok(relocked) => relocked,
        Err(SubjectError::Faulty { diagnostics, .. }) => {
            report::print(&diagnostics, &workspace, format, shell)?;
            shell.warn("Nothing was locked; mend the errors first".to_owned());
            return Ok(Exit::Findings);
        }
        Err(error) => return Err(error.into()),
    };
    unused(args, &relocked)?;
    if relocked.is_empty() {
        shell.note("No contract and no plan locks a card: nothing to write".to_owned());
        return Ok(Exit::Clean);
    }
    let mut exit = Exit::Clean;
    for of_root in &relocked {
        exit = exit.max(write(args, of_root, shell)?);
    }
    Ok(exit)
}

/// A name that `--update` gives and nothing locks is a mistake, not a wish that is already met.
fn unused(args: &LockArgs, relocked: &[Relocked]) -> Result<(), Trouble> {
    let cards = || relocked.iter().flat_map(|of_root| of_root.lock.cards.keys());
    let missing =
        args.update.iter().find(|name| !cards().any(|card| **name == card.name || **name == card.to_string()));
    let Some(missing) = missing else { return Ok(()) };
    let known: Vec<String> = cards().map(ToString::to_string).collect();
    let help = match known.as_slice() {
        [] => "no card is locked: `prices from CARD version N locked` locks one".to_owned(),
        known => format!("locked are {}", known.join(", ")),
    };
    Err(Trouble::new("C013", format!("nothing locks a card called `{missing}`")).help(help))
}

fn write(args: &LockArgs, of_root: &Relocked, shell: &mut Shell) -> Result<Exit, Trouble> {
    let path = join(&of_root.root, LOCK_FILE);
    let shown = DiskWorld::new().display(&path);
    for (cards, mark, said) in [
        (&of_root.added, "+", if args.check { "would be pinned" } else { "pinned" }),
        (&of_root.updated, "~", if args.check { "would be pinned anew" } else { "pinned anew" }),
        (&of_root.dropped, "-", if args.check { "would go: nothing locks it" } else { "gone: nothing locks it" }),
        (&of_root.changed, "!", "no longer means what was locked"),
    ] {
        for card in cards {
            shell.out(&format!("{mark} {card} in {}: {said}\n", card.module))?;
        }
    }
    if args.check {
        let bad = of_root.stale || !of_root.changed.is_empty();
        shell.note(format!(
            "{shown} {}",
            if of_root.stale { "is not up to date; run price lock" } else { "is up to date" }
        ));
        return Ok(if bad { Exit::Findings } else { Exit::Clean });
    }
    if of_root.stale {
        std::fs::write(&path, of_root.lock.render()).map_err(|error| Trouble::write(&shown, error))?;
    }
    let cards = paths::count(of_root.lock.cards.len(), "card");
    shell.note(format!("{} {shown}: {cards}", if of_root.stale { "Wrote" } else { "Nothing to do in" }));
    if of_root.changed.is_empty() {
        return Ok(Exit::Clean);
    }
    let which: Vec<String> = of_root.changed.iter().map(|card| format!("--update {card}")).collect();
    shell.warn(format!(
        "A locked card has changed: give the change a new version, or, if everyone who is locked shall have it, run \
         price lock {}",
        which.join(" ")
    ));
    Ok(Exit::Findings)
}
