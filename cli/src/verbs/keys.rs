//! `price keys`: who may use a server.

use crate::Exit;
use crate::args::{KeyRole, KeysAction, KeysArgs};
use crate::shell::Shell;
use crate::trouble::Trouble;
use price_server::home::Home;
use price_server::keys::{self, Role};

pub fn run(args: &KeysArgs, shell: &mut Shell) -> Result<Exit, Trouble> {
    match &args.action {
        KeysAction::Add { name, role, tenant, until, data } => {
            let roles: Vec<Role> = role.iter().map(|role| wanted(*role)).collect();
            let until = until.as_deref().map(|day| {
                day.parse().map_err(|_| Trouble::new("C076", format!("`{day}` is not a day such as 2026-12-31")))
            });
            let key = keys::add(&Home::new(&data.data), name, tenant, &roles, until.transpose()?)?;
            shell.out(&format!("{key}\n"))?;
            shell.note(format!("This is the only time that the key of {name} is shown"));
        }
        KeysAction::List(data) => {
            for entry in keys::read(&Home::new(&data.data).keys_file())? {
                let roles: Vec<&str> = entry.roles.iter().map(|role| role.word()).collect();
                let until = entry.until.map_or(String::new(), |day| format!(" until {day}"));
                let line = format!("{} {} {} {}{until}\n", entry.id, entry.name, entry.tenant, roles.join(","));
                shell.out(&line)?;
            }
        }
        KeysAction::Remove { key, data } => {
            let removed = keys::remove(&Home::new(&data.data), key)?;
            shell.note(format!(
                "Removed {}; a running server refuses it within a second",
                crate::paths::count(removed, "key")
            ));
        }
    }
    Ok(Exit::Clean)
}

fn wanted(role: KeyRole) -> Role {
    match role {
        KeyRole::Ingest => Role::Ingest,
        KeyRole::Read => Role::Read,
        KeyRole::Publish => Role::Publish,
        KeyRole::Admin => Role::Admin,
    }
}
