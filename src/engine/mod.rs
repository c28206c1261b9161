//! Plays over hosts, as a state machine without IO: inputs in, outputs out. No clock, random number, environment, file, socket
//! or order of a hash map is in here; all that is `world` and `connect`.
pub mod message;
pub mod place;
