//! Standard output and standard error: results go to the one, everything else to the other.

use crate::args::{ColorChoice, Global};
use crate::trouble::Trouble;
use std::fmt::Display;
use std::io::{self, BufWriter, IsTerminal, Stderr, Stdout, Write};

/// Columns of output where the terminal does not say, or is wider than reads well.
const WIDTH: usize = 80;

/// The two streams and how much to say on them.
pub struct Shell {
    out: BufWriter<Stdout>,
    err: Stderr,
    out_paint: Paint,
    err_paint: Paint,
    quiet: bool,
    verbose: u8,
}

/// Colours, or none.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Paint {
    on: bool,
}

impl Paint {
    /// Colours or not.
    pub const fn new(on: bool) -> Paint {
        Paint { on }
    }

    fn wrap(self, code: &str, text: impl Display) -> String {
        if self.on { format!("\x1b[{code}m{text}\x1b[0m") } else { text.to_string() }
    }

    /// Names and headings.
    pub fn bold(self, text: impl Display) -> String {
        self.wrap("1", text)
    }

    /// What matters less.
    pub fn dim(self, text: impl Display) -> String {
        self.wrap("2", text)
    }

    /// What went well.
    pub fn good(self, text: impl Display) -> String {
        self.wrap("32", text)
    }

    /// What went wrong.
    pub fn bad(self, text: impl Display) -> String {
        self.wrap("1;31", text)
    }

    /// What needs a look.
    pub fn warn(self, text: impl Display) -> String {
        self.wrap("33", text)
    }

    /// Whether there are colours.
    pub fn is_on(self) -> bool {
        self.on
    }
}

impl Shell {
    /// The shell as flags and environment want it.
    pub fn new(global: &Global, configured: Option<ColorChoice>) -> Shell {
        let choice = global.color.or(configured).unwrap_or(ColorChoice::Auto);
        Shell {
            out_paint: Paint::new(colour(choice, io::stdout().is_terminal())),
            err_paint: Paint::new(colour(choice, io::stderr().is_terminal())),
            out: BufWriter::with_capacity(1 << 16, io::stdout()),
            err: io::stderr(),
            quiet: global.quiet,
            verbose: global.verbose,
        }
    }

    /// Colours of standard output.
    pub fn paint(&self) -> Paint {
        self.out_paint
    }

    /// Colours of standard error.
    pub fn err_paint(&self) -> Paint {
        self.err_paint
    }

    /// Columns to fill.
    pub fn width(&self) -> usize {
        WIDTH
    }

    /// Whether more than the usual was asked for.
    pub fn is_verbose(&self) -> bool {
        self.verbose > 0
    }

    /// Whether only what went wrong should be said.
    pub fn is_quiet(&self) -> bool {
        self.quiet
    }

    /// Writes a result.
    pub fn out(&mut self, text: &str) -> Result<(), Trouble> {
        self.out.write_all(text.as_bytes()).map_err(Trouble::output)
    }

    /// Says something beside the results, unless quiet. What cannot be said is not an error.
    pub fn note(&mut self, text: impl Display) {
        if !self.quiet {
            let _ = self.out.flush();
            let _ = writeln!(self.err, "{text}");
        }
    }

    /// Says what is wrong, even when quiet.
    pub fn complain(&mut self, text: &str) {
        let _ = self.out.flush();
        let _ = self.err.write_all(text.as_bytes());
    }

    /// Says something only when asked for more.
    pub fn detail(&mut self, text: impl Display) {
        if self.verbose > 0 {
            self.note(text);
        }
    }

    /// Says that something needs a look.
    pub fn warn(&mut self, text: impl Display) {
        let head = self.err_paint.warn("warning:");
        self.note(format!("{head} {text}"));
    }

    /// Shows what kept the program from running.
    pub fn trouble(&mut self, trouble: &Trouble) {
        self.complain(&trouble.render(self.err_paint.is_on()));
    }

    /// Pushes results out.
    pub fn flush(&mut self) -> Result<(), Trouble> {
        self.out.flush().map_err(Trouble::output)
    }
}

/// Whether a stream gets colours: the flag, then `NO_COLOR`, `CLICOLOR_FORCE`, `TERM=dumb`, then
/// whether it is a terminal.
fn colour(choice: ColorChoice, terminal: bool) -> bool {
    let set = |name: &str| std::env::var_os(name).is_some_and(|value| !value.is_empty());
    match choice {
        ColorChoice::Always => true,
        ColorChoice::Never => false,
        ColorChoice::Auto if set("NO_COLOR") => false,
        ColorChoice::Auto if std::env::var_os("CLICOLOR_FORCE").is_some_and(|v| !v.is_empty() && v != "0") => true,
        ColorChoice::Auto if std::env::var_os("TERM").is_some_and(|term| term == "dumb") => false,
        ColorChoice::Auto => terminal,
    }
}
