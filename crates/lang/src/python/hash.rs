//! Python's `hash()` of numbers, which seeds of random numbers go through.

/// The hash of a float on a 64-bit machine: its value modulo the prime 2^61 - 1.
pub fn of_float(number: f64) -> i64 {
    const BITS: i32 = 61;
    const PRIME: u64 = (1 << BITS) - 1;
    if number.is_nan() {
        return 0;
    }
    if number.is_infinite() {
        return if number > 0.0 { 314_159 } else { -314_159 };
    }
    let (mut mantissa, mut exponent) = split(number.abs());
    let mut hash = 0_u64;
    while mantissa != 0.0 {
        hash = ((hash << 28) & PRIME) | (hash >> (BITS - 28));
        mantissa *= 268_435_456.0;
        exponent -= 28;
        let digit = mantissa as u64;
        mantissa -= digit as f64;
        hash += digit;
        if hash >= PRIME {
            hash -= PRIME;
        }
    }
    let turn = exponent.rem_euclid(BITS);
    hash = ((hash << turn) & PRIME) | (hash >> (BITS - turn));
    let hash = if number < 0.0 { -(hash as i64) } else { hash as i64 };
    if hash == -1 { -2 } else { hash }
}

/// C's `frexp`: a mantissa from a half to one, and its exponent.
fn split(number: f64) -> (f64, i32) {
    if number == 0.0 {
        return (0.0, 0);
    }
    let bits = number.to_bits();
    let exponent = ((bits >> 52) & 0x7ff) as i32;
    if exponent == 0 {
        let (mantissa, exponent) = split(number * 2_f64.powi(64));
        return (mantissa, exponent - 64);
    }
    (f64::from_bits((bits & !(0x7ff << 52)) | (1022 << 52)), exponent - 1022)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn hashes_are_pythons() {
        assert_eq!(of_float(1.5), 1_152_921_504_606_846_977);
        assert_eq!(of_float(0.1), 230_584_300_921_369_408);
        assert_eq!(of_float(-2.0), -2);
        assert_eq!(of_float(1e300), 1_224_995_262_755_759_164);
    }
}
