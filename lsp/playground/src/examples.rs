//! The examples a page offers, and the world around them.

use price_driver::MemoryWorld;
use serde_json::{Value, json};

/// Folder of the world in memory.
const ROOT: &str = "/playground";

/// An example that is offered: title, path, text.
type Example = (&'static str, &'static str, &'static str);

macro_rules! example {
    ($title:literal, $path:literal) => {
        ($title, $path, include_str!(concat!(env!("CARGO_MANIFEST_DIR"), "/../../examples/", $path)))
    };
}

const OFFERED: &[Example] = &[
    example!("A help desk by the seat", "01-saas-seats.price"),
    example!("A language model", "02-llm-api.price"),
    example!("Object storage", "03-object-storage.price"),
    example!("An enterprise contract", "04-enterprise-contract/globex.price"),
    example!("Its amendment", "04-enterprise-contract/amendment_1.price"),
    example!("Phone calls", "05-voice.price"),
    example!("Payments", "06-payments.price"),
    example!("Credits for images", "07-ai-credits.price"),
];

/// What offered examples need besides.
const BESIDE: &[(&str, &str)] = &[
    (
        "04-enterprise-contract/acme/cloud.price",
        include_str!(concat!(env!("CARGO_MANIFEST_DIR"), "/../../examples/04-enterprise-contract/acme/cloud.price")),
    ),
    ("data/zones-2026.csv", include_str!(concat!(env!("CARGO_MANIFEST_DIR"), "/../../examples/data/zones-2026.csv"))),
];

/// The examples as a page asks for them.
pub(crate) fn offered() -> Value {
    let one =
        |(title, path, text): &Example| json!({ "title": title, "uri": format!("file://{ROOT}/{path}"), "text": text });
    json!({ "examples": OFFERED.iter().map(one).collect::<Vec<_>>() })
}

/// The world of one page.
pub(crate) fn world() -> MemoryWorld {
    let offered = OFFERED.iter().map(|(_, path, text)| (*path, *text));
    let files = offered.chain(BESIDE.iter().copied());
    let root = format!("{ROOT}/04-enterprise-contract/price.toml");
    files.fold(MemoryWorld::new().with(&root, ""), |world, (path, text)| world.with(&format!("{ROOT}/{path}"), text))
}
