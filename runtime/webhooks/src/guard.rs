//! Addresses that are never asked: whoever sets an endpoint must not reach the machines around the
//! server through it.

use std::net::{IpAddr, Ipv4Addr, Ipv6Addr};
use ureq::http::Uri;

/// Whether an address is not one of the public internet: of this machine, of a private network, of a
/// cloud's own services, or of no use at all.
pub fn is_internal(address: IpAddr) -> bool {
    match address {
        IpAddr::V4(v4) => internal_v4(v4),
        IpAddr::V6(v6) => internal_v6(v6),
    }
}

fn internal_v4(v4: Ipv4Addr) -> bool {
    let [a, b, c, _] = v4.octets();
    v4.is_loopback()
        || v4.is_private()
        || v4.is_link_local()
        || v4.is_multicast()
        || v4.is_documentation()
        || a == 0
        || a >= 240
        // Shared address space of carriers, where clouds keep services too.
        || (a == 100 && (64..128).contains(&b))
        || (a == 192 && b == 0 && c == 0)
        || (a == 192 && b == 88 && c == 99)
        || (a == 198 && (b == 18 || b == 19))
}

fn internal_v6(v6: Ipv6Addr) -> bool {
    let s = v6.segments();
    let inside = |high: u16, low: u16| {
        let ([a, b], [c, d]) = (high.to_be_bytes(), low.to_be_bytes());
        internal_v4(Ipv4Addr::new(a, b, c, d))
    };
    if let Some(v4) = v6.to_ipv4_mapped() {
        return internal_v4(v4);
    }
    match s {
        // Translation prefixes lead to the IPv4 address that they hold.
        [0x64, 0xff9b, 0, 0, 0, 0, high, low] => inside(high, low),
        [0x64, 0xff9b, 1, ..] => true,
        [0x2002, high, low, ..] => inside(high, low),
        // Teredo holds one in a form of its own.
        [0x2001, 0, ..] => true,
        [0x2001, 0xdb8, ..] | [0x100, 0, 0, 0, ..] => true,
        // Only 2000::/3 is given out.
        [first, ..] => !(0x2000..0x4000).contains(&first),
    }
}

/// Why an address is not taken.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum UrlError {
    /// It is none.
    #[error("`{0}` is no address such as https://example.com/hook")]
    Form(String),
    /// It is not encrypted.
    #[error("an endpoint is reached over https")]
    Plain,
    /// It names a user.
    #[error("an address with a user or a password is not taken; requests are signed")]
    User,
    /// It is one of an internal network.
    #[error("`{0}` is not on the public internet")]
    Internal(String),
}

/// Checks an address as far as that goes without asking for names; `internal` is for development: it lets
/// `http` and internal addresses be.
pub fn plain_url(url: &str, internal: bool) -> Result<(), UrlError> {
    let uri: Uri = url.parse().map_err(|_| UrlError::Form(url.to_owned()))?;
    let (Some(scheme), Some(authority)) = (uri.scheme_str(), uri.authority()) else {
        return Err(UrlError::Form(url.to_owned()));
    };
    if authority.as_str().contains('@') {
        return Err(UrlError::User);
    }
    match scheme {
        "https" => {}
        "http" if internal => {}
        "http" => return Err(UrlError::Plain),
        _ => return Err(UrlError::Form(url.to_owned())),
    }
    let host = authority.host().trim_start_matches('[').trim_end_matches(']');
    if host.is_empty() {
        return Err(UrlError::Form(url.to_owned()));
    }
    let name = host.trim_end_matches('.').to_ascii_lowercase();
    let local = name == "localhost" || name.ends_with(".localhost") || name.ends_with(".internal");
    if !internal && (local || host.parse::<IpAddr>().is_ok_and(is_internal)) {
        return Err(UrlError::Internal(host.to_owned()));
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_the_public_internet_is_asked() {
        for inside in [
            "127.0.0.1",
            "10.1.2.3",
            "172.16.0.1",
            "172.31.255.255",
            "192.168.1.1",
            "169.254.169.254",
            "100.64.0.1",
            "100.100.100.200",
            "0.0.0.0",
            "224.0.0.1",
            "255.255.255.255",
            "192.0.0.192",
            "198.18.0.1",
            "203.0.113.9",
            "::",
            "::1",
            "fe80::1",
            "fc00::1",
            "fd00:ec2::254",
            "ff02::1",
            "::ffff:127.0.0.1",
            "::ffff:10.0.0.1",
            "64:ff9b::7f00:1",
            "64:ff9b::a00:1",
            "64:ff9b:1::1",
            "2002:7f00:1::",
            "2002:a9fe:a9fe::",
            "2001:0:1::",
            "2001:db8::1",
            "::127.0.0.1",
            "4000::1",
        ] {
            assert!(is_internal(inside.parse().expect("an address")), "{inside}");
        }
        for outside in ["1.1.1.1", "8.8.8.8", "100.128.0.1", "172.32.0.1", "2606:4700::1111", "64:ff9b::808:808"] {
            assert!(!is_internal(outside.parse().expect("an address")), "{outside}");
        }
    }

    #[test]
    fn addresses_are_checked_before_anything_is_sent() {
        assert_eq!(plain_url("https://example.com/hook?x=1", false), Ok(()));
        assert_eq!(plain_url("http://127.0.0.1:9/", true), Ok(()));
        assert_eq!(plain_url("http://example.com/", false), Err(UrlError::Plain));
        assert_eq!(plain_url("https://u:p@example.com/", false), Err(UrlError::User));
        for inside in
            ["https://127.0.0.1/", "https://[::1]/", "https://LOCALHOST./", "https://metadata.google.internal/"]
        {
            assert!(matches!(plain_url(inside, false), Err(UrlError::Internal(_))), "{inside}");
        }
        for wrong in ["", "example.com", "ftp://example.com/", "https://", "https:///x", "file:///etc/passwd"] {
            assert!(matches!(plain_url(wrong, true), Err(UrlError::Form(_))), "{wrong}");
        }
    }
}
