//! What controller and helper say to each other. No IO here. Both ends are always the same build (the controller sends the
//! helper by the hash of its bytes), so there are no versions and no optional fields for old peers.
mod frame;
mod message;

pub use frame::{Decoder, FrameError, MAX_FRAME, decode, encode, read_frame, write_frame};
pub use message::*;
