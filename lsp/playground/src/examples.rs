//! The examples a page offers, and the world around them.

use price_driver::MemoryWorld;
use serde_json::{Value, json};

/// Folder of the world in memory.
const ROOT: &str = "/playground";

/// An example that is offered.
struct Example {
    title: &'static str,
    path: &'static str,
    text: &'static str,
    /// Recorded usage, if it has any.
    usage: Option<&'static str>,
}

macro_rules! file {
    ($path:expr) => {
        include_str!(concat!(env!("CARGO_MANIFEST_DIR"), "/../../examples/", $path))
    };
}

macro_rules! example {
    ($title:literal, $path:literal) => {
        Example { title: $title, path: $path, text: file!($path), usage: None }
    };
    ($title:literal, $path:literal, $usage:literal) => {
        Example { title: $title, path: $path, text: file!($path), usage: Some(file!(concat!("usage/", $usage))) }
    };
}

const OFFERED: &[Example] = &[
    example!("A help desk by the seat", "01-saas-seats.price", "01-saas-seats.ndjson"),
    example!("A language model", "02-llm-api.price", "02-llm-api.ndjson"),
    example!("Object storage", "03-object-storage.price", "03-object-storage.ndjson"),
    example!("An enterprise contract", "04-enterprise-contract/globex.price", "04-enterprise-contract.ndjson"),
    example!("Its amendment", "04-enterprise-contract/amendment_1.price"),
    example!("Phone calls", "05-voice.price", "05-voice.ndjson"),
    example!("Payments", "06-payments.price", "06-payments.ndjson"),
    example!("Credits for images", "07-ai-credits.price", "07-ai-credits.ndjson"),
];

/// What offered examples need besides.
const BESIDE: &[(&str, &str)] = &[
    ("04-enterprise-contract/acme/cloud.price", file!("04-enterprise-contract/acme/cloud.price")),
    ("data/zones-2026.csv", file!("data/zones-2026.csv")),
];

impl Example {
    /// Where its usage lies: beside it, as everywhere.
    fn usage_path(&self) -> String {
        format!("{}.ndjson", self.path.trim_end_matches(".price"))
    }
}

/// The examples as a page asks for them.
pub(crate) fn offered() -> Value {
    let one = |example: &Example| {
        let usage = example.usage.map(|text| json!({ "uri": uri(&example.usage_path()), "text": text }));
        json!({ "title": example.title, "uri": uri(example.path), "text": example.text, "usage": usage })
    };
    json!({ "examples": OFFERED.iter().map(one).collect::<Vec<_>>() })
}

fn uri(path: &str) -> String {
    format!("file://{ROOT}/{path}")
}

/// The world of one page. Usage is opened by the page, which lets it be changed.
pub(crate) fn world() -> MemoryWorld {
    let offered = OFFERED.iter().map(|example| (example.path, example.text));
    let files = offered.chain(BESIDE.iter().copied());
    let root = format!("{ROOT}/04-enterprise-contract/price.toml");
    files.fold(MemoryWorld::new().with(&root, ""), |world, (path, text)| world.with(&format!("{ROOT}/{path}"), text))
}
