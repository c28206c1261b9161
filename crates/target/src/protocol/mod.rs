//! What controller and helper say to each other. No IO here. Both ends are always the same build (the controller sends the
//! helper by the hash of its bytes), so there are no versions and no optional fields for old peers.
mod message;

pub use message::*;
