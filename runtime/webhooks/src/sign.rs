//! Signatures: `v1,` and base64 of HMAC-SHA256 over `id.timestamp.body`.

use crate::limits;
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use hmac::{Hmac, Mac as _};
use sha2::Sha256;

/// What a secret begins with.
const PREFIX: &str = "whsec_";

/// Why a secret cannot be used.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("a secret is `whsec_` and base64 of 24 to 64 bytes")]
pub struct SecretError;

/// A secret of random bytes.
pub fn new_secret(random: &[u8; 32]) -> String {
    format!("{PREFIX}{}", STANDARD.encode(random))
}

/// The signature of a message under one secret.
pub fn sign(secret: &str, id: &str, seconds: i64, body: &str) -> Result<String, SecretError> {
    let text = secret.strip_prefix(PREFIX).ok_or(SecretError)?;
    let key = STANDARD.decode(text).map_err(|_| SecretError)?;
    if !limits::SECRET_BYTES.contains(&key.len()) {
        return Err(SecretError);
    }
    let mut mac = Hmac::<Sha256>::new_from_slice(&key).map_err(|_| SecretError)?;
    mac.update(format!("{id}.{seconds}.{body}").as_bytes());
    Ok(format!("v1,{}", STANDARD.encode(mac.finalize().into_bytes())))
}

/// The header: a signature for each secret, so that one can be taken out of use while both are.
pub fn signatures<'s>(
    secrets: impl Iterator<Item = &'s str>,
    id: &str,
    seconds: i64,
    body: &str,
) -> Result<String, SecretError> {
    let all: Result<Vec<String>, SecretError> = secrets.map(|secret| sign(secret, id, seconds, body)).collect();
    Ok(all?.join(" "))
}

#[cfg(test)]
mod tests {
    use super::*;

    /// The example of the standard.
    #[test]
    fn a_known_message_has_a_known_signature() {
        let secret = "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw";
        let signature = sign(secret, "msg_p5jXN8AQM9LWM0D4loKWxJek", 1_614_265_330, "{\"test\": 2432232314}");
        assert_eq!(signature.as_deref(), Ok("v1,g0hM9SsE+OTPJTGt/tmIKtSyZlE3uFJELVlNIOLJ1OE="));
        let both = signatures([secret, secret].into_iter(), "a", 1, "b").expect("both are right");
        assert_eq!(both.split(' ').count(), 2);
    }

    #[test]
    fn what_is_no_secret_is_an_error() {
        let short = format!("whsec_{}", STANDARD.encode([1; 23]));
        for wrong in ["", "x", "whsec_", "whsec_*", "MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw", &short] {
            assert_eq!(sign(wrong, "a", 1, "b"), Err(SecretError), "{wrong}");
        }
        assert!(sign(&new_secret(&[7; 32]), "a", 1, "b").is_ok());
    }
}
