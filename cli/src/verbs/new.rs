//! `price new`: a plan, usage, tests and a CI file that work as they stand.

use crate::Exit;
use crate::args::NewArgs;
use crate::shell::Shell;
use crate::trouble::Trouble;
use std::path::Path;

/// What is written, and where.
const FILES: [(&str, &str); 5] = [
    ("price.toml", include_str!("../../templates/price.toml")),
    ("starter.price", include_str!("../../templates/starter.price")),
    ("starter_test.price", include_str!("../../templates/starter_test.price")),
    ("usage/2026-03.ndjson", include_str!("../../templates/usage.ndjson")),
    (".github/workflows/prices.yml", include_str!("../../templates/ci.yml")),
];

pub fn run(args: &NewArgs, shell: &mut Shell) -> Result<Exit, Trouble> {
    let dir = Path::new(&args.dir);
    if dir.is_file() {
        return Err(Trouble::new("C070", format!("`{}` is a file", args.dir)).help("give the name of a folder"));
    }
    let taken = dir.read_dir().map(|mut entries| entries.next().is_some()).unwrap_or(false);
    if taken {
        return Err(Trouble::new("C071", format!("the folder `{}` is not empty", args.dir))
            .help("give the name of a new folder"));
    }
    for (name, text) in FILES {
        let path = dir.join(name);
        let shown = path.display().to_string();
        if let Some(folder) = path.parent() {
            std::fs::create_dir_all(folder).map_err(|error| Trouble::write(&shown, error))?;
        }
        std::fs::write(&path, text).map_err(|error| Trouble::write(&shown, error))?;
        shell.out(&format!("{shown}\n"))?;
    }
    shell.note(format!(
        "\nNext:\n  cd {}\n  price test\n  price rate starter.price --events usage/2026-03.ndjson --in 2026-03",
        args.dir
    ));
    Ok(Exit::Clean)
}
