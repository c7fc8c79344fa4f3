//! Division of 128-bit numbers for compiled code, which has none of its own.

#![expect(unsafe_code, reason = "called from machine code: takes a pointer to where the quotient goes")]

use price_value::RoundingMode;

/// The number compiled code passes for a direction.
pub(crate) fn code(mode: RoundingMode) -> i64 {
    match mode {
        RoundingMode::Down => 0,
        RoundingMode::Up => 1,
        RoundingMode::HalfUp => 2,
        RoundingMode::HalfEven => 3,
    }
}

/// Writes `n / d` rounded by `mode` to `out[0]` (low) and `out[1]` (high).
///
/// Never panics: unwinding through machine code would end the process. A divisor that is not
/// above zero, which compiled code never passes, gives 0.
///
/// # Safety
/// `out` points to two writable words.
pub(crate) unsafe extern "C" fn divide(n_lo: u64, n_hi: u64, d_lo: u64, d_hi: u64, mode: i64, out: *mut u64) {
    let join = |lo: u64, hi: u64| ((u128::from(hi) << 64) | u128::from(lo)) as i128;
    let quotient = rounded(join(n_lo, n_hi), join(d_lo, d_hi), mode);
    // SAFETY: the caller gives two words; compiled code passes a stack slot of 16 bytes.
    unsafe {
        out.write(quotient as u64);
        out.add(1).write((quotient >> 64) as u64);
    }
}

fn rounded(numer: i128, denom: i128, mode: i64) -> i128 {
    if denom <= 0 {
        return 0;
    }
    let quotient = numer.wrapping_div(denom);
    let rest = numer.wrapping_rem(denom).unsigned_abs();
    let other = denom.unsigned_abs() - rest;
    let bump = match mode {
        0 => false,
        1 => rest != 0,
        2 => rest >= other,
        _ => rest > other || (rest == other && quotient & 1 != 0),
    };
    if bump { quotient.wrapping_add(numer.signum()) } else { quotient }
}

#[cfg(test)]
mod tests {
    use super::*;
    use price_value::rounding::div_round;

    #[test]
    fn agrees_with_the_rounding_of_values() {
        let modes = [RoundingMode::Down, RoundingMode::Up, RoundingMode::HalfUp, RoundingMode::HalfEven];
        let edges = [0, 1, 2, 3, 5, 6, 7, 1 << 64, (1 << 64) + 1, (1 << 126) - 1, 25, 15, 35];
        for mode in modes {
            for n in edges.into_iter().flat_map(|n: i128| [n, -n]) {
                for d in [1, 2, 3, 10, 1 << 65, (1 << 126) - 1] {
                    let mut out = [0u64; 2];
                    let (n_lo, n_hi, d_lo, d_hi) = (n as u64, (n >> 64) as u64, d as u64, (d >> 64) as u64);
                    // SAFETY: `out` has two words.
                    unsafe { divide(n_lo, n_hi, d_lo, d_hi, code(mode), out.as_mut_ptr()) };
                    let quotient = ((u128::from(out[1]) << 64) | u128::from(out[0])) as i128;
                    assert_eq!(quotient, div_round(n, d, mode), "{n} / {d} {mode}");
                }
            }
        }
        assert_eq!(rounded(5, 0, 1), 0);
        assert_eq!(rounded(i128::MIN, 1, 1), i128::MIN);
    }
}
