//! Plans that are signed: who may publish what, and what is kept of it.

use crate::{Place, Server, text};
use std::os::unix::fs::PermissionsExt as _;

impl Place {
    /// A key pair in a file; its public key.
    fn keygen(&self, file: &str) -> String {
        let made = self.run(&["keygen", file]);
        assert!(made.status.success(), "{}", text(&made.stderr));
        text(&made.stdout).trim().to_owned()
    }

    /// The plan, signed with the key in a file.
    fn signed(&self, key: &str) -> Vec<u8> {
        self.plan();
        let built = self.run(&["build", "plan.price", "-o", "signed.pricec", "--sign", key]);
        assert!(built.status.success(), "{}", text(&built.stderr));
        std::fs::read(self.path("signed.pricec")).expect("the plan is there")
    }
}

/// Status and code of an upload, and the answer.
fn upload(server: &Server, plan: &[u8]) -> (u16, String, String) {
    let answer = server.send("POST", "/v1/plans", Some("application/octet-stream"), plan);
    let json = answer.json();
    let told = json["code"].as_str().or(json["signer"].as_str()).unwrap_or_default().to_owned();
    (answer.status, told, answer.body)
}

/// Signers of the versions, in their order.
fn signers(server: &Server) -> Vec<Option<String>> {
    let plans = server.get("/v1/plans").json();
    let plans = plans["plans"].as_array().expect("a list").iter();
    plans.map(|plan| plan["signer"].as_str().map(str::to_owned)).collect()
}

#[test]
fn only_what_a_publisher_signed_comes_into_force() {
    let place = Place::new();
    let public = place.keygen("release.key");
    place.keygen("other.key");
    let server = place.serve_with(&["--publisher", &format!("release={public}")]);
    let signed = place.signed("release.key");
    let said = |plan: &[u8]| {
        let (status, code, _) = upload(&server, plan);
        (status, code)
    };
    assert_eq!(said(&place.plan()), (422, "S035".into()), "not signed");
    assert_eq!(said(&signed[..signed.len() - 108]), (422, "S035".into()), "the signature is removed");
    let (status, code, body) = upload(&server, &place.signed("other.key"));
    assert_eq!((status, &*code), (422, "S036"), "{body}");
    assert!(body.contains("no key of `release`") && body.contains("[publishers]"), "{body}");
    // A byte of the plan, of its checksum, of the key and of the signature.
    for back in [400, 109, 90, 10] {
        let mut changed = signed.clone();
        let at = changed.len() - back;
        changed[at] ^= 1;
        assert_eq!(said(&changed), (422, "S036".into()), "{back} bytes from the end");
    }
    // The good signature behind another plan.
    let other = place.compiled(&crate::PLAN.replace("$0.25", "$0.01"));
    let swapped = [&other, &signed[signed.len() - 108..]].concat();
    assert_eq!(said(&swapped), (422, "S036".into()), "the signature of another plan");
    assert!(signers(&server).is_empty(), "nothing changed");
    assert_eq!(said(&signed), (201, "release".into()));
    assert_eq!(signers(&server), [Some("release".to_owned())]);
}

#[test]
fn a_key_is_replaced_and_who_signed_is_known_for_ever() {
    let place = Place::new();
    // Before there were publishers.
    let server = place.serve();
    server.publish(&place.plan());
    let old = place.keygen("old.key");
    server.publish(&place.signed("old.key"));
    assert_eq!(signers(&server), [None, None], "nobody vouched for the key");
    assert!(server.stop().success());
    // Both keys count, then the new one alone.
    let new = place.keygen("new.key");
    place.file("both.toml", &format!("[publishers]\nrelease = [\"{old}\", \"{new}\"]\n"));
    let server = place.serve_with(&["--config", "both.toml"]);
    for key in ["old.key", "new.key"] {
        assert_eq!(upload(&server, &place.signed(key)).0, 201, "{key}");
    }
    assert!(server.stop().success());
    place.file("new.toml", &format!("[publishers]\nrelease = \"{new}\"\n"));
    let server = place.serve_with(&["--config", "new.toml"]);
    assert_eq!(upload(&server, &place.signed("old.key")).1, "S036");
    let release = || Some("release".to_owned());
    assert_eq!(signers(&server), [None, None, release(), release()], "as the log says");
    assert!(server.stop().success());
    let verified = place.run(&["store", "verify", "--data", "data"]);
    assert!(verified.status.success(), "{}", text(&verified.stdout));
}

#[test]
fn private_keys_are_kept_from_others_and_never_overwritten() {
    let place = Place::new();
    let public = place.keygen("release.key");
    let mode = std::fs::metadata(place.path("release.key")).expect("it is there").permissions().mode();
    assert_eq!(mode & 0o777, 0o600);
    let again = place.run(&["keygen", "release.key"]);
    assert!(again.status.code() == Some(2) && text(&again.stderr).contains("never overwritten"));
    assert_eq!(text(&place.run(&["keygen", "--public", "release.key"]).stdout).trim(), public);
    // What is signed is rated as what is not, and means the same.
    place.signed("release.key");
    let hash = |file: &str| {
        let shown = place.run(&["rate", file, "--events", "usage.ndjson", "--in", "2026-03"]);
        assert!(shown.status.success(), "{}", text(&shown.stderr));
        text(&shown.stdout)
    };
    place.file("usage.ndjson", &crate::event(1, &["acme"]));
    assert_eq!(hash("signed.pricec"), hash("plan.pricec"));
    // A file that is no key signs nothing, and nothing is written.
    place.file("wrong.key", &public);
    let wrong = place.run(&["build", "plan.price", "-o", "no.pricec", "--sign", "wrong.key"]);
    assert!(wrong.status.code() == Some(2) && text(&wrong.stderr).contains("no private key"));
    assert!(!place.path("no.pricec").exists());
}

#[test]
fn bad_keys_are_told_before_a_server_starts() {
    let place = Place::new();
    let public = place.keygen("release.key");
    let secret = std::fs::read_to_string(place.path("release.key")).expect("it is there");
    let secret = secret.lines().last().expect("a line").to_owned();
    let check = |file: &str, args: &[&str]| {
        place.file("server.toml", file);
        let all = [&["serve", "--check-config", "--data", "d", "--config", "server.toml"], args].concat();
        let ran = place.run(&all);
        (ran.status.code(), text(&ran.stdout), text(&ran.stderr))
    };
    let (code, out, err) = check(&format!("[publishers]\nrelease = \"{public}\"\n"), &[]);
    assert!(code == Some(0) && out.ends_with(&format!("[publishers]\n\"release\" = \"{public}\"\n")), "{out}{err}");
    let (code, out, _) = check("[publishers]\na = \"ed25519:00\"\n", &["--publisher", &format!("b={public}")]);
    assert!((code, out.as_str()) == (Some(2), ""), "a bad key of the file is told though a flag wins");
    let (_, out, _) = check("", &["--publisher", &format!("b={public}")]);
    assert!(out.contains(&format!("\"b\" = \"{public}\"")), "{out}");
    let weak = format!("ed25519:01{}", "0".repeat(62));
    for (value, said) in [
        (format!("\"{secret}\""), "this is a private key"),
        (format!("\"{}\"", &public[..60]), "64 hexadecimal digits"),
        (format!("\"{weak}\""), "no point of the curve"),
        ("1".to_owned(), "publishers.release"),
    ] {
        let (code, _, err) = check(&format!("[publishers]\nrelease = {value}\n"), &[]);
        assert!(code == Some(2) && err.replace("\n  │ ", " ").contains(said), "{value}: {err}");
    }
    let (code, _, err) = check(&format!("[publishers]\na = \"{public}\"\nb = \"{public}\"\n"), &[]);
    assert!(code == Some(2) && err.contains("C078"), "{err}");
    assert_eq!(check("", &["--publisher", "release"]).0, Some(2));
}
