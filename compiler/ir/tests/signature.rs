//! Signatures of artefacts: what was signed is known, and nothing else is.

use price_ir::artefact::{decode, encode, read};
use price_ir::signature::{KeyError, PublicKey, SecretKey, TRAILER, sign, split};
use price_ir::{SourceMap, text};

fn artefact() -> Vec<u8> {
    let plan = text::parse(include_str!("plans/whole.ir")).unwrap().plan;
    encode(&plan, &SourceMap::default()).unwrap()
}

fn key(of: u8) -> SecretKey {
    SecretKey::new(&[of; 32])
}

/// Whether the signature behind these bytes is of the key.
fn holds(bytes: &[u8], key: &PublicKey) -> bool {
    let (artefact, signature) = split(bytes);
    signature.is_some_and(|signature| signature.is_of(artefact, key))
}

#[test]
fn a_signed_plan_is_the_same_plan() {
    let bytes = artefact();
    let signed = sign(&bytes, &key(1));
    assert_eq!(signed.len(), bytes.len() + TRAILER);
    assert_eq!(split(&signed).0, bytes);
    assert_eq!(decode(&signed).unwrap(), decode(&bytes).unwrap());
    assert_eq!(read(signed.as_slice()).unwrap().hash, decode(&bytes).unwrap().hash);
    assert!(holds(&signed, &key(1).public()) && !holds(&signed, &key(2).public()));
    assert!(!holds(&bytes, &key(1).public()), "it is not signed");
    // Signed again, the first signature is gone; the same key signs the same way.
    assert_eq!(sign(&sign(&bytes, &key(2)), &key(1)), signed);
}

#[test]
fn every_changed_bit_is_noticed() {
    let bytes = artefact();
    let (signed, public) = (sign(&bytes, &key(1)), key(1).public());
    // One bit of each byte of the head and the signature, and some of what is between.
    let places = (0..60).chain((60..bytes.len()).step_by(97)).chain(bytes.len()..signed.len());
    for at in places {
        let mut changed = signed.clone();
        changed[at] ^= 1 << (at % 8);
        assert!(!holds(&changed, &public), "byte {at}");
    }
    // The signature of another plan.
    let mut other = signed.clone();
    other[bytes.len() - 1] ^= 1;
    assert!(!holds(&other, &public));
    for cut in [1, 8, TRAILER - 1] {
        assert!(split(&signed[..signed.len() - cut]).1.is_none());
        assert!(decode(&signed[..signed.len() - cut]).is_err(), "it is not whole");
    }
    assert!(decode(&[signed.clone(), signed[bytes.len()..].to_vec()].concat()).is_err(), "signed twice");
}

#[test]
fn keys_are_read_as_they_were_written() {
    let key = key(7);
    let text = key.public().to_string();
    assert_eq!(text.parse(), Ok(key.public()));
    assert_eq!(SecretKey::from_text(&key.to_text()).unwrap().public(), key.public());
    assert!(!format!("{key:?}").contains(&"07".repeat(32)));
    let secret = key.to_text().lines().last().unwrap().to_owned();
    assert_eq!(secret.parse::<PublicKey>(), Err(KeyError::Secret));
    for wrong in ["", "ed25519:", "ed25519:12", "rsa:00", &text[..text.len() - 1], &format!("{text}0")] {
        assert_eq!(wrong.parse::<PublicKey>(), Err(KeyError::Public), "{wrong}");
    }
    // The neutral point: a signature by it can be made for anything.
    assert_eq!(format!("ed25519:01{}", "0".repeat(62)).parse::<PublicKey>(), Err(KeyError::Point));
    for wrong in ["", "# only a comment", &text, &format!("{secret}\n{secret}")] {
        assert!(SecretKey::from_text(wrong).is_err(), "{wrong}");
    }
}
