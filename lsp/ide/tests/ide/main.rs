//! What an editor asks, on fixtures whose cursor is written `$0`.

mod extracted;
mod invoices;
mod names;

use price_driver::{MemoryWorld, World, WorldError, clean, is_source, join};
use price_ide::Ide;
use std::path::Path;

/// The folder of examples as a world.
pub struct Examples;

fn root() -> String {
    clean(&Path::new(env!("CARGO_MANIFEST_DIR")).join("../../examples").to_string_lossy())
}

impl World for Examples {
    fn read(&self, path: &str) -> Result<Vec<u8>, WorldError> {
        std::fs::read(path).map_err(|_| WorldError::Missing)
    }

    fn is_file(&self, path: &str) -> bool {
        Path::new(path).is_file()
    }

    fn is_dir(&self, path: &str) -> bool {
        Path::new(path).is_dir()
    }

    fn sources(&self, folder: &str) -> Result<Vec<String>, WorldError> {
        let mut found = Vec::new();
        let mut waiting = vec![folder.to_owned()];
        while let Some(folder) = waiting.pop() {
            for entry in std::fs::read_dir(&folder).expect("a folder") {
                let path = join(&folder, &entry.expect("an entry").file_name().to_string_lossy());
                if Path::new(&path).is_dir() {
                    waiting.push(path);
                } else if is_source(&path) {
                    found.push(path);
                }
            }
        }
        found.sort();
        Ok(found)
    }
}

/// The folder with a file for each construct of the language.
pub fn constructs() -> String {
    clean(&Path::new(env!("CARGO_MANIFEST_DIR")).join("../../tests/constructs").to_string_lossy())
}

/// An editor over the examples.
pub fn examples() -> Ide {
    let mut ide = Ide::new(Box::new(Examples));
    ide.set_folders(vec![root()]).expect("they load");
    ide
}

/// An editor over files in memory; the cursor is taken out of the one that has it.
pub fn fixture(files: &[(&str, &str)]) -> (Ide, price_diagnostics::FileId, u32) {
    let mut world = MemoryWorld::new();
    let mut cursor = None;
    for (path, text) in files {
        let at = text.find("$0");
        if let Some(at) = at {
            cursor = Some((*path, u32::try_from(at).expect("short")));
        }
        world = world.with(&format!("w/{path}"), text.replacen("$0", "", 1));
    }
    let mut ide = Ide::new(Box::new(world));
    ide.set_folders(vec!["w".to_owned()]).expect("it loads");
    let (path, offset) = cursor.expect("a cursor");
    let file = ide.file(&format!("w/{path}")).expect("the file");
    (ide, file, offset)
}
