//! Repeats, conflicts and order: a function of the set of events, with any budget.

use crate::common::{Outcome, bytes, options, read};
use price_ingest::{Options, Order, Source};
use proptest::prelude::*;

fn transfer(account: &str, time: &str, source: &str, id: &str, bytes: u64) -> String {
    let id = if id.is_empty() { String::new() } else { format!("\"id\":\"{id}\",\"source\":\"{source}\",") };
    format!(
        "{{\"type\":\"transfer\",\"account\":\"{account}\",\"time\":\"2026-03-01T{time}Z\",{id}\"region\":\"eu\",\"bytes\":{bytes}}}\n"
    )
}

#[test]
fn a_repeat_counts_once_and_a_row_without_an_id_is_never_one() {
    let text = transfer("a", "09:00:00", "s", "1", 5).repeat(3)
        + &transfer("a", "09:00:00", "t", "1", 5)
        + &transfer("a", "09:00:00", "", "", 5).repeat(2);
    let written_otherwise =
        transfer("a", "09:00:00", "s", "1", 5).replace(":5}", ":5.0}").replace("09:00:00Z", "10:00:00+01:00");
    let outcome = read(vec![bytes("a.ndjson", text), bytes("b.ndjson", written_otherwise)], options()).unwrap();
    assert_eq!((outcome.summary.accepted, outcome.summary.duplicates, outcome.summary.conflicts), (4, 3, 0));
    let all = read(
        vec![bytes("a.ndjson", transfer("a", "09:00:00", "s", "1", 5).repeat(3))],
        Options { dedupe: false, ..options() },
    );
    assert_eq!(all.unwrap().summary.accepted, 3);
}

#[test]
fn a_conflict_has_one_winner_whatever_the_order() {
    let copies: Vec<String> = [5, 6, 6, 7].iter().map(|b| transfer("a", "09:00:00", "s", "1", *b)).collect();
    let forwards = read(vec![bytes("u.ndjson", copies.concat())], options()).unwrap();
    let backwards: String = copies.iter().rev().map(String::as_str).collect();
    let backwards = read(vec![bytes("u.ndjson", backwards)], options()).unwrap();
    assert_eq!(forwards.rows(), backwards.rows());
    assert_eq!(forwards.summary, backwards.summary);
    assert_eq!(forwards.summary.accepted, 1);
    assert_eq!(forwards.summary.duplicates + forwards.summary.conflicts, 3);
    assert_eq!(forwards.summary.rejected.get("R024"), Some(&forwards.summary.conflicts));
    let reject = &forwards.rejects[0];
    assert!(reject.reason.to_string().contains("`s` / `1`"), "{}", reject.reason);
    assert!(reject.text.starts_with("{\"type\":\"transfer\",\"account\":\"a\",\"time\":\"2026-03-01T09:00:00Z\",\"source\":\"s\",\"id\":\"1\",\"data\":{\"region\":\"eu\",\"bytes\":"), "{}", reject.text);
    let strict = read(vec![bytes("u.ndjson", copies.concat())], Options { strict: true, ..options() });
    assert_eq!(strict.err().map(|e| e.code()), Some("R024"));
}

#[test]
fn a_mediated_row_that_is_refused_takes_no_identity() {
    let bad = transfer("a", "09:00:00", "s", "1", 5).replace("\"eu\"", "\"mars\"");
    let outcome = read(vec![bytes("u.ndjson", bad + &transfer("a", "09:00:00", "s", "1", 6))], options()).unwrap();
    assert_eq!((outcome.summary.accepted, outcome.summary.rejected_total()), (1, 1));
}

#[test]
fn sorted_rows_interleave_event_types_and_pools() {
    let job = |account: &str, time: &str, id: &str| {
        format!(
            "{{\"type\":\"job\",\"account\":\"{account}\",\"time\":\"2026-03-01T{time}Z\",\"id\":\"{id}\",\"project\":\"p{id}\",\"tokens\":{{}}}}\n"
        )
    };
    let text = transfer("zoe", "09:00:03", "s", "1", 1)
        + &job("amy", "09:00:02", "2")
        + &transfer("amy", "09:00:02", "", "", 3)
        + &job("zoe", "09:00:01", "4")
        + &transfer("bob", "09:00:03", "s", "5", 5);
    let sorted = Options { order: Order::ByEventTime, ..options() };
    let first = |o: &Outcome| -> Vec<String> {
        o.rows().iter().map(|r| r.split(' ').take(2).collect::<Vec<_>>().join(" ")).collect()
    };
    let outcome = read(vec![bytes("u.ndjson", &text)], sorted.clone()).unwrap();
    assert_eq!(first(&outcome), ["job zoe", "transfer amy", "job amy", "transfer bob", "transfer zoe"]);
    let parts: Vec<(u32, usize)> =
        outcome.blocks[0].clone().in_order().iter().map(|p| (p.batch.event.0, p.rows())).collect();
    assert_eq!(parts, [(1, 1), (0, 1), (1, 1), (0, 2)]);
    let pools = [("zoe".to_string(), "amy".to_string())].into();
    let outcome = read(vec![bytes("u.ndjson", &text)], Options { pools, ..sorted }).unwrap();
    assert_eq!(first(&outcome), ["job zoe", "transfer amy", "job amy", "transfer zoe", "transfer bob"]);
}

/// Rows of which some repeat others, and some of those with other content.
fn many(rows: u64) -> Vec<String> {
    let mixed = |n: u64| n.wrapping_mul(0x9E37_79B9_7F4A_7C15) >> 32;
    (0..rows)
        .map(|n| {
            let number = mixed(n) % (rows * 3 / 4);
            let m = mixed(number + 1);
            let id = if number.is_multiple_of(11) { String::new() } else { number.to_string() };
            let time = format!("{:02}:{:02}:{:02}", m % 7, m % 60, m % 13);
            let amount = m % 1000 + u64::from(n.is_multiple_of(20));
            if m.is_multiple_of(5) {
                format!(
                    "{{\"type\":\"job\",\"account\":\"c{}\",\"time\":\"2026-03-01T{time}Z\",\"id\":\"{id}\",\"source\":\"s{}\",\"data\":{{\"project\":\"p{}\",\"tokens\":{{\"input\":{amount}}},\"user\":\"u{}\"}}}}\n",
                    m % 17,
                    m % 3,
                    m % 5,
                    m % 9
                )
            } else {
                transfer(&format!("c{}", m % 17), &time, "s", &id, amount)
            }
        })
        .collect()
}

#[test]
fn a_tiny_budget_changes_nothing_but_where_rows_wait() {
    let text = many(30_000).concat();
    for order in [Order::Commutative, Order::ByEventTime] {
        let roomy = Options { order, ..options() };
        let tiny = Options { memory_bytes: 40_000, threads: 1, ..roomy.clone() };
        let roomy = read(vec![bytes("u.ndjson", &text)], roomy).unwrap();
        let tiny = read(vec![bytes("u.ndjson", &text)], tiny).unwrap();
        assert_eq!(roomy.summary.spilled_bytes, 0);
        assert!(tiny.summary.spilled_bytes > 1_000_000, "{}", tiny.summary.spilled_bytes);
        assert!(roomy.summary.duplicates > 100 && roomy.summary.conflicts > 100, "{:?}", roomy.summary);
        assert_eq!(roomy.rows(), tiny.rows());
        assert_eq!(roomy.rejects, tiny.rejects);
        let mut summary = tiny.summary;
        summary.spilled_bytes = 0;
        assert_eq!(summary, roomy.summary);
    }
}

#[test]
fn threads_do_not_change_the_order() {
    let text = many(40_000).concat();
    let one = read(vec![bytes("u.ndjson", &text)], Options { threads: 1, ..options() }).unwrap();
    for threads in [2, 5] {
        let more = read(vec![bytes("u.ndjson", &text)], Options { threads, ..options() }).unwrap();
        assert_eq!(one.blocks, more.blocks);
    }
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 24, ..ProptestConfig::default() })]

    #[test]
    fn any_order_cut_and_repetition_gives_the_same_set(
        seed in any::<u64>(),
        cuts in proptest::collection::vec(0usize..120, 0..4),
        repeats in proptest::collection::vec(0usize..120, 0..20),
        sorted in any::<bool>(),
    ) {
        // A row without an id repeated is another row, so those stay away.
        let mut lines = many(120);
        lines.retain(|l| l.contains("\"id\":\"") && !l.contains("\"id\":\"\""));
        let order = if sorted { Order::ByEventTime } else { Order::Commutative };
        let baseline = read(vec![bytes("u.ndjson", lines.concat())], Options { order, ..options() }).unwrap();
        let extra: Vec<String> = repeats.iter().map(|r| lines[r % lines.len()].clone()).collect();
        lines.extend(extra);
        let mut state = seed | 1;
        for at in (1..lines.len()).rev() {
            state = state.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1);
            lines.swap(at, (state >> 33) as usize % (at + 1));
        }
        let mut sources: Vec<Source> = Vec::new();
        let mut rest = &lines[..];
        for cut in cuts {
            let (head, tail) = rest.split_at(cut.min(rest.len()));
            sources.push(bytes("part.ndjson", head.concat()));
            rest = tail;
        }
        sources.push(bytes("last.ndjson", rest.concat()));
        let outcome = read(sources, Options { order, memory_bytes: 5_000, ..options() }).unwrap();
        prop_assert_eq!(outcome.sorted_rows(), baseline.sorted_rows());
        if sorted {
            prop_assert_eq!(outcome.rows(), baseline.rows());
        }
    }
}
