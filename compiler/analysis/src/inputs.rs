//! The inputs of the database: texts and which belong together.

// The macro writes public functions without documentation.
#![allow(missing_docs)]

use price_diagnostics::FileId;

/// A source file.
#[salsa::input(debug)]
pub struct File {
    /// Path relative to the workspace, `/` between parts: it gives the module's name.
    #[returns(deref)]
    pub path: String,
    /// Number used in spans.
    #[returns(copy)]
    pub number: u32,
    /// The text.
    #[returns(deref)]
    pub text: String,
}

impl File {
    /// The file's number as spans carry it.
    pub fn id(self, db: &dyn salsa::Database) -> FileId {
        FileId(self.number(db))
    }

    /// Name of the module the file is: `acme/cloud.price` is `acme.cloud`.
    pub fn module(self, db: &dyn salsa::Database) -> String {
        module_of(self.path(db))
    }
}

/// Replaces the text of a file; what depends on it is computed anew when asked for.
pub fn set_text(db: &mut crate::Database, file: File, text: String) {
    use salsa::Setter as _;
    file.set_text(db).to(text);
}

/// Brings a file up to date; what stayed the same keeps all that was computed from it.
pub fn update(db: &mut crate::Database, file: File, number: u32, text: &str) {
    use salsa::Setter as _;
    if file.number(db) != number {
        file.set_number(db).to(number);
    }
    if file.text(db) != text {
        file.set_text(db).to(text.to_owned());
    }
}

/// The same for a seed file; gives the text before where it was another one.
pub fn update_data(db: &mut crate::Database, file: DataFile, text: &str) -> Option<String> {
    use salsa::Setter as _;
    let before = file.text(db).to_owned();
    (before != text).then(|| {
        file.set_text(db).to(text.to_owned());
        before
    })
}

/// Says which files are compiled together from now on.
pub fn regroup(db: &mut crate::Database, workspace: Workspace, files: Vec<File>, data: Vec<DataFile>) {
    use salsa::Setter as _;
    if workspace.files(db) != files {
        workspace.set_files(db).to(files);
    }
    if workspace.data(db) != data {
        workspace.set_data(db).to(data);
    }
}

/// Name of the module at a path.
pub fn module_of(path: &str) -> String {
    let stem = path.strip_suffix(".price.md").or_else(|| path.strip_suffix(".price")).unwrap_or(path);
    stem.trim_start_matches("./").replace('/', ".")
}

/// A seed file of labels (`from csv "data/regions.csv"`).
#[salsa::input(debug)]
pub struct DataFile {
    /// Path relative to the workspace.
    #[returns(deref)]
    pub path: String,
    /// The text.
    #[returns(deref)]
    pub text: String,
}

/// Everything that is compiled together.
#[salsa::input(debug)]
pub struct Workspace {
    /// Source files, the standard library included.
    #[returns(deref)]
    pub files: Vec<File>,
    /// Seed files.
    #[returns(deref)]
    pub data: Vec<DataFile>,
}

impl Workspace {
    /// The file of a module.
    pub fn module(self, db: &dyn salsa::Database, name: &str) -> Option<File> {
        self.files(db).iter().copied().find(|f| f.module(db) == name)
    }
}
