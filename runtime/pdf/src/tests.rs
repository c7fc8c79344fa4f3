use super::*;
use price_documents::paper::{Envelope, Letterhead, Paper};

fn body(lines: usize) -> String {
    let line = |at: usize| {
        format!(
            r#"{{"amount":"1.00","cells":[],"exact":"1","gross":"1","kind":"fee","name":"a_fee_with_a_long_name_that_is_wrapped_because_no_column_holds_it_whole_{at}","quantity":null,"rule":{{"file":"a.price","line":3,"title":"fee","within":"plan a"}},"steps":[]}}"#
        )
    };
    let lines: Vec<String> = (0..lines).map(line).collect();
    let days = r#"{"from":"2026-02-01","until":"2026-03-01"}"#;
    format!(
        r#"{{"account":"a\u0000ü漢","allowances":[],"currency":"USD","due":"1.00","lines":[{}],"period":{days},"plan":"a","served":{days},"total":"1.00"}}"#,
        lines.join(",")
    )
}

fn paper(lines: usize) -> Paper {
    Paper::new(&body(lines), &Envelope::default(), &Letterhead::default()).expect("a body")
}

fn fonts() -> Fonts<'static> {
    Fonts { plain: Metrics::new(PLAIN).expect("a font"), bold: Metrics::new(BOLD).expect("a font") }
}

#[test]
fn a_document_is_the_same_bytes_each_time() {
    let first = pdf(&paper(3)).expect("it is drawn");
    assert!(first.starts_with(b"%PDF-") && first == pdf(&paper(3)).expect("it is drawn"));
}

#[test]
fn long_documents_have_several_pages_and_nothing_leaves_the_paper() {
    let fonts = fonts();
    for lines in [0, 1, 40, 400] {
        let pages = layout::pages(&paper(lines), &fonts);
        assert!(pages.len() > lines / 40 && pages.len() <= lines / 10 + 2, "{lines}: {}", pages.len());
        for mark in pages.iter().flatten() {
            if let Mark::Text { x, y, size, bold, text, .. } = mark {
                let metrics = if *bold { &fonts.bold } else { &fonts.plain };
                assert!(*x >= 50.0 && x + metrics.width(text, *size) <= WIDTH - 50.0, "{text}");
                assert!(*y > 40.0 && *y < HEIGHT - 20.0, "{text}");
            }
        }
        let last = pages.last().into_iter().flatten();
        let number = format!("{0} of {0}", pages.len());
        assert!(last.clone().any(|mark| matches!(mark, Mark::Text { text, .. } if *text == number)));
    }
}

#[test]
fn a_word_that_is_too_long_is_cut_and_none_of_it_is_lost() {
    let fonts = fonts();
    let word = "x".repeat(500);
    let lines = fonts.plain.wrapped(&format!("a {word} b"), 9.0, 100.0);
    assert_eq!(lines.concat().replace(' ', ""), format!("a{word}b"));
    assert!(lines.iter().all(|line| fonts.plain.width(line, 9.0) <= 100.0));
    assert_eq!(fonts.plain.wrapped("", 9.0, 100.0), [""]);
    assert_eq!(fonts.plain.known("a\u{0}漢−"), "a \u{FFFD}–");
}

#[test]
fn an_order_form_keeps_to_its_paper() {
    use price_documents::order::{OrderForm, Part, Section, Table};
    let word = "averylongwordthatnobodywouldwrite".repeat(4);
    let table = |words: bool| {
        let row = |at: usize| vec![format!("tier {at} of {word}"), "$0.50".to_owned(), format!("{word} {word} {at}")];
        let head = vec!["Tier".to_owned(), "Rate".to_owned(), "What it is".to_owned()];
        Part::Table(Table { caption: "from 2026-01-01".into(), head, rows: (0..40).map(row).collect(), words })
    };
    let parts = vec![
        Part::Heading("Calls".into()),
        Part::Text("Said in words. ".repeat(60)),
        table(false),
        table(true),
        Part::Facts(vec![("Amount".into(), "a value ".repeat(400)), (word.clone(), word.clone())]),
        Part::Words(format!("price calls\n    {word}")),
    ];
    let form = OrderForm {
        title: format!("Order form: {word}"),
        parties: vec![("Provider".into(), String::new()), ("Customer".into(), word.clone())],
        facts: vec![("Term".into(), "2026".into())],
        sections: vec![Section { title: "Prices".into(), parts }],
        ..OrderForm::default()
    };
    let fonts = fonts();
    let pages = form::pages(&form, &fonts);
    assert!(pages.len() > 3);
    for mark in pages.iter().flatten() {
        match mark {
            Mark::Text { x, y, size, bold, text, .. } => {
                let metrics = if *bold { &fonts.bold } else { &fonts.plain };
                assert!(*x >= 50.0 && x + metrics.width(text, *size) <= WIDTH - 50.0, "{text}");
                assert!(*y > 40.0 && *y < HEIGHT - 20.0, "{text}");
            }
            Mark::Rule { from, to, y, .. } => assert!(*from >= 50.0 && *to <= WIDTH - 50.0 && *y < HEIGHT - 50.0),
        }
    }
    assert_eq!(order_form(&form).expect("it is drawn"), order_form(&form).expect("it is drawn"));
}
