//! Probe.
use price_analysis::*;
#[test]
fn probe() {
    let Ok(path) = std::env::var("PROBE") else { return };
    let db = Database::default();
    let mut files = vec![];
    let std = [
        ("std/units.price", std::fs::read_to_string("/tmp/notes/units.price").unwrap()),
        ("std/currencies.price", "currency USD\ncurrency EUR\ncurrency JPY decimals 0\n".to_string()),
        ("std/holidays.price", "holidays de {\n  2026-01-01 \"Neujahr\"\n}\n".to_string()),
    ];
    for (i, (p, t)) in std.iter().enumerate() {
        files.push(File::new(&db, p.to_string(), i as u32, t.clone()));
    }
    let main = File::new(&db, "main.price".into(), 9, std::fs::read_to_string(&path).unwrap());
    files.push(main);
    let data = vec![DataFile::new(
        &db,
        "data/zones-2026.csv".into(),
        "prefix,zone\n+49,national\n+33,eu-fixed\n+336,eu-mobile\n+1,world\n".into(),
    )];
    let ws = Workspace::new(&db, files.clone(), data);
    let text = main.text(&db);
    for f in &files {
        for d in check_file(&db, ws, *f) {
            let s = d.primary_span();
            println!(
                "{} {} @{:?} | {}",
                d.code,
                d.message,
                s.map(|s| text[..s.start as usize].lines().count()),
                d.labels.iter().map(|l| l.message.clone()).collect::<Vec<_>>().join(" / ")
            );
            if let Some(h) = &d.help {
                println!("    help {h}");
            }
        }
    }
    for s in subjects(&db, main) {
        let l = lowered(&db, ws, s.file, s.item);
        println!("{} {} -> {}", s.kind, s.name, l.plan.is_some());
        if std::env::var("DUMP").is_ok() {
            if let Some(p) = &l.plan {
                println!("{p:#?}");
            }
        }
    }
    println!("tests: {}", test_file(&db, ws, main).cases.len());
}
