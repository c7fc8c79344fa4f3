//! Artefacts: what was written loads, and nothing else does.

use price_ir::artefact::{decode, encode, read};
use price_ir::text::parse;
use price_ir::{ArtefactError, Expr, Fold, KeyIx, MeaningHash, Place, Plan, SourceFile, SourceMap, limits};

const WHOLE: &str = include_str!("plans/whole.ir");

fn whole() -> Plan {
    parse(WHOLE).unwrap().plan
}

fn map(line: u32) -> SourceMap {
    let place = Place { file: "whole.price".into(), line, column: 3, excerpt: "price calls".into() };
    SourceMap { places: vec![Some(place), None], ..SourceMap::default() }
}

fn code(bytes: &[u8]) -> &'static str {
    decode(bytes).expect_err("the bytes are refused").code()
}

/// `bytes` with a checksum that fits them again.
fn sealed(mut bytes: Vec<u8>) -> Vec<u8> {
    let end = bytes.len() - 32;
    let checksum = *blake3::hash(&bytes[..end]).as_bytes();
    bytes[end..].copy_from_slice(&checksum);
    bytes
}

/// An artefact around any bytes, with hash and checksum that fit.
fn wrapped(plan: &[u8], map: &[u8]) -> Vec<u8> {
    let mut bytes = b"\x89PRICE\r\n".to_vec();
    bytes.extend(2u32.to_le_bytes());
    bytes.extend((plan.len() as u64).to_le_bytes());
    bytes.extend((map.len() as u64).to_le_bytes());
    let mut hasher = blake3::Hasher::new_derive_key("price 2026 meaning of a plan, canonical CBOR, form 2");
    bytes.extend(hasher.update(plan).finalize().as_bytes());
    bytes.extend(plan);
    bytes.extend(map);
    bytes.extend([0; 32]);
    sealed(bytes)
}

#[test]
fn what_was_written_loads() {
    let bytes = encode(&whole(), &map(7)).unwrap();
    let artefact = read(bytes.as_slice()).unwrap();
    assert_eq!(artefact.plan, whole());
    assert_eq!(artefact.source_map, map(7));
    assert_eq!(bytes, encode(&whole(), &map(7)).unwrap());
}

#[test]
fn the_hash_is_of_the_meaning_and_not_of_places() {
    let hash = |line| decode(&encode(&whole(), &map(line)).unwrap()).unwrap().hash;
    assert_eq!(hash(1), hash(2));
    assert_eq!(hash(1), MeaningHash::of(&whole()));
    // Changes only when the form of plans changes, which is a change for every stored lock.
    assert_eq!(hash(1).short(), "7d310f9766bf");
    assert_eq!(hash(1).to_string().parse(), Ok(hash(1)));
    let mut other = whole();
    other.lines[2].order += 1;
    assert_ne!(MeaningHash::of(&other), hash(1));
}

#[test]
fn every_cut_and_every_changed_byte_is_refused() {
    let bytes = encode(&whole(), &map(7)).unwrap();
    for end in 0..bytes.len() {
        assert!(matches!(code(&bytes[..end]), "A001" | "A003"), "{end}");
    }
    assert_eq!(code(&[bytes.clone(), vec![0]].concat()), "A003");
    for at in 0..bytes.len() {
        let mut changed = bytes.clone();
        changed[at] ^= 0x20;
        let expected = match at {
            0..8 => "A001",
            8..12 => "A002",
            12..28 => "A003",
            _ => "A004",
        };
        assert_eq!(code(&changed), expected, "{at}");
        // Whoever can compute a checksum still cannot make a panic.
        let _ = decode(&sealed(changed));
    }
}

#[test]
fn each_kind_of_refusal_has_its_code() {
    assert_eq!(code(b""), "A001");
    assert_eq!(code(b"\x89PRI"), "A003");
    assert_eq!(code(b"plan \"x\" { a text that is long enough to be an artefact, and is none }"), "A001");
    assert_eq!(code(&vec![0; limits::ARTEFACT_BYTES + 1]), "A005");
    let endless = std::io::repeat(1);
    assert_eq!(read(endless).unwrap_err().code(), "A005");
    let mut newer = encode(&whole(), &map(7)).unwrap();
    newer[8] = 9;
    let error = decode(&newer).unwrap_err();
    assert_eq!(error.to_string(), "this plan was compiled in format 9, and this release reads format 2");
    let mut renamed = encode(&whole(), &map(7)).unwrap();
    renamed[30] ^= 1;
    assert_eq!(code(&sealed(renamed)), "A007");
    let mut invalid = whole();
    invalid.sinks[0].quantum = -invalid.sinks[0].quantum.clone();
    assert_eq!(encode(&invalid, &map(7)).unwrap_err().code(), "A008");
    assert_eq!(code(&wrapped(&price_ir::hash::canonical(&invalid), &cbor(&map(7)))), "A008");
    let two = SourceMap { places: vec![None; 3], ..SourceMap::default() };
    assert_eq!(encode(&whole(), &two).unwrap_err().code(), "A008");
    assert!(!ArtefactError::TooLarge.help().is_empty());
}

#[test]
fn the_source_is_carried_and_means_nothing() {
    let file = |name: &str, text: String| SourceFile { name: name.into(), text };
    let with = |files| SourceMap { files, ..map(7) };
    let two = with(vec![file("a.price", "# one\n".into()), file("b.price", String::new())]);
    let (plain, full) = (encode(&whole(), &map(7)).unwrap(), encode(&whole(), &two).unwrap());
    let loaded = decode(&full).unwrap();
    assert_eq!((loaded.source_map, loaded.hash), (two, decode(&plain).unwrap().hash));
    // An artefact without files is the one that was written before there were any.
    assert!(!plain.windows(5).any(|bytes| bytes == b"files"));
    let long = || "x".repeat(limits::SOURCE_BYTES / 2);
    for files in [
        vec![file("b", String::new()), file("a", String::new())],
        vec![file("a", String::new()), file("a", String::new())],
        vec![file("", String::new())],
        vec![file("a", long()), file("b", long())],
        (0..=limits::SOURCE_FILES).map(|at| file(&format!("{at:05}"), String::new())).collect(),
    ] {
        assert_eq!(encode(&whole(), &with(files.clone())).unwrap_err().code(), "A008");
        assert_eq!(code(&wrapped(&price_ir::hash::canonical(&whole()), &cbor(&with(files)))), "A008");
    }
}

fn cbor(map: &SourceMap) -> Vec<u8> {
    let mut bytes = Vec::new();
    ciborium::into_writer(map, &mut bytes).unwrap();
    bytes
}

#[test]
fn hostile_content_is_refused_within_bounds() {
    let map = cbor(&SourceMap::default());
    for content in [
        vec![],
        vec![0xff],
        vec![0x9f],
        // A list, a text and a byte string that claim more than there is.
        [vec![0x9b], vec![0xff; 8]].concat(),
        [vec![0x7b], vec![0x7f; 8]].concat(),
        [vec![0x5b], vec![0x7f; 8]].concat(),
        // Lists, tags and maps inside one another.
        vec![0x81; 1_000_000],
        vec![0xc1; 1_000_000],
        vec![0xa1; 1_000_000],
        vec![0x9f; 1_000_000],
    ] {
        assert_eq!(code(&wrapped(&content, &map)), "A006");
    }
    let plan = price_ir::hash::canonical(&whole());
    assert_eq!(code(&wrapped(&[plan.clone(), vec![0]].concat(), &map)), "A006");
    assert_eq!(code(&wrapped(&plan, &[0x81; 100_000])), "A006");
    // A name of the plan in indefinite length means the same and is not canonical.
    let at = plan.windows(6).position(|window| window == b"\x65whole").unwrap();
    let other = [&plan[..at], b"\x7f\x65whole\xff", &plan[at + 6..]].concat();
    assert_eq!(
        decode(&wrapped(&other, &map)).unwrap_err().to_string(),
        "the content of the compiled plan cannot be read: it is not in canonical form"
    );
}

/// The whole plan with a function `depth` expressions deep, in the form that nests most.
fn nested(depth: usize) -> Plan {
    let one = Expr::Const("1".parse().unwrap());
    let mut plan = whole();
    let Fold::Charge(charge) = &mut plan.sinks[1].fold else { panic!("a charge") };
    charge.rules.functions[0].amount =
        (1..depth).fold(one.clone(), |inner, _| Expr::ByKey(KeyIx(0), vec![one.clone(), inner]));
    plan
}

#[test]
fn the_deepest_plan_that_verifies_loads_and_a_deeper_one_does_not() {
    let deepest = nested(limits::EXPR_DEPTH);
    assert_eq!(decode(&encode(&deepest, &map(1)).unwrap()).unwrap().plan, deepest);
    let deeper = nested(limits::EXPR_DEPTH + 1);
    assert_eq!(encode(&deeper, &map(1)).unwrap_err().code(), "A008");
    assert_eq!(code(&wrapped(&price_ir::hash::canonical(&deeper), &cbor(&map(1)))), "A008");
    assert_eq!(code(&wrapped(&price_ir::hash::canonical(&nested(300)), &cbor(&map(1)))), "A006");
}
