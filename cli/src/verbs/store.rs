//! `price store`: the log of a data directory. Looking at it and copying it do not disturb a server.

use crate::Exit;
use crate::args::{StoreAction, StoreArgs};
use crate::paths::count;
use crate::shell::Shell;
use crate::trouble::Trouble;
use price_server::home::{Home, HomeError};
use price_store::StoreError;
use price_store::disk::{Disk, FileDisk, ReadDisk};
use price_store::log::{self, Log, Manifest, Options};
use std::path::Path;
use std::sync::Arc;
use std::time::Duration;

/// Numbers of lost entries that are shown.
const SHOWN: usize = 20;
/// Until what a server was writing is read again.
const AGAIN: Duration = Duration::from_millis(20);

pub fn run(args: &StoreArgs, shell: &mut Shell) -> Result<Exit, Trouble> {
    match &args.action {
        StoreAction::Verify(data) => verify(&found(&data.data)?, shell),
        StoreAction::Repair(data) => repair(&*there(&data.data)?.log()?, shell),
        StoreAction::Export { data, to } => export(&found(&data.data)?, to, shell),
        StoreAction::Restore { data, from } => restore(&Home::new(&data.data), from, shell),
    }
}

/// The log of a data directory that exists; looking at one does not make one.
enum Found {
    /// No process has it, and it is held from here on.
    Idle(Arc<FileDisk>),
    /// A process has it, or may have it: it is read beside it.
    Running(ReadDisk),
}

fn there(dir: &Path) -> Result<Home, Trouble> {
    let home = Home::new(dir);
    match home.has_log() {
        true => Ok(home),
        false => Err(Trouble::new("C075", format!("`{}` is not a data directory", dir.display()))
            .help("give the directory that `price serve --data` was given")),
    }
}

fn found(dir: &Path) -> Result<Found, Trouble> {
    use std::io::ErrorKind::{PermissionDenied, ReadOnlyFilesystem};
    let home = there(dir)?;
    match home.log() {
        Ok(disk) => Ok(Found::Idle(disk)),
        Err(HomeError::InUse(_)) => Ok(Found::Running(home.log_to_read())),
        // Whoever may only read cannot know whether somebody writes.
        Err(HomeError::Io { cause, .. }) if matches!(cause.kind(), PermissionDenied | ReadOnlyFilesystem) => {
            Ok(Found::Running(home.log_to_read()))
        }
        Err(error) => Err(error.into()),
    }
}

fn verify(of: &Found, shell: &mut Shell) -> Result<Exit, Trouble> {
    let verified = match of {
        Found::Idle(disk) => log::verify(&**disk),
        Found::Running(disk) => log::verify_running(disk, &|| std::thread::sleep(AGAIN)),
    };
    match verified {
        Ok(found) => {
            let entries = (found.last_seq + 1 - found.first_seq) as usize;
            let chain: String = found.chain.iter().map(|byte| format!("{byte:02x}")).collect();
            shell.out(&format!(
                "whole: {} in {}, up to entry {}, chain {chain}\n",
                count(entries, "entry").replace("entrys", "entries"),
                count(found.segments, "segment"),
                found.last_seq
            ))?;
            if let Found::Running(_) = of {
                shell.note("A server has it: what it writes meanwhile is looked at by the next check");
            } else if found.torn_bytes > 0 {
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

fn export(of: &Found, to: &Path, shell: &mut Shell) -> Result<Exit, Trouble> {
    let shown = to.display().to_string();
    let target = FileDisk::open(to).map_err(|error| Trouble::write(&shown, error))?;
    let again: &dyn Fn() = &|| std::thread::sleep(AGAIN);
    let (disk, wait): (&dyn Disk, _) = match of {
        Found::Idle(disk) => {
            // What a process that was killed left behind becomes durable, and is said to be.
            let options = Options { segment_bytes: price_server::limits::SEGMENT_MIB_MIN << 20, at_least: 0 };
            Log::open(disk.clone(), options)?.mark()?;
            (&**disk, None)
        }
        Found::Running(disk) => (disk, Some(again)),
    };
    let copied = log::export(disk, &log::durable(disk, wait)?, &target)?;
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
