//! Python's `random.Random(seed)`: a playbook that spreads cron jobs by `60 | random(seed=inventory_hostname)` must find the
//! same minutes here.
use num_bigint::BigUint;
use sha2::{Digest, Sha512};

const STATE: usize = 624;
const MIDDLE: usize = 397;

/// The Mersenne Twister, MT19937.
pub struct Random {
    state: [u32; STATE],
    next: usize,
}

impl Random {
    /// As for an integer seed.
    pub fn from_integer(seed: &BigUint) -> Self {
        let mut words = seed.to_u32_digits();
        if words.is_empty() {
            words.push(0);
        }
        Self::from_words(&words)
    }

    /// As for a text: its bytes and their SHA-512 as one number.
    pub fn from_text(seed: &str) -> Self {
        let mut bytes = seed.as_bytes().to_vec();
        bytes.extend_from_slice(&Sha512::digest(seed.as_bytes()));
        Self::from_integer(&BigUint::from_bytes_be(&bytes))
    }

    /// As for a float: its hash, read as an unsigned machine word.
    pub fn from_float(seed: f64) -> Self {
        Self::from_integer(&BigUint::from(super::hash::of_float(seed) as u64))
    }

    fn from_words(key: &[u32]) -> Self {
        let mut random = Self::from_number(19_650_218);
        let state = &mut random.state;
        let (mut at, mut word) = (1, 0);
        for _ in 0..STATE.max(key.len()) {
            let mixed = (state[at - 1] ^ (state[at - 1] >> 30)).wrapping_mul(1_664_525);
            state[at] = (state[at] ^ mixed).wrapping_add(key[word]).wrapping_add(word as u32);
            (at, word) = (at + 1, (word + 1) % key.len());
            if at >= STATE {
                state[0] = state[STATE - 1];
                at = 1;
            }
        }
        for _ in 0..STATE - 1 {
            let mixed = (state[at - 1] ^ (state[at - 1] >> 30)).wrapping_mul(1_566_083_941);
            state[at] = (state[at] ^ mixed).wrapping_sub(at as u32);
            at += 1;
            if at >= STATE {
                state[0] = state[STATE - 1];
                at = 1;
            }
        }
        state[0] = 0x8000_0000;
        random
    }

    fn from_number(seed: u32) -> Self {
        let mut state = [0; STATE];
        state[0] = seed;
        for at in 1..STATE {
            let before = state[at - 1];
            state[at] = 1_812_433_253_u32.wrapping_mul(before ^ (before >> 30)).wrapping_add(at as u32);
        }
        Self { state, next: STATE }
    }

    fn refill(&mut self) {
        for at in 0..STATE {
            let bits = (self.state[at] & 0x8000_0000) | (self.state[(at + 1) % STATE] & 0x7fff_ffff);
            let twist = if bits & 1 == 1 { 0x9908_b0df } else { 0 };
            self.state[at] = self.state[(at + MIDDLE) % STATE] ^ (bits >> 1) ^ twist;
        }
        self.next = 0;
    }

    fn word(&mut self) -> u32 {
        if self.next >= STATE {
            self.refill();
        }
        let mut word = self.state[self.next];
        self.next += 1;
        word ^= word >> 11;
        word ^= (word << 7) & 0x9d2c_5680;
        word ^= (word << 15) & 0xefc6_0000;
        word ^ (word >> 18)
    }

    fn bits(&mut self, count: u32) -> u64 {
        match count {
            0 => 0,
            1..=32 => u64::from(self.word() >> (32 - count)),
            _ => {
                let low = u64::from(self.word());
                low | u64::from(self.word() >> (64 - count.min(64))) << 32
            }
        }
    }

    /// A number below `limit`, which is not zero.
    pub fn below(&mut self, limit: u64) -> u64 {
        let count = u64::BITS - limit.leading_zeros();
        loop {
            let number = self.bits(count);
            if number < limit {
                return number;
            }
        }
    }

    /// The same without bounds: words from the lowest on, of the last one its highest bits.
    pub fn below_large(&mut self, limit: &BigUint) -> BigUint {
        let count = limit.bits();
        loop {
            let full = count / 32;
            let mut words: Vec<u32> = (0..full).map(|_| self.word()).collect();
            if !count.is_multiple_of(32) {
                words.push(self.word() >> (32 - count % 32));
            }
            let number = BigUint::new(words);
            if number < *limit {
                return number;
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_are_pythons() {
        // random.Random(5).randrange(1000000), random.Random('web1').randrange(60)
        assert_eq!(Random::from_integer(&5_u32.into()).below(1_000_000), 653_159);
        assert_eq!(Random::from_text("web1").below(60), 52);
        assert_eq!(Random::from_float(1.5).below(7), 4);
        let small = Random::from_text("a").below_large(&1000_u32.into());
        assert_eq!(small, Random::from_text("a").below(1000).into());
    }
}
