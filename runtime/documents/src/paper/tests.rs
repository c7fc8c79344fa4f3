use super::*;

const BODY: &str = r#"{"account":"<acme>","allowances":[{"carried_in":"0","carried_out":"0","forfeited":"0","granted":"1000","name":"free_calls","unit":"call","used":"1000"}],
"currency":"USD","due":"1215.50","lines":[
{"amount":"20.00","cells":[],"exact":"20","gross":"20","kind":"fee","name":"platform_fee","product":"SKU-1","quantity":null,"rule":{"file":"a.price","line":3,"title":"fee","within":"plan a"},"steps":[]},
{"amount":"1200.00","cells":[{"amount":"1200.00","covered":"1000","events":0,"exact":"1200","labels":[{"dimension":"region","label":"eu"}],"quantity":"4000","rules":[],"tiers":[{"amount":"1000","exact":"1000","from":"0","quantity":"2000","rate":"0.5","to":"2000"},{"amount":"400/2","exact":"200","from":"2000","quantity":"1000","rate":"1/5","to":null}]}],"exact":"1200","gross":"1200","kind":"usage","name":"calls","paid":[{"amount":"4.50","by":"wallet"}],"quantity":{"unit":"call","value":"4000"},"rule":{"file":"a.price","line":4,"title":"price","within":"plan a"},"steps":[]},
{"amount":"-0.00","cells":[],"corrects":{"from":"2026-01-01","until":"2026-02-01"},"exact":"0","gross":"0","kind":"adjustment","name":"calls","quantity":null,"rule":{"file":null,"line":null,"title":"","within":""},"steps":[]}],
"payment":{"balances":[{"clawed_back":"0","closed":"5.50","currency":"USD","expired":"0.00","granted":"10.00","lots":[],"name":"wallet","opened":"0.00","restated":"0","rolled_in":"0","topped_up":"0.00","used":"4.50"}],"commitments":[],"interim":[],"ledger":[],"revenue":{},"unpaid":[]},
"period":{"from":"2026-02-01","until":"2026-03-01"},"plan":"a","served":{"from":"2026-02-01","until":"2026-03-01"},"total":"1220.00"}"#;

fn paper() -> Paper {
    let envelope = Envelope {
        title: "Invoice".into(),
        number: Some("INV-000001".into()),
        payable: Some("2026-03-18".into()),
        ..Envelope::default()
    };
    let seller = Party { name: "Example & Sons".into(), address: vec!["1 Main Street".into()], ..Party::default() };
    let letterhead = Letterhead { seller, terms: vec!["Thank you.".into()], ..Letterhead::default() };
    Paper::new(BODY, &envelope, &letterhead).expect("a body")
}

#[test]
fn a_page_says_what_the_body_says() {
    let paper = paper();
    assert_eq!(paper.title, "Invoice INV-000001");
    let totals = [("Total", "1,220.00"), ("Paid from balances", "−4.50"), ("To pay (USD)", "1,215.50")];
    assert_eq!(paper.totals, totals.map(|(name, value)| (name.to_owned(), value.to_owned())));
    let rows: Vec<String> =
        paper.lines.iter().map(|r| [&*r.text, &r.quantity, &r.rate, &r.amount].join(" | ")).collect();
    assert_eq!(
        rows,
        [
            "platform fee |  |  | 20.00",
            "calls | 4,000 call |  | 1,200.00",
            "eu, included | 1,000 call |  | 0",
            "eu, tier 1 | 2,000 call | 0.5 | 1,000",
            "eu, tier 2 | 1,000 call | 0.2 | 200",
            "paid from wallet |  |  | (4.50)",
            "calls, difference of 2026-01-01 to 2026-01-31 |  |  | −0.00",
        ]
    );
    let blocks: Vec<String> = paper.blocks.iter().map(|block| block.rows[0].join(" | ")).collect();
    assert_eq!(
        blocks,
        ["wallet (USD) | 0.00 | 10.00 | 4.50 | 0.00 | 5.50", "free calls (call) | 0 | 1,000 | 1,000 | 0 | 0"]
    );
    assert!(paper.facts.contains(&("Period".into(), "2026-02-01 to 2026-02-28".into())));
}

#[test]
fn what_people_write_is_text_on_the_page() {
    let page = html(&paper());
    assert!(page.contains("&lt;acme&gt;") && !page.contains("<acme>"));
    assert!(page.contains("Example &amp; Sons"));
    assert!(!page.contains("<script") && !page.contains("http://") && !page.contains("https://"));
}

#[test]
fn what_is_no_body_is_an_error() {
    for wrong in ["", "{}", "[]", "{\"account\":1}"] {
        assert!(Paper::new(wrong, &Envelope::default(), &Letterhead::default()).is_err());
    }
}
