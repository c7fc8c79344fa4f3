//! What keeps a verb from running: code, cause, help. Findings about prices are not trouble.

use crate::Exit;
use miette::{Diagnostic, GraphicalReportHandler, GraphicalTheme};
use price_driver::{LoadError, SubjectError};
use price_ingest::IngestError;
use price_ir::ArtefactError;
use price_server::home::HomeError;
use price_server::keys::KeysError;
use price_server::publishers::KeyFileError;
use price_server::{NodeError, ServeError};
use price_store::StoreError;
use std::error::Error;
use std::fmt;
use std::io;

/// An error of the tool itself.
#[derive(Debug)]
pub struct Trouble {
    code: String,
    message: String,
    help: Option<String>,
    cause: Option<Box<dyn Error + Send + Sync>>,
    exit: Exit,
    closed: bool,
}

impl Trouble {
    /// Trouble with a stable code.
    pub fn new(code: &str, message: impl Into<String>) -> Trouble {
        Trouble {
            code: code.to_owned(),
            message: message.into(),
            help: None,
            cause: None,
            exit: Exit::Unable,
            closed: false,
        }
    }

    /// Says what to do about it.
    #[must_use]
    pub fn help(mut self, help: impl Into<String>) -> Trouble {
        self.help = Some(help.into());
        self
    }

    /// Says what made it happen.
    #[must_use]
    pub fn cause(mut self, cause: impl Into<Box<dyn Error + Send + Sync>>) -> Trouble {
        self.cause = Some(cause.into());
        self
    }

    /// Ends with the code of findings: the program ran, and its input is at fault.
    #[must_use]
    pub fn finding(mut self) -> Trouble {
        self.exit = Exit::Findings;
        self
    }

    /// Standard output cannot be written; a reader that went away is no error.
    pub fn output(error: io::Error) -> Trouble {
        let closed = error.kind() == io::ErrorKind::BrokenPipe;
        Trouble { closed, ..Trouble::new("C001", "standard output cannot be written").cause(error) }
    }

    /// A file cannot be written.
    pub fn write(path: &str, error: io::Error) -> Trouble {
        let help = "check the folder and its permissions";
        Trouble::new("C002", format!("`{path}` cannot be written")).cause(error).help(help)
    }

    /// A file cannot be read.
    pub fn read(path: &str, error: io::Error) -> Trouble {
        let help = "check the path and its permissions";
        Trouble::new("C003", format!("`{path}` cannot be read")).cause(error).help(help)
    }

    /// Whether the reader of standard output went away.
    pub fn is_closed_pipe(&self) -> bool {
        self.closed
    }

    /// The exit code it ends with.
    pub fn exit(&self) -> Exit {
        self.exit
    }

    /// The report, with colours or without.
    pub fn render(&self, colour: bool) -> String {
        let theme = if colour { GraphicalTheme::unicode() } else { GraphicalTheme::unicode_nocolor() };
        let handler = GraphicalReportHandler::new_themed(theme).with_width(100);
        let mut out = String::new();
        if handler.render_report(&mut out, self).is_err() {
            out = format!("error {}: {}\n", self.code, self.message);
        }
        out
    }
}

impl fmt::Display for Trouble {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.message)
    }
}

impl Error for Trouble {
    fn source(&self) -> Option<&(dyn Error + 'static)> {
        self.cause.as_ref().map(|cause| &**cause as &(dyn Error + 'static))
    }
}

impl Diagnostic for Trouble {
    fn code<'a>(&'a self) -> Option<Box<dyn fmt::Display + 'a>> {
        Some(Box::new(&self.code))
    }

    fn help<'a>(&'a self) -> Option<Box<dyn fmt::Display + 'a>> {
        self.help.as_ref().map(|help| Box::new(help) as Box<dyn fmt::Display>)
    }
}

impl From<LoadError> for Trouble {
    fn from(error: LoadError) -> Trouble {
        Trouble::new(error.code(), error.to_string()).help(error.help())
    }
}

impl From<SubjectError> for Trouble {
    fn from(error: SubjectError) -> Trouble {
        let help = error.help();
        Trouble::new(error.code(), error.to_string()).help(help)
    }
}

impl From<ArtefactError> for Trouble {
    fn from(error: ArtefactError) -> Trouble {
        let trouble = Trouble::new(error.code(), error.to_string()).help(error.help());
        match error {
            ArtefactError::Io(cause) => trouble.cause(cause),
            _ => trouble,
        }
    }
}

impl From<IngestError> for Trouble {
    fn from(error: IngestError) -> Trouble {
        match error {
            // A verb stopped the run for a reason of its own.
            IngestError::Stopped(inner) => match inner.downcast::<Trouble>() {
                Ok(trouble) => *trouble,
                Err(inner) => Trouble::new("I014", inner.to_string()),
            },
            IngestError::Refused(_) => Trouble::new(error.code(), error.to_string())
                .help("mend the record, or leave out `--strict` to count it and go on")
                .finding(),
            IngestError::Write(cause) => Trouble::output(cause),
            _ => Trouble::new(error.code(), error.to_string()),
        }
    }
}

impl From<NodeError> for Trouble {
    fn from(error: NodeError) -> Trouble {
        match error {
            NodeError::Home(error) => error.into(),
            NodeError::Store(error) => error.into(),
            error => Trouble::new("C074", error.to_string()),
        }
    }
}

impl From<HomeError> for Trouble {
    fn from(error: HomeError) -> Trouble {
        let code = if matches!(error, HomeError::InUse(_)) { "C071" } else { "C072" };
        Trouble::new(code, error.to_string())
    }
}

impl From<StoreError> for Trouble {
    fn from(error: StoreError) -> Trouble {
        Trouble::new("C073", error.to_string())
    }
}

impl From<KeysError> for Trouble {
    fn from(error: KeysError) -> Trouble {
        match error {
            KeysError::Home(error) => error.into(),
            error => Trouble::new("C076", error.to_string()),
        }
    }
}

impl From<KeyFileError> for Trouble {
    fn from(error: KeyFileError) -> Trouble {
        match error {
            KeyFileError::Random(error) => error.into(),
            error => Trouble::new("C076", error.to_string()),
        }
    }
}

impl From<ServeError> for Trouble {
    fn from(error: ServeError) -> Trouble {
        match error {
            ServeError::Node(error) => error.into(),
            ServeError::Keys(error) => error.into(),
            error => Trouble::new("C070", error.to_string()),
        }
    }
}

/// Says on a panic that it is our fault, and what to send.
pub fn install_panic_hook() {
    std::panic::set_hook(Box::new(|info| {
        let text = info.payload_as_str().unwrap_or("no message");
        // The standard macros panic when a pipe closes; that is no bug.
        if text.contains("Broken pipe") {
            std::process::exit(0);
        }
        let place = info.location().map_or(String::new(), |at| format!(" at {}:{}", at.file(), at.line()));
        let lines = [
            "this is a bug in price; nothing of this run can be trusted".to_owned(),
            format!("  price {}: {text}{place}", env!("CARGO_PKG_VERSION")),
            "  please report it with the command and the smallest file that shows it".to_owned(),
        ];
        // Standard error may be gone as well.
        let _ = std::io::Write::write_all(&mut io::stderr(), (lines.join("\n") + "\n").as_bytes());
    }));
}
