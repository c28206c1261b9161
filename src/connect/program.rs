//! The helper's program as it is sent: a small one for each architecture where the build brought it along, and otherwise this very
//! program, which can be its own helper.
use super::failure::Failure;
use flate2::{Compression, write::GzEncoder};
use sha2::{Digest, Sha256};
use std::io::Write;
use std::sync::OnceLock;

/// Compressed helpers by architecture (as `uname -m` says it) and size, with the hash of what they unpack to.
mod embedded {
    include!(concat!(env!("OUT_DIR"), "/helpers.rs"));
}

/// Which helpers this build can send. This program itself is read and packed only when no other fits.
#[derive(Default)]
pub struct Program {
    own: OnceLock<Option<Packed>>,
}

#[derive(Clone)]
pub struct Packed {
    /// SHA-256 of the program, in hex.
    pub hash: String,
    pub gzip: std::borrow::Cow<'static, [u8]>,
    /// What stands after the program's name on its command line.
    pub argument: &'static str,
}

/// The word that makes `deploy` serve as a helper.
pub const AS_HELPER: &str = "__helper";

impl Program {
    /// These bytes as the helper for this architecture.
    #[cfg(test)]
    pub fn of(bytes: &[u8]) -> Self {
        let own = OnceLock::new();
        let _ = own.set(pack(bytes, "").ok());
        Self { own }
    }

    /// None: nothing here runs on that architecture.
    pub fn for_architecture(&self, architecture: &str, larger: bool) -> Result<Option<Packed>, Failure> {
        let embedded = embedded::HELPERS.iter().find(|(name, size, ..)| *name == architecture && *size == larger);
        if let Some((_, _, hash, gzip)) = embedded {
            return Ok(Some(Packed { hash: hash.to_string(), gzip: (*gzip).into(), argument: "" }));
        }
        if architecture != std::env::consts::ARCH {
            return Ok(None);
        }
        if let Some(packed) = self.own.get() {
            return Ok(packed.clone());
        }
        let packed = pack_own().map_err(Failure::local("reading this program, to send it as the helper"))?;
        Ok(self.own.get_or_init(|| Some(packed)).clone())
    }

    /// Those that a host may have already: of every architecture, since the host has not said which it is.
    pub fn known(&self, larger: bool) -> Result<Vec<Packed>, Failure> {
        if embedded::HELPERS.is_empty() {
            return Ok(self.for_architecture(std::env::consts::ARCH, larger)?.into_iter().collect());
        }
        let all = embedded::HELPERS.iter().filter(|(_, size, ..)| *size == larger);
        Ok(all
            .map(|(_, _, hash, gzip)| Packed { hash: hash.to_string(), gzip: (*gzip).into(), argument: "" })
            .collect())
    }
}

fn pack_own() -> std::io::Result<Packed> {
    pack(&std::fs::read(std::env::current_exe()?)?, AS_HELPER)
}

fn pack(program: &[u8], argument: &'static str) -> std::io::Result<Packed> {
    let hash: String = Sha256::digest(program).iter().map(|byte| format!("{byte:02x}")).collect();
    let mut encoder = GzEncoder::new(Vec::new(), Compression::fast());
    encoder.write_all(program)?;
    Ok(Packed { hash, gzip: encoder.finish()?.into(), argument })
}
