//! `price store`: the log of a data directory, while no server runs.

use crate::Exit;
use crate::args::{StoreAction, StoreArgs};
use crate::paths::count;
use crate::shell::Shell;
use crate::trouble::Trouble;
use price_server::home::Home;
use price_store::StoreError;
use price_store::disk::FileDisk;
use price_store::log::{self, Log, Manifest, Options};
use std::path::Path;
use std::sync::Arc;

/// Numbers of lost entries that are shown.
const SHOWN: usize = 20;

pub fn run(args: &StoreArgs, shell: &mut Shell) -> Result<Exit, Trouble> {
    match &args.action {
        StoreAction::Verify(data) => verify(&*there(&data.data)?, shell),
        StoreAction::Repair(data) => repair(&*there(&data.data)?, shell),
        StoreAction::Export { data, to } => export(there(&data.data)?, to, shell),
        StoreAction::Restore { data, from } => restore(&Home::new(&data.data), from, shell),
    }
}

/// The log of a data directory that exists; looking at one does not make one.
fn there(dir: &Path) -> Result<Arc<FileDisk>, Trouble> {
    let home = Home::new(dir);
    if !home.has_log() {
        return Err(Trouble::new("C075", format!("`{}` is not a data directory", dir.display()))
            .help("give the directory that `price serve --data` was given"));
    }
    Ok(home.log()?)
}

fn verify(disk: &FileDisk, shell: &mut Shell) -> Result<Exit, Trouble> {
    match log::verify(disk) {
        Ok(found) => {
            let entries = (found.last_seq + 1 - found.first_seq) as usize;
            let chain: String = found.chain.iter().map(|byte| format!("{byte:02x}")).collect();
            shell.out(&format!(
                "whole: {} in {}, up to entry {}, chain {chain}\n",
                count(entries, "entry").replace("entrys", "entries"),
                count(found.segments, "segment"),
                found.last_seq
            ))?;
            if found.torn_bytes > 0 {
                shell.note(format!(
                    "{} at the end were never acknowledged and are cut on the next start",
                    count(found.torn_bytes as usize, "byte")
                ));
            }
            Ok(Exit::Clean)
        }
        Err(error @ StoreError::Damaged { .. }) => {
            shell.out(&format!("damaged: {error}\n"))?;
            Ok(Exit::Findings)
        }
        Err(error) => Err(error.into()),
    }
}

fn repair(disk: &FileDisk, shell: &mut Shell) -> Result<Exit, Trouble> {
    let Some(lost) = log::repair(disk)? else {
        shell.note("The log is whole; nothing was changed");
        return Ok(Exit::Clean);
    };
    shell.out(&format!("cut behind entry {}: {}\n", lost.last_seq, lost.damage))?;
    for file in &lost.files {
        shell.out(&format!("kept aside: {file}\n"))?;
    }
    let shown: Vec<String> = lost.readable.iter().take(SHOWN).map(ToString::to_string).collect();
    if !shown.is_empty() {
        let more = lost.readable.len().saturating_sub(shown.len());
        let more = if more > 0 { format!(" and {more} more") } else { String::new() };
        shell.out(&format!("entries in them that can be read: {}{more}\n", shown.join(", ")))?;
    }
    shell.note("Senders that kept their events can send them again: what is still there counts once");
    Ok(Exit::Findings)
}

fn export(disk: Arc<FileDisk>, to: &Path, shell: &mut Shell) -> Result<Exit, Trouble> {
    let shown = to.display().to_string();
    let target = FileDisk::open(to).map_err(|error| Trouble::write(&shown, error))?;
    let options = Options { segment_bytes: price_server::limits::SEGMENT_MIB_MIN << 20, at_least: 0 };
    let mut log = Log::open(disk.clone(), options)?;
    log.seal()?;
    let copied = log::export(&*disk, log.sealed(), &target)?;
    let all = Manifest::read(&target)?.segments;
    let last = all.last().map_or(0, |segment| segment.last_seq);
    shell.note(format!(
        "Copied {}; {shown} holds {} up to entry {last}",
        count(copied, "segment"),
        count(all.len(), "segment")
    ));
    shell.note("The secrets of the node and its API keys are not in it: keep node.toml and keys.toml apart");
    Ok(Exit::Clean)
}

fn restore(home: &Home, from: &Path, shell: &mut Shell) -> Result<Exit, Trouble> {
    let shown = from.display().to_string();
    if !from.is_dir() {
        return Err(Trouble::new("C075", format!("`{shown}` is not a folder")).help("give the folder of an export"));
    }
    let source = FileDisk::open(from).map_err(|error| Trouble::read(&shown, error))?;
    let last = log::restore(&source, &*home.log()?)?;
    shell.note(format!("Restored up to entry {last}; `price serve --data {}` replays it", home.dir().display()));
    Ok(Exit::Clean)
}
