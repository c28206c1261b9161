//! Random bytes of the system.
use rustix::io::Errno;
use rustix::rand::{GetRandomFlags, getrandom};

/// Fills all of it; the system may give less at a time.
pub fn fill(bytes: &mut [u8]) -> Result<(), Errno> {
    let mut filled = 0;
    while filled < bytes.len() {
        filled += getrandom(&mut bytes[filled..], GetRandomFlags::empty())?;
    }
    Ok(())
}

/// A number below `limit`, out of eight random bytes.
pub fn below(limit: u64, bytes: [u8; 8]) -> u64 {
    ((u128::from(u64::from_le_bytes(bytes)) * u128::from(limit)) >> 64) as u64
}
