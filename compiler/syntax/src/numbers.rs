//! The mistakes people make when they write numbers.
//!
//! The scan of `prepare.rs` calls this where a number starts. Correct numbers pass without a
//! word; the others are reported with what they probably meant, and mended for the grammar
//! where the mended form has the same length.

use crate::limits;
use crate::prepare::Scanner;
use price_diagnostics::{Code, Diagnostic, Fix};

const SUFFIXES: [&str; 3] = ["k", "M", "bn"];

/// Reads a number, a date or a clock time, and leaves the scanner behind it.
pub(crate) fn number(scan: &mut Scanner<'_>) {
    let start = scan.at;
    if let Some(length) = date_or_clock(&scan.bytes[start..]) {
        scan.at += length;
        return;
    }
    if hex_or_binary(scan, start) {
        return;
    }
    let body = run(&scan.bytes[start..]);
    let raw = &scan.text[start..start + body];
    let after = start + body;
    let digits = raw.bytes().filter(u8::is_ascii_digit).count();
    if digits > limits::NUMBER_DIGITS {
        let span = scan.span(start, after);
        scan.report(
            Diagnostic::error(Code("P013"), format!("a number has {digits} digits"))
                .at(span, "")
                .help(format!("at most {} can be read", limits::NUMBER_DIGITS)),
        );
        let short = format!("{:width$}", "0", width = body);
        scan.heal(start, &short);
        scan.at = after + letters(&scan.bytes[after..]);
        return;
    }
    if blanks(scan, start, raw) {
        return;
    }
    let suffix_length = letters(&scan.bytes[after..]);
    let suffix = &scan.text[after..after + suffix_length];
    scan.at = after + suffix_length;
    let grouped = groups(scan, start, raw, suffix);
    if !suffix.is_empty() && !SUFFIXES.contains(&suffix) && !grouped {
        wrong_suffix(scan, start, raw, suffix);
        return;
    }
    behind(scan, start);
}

/// Length of digits with `_`, and of points and commas that have a digit on both sides.
fn run(bytes: &[u8]) -> usize {
    let digit = |at: usize| bytes.get(at).is_some_and(u8::is_ascii_digit);
    let mut at = 0;
    loop {
        match bytes.get(at) {
            Some(b'0'..=b'9') => at += 1,
            Some(b'_') if bytes.get(at + 1).is_some_and(|b| b.is_ascii_digit() || *b == b'_') => {
                at += 1;
            }
            Some(b'.' | b',') if digit(at + 1) => at += 1,
            _ => return at,
        }
    }
}

fn letters(bytes: &[u8]) -> usize {
    let inside = |b: &&u8| b.is_ascii_alphanumeric() || **b == b'_';
    bytes.iter().take_while(inside).count()
}

fn date_or_clock(bytes: &[u8]) -> Option<usize> {
    let digits = bytes.iter().take_while(|b| b.is_ascii_digit()).count();
    let next = bytes.get(digits)?;
    let after = bytes.get(digits + 1)?;
    let date = digits == 4 && *next == b'-' && (after.is_ascii_digit() || *after == b'Q');
    let clock = *next == b':' && after.is_ascii_digit();
    if !date && !clock {
        return None;
    }
    let inside = |b: &&u8| b.is_ascii_alphanumeric() || matches!(b, b'-' | b':' | b'_');
    Some(bytes.iter().take_while(inside).count())
}

fn hex_or_binary(scan: &mut Scanner<'_>, start: usize) -> bool {
    let bytes = &scan.bytes[start..];
    if bytes[0] != b'0' || !matches!(bytes.get(1), Some(b'x' | b'X' | b'b' | b'B' | b'o')) {
        return false;
    }
    let length = letters(bytes);
    let text = &scan.text[start..start + length];
    let radix = match bytes[1] {
        b'x' | b'X' => 16,
        b'o' => 8,
        _ => 2,
    };
    let Ok(value) = u64::from_str_radix(&text[2..].replace('_', ""), radix) else {
        return false;
    };
    let mended = with_underscores(&value.to_string());
    let span = scan.span(start, start + length);
    scan.report(
        Diagnostic::error(Code("P106"), "numbers are written in decimal digits")
            .at(span, format!("this would be {mended}"))
            .fix(Fix::replace(format!("write `{mended}`"), span, mended.clone(), true)),
    );
    heal_padded(scan, start, length, &mended);
    scan.at = start + length;
    true
}

/// Checks separators inside the digits; true if something was reported.
fn groups(scan: &mut Scanner<'_>, start: usize, raw: &str, suffix: &str) -> bool {
    let points = raw.matches('.').count();
    let has_comma = raw.contains(',');
    let span = scan.span(start, start + raw.len() + suffix.len());
    if has_comma || points > 1 {
        let readings = separator_readings(raw);
        let mut diagnostic = if has_comma {
            Diagnostic::error(Code("P104"), "a comma cannot be used inside a number")
        } else {
            Diagnostic::error(Code("P104"), "a number can have only one point")
        }
        .at(span, "")
        .note("the same digits are read as a thousand in one country and as one in another");
        let safe = readings.len() == 1;
        if let Some(first) = readings.first() {
            diagnostic = diagnostic.help(format!("write `{first}{suffix}`"));
        }
        for reading in &readings {
            diagnostic = diagnostic.fix(Fix::replace(
                format!("write `{reading}{suffix}`"),
                span,
                format!("{reading}{suffix}"),
                safe,
            ));
        }
        scan.report(diagnostic);
        let length = raw.len() + suffix.len();
        let mended = readings.first().cloned().unwrap_or_else(|| "0".to_owned());
        heal_padded(scan, start, length, &mended);
        return true;
    }
    let (whole, fraction) = raw.split_once('.').unwrap_or((raw, ""));
    let parts: Vec<&str> = whole.split('_').collect();
    let first_fits = parts.len() == 1 || (1..=3).contains(&parts[0].len());
    let others_fit = parts.iter().skip(1).all(|part| part.len() == 3);
    if first_fits && others_fit && !fraction.contains('_') {
        return false;
    }
    let plain = whole.replace('_', "");
    let mut mended = with_underscores(&plain);
    if !fraction.is_empty() {
        mended = format!("{mended}.{}", fraction.replace('_', ""));
    }
    scan.report(
        Diagnostic::error(Code("P108"), "`_` separates groups of three digits")
            .at(span, "")
            .help(format!("write `{mended}{suffix}`"))
            .fix(Fix::replace(format!("write `{mended}{suffix}`"), span, format!("{mended}{suffix}"), true)),
    );
    let unseparated = mended.replace('_', "");
    heal_padded(scan, start, raw.len() + suffix.len(), &unseparated);
    true
}

/// Groups of three digits behind blanks, `1 234,50`; true if they were reported. No two numbers stand
/// next to each other in the language, but what is meant may also be two of them.
fn blanks(scan: &mut Scanner<'_>, start: usize, raw: &str) -> bool {
    let plain = (1..=3).contains(&raw.len()) && raw.bytes().all(|b| b.is_ascii_digit()) && !raw.starts_with('0');
    let mut at = start + raw.len();
    let mut digits = raw.to_owned();
    let digit = |at: usize| scan.bytes.get(at).is_some_and(u8::is_ascii_digit);
    if !plain {
        return false;
    }
    loop {
        let blank = scan.text[at..].chars().next().filter(|c| matches!(c, ' ' | '\u{a0}' | '\u{2009}' | '\u{202f}'));
        let Some(group) = blank.map(|blank| at + blank.len_utf8()) else { break };
        let three = (0..3).all(|place| digit(group + place));
        if !three || digit(group + 3) || matches!(scan.bytes.get(group + 3), Some(b'_' | b':' | b'-')) {
            break;
        }
        digits.push_str(&scan.text[group..group + 3]);
        at = group + 3;
    }
    if digits.len() == raw.len() {
        return false;
    }
    let mut mended = with_underscores(&digits);
    if matches!(scan.bytes.get(at), Some(b'.' | b',')) && digit(at + 1) {
        let length = scan.bytes[at + 1..].iter().take_while(|b| b.is_ascii_digit()).count();
        mended = format!("{mended}.{}", &scan.text[at + 1..at + 1 + length]);
        at += 1 + length;
    }
    let suffix_length = letters(&scan.bytes[at..]);
    if SUFFIXES.contains(&&scan.text[at..at + suffix_length]) {
        mended.push_str(&scan.text[at..at + suffix_length]);
        at += suffix_length;
    }
    let span = scan.span(start, at);
    scan.report(
        Diagnostic::error(Code("P104"), "a blank cannot be used inside a number")
            .at(span, "")
            .help(format!("write `{mended}`"))
            .fix(Fix::replace(format!("write `{mended}`"), span, mended.clone(), false)),
    );
    heal_padded(scan, start, at - start, &mended);
    scan.at = at;
    true
}

/// What digits with commas or several points can mean; the likelier reading first. `1,234` is a
/// thousand in one country and a little more than one in another: two readings, and none is certain.
fn separator_readings(raw: &str) -> Vec<String> {
    let thousands = |separator: char, text: &str| {
        let mut parts = text.split(separator);
        let first = parts.next().unwrap_or_default();
        // No thousands begin with a zero: `0,010` is a fraction.
        (1..=3).contains(&first.len()) && !first.starts_with('0') && parts.all(|part| part.len() == 3)
    };
    let mut readings = Vec::new();
    // 1,234.56 and 1,234
    let (whole, fraction) = raw.rsplit_once('.').map_or((raw, None), |(w, f)| (w, Some(f)));
    if thousands(',', whole) && !whole.contains('.') && whole.contains(',') {
        let digits = with_underscores(&whole.replace([',', '_'], ""));
        readings.push(match fraction {
            Some(fraction) if !fraction.contains(',') => format!("{digits}.{fraction}"),
            _ => digits,
        });
    }
    // 1.234,56 and 0,5
    if raw.matches(',').count() == 1 {
        let (whole, fraction) = raw.split_once(',').unwrap_or((raw, ""));
        let plain = !whole.contains('.') || thousands('.', whole);
        if plain && !fraction.contains('.') {
            let digits = with_underscores(&whole.replace(['.', '_'], ""));
            readings.push(format!("{digits}.{fraction}"));
        }
    }
    // 1.234.567
    if !raw.contains(',') && thousands('.', raw) {
        readings.push(with_underscores(&raw.replace(['.', '_'], "")));
    }
    readings
}

fn wrong_suffix(scan: &mut Scanner<'_>, start: usize, raw: &str, suffix: &str) {
    let length = raw.len() + suffix.len();
    let span = scan.span(start, start + length);
    if let Some(power) = suffix.strip_prefix(['e', 'E']) {
        // A sign would have ended the run of letters.
        let signed = if power.is_empty() { scan.peek(0) } else { 0 };
        if signed == b'-' || signed == b'+' {
            scan.at += 1 + letters(&scan.bytes[scan.at + 1..]);
            let text = &scan.text[start..scan.at];
            let diagnostic = exponent(scan, start, raw, &text[raw.len() + 1..]);
            scan.report(diagnostic);
            return;
        }
        if !power.is_empty() && power.bytes().all(|b| b.is_ascii_digit()) {
            let diagnostic = exponent(scan, start, raw, power);
            scan.report(diagnostic);
            heal_padded(scan, start, length, raw.split('.').next().unwrap_or("0"));
            return;
        }
    }
    let meant: &[&str] = match suffix {
        "K" => &["k"],
        "m" => &["M", " minutes", " months"],
        "MM" | "mm" | "Mio" | "mio" | "mn" | "mln" | "mil" | "million" | "millions" => &["M"],
        "B" | "b" | "Bn" | "BN" | "bil" | "billion" | "billions" | "mrd" | "Mrd" | "G" => &["bn"],
        "thousand" => &["k"],
        "t" | "T" | "tn" | "trillion" => &["_000bn"],
        _ => &[],
    };
    if meant.is_empty() {
        let word = suffix.starts_with(|c: char| c.is_ascii_alphabetic());
        let mended = if word { format!("{raw} {suffix}") } else { raw.to_owned() };
        scan.report(
            Diagnostic::error(Code("P107"), "a space is missing between a number and its unit")
                .at(span, "")
                .help(format!("write `{mended}`"))
                .note("if this is a label, put it in quotes")
                .fix(Fix::replace(format!("write `{mended}`"), span, mended.clone(), true)),
        );
        return;
    }
    let mut diagnostic = Diagnostic::error(Code("P105"), format!("`{suffix}` does not say how large a number is"))
        .at(span, "")
        .note(reason(suffix))
        .help("`k` is a thousand, `M` a million, `bn` a thousand million");
    let safe = meant.len() == 1;
    for suffix in meant {
        let mended = format!("{raw}{suffix}");
        diagnostic = diagnostic.fix(Fix::replace(format!("write `{mended}`"), span, mended.clone(), safe));
    }
    scan.report(diagnostic);
    let mended = format!("{raw}{}", meant[0]);
    if mended.len() <= length {
        heal_padded(scan, start, length, &mended);
    } else {
        heal_padded(scan, start, length, raw);
    }
}

fn reason(suffix: &str) -> &'static str {
    match suffix {
        "K" => "a capital `K` is the kelvin, and 1024 in some trades",
        "m" => "`m` is a minute or a month to some readers and a million to others",
        "MM" | "mm" => "`MM` is a million in finance, and a thousand thousands to others",
        "B" | "b" | "G" => "`B` is the byte",
        _ => "each size has one spelling",
    }
}

fn exponent(scan: &Scanner<'_>, start: usize, raw: &str, power: &str) -> Diagnostic {
    let span = scan.span(start, scan.at);
    let diagnostic = Diagnostic::error(Code("P106"), "numbers are written without an exponent").at(span, "");
    let Some(mended) = expand(raw, power) else {
        return diagnostic;
    };
    diagnostic.help(format!("write `{mended}`")).fix(Fix::replace(
        format!("write `{mended}`"),
        span,
        mended.clone(),
        true,
    ))
}

/// `1.5` and `6` give `1_500_000`; none if the result would be absurdly long.
fn expand(raw: &str, power: &str) -> Option<String> {
    let power: i32 = power.parse().ok().filter(|p: &i32| p.abs() <= 18)?;
    let (whole, fraction) = raw.split_once('.').unwrap_or((raw, ""));
    let digits = format!("{}{}", whole.replace('_', ""), fraction);
    let point = i32::try_from(digits.len() - fraction.len()).ok()? + power;
    if point <= 0 {
        let zeros = "0".repeat(usize::try_from(-point).ok()?);
        return Some(format!("0.{zeros}{digits}"));
    }
    let point = usize::try_from(point).ok()?;
    if digits.len() <= point {
        let zeros = "0".repeat(point - digits.len());
        return Some(with_underscores(&format!("{digits}{zeros}")));
    }
    let (whole, fraction) = digits.split_at(point);
    Some(format!("{}.{fraction}", with_underscores(whole)))
}

/// Looks at what stands directly behind a number.
fn behind(scan: &mut Scanner<'_>, start: usize) {
    let rest = &scan.text[scan.at..];
    if let Some(symbol) = rest.chars().next().filter(|c| "$€£¥".contains(*c)) {
        let raw = scan.text[start..scan.at].to_owned();
        let width = symbol.len_utf8();
        let end = scan.at + width;
        let mended = format!("{symbol}{raw}");
        let span = scan.span(start, end);
        scan.heal(start, &mended);
        scan.at = end;
        scan.report(
            Diagnostic::error(Code("P110"), "the currency sign stands in front of the number")
                .at(span, "")
                .fix(Fix::replace(format!("write `{mended}`"), span, mended.clone(), true)),
        );
        return;
    }
    let spaces = rest.bytes().take_while(|b| *b == b' ').count();
    if spaces > 0 && rest.as_bytes().get(spaces) == Some(&b'%') {
        let raw = scan.text[start..scan.at].to_owned();
        let end = scan.at + spaces + 1;
        let span = scan.span(start, end);
        let blank = " ".repeat(spaces);
        scan.heal(start, &format!("{blank}{raw}%"));
        scan.at = end;
        scan.report(Diagnostic::error(Code("P109"), "no space stands in front of `%`").at(span, "").fix(Fix::replace(
            format!("write `{raw}%`"),
            span,
            format!("{raw}%"),
            true,
        )));
    }
}

/// Groups of three, `1_000_000`; numbers of up to four digits stay as they are.
pub(crate) fn with_underscores(digits: &str) -> String {
    let digits = match digits.trim_start_matches('0') {
        "" => "0",
        rest => rest,
    };
    if digits.len() < 4 {
        return digits.to_owned();
    }
    let mut out = String::new();
    for (index, digit) in digits.chars().enumerate() {
        if index > 0 && (digits.len() - index).is_multiple_of(3) {
            out.push('_');
        }
        out.push(digit);
    }
    out
}

/// Puts a mended number over `length` bytes, with space in front; nothing if it does not fit.
fn heal_padded(scan: &mut Scanner<'_>, start: usize, length: usize, mended: &str) {
    let mut mended = mended.to_owned();
    if mended.len() > length {
        mended = mended.replace('_', "");
    }
    if mended.len() > length {
        return;
    }
    // A currency sign in front must keep touching the digits, so the space goes behind.
    scan.heal(start, &format!("{mended:<length$}"));
}
