//! `price-server.toml`: how a server runs. Flags and the environment win over it.

use crate::limits;
use crate::logs::{Format, Level};
use crate::otlp::Collector;
use crate::publishers::Publishers;
use crate::quotas::{QUOTA_KEYS, Quota, QuotaConfig};
use std::net::SocketAddr;
use std::path::{Path, PathBuf};

/// What a configuration file may say.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct FileConfig {
    /// `data = "/var/lib/price"`; relative to the file.
    pub data: Option<PathBuf>,
    /// `listen = "127.0.0.1:8080"`.
    pub listen: Option<SocketAddr>,
    /// `insecure-no-auth = true`.
    pub insecure_no_auth: Option<bool>,
    /// `workers = 2`: threads for HTTP.
    pub workers: Option<usize>,
    /// `segment-mib = 256`.
    pub segment_mib: Option<u64>,
    /// `queue-requests = 8192`.
    pub queue_requests: Option<usize>,
    /// `queue-mib = 64`.
    pub queue_mib: Option<usize>,
    /// `checkpoint-entries = 1000000`: entries of the log after which a checkpoint is made.
    pub checkpoint_entries: Option<u64>,
    /// `webhooks-internal = true`: notices may go to internal addresses, unencrypted; for development.
    pub webhooks_internal: Option<bool>,
    /// `letterhead = "letterhead.toml"`: who sends invoices, and to whom; relative to the file.
    pub letterhead: Option<PathBuf>,
    /// `log-format = "json"`.
    pub log_format: Option<Format>,
    /// `log-level = "debug"`.
    pub log_level: Option<Level>,
    /// `otlp = "http://127.0.0.1:4318"`.
    pub otlp: Option<Collector>,
    /// `[quota]`, and `[tenant.NAME]` for each that has its own.
    pub quotas: QuotaConfig,
    /// `[publishers]`: whose signature a plan needs.
    pub publishers: Option<Publishers>,
}

/// The keys of the file.
pub const KEYS: [&str; 16] = [
    "checkpoint-entries",
    "data",
    "insecure-no-auth",
    "letterhead",
    "listen",
    "log-format",
    "log-level",
    "otlp",
    "publishers",
    "queue-mib",
    "queue-requests",
    "quota",
    "segment-mib",
    "tenant",
    "webhooks-internal",
    "workers",
];

/// Why a configuration cannot be used.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum ConfigError {
    /// No TOML.
    #[error("the configuration is not valid TOML: {0}")]
    Toml(String),
    /// A key nobody knows.
    #[error("the configuration has an unknown key `{key}`; {help}")]
    Unknown {
        /// The key.
        key: String,
        /// The nearest, or all.
        help: String,
    },
    /// A value that does not fit.
    #[error("`{key}` must be {needed}")]
    Value {
        /// The key.
        key: String,
        /// What it must be.
        needed: String,
    },
}

impl FileConfig {
    /// Reads the text of a file that lies in `folder`.
    pub fn parse(text: &str, folder: &Path) -> Result<FileConfig, ConfigError> {
        let table: toml::Table =
            text.parse().map_err(|error: toml::de::Error| ConfigError::Toml(error.message().to_owned()))?;
        let mut config = FileConfig::default();
        for (key, value) in &table {
            let wrong = |needed: &str| ConfigError::Value { key: key.clone(), needed: needed.to_owned() };
            let number = |least: u64, most: u64| {
                let fits =
                    value.as_integer().and_then(|n| u64::try_from(n).ok()).filter(|n| (least..=most).contains(n));
                fits.ok_or_else(|| wrong(&format!("a number from {least} to {most}")))
            };
            match key.as_str() {
                "data" => config.data = Some(folder.join(value.as_str().ok_or_else(|| wrong("a path"))?)),
                "webhooks-internal" => {
                    config.webhooks_internal = Some(value.as_bool().ok_or_else(|| wrong("true or false"))?);
                }
                "letterhead" => {
                    config.letterhead = Some(folder.join(value.as_str().ok_or_else(|| wrong("a path"))?));
                }
                "listen" => {
                    let address = value.as_str().and_then(|text| text.parse().ok());
                    config.listen = Some(address.ok_or_else(|| wrong("an address such as \"127.0.0.1:8080\""))?);
                }
                "insecure-no-auth" => {
                    config.insecure_no_auth = Some(value.as_bool().ok_or_else(|| wrong("true or false"))?);
                }
                "workers" => config.workers = Some(number(1, 256)? as usize),
                "segment-mib" => {
                    config.segment_mib = Some(number(limits::SEGMENT_MIB_MIN, limits::SEGMENT_MIB_MAX)?);
                }
                "checkpoint-entries" => config.checkpoint_entries = Some(number(1, 1 << 40)?),
                "queue-requests" => config.queue_requests = Some(number(1, 1 << 20)? as usize),
                "queue-mib" => config.queue_mib = Some(number(1, 16 << 10)? as usize),
                "log-format" => {
                    let format = value.as_str().and_then(Format::named);
                    config.log_format = Some(format.ok_or_else(|| wrong("\"text\" or \"json\""))?);
                }
                "log-level" => {
                    let level = value.as_str().and_then(Level::named);
                    let level = level.ok_or_else(|| wrong("\"error\", \"warn\", \"info\" or \"debug\""))?;
                    config.log_level = Some(level);
                }
                "otlp" => {
                    let collector = value.as_str().and_then(Collector::parse);
                    let collector = collector.ok_or_else(|| wrong("an address such as \"http://127.0.0.1:4318\""))?;
                    config.otlp = Some(collector);
                }
                "publishers" => config.publishers = Some(Publishers::from_toml(value)?),
                "quota" => config.quotas.every = quota(key, value)?,
                "tenant" => {
                    let tenants = value.as_table().ok_or_else(|| wrong("tables such as `[tenant.acme]`"))?;
                    for (name, value) in tenants {
                        config.quotas.tenants.insert(name.clone(), quota(&format!("tenant.{name}"), value)?);
                    }
                }
                unknown => return Err(unknown_key(unknown, &KEYS)),
            }
        }
        Ok(config)
    }
}

fn unknown_key(unknown: &str, known: &[&str]) -> ConfigError {
    let near = known.iter().map(|k| (strsim::damerau_levenshtein(unknown, k), *k)).min();
    let help = match near {
        Some((distance, near)) if distance <= 4 => format!("did you mean `{near}`?"),
        _ => format!("known are {}", known.join(", ")),
    };
    ConfigError::Unknown { key: unknown.to_owned(), help }
}

/// What a table says that a tenant may do.
fn quota(under: &str, value: &toml::Value) -> Result<Quota, ConfigError> {
    let wrong = |key: String, needed: String| ConfigError::Value { key, needed };
    let table = value.as_table().ok_or_else(|| wrong(under.to_owned(), format!("a table, `[{under}]`")))?;
    let mut quota = Quota::default();
    for (key, value) in table {
        let member = quota.member(key).ok_or_else(|| unknown_key(key, &QUOTA_KEYS))?;
        let number = value.as_integer().and_then(|n| u64::try_from(n).ok()).filter(|n| (1..=limits::QUOTA).contains(n));
        let needed = || wrong(format!("{under}.{key}"), format!("a number from 1 to {}", limits::QUOTA));
        *member = Some(number.ok_or_else(needed)?);
    }
    Ok(quota)
}

/// How a server runs, when everything has been said.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Config {
    /// The data directory.
    pub data: PathBuf,
    /// Where to listen.
    pub listen: SocketAddr,
    /// Whoever reaches the address may do everything; on loopback only.
    pub insecure_no_auth: bool,
    /// Threads for HTTP.
    pub workers: usize,
    /// Notices may go to internal addresses, unencrypted; for development.
    pub webhooks_internal: bool,
    /// Who sends invoices, and to whom: a file.
    pub letterhead: Option<PathBuf>,
    /// Log and queue.
    pub node: crate::node::Options,
    /// Where traces and metrics are sent, if anywhere.
    pub otlp: Option<Collector>,
    /// What tenants may ask for.
    pub quotas: QuotaConfig,
    /// Whose signature a plan needs; nobody's where there are none.
    pub publishers: Publishers,
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn unknown_keys_and_wrong_values_are_errors() {
        let parse = |text| FileConfig::parse(text, Path::new("/etc/price"));
        let config = parse("data = \"d\"\nlisten = \"127.0.0.1:1\"\nsegment-mib = 64\n").expect("it is right");
        assert_eq!(config.data, Some(PathBuf::from("/etc/price/d")));
        assert_eq!(config.segment_mib, Some(64));
        let unknown = parse("listne = \"127.0.0.1:1\"\n").expect_err("no such key").to_string();
        assert!(unknown.contains("did you mean `listen`?"), "{unknown}");
        let config = parse("[quota]\nevents = 10\n[tenant.acme]\nevents = 20\n").expect("it is right");
        assert_eq!((config.quotas.every.events, config.quotas.tenants["acme"].events), (Some(10), Some(20)));
        for wrong in ["quota = 1", "[quota]\nevents = 0", "[quota]\nevent = 1", "tenant = 1", "[tenant]\na = 1"] {
            assert!(parse(wrong).is_err(), "{wrong}");
        }
        for wrong in [
            "log-format = \"x\"",
            "log-level = 1",
            "otlp = \"https://c\"",
            "listen = 8080",
            "segment-mib = 1",
            "workers = 0",
            "insecure-no-auth = 1",
            "x = ",
        ] {
            assert!(parse(wrong).is_err(), "{wrong}");
        }
    }
}
