//! Statements with places to fill, by the word that starts them.

use price_syntax::Rule;

/// What a word is completed to at the start of a line of a block: a remark and the text.
pub(crate) fn of(block: Option<Rule>, word: &str) -> Option<(&'static str, &'static str)> {
    let block = block.unwrap_or(Rule::file);
    Some(match (block, word) {
        (Rule::file, "use") => ("names of a module", "use ${1:std.units} (${2:call})"),
        (Rule::file, "event") => ("a kind of usage", "event ${1:request} {\n  ${2:count}: ${3:call}\n}"),
        (Rule::file, "meter") => {
            ("what is counted", "meter ${1:calls} = ${2|count,sum,max,unique,average|} of ${3:request}")
        }
        (Rule::file, "dimension") => ("a set of labels", "dimension ${1:region} = ${2:us} | ${3:eu}"),
        (Rule::file, "plan") => (
            "a plan",
            "plan ${1:starter} {\n  currency ${2:USD}\n  timezone \"${3:UTC}\"\n  billing  monthly on day 1\n  rounding each line half-up to cents\n\n  $0\n}",
        ),
        (Rule::file, "ratecard") => (
            "list prices",
            "ratecard ${1:list} version ${2:1} {\n  currency  ${3:USD}\n  timezone  \"${4:UTC}\"\n  effective from ${5:2026-01-01}\n\n  $0\n}",
        ),
        (Rule::file, "contract") => (
            "a contract",
            "contract ${1:name} with \"${2:Customer}\" {\n  term 2026-01-01 through 2026-12-31\n  prices from ${3:list} locked\n  $0\n}",
        ),
        (Rule::file, "amendment") => {
            ("dated changes", "amendment ${1:1} to ${2:contract} effective ${3:2026-07-01} {\n  $0\n}")
        }
        (Rule::file, "test") => (
            "usage in, lines out",
            "test \"${1:what it shows}\" for plan ${2:starter} in ${3:2026-01} {\n  given ${4:calls} ${5:1k calls}\n  expect total ?\n}",
        ),
        (Rule::file, "assert") => (
            "a claim for all usage",
            "assert \"${1:using more never costs less}\" for plan ${2:starter} for all ${3:calls} in 0 ${4:calls} .. 1M ${4:calls} {\n  total never decreases\n}",
        ),
        (Rule::body, "fee") => ("a fixed amount", "fee ${1:platform} = $${2:99.00} per month in advance"),
        (Rule::body, "price") => (
            "a price with tiers",
            "price ${1:calls} on ${2:meter} {\n  graduated per ${3:call} {\n    up to ${4:10k calls} $${5:0.01}\n    beyond $${6:0.005}\n  }\n}",
        ),
        (Rule::body, "allowance") => {
            ("what is included", "allowance ${1:included} = ${2:10k calls} per month on ${3:meter}")
        }
        (Rule::body, "override") => ("another price", "override price ${1:name} less ${2:10%}"),
        (Rule::body, "discount") => ("less on some lines", "discount ${1:launch} = ${2:5%} on ${3:all}"),
        (Rule::body, "minimum") => ("at least this much", "minimum ${1:all} at $${2:100.00} per month"),
        (Rule::body, "cap") => ("at most this much", "cap ${1:all} at $${2:1_000.00} per month"),
        (Rule::body, "wallet") => (
            "prepaid money or credits",
            "wallet ${1:credits} {\n  holds     ${2:USD}\n  pays for  ${3:all}\n  grant     $${4:100.00} free on start expires after 12 months\n  overdraft none\n}",
        ),
        (Rule::body, "commitment") => (
            "a promise to spend",
            "commitment ${1:annual} postpaid {\n  amount    $${2:12k} per year\n  counts    ${3:all}\n  true-up   yearly to 100%\n  shortfall forfeited\n}",
        ),
        (Rule::body, "waterfall") => {
            ("who pays first", "waterfall {\n  first   ${1:allowance included}\n  finally invoice\n}")
        }
        (Rule::body, "late") => {
            ("usage after the end", "late events accepted for ${1:3 days} then ${2|next period,rejected|}")
        }
        (Rule::price_block, "graduated") => (
            "each tier's units at its rate",
            "graduated per ${1:call} {\n  up to ${2:10k calls} $${3:0.01}\n  beyond $${4:0.005}\n}",
        ),
        (Rule::price_block, "volume") => (
            "all units at the rate of the tier reached",
            "volume per ${1:call} {\n  up to ${2:10k calls} $${3:0.01}\n  beyond $${4:0.005}\n}",
        ),
        (Rule::test_item, "given") => ("usage", "given ${1:meter} ${2:100 calls}"),
        (Rule::test_item, "expect") => ("a line", "expect ${1:total} ${2:?}"),
        (Rule::tiers, "up") => ("a tier", "up to ${1:10k calls} $${2:0.01}"),
        (Rule::tiers, "beyond") => ("the last tier", "beyond $${1:0.005}"),
        _ => return None,
    })
}
