//! A run from its start to its end: the loop that does what the engine asks for, the threads that evaluate, and the machine we run on
//! as tasks and templates see it.
mod desk;
pub mod drive;
mod here;

pub use here::Here;
