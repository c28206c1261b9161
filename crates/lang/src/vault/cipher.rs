//! Keys from a password and a salt, and what they do: PBKDF2 with SHA-256, AES-256 in counter mode, HMAC.
use aes::cipher::{KeyIvInit, StreamCipher};
use hmac::{KeyInit, Mac};
use zeroize::Zeroizing;

type Hmac = hmac::Hmac<sha2::Sha256>;
type Ctr = ctr::Ctr128BE<aes::Aes256>;

const ITERATIONS: u32 = 10_000;
const BLOCK: usize = 16;
const KEY: usize = 32;

pub struct Keys {
    /// The cipher's key, the authentication's, and the first counter block.
    bytes: Zeroizing<[u8; KEY + KEY + BLOCK]>,
}

impl Keys {
    pub fn derive(password: &[u8], salt: &[u8]) -> Self {
        let mut bytes = Zeroizing::new([0; KEY + KEY + BLOCK]);
        pbkdf2::pbkdf2_hmac::<sha2::Sha256>(password, salt, ITERATIONS, bytes.as_mut_slice());
        Self { bytes }
    }

    /// Padded to whole blocks as in PKCS 7.
    pub fn encrypt(&self, plain: &[u8]) -> Vec<u8> {
        let padding = BLOCK - plain.len() % BLOCK;
        let mut bytes = plain.to_vec();
        bytes.resize(plain.len() + padding, padding as u8);
        self.apply(&mut bytes);
        bytes
    }

    pub fn decrypt(&self, ciphertext: &[u8]) -> Option<Zeroizing<Vec<u8>>> {
        let mut bytes = Zeroizing::new(ciphertext.to_vec());
        self.apply(&mut bytes);
        let padding = usize::from(*bytes.last()?);
        let length = bytes.len().checked_sub(padding).filter(|_| (1..=BLOCK).contains(&padding))?;
        bytes.truncate(length);
        Some(bytes)
    }

    fn apply(&self, bytes: &mut [u8]) {
        if let Ok(mut cipher) = Ctr::new_from_slices(&self.bytes[..KEY], &self.bytes[KEY + KEY..]) {
            cipher.apply_keystream(bytes);
        }
    }

    fn mac(&self, ciphertext: &[u8]) -> Option<Hmac> {
        let mut mac = Hmac::new_from_slice(&self.bytes[KEY..KEY + KEY]).ok()?;
        mac.update(ciphertext);
        Some(mac)
    }

    pub fn authenticate(&self, ciphertext: &[u8]) -> Vec<u8> {
        self.mac(ciphertext).map(|mac| mac.finalize().into_bytes().to_vec()).unwrap_or_default()
    }

    /// Takes as long whether it fits or not.
    pub fn verify(&self, ciphertext: &[u8], expected: &[u8]) -> bool {
        self.mac(ciphertext).is_some_and(|mac| mac.verify_slice(expected).is_ok())
    }
}
