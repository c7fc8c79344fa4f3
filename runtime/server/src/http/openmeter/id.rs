//! Ids in the form that they give ids: 26 letters that stand for a kind of thing and a name.

use crate::http::App;
use crate::http::problem::Problem;
use crate::keys::Caller;
use price_core::account_hash;

const LETTERS: &[u8; 32] = b"0123456789ABCDEFGHJKMNPQRSTVWXYZ";
/// Letters of an id.
const LENGTH: usize = 26;

/// The id of something: the same for the same name, another for another kind.
pub(super) fn id(kind: &str, name: &str) -> String {
    let mut number = account_hash(name) ^ account_hash(kind);
    // The first letter of 26 holds three bits.
    let mut letters = [b'0'; LENGTH];
    for letter in letters.iter_mut().rev() {
        *letter = LETTERS[(number & 31) as usize];
        number >>= 5;
    }
    String::from_utf8_lossy(&letters).into_owned()
}

/// The hash of the name that an id of a kind stands for; none where it is no id.
fn hash(kind: &str, id: &str) -> Option<u128> {
    if id.len() != LENGTH || id.as_bytes()[0] > b'7' {
        return None;
    }
    let digit = |letter: u8| LETTERS.iter().position(|known| *known == letter.to_ascii_uppercase());
    let number = id.bytes().try_fold(0u128, |number, letter| Some(number << 5 | digit(letter)? as u128))?;
    Some(number ^ account_hash(kind))
}

/// The account of a name, or of an id of a customer or a subject. A name goes before an id.
pub(super) async fn account(app: &App, caller: &Caller, asked: &str) -> Result<Option<String>, Problem> {
    let (tenant, name) = (caller.tenant.clone(), asked.to_owned());
    let found = app.node()?.read(move |machine| {
        if machine.has_account(&tenant, &name) {
            return Some(name);
        }
        ["customer", "subject"].into_iter().find_map(|kind| machine.account_hashed(&tenant, hash(kind, &name)?))
    });
    Ok(found.await?)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn ids_are_ulids_in_form_and_lead_back() {
        let made = id("customer", "acme");
        assert!(made.len() == LENGTH && made.as_bytes()[0] <= b'7', "{made}");
        assert_eq!(made, id("customer", "acme"));
        assert_ne!(made, id("subject", "acme"));
        assert_eq!(hash("customer", &made), Some(account_hash("acme")));
        assert_eq!(hash("customer", &made.to_lowercase()), Some(account_hash("acme")));
        assert_ne!(hash("subject", &made), Some(account_hash("acme")));
        for other in ["", "acme", "8ZZZZZZZZZZZZZZZZZZZZZZZZZ", "0000000000000000000000000U", "äääääääääääää"]
        {
            assert_eq!(hash("customer", other), None, "{other}");
        }
    }
}
