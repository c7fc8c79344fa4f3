//! `price-server.toml`: how a server runs. Flags and the environment win over it.

use crate::limits;
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
    /// `webhooks-internal = true`: notices may go to internal addresses, unencrypted; for development.
    pub webhooks_internal: Option<bool>,
    /// `letterhead = "letterhead.toml"`: who sends invoices, and to whom; relative to the file.
    pub letterhead: Option<PathBuf>,
}

/// The keys of the file.
pub const KEYS: [&str; 9] = [
    "data",
    "insecure-no-auth",
    "letterhead",
    "listen",
    "queue-mib",
    "queue-requests",
    "segment-mib",
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
                "queue-requests" => config.queue_requests = Some(number(1, 1 << 20)? as usize),
                "queue-mib" => config.queue_mib = Some(number(1, 16 << 10)? as usize),
                unknown => {
                    let near = KEYS.iter().map(|k| (strsim::damerau_levenshtein(unknown, k), *k)).min();
                    let help = match near {
                        Some((distance, near)) if distance <= 4 => format!("did you mean `{near}`?"),
                        _ => format!("known are {}", KEYS.join(", ")),
                    };
                    return Err(ConfigError::Unknown { key: unknown.to_owned(), help });
                }
            }
        }
        Ok(config)
    }
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
        for wrong in ["listen = 8080", "segment-mib = 1", "workers = 0", "insecure-no-auth = 1", "x = "] {
            assert!(parse(wrong).is_err(), "{wrong}");
        }
    }
}
