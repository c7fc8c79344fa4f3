//! Rows of files as the JSON events that a server takes, without a plan: the server has it, and decides
//! what fits.

mod csv;
mod parquet;

pub use csv::CsvEvents;
pub use parquet::ParquetEvents;

use serde_json::{Map, Value};

/// Members of a row. `tokens.input` is the member `input` of an object `tokens`; a missing value is
/// no member.
#[derive(Default)]
struct Members(Map<String, Value>);

impl Members {
    /// Puts a member in; an error where its name is a member already.
    fn put(&mut self, name: &str, value: Value) -> Result<(), String> {
        let clash = || format!("`{name}` is an object and a value at once");
        let (into, name) = match name.split_once('.') {
            Some((parent, child)) => {
                let object = self.0.entry(parent).or_insert_with(|| Value::Object(Map::new()));
                (object.as_object_mut().ok_or_else(clash)?, child)
            }
            None => (&mut self.0, name),
        };
        match into.insert(name.to_owned(), value) {
            None => Ok(()),
            Some(_) => Err(clash()),
        }
    }

    fn text(self) -> String {
        Value::Object(self.0).to_string()
    }
}
