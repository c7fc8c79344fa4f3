//! The command line: the one tree behind help, completions and manual pages.

mod runtime;

use clap::{Args, Parser, Subcommand, ValueEnum, ValueHint};
pub use runtime::{
    IngestArgs, KeyRole, KeygenArgs, KeysAction, KeysArgs, LogFormat, LogLevel, ServeArgs, StoreAction, StoreArgs,
};

/// Prices that read like contracts: check, test, rate and explain them.
#[derive(Debug, Parser)]
#[command(
    name = "price",
    version,
    max_term_width = 100,
    disable_help_subcommand = true,
    after_help = "Exit codes: 0 clean, 1 ran and found something, 2 could not run, 101 a bug in price.\n\
                  Every finding has a code: `price explain P104` prints its page."
)]
pub struct Cli {
    /// What to do.
    #[command(subcommand)]
    pub verb: Option<Verb>,
    /// Flags of every verb.
    #[command(flatten)]
    pub global: Global,
}

/// Flags of every verb.
#[derive(Debug, Args)]
pub struct Global {
    /// When to use colours: auto, always or never
    #[arg(long, global = true, value_name = "WHEN", hide_possible_values = true, help_heading = "Global options")]
    pub color: Option<ColorChoice>,
    /// How to print findings: full, concise, json, json-lines, github, gitlab, junit or sarif
    #[arg(
        long,
        global = true,
        value_name = "FORMAT",
        env = "PRICE_OUTPUT_FORMAT",
        hide_env_values = true,
        hide_possible_values = true,
        help_heading = "Global options"
    )]
    pub output_format: Option<ReportFormat>,
    /// Say only what went wrong
    #[arg(short, long, global = true, conflicts_with = "verbose", help_heading = "Global options")]
    pub quiet: bool,
    /// Say more; twice for even more
    #[arg(short, long, global = true, action = clap::ArgAction::Count, help_heading = "Global options")]
    pub verbose: u8,
}

/// When to use colours.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub enum ColorChoice {
    /// On a terminal
    Auto,
    /// Always
    Always,
    /// Never
    Never,
}

/// How to print findings.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub enum ReportFormat {
    /// With the source around them
    Full,
    /// One line each
    Concise,
    /// One JSON object
    Json,
    /// One JSON object per line
    JsonLines,
    /// Workflow commands of GitHub Actions
    Github,
    /// GitLab code quality report
    Gitlab,
    /// JUnit XML
    Junit,
    /// SARIF 2.1.0
    Sarif,
}

/// The verbs.
#[derive(Debug, Subcommand)]
pub enum Verb {
    /// Write a first plan with usage, a test and a CI file
    New(NewArgs),
    /// Report mistakes
    Check(CheckArgs),
    /// Format source files
    Fmt(FmtArgs),
    /// Mend what can be mended with certainty
    Fix(FixArgs),
    /// Run the tests that stand beside the prices
    Test(TestArgs),
    /// Rate usage into invoices
    Rate(RateArgs),
    /// Explain a code, or a line of an invoice
    Explain(ExplainArgs),
    /// Compile a plan into a `.pricec` file
    Build(BuildArgs),
    /// Pin what locked cards mean in `price.lock`
    Lock(LockArgs),
    /// Decide what assertions claim, for all usage
    Prove(ProveArgs),
    /// Show what a change of prices does: to every quantity, and to every customer
    Diff(DiffArgs),
    /// Rate past usage under a plan that is not in force
    Replay(ReplayArgs),
    /// Draw what a price costs against usage
    Plot(PlotArgs),
    /// Find the usage at which a price reaches an amount or two are even, or the cheapest commitment
    Solve(SolveArgs),
    /// Write a rate card, plan or contract as a page for customers
    Doc(DocArgs),
    /// Speak with an editor: the language server, on standard input and output
    Lsp(LspArgs),
    /// Serve a page to try prices on, with editor, tests and curves
    Playground(PlaygroundArgs),
    /// Run the event runtime: take usage over HTTP, rate it, keep it
    Serve(ServeArgs),
    /// Send usage to a server
    Ingest(IngestArgs),
    /// Check, mend and back up a data directory
    Store(StoreArgs),
    /// Make, list and remove API keys of a server
    Keys(KeysArgs),
    /// Make the key pair of a publisher of plans
    Keygen(KeygenArgs),
    /// Print a completion script for a shell
    Completions(CompletionsArgs),
    /// Write manual pages into a folder
    Man(ManArgs),
    /// Print the version
    Version,
}

/// Write a first plan with usage, a test and a CI file.
#[derive(Debug, Args)]
#[command(after_help = "Example:\n  price new acme && cd acme && price test")]
pub struct NewArgs {
    /// Folder to write to; made if need be, and must be empty
    #[arg(value_name = "DIR", value_hint = ValueHint::DirPath)]
    pub dir: String,
}

/// Report mistakes.
#[derive(Debug, Args)]
#[command(after_help = "Examples:\n  price check\n  price check plans --output-format github --error-on-warning")]
pub struct CheckArgs {
    /// Files and folders; `-` is standard input, nothing is the current folder
    #[arg(value_name = "PATH", value_hint = ValueHint::AnyPath)]
    pub paths: Vec<String>,
    /// Write the findings to a file instead of standard output
    #[arg(long, value_name = "FILE", value_hint = ValueHint::FilePath)]
    pub output_file: Option<String>,
    /// End with 1 for warnings too
    #[arg(long)]
    pub error_on_warning: bool,
    /// End with 0 whatever is found
    #[arg(long)]
    pub exit_zero: bool,
    /// The day by which sources of prices are fresh or stale [default: today, in UTC]
    #[arg(long, value_name = "DATE")]
    pub today: Option<price_value::Date>,
}

/// Format source files.
#[derive(Debug, Args)]
#[command(after_help = "Examples:\n  price fmt\n  price fmt --check --diff plans\n  price fmt - < a.price")]
pub struct FmtArgs {
    /// Files and folders; `-` formats standard input to standard output
    #[arg(value_name = "PATH", value_hint = ValueHint::AnyPath)]
    pub paths: Vec<String>,
    /// Write nothing; end with 1 if a file is not formatted
    #[arg(long)]
    pub check: bool,
    /// Print what changes, or would change
    #[arg(long)]
    pub diff: bool,
    /// Shrink the columns of tables to what they hold
    #[arg(long)]
    pub realign: bool,
}

/// Mend what can be mended with certainty.
#[derive(Debug, Args)]
#[command(after_help = "Example:\n  price fix --dry-run plans")]
pub struct FixArgs {
    /// Files and folders; nothing is the current folder
    #[arg(value_name = "PATH", value_hint = ValueHint::AnyPath)]
    pub paths: Vec<String>,
    /// Print what would change, write nothing
    #[arg(long)]
    pub dry_run: bool,
}

/// Run the tests that stand beside the prices.
#[derive(Debug, Args)]
#[command(after_help = "Examples:\n  price test\n  price test plans --run 'tier' --coverage --threshold 90")]
pub struct TestArgs {
    /// Files and folders; nothing is the current folder
    #[arg(value_name = "PATH", value_hint = ValueHint::AnyPath)]
    pub paths: Vec<String>,
    /// Only tests whose title matches
    #[arg(long, value_name = "REGEX")]
    pub run: Option<String>,
    /// Show which tiers, cells, boundaries and overrides the tests reach
    #[arg(long)]
    pub coverage: bool,
    /// End with 1 if coverage is below this many per cent
    #[arg(long, value_name = "PERCENT", value_parser = clap::value_parser!(u8).range(0..=100))]
    pub threshold: Option<u8>,
    /// Write the computed amounts where `?` stands
    #[arg(long)]
    pub accept: bool,
    /// Put small faults into the prices and show those that no test notices
    #[arg(long, conflicts_with_all = ["accept", "run"])]
    pub mutate: bool,
    /// Faults that are tried for each file
    #[arg(long, value_name = "N", default_value_t = 300, requires = "mutate", value_parser = clap::value_parser!(u32).range(1..=100_000))]
    pub mutants: u32,
    /// Run each test this often
    #[arg(long, value_name = "N", default_value_t = 1, value_parser = clap::value_parser!(u32).range(1..=100_000))]
    pub count: u32,
    /// How to print results; `--output-format json` and `junit` say it too [default: pretty]
    #[arg(long, value_name = "FORMAT")]
    pub format: Option<TestFormat>,
    /// Engine to run on; both are compared unless one is named
    #[arg(long, value_name = "ENGINE")]
    pub engine: Option<Engine>,
}

/// Show what a change of prices does: to every quantity, and to every customer.
#[derive(Debug, Args)]
#[command(after_help = "Examples:\n  \
    price diff old.price new.price\n  \
    price diff --since main plans\n  \
    price diff --since v3 plans/team.price --events usage.ndjson --in 2026-03 --format markdown")]
pub struct DiffArgs {
    /// The new file or folder alone with `--since`, else the old one and the new one
    #[arg(value_name = "PATH", num_args = 1..=2, required = true, value_hint = ValueHint::AnyPath)]
    pub paths: Vec<String>,
    /// The old one is this revision of the git repository
    #[arg(long, value_name = "REVISION")]
    pub since: Option<String>,
    /// How to print the comparison
    #[arg(long, value_name = "FORMAT", default_value = "pretty")]
    pub format: DiffFormat,
    /// Also compare the invoices of this usage: NDJSON, JSON, CSV or Parquet; files or patterns
    #[arg(long, value_name = "USAGE", num_args = 1.., value_hint = ValueHint::FilePath)]
    pub events: Vec<String>,
    /// Usage and choice.
    #[command(flatten)]
    pub usage: UsageArgs,
}

/// Rate past usage under a plan that is not in force.
#[derive(Debug, Args)]
#[command(after_help = "Examples:\n  \
    price replay new.price --against old.price --events 'usage/*.parquet' --in 2026-Q1\n  \
    price replay card.price --since main --events usage.ndjson --format markdown\n  \
    price replay new.price --events 'usage/*.parquet' --parts 16 --state replay.state --accounts bills.csv")]
pub struct ReplayArgs {
    /// The plan to try: a `.price` file, or a plan compiled by `price build`
    #[arg(value_name = "FILE", value_hint = ValueHint::FilePath)]
    pub file: String,
    /// The plan in force, to compare with
    #[arg(long, value_name = "FILE", value_hint = ValueHint::FilePath, conflicts_with = "since")]
    pub against: Option<String>,
    /// The plan in force is the file at this revision of the git repository
    #[arg(long, value_name = "REVISION")]
    pub since: Option<String>,
    /// Past usage: NDJSON, JSON, CSV or Parquet; files or patterns
    #[arg(long, value_name = "USAGE", num_args = 1.., required = true, value_hint = ValueHint::FilePath)]
    pub events: Vec<String>,
    /// Take the accounts in so many parts, one after the other: less memory, more reading
    #[arg(long, value_name = "N", default_value_t = 1, value_parser = clap::value_parser!(u32).range(1..=1_024))]
    pub parts: u32,
    /// Keep in this file what is done, and go on from there when called again
    #[arg(long, value_name = "FILE", value_hint = ValueHint::FilePath)]
    pub state: Option<String>,
    /// Write a row for each account to this CSV file
    #[arg(long, value_name = "FILE", value_hint = ValueHint::FilePath)]
    pub accounts: Option<String>,
    /// How to print what was found
    #[arg(long, value_name = "FORMAT", default_value = "pretty")]
    pub format: DiffFormat,
    /// Usage and choice.
    #[command(flatten)]
    pub usage: UsageArgs,
}

/// How to print a comparison.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub enum DiffFormat {
    /// For people
    Pretty,
    /// One JSON object
    Json,
    /// For a pull request
    Markdown,
}

/// Draw what a price costs against usage.
#[derive(Debug, Args)]
#[command(after_help = "Examples:\n  \
    price plot plan.price calls\n  \
    price plot cloud.price egress --only region=eu --up-to 500k --view average -o egress.svg\n  \
    price plot new.price calls --against old.price -o change.svg")]
pub struct PlotArgs {
    /// A `.price` file, or a plan compiled by `price build`
    #[arg(value_name = "FILE", value_hint = ValueHint::FilePath)]
    pub file: String,
    /// The price, or `total`; needed where there are several
    #[arg(value_name = "LINE")]
    pub line: Option<String>,
    /// Plan or rate card; `card@4` for a version
    #[arg(long = "for", value_name = "NAME")]
    pub subject: Option<String>,
    /// Only cells with this label; may be repeated
    #[arg(long, value_name = "DIMENSION=LABEL")]
    pub only: Vec<String>,
    /// Draw also the same line of another file
    #[arg(long, value_name = "FILE", value_hint = ValueHint::FilePath)]
    pub against: Option<String>,
    /// What is drawn
    #[arg(long, value_name = "VIEW", default_value = "total")]
    pub view: PlotView,
    /// The greatest quantity, for example 500k
    #[arg(long, value_name = "QUANTITY")]
    pub up_to: Option<String>,
    /// The day whose rules are drawn [default: those that hold last]
    #[arg(long, value_name = "DATE")]
    pub on: Option<price_value::Date>,
    /// Write an SVG, or a PNG by its name, instead of drawing on the terminal
    #[arg(short, long, value_name = "FILE", value_hint = ValueHint::FilePath)]
    pub output: Option<String>,
}

/// Find the usage at which a price reaches an amount or two are even, or the cheapest commitment.
#[derive(Debug, Args)]
#[command(after_help = "Examples:\n  \
    price solve plan.price calls --reaches '$500'\n  \
    price solve cloud.price egress --only region=eu --reaches 1k\n  \
    price solve pro.price total --against team.price\n  \
    price solve llm.price tokens --request 8k\n  \
    price solve acme.price --commitment --events 'usage/*.parquet' --in 2026\n  \
    price solve levels.price --commitment --among starter,growth,scale --events usage.ndjson")]
pub struct SolveArgs {
    /// A `.price` file, or a plan compiled by `price build`
    #[arg(value_name = "FILE", value_hint = ValueHint::FilePath)]
    pub file: String,
    /// The price, or `total`; needed where there are several
    #[arg(value_name = "LINE")]
    pub line: Option<String>,
    /// Only cells with this label; may be repeated
    #[arg(long, value_name = "DIMENSION=LABEL")]
    pub only: Vec<String>,
    /// The amount to reach
    #[arg(long, value_name = "AMOUNT", conflicts_with = "against")]
    pub reaches: Option<String>,
    /// The same line of another file, to be even with
    #[arg(long, value_name = "FILE", value_hint = ValueHint::FilePath)]
    pub against: Option<String>,
    /// The greatest quantity of one request: what it can cost at most, whatever was used before
    #[arg(long, value_name = "QUANTITY", conflicts_with_all = ["reaches", "against"])]
    pub request: Option<String>,
    /// The day whose rules count [default: those that hold last]
    #[arg(long, value_name = "DATE")]
    pub on: Option<price_value::Date>,
    /// Which amount of this commitment would have cost least for recorded usage; the only one without a name
    #[arg(long, value_name = "NAME", num_args = 0..=1, default_missing_value = "", requires = "events", conflicts_with_all = ["reaches", "against", "request", "only", "on", "line"])]
    pub commitment: Option<String>,
    /// Recorded usage for `--commitment`: NDJSON, JSON, CSV or Parquet; files or patterns
    #[arg(long, value_name = "USAGE", num_args = 1.., requires = "commitment", value_hint = ValueHint::FilePath)]
    pub events: Vec<String>,
    /// Only this amount is offered; may be repeated
    #[arg(long, value_name = "AMOUNT", requires = "commitment")]
    pub offered: Vec<String>,
    /// Plans of the file that offer the levels, each with the amount it commits
    #[arg(long, value_name = "PLAN", value_delimiter = ',', requires = "commitment", conflicts_with = "offered")]
    pub among: Vec<String>,
    /// How often the usage is rated at most
    #[arg(long, value_name = "N", default_value_t = 300, requires = "commitment", value_parser = clap::value_parser!(u32).range(2..=100_000))]
    pub ratings: u32,
    /// Usage and choice.
    #[command(flatten)]
    pub usage: UsageArgs,
}

/// Write a rate card, plan or contract as a page for customers.
#[derive(Debug, Args)]
#[command(
    after_help = "Examples:\n  price doc cloud.price --for cloud_2026 -o cloud.html\n  price doc acme.price --order-form -o acme.pdf\n\nPrint a page from a browser for a PDF; an order form is written as one."
)]
pub struct DocArgs {
    /// A `.price` file or a folder
    #[arg(value_name = "FILE", value_hint = ValueHint::AnyPath)]
    pub file: String,
    /// Plan, rate card or contract; `card@4` for a version
    #[arg(long = "for", value_name = "NAME")]
    pub subject: Option<String>,
    /// Leave out the pictures
    #[arg(long)]
    pub no_pictures: bool,
    /// Write an order form: parties, term, prices, commitments, wallets, lines to sign on
    #[arg(long, conflicts_with = "no_pictures")]
    pub order_form: bool,
    /// Write to a file instead of standard output; an order form as PDF if the name ends with `.pdf`
    #[arg(short, long, value_name = "FILE", value_hint = ValueHint::FilePath)]
    pub output: Option<String>,
}

/// What is drawn against the quantity.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub enum PlotView {
    /// The amount
    Total,
    /// What one more costs
    Marginal,
    /// The amount divided by the quantity
    Average,
}

/// Decide what assertions claim, for all usage.
#[derive(Debug, Args)]
#[command(after_help = "Examples:\n  price prove\n  price prove plans --run 'never' --strict")]
pub struct ProveArgs {
    /// Files and folders; nothing is the current folder
    #[arg(value_name = "PATH", value_hint = ValueHint::AnyPath)]
    pub paths: Vec<String>,
    /// Only assertions whose title matches
    #[arg(long, value_name = "REGEX")]
    pub run: Option<String>,
    /// End with 1 also if a claim is not decided
    #[arg(long)]
    pub strict: bool,
}

/// How to print test results.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub enum TestFormat {
    /// For people
    Pretty,
    /// One JSON object
    Json,
    /// JUnit XML
    Junit,
}

/// What computes.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub enum Engine {
    /// Machine code
    Jit,
    /// The reference: exact fractions, slow
    Interp,
}

/// How usage is read, and whose invoices are wanted.
#[derive(Debug, Args)]
pub struct UsageArgs {
    /// Who is on which plan from when to when: CSV, NDJSON or JSON
    #[arg(long, value_name = "FILE", value_hint = ValueHint::FilePath)]
    pub subscriptions: Option<String>,
    /// Plan or rate card; `card@4` for a version
    #[arg(long = "for", value_name = "NAME")]
    pub subject: Option<String>,
    /// Time to bill: 2026-03, 2026-Q1, 2026, 2026-03-15, 2026-01-01..2026-04-01 (end excluded)
    #[arg(long = "in", value_name = "SPAN")]
    pub span: Option<String>,
    /// Only this account, or pool; may be repeated
    #[arg(long, value_name = "ACCOUNT")]
    pub account: Vec<String>,
    /// What computes
    #[arg(long, value_name = "ENGINE", default_value = "jit")]
    pub engine: Engine,
    /// Format of the usage; told from name and content unless given
    #[arg(long, value_name = "FORMAT", value_parser = ["ndjson", "jsonl", "json", "csv", "tsv", "parquet"])]
    pub input_format: Option<String>,
    /// Name in the usage for one of ours: `account=customer_id`, `bytes=size`; may be repeated
    #[arg(long, value_name = "OURS=THEIRS")]
    pub map: Vec<String>,
    /// Type of every event, for usage that does not say
    #[arg(long, value_name = "EVENT")]
    pub event_type: Option<String>,
    /// Pass over events of this type; may be repeated
    #[arg(long, value_name = "EVENT")]
    pub ignore: Vec<String>,
    /// Take times without an offset as UTC instead of refusing them
    #[arg(long)]
    pub assume_utc: bool,
    /// Do not look for repeated events; faster, and right only if there are none
    #[arg(long)]
    pub no_dedupe: bool,
    /// Stop at the first bad record
    #[arg(long)]
    pub strict: bool,
    /// Memory for rows before temporary files are used, in MB
    #[arg(long, value_name = "MB", value_parser = clap::value_parser!(u64).range(1..=1_048_576))]
    pub memory: Option<u64>,
    /// Show no progress
    #[arg(long)]
    pub no_progress: bool,
}

/// Rate usage into invoices.
#[derive(Debug, Args)]
#[command(after_help = "Examples:\n  \
    price rate plan.price --events usage.ndjson --in 2026-03\n  \
    price rate plan.pricec --events 'usage/*.parquet' --format json > invoices.json")]
pub struct RateArgs {
    /// A `.price` file, or a plan compiled by `price build`
    #[arg(value_name = "FILE", value_hint = ValueHint::FilePath)]
    pub file: String,
    /// Usage: NDJSON, JSON, CSV or Parquet; files, patterns, or `-` for standard input
    #[arg(long, value_name = "USAGE", required = true, num_args = 1.., value_hint = ValueHint::FilePath)]
    pub events: Vec<String>,
    /// Usage and choice.
    #[command(flatten)]
    pub usage: UsageArgs,
    /// How to print invoices
    #[arg(long, value_name = "FORMAT", default_value = "table")]
    pub format: RateFormat,
    /// Write invoices to a file instead of standard output; with HTML and PDF, to a folder
    #[arg(short, long, value_name = "FILE", value_hint = ValueHint::FilePath)]
    pub output: Option<String>,
    /// Who sends invoices and to whom, for HTML and PDF: TOML
    #[arg(long, value_name = "FILE", value_hint = ValueHint::FilePath)]
    pub letterhead: Option<String>,
    /// Also write all lines: a .csv, .ndjson or .parquet file
    #[arg(long, value_name = "FILE", value_hint = ValueHint::FilePath)]
    pub lines: Option<String>,
    /// Also write what every event added to every line: a .csv, .ndjson or .parquet file
    #[arg(long, value_name = "FILE", value_hint = ValueHint::FilePath)]
    pub rated_events: Option<String>,
    /// Also write the double-entry journal of everything that moved, for hledger
    #[arg(long, value_name = "FILE", value_hint = ValueHint::FilePath)]
    pub journal: Option<String>,
    /// Also write what is earned, deferred and breakage per account and period: CSV
    #[arg(long, value_name = "FILE", value_hint = ValueHint::FilePath)]
    pub revenue: Option<String>,
    /// Write refused records with place and reason: NDJSON
    #[arg(long, value_name = "FILE", value_hint = ValueHint::FilePath)]
    pub rejects: Option<String>,
}

/// How to print invoices.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub enum RateFormat {
    /// For people
    Table,
    /// One JSON object, written as invoices are ready
    Json,
    /// One JSON object per line
    JsonLines,
    /// Lines as CSV
    Csv,
    /// Lines as Parquet
    Parquet,
    /// A page for each, in the folder that `--output` names
    Html,
    /// A PDF for each, likewise
    Pdf,
}

/// Explain a code, or a line of an invoice.
#[derive(Debug, Args)]
#[command(after_help = "Examples:\n  \
    price explain P104\n  \
    price explain plan.price --events usage.ndjson --account acme --in 2026-03 storage\n  \
    price explain plan.price --order")]
pub struct ExplainArgs {
    /// A code such as P104, or a `.price` or `.pricec` file
    #[arg(value_name = "CODE|FILE")]
    pub target: String,
    /// Line of the invoice; without it all lines
    #[arg(value_name = "LINE")]
    pub line: Option<String>,
    /// Usage: NDJSON, JSON, CSV or Parquet; files, patterns, or `-` for standard input
    #[arg(long, value_name = "USAGE", num_args = 1.., value_hint = ValueHint::FilePath)]
    pub events: Vec<String>,
    /// Usage and choice.
    #[command(flatten)]
    pub usage: UsageArgs,
    /// Also list the events behind the line
    #[arg(long)]
    pub events_behind: bool,
    /// Print the order of operations of the plan; needs no usage
    #[arg(long, conflicts_with_all = ["events", "line"])]
    pub order: bool,
}

/// Compile a plan into a `.pricec` file.
#[derive(Debug, Args)]
#[command(after_help = "Examples:\n  price build plan.price -o plan.pricec\n  price build plan.price --show layout")]
pub struct BuildArgs {
    /// A `.price` file
    #[arg(value_name = "FILE", value_hint = ValueHint::FilePath)]
    pub file: String,
    /// Plan or rate card; `card@4` for a version
    #[arg(long = "for", value_name = "NAME")]
    pub subject: Option<String>,
    /// Where to write; NAME.pricec beside the source unless given
    #[arg(short, long, value_name = "FILE", value_hint = ValueHint::FilePath)]
    pub output: Option<String>,
    /// Put a signature with this private key behind it; see `price keygen`
    #[arg(long, value_name = "KEYFILE", conflicts_with = "show", value_hint = ValueHint::FilePath)]
    pub sign: Option<std::path::PathBuf>,
    /// Print something about the plan instead of writing it
    #[arg(long, value_name = "WHAT")]
    pub show: Option<Show>,
    /// Leave the text of the source out; a server then shows the lines of rules alone
    #[arg(long)]
    pub without_source: bool,
}

/// What `build` can print.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub enum Show {
    /// Bytes of state, denominators and widths of numbers
    Layout,
    /// The plan as the engines see it
    Ir,
}

/// Pin what locked cards mean in `price.lock`.
#[derive(Debug, Args)]
#[command(after_help = "Examples:\n  price lock\n  price lock --check\n  price lock --update cloud@4\n\n\
                  `price check` reports a locked card that no longer means what was locked, and nothing is rated by it.")]
pub struct LockArgs {
    /// Files and folders; nothing is the current folder
    #[arg(value_name = "PATH", value_hint = ValueHint::AnyPath)]
    pub paths: Vec<String>,
    /// Write nothing; end with 1 if the file is not up to date
    #[arg(long)]
    pub check: bool,
    /// Pin this card anew though it means something else now: `cloud` or `cloud@4`; may be repeated
    #[arg(long, value_name = "CARD")]
    pub update: Vec<String>,
}

/// Print a completion script for a shell.
#[derive(Debug, Args)]
#[command(after_help = "Example:\n  price completions bash > ~/.local/share/bash-completion/completions/price")]
pub struct CompletionsArgs {
    /// The shell
    #[arg(value_name = "SHELL")]
    pub shell: clap_complete::Shell,
}

/// Write manual pages into a folder.
#[derive(Debug, Args)]
#[command(after_help = "Example:\n  price man ~/.local/share/man/man1")]
pub struct ManArgs {
    /// The folder; made if need be
    #[arg(value_name = "DIR", value_hint = ValueHint::DirPath)]
    pub dir: String,
}

/// `price lsp`.
#[derive(Debug, Args)]
pub struct LspArgs {
    /// Taken for editors that always send it: standard input and output are the only way
    #[arg(long)]
    pub stdio: bool,
}

/// `price playground`.
#[derive(Debug, Args)]
#[command(after_help = "Everything the page needs is in the program, and it can read no file of this machine.")]
pub struct PlaygroundArgs {
    /// Where to listen; port 0 takes any that is free
    #[arg(long, value_name = "ADDRESS", default_value = "127.0.0.1:7788")]
    pub listen: std::net::SocketAddr,
}
