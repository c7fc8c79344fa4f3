//! Arguments of the verbs around the event runtime.

use crate::args::Engine;
use clap::{Args, Subcommand, ValueEnum, ValueHint};
use price_ir::signature::PublicKey;
use price_server::otlp::Collector;
use std::net::SocketAddr;
use std::path::PathBuf;

/// Run the event runtime.
#[derive(Debug, Args)]
#[command(
    after_help = "Examples:\n  price serve --demo\n  price serve --data /var/lib/price --listen 127.0.0.1:8080\n\n\
                  Flags win over the environment, the environment over the configuration file."
)]
pub struct ServeArgs {
    /// Data directory; made where it is missing
    #[arg(long, value_name = "DIR", env = "PRICE_DATA", hide_env_values = true, value_hint = ValueHint::DirPath)]
    pub data: Option<PathBuf>,
    /// Where to listen [default: 127.0.0.1:8080]
    #[arg(long, value_name = "ADDRESS", env = "PRICE_LISTEN", hide_env_values = true)]
    pub listen: Option<SocketAddr>,
    /// Configuration file
    #[arg(long, value_name = "FILE", env = "PRICE_CONFIG", hide_env_values = true, value_hint = ValueHint::FilePath)]
    pub config: Option<PathBuf>,
    /// Print the configuration as it would be used, and end
    #[arg(long)]
    pub check_config: bool,
    /// Publish an example plan and feed it; without `--data` in a folder that is removed at the end
    #[arg(long)]
    pub demo: bool,
    /// Ask for no API keys; on a loopback address only
    #[arg(long, env = "PRICE_INSECURE_NO_AUTH", hide_env_values = true)]
    pub insecure_no_auth: bool,
    /// Threads for HTTP
    #[arg(long, value_name = "N", env = "PRICE_WORKERS", hide_env_values = true, value_parser = clap::value_parser!(u16).range(1..=256))]
    pub workers: Option<u16>,
    /// Size of a new log segment in MiB
    #[arg(long, value_name = "MIB", env = "PRICE_SEGMENT_MIB", hide_env_values = true, value_parser = clap::value_parser!(u64).range(64..=4_096))]
    pub segment_mib: Option<u64>,
    /// Lines of the log on standard error [default: text]
    #[arg(long, value_name = "FORMAT", env = "PRICE_LOG_FORMAT", hide_env_values = true)]
    pub log_format: Option<LogFormat>,
    /// Lines of this level and more serious ones; `debug` has one for each request [default: info]
    #[arg(long, value_name = "LEVEL", env = "PRICE_LOG_LEVEL", hide_env_values = true)]
    pub log_level: Option<LogLevel>,
    /// Collector that traces and metrics are sent to, such as http://127.0.0.1:4318
    #[arg(long, value_name = "URL", env = "PRICE_OTLP", hide_env_values = true, value_parser = collector)]
    pub otlp: Option<Collector>,
    /// Take only plans that are signed with a key of these, `release=ed25519:…`; may be repeated
    #[arg(long, value_name = "NAME=KEY", env = "PRICE_PUBLISHERS", hide_env_values = true, value_delimiter = ',', value_parser = price_server::publishers::named)]
    pub publisher: Vec<(String, PublicKey)>,
    /// What computes
    #[arg(long, value_name = "ENGINE", default_value = "jit")]
    pub engine: Engine,
}

fn collector(text: &str) -> Result<Collector, String> {
    Collector::parse(text).ok_or_else(|| "an address such as http://127.0.0.1:4318, without a path".to_owned())
}

/// How lines of the log look.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub enum LogFormat {
    /// For people
    Text,
    /// One JSON object a line
    Json,
}

/// Which lines of the log are written.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub enum LogLevel {
    /// What ended, or was lost
    Error,
    /// What should not be
    Warn,
    /// What an operator wants to know once
    Info,
    /// Every request
    Debug,
}

/// Send usage to a server.
#[derive(Debug, Args)]
#[command(after_help = "Examples:\n  \
    price ingest usage.ndjson --url http://127.0.0.1:8080\n  \
    price ingest /var/log/usage.ndjson --follow --url http://127.0.0.1:8080\n  \
    price ingest usage.parquet --url http://127.0.0.1:8080\n\n\
    What was acknowledged is remembered in FILE.position: started again, it goes on from there.")]
pub struct IngestArgs {
    /// NDJSON, CSV or Parquet; `-` is standard input
    #[arg(value_name = "FILE", value_hint = ValueHint::FilePath)]
    pub file: String,
    /// The server
    #[arg(
        long,
        value_name = "URL",
        env = "PRICE_URL",
        hide_env_values = true,
        default_value = "http://127.0.0.1:8080"
    )]
    pub url: String,
    /// Name of a backfill that can be reverted as one
    #[arg(long, value_name = "NAME")]
    pub set: Option<String>,
    /// File that holds the API key; or the key itself in PRICE_API_KEY
    #[arg(long, value_name = "FILE", value_hint = ValueHint::FilePath)]
    pub key_file: Option<PathBuf>,
    /// Events of one request
    #[arg(long, value_name = "N", default_value_t = 1_000, value_parser = clap::value_parser!(u32).range(1..=10_000))]
    pub batch: u32,
    /// Wait for more when the file ends
    #[arg(long)]
    pub follow: bool,
    /// Where to remember what was acknowledged [default: FILE.position]
    #[arg(long, value_name = "FILE", value_hint = ValueHint::FilePath)]
    pub position: Option<PathBuf>,
    /// Seconds to try again for while the server cannot be reached or is busy
    #[arg(long, value_name = "SECONDS", default_value_t = 300)]
    pub patience: u64,
    /// End with 1 if an event was refused
    #[arg(long)]
    pub strict: bool,
}

/// Check, mend and back up a data directory.
#[derive(Debug, Args)]
#[command(after_help = "Examples:\n  price store verify --data /var/lib/price\n  \
    price store export --data /var/lib/price --to /backup/price\n\n\
    The server may run while the log is verified or exported; for the rest it must not.")]
pub struct StoreArgs {
    /// What to do.
    #[command(subcommand)]
    pub action: StoreAction,
}

/// What can be done with a data directory.
#[derive(Debug, Subcommand)]
pub enum StoreAction {
    /// Read the whole log and compare everything that can be compared
    Verify(DataArgs),
    /// Cut a damaged log at the damage; what stood behind is kept aside
    Repair(DataArgs),
    /// Copy the log to another folder; again, and only what is new is copied
    Export {
        /// Data directory.
        #[command(flatten)]
        data: DataArgs,
        /// Folder to copy to
        #[arg(long, value_name = "DIR", value_hint = ValueHint::DirPath)]
        to: PathBuf,
    },
    /// Make a data directory from an export
    Restore {
        /// Data directory.
        #[command(flatten)]
        data: DataArgs,
        /// Folder of the export
        #[arg(long, value_name = "DIR", value_hint = ValueHint::DirPath)]
        from: PathBuf,
    },
}

/// A data directory.
#[derive(Debug, Args)]
pub struct DataArgs {
    /// Data directory
    #[arg(long, value_name = "DIR", env = "PRICE_DATA", hide_env_values = true, value_hint = ValueHint::DirPath)]
    pub data: PathBuf,
}

/// Make, list and remove API keys.
#[derive(Debug, Args)]
#[command(after_help = "Examples:\n  price keys add gateway --role ingest --data /var/lib/price\n  \
    price keys remove gateway --data /var/lib/price\n\nA running server takes a change over within a second.")]
pub struct KeysArgs {
    /// What to do.
    #[command(subcommand)]
    pub action: KeysAction,
}

/// Make the key pair of a publisher of plans.
#[derive(Debug, Args)]
#[command(after_help = "Examples:\n  price keygen release.key\n  price build plan.price --sign release.key\n\n\
    The public key goes into the configuration of servers, under `[publishers]`.")]
pub struct KeygenArgs {
    /// Where to write the private key; never overwritten, and for its owner alone
    #[arg(value_name = "FILE", value_hint = ValueHint::FilePath)]
    pub file: String,
    /// Print the public key of a file that is there
    #[arg(long)]
    pub public: bool,
}

/// What can be done with keys.
#[derive(Debug, Subcommand)]
pub enum KeysAction {
    /// Make a key and print it; it cannot be shown again
    Add {
        /// What people call it
        #[arg(value_name = "NAME")]
        name: String,
        /// What it allows; may be repeated
        #[arg(long, value_name = "ROLE", required = true, value_delimiter = ',')]
        role: Vec<KeyRole>,
        /// Whose data it reaches
        #[arg(long, value_name = "TENANT", default_value = "default")]
        tenant: String,
        /// Day from which it no longer counts
        #[arg(long, value_name = "DAY")]
        until: Option<String>,
        /// Data directory.
        #[command(flatten)]
        data: DataArgs,
    },
    /// List keys, without their secrets
    List(DataArgs),
    /// Remove a key by its id, or all of a name
    Remove {
        /// Id or name
        #[arg(value_name = "KEY")]
        key: String,
        /// Data directory.
        #[command(flatten)]
        data: DataArgs,
    },
}

/// What a key allows.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub enum KeyRole {
    /// Sending events, taking them back
    Ingest,
    /// Reading everything of the tenant
    Read,
    /// Putting plans into force and accounts onto them
    Publish,
    /// All of these
    Admin,
}
