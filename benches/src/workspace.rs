//! A workspace of many modules, for timing the compiler: each with units, dimensions, events, meters,
//! a card with ladders and tables, a plan on it, and tests.

use std::fmt::Write;

/// Modules that together have about so many lines: path and text.
pub fn files(lines: usize) -> Vec<(String, String)> {
    let mut files = Vec::new();
    let mut written = 0;
    while written < lines {
        let text = module(files.len());
        written += text.lines().count();
        files.push((format!("cards/card_{}.price", files.len()), text));
    }
    files
}

fn module(number: usize) -> String {
    let mut out = String::from("use std.units (byte, GB, call)\nuse std.currencies (USD)\n\n");
    let n = number;
    let _ = writeln!(out, "dimension region = us | eu | apac | latam\ndimension grade = basic | plus | max\n");
    for event in 0..6 {
        let _ = writeln!(out, "event moved_{event} {{ region: region, grade: grade, bytes: byte }}");
        let _ = writeln!(out, "meter traffic_{event} = sum of moved_{event}.bytes in GB by region, grade");
    }
    let _ =
        writeln!(out, "\nratecard list_{n} version 1 {{\n  currency  USD\n  rounding  each line half-up to cents\n");
    for price in 0..6 {
        let rate = 10 + (n + price) % 7;
        let _ = writeln!(
            out,
            "  ## Traffic of kind {price}.\n  price egress_{price} on traffic_{price} by region {{\n    graduated per GB {{\n      \
             up to   | us      | eu      | apac    | latam\n      100 GB  | free    | free    | free    | free\n      \
             10k GB  | $0.{rate} | $0.{rate} | $0.12   | $0.15\n      50k GB  | $0.09   | $0.09   | $0.10   | $0.11\n      \
             beyond  | $0.05   | $0.05   | $0.08   | $0.09\n    }}\n  }}\n"
        );
        let _ = writeln!(
            out,
            "  price handling_{price} on traffic_{price} by grade {{\n    table per GB {{\n      grade   | rate\n      \
             basic   | $0.003\n      plus    | $0.002\n      max     | $0.001\n    }}\n    at least $1.00 per month if used whole\n  }}\n"
        );
    }
    out.push_str("}\n\n");
    let _ = writeln!(
        out,
        "plan team_{n} {{\n  currency  USD\n  timezone  \"UTC\"\n  billing   monthly on day 1\n  rounding  each line half-up to cents\n  \
         prices from list_{n} version 1 locked\n\n  fee seat_{n} = $49.00 per month in advance\n  discount launch = 5% on egress_0, egress_1\n  \
         cap egress_2 at $5_000.00 per month whole\n  override price egress_3 where region is eu less 10%\n  prorate seat_{n} daily\n  \
         late events accepted for 3 days then next period\n}}\n"
    );
    for test in 0..4 {
        let gb = 100 + 10 * test;
        let _ = writeln!(
            out,
            "test \"traffic {test}\" for plan team_{n} in 2026-03 {{\n  given traffic_0 {gb} GB where region is us and grade is basic\n  \
             expect egress_1 $0.00\n}}\n"
        );
    }
    out
}
