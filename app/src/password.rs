//! Password hashes: argon2id, computed away from the threads that serve requests.

use std::sync::Arc;

use argon2::password_hash::phc::PasswordHash;
use argon2::password_hash::{PasswordHasher, PasswordVerifier};
use argon2::{Algorithm, Argon2, Params, Version};
use tokio::sync::Semaphore;

/// Hashes computed at once, however many cores there are: each takes 19 MiB of the container's memory.
const MOST_AT_ONCE: usize = 4;

/// What one hash costs whoever computes it.
#[derive(Clone, Copy, Debug)]
pub struct Cost {
    pub memory_kib: u32,
    pub passes: u32,
}

impl Cost {
    /// OWASP's first choice for argon2id.
    pub const RECOMMENDED: Cost = Cost { memory_kib: 19_456, passes: 2 };
}

#[derive(Clone)]
pub struct Passwords {
    argon2: Argon2<'static>,
    /// A hash of nobody's password, checked where there is no account, so that the time tells nothing.
    decoy: Arc<str>,
    places: Arc<Semaphore>,
}

#[derive(Debug, thiserror::Error)]
pub enum PasswordError {
    #[error("cannot hash a password: {0}")]
    Hash(#[from] argon2::password_hash::Error),
    #[error("cannot hash a password: {0}")]
    Params(#[from] argon2::Error),
    #[error("a password hash was not finished: {0}")]
    Unfinished(#[from] tokio::task::JoinError),
    #[error("no more passwords are hashed: the program is ending")]
    Ending(#[from] tokio::sync::AcquireError),
}

impl Passwords {
    pub fn new(cost: Cost) -> Result<Passwords, PasswordError> {
        let params = Params::new(cost.memory_kib, cost.passes, 1, None)?;
        let argon2 = Argon2::new(Algorithm::Argon2id, Version::V0x13, params);
        let decoy = argon2.hash_password(b"nobody")?.to_string().into();
        let places = std::thread::available_parallelism().map_or(1, |cores| cores.get().min(MOST_AT_ONCE));
        Ok(Passwords { argon2, decoy, places: Arc::new(Semaphore::new(places)) })
    }

    pub async fn hash(&self, password: String) -> Result<String, PasswordError> {
        self.compute(move |argon2| Ok(argon2.hash_password(password.as_bytes())?.to_string())).await
    }

    /// Whether the password is the hash's; with no hash it takes as long and is always false.
    pub async fn verify(&self, password: String, hash: Option<String>) -> Result<bool, PasswordError> {
        let (known, decoy) = (hash.is_some(), self.decoy.clone());
        let matches = self.compute(move |argon2| {
            let hash = hash.as_deref().unwrap_or(&decoy);
            let parsed = PasswordHash::new(hash).map_err(argon2::password_hash::Error::from)?;
            Ok(argon2.verify_password(password.as_bytes(), &parsed).is_ok())
        });
        Ok(matches.await? && known)
    }

    async fn compute<T: Send + 'static>(
        &self,
        work: impl FnOnce(&Argon2<'static>) -> Result<T, PasswordError> + Send + 'static,
    ) -> Result<T, PasswordError> {
        // The place goes with the work: a request that is given up does not free it early.
        let place = self.places.clone().acquire_owned().await?;
        let argon2 = self.argon2.clone();
        tokio::task::spawn_blocking(move || {
            let _place = place;
            work(&argon2)
        })
        .await?
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test]
    async fn a_password_fits_its_own_hash_only() {
        let passwords = Passwords::new(Cost { memory_kib: 64, passes: 1 }).unwrap();
        let hash = passwords.hash("correct horse".into()).await.unwrap();
        assert!(hash.starts_with("$argon2id$v=19$m=64,t=1,p=1$"), "{hash}");
        assert_ne!(hash, passwords.hash("correct horse".into()).await.unwrap(), "salts differ");
        assert!(passwords.verify("correct horse".into(), Some(hash.clone())).await.unwrap());
        assert!(!passwords.verify("correct house".into(), Some(hash)).await.unwrap());
    }

    #[tokio::test]
    async fn without_an_account_nothing_fits_but_a_hash_is_computed() {
        let passwords = Passwords::new(Cost { memory_kib: 64, passes: 1 }).unwrap();
        // Even the decoy's own password.
        assert!(!passwords.verify("nobody".into(), None).await.unwrap());
        assert!(passwords.verify("x".into(), Some("not a hash".into())).await.is_err());
    }
}
