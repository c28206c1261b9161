//! A session's token: 32 random bytes that only the visitor's cookie holds.

use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use sha2::{Digest, Sha256};
use subtle::ConstantTimeEq;

#[derive(Clone)]
pub struct Token([u8; 32]);

impl Token {
    pub fn random() -> Result<Token, getrandom::Error> {
        let mut bytes = [0; 32];
        getrandom::fill(&mut bytes)?;
        Ok(Token(bytes))
    }

    pub fn parse(text: &str) -> Option<Token> {
        // Longer texts are no tokens, and not worth decoding.
        let bytes = (text.len() == 43).then(|| URL_SAFE_NO_PAD.decode(text).ok())??;
        Some(Token(bytes.try_into().ok()?))
    }

    pub fn text(&self) -> String {
        URL_SAFE_NO_PAD.encode(self.0)
    }

    /// What the store knows it by. A plain hash is enough: there is nothing to guess in 256 random bits.
    pub fn hash(&self) -> [u8; 32] {
        self.derive(b"botify session")
    }

    /// What our forms carry. It can be told from the token, not the token from it.
    pub fn mark(&self) -> String {
        URL_SAFE_NO_PAD.encode(self.derive(b"botify form"))
    }

    pub fn marks(&self, offered: &str) -> bool {
        self.mark().as_bytes().ct_eq(offered.as_bytes()).into()
    }

    fn derive(&self, purpose: &[u8]) -> [u8; 32] {
        Sha256::new().chain_update(purpose).chain_update([0]).chain_update(self.0).finalize().into()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_token_survives_its_text_and_nothing_else_is_one() {
        let token = Token::random().unwrap();
        assert_eq!(Token::parse(&token.text()).unwrap().0, token.0);
        for wrong in ["", "abc", &"=".repeat(43), &"A".repeat(44), &"é".repeat(43)] {
            assert!(Token::parse(wrong).is_none(), "{wrong}");
        }
    }

    #[test]
    fn a_mark_is_neither_the_token_nor_its_hash_and_fits_one_token() {
        let (one, other) = (Token::random().unwrap(), Token::random().unwrap());
        assert!(one.marks(&one.mark()));
        for wrong in [other.mark(), one.text(), URL_SAFE_NO_PAD.encode(one.hash()), String::new()] {
            assert!(!one.marks(&wrong));
        }
    }
}
