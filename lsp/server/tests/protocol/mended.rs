//! Changes that an author may want, as an editor offers them.

use crate::{PLAN, Session, range_of, uri};
use serde_json::{Value, json};

fn offered(session: &mut Session, path: &str, range: &Value) -> Vec<Value> {
    let context = json!({ "diagnostics": [] });
    let params = json!({ "textDocument": { "uri": uri(path) }, "range": range, "context": context });
    session.ask("textDocument/codeAction", params).as_array().expect("a list").clone()
}

/// A text after the edits of an action, counted in UTF-16 as an editor does.
fn after(text: &str, path: &str, action: &Value) -> String {
    let offset = |place: &Value| {
        let line = usize::try_from(place["line"].as_u64().expect("a line")).expect("small");
        let start: usize = text.split_inclusive('\n').take(line).map(str::len).sum();
        let mut units = place["character"].as_u64().expect("a column");
        let mut at = start;
        for character in text[start..].chars() {
            if units == 0 {
                break;
            }
            units -= character.len_utf16() as u64;
            at += character.len_utf8();
        }
        at
    };
    let mut edits: Vec<(usize, usize, String)> = action["edit"]["changes"][uri(path)]
        .as_array()
        .expect("edits")
        .iter()
        .map(|edit| {
            let (start, end) = (offset(&edit["range"]["start"]), offset(&edit["range"]["end"]));
            (start, end, edit["newText"].as_str().expect("a text").to_owned())
        })
        .collect();
    edits.sort();
    let mut done = text.to_owned();
    for (start, end, new) in edits.into_iter().rev() {
        done.replace_range(start..end, &new);
    }
    done
}

fn titles(actions: &[Value]) -> Vec<&str> {
    actions.iter().filter_map(|action| action["title"].as_str()).collect()
}

#[test]
fn numbers_from_abroad_are_written_as_here() {
    for (written, readings) in [
        ("$1.234,50", &["write `1_234.50`"][..]),
        ("$1,234", &["write `1_234`", "write `1.234`"]),
        ("$0,010", &["write `0.010`"]),
        ("$1 234,50", &["write `1_234.50`"]),
        ("$12\u{202f}345", &["write `12_345`"]),
    ] {
        let text = PLAN.replace("$20.00 per month", &format!("{written} per month"));
        let mut session = Session::new(&[]);
        session.open("team.price", &text);
        let offered = offered(&mut session, "team.price", &range_of(&text, written));
        assert_eq!(titles(&offered), readings, "{written}");
        let mended = after(&text, "team.price", &offered[0]);
        assert!(mended.contains(&format!("${}", &readings[0][7..readings[0].len() - 1])), "{mended}");
        session.replace("team.price", 2, &mended);
        assert!(!session.codes("team.price", 2).iter().any(|code| code == "P104"));
    }
}

const TABLE: &str = "use std.units (byte, GB)
use std.currencies (USD)

dimension region = us | eu | \"asia south\"
dimension tier = hot | cold
event transfer { region: region, tier: tier, bytes: byte }
meter egress = sum of transfer.bytes in GB by region, tier

ratecard cloud {
  currency  USD
  rounding  each line half-even to cents
  price egress on egress by region, tier {
    table per GB {
      region | tier | rate
      us     | *    | $0.09
      eu     | hot  | $0.08
    }
  }
}
";

#[test]
fn rows_that_a_table_lacks_are_added() {
    let mut session = Session::new(&[]);
    session.open("cloud.price", TABLE);
    assert_eq!(session.codes("cloud.price", 1), ["P502"]);
    let actions = offered(&mut session, "cloud.price", &range_of(TABLE, "eu     | hot"));
    assert_eq!(titles(&actions), ["add the 3 missing rows, as not sold"]);
    assert_eq!(actions[0]["kind"], "quickfix");
    let mended = after(TABLE, "cloud.price", &actions[0]);
    let rows = "      eu     | hot  | $0.08
      eu     | cold | n/a
      \"asia south\" | hot  | n/a
      \"asia south\" | cold | n/a
";
    assert!(mended.contains(rows), "{mended}");
    session.replace("cloud.price", 2, &mended);
    assert!(session.codes("cloud.price", 2).is_empty());
    assert!(offered(&mut session, "cloud.price", &range_of(&mended, "eu     | hot")).is_empty());

    let matrix = TABLE
        .replace("region | tier | rate", "region \\ tier | hot | cold")
        .replace("us     | *    | $0.09", "us | $0.09 | $0.01");
    let matrix = matrix.replace("      eu     | hot  | $0.08\n", "");
    session.replace("cloud.price", 3, &matrix);
    let actions = offered(&mut session, "cloud.price", &range_of(&matrix, "us | $0.09"));
    let mended = after(&matrix, "cloud.price", &actions[0]);
    assert!(mended.contains("      eu | n/a   | n/a\n      \"asia south\" | n/a   | n/a\n"), "{mended}");
    session.replace("cloud.price", 4, &mended);
    assert!(session.codes("cloud.price", 4).is_empty(), "{mended}");
}

const INLINE: &str = "use std.units (call, seat)
use std.currencies (USD)

event request { path: text }
event seat_change { count: level seat }
meter calls = count of request in calls
meter seats = max of seat_change.count

## For teams.
plan team {
  currency USD
  timezone \"UTC\"
  billing  monthly on day 1
  rounding each line half-up to cents
  let seat_price = $15.00 per seat per month

  # As agreed with sales.
  ## Cheaper by the thousand.
  price usage on calls {
    graduated per call {
      up to 1k calls $0.010
      beyond         $0.008
    }
  }

  price seats on seats = seat_price
  price support = 5% of usage
  late events accepted for 3 days then next period
}

test \"as before\" for plan team in 2026-03 {
  given calls 2k calls
  expect usage $18.00
  expect total $18.90
}
";

#[test]
fn prices_of_a_plan_become_a_card() {
    let mut session = Session::new(&[]);
    session.open("team.price", INLINE);
    assert!(session.codes("team.price", 1).is_empty());
    let on = |needle: &str| range_of(INLINE, needle);
    let actions = offered(&mut session, "team.price", &on("team {"));
    let action = actions.iter().find(|action| action["kind"] == "refactor.extract").expect("it is offered");
    assert_eq!(action["title"], "move its prices into a rate card `team_prices`");
    let done = after(INLINE, "team.price", action);
    let card = "ratecard team_prices version 1 {
  currency USD
  rounding each line half-up to cents

  # As agreed with sales.
  ## Cheaper by the thousand.
  price usage on calls {
    graduated per call {
      up to 1k calls $0.010
      beyond         $0.008
    }
  }
}

## For teams.
plan team {";
    assert!(done.contains(card), "{done}");
    assert!(done.contains("month\n\n  prices from team_prices following\n  price seats on"), "{done}");
    session.replace("team.price", 2, &done);
    assert!(session.codes("team.price", 2).is_empty(), "{done}");
    let ran = session.ask("price/runTests", json!({ "uri": uri("team.price") }));
    assert_eq!(ran["tests"][0]["outcome"], "passed");
    // On the price too, and not where there is nothing to move or a card is there.
    assert!(titles(&offered(&mut session, "team.price", &range_of(&done, "team {"))).is_empty());
    session.replace("team.price", 3, INLINE);
    assert_eq!(
        offered(&mut session, "team.price", &on("usage on")).iter().filter(|a| a["kind"] == "refactor.extract").count(),
        1
    );
    assert!(!offered(&mut session, "team.price", &on("late events")).iter().any(|a| a["kind"] == "refactor.extract"));
}
