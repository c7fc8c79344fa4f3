//! Pictures in hovers, and names that are written in several places at once.

use crate::{LIST, Session, at, range_of, uri};
use serde_json::{Value, json};

fn hover(capabilities: Value, options: Value, client: &str) -> String {
    let files = [("list.price", LIST)];
    let mut session = Session::called(&files, client, capabilities, options);
    session.open("list.price", LIST);
    let hover = session.about("textDocument/hover", "list.price", &at(LIST, "price calls on", 8));
    hover["contents"]["value"].as_str().expect("a text").to_owned()
}

#[test]
fn a_hover_has_a_picture_where_the_editor_draws_it() {
    const IMAGE: &str = "\n\n![total against quantity](data:image/svg+xml;base64,";
    let markdown = json!({ "textDocument": { "hover": { "contentFormat": ["markdown", "plaintext"] } } });
    let plain = json!({ "textDocument": { "hover": { "contentFormat": ["plaintext"] } } });
    let text = hover(markdown.clone(), json!({}), "Visual Studio Code");
    let (_, image) = text.split_once(IMAGE).expect("an image");
    assert!(image.ends_with(')') && image.len() < 48 << 10 && !image.contains(['\n', ' ']), "{}", image.len());
    assert!(image.starts_with("PHN2Zy"), "`<svg`");
    for (capabilities, options, client) in [
        (plain, json!({}), "Visual Studio Code"),
        (json!({}), json!({}), ""),
        (markdown.clone(), json!({}), "Neovim"),
        (markdown.clone(), json!({ "hoverPictures": false }), "Visual Studio Code"),
    ] {
        assert!(!hover(capabilities, options, client).contains("data:"), "{client}");
    }
    assert!(hover(markdown, json!({ "hoverPictures": true }), "Neovim").contains(IMAGE));
}

#[test]
fn local_names_are_written_in_all_their_places_at_once() {
    let text = "use std.currencies (USD)
use std.units (call)

event request { path: text }
meter calls = count of request in calls

formula half(price: USD, share: ratio) = price * share + price
let factor = 2

plan p {
  currency USD
  timezone \"UTC\"
  billing  monthly on day 1
  rounding each line half-up to cents
  let base = $1.00
  fee one = base once
  fee two = base once
  late events accepted for 3 days then next period
}
";
    let mut session = Session::new(&[]);
    session.open("p.price", text);
    let mut ask =
        |needle: &str, inside| session.about("textDocument/linkedEditingRange", "p.price", &at(text, needle, inside));
    let found = ask("price * share", 2);
    let range = |needle: &str, from: usize, length: usize| json!({ "start": at(text, needle, from), "end": at(text, needle, from + length) });
    let expected = [range("price: USD", 0, 5), range("price * share", 0, 5), range("share + price", 8, 5)];
    assert_eq!(found["ranges"], json!(expected));
    assert!(found["wordPattern"].as_str().is_some_and(|pattern| pattern.starts_with("[A-Za-z]")));
    let found = ask("let base", 5);
    assert_eq!(found["ranges"].as_array().map(Vec::len), Some(3), "{found}");
    assert_eq!(found["ranges"][0], range_of(text, "base"));
    for needle in ["factor = 2", "fee one", "plan p", "request {", "rounding"] {
        assert_eq!(ask(needle, if needle == "fee one" { 5 } else { 0 }), Value::Null, "{needle}");
    }
    assert!(session.hello["capabilities"]["linkedEditingRangeProvider"] == true, "{}", uri("p.price"));
}
