//! Real price lists with their published units, next to the wrong answers they must not give.

mod common;
use common::*;
use price_ir::*;
use price_rating::*;
use std::sync::Arc;

#[test]
fn object_storage_is_averaged_over_the_month_and_a_bound_belongs_to_the_tier_below() {
    // 614,400 GB for 480 hours, then 307,200 GB for 240 hours of a 720-hour month.
    let mut b = Build::new();
    let mut bytes = number("bytes", "byte", 0);
    if let FieldType::Number(ty) = &mut bytes.ty {
        ty.level = true;
        ty.accepts = vec![("GB".into(), r("1073741824"))];
    }
    let capacity = b.event("capacity", vec![bytes]);
    let gb = r("1/1073741824");
    let storage =
        b.sink("storage", capacity, Fold::Average(mul(field(0), Expr::Const(gb.clone()))), "GB-month", vec![]);
    b.0.sinks[storage.ix()].quantum = gb;
    b.price("storage", storage, graduated(&[("0", "0.023", "0"), ("51200", "0.022", "0"), ("512000", "0.021", "0")]));
    let put = b.sum("put", "request");
    b.price("put", put, per_unit("0.000005"));
    let get = b.sum("get", "request");
    b.price("get", get, per_unit("0.0000004"));
    let mut rater = b.rater();
    push(
        &mut rater,
        &[
            ("a", "capacity", "2026-04-01T00:00:00Z", &[("bytes", "614400 GB")]),
            ("a", "capacity", "2026-04-21T00:00:00Z", &[("bytes", "307200 GB")]),
            ("a", "put", "2026-04-21T00:00:00Z", &[("n", "12345678")]),
            ("a", "get", "2026-04-21T00:00:00Z", &[("n", "987654321")]),
        ],
    );
    let invoice = close(&mut rater, "2026-04-01");
    assert_eq!(invoice.total, r("11771.99"));
    let storage = line(&invoice, "storage");
    assert_eq!(storage.quantity, Some((r("512000"), "GB-month".into())));
    let tiers: Vec<_> = storage.cells[0].tiers.iter().map(|t| format!("{} {}", t.quantity, t.exact)).collect();
    assert_eq!(tiers, ["51200 1177.6", "460800 10137.6"]);
    assert_eq!(line(&invoice, "put").exact, r("61.72839"));
    assert_eq!(line(&invoice, "get").exact, r("395.0617284"));
}

#[test]
fn a_long_prompt_prices_every_token_of_its_request() {
    // Per million tokens: 3 in and 15 out, 6 and 22.50 where the prompt is above 200,000; half in batch.
    let mut b = Build::new();
    let kind = b.dim("kind", &["input", "output"]);
    let service = b.dim("service", &["standard", "batch"]);
    let context = b.dim("context", &["short", "long"]);
    b.0.dimensions[context.ix()].kind = DimensionKind::Buckets { bounds: vec![r("200000")] };
    let ty = NumberType { unit: "token".into(), decimals: 0, signed: false, level: false, accepts: vec![] };
    let tokens = Field { name: "tokens".into(), ty: FieldType::Family(kind, ty), optional: false };
    let request = b.event("request", vec![number("prompt", "token", 0), label("service", service), tokens]);
    let keys = vec![
        Key { dim: kind, source: KeySource::Family(FieldIx(2)), in_cell: true },
        by(service, 1),
        Key { dim: context, source: KeySource::Bucket(field(0)), in_cell: true },
    ];
    let sink = b.sink("tokens", request, Fold::Sum(Expr::Family(FieldIx(2))), "token", keys);
    let rates = ["3", "6", "15", "22.5"].map(|rate| r(rate) / r("1000000"));
    let mut functions: Vec<Expr> = rates.iter().map(|rate| per_unit(&rate.to_string())).collect();
    functions.extend(rates.iter().map(|rate| per_unit(&(rate / &r("2")).to_string())));
    // Cells: input standard short, input standard long, input batch short, …
    b.price_cells("tokens", sink, functions, vec![0, 1, 4, 5, 2, 3, 6, 7]);
    let mut rater = b.rater();
    let schema = Arc::new(EventSchema::new(rater.plan(), request));
    let mut rows = RowBuilder::new(schema);
    for (count, prompt, service, input, output) in [
        (300, "225000", "standard", "225000", "2000"),
        (10_000, "3000", "batch", "3000", "900"),
        (10, "200000", "standard", "200000", "1000"),
    ] {
        let tokens = [("input", Raw::Number(input)), ("output", Raw::Number(output))];
        for _ in 0..count {
            let fields =
                [("prompt", Raw::Number(prompt)), ("service", Raw::Text(service)), ("tokens", Raw::Object(&tokens))];
            rows.push(at("2026-04-02T00:00:00Z"), fields, rater.labels()).unwrap();
        }
    }
    let mut batch = rows.take();
    let subject = rater.subject("a").0;
    let subjects = vec![subject; batch.rows];
    assert_eq!(rater.push(&mut batch, &subjects), []);
    let invoice = close(&mut rater, "2026-04-01");
    // 300 × (225,000 at 6 and 2,000 at 22.50) + 112.50 + 6.15
    assert_eq!(invoice.total, r("418.5") + r("112.5") + r("6.15"));
    let cells = line(&invoice, "tokens").cells.iter();
    let shown = cells.map(|c| format!("{} {}", c.labels[2].1, c.exact));
    assert_eq!(shown.collect::<Vec<_>>(), ["short 6", "long 405", "short 45", "short 0.15", "long 13.5", "short 67.5"]);
}
