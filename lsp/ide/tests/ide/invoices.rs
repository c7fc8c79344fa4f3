//! Invoices of the examples as they stand above their plans: those that `price rate` prints.

use crate::examples;
use price_ide::LensKind;

#[test]
fn lines_above_plans_say_what_price_rate_says() {
    let ide = examples();
    let mut said = Vec::new();
    for file in ide.files() {
        let path: Vec<&str> = ide.path(file).split('/').skip_while(|part| *part != "examples").skip(1).collect();
        let name = path.join("/");
        for lens in ide.lenses(file).iter().filter(|lens| lens.kind == LensKind::Invoice) {
            if name.starts_with('0') {
                said.push(format!("{name}: {}", ide.lens_title(file, lens)));
            }
        }
    }
    let expected = [
        "01-saas-seats.price: 2 invoices of 2026-01: $258.00",
        "02-llm-api.price: 2 invoices of 2026-02: $24.37",
        "03-object-storage.price: 2 invoices of 2026-03: $17_596.91",
        "04-enterprise-contract/globex.price: invoice of 2026-04: $5_628.13",
        "05-voice.price: invoice of 2026-02-28 until 2026-03-31: €43.75",
        "06-payments.price: 2 invoices of 2026-04: $1_897.32",
        "07-ai-credits.price: invoice of 2026-05: $350.00",
        "08-retroactive-amendment.price: invoice of 2026-05: $464.00",
    ];
    assert_eq!(said, expected);
}
